"""The gradients that the microscope shows to a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SEQUENCES: dict[str, Callable[[int], np.ndarray]] = {
    "steady": lambda n: np.ones(n),
    "flips its sign": lambda n: (-1.0) ** np.arange(n),
    "steady with noise": lambda n: 0.3 + np.random.default_rng(0).standard_normal(n),
    "pure noise": lambda n: np.random.default_rng(1).standard_normal(n),
    "rare": lambda n: np.where(np.arange(n) % 40 == 20, 1.0, 0.0),
    "shrinks": lambda n: 0.97 ** np.arange(n),
    "turns around": lambda n: np.where(np.arange(n) < n // 2, 1.0, -1.0),
    "one big step in": lambda n: np.where(np.arange(n) < n // 4, 0.01, 1.0),
    "loud start": lambda n: np.where(np.arange(n) < n // 6, 10.0, 1.0),
}
"""Gradients of one coordinate, by name: a function of the number of steps."""


def sequence(name: str, values: Any) -> np.ndarray:
    """Return a sequence of one's own as an array.

    Raises:
        ValueError: unless it is at least two finite numbers.

    Examples:
        >>> sequence("mine", [1, 2])
        array([1., 2.])
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(
            f"gradients {name!r} is not allowed: give at least two finite numbers, has shape {array.shape}"
        )
    return array
