"""What surfaces, runs and schedules ask alike of their arguments."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return a whole number that is at least ``low``, and at most ``high`` if that is given, or raise.

    Examples:
        >>> whole("epochs", np.int64(3), 0)
        3
        >>> whole("epochs", -1, 0)
        Traceback (most recent call last):
        ValueError: epochs = -1 is not allowed: it must be ≥ 0
        >>> whole("dimension", 21, 1, 20)
        Traceback (most recent call last):
        ValueError: dimension = 21 is not allowed: it must be in 1 … 20
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} = {value!r} is not a whole number: it must be an int ≥ {low}")
    if value < low or (high is not None and value > high):
        allowed = f"≥ {low}" if high is None else f"in {low} … {high}"
        raise ValueError(f"{name} = {value} is not allowed: it must be {allowed}")
    return int(value)


def progress_bar(total: int, unit: str, shown: bool = True, leave: bool = True) -> Any:
    """Return a progress bar, silent unless it is to be shown; ``leave`` keeps it there when it is full."""
    from tqdm.auto import tqdm

    if sys.platform == "emscripten":
        tqdm.monitor_interval = 0  # tqdm's monitor is a thread
    return tqdm(total=total, unit=unit, disable=not shown, leave=leave)
