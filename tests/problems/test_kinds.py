"""What each kind of problem is: convolution by definition, K-FAC's factors, published behaviour, bad settings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.curvature import flat, like
from course_lib.optimizers import KFAC, Adagrad, Adam, AMSGrad, GradientDescent
from course_lib.problems import (
    MLP,
    Autoencoder,
    ConvNet,
    Data,
    LinearRegression,
    MatrixFactorisation,
    NoisyQuadratic,
    OnlineCounterexample,
    SoftmaxRegression,
    get_batches,
    zipf_text,
)
from course_lib.problems.classifier import LayerStatistics
from course_lib.problems.heads import HalfSquaredError
from course_lib.problems.layers import Dense
from course_lib.problems.pictures import Conv2d, Pooled
from tests.problems.common import somewhere

LAYERS = [
    Conv2d(5, 2, 3),
    Conv2d(5, 2, 3, kernel=2, padding="valid"),
    Conv2d(4, 1, 2, kernel=5),
    Pooled(Conv2d(2, 2, 3), 4, 2),
    Pooled(Dense(8, 3), 4, 2),
]


def steps(opt: Any, problem: Any, x: Any, epochs: int, size: int, order: Any = "shuffled") -> Any:
    state, rng = opt.init(x), np.random.default_rng(1)
    for _ in range(epochs):
        for batch in get_batches(problem.train, size, rng, order):
            x, state = opt.step(x, state, problem, batch)
            x = problem.project(x) if hasattr(problem, "project") else x
    return x


class TestPictures:
    @pytest.mark.parametrize("padding", ["same", "valid"])
    @pytest.mark.parametrize("kernel", [1, 3])
    def test_convolution_by_its_definition(self, kernel, padding):
        rng = np.random.default_rng(0)
        layer = Conv2d(5, 2, 3, kernel, padding)
        picture, w = rng.standard_normal((5, 5, 2)), rng.standard_normal(layer.shape)
        result = (layer.rows(picture.reshape(1, -1)) @ w).reshape(layer.side_after, layer.side_after, 3)
        weights, m = w.reshape(kernel, kernel, 2, 3), layer.margin
        for i, j, out in np.ndindex(result.shape):
            total = 0.0
            for di, dj, c in np.ndindex(kernel, kernel, 2):
                row, column = i + di - m, j + dj - m
                if 0 <= row < 5 and 0 <= column < 5:
                    total += picture[row, column, c] * weights[di, dj, c, out]
            assert result[i, j, out] == pytest.approx(total, abs=1e-12)

    @pytest.mark.parametrize("layer", LAYERS, ids=repr)
    def test_back_is_the_adjoint_of_rows(self, layer):
        rng = np.random.default_rng(0)
        side = layer.side
        a = rng.standard_normal((2, 3, side**2 * layer.channels))
        rows = layer.rows(a)
        assert rows.shape == (2, 3 * layer.positions, layer.shape[0])
        d = rng.standard_normal(rows.shape)
        assert np.sum(rows * d) == pytest.approx(np.sum(a * layer.back(d)), rel=1e-12)
        for run in range(2):
            np.testing.assert_array_equal(rows[run], layer.rows(a[run]))
            np.testing.assert_array_equal(layer.back(d)[run], layer.back(d[run]))

    def test_a_patch_as_large_as_the_picture_is_a_dense_layer(self):
        rng = np.random.default_rng(0)
        data = Data(rng.standard_normal((6, 9)), rng.integers(3, size=6))
        conv = ConvNet(train=data, channels=(4,), kernel=3, padding="valid", classes=3)
        dense = MLP(train=data, hidden=(4,), classes=3)
        x = somewhere(dense)
        assert conv.loss(x) == pytest.approx(dense.loss(x), rel=1e-14)
        np.testing.assert_allclose(flat(conv.grad(x)), flat(dense.grad(x)), atol=1e-14)
        for a, b in zip(
            *(p.layer_statistics(x, None, np.random.default_rng(0)) for p in (conv, dense)), strict=True
        ):
            np.testing.assert_allclose(a[0], b[0]), np.testing.assert_allclose(a[1], b[1], atol=1e-14)

    def test_learns_the_digits(self):
        problem = ConvNet.on_digits(dtype=np.float32)
        x = steps(Adam(lr=1e-2), problem, problem.init(np.random.default_rng(0)), 4, 64)
        assert problem.accuracy(x, problem.valid) > 0.9

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"channels": ()}, r"channels = \(\) is not allowed: .*at least 1"),
            ({"channels": (4, 0)}, r"channels = \(4, 0\) is not allowed"),
            ({"kernel": 2}, "kernel = 2 is not allowed: with padding 'same' it must be odd"),
            ({"kernel": 2.5}, r"kernel = \(2.5,\) is not allowed"),
            ({"padding": "full"}, "padding = 'full' is not allowed: it must be 'same' or 'valid'"),
            (
                {"padding": "valid", "kernel": 5},
                "kernel = 5 is not allowed: convolution 1 sees pictures of 4×4",
            ),
            ({"padding": "valid", "channels": (2, 2)}, "convolution 2 sees pictures of 1×1"),
            ({"activation": "sigmoid"}, "activation = 'sigmoid' is not allowed"),
            ({"l2": -1.0}, "l2 = -1.0 is not allowed"),
            ({"classes": 2}, "train: labels run from 0 to 2"),
            (
                {"train": Data(np.zeros((3, 15)), np.arange(3))},
                "15 features, but they must be a square picture",
            ),
        ],
    )
    def test_errors_name_the_setting(self, wrong, message):
        data = Data(np.zeros((3, 16)), np.arange(3))
        with pytest.raises(ValueError, match=message):
            ConvNet(**{"train": data, "classes": 3, "channels": (4,)} | wrong)


class Spread(LayerStatistics):
    """A convolution whose every position has an output of its own: slopes at different positions are uncorrelated."""

    head = HalfSquaredError()
    layers = (Conv2d(3, 1, 2, kernel=2, padding="valid"), Dense(8, 4))

    def _targets(self, data):
        return data.targets[:, None] + np.zeros((1, 4))


class TestLayerStatistics:
    def test_factors_of_a_convolution_are_the_fisher_matrix_where_they_can_be(self):
        """Equal patches and uncorrelated, alike slopes: A ⊗ G is the Gauss–Newton matrix, the factor √T included."""
        problem = Spread(train=Data(np.full((40_000, 9), 0.7), np.zeros(40_000)), activation="tanh")
        x = somewhere(problem)
        x["W2"] = np.kron(np.eye(4), x["W2"][:2, :1])
        inputs, slopes = problem.layer_statistics(x, None, np.random.default_rng(0))[0]
        assert inputs.shape == (160_000, 5) and slopes.shape == (160_000, 2)
        a, g = inputs.T @ inputs / len(inputs), slopes.T @ slopes / len(slopes)
        few, names = problem.train[:1], ("W1", "b1")
        matrix = []
        for e in np.eye(len(flat(x)))[: 2 * 5]:
            product = problem.gauss_newton_product(x, like(e, x), few)
            matrix.append(np.concatenate([product[name].ravel() for name in names]))
        np.testing.assert_allclose(np.kron(a, g), matrix, rtol=0.03, atol=1e-4)

    @pytest.mark.parametrize("make", [ConvNet.on_digits, Autoencoder.on_digits])
    def test_statistics_make_the_gradient_of_the_drawn_targets(self, make):
        problem = make()
        x, batch = somewhere(problem), problem.train[:8]
        statistics = problem.layer_statistics(x, batch, np.random.default_rng(5))
        assert len(statistics) == problem.depth
        scores = problem.scores(x, batch.inputs)
        drawn = problem.head.drawn(scores, np.random.default_rng(5))

        class Drawn(type(problem)):
            def _targets(self, data):
                return drawn

        g = Drawn(train=problem.train).grad(x, batch)
        for k, (inputs, slopes) in enumerate(statistics, 1):
            positions = problem.layers[k - 1].positions
            total = inputs.T @ slopes / (8 * positions**0.5)
            np.testing.assert_allclose(total, np.vstack([g[f"W{k}"], g[f"b{k}"]]), atol=1e-13)

    def test_kfac_needs_fewer_steps_than_adam_on_an_autoencoder(self):
        problem = Autoencoder.on_digits()
        ends = [
            problem.loss(steps(opt, problem, problem.init(np.random.default_rng(0)), 5, 128))
            for opt in (KFAC(), Adam(lr=3e-3))
        ]
        assert ends[0] < 0.75 * ends[1]

    def test_gaussian_draws_have_the_variance_of_the_loss(self):
        head, z = HalfSquaredError(), np.zeros((20_000, 3))
        error = head.error(z, head.drawn(z, np.random.default_rng(0)))
        np.testing.assert_allclose(error.T @ error / 20_000, np.eye(3) / 3, atol=0.01)


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


class TestText:
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
    @pytest.mark.parametrize("large", [3.0, 5.0])
    def test_adam_goes_to_the_worst_point_and_amsgrad_to_the_best(self, large):
        problem = OnlineCounterexample.periodic(large)
        beta2 = 1 / (1 + large**2)
        ends = {}
        for rule in (Adam, AMSGrad):
            x, state = problem.init(), rule().init(problem.init())
            opt = rule(lr=0.3, beta1=0, beta2=beta2)
            for t in range(1, 3001):
                batch = problem.train[(t - 1) % 3 : (t - 1) % 3 + 1]
                x, state = opt.at(t**-0.5).step(x, state, problem, batch)  # the paper's lr/√t
                x = problem.project(x)
            ends[rule] = x["x"][0]
        assert ends[Adam] > 0.9 and ends[AMSGrad] < -0.9

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


class TestErrors:
    @pytest.mark.parametrize(
        ("inputs", "targets", "error", "message"),
        [
            ([[1.0]], np.zeros(1), TypeError, "inputs is list, but it must be a numpy array of numbers"),
            (np.array([["a"]]), np.zeros(1), TypeError, "inputs is an array of <U1"),
            (np.zeros((2, 1)), np.array([0.0, np.nan]), ValueError, "targets row 1 is not finite"),
            (np.zeros((2, 1)), np.zeros((2, 1)), ValueError, r"targets has 2 rows \(shape \(2, 1\)\)"),
            (np.zeros((2, 1, 3)), np.zeros((2, 4)), ValueError, r"inputs \(shape \(2, 1, 3\)\)"),
            (np.zeros((2, 1)), np.array(1.0), ValueError, "targets has no rows"),
        ],
    )
    def test_data(self, inputs, targets, error, message):
        with pytest.raises(error, match=message):
            Data(inputs, targets)

    @pytest.mark.parametrize(
        ("size", "rng", "order", "error", "message"),
        [
            (0, None, "shuffled", ValueError, r"batch size 0 is not allowed: it must be in 1 … 5"),
            (6, None, "shuffled", ValueError, "batch size 6 is not allowed"),
            (2.0, None, "shuffled", TypeError, r"batch size 2\.0 is not a whole number"),
            (True, None, "shuffled", TypeError, "batch size True is not a whole number"),
            (2, None, "sorted", ValueError, "order = 'sorted' is not allowed"),
            (2, [], "shuffled", ValueError, "rng is an empty sequence"),
        ],
    )
    def test_batches(self, size, rng, order, error, message):
        data = Data(np.zeros((5, 1)), np.zeros(5))
        rng = np.random.default_rng(0) if rng is None else rng
        with pytest.raises(error, match=message):
            next(get_batches(data, size, rng, order))

    def test_shapes_of_parameters_batches_and_parts(self):
        problem = MLP.on_digits()
        x = problem.init(np.random.default_rng(0))
        with pytest.raises(
            ValueError, match=r"W1 and b1 have shapes \(3, 32\) and \(32,\), but they must be \(64, 32\)"
        ):
            problem.loss(x | {"W1": np.zeros((3, 32))})
        with pytest.raises(ValueError, match=r"inputs has shape \(2, 5\), but it must be \(N, 64\)"):
            problem.grad(x, Data(np.zeros((2, 5)), np.zeros(2, int)))
        with pytest.raises(ValueError, match="valid has 2 features, but it must have as many as train, 64"):
            MLP(train=problem.train, valid=Data(np.zeros((1, 2)), np.zeros(1, int)))
        with pytest.raises(ValueError, match="valid: labels run from 10 to 10"):
            MLP(train=problem.train, valid=Data(np.zeros((1, 64)), np.array([10])))
        with pytest.raises(ValueError, match=r"hidden = \(\) is not allowed"):
            Autoencoder.on_digits(hidden=())

    def test_the_same_examples_are_not_stacked(self):
        data, rngs = Data(np.zeros((5, 1)), np.arange(5)), [np.random.default_rng(k) for k in range(3)]
        assert next(get_batches(data, None, rngs)) is data
        assert next(get_batches(data, 2, rngs, "fixed")).targets.tolist() == [0, 1]
        assert next(get_batches(data, None, rngs, "replacement")).targets.shape == (5, 3)

    def test_a_batch_with_a_grid_can_be_cut(self):
        data = Data(np.arange(10.0).reshape(5, 2), np.arange(5))
        batch = data[np.array([[0, 1], [2, 3], [4, 0]])]
        np.testing.assert_array_equal(batch[1:].targets, [[2, 3], [4, 0]])
        np.testing.assert_array_equal(batch[np.array([2, 0])].inputs[..., 0], data.inputs[[4, 0]])
