"""A schedule as an object: called with a step, multiplied by another one, followed by another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import whole


@dataclass(frozen=True, repr=False)
class Schedule:
    """A formula for the multiplier of step t, with its settings.

    Examples:
        >>> from course_lib.schedules import cosine, linear_warmup
        >>> eta = linear_warmup(2) * cosine(8)
        >>> eta
        linear_warmup(steps=2) * cosine(steps=8, floor=0.0)
        >>> eta(1)
        0.5
        >>> eta.values(4).round(3)
        array([0.5  , 0.962, 0.854, 0.691])
    """

    formula: Callable[..., float]
    settings: Mapping[str, Any]

    def __call__(self, t: int) -> float:
        """Return the multiplier of the step ``t``, counted 1, 2, 3 and so on.

        Raises:
            ValueError: if t is less than 1, or the formula gives a number outside [0, 1].
        """
        if not t >= 1:
            raise ValueError(f"t = {t!r} is not allowed: steps are counted 1, 2, 3, …")
        eta = self.formula(t, **self.settings)
        if not 0 <= eta <= 1:
            raise ValueError(f"eta = {eta!r} at step {t} is not allowed: a multiplier must be in [0, 1]")
        return eta

    def __mul__(self, other: Schedule) -> Schedule:
        return (
            Schedule(_product, {"first": self, "second": other})
            if isinstance(other, Schedule)
            else NotImplemented
        )

    def then(self, other: Schedule, after: int | None = None) -> Schedule:
        """Return this schedule for its own steps, followed by another one, for which t counts from 1 again.

        Args:
            other: what follows.
            after: how many steps this one is kept, ≥ 1; by default its own ``steps``.

        Raises:
            TypeError: if ``other`` is no Schedule.
            ValueError: if ``after`` is left out and this one has no steps of its own.

        Examples:
            >>> from course_lib.schedules import constant, cosine, linear_warmup
        >>> eta = linear_warmup(2).then(cosine(4))
            >>> eta
            linear_warmup(steps=2).then(cosine(steps=4, floor=0.0))
            >>> eta.values(7).round(3)
            array([0.5  , 1.   , 1.   , 0.854, 0.5  , 0.146, 0.   ])
            >>> constant(0.1).then(constant(), after=2).values(3)
            array([0.1, 0.1, 1. ])
        """
        if not isinstance(other, Schedule):
            raise TypeError(f"other = {other!r} is not a schedule: it must be one such as cosine(200)")
        if after is None and self.steps is None:
            raise ValueError(
                f"after is left out, but {self!r} has no steps of its own: say how many it is kept"
            )
        after = None if after is None else whole("after", after, 1)
        return Schedule(_sequence, {"first": self, "second": other, "after": after})

    @property
    def steps(self) -> int | None:
        """After how many steps it has come to its end, or None where it has none."""
        parts = self.settings
        if self.formula is _sequence:
            return None if parts["second"].steps is None else _turn(**parts) + parts["second"].steps
        if self.formula is _product:
            return max(parts[name].steps or 0 for name in ("first", "second")) or None
        return parts.get("steps")

    def __repr__(self) -> str:
        if self.formula is _product:
            return "{first!r} * {second!r}".format(**self.settings)
        if self.formula is _sequence:
            first = "({first!r})" if self.settings["first"].formula is _product else "{first!r}"
            after = "" if self.settings["after"] is None else ", after={after}"
            return (first + ".then({second!r}" + after + ")").format(**self.settings)
        inside = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{self.formula.__name__.removeprefix('_')}({inside})"

    def values(self, steps: int) -> np.ndarray:
        """Return the multipliers of the steps 1 … ``steps``, as a curve to look at."""
        return np.array([self(t) for t in range(1, steps + 1)])


def _product(t: int, first: Schedule, second: Schedule) -> float:
    return first(t) * second(t)


def _sequence(t: int, first: Schedule, second: Schedule, after: int | None) -> float:
    turn = _turn(first, second, after)
    return first(t) if t <= turn else second(t - turn)


def _turn(first: Schedule, second: Schedule, after: int | None) -> int:
    """Return how many steps the first of two schedules is kept."""
    turn = first.steps if after is None else after
    assert turn is not None  # `then` has seen to that
    return turn
