"""The path explorer: where an optimizer goes on a surface, and how its loss falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...running import Path
from ...running import Schedule as Multiplier
from ...running.simulate import settled
from ...schedules import Schedule
from ...surfaces import Surface
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene, name_list
from .arrows import Steps, arrow_rows, draw_arrows, watch
from .ground import GroundFigure, Setting, surfaces_by_name
from .options import Options
from .outcome import Outcome, above, outcome
from .run_marks import draw_exit, draw_level, draw_losses, draw_path, label, lies_on, loss_axis, map_panel
from .runs import Runs, named_optimizers
from .schedule_sliders import Schedules, draw_schedules, with_band

_OWN = ("surface", "steps", "noise", "arrows", "schedule")
_RESERVED = frozenset({*_OWN, "start", "seed", *dir(Figure)})


@dataclass(frozen=True)
class Target:
    """A challenge: the loss to reach, and within how many steps. The figure says which optimizers do.

    It is met by a run whose loss is below it from some step on, that one included, and stays below.

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
    schedule: Schedule | Mapping[str, Schedule] | None = None,
    arrows: bool = False,
    shared: Sequence[str] = ("lr",),
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> PathExplorer:
    """Return a live figure: the path of an optimizer on a surface and its loss curve, with sliders.

    Args:
        opt: an optimizer, or several to compare: a list, or a dict with names of your own.
        surface: the name of a surface, a Surface, or several to choose from.
        steps: how many the figure begins with; its slider plays the run, from the first step to this one unless
            ``ranges`` says otherwise.
        start: the first point; by default the surface's own. It can be dragged.
        noise: standard deviation of the noise in each coordinate of the gradient, at first.
        seed: of the noise.
        target: a challenge; the figure says when it is met.
        tolerance: the loss above the minimum at which a run has arrived, if it stays below.
        schedule: multiplier of the learning rate by step, drawn above the loss, with sliders for its settings. A
            dict with the names of the optimizers gives each its own; with other names, a choice between them.
        arrows: whether arrows show at first what the last step was made of: the gradient, what was remembered, the step
            taken. Where a method adds these up they are exact; otherwise they are directions, as long as the step.
        shared: hyperparameters that several optimizers take from one slider.
        sliders: the controls that are shown, such as ``("lr", "steps")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable, such as ``{"lr": (0.05, 2.5), "steps": (1, 1000)}``.

    Returns:
        A widget with a trait for every setting: ``figure.lr = 0.5``, ``figure.start = (1, 2)``.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: for an unknown surface, control or an impossible value.

    Examples:
        >>> from course_lib.optimizers import GradientDescent, Momentum
        >>> figure = explore_path([GradientDescent(lr=0.1), Momentum()], steps=100, target=Target(1e-6, 100))
        >>> figure.lr
        0.1
        >>> figure.steps = 30  # the first 30 steps
        >>> figure.path("Momentum").steps
        30
        >>> from course_lib.schedules import cosine, linear_warmup
        >>> figure = explore_path(Momentum(lr=0.5), schedule=linear_warmup(20).then(cosine(80)))
        >>> figure.linear_warmup_steps, figure.cosine_floor
        (20, 0.0)
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return PathExplorer(
        opt, surface, steps, start, noise, seed, target, tolerance, schedule, arrows, shared, options
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
        schedule: Any,
        arrows: bool,
        shared: Sequence[str],
        options: Options,
    ) -> None:
        surfaces = surfaces_by_name(surface)
        self.target, self.tolerance = target, tolerance
        first = next(iter(surfaces.values()))
        self._schedules = Schedules(schedule, tuple(named_optimizers(opt)), steps)
        others = (*_OWN, *(control.name for control in self._schedules.controls))
        self.runs = Runs(opt, tuple(shared), options, others, _RESERVED | set(others), first)
        own = [
            *self._schedules.controls,
            Control("steps", Spec(low=1, integer=True, slider=(1, steps)), steps, plays=True),
            Control("noise", Spec(low=0, slider=(0, 2)), noise, "gradient noise"),
            Control("arrows", Spec(choices=(False, True)), bool(arrows), "arrows of the last step"),
        ]
        self._seen: dict[Any, Steps] = {}
        self._length = steps
        self._longest = int(options.ranges.get("steps", (1, steps))[1])
        controls = [*self.runs.controls, *map(options.adjusted, own)]
        super().__init__(surfaces, start, controls, seed, options)

    def follow(self, name: str) -> dict[str, Any]:
        """Bring a surface's start along, and a schedule when one of its settings is moved."""
        return super().follow(name) | self._schedules.follow(name, self)

    def optimizer(self, name: str | None = None) -> Optimizer:
        """Return an optimizer with its hyperparameters as the sliders stand; the first one by default."""
        return self.runs.configured(name or next(iter(self.runs.optimizers)), partial(getattr, self))

    def schedule_of(self, name: str | None = None) -> Multiplier | None:
        """Return an optimizer's schedule as the sliders stand, if it has one; the first one's by default."""
        return self._schedules.of(name or next(iter(self.runs.optimizers)), self)

    def path(self, name: str | None = None) -> Path:
        """Return the run of an optimizer at the present settings; of the first one by default.

        Raises:
            KeyError: for a name that is none of the optimizers'.
        """
        name = name or next(iter(self.runs.optimizers))
        whole = self.run(name, self.settings()[name])
        return whole if self.steps >= whole.steps else Path(whole.points[: self.steps + 1], whole.surface)

    def settings(self) -> dict[str, Setting]:
        """Return each optimizer as the sliders stand, how long it is run, its noise and its schedule."""
        return {name: Setting(self.optimizer(name), self._end(), self.noise, self.schedule_of(name))
                for name in self.runs.optimizers}  # fmt: skip

    def _watched(self, name: str) -> Steps:
        """Return every step of a run as arrows; those that were looked at lately are kept."""
        setting = self.settings()[name]
        key = self.key(name, setting)
        if key not in self._seen:
            while len(self._seen) >= 2 * len(self.runs.optimizers):
                del self._seen[next(iter(self._seen))]
            self._seen[key] = watch(setting, self.ground, self.start, self.seed)
        return self._seen[key]

    def _end(self) -> int:
        """Return how many steps are computed, whatever part of them is shown: playing changes nothing else."""
        if self.steps <= self._length:
            return self._length
        return max(self.steps, self._longest) if self.steps <= 2000 else self.steps

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the paths, the losses and the read-outs."""
        surface, noisy = self.ground, self.noise > 0
        paths = self.paths()
        stands = {name: outcome(path, self.tolerance, self.steps, noisy) for name, path in paths.items()}
        least = self.target.loss if self.target else None
        axis = loss_axis(surface, paths.values(), self.tolerance, least)
        eta = {name: self.schedule_of(name) for name in paths}
        upwards = with_band(axis) if any(eta.values()) else axis
        panels = [map_panel(surface, self.background), Panel(Axis.linear("step", 0, self._end()), upwards)]
        scene = Scene(panels, columns=("final loss", "to minimum", f"steps to {short(self.tolerance)}", ""))
        draw_level(scene, 0, surface, float(surface.loss(np.array(self.start))))
        draw_schedules(scene, 1, eta, self.runs.colors, self._end())
        if self.target:
            self._draw_target(scene, self.target)
        left: dict[str, int | None] = {}
        for name, path in paths.items():
            color, dash = self.runs.colors[name], lies_on(path, [paths[other] for other in left])
            left[name] = draw_path(scene, 0, path, color, name, self.steps, dash)
            draw_losses(scene, 1, path, color, name, self.steps, dash, top=axis.high)
            scene.rows.append(self._row(name, path, stands[name], dash))
        seen = {name: self._watched(name) for name in paths if left[name] is None} if self.arrows else {}
        for name, steps in seen.items():
            draw_arrows(scene, 0, steps, self.steps, self.runs.colors[name])
        scene.rows += arrow_rows(seen, self.steps, len(scene.columns)) if seen else []
        for name, path in paths.items():
            words = stands[name].words if stands[name].gone else f"leaves at step {left[name]}"
            draw_exit(scene, 0, path, left[name], words=words)
        if self.target:
            label(scene, 1, 0, self.target.loss, "target", "target")
        scene.handle(0, "start", *self.start)
        self._judge(scene, paths)
        scene.alt = "; ".join(self._sentence(name, path, stands[name]) for name, path in paths.items())
        scene.alt += f", on {surface.title} from ({self.start[0]:.3g}, {self.start[1]:.3g})"
        scene.alt += f". {scene.notice}" if scene.notice else "."
        return scene

    def _draw_target(self, scene: Scene, goal: Target) -> None:
        axis, end = scene.panels[1].y, min(goal.steps, self._end())
        scene.bars(1, [0], [end], [axis.low], [goal.loss], "target", 0.13)
        scene.line(1, [0, end, end], [goal.loss, goal.loss, axis.low], "target", 1.5, dash=True)

    def _row(self, name: str, path: Path, stands: Outcome, dash: bool) -> Row:
        minima, step = path.surface.minima, min(self.steps, path.steps)
        far = np.linalg.norm(minima - path.points[step], axis=1).min() if len(minima) else np.inf
        distance = "–" if stands.gone or not np.isfinite(far) else short(far, 3)
        arrived = "–" if stands.arrived is None else str(stands.arrived)
        cells = (_loss(path, step, stands), distance, arrived, stands.words)
        return Row(name, self.runs.colors[name], cells, stands.state, dash=dash)

    def _judge(self, scene: Scene, paths: dict[str, Path]) -> None:
        """State whether the target is met, and by whom not."""
        if not self.target:
            return
        goal = self.target
        reached = {name: settled(above(path)[: self.steps + 1], goal.loss) for name, path in paths.items()}
        met = [f"{name} at step {step}" for name, step in reached.items()
               if step is not None and step <= goal.steps]  # fmt: skip
        scene.notice = f"Target: loss below {short(goal.loss)} within {goal.steps} steps. "
        scene.notice += f"✓ Met by {name_list(met)}." if met else "Not yet met."
        scene.notice_state = "good" if met else ""

    def _sentence(self, name: str, path: Path, stands: Outcome) -> str:
        step = min(self.steps, path.steps)
        result = stands.words if stands.gone else f"loss {_loss(path, step, stands)} after {step} steps"
        return f"{self.runs.described(name, partial(getattr, self))}: {result}"


def _loss(path: Path, step: int, stands: Outcome) -> str:
    last = float(path.losses[step])
    return "∞" if stands.gone or not np.isfinite(last) else short(last, 3)
