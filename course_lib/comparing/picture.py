"""Pictures of a comparison: how well each method did, how much it minds its learning rate, what differs from what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ..picture import Picture, themed
from ..plotting import SERIES, THEMES, new_figure, styled
from ..running import Table
from .result import Comparison
from .sensitivity import Sensitivity

VIEW_MARKS = ("o", "s", "D", "^", "v", "P")
"""The marks of the views, in their order: the colour is the method's."""

_LINES = ("-", (0, (4, 1.5)), (0, (1, 1)))


@themed
def comparison_figure(comparison: Comparison, metric: str | None = None, theme: str = "light") -> Picture:
    """Return the picture of a comparison.

    Left, for each method the mean of the metric in every view with its 95 % interval, the one that is best at its own
    learning rate on top. Right, the criterion against the learning rate, from the tuning runs; a ring is the rate that
    was chosen, and a cross above marks a rate at which runs diverged.

    Args:
        comparison: what `compare` returned.
        metric: what the left half shows; by default test accuracy, or the nearest to it that there is.
        theme: "light" or "dark".
    """
    metric, colors = metric or comparison.metric, THEMES[theme]
    order = comparison.ranking(metric=metric)
    looks = dict(zip(order, cycle((color, line) for line, color in product(_LINES, SERIES)), strict=False))
    curves = {name: comparison.sensitivity[name] for name in order if name in comparison.sensitivity}
    figure = new_figure(10.5, max(3.8, 1.6 + 0.36 * len(order)), theme)
    left, right = figure.subplots(1, 2)
    _draw_results(left, comparison, metric, order, looks, theme)
    _draw_sensitivity(right, curves, looks, theme)
    marks = [
        Line2D([], [], color=colors["muted"], marker=mark, ls="", label=view)
        for mark, view in zip(cycle(VIEW_MARKS), comparison.views, strict=False)
    ]
    marks.append(
        Line2D([], [], color=colors["muted"], marker="o", mfc="none", ls="", ms=8, label="chosen lr")
    )
    marks.append(Line2D([], [], color=colors["muted"], marker="x", ls="", label="some runs diverged"))
    style: dict[str, Any] = dict(frameon=False, labelcolor=colors["text"], fontsize=9)
    figure.legend(handles=marks, loc="outside lower center", ncols=len(marks), **style)
    if curves:
        figure.legend(
            handles=right.get_lines()[: len(curves)], loc="outside right upper", handlelength=2.6, **style
        )
    return figure


def _draw_results(
    axes: Axes, comparison: Comparison, metric: str, order: list[str], looks: dict[str, Any], theme: str
) -> None:
    """Draw for each method a mark with an interval in every view."""
    colors, views = THEMES[theme], comparison.views
    spread = np.linspace(-0.22, 0.22, len(views)) if len(views) > 1 else [0.0]
    for mark, view, shift in zip(cycle(VIEW_MARKS), views, spread, strict=False):
        table = comparison.table(view, metric)
        for row in table.rows:
            if not np.isfinite([row[metric], row["low"], row["high"]]).all():
                continue
            y, color = order.index(row["method"]) + shift, colors[looks[row["method"]][0]]
            axes.plot([row["low"], row["high"]], [y, y], "-", color=color, lw=1.4)
            axes.plot(row[metric], y, mark, color=color, ms=5, mec=colors["halo"], mew=0.6)
    axes.set(xlabel=metric.replace("_", " ") + ", mean and 95 % interval", ylim=(len(order) - 0.5, -0.5))
    axes.set_yticks(range(len(order)), order)
    styled(axes, theme)
    for label, name in zip(axes.get_yticklabels(), order, strict=True):
        label.set_color(colors[looks[name][0]])
    axes.tick_params(axis="y", length=0)


def _draw_sensitivity(axes: Axes, curves: dict[str, Sensitivity], looks: dict[str, Any], theme: str) -> None:
    """Draw the criterion against lr, as far as it is not hopeless; above it, which rates diverged."""
    colors, best = THEMES[theme], [np.min(curve.badness) for curve in curves.values()]
    for name, curve in curves.items():
        color, line = looks[name]
        axes.plot(curve.lr, _finite(curve), ls=line, lw=1.5, color=colors[color], label=name)
    for name, curve in curves.items():
        color = colors[looks[name][0]]
        axes.plot(curve.lr, _finite(curve), ".", ms=5, color=color)
        axes.plot(
            curve.best, _finite(curve)[curve.lr == curve.best], "o", ms=8, mfc="none", mec=color, mew=1.3
        )
    axes.set(xscale="log", xlabel="lr")
    if curves:
        name = next(iter(curves.values())).name
        axes.set_ylabel(f"{name.replace('_', ' ')} at the end of tuning runs")
        losses = np.array(best)[np.isfinite(best)]
        if not name.endswith("accuracy") and (losses > 0).any():
            worst = max(np.nanmax(_finite(curve), initial=0) for curve in curves.values())
            axes.set(yscale="log", ylim=(0.8 * losses.min(), min(1.3 * worst, 30 * losses.max())))
    axes.minorticks_off()
    styled(axes, theme)
    _draw_diverged(axes, curves, looks, theme)


def _draw_diverged(axes: Axes, curves: dict[str, Sensitivity], looks: dict[str, Any], theme: str) -> None:
    """Draw a row of crosses for each method that diverged at some rates, in a strip above the axes."""
    lost = {name: curve.lr[curve.diverged > 0] for name, curve in curves.items() if curve.diverged.any()}
    if not lost:
        return
    strip = axes.inset_axes((0, 1.02, 1, 0.035 * len(lost) + 0.02), sharex=axes)
    for row, (name, rates) in enumerate(lost.items()):
        strip.plot(rates, np.full(len(rates), row), "x", ms=4.5, mew=1.3, color=THEMES[theme][looks[name][0]])
    strip.set_ylim(len(lost) - 0.4, -0.6)
    strip.axis("off")


def _finite(curve: Sensitivity) -> np.ndarray:
    """Return the criterion with NaN for what is infinite."""
    return np.where(np.isfinite(curve.criterion), curve.criterion, np.nan)


@themed
def differences_figure(
    tables: Mapping[str, Table], unit: str = "", scale: float = 1.0, theme: str = "light"
) -> Picture:
    """Return one panel for each table of `Comparison.differences`: how far each method is from its baseline.

    A thick bar is the 95 % interval of the mean difference, the thin line its interval after the correction for many
    comparisons. Filled marks are distinguishable from the baseline: there the thin line leaves 0 out. Hollow ones are
    not.

    Args:
        tables: differences against one baseline, by title.
        unit: of the differences, for the label of the axis.
        scale: what they are multiplied by, such as 100 for points of accuracy.
        theme: "light" or "dark".
    """
    colors = THEMES[theme]
    methods = list(dict.fromkeys(name for table in tables.values() for name in table["method"].tolist()))
    figure = new_figure(10.5, 1.4 + 0.28 * len(methods), theme)
    panels = figure.subplots(1, len(tables), sharey=True, squeeze=False)[0]
    role = {"better": "good", "worse": "bad", "not distinguishable": "muted"}
    for axes, (title, table) in zip(panels, tables.items(), strict=True):
        axes.axvline(0, color=colors["text"], lw=1)
        for row in table.rows:
            _draw_difference(
                axes, methods.index(row["method"]), row, scale, colors[role[row["verdict"]]], colors["page"]
            )
        against = ", ".join(dict.fromkeys(table["other"].tolist()))
        axes.set(title=title, xlabel=f"method − {against}{f', {unit}' if unit else ''}")
        axes.set_ylim(len(methods) - 0.5, -0.5)
        axes.set_yticks(range(len(methods)), methods)
        styled(axes, theme)
        axes.tick_params(axis="y", length=0)
    return figure


@themed
def budgets_figure(
    panels: Mapping[str, Mapping[int, Table]],
    methods: Sequence[str],
    unit: str = "",
    scale: float = 1.0,
    theme: str = "light",
) -> Picture:
    """Return one panel for each problem: how far each method is from its baseline, against the budget.

    The bars and marks are those of `differences_figure`. The lines only join them.

    Args:
        panels: by title, and then by number of epochs, tables of `Comparison.differences` or `Report.differences`.
        methods: which are shown; all tables must have them.
        unit: of the differences, for the label of the axis.
        scale: what they are multiplied by, such as 100 for points of accuracy.
        theme: "light" or "dark".

    Raises:
        ValueError: for a method that a table does not have, or more methods than there are colours.
    """
    if len(methods) > len(SERIES):
        raise ValueError(f"methods = {methods!r} is not allowed: there are colours for {len(SERIES)}")
    colors, tables = THEMES[theme], [table for panel in panels.values() for table in panel.values()]
    for table in tables:
        for name in methods:
            if name not in table["method"]:
                raise ValueError(f"methods: {name!r} is not in {', '.join(table['method'].tolist())}")
    looks = dict(zip(methods, SERIES, strict=False))
    figure = new_figure(10.5, 3.8, theme)
    side_by_side = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (title, panel) in zip(side_by_side, panels.items(), strict=True):
        axes.axhline(0, color=colors["text"], lw=1)
        for (name, look), shift in zip(looks.items(), np.linspace(-1, 1, len(looks)), strict=True):
            rows = {epochs: table.where(method=name).rows for epochs, table in panel.items()}
            found = [(epochs * 1.06**shift, row) for epochs, (row,) in rows.items()]
            joined = [x for x, _ in found], [scale * row["difference"] for _, row in found]
            axes.plot(*joined, "-", color=colors[look], lw=1.2, alpha=0.6, label=name)
            for x, row in found:
                _draw_difference(axes, x, row, scale, colors[look], colors["page"], upright=True)
        axes.set(title=title, xlabel="epochs", xscale="log")
        axes.set_xticks([*panel], [str(epochs) for epochs in panel])
        axes.minorticks_off()
        styled(axes, theme)
    first = figure.axes[0]
    against = ", ".join(dict.fromkeys(name for table in tables for name in table["other"].tolist()))
    first.set_ylabel(f"method − {against}{f', {unit}' if unit else ''}")
    figure.legend(
        *first.get_legend_handles_labels(), loc="outside lower center", ncols=len(looks), frameon=False,
        labelcolor=colors["text"], fontsize=9,
    )  # fmt: skip
    return figure


def _draw_difference(
    axes: Axes, at: float, row: Mapping[str, Any], scale: float, color: str, page: str, upright: bool = False
) -> None:
    """Draw a row of differences as a mark on two bars, lying at a height, or upright at a place."""

    def draw(values: list[float], *style: str, **kinds: Any) -> None:
        places = [at] * len(values)
        axes.plot(*((places, values) if upright else (values, places)), *style, color=color, **kinds)

    for suffix, width in (("_holm", 0.8), ("", 2.2)):
        ends = [scale * row[end + suffix] for end in ("low", "high") if end + suffix in row]
        draw(ends, "-", lw=width, solid_capstyle="butt")
    filled = page if row["verdict"] == "not distinguishable" else color
    draw([scale * row["difference"]], "o", ms=5.5, mfc=filled, mew=1.4)
