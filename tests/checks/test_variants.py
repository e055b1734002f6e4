"""Numbers of each student's own: no answer can be handed round, and no shortcut is right."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.checks import check, variant
from course_lib.checks.exercises import all_exercises, ex19
from course_lib.checks.kinds import Goal, Number
from course_lib.checks.observe import observe
from course_lib.checks.tasks import whose

STUDENTS = ["", "Ada", *map(str, range(4700, 4798))]
VARIED = [
    (e, t)
    for e in all_exercises()
    for t in e.tasks
    if isinstance(t, Number) or (isinstance(t, Goal) and "mine" in t.solution.__code__.co_names)
]
SHORTCUTS = {
    "valley_settings": [(1, 0), (0.5, 0.5), (1, 0.9), (0.1, 0.9), (0.01, 0.9), (2, 0.8), (3.2, 0.75)],
    "circle_settings": [
        (1 / 9, 4 / 9),
        (0.1, 0.9),
        (1, 0.9),
        (0.01, 0.9),
        (0.0906, 0.91),
        (2.8, 0.44),
        (2.3, 0.91),
    ],
    "curve_settings": [
        (20, 300, 0.1),
        (10, 500, 0),
        (30, 600, 0.1),
        (1, 250, 0),
        (25, 650, 0.15),
        (1, 2, 1),
    ],
    "text_settings": [
        (0.5, 0.15),
        (1, 1),
        (0.1, 0.1),
        (0.01, 0.01),
        (1e-3, 1e-3),
        (1e-4, 1e-2),
        (0.45, 0.13),
    ],
    "defend": [
        [(-1, 1, 1, "cannot tell")] * 4,
        [(0, 0, 0.05, "better")] * 4,
        [(-1.5, 4.0, 0.25, "cannot tell")] * 4,
        [
            (2, 8, 0.008, "better"),
            (-8, -2, 0.008, "worse"),
            (-1, 1, 1, "cannot tell"),
            (0, 2, 0.07, "cannot tell"),
        ],
    ],
}
NUMBERS = [0, 1, 0.5, 2, 0.1, 0.01, 1e-3, 1.9]


def answers(exercise, task, students):
    """The right answer of each of these students."""
    for student in students:
        mine = exercise.mine(student)
        function = task.solution
        names = {**function.__globals__, "mine": mine}
        yield mine, type(function)(function.__code__, names, function.__name__)()


def right(task, answer, mine):
    return task.judge(observe(task.drive, lambda: answer, [{}], ours=True), mine).state == "right"


@pytest.mark.parametrize("count", [30, pytest.param(len(STUDENTS), marks=pytest.mark.slow)])
@pytest.mark.parametrize(("exercise", "task"), VARIED, ids=lambda value: getattr(value, "name", ""))
def test_no_answer_suits_many_and_no_shortcut_anybody(exercise, task, count):
    own = list(answers(exercise, task, STUDENTS[:count]))
    assert all(right(task, answer, mine) for mine, answer in own)
    for _, answer in own[:: len(own) // 3]:  # some, tried on all
        assert sum(right(task, answer, mine) for mine, _ in own) <= len(own) / 10
    for shortcut in SHORTCUTS.get(task.name, NUMBERS):
        if shortcut in (1.9, (3.2, 0.75)):  # no shortcut, but once right for everybody
            assert sum(right(task, shortcut, mine) for mine, _ in own) <= len(own) / 10
        else:
            assert not any(right(task, shortcut, mine) for mine, _ in own), shortcut


@pytest.mark.parametrize(
    ("student", "name", "words"),
    [
        (12345, "12345", ""),
        (lambda: 12345, "12345", ""),
        (lambda: " Ada ", "Ada", ""),
        (lambda: "", "", ""),
        (lambda: None, "", "Is there a return?"),
        (lambda: Ada, "", "Put the name in quotes"),  # noqa: F821
        (lambda: ["Ada"], "", "Return text, in quotes"),
        (1.5, "", "is no name"),
    ],
)
def test_a_name_or_the_reason_why_there_is_none(student, name, words, capsys):
    assert whose(student)[0] == name
    assert words in whose(student)[1] and bool(words) == bool(whose(student)[1])
    assert variant("04_momentum", student) == variant("04_momentum", name)
    assert (words in capsys.readouterr().out) and bool(words) == bool(whose(student)[1])


def test_the_check_says_whose_numbers_it_took(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "")

    def steady_step():
        return np.inf

    assert "student() returned None" in check(steady_step, lambda: None).text
    assert "nobody" not in check(steady_step, "Ada").text


def test_two_equal_wrong_numbers_end_the_drawing_in_words(monkeypatch):
    monkeypatch.setattr(
        ex19, "_edges", lambda mine: [(400.0, "The – 1 is missing."), (400.0, "There is an 8.")]
    )
    with pytest.raises(
        RuntimeError, match=r"The – 1 is missing. \(400\) and There is an 8. \(400\) are too near"
    ):
        variant("19_fewer_knobs", "Ada")
