"""Three models of a critical point, which texts mix up: coins, a random matrix, and a random function."""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np

from course_lib.arguments import whole

MODELS = ("coins", "matrix", "function")
"""Signs by coin flips; the eigenvalues of a random symmetric matrix; critical points of a smooth random function."""


@dataclass(frozen=True, eq=False)
class ModelPoints:
    """Critical points drawn from a model of a random function, each with a weight.

    Args:
        heights: f there, in units of its standard deviation, ``(k,)``.
        eigenvalues: of the Hessian there, in rising order, ``(k, n)``.
        weights: how often such a point occurs, ``(k,)``, of sum 1.
    """

    heights: np.ndarray
    eigenvalues: np.ndarray
    weights: np.ndarray

    @property
    def index(self) -> np.ndarray:
        """How many eigenvalues are negative, ``(k,)``."""
        return np.asarray((self.eigenvalues < 0).sum(axis=1))

    def correlation(self) -> float:
        """Return the correlation of height and index."""
        w, f, k = self.weights, self.heights, self.index
        f, k = f - w @ f, k - w @ k
        return float(w @ (f * k) / np.sqrt((w @ f**2) * (w @ k**2)))


def random_symmetric(n: int, samples: int, seed: int = 0) -> np.ndarray:
    """Return symmetric Gaussian matrices ``(samples, n, n)``: entries of variance 1, on the diagonal of variance 2.

    In physics they are the Gaussian orthogonal ensemble, GOE.

    Examples:
        >>> a = random_symmetric(2, 5)
        >>> a.shape, bool((a == a.mT).all())
        ((5, 2, 2), True)
    """
    a = np.random.default_rng(seed).standard_normal((samples, n, n))
    return (a + a.mT) / np.sqrt(2)


def function_points(n: int, samples: int = 20_000, seed: int = 0) -> ModelPoints:
    r"""Draw critical points of a smooth random function of n variables.

    For a Gaussian field like `RandomField`, the Hessian at a point of height f is a random symmetric matrix *minus f
    times the identity*: high places curve down. And by the formula of Kac and Rice, critical points occur in proportion
    to :math:`|\det H|`. So f is drawn, then the matrix, and the pair gets that weight. (To see rare points, too, f is
    drawn from twice its spread, and the weight is corrected.)

    Args:
        n: the dimension, 1 … 20.
        samples: how many, ≥ 1.
        seed: of the draws.

    Reference: A. J. Bray and D. S. Dean, "Statistics of critical points of Gaussian fields on large-dimensional
    spaces", Phys. Rev. Lett. 98, 150201 (2007).

    Examples:
        >>> points = function_points(2, 100_000)
        >>> round(float(points.weights @ (points.index == 1)), 2)  # half of them are saddles
        0.5
    """
    n, samples = whole("n", n, 1, 20), whole("samples", samples, 1)
    rng = np.random.default_rng((seed, n))
    spread = 2.0
    f = spread * rng.standard_normal(samples)
    h = random_symmetric(n, samples, int(rng.integers(2**31))) - f[:, None, None] * np.eye(n)
    eigenvalues = np.linalg.eigvalsh(h)
    weights = np.abs(eigenvalues).prod(axis=1) * np.exp(-(f**2) / 2 * (1 - 1 / spread**2))
    return ModelPoints(f, eigenvalues, weights / weights.sum())


def index_shares(n: int, model: str, samples: int = 20_000, seed: int = 0) -> np.ndarray:
    """Return which part of the critical points has 0, 1, …, n negative eigenvalues in a model, ``(n + 1,)``.

    Args:
        n: the dimension, 1 … 20.
        model: ``"coins"``, exact; ``"matrix"`` or ``"function"``, from samples.
        samples: how many are drawn.
        seed: of the draws.

    Raises:
        ValueError: for another model or numbers out of range.

    Examples:
        >>> index_shares(2, "coins")
        array([0.25, 0.5 , 0.25])
        >>> index_shares(2, "matrix", 200_000).round(2)  # all positive: (2 − √2)/4 = 0.146
        array([0.15, 0.71, 0.15])
        >>> index_shares(2, "function", 200_000).round(2)
        array([0.25, 0.5 , 0.25])
    """
    n = whole("n", n, 1, 20)
    if model == "coins":
        return np.array([comb(n, k) for k in range(n + 1)]) / 2.0**n
    if model == "matrix":
        index = (np.linalg.eigvalsh(random_symmetric(n, samples, seed)) < 0).sum(axis=1)
        return np.bincount(index, minlength=n + 1) / samples
    if model == "function":
        points = function_points(n, samples, seed)
        return np.bincount(points.index, points.weights, n + 1)
    raise ValueError(f"model = {model!r} is not allowed: it must be one of {', '.join(MODELS)}")
