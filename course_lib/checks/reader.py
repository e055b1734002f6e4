"""What the reader calls: `check`, `hint`, `solution`, `progress`, and `ready` for the demos."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from . import record
from .exercises import all_exercises, find_task
from .notebook import Text, display_now, stale
from .restore import pristine
from .result import Result, judged
from .tasks import Exercise, Task, Verdict, whose

_shown: dict[str, int] = {}  # how many hints of each task were given


def check(function: Callable[..., Any], student: Any = "") -> Result:
    """Check a task: run your function on several cases and say what is right and what is not. Never raises.

    Args:
        function: your function, under the name the exercise gave it.
        student: your name (or the function that returns it), where the exercise varies from student to student.

    Returns:
        The points as a number, and the feedback as HTML.

    Examples:
        >>> def spectral_radius(lr, beta, curvature):
        ...     raise NotImplementedError()
        >>> check(spectral_radius)
        0.0
        >>> print(check(spectral_radius).text.splitlines()[0])
        ○ Not attempted yet · 0 of 3
    """
    with pristine():
        try:
            return _check(function, student)
        except Exception as error:  # a class of the student's may fail wherever it is touched
            words = f"The check itself failed ({type(error).__name__}). Restart the kernel, and run all cells anew."
            return Result(Verdict("?", 0, "raised", "No answer", [words]))


def _check(function: Any, student: Any) -> Result:
    name = getattr(function, "__name__", "")
    found = find_task(name) if isinstance(name, str) else None
    if not callable(function) or found is None:
        return Result(_not_a_task(function, name))
    exercise, task = found
    problem = task.signature_problem(function)
    if problem:
        result = Result(Verdict(task.name, task.points, "wrong", "Not yet right", [problem]))
    else:
        result = judged(exercise, task, task.observe(function), exercise.mine(student))
    if student != "" and (complaint := whose(student)[1]):
        result.remarks.append(f"{complaint} So these are the numbers of nobody.")
    if old := stale(function):
        result.remarks.append(old)
    record.note(task.name, result.verdict.state)
    return result


def _not_a_task(function: Any, name: Any) -> Verdict:
    verdict = Verdict(str(name) or type(function).__name__, 0, "wrong", "There is no such task")
    if not callable(function):
        verdict.lines = [
            "Hand over the function itself, by its name and without parentheses: check(adam_step)."
        ]
    else:
        near = difflib.get_close_matches(
            str(name), [task.name for e in all_exercises() for task in e.tasks], 1
        )
        verdict.lines = [
            "Keep the function's name as the exercise gave it" + (f": {near[0]}?" if near else ".")
        ]
    return verdict


def ready(function: Callable[..., Any], what: str = "a figure", student: Any = "") -> bool:
    """Whether a function passes its check; if not, say in one line what will stand here once it does.

    Args:
        function: the student's function.
        what: what will appear.
        student: as for `check`.
    """
    name = getattr(function, "__name__", "")
    found = find_task(name) if isinstance(name, str) else None
    good = False
    if found and not found[1].signature_problem(function):
        good = found[1].judge(found[1].observe(function), found[0].mine(student)).state == "right"
    if not good:
        print(f"Here will stand, once {name or 'your function'} passes its check: {what}.")
    return good


def hint(task: str | Callable[..., Any]) -> Text:
    """Show the hints of a task; every call shows one more, and those before it again.

    Args:
        task: the task's name, its beginning, or the function.
    """
    found = _named(task)
    if isinstance(found, Text):
        return display_now(found)
    if not found.hints:
        return display_now(Text(f"There is no hint for {found.name}."))
    number = _shown[found.name] = min(_shown.get(found.name, 0) + 1, len(found.hints))
    lines = [f"Hint {i} of {len(found.hints)}: {text}" for i, text in enumerate(found.hints[:number], 1)]
    last = "That was the last one." if number == len(found.hints) else ""
    return display_now(Text("\n".join([*lines, last]).strip()))


def solution(task: str | Callable[..., Any], sure: bool = False) -> Text:
    """Show the solution of a task, once you are sure.

    Args:
        task: the task's name, its beginning, or the function.
        sure: say True, and it is shown.
    """
    found = _named(task)
    if isinstance(found, Text):
        return found
    if not sure:
        left = len(found.hints) - _shown.get(found.name, 0)
        more = f" There {'is 1 hint' if left == 1 else f'are {left} hints'} left." if left > 0 else ""
        return Text(f'Are you sure? Then say  solution("{found.name}", sure=True).{more}')
    return Text(found.source, code=True)


def progress(forget: bool = False) -> Text:
    """Tell what is solved, attempted and open. It stands in a small file in this folder, which you may delete.

    Args:
        forget: delete the file and begin anew.
    """
    if forget:
        record.forget()
    known = record.load()
    lines = []
    for exercise in all_exercises():
        states = [(task, known.get(task.name)) for task in exercise.tasks]
        solved = sum(1 for _, entry in states if isinstance(entry, dict) and entry.get("solved"))
        lines.append(f"{exercise.name}: {solved} of {len(states)} solved")
        begun = any(entry for _, entry in states)
        for task, entry in states if begun else ():
            word = "○ open"
            if isinstance(entry, dict):
                word = "✓ solved" if entry.get("solved") else "△ attempted"
            lines.append(f"    {word:<12} {task.name}")
    return Text("\n".join(lines), code=True)


def variant(exercise: str, student: Any = "") -> dict[str, Any]:
    """Return the numbers of an exercise that vary from student to student.

    Args:
        exercise: its name, such as "02_gradient_descent".
        student: your name or number, or a function that returns it.

    Raises:
        KeyError: if there is no such exercise.

    Examples:
        >>> variant("02_gradient_descent", "Ada") == variant("02_gradient_descent", " ada")
        True
        >>> numbers = variant("02_gradient_descent", lambda: None)
        student() returned None, no text. Is there a return? So these are the numbers of nobody.
    """
    complaint = whose(student)[1]
    if complaint:
        print(f"{complaint} So these are the numbers of nobody.")
    return exercise_named(exercise).mine(student)


def exercise_named(name: str) -> Exercise:
    """Return an exercise.

    Raises:
        KeyError: if there is none of that name.
    """
    for exercise in all_exercises():
        if exercise.name == name:
            return exercise
    raise KeyError(f"there is no exercise {name!r}; there are {', '.join(e.name for e in all_exercises())}")


def _named(task: Any) -> Task | Text:
    name = str(getattr(task, "__name__", task))
    tasks = [t for exercise in all_exercises() for t in exercise.tasks]
    exact = [t for t in tasks if t.name == name]
    begun = exact or [t for t in tasks if t.name.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    names = ", ".join(t.name for t in begun or tasks)
    return Text(f"There is no task {name!r}; there are {names}." if not begun else f"Which one: {names}?")
