"""Static pictures in one style: colour-blind safe, readable on light and dark pages.

`THEMES` names every colour by its role; the live figures draw with the same ones. Pictures are made with
`matplotlib.figure.Figure` alone, never pyplot, so that they may be made on any thread and are freed with the cell.

Examples:
    >>> from course_lib.optimizers import Adam
    >>> from course_lib.running import simulate
    >>> figure = path_figure(simulate(Adam(lr=0.1), "himmelblau", steps=20))
    >>> len(figure.axes)
    2
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import cycle
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from .landscape import CROWD, level_lines, levels, lowest
from .leaving import until_it_leaves
from .picture import DRAWING, Picture, themed, to_png
from .running import Path
from .surfaces import Surface

Theme = Literal["light", "dark"]

THEMES: dict[str, dict[str, str]] = {
    "light": {
        "page": "#ffffff", "text": "#1b2733", "muted": "#5b6b7b", "frame": "#b9c4cf", "grid": "#e3e8ee",
        "halo": "#ffffff", "low": "#f4f8fb", "high": "#9db8cf", "contour": "#5f7d9a",
        "vermilion": "#c84c00", "blue": "#0064a8", "green": "#00795a", "purple": "#a3447f",
        "amber": "#a86b00", "sky": "#1f83bd", "ink": "#1b2733", "bad": "#b3001b", "good": "#00693e",
        "target": "#00795a", "off": "#d5d9de",
    },
    "dark": {
        "page": "#111418", "text": "#e8edf2", "muted": "#a3b1bf", "frame": "#4a5866", "grid": "#27303a",
        "halo": "#0d1116", "low": "#141b23", "high": "#46627d", "contour": "#7f9cb8",
        "vermilion": "#ff8a4c", "blue": "#63b3f2", "green": "#35cc9c", "purple": "#e48fc2",
        "amber": "#f2bd4b", "sky": "#9ad4f7", "ink": "#e8edf2", "bad": "#ff6b7d", "good": "#4fd89b",
        "target": "#35cc9c", "off": "#3a4048",
    },
}  # fmt: skip
"""Colours by role for the two themes; hues after Okabe and Ito, shifted until 4.5 : 1 on the page."""

SERIES = ("vermilion", "blue", "green", "purple", "amber", "sky", "ink")
"""The roles given to several runs in one picture, in this order."""

_STYLE = {"font": 10.0, "line": 1.8}


def short(value: float, digits: int = 2) -> str:
    """Return a number as one would write it: 0.05, 120, 3.2e-7.

    Examples:
        >>> short(0.05), short(120.0), short(3.21e-7), short(1e5)
        ('0.05', '120', '3.2e-7', '1e5')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{float(f'{value:.{digits}g}'):g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}" if exponent else mantissa


@lru_cache(maxsize=8)
def landscape_colors(theme: str) -> LinearSegmentedColormap:
    """Return the colour map of heights: quiet, so that a path stands out on it."""
    colors = THEMES[theme]
    return LinearSegmentedColormap.from_list(f"landscape-{theme}", [colors["low"], colors["high"]])


@lru_cache(maxsize=8)
def rate_colors(theme: str) -> tuple[str, ...]:
    """Return 256 colours for a map of results: 0 the best … 254 the worst, 255 for "diverges"."""
    from matplotlib import colormaps

    ramp = [to_hex(c) for c in colormaps["viridis"](np.linspace(0.98, 0.02, 255))]
    return (*ramp, THEMES[theme]["off"])


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


def contour_background(
    surface: Surface, theme: str = "light", size_px: tuple[int, int] = (480, 380), dpr: float = 1.0
) -> bytes:
    """Return a surface's contours as a PNG that fills its domain to the edge, with no axes around it.

    Args:
        surface: the surface.
        theme: "light" or "dark".
        size_px: width and height on the page, in CSS pixels.
        dpr: device pixels per CSS pixel.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> contour_background(surface("himmelblau"), "dark", (60, 40))[1:4]
        b'PNG'
    """
    return full_bleed(lambda axes: draw_landscape(axes, surface, theme), theme, size_px, dpr)


def full_bleed(
    draw: Callable[[Axes], None], theme: str, size_px: tuple[int, int], dpr: float = 1.0, colors: int = 256
) -> bytes:
    """Return as PNG what ``draw`` puts into axes that fill the picture; ``colors`` as in `to_png`."""
    width, height = size_px
    with DRAWING:
        figure = Figure((width / 100, height / 100), facecolor=THEMES[theme]["low"])
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        draw(axes)
        return to_png(figure, dpi=100 * dpr, colors=colors)


def styled(axes: Axes, theme: str = "light") -> Axes:
    """Give axes the course's look and return them."""
    colors = THEMES[theme]
    axes.set_facecolor(colors["page"])
    axes.tick_params(colors=colors["muted"], labelsize=_STYLE["font"] - 1, length=3)
    axes.grid(True, color=colors["grid"], linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_color(colors["frame"])
    for text in (axes.xaxis.label, axes.yaxis.label, axes.title):
        text.set_color(colors["text"])
        text.set_fontsize(_STYLE["font"])
    return axes


def new_figure(width: float = 9.0, height: float = 3.8, theme: str = "light", **kwargs: Any) -> Picture:
    """Return an empty figure in the course's style; ``width`` and ``height`` in inches."""
    return Picture((width, height), facecolor=THEMES[theme]["page"], layout="constrained", **kwargs)


@themed
def path_figure(paths: Path | Mapping[str, Path], theme: str = "light") -> Picture:
    """Return the picture of one or more runs on one surface: the paths on its contours, the losses beside them.

    Args:
        paths: what `simulate` returned, or several by name.
        theme: "light" or "dark".
    """
    named = {"": paths} if isinstance(paths, Path) else dict(paths)
    first = next(iter(named.values()))
    surface = first.surface
    figure = new_figure(theme=theme)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    styled(left, theme).grid(False)
    draw_landscape(left, surface, theme, float(first.losses[0]), through=True)
    low, high = np.asarray(surface.domain, float).T
    for color, (name, path) in zip(cycle(SERIES), named.items(), strict=False):
        points, out = _seen(path)
        left.plot(*points.T, "-", color=THEMES[theme][color], lw=_STYLE["line"], label=name or None)
        left.plot(*points.T, ".", color=THEMES[theme][color], ms=3.5)
        if out is not None:
            left.plot(*np.clip(points[-1], low + 0.02 * (high - low), high - 0.02 * (high - low)), "x", ms=8, mew=2,
                      mec=THEMES[theme]["bad"])  # fmt: skip
    left.set(xlim=surface.domain[0], ylim=surface.domain[1], title=surface.title, aspect="equal")
    _draw_losses(right, named, theme)
    styled(left, theme).grid(False)
    return figure


@themed
def loss_figure(paths: Mapping[str, Path] | Mapping[str, np.ndarray], theme: str = "light") -> Picture:
    """Return the loss curves of several runs on a logarithmic axis.

    Args:
        paths: what `simulate` returned, or arrays of losses by step, by name.
        theme: "light" or "dark".

    Examples:
        >>> figure = loss_figure({"halving": 0.5 ** np.arange(20)})
        >>> figure.axes[0].get_yscale()
        'log'
    """
    figure = new_figure(width=6.5, height=3.6, theme=theme)
    _draw_losses(figure.subplots(), paths, theme)
    return figure


@themed
def line_figure(
    x: Any, curves: Mapping[str, Any], *, xlabel: str, ylabel: str, log: str = "", theme: str = "light"
) -> Picture:
    """Return curves over a common axis.

    Args:
        x: the positions, ``(n,)``.
        curves: the heights, ``(n,)`` each, by name.
        xlabel: what x is, with its unit.
        ylabel: what the curves show, with its unit.
        log: the axes that are logarithmic: ``""``, ``"x"``, ``"y"`` or ``"xy"``.
        theme: "light" or "dark".

    Examples:
        >>> x = np.arange(1, 20)
        >>> figure = line_figure(x, {"square": x**2}, xlabel="x", ylabel="y", log="xy")
        >>> figure.axes[0].get_xscale(), figure.axes[0].get_yscale()
        ('log', 'log')
    """
    figure = new_figure(width=6.5, height=3.6, theme=theme)
    axes = figure.subplots()
    marker = "o" if len(np.atleast_1d(x)) <= CROWD else ""
    for color, (name, y) in zip(cycle(SERIES), curves.items(), strict=False):
        axes.plot(x, y, marker=marker, ms=4, color=THEMES[theme][color], lw=_STYLE["line"], label=name)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
    _finish(axes, curves, theme)
    return figure


@themed
def axes_figure(path: Path, theme: Theme = "light") -> Picture:
    """Return a run in a quadratic valley with the valley's own axes, beside it the run's coordinates along them.

    The axes are the eigenvectors of the Hessian at the minimum. Each coordinate keeps its sign, so that one sees who
    changes sides.

    Args:
        path: what `simulate` returned on a quadratic, one run.
        theme: "light" or "dark".

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.running import simulate
        >>> figure = axes_figure(simulate(GradientDescent(lr=1.5), "quadratic", steps=20))
        >>> [line.get_label() for line in figure.axes[1].lines[1:]]
        ['along the floor, λ = 0.1', 'across, λ = 1']
    """
    surface, colors = path.surface, THEMES[theme]
    centre = surface.minima[0]
    curvatures, directions = np.linalg.eigh(surface.hessian(centre))
    figure = new_figure(theme=theme)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    styled(left, theme).grid(False)
    draw_landscape(left, surface, theme, float(path.losses[0]), through=True)
    left.set_aspect("equal")
    right.axhline(0, color=colors["frame"], lw=1)
    points, _ = _seen(path)
    for name, color, curvature, direction in zip(
        ("along the floor", "across"), SERIES, curvatures, directions.T, strict=False
    ):
        left.axline(centre, xy2=centre + direction, color=colors[color], lw=1.3, ls="--")
        offset = (points - centre) @ direction
        if offset[0] < 0:  # an eigenvector's sign is arbitrary: the start is on the upper side
            offset = -offset
        right.plot(
            offset, ".-", color=colors[color], lw=_STYLE["line"], label=f"{name}, λ = {short(curvature)}"
        )
    left.plot(*points.T, ".-", color=colors["ink"], lw=_STYLE["line"], ms=4)
    left.plot(*points[0], "o", mfc=colors["halo"], mec=colors["text"], ms=6)
    left.set(xlim=surface.domain[0], ylim=surface.domain[1], title=surface.title)
    right.set(xlabel="step", ylabel="distance from the minimum")
    _finish(right, {"both": points}, theme)
    styled(left, theme).grid(False)
    return figure


def _seen(path: Path) -> tuple[np.ndarray, int | None]:
    """Return a run's points until it leaves its surface's picture, and the step at which it does or None."""
    low, high = np.asarray(path.surface.domain, float).T
    return until_it_leaves(path.points, low, high, np.isfinite(path.losses), path.diverged_at is not None)


def _finish(axes: Axes, named: Mapping[Any, Any], theme: str) -> None:
    styled(axes, theme)
    if any(str(name) for name in named):
        axes.legend(frameon=False, labelcolor=THEMES[theme]["text"], fontsize=_STYLE["font"] - 1)


def _draw_losses(axes: Axes, paths: Mapping[str, Any], theme: str) -> None:
    label, lowest_shown = "loss", np.inf
    for color, (name, path) in zip(cycle(SERIES), paths.items(), strict=False):
        losses = path
        if isinstance(path, Path):
            base = lowest(path.surface)
            label = "loss − minimum" if base else "loss"
            losses = path.losses - (base or 0.0)
        shown = _until_it_explodes(np.asarray(losses, dtype=float))
        lowest_shown = min(lowest_shown, shown.min(initial=np.inf))
        axes.plot(shown, color=THEMES[theme][color], lw=_STYLE["line"], label=name or None)
    if lowest_shown >= 0:
        axes.set_yscale("log")
    axes.set(xlabel="step", ylabel=label)
    _finish(axes, paths, theme)


def _until_it_explodes(losses: np.ndarray) -> np.ndarray:
    """Return losses up to where they are no numbers any more, or a run leaves for good: a million times its start."""
    ok = np.isfinite(losses)
    if not ok.all() or abs(losses[-1]) > 1e6 * max(abs(losses[0]), 1e-12):
        ok &= np.abs(losses) <= 1e6 * max(abs(losses[0]), 1e-12)
    return losses if ok.all() else losses[: int(ok.argmin())]
