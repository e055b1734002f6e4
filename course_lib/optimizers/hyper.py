"""Hyperparameters: the fields of an optimizer, each with its default, its allowed range and its slider.

A field is declared once, ``beta1: Hyper = decay(0.9)``; validation, sliders, sweeps and tables are all
derived from that line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Hyper = float | np.ndarray
"""A hyperparameter: a number, or an array of numbers that runs a whole grid of settings at once."""

Scale = Literal["log", "decay", "linear"]


@dataclass(frozen=True)
class Spec:
    """What one hyperparameter may be, and how a slider for it is spread.

    Args:
        low: lower end of the allowed range.
        high: upper end of the allowed range.
        open_low: whether ``low`` itself is forbidden.
        open_high: whether ``high`` itself is forbidden.
        scale: ``"log"`` spreads powers of ten evenly, ``"decay"`` spreads 1 − value that way (0.9, 0.99 and
            0.999 are equally far apart), ``"linear"`` spreads values.
        slider: the values at the two ends of a slider.
        scheduled: whether a learning-rate schedule multiplies this field.
        integer: whether only whole numbers are allowed (such a field takes no array).
        choices: the allowed values of a field that is a choice, not a number.
    """

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = True
    scale: Scale = "linear"
    slider: tuple[float, float] = (0.0, 1.0)
    scheduled: bool = False
    integer: bool = False
    choices: tuple[Any, ...] = ()

    @property
    def allowed(self) -> str:
        """The allowed values in words, as they stand in an error message."""
        if self.choices:
            return "one of " + ", ".join(repr(choice) for choice in self.choices)
        if self.integer:
            highest = f" and {'<' if self.open_high else '≤'} {self.high:g}" if self.high < math.inf else ""
            return f"a whole number ≥ {self.low:g}{highest}"
        return (
            f"in {'(' if self.open_low else '['}{self.low:g}, {self.high:g}{')' if self.open_high else ']'}"
        )

    def clean(self, name: str, value: Any) -> Any:
        """Return ``value`` as a float, a read-only float64 array or a choice; ``name`` is for the error.

        Raises:
            TypeError: if the value is not of the right kind.
            ValueError: if it lies outside the allowed range.
        """
        if self.choices:
            if any(value is choice or value == choice for choice in self.choices):
                return value
            raise ValueError(f"{name} = {value!r} is not allowed: it must be {self.allowed}")
        if isinstance(value, (bool, np.bool_, str)) or value is None:
            raise TypeError(f"{name} = {value!r} is not a number: it must be {self.allowed}")
        try:
            array = np.array(value, dtype=float)
        except (TypeError, ValueError):
            raise TypeError(f"{name} = {value!r} is not a number: it must be {self.allowed}") from None
        if self.integer and (array.ndim or array != np.round(array)):
            raise TypeError(f"{name} = {value!r} is not a whole number: it must be {self.allowed}")
        above = array > self.low if self.open_low else array >= self.low
        below = array < self.high if self.open_high else array <= self.high
        bad = ~(above & below)  # NaN is neither
        if bad.any():
            shown = (
                value if array.ndim == 0 else f"{array[bad].flat[0]:g} (in an array of shape {array.shape})"
            )
            raise ValueError(f"{name} = {shown} is not allowed: it must be {self.allowed}")
        if array.ndim == 0:
            return int(array) if self.integer else float(array)
        array.setflags(write=False)
        return array


def number(default: float, **spec: Any) -> Any:
    """Declare a hyperparameter by the fields of its `Spec`."""
    return field(default=default, metadata={"spec": Spec(**spec)})


def learning_rate(default: float, slider: tuple[float, float] = (1e-4, 1.0)) -> Any:
    """Declare a learning rate: any number > 0, multiplied by the schedule, on a logarithmic slider."""
    return number(default, low=0, open_low=True, scale="log", slider=slider, scheduled=True)


def decay(default: float, slider: tuple[float, float] = (0.0, 0.9999)) -> Any:
    """Declare the decay of a running average: in [0, 1), on a slider that spreads 0.9 … 0.9999."""
    return number(default, low=0, high=1, scale="decay", slider=slider)


def nonnegative(default: float, slider: tuple[float, float] = (1e-10, 1e-1), scheduled: bool = False) -> Any:
    """Declare a number ≥ 0 on a logarithmic slider, such as eps or a weight decay."""
    return number(default, low=0, scale="log", slider=slider, scheduled=scheduled)


def fraction(default: float) -> Any:
    """Declare a number in [0, 1], both ends allowed, on a linear slider."""
    return number(default, low=0, high=1, open_high=False)


def count(default: int, low: int = 1, high: int = 20) -> Any:
    """Declare a whole number ≥ ``low``; a slider goes up to ``high``."""
    return number(default, low=low, integer=True, slider=(low, high))


def choice(default: Any, *others: Any) -> Any:
    """Declare a choice between named forms; the first is the default (the paper's form)."""
    return number(default, choices=(default, *others))


def flag(default: bool) -> Any:
    """Declare a switch."""
    return choice(default, not default)
