"""What `simulate`, `train`, `sweep` and the schedules ask alike of their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np


def whole(name: str, value: Any, low: int) -> int:
    """Return a whole number that is at least ``low``, or raise.

    Examples:
        >>> whole("epochs", np.int64(3), 0)
        3
        >>> whole("epochs", -1, 0)
        Traceback (most recent call last):
        ValueError: epochs = -1 is not allowed: it must be ≥ 0
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} = {value!r} is not a whole number: it must be an int ≥ {low}")
    if value < low:
        raise ValueError(f"{name} = {value} is not allowed: it must be ≥ {low}")
    return int(value)


def progress_bar(total: int, unit: str, shown: bool) -> Any:
    """Return a progress bar, silent unless it is to be shown."""
    from tqdm.auto import tqdm

    return tqdm(total=total, unit=unit, disable=not shown)
