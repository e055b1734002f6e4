"""The numbers of many scenes in few bytes: as fine as a screen can show, and as differences from scene to scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FINE = 4608
"""Steps from end to end of a panel: half of one and float32's error are below a quarter of a pixel in 2000."""

_FAR = 2e5
"""Panels away. What lies farther is moved to here along its line of sight, which no picture shows."""

_BROKEN = 1 << 30
"""Stands for a place that cannot be drawn, where a line is broken."""


@dataclass(frozen=True)
class Chunk:
    """Numbers that stand together in a scene: pairs of coordinates in one panel, or the shades of a heat map.

    Args:
        at: its first byte in the scene's data.
        count: how many numbers it has.
        panel: whose axes they are measured by; −1 for shades.
        steps: whether the x of pair i is i, as on a curve over steps; these are exact and need no room.
        values: integers ``(count / 2, 2)``, or shades ``(count,)``.
    """

    at: int
    count: int
    panel: int
    steps: bool
    values: np.ndarray


@dataclass
class Packed:
    """Blocks of numbers, each the data of one or several scenes, written as what is new in each of them.

    Args:
        blob: the bytes of all blocks.
        heads: for every block what the page needs to read it: ``[at, previous, size, [[at, count, panel, mode], …]]``,
            with the number of the block it differs from (−1 for none) and the size of the scene's data in bytes.
    """

    blob: bytearray = field(default_factory=bytearray)
    heads: list[list[Any]] = field(default_factory=list)
    _chunks: list[list[Chunk]] = field(default_factory=list)

    def add(self, scenes: Sequence[dict[str, Any]], previous: int = -1) -> int:
        """Add the data that some scenes share, and return the number of its block.

        Args:
            scenes: messages of `Scene` with equal data and equal axes.
            previous: the block that is likely to be the most similar.
        """
        data, panels = scenes[0]["data"], scenes[0]["panels"]
        chunks = [_chunk(data, panels, *place) for place in _places(scenes)]
        before = self._chunks[previous] if previous >= 0 else []
        alike = [*before, *[None] * len(chunks)]
        news, modes = [], []
        for chunk, other in zip(chunks, alike, strict=False):
            new, mode = _news(chunk, other)
            news.append(new)
            modes.append(mode)
        at = len(self.blob)
        pairs = [new for chunk, new in zip(chunks, news, strict=True) if chunk.panel >= 0]
        shades = [new for chunk, new in zip(chunks, news, strict=True) if chunk.panel < 0]
        numbers = np.concatenate([np.empty(0, np.int32), *pairs])
        folded = ((numbers << 1) ^ (numbers >> 31)).astype(
            "<u4"
        )  # small numbers of either sign: high bytes are 0
        self.blob += folded.view(np.uint8).reshape(-1, 4).T.tobytes()  # all lowest bytes first
        self.blob += b"".join(new.tobytes() for new in shades)
        places = [[c.at, c.count, c.panel, mode] for c, mode in zip(chunks, modes, strict=True)]
        self.heads.append([at, previous, len(data), places])
        self._chunks.append(chunks)
        return len(self.heads) - 1


def _places(scenes: Sequence[dict[str, Any]]) -> list[tuple[int, int, int]]:
    """Return where the marks of some scenes stand in their common data, as begin, end and panel; overlaps are one."""
    spans = sorted(
        {
            (mark["at"], mark["at"] + mark["count"] * (1 if heat else 4), -1 if heat else mark["panel"])
            for scene in scenes
            for mark in scene["marks"]
            if mark["count"]
            for heat in (mark["kind"] == "heat",)
        }
    )
    joined: list[tuple[int, int, int]] = []
    for begin, end, panel in spans:
        if joined and begin < joined[-1][1] and panel == joined[-1][2] >= 0:
            joined[-1] = joined[-1][0], max(end, joined[-1][1]), panel
        else:
            joined.append((begin, end, panel))
    return joined


def _chunk(data: bytes, panels: Sequence[dict[str, Any]], begin: int, end: int, panel: int) -> Chunk:
    if panel < 0:
        return Chunk(begin, end - begin, -1, False, np.frombuffer(data, np.uint8, end - begin, begin))
    count = (end - begin) // 4
    pairs = np.frombuffer(data, np.float32, count, begin).reshape(-1, 2)
    x = pairs[:, 0]
    steps = bool(count > 2 and x[0] == 0 and ((x == np.arange(count // 2)) | np.isnan(x)).all())
    return Chunk(begin, count, panel, steps, _steps_of(pairs, panels[panel]))


def _steps_of(pairs: np.ndarray, panel: dict[str, Any]) -> np.ndarray:
    """Return pairs of coordinates in steps of a panel's axes."""
    parts = np.stack(
        [fraction(panel[side], pairs[:, i].astype(float)) for i, side in enumerate("xy")], axis=1
    )
    broken = ~np.isfinite(parts).all(axis=1)
    parts[broken] = 0
    parts /= np.maximum(np.abs(parts).max(axis=1, keepdims=True) / _FAR, 1)
    places = np.rint(parts * FINE).astype(np.int32)
    places[broken] = _BROKEN
    return places


def fraction(axis: dict[str, Any], values: np.ndarray) -> np.ndarray:
    """Return where values stand on an axis, 0 … 1, as draw.js does; not finite where they cannot be drawn."""
    low, high = axis["low"], axis["high"]
    with np.errstate(all="ignore"):
        if axis["log"]:
            return np.log(values / low) / np.log(high / low)
        return (values - low) / (high - low)


def _news(chunk: Chunk, other: Chunk | None) -> tuple[np.ndarray, int]:
    """Return what is new in a chunk, and how to read it.

    The mode is a sum: 1 for differences from the chunk that stands at the same place in the previous block, 2 for
    differences from number to number, 4 if x counts the steps and is left out.
    """
    values = chunk.values
    if chunk.panel < 0:
        if other is not None and other.panel < 0 and len(other.values) == len(values):
            return values - other.values, 1  # modulo 256
        return values, 0
    ways = {2: values}
    if other is not None and other.panel >= 0 and other.steps == chunk.steps:
        known = other.values[: len(values)]
        last = np.broadcast_to(known[-1:], (len(values) - len(known), 2))
        ways[3] = values - np.concatenate([known, last])
    news = {mode: np.diff(way, axis=0, prepend=np.int32(0)) for mode, way in ways.items()}
    if 3 in ways:
        news[1] = ways[3]
    mode = min(news, key=lambda mode: np.log2(1 + np.abs(news[mode][:, chunk.steps :].astype(float))).sum())
    new = news[mode]
    if chunk.steps:
        return new[:, 1], mode + 4
    return new.T.ravel(), mode
