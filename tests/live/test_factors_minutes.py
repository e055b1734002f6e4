"""What the figure of a Fisher matrix shows is the matrix; a published run lies where its numbers say."""

import numpy as np
import pytest

from course_lib.comparing.large_runs import IMAGES, large_runs, minutes_of, steps_of
from course_lib.live import explore_factors, explore_minutes
from course_lib.live.explorers.factors import EPOCHS, shades, snapshots
from course_lib.live.explorers.minutes import published
from course_lib.optimizers import KFAC
from course_lib.problems import MLP

from .common import marks, opened


def heats(figure):
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == "heat"]
    return [
        np.frombuffer(message["data"], np.uint8, m["count"], m["at"]).reshape(m["rows"], m["columns"])
        for m in found
    ]


# -- factors -----------------------------------------------------------------------------------------


def test_the_three_matrices_are_drawn_with_their_diagonals_falling():
    figure = explore_factors(examples=40, epoch=3, damping=1e-3)
    exact, product = figure.matrices()
    for drawn, matrix in zip(heats(figure), (exact, product, product - exact), strict=True):
        np.testing.assert_array_equal(drawn, shades(matrix, np.abs(exact).max()))
    assert heats(figure)[0].max() == 254 and (np.diag(heats(figure)[0]) >= 127).all()


def test_one_example_is_exact_and_training_makes_the_product_worse():
    figure = explore_factors(examples=1, damping=1e-10)
    assert figure.difference() < 1e-4
    figure.examples = 1197
    away = []
    for epoch in (0, 1, 3, 10):
        figure.epoch = epoch
        away.append(figure.difference())
    assert away[0] < 0.1 and away == sorted(away) and away[-1] > 0.5
    assert (
        f"off by {away[-1]:.0%}" in figure._scene["notice"]
        and f"off by {away[-1]:.0%}" in figure._scene["alt"]
    )


def test_no_step_is_worth_more_than_the_whole_matrix():
    figure = explore_factors(examples=200)
    for epoch in EPOCHS:
        for layer in (2, 3):
            figure.set(epoch=epoch, layer=layer, labels="expected")
            shares = figure.shares()
            assert shares["whole F"] == pytest.approx(1) and max(shares.values()) < 1 + 1e-6
            figure.labels = "data"
            assert figure.shares()["whole F"] < 0.95
            assert figure.shares()["gradient"] == pytest.approx(shares["gradient"])


def test_its_direction_is_kfacs_step():
    figure = explore_factors(examples=64, layer=3, epoch=2, labels="sampled", damping=0.01)
    x, batch = snapshots(figure.problem)[2], figure.problem.train[:64]
    statistics = KFAC(damping=0.01)
    inputs, slopes = figure.problem.layer_statistics(x, batch, np.random.default_rng(1))[2]
    state = statistics.init(x)
    averaged = statistics.averaged(inputs, slopes, state.parts["W3"])
    g = figure.problem.grad(x, batch)
    step = averaged.A_inverse @ np.vstack([g["W3"], g["b3"]]) @ averaged.G_inverse
    np.testing.assert_allclose(figure.directions()["K-FAC"], step.ravel(), rtol=1e-9)


def test_a_network_of_ones_own_offers_the_layers_that_can_be_drawn():
    figure = explore_factors(MLP.on_digits(hidden=(6,)), examples=5)
    assert figure.controls["layer"].values == [2] and figure.controls["layer"].titles == ("output",)
    assert figure.matrices()[0].shape == (70, 70)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(problem="digits"), TypeError, "problem = 'digits' is not allowed: it must be an MLP"),
        (dict(problem=MLP.on_digits(hidden=(40,))), ValueError, "none is as small as 160"),
        (dict(examples=0), ValueError, "examples = 0 is not allowed: it must be a whole number ≥ 1 and ≤ 1197"),
        (dict(epoch=4), ValueError, "epoch = 4 is not allowed"),
        (dict(layer=1), ValueError, "layer = 1 is not allowed"),
        (dict(labels="true"), ValueError, "labels = 'true' is not allowed"),
        (dict(damping=0), ValueError, "damping = 0 is not allowed"),
    ],
)  # fmt: skip
def test_bad_arguments_of_factors_are_named(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_factors(**arguments)


# -- minutes -----------------------------------------------------------------------------------------


def test_minutes_are_steps_times_seconds():
    assert minutes_of(10, 500, 0.3, images=1000) == pytest.approx(20 * 0.3 / 60)
    figure = explore_minutes(chips=512, batch=16_384, seconds=0.5, epochs=35)
    assert figure.steps() == pytest.approx(35 * IMAGES / 16_384)
    assert figure.minutes() == pytest.approx(figure.steps() * 0.5 / 60)
    assert figure.rate() == pytest.approx(16_384 / 0.5 / 512)
    yours = next(row for row in figure._scene["rows"] if row["name"] == "your run")
    assert yours["cells"] == ("512", "16,384", "35", "2,737", "0.5", "22.8")


def test_a_published_run_lies_where_its_numbers_say():
    figure = explore_minutes()
    dots = marks(figure, "points")
    for run, dot in zip(published(), dots[::2], strict=False):
        np.testing.assert_allclose(dot[0, 0] * dot[0, 1] / 60, run.minutes, rtol=1e-6)
        figure.set(chips=run.chips, batch=run.batch, seconds=run.seconds, epochs=run.epochs)
        assert figure.minutes() == pytest.approx(run.minutes)


def test_every_published_number_has_a_source_and_agrees_with_itself():
    for row in large_runs().rows:
        assert "arXiv:" in row["source"]
        if np.isfinite([row["epochs"], row["steps"]]).all():
            assert row["steps"] == pytest.approx(steps_of(row["epochs"], int(row["batch"])), rel=1e-3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: steps_of(0, 10), "epochs = 0 is not allowed: it must be a finite number > 0"),
        (lambda: steps_of(1, 11, images=10), "batch = 11 is not allowed: it must be at most images = 10"),
        (lambda: minutes_of(1, 10, np.nan), "seconds = nan is not allowed"),
        (lambda: explore_minutes(batch=100), "batch = 100 is not allowed"),
        (lambda: explore_minutes(epochs=0), "epochs = 0 is not allowed"),
    ],
)
def test_bad_arguments_of_minutes_are_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("make", [explore_factors, explore_minutes])
def test_both_have_a_still_picture(make, theme):
    assert np.ptp(np.asarray(opened(make().png(theme)))) > 100
