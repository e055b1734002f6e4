"""What a reader can set in a live figure: made from the same `Spec` that validates an optimizer's hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from traitlets import TraitType

from ..optimizers import Optimizer
from ..optimizers.hyper import Spec

POSITIONS = 160
"""How many values a slider offers: about one for each pixel it moves."""


@dataclass(frozen=True)
class Control:
    """One slider, choice or switch.

    Args:
        name: the figure's trait it sets.
        spec: what values are allowed and how a slider is spread.
        default: the value at first and after a reset.
        label: what stands beside it; by default the name.
        color: role of the run it belongs to, or "".
        titles: texts of the choices; by default the choices themselves.
    """

    name: str
    spec: Spec
    default: Any
    label: str = ""
    color: str = ""
    titles: tuple[str, ...] = ()

    @property
    def values(self) -> list[Any]:
        """What it offers, in the order of the slider; the default is always among them."""
        return list(self.spec.choices) or slider_values(self.spec, self.default)

    def message(self) -> dict[str, Any]:
        """Return what the browser needs to build it."""
        values = self.values
        kind = "slider"
        if self.spec.choices:
            kind = "switch" if set(values) == {True, False} else "choice"
        return {
            "name": self.name,
            "label": self.label or self.name,
            "kind": kind,
            "values": values,
            "titles": list(self.titles) or [str(value) for value in values],
            "default": values.index(self.default),
            "color": self.color,
        }


class Setting(TraitType):
    """A trait that takes what a `Spec` allows, one number or one choice, and says so when it does not."""

    def __init__(self, control: Control, owner: str) -> None:
        super().__init__(control.default)
        self.control, self.owner = control, owner
        self.tag(sync=True, echo_update=False)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the cleaned value.

        Raises:
            TypeError: if it is not of the right kind.
            ValueError: if it is out of range.
        """
        name = f"{self.owner}: {self.control.name}"
        clean = self.control.spec.clean(name, value)
        if isinstance(clean, np.ndarray):
            raise TypeError(f"{name} = {value!r} is an array, but a live figure shows one run: give a number")
        return clean


class Point(TraitType):
    """A trait that takes two finite numbers."""

    def __init__(self, default: tuple[float, float], name: str) -> None:
        super().__init__(tuple(map(float, default)))
        self.words = name
        self.tag(sync=True, echo_update=False)

    def validate(self, obj: Any, value: Any) -> tuple[float, float]:
        """Return the point as two floats.

        Raises:
            ValueError: if it is anything but two finite numbers.
        """
        try:
            point = np.asarray(value, dtype=float)
        except (TypeError, ValueError):
            point = np.empty(0)
        if point.shape != (2,) or not np.isfinite(point).all():
            raise ValueError(f"{self.words} = {value!r} is not allowed: it must be two finite numbers")
        return float(point[0]), float(point[1])


def slider_values(spec: Spec, default: float) -> list[float]:
    """Return the values of a slider, rounded to what one would write, with the default exactly among them.

    Args:
        spec: the hyperparameter's; its ends are moved out to the default where that lies beyond them.
        default: the value to mark.

    Examples:
        >>> beta = slider_values(Spec(scale="decay", slider=(0.0, 0.9999)), 0.9)
        >>> [beta.index(v) for v in (0.0, 0.9, 0.99, 0.999, 0.9999)]
        [0, 40, 80, 120, 160]
        >>> slider_values(Spec(scale="log", slider=(0.01, 1.0)), 0.1)[::40]
        [0.01, 0.0316, 0.1, 0.316, 1.0]
        >>> slider_values(Spec(integer=True, slider=(1, 4)), 2)
        [1, 2, 3, 4]
    """
    low, high = min(spec.slider[0], default), max(spec.slider[1], default)
    even = np.linspace(0, 1, POSITIONS + 1)
    if spec.scale == "log":
        zero = low == 0  # such as "no weight decay": one more position, before the smallest of the slider
        bottom = spec.slider[0] or high * 1e-6
        raw = bottom * (high / bottom) ** even if not zero else np.r_[0, bottom * (high / bottom) ** even]
        values = [_rounded(v) for v in raw]
    elif spec.scale == "decay":
        values = [
            float(f"{1 - _rounded(1 - v):.10g}") for v in 1 - (1 - low) * ((1 - high) / (1 - low)) ** even
        ]
    else:
        values = [_rounded(v) for v in low + (high - low) * even]
    values[0], values[-1] = low, high
    if spec.integer:
        values = sorted({round(v) for v in values})
    nearest = min(range(len(values)), key=lambda i: abs(values[i] - default))
    values[nearest] = default
    return values


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


def optimizer_controls(
    runs: dict[str, Optimizer],
    colors: tuple[str, ...],
    shared: tuple[str, ...] = ("lr",),
    sliders: tuple[str, ...] | None = None,
    ranges: dict[str, tuple[float, float]] | None = None,
    reserved: frozenset[str] = frozenset(),
) -> tuple[list[Control], dict[str, dict[str, str]]]:
    """Return the controls of some optimizers, and for each run which trait sets which of its hyperparameters.

    Args:
        runs: the optimizers by name.
        colors: the role of each run's colour.
        shared: hyperparameters that all runs take from one slider.
        sliders: which hyperparameters get one; by default all.
        ranges: other ends for a slider, by hyperparameter.
        reserved: names that are no longer free; a hyperparameter of that name gets its run's name in front.

    Raises:
        ValueError: if ``sliders`` or ``ranges`` names something no run has.

    Examples:
        >>> from course_lib.optimizers import Adam, Momentum
        >>> controls, wiring = optimizer_controls({"Momentum": Momentum(), "Adam": Adam()}, ("blue", "green"))
        >>> [c.name for c in controls]
        ['lr', 'beta', 'form', 'beta1', 'beta2', 'eps']
        >>> wiring["Adam"]["lr"]
        'lr'
    """
    owners: dict[str, list[str]] = {}
    for run, opt in runs.items():
        for name in opt.specs():
            owners.setdefault(name, []).append(run)
    for given in ("sliders", "ranges"):
        for name in {"sliders": sliders, "ranges": ranges}[given] or ():
            if name not in owners:
                known = ", ".join(owners)
                raise ValueError(f"{given} names {name!r}, which no optimizer here has; there are {known}")
    controls: dict[str, Control] = {}
    wiring: dict[str, dict[str, str]] = {run: {} for run in runs}
    for (run, opt), color in zip(runs.items(), colors, strict=False):
        for name, spec in opt.specs().items():
            if sliders is not None and name not in sliders:
                continue
            alone = len(owners[name]) == 1
            together = name in shared and not alone
            free = (alone or together) and name not in reserved
            trait = name if free else f"{_identifier(run)}_{name}"
            wiring[run][name] = trait
            if trait in controls:
                continue
            spec = replace(spec, slider=(ranges or {}).get(name) or _ends(spec, getattr(opt, name)))
            label = name if together or len(runs) == 1 else f"{run} {name}"
            own = "" if together or len(runs) == 1 else color
            controls[trait] = Control(trait, spec, getattr(opt, name), label, own)
    return list(controls.values()), wiring


def _ends(spec: Spec, default: Any) -> tuple[float, float]:
    """Return the ends of a slider: a learning rate can be made ten times what the figure begins with."""
    if not spec.scheduled:
        return spec.slider
    return min(spec.slider[0], _rounded(default / 10)), max(spec.slider[1], _rounded(default * 10))


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _identifier(name: str) -> str:
    """Return a run's name as the beginning of a trait's."""
    return "".join(c.lower() if c.isalnum() else "_" for c in name).strip("_")
