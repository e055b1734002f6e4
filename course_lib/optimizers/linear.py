"""Linear algebra on grids: the grid is moved to the front, where numpy's matrix functions want it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def per_run(value: Any, axes: int) -> Any:
    """Return a ``grid``-shaped hyperparameter as ``(*grid, 1, …)``, to meet ``(*grid, *shape)``; a number as it is."""
    return value[(..., *(None,) * axes)] if isinstance(value, np.ndarray) else value


def eigen(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues, ascending, and eigenvectors of symmetric matrices ``(…, n, n)``.

    numpy raises where a matrix is not finite; here its eigenvalues are NaN, so that a run that has diverged does not
    stop the others of its grid. For pairs of coordinates there is a closed form, several times faster on a grid.
    """
    bad = ~np.isfinite(a).all(axis=(-2, -1))
    if a.shape[-1] == 2:
        return _eigen_of_pairs(np.where(bad[..., None, None], np.nan, a))
    if not bad.any():
        values, vectors = np.linalg.eigh(a)
        return values, vectors
    values, vectors = np.linalg.eigh(np.where(bad[..., None, None], np.eye(a.shape[-1], dtype=a.dtype), a))
    return np.where(bad[..., None], np.nan, values), vectors


def _eigen_of_pairs(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Return `eigen` of ``(…, 2, 2)``.

    A rotation by :math:`\theta` with :math:`\tan 2\theta = 2 a_{21} / (a_{11} - a_{22})` makes the matrix diagonal.
    """
    first, second, off = a[..., 0, 0] / 2, a[..., 1, 1] / 2, a[..., 1, 0]
    radius, angle = np.hypot(first - second, off), np.arctan2(off, first - second) / 2
    values = (first + second)[..., None] + np.stack([-radius, radius], axis=-1)
    cos, sin = np.cos(angle), np.sin(angle)
    return values, np.stack([np.stack([-sin, cos], -1), np.stack([cos, sin], -1)], -2)


def right_singular(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return singular values, descending, and right singular vectors as rows, of matrices ``(…, m, n)``, m ≥ n.

    They are NaN for a matrix that is not finite, as in `eigen`.

    Examples:
        >>> sizes, rows = right_singular(np.array([[0.0, 2.0], [3.0, 0.0], [4.0, 0.0]]))
        >>> print(sizes, np.abs(rows))
        [5. 2.] [[1. 0.]
         [0. 1.]]
    """
    bad = ~np.isfinite(a).all(axis=(-2, -1))
    _, sizes, rows = np.linalg.svd(np.where(bad[..., None, None], 0, a), full_matrices=False)
    return np.where(bad[..., None], np.nan, sizes), rows


def spectral(a: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    r"""Return :math:`f(A) = Q f(\Lambda) Q^\top` for symmetric matrices ``(…, n, n)``.

    Examples:
        >>> print(spectral(np.array([[5.0, 4.0], [4.0, 5.0]]), np.sqrt))
        [[2. 1.]
         [1. 2.]]
    """
    values, q = eigen(a)
    return (q * function(values)[..., None, :]) @ q.mT


def solve(a: np.ndarray, b: np.ndarray, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    r"""Return :math:`Q f(\Lambda)^{-1} Q^\top b` for symmetric ``(…, n, n)`` and vectors ``(…, n)``.

    Along a direction where f is exactly 0 the answer is 0.

    Examples:
        >>> print(solve(np.diag([2.0, 0.0]), np.array([4.0, 0.0]), lambda values: values))
        [2. 0.]
    """
    values, q = eigen(a)
    parts = (q.mT @ b[..., None])[..., 0]
    scale = function(values)
    flat = scale == 0
    parts = np.where(flat, 0, parts / np.where(flat, 1, scale))
    return (q @ parts[..., None])[..., 0]
