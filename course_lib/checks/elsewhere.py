"""Values that stay in another process: here they have words only, and what can be called is called there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .guard import Outcome


class Elsewhere:
    """A value that cannot be carried.

    Args:
        words: what it is.
        numbers: what it is where numbers were asked for.

    Attributes:
        array: what numpy reads of it, if it can.

    Examples:
        >>> Elsewhere("a Tensor").words
        'a Tensor'
    """

    def __init__(self, words: str, numbers: str = "") -> None:
        self.words, self.numbers = words, numbers or words
        self.array: np.ndarray | None = None

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self.array is None:
            raise TypeError(f"this is {self.words}, no array of numbers")
        return np.array(self.array, dtype)


class Far(Elsewhere):
    """A function that is called in another process. What a subclass adds: how."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it there."""
        raise NotImplementedError

    def guarded(self, call: Callable[[], Any], seconds: float) -> Outcome:
        """Run code of the course's own that calls this function, and tell what came of it there; never raises."""
        raise NotImplementedError

    def stop(self, reason: str) -> None:
        """Stop the function that is running there, for a reason in words."""
        raise NotImplementedError
