r"""Layers of a network, each a product with one matrix of weights.

.. math:: z = R(a)\, W + b, \qquad a' = \varphi(z)

R lays out the inputs as rows: for a dense layer every example is a row as it is; for a convolution every patch of its
picture is one (that a convolution is a product with a matrix of patches is called im2col). R is linear and has no
weights, so back-propagation needs only its adjoint, and the derivative of a product with weights is written once, in
`network`, for every kind of layer.

Between layers each example is one row, a picture's too: ``(*grid, N, height·width·channels)``, channels last. Arrays
have the runs of a grid first here (see `stacks`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np


class Layer(Protocol):
    """What a network must know of a layer."""

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weights, (inputs of a row, outputs of a row)."""

    @property
    def fans(self) -> tuple[int, int]:
        """How many inputs each output hangs on, and how many outputs each input feeds."""

    @property
    def positions(self) -> int:
        """Rows of one example."""

    def rows(self, a: np.ndarray) -> np.ndarray:
        """Return R(a), ``(*grid, N·positions, inputs of a row)``."""

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Return the adjoint of R: rows brought back to where they were taken from, ``(*grid, N, …)``."""


@dataclass(frozen=True)
class Dense:
    """Every example is one row.

    Args:
        inputs: numbers of an example, ≥ 1.
        outputs: units, ≥ 1.

    Examples:
        >>> Dense(3, 2).shape, Dense(3, 2).positions
        ((3, 2), 1)
    """

    inputs: int
    outputs: int

    @property
    def positions(self) -> int:
        """One row an example."""
        return 1

    @property
    def shape(self) -> tuple[int, int]:
        """The shape of the weights, (inputs of a row, outputs of a row)."""
        return self.inputs, self.outputs

    @property
    def fans(self) -> tuple[int, int]:
        """How many inputs each output hangs on, and how many outputs each input feeds."""
        return self.shape

    def rows(self, a: np.ndarray) -> np.ndarray:
        """Return R(a), ``(*grid, N·positions, inputs of a row)``."""
        return a

    def back(self, rows: np.ndarray) -> np.ndarray:
        """Return the adjoint of R: rows brought back to where they were taken from, ``(*grid, N, …)``."""
        return rows


def dense_layers(sizes: tuple[int, ...]) -> tuple[Dense, ...]:
    """Return the dense layers between layers of so many units.

    Examples:
        >>> dense_layers((64, 32, 10))
        (Dense(inputs=64, outputs=32), Dense(inputs=32, outputs=10))
    """
    return tuple(Dense(*pair) for pair in pairwise(sizes))


class Activation(NamedTuple):
    """A function φ between two layers, with its slope written in terms of its value.

    Args:
        value: z → φ(z), written over z.
        slope: a → φ′(z) where a = φ(z).
        r_slope: (a, R{a}) → R{φ′(z)}.
    """

    value: Callable[[np.ndarray], np.ndarray]
    slope: Callable[[np.ndarray], np.ndarray]
    r_slope: Callable[[np.ndarray, np.ndarray], np.ndarray]


ACTIVATIONS = {
    "relu": Activation(  # slope 0 at the corner; numpy is faster with an array of zeros than with one zero
        value=lambda z: np.maximum(z, np.zeros_like(z), out=z),
        slope=lambda a: a > 0,
        r_slope=lambda a, r_a: np.zeros_like(r_a),
    ),
    "tanh": Activation(
        value=lambda z: np.tanh(z, out=z),
        slope=lambda a: 1 - a * a,
        r_slope=lambda a, r_a: -2 * a * r_a,
    ),
}
