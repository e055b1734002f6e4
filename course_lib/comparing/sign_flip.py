"""Fisher's test by changing signs, its interval by inversion, and what it can find."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np

EXACT = 20
"""Up to so many pairs all 2ⁿ changes of sign are tried, beyond that a sample of them."""

DRAWS = 100_000
"""So many changes of sign are tried where not all are."""


def sign_flip_p(
    differences: Any, draws: int = DRAWS, rng: np.random.Generator | None = None, resolution: float = 0.0
) -> float:
    r"""Return the p-value of paired differences: how often chance alone makes their sum as large.

    If the two methods were alike, each difference would be as likely with the other sign. So all signs are tried,

    .. math:: p = 2^{-n}\, \#\Bigl\{ \sigma \in \{-1, 1\}^n : \bigl|\textstyle\sum_i \sigma_i d_i\bigr| \ge
        \bigl|\sum_i d_i\bigr| \Bigr\}

    exactly for n ≤ 20; beyond that for a sample of them, the observed one counted in. No shape of the distribution is
    assumed, but that signs can be exchanged pair by pair; what can come out is bounded by n alone (`least_p`). An
    infinite difference (one of the two runs diverged) counts for more than all finite ones together.

    Args:
        differences: one for each pair, ``(n,)``, n ≥ 1, not NaN.
        draws: how many signs are tried if not all are, ≥ 1.
        rng: draws them; by default always the same ones.
        resolution: means that differ by no more than this count as equal. Shares of 300 images that were rounded to
            six digits have ties that rounding breaks, and p would come out too small.

    Raises:
        ValueError: for no differences, or NaN among them.

    Examples:
        >>> sign_flip_p([0.1, 0.2, 0.1, 0.3, 0.2])  # all of one sign: 2 of the 32 are as extreme
        0.0625
        >>> sign_flip_p([0.1, -0.1])
        1.0
        >>> thirds = [0.666667, 0.666667, -0.333333, -0.333333, 0.333333]  # 2, 2, −1, −1 and 1 of three images
        >>> sign_flip_p(thirds), sign_flip_p(thirds, resolution=1e-5), sign_flip_p([2, 2, -1, -1, 1])
        (0.4375, 0.5625, 0.5625)

    Reference: R. A. Fisher, "The design of experiments" (1935), §21.
    """
    d = _tamed(differences)[0]
    if rng is None:
        return _kept_p(tuple(d.tolist()), draws, resolution)
    return _Ranges.of(d, draws, rng, resolution).p()


def sign_flip_interval(
    differences: Any, level: float = 0.95, draws: int = DRAWS, rng: np.random.Generator | None = None,
    resolution: float = 0.0,
) -> tuple[float, float]:  # fmt: skip
    r"""Return the mean differences θ that `sign_flip_p` of ``differences − θ`` does not reject at 1 − level.

    So 0 lies outside exactly if p ≤ 1 − level. With :math:`m_S` the mean of the differences in a set S of pairs, the
    signs flipped in S do as well as those observed exactly if θ lies between :math:`m_S` and the mean of the rest:

    .. math:: p(\theta) = 2^{-n}\,\Bigl(2 + \#\bigl\{S \ne \emptyset, \text{all} :\;
        \min(m_S, m_{S^c}) \le \theta \le \max(m_S, m_{S^c})\bigr\}\Bigr)

    Each of these ranges holds the observed mean, so p falls to both sides of it, and the ends of the interval are order
    statistics of the ranges' ends. With too few pairs for the level nothing is rejected: (−∞, ∞).

    Args:
        differences: one for each pair, ``(n,)``, n ≥ 1, not NaN.
        level: in (0, 1).
        draws: how many signs are tried if not all are.
        rng: draws them; by default those of `sign_flip_p`.
        resolution: as for `sign_flip_p`.

    Raises:
        ValueError: for no differences, NaN among them, or a level out of range.

    Examples:
        >>> sign_flip_interval([1.0, 2.0, 3.0])  # three pairs: p is never below 0.25
        (-inf, inf)
        >>> sign_flip_interval([1.0, 2.0, 3.0], level=0.7)
        (1.0, 3.0)

    Reference: J. S. Maritz, "A note on exact robust confidence intervals for location", Biometrika 66 (1979).
    """
    if not 0 < level < 1:
        raise ValueError(f"level = {level!r} is not allowed: it must be in (0, 1)")
    d, finite = _tamed(differences)
    beyond = np.abs(finite).max(initial=0.0) * (1 + 1e-9)
    if rng is None:
        ends = _kept_ends(tuple(d.tolist()), 1 - level, draws, resolution)
    else:
        ends = _Ranges.of(d, draws, rng, resolution).interval(1 - level)
    low, high = (np.copysign(np.inf, end) if abs(end) > beyond else end for end in ends)
    return float(low), float(high)


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


@lru_cache(maxsize=256)
def shift_found(n: int, alpha: float, power: float) -> float:
    """Return by how many standard deviations the mean of n normal differences must differ from 0 to be found.

    A shift δ of a sample z is found if 0 lies below the interval of z + δ, that is, if δ is more than −low(z). So the
    answer is a quantile of −low(z), over 1,000 samples; ∞ if n pairs cannot give so small a p-value. It takes long for
    more than a dozen pairs.

    Examples:
        >>> 1.0 < shift_found(10, 0.05, 0.8) < 1.05  # the t-test needs 1.0
        True
        >>> shift_found(5, 0.05, 0.8)
        inf
    """
    lows = _sorted_lows(n)
    return float(np.quantile(-lows[:, _enough(alpha, lows.shape[1])], power, method="higher"))


@lru_cache(maxsize=2)
def _sorted_lows(n: int) -> np.ndarray:
    """Return the lower ends of the ranges of 1,000 samples of n normal differences, each sorted."""
    samples = np.random.default_rng(0).standard_normal((1000, n))
    return np.sort([_Ranges.of(z).low for z in samples], axis=1)


def _enough(alpha: float, ranges: int) -> int:
    """Return how many of the ranges a θ may lie in and still be rejected."""
    return int(alpha * ranges * (1 + 1e-12))


@dataclass(frozen=True, eq=False)
class _Ranges:
    """For every choice of signs, between which θ it does as well as the signs observed; ±∞ where it always does."""

    low: np.ndarray
    high: np.ndarray
    rounding: float

    @classmethod
    def of(
        cls,
        d: np.ndarray,
        draws: int = DRAWS,
        rng: np.random.Generator | None = None,
        resolution: float = 0.0,
    ) -> Self:
        n, total = len(d), d.sum()
        sums, sizes = _subsets(d) if n <= EXACT else _drawn(d, draws, rng)
        with np.errstate(invalid="ignore", divide="ignore"):
            inside, outside = sums / sizes, (total - sums) / (n - sizes)
        whole = (sizes == 0) | (sizes == n)
        low = np.where(whole, -np.inf, np.minimum(inside, outside))
        high = np.where(whole, np.inf, np.maximum(inside, outside))
        return cls(low, high, max(resolution, 1e-12 * float(np.abs(d).max())))

    def p(self) -> float:
        """Return the share of the ranges that hold 0."""
        return float(np.mean((self.low <= self.rounding) & (self.high >= -self.rounding)))

    def interval(self, alpha: float) -> tuple[float, float]:
        """Return the θ that lie in more than a share alpha of the ranges."""
        enough = _enough(alpha, len(self.low))
        last = len(self.high) - 1 - enough
        ends = np.partition(self.low, enough)[enough], np.partition(self.high, last)[last]
        low, high = (0.0 if abs(end) <= self.rounding else float(end) for end in ends)
        return low, high


@lru_cache(maxsize=4096)
def _kept_p(d: tuple[float, ...], draws: int, resolution: float) -> float:
    """Return a p-value, kept: many tables of a text ask for the same ones."""
    return _Ranges.of(np.array(d), draws, None, resolution).p()


@lru_cache(maxsize=4096)
def _kept_ends(d: tuple[float, ...], alpha: float, draws: int, resolution: float) -> tuple[float, float]:
    """Return the ends of an interval, kept likewise."""
    return _Ranges.of(np.array(d), draws, None, resolution).interval(alpha)


def _tamed(differences: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the differences with ±∞ as finite numbers that outweigh all others, and the finite ones."""
    d = np.asarray(differences, float)
    if d.ndim != 1 or len(d) == 0 or np.isnan(d).any():
        raise ValueError(
            f"differences = {differences!r} is not allowed: it must be a vector of numbers, not NaN"
        )
    endless = np.isinf(d)
    finite = d[~endless]
    return np.where(endless, np.copysign(1e3 * (2 * np.abs(finite).sum() + 1) * len(d), d), d), finite


def _subsets(d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sum and the size of every subset without the last entry: their complements say the same again."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in d[:-1]:
        sums, sizes = np.concatenate([sums, sums + value]), np.concatenate([sizes, sizes + 1])
    return sums, sizes


def _drawn(d: np.ndarray, draws: int, rng: np.random.Generator | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the sums and sizes of random subsets; the first is empty: the signs observed count in."""
    chosen = _choices(len(d), draws) if rng is None else rng.integers(2, size=(draws, len(d))).astype(float)
    chosen[0] = 0
    return chosen @ d, chosen.sum(axis=1)


@lru_cache(maxsize=4)
def _choices(n: int, draws: int) -> np.ndarray:
    return np.random.default_rng(0).integers(2, size=(draws, n)).astype(float)
