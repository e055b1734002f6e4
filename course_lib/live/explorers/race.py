"""The race: several optimizers leave one start together; play, stop, scrub, and save it as an animation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from ...optimizers import REGISTRY, Optimizer
from ...optimizers.hyper import Spec
from ...picture import DRAWING
from ...plotting import SERIES, THEMES, draw_landscape, new_figure, short, styled
from ...running import Path
from ...surfaces import Surface
from ...surfaces import surface as find_surface
from ..block.controls import Control
from ..block.scene import Axis, Panel, Row, Scene
from .ground import GroundFigure, Setting, surfaces_by_name
from .options import Options
from .outcome import Outcome, above, outcome
from .run_marks import draw_exit, draw_level, draw_losses, draw_path, loss_axis, map_panel, shown_points
from .runs import named_optimizers

RUNNERS = ("GradientDescent", "Momentum", "Nesterov", "Adagrad", "Adadelta", "RMSprop", "Adam", "AdaMax", "Nadam",
           "AMSGrad", "Adafactor", "AdaBound", "SWATS")  # fmt: skip
"""The course's first-order methods up to 2019, in the order of the lessons."""

OWN, ONE = "each its own", "one for all"
"""The two ways to choose learning rates."""

_MANY = 1000
"""So many optimizers with other learning rates are kept."""

TOLERANCE = 1e-6
"""The loss above the minimum at which a runner has arrived."""


def explore_race(
    opts: Sequence[Optimizer] | Mapping[str, Optimizer] | None = None,
    surface: str | Surface | Sequence[str | Surface] = "double_well",
    steps: int = 300,
    *,
    start: tuple[float, float] | None = None,
    noise: float = 0.0,
    seed: int = 0,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Race:
    """Return a live race of several optimizers from one start, waiting at its start.

    Each keeps its own learning rate, or all take the shared one; a factor on all of them shows who is lucky and who
    is robust. Moving one of these two sliders also chooses between them. A click on a name takes that runner out or in.

    Args:
        opts: the runners, a list or a dict with names; by default the course's thirteen first-order methods.
        surface: the name of a surface, a Surface, or several to choose from.
        steps: how long the race is, 1 … 2000.
        start: the first point; by default the surface's own. It can be dragged.
        noise: standard deviation of the noise in each coordinate of the gradient, the same for all runners.
        seed: of the noise.
        sliders: the controls that are shown, such as ``("step", "factor")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if one of the runners is no optimizer.
        ValueError: for an unknown surface or control.

    Examples:
        >>> from course_lib.optimizers import Adam, GradientDescent
        >>> race = explore_race([GradientDescent(lr=0.05), Adam(lr=0.05)], "saddle", steps=50)
        >>> race.step = 10  # scrub
        >>> race.paths()["Adam"].steps
        50
        >>> race.animation(frames=3)[:6]
        b'GIF89a'
    """
    return Race(opts, surface, steps, start, noise, seed, Options(sliders, tuple(hide), dict(ranges or {})))


def runners(surface: str | Surface = "double_well") -> dict[str, Optimizer]:
    """Return the course's thirteen first-order methods, each with a learning rate that suits it and the surface.

    Methods whose step is proportional to the gradient need an lr in proportion to the surface's own (its inverse
    curvature); the others need one in units of x, the same everywhere.

    Examples:
        >>> field = runners("rosenbrock")
        >>> len(field), field["GradientDescent"].lr < field["Adam"].lr
        (13, True)
    """
    ground = find_surface(surface)
    return {name: REGISTRY[name].cls(**REGISTRY[name].settings(ground)) for name in RUNNERS}


_runners = lru_cache(maxsize=32)(runners)


class Race(GroundFigure):
    """What `explore_race` returns; its arguments are explained there."""

    def __init__(
        self,
        opts: Any,
        surface: Any,
        steps: int,
        start: tuple[float, float] | None,
        noise: float,
        seed: int,
        options: Options,
    ) -> None:
        self._own = opts is None
        self._made: dict[Any, Optimizer] = {}
        self.runners = named_optimizers(runners() if opts is None else opts)
        self.length = steps
        self.looks = {name: (color, i >= len(SERIES)) for i, (name, color) in
                       enumerate(zip(self.runners, cycle(SERIES), strict=False))}  # fmt: skip
        self._switches = {name: f"show_{i}" for i, name in enumerate(self.runners)}
        positive: dict[str, Any] = {"low": 0, "open_low": True, "scale": "log"}
        controls = [
            Control("step", Spec(low=0, integer=True, slider=(0, steps)), 0, plays=True),
            Control("factor", Spec(**positive, slider=(0.01, 100)), 1.0, "own lr times"),
            Control("shared_lr", Spec(**positive, slider=(1e-4, 10)), 0.05, "one lr for all"),
            Control(
                "lr", Spec(choices=(OWN, ONE)), OWN, "learning rate"
            ),  # a reset sets it last, which decides
            Control("noise", Spec(low=0, slider=(0, 2)), noise, "gradient noise"),
        ]
        options.check(["surface", *(control.name for control in controls)])
        switches = [Control(trait, Spec(choices=(True, False)), True, name, hidden=True)
                    for name, trait in self._switches.items()]  # fmt: skip
        shown = [*map(options.adjusted, controls), *switches]
        super().__init__(surfaces_by_name(surface), start, shown, seed, options)

    def follow(self, name: str) -> dict[str, Any]:
        """Choose the learning rates whose slider is moved, so that no slider is without effect."""
        chosen = {"factor": {"lr": OWN}, "shared_lr": {"lr": ONE}}
        return super().follow(name) | chosen.get(name, {})

    def optimizer(self, name: str) -> Optimizer:
        """Return a runner with its learning rate as the controls stand."""
        opt = (_runners(self.ground) if self._own else self.runners)[name]
        if "lr" not in opt.specs():
            return opt
        lr = self.shared_lr if self.lr == ONE else opt.hyper()["lr"] * self.factor
        key = name, lr
        if key not in self._made:
            if len(self._made) > _MANY:
                self._made.clear()
            self._made[key] = opt.replace(lr=lr)
        return self._made[key]

    def settings(self) -> dict[str, Setting]:
        """Return each runner that takes part as the controls stand, how long the race is, and the noise."""
        taking_part = [name for name, trait in self._switches.items() if getattr(self, trait)]
        return {name: Setting(self.optimizer(name), self.length, self.noise) for name in taking_part}

    def _together(self, name: str, values: Sequence[Any]) -> Sequence[Any]:
        """Return all positions of a slider: for so many runners they cost little more than a few."""
        return self.controls[name].values if name in self.controls else super()._together(name, values)

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the race as it stands at ``step``."""
        surface, settings, step = self.ground, self.settings(), self.step
        paths = {name: self.run(name, setting) for name, setting in settings.items()}
        stands = {name: outcome(path, TOLERANCE, step, self.noise > 0) for name, path in paths.items()}
        upwards = loss_axis(surface, paths.values(), TOLERANCE)
        panels = [
            map_panel(surface, self.background, weight=1.25),
            Panel(Axis.linear("step", 0, self.length), upwards),
        ]
        scene = Scene(panels, columns=("lr", f"loss at {step}", "arrives at", ""))
        draw_level(scene, 0, surface, float(surface.loss(np.array(self.start))))
        low, high = panels[1].y.low, panels[1].y.high
        ends = np.arange(self.length + 1).repeat(2)  # of an upright line at each step, of which one is drawn
        scene.line(
            1,
            ends,
            np.tile([low, high], self.length + 1),
            "muted",
            1.0,
            True,
            since=2 * step,
            until=2 * step + 1,
        )
        for name, path in paths.items():
            color, dash = self.looks[name]
            head = "square" if dash else "dot"
            left = draw_path(scene, 0, path, color, name, step, dash, dots=False, head=head)
            draw_losses(scene, 1, path, color, name, step, dash, dots=False)
            draw_exit(scene, 0, path, left, color)
        scene.handle(0, "start", *self.start)
        order = sorted(paths, key=lambda name: _standing(paths[name], step))
        scene.rows = [self._row(name, settings[name].opt, paths[name], stands[name]) for name in order]
        scene.rows += [Row(name, "muted", ("", "", "", "sits out"), "", trait)
                       for name, trait in self._switches.items() if name not in paths]  # fmt: skip
        leader = f"in front is {order[0]}" if order else "nobody runs"
        scene.alt = f"Race on {surface.title}, step {step} of {self.length}: {leader}"
        scene.alt += f", last is {order[-1]}." if len(order) > 1 else "."
        return scene

    def _row(self, name: str, opt: Optimizer, path: Path, stands: Outcome) -> Row:
        color, dash = self.looks[name]
        lr = opt.hyper().get("lr")
        loss = float(above(path)[self.step])
        cells = (
            "–" if lr is None else short(lr),
            "∞" if stands.gone or not np.isfinite(loss) else short(loss, 3),
            "–" if stands.arrived is None else str(stands.arrived),
            "" if stands.words == "not there yet" else stands.words,
        )
        return Row(name, color, cells, stands.state, self._switches[name], dash=dash)

    def _frames(self, name: str, values: Sequence[Any], theme: str, width: float) -> Iterator[Image.Image]:
        """Draw the race alone: the ground once, the runners anew on top of it."""
        colors, paths = THEMES[theme], self.paths()
        with DRAWING:
            figure = new_figure(width, 0.62 * width, theme)
            axes = styled(figure.subplots(), theme)
            draw_landscape(axes, self.ground, theme)
            axes.grid(False)
            axes.set_title(self.ground.title, loc="left", color=colors["text"])
            moving = {}
            for name in paths:
                color, dash = self.looks[name]
                style: dict[str, Any] = {
                    "color": colors[color],
                    "ls": "--" if dash else "-",
                    "lw": 1.8,
                    "label": name,
                    "marker": "o",
                }
                moving[name] = axes.plot([], [], markevery=[-1], ms=6, animated=True, **style)[0]
            axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, labelcolor=colors["text"])
            words = axes.text(
                0.98, 0.02, "", ha="right", transform=axes.transAxes, color=colors["text"], animated=True
            )
            canvas = FigureCanvasAgg(figure)
            figure.set_dpi(100)
            canvas.draw()
            ground = canvas.copy_from_bbox(figure.bbox)
            for step in values:
                canvas.restore_region(ground)
                for name, path in paths.items():
                    moving[name].set_data(*shown_points(path)[0][: step + 1].T)
                    axes.draw_artist(moving[name])
                words.set_text(f"step {step}")
                axes.draw_artist(words)
                yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _standing(path: Path, step: int) -> tuple[bool, float]:
    """Return what the runners are ordered by: who is still in the race, then who is lower."""
    gone = path.diverged_at is not None and path.diverged_at <= step
    loss = float(above(path)[step])
    return gone, loss if np.isfinite(loss) else np.inf
