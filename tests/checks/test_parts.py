"""Points for parts that are right: off by default, and a number that nbgrader reads."""

from __future__ import annotations

import dataclasses

import pytest

from course_lib.checks.exercises import all_exercises, find_task
from course_lib.checks.kinds import Code
from course_lib.checks.result import judged

EXERCISE, ADAM = find_task("adam_step")
TASK = dataclasses.replace(ADAM, parts={"m": 0.5, "v": 1})


def changed(name):
    return ADAM.version(next(m.change for m in ADAM.wrong if m.name == name))


def test_off_by_default():
    assert not any(task.parts for e in all_exercises() for task in e.tasks if isinstance(task, Code))
    assert ADAM.judge(ADAM.observe(changed("no bias correction")), {}).points == 0


@pytest.mark.parametrize(
    ("name", "points", "words"),
    [
        ("no bias correction", 1.5, "m and v are right in all cases"),
        ("g not squared in v", 0.5, "m is right in all cases"),
        ("lr in m", 1, "v is right in all cases"),
        ("m and v add up in place of averaging", 0, ""),
        ("^ in place of **", 0, ""),
    ],
)
def test_the_number_is_what_nbgrader_reads(name, points, words):
    runs = TASK.observe(changed(name))
    result = judged(EXERCISE, TASK, runs, {})
    assert float(repr(result)) == result.points == points  # what nbgrader reads
    assert words in result.text and (f"· {points:g} of 4" in result.text)


def test_right_code_has_all_points():
    assert TASK.judge(TASK.observe(ADAM.solution), {}).points == 4


def test_a_part_counts_only_where_it_is_right_in_every_case():
    def adam_step(x, g, state, lr, beta1, beta2, eps):  # the mean stops after ten steps
        new, memory = ADAM.solution(x, g, state, lr, beta1, beta2, eps)
        return new + 1, memory if state["t"] < 10 else state

    assert TASK.judge(TASK.observe(adam_step), {}).points == 0
