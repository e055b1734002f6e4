"""Least squares: a curve through points, linear in its parameters or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .data import Data

Curve = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False, kw_only=True)
class LeastSquares:
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

    train: Data
    model: Curve
    slope: Curve
    start: np.ndarray
    names: tuple[str, ...] = ()
    valid: Data | None = field(default=None)
    test: Data | None = field(default=None)

    def __post_init__(self) -> None:
        if np.ndim(self.start) != 1 or not np.isfinite(self.start).all():
            raise ValueError(f"start = {self.start!r} is not allowed: it must be a vector of finite numbers")

    @classmethod
    def line(cls, points: int = 20, noise: float = 0.1, seed: int = 0) -> LeastSquares:
        """Return linear regression: y = a + b·t, true values (1, 2), on points in [−1, 1].

        The loss is quadratic: one Newton or Gauss–Newton step reaches the minimum.
        """
        t = np.linspace(-1, 1, points)[:, None]
        return cls._make(_line, _line_slope, t, [1.0, 2.0], [0.0, 0.0], noise, seed, ("a", "b"))

    @classmethod
    def decay(cls, points: int = 30, noise: float = 0.02, seed: int = 0) -> LeastSquares:
        """Return the fit of y = a·exp(−b·t) + c, true values (2, 1.3, 0.5), on points in [0, 4]."""
        t = np.linspace(0, 4, points)[:, None]
        return cls._make(
            _decay, _decay_slope, t, [2.0, 1.3, 0.5], [1.0, 0.3, 0.0], noise, seed, ("a", "b", "c")
        )

    @classmethod
    def growth(cls, points: int = 30, noise: float = 0.02, seed: int = 0) -> LeastSquares:
        """Return the fit of the logistic curve y = a/(1 + exp(b − c·t)), true values (1, 3, 1.5), on [0, 5]."""
        t = np.linspace(0, 5, points)[:, None]
        return cls._make(
            _growth, _growth_slope, t, [1.0, 3.0, 1.5], [0.5, 1.0, 1.0], noise, seed, ("a", "b", "c")
        )

    @classmethod
    def _make(
        cls, model: Curve, slope: Curve, t: np.ndarray, truth: list[float], start: list[float],
        noise: float, seed: int, names: tuple[str, ...],
    ) -> LeastSquares:  # fmt: skip
        y = model(np.array(truth), t) + noise * np.random.default_rng(seed).standard_normal(len(t))
        return cls(train=Data(t, y), model=model, slope=slope, start=np.array(start), names=names)

    def init(self, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return a fresh copy of ``start``."""
        return self.start.copy()

    def residuals(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return r on a batch (None: all points), ``(N, *grid)``."""
        data = self.train if batch is None else batch
        y = data.targets.astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1))
        return (self.model(x, data.inputs) - y) / np.sqrt(len(data), dtype=x.dtype)

    def jacobian(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return J on a batch (None: all points), ``(N, P, *grid)``."""
        data = self.train if batch is None else batch
        return self.slope(x, data.inputs) / np.sqrt(len(data), dtype=x.dtype)

    def loss(self, x: np.ndarray, batch: Data | None = None) -> Any:
        """Return half the mean square of the residuals, ``grid``-shaped."""
        return 0.5 * np.sum(self.residuals(x, batch) ** 2, axis=0)

    def grad(self, x: np.ndarray, batch: Data | None = None) -> np.ndarray:
        """Return Jᵀr."""
        return np.einsum("np...,n...->p...", self.jacobian(x, batch), self.residuals(x, batch))


def _column(t: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the inputs as ``(N, 1, …)``, ready to meet ``grid``-shaped parameters."""
    return t[:, 0].astype(x.dtype).reshape(-1, *(1,) * (x.ndim - 1))


def _line(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return x[0] + x[1] * _column(t, x)


def _line_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    t = _column(t, x) + 0 * x[0]
    return np.stack([np.ones_like(t), t], axis=1)


def _decay(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    return a * np.exp(-b * _column(t, x)) + c


def _decay_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, _ = x
    t = _column(t, x)
    e = np.exp(-b * t)
    return np.stack([e, -a * t * e, np.ones_like(e)], axis=1)


def _growth(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    return a / (1 + np.exp(b - c * _column(t, x)))


def _growth_slope(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    a, b, c = x
    t = _column(t, x)
    p = 1 / (1 + np.exp(b - c * t))
    return np.stack([p, -a * p * (1 - p), a * p * (1 - p) * t], axis=1)
