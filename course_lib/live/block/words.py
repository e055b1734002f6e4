"""What went wrong, in words that a figure shows."""

from __future__ import annotations

import traceback


def in_words(error: Exception) -> str:
    """Return what went wrong and in which line of whose code.

    Examples:
        >>> try:
        ...     1 / 0
        ... except ZeroDivisionError as error:
        ...     in_words(error).splitlines()[0]
        'ZeroDivisionError: division by zero'
    """
    words = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return words
    last = frames[-1]
    return f"{words}\n(in {last.name}, line {last.lineno}: {last.line})" if last.line else words
