"""Fresh cases for a grading: with other numbers than those that everybody can read in the course's source.

They only decide whether a function is right. Which mistake it is, is told by the cases that are always the same.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from .cases import Case, Cases
from .kinds import Code
from .tasks import Exercise, Task

ABOUT = "numbers drawn for this grading"


def fresh(exercise: Exercise, seed: int) -> Exercise:
    """Return an exercise whose tasks have a fresh case beside each of their ordinary ones.

    Args:
        exercise: the exercise; it is not changed.
        seed: of the numbers; the same one gives the same cases.

    Examples:
        >>> from course_lib.checks.reader import exercise_named
        >>> exercise = exercise_named("08_adam")
        >>> [task.plan.deciding for task in (exercise.tasks[0], fresh(exercise, 1).tasks[0])]
        [17, 21]
    """
    rng = np.random.default_rng(seed)
    return dataclasses.replace(exercise, tasks=[_with_fresh(task, rng) for task in exercise.tasks])


def _with_fresh(task: Task, rng: np.random.Generator) -> Task:
    if not isinstance(task, Code):
        return task  # numbers of one's own, or goals: there is nothing to know by heart
    named = [{**case, **_drawn(case, rng), "about": ABOUT} for case in task.cases.named]
    changed = [new for new, old in zip(named, task.cases.named, strict=True) if not _same(new, old)]
    cases = Cases(task.cases.named, [*task.cases.edges, *changed], task.cases.clues)
    return dataclasses.replace(task, cases=cases)


def _drawn(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """Return the real numbers of a case, each array by one factor larger or smaller; 0, 1 and whole numbers stay."""
    return {name: _scaled(value, rng) for name, value in case.items() if name != "about"}


def _scaled(value: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, dict):
        return {name: _scaled(part, rng) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(_scaled(part, rng) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return value * rng.uniform(0.85, 1.15)
    if isinstance(value, float):
        # what lies between 0 and 1 may have to stay there
        return value ** rng.uniform(0.9, 1.1) if 0 < value < 1 else value * rng.uniform(0.9, 1.1)
    return value


def _same(new: Case, old: Case) -> bool:
    return all(new[name] is value for name, value in old.items() if name != "about")
