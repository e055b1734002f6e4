"""Making a matrix orthogonal by products alone: Newton–Schulz iterations and their polynomials."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from .hyper import Hyper

Polynomial = tuple[float, float, float]
"""The coefficients (a, b, c) of aσ + bσ³ + cσ⁵."""

NAMES = ("jordan", "tuned", "polar_express", "quintic", "cubic")
"""The sets of coefficients that have a name; see `polynomials`."""

_FIXED: dict[str, tuple[Polynomial, ...]] = {
    "jordan": ((3.4445, -4.7750, 2.0315),),
    "tuned": (
        (4.0848, -6.8946, 2.9270),
        (3.9505, -6.3029, 2.6377),
        (3.7418, -5.5913, 2.3037),
        (2.8769, -3.1427, 1.2046),
        (2.8366, -3.0525, 1.2012),
    ),
    "quintic": ((15 / 8, -10 / 8, 3 / 8),),
    "cubic": ((3 / 2, -1 / 2, 0.0),),
}


def polynomials(coefficients: str | Sequence[Polynomial] = "jordan", steps: int = 5) -> list[Polynomial]:
    r"""Return (a, b, c) of every step of `newton_schulz`: its σ becomes aσ + bσ³ + cσ⁵.

    A set that is shorter than the iteration goes on with its last polynomial.

    Args:
        coefficients: a set of (a, b, c), or the name of one.
            ``"jordan"``: one for all steps, made for speed at small σ; it never settles at 1.
            ``"tuned"``: five, one for each of the first five steps (optax calls them dion, timm quintic).
            ``"polar_express"``: the best possible ones for singular values from 0.001 to 1, see `polar_express`.
            ``"quintic"``: 15/8, −5/4, 3/8, and ``"cubic"``: 3/2, −1/2, 0, the classical ones: at 1 they touch the
            value 1 with slope 0, so they converge, but small σ grow by less than 2 a step.
        steps: how many, ≥ 0.

    Raises:
        ValueError: for an unknown name, or what is not a set of three numbers each.

    Examples:
        >>> sigma = 0.01
        >>> for a, b, c in polynomials("cubic", 10):
        ...     sigma = a * sigma + b * sigma**3 + c * sigma**5
        >>> print(f"{sigma:.3f}")  # ten steps on the way from 0.01 to 1
        0.529

    Reference: K. Jordan et al., "Muon" (2024); F. L. Cesista, J. You and K. Jordan, "Squeezing 1–2 % efficiency
    gains out of Muon by optimizing the Newton–Schulz coefficients" (2025); N. Amsel et al., arXiv:2505.16932 (2025).
    """
    if steps < 0:
        raise ValueError(f"steps = {steps!r} is not allowed: it must be a whole number ≥ 0")
    if isinstance(coefficients, str):
        if coefficients not in NAMES:
            allowed = ", ".join(repr(name) for name in NAMES)
            raise ValueError(
                f"coefficients = {coefficients!r} is not allowed: it must be one of {allowed}, or a set of (a, b, c)"
            )
        found = polar_express() if coefficients == "polar_express" else _FIXED[coefficients]
    else:
        if np.ndim(coefficients) != 2 or np.shape(coefficients)[1] != 3 or not len(coefficients):
            raise ValueError(
                f"coefficients = {coefficients!r} is not allowed: it must be a sequence of (a, b, c)"
            )
        found = tuple(coefficients)
    return [found[min(step, len(found) - 1)] for step in range(steps)]


@cache
def polar_express(
    count: int = 8, lower: float = 1e-3, cushion: float = 0.02, safety: float = 1.01
) -> tuple[Polynomial, ...]:
    r"""Return the polynomials that bring all of [lower, 1] as near to 1 as so many odd quintics can.

    .. math::
        p_t = \operatorname*{arg\,min}_{p = a\sigma + b\sigma^3 + c\sigma^5}\;
            \max_{\ell \le \sigma \le u} |1 - p(\sigma)|, \qquad [\ell, u] \leftarrow [p_t(\ell), 2 - p_t(\ell)]

    Greedy is best: each polynomial is the best one for the interval that its predecessors leave. It is known by its
    error, which is as large, with changing sign, at four points: the ends and two between them.

    Args:
        count: how many, ≥ 1.
        lower: the smallest singular value that is to arrive, in (0, 1).
        cushion: the interval is never taken longer than from cushion·u to u, in [0, 1), so that no step grows small
            values at the price of a wild polynomial; the result is centred on 1 again.
        safety: ≥ 1; all but the last polynomial are made for σ/safety, against rounding beyond the interval.

    The defaults are those of the authors' code. The table in their paper has cushion 0.02407 and divides by 1.01 only
    afterwards; they also divide the matrix by 1.01, for bfloat16, which is not needed here.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> for a, b, c in polar_express()[:2]:
        ...     print(f"{a:.4f} {b:.4f} {c:.4f}")
        8.2373 -23.1577 16.6806
        4.0824 -2.8930 0.5253
        >>> sigma = np.array([1e-3, 1e-2, 1e-1, 1.0])
        >>> for a, b, c in polar_express():
        ...     sigma = a * sigma + b * sigma**3 + c * sigma**5
        >>> print(sigma.round(4))
        [1. 1. 1. 1.]

    Reference: N. Amsel, D. Persson, C. Musco and R. M. Gower, "The Polar Express: optimal matrix sign methods and their
    application to the Muon algorithm", arXiv:2505.16932 (2025), Theorem 3.1 and Algorithm 1.
    """
    allowed = (
        ("count", count, "≥ 1", count >= 1),
        ("lower", lower, "in (0, 1)", 0 < lower < 1),
        ("cushion", cushion, "in [0, 1)", 0 <= cushion < 1),
        ("safety", safety, "≥ 1", safety >= 1),
    )
    for name, value, words, fine in allowed:
        if not fine:
            raise ValueError(f"{name} = {value!r} is not allowed: it must be {words}")
    found: list[Polynomial] = []
    upper, powers = 1.0, np.array([1, 3, 5])
    for step in range(count):
        best = _best_quintic(max(lower, cushion * upper), upper)
        best = (
            best * 2 / (best @ lower**powers + best @ upper**powers)
        )  # centred on 1, which a cushion is not
        if step < count - 1:
            best = best / safety**powers
        found.append((float(best[0]), float(best[1]), float(best[2])))
        lower = float(best @ lower**powers)
        upper = 2 - lower
    return tuple(found)


def _best_quintic(lower: float, upper: float) -> np.ndarray:
    """Return a, b, c of the odd quintic nearest to 1 on an interval, by the exchange algorithm of Remez."""
    if lower > (1 - 5e-6) * upper:  # the four points fall together
        return np.array([15 / 8, -10 / 8, 3 / 8]) / upper ** np.array([1, 3, 5])
    points = lower + (upper - lower) * np.array([0, 0.25, 0.75, 1])
    for _ in range(100):
        system = np.stack([points, points**3, points**5, [1, -1, 1, -1]], axis=1)
        a, b, c, _ = np.linalg.solve(system, np.ones(4))
        inner = np.sqrt(np.sort(np.roots([5 * c, 3 * b, a])))  # where the slope is 0
        if np.abs(inner - points[1:3]).max() < 1e-15:
            break
        points[1:3] = inner
    return np.array([a, b, c])


def newton_schulz(
    m: np.ndarray,
    steps: int = 5,
    eps: Hyper = 1e-7,
    coefficients: str | Sequence[Polynomial] = "jordan",
) -> np.ndarray:
    r"""Return about the nearest matrix whose singular values are all 1, by matrix products alone.

    .. math::
        X &\leftarrow M / (\lVert M \rVert_F + \varepsilon) \\
        \text{repeat:}\quad X &\leftarrow a X + (b A + c A^2)\, X, \qquad A = X X^\top

    with (a, b, c) = (3.4445, −4.7750, 2.0315). Written with the singular values, :math:`M = U S V^\top`, each step
    applies the polynomial aσ + bσ³ + cσ⁵ to each of them and leaves U and V alone, so the result is near :math:`U
    V^\top`. These three numbers are chosen for speed, not for the end: within five steps every σ from 0.01 to 1 is
    brought into 0.68 … 1.14, and more steps bring it no nearer to 1. Other sets do, see `polynomials`.

    Args:
        m: ``(…, rows, columns)``; a tall matrix is transposed for the smaller product.
        steps: how often, ≥ 0.
        eps: > 0, in units of m; keeps a zero matrix zero.
        coefficients: the name of a set of (a, b, c), or a set, see `polynomials`; one for each step, the last one again
            when there are no more.

    Raises:
        ValueError: for coefficients that are none of these.

    Examples:
        >>> m = np.diag([1.0, 0.5, 0.1])
        >>> for steps in (0, 1, 3, 5):
        ...     print(np.diag(newton_schulz(m, steps)).round(3))
        [0.891 0.445 0.089]
        [0.832 1.148 0.303]
        [0.783 1.007 0.794]
        [0.699 1.119 0.712]
        >>> print(np.diag(newton_schulz(m, 8, coefficients="polar_express")).round(3))
        [1. 1. 1.]

    Reference: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the iteration: G.
    Schulz, "Iterative Berechnung der reziproken Matrix", ZAMM 13 (1933).
    """
    if m.shape[-2] > m.shape[-1]:
        return newton_schulz(m.mT, steps, eps, coefficients).mT
    largest = np.abs(m).max(axis=(-2, -1), keepdims=True, initial=0)
    largest = np.where(largest > 0, largest, 1)  # divided out first, so that no square overflows
    x = m / largest
    x = x / (np.sqrt(np.sum(x * x, axis=(-2, -1), keepdims=True)) + eps / largest)
    for a, b, c in polynomials(coefficients, steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x
