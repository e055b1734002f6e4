# ruff: noqa: E501 – a table
"""The bank of known mistakes: each is rejected and named as itself, right code never is, double mistakes never misnamed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from course_lib.checks import compare
from course_lib.checks.exercises import all_exercises
from course_lib.checks.kinds import Choice, Code, Goal, Number
from course_lib.checks.observe import Run, plot
from course_lib.checks.tasks import Mistake

from .correct import variants

TASKS = {task.name: task for exercise in all_exercises() for task in exercise.tasks}
CODED = {name: task for name, task in TASKS.items() if isinstance(task, Code)}
MISTAKES = [(name, mistake) for name, task in CODED.items() for mistake in task.wrong]

# Two mistakes at once that behave exactly like one other known mistake, or like the right code: the name spoken is true.
SAME = {
    ("only m is corrected", "only v is corrected"): "no bias correction",
    ("the start is missing from the path", "the point is listed before its step"): "one step too few",
    ("the gradient is taken once, before the loop", "lr divided by the number of steps"): "it returns after the first step",
    ("rounded down", "one step too many"): "",
}  # fmt: skip


def verdict(task, function):
    return task.judge(task.observe(function), {})


def test_names_of_tasks_are_unique_in_the_course():
    names = [task.name for exercise in all_exercises() for task in exercise.tasks]
    assert len(names) == len(set(names))


def test_the_bank_is_large_enough():
    assert all(len(task.wrong) >= 8 for task in CODED.values())
    assert len(MISTAKES) >= 60


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=lambda value: getattr(value, "name", value))
def test_a_known_mistake_is_rejected_and_named_as_itself(name, mistake):
    task = CODED[name]
    found = verdict(task, task.version(mistake.change))
    assert found.points == 0.0
    assert found.state in ("wrong", "raised")
    assert found.mistake == mistake.name
    assert any(mistake.why in line for line in found.lines)
    assert mistake.why.endswith((".", "…", "?"))


@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_all_pairs_are_told_apart(task):
    for (a, one), (b, other) in itertools.combinations(task.bank, 2):
        assert compare.agree(one, other) == (b.name in a.same_as), (a.name, b.name)


def distance(a: list[Run], b: list[Run]) -> float:
    """How far apart two behaviours are, relative; infinite where they differ in kind."""
    far = 0.0
    for one, other in itertools.zip_longest(a, b):
        if one is None or other is None or one.trouble or other.trouble or len(one.seen) != len(other.seen):
            return np.inf
        for x, y in zip(one.seen, other.seen, strict=True):
            if not isinstance(x.value, np.ndarray) or not isinstance(y.value, np.ndarray):
                return np.inf
            if x.value.shape != y.value.shape or not (
                np.isfinite(x.value).all() and np.isfinite(y.value).all()
            ):
                return np.inf
            far = max(far, np.abs(x.value - y.value).max() / np.abs(y.value).max(initial=1e-300))
    return far


@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_no_mistake_is_near_the_tolerance(task):
    """Neither to the right answer nor to each other, so that rounding never decides."""
    shown = [("right", task.expected), *((m.name, runs) for m, runs in task.bank)]
    for (a, one), (b, other) in itertools.combinations(shown, 2):
        assert distance(one, other) > 100 * compare.TOLERANCE, (a, b)


@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_double_mistakes_are_never_misnamed(task):
    tried = 0
    for a, b in itertools.combinations(task.wrong, 2):
        try:
            function = task.version(a.change, b.change)
        except (ValueError, SyntaxError):
            continue  # the two change the same place
        found = verdict(task, function)
        tried += 1
        if (a.name, b.name) in SAME:
            assert found.mistake == SAME[a.name, b.name]
        else:
            assert found.state != "right", (a.name, b.name)
            assert found.mistake in ("", a.name, b.name), (a.name, b.name)
    assert tried >= 10


@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_right_code_in_other_words_is_accepted(task):
    tried = list(variants(task))
    assert len(tried) >= 12
    for name, function in tried:
        found = verdict(task, function)
        assert (found.state, found.points) == ("right", task.points), (name, found.lines)


@pytest.mark.parametrize("exercise", all_exercises(), ids=lambda exercise: exercise.name)
def test_solutions_are_right_and_hints_exist(exercise):
    for task in exercise.tasks:
        found = task.judge(task.observe(task.solution), exercise.mine())
        assert found.state == "right", (task.name, found.lines)
        assert task.hints and task.reread


@pytest.mark.parametrize("student", ["", "Ada", "Grace", "4711"])
def test_numbers_and_their_known_wrong_ones(student):
    for exercise in all_exercises():
        mine = exercise.mine(student)
        for task in (t for t in exercise.tasks if isinstance(t, Number)):
            right = task.expected(mine)
            assert task.judge(task.observe(lambda right=right: right), mine).state == "right"
            known = task.wrong(mine)
            assert len({reason for _, reason in known}) == len(known) >= 5
            for wrong, reason in known:
                found = task.judge(task.observe(lambda wrong=wrong: wrong), mine)
                assert found.state == "wrong"
                alone = sum(task._near(wrong, other) for other, _ in known) == 1
                assert found.mistake == (reason if alone else "")


def test_variants_differ_and_stay():
    by_name = {e.name: e for e in all_exercises()}
    drawn = {student: by_name["04_momentum"].mine(student)["condition"] for student in map(str, range(30))}
    assert len(set(drawn.values())) > 10
    assert by_name["04_momentum"].mine("7") == by_name["04_momentum"].mine(" 7 ")


def test_a_choice_gives_its_reason():
    def answer():
        return "A"

    task = Choice(solution=answer, right="b", wrong={"a": "That is the sum form.", "c": "Never."})
    assert task.judge(task.observe(lambda: "B "), {}).state == "right"
    assert task.judge(task.observe(lambda: "a"), {}).lines == ["That is the sum form."]
    assert 'one of "a", "b", "c"' in task.judge(task.observe(lambda: 7), {}).lines[0]


def loss_plot(axes, losses):
    axes.semilogy(losses)
    axes.set(xlabel="step", ylabel="loss")


def test_plots_can_be_checked():
    unlabelled = Mistake(
        "no names at the axes", {'    axes.set(xlabel="step", ylabel="loss")\n': ""}, "What is x?", "here"
    )
    linear = Mistake("linear axes", {"semilogy": "plot"}, "Losses span decades.", "here")
    task = Code(
        solution=loss_plot,
        drive=plot,
        cases=[{"losses": np.array([1.0, 0.1, 0.01])}],
        wrong=[unlabelled, linear],
    )
    assert verdict(task, loss_plot).state == "right"
    for mistake in task.wrong:
        assert verdict(task, task.version(mistake.change)).mistake == mistake.name
    found = verdict(task, task.version({"(losses)": "(losses[:2])"}))
    assert (found.mistake, "x of line 1 should be an array of shape (3,)" in found.lines[0]) == ("", True)
    assert "linear, linear; expected: linear, log" in verdict(task, task.version(linear.change)).lines[0]
    assert verdict(task, lambda axes, losses: None).state == "wrong"


def test_a_method_of_ones_own_has_hyperparameters_of_its_own():
    task = TASKS["my_method"]
    assert not task.signature_problem(lambda x, g, state: (x, state))
    assert not task.signature_problem(lambda x, g, state, speed=3: (x, state))
    assert "should take (x, g, state" in task.signature_problem(lambda x, g: x)
    assert TASKS["momentum_step"].signature_problem(lambda x, g, state: (x, state))


@pytest.mark.parametrize(
    "task", [t for t in TASKS.values() if isinstance(t, Goal)], ids=lambda task: task.name
)
@pytest.mark.parametrize(
    "answer", [None, "0.1", np.nan, np.inf, -1.0, [], {}, 1j, (0.1, np.nan), (1, 2, 3), [[1.0]]]
)
def test_goals_take_any_answer(task, answer):
    exercise = next(e for e in all_exercises() if task in e.tasks)
    found = task.judge(task.observe(lambda *args: answer), exercise.mine())
    assert found.state == "wrong"
    assert found.lines
