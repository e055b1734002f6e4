"""The Fisher matrix of a layer: a network's Gauss–Newton matrix, the mean over labels, one example's product."""

from dataclasses import replace

import numpy as np
import pytest

from course_lib.optimizers import KFAC
from course_lib.problems import MLP, ConvNet, LayerFisher, LeastSquares, SoftmaxRegression, layer_fishers

from .common import network, somewhere

PROBLEM = replace(network((4, 3), "tanh"), l2=0.0)
PARAMS = somewhere(PROBLEM)


def stacked(params, k):
    return np.vstack([params[f"W{k}"], params[f"b{k}"]])


def gauss_newton_block(problem, params, k, batch=None):
    """The columns of a layer's block, each a product with a unit vector."""
    shape, columns = stacked(params, k).shape, []
    for unit in np.eye(np.prod(shape)).reshape(-1, *shape):
        vector = {name: np.zeros_like(part) for name, part in params.items()}
        vector[f"W{k}"], vector[f"b{k}"] = unit[:-1], unit[-1]
        columns.append(stacked(problem.gauss_newton_product(params, vector, batch), k).ravel())
    return np.array(columns).T


@pytest.mark.parametrize("k", [1, 2, 3])
def test_under_a_softmax_it_is_the_gauss_newton_matrix(k):
    block = layer_fishers(PROBLEM, PARAMS)[k - 1].block()
    np.testing.assert_allclose(block, gauss_newton_block(PROBLEM, PARAMS, k), rtol=1e-12, atol=1e-15)


def test_of_softmax_regression_it_is_the_hessian():
    problem = SoftmaxRegression(train=PROBLEM.train, classes=PROBLEM.classes)
    rng = np.random.default_rng(1)
    params = {name: rng.normal(size=part.shape) for name, part in problem.init().items()}
    (layer,) = layer_fishers(problem, params)
    v = {name: rng.normal(size=part.shape) for name, part in params.items()}
    product = problem.hvp(params, v)
    flat = [np.vstack([p["W"], p["b"]]).ravel() for p in (v, product)]
    np.testing.assert_allclose(layer.block() @ flat[0], flat[1], rtol=1e-11)


@pytest.mark.parametrize("labels", ["expected", "sampled", "data"])
def test_of_one_example_it_is_the_product_of_its_factors(labels):
    rng = np.random.default_rng(0)
    for layer in layer_fishers(PROBLEM, PARAMS, PROBLEM.train[3:4], labels, rng):
        np.testing.assert_allclose(np.kron(*layer.factors()), layer.block(), rtol=1e-12, atol=1e-18)


def test_of_several_examples_it_is_not():
    layer = layer_fishers(PROBLEM, PARAMS)[1]
    assert np.linalg.norm(np.kron(*layer.factors()) - layer.block()) > 0.02 * np.linalg.norm(layer.block())


def test_the_data_s_labels_give_the_mean_square_of_the_examples_gradients():
    for k, layer in enumerate(layer_fishers(PROBLEM, PARAMS, labels="data"), 1):
        every = [
            stacked(PROBLEM.grad(PARAMS, PROBLEM.train[n : n + 1]), k).ravel()
            for n in range(len(PROBLEM.train))
        ]
        expected = np.mean([np.outer(g, g) for g in every], axis=0)
        np.testing.assert_allclose(layer.block(), expected, rtol=1e-12, atol=1e-17)


def test_labels_drawn_often_enough_give_the_fisher_matrix():
    rng, batch = np.random.default_rng(2), PROBLEM.train[:5]
    expected = layer_fishers(PROBLEM, PARAMS, batch)[1].squares
    drawn = np.mean(
        [layer_fishers(PROBLEM, PARAMS, batch, "sampled", rng)[1].squares for _ in range(2000)], axis=0
    )
    assert np.linalg.norm(drawn - expected) < 0.1 * np.linalg.norm(expected)
    data = layer_fishers(PROBLEM, PARAMS, batch, "data")[1].squares
    assert np.linalg.norm(data - expected) > 0.3 * np.linalg.norm(expected)


def test_the_factors_are_those_that_kfac_steps_by():
    opt = KFAC(lr=0.2, damping=0.03, seed=4)
    layers = layer_fishers(PROBLEM, PARAMS, None, "sampled", np.random.default_rng([4, 1]))
    new, _ = opt.step(PARAMS, opt.init(PARAMS), PROBLEM)
    slope = PROBLEM.grad(PARAMS)
    for k, layer in enumerate(layers, 1):
        (a, g), grad = layer.factors(), stacked(slope, k)
        pi = np.sqrt(np.trace(a) / len(a) / (np.trace(g) / len(g)))
        damped = np.kron(a + pi * 0.03**0.5 * np.eye(len(a)), g + 0.03**0.5 / pi * np.eye(len(g)))
        step = -0.2 * np.linalg.solve(damped, grad.ravel()).reshape(grad.shape)
        np.testing.assert_allclose(stacked(new, k) - stacked(PARAMS, k), step, rtol=1e-9)


def test_what_cannot_be_asked_is_named():
    with pytest.raises(
        ValueError, match="labels = 'true' is not allowed: it must be 'expected' or 'sampled'"
    ):
        layer_fishers(PROBLEM, PARAMS, labels="true")
    with pytest.raises(ValueError, match="labels = 'sampled' needs rng"):
        layer_fishers(PROBLEM, PARAMS, labels="sampled")
    with pytest.raises(TypeError, match="it must be a classifier, such as MLP"):
        layer_fishers(LeastSquares.line(), PARAMS)
    conv = ConvNet.on_digits()
    with pytest.raises(ValueError, match="a layer that is not dense"):
        layer_fishers(conv, conv.init(np.random.default_rng(0)), conv.train[:2])


def test_a_float32_network_has_float32_matrices():
    problem = MLP.on_digits(hidden=(4,), dtype=np.float32)
    layer = layer_fishers(problem, problem.init(np.random.default_rng(0)), problem.train[:9])[1]
    assert isinstance(layer, LayerFisher) and layer.block().dtype == np.float32
