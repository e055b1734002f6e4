"""A scene as a still picture made by matplotlib, for GitHub, exported HTML and wherever no kernel runs."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from ...plotting import DRAWING, HEATS, THEMES, new_figure, styled, to_png
from .scene import Axis, Panel, Row, Scene

Background = Callable[[Axes, str, str], None]

_MARKERS = {"dot": "o", "ring": "o", "cross": "x", "square": "s"}
_EDGE = 7
"""So many points of print a word keeps from a panel's upper and lower edge."""
_PIXEL = 0.75
"""A CSS pixel in points."""


def scene_png(scene: Scene, background: Background, theme: str = "light", width: float = 9.0) -> bytes:
    """Return the scene as PNG.

    Args:
        scene: what is shown.
        background: draws a panel's background into axes, given its name and the theme.
        theme: "light" or "dark".
        width: in inches.
    """
    with DRAWING:
        return to_png(scene_figure(scene, background, theme, width), dpi=110)


def scene_figure(scene: Scene, background: Background, theme: str = "light", width: float = 9.0) -> Figure:
    """Return the scene as a matplotlib figure; the arguments are those of `scene_png`."""
    notice = textwrap.wrap(scene.notice, int(14 * width))  # letters of 9 points in an inch
    lines = len(scene.rows) + bool(scene.columns) + len(notice)
    figure = new_figure(width, 0.4 * width + 0.22 * lines, theme)
    heights = (0.4 * width, 0.22 * max(lines, 0.01))
    weights = [_share(panel, scene.panels) for panel in scene.panels]
    grid = figure.add_gridspec(2, len(scene.panels), height_ratios=heights, width_ratios=weights)
    axes = [figure.add_subplot(grid[0, i]) for i in range(len(scene.panels))]
    for one, panel in zip(axes, scene.panels, strict=True):
        _frame(one, panel, background, theme)
    for order, mark in enumerate(scene.marks, start=3):  # above the ground, as on a canvas
        _draw(axes[mark["panel"]], scene, mark, THEMES[theme], order)
    _readouts(figure.add_subplot(grid[1, :]), scene, notice, theme)
    return figure


def _share(panel: Panel, panels: Sequence[Panel]) -> float:
    """Return a panel's part of the width: one of equal scales takes no more than it can fill."""
    tall = 0.4 * sum(other.weight for other in panels)  # a row's height, in units of weight
    aspect = abs((panel.x.high - panel.x.low) / (panel.y.high - panel.y.low))
    return min(panel.weight, tall * aspect) if panel.equal and len(panels) > 1 else panel.weight


def _frame(axes: Axes, panel: Panel, background: Background, theme: str) -> None:
    axes.set(xlabel=panel.x.label, ylabel=panel.y.label)
    axes.set_title(panel.title, loc="left", color=THEMES[theme]["text"], fontsize=10, weight="bold")
    styled(axes, theme).grid(panel.grid)
    if panel.background:
        background(axes, panel.background, theme)
    for side, axis in (("x", panel.x), ("y", panel.y)):
        _scale(axes, side, axis)
    axes.set_aspect("equal" if panel.equal else "auto")


def _scale(axes: Axes, side: str, axis: Axis) -> None:
    getattr(axes, f"set_{side}scale")("log" if axis.log else "linear")
    getattr(axes, f"set_{side}lim")(axis.low, axis.high)
    getattr(axes, f"set_{side}ticks")([v for v, _ in axis.ticks], [text for _, text in axis.ticks])
    getattr(axes, f"{side}axis").set_minor_locator(NullLocator())


def _draw(axes: Axes, scene: Scene, mark: dict, colors: dict[str, str], order: int) -> None:
    """Draw one mark as draw.js does."""
    numbers = scene.numbers(mark)
    color = colors[mark.get("color", "text")]
    alpha = mark.get("alpha", 1.0)
    kind = mark["kind"]
    if kind == "heat":
        theme = "dark" if colors is THEMES["dark"] else "light"
        image = numbers.reshape(mark["rows"], mark["columns"])
        colors_of = ListedColormap(HEATS[mark["palette"]](theme))
        axes.imshow(image, colors_of, vmin=0, vmax=255, aspect=axes.get_aspect(), interpolation="nearest",
                    extent=(0, 1, 0, 1), transform=axes.transAxes, zorder=order)  # fmt: skip
        return
    numbers = numbers.reshape(-1, 4 if kind in ("arrows", "bars") else 2).astype(float)
    x, y = numbers[:, 0], numbers[:, 1]
    if kind == "line":
        if mark["halo"]:
            axes.plot(x, y, color=colors["halo"], lw=_PIXEL * (mark["width"] + 2), alpha=0.75, zorder=order)
        style = "--" if mark["dash"] else "-"
        axes.plot(x, y, style, color=color, lw=_PIXEL * mark["width"], alpha=alpha, zorder=order)
    elif kind == "points":
        face = colors["halo"] if mark["shape"] == "ring" else color
        edge = {"ring": 2.0, "cross": 2.5}.get(mark["shape"], 0.0)
        axes.plot(x, y, _MARKERS[mark["shape"]], mfc=face, mec=color, mew=_PIXEL * edge, ms=_PIXEL * 2 * mark["size"],
                  alpha=alpha, zorder=order)  # fmt: skip
    elif kind == "handle":
        axes.plot(x, y, "o", mfc=colors["halo"], mec=colors["text"], mew=2, ms=10, zorder=order)
    elif kind == "arrows":
        axes.quiver(x, y, numbers[:, 2] - x, numbers[:, 3] - y, color=color, angles="xy", scale_units="xy", scale=1,
                    units="inches", width=_PIXEL / 72 * mark["width"], headwidth=4, headlength=4, headaxislength=4,
                    zorder=order)  # fmt: skip
    elif kind == "bars":
        corners = numbers[:, [0, 1, 0, 3, 2, 3, 2, 1]].reshape(-1, 4, 2)
        axes.add_collection(PolyCollection(list(corners), facecolor=color, alpha=alpha, zorder=order),
                            autolim=False)  # fmt: skip
    elif np.isfinite(numbers).all():
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        inside = min(max(x[0], left), right), min(max(y[0], low), high)
        share = (axes.transScale + axes.transLimits).transform(inside)[1]
        tall = 72 / axes.figure.dpi * axes.get_window_extent().height
        lift = np.clip(share * tall - mark["shift"], _EDGE, tall - _EDGE) - share * tall
        offset = ({"left": 8, "right": -8}.get(mark["align"], 0), lift)
        axes.annotate(mark["words"], inside, xytext=offset, textcoords="offset points", color=color, fontsize=9,
                      ha=mark["align"], va="center", annotation_clip=False, zorder=order)  # fmt: skip


def _readouts(axes: Axes, scene: Scene, notice: list[str], theme: str) -> None:
    """Write the read-outs as lines of text in columns; they take no part in the layout of the panels."""
    axes.set_axis_off()
    colors = THEMES[theme]
    heads = [Row("", "muted", scene.columns)] if scene.columns else []
    count = len(heads) + len(scene.rows) + len(notice)
    apart = min(0.2, 0.8 / max(len(scene.columns), 1))

    def write(place: float, line: int, words: str, color: str, weight: str = "normal") -> None:
        axes.text(place, 1 - (line + 0.5) / count, words, color=colors[color], weight=weight, va="center", fontsize=9,
                  in_layout=False)  # fmt: skip

    for i, row in enumerate([*heads, *scene.rows]):
        write(0.0, i, row.name, row.color, "bold")
        for j, cell in enumerate(row.cells):
            last = j == len(row.cells) - 1 and row.state
            write(0.2 + apart * j, i, cell, "muted" if i < len(heads) else row.state if last else "text")
    for i, words in enumerate(notice, start=count - len(notice)):
        write(0.0, i, words, scene.notice_state or "text")
