"""The two tests of paired differences, each with the interval that inverts it and the difference that it can find.

Seeds, or data sets drawn anew, are independent pairs: `SignFlip`. Divisions of one data set share most of their
training examples, and their results are alike for that reason alone: `CorrectedT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np

from .sign_flip import DRAWS, EXACT, least_p, shift_found, sign_flip_interval, sign_flip_p
from .statistics import student_share, student_t

POWER = 0.8
"""The chance with which a `detectable` difference is found."""


FEW = 12
"""Up to so many pairs the power of the sign-flip test is computed from the test itself."""


class PairedTest(Protocol):
    """What a comparison asks of a test; ``d`` are the differences, ``(n,)``, n ≥ 2."""

    @property
    def name(self) -> str:
        """What the test is called in tables."""

    def p(self, d: Any) -> float:
        """Return the two-sided p-value of a mean difference of 0."""

    def interval(self, d: Any, level: float = 0.95) -> tuple[float, float]:
        """Return the mean differences that the test does not reject at 1 − level."""

    def least_p(self, n: int) -> float:
        """Return the smallest p-value that n pairs can give."""

    def detectable(self, d: Any, alpha: float = 0.05) -> float:
        """Return the mean difference that would be found with 80 % chance: p ≤ alpha, and the right sign.

        It is that of normal differences with the standard deviation of d. The mean of d has no part in it.
        """


@dataclass(frozen=True)
class SignFlip:
    """Fisher's test by changing signs, for independent pairs (`sign_flip_p`, `sign_flip_interval`).

    Args:
        resolution: means that differ by no more than this count as equal.

    Examples:
        >>> test, d = SignFlip(), [0.1, 0.2, 0.1, 0.3, 0.2, 0.2]
        >>> test.p(d), test.interval(d, level=0.9)[0] > 0
        (0.03125, True)
        >>> print(round(test.detectable(d), 2))
        0.13
    """

    resolution: float = 0.0
    name: ClassVar[str] = "sign flip"

    def p(self, d: Any) -> float:
        """Return the two-sided p-value of a mean difference of 0."""
        return sign_flip_p(d, resolution=self.resolution)

    def interval(self, d: Any, level: float = 0.95) -> tuple[float, float]:
        """Return the mean differences that the test does not reject at 1 − level."""
        return sign_flip_interval(d, level, resolution=self.resolution)

    def least_p(self, n: int) -> float:
        """Return the smallest p-value that n pairs can give."""
        return least_p(n) if n <= EXACT else 1 / DRAWS

    def detectable(self, d: Any, alpha: float = 0.05) -> float:
        """Return the mean difference that would be found with 80 % chance; that of the t-test for many pairs.

        For normal differences the two tests hardly differ, if the number of signs does not bind: beyond `FEW` pairs.
        """
        n = len(_several(d))
        if self.least_p(n) > alpha:
            return np.inf
        if n > FEW:
            return CorrectedT(0.0).detectable(d, alpha)
        return _spread(d) * shift_found(n, _key(alpha), POWER)


@dataclass(frozen=True)
class CorrectedT:
    r"""Student's test with a variance corrected for splits that overlap.

    .. math:: t = \frac{\bar d}{\sqrt{\bigl(\tfrac1n + r\bigr)\, s^2}}, \qquad
        r = \frac{\text{test examples}}{\text{training examples}}

    with n − 1 degrees of freedom; r = 0 gives the usual paired t-test. It assumes that differences are normal, and that
    those of two splits are correlated by r/(1 + r), the share of the examples that is held out. That is a rule of
    thumb. It fits where a result depends more on *how many* examples are trained on than on which. The true
    correlation is not known, and cannot be estimated without bias from splits of one data set.

    Args:
        overlap: r, ≥ 0 and finite.

    Raises:
        ValueError: for a ratio out of range.

    Examples:
        >>> d = [0.1, 0.2, 0.1, 0.3, 0.2]
        >>> round(CorrectedT(0.25).p(d), 3), round(CorrectedT(0.0).p(d), 3)
        (0.033, 0.009)

    Reference: C. Nadeau and Y. Bengio, "Inference for the generalization error", Machine Learning 52 (2003), §4.
    """

    overlap: float

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < np.inf:
            raise ValueError(f"overlap = {self.overlap!r} is not allowed: it must be a finite number ≥ 0")

    @property
    def name(self) -> str:
        """What the test is called in tables."""
        return "corrected t" if self.overlap else "t"

    def p(self, d: Any) -> float:
        """Return the two-sided p-value of a mean difference of 0; 1 if one of them is infinite."""
        d = _several(d)
        if np.isinf(d).any():
            return 1.0
        mean, error = abs(d.mean()), self._error(d)
        if error == 0:
            return float(mean == 0)
        return max(0.0, 1 - student_share(mean / error, len(d) - 1))

    def interval(self, d: Any, level: float = 0.95) -> tuple[float, float]:
        """Return the mean differences that the test does not reject at 1 − level."""
        d = _several(d)
        if np.isinf(d).any():
            return -np.inf, np.inf
        half = student_t(level, len(d) - 1) * self._error(d)
        return float(d.mean() - half), float(d.mean() + half)

    def least_p(self, n: int) -> float:
        """Return 0: here the number of pairs sets no bound."""
        return 0.0

    def detectable(self, d: Any, alpha: float = 0.05) -> float:
        """Return the mean difference that would be found with 80 % chance."""
        n = len(_several(d))
        return _spread(d) * float(np.sqrt(1 / n + self.overlap)) * _errors_found(n, _key(alpha))

    def _error(self, d: np.ndarray) -> float:
        return float(np.sqrt((1 / len(d) + self.overlap) * d.var(ddof=1))) if np.ptp(d) else 0.0


def corrected_t_p(differences: Any, overlap: float) -> float:
    """Return `CorrectedT`'s p-value of differences ``(n,)`` over splits that overlap.

    Examples:
        >>> round(corrected_t_p([0.1, 0.2, 0.1, 0.3, 0.2], overlap=0.25), 3)
        0.033
    """
    return CorrectedT(overlap).p(differences)


def corrected_t_interval(differences: Any, overlap: float, level: float = 0.95) -> tuple[float, float]:
    """Return `CorrectedT`'s interval of the mean of differences ``(n,)`` over splits that overlap.

    Examples:
        >>> low, high = corrected_t_interval([0.1, 0.2, 0.1, 0.3, 0.2], overlap=0.25)
        >>> print(round(low, 3), round(high, 3))
        0.024 0.336
    """
    return CorrectedT(overlap).interval(differences, level)


def paired(one: Any, other: Any) -> np.ndarray:
    """Return differences of paired results; two that are infinite alike do not differ.

    Examples:
        >>> paired([1.0, np.inf, np.inf], [0.5, np.inf, 1.0])
        array([0.5, 0. , inf])
    """
    one, other = np.asarray(one, float), np.asarray(other, float)
    with np.errstate(invalid="ignore"):
        return np.where(one == other, 0.0, one - other)


def _several(d: Any) -> np.ndarray:
    d = np.asarray(d, float)
    if d.ndim != 1 or len(d) < 2 or np.isnan(d).any():
        raise ValueError(f"differences = {d!r} is not allowed: it must be two numbers or more, not NaN")
    return d


def _spread(d: Any) -> float:
    """Return the standard deviation of the differences, ∞ if one of them is."""
    d = _several(d)
    return float(d.std(ddof=1)) if np.isfinite(d).all() else np.inf


def _key(alpha: float) -> float:
    """Return a level such that equal ones meet in a cache."""
    return float(f"{alpha:.12g}")


@lru_cache(maxsize=256)
def _errors_found(n: int, alpha: float) -> float:
    """Return how many standard errors a mean must differ from 0 for the t-test to find it."""
    rng = np.random.default_rng(0)
    noise, spread = rng.standard_normal(100_000), np.sqrt(rng.chisquare(n - 1, 100_000) / (n - 1))
    return float(np.quantile(student_t(1 - alpha, n - 1) * spread - noise, POWER))
