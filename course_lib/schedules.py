r"""Learning-rate schedules: callables that give each step t = 1, 2, 3, … a multiplier :math:`\eta_t` in [0, 1].

They compose by multiplication, ``linear_warmup(10) * cosine(200)``, and in time,
``linear_warmup(10).then(cosine(190))``, and go with any optimizer: `simulate` and `train` take one as ``schedule``. The
first step is t = 1, so a schedule that starts at full rate gives ``eta(1) == 1``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arguments import whole

__all__ = [
    "Schedule",
    "constant",
    "cosine",
    "exponential",
    "linear_warmup",
    "one_cycle",
    "step_decay",
    "warm_restarts",
    "warmup_stable_decay",
]


@dataclass(frozen=True, repr=False)
class Schedule:
    """A formula for the multiplier of step t, with its settings.

    Examples:
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


def constant(level: float = 1.0) -> Schedule:
    r"""Keep one multiplier, :math:`\eta_t = \mathrm{level}`.

    Args:
        level: in [0, 1].

    Examples:
        >>> constant()(1000)
        1.0
    """
    return Schedule(_constant, {"level": _share("level", level)})


def _constant(t: int, level: float) -> float:
    return level


def step_decay(every: int, factor: float = 0.1) -> Schedule:
    r"""Lower the rate by a factor every so many steps.

    .. math:: \eta_t = \mathrm{factor}^{\lfloor (t-1)/\mathrm{every}\rfloor}

    Args:
        every: length of a stage in steps, ≥ 1.
        factor: in [0, 1].

    Examples:
        >>> step_decay(2, 0.5).values(5)
        array([1.  , 1.  , 0.5 , 0.5 , 0.25])

    Reference: K. He et al., "Deep residual learning for image recognition", CVPR 2016.
    """
    return Schedule(_step_decay, {"every": whole("every", every, 1), "factor": _share("factor", factor)})


def _step_decay(t: int, every: int, factor: float) -> float:
    return factor ** ((t - 1) // every)


def exponential(rate: float) -> Schedule:
    r"""Lower the rate by the same factor at every step, :math:`\eta_t = \mathrm{rate}^{\,t-1}`.

    Args:
        rate: the factor, in [0, 1]; 0.5 ** (1 / h) halves the rate every h steps.

    Examples:
        >>> exponential(0.5).values(4)
        array([1.   , 0.5  , 0.25 , 0.125])
    """
    return Schedule(_exponential, {"rate": _share("rate", rate)})


def _exponential(t: int, rate: float) -> float:
    return rate ** (t - 1)


def cosine(steps: int, floor: float = 0.0) -> Schedule:
    r"""Follow half a cosine from 1 down to a floor.

    .. math:: \eta_t = \mathrm{floor} + \tfrac12 (1 - \mathrm{floor})
        \bigl(1 + \cos(\pi \min(1, (t - 1)/\mathrm{steps}))\bigr)

    Args:
        steps: after how many steps the floor is reached, ≥ 1; it is kept from there on.
        floor: in [0, 1].

    Examples:
        >>> cosine(4).values(6).round(3)
        array([1.   , 0.854, 0.5  , 0.146, 0.   , 0.   ])

    Reference: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """
    return Schedule(_cosine, {"steps": whole("steps", steps, 1), "floor": _share("floor", floor)})


def _cosine(t: int, steps: int, floor: float) -> float:
    return _anneal(1.0, floor, (t - 1) / steps)


def one_cycle(steps: int, warmup: float = 0.3, start: float = 1 / 25, end: float = 1 / 250_000) -> Schedule:
    """Rise to full rate and fall far below the beginning, both along half a cosine.

    Args:
        steps: length of the whole cycle, ≥ 2; afterwards the end is kept.
        warmup: share of the steps that rise, in [0, 1].
        start: multiplier of the first step, in [0, 1].
        end: multiplier of the last step, in [0, 1].

    Examples:
        >>> one_cycle(11, warmup=0.2).values(11).round(3)
        array([0.04 , 0.52 , 1.   , 0.962, 0.854, 0.691, 0.5  , 0.309, 0.146, 0.038, 0.   ])

    Reference: L. N. Smith and N. Topin, "Super-convergence: very fast training of neural networks using large learning
    rates", arXiv:1708.07120 (2017).
    """
    settings = {
        "warmup": _share("warmup", warmup),
        "start": _share("start", start),
        "end": _share("end", end),
    }
    return Schedule(_one_cycle, {"steps": whole("steps", steps, 2), **settings})


def _one_cycle(t: int, steps: int, warmup: float, start: float, end: float) -> float:
    done, peak = (t - 1) / (steps - 1), warmup
    if done < peak:
        return _anneal(start, 1.0, done / peak)
    return _anneal(1.0, end, (done - peak) / (1 - peak) if peak < 1 else (1.0 if done > 1 else 0.0))


def linear_warmup(steps: int) -> Schedule:
    r"""Rise in a straight line, :math:`\eta_t = \min(1, t/\mathrm{steps})`, then keep full rate.

    Args:
        steps: the step that first has full rate, ≥ 1.

    Examples:
        >>> linear_warmup(4).values(5)
        array([0.25, 0.5 , 0.75, 1.  , 1.  ])

    Reference: P. Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", arXiv:1706.02677 (2017).
    """
    return Schedule(_linear_warmup, {"steps": whole("steps", steps, 1)})


def _linear_warmup(t: int, steps: int) -> float:
    return min(1.0, t / steps)


def warm_restarts(period: int, growth: int = 1, floor: float = 0.0) -> Schedule:
    """Repeat the cosine: each time it nears the floor, start again at full rate.

    Args:
        period: length of the first fall in steps, ≥ 1.
        growth: how many times longer each fall is than the one before, ≥ 1.
        floor: in [0, 1].

    Examples:
        >>> warm_restarts(2, growth=2).values(7).round(3)
        array([1.   , 0.5  , 1.   , 0.854, 0.5  , 0.146, 1.   ])

    Reference: I. Loshchilov and F. Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """
    settings = {"period": whole("period", period, 1), "growth": whole("growth", growth, 1)}
    return Schedule(_warm_restarts, {**settings, "floor": _share("floor", floor)})


def _warm_restarts(t: int, period: int, growth: int, floor: float) -> float:
    done = t - 1
    if growth == 1:
        done %= period
    while done >= period:
        done, period = done - period, period * growth
    return _anneal(1.0, floor, done / period)


def warmup_stable_decay(steps: int, warmup: float = 0.1, decay: float = 0.2, floor: float = 0.0) -> Schedule:
    """Rise in a straight line, stay at full rate, fall in a straight line.

    The end of the run need not be known while it is stable: any point of it can be given its own decay.

    Args:
        steps: length of the whole run, ≥ 1; afterwards the floor is kept.
        warmup: share of the steps that rise, in [0, 1].
        decay: share of the steps that fall, in [0, 1]; warmup + decay ≤ 1.
        floor: in [0, 1], reached one step after the last.

    Raises:
        ValueError: if warmup + decay is more than 1.

    Examples:
        >>> warmup_stable_decay(10, warmup=0.2, decay=0.4).values(11)
        array([0.5 , 1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 0.75, 0.5 , 0.25, 0.  ])

    Reference: S. Hu et al., "MiniCPM: unveiling the potential of small language models with scalable training
    strategies", COLM 2024.
    """
    warmup, decay = _share("warmup", warmup), _share("decay", decay)
    if warmup + decay > 1:
        raise ValueError(
            f"warmup + decay = {warmup + decay:g} is not allowed: together they must be at most 1"
        )
    settings = {"warmup": warmup, "decay": decay, "floor": _share("floor", floor)}
    return Schedule(_warmup_stable_decay, {"steps": whole("steps", steps, 1), **settings})


def _warmup_stable_decay(t: int, steps: int, warmup: float, decay: float, floor: float) -> float:
    if t < warmup * steps:
        return t / (warmup * steps)
    left = max(0.0, steps + 1 - t)
    return floor + (1 - floor) * left / (decay * steps) if left < decay * steps else (1.0 if left else floor)


def _anneal(start: float, end: float, done: float) -> float:
    """Half a cosine from ``start`` to ``end``, of which the share ``done`` is over."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, done))) / 2


def _share(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} = {value!r} is not a number: it must be in [0, 1]")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} = {value!r} is not allowed: it must be in [0, 1]")
    return float(value)
