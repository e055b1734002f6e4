"""Schedules that rise: warm-up alone, and those in which it is the first part."""

from __future__ import annotations

from ..arguments import whole
from .base import Schedule
from .parts import anneal, share


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
        "warmup": share("warmup", warmup),
        "start": share("start", start),
        "end": share("end", end),
    }
    return Schedule(_one_cycle, {"steps": whole("steps", steps, 2), **settings})


def _one_cycle(t: int, steps: int, warmup: float, start: float, end: float) -> float:
    done, peak = (t - 1) / (steps - 1), warmup
    if done < peak:
        return anneal(start, 1.0, done / peak)
    return anneal(1.0, end, (done - peak) / (1 - peak) if peak < 1 else (1.0 if done > 1 else 0.0))


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
    return Schedule(_warm_restarts, {**settings, "floor": share("floor", floor)})


def _warm_restarts(t: int, period: int, growth: int, floor: float) -> float:
    done = t - 1
    if growth == 1:
        done %= period
    while done >= period:
        done, period = done - period, period * growth
    return anneal(1.0, floor, done / period)


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
    warmup, decay = share("warmup", warmup), share("decay", decay)
    if warmup + decay > 1:
        raise ValueError(
            f"warmup + decay = {warmup + decay:g} is not allowed: together they must be at most 1"
        )
    settings = {"warmup": warmup, "decay": decay, "floor": share("floor", floor)}
    return Schedule(_warmup_stable_decay, {"steps": whole("steps", steps, 1), **settings})


def _warmup_stable_decay(t: int, steps: int, warmup: float, decay: float, floor: float) -> float:
    if t < warmup * steps:
        return t / (warmup * steps)
    left = max(0.0, steps + 1 - t)
    return floor + (1 - floor) * left / (decay * steps) if left < decay * steps else (1.0 if left else floor)
