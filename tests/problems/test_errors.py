"""Data, batches and parameters that do not fit are named; batches of several runs."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.problems import MLP, Autoencoder, Data, get_batches


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
            (-1, None, "sorted", ValueError, "batch size -1 is not allowed"),
            (
                2,
                None,
                "random",
                ValueError,
                "order = 'random' is not allowed: it must be 'shuffled', 'once', 'fixed', "
                "'replacement' or 'sorted'",
            ),
            (
                2,
                None,
                "sorted",
                ValueError,
                "order = 'sorted' is not allowed: it needs labels, whole numbers, but the "
                "targets are float64",
            ),
            (None, None, "sorted", ValueError, "order = 'sorted' is not allowed: it needs labels"),
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
        assert next(get_batches(data, 2, rngs, "sorted")).targets.tolist() == [0, 1]
        assert next(get_batches(data, None, rngs, "replacement")).targets.shape == (5, 3)

    def test_a_batch_with_a_grid_can_be_cut(self):
        data = Data(np.arange(10.0).reshape(5, 2), np.arange(5))
        batch = data[np.array([[0, 1], [2, 3], [4, 0]])]
        np.testing.assert_array_equal(batch[1:].targets, [[2, 3], [4, 0]])
        np.testing.assert_array_equal(batch[np.array([2, 0])].inputs[..., 0], data.inputs[[4, 0]])
