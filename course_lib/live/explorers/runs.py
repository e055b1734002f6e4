"""The optimizers of a figure: which sliders they get, and what they are when those have been moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from itertools import cycle
from typing import Any

import numpy as np

from ...optimizers import REGISTRY, Newton, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import SERIES
from ..block.controls import Control, rounded
from .options import Options

EVERYTHING = Options()
"""All controls, with the ends they have by themselves."""


_ENOUGH = 4
"""So many of the next values that have been run already are drawn before others are run."""


class Runs:
    """Some optimizers by name, with a control for each of their hyperparameters.

    Args:
        opt: an optimizer, a list of them or a dict with names; two of one class are numbered.
        shared: hyperparameters that all runs take from one slider.
        options: which controls are shown, and other ends for sliders.
        others: the names of the figure's other controls, which the options may name too.
        reserved: names that are no longer free; a hyperparameter of that name gets its run's name in front.
        problem: what they run on; forms of a rule that cannot take a step on it are not offered.

    Raises:
        TypeError: if one of them is no optimizer.
        ValueError: if there is none, or the options name something that is not there.

    Examples:
        >>> from course_lib.optimizers import Adam, Momentum
        >>> runs = Runs([Momentum(), Adam()])
        >>> [control.name for control in runs.controls]
        ['lr', 'beta', 'form', 'beta1', 'beta2', 'eps']
        >>> runs.configured("Momentum", {"lr": 0.3, "beta": 0.5}.get)
        Momentum(lr=0.3, beta=0.5, form='sum')
    """

    def __init__(
        self,
        opt: Any,
        shared: Sequence[str] = ("lr",),
        options: Options = EVERYTHING,
        others: Sequence[str] = (),
        reserved: frozenset[str] = frozenset(),
        problem: Any = None,
    ) -> None:
        self.optimizers = named_optimizers(opt)
        self.colors = dict(zip(self.optimizers, cycle(SERIES), strict=False))
        self._traits: dict[str, dict[str, str]] = {}
        every = {run: one.specs() for run, one in self.optimizers.items()}
        owners = [name for own in every.values() for name in own]
        controls: dict[str, Control] = {}
        single = len(every) == 1
        for run, own in every.items():
            self._traits[run] = {}
            for name, spec in own.items():
                if spec.choices and problem is not None:
                    spec = _possible(self.optimizers[run], name, spec, problem)
                    if len(spec.choices) < 2:
                        continue
                together = name in shared and owners.count(name) > 1 and options.shows(name)
                free = (together or owners.count(name) == 1) and name not in reserved
                trait = identifier(name if free else f"{run.lower()}_{name}")
                self._traits[run][name] = trait
                if trait not in controls:
                    value = self.optimizers[run].hyper()[name]
                    spec = replace(spec, slider=_ends(spec, value))
                    label = name if together or single else f"{run} {name}"
                    color = "" if together or single else self.colors[run]
                    controls[trait] = options.adjusted(Control(trait, spec, value, label, color), name)
        options.check([*owners, *controls, *others])
        self.controls = list(controls.values())

    def traits(self, run: str) -> dict[str, str]:
        """Return for each of an optimizer's hyperparameters that has a control the trait that sets it."""
        return dict(self._traits[run])

    def configured(self, run: str, value: Callable[[str], Any]) -> Optimizer:
        """Return an optimizer with its hyperparameters as the controls stand; ``value`` looks one up by trait name.

        A value of None leaves a hyperparameter as it is.

        Raises:
            KeyError: for a name that is none of the runs.
        """
        now = {name: value(trait) for name, trait in self._traits[run].items()}
        return self.optimizers[run].replace(**{name: v for name, v in now.items() if v is not None})

    def described(self, run: str, value: Callable[[str], Any]) -> str:
        """Return a run's name and its numbers as the controls stand."""
        shown = [(name, value(trait)) for name, trait in self._traits[run].items()]
        return ", ".join([run, *(f"{name} {now:g}" for name, now in shown if isinstance(now, float))])


def named_optimizers(opt: Any) -> dict[str, Optimizer]:
    """Return one or more optimizers by name; two of one class are numbered.

    Raises:
        TypeError: if one of them is no optimizer.
        ValueError: if there are none.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> list(named_optimizers([Adam(), Adam(lr=0.1)]))
        ['Adam', 'Adam 2']
    """
    runs: dict[str, Optimizer] = {}
    if isinstance(opt, Mapping):
        runs = dict(opt)
    else:
        for one in opt if isinstance(opt, Sequence) else [opt]:
            name = type(one).__name__
            count = sum(key.split(" ")[0] == name for key in runs)
            runs[f"{name} {count + 1}" if count else name] = one
    if not runs:
        raise ValueError("opt is empty: give at least one optimizer")
    for one in runs.values():
        if not isinstance(one, Optimizer):
            raise TypeError(f"opt = {one!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    return runs


def stacked(settings: Sequence[Optimizer]) -> Optimizer | None:
    """Return settings of one rule, which differ in numbers, as a grid that runs them side by side.

    None where that cannot be: a rule from elsewhere may not keep its runs apart, nor may one that wraps it, and some
    numbers must be the same for all.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> stacked([Adam(lr=0.1), Adam(lr=0.2)])
        Adam(lr=<2: 0.1 … 0.2>, beta1=0.9, beta2=0.999, eps=1e-08)
    """
    first, hypers = settings[0], [one.hyper() for one in settings]
    entry = REGISTRY.get(type(first).__name__)
    own = {f.name for f in fields(first)}  # type: ignore[arg-type]
    if entry is None or entry.cls is not type(first) or own != set(hypers[0]):
        return None
    columns = {name: [hyper[name] for hyper in hypers] for name in hypers[0]}
    differing = {name: np.array(column) for name, column in columns.items() if len(set(column)) > 1}
    try:
        return first.replace(**differing)
    except (TypeError, ValueError):
        return None


def check_trains(opt: Optimizer, problem: Any) -> None:
    """Raise here, not at the first move, for an optimizer that cannot train a problem with many parameters.

    Raises:
        ValueError: if it needs what the problem lacks, or cannot move parameters of such shapes.
    """
    missing = [name for name in opt.needs if not hasattr(problem, name)]
    if missing or isinstance(opt, Newton):
        lacks = ", ".join(missing) or "a Hessian that is small enough"
        raise ValueError(f"{type(opt).__name__} cannot run here: it needs a problem with {lacks}")
    opt.init(problem.init(np.random.default_rng(0)))


def to_prepare(plans: Sequence[Sequence[Any]], known: Callable[[Any], bool]) -> tuple[int, list[int]]:
    """Return how many of the next values can be drawn, and the places of those for which something must be run first.

    What has been run already is drawn before more is run, so that nothing is run twice.

    Args:
        plans: for each value the keys of its runs, the next value first.
        known: whether a run is there, by its key.

    Examples:
        >>> to_prepare([["a"], ["b"], ["c"], ["d"], ["e"]], {"a", "b", "c", "d"}.__contains__)
        (4, [])
        >>> to_prepare([["c"], ["d"], ["e"], ["f"], ["g"]], {"c", "d"}.__contains__)
        (5, [2, 3, 4])
    """
    ready = [all(map(known, keys)) for keys in plans]
    first = (*ready, False).index(False)
    if first >= min(_ENOUGH, len(plans)):
        return first, []
    return len(plans), [place for place, there in enumerate(ready) if not there]


def _possible(opt: Optimizer, name: str, spec: Spec, problem: Any) -> Spec:
    """Return a choice without what cannot take a step on the problem; what is chosen now always stays."""
    x, now = problem.init(np.random.default_rng(0)), opt.hyper()[name]

    def works(value: Any) -> bool:
        try:
            other = opt.replace(**{name: value})
            with np.errstate(all="ignore"):
                other.step(x, other.init(x), problem)
        except (AttributeError, TypeError, ValueError):
            return False
        return True

    return replace(spec, choices=tuple(value for value in spec.choices if value == now or works(value)))


def _ends(spec: Spec, default: Any) -> tuple[float, float]:
    """Return the ends of a slider: a learning rate can be made ten times what the figure begins with."""
    if not spec.scheduled:
        return spec.slider
    return min(spec.slider[0], rounded(default / 10)), max(spec.slider[1], rounded(default * 10))


def identifier(name: str) -> str:
    """Return a name as one that Python takes; one that it takes already stays as it is."""
    return name if name.isidentifier() else "".join(c if c.isalnum() else "_" for c in name).strip("_")
