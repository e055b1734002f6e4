"""A scene as a still picture made by matplotlib, for GitHub, exported HTML and wherever no kernel runs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from ..plotting import DRAWING, THEMES, new_figure, rate_colors, styled, to_png
from .scene import Axis, Panel, Row, Scene

Background = Callable[[Axes, str, str], None]

_MARKERS = {"dot": "o", "ring": "o", "cross": "x", "square": "s"}


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
    lines = len(scene.rows) + bool(scene.columns) + bool(scene.notice)
    figure = new_figure(width, 0.4 * width + 0.22 * lines, theme)
    heights = (0.4 * width, 0.22 * max(lines, 0.01))
    weights = [panel.weight for panel in scene.panels]
    grid = figure.add_gridspec(2, len(scene.panels), height_ratios=heights, width_ratios=weights)
    axes = [figure.add_subplot(grid[0, i]) for i in range(len(scene.panels))]
    for one, panel in zip(axes, scene.panels, strict=True):
        _frame(one, panel, background, theme)
    for mark in scene.marks:
        _draw(axes[mark["panel"]], scene, mark, THEMES[theme])
    _readouts(figure.add_subplot(grid[1, :]), scene, theme)
    return figure


def _frame(axes: Axes, panel: Panel, background: Background, theme: str) -> None:
    axes.set(xlabel=panel.x.label, ylabel=panel.y.label)
    axes.set_title(panel.title, loc="left", color=THEMES[theme]["text"], fontsize=10, weight="bold")
    styled(axes, theme).grid(panel.grid)
    if panel.background:
        background(axes, panel.background, theme)
    for side, axis in (("x", panel.x), ("y", panel.y)):
        _scale(axes, side, axis)


def _scale(axes: Axes, side: str, axis: Axis) -> None:
    getattr(axes, f"set_{side}scale")("log" if axis.log else "linear")
    getattr(axes, f"set_{side}lim")(axis.low, axis.high)
    getattr(axes, f"set_{side}ticks")([v for v, _ in axis.ticks], [text for _, text in axis.ticks])
    getattr(axes, f"{side}axis").set_tick_params(which="minor", length=0)


def _draw(axes: Axes, scene: Scene, mark: dict, colors: dict[str, str]) -> None:
    """Draw one mark as figure.js does."""
    numbers = scene.numbers(mark)
    color = colors[mark.get("color", "text")]
    alpha = mark.get("alpha", 1.0)
    kind = mark["kind"]
    if kind == "heat":
        theme = "dark" if colors is THEMES["dark"] else "light"
        image = numbers.reshape(mark["rows"], mark["columns"])
        axes.imshow(image, ListedColormap(rate_colors(theme)), vmin=0, vmax=255, aspect="auto", interpolation="nearest",
                    extent=(0, 1, 0, 1), transform=axes.transAxes, zorder=0)  # fmt: skip
        return
    numbers = numbers.reshape(-1, 4 if kind in ("arrows", "bars") else 2).astype(float)
    x, y = numbers[:, 0], numbers[:, 1]
    if kind == "line":
        if mark["halo"]:
            axes.plot(x, y, color=colors["halo"], lw=mark["width"] + 2, alpha=0.8)
        axes.plot(x, y, "--" if mark["dash"] else "-", color=color, lw=mark["width"], alpha=alpha)
    elif kind == "points":
        face = colors["halo"] if mark["shape"] == "ring" else color
        axes.plot(
            x, y, _MARKERS[mark["shape"]], mfc=face, mec=color, ms=2 * mark["size"], alpha=alpha, zorder=4
        )
    elif kind == "handle":
        axes.plot(x, y, "o", mfc=colors["halo"], mec=colors["text"], mew=2, ms=10, zorder=5)
    elif kind == "arrows":
        axes.quiver(x, y, numbers[:, 2] - x, numbers[:, 3] - y, color=color, angles="xy", scale_units="xy", scale=1,
                    width=0.005)  # fmt: skip
    elif kind == "bars":
        corners = numbers[:, [0, 1, 0, 3, 2, 3, 2, 1]].reshape(-1, 4, 2)
        axes.add_collection(PolyCollection(list(corners), facecolor=color, alpha=alpha), autolim=False)
    elif np.isfinite(numbers).all():
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        inside = min(max(x[0], left), right), min(max(y[0], low), high)
        offset = ({"left": 8, "right": -8}.get(mark["align"], 0), -mark["shift"])
        axes.annotate(mark["words"], inside, xytext=offset, textcoords="offset points", color=color, fontsize=9,
                      ha=mark["align"], va="center", annotation_clip=False)  # fmt: skip


def _readouts(axes: Axes, scene: Scene, theme: str) -> None:
    """Write the read-outs as lines of text in columns."""
    axes.set_axis_off()
    colors = THEMES[theme]
    lines = [Row("", "muted", scene.columns)] if scene.columns else []
    lines += scene.rows
    count = len(lines) + bool(scene.notice)
    apart = min(0.2, 0.8 / max(len(scene.columns), 1))
    for i, row in enumerate(lines):
        height = 1 - (i + 0.5) / count
        head = i == 0 and bool(scene.columns)
        axes.text(0.0, height, row.name, color=colors[row.color], weight="bold", va="center", fontsize=9)
        for j, cell in enumerate(row.cells):
            last = j == len(row.cells) - 1 and row.state
            color = colors["muted"] if head else colors[row.state if last else "text"]
            axes.text(0.2 + apart * j, height, cell, color=color, va="center", fontsize=9)
    if scene.notice:
        axes.text(
            0, 0.5 / count, scene.notice, color=colors[scene.notice_state or "text"], va="center", fontsize=9
        )
