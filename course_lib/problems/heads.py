"""What stands at the end of a network: the loss as a function of its scores, its slope and its curvature.

Scores z are ``(*grid, N, outputs)``, the runs first (see `stacks`). Every head is the negative logarithm of a
probability, and so can draw targets from the model: what a Fisher matrix is made of.
"""

from __future__ import annotations

from typing import Any

import numpy as np


class CrossEntropy:
    r"""Labels under a softmax.

    .. math::
        P = \operatorname{softmax}(z), \qquad f = -\log P_y, \qquad
        \nabla_z f = P - Y, \qquad \nabla_z^2 f = \operatorname{diag} P - P P^\top

    with Y the label as a one-hot row. Targets are labels ``(*grid, N)``.
    """

    def loss(self, z: np.ndarray, labels: np.ndarray) -> Any:
        """Return the mean loss, ``grid``-shaped."""
        z = from_the_top(z)
        chosen = np.where(one_hot(labels, z), z, 0).sum(axis=-2)
        return (np.log(np.exp(z).sum(axis=-2)) - chosen).mean(axis=-1)

    def error(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return ∇f of each example, P − Y."""
        p = softmax(z)
        p -= one_hot(labels, p)
        return p.mT

    def curvature(self, z: np.ndarray, r_z: np.ndarray) -> np.ndarray:
        """Return ∇²f · r_z of each example: also what P − Y changes by as z changes by r_z."""
        p = softmax(z).mT
        return p * (r_z - np.sum(p * r_z, axis=-1, keepdims=True))

    def drawn(self, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return labels drawn from P."""
        below = softmax(z).cumsum(axis=-2) < rng.random((*z.shape[:-2], 1, z.shape[-2]))
        return np.minimum(below.sum(axis=-2), z.shape[-1] - 1)


class HalfSquaredError:
    r"""Numbers with an error of the same size everywhere.

    .. math::
        f = \frac{1}{2D} \lVert z - y \rVert^2, \qquad \nabla_z f = (z - y) / D, \qquad \nabla_z^2 f = I / D

    for D outputs: the negative logarithm of a Gaussian probability with mean z and variance D. Targets are ``(*grid,
    N, D)``.
    """

    def loss(self, z: np.ndarray, y: np.ndarray) -> Any:
        """Return the mean loss, ``grid``-shaped."""
        return 0.5 * np.square(z - y).mean(axis=(-2, -1))

    def error(self, z: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return ∇f of each example, (z − y)/D."""
        return (z - y) / z.shape[-1]

    def curvature(self, z: np.ndarray, r_z: np.ndarray) -> np.ndarray:
        """Return ∇²f · r_z of each example: also what (z − y)/D changes by as z changes by r_z."""
        return r_z / z.shape[-1]

    def drawn(self, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return targets drawn from the Gaussian."""
        return z + (np.sqrt(z.shape[-1]) * rng.standard_normal(z.shape)).astype(z.dtype)


# Classes stand before examples below, (*grid, classes, N): over a short last axis numpy's sums and maxima are slow.


def from_the_top(z: np.ndarray) -> np.ndarray:
    """Return each example's scores less their maximum, so that exp cannot overflow, classes first."""
    z = np.array(z.mT, order="C")
    z -= z.max(axis=-2, keepdims=True)
    return z


def softmax(z: np.ndarray) -> np.ndarray:
    """Return the softmax of each example's scores, classes first."""
    p = from_the_top(z)
    np.exp(p, out=p)
    p /= p.sum(axis=-2, keepdims=True)
    return p


def one_hot(labels: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the labels as columns of False with one True, as many rows as z has."""
    return labels[..., None, :] == np.arange(z.shape[-2])[:, None]
