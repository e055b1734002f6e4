"""Whole numbers among a problem's settings."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_sizes(name: str, sizes: Any) -> None:
    """Raise if ``sizes`` is not a tuple of whole numbers ≥ 1.

    Raises:
        ValueError: naming the setting.
    """
    if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in sizes):
        raise ValueError(f"{name} = {sizes!r} is not allowed: it must hold whole numbers ≥ 1")
