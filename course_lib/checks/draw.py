"""Numbers of a student's own: drawn until nothing speaks against them, but not for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
TRIES = 1000


def drawn(draw: Callable[[], T], against: Callable[[T], str], tries: int = TRIES) -> T:
    """Draw until nothing speaks against what was drawn.

    Args:
        draw: makes one proposal.
        against: what speaks against a proposal, in words; nothing if it will do.
        tries: how often to draw at most.

    Raises:
        RuntimeError: if none will do. It says what speaks against the last one.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> drawn(lambda: int(rng.integers(10)), lambda n: "odd" if n % 2 else "")
        8
        >>> drawn(lambda: 3, lambda n: "odd" if n % 2 else "")
        Traceback (most recent call last):
        RuntimeError: none of 1000 draws will do. The last was 3: odd
    """
    for _ in range(tries):
        found = draw()
        if not (reason := against(found)):
            return found
    raise RuntimeError(f"none of {tries} draws will do. The last was {found}: {reason}")


def near(answer: float, guesses: Iterable[float], rtol: float, atol: float = 1e-8) -> str:
    """Say which number that one may guess is taken for the answer; nothing if there is none.

    Args:
        answer: the right one.
        guesses: numbers that ought to be wrong.
        rtol: how near a number must be to be taken for the answer, as a part of it.
        atol: the same as a difference; both add up, as in `numpy.isclose`.

    Examples:
        >>> near(0.99, (0.1, 1.0, 2.0), rtol=0.03), near(0.9, (0.1, 1.0, 2.0), rtol=0.03)
        ('the answer 0.99 is too near to the guess 1', '')
    """
    found = (guess for guess in guesses if np.isclose(answer, guess, rtol=rtol, atol=atol))
    return next((f"the answer {answer:.4g} is too near to the guess {guess:.4g}" for guess in found), "")


def alike(numbers: Sequence[tuple[float, str]], apart: float = 0.0) -> str:
    """Say which two numbers are equal, or so near that one is taken for the other; nothing if there are none.

    Args:
        numbers: positive ones, each with what it is.
        apart: how far the logarithms of two numbers must be from each other, at least.

    Examples:
        >>> alike([(2.0, "2/lr"), (3.0, "the answer"), (3.01, "1/lr")], apart=0.03)
        'the answer (3) and 1/lr (3.01) are too near to each other'
    """
    for i, (number, name) in enumerate(numbers):
        for other, other_name in numbers[:i]:
            if not abs(np.log(number / other)) > apart:
                return f"{other_name} ({other:.4g}) and {name} ({number:.4g}) are too near to each other"
    return ""
