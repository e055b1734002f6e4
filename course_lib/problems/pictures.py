"""Layers for pictures: convolution and pooling.

A picture is a row of side·side·channels numbers, channels last; so flattened digits are pictures of one channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .layers import Layer


@dataclass(frozen=True)
class Conv2d:
    """Every patch of a picture is one row: the same weights see all of them.

    Args:
        side: of the square picture, ≥ 1.
        channels: of the picture, ≥ 1.
        outputs: channels of the result, ≥ 1.
        kernel: side of a patch, ≥ 1; odd for "same", at most ``side`` for "valid".
        padding: ``"same"``: zeros around the picture, so that the result has its size; ``"valid"``: only patches
        that lie
            inside, so that the result has side − kernel + 1.

    Examples:
        >>> layer = Conv2d(side=8, channels=1, outputs=4)
        >>> layer.shape, layer.rows(np.ones((2, 64))).shape  # two pictures, 64 patches each
        ((9, 4), (128, 9))
    """

    side: int
    channels: int
    outputs: int
    kernel: int = 3
    padding: Literal["same", "valid"] = "same"

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weights, (kernel·kernel·channels, outputs)."""
        return self.kernel**2 * self.channels, self.outputs

    @property
    def fans(self) -> tuple[int, int]:
        """How many inputs each output hangs on, and how many outputs each input feeds."""
        return self.shape[0], self.kernel**2 * self.outputs

    @property
    def margin(self) -> int:
        """How many zeros stand around the picture."""
        return self.kernel // 2 if self.padding == "same" else 0

    @property
    def side_after(self) -> int:
        """Side of the result."""
        return self.side + 2 * self.margin - self.kernel + 1

    @property
    def positions(self) -> int:
        """Patches of one picture."""
        return self.side_after**2

    def rows(self, a: np.ndarray) -> np.ndarray:
        """Return all patches as rows, ``(*grid, N·positions, kernel·kernel·channels)``."""
        lead, m, after, k = a.shape[:-1], self.margin, self.side_after, self.kernel
        padded = np.zeros((*lead, self.side + 2 * m, self.side + 2 * m, self.channels), a.dtype)
        padded[..., m : m + self.side, m : m + self.side, :] = a.reshape(
            *lead, self.side, self.side, self.channels
        )
        patches = np.empty((*lead, after, after, k, k, self.channels), a.dtype)
        for i, j in np.ndindex(k, k):
            patches[..., i, j, :] = padded[..., i : i + after, j : j + after, :]
        return patches.reshape(*lead[:-1], -1, self.shape[0])

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Return the adjoint: every number of a patch added to the pixel it was taken from."""
        lead, m, after, k = rows.shape[:-2], self.margin, self.side_after, self.kernel
        patches = rows.reshape(*lead, -1, after, after, k, k, self.channels)
        lead = patches.shape[:-5]
        padded = np.zeros((*lead, self.side + 2 * m, self.side + 2 * m, self.channels), rows.dtype)
        for i, j in np.ndindex(k, k):
            padded[..., i : i + after, j : j + after, :] += patches[..., i, j, :]
        return padded[..., m : m + self.side, m : m + self.side, :].reshape(*lead, -1)


@dataclass(frozen=True)
class Pooled:
    """A layer that sees its picture at half the side: the mean of every square of 2×2 pixels (average pooling).

    Args:
        layer: sees the smaller picture.
        side: of the square picture, even.
        channels: of the picture.

    Examples:
        >>> from course_lib.problems.layers import Dense
        >>> layer = Pooled(Dense(4, 10), side=4, channels=1)
        >>> layer.rows(np.arange(16.0)[None])
        array([[ 2.5,  4.5, 10.5, 12.5]])
    """

    layer: Layer
    side: int
    channels: int

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weights."""
        return self.layer.shape

    @property
    def fans(self) -> tuple[int, int]:
        """The fans of the layer."""
        return self.layer.fans

    @property
    def positions(self) -> int:
        """Rows of one example."""
        return self.layer.positions

    def rows(self, a: np.ndarray) -> np.ndarray:
        """Return the layer's rows of the smaller picture."""
        half = self.side // 2
        squares = a.reshape(*a.shape[:-1], half, 2, half, 2, self.channels)
        return self.layer.rows(squares.mean(axis=(-4, -2)).reshape(*a.shape[:-1], -1))

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Return the adjoint: a quarter to each of the four pixels."""
        small, half = self.layer.back(rows), self.side // 2
        squares = (small / 4).reshape(*small.shape[:-1], half, 1, half, 1, self.channels)
        spread = np.broadcast_to(squares, (*small.shape[:-1], half, 2, half, 2, self.channels))
        return spread.reshape(*small.shape[:-1], -1)
