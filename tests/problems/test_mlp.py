"""The multilayer perceptron: derivatives against differences, grids, number types."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.curvature import flat, hessian, hessian_vector, like
from course_lib.optimizers import Adam
from course_lib.problems import MLP, Data, SoftmaxRegression
from course_lib.problems.plain_mlp import loss_and_grad
from course_lib.running import train
from tests.problems.common import network, somewhere

DEPTHS: list[Any] = [(), (4,), (6, 4), (3, 3, 3)]


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("hidden", DEPTHS)
class TestDerivatives:
    def test_gradient(self, hidden, activation):
        problem = network(hidden, activation)
        x, h = somewhere(problem), 1e-6
        batch = problem.train[2:7]
        v = flat(x)
        slopes = [
            (problem.loss(like(v + h * e, x), batch) - problem.loss(like(v - h * e, x), batch)) / (2 * h)
            for e in np.eye(len(v))
        ]
        np.testing.assert_allclose(flat(problem.grad(x, batch)), slopes, atol=1e-8)

    def test_hessian_vector(self, hidden, activation):
        problem = network(hidden, activation)
        x = somewhere(problem)
        v = {name: np.random.default_rng(3).standard_normal(part.shape) for name, part in x.items()}
        batch = problem.train[2:7]
        product = problem.hvp(x, v, batch)
        assert product.keys() == x.keys()
        np.testing.assert_allclose(flat(product), flat(hessian_vector(problem, x, v, batch)), atol=1e-8)
        h = hessian(problem, x)
        np.testing.assert_allclose(h, h.T, atol=1e-14)
        np.testing.assert_allclose(h @ flat(v), flat(problem.hvp(x, v)), atol=1e-12)

    def test_grid_is_each_alone(self, hidden, activation):
        problem = network(hidden, activation)
        x, v = somewhere(problem, (2, 3)), somewhere(problem, (2, 3), seed=2)
        loss, g, p, right = problem.loss(x), problem.grad(x), problem.hvp(x, v), problem.accuracy(x)
        assert loss.shape == right.shape == (2, 3)
        for i in np.ndindex(2, 3):
            y, u = ({name: part[(..., *i)] for name, part in a.items()} for a in (x, v))
            assert loss[i] == pytest.approx(problem.loss(y), rel=1e-13)
            assert right[i] == problem.accuracy(y)
            for name, part in problem.grad(y).items():
                np.testing.assert_allclose(g[name][(..., *i)], part, atol=1e-13)
            for name, part in problem.hvp(y, u).items():
                np.testing.assert_allclose(p[name][(..., *i)], part, atol=1e-13)

    def test_number_type_is_kept(self, hidden, activation):
        problem = network(hidden, activation, dtype=np.float32)
        x = problem.init(np.random.default_rng(0))
        parts = [x, problem.grad(x), problem.hvp(x, x)]
        statistics = problem.layer_statistics(x, None, np.random.default_rng(0))
        assert {a.dtype for part in parts for a in part.values()} == {np.dtype(np.float32)}
        assert {a.dtype for pair in statistics for a in pair} == {np.dtype(np.float32)}
        assert problem.loss(x).dtype == np.float32

    def test_layer_statistics_make_the_gradient_of_the_drawn_labels(self, hidden, activation):
        problem = network(hidden, activation, l2=0.0)
        x, batch = somewhere(problem), problem.train[:6]
        drawn = problem.sampled(x, batch, np.random.default_rng(5))
        g = problem.grad(x, drawn)
        statistics = problem.layer_statistics(x, batch, np.random.default_rng(5))
        assert len(statistics) == problem.depth
        for k, (inputs, slopes) in enumerate(statistics, 1):
            assert (inputs[:, -1] == 1).all()
            np.testing.assert_allclose(inputs.T @ slopes / 6, np.vstack([g[f"W{k}"], g[f"b{k}"]]), atol=1e-14)


class TestMLP:
    def test_without_hidden_layers_it_is_softmax_regression(self):
        problem = network((), l2=0.2)
        other = SoftmaxRegression(train=problem.train, classes=3, l2=0.2)
        x = somewhere(problem)
        y = {"W": x["W1"], "b": x["b1"]}
        assert problem.loss(x) == pytest.approx(other.loss(y), rel=1e-14)
        np.testing.assert_allclose(flat(problem.grad(x)), flat(other.grad(y)), atol=1e-15)
        assert problem.accuracy(x) == other.accuracy(y)

    @pytest.mark.parametrize(("activation", "first"), [("relu", 2 / 400), ("tanh", 2 / 700)])
    def test_initial_variances(self, activation, first):
        data = Data(np.zeros((1, 400)), np.array([0]))
        x = MLP(train=data, hidden=(300,), classes=200, activation=activation).init(np.random.default_rng(0))
        assert x["W1"].var() == pytest.approx(first, rel=0.02)
        assert x["W2"].var() == pytest.approx(2 / 500, rel=0.02)
        assert not x["b1"].any() and not x["b2"].any()

    def test_drawn_labels_follow_the_model(self):
        problem = network((4,))
        x = somewhere(problem)
        p = np.exp(problem.scores(x, problem.train.inputs[:1])[0])
        p /= p.sum()
        many = Data(np.repeat(problem.train.inputs[:1], 20000, axis=0), np.zeros(20000, int))
        drawn = problem.sampled(x, many, np.random.default_rng(0)).targets
        np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 20000, p, atol=0.015)

    def test_learns_the_digits(self):
        history = train(Adam(lr=1e-2), MLP.on_digits(dtype=np.float32), epochs=8, batch_size=64)
        assert history["test_accuracy"][-1] > 0.95

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"l2": -1.0}, "l2 = -1.0 is not allowed"),
            ({"activation": "sigmoid"}, "activation = 'sigmoid' is not allowed"),
            ({"hidden": (3, 0)}, r"hidden = \(3, 0\) is not allowed"),
            ({"hidden": (2.5,)}, r"hidden = \(2.5,\) is not allowed"),
            ({"classes": 2}, "labels run from 0 to 2"),
        ],
    )
    def test_errors_name_the_field(self, wrong, message):
        settings: dict[str, Any] = {"train": network().train, "classes": 3} | wrong
        with pytest.raises(ValueError, match=message):
            MLP(**settings)


@pytest.mark.parametrize("hidden", DEPTHS)
def test_the_plain_network_is_the_same(hidden):
    problem = network(hidden, "relu", l2=0.0)
    x, data = somewhere(problem), problem.train
    loss, grads = loss_and_grad(x, data.inputs, data.targets)
    assert loss == pytest.approx(problem.loss(x), rel=1e-14)
    expected = problem.grad(x)
    assert grads.keys() == expected.keys()
    for name, part in expected.items():
        np.testing.assert_allclose(grads[name], part, rtol=0, atol=1e-15)
