"""A rule of one's own: what it does is noted here; `known` says whether the course has it already.

A task hands over the rule and something that is said of it. The drivers run the rule and note numbers; everything that
is judged is computed from those.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..comparing import Comparison, Method, compare
from ..optimizers import (
    Adam,
    GradientDescent,
    Momentum,
    Optimizer,
    as_optimizer,
)
from ..problems import SoftmaxRegression
from ..running import Table, log_grid, simulate
from ..surfaces import SURFACES
from .guard import readable
from .observe import Notes
from .values import described

MEMORY = ("m", "v")
"""What a rule's state holds at first, as zeros."""
START = np.array([0.9, -1.4, 0.3])
GRADIENTS = np.random.default_rng(20).normal(0.4, 1.0, (24, 3))
"""Prescribed gradients: whatever x is, two rules can be told apart by their steps."""
RIVALS: dict[str, Optimizer] = {"GradientDescent": GradientDescent(), "Momentum": Momentum(), "Adam": Adam()}
GROUNDS = tuple(name for name, ground in SURFACES.items() if len(ground.minima))
"""The surfaces with a bottom."""
STEPS, SPREAD = 200, np.geomspace(0.003, 300, 26)
TRIALS = 9


# -- running a rule --------------------------------------------------------------------------------------


def steps_of(rule: Callable[..., Any], gradients: np.ndarray, notes: Notes) -> np.ndarray:
    """Return the points that a rule comes to under prescribed gradients, ``(steps + 1, *shape)``."""
    x = np.resize(START, gradients.shape[1:])
    state: dict[str, Any] = {name: np.zeros_like(x) for name in MEMORY}
    points = [x]
    for t, g in enumerate(gradients, 1):
        answer = rule(x.copy(), g.copy(), state | {"t": t})
        x_new, new = notes.unpack(answer, ("x", "state"), t)
        if not isinstance(new, dict):
            notes.odd("state", described(new), "the dict", t)
        x = _array(x_new, notes, t)
        if x.shape != g.shape:
            notes.odd("x", f"the shape {x.shape}", f"the shape {g.shape} of the gradient", t)
        state = {name: value for name, value in new.items() if name != "t"}
        points.append(x)
    return np.array(points)


def interrupted(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return the rule, with another run's first step before each of its own, to disturb what is kept elsewhere."""

    def both(x: np.ndarray, g: np.ndarray, state: dict[str, Any]) -> Any:
        rule(x.copy(), -g, {name: np.zeros_like(x) for name in MEMORY} | {"t": 1})
        return rule(x, g, state)

    return both


def _array(value: Any, notes: Notes, step: int) -> np.ndarray:
    try:
        array = np.array(value, float)
    except (TypeError, ValueError):
        notes.odd("x", described(value), "an array of numbers", step)
    return array


def show(rule: Any, notes: Notes) -> Optimizer:
    """Note a rule's steps under the prescribed gradients and its numbers, and return it as an optimizer."""
    if not callable(rule):
        notes.odd("the rule", described(rule), "your function own_rule, without parentheses")
    wanted = "own_rule(x, g, state, lr=…), where all after state has a default"
    notes.see("steps", np.diff(steps_of(rule, GRADIENTS, notes), axis=0))
    notes.see("numbers", [value for value in defaults(rule) if 0 <= value < 1])
    try:
        opt = as_optimizer(rule, MEMORY)
    except (TypeError, ValueError) as error:
        notes.odd("the rule", readable(str(error)), wanted)
    if "lr" not in opt.hyper():
        notes.odd("the rule", "one without an argument lr", wanted)
    doubled = partial(rule, lr=2 * float(np.asarray(opt.hyper()["lr"])))
    notes.see("steps at twice the lr", np.diff(steps_of(doubled, GRADIENTS, notes), axis=0))
    return opt


def defaults(rule: Callable[..., Any]) -> Iterator[float]:
    """Yield the numbers that a rule's arguments have by default."""
    for argument in inspect.signature(rule).parameters.values():
        if isinstance(argument.default, (int, float)) and not isinstance(argument.default, bool):
            yield float(argument.default)


def way(opt: Optimizer, factor: float) -> float:
    """Return how long the way is that an optimizer goes under the prescribed gradients times a factor."""
    points: list[Any] = [START]
    state = opt.init(START)
    for g in GRADIENTS:
        new, state = opt.update(points[-1], factor * g, state)
        points.append(new)
    return float(np.linalg.norm(np.diff(points, axis=0), axis=1).sum())


def heights(opt: Optimizer, name: str, rates: np.ndarray = SPREAD) -> float:
    """Return the share of the way down that is left after 200 steps, at the best of some multiples of lr."""
    return float(max(_left(opt, name, rates).min(), 1e-12))


def at_best(opt: Optimizer, name: str) -> Optimizer:
    """Return an optimizer with that of the tried learning rates at which it leaves least."""
    return opt.replace(lr=opt.hyper()["lr"] * SPREAD[np.argmin(_left(opt, name, SPREAD))])


def _left(opt: Optimizer, name: str, rates: np.ndarray) -> np.ndarray:
    ground = SURFACES[name]
    path = simulate(opt.replace(lr=opt.hyper()["lr"] * rates), ground, STEPS)
    lowest = min(float(ground.loss(minimum)) for minimum in ground.minima)
    high = float(path.losses[0].flat[0])
    return (np.where(np.isfinite(path.losses[-1]), path.losses[-1], np.inf) - lowest) / (high - lowest)


@lru_cache(maxsize=64)
def rival_height(rival: str, name: str) -> float:
    """Return `heights` of a rival."""
    return heights(rival_on(rival, name), name)


def rival_on(rival: str, name: str) -> Optimizer:
    """Return a rival with a learning rate that suits the surface, about which others are tried."""
    return RIVALS[rival].replace(lr=0.05 if rival == "Adam" else SURFACES[name].lr)


def comparison(opt: Optimizer, rates: Any) -> Comparison:
    """Return the small comparison of the exercise: your rule, SGD and Adam with nine trials, softmax on the digits.

    Args:
        opt: the rule as an optimizer; a plain function is taken with `MEMORY`.
        rates: the learning rates to try, at most nine.

    Examples:
        >>> found = comparison(Momentum(), np.geomspace(0.01, 10, 9))
        >>> found.methods
        ('yours', 'SGD', 'Adam')
    """
    opt = opt if isinstance(opt, Optimizer) else as_optimizer(opt, MEMORY)
    tried = [float(lr) for lr in np.ravel(rates)]
    tried += tried[-1:] * (TRIALS - len(tried))  # trials that are not used
    return Comparison(Table.of_rows([*_rows({"yours": Method(opt, lr=tried)}), *baselines()]))


@lru_cache(maxsize=1)
def baselines() -> list[dict[str, Any]]:
    """Return the runs of SGD and Adam, which are the same for everybody."""
    grids = {"SGD": log_grid(3.0, 2, TRIALS), "Adam": log_grid(0.03, 2, TRIALS)}
    return _rows(
        {name: Method(opt, lr=grids[name]) for name, opt in (("SGD", GradientDescent()), ("Adam", Adam()))}
    )


def _rows(methods: dict[str, Method]) -> list[dict[str, Any]]:
    options: dict[str, Any] = dict(tune_seeds=[0], seeds=range(100, 110), shared_lr=())
    with np.errstate(all="ignore"), threadpool_limits(1):
        return compare(methods, _digits(), 3, 64, **options).runs.rows


@lru_cache(maxsize=1)
def _digits() -> SoftmaxRegression:
    return SoftmaxRegression.on_digits(dtype=np.float32)
