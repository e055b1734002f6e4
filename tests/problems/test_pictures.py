"""Pictures: convolution by its definition, and the layers' statistics that K-FAC is made of."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.curvature import flat, like
from course_lib.optimizers import KFAC, Adam
from course_lib.problems import MLP, Autoencoder, ConvNet, Data
from course_lib.problems.classifier import LayerStatistics
from course_lib.problems.heads import HalfSquaredError
from course_lib.problems.layers import Dense
from course_lib.problems.pictures import Conv2d, Pooled
from tests.problems.common import somewhere, steps

LAYERS = [
    Conv2d(5, 2, 3),
    Conv2d(5, 2, 3, kernel=2, padding="valid"),
    Conv2d(4, 1, 2, kernel=5),
    Pooled(Conv2d(2, 2, 3), 4, 2),
    Pooled(Dense(8, 3), 4, 2),
]


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
