"""The eigenvalue explorer: how fast the error shrinks along each eigen-direction of a quadratic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene
from .quadratic import Eigen, draw_errors, error_axis, left_over
from .runs import Runs


def explore_eigenvalues(
    opt: Optimizer, eigenvalues: Sequence[float] = (0.01, 0.1, 1.0), steps: int = 100
) -> EigenvalueExplorer:
    """Return a live figure of an optimizer on a quadratic: the error in each eigen-direction, at the end and before.

    Args:
        opt: any optimizer.
        eigenvalues: the curvatures of the quadratic, > 0.
        steps: at first; a slider goes from 1 to 1000 (or to ``steps`` if that is more).

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: if an eigenvalue is not > 0.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> figure = explore_eigenvalues(GradientDescent(lr=1.0), eigenvalues=[1.0, 0.5])
        >>> figure.lr = 0.5
        >>> figure.errors()[1]
        array([0.5 , 0.75])
    """
    return EigenvalueExplorer(opt, eigenvalues, steps)


class EigenvalueExplorer(Figure):
    """What `explore_eigenvalues` returns; its arguments are explained there."""

    def __init__(self, opt: Optimizer, eigenvalues: Sequence[float], steps: int) -> None:
        self.problem = Eigen(eigenvalues)
        self.runs = Runs(opt, reserved=frozenset({"steps", *dir(Figure)}), problem=self.problem)
        self.name = next(iter(self.runs.optimizers))
        length = Control("steps", Spec(low=1, integer=True, scale="log", slider=(1, 1000)), steps)
        super().__init__([*self.runs.controls, length])

    def errors(self) -> np.ndarray:
        """Return the signed error in each direction after each step, ``(steps + 1, n)``."""
        return self.problem.errors(self.runs.configured(self.name, partial(getattr, self)), self.steps)

    def draw(self) -> Scene:
        """Return the bars, the curves and the read-outs."""
        problem, errors = self.problem, self.errors()
        count, steps = len(problem.values), self.steps
        names = tuple((i + 0.5, f"{value:g}") for i, value in enumerate(problem.values))
        scene = Scene(
            [
                Panel(Axis("eigenvalue", 0, count, ticks=names), error_axis(), f"after {steps} steps", 0.8),
                Panel(Axis.linear("step", 0, steps), error_axis(), "on the way"),
            ],
            columns=("error left", "factor per step", ""),
        )
        low, high = scene.panels[0].y.low, scene.panels[0].y.high
        last = np.nan_to_num(np.abs(errors[-1]), nan=np.inf)
        for i, color in enumerate(problem.colors):
            scene.bars(0, [i + 0.2], [i + 0.8], [low], [min(max(last[i], low), high)], color)
        scene.line(0, [0, count], [1, 1], "muted", 1.0, dash=True)
        scene.text(0, 0, 1, "start", "muted", shift=-9)
        draw_errors(scene, 1, errors, problem)
        factors = _factors(errors)
        for name, color, error, factor in zip(
            problem.names, problem.colors, errors[-1], factors, strict=True
        ):
            grows = not factor < 1
            state = "bad" if grows else ""
            words = (
                "grows" if grows else ("flips sign each step" if _flips(errors, name, problem) else "shrinks")
            )
            cells = (left_over(error), _factor_text(factor), words)
            scene.rows.append(Row(name, color, cells, state, dash=name in problem.dashed))
        worst = int(np.argmax(np.nan_to_num(factors, nan=np.inf)))
        scene.alt = (
            f"{self.name} on a quadratic: after {steps} steps the slowest direction is {problem.names[worst]}, "
            f"with a factor of {_factor_text(factors[worst])} per step."
        )
        return scene


def _factors(errors: np.ndarray) -> np.ndarray:
    """Return the factor by which each error has changed per step, on average over the run."""
    with np.errstate(all="ignore"):
        sizes = np.nan_to_num(np.abs(errors[-1]), nan=np.inf)
        return np.asarray(sizes ** (1 / max(len(errors) - 1, 1)))


def _flips(errors: np.ndarray, name: str, problem: Eigen) -> bool:
    column: Any = errors[:, problem.names.index(name)]
    return len(column) > 1 and bool((column[1:] * column[:-1] < 0).all())


def _factor_text(factor: float) -> str:
    return f"{factor:.4f}" if factor < min(HUGE, 1e3) else "∞"
