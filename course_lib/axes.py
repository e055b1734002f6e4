"""Where the axes of a grid stand: last in the course's arrays, first where numpy's products of matrices want them."""

from __future__ import annotations

import numpy as np


def to_front(a: np.ndarray, grid: int) -> np.ndarray:
    """Return ``(*shape, *grid)`` as ``(*grid, *shape)``, a view; ``grid`` is how many axes the grid has.

    Examples:
        >>> to_front(np.ones((3, 4, 5, 6)), 2).shape
        (5, 6, 3, 4)
    """
    shape = a.ndim - grid
    return a.transpose(*range(shape, a.ndim), *range(shape)) if grid else a


def to_back(a: np.ndarray, grid: int) -> np.ndarray:
    """Return ``(*grid, *shape)`` as ``(*shape, *grid)``, a view; ``grid`` is how many axes the grid has.

    Examples:
        >>> to_back(np.ones((5, 6, 3, 4)), 2).shape
        (3, 4, 5, 6)
    """
    return a.transpose(*range(grid, a.ndim), *range(grid)) if grid else a
