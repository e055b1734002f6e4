"""Runs on a quadratic, seen along its eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...plotting import SERIES, short
from ..block.scene import HUGE, Axis, Scene


class Eigen:
    """The quadratic ½ Σ λᵢ xᵢ², whose coordinates are its eigen-directions: a problem for any optimizer.

    Args:
        eigenvalues: the curvatures λᵢ, finite and > 0.

    Raises:
        ValueError: if there are none, or one is not > 0.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> Eigen([1, 0.5]).errors(GradientDescent(lr=1.0), steps=2).tolist()
        [[1.0, 1.0], [0.0, 0.5], [0.0, 0.25]]
    """

    def __init__(self, eigenvalues: Sequence[float]) -> None:
        self.values = np.array(eigenvalues, dtype=float)
        if self.values.ndim != 1 or not len(self.values) or not (self.values > 0).all():
            raise ValueError(f"eigenvalues = {eigenvalues!r} is not allowed: give one or more numbers > 0")
        if not np.isfinite(self.values).all():
            raise ValueError(f"eigenvalues = {eigenvalues!r} is not allowed: they must be finite")

    @property
    def names(self) -> list[str]:
        """The directions as words."""
        return [f"λ = {value:g}" for value in self.values]

    @property
    def colors(self) -> list[str]:
        """The roles of the directions' colours."""
        return [color for color, _ in zip(cycle(SERIES), self.values, strict=False)]

    @property
    def dashed(self) -> list[str]:
        """The names of those whose colour another has already."""
        return self.names[len(SERIES) :]

    def init(self, rng: Any = None) -> np.ndarray:
        """Return an error of 1 in every direction."""
        return np.ones(len(self.values))

    def loss(self, x: np.ndarray, batch: Any = None) -> Any:
        """Return the height at x."""
        return 0.5 * np.sum(self.values * x**2)

    def grad(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the gradient at x."""
        return self.values * x

    def hessian(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the matrix of second derivatives."""
        return np.diag(self.values)

    def errors(self, opt: Optimizer, steps: int) -> np.ndarray:
        """Return the signed error in each direction after each step, ``(steps + 1, n)``, from an error of 1 in all."""
        x: Any = self.init()
        state = opt.init(x)
        points = np.empty((steps + 1, len(x)))
        points[0] = x
        with np.errstate(all="ignore"):
            for t in range(1, steps + 1):
                x, state = opt.step(x, state, self)
                points[t] = np.asarray(opt.output(x, state))
        return points


def draw_errors(scene: Scene, panel: int, errors: np.ndarray, problem: Eigen) -> None:
    """Draw the size of the error in each direction against the step, on a logarithmic axis."""
    axis = scene.panels[panel].y
    steps = np.arange(len(errors))
    with np.errstate(invalid="ignore"):
        sizes = np.clip(np.abs(errors), axis.low * 1e-3, axis.high * 1e3)
    for name, color, size in zip(problem.names, problem.colors, sizes.T, strict=True):
        scene.line(panel, steps, size, color, dash=name in problem.dashed)


def error_axis() -> Axis:
    """Return the logarithmic axis of `draw_errors`."""
    return Axis.decades("|error|", 1e-8, 1e2)


def left_over(error: float) -> str:
    """Return an error as text.

    Examples:
        >>> left_over(-0.012), left_over(float("nan"))
        ('−0.012', '∞')
    """
    return short(error).replace("-", "−", int(error < 0)) if abs(error) < HUGE else "∞"
