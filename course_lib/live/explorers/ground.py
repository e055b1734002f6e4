"""Figures on a surface: which one is shown, a run drawn on it, and the axis its losses need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes

from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...plotting import draw_landscape, lowest
from ...running import Path, simulate
from ...surfaces import Surface
from ...surfaces import surface as find_surface
from ..block.ahead import imagined
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Scene
from .runs import stacked

Settings = tuple[Optimizer, int, float]
"""What makes a run from the start: the optimizer, how many steps, the noise in its gradients."""


class GroundFigure(Figure):
    """A figure of runs on one of several surfaces, with a start that can be dragged.

    A subclass says in `settings` what it runs, and gets its paths from `run`.

    Args:
        surfaces: by name, as `surfaces_by_name` returns them; where there are several,
            a choice between them stands first.
        start: the first point; by default the surface's own.
        controls: the others.
        seed: of the noise.
    """

    _side_by_side: ClassVar[int] = 32
    """How many values of a hyperparameter are run at once."""

    def __init__(
        self,
        surfaces: dict[str, Surface],
        start: tuple[float, float] | None,
        controls: Sequence[Control],
        seed: int,
    ) -> None:
        self.surfaces, self.seed = surfaces, seed
        self._ready: dict[Any, Path] = {}
        first = next(iter(surfaces.values()))
        several = len(surfaces) > 1
        titles = tuple(one.title for one in surfaces.values())
        choice = Control("surface", Spec(choices=tuple(surfaces)), first.name, titles=titles)
        super().__init__(
            [choice, *controls] if several else controls,
            {"start": tuple(first.start if start is None else start)},
        )

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the start of a surface that has been chosen."""
        return {"start": tuple(self.ground.start)} if name == "surface" else {}

    @property
    def ground(self) -> Surface:
        """The surface now shown."""
        return self.surfaces[getattr(self, "surface", next(iter(self.surfaces)))]

    def settings(self) -> dict[str, Settings]:
        """Return what is run, by name."""
        raise NotImplementedError(f"{type(self).__name__} has no settings")

    def key(self, opt: Optimizer, steps: int, noise: float) -> Any:
        """Return all that a run depends on, in a form that can be compared."""
        return type(opt), *opt.hyper().values(), steps, noise, self.seed, self.ground.name, self.start

    def run(self, opt: Optimizer, steps: int, noise: float) -> Path:
        """Return the path from the start; from what has been prepared, if it is there."""
        return self._ready.get(self.key(opt, steps, noise)) or self._simulate(opt, steps, noise)

    def _simulate(self, opt: Optimizer, steps: int, noise: float) -> Path:
        return simulate(opt, self.ground, steps, self.start, noise=noise, seed=self.seed)

    def prepare(self, name: str, values: Sequence[Any]) -> None:
        """Run the first values of a hyperparameter side by side; of a number of steps, run the largest."""
        self._ready.clear()
        rounds = []
        for value in values[: self._side_by_side]:
            with imagined(self, name, value):
                rounds.append(self.settings())
        for run in rounds[0]:
            self._run_together([settings[run] for settings in rounds])

    def _run_together(self, settings: Sequence[Settings]) -> None:
        keys = [self.key(*setting) for setting in settings]
        opts, steps, noises = zip(*settings, strict=True)
        together = stacked(opts)
        if together is None or len(set(keys)) == 1 or len(set(noises)) > 1:
            return
        points = self._simulate(together, max(steps), noises[0]).points
        for i, (key, count) in enumerate(zip(keys, steps, strict=True)):
            own = points[: count + 1, :, i] if together.grid else points[: count + 1]
            self._ready[key] = Path(np.ascontiguousarray(own), self.ground)

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the contours of the surface of that name."""
        draw_landscape(axes, self.surfaces[name], theme)


def surfaces_by_name(surface: str | Surface | Sequence[str | Surface]) -> dict[str, Surface]:
    """Return one or several surfaces by name.

    Examples:
        >>> list(surfaces_by_name(["quadratic", "ravine"]))
        ['quadratic', 'ravine']
    """
    several = surface if isinstance(surface, Sequence) and not isinstance(surface, str) else [surface]
    return {one.name: one for one in map(find_surface, several)}


def draw_path(scene: Scene, panel: int, path: Path, color: str) -> None:
    """Draw a run on a panel that shows its surface."""
    x, y = path.points[: path.diverged_at].T
    scene.line(panel, x, y, color, halo=True)
    scene.points(panel, x, y, color, 2.4)
    if path.diverged_at is None:
        scene.points(panel, x[-1:], y[-1:], color, 4.5, "ring")


def draw_divergence(scene: Scene, panel: int, path: Path) -> None:
    """Mark where a diverged run left the picture, and name the step at which it diverged."""
    if path.diverged_at is None:
        return
    points = path.points
    (left, right), (bottom, top) = path.surface.domain
    outside = ~((points > (left, bottom)) & (points < (right, top))).all(axis=1)
    first = max(int(outside.argmax()), 1)
    x, y = _leaves(points[first - 1], points[first], path.surface)
    align = "right" if x > (left + right) / 2 else "left"
    shift = 14 if y > (bottom + top) / 2 else -14
    scene.points(panel, [x], [y], "bad", 6, "cross")
    scene.text(panel, x, y, f"diverged at step {path.diverged_at}", "bad", align, shift)


def _leaves(inside: np.ndarray, outside: np.ndarray, surface: Surface) -> np.ndarray:
    """Return where the step from one point to another crosses the edge of the picture."""
    low, high = np.asarray(surface.domain).T
    with np.errstate(all="ignore"):
        way = np.nan_to_num(outside - inside, posinf=1e300, neginf=-1e300)
        parts = np.where(way > 0, (high - inside) / way, np.where(way < 0, (low - inside) / way, 1.0))
    return np.clip(inside + np.clip(parts.min(), 0, 1) * way, low, high)


def above(path: Path) -> np.ndarray:
    """Return the losses of a run above the surface's minimum (as they are, where it has none)."""
    return path.losses - (lowest(path.surface) or 0.0)


def loss_axis(surface: Surface, start: tuple[float, float], tolerance: float) -> Axis:
    """Return an axis for the losses of runs from a point: it stands still while hyperparameters are moved."""
    base = lowest(surface)
    if base is None:
        heights = surface.mesh(30)[2]
        return Axis.linear("loss", float(heights.min()), float(heights.max()))
    first = max(float(surface.loss(np.asarray(start))) - base, 100 * tolerance)
    high = 10.0 ** np.ceil(np.log10(min(first, 1e20)) + 0.5)
    return Axis.decades("loss − minimum" if base else "loss", min(tolerance, 1e-6) * 1e-3, float(high))
