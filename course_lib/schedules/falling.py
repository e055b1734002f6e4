"""Schedules that never rise: constant, steps, exponential, cosine, cooldown."""

from __future__ import annotations

import math

from ..arguments import whole
from .base import Schedule
from .parts import anneal, share


def constant(level: float = 1.0) -> Schedule:
    r"""Keep one multiplier, :math:`\eta_t = \mathrm{level}`.

    Args:
        level: in [0, 1].

    Examples:
        >>> constant()(1000)
        1.0
    """
    return Schedule(_constant, {"level": share("level", level)})


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
    return Schedule(_step_decay, {"every": whole("every", every, 1), "factor": share("factor", factor)})


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
    return Schedule(_exponential, {"rate": share("rate", rate)})


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
    return Schedule(_cosine, {"steps": whole("steps", steps, 1), "floor": share("floor", floor)})


def _cosine(t: int, steps: int, floor: float) -> float:
    return anneal(1.0, floor, (t - 1) / steps)


def inverse_sqrt(hold: int = 1) -> Schedule:
    r"""Fall with the root of the step, and never come to an end.

    .. math:: \eta_t = \sqrt{\mathrm{hold}/\max(\mathrm{hold},\, t)}

    With ``linear_warmup(hold)`` in front by multiplication this is the schedule of the first Transformer.

    Args:
        hold: so many steps have full rate, ≥ 1.

    Examples:
        >>> inverse_sqrt(4).values(16)[[0, 3, 15]]
        array([1. , 1. , 0.5])
        >>> from course_lib.schedules import linear_warmup
        >>> (linear_warmup(2) * inverse_sqrt(2)).values(8)[[0, 1, 7]]
        array([0.5, 1. , 0.5])

    Reference: A. Vaswani et al., "Attention is all you need", NeurIPS 2017, equation 3.
    """
    return Schedule(_inverse_sqrt, {"hold": whole("hold", hold, 1)})


def _inverse_sqrt(t: int, hold: int) -> float:
    return math.sqrt(hold / max(hold, t))


def cooldown(steps: int, shape: str = "linear", floor: float = 0.0) -> Schedule:
    r"""Fall from full rate to a floor: the end of a run, from whatever step on one likes.

    .. math:: \eta_t = \mathrm{floor} + (1 - \mathrm{floor}) \begin{cases} 1 - s & \text{linear} \\
        1 - \sqrt s & \text{sqrt} \end{cases} \qquad s = \min(1, (t - 1)/\mathrm{steps})

    ``hold.then(cooldown(50), after=200)`` lets any schedule that holds its rate fall in the 50 steps behind step 200.
    Where the rate is no longer full by then, multiply: ``eta * constant().then(cooldown(50), after=200)``.

    Args:
        steps: after how many steps the floor is reached, ≥ 1; it is kept from there on.
        shape: "linear", or "sqrt", which falls faster at first.
        floor: in [0, 1].

    Raises:
        ValueError: for another shape.

    Examples:
        >>> cooldown(4).values(6)
        array([1.  , 0.75, 0.5 , 0.25, 0.  , 0.  ])
        >>> cooldown(4, "sqrt").values(5).round(3)
        array([1.   , 0.5  , 0.293, 0.134, 0.   ])
        >>> from course_lib.schedules import linear_warmup
        >>> linear_warmup(2).then(cooldown(2), after=5).values(8)
        array([0.5, 1. , 1. , 1. , 1. , 1. , 0.5, 0. ])

    Reference: A. Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations",
    NeurIPS 2024, section 3: both shapes.
    """
    if shape not in SHAPES:
        raise ValueError(
            f"shape = {shape!r} is not allowed: it must be one of {', '.join(map(repr, SHAPES))}"
        )
    settings = {"steps": whole("steps", steps, 1), "shape": shape, "floor": share("floor", floor)}
    return Schedule(_cooldown, settings)


SHAPES = {"linear": 1.0, "sqrt": 0.5}
"""The power of the share that is over, by which the rate has fallen."""


def _cooldown(t: int, steps: int, shape: str, floor: float) -> float:
    return floor + (1 - floor) * (1 - min(1.0, (t - 1) / steps) ** SHAPES[shape])
