"""Values as JSON and back, between the grader and the process of a submission.

What both sides carry alike is here: numbers, text, arrays, and lists, tuples, dicts and sets of them. What stays where
it is – a function, an iterator, an object of the student's own – goes by number; each side says how.
"""

from __future__ import annotations

import base64
import math
import numbers
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from ..checks.values import LARGEST

TEXT = 10_000
"""So much of a text is carried."""
PARTS = 4 * LARGEST
"""So many numbers and other parts a value may have in all."""
DEEPEST = 40
"""So deep may lists stand in lists."""

ERRORS = (TypeError, ValueError, KeyError, IndexError, AttributeError, NameError, ZeroDivisionError, OverflowError,
          FloatingPointError, RecursionError, MemoryError, NotImplementedError, AssertionError, np.linalg.LinAlgError,
          ArithmeticError, LookupError, RuntimeError, OSError, Exception)  # fmt: skip
"""The kinds of errors that are told apart."""

Other = Callable[[Any], Any]


class Unfit(ValueError):
    """Raised for what is too large to be carried, or is no value."""


def packed(value: Any, other: Other) -> Any:
    """Return a value as JSON.

    Args:
        value: the value.
        other: says in JSON what cannot be carried.

    Raises:
        Unfit: if it has too many parts.

    Examples:
        >>> packed((1, {"m": 0.5}), repr)
        {'tuple': [1, {'dict': [['m', 0.5]]}]}
    """
    return _Packer(other).pack(value, 0)


class _Packer:
    def __init__(self, other: Other) -> None:
        self.other, self.parts = other, 0

    def pack(self, value: Any, depth: int) -> Any:
        self.parts += 1
        if self.parts > PARTS or depth > DEEPEST:
            raise Unfit("it has too many parts")
        kind = type(value)
        if value is None or kind in (bool, int, float):
            return value
        if isinstance(value, (np.ndarray, np.generic)):
            return self._array(value, depth)
        if isinstance(value, str):
            return str.__str__(value)[:TEXT]
        if isinstance(value, dict):
            return {"dict": [[self.pack(part, depth + 1) for part in pair] for pair in dict.items(value)]}
        for name, sequence in (("list", list), ("tuple", tuple), ("set", (set, frozenset))):
            if isinstance(value, sequence):
                return {name: [self.pack(part, depth + 1) for part in value]}
        if isinstance(value, (numbers.Real, Decimal)):
            return float(value)
        if isinstance(value, complex):
            return {"complex": [value.real, value.imag]}
        return self.other(value)

    def _array(self, value: Any, depth: int) -> Any:
        array = np.asarray(value)
        if array.dtype.kind == "O" and array.size <= LARGEST:
            return {"objects": [list(array.shape), [self.pack(part, depth + 1) for part in array.ravel()]]}
        if array.dtype.kind not in "fiubc" or array.size > LARGEST:
            return self.other(value)
        name = "array" if isinstance(value, np.ndarray) else "scalar"
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {name: [array.dtype.str, list(array.shape), data]}


def unpacked(data: Any, other: Callable[[str, Any], Any]) -> Any:
    """Return a value from JSON.

    Args:
        data: what `packed` made; nothing about it is trusted.
        other: makes a value of a name and what stands under it, where `packed` asked its own ``other``.

    Raises:
        Unfit: if it is no value.

    Examples:
        >>> unpacked(packed((1, {"m": np.ones(2)}), repr), print)
        (1, {'m': array([1., 1.])})
    """
    try:
        return _value(data, other)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Unfit(f"it is no value ({type(error).__name__})") from None


def _value(data: Any, other: Callable[[str, Any], Any]) -> Any:
    if not isinstance(data, dict):
        if isinstance(data, list):
            raise Unfit("a bare list")
        return data
    ((name, inside),) = data.items()
    if name in ("list", "tuple", "set"):
        return {"list": list, "tuple": tuple, "set": set}[name]([_value(part, other) for part in inside])
    if name == "dict":
        return {_value(key, other): _value(part, other) for key, part in inside}
    if name == "complex":
        return complex(*inside)
    if name in ("array", "scalar"):
        array = _array(*inside)
        return array if name == "array" else array[()]
    if name == "objects":
        shape, parts = inside
        array = np.empty(len(parts), object)
        array[:] = [_value(part, other) for part in parts]
        return array.reshape([int(n) for n in shape])
    return other(name, inside)


def _array(kind: str, shape: list[int], text: str) -> np.ndarray:
    dtype = np.dtype(str(kind))
    if dtype.kind not in "fiubc" or math.prod(shape) > LARGEST:
        raise Unfit(f"an array of {dtype}")
    array = np.frombuffer(base64.b64decode(text), dtype).reshape([int(n) for n in shape])
    return array.copy()


def told_of(error: Exception) -> list[str]:
    """Return an error as JSON: its name, its kind, its text."""
    kind = next(base.__name__ for base in type(error).__mro__ if base in ERRORS)
    try:
        return [type(error).__name__, kind, str(error)[:500]]
    except Exception:  # a student's error may have a __str__ that fails
        return [type(error).__name__, kind, ""]


def error_of(name: str, kind: str, text: str, *kinds: type[Exception]) -> Exception:
    """Return an error again, of the kinds that are given beside its own.

    Examples:
        >>> error_of(*told_of(np.linalg.LinAlgError("no square")))
        LinAlgError('no square')
    """
    own = next((base for base in ERRORS if base.__name__ == kind), Exception)
    bases = (*kinds, own) if own is not Exception else kinds or (own,)
    error: Exception = type(str(name)[:100], bases, {"__str__": lambda self: str(text)})(str(text))
    return error
