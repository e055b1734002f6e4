"""What a live figure shows: panels with axes, and marks on them. Python fills a scene, the browser only draws it.

A scene becomes one message: a small dict that says what is drawn, and one buffer with all its numbers as float32.
The same message is what a precomputed table would hold once for every slider position.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

HUGE = 1e30
"""Numbers beyond this are not drawn: float32 ends at 3e38, and so does every canvas."""


@dataclass(frozen=True)
class Axis:
    """One axis of a panel.

    Args:
        label: what stands beside it.
        low: value at its start.
        high: value at its end.
        log: whether it is logarithmic.
        ticks: pairs of value and text.
    """

    label: str
    low: float
    high: float
    log: bool = False
    ticks: tuple[tuple[float, str], ...] = ()

    @classmethod
    def linear(cls, label: str, low: float, high: float, count: int = 5) -> Axis:
        """Return a linear axis with about ``count`` round ticks.

        Examples:
            >>> [text for _, text in Axis.linear("step", 0, 200).ticks]
            ['0', '50', '100', '150', '200']
        """
        raw = (high - low) / count
        power = 10.0 ** math.floor(math.log10(raw))
        step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(s - raw))
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        ticks = tuple((k * step, f"{k * step:g}".replace("-", "−")) for k in range(first, last + 1))
        return cls(label, low, high, False, ticks)

    @classmethod
    def decades(cls, label: str, low: float, high: float, count: int = 6) -> Axis:
        """Return a logarithmic axis with ticks at powers of ten.

        Examples:
            >>> [text for _, text in Axis.decades("loss", 1e-6, 1e0, count=3).ticks]
            ['10⁻⁶', '10⁻⁴', '10⁻²', '1']
        """
        first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
        step = max(1, math.ceil((last - first) / count))
        return cls(label, low, high, True, tuple((10.0**k, power(k)) for k in range(first, last + 1, step)))


def power(exponent: int) -> str:
    """Return a power of ten as text.

    Examples:
        >>> power(-3), power(0), power(2)
        ('10⁻³', '1', '100')
    """
    small = {-1: "0.1", 0: "1", 1: "10", 2: "100"}
    return small.get(exponent) or "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


@dataclass(frozen=True)
class Panel:
    """One pair of axes.

    Args:
        x: the horizontal axis.
        y: the vertical axis.
        title: what stands above it.
        weight: its share of the width when panels stand side by side.
        background: name of the picture matplotlib makes for it once a theme and size, or "".
        grid: whether faint lines continue the ticks.
        equal: whether a unit is as long across as upwards, so that angles are true; other panels get the room left.
        lines: how many lines of text stand one above the other in it, for which it is kept high enough.
        least: how many CSS pixels wide it is at least, margins and all, before panels stand below each other.
    """

    x: Axis
    y: Axis
    title: str = ""
    weight: float = 1.0
    background: str = ""
    grid: bool = True
    equal: bool = False
    lines: int = 0
    least: int = 270


@dataclass(frozen=True)
class Row:
    """One row of the read-outs: a run, its colour, and one text for each column.

    Args:
        name: of the run.
        color: role of its colour.
        cells: the texts, by column.
        state: "" or "good" or "bad"; the last cell is set off accordingly.
        toggles: the switch that a click on the name turns, or "".
        points_at: the choice that takes the row's name while it is pointed at, or "".
        dash: whether its line is dashed.
    """

    name: str
    color: str
    cells: tuple[str, ...]
    state: str = ""
    toggles: str = ""
    points_at: str = ""
    dash: bool = False


@dataclass
class Scene:
    """Everything a figure shows at one setting.

    Colours are roles of `course_lib.plotting.THEMES`; a panel is meant by its place in ``panels``.

    Args:
        panels: the axes, from left to right.
        alt: the result in a sentence, for those who cannot see the picture.
        columns: headings of the read-outs.
        rows: the read-outs.
        notice: a line beneath (the target), or "".
        notice_state: "" or "good".

    Examples:
        >>> scene = Scene([Panel(Axis.linear("x", 0, 1), Axis.linear("y", 0, 1))], alt="a diagonal")
        >>> scene.line(0, [0, 1], [0, 1], "blue")
        >>> message = scene.message()
        >>> np.frombuffer(message["data"], np.float32)
        array([0., 0., 1., 1.], dtype=float32)
    """

    panels: list[Panel]
    alt: str = ""
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    notice: str = ""
    notice_state: str = ""
    marks: list[dict[str, Any]] = field(default_factory=list)
    _data: bytearray = field(default_factory=bytearray)
    _last_line: tuple[int, int, int] = (0, 0, 0)

    def line(
        self,
        panel: int,
        x: Any,
        y: Any,
        color: str,
        width: float = 2.0,
        dash: bool = False,
        halo: bool = False,
        alpha: float = 1.0,
        trail: str = "",
        until: int | None = None,
        since: int = 0,
    ) -> None:
        """Draw a polyline, broken where a coordinate is not finite.

        Args:
            panel: where.
            x: coordinates of the vertices.
            y: the same.
            color: role of its colour.
            width: in pixels.
            dash: whether it is dashed.
            halo: whether it is set off from what lies beneath.
            alpha: opacity.
            trail: the run whose step i is vertex i: pointing at a step in one panel marks it in all of them.
            until: the last vertex that is drawn; the others stay in the data, so that scenes which differ in this
                alone are sent once.
            since: the first vertex that is drawn, likewise.
        """
        style = {"color": color, "width": width, "dash": dash, "halo": halo, "alpha": alpha, "trail": trail}
        self._last_line = panel, len(self._data), np.size(x)
        self._add("line", panel, _pairs(x, y), until, since, **style)

    def points(
        self,
        panel: int,
        x: Any,
        y: Any,
        color: str,
        size: float = 2.0,
        shape: str = "dot",
        alpha: float = 1.0,
        trail: str = "",
        until: int | None = None,
        since: int = 0,
    ) -> None:
        """Draw points; ``shape`` is "dot", "ring", "cross" or "square", ``size`` its radius in pixels.

        ``trail``, ``until`` and ``since`` are those of `line`.
        """
        style = {"color": color, "size": size, "shape": shape, "alpha": alpha, "trail": trail}
        self._add("points", panel, _pairs(x, y), until, since, **style)

    def vertices(
        self,
        color: str,
        size: float = 2.0,
        shape: str = "dot",
        until: int | None = None,
        since: int = 0,
    ) -> None:
        """Draw the vertices of the line that was drawn last as points; they share its numbers.

        The arguments are those of `points`.
        """
        panel, at, count = self._last_line
        last = count - 1 if until is None else min(until, count - 1)
        style = {"color": color, "size": size, "shape": shape, "alpha": 1.0, "trail": ""}
        mark = {"kind": "points", "panel": panel, "at": at + 8 * since, "count": 2 * max(last + 1 - since, 0)}
        self.marks.append({**mark, **style})

    def arrows(
        self,
        panel: int,
        x: Any,
        y: Any,
        dx: Any,
        dy: Any,
        color: str,
        width: float = 1.5,
        until: int | None = None,
        since: int = 0,
    ) -> None:
        """Draw arrows from (x, y) to (x + dx, y + dy); ``until`` and ``since`` choose some, as those of `line` do."""
        x, y = np.atleast_1d(x), np.atleast_1d(y)
        ends = np.stack([x, y, x + dx, y + dy], axis=-1).astype(float)
        ends[~(np.abs(ends) < HUGE)] = np.nan
        self._add("arrows", panel, ends, until, since, color=color, width=width)

    def bars(
        self, panel: int, left: Any, right: Any, low: Any, high: Any, color: str, alpha: float = 1.0
    ) -> None:
        """Draw rectangles."""
        corners = np.clip(np.stack(np.broadcast_arrays(left, low, right, high), axis=-1), -HUGE, HUGE)
        self._add("bars", panel, corners, color=color, alpha=alpha)

    def heat(self, panel: int, shades: np.ndarray, palette: str = "heat") -> None:
        """Fill a panel with ``shades (rows, columns)``, 0 … 255 in one of `HEATS`; the first row is the lowest."""
        rows, columns = shades.shape
        self._add("heat", panel, shades[::-1], rows=rows, columns=columns, palette=palette)

    def text(
        self, panel: int, x: float, y: float, words: str, color: str, align: str = "left", shift: float = 0
    ) -> None:
        """Write words at a point, kept inside the panel; ``shift`` moves them down by pixels."""
        self._add("text", panel, _pairs([x], [y]), words=words, color=color, align=align, shift=shift)

    def handle(self, panel: int, name: str, x: float, y: float) -> None:
        """Put a point that can be dragged; it sets the figure's trait ``name``."""
        self._add("handle", panel, _pairs([x], [y]), name=name)

    def _add(
        self,
        kind: str,
        panel: int,
        numbers: np.ndarray,
        until: int | None = None,
        since: int = 0,
        **style: Any,
    ) -> None:
        raw = numbers.astype(np.uint8 if kind == "heat" else np.float32).tobytes()
        count = numbers[since : None if until is None else until + 1].size
        at = len(self._data) + numbers[:since].size * 4
        self.marks.append({"kind": kind, "panel": panel, "at": at, "count": count, **style})
        self._data += raw + bytes(-len(raw) % 4)  # floats behind a heat map must stay aligned

    def numbers(self, mark: dict[str, Any]) -> np.ndarray:
        """Return the numbers of one of ``marks``."""
        kind = np.uint8 if mark["kind"] == "heat" else np.float32
        return np.frombuffer(self._data, kind, mark["count"], mark["at"])

    def message(self) -> dict[str, Any]:
        """Return what is sent to the browser."""
        return {
            "panels": [asdict(panel) for panel in self.panels],
            "marks": self.marks,
            "columns": self.columns,
            "rows": [dict(vars(row)) for row in self.rows],
            "notice": self.notice,
            "notice_state": self.notice_state,
            "alt": self.alt,
            "data": bytes(self._data),
        }


def _pairs(x: Any, y: Any) -> np.ndarray:
    """Return x and y interleaved, NaN where one of them cannot be drawn."""
    pairs = np.stack(np.broadcast_arrays(x, y), axis=-1).astype(float)
    pairs[~(np.abs(pairs) < HUGE).all(axis=-1)] = np.nan
    return pairs


def round_up(value: float) -> float:
    """Return the next round number, so that an axis that ends there stands still while a slider is moved.

    Examples:
        >>> round_up(0.24), round_up(5), round_up(71.0)
        (0.3, 5.0, 100.0)
    """
    decade = 10.0 ** math.floor(math.log10(value))
    above = next(m * decade for m in (1, 1.5, 2, 3, 5, 7, 10) if m * decade >= value * (1 - 1e-9))
    return float(f"{above:.2g}")


def name_list(names: Sequence[str]) -> str:
    """Return names as words: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
