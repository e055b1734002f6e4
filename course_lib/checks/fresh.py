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
        [15, 19]
    """
    rng = np.random.default_rng(seed)
    return dataclasses.replace(exercise, tasks=[_with_fresh(task, rng) for task in exercise.tasks])


def _with_fresh(task: Task, rng: np.random.Generator) -> Task:
    if not isinstance(task, Code):
        return task  # numbers of one's own, or goals: there is nothing to know by heart
    named = [_drawn(case, rng) for case in task.cases.named]
    cases = Cases(task.cases.named, [*task.cases.edges, *named], task.cases.clues)
    return dataclasses.replace(task, cases=cases)


def _drawn(case: Case, rng: np.random.Generator) -> Case:
    """Return a case with other real numbers; where it has none, with whole numbers a few times as large."""
    plain = {name: value for name, value in case.items() if name != "about"}
    new = {name: _scaled(value, rng) for name, value in plain.items()}
    if all(new[name] is value for name, value in plain.items()):
        times = int(rng.integers(2, 5))  # one for all: which of them is the larger may matter
        new = {
            name: value * times if type(value) is int and value > 1 else value
            for name, value in plain.items()
        }
    return {**new, "about": ABOUT}


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
