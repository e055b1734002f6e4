"""Fresh cases: right code in other words stays right with any numbers, and no task is without one that differs."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import compare
from course_lib.checks.exercises import all_exercises
from course_lib.checks.fresh import ABOUT, fresh
from course_lib.checks.kinds import Code
from course_lib.checks.observe import observe

from .correct import variants

CODED = [
    (exercise, k) for exercise in all_exercises() for k, t in enumerate(exercise.tasks) if isinstance(t, Code)
]
UNMOVED = {"epoch_batches", "count_directions", "flip_p"}
"""Counts, properties of a shuffle, a p that no unit changes: the answers are the same for other numbers of the kind."""


def drawn(exercise, k, seed):
    task = fresh(exercise, seed).tasks[k]
    return task, [i for i, case in enumerate(task.plan.cases) if case.get("about") == ABOUT]


@pytest.mark.slow
@pytest.mark.parametrize(("exercise", "k"), CODED, ids=lambda value: getattr(value, "name", value))
def test_right_code_in_other_words_is_right_with_fresh_numbers(exercise, k):
    for seed in (1, 2):
        task, places = drawn(exercise, k, seed)
        cases, wanted = [task.plan.cases[i] for i in places], [task.expected[i] for i in places]
        assert not any(run.trouble for run in wanted) and all(run.seen for run in wanted)
        for name, function in variants(task):
            runs = observe(task.drive, function, cases, ours=True)
            assert compare.first_difference(runs, wanted) is None, (name, seed)


@pytest.mark.parametrize(("exercise", "k"), CODED, ids=lambda value: getattr(value, "name", value))
def test_another_seed_asks_for_other_numbers(exercise, k):
    (task, places), (other, _) = (drawn(exercise, k, seed) for seed in (1, 2))
    ordinary = exercise.tasks[k].plan.cases
    assert places and task.plan.deciding == exercise.tasks[k].plan.deciding + len(places)
    assert len(task.plan.telling) == len(exercise.tasks[k].plan.telling)
    one, two = (
        observe(t.drive, t.solution, [t.plan.cases[i] for i in places], ours=True) for t in (task, other)
    )
    assert task.name in UNMOVED or any(
        not compare.as_far_as_seen(a, b) for a, b in zip(one, two, strict=True)
    )
    assert all(
        np.isfinite(seen.value).all()
        for run in one
        for seen in run.seen
        if isinstance(seen.value, np.ndarray)
    )
    assert len(ordinary) + len(places) == len(task.plan.cases)
