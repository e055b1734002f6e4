"""A surface as a landscape: which level lines are worth drawing, where they run, and the picture of them.

Lines are useful where the run is. So the levels are a ladder of round numbers above the minimum that reaches two powers
of ten below the height at which a run begins, and a level whose line cannot be drawn unbroken is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from contourpy import ContourGenerator, contour_generator
from matplotlib.axes import Axes
from matplotlib.contour import ContourSet
from matplotlib.path import Path as Outline
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from .surfaces import Surface
from .theme import THEMES, landscape_colors, short

CROWD = 12
"""So many pieces of one level line, or so many saddles, are a pattern and no landmarks."""

_COARSE, _FINE, QUICK = 240, 960, 360
"""Points along each side of the meshes on which lines are found; `QUICK` where a line moves with the start."""


def lowest(surface: Surface) -> float | None:
    """Return the smallest loss of a surface, or None where it has none."""
    if not surface.bounded or not len(surface.minima):
        return None
    return float(surface.loss(surface.minima[0]))


@lru_cache(maxsize=32)
def _mesh(surface: Surface, n: int) -> tuple[ContourGenerator, float, float]:
    x, y, z = surface.mesh(n)
    return contour_generator(x, y, z), float(z.min()), float(z.max())


@lru_cache(maxsize=256)
def level_lines(surface: Surface, level: float, finest: int = _FINE) -> tuple[np.ndarray, ...]:
    """Return the line on which a surface has a height, as pieces ``(n, 2)``; none where it would break into dots.

    ``finest`` limits the points along each side of the mesh that it is found on.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> first, second = level_lines(surface("quadratic"), 1.0)  # above and below, cut by the edges of the picture
        >>> first.shape[1], bool(np.allclose(surface("quadratic").loss(first.T), 1.0, atol=1e-3))
        (2, True)
    """
    narrow = surface.levels == "log"  # such valleys fall between the points of a coarse mesh
    lines = [np.asarray(line) for line in _mesh(surface, finest if narrow else _COARSE)[0].lines(level)]
    if not _crowded(surface):
        kept = [line for line in lines if not _is_dot(line, surface)]
        if len(lines) - len(kept) > 3:  # a few at the tips of an ellipse are not missed
            return ()
        lines = kept
    return tuple(line[_thinned(len(line), 3 if narrow else 1)] for line in lines)


def _is_dot(line: np.ndarray, surface: Surface) -> bool:
    """Return whether a line goes round nothing: a piece of a valley that is narrower than the mesh."""
    marks = np.concatenate([surface.minima, surface.local_minima, surface.maxima])
    closed = len(line) > 2 and np.array_equal(line[0], line[-1])
    return bool(closed and len(marks) and not Outline(line).contains_points(marks, radius=1e-6).any())


def _thinned(count: int, step: int) -> np.ndarray:
    """Return every so many indices, the last one among them."""
    return np.unique(np.append(np.arange(0, count, step), count - 1))


@lru_cache(maxsize=32)
def _crowded(surface: Surface) -> bool:
    """Return whether the surface is full of dimples."""
    mesh, low, high = _mesh(surface, _COARSE)
    return any(len(mesh.lines(low + (high - low) * part)) > CROWD for part in (0.25, 0.5, 0.75))


@lru_cache(maxsize=64)
def levels(surface: Surface, height: float) -> tuple[float, ...]:
    """Return the levels to draw where runs begin at a height, in rising order.

    Args:
        surface: what is drawn.
        height: a loss.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> levels(surface("quadratic"), 0.95)
        (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
        >>> levels(surface("saddle"), 2.25)
        (-3.0, -1.5, 0.0, 1.5, 3.0)
    """
    base, (_, low, high) = lowest(surface), _mesh(surface, _COARSE)
    if base is None or _crowded(surface):
        return tuple(float(v) for v in MaxNLocator(7).tick_values(low, high) if low < v < high)
    begin = np.floor(np.log10(np.clip(height - base, 1e-12, high - base)))
    decades = np.log10(high - base) - (begin - 2)
    within = (1, 2, 5) if decades < 3.3 else (1, 3) if decades < 5.3 else (1,)
    powers = range(int(begin) - 2, int(np.ceil(np.log10(high - base))) + 1)
    rungs = [float(f"{m}e{k}") for k in powers for m in within]
    return tuple(base + r for r in rungs if base + r < high and level_lines(surface, base + r))


# -- the picture --------------------------------------------------------------------------------


def draw_landscape(
    axes: Axes, surface: Surface, theme: str = "light", height: float | None = None, through: bool = False
) -> None:
    """Draw filled contours with sparse labels and the minima and saddles into ``axes``.

    Args:
        axes: where to draw.
        surface: the surface.
        theme: "light" or "dark".
        height: the loss at which runs begin, around and below which level lines are drawn; by default the start's.
        through: whether a dashed line goes through all points of that height.
    """
    colors = THEMES[theme]
    height = float(surface.loss(surface.start) if height is None else height)
    x, y, z = surface.mesh(220)
    base = lowest(surface)
    log = surface.levels == "log" and base is not None
    heights = np.log10(np.maximum(z - (base or 0.0), 1e-12)) if log else z
    top = heights.max()
    bottom = max(heights.min(), top - 5) if log else heights.min()
    shades = landscape_colors(theme)
    axes.contourf(x, y, heights, levels=np.linspace(bottom, top, 28), cmap=shades, extend="both")
    marked = levels(surface, height)
    pieces = [level_lines(surface, level) for level in marked]
    style: dict[str, Any] = {"colors": colors["contour"], "alpha": 0.8, "linewidths": 0.7, "linestyles": "-"}
    lines: Any = ContourSet(axes, marked, pieces, **style)
    if max(map(len, pieces), default=0) <= CROWD:  # a label on each of a hundred dimples hides them
        names = {level: short(level - (base or 0.0)) for level in marked}
        texts = axes.clabel(lines, fmt=names, fontsize=7.5, inline=False)
        for text, level in zip(texts, lines.labelCValues, strict=True):
            level = float(level)
            value = np.log10(max(level - (base or 0.0), 1e-12)) if log else level
            ground = shades((value - bottom) / (top - bottom))  # hides the line beneath
            text.set_path_effects([withStroke(linewidth=3, foreground=ground)])
            shown = _is_long(level_lines(surface, level), surface) and _has_room(text.get_position(), surface)
            text.set(color=colors["muted"], visible=shown)
    for line in level_lines(surface, height) if through else ():
        axes.plot(*line.T, color=colors["contour"], lw=1.2, ls=(0, (4, 3)))
    if len(surface.saddles) <= CROWD:
        axes.plot(*surface.saddles.T, "x", ms=6, mec=colors["muted"], mew=1.4, zorder=3)
    axes.plot(*surface.minima.T, "*", ms=11, mfc=colors["halo"], mec=colors["text"], mew=1.0, zorder=3)
    axes.set(xlim=surface.domain[0], ylim=surface.domain[1])


def _is_long(pieces: Sequence[np.ndarray], surface: Surface) -> bool:
    """Return whether a level line is large enough beside a number."""
    span = np.ptp(np.asarray(surface.domain), axis=1)
    return any((np.ptp(piece, axis=0) > 0.13 * span).any() for piece in pieces)


def _has_room(place: tuple[float, float], surface: Surface) -> bool:
    """Return whether words at a place are neither cut by the edge of the picture nor hidden by a minimum's star."""
    low, high = np.asarray(surface.domain, dtype=float).T
    part = (np.array(place) - low) / (high - low)
    stars = (surface.minima.reshape(-1, 2) - low) / (high - low)
    return bool((np.minimum(part, 1 - part) > 0.04).all() and (np.abs(stars - part).max(axis=1) > 0.05).all())
