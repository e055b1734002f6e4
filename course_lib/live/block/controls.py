"""What a reader can set in a live figure: made from the same `Spec` that validates an optimizer's hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...optimizers.hyper import Spec
from .ahead import Imaginable

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
        titles: texts of the choices; by default the choices themselves, with hyphens for underlines.
        plays: whether a slider gets a button that moves it from end to end.
        hidden: whether it is not shown by itself, but switched by a row of the read-outs.
        positions: the only values a slider stops at, the default among them; by default they are spread over it.
    """

    name: str
    spec: Spec
    default: Any
    label: str = ""
    color: str = ""
    titles: tuple[str, ...] = ()
    plays: bool = False
    hidden: bool = False
    positions: tuple[float, ...] = ()

    @property
    def values(self) -> list[Any]:
        """What it offers, in the order of the slider; the default is always among them."""
        return list(self.spec.choices or self.positions) or slider_values(self.spec, self.default)

    def message(self, carries: Iterable[str] = ()) -> dict[str, Any]:
        """Return what the browser needs to build it; ``carries`` names the settings that follow this one."""
        values = self.values
        kind = "slider"
        if self.spec.choices:
            kind = "switch" if set(values) == {True, False} else "choice"
        return {
            "name": self.name,
            "label": self.label or self.name,
            "kind": kind,
            "values": values,
            "titles": list(self.titles) or [str(value).replace("_", "-") for value in values],
            "default": values.index(self.default),
            "color": self.color,
            "plays": self.plays,
            "hidden": self.hidden,
            "carries": list(carries),
        }


class Setting(Imaginable):
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


class Point(Imaginable):
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
        >>> slider_values(Spec(slider=(0.05, 2.5)), 1.0)[:4]  # round positions between the ends
        [0.05, 0.06, 0.08, 0.1]
        >>> slider_values(Spec(integer=True, slider=(1, 4)), 2)
        [1, 2, 3, 4]
    """
    low, high = min(spec.slider[0], default), max(spec.slider[1], default)
    if spec.integer and spec.scale == "linear" and high - low <= 2000:
        return [
            float(value) if isinstance(default, float) else value for value in range(int(low), int(high) + 1)
        ]
    even = np.linspace(0, 1, POSITIONS + 1)
    if spec.scale == "log":
        bottom = low or spec.slider[0] or high * 1e-6
        values = [rounded(v) for v in bottom * (high / bottom) ** even]
        values = _through(values, _round_numbers(bottom, high))
        values = values if low else [0.0, *values]  # such as "no weight decay": one more position in front
    elif spec.scale == "decay":
        values = [
            float(f"{1 - rounded(1 - v):.10g}") for v in 1 - (1 - low) * ((1 - high) / (1 - low)) ** even
        ]
        values = _through(values, [float(f"{1 - v:.10g}") for v in _round_numbers(1 - high, 1 - low)])
    else:
        step = _round_step((high - low) / POSITIONS)
        first, last = math.ceil(low / step + 0.01), math.floor(high / step - 0.01)
        values = [low, *(float(f"{k * step:.10g}") for k in range(first, last + 1)), high]
    values[0], values[-1] = low, high
    if spec.integer:
        values = sorted({round(v) for v in values})
    nearest = min(range(1, len(values) - 1), key=lambda i: abs(values[i] - default), default=0)
    if default not in values:
        values[nearest] = default
    return sorted(values)


def _round_step(least: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, … that is not smaller."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= least * (1 - 1e-9))


def _round_numbers(low: float, high: float) -> list[float]:
    """Return the numbers 1, 2, 5, 10, 20, … between two positive ones."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [v for k in powers for m in (1, 2, 5) if low < (v := float(f"{m}e{k}")) < high]


def _through(values: list[float], wanted: list[float]) -> list[float]:
    """Return positions of which the nearest have been moved to the values one would look for."""
    places = np.array(values)
    for value in wanted:
        values[int(np.abs(places - value).argmin())] = value
    return values


def rounded(value: float) -> float:
    """Return a number with the three digits one would write."""
    return float(f"{value:.3g}")
