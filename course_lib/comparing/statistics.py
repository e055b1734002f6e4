"""What a handful of runs can say: intervals of means, and tests of paired differences."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

EXACT = 16
"""Up to so many pairs all 2ⁿ changes of sign are tried, beyond that a sample of them."""

_NORMAL = NormalDist()


def student_t(level: float, free: int) -> float:
    r"""Return the t that Student's distribution exceeds in size with probability 1 − ``level``.

    With t = √ν·tan θ the probability is an integral of cos\ :sup:`ν−1` θ, which Gauss's rule takes to rounding.

    Args:
        level: in (0, 1).
        free: degrees of freedom ν, ≥ 1.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> round(student_t(0.95, 9), 3)
        2.262

    Reference: Student, "The probable error of a mean", Biometrika 6 (1908).
    """
    if not (0 < level < 1 and free >= 1):
        raise ValueError(f"level = {level!r} and free = {free!r}: level must be in (0, 1), free ≥ 1")
    nodes, weights = np.polynomial.legendre.leggauss(200)

    def inside(angle: float) -> float:
        return float(angle * (weights @ np.cos(angle * (nodes + 1) / 2) ** (free - 1)))

    low, high, whole = 0.0, np.pi / 2, inside(np.pi / 2)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if inside(middle) < level * whole else (low, middle)
    return float(np.sqrt(free) * np.tan(low))


def bootstrap_interval(
    values: Any, level: float = 0.95, resamples: int = 10_000, rng: np.random.Generator | None = None
) -> tuple[Any, Any]:
    r"""Return the BCa bootstrap interval of the mean: what other runs of the same kind would have given.

    The mean is taken of many samples drawn with replacement. The interval runs between the quantiles

    .. math::
        \Phi\Bigl(z_0 + \frac{z_0 + z_\alpha}{1 - a\,(z_0 + z_\alpha)}\Bigr), \qquad
        z_0 = \Phi^{-1}\bigl(\text{share of resampled means below the mean}\bigr), \qquad
        a = \frac{\sum_i d_i^3}{6\,\bigl(\sum_i d_i^2\bigr)^{3/2}}

    with d the deviations of the means that leave one value out, so that it leans where the values lean. With ten
    values an interval of level 0.95 covers the true mean about nine times in ten, not nineteen in twenty.

    Args:
        values: one number for each run, ``(n, *more)``, n ≥ 2; intervals are taken for each of ``more``.
        level: the share that the interval is to cover, in (0, 1).
        resamples: how many samples are drawn, ≥ 1.
        rng: draws them; by default always the same ones.

    Returns:
        The lower and the upper end, ``(*more)``. Infinite values (diverged runs) may make an end infinite.

    Raises:
        ValueError: for fewer than two values or a level outside (0, 1).

    Examples:
        >>> low, high = bootstrap_interval([0.90, 0.91, 0.93, 0.92, 0.94, 0.91])
        >>> print(low.round(3), high.round(3))
        0.908 0.93

    Reference: B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987).
    """
    values = np.asarray(values, float)
    n = len(values) if values.ndim else 0
    if n < 2:
        raise ValueError(f"values has {n} entries, but there must be at least 2")
    if not 0 < level < 1:
        raise ValueError(f"level = {level!r} is not allowed: it must be in (0, 1)")
    rng = np.random.default_rng(0) if rng is None else rng
    with np.errstate(all="ignore"):
        drawn = np.sort(values[rng.integers(n, size=(resamples, n))].mean(axis=1), axis=0)
        mean = values.mean(axis=0)
        rounding = 1e-12 * np.abs(values).max(
            axis=0
        )  # a sample may be the values themselves, summed otherwise
        below = (np.sum(drawn < mean - rounding, axis=0) + np.sum(drawn <= mean + rounding, axis=0)) / (
            2 * resamples
        )
        left_out = (values.sum(axis=0) - values) / (n - 1)
        d = left_out.mean(axis=0) - left_out
        a = np.nan_to_num(np.sum(d**3, axis=0) / (6 * np.sum(d**2, axis=0) ** 1.5))
    z0 = np.vectorize(_NORMAL.inv_cdf)(np.clip(below, 0.5 / resamples, 1 - 0.5 / resamples))
    ends = []
    for share in ((1 - level) / 2, (1 + level) / 2):
        z = z0 + _NORMAL.inv_cdf(share)
        rank = np.ceil(np.vectorize(_NORMAL.cdf)(z0 + z / (1 - a * z)) * resamples).astype(int) - 1
        end = np.take_along_axis(drawn, np.clip(rank, 0, resamples - 1)[None], axis=0)[0]
        ends.append(end)
    return ends[0], ends[1]


def sign_flip_p(differences: Any, draws: int = 100_000, rng: np.random.Generator | None = None) -> float:
    r"""Return the p-value of paired differences: how often chance alone makes their sum as large.

    If the two methods were alike, each difference would be as likely with the other sign. So all signs are tried,

    .. math:: p = 2^{-n}\, \#\Bigl\{ \sigma \in \{-1, 1\}^n : \bigl|\textstyle\sum_i \sigma_i d_i\bigr| \ge
        \bigl|\sum_i d_i\bigr| \Bigr\}

    exactly for n ≤ 16; beyond that for a sample of them, the observed one counted in. No distribution is assumed; what
    can come out is bounded by n alone (`least_p`). An infinite difference (one of the two runs diverged) counts for
    more than all finite ones together.

    Args:
        differences: one for each pair, ``(n,)``, n ≥ 1, not NaN.
        draws: how many signs are tried if not all are, ≥ 1.
        rng: draws them; by default always the same ones.

    Raises:
        ValueError: for no differences, or NaN among them.

    Examples:
        >>> sign_flip_p([0.1, 0.2, 0.1, 0.3, 0.2])  # all of one sign: 2 of the 32 are as extreme
        0.0625
        >>> sign_flip_p([0.1, -0.1])
        1.0

    Reference: R. A. Fisher, "The design of experiments" (1935), §21.
    """
    d = np.asarray(differences, float)
    if d.ndim != 1 or len(d) == 0 or np.isnan(d).any():
        raise ValueError(
            f"differences = {differences!r} is not allowed: it must be a vector of numbers, not NaN"
        )
    n, endless = len(d), np.isinf(d)
    d = np.where(endless, np.copysign(2 * np.abs(d[~endless]).sum() + 1, d), d)
    if n <= EXACT:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
    else:
        rng = np.random.default_rng(0) if rng is None else rng
        signs = rng.choice([-1, 1], size=(draws, n))
        signs[0] = 1
    rounding = 1e-12 * np.abs(d).sum()
    return float(np.mean(np.abs(signs @ d) >= abs(d.sum()) - rounding))


def least_p(n: int, comparisons: int = 1) -> float:
    """Return the smallest p-value that n pairs can give at all, after Holm's correction for so many comparisons.

    Args:
        n: pairs, ≥ 1.
        comparisons: how many are made at once, ≥ 1.

    Examples:
        >>> least_p(5), least_p(10)
        (0.0625, 0.001953125)
    """
    return min(1.0, comparisons * 2.0 ** (1 - n))


def holm(p: Any) -> np.ndarray:
    r"""Return p-values corrected for being several: below α each, wrong anywhere with probability at most α.

    .. math:: \tilde p_{(i)} = \min\bigl(1,\ \max_{j \le i}\, (m - j + 1)\, p_{(j)}\bigr), \qquad
        p_{(1)} \le \dots \le p_{(m)}

    Args:
        p: p-values, ``(m,)``, in [0, 1].

    Raises:
        ValueError: for a value outside [0, 1].

    Examples:
        >>> holm([0.01, 0.04, 0.03])
        array([0.03, 0.06, 0.06])

    Reference: S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
    """
    p = np.asarray(p, float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p = {p} is not allowed: every p-value must be in [0, 1]")
    order = np.argsort(p, kind="stable")
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1, np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order]))
    return corrected


def paired(one: Any, other: Any) -> np.ndarray:
    """Return differences of paired results; two that are infinite alike do not differ.

    Examples:
        >>> paired([1.0, np.inf, np.inf], [0.5, np.inf, 1.0])
        array([0.5, 0. , inf])
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    with np.errstate(invalid="ignore"):
        return np.where(one == other, 0.0, one - other)
