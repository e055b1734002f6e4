"""Data, batches and softmax regression: gradients against finite differences, batches complete, bad data named."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.optimizers import GradientDescent
from course_lib.problems import Data, SoftmaxRegression, digits, get_batches
from course_lib.problems.datasets import bundled, split
from course_lib.running import train
from tests.problems.common import somewhere


def small(l2=0.3, dtype=np.float64):
    rng = np.random.default_rng(0)
    data = Data(rng.standard_normal((7, 5)).astype(dtype), np.array([0, 1, 2, 0, 1, 2, 2]))
    return SoftmaxRegression(train=data, classes=3, l2=l2)


class TestSoftmax:
    @pytest.mark.parametrize("rows", [slice(None), slice(2, 5), slice(3, 4)])
    def test_gradient_agrees_with_finite_differences(self, rows):
        problem = small()
        params, batch, h = somewhere(problem), problem.train[rows], 1e-6
        g = problem.grad(params, batch)
        for name, part in params.items():
            for index in np.ndindex(part.shape):
                up, down = ({**params, name: part.copy()} for _ in range(2))
                up[name][index] += h
                down[name][index] -= h
                slope = (problem.loss(up, batch) - problem.loss(down, batch)) / (2 * h)
                assert slope == pytest.approx(g[name][index], abs=1e-8)

    def test_loss_is_the_mean_of_the_cross_entropies(self):
        problem = small(l2=0.0)
        params = somewhere(problem)
        z = problem.train.inputs @ params["W"] + params["b"]
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        by_hand = -np.log([p[n, y] for n, y in enumerate(problem.train.targets)]).mean()
        assert problem.loss(params) == pytest.approx(by_hand, rel=1e-14)
        assert problem.accuracy(params) == np.mean(z.argmax(axis=1) == problem.train.targets)

    def test_grid_equals_each_model_alone(self):
        problem = small()
        params = somewhere(problem, (2, 4))
        g = problem.grad(params)
        for i, j in np.ndindex(2, 4):
            alone = {name: part[..., i, j] for name, part in params.items()}
            assert problem.loss(params)[i, j] == pytest.approx(problem.loss(alone), rel=1e-14)
            assert problem.accuracy(params)[i, j] == problem.accuracy(alone)
            for name, part in problem.grad(alone).items():
                np.testing.assert_allclose(g[name][..., i, j], part, atol=1e-14)

    def test_large_scores_do_not_overflow(self):
        problem = small(l2=0.0)
        params = {name: 1e5 * part for name, part in somewhere(problem).items()}
        assert np.isfinite(problem.loss(params))
        assert all(np.isfinite(part).all() for part in problem.grad(params).values())

    def test_float32_stays_float32(self):
        problem = small(dtype=np.float32)
        params = somewhere(problem)
        assert problem.loss(params).dtype == np.float32
        assert {part.dtype for part in problem.grad(params).values()} == {np.dtype(np.float32)}
        assert {part.dtype for part in problem.init().values()} == {np.dtype(np.float32)}

    @pytest.mark.parametrize(
        ("targets", "l2", "words"),
        [
            (np.array([0, 1, 3]), 0.0, ["labels run from 0 to 3", "0 … 2"]),
            (np.array([-1, 1, 2]), 0.0, ["-1", "0 … 2"]),
            (np.array([0.0, 1.0, 2.0]), 0.0, ["float64", "whole"]),
            (np.array([0, 1, 2]), -1.0, ["l2 = -1.0", "≥ 0"]),
            (np.array([0, 1, 2]), float("nan"), ["l2 = nan"]),
        ],
    )
    def test_bad_input_is_named(self, targets, l2, words):
        with pytest.raises(ValueError) as caught:
            SoftmaxRegression(train=Data(np.eye(3), targets), classes=3, l2=l2)
        assert not [word for word in words if word not in str(caught.value)]


class TestData:
    @pytest.mark.parametrize(
        ("inputs", "targets", "words"),
        [
            (np.ones(3), np.ones(3), ["inputs has shape (3,)"]),
            (np.ones((0, 3)), np.ones(0), ["N ≥ 1"]),
            (np.ones((3, 2)), np.ones(4), ["targets has 4 rows", "3"]),
            (np.array([[1.0], [np.nan]]), np.ones(2), ["row 1", "finite"]),
            (np.array([[np.inf], [1.0]]), np.ones(2), ["row 0", "finite"]),
        ],
    )
    def test_bad_input_is_named(self, inputs, targets, words):
        with pytest.raises(ValueError) as caught:
            Data(inputs, targets)
        assert not [word for word in words if word not in str(caught.value)]

    @pytest.mark.parametrize("seed", [0, 1, 2, 3, 7, 19, 1234])
    @pytest.mark.parametrize("name, held_out", [("digits", 300), ("breast_cancer", 100), ("diabetes", 70)])
    def test_data_and_splits_are_scikit_learns_bit_for_bit(self, name, held_out, seed):
        from sklearn import datasets as peer
        from sklearn.model_selection import train_test_split

        inputs, targets = bundled(name)
        theirs = getattr(peer, f"load_{name}")(return_X_y=True)
        assert all(np.array_equal(a, b) for a, b in zip((inputs, targets), theirs, strict=True))
        labels = name != "diabetes"

        def parted(*pair):
            return train_test_split(
                *pair, test_size=held_out, random_state=seed, stratify=pair[1] if labels else None
            )

        rest, test, rest_targets, test_targets = parted(*theirs)
        train, valid, train_targets, valid_targets = parted(rest, rest_targets)
        pairs = ((train, train_targets), (valid, valid_targets), (test, test_targets))
        for part, (x, y) in zip(split(inputs, targets, held_out, seed, labels), pairs, strict=True):
            assert np.array_equal(part.inputs, x) and np.array_equal(part.targets, y)

    def test_classes_that_tie_for_an_example_are_drawn_as_scikit_learn_draws_them(self):
        from sklearn.model_selection import train_test_split

        x, y = np.arange(70.0)[:, None], np.arange(70) % 7
        for seed in range(20):
            rest, _ = train_test_split(x, test_size=10, random_state=seed, stratify=y)
            train, valid = train_test_split(rest, test_size=10, random_state=seed, stratify=rest[:, 0] % 7)
            ours = split(x, y, 10, seed, stratify=True)
            assert np.array_equal(ours[0].inputs, train) and np.array_equal(ours[1].inputs, valid)

    def test_digits_are_split_without_overlap(self):
        parts = digits()
        assert [len(part) for part in parts] == [1197, 300, 300]
        rows = np.concatenate([part.inputs for part in parts])
        assert len(np.unique(rows, axis=0)) == 1797 and rows.min() == 0 and rows.max() == 1
        counts = [np.bincount(part.targets, minlength=10) / len(part) for part in parts]
        assert np.ptp(counts, axis=0).max() < 0.01

    @pytest.mark.parametrize("size", [1, 3, 10, None])
    def test_an_epoch_shows_every_example_once(self, size):
        data = Data(np.zeros((10, 1)), np.arange(10))
        batches = list(get_batches(data, size, np.random.default_rng(0)))
        assert sorted(np.concatenate([batch.targets for batch in batches])) == list(range(10))
        assert [len(batch) for batch in batches] == {1: [1] * 10, 3: [3, 3, 3, 1], 10: [10], None: [10]}[size]

    def test_orders(self):
        data, rng = Data(np.zeros((50, 1)), np.arange(50)), np.random.default_rng(0)
        first, second = (next(get_batches(data, 25, rng)).targets for _ in range(2))
        assert not np.array_equal(first, second)
        assert next(get_batches(data, 25, rng, "fixed")).targets.tolist() == list(range(25))
        drawn = np.concatenate([batch.targets for batch in get_batches(data, None, rng, "replacement")])
        assert len(drawn) == 50 and len(np.unique(drawn)) < 50

    def test_shuffled_once_is_the_same_in_every_epoch_and_differs_from_the_order_stored(self):
        data = Data(np.zeros((50, 1)), np.arange(50))
        rngs = [np.random.default_rng(k) for k in range(2)]

        def epoch(rng):
            return np.concatenate([batch.targets for batch in get_batches(data, 8, rng, "once")])

        first, second = epoch(rngs[0]), epoch(rngs[0])
        assert np.array_equal(first, second) and sorted(first) == list(range(50)) != first.tolist()
        assert np.array_equal(epoch(rngs), np.stack([first, epoch(rngs[1])], axis=1))
        assert not np.array_equal(epoch(rngs[1]), first)

    def test_sorted_goes_through_one_class_after_the_other(self):
        labels = np.array([2, 0, 1, 0, 2, 2, 1])
        data = Data(np.arange(7.0)[:, None], labels)
        batches = list(get_batches(data, 3, np.random.default_rng(0), "sorted"))
        assert [batch.targets.tolist() for batch in batches] == [[0, 0, 1], [1, 2, 2], [2]]
        assert np.concatenate([batch.inputs for batch in batches]).ravel().tolist() == [1, 3, 2, 6, 0, 4, 5]

    def test_a_problem_sorted_by_class_learns_worse_than_one_shuffled_once(self):
        problem = SoftmaxRegression.on_digits()
        options = dict(epochs=3, batch_size=16, seed=range(2))
        loss = {
            order: train(GradientDescent(lr=0.5), problem, order=order, **options)["loss"][-1]
            for order in ("once", "shuffled", "sorted")
        }
        assert (loss["sorted"] > 2 * loss["once"]).all() and not np.array_equal(
            loss["once"], loss["shuffled"]
        )
