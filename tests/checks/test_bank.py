# ruff: noqa: E501 – a table
"""The bank of known mistakes: each is rejected and named as itself, right code never is, double mistakes never misnamed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from course_lib.checks import compare
from course_lib.checks.cases import Cases
from course_lib.checks.exercises import all_exercises
from course_lib.checks.kinds import Choice, Code, Goal, Number
from course_lib.checks.observe import Run, observe, plot
from course_lib.checks.tasks import Mistake

from .correct import variants

TASKS = {task.name: task for exercise in all_exercises() for task in exercise.tasks}
CODED = {name: task for name, task in TASKS.items() if isinstance(task, Code)}
MISTAKES = [(name, mistake) for name, task in CODED.items() for mistake in task.wrong]

# Two mistakes at once that behave exactly like one other known mistake, or like the right code: the name spoken is true.
SAME = {
    ("the head goes to Muon", "the embedding goes to Muon"): "every matrix goes to Muon",
    ("the step is not orthogonalised", "the orthogonal matrix is remembered"): "the look-ahead is remembered",
    ("one rate for both", "Muon with Adam's rate"): "the rates exchanged",
    **{("the betas exchanged", other): "the betas exchanged – or: the mixture is kept" for other in (  # Lion's m is mixed by beta1 in both
        "the sign of the new m", "the sign of g", "no sign", "no decay", "the decay in the sign", "the decay without lr",
        "weights that grow", "a step uphill", "one sign for all coordinates", "the weights of m exchanged", "m as a sum",
        "0 counts as up", "signs are remembered")},
    ("the gradient at z", "the path of z"): "no average",
    ("the smaller of the two", "the length of x"): "r stays",
    ("both gradients are added", "the difference of the gradients"): "",
    ("a is squared in W2", "the root of a in W2"): "",
    ("the betas exchanged", "the mixture is kept"): "the sign of the new m",
    ("the sign of the new m", "the mixture is kept"): "the betas exchanged",
    ("the mixture is kept", "the step from the new m"): "the mixture is mixed again",
    ("exchanged", "probabilities in place of slopes"): "diag(p) is missing",
    ("the data's labels in both", "probabilities in place of slopes"): "diag(p) is missing",
    ("no warm-up", "held, no cosine"): "the same answer for every input",
    ("both heights at the same place", "one number, the sum"): "the same answer for every input",  # 0, always
    ("only m is corrected", "only v is corrected"): "no bias correction",
    ("the start is missing from the path", "the point is listed before its step"): "one step too few",
    ("one array, changed in place and listed again and again", "no point is appended"): "the last point in a list of its own",
    ("the last point in a list of its own", "every step begins at the start again"): "no point is appended",
    ("the gradient always at the old parameters", "lr divided by the number of steps"):
        "it returns after the first step – or: a step that is not repeated – or: every step begins at the start again",
    ("W first, then b", "it returns after the first step"): "only W learns",
    ("rounded down", "one step too many"): "rounded down, and one added",
    ("rounded down, and one added", "one step too few"): "rounded down",
    ("one step too many", "one step too few"): "",
    ("a step uphill", "the gradient is subtracted in m"):
        "signs exchanged: minus in m, plus in x – or: a minus in m, and a plus in the step",
    ("the sign or the imaginary part is kept", "only the real parts"): "only the real parts, with their sign",
    ("beta not squared", "lr = 1/L"): "Nesterov's settings",
    ("the condition number in place of its root", "the roots forgotten"): "no roots at all",
    ("t counted from 0", "t counted from 2"): "",
    ("the factor 3 forgotten", "no root"): "1/3 without brackets",
    ("the previous gradient in place of the velocity", "x moves by the gradient"): "no memory",
    ("the way ahead is walked twice", "x moves by the gradient"): "",
    ("a plus between the parts of the step", "the gradient is subtracted in m"): "signs exchanged: minus in m, plus in x",
    ("the new lr on the way to x", "x and the new y exchanged"): "x taken for y",
    ("β kept in the second row", "β kept in the first row"): "momentum's radius",
    ("no β at the memory", "the determinant"): "gradient descent's factor",
    ("examples drawn with replacement", "the last batch filled up from the front"): "every batch drawn for itself",
    ("targets in another order than their inputs", "inputs left in the file's order"): "no shuffling",
    ("a mean over the coordinates", "one mean for all coordinates"): "the variance of all numbers together",
    ("a sum that fades", "nothing is forgotten"): "Adagrad's sum",
    ("gradient descent's lr times c", "RMSprop's lr times c squared"): "gradient descent and RMSprop exchanged",
    ("divided by v", "v returned as the maximum"): "no maximum",
    ("the rule that surveys print", "t + 1 in both"): "the exponents exchanged",
    ("a whole cosine", "division without a remainder"): "the same answer for every input",
    ("a step uphill", "the lowest loss so far"): "always from the start",
    ("the eps beside v as it was", "the eps beside u as it was"): "eps as it was",
    ("the first time below", "never is 0"): "the first time below, or 0",
    ("the chance that none is good", "good and bad exchanged"): "the chance that all are good",
    ("equal sums are not counted", "the sum of the sizes"): "the same answer for every input",
    ("differences left out in place of turned", "the sum of the sizes"): "the same answer for every input",
    ("a larger p may come out smaller", "the largest first"): "factors in ascending order",
    ("the largest first", "a running minimum"): "factors in ascending order",
    ("divided by h, not 2h", "a forward difference, divided by 2h"): "forward differences",
    ("backward differences", "a forward difference, divided by 2h"): "both heights at the same place",
    ("no new gradient in the mixture", "Adam's mean, and g once more"): "Adam's mean",
    ("u corrected as well", "beta2 in the correction"): "no bias correction of m",
    ("1 / gamma * step without brackets in the upper bound", "one bound for the whole array"): "the lower bound alone",
    ("the uncorrected average is returned as Λ", "the plain average compared with γ"): "no bias correction",
    ("the step is not turned back", "g is not turned first"): "no eigenvectors",
}  # fmt: skip


OR, IDLE = " – or: ", " without effect"


def verdict(task, function, ours=True):
    """What is said about a function; one of ours needs no guard."""
    with np.errstate():  # what it sets does not outlive it
        return task.judge(observe(task.drive, function, list(task.plan.cases), ours=ours), {})


def test_names_of_tasks_are_unique_in_the_course():
    names = [task.name for exercise in all_exercises() for task in exercise.tasks]
    assert len(names) == len(set(names))


def test_the_bank_is_large_enough():
    assert all(len(task.wrong) >= 8 for task in CODED.values())
    assert len(MISTAKES) >= 130


@pytest.mark.parametrize(("name", "mistake"), MISTAKES, ids=lambda value: getattr(value, "name", value))
def test_a_known_mistake_is_rejected_and_named_as_itself(name, mistake):
    task = CODED[name]
    found = verdict(task, task.version(mistake.change))
    assert found.points == 0.0
    assert found.state in ("wrong", "raised")
    assert set(found.mistake.split(OR)) == {mistake.name, *mistake.same_as}
    assert any(mistake.why in line for line in found.lines)
    assert mistake.why.endswith((".", "…", "?"))


@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_all_pairs_are_told_apart(task):
    for (a, one), (b, other) in itertools.combinations(task.bank, 2):
        same = compare.agree(list(one.values()), list(other.values()))
        assert same == (b.name in a.same_as) == (a.name in b.same_as), (a.name, b.name)


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
    right = {i: task.expected[i] for i in task.plan.telling}
    shown = [("right", (), right), *((m.name, m.same_as, runs) for m, runs in task.bank)]
    for (a, same, one), (b, _, other) in itertools.combinations(shown, 2):
        far = distance(list(one.values()), list(other.values()))
        assert far > 100 * compare.TOLERANCE or b in same, (a, b)


@pytest.mark.parametrize("many", [30, pytest.param(120, marks=pytest.mark.slow)])
@pytest.mark.parametrize("task", CODED.values(), ids=CODED)
def test_double_mistakes_are_never_misnamed(task, many):
    tried = 0
    pairs = list(itertools.combinations(task.wrong, 2))
    spread = [pairs[i] for i in np.argsort(np.arange(len(pairs)) * (np.sqrt(5) - 1) / 2 % 1)]
    for a, b in sorted(spread, key=lambda pair: (pair[0].name, pair[1].name) not in SAME):  # known ones first
        if tried == many:
            break
        try:
            function = task.version(a.change, b.change)
        except (ValueError, SyntaxError):
            continue  # the two change the same place
        found = verdict(task, function, ours=False)  # two mistakes in one loop, and it may never end
        tried += 1
        names = set(found.mistake.split(OR))
        if (a.name, b.name) in SAME:
            assert names & {SAME[a.name, b.name], *SAME[a.name, b.name].split(OR)}
        elif found.mistake.endswith(IDLE):
            without_effect(
                task, function, found.mistake.removesuffix(IDLE).replace(", ", " and ").split(" and ")
            )
        else:
            assert found.state != "right", (a.name, b.name)
            made = a.change.items() | b.change.items()
            true = {m.name for m in task.wrong if m.change.items() <= made}
            assert names & {"", *true}, (a.name, b.name, found.mistake)
    assert tried >= 10


def without_effect(task, function, arguments):
    """See for oneself that an argument has no effect, but should."""
    for argument in arguments:
        (twin,) = (t for t in task.plan.twins if t.argument == argument)
        cases = [task.plan.cases[twin.base], task.plan.cases[twin.at]]
        for f, same in ((function, True), (task.solution, False)):
            one, other = ([s.value for s in observe(task.drive, f, [case])[0].seen] for case in cases)
            assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True)) == same


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
    assert by_name["04_momentum"].mine(7) == by_name["04_momentum"].mine("7")
    assert by_name["04_momentum"].mine("7") == by_name["04_momentum"].mine(" 7 ")


def test_an_expected_infinity_is_told_in_words():
    task = Code(solution=last_or_never, cases=Cases([{"losses": np.ones(2)}]))
    assert "is 12, expected inf." in verdict(task, lambda losses: 12.0).lines[0]
    assert "is -inf, expected inf." in verdict(task, lambda losses: -np.inf).lines[0]
    assert "is nan, expected inf (NaN comes of 0/0" in verdict(task, lambda losses: np.nan).lines[0]
    assert verdict(task, lambda losses: np.inf).state == "right"


def last_or_never(losses):
    return np.inf


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
        cases=Cases([{"losses": np.array([1.0, 0.1, 0.01])}]),
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
