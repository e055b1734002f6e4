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
        z = z - z.max(axis=-1, keepdims=True)
        log_sums = np.log(np.exp(z).sum(axis=-1))
        chosen = np.sum(z, axis=-1, where=one_hot(labels, z))
        return (log_sums - chosen).mean(axis=-1)

    def error(self, z: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return ∇f of each example, P − Y."""
        error = softmax(z)
        error -= one_hot(labels, z)
        return error

    def curvature(self, z: np.ndarray, r_z: np.ndarray) -> np.ndarray:
        """Return ∇²f · r_z of each example: also what P − Y changes by as z changes by r_z."""
        p = softmax(z)
        return p * (r_z - np.sum(p * r_z, axis=-1, keepdims=True))

    def drawn(self, z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return labels drawn from P."""
        below = softmax(z).cumsum(axis=-1) < rng.random((*z.shape[:-1], 1))
        return np.minimum(below.sum(axis=-1), z.shape[-1] - 1)


def softmax(z: np.ndarray) -> np.ndarray:
    """Return the softmax over the last axis; the maximum is taken out so that exp cannot overflow."""
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p /= p.sum(axis=-1, keepdims=True)
    return p


def one_hot(labels: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the labels as rows of False with one True, as many as z has columns."""
    return labels[..., None] == np.arange(z.shape[-1])
