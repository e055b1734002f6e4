"""Cases that bite: from what an author gives, all those on which wrong code likes to slip through.

Cases decide two things: whether a function is right, and which mistake it is.

* ``named`` cases are the ordinary ones and decide both.
* ``edges`` decide only whether it is right: large gradients, long runs, no step at all, two runs in turn.
* ``clues`` help only to find the name: right code may well fail there.
* *twins* are made here from named cases and clues: the same case with one argument changed. If nothing changes in the
  answer, that argument has no effect: a number is fixed in the code.

An author calls one function: `update_rule`, `loop_cases` or `symmetric`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Case = Mapping[str, Any]
"""What a function is called with, by name; ``about`` says in words what is special about it."""


@dataclass(frozen=True)
class Cases:
    """The cases of a task.

    Args:
        named: the ordinary ones; they decide right or wrong, and the name of a mistake.
        edges: these decide right or wrong only.
        clues: these decide the name of a mistake only.
    """

    named: Sequence[Case] = ({},)
    edges: Sequence[Case] = ()
    clues: Sequence[Case] = ()


@dataclass(frozen=True)
class Twin:
    """A case that differs from another one in a single argument.

    Args:
        argument: that argument, as a student writes it.
        base: the place of the other one in the plan.
        at: its own place.
    """

    argument: str
    base: int
    at: int


@dataclass(frozen=True)
class Plan:
    """All cases of a task, in the order in which they are tried.

    Args:
        cases: the named ones and their twins, the edges, the clues and their twins.
        deciding: how many of them decide right or wrong; these come first.
        telling: the places of those that decide the name.
        twins: which is whose twin.
    """

    cases: Sequence[Case]
    deciding: int
    telling: Sequence[int]
    twins: Sequence[Twin]


def inputs(case: Case) -> dict[str, Any]:
    """Return what a case hands over, without the words about it."""
    return {name: value for name, value in case.items() if name != "about"}


# -- cases made for an author ---------------------------------------------------------------------------------


def update_rule(*hyper: tuple[float, ...], memory: Sequence[str] = (), seed: int = 0) -> Cases:
    """Return the cases of an update rule ``x, state = function(x, g, state, *hyper)``.

    Args:
        hyper: sets of hyperparameters, the learning rate first; unequal, and far from the defaults.
        memory: the names of what is remembered.
        seed: of the gradients.

    Examples:
        >>> [case.get("about", "") for case in update_rule((0.1, 0.9)).edges][:2]
        ['large gradients', 'tiny gradients']
    """
    rng = np.random.default_rng(seed)
    sets = [hyper[i % len(hyper)] for i in range(4)]
    start, gradients = np.array([1.0, -0.5]), rng.normal(size=(6, 2))
    silent = rng.normal(size=(7, 2))
    silent[:2, 0] = silent[4] = 0.0
    late = silent.copy()
    late[0] = 0.0
    kept = {name: rng.uniform(0.2, 1.0, 2) for name in memory}
    ordinary = {"x": start, "gradients": gradients, "hyper": sets[0]}
    turns = {"x": np.array([-2.0, 0.7]), "gradients": rng.normal(size=(6, 2)), "hyper": sets[1]}
    return Cases(
        named=[
            ordinary,
            {"x": rng.normal(size=(3, 2)), "gradients": rng.normal(size=(7, 3, 2)), "hyper": sets[1]},
            {"x": np.array([0.2, 0.1]), "grad": lambda x: np.array([1.0, 2.0]) * x, "steps": 8, "hyper": sets[2]},
            {"x": np.array([0.3, 0.4]), "gradients": silent, "hyper": sets[3],
             "about": "zero gradients: one coordinate has none in the first two steps, both have none at step 5"},
        ],
        edges=[
            {**ordinary, "gradients": 200 * gradients, "about": "large gradients"},
            {**ordinary, "gradients": 1e-3 * gradients, "about": "tiny gradients"},
            {**ordinary, "gradients": rng.normal(size=(60, 2)), "about": "a long run"},
            {**ordinary, "gradients": late, "about": "a first step of zero: there is no gradient yet"},
            {**ordinary, "beside": turns,
             "about": "two runs, stepped in turn; each must find all that it remembers in its own state"},
        ],
        clues=[  # code that keeps more in state than was asked for is right, and fails here
            {"x": np.array([0.6, -1.1]), "gradients": rng.normal(size=(3, 2)), "hyper": sets[0], "state": kept, "t": 5}
        ],
    )  # fmt: skip


def loop_cases(*named: Case) -> Cases:
    """Return the cases of a loop ``function(grad, x, lr, …, steps)``; starts may also be dicts, and called otherwise.

    Args:
        named: the ordinary cases; ``grad`` first, the start after it, then ``lr``, and ``steps`` anywhere behind.
    """
    first = named[0]
    _, place, *_ = first
    flat, steep = (_changed_grad(first["grad"], factor) for factor in (1e-8, 100.0))
    edges = [
        {**first, "steps": 0, "about": "no step at all"},
        {**first, "steps": 80, "about": "a long run: its last steps are very small"},
        {**first, "grad": steep, "lr": first["lr"] / 100, "about": "gradients a hundred times as large"},
        {**first, "grad": flat, "about": "a place that is nearly flat"},
    ]
    if isinstance(first[place], np.ndarray):
        edges.append(
            {**first, "grad": lambda x: 4 * (x - 1.5), "x": np.array([3.0, -1.0]), "lr": 0.25, "steps": 4,
             "about": "a run that arrives with its first step, after which the gradient is zero"}
        )  # fmt: skip
    return Cases(named, edges)


def symmetric(*named: np.ndarray, argument: str = "hessian") -> Cases:
    """Return the cases of a function of one symmetric matrix with positive eigenvalues.

    Args:
        named: the ordinary matrices; two whose eigenvalues numpy does not list in order come beside them.
        argument: the argument's name.
    """
    unsorted = [np.array([[1.0, 0.5], [0.5, 3.0]]), np.diag([2.0, 7.0, 0.5]) + 0.3]
    edges = {
        "small numbers": 1e-4 * named[0],
        "large numbers": 1e4 * named[0],
        "all eigenvalues equal": 3.0 * np.eye(3),
        "a single number": np.array([[5.0]]),
        "a diagonal matrix": np.diag([0.2, 0.9, 4.0, 1.5]),
    }
    return Cases(
        [{argument: matrix} for matrix in (*named, *unsorted)],
        [{argument: matrix, "about": about} for about, matrix in edges.items()],
    )


def valley(curvature: Sequence[float], start: Sequence[float], minimum: Sequence[float], steps: int) -> Case:
    """Return the case of a goal: a run down a quadratic whose minimum lies anywhere, and not at 0.

    Args:
        curvature: the second derivative along each coordinate.
        start: where the run begins.
        minimum: where it should end.
        steps: how many steps it has.

    Examples:
        >>> valley([1, 300], start=[1, 1], minimum=[0, 1], steps=60)["grad"](np.ones(2))
        array([1., 0.])
    """
    a, c = np.array(curvature, float), np.array(minimum, float)
    return {
        "x": np.array(start, float),
        "grad": lambda x: a * (x - c),
        "steps": steps,
        "minimum": c,
        "curvature": a,
    }


def loss_in(case: Case, x: np.ndarray) -> float:
    """Return the loss at a point of a `valley`; infinite where it is not finite."""
    loss = float(case["curvature"] @ (x - case["minimum"]) ** 2 / 2)
    return loss if np.isfinite(loss) else np.inf


# -- twins, and the order of all ----------------------------------------------------------------------------------


def planned(cases: Cases, hyper: Sequence[str] = ()) -> Plan:
    """Return all cases in order, with a twin for every argument: of the first case that has it.

    Args:
        cases: the author's.
        hyper: the names of what stands under ``hyper`` in the cases of an update rule.

    Examples:
        >>> plan = planned(Cases([{"lr": 0.5, "steps": 3}], edges=[{"lr": 0.5, "steps": 0}]))
        >>> plan.cases[1:3], plan.deciding
        ([{'lr': 0.3, 'steps': 3}, {'lr': 0.5, 'steps': 6}], 4)
    """
    order: list[Case] = []
    telling: list[int] = []
    twins: dict[str, Twin] = {}

    def add(group: Sequence[Case]) -> None:
        first = len(order)
        order.extend(group)
        telling.extend(range(first, len(order)))
        for base, case in enumerate(group, first):
            for argument, changed in _changes(inputs(case), hyper):
                if argument not in twins:
                    twins[argument] = Twin(argument, base, len(order))
                    order.append({**case, **changed})

    add(cases.named)
    order.extend(cases.edges)
    deciding = len(order)
    add(cases.clues)
    return Plan(order, deciding, telling, list(twins.values()))


def _changes(case: dict[str, Any], hyper: Sequence[str]) -> list[tuple[str, dict[str, Any]]]:
    changes: list[tuple[str, dict[str, Any]]] = []
    for name, value in case.items():
        if name == "hyper":
            for i, part in enumerate(hyper):
                changes.append((part, {name: (*value[:i], _changed(value[i]), *value[i + 1 :])}))
        elif name == "gradients":
            changes.append(("g", {name: value[::-1].copy()}))
        elif callable(value):
            changes.append(("g" if "hyper" in case else name, {name: _changed_grad(value, 1.7)}))
        elif name == "state":
            changes += [(f'state["{part}"]', {name: {**value, part: 1.7 * value[part]}}) for part in value]
        elif name == "t" and "hyper" in case:
            changes.append(('state["t"]', {name: value + 3}))
        elif not (
            "hyper" in case and name == "steps"
        ):  # which steps an update rule takes is not its business
            changes.append((name, {name: _changed(value)}))
    return changes


def _changed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _changed(part) for name, part in value.items()}
    if isinstance(value, np.ndarray):
        # in another order besides: where the least stands does not change with the scale
        return 1.7 * (value[::-1] if value.ndim == 1 else value)
    if isinstance(value, int):
        return value + 3
    return 0.6 * value if 0 < value < 1 else 1.7 * value + 0.5 * (value == 0)


def _changed_grad(grad: Callable[[Any], Any], factor: float) -> Callable[[Any], Any]:
    def changed(x: Any) -> Any:
        g = grad(x)
        return {name: factor * part for name, part in g.items()} if isinstance(g, dict) else factor * g

    return changed
