"""What the shapes are made of: half a cosine, and numbers that are shares of a whole."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def anneal(start: float, end: float, done: float) -> float:
    """Half a cosine from ``start`` to ``end``, of which the share ``done`` is over."""
    return end + (start - end) * (1 + math.cos(math.pi * min(1.0, done))) / 2


def share(name: str, value: Any) -> float:
    """Return a number as a float.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is not in [0, 1].
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(f"{name} = {value!r} is not a number: it must be in [0, 1]")
    if not 0 <= value <= 1:
        raise ValueError(f"{name} = {value!r} is not allowed: it must be in [0, 1]")
    return float(value)
