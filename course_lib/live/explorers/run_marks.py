"""A run drawn: its path on the surface and its losses beside it, both up to where they leave the picture."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from ...landscape import QUICK, level_lines, lowest
from ...leaving import until_it_leaves
from ...running import Path
from ...surfaces import Surface
from ..block.scene import Axis, Panel, Scene
from .outcome import above

_GROWTH, _NOTCH = 6, 3
"""Powers of ten that an axis follows a growing run, and those by which it widens at a time."""

_INSET = 0.03
"""How far from the frame a cross stands, as a part of the panel, so that all of it is seen."""

_LINE = 0.005
"""About how wide a line is, as a part of the panel."""

_SIZE = np.array([340.0, 310.0])
"""About how many pixels a panel has; labels look for room on it."""


def map_panel(surface: Surface, background: str, title: str | None = None, weight: float = 1.15) -> Panel:
    """Return the panel of a surface, with true angles."""
    (left, right), (bottom, top) = surface.domain
    title = surface.title if title is None else title
    x, y = Axis.linear("x", left, right), Axis.linear("y", bottom, top)
    return Panel(x, y, title, weight, background, grid=False, equal=True)


@lru_cache(maxsize=64)
def shown_points(path: Path) -> tuple[np.ndarray, int | None]:
    """Return the points of a run that the picture of its surface shows, and the step at which it leaves, or None."""
    low, high = np.asarray(path.surface.domain, float).T
    return until_it_leaves(path.points, low, high, np.isfinite(path.losses), path.diverged_at is not None)


def draw_level(scene: Scene, panel: int, surface: Surface, height: float) -> None:
    """Draw the line of all points that are as high as the start."""
    for line in level_lines(surface, height, QUICK):
        scene.line(panel, line[:, 0], line[:, 1], "contour", 1.3, dash=True)


def draw_path(
    scene: Scene,
    panel: int,
    path: Path,
    color: str,
    trail: str = "run",
    step: int | None = None,
    dash: bool = False,
    dots: bool = True,
    head: str = "ring",
) -> int | None:
    """Draw a run on a panel that shows its surface, and return the step at which it has left it, or None.

    Args:
        scene: what is drawn on.
        panel: which of its panels.
        path: the whole run.
        color: role of its colour.
        trail: its name.
        step: the last step that is shown; by default all are.
        dash: whether its line is dashed.
        dots: whether each step has a dot.
        head: the shape of its end.
    """
    points, left = shown_points(path)
    step = path.steps if step is None else step
    last = min(step, len(points) - 1)
    x, y = points.T
    scene.line(panel, x, y, color, halo=True, dash=dash, trail=trail, until=last)
    if dots:
        scene.vertices(color, 2.4, until=last)
    if left is None or step < left:
        size = {"ring": 4.5}.get(head, 6.0)
        scene.vertices(color, size, head, until=last, since=last)
        return None
    return left


def lies_on(path: Path, others: Iterable[Path]) -> bool:
    """Whether a run would hide another one that is drawn before it: no step is further off than a line is wide."""
    near = _LINE * np.ptp(np.asarray(path.surface.domain, float), axis=1)
    own = shown_points(path)[0]
    return any(
        len(own) == len(points) and bool((np.abs(own - points) <= near).all())
        for points in (shown_points(other)[0] for other in others)
    )


def draw_exit(
    scene: Scene, panel: int, path: Path, left: int | None, color: str = "bad", words: str = ""
) -> None:
    """Mark where a run has left the picture, if it has, and say so in words."""
    if left is None:
        return
    low, high = np.asarray(path.surface.domain, float).T
    points = shown_points(path)[0]
    inset = _INSET * (high - low)
    x, y = np.clip(points[-1], low + inset, high - inset)
    scene.points(panel, [x], [y], color, 6, "cross")
    if words:
        label(scene, panel, x, y, words, color)


def draw_losses(
    scene: Scene,
    panel: int,
    path: Path,
    color: str,
    trail: str = "run",
    step: int | None = None,
    dash: bool = False,
    top: float | None = None,
    dots: bool = True,
) -> None:
    """Draw a run's losses against its steps; the arguments are those of `draw_path`, ``top`` where curves end."""
    axis = scene.panels[panel].y
    top = axis.high if top is None else top
    points, left = _shown_losses(path, axis, top)
    step = path.steps if step is None else step
    last = min(step, len(points) - 1)
    x, y = points[:, 0], 10 ** points[:, 1] if axis.log else points[:, 1]
    scene.line(panel, x, y, color, dash=dash, trail=trail, until=last)
    if dots and path.steps <= 60:
        scene.vertices(color, 2.2, until=last)
    if left is not None and step >= left:
        scene.points(panel, [x[-1]], [inside(axis, y[-1], top)], "bad", 6, "cross")


@lru_cache(maxsize=64)
def _shown_losses(path: Path, axis: Axis, top: float) -> tuple[np.ndarray, int | None]:
    """Return a run's steps and losses, in powers of ten on a logarithmic axis, until they leave it, and that step."""
    heights = above(path)
    with np.errstate(all="ignore"):
        shown = np.log10(np.maximum(heights, axis.low * 1e-3)) if axis.log else heights
    floor, ceiling = (-np.inf, np.log10(top)) if axis.log else (axis.low, top)
    curve = np.stack([np.arange(len(heights)), shown], axis=1)
    gone = path.diverged_at is not None
    sound = np.arange(len(heights)) < path.diverged_at if gone else None
    return until_it_leaves(curve, (-np.inf, floor), (np.inf, ceiling), sound, gone)


def inside(axis: Axis, height: float, top: float | None = None) -> float:
    """Return a height on an axis, moved a little away from its ends, so that a cross there is seen whole."""
    top = axis.high if top is None else top
    if axis.log:
        low, high = np.log10([axis.low, top])
        return float(
            10 ** np.clip(np.log10(height), low + _INSET * (high - low), high - _INSET * (high - low))
        )
    inset = _INSET * (top - axis.low)
    return float(np.clip(height, axis.low + inset, top - inset))


def loss_axis(surface: Surface, paths: Iterable[Path], tolerance: float, least: float | None = None) -> Axis:
    """Return an axis that spends its room on the runs, and widens by three powers of ten at a time.

    Args:
        surface: what they run on.
        paths: the runs, from one start.
        tolerance: the loss above the minimum at which a run has arrived; three powers of ten below it, the axis ends.
        least: a loss that must be on it, such as a target.
    """
    base = lowest(surface)
    if base is None:
        heights = surface.mesh(30)[2]
        return Axis.linear("loss", float(heights.min()), float(heights.max()))
    runs = [above(path) for path in paths]
    first = _extreme(np.max, [run[:1] for run in runs], 1e20 if runs else 1.0, -np.inf)
    first = float(np.clip(first, 100 * tolerance, 1e20))
    highest = _extreme(np.max, runs, first, first)
    reached = min(_extreme(np.min, runs, first, first), least / 3 if least else first)
    top = np.ceil(2 * np.log10(first) + 0.3) / 2
    beyond = np.log10(min(highest / first, 10.0**_GROWTH)) + np.log10(first) - top
    top += _NOTCH * np.ceil(max(beyond, 0) / _NOTCH)
    depth = np.log10(first) - np.log10(max(reached, 1e-300))
    bottom = max(
        np.floor(np.log10(first)) - _NOTCH * max(np.ceil((depth + 0.2) / _NOTCH), 1), np.log10(tolerance) - 3
    )
    low = 10.0 ** min(bottom, np.log10(least / 3) if least else bottom)
    return Axis.decades("loss − minimum" if base else "loss", float(low), float(10.0**top))


def _extreme(of: Any, runs: list[np.ndarray], none: float, initial: float) -> float:
    """Return the largest or smallest finite loss of some runs, ``none`` if they have none at all."""
    found = [of(run, where=np.isfinite(run), initial=initial) for run in runs if np.isfinite(run).any()]
    return float(of(found)) if found else none


# -- words where there is room for them ----------------------------------------------------------------


def label(scene: Scene, panel: int, x: float, y: float, words: str, color: str) -> None:
    """Write words beside a point, on the side where they hide least of what has been drawn on the panel."""
    size = np.array([7.0 * len(words), 16.0])
    u, v = _pixels(scene.panels[panel], np.array([[x, y]]))[0]
    places = [(align, shift) for shift in (-14, 14, -30, 30, -46, 46) for align in ("left", "right")]
    left = np.clip(
        [u + {"left": 10.0, "right": -size[0] - 10}[align] for align, _ in places], 6, _SIZE[0] - size[0] - 6
    )
    corners = np.stack([left, np.clip([v + shift for _, shift in places], 12, _SIZE[1] - 12) - 8], axis=1)[
        :, None
    ]
    cloud = _occupied(scene, panel)
    hidden = ((cloud >= corners) & (cloud <= corners + size)).all(axis=2).sum(axis=1)
    align, shift = places[int(hidden.argmin())]
    scene.text(panel, x, y, words, color, align, shift)


def _occupied(scene: Scene, panel: int) -> np.ndarray:
    """Return where on a panel something has been drawn, in pixels; lines as points some pixels apart."""
    found = [np.empty((0, 2))]
    for mark in scene.marks:
        if mark["panel"] != panel or mark["kind"] not in ("line", "points", "text") or not mark["count"]:
            continue
        at = _pixels(scene.panels[panel], scene.numbers(mark).reshape(-1, 2).astype(float))
        if mark["kind"] == "text":
            side = {"left": 1, "right": -1}.get(mark["align"], 0)
            at = at + [[side * (10 + 7 * i), mark["shift"]] for i in range(len(mark["words"]))]
        at = np.clip(at[np.isfinite(at).all(axis=1)], -_SIZE, 2 * _SIZE)
        found.append(_spaced(at) if mark["kind"] == "line" and len(at) > 1 else at)
    return np.concatenate(found)


def _spaced(line: np.ndarray, apart: float = 6.0, most: int = 400) -> np.ndarray:
    """Return points along a line, so many pixels apart."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    places = np.linspace(0, along[-1], min(int(along[-1] / apart) + 2, most))
    return np.stack([np.interp(places, along, line[:, 0]), np.interp(places, along, line[:, 1])], axis=1)


def _pixels(panel: Panel, points: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        across, up = _part(panel.x, points[:, 0]), _part(panel.y, points[:, 1])
    return np.stack([across, 1 - up], axis=1) * _SIZE


def _part(axis: Axis, values: Any) -> np.ndarray:
    if axis.log:
        return np.asarray(np.log(values / axis.low) / np.log(axis.high / axis.low))
    return np.asarray((values - axis.low) / (axis.high - axis.low))
