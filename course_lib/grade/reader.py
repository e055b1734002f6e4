"""What stands in place of `course_lib.checks.reader` where submissions run: it has no solutions, and judges nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from course_lib.checks.notebook import Text
from course_lib.checks.tasks import whose

ELSEWHERE = Text("This notebook is being graded. Checks, hints and solutions are not here.")

numbers: Callable[[str, str], dict[str, Any]] = lambda exercise, name: {}  # noqa: E731 - the grader puts its own here


def check(function: Any = None, student: Any = "") -> Text:
    """Say that the grader judges elsewhere."""
    return ELSEWHERE


def ready(function: Any = None, what: str = "", student: Any = "") -> bool:
    """No demo is shown here."""
    return False


def hint(task: Any = "") -> Text:
    """There are no hints here."""
    return ELSEWHERE


def solution(task: Any = "", sure: bool = False) -> Text:
    """There are no solutions here."""
    return ELSEWHERE


def progress(forget: bool = False) -> Text:
    """Nothing is noted here."""
    return ELSEWHERE


def variant(exercise: str, student: Any = "") -> dict[str, Any]:
    """Return the numbers of an exercise that vary from student to student, as the grader knows them."""
    return numbers(exercise, whose(student)[0])
