"""What the figure of Newton–Schulz shows is what the iteration does to a matrix."""

import numpy as np
import pytest

from course_lib.live import explore_singular_values
from course_lib.live.explorers.singular_values import OWN, momenta, stable_rank
from course_lib.optimizers import newton_schulz
from course_lib.optimizers.orthogonal import NAMES

from .common import marks, opened

MATRIX = np.random.default_rng(5).normal(size=(5, 8)) * np.geomspace(1, 1e-3, 8)


def test_the_values_are_those_of_the_matrix_that_muon_uses():
    figure = explore_singular_values({"mine": MATRIX})
    for name in NAMES:
        for steps in (0, 1, 5, 12):
            figure.set(polynomial=name, steps=steps)
            matrix = newton_schulz(MATRIX, steps, 1e-300, name)
            sizes = np.linalg.svd(matrix, compute_uv=False)
            np.testing.assert_allclose(np.sort(figure.values()), np.sort(sizes), rtol=1e-9)


def test_a_matrix_may_be_shown_as_it_is():
    figure = explore_singular_values({"mine": MATRIX}, steps=0, divided=False)
    np.testing.assert_allclose(figure.values(), np.linalg.svd(MATRIX, compute_uv=False), rtol=1e-12)


def test_no_step_of_jordans_polynomial_ends_outside_its_band_and_the_classical_ones_converge():
    figure = explore_singular_values({"spread": np.diag(np.geomspace(1, 1e-2, 64))})
    ends = np.array([figure.values(steps) for steps in range(6, 21)])
    assert 0.68 < ends.min() < 0.7 and 1.1 < ends.max() < 1.14
    assert (np.ptp(ends, axis=0) > 0.3).all()  # every one of them wanders
    for name in ("cubic", "quintic", "polar_express"):
        figure.set(polynomial=name, steps=20)
        np.testing.assert_allclose(figure.values(), 1, atol=1e-12)


def test_fixed_points_stay_where_they_are_and_their_slope_is_that_of_the_polynomial():
    figure = explore_singular_values(steps=1)
    for name in NAMES:
        figure.polynomial = name
        a, b, c = figure.coefficients(1)
        for where, slope in figure.fixed_points():
            low, here, high = (a * s + b * s**3 + c * s**5 for s in (where - 1e-6, where, where + 1e-6))
            assert here == pytest.approx(where, abs=1e-9)
            assert (high - low) / 2e-6 == pytest.approx(slope, rel=1e-5, abs=1e-8)
    figure.polynomial = "jordan"
    assert [round(slope, 1) for _, slope in figure.fixed_points()] == [-1.6, 6.5]
    figure.set(polynomial="cubic")
    assert [(round(where, 9), round(slope, 9)) for where, slope in figure.fixed_points()] == [(1.0, 0.0)]
    figure.set(a=1.0, b=0.0, c=0.0)
    assert figure.fixed_points() == [] and "Fixed points beside 0: none" in figure._scene["notice"]


def test_a_polynomial_sets_the_sliders_and_a_slider_makes_it_your_own():
    figure = explore_singular_values()
    figure.polynomial = "quintic"
    assert (figure.a, figure.b, figure.c) == (1.875, -1.25, 0.375)
    figure.b = -1.0
    assert figure.polynomial == OWN and figure.coefficients(7) == (1.875, -1.0, 0.375)
    figure.polynomial = "polar_express"
    assert figure.coefficients(2) != figure.coefficients(1)
    assert figure.coefficients(19) == pytest.approx((1.875, -1.25, 0.375), rel=1e-4)
    own = explore_singular_values(coefficients=(2.0, -1.5, 0.5))
    assert own.polynomial == OWN and own.coefficients(1) == (2.0, -1.5, 0.5)


def test_bars_end_at_the_values_and_those_below_zero_are_told():
    figure = explore_singular_values({"mine": np.diag([1.0, 0.8])}, steps=1, coefficients=(1.0, -3.0, 0.0))
    values = figure.values()
    assert (values < 0).all()
    tops = np.concatenate(
        [corners[1::2, 1] for corners in marks(figure, "bars")]
    )  # (left, low), (right, high)
    np.testing.assert_allclose(tops, np.abs(values), rtol=1e-6)
    assert "2 of 2 are below 0" in figure._scene["notice"] and "2 of 2 are below 0" in figure._scene["alt"]
    figure.set(a=9.0, b=6.0, c=18.0, steps=20)
    row = figure._scene["rows"][1]
    assert row["state"] == "bad" and "diverges" in row["cells"]
    assert opened(figure.png()).size[0] > 300


def test_the_momentum_of_a_hidden_layer_is_nearly_of_low_rank():
    for seed in (0, 1):
        s = np.linalg.svd(momenta(seed=seed)["W2"], compute_uv=False)
        assert stable_rank(s) < 4 and s[0] > 30 * np.median(s)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: explore_singular_values({}), "matrices is empty"),
        (lambda: explore_singular_values({"m": np.ones(3)}), r"'m' has shape \(3,\)"),
        (lambda: explore_singular_values({"m": np.zeros((2, 2))}), "not all of them 0"),
        (lambda: explore_singular_values({"m": np.full((2, 2), np.nan)}), "must be finite"),
        (lambda: explore_singular_values(coefficients=(1.0, 2.0)), "give three numbers"),
        (lambda: explore_singular_values(polynomial="septic"), "septic.*jordan"),
        (lambda: explore_singular_values(steps=21), "steps = 21"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
