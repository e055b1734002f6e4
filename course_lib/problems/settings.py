"""Settings of a problem that are whole numbers or words."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_sizes(name: str, sizes: Any, least: int = 0) -> None:
    """Raise if ``sizes`` is not a tuple of whole numbers ≥ 1, at least ``least`` of them.

    Raises:
        ValueError: naming the setting.
    """
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n >= 1 for n in sizes)
    if not whole or len(sizes) < least:
        number = f", at least {least}" if least else ""
        raise ValueError(f"{name} = {sizes!r} is not allowed: it must hold whole numbers ≥ 1{number}")


def check_choice(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    """Raise if a setting is none of the words allowed.

    Raises:
        ValueError: naming the setting.
    """
    if value not in allowed:
        raise ValueError(f"{name} = {value!r} is not allowed: it must be {' or '.join(map(repr, allowed))}")
