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

from collections.abc import Callable, Mapping
from itertools import cycle
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .landscape import CROWD, draw_landscape, lowest
from .leaving import until_it_leaves
from .picture import DRAWING, Picture, themed, to_png
from .running import Path, RangeTest
from .surfaces import Surface
from .theme import HEATS, SERIES, THEMES, ZERO, landscape_colors, rate_colors, short

__all__ = [
    "DRAWING",
    "HEATS",
    "SERIES",
    "THEMES",
    "ZERO",
    "Theme",
    "arrow_figure",
    "contour_background",
    "draw_landscape",
    "full_bleed",
    "landscape_colors",
    "line_figure",
    "loss_figure",
    "lowest",
    "new_figure",
    "path_figure",
    "range_figure",
    "rate_colors",
    "short",
    "styled",
    "to_png",
]

Theme = Literal["light", "dark"]

_STYLE = {"font": 10.0, "line": 1.8}


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
    axes.tick_params(which="both", colors=colors["muted"], labelsize=_STYLE["font"] - 1)
    axes.tick_params(length=3)
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
    """Return curves over a common axis; one that lies on an earlier one is dashed, so that both are seen.

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
    drawn: list[Any] = []
    for color, (name, y) in zip(cycle(SERIES), curves.items(), strict=False):
        style = (
            "--" if any(np.allclose(y, other, rtol=1e-3, atol=0, equal_nan=True) for other in drawn) else "-"
        )
        axes.plot(x, y, style, marker=marker, ms=4, color=THEMES[theme][color], lw=_STYLE["line"], label=name)
        drawn.append(y)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.set(xscale="log" if "x" in log else "linear", yscale="log" if "y" in log else "linear")
    if "x" not in log and np.issubdtype(np.asarray(x).dtype, np.integer):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(axes, curves, theme)
    return figure


@themed
def arrow_figure(arrows: Mapping[str, Any], theme: str = "light") -> Picture:
    """Return vectors in the plane as arrows from one point, to scale; a dashed line joins the heads of the first two.

    Args:
        arrows: the vectors, two numbers each, by name.
        theme: "light" or "dark".

    Examples:
        >>> figure = arrow_figure({"a": (3, 0), "b": (3, 2)})
        >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
        ['a', 'b']
    """
    figure = new_figure(width=4.8, height=3.6, theme=theme)
    axes = styled(figure.subplots(), theme)
    heads, colors = np.array(list(arrows.values()), dtype=float), THEMES[theme]
    axes.plot(*heads[:2].T, "--", color=colors["muted"], lw=1.2)
    for color, name, head in zip(cycle(SERIES), arrows, heads, strict=False):
        axes.annotate("", head, (0, 0), arrowprops={"arrowstyle": "-|>", "color": colors[color], "lw": 2})
        axes.annotate(name, head, (9, -5), textcoords="offset points", color=colors[color], va="center")
    low, high = np.vstack([heads, [0, 0]]).min(axis=0), np.vstack([heads, [0, 0]]).max(axis=0)
    space = 0.15 * (high - low).max()
    axes.set(
        xlim=(low[0] - space, high[0] + 3 * space), ylim=(low[1] - space, high[1] + space), aspect="equal"
    )
    return figure


@themed
def range_figure(test: RangeTest, theme: str = "light") -> Picture:
    """Return the losses of a learning-rate range test against lr, with the suggestion marked.

    Args:
        test: what `lr_range_test` returned.
        theme: "light" or "dark".

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.running import lr_range_test
        >>> from course_lib.surfaces import surface
        >>> figure = range_figure(lr_range_test(GradientDescent(), surface("quadratic"), low=1e-3))
        >>> figure.axes[0].get_xscale()
        'log'
    """
    colors, figure = THEMES[theme], new_figure(width=6.5, height=3.6, theme=theme)
    axes = figure.subplots()
    axes.plot(test.lr, test.loss, ".", ms=3, color=colors["muted"], label="loss of each batch")
    axes.plot(test.lr, test.smooth, color=colors[SERIES[0]], lw=_STYLE["line"], label="smoothed")
    if test.suggested is not None:
        label = f"suggested: {test.suggested:.2g}"
        axes.axvline(test.suggested, color=colors[SERIES[1]], lw=1.5, ls="--", label=label)
    finite = test.smooth[np.isfinite(test.smooth)]
    low, high = float(finite.min()), float(min(finite.max(), 1.5 * finite[0]))
    axes.set(
        xscale="log", xlabel="lr", ylabel="loss", ylim=(low - 0.1 * (high - low), high + 0.1 * (high - low))
    )
    _finish(axes, {"loss": 1, "smoothed": 2}, theme)
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
        colors = THEMES[theme]
        axes.legend(
            facecolor=colors["page"], edgecolor="none", framealpha=0.8,  # curves behind it fade
            labelcolor=colors["text"], fontsize=_STYLE["font"] - 1,
        )  # fmt: skip


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
