"""The basin explorer: from where on a surface an optimizer ends in which minimum, for all starts at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import numpy as np

from ...landscape import CROWD, level_lines, levels
from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...running import ELSEWHERE, GONE, MAXIMUM, SADDLE, Basins
from ...running.basins import everywhere, known_minima, settled_in
from ...surfaces import Surface
from ...theme import SERIES, SHADES
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .ground import GroundFigure, Setting, surfaces_by_name
from .options import Options
from .run_marks import draw_exit, draw_losses, draw_path, loss_axis, map_panel
from .runs import Runs

CELLS = 96
"""Starts along each side of the map."""

MOST = 4
"""So many optimizers can stand side by side."""

_KEPT = 200
"""So many maps are kept, beside the runs of the last one."""

_TOLERANCE = 1e-6
"""The loss above the minimum down to which the losses of the run are shown."""

_HUES = SERIES[:6]
_OTHERS = {
    SADDLE: ("at a saddle (stripes)", "muted", "a saddle"),
    MAXIMUM: ("at a maximum (dots)", "ink", "a maximum"),
    ELSEWHERE: ("at none of these (plain)", "muted", "none of these"),
    GONE: ("diverged (checks)", "muted", "infinity"),
}
"""What is no minimum: its name in the legend, with its pattern, its colour, and its name in a sentence."""


def explore_basins(
    opt: Optimizer | Sequence[Optimizer] | Mapping[str, Optimizer],
    surface: str | Surface | Sequence[str | Surface] = "himmelblau",
    steps: int = 100,
    *,
    start: tuple[float, float] | None = None,
    shared: Sequence[str] = (),
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> BasinExplorer:
    """Return a live map of 96×96 starts: each has the colour of the minimum in which its run ends.

    The darker, the later it got there. Minima have letters, saddles crosses and maxima squares. Starts from which a run
    ends at a saddle or a maximum, at none of these, or diverges have patterns of their own. The run from one start,
    which can be dragged, is drawn on the map.

    Args:
        opt: an optimizer that takes a grid of runs, or up to four of them to stand side by side: a list, or a dict with
            names of your own.
        surface: the name of a surface with known minima, a Surface, or several to choose from.
        steps: how many each run takes at first; a slider goes from 5 to 300.
        start: where the run that is drawn begins; by default the surface's own start. It can be dragged.
        shared: hyperparameters that several optimizers take from one slider.
        sliders: the controls that are shown, such as ``("lr", "steps")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if ``opt`` is no optimizer, or needs what a surface does not have.
        ValueError: if it takes no grid of runs, or there are more than four; for a surface without known minima, an
            unknown surface or control, or an impossible value.

    Examples:
        >>> from course_lib.optimizers import GradientDescent, Newton
        >>> figure = explore_basins(GradientDescent(lr=0.01), "himmelblau")
        >>> figure.basins().ends.shape, figure.basins().share(0) > 0.2  # A, the minimum (3, 2)
        ((96, 96), True)
        >>> figure.lr = 0.03
        >>> figure.basins().share(GONE) > 0.4
        True
        >>> both = explore_basins([GradientDescent(lr=0.01), Newton()], "himmelblau", steps=30)
        >>> both.basins("Newton").share(SADDLE) > 0.3  # Newton's method is drawn to saddles
        True
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return BasinExplorer(opt, surface, steps, start, shared, options)


class BasinExplorer(GroundFigure):
    """What `explore_basins` returns; its arguments are explained there."""

    def __init__(
        self,
        opt: Any,
        surface: Any,
        steps: int,
        start: tuple[float, float] | None,
        shared: Sequence[str],
        options: Options,
    ) -> None:
        surfaces = surfaces_by_name(surface)
        for one in surfaces.values():
            known_minima(one)
        length = Control("steps", Spec(low=1, integer=True, scale="log", slider=(5, 300)), steps)
        reserved = frozenset({"surface", "steps", "start", *dir(Figure), "basins", "ground", "run"})
        first = next(iter(surfaces.values()))
        self.runs = Runs(opt, tuple(shared), options, ("surface", "steps"), reserved, first)
        if len(self.runs.optimizers) > MOST:
            raise ValueError(
                f"opt has {len(self.runs.optimizers)} optimizers, but at most {MOST} stand side by side"
            )
        for each in self.runs.optimizers.values():
            everywhere(each, first, 1, 2)  # says at once if that cannot be
        self._known: dict[Any, Basins] = {}
        self._points: dict[str, tuple[Any, np.ndarray]] = {}
        super().__init__(surfaces, start, [*self.runs.controls, options.adjusted(length)], 0, options)

    # -- what is computed ------------------------------------------------------------------------------

    def optimizer(self, name: str | None = None) -> Optimizer:
        """Return an optimizer with its hyperparameters as the sliders stand; the first one by default."""
        return self.runs.configured(name or next(iter(self.runs.optimizers)), partial(getattr, self))

    def settings(self) -> dict[str, Setting]:
        """Return each optimizer as the sliders stand, and how long it is run."""
        return {name: Setting(self.optimizer(name), self.steps) for name in self.runs.optimizers}

    def basins(self, name: str | None = None) -> Basins:
        """Return where the runs of an optimizer end at the present settings; of the first one by default.

        Raises:
            KeyError: for a name that is none of the optimizers'.
        """
        name = name or next(iter(self.runs.optimizers))
        opt = self.optimizer(name)
        key = (name, *opt.hyper().values(), self.ground.name)
        if (key, self.steps) not in self._known:
            while len(self._known) >= _KEPT:
                del self._known[next(iter(self._known))]
            points = self._everywhere(name, key, opt, self.steps)[: self.steps + 1]
            found = settled_in(points, self.ground)
            small = replace(found, ends=found.ends.astype(np.int16), since=found.since.astype(np.int16))
            self._known[key, self.steps] = small
        return self._known[key, self.steps]

    def prepare(self, name: str, values: Sequence[Any]) -> int | None:
        """Run what the maps at several numbers of steps have in common: the longest runs."""
        if name == "steps":
            for run in self.runs.optimizers:
                opt = self.optimizer(run)
                self._everywhere(run, (run, *opt.hyper().values(), self.ground.name), opt, max(values))
        return super().prepare(name, values)

    def _everywhere(self, name: str, key: Any, opt: Optimizer, steps: int) -> np.ndarray:
        """Return all runs of an optimizer, at least so long; the last ones are kept."""
        known, points = self._points.get(name, (None, np.empty(0)))
        if known != key or len(points) <= steps:
            points = everywhere(opt, self.ground, steps, CELLS)
            self._points[name] = key, points
        return points

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return a map for each optimizer, and the legend."""
        found = {name: self.basins(name) for name in self.runs.optimizers}
        several = len(found) > 1
        titles = {name: name if several else f"{self.ground.title}, {self.steps} steps" for name in found}
        panels = [map_panel(self.ground, "", titles[name], 1.0) for name in found]
        paths = self.paths()
        if not several:  # there is room for the losses of the run that is drawn
            losses = loss_axis(self.ground, paths.values(), _TOLERANCE)
            panels.append(Panel(Axis.linear("step", 0, self.steps), losses, "the run drawn", 0.8))
        scene = Scene(panels, columns=tuple(found))
        ended = []
        for panel, (name, one) in enumerate(found.items()):
            scene.heat(panel, shades(one), "classes")
            self._draw_ground(scene, panel)
            path = paths[name]
            left = draw_path(scene, panel, path, "ink", name, dots=path.steps <= 60)
            draw_exit(scene, panel, path, left, words="")
            for k, (x, y) in enumerate(self._lettered()):
                scene.text(panel, x, y, letter(k), "ink", "center")
            scene.handle(panel, "start", *self.start)
            if not several:
                draw_losses(scene, 1, path, "ink", name)
            alone = settled_in(path.points[:, :, None, None], self.ground)
            ended.append(f"to {self._name(int(alone.ends[0, 0]))}")
        for end, title, color in self._legend(found):
            cells = tuple(_cell(one, end) for one in found.values())
            if end >= 0 or any(cell != "–" for cell in cells):
                scene.rows.append(Row(title, color, cells))
        scene.rows.append(Row("the run drawn", "ink", tuple(ended)))
        scene.notice = (
            "; ".join(self._sentence(name, one) for name, one in found.items()) + ". The darker, the later."
        )
        scene.alt = f"Where runs on {self.ground.title} end, by start. " + " ".join(
            f"{self.runs.described(name, partial(getattr, self))}: "
            + ", ".join(f"{row.name} {row.cells[k]}" for row in scene.rows)
            + "."
            for k, name in enumerate(found)
        )
        return scene

    def _draw_ground(self, scene: Scene, panel: int) -> None:
        """Draw level lines, and what can be an end and has no letter: saddles as crosses, maxima as squares."""
        for line in _lines(self.ground):
            scene.line(panel, line[:, 0], line[:, 1], "ink", 1.0, alpha=0.25)
        minima = known_minima(self.ground)
        if len(minima) > CROWD:
            scene.points(panel, minima[:, 0], minima[:, 1], "halo", 2.5, alpha=0.8)
        else:
            for (x, y), shape in ((self.ground.saddles.T, "cross"), (self.ground.maxima.T, "square")):
                scene.points(panel, x, y, "ink", 4.0, shape, alpha=0.7)

    def _lettered(self) -> np.ndarray:
        """Return the minima that have letters: of a crowd the lowest only."""
        minima = known_minima(self.ground)
        return minima if len(minima) <= CROWD else minima[:1]

    def _name(self, end: int) -> str:
        """Return what an end is called."""
        if end < 0:
            return _OTHERS[end][2]
        return letter(end) if end < len(self._lettered()) else "another minimum"

    def _legend(self, found: Mapping[str, Basins]) -> list[tuple[int, str, str]]:
        """Return the ends in order, each with its name and colour; a crowd of minima is one end."""
        minima, hues = known_minima(self.ground), hues_of(self.ground)
        rows = [
            (k, f"{letter(k)} ({x:.3g}, {y:.3g})".replace("-", "−"), _HUES[hues[k]])
            for k, (x, y) in enumerate(self._lettered() + 0.0)
        ]
        if len(minima) > len(rows):
            rows.append((len(minima), f"{len(minima) - 1} other minima", "muted"))
        return rows + [(end, title, color) for end, (title, color, _) in _OTHERS.items()]

    def _sentence(self, name: str, one: Basins) -> str:
        """Return in words how many runs come to a minimum, and how fast."""
        there = one.ends >= 0
        words = f"{name}: {np.mean(there):.0%} of {one.ends.size:,} starts end in a minimum"
        return words + (f", half of them by step {np.median(one.since[there]):.0f}" if there.any() else "")


@lru_cache(maxsize=32)
def _lines(ground: Surface) -> tuple[np.ndarray, ...]:
    """Return the level lines that are drawn on the map of a surface; none where they would be a crowd."""
    heights = levels(ground, float(ground.loss(ground.start)))
    lines = [line for height in heights for line in level_lines(ground, height)]
    return tuple(line[:: max(len(line) // 150, 1)] for line in lines) if len(lines) <= 4 * CROWD else ()


@lru_cache(maxsize=32)
def hues_of(ground: Surface) -> np.ndarray:
    """Return the place in `SERIES` of each minimum's colour; a minimum has not that of the nearest ones before it.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> hues_of(surface("himmelblau"))
        array([0, 1, 2, 3])
    """
    minima = known_minima(ground)
    hues = np.zeros(len(minima), int)
    for k, place in enumerate(minima):
        near = np.hypot(*(minima[:k] - place).T).argsort()[: len(_HUES) - 1]
        hues[k] = next(hue for hue in range(len(_HUES)) if hue not in hues[:k][near])
    return hues


def letter(k: int) -> str:
    """Return the letter of the k-th minimum."""
    return chr(ord("A") + k)


def shades(found: Basins) -> np.ndarray:
    """Return the colour of every start, as places in `class_colors`.

    Examples:
        >>> ends, since = np.array([[0, 1], [SADDLE, GONE]]), np.array([[0, 100], [3, 100]])
        >>> from course_lib.surfaces import surface
        >>> shades(Basins(surface("himmelblau"), 100, np.zeros((4, 2)), ends, since))
        array([[  0,  63],
               [193, 198]])
    """
    late = np.log1p(found.since) / np.log1p(found.steps)
    hues = hues_of(found.surface)[found.ends.clip(0)]
    hue = SHADES * hues + np.minimum(late * SHADES, SHADES - 1).astype(int)
    i, j = np.indices(found.ends.shape)
    patterns = {
        SADDLE: (i + j) % 4 < 2,
        MAXIMUM: (i % 3 > 0) | (j % 3 > 0),
        ELSEWHERE: i < 0,
        GONE: (i // 2 + j // 2) % 2 > 0,
    }
    for k, (end, second) in enumerate(patterns.items()):
        hue = np.where(found.ends == end, SHADES * len(_HUES) + 2 * k + second, hue)
    return hue


def _cell(found: Basins, end: int) -> str:
    """Return how many starts end somewhere, and when half of them were there."""
    mine = found.ends >= 1 if end == len(found.minima) else found.ends == end
    if not mine.any():
        return "–"
    share = float(np.mean(mine))
    words = "< 0.1%" if share < 0.001 else f"{share:.1%}"
    return words if end in (ELSEWHERE, GONE) else f"{words}, half by step {np.median(found.since[mine]):.0f}"
