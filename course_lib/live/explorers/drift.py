"""Where a rule drifts once its means repeat themselves: one large slope in every period, −1 in all the others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...optimizers import ADOPT, Adam, AMSGrad, Optimizer

KNOWN = (Adam, AMSGrad, ADOPT)
"""Rules whose drift is known in closed form."""


def drift(opt: Optimizer, beta2: Any, large: float, period: int, limit: float = np.inf) -> np.ndarray:
    r"""Return how far x goes in one period, in units of lr, when no wall is near and every mean repeats itself.

    k steps after the large slope C, with period P, the means are

    .. math::
        m_k = -1 + (C + 1)\frac{(1 - \beta_1)\beta_1^k}{1 - \beta_1^P}, \qquad
        v_k = 1 + (C^2 - 1)\frac{(1 - \beta_2)\beta_2^k}{1 - \beta_2^P}

    and the drift is :math:`-\sum_k m_k/\sqrt{v_k}` with Adam, :math:`-\sum_k m_k/\sqrt{v_0}` with AMSGrad, and
    :math:`-\sum_k g_k/\sqrt{v_{k-1}}` with ADOPT. Below 0 x goes to −1, above 0 to 1.

    Args:
        opt: one of `KNOWN`; its own beta2 is not looked at.
        beta2: one or more values of it, in [0, 1).
        large: C, the large slope.
        period: P, in steps.
        limit: of ADOPT's clip.

    Returns:
        An array of the shape of beta2.

    Examples:
        >>> drift(Adam(beta1=0), [0.1, 0.9], large=3, period=3).round(2)
        array([ 0.68, -0.44])
    """
    rule: Any = opt
    k = np.arange(period)
    m = -1 + (large + 1) * _share(np.asarray(rule.beta1, float), k)
    v = 1 + (large**2 - 1) * _share(np.asarray(beta2, float)[..., None], k)
    if isinstance(opt, AMSGrad):
        return -m.sum() / (np.sqrt(v[..., 0]) + rule.eps)
    if isinstance(opt, Adam):
        return -(m / (np.sqrt(v) + rule.eps)).sum(axis=-1)
    g = np.where(k == 0, large, -1.0)
    n = g / np.maximum(np.sqrt(np.roll(v, 1, axis=-1)), rule.eps)
    return -np.clip(n, -limit, limit).sum(axis=-1)


def wrong_between(
    opt: Optimizer, large: float, period: int, limit: float = np.inf
) -> list[tuple[float, float]]:
    """Return the ranges of beta2 in which a rule drifts to the worst point, to 1e-9.

    The arguments are those of `drift`.

    Examples:
        >>> [(low, high)] = wrong_between(Adam(beta1=0), large=3, period=3)
        >>> low, round(high, 4)
        (0.0, 0.4723)
        >>> wrong_between(AMSGrad(beta1=0), large=3, period=3)
        []
    """
    grid = 1 - np.concatenate([[1.0], np.logspace(-0.001, -7, 400)])
    best = -np.sign(large - period + 1)
    wrong = best * drift(opt, grid, large, period, limit) < 0
    low, high = grid[:-1][wrong[1:] != wrong[:-1]], grid[1:][wrong[1:] != wrong[:-1]]
    rising = wrong[1:][wrong[1:] != wrong[:-1]]
    for _ in range(30):
        middle = (low + high) / 2
        beyond = (best * drift(opt, middle, large, period, limit) < 0) == rising
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    edges = [0.0] * bool(wrong[0]) + [*map(float, high)] + [1.0] * bool(wrong[-1])
    return list(zip(edges[::2], edges[1::2], strict=True))


def in_words(wrong: Sequence[tuple[float, float]]) -> str:
    """Return ranges of beta2 as text.

    Examples:
        >>> in_words([(0.0, 0.4723)]), in_words([]), in_words([(0.0, 1.0)])
        ('beta2 < 0.472', 'no beta2', 'every beta2')
    """
    if not wrong:
        return "no beta2"
    words = [
        f"beta2 < {_digits(high)}" if low == 0 else f"{_digits(low)} … {_digits(high)}" for low, high in wrong
    ]
    return "every beta2" if wrong == [(0.0, 1.0)] else " and ".join(words)


def _share(beta: np.ndarray, k: np.ndarray) -> np.ndarray:
    """Return what part of a mean that repeats itself the large slope makes up, k steps after it."""
    return (1 - beta) * beta**k / (1 - beta ** len(k))


def _digits(beta: float) -> str:
    """Return a decay with three digits of what is missing to 1."""
    return f"{beta:.3f}" if beta < 0.99 else f"{1 - float(f'{1 - beta:.3g}'):.6g}"
