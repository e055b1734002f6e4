"""The path explorer: where an optimizer goes on a surface, and how its loss falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...plotting import lowest, short
from ...running import Path
from ...surfaces import Surface
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene, name_list
from .ground import GroundFigure, Settings, above, draw_divergence, draw_path, loss_axis, surfaces_by_name
from .runs import Runs

_RESERVED = frozenset({"surface", "steps", "noise", "start", "seed", *dir(Figure)})


@dataclass(frozen=True)
class Target:
    """A challenge: the loss to reach, and within how many steps. The figure says which optimizers do.

    Args:
        loss: the loss above the surface's minimum, > 0.
        steps: at most so many steps, ≥ 1.

    Raises:
        ValueError: for a loss or a number of steps that is not positive.
    """

    loss: float
    steps: int

    def __post_init__(self) -> None:
        if not 0 < self.loss < np.inf:
            raise ValueError(f"Target: loss = {self.loss!r} is not allowed: it must be > 0")
        if self.steps < 1:
            raise ValueError(f"Target: steps = {self.steps!r} is not allowed: it must be ≥ 1")


def explore_path(
    opt: Optimizer | Sequence[Optimizer] | Mapping[str, Optimizer],
    surface: str | Surface | Sequence[str | Surface] = "quadratic",
    steps: int = 200,
    *,
    start: tuple[float, float] | None = None,
    noise: float = 0.0,
    seed: int = 0,
    target: Target | None = None,
    tolerance: float = 1e-6,
    sliders: Sequence[str] | None = None,
    shared: Sequence[str] = ("lr",),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> PathExplorer:
    """Return a live figure: the path of an optimizer on a surface and its loss curve, with sliders.

    Args:
        opt: an optimizer, or several to compare: a list, or a dict with names of your own.
        surface: the name of a surface, a Surface, or several to choose from.
        steps: at first; the slider goes from 1 to 1000 (or to ``steps`` if that is more).
        start: the first point; by default the surface's own. It can be dragged.
        noise: standard deviation of the noise in each coordinate of the gradient, at first.
        seed: of the noise.
        target: a challenge; the figure says when it is met.
        tolerance: the loss above the minimum at which a run counts as arrived.
        sliders: which hyperparameters get a slider, and "steps", "noise"; by default all.
        shared: hyperparameters that several optimizers take from one slider.
        ranges: other ends for a slider, such as ``{"lr": (0.01, 3)}``.

    Returns:
        A widget with a trait for every setting: ``figure.lr = 0.5``, ``figure.start = (1, 2)``.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: for an unknown surface, hyperparameter or an impossible value.

    Examples:
        >>> from course_lib.optimizers import GradientDescent, Momentum
        >>> figure = explore_path([GradientDescent(lr=0.1), Momentum()], steps=100, target=Target(1e-6, 100))
        >>> figure.lr
        0.1
        >>> figure.path("Momentum").steps
        100
    """
    return PathExplorer(
        opt,
        surface,
        steps,
        start,
        noise,
        seed,
        target,
        tolerance,
        None if sliders is None else tuple(sliders),
        tuple(shared),
        dict(ranges or {}),
    )


class PathExplorer(GroundFigure):
    """What `explore_path` returns; its arguments are explained there."""

    def __init__(
        self,
        opt: Any,
        surface: Any,
        steps: int,
        start: tuple[float, float] | None,
        noise: float,
        seed: int,
        target: Target | None,
        tolerance: float,
        sliders: tuple[str, ...] | None,
        shared: tuple[str, ...],
        ranges: dict[str, tuple[float, float]],
    ) -> None:
        surfaces = surfaces_by_name(surface)
        self.target, self.tolerance = target, tolerance
        first = next(iter(surfaces.values()))
        own = [
            Control("steps", Spec(low=1, integer=True, scale="log", slider=(1, 1000)), steps),
            Control("noise", Spec(low=0, slider=(0, 2)), noise, "gradient noise"),
        ]
        known = (
            tuple(name for name in sliders if name not in ("steps", "noise")) if sliders is not None else None
        )
        self.runs = Runs(opt, shared, known, ranges, _RESERVED, first)
        self._steps, self._noise = steps, noise
        controls = [*self.runs.controls, *(c for c in own if sliders is None or c.name in sliders)]
        super().__init__(surfaces, start, controls, seed)

    def optimizer(self, name: str | None = None) -> Optimizer:
        """Return an optimizer with its hyperparameters as the sliders stand; the first one by default."""
        return self.runs.configured(name or next(iter(self.runs.optimizers)), partial(getattr, self))

    def path(self, name: str | None = None) -> Path:
        """Return the run of an optimizer at the present settings; of the first one by default.

        Raises:
            KeyError: for a name that is none of the optimizers'.
        """
        return self.run(*self.settings()[name or next(iter(self.runs.optimizers))])

    def settings(self) -> dict[str, Settings]:
        """Return each optimizer as the sliders stand, the number of steps and the noise."""
        steps, noise = getattr(self, "steps", self._steps), getattr(self, "noise", self._noise)
        return {name: (self.optimizer(name), steps, noise) for name in self.runs.optimizers}

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the paths, the losses and the read-outs."""
        surface = self.ground
        paths = {name: self.path(name) for name in self.runs.optimizers}
        steps = next(iter(paths.values())).steps
        (left, right), (bottom, top) = surface.domain
        scene = Scene(
            [
                Panel(Axis.linear("x", left, right), Axis.linear("y", bottom, top), surface.title, 1.15, surface.name,
                      grid=False),
                Panel(Axis.linear("step", 0, steps), loss_axis(surface, self.start, self.tolerance), ""),
            ]
        )  # fmt: skip
        if self.target:
            self._draw_target(scene, self.target, steps)
        for name, path in paths.items():
            color = self.runs.colors[name]
            draw_path(scene, 0, path, color)
            self._draw_losses(scene, path, color)
            self._read_out(scene, name, path, color)
        for path in paths.values():
            draw_divergence(scene, 0, path)
        scene.handle(0, "start", *self.start)
        scene.columns = ("final loss", "to minimum", f"steps to {short(self.tolerance)}", "")
        self._judge(scene, paths)
        scene.alt = "; ".join(self._sentence(name, path) for name, path in paths.items())
        scene.alt += f", on {surface.title} from ({self.start[0]:.3g}, {self.start[1]:.3g})"
        scene.alt += f". {scene.notice}" if scene.notice else "."
        return scene

    def _draw_losses(self, scene: Scene, path: Path, color: str) -> None:
        axis = scene.panels[1].y
        heights = above(path)
        shown = np.minimum(heights, axis.high * 1e3) if axis.log else heights
        shown = np.where(shown > 0, shown, axis.low * 1e-3) if axis.log else shown
        steps = np.arange(len(heights))
        scene.line(1, steps, shown, color)
        if path.steps <= 60:
            scene.points(1, steps, shown, color, 2.2)
        if path.diverged_at is not None:
            scene.line(1, [path.diverged_at] * 2, [axis.low, axis.high], "bad", 1.5, dash=True)
            scene.points(1, [path.diverged_at], [axis.high], "bad", 6, "cross")

    def _draw_target(self, scene: Scene, goal: Target, steps: int) -> None:
        axis, end = scene.panels[1].y, min(goal.steps, steps)
        scene.bars(1, [0], [end], [axis.low], [goal.loss], "target", 0.13)
        scene.line(1, [0, end, end], [goal.loss, goal.loss, axis.low], "target", 1.5, dash=True)
        scene.text(1, 0, goal.loss, "target", "target", shift=12)

    def _read_out(self, scene: Scene, name: str, path: Path, color: str) -> None:
        minima = path.surface.minima
        far = np.linalg.norm(minima - path.points[-1], axis=1).min() if len(minima) else np.inf
        arrived = self._arrival(path)
        if path.diverged_at is not None:
            words, state = f"diverged at step {path.diverged_at}", "bad"
        elif arrived is not None:
            words, state = "arrived", "good"
        else:
            words, state = "not there yet", ""
        distance = "–" if path.diverged_at is not None or not np.isfinite(far) else short(far, 3)
        cells = (_loss(path), distance, "–" if arrived is None else str(arrived), words)
        scene.rows.append(Row(name, color, cells, state))

    def _arrival(self, path: Path) -> int | None:
        """The step from which on the run is at the minimum, to the tolerance."""
        base = lowest(path.surface)
        return None if base is None or path.diverged_at is not None else path.steps_to(base + self.tolerance)

    def _judge(self, scene: Scene, paths: dict[str, Path]) -> None:
        """State whether the target is met, and by whom not."""
        if not self.target:
            return
        goal, base = self.target, lowest(self.ground) or 0.0
        reached = {name: path.steps_to(base + goal.loss) for name, path in paths.items()}
        met = [f"{name} at step {step}" for name, step in reached.items()
               if step is not None and step <= goal.steps]  # fmt: skip
        scene.notice = f"Target: loss below {short(goal.loss)} within {goal.steps} steps. "
        scene.notice += f"✓ Met by {name_list(met)}." if met else "Not yet met."
        scene.notice_state = "good" if met else ""

    def _sentence(self, name: str, path: Path) -> str:
        result = f"loss {_loss(path)} after {path.steps} steps"
        if path.diverged_at is not None:
            result = f"diverged at step {path.diverged_at}"
        return f"{self.runs.described(name, partial(getattr, self))}: {result}"


def _loss(path: Path) -> str:
    last = path.final_loss
    return "∞" if not np.isfinite(last) else short(last, 3)
