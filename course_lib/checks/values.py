"""What a student's function may return: numbers, text, or in words what it is instead."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from .elsewhere import Elsewhere
from .guard import readable

LARGEST = 100_000
"""An array with more numbers than this is not looked at."""


@dataclass(frozen=True)
class Odd:
    """A value that is no array of real numbers, in words.

    Args:
        words: what it is.
        wanted: what was asked for; empty if that is the kind of the right value.
    """

    words: str
    wanted: str = ""


Value = np.ndarray | Odd | str


def as_numbers(value: Any) -> np.ndarray | Odd:
    """Return a copy as an array of floats, or in words what it is instead.

    Examples:
        >>> as_numbers([1, 2])
        array([1., 2.])
        >>> as_numbers(None), as_numbers("2"), as_numbers(1j)
        (Odd(words='None', wanted=''), Odd(words="text, '2'", wanted=''), Odd(words='complex numbers', wanted=''))
    """
    if isinstance(value, Elsewhere) and value.array is None:
        return Odd(value.numbers)
    if value is None or isinstance(value, (str, bytes, dict, set)) or callable(value):
        return Odd(described(value))
    try:
        array = np.array(value)
    except (ValueError, TypeError):
        return Odd(described(value) + " whose parts have different shapes" * isinstance(value, (list, tuple)))
    if array.dtype.kind == "O" and all(isinstance(v, (numbers.Real, Decimal)) for v in array.ravel()):
        array = array.astype(float)  # fractions and decimals are numbers
    if array.dtype.kind == "c":
        return Odd("complex numbers")
    if array.dtype.kind not in "fiub":
        return Odd(described(value))
    if array.size > LARGEST:
        return Odd(f"an array of {array.size:,} numbers")
    return array.astype(float)


def described(value: Any) -> str:
    """Return in a few words what a value is; never raises."""
    if value is None:
        return "None"
    if isinstance(value, Elsewhere):
        return value.words
    kind = type(value).__name__
    if isinstance(value, str):
        return f"text, {readable(value[:30])!r}"
    if isinstance(value, (tuple, list)):
        return f"a {kind} of {len(value)}"
    if type(value) is np.ndarray:
        return f"an array of {value.dtype} of shape {value.shape}"
    if callable(value):
        return f"a function ({getattr(value, '__name__', kind)})"
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}"
