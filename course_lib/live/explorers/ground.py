"""Figures on a surface: which one is shown, and its runs, computed side by side where they can be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from ...landscape import lowest
from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...plotting import draw_landscape
from ...running import Path, Schedule, simulate
from ...surfaces import Surface
from ...surfaces import surface as find_surface
from ..block.ahead import imagined
from ..block.controls import Control
from ..block.figure import Figure
from .options import Options
from .runs import EVERYTHING, stacked, to_prepare

_RECENT = 64
"""So many runs are kept, beside those that have been prepared."""


class Setting(NamedTuple):
    """What makes a run from the start."""

    opt: Optimizer
    steps: int
    noise: float = 0.0
    schedule: Schedule | None = None


class GroundFigure(Figure):
    """A figure of runs on one of several surfaces, with a start that can be dragged.

    A subclass says in `settings` what it runs, and gets its paths from `run`.

    Args:
        surfaces: by name, as `surfaces_by_name` returns them; where there are several,
            a choice between them stands first.
        start: the first point; by default the surface's own.
        controls: the others.
        seed: of the noise.
        options: which controls are shown, and other ends for sliders; already done for ``controls``.
    """

    _side_by_side: ClassVar[int] = 32
    """How many values of a setting are run at once."""

    def __init__(
        self,
        surfaces: dict[str, Surface],
        start: tuple[float, float] | None,
        controls: Sequence[Control],
        seed: int,
        options: Options = EVERYTHING,
    ) -> None:
        self.surfaces, self.seed = surfaces, seed
        self._ready: dict[Any, Path] = {}
        self._recent: dict[Any, Path] = {}
        first = next(iter(surfaces.values()))
        several = len(surfaces) > 1
        titles = tuple(one.title for one in surfaces.values())
        choice = Control("surface", Spec(choices=tuple(surfaces)), first.name, titles=titles)
        super().__init__(
            [options.adjusted(choice), *controls] if several else controls,
            {"start": tuple(first.start if start is None else start)},
        )

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the start of a surface that has been chosen."""
        return {"start": tuple(self.ground.start)} if name == "surface" else {}

    @property
    def ground(self) -> Surface:
        """The surface now shown."""
        return self.surfaces[getattr(self, "surface", next(iter(self.surfaces)))]

    # -- the runs -----------------------------------------------------------------------------------

    def settings(self) -> dict[str, Setting]:
        """Return what is run, by name."""
        raise NotImplementedError(f"{type(self).__name__} has no settings")

    def key(self, name: str, setting: Setting) -> Any:
        """Return all that a run depends on, in a form that can be compared."""
        opt, *rest = setting
        return name, *opt.hyper().values(), *map(_comparable, rest), self.seed, self.ground.name, self.start

    def paths(self) -> dict[str, Path]:
        """Return every run as a whole, by name."""
        return {name: self.run(name, setting) for name, setting in self.settings().items()}

    def run(self, name: str, setting: Setting) -> Path:
        """Return a path from the start; from what has been prepared or was run lately, if it is there."""
        key = self.key(name, setting)
        found = self._ready.get(key) or self._recent.get(key)
        if found is None:
            found = self._recent[key] = self._simulate(setting, self.start)
            while len(self._recent) > _RECENT:
                del self._recent[next(iter(self._recent))]
        return found

    def _simulate(self, setting: Setting, start: Any) -> Path:
        opt, steps, noise, schedule = setting
        return simulate(opt, self.ground, steps, start, schedule, noise, seed=self.seed)

    def prepare(self, name: str, values: Sequence[Any]) -> int | None:
        """Run the first values of a setting side by side; of a number of steps, run the largest.

        What an earlier call has run and nobody has drawn yet is enough for a while, if it is what comes next.
        """
        plans = self._plans(name, values[: self._side_by_side])
        ready, missing = to_prepare([[key for key, *_ in plan] for plan in plans], self._is_there)
        if missing:
            plans = self._plans(name, self._together(name, values))
            wanted = {key for plan in plans for key, *_ in plan}
            self._ready = {key: path for key, path in self._ready.items() if key in wanted}
            for column in zip(
                *(plan for plan in plans if not all(self._is_there(key) for key, *_ in plan)), strict=True
            ):
                self._run_together(*zip(*column, strict=True))
        return ready

    def _together(self, name: str, values: Sequence[Any]) -> Sequence[Any]:
        """Return for which values of a setting runs are made when one of those asked for is missing."""
        return values[: self._side_by_side]

    def _plans(
        self, name: str, values: Sequence[Any]
    ) -> list[list[tuple[Any, Setting, tuple[float, float]]]]:
        """Return for each value of a setting what would be run: keys, settings and starts."""
        plans = []
        for value in values:
            with imagined(self, name, value):
                plans.append([(self.key(run, one), one, self.start) for run, one in self.settings().items()])
        return plans

    def _is_there(self, key: Any) -> bool:
        return key in self._ready or key in self._recent

    def _run_together(
        self, keys: Sequence[Any], settings: Sequence[Setting], starts: Sequence[tuple[float, float]]
    ) -> None:
        opts, steps, noises, schedules = zip(*settings, strict=True)
        together = stacked(opts)
        unlike = len({_comparable(one) for one in schedules}) > 1
        if together is None or len(set(keys)) == 1 or unlike or all(key in self._recent for key in keys):
            return
        start: Any = np.transpose(starts) if len(set(starts)) > 1 else starts[0]
        noise: Any = np.array(noises) if len(set(noises)) > 1 else noises[0]
        if np.ndim(noise) and not together.grid and np.ndim(start) == 1:
            start = np.transpose(starts)
        run = Setting(together, max(steps), noise, schedules[0])
        points = self._simulate(run, start).points
        for i, (key, count) in enumerate(zip(keys, steps, strict=True)):
            own = points[: count + 1, :, i] if points.ndim == 3 else points[: count + 1]
            self._ready[key] = Path(np.ascontiguousarray(own), self.ground)

    # -- the ground ---------------------------------------------------------------------------------

    @property
    def background(self) -> str:
        """Names the picture of the surface, with level lines for runs that begin about as high as these do."""
        return background_name(self.ground, float(self.ground.loss(np.array(self.start))))

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the contours of the surface of that name."""
        draw_ground(axes, self.surfaces, name, theme)


def background_name(surface: Surface, height: float) -> str:
    """Return a name for a surface drawn with level lines around and below a height: the same for a whole decade.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> background_name(surface("quadratic"), 0.95), background_name(surface("quadratic"), 0.2)
        ('quadratic@-1', 'quadratic@-1')
    """
    base = lowest(surface)
    if base is None:
        return f"{surface.name}@0"
    return f"{surface.name}@{int(np.floor(np.log10(np.clip(height - base, 1e-12, 1e12))))}"


def draw_ground(axes: Axes, surfaces: dict[str, Surface], name: str, theme: str) -> None:
    """Draw the contours that `background_name` names."""
    which, _, decade = name.rpartition("@")
    surface = surfaces[which]
    draw_landscape(axes, surface, theme, (lowest(surface) or 0.0) + 10.0 ** int(decade) * 1.001)


def surfaces_by_name(surface: str | Surface | Sequence[str | Surface]) -> dict[str, Surface]:
    """Return one or several surfaces by name.

    Raises:
        ValueError: if there are none.

    Examples:
        >>> list(surfaces_by_name(["quadratic", "ravine"]))
        ['quadratic', 'ravine']
    """
    several = surface if isinstance(surface, Sequence) and not isinstance(surface, str) else [surface]
    if not several:
        raise ValueError("surface is empty: give at least one")
    return {one.name: one for one in map(find_surface, several)}


def _comparable(value: Any) -> Any:
    """Return a schedule as text that says all of it, and anything else as it is."""
    return repr(value) if callable(value) else value
