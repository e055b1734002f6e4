"""Runs on a quadratic, seen along its eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np

from ...leaving import until_it_leaves
from ...optimizers import Optimizer
from ...plotting import SERIES, short
from ..block.scene import HUGE, Axis, Scene
from .run_marks import inside


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


def draw_errors(scene: Scene, panel: int, errors: np.ndarray, problem: Eigen, signed: bool = False) -> None:
    """Draw the error in each direction against the step, up to where it leaves the panel for good.

    Args:
        scene: what is drawn on.
        panel: which of its panels.
        errors: the signed errors, ``(steps + 1, n)``.
        problem: the directions.
        signed: whether signs are shown, on a linear axis; otherwise sizes are, on a logarithmic one.
    """
    axis = scene.panels[panel].y
    steps = np.arange(len(errors))
    if signed:
        scene.line(panel, [0, len(errors) - 1], [0, 0], "frame", 1.0)
    for name, color, error in zip(problem.names, problem.colors, errors.T, strict=True):
        with np.errstate(all="ignore"):
            shown = error if signed else np.log10(np.maximum(np.abs(error), axis.low * 1e-3))
        floor, ceiling = (axis.low, axis.high) if signed else (-np.inf, np.log10(axis.high))
        curve = np.stack([steps, shown], axis=1)
        points, left = until_it_leaves(
            curve, (-np.inf, floor), (np.inf, ceiling), gone=not np.isfinite(error).all()
        )
        x, y = points[:, 0], points[:, 1] if signed else 10 ** points[:, 1]
        scene.line(panel, x, y, color, dash=name in problem.dashed, trail=name)
        if left is not None:
            scene.points(panel, [x[-1]], [inside(axis, y[-1])], color, 5, "cross")


def swing_axis() -> Axis:
    """Return a linear axis for errors with their sign, which begin at 1."""
    return Axis.linear("error", -1.5, 1.5)


def error_axis(errors: np.ndarray) -> Axis:
    """Return a logarithmic axis for errors, which begin at 1; it widens by four powers of ten at a time."""
    sizes = np.abs(errors)
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    least = float(np.clip(sizes.min(initial=1.0), 1e-12, 1.0))
    most = float(np.clip(sizes.max(initial=1.0), 1.0, 1e8))
    low = -4 * max(np.ceil(-np.log10(least) / 4), 1)
    high = 1 if most <= 10 else 4 * np.ceil(np.log10(most) / 4)
    return Axis.decades("|error|", 10.0**low, 10.0**high)


def left_over(error: float) -> str:
    """Return an error as text.

    Examples:
        >>> left_over(-0.012), left_over(float("nan"))
        ('−0.012', '∞')
    """
    return short(error).replace("-", "−", int(error < 0)) if abs(error) < HUGE else "∞"
