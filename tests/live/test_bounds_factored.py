"""AdaBound's rates are those of its own steps; a copy of v is what Adafactor divides by."""

import numpy as np
import pytest

from course_lib.live import explore_bounds, explore_factored
from course_lib.live.explorers.bounds import LONG
from course_lib.optimizers import AdaBound, Adafactor, Adam, AMSBound

from .common import opened

THEMES = ["light", "dark"]


def lines(figure, panel):
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == "line" and mark["panel"] == panel]
    data = message["data"]
    return [
        (mark["dash"], np.frombuffer(data, np.float32, mark["count"], mark["at"]).reshape(-1, 2))
        for mark in found
    ]


# -- bounds ------------------------------------------------------------------------------------------


def rates_of_a_run(opt, gradients, sizes, steps):
    """What stood before m in each step of a run: the step that x took, over m."""
    x, state, rates = np.zeros(len(sizes)), opt.init(np.zeros(len(sizes))), []
    for g in LONG[gradients]()[:steps]:
        new, state = opt.update(x, g * sizes, state)
        rates.append((x - new) / state.m)
        x = new
    return np.array(rates)


@pytest.mark.parametrize("gradients", LONG)
@pytest.mark.parametrize("cls", [AdaBound, AMSBound])
def test_the_rates_shown_are_those_the_optimizer_steps_by(cls, gradients):
    opt, sizes = cls(lr=0.02, beta1=0.8, beta2=0.97, final_lr=0.3, gamma=0.01), np.array([0.5, 1e-3])
    figure = explore_bounds(opt, gradients, sizes, step=40)
    _, bound = figure.rates(np.arange(1, 41))
    np.testing.assert_allclose(bound, rates_of_a_run(opt, gradients, sizes, 40), rtol=1e-6)
    cells = [row["cells"] for row in figure._scene["rows"]]
    np.testing.assert_allclose([float(cell[1]) for cell in cells], bound[-1], rtol=5e-3)


def test_without_bounds_it_is_adams_rate():
    figure = explore_bounds(AdaBound(lr=0.01, eps=0.0))
    adam, x = Adam(lr=0.01, eps=0.0), np.zeros(1)
    state = adam.init(x)
    for g in LONG["noise"]()[:25]:
        new, state = adam.update(x, np.array([g]), state)
        rate, x = (x - new) / state.m, new
    np.testing.assert_allclose(figure.rates(25)[0][0], rate[0], rtol=1e-6)


def test_what_is_drawn_lies_between_the_bounds_and_ends_at_final_lr():
    figure = explore_bounds()
    figure.set(final_lr=0.5, gamma=0.01)
    (_, upper), (_, lower) = lines(figure, 0)[:2]
    weights = [line for dash, line in lines(figure, 0)[2:] if not dash]
    assert len(weights) == 3
    for line in weights:
        assert (line[:, 1] >= lower[:, 1] * (1 - 1e-6)).all() and (
            line[:, 1] <= upper[:, 1] * (1 + 1e-6)
        ).all()
        assert line[-1, 1] == pytest.approx(0.5, rel=0.002)
    np.testing.assert_allclose(lower[:, 1], 0.5 * (1 - 1 / (0.01 * lower[:, 0] + 1)), rtol=1e-5)
    np.testing.assert_allclose(upper[:, 1], 0.5 * (1 + 1 / (0.01 * upper[:, 0])), rtol=1e-5)


def test_it_says_which_bound_holds_a_weight():
    figure = explore_bounds(step=100)
    assert [row["cells"][2] for row in figure._scene["rows"]] == [
        "held up from below",
        "free",
        "held down from above",
    ]
    assert "121 times the smallest, 9997 times without" in figure._scene["notice"]
    figure.step = 1
    assert figure._scene["rows"][0]["cells"][2] == "free"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(opt=Adam()), TypeError, "has no bounds: it must be AdaBound or AMSBound"),
        (dict(gradients="loud"), ValueError, "gradients = 'loud' is not known: it must be one of noise"),
        (dict(sizes=(1.0,)), ValueError, "two to six finite numbers"),
        (dict(sizes=(1.0, 0.0)), ValueError, "all > 0"),
        (dict(sizes=(1.0, np.inf)), ValueError, "finite"),
        (dict(step=0), ValueError, "step = 0 is not allowed: it must be a whole number ≥ 1 and ≤ 100000"),
    ],
)
def test_bad_arguments_of_bounds_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_bounds(**arguments)


# -- factored ----------------------------------------------------------------------------------------


def test_the_copy_of_rows_and_columns_is_what_adafactor_divides_by():
    figure = explore_factored(patterns=5)
    opt, v = Adafactor(eps1=1e-300), figure.squares()
    x = np.ones_like(v)
    new, _ = opt.update(x, np.sqrt(v), opt.init(x))
    u = np.sqrt(v) / np.sqrt(figure.copy())
    expected = x - 0.01 * u / max(1, np.sqrt(np.mean(u**2)))
    np.testing.assert_allclose(new, expected, rtol=1e-10)


def test_one_outer_product_is_copied_exactly_and_two_are_not():
    figure = explore_factored()
    assert figure.worst() == pytest.approx(1, abs=1e-9)
    figure.patterns = 2
    assert figure.worst() > 10
    assert np.linalg.matrix_rank(figure.squares()) == 2


def test_fewer_numbers_and_larger_factors():
    figure, v = explore_factored(patterns=4), explore_factored(patterns=4).squares()
    means = {
        "rows and columns": 64,
        "one number a column": 24,
        "one number a row": 40,
        "one number in all": 1,
    }
    for kept, numbers in means.items():
        figure.kept = kept
        assert figure.numbers() == numbers and f"{numbers} of 960" in figure._scene["alt"]
        assert figure.copy().mean() == pytest.approx(v.mean())
    typical = {}
    for kept in means:
        figure.kept = kept
        typical[kept] = np.median(np.abs(np.log(figure.factors())))
    assert typical["rows and columns"] < min(typical["one number a column"], typical["one number a row"])
    assert max(typical, key=typical.get) == "one number in all"
    figure.kept = "one number a column"
    assert np.ptp(figure.copy(), axis=0).max() == 0 < np.ptp(figure.copy(), axis=1).min()


def test_matrices_of_ones_own_and_weights_without_gradient():
    v = np.outer([1.0, 4.0, 0.0], [1.0, 9.0])
    figure = explore_factored({"mine": v, "other": v + 1})
    assert figure.worst() == pytest.approx(1) and "2 weights without any gradient" in figure._scene["notice"]
    assert len(figure.factors()) == 4
    figure.matrix = "other"
    assert "without" not in figure._scene["notice"] and figure.worst() > 1.01
    assert "patterns" not in figure.controls


def test_each_weight_is_a_dot_at_its_two_numbers():
    figure = explore_factored(patterns=3)
    (mark,) = [mark for mark in figure._scene["marks"] if mark["kind"] == "points"]
    dots = np.frombuffer(figure._scene["data"], np.float32, mark["count"], mark["at"]).reshape(-1, 2)
    np.testing.assert_allclose(dots[:, 0], np.sqrt(figure.squares()).ravel(), rtol=1e-5)
    np.testing.assert_allclose(dots[:, 1], np.sqrt(figure.copy()).ravel(), rtol=1e-5)
    heats = [mark for mark in figure._scene["marks"] if mark["kind"] == "heat"]
    shades = [
        np.frombuffer(figure._scene["data"], np.uint8, m["count"], m["at"]).reshape(40, 24)[::-1]
        for m in heats
    ]
    for shade, matrix in zip(shades, (figure.squares(), figure.copy()), strict=True):
        assert shade.ravel()[matrix.argmax()] == shade.min() and shade.ravel()[matrix.argmin()] == shade.max()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(matrices={"v": [1.0, 2.0]}), r"'v' has shape \(2,\), but it must be a matrix"),
        (dict(matrices={"v": [[1.0, -2.0]]}), "finite and ≥ 0"),
        (dict(matrices={"v": [[0.0, 0.0]]}), "not all of them 0"),
        (dict(matrices={"v": [[np.nan, 1.0]]}), "finite"),
        (dict(matrices={}), "matrices is empty"),
        (dict(kept="nothing"), "kept = 'nothing' is not allowed: it must be one of rows and columns"),
        (dict(patterns=65), "patterns = 65 is not allowed: it must be a whole number ≥ 1 and ≤ 64"),
    ],
)
def test_bad_arguments_of_factored_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_factored(**arguments)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("make", [explore_bounds, explore_factored])
def test_both_have_a_still_picture(make, theme):
    assert np.ptp(np.asarray(opened(make().png(theme)))) > 100
