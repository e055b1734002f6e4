"""Stacks of runs: last in a shape, first in memory.

Everywhere in the course an array is ``(*shape, *grid)``: the runs of a grid come last, so that numpy's trailing
alignment meets them with settings. A product of matrices wants them first, ``(*grid, rows, columns)``, and wants it
so in memory. Both hold at once if a stack is stored with the runs first and handed out as a view with the runs last:
numpy's elementwise operations keep the order in memory, and `to_front` of such a view is contiguous again.
"""

from __future__ import annotations

import numpy as np

from .. import axes as grids


def to_front(a: np.ndarray, axes: int) -> np.ndarray:
    """Return ``(*shape, *grid)`` as ``(*grid, *shape)``, a view; ``axes`` is the length of shape.

    Examples:
        >>> to_front(np.zeros((3, 2, 9, 5)), 2).shape
        (9, 5, 3, 2)
    """
    return grids.to_front(a, a.ndim - axes)


def to_back(a: np.ndarray, axes: int) -> np.ndarray:
    """Return ``(*grid, *shape)`` as ``(*shape, *grid)``, a view; ``axes`` is the length of shape.

    Examples:
        >>> to_back(np.zeros((9, 5, 3, 2)), 2).shape
        (3, 2, 9, 5)
    """
    return grids.to_back(a, a.ndim - axes)


def align(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return ``(n, *g)`` with axes of length 1 put in, so that it meets x, first axis to first.

    Examples:
        >>> align(np.zeros((3, 5)), np.zeros((3, 9, 5))).shape
        (3, 1, 5)
    """
    return a.reshape(len(a), *(1,) * (x.ndim - a.ndim), *a.shape[1:]).astype(x.dtype, copy=False)


def column_sums(a: np.ndarray) -> np.ndarray:
    """Return the sums over the rows, ``(*grid, columns)`` of ``(*grid, rows, columns)``: a product, for BLAS is faster.

    Examples:
        >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    return (np.ones((1, a.shape[-2]), a.dtype) @ a)[..., 0, :]


def keep_freed_memory() -> None:
    """Let the C library keep the memory of arrays that are no longer used, for the next ones.

    A step on a stack of runs makes and drops dozens of temporary arrays of about a megabyte. By default glibc returns
    each to the system and asks for it anew, and every page of it is cleared again: more than half of the time of a
    step. Its threshold follows the largest block it has seen freed, so one block that is never written to settles it.

    `course_lib.problems` calls this once when it is imported. It takes microseconds and no memory; afterwards up to
    48 MB that were freed (twice the block) may stay with the process. Where the C library is another one, nothing
    happens.
    """
    np.empty(24 << 20, np.uint8)
