"""Gradients of any size that a number type holds: no step vanishes in silence, no norm overflows."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from course_lib.optimizers import LAMB, LARS, SAM, ClipByNorm, GradientDescent, Muon
from course_lib.optimizers.registry import ROWS
from course_lib.optimizers.state import State, floating, norm
from course_lib.problems import SoftmaxRegression
from course_lib.problems import check_gradient as check_problem
from course_lib.surfaces import SURFACES, Surface, check_gradient

TYPES = (np.float32, np.float64)
SCALES = {
    np.float32: (1e-37, 1e-20, 1e-8, 1.0, 1e8, 1e20, 1e37),
    np.float64: (1e-300, 1e-150, 1.0, 1e150, 1e300),
}
ALL = [(t, scale) for t in TYPES for scale in SCALES[t]]
ONE_GRADIENT = [row for row in ROWS if not row.cls.needs_problem and not row.cls.needs]


@pytest.mark.parametrize(("kind", "scale"), ALL)
@pytest.mark.parametrize("grid", [0, 1])
def test_the_norm_is_right_at_every_scale(kind, scale, grid):
    a = np.array([[3.0, 0.3], [0.0, -0.0], [-4.0, 0.4]], kind) * kind(scale)
    expected = np.array([5.0, 0.5]) * scale if grid else np.sqrt(25.25) * scale
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = norm(a, State(grid=grid))
        both = norm({"a": a[:2], "b": a[2:]}, State(grid=grid))
    np.testing.assert_allclose(found, expected, rtol=3e-7 if kind is np.float32 else 1e-14)
    np.testing.assert_allclose(found, both, rtol=3e-7 if kind is np.float32 else 1e-15)
    assert found.dtype == kind


@pytest.mark.parametrize("value", [0.0, np.inf, np.nan])
def test_the_norm_of_what_has_none(value):
    np.testing.assert_array_equal(norm(np.array([value, 0.0]), State()), value)


def test_the_norm_of_usual_numbers_keeps_every_digit():
    rng = np.random.default_rng(0)
    for _ in range(200):
        a = rng.normal(size=7) * 10.0 ** rng.integers(-30, 30)
        assert norm(a, State()) == np.sqrt(np.sum(a * a))


@pytest.mark.parametrize(("kind", "scale"), ALL)
def test_a_clipped_step_is_as_long_as_the_limit(kind, scale):
    opt = ClipByNorm(GradientDescent(lr=1.0), limit=scale / 10)
    x = np.zeros(2, kind)
    new, _ = opt.update(x, np.array([3, -4], kind) * kind(scale), opt.init(x))
    np.testing.assert_allclose(new / kind(scale), [-0.06, 0.08], rtol=1e-5)


@pytest.mark.parametrize(("kind", "scale"), ALL)
def test_lars_and_muon_do_not_mind_the_scale(kind, scale):
    for opt in (
        LARS(lr=1.0, weight_decay=0, trust=0.1),
        Muon(lr=0.1, eps=1e-310 if kind is np.float64 else 1e-45),
    ):
        x = np.array([[3.0, 0.0], [4.0, 1.0]], kind)
        g = np.array([[1.0, 0.2], [0.0, -1.0]], kind)
        moved, usual = (opt.update(x, g * kind(s), opt.init(x))[0] - x for s in (scale, 1.0))
        np.testing.assert_allclose(moved, usual, rtol=1e-4, err_msg=str(opt))
        assert np.abs(usual).max() > 0.01


@pytest.mark.parametrize("scale", SCALES[np.float64])
def test_sam_looks_as_far_as_rho(scale):
    asked = []

    class Slope:
        def grad(self, x, batch=None):
            asked.append(x)
            return np.array([3.0, 4.0]) * scale

    opt = SAM(GradientDescent(lr=1.0 / scale), rho=0.5)
    opt.step(np.zeros(2), opt.init(np.zeros(2)), Slope())
    np.testing.assert_allclose(asked[1], [0.3, 0.4])


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("row", ONE_GRADIENT, ids=lambda row: row.cls.__name__)
def test_no_step_vanishes_in_silence(row, kind):
    """Where a square is too large for the number type, numpy says so; without a word, x moves and stays finite."""
    for scale in SCALES[kind]:
        opt = row.cls()
        x = np.array([[0.5, -1.0], [2.0, 0.25]], kind)
        g = np.array([[1.0, -0.5], [0.25, 2.0]], kind) * kind(scale)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            state = opt.init(x)
            new = x
            for _ in range(3):
                opt.query(new, state)
                new, state = opt.update(new, g, state)
        if caught:
            assert all(issubclass(w.category, RuntimeWarning) for w in caught)
            continue
        assert np.isfinite(new).all(), (opt, scale)
        if scale >= 1:
            assert (new != x).any(), (opt, scale)
        assert new.dtype == kind


def test_lamb_moves_at_every_size_whose_square_exists():
    for scale in (1e-15, 1e-3, 1e3, 1e15):
        opt = LAMB(lr=0.1, weight_decay=0, eps=0)
        x = np.array([3.0, 4.0], np.float32)
        new, _ = opt.update(x, np.array([1.0, 1.0], np.float32) * np.float32(scale), opt.init(x))
        np.testing.assert_allclose(np.linalg.norm(new - x), 0.5, rtol=1e-5)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.cls.__name__)
def test_float16_is_refused_in_words(row):
    half = np.ones((2, 2), np.float16)
    x = {"W1": half, "b1": half[0]} if row.cls.__name__ == "KFAC" else half
    with pytest.raises(TypeError, match=r"float16 are not supported.*astype\(np\.float32\)"):
        row.cls().init(x)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([np.ones(2), np.ones(3)], "a list of arrays: give each one a name"),
        ((np.ones(2), np.ones(2)), "a tuple of arrays: give each one a name"),
        (["a", "b"], "must be numbers"),
        ([None, 1.0], "must be numbers"),
    ],
)
def test_parameters_of_a_wrong_kind_are_named(x, words):
    with pytest.raises(TypeError, match=words):
        GradientDescent().init(x)
    assert floating([1, 2]).dtype == floating([[1, 2], [3, 4]]).dtype == float


# -- gradients -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SURFACES)
def test_gradients_of_all_surfaces_are_their_slopes(name):
    report = check_gradient(SURFACES[name])
    assert report and "agrees with the loss in 2 coordinates" in str(report)


def test_a_wrong_gradient_is_found_and_warned_of():
    def make():
        return Surface(name="mine", value=lambda x, y: x**2 + y**2, gradient=lambda x, y: (2 * x, -2 * y))

    with pytest.warns(UserWarning, match=r"'mine': .*Worst at coordinate \[1\]: the gradient says -1[.]99"):
        wrong = make()
    report = check_gradient(wrong, at=np.array([1.0, 3.0]))
    assert not report and (report.where, round(report.given), round(report.measured)) == ("[1]", -6, 6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Surface(name="right", value=lambda x, y: x**2 + y**2, gradient=lambda x, y: (2 * x, 2 * y))


def test_the_gradient_of_a_problem_with_named_parts():
    problem = SoftmaxRegression.on_digits()
    assert check_problem(problem)

    class Broken:
        init, loss = problem.init, problem.loss

        def grad(self, x, batch=None):
            g = problem.grad(x, batch)
            return {**g, "b": g["b"] * np.where(np.arange(g["b"].size) == 3, 2.0, 1.0)}

    report = check_problem(Broken(), coordinates=10**6)
    assert (
        not report and report.where == "b[3]" and report.given == pytest.approx(2 * report.measured, rel=1e-4)
    )


def test_a_gradient_of_another_shape_is_named():
    class Short:
        def init(self, rng):
            return np.ones(3)

        def loss(self, x, batch=None):
            return x.sum()

        def grad(self, x, batch=None):
            return np.ones(2)

    with pytest.raises(ValueError, match=r"shape \(2,\), but the parameters have \(3,\)"):
        check_gradient(Short())
