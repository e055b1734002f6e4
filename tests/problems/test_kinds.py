"""What the other kinds of problem are: minima known in closed form, published behaviour, bad settings."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from course_lib.curvature import flat
from course_lib.optimizers import ADOPT, Adagrad, Adam, AMSGrad, GradientDescent
from course_lib.problems import (
    Data,
    LeastSquares,
    LinearRegression,
    MatrixFactorisation,
    NoisyQuadratic,
    OnlineCounterexample,
    SoftmaxRegression,
    zipf_text,
)
from tests.problems.common import somewhere, steps


class TestRegression:
    def test_linear_regression_has_the_normal_equations_minimum(self):
        problem = LinearRegression.on_diabetes(l2=0.05)
        x, n = problem.train.inputs, len(problem.train)
        w = np.linalg.solve(x.T @ x / n + 0.05 * np.eye(10), x.T @ problem.train.targets / n)
        params = {"w": w[:, None], "b": np.zeros(1)}
        assert np.abs(flat(problem.grad(params))).max() < 1e-14
        assert problem.loss(params, problem.test) < 0.8 * problem.loss(problem.init(), problem.test)
        np.testing.assert_allclose(problem.train.inputs.std(axis=0), 1)

    def test_logistic_regression_on_real_data(self):
        problem = SoftmaxRegression.on_breast_cancer()
        x = steps(GradientDescent(lr=0.5), problem, problem.init(), 10, 32)
        assert problem.accuracy(x, problem.test) > 0.93
        assert [len(data) for _, data in problem.parts_of_data()] == [369, 100, 100]

    def test_two_classes_are_logistic_regression(self):
        problem = SoftmaxRegression.on_breast_cancer()
        x = somewhere(problem)
        margin = problem.train.inputs @ (x["W"][:, 1] - x["W"][:, 0]) + x["b"][1] - x["b"][0]
        signs = 2 * problem.train.targets - 1
        assert problem.loss(x) == pytest.approx(np.logaddexp(0, -signs * margin).mean(), rel=1e-12)


@pytest.mark.parametrize("name", ["line", "decay", "growth"])
class TestLeastSquares:
    def test_derivatives(self, name):
        problem, h = getattr(LeastSquares, name)(), 1e-6
        x = problem.init() + 0.3
        for batch in (None, problem.train[3:11]):
            j = [
                (problem.residuals(x + h * e, batch) - problem.residuals(x - h * e, batch)) / (2 * h)
                for e in np.eye(len(x))
            ]
            np.testing.assert_allclose(problem.jacobian(x, batch), np.stack(j, 1), atol=1e-9)
            g = [
                (problem.loss(x + h * e, batch) - problem.loss(x - h * e, batch)) / (2 * h)
                for e in np.eye(len(x))
            ]
            np.testing.assert_allclose(problem.grad(x, batch), g, atol=1e-8)
        assert problem.loss(x) == pytest.approx(
            np.mean((problem.model(x, problem.train.inputs) - problem.train.targets) ** 2) / 2
        )

    def test_grid_and_number_type(self, name):
        problem = getattr(LeastSquares, name)()
        x = problem.init()[:, None, None] + np.random.default_rng(0).uniform(
            0, 0.5, (len(problem.start), 2, 4)
        )
        for function in (problem.residuals, problem.jacobian, problem.loss, problem.grad):
            together = function(x)
            for i in np.ndindex(2, 4):
                np.testing.assert_allclose(together[(..., *i)], function(x[(..., *i)]), atol=1e-14)
            assert function(x.astype(np.float32)).dtype == np.float32

    def test_start_is_checked(self, name):
        problem = getattr(LeastSquares, name)()
        with pytest.raises(ValueError, match=r"start = .* is not allowed"):
            dataclasses.replace(problem, start=np.array([np.nan]))


class TestSyntheticText:
    def test_words_follow_zipfs_law_and_classes_differ_in_rare_ones(self):
        train, _, _ = zipf_text(documents=5000, seed=1)
        often = train.inputs.mean(axis=0)
        slope = np.polyfit(np.log(np.arange(1, 51)), np.log(often[:50]), 1)[0]
        assert slope == pytest.approx(-1, abs=0.05)
        by_class = np.stack([train.inputs[train.targets == k].mean(axis=0) for k in range(3)])
        spread = by_class.std(axis=0) / often
        assert spread[:20].max() < 0.2 < np.median(spread[50:200])
        assert (train.inputs.sum(axis=1) == 30).all()

    def test_per_coordinate_steps_pay(self):
        """Best of nine learning rates each, three passes: on all training texts and on new ones."""
        problem, grid = SoftmaxRegression.on_text(dtype=np.float32), np.logspace(-3, 1, 9)
        start = {name: np.zeros((*part.shape, 9), np.float32) for name, part in problem.init().items()}
        ends = [steps(rule(lr=grid), problem, start, 3, 32) for rule in (GradientDescent, Adagrad)]
        for data, share in ((problem.train, 0.2), (problem.test, 0.8)):
            sgd, adagrad = (problem.loss(x, data) for x in ends)
            assert adagrad.min() < share * sgd.min()
            assert 0 < sgd.argmin() < 8 and 0 < adagrad.argmin() < 8

    @pytest.mark.parametrize(
        "wrong", [{"words": 50}, {"classes": 1}, {"contrast": 0.5}, {"length": 0}, {"documents": 4}]
    )
    def test_errors_name_the_setting(self, wrong):
        ((name, value),) = wrong.items()
        with pytest.raises(ValueError, match=f"{name} = {value} is not allowed: it must be ≥"):
            zipf_text(**wrong)


class TestMatrixFactorisation:
    def test_finds_the_factors(self):
        problem = MatrixFactorisation.low_rank()
        x = steps(Adam(lr=0.03), problem, problem.init(np.random.default_rng(0)), 40, 100)
        assert problem.loss(x, problem.test) < 0.03 and problem.loss(problem.init(), problem.test) > 0.3

    def test_a_batch_moves_only_the_rows_it_names(self):
        problem = MatrixFactorisation.low_rank(rows=8, columns=6, rank=2)
        batch = problem.train[:2]
        g = problem.grad(somewhere(problem), batch)
        for k, name in enumerate("UV"):
            assert set(np.flatnonzero(np.abs(g[name]).sum(axis=1))) == set(batch.inputs[:, k])

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"inputs": np.array([[0, 3]])}, r"train: inputs must be pairs .* shape \(2, 3\)"),
            ({"inputs": np.array([[-1, 0]])}, "run from -1"),
            ({"inputs": np.array([[0.0, 1.0]])}, "type float64"),
            ({"inputs": np.array([[0, 1, 1]])}, r"have shape \(1, 3\)"),
            ({"rank": 0}, r"rank = \(0,\) is not allowed"),
            ({"l2": -1}, "l2 = -1 is not allowed"),
        ],
    )
    def test_errors_name_the_setting(self, wrong, message):
        settings = {"inputs": np.array([[0, 1]]), "rank": 1, "l2": 0.0} | wrong
        with pytest.raises(ValueError, match=message):
            MatrixFactorisation(train=Data(settings.pop("inputs"), np.zeros(1)), shape=(2, 3), **settings)

    def test_share_known_is_checked(self):
        with pytest.raises(ValueError, match=r"known = 1.5 is not allowed: it must be in \(0, 1\]"):
            MatrixFactorisation.low_rank(known=1.5)


class TestOnlineCounterexample:
    def end(self, opt, large):
        """Where a rule is after 3,000 steps of the paper's lr/√t."""
        problem = OnlineCounterexample.periodic(large)
        x, state = problem.init(), opt.init(problem.init())
        for t in range(1, 3001):
            batch = problem.train[(t - 1) % 3 : (t - 1) % 3 + 1]
            x, state = opt.at(t**-0.5).step(x, state, problem, batch)
            x = problem.project(x)
        return x["x"][0]

    @pytest.mark.parametrize("large", [3.0, 5.0])
    def test_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(self, large):
        beta2 = 1 / (1 + large**2)
        assert self.end(Adam(lr=0.3, beta1=0, beta2=beta2), large) > 0.9
        assert self.end(AMSGrad(lr=0.3, beta1=0, beta2=beta2), large) < -0.9

    @pytest.mark.parametrize("clip", [True, False])
    @pytest.mark.parametrize("beta2", [0.1, 0.5, 0.9, 0.999])
    def test_adopt_goes_to_the_best_point_whatever_beta2_is(self, beta2, clip):
        assert self.end(ADOPT(lr=0.3, beta1=0, beta2=beta2, clip=clip), 3.0) < -0.9

    def test_adam_goes_to_the_worst_point_when_the_slopes_are_drawn(self):
        """Section 5's C, p and β, for 10,000 of its millions of steps: enough for Adam."""
        problem = OnlineCounterexample.stochastic()
        opt = Adam(lr=1e-2, beta1=0.9, beta2=0.99)
        assert steps(opt, problem, problem.init(), 100, 1, "replacement")["x"][0] > 0.5

    def test_mean_slope(self):
        problem = OnlineCounterexample.stochastic()
        assert len(problem.train) == 100 and problem.grad(problem.init())["x"][0] == pytest.approx(0.02)

    @pytest.mark.parametrize(
        ("make", "message"),
        [
            (lambda: OnlineCounterexample.periodic(2.0), "large = 2.0 is not allowed: it must be > 2"),
            (lambda: OnlineCounterexample.stochastic(0.5), "large = 0.5 and delta = 0.02 are not allowed"),
            (
                lambda: OnlineCounterexample(train=Data(-np.ones((2, 1)), np.zeros(2))),
                "1 features of mean -1",
            ),
        ],
    )
    def test_errors_name_the_setting(self, make, message):
        with pytest.raises(ValueError, match=message):
            make()


class TestNoisyQuadratic:
    def test_noise_has_the_covariance_h(self):
        problem = NoisyQuadratic.make(dimension=5, examples=50_000)
        x = problem.init(np.random.default_rng(0))
        h = problem.spectrum
        np.testing.assert_array_equal(h, 1 / np.arange(1, 6))
        np.testing.assert_allclose(problem.grad(x)["x"], h * x["x"], atol=1e-12)
        grads = h * (x["x"] - problem.train.inputs)
        np.testing.assert_allclose(np.cov(grads.T), np.diag(h), atol=0.02)
        np.testing.assert_allclose(problem.grad(x, problem.train[3:4])["x"], grads[3], atol=1e-15)

    def test_spectrum_is_checked(self):
        data = Data(np.zeros((3, 2)), np.zeros(3))
        for spectrum, message in ((np.ones(3), r"shape \(3,\)"), (np.array([1.0, 0.0]), "least value 0.0")):
            with pytest.raises(ValueError, match=message):
                NoisyQuadratic(train=data, spectrum=spectrum)
