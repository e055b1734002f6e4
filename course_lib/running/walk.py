"""Online learning of linear losses on [−1, 1]: the slopes are known beforehand, so many steps are made at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..optimizers import ADOPT, Adam, AMSGrad, Optimizer
from .simulate import Schedule


def walk(
    opt: Optimizer,
    slopes: np.ndarray,
    start: float = 0.0,
    schedule: Schedule | np.ndarray | None = None,
    *,
    by_the_rule: bool = False,
) -> np.ndarray:
    r"""Return where an optimizer is after each step on the losses :math:`f_t(x) = s_t\, x`, kept in [−1, 1].

    The slope :math:`s_t` is the gradient wherever x is. For Adam, AMSGrad and ADOPT all running means are therefore
    computed first, block by block, and x afterwards: hundreds of times as fast as step by step, and the same numbers to
    rounding. Any other optimizer takes its steps one by one.

    Args:
        opt: an optimizer with numbers, not arrays, for its hyperparameters.
        slopes: :math:`s_1, \dots, s_T`, shape ``(T,)``, or ``(T, runs)`` for runs side by side.
        start: x before the first step, in [−1, 1].
        schedule: multiplier of the learning rate by step, in [0, 1], a function or an array ``(T,)``; by default 1.
        by_the_rule: whether to take the steps one by one in any case.

    Returns:
        x, shape ``(T + 1,)`` or ``(T + 1, runs)``.

    Raises:
        TypeError: if opt is no optimizer, or needs more than a gradient.
        ValueError: for slopes of another shape or not finite, a start outside, a grid of settings, or a multiplier of
            the schedule out of range.

    Examples:
        >>> slopes = np.tile([3.0, -1.0, -1.0], 1000)  # on the average 1/3: −1 is best
        >>> [round(float(walk(opt(lr=0.01, beta1=0, beta2=0.1), slopes)[-1]), 1) for opt in (Adam, AMSGrad)]
        [1.0, -1.0]

    Reference: S. J. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, section 3.
    """
    slopes = np.asarray(slopes, dtype=float)
    _check(opt, slopes, start)
    rates = _rates(schedule, len(slopes))
    direction = None if by_the_rule else _DIRECTIONS.get(type(opt))
    if direction is None:
        return _one_by_one(opt, slopes, float(start), rates)
    with np.errstate(all="ignore"):
        steps = -opt.lr * _beside(rates, slopes) * direction(opt, slopes)  # type: ignore[attr-defined]
    return _kept_inside(steps, float(start))


def running_mean(values: np.ndarray, beta: float, before: Any = 0.0) -> np.ndarray:
    r"""Return :math:`m_t = \beta\, m_{t-1} + (1 - \beta)\, u_t` for all t at once.

    Blocks of about :math:`\sqrt T` steps are filtered side by side, each from 0; then what was remembered at the end of
    a block is added to the next one.

    Args:
        values: u, shape ``(T, …)``.
        beta: decay, in [0, 1).
        before: :math:`m_0`.

    Examples:
        >>> running_mean(np.ones(3), 0.5)
        array([0.5  , 0.75 , 0.875])
    """
    blocks = _in_blocks(values)
    means, m = np.empty_like(blocks), np.zeros_like(blocks[0])
    for k, new in enumerate(blocks):
        m = beta * m + (1 - beta) * new
        means[k] = m
    carried = np.empty_like(m)
    carried[0] = before
    for j in range(1, len(carried)):
        carried[j] = means[-1, j - 1] + beta ** len(blocks) * carried[j - 1]
    means += _beside(beta ** np.arange(1, len(blocks) + 1), means) * carried
    return _in_a_row(means, len(values))


def _adam(opt: Any, g: np.ndarray) -> np.ndarray:
    m_hat = running_mean(g, opt.beta1) / _fill(opt.beta1, g)
    v_hat = running_mean(g**2, opt.beta2) / _fill(opt.beta2, g)
    return m_hat / (np.sqrt(v_hat) + opt.eps)


def _amsgrad(opt: Any, g: np.ndarray) -> np.ndarray:
    m, v_max = running_mean(g, opt.beta1), np.maximum.accumulate(running_mean(g**2, opt.beta2))
    if opt.bias_correction:
        m, v_max = m / _fill(opt.beta1, g), v_max / _fill(opt.beta2, g)
    return m / (np.sqrt(v_max) + opt.eps)


def _adopt(opt: Any, g: np.ndarray) -> np.ndarray:
    v = running_mean(g**2, opt.beta2, before=g[0] ** 2)
    n = np.zeros_like(g)  # the first step only measures
    n[1:] = g[1:] / np.maximum(np.sqrt(v[:-1]), opt.eps)
    if opt.clip:
        limit = _beside(np.arange(len(g)) ** 0.25, g)
        n = np.clip(n, -limit, limit)
    return running_mean(n, opt.beta1)


_DIRECTIONS: dict[type[Optimizer], Callable[[Any, np.ndarray], np.ndarray]] = {
    Adam: _adam,
    AMSGrad: _amsgrad,
    ADOPT: _adopt,
}
"""What lr is multiplied by in each step, from all gradients."""


def _one_by_one(opt: Optimizer, slopes: np.ndarray, start: float, rates: np.ndarray) -> np.ndarray:
    x: Any = np.full((1, *slopes.shape[1:]), start)
    points, state = [x], opt.init(x, grid=x.ndim - 1)
    for rate, g in zip(rates, slopes, strict=True):
        x, state = opt.at(rate).update(x, np.reshape(g, x.shape), state)
        x = np.clip(x, -1, 1)
        points.append(x)
    return np.stack(points)[:, 0]


def _kept_inside(steps: np.ndarray, start: float) -> np.ndarray:
    """Return the way of these steps, cut off at −1 and 1 after each of them.

    What a block of steps makes of x is x + a, cut off at where it takes −1 and 1. So it is run from these two only.
    """
    blocks = _in_blocks(np.clip(steps, -2, 2))  # a longer step ends at a wall, too
    ways, lows, highs = (np.empty_like(blocks) for _ in range(3))
    way, low, high = (np.full_like(blocks[0], at) for at in (0.0, -1.0, 1.0))
    for k, step in enumerate(blocks):
        ways[k] = way = way + step
        lows[k] = low = np.clip(low + step, -1, 1)
        highs[k] = high = np.clip(high + step, -1, 1)
    begins = np.empty_like(way)
    begins[0] = start
    for j in range(1, len(begins)):
        begins[j] = np.clip(begins[j - 1] + ways[-1, j - 1], lows[-1, j - 1], highs[-1, j - 1])
    inside = _in_a_row(np.clip(begins + ways, lows, highs), len(steps))
    return np.concatenate([np.full_like(inside[:1], start), inside])


def _in_blocks(values: np.ndarray) -> np.ndarray:
    """Return values as (place in a block, block, …), filled up with zeros."""
    length = max(math.isqrt(len(values)), 1)
    count = -(-len(values) // length)
    filled = np.zeros((count * length, *values.shape[1:]))
    filled[: len(values)] = values
    return np.moveaxis(filled.reshape(count, length, *values.shape[1:]), 1, 0).copy()


def _in_a_row(blocks: np.ndarray, count: int) -> np.ndarray:
    return np.moveaxis(blocks, 0, 1).reshape(-1, *blocks.shape[2:])[:count]


def _beside(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return one value for each step, in the shape that goes with an array of more axes."""
    return values.reshape(-1, *[1] * (others.ndim - 1))


def _fill(beta: float, g: np.ndarray) -> np.ndarray:
    """Return what the means are divided by in the bias correction: 1 − βᵗ."""
    return _beside(1 - beta ** np.arange(1, len(g) + 1), g)


def _rates(schedule: Schedule | np.ndarray | None, steps: int) -> np.ndarray:
    if schedule is None:
        return np.ones(steps)
    given = [schedule(t) for t in range(1, steps + 1)] if callable(schedule) else schedule
    rates = np.asarray(given, dtype=float)
    if rates.shape != (steps,) or not ((rates >= 0) & (rates <= 1)).all():
        raise ValueError(f"schedule is not allowed: it must give {steps} numbers in [0, 1]")
    return rates


def _check(opt: Any, slopes: np.ndarray, start: Any) -> None:
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    if opt.needs_problem or opt.needs_matrix:
        raise TypeError(f"{type(opt).__name__} cannot walk: it needs more than the slope at one number")
    if opt.grid:
        raise ValueError(f"opt = {opt!r} is a grid of settings: walk with one at a time")
    if slopes.ndim not in (1, 2) or not slopes.size or not np.isfinite(slopes).all():
        raise ValueError(
            f"slopes of shape {slopes.shape} are not allowed: give finite numbers, (T,) or (T, runs)"
        )
    if not -1 <= start <= 1:
        raise ValueError(f"start = {start!r} is not allowed: it must be in [-1, 1]")
