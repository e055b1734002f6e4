"""Least squares: a curve through points, linear in its parameters or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .data import Data
from .problem import Problem
from .stacks import align

Curve = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False, kw_only=True)
class LeastSquares(Problem):
    r"""Fit a curve m(x, t) to points (t, y) by making the residuals small.

    .. math::
        r_n(x) &= \bigl(m(x, t_n) - y_n\bigr) / \sqrt N \\
        f(x) &= \tfrac12 \lVert r(x) \rVert^2, \qquad \nabla f = J^\top r, \qquad J = \partial r / \partial x

    The residuals are divided by √N so that f is half the mean square, and a mini-batch is an estimate of the whole.
    The Hessian is JᵀJ plus a term that is small where the residuals are: this is what Gauss–Newton lives on.

    Args:
        train: inputs t ``(N, features)`` and the numbers y to predict, ``(N,)``.
        model: (x, t) → m, ``(N, *grid)`` for parameters x of shape ``(P, *grid)``.
        slope: (x, t) → ∂m/∂x, ``(N, P, *grid)``.
        bent: (x, t, v) → what the slope changes by along v, ∂²m/∂x² · v, ``(N, P, *grid)``.
        start: where a run begins, ``(P,)``.
        names: of the parameters, for tables.
        valid: points for choosing settings, if any.
        test: held-out points, if any.

    Raises:
        ValueError: if start is not a vector of finite numbers.

    Examples:
        >>> problem = LeastSquares.decay()
        >>> x = problem.init()
        >>> problem.residuals(x).shape, problem.jacobian(x).shape
        ((30,), (30, 3))
        >>> bool(np.allclose(problem.grad(x), problem.jacobian(x).T @ problem.residuals(x)))
        True
    """

    model: Curve
    slope: Curve
    bent: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
    start: np.ndarray
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.ndim(self.start) != 1 or not np.isfinite(self.start).all():
            raise ValueError(f"start = {self.start!r} is not allowed: it must be a vector of finite numbers")

    @classmethod
    def line(cls, points: int = 20, noise: float = 0.1, seed: int = 0) -> LeastSquares:
        """Return linear regression: y = a + b·t, true values (1, 2), on points in [−1, 1].

        The loss is quadratic: one Newton or Gauss–Newton step reaches the minimum.
        """
        t = np.linspace(-1, 1, points)[:, None]
        return cls._make((_line, _line_slope, _line_bent), t, [1.0, 2.0], [0.0, 0.0], noise, seed, ("a", "b"))

    @classmethod
    def decay(cls, points: int = 30, noise: float = 0.02, seed: int = 0) -> LeastSquares:
        """Return the fit of y = a·exp(−b·t) + c, true values (2, 1.3, 0.5), on points in [0, 4]."""
        t = np.linspace(0, 4, points)[:, None]
        return cls._make(
            (_decay, _decay_slope, _decay_bent),
            t,
            [2.0, 1.3, 0.5],
            [1.0, 0.3, 0.0],
            noise,
            seed,
            ("a", "b", "c"),
        )

    @classmethod
    def growth(cls, points: int = 30, noise: float = 0.02, seed: int = 0) -> LeastSquares:
        """Return the fit of the logistic curve y = a/(1 + exp(b − c·t)), true values (1, 3, 1.5), on [0, 5]."""
        t = np.linspace(0, 5, points)[:, None]
        return cls._make(
            (_growth, _growth_slope, _growth_bent),
            t,
            [1.0, 3.0, 1.5],
            [0.5, 1.0, 1.0],
            noise,
            seed,
            ("a", "b", "c"),
        )

    @classmethod
    def _make(
        cls, curve: tuple[Any, Any, Any], t: np.ndarray, truth: list[float], start: list[float],
        noise: float, seed: int, names: tuple[str, ...],
    ) -> LeastSquares:  # fmt: skip
        model, slope, bent = curve
        y = model(np.array(truth), t) + noise * np.random.default_rng(seed).standard_normal(len(t))
        return cls(train=Data(t, y), model=model, slope=slope, bent=bent, start=np.array(start), names=names)

    def init(self, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return a fresh copy of ``start``."""
        return self.start.copy()

    def residuals(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return r on a batch (None: all points), ``(N, *grid)``."""
        data = self.batch(batch)
        return (self.model(x, data.inputs) - align(data.targets, x)) / np.sqrt(len(data), dtype=x.dtype)

    def jacobian(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return J on a batch (None: all points), ``(N, P, *grid)``."""
        data = self.batch(batch)
        return self.slope(x, data.inputs) / np.sqrt(len(data), dtype=x.dtype)

    def loss(self, x: np.ndarray, batch: Data | None = None) -> Any:
        """Return half the mean square of the residuals, ``grid``-shaped."""
        return 0.5 * np.sum(self.residuals(x, batch) ** 2, axis=0)

    def grad(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return Jᵀr."""
        return _along_rows(self.jacobian(x, batch), self.residuals(x, batch))

    def hvp(self, x: np.ndarray, vector: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return the exact product of the Hessian with a vector: JᵀJv plus what the residuals bring."""
        data = self.batch(batch)
        bent = self.bent(x, data.inputs, vector) / np.sqrt(len(data), dtype=x.dtype)
        return self.gauss_newton_product(x, vector, data) + _along_rows(bent, self.residuals(x, data))

    def gauss_newton_product(
        self, x: np.ndarray, vector: np.ndarray, batch: Data | None = None
    ) -> np.ndarray:
        """Return JᵀJv."""
        j = self.jacobian(x, batch)
        return _along_rows(j, np.einsum("np...,p...->n...", j, vector))


def _along_rows(j: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Return Jᵀr for J ``(N, P, *grid)`` and r ``(N, *grid)``."""
    return np.einsum("np...,n...->p...", j, r)


def _column(t: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the inputs as ``(N, 1, …)``, ready to meet ``grid``-shaped parameters."""
    return align(t[:, 0], x)


def _line(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return x[0] + x[1] * _column(t, x)


def _line_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    t = _column(t, x) + 0 * x[0]
    return np.stack([np.ones_like(t), t], axis=1)


def _line_bent(x: np.ndarray, t: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.zeros_like(_line_slope(x, t))


def _decay(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    return a * np.exp(-b * _column(t, x)) + c


def _decay_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, _ = x
    t = _column(t, x)
    e = np.exp(-b * t)
    return np.stack([e, -a * t * e, np.ones_like(e)], axis=1)


def _decay_bent(x: np.ndarray, t: np.ndarray, v: np.ndarray) -> np.ndarray:
    a, b, _ = x
    t = _column(t, x)
    e = np.exp(-b * t)
    return np.stack([-t * e * v[1], a * t**2 * e * v[1] - t * e * v[0], np.zeros_like(e)], axis=1)


def _growth(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    return a / (1 + np.exp(b - c * _column(t, x)))


def _growth_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    t = _column(t, x)
    p = 1 / (1 + np.exp(b - c * t))
    return np.stack([p, -a * p * (1 - p), a * p * (1 - p) * t], axis=1)


def _growth_bent(x: np.ndarray, t: np.ndarray, v: np.ndarray) -> np.ndarray:
    a, b, c = x
    t = _column(t, x)
    p = 1 / (1 + np.exp(b - c * t))
    r_p = p * (1 - p) * (t * v[2] - v[1])
    r_aq = v[0] * p * (1 - p) + a * (1 - 2 * p) * r_p  # of a·p(1 − p)
    return np.stack([r_p, -r_aq, r_aq * t], axis=1)
