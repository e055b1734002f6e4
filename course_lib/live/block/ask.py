"""A question that a figure asks before it shows what happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

NOTHING: dict[str, Any] = {"question": "", "answers": [], "happened": "", "right": None}
"""What a figure asks that does not ask."""


def asked(question: str, answers: Sequence[str], happened: str, right: int | None = None) -> dict[str, Any]:
    """Return a question as it is sent to the browser.

    Args:
        question: what is asked.
        answers: two to four to choose from.
        happened: what is said once an answer is chosen, or none is wanted.
        right: the place of the answer that came true, or None where there is no such thing.

    Raises:
        ValueError: for an empty text, another number of answers, or a place that none of them has.

    Examples:
        >>> asked("Does it arrive?", ["yes", "no"], "It arrives at step 40.", right=0)["right"]
        0
    """
    if isinstance(answers, str) or not 2 <= len(answers) <= 4:
        raise ValueError(f"answers = {answers!r} is not allowed: give two to four texts")
    for name, words in (
        ("question", question),
        ("happened", happened),
        *(("answers", one) for one in answers),
    ):
        if not isinstance(words, str) or not words.strip():
            raise ValueError(f"{name} has {words!r}, but it must be a text")
    if right is not None and right not in range(len(answers)):
        raise ValueError(f"right = {right!r} is not allowed: it must be None or 0 … {len(answers) - 1}")
    return {"question": question, "answers": list(answers), "happened": happened, "right": right}
