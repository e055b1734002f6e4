"""The eigenvalue explorer: how fast the error shrinks along each eigen-direction of a quadratic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene
from .options import Options
from .quadratic import Eigen, draw_errors, error_axis, left_over, swing_axis
from .runs import Runs


def explore_eigenvalues(
    opt: Optimizer,
    eigenvalues: Sequence[float] = (0.01, 0.1, 1.0),
    steps: int = 100,
    *,
    signed: bool = False,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> EigenvalueExplorer:
    """Return a live figure of an optimizer on a quadratic: the error in each eigen-direction, at the end and before.

    Args:
        opt: any optimizer.
        eigenvalues: the curvatures of the quadratic, > 0.
        steps: at first; a slider goes from 1 to 1000 (or to ``steps`` if that is more).
        signed: whether the curves show errors with their sign at first, so that zig-zags are seen; a switch changes it.
        sliders: the controls that are shown, such as ``("lr", "steps")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable, such as ``{"lr": (0.1, 2.5)}``.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: if an eigenvalue is not > 0, or for an unknown control.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> figure = explore_eigenvalues(GradientDescent(lr=1.0), eigenvalues=[1.0, 0.5])
        >>> figure.lr = 0.5
        >>> figure.errors()[1]
        array([0.5 , 0.75])
    """
    return EigenvalueExplorer(
        opt, eigenvalues, steps, signed, Options(sliders, tuple(hide), dict(ranges or {}))
    )


class EigenvalueExplorer(Figure):
    """What `explore_eigenvalues` returns; its arguments are explained there."""

    def __init__(
        self, opt: Optimizer, eigenvalues: Sequence[float], steps: int, signed: bool, options: Options
    ) -> None:
        self.problem = Eigen(eigenvalues)
        own = ("steps", "signed")
        self.runs = Runs(opt, (), options, own, frozenset({*own, *dir(Figure)}), self.problem)
        self.name = next(iter(self.runs.optimizers))
        length = Control("steps", Spec(low=1, integer=True, scale="log", slider=(1, 1000)), steps)
        sign = Control("signed", Spec(choices=(False, True)), bool(signed), "errors with their sign")
        super().__init__([*self.runs.controls, *map(options.adjusted, (length, sign))])

    def errors(self) -> np.ndarray:
        """Return the signed error in each direction after each step, ``(steps + 1, n)``."""
        return self.problem.errors(self.runs.configured(self.name, partial(getattr, self)), self.steps)

    def draw(self) -> Scene:
        """Return the bars, the curves and the read-outs."""
        problem, errors = self.problem, self.errors()
        count, steps, axis = len(problem.values), self.steps, error_axis(errors)
        names = tuple((i + 0.5, f"{value:g}") for i, value in enumerate(problem.values))
        room = 0.18 * count + 0.3  # right of the bars, for a word
        scene = Scene(
            [
                Panel(Axis("eigenvalue", 0, count + room, ticks=names), axis, f"after {steps} steps", 0.8),
                Panel(Axis.linear("step", 0, steps), swing_axis() if self.signed else axis, "on the way"),
            ],
            columns=("error left", "factor per step", ""),
        )
        last = np.nan_to_num(np.abs(errors[-1]), nan=np.inf)
        for i, color in enumerate(problem.colors):
            scene.bars(0, [i + 0.2], [i + 0.8], [axis.low], [np.clip(last[i], axis.low, axis.high)], color)
        scene.line(0, [0, count + room], [1, 1], "muted", 1.0, dash=True)
        scene.text(0, count + room, 1, "start", "muted", "right", shift=-9)
        draw_errors(scene, 1, errors, problem, self.signed)
        factors = _factors(errors)
        for name, color, error, factor in zip(problem.names, problem.colors, errors.T, factors, strict=True):
            words, state = _regime(error, factor)
            cells = (left_over(error[-1]), _factor_text(factor), words)
            scene.rows.append(Row(name, color, cells, state, dash=name in problem.dashed))
        worst = int(np.argmax(np.nan_to_num(np.abs(factors), nan=np.inf)))
        scene.alt = (
            f"{self.name} on a quadratic: after {steps} steps the slowest direction is {problem.names[worst]}, "
            f"with a factor of {_factor_text(factors[worst])} per step."
        )
        return scene


def _factors(errors: np.ndarray) -> np.ndarray:
    """Return the factor by which each error has changed per step, on average over the run; negative if it flips."""
    with np.errstate(all="ignore"):
        sizes = np.nan_to_num(np.abs(errors[-1]), nan=np.inf) ** (1 / max(len(errors) - 1, 1))
    return np.where([_flips(error) for error in errors.T], -sizes, sizes)


def _flips(error: np.ndarray) -> bool:
    """Return whether an error changes its sign at every step until nothing is left of it."""
    seen = error[: int((error == 0).argmax())] if (error == 0).any() else error
    return len(seen) > 1 and bool((np.sign(seen[1:]) == -np.sign(seen[:-1])).all())


def _regime(error: np.ndarray, factor: float) -> tuple[str, str]:
    """Return in words what an error does, and whether that is bad."""
    flips = "flips sign, " if factor < 0 else ""
    if np.isclose(abs(factor), 1, rtol=1e-9, atol=0):
        return flips + "stays", ""
    return (flips + "shrinks", "") if abs(factor) < 1 else (flips + "grows", "bad")


def _factor_text(factor: float) -> str:
    return f"{factor:.4f}".replace("-", "−") if abs(factor) < min(HUGE, 1e3) else "∞"
