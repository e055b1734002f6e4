"""What every problem of the registry keeps: derivatives, stacks of runs, number types, batches."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from course_lib.curvature import flat, like
from course_lib.problems import PROBLEMS, get_batches
from course_lib.problems.stacks import to_front
from tests.problems.common import NAMES, as_float32, each, one, parts, somewhere, start_of

PRODUCTS = ("hvp", "gauss_newton_product")


def close(a, b, tolerance=1e-12):
    for left, right in zip(parts(a), parts(b), strict=True):
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


def products(problem):
    return [getattr(problem, name) for name in PRODUCTS if hasattr(problem, name)]


def differences(function, x, h=1e-6):
    v = flat(x)
    ups_and_downs = [(function(like(v + h * e, x)), function(like(v - h * e, x))) for e in np.eye(len(v))]
    return np.array([(flat(up) - flat(down)) / (2 * h) for up, down in ups_and_downs])


@pytest.mark.parametrize("name", NAMES)
class TestEveryProblem:
    def test_gradient_is_the_losss(self, name):
        problem = PROBLEMS[name]()
        x = somewhere(problem)
        for batch in (None, problem.train[1:3], problem.train[np.array([2, 0])]):
            slopes = differences(lambda y, b=batch: np.atleast_1d(problem.loss(y, b)), x)[:, 0]
            np.testing.assert_allclose(flat(problem.grad(x, batch)), slopes, atol=2e-8)

    def test_hessian_product_is_the_gradients_and_symmetric(self, name):
        problem = PROBLEMS[name]()
        x = somewhere(problem)
        for batch in (None, problem.train[:2]):
            hessian = differences(lambda y, b=batch: problem.grad(y, b), x)
            exact = np.array([flat(problem.hvp(x, like(e, x), batch)) for e in np.eye(len(hessian))])
            np.testing.assert_allclose(exact, hessian, atol=1e-7)
            np.testing.assert_allclose(exact, exact.T, atol=1e-13)

    def test_a_grid_is_each_run_alone(self, name):
        problem = PROBLEMS[name]()
        x, v = somewhere(problem, (3, 2)), somewhere(problem, (3, 2), seed=2)
        self.compare(problem, x, v, None, lambda index: None)

    def test_a_grid_of_batches_is_each_run_alone(self, name):
        """The parameters have a grid (3, 2), the batch has its last axis: runs of one seed share examples."""
        problem = PROBLEMS[name]()
        x, v = somewhere(problem, (3, 2)), somewhere(problem, (3, 2), seed=2)
        rows = np.array([[0, 2], [1, 0]])
        batch = problem.train[rows]
        assert batch.inputs.shape == (2, problem.train.features, 2)
        self.compare(problem, x, v, batch, lambda index: problem.train[rows[:, index[1]]])

    @staticmethod
    def compare(problem, x, v, batch, alone):
        loss, grad = problem.loss(x, batch), problem.grad(x, batch)
        assert loss.shape == (3, 2) and [p.shape for p in parts(grad)] == [p.shape for p in parts(x)]
        together = [product(x, v, batch) for product in products(problem)]
        for index in np.ndindex(3, 2):
            y, u, own = one(x, index), one(v, index), alone(index)
            assert loss[index] == pytest.approx(problem.loss(y, own), rel=1e-12, abs=1e-12)
            close(one(grad, index), problem.grad(y, own))
            for product, result in zip(products(problem), together, strict=True):
                close(one(result, index), product(y, u, own))
            if hasattr(problem, "accuracy"):
                assert problem.accuracy(x, batch)[index] == problem.accuracy(y, own)

    def test_float32_stays_float32(self, name):
        problem = as_float32(PROBLEMS[name]())
        for grid in ((), (2,)):
            x = somewhere(problem, grid) if grid else start_of(problem)
            v = somewhere(problem, grid, seed=2)
            made = [x, problem.grad(x), *(product(x, v) for product in products(problem))]
            assert {p.dtype for tree in made for p in parts(tree)} == {np.dtype(np.float32)}
            assert np.asarray(problem.loss(x)).dtype == np.float32
        assert problem.loss(start_of(problem)) == pytest.approx(
            PROBLEMS[name]().loss(start_of(PROBLEMS[name]())), rel=1e-4
        )

    def test_nothing_given_is_changed(self, name):
        problem = PROBLEMS[name]()
        x, v, batch = somewhere(problem, (2,)), somewhere(problem, (2,), seed=2), problem.train[:2]
        before = copy.deepcopy((x, v, batch.inputs, batch.targets))
        for p in (*parts(x), *parts(v), batch.inputs):
            p.flags.writeable = False
        (
            problem.loss(x, batch),
            problem.grad(x, batch),
            [product(x, v, batch) for product in products(problem)],
        )
        close(x, before[0], 0), close(v, before[1], 0)
        np.testing.assert_array_equal(batch.inputs, before[2])
        np.testing.assert_array_equal(batch.targets, before[3])

    def test_all_examples_as_a_batch_and_as_equal_batches(self, name):
        problem = PROBLEMS[name]()
        x, n = somewhere(problem), len(problem.train)
        assert problem.loss(x, problem.train[:]) == problem.loss(x)
        close(problem.grad(x, problem.train[np.arange(n)]), problem.grad(x), 1e-14)
        size = next(k for k in range(2, n + 1) if n % k == 0)
        batches = [problem.train[first : first + size] for first in range(0, n, size)]
        assert np.mean([problem.loss(x, batch) for batch in batches]) == pytest.approx(
            problem.loss(x), rel=1e-12
        )
        grads = [problem.grad(x, batch) for batch in batches]
        close(each(lambda *all_of: sum(all_of) / len(all_of), *grads), problem.grad(x), 1e-12)

    def test_start_depends_on_the_generator_only(self, name):
        problem = PROBLEMS[name]()
        close(problem.init(np.random.default_rng(3)), problem.init(np.random.default_rng(3)), 0)
        assert all(np.isfinite(p).all() for p in parts(problem.init()))

    def test_runs_with_generators_of_their_own(self, name):
        problem = PROBLEMS[name]()
        together = list(get_batches(problem.train, 2, [np.random.default_rng(k) for k in range(3)]))
        for k in range(3):
            alone = list(get_batches(problem.train, 2, np.random.default_rng(k)))
            for stacked, own in zip(together, alone, strict=True):
                np.testing.assert_array_equal(stacked.inputs[..., k], own.inputs)
                np.testing.assert_array_equal(stacked.targets[..., k], own.targets)


def explicit(problem, x, batch):
    """Jᵀ H J / N + λ from the scores' Jacobian by differences, example by example."""
    batch = problem.train if batch is None else batch
    total = 0
    for n in range(len(batch)):
        data = batch[n : n + 1]
        j = differences(lambda y, d=data: problem.scores(y, d.inputs)[0], x)
        z = problem.scores(x, data.inputs)[0]
        if hasattr(problem, "classes"):
            p = np.exp(z) / np.exp(z).sum()
            h = np.diag(p) - np.outer(p, p)
        else:
            h = np.eye(len(z)) / len(z)
        total = total + j @ h @ j.T / len(batch)
    penalised = flat(each(lambda p: np.full(p.shape, float(p.ndim == 2)), x))
    return total + problem.l2 * np.diag(penalised)


@pytest.mark.parametrize("name", ["line", "decay", "growth", "factorisation"])
def test_gauss_newton_matrix_of_squares(name):
    """JᵀJ with J by differences of what is predicted, over the number of examples, plus λ."""
    problem = PROBLEMS[name]()
    x = somewhere(problem)
    for batch in (problem.train, problem.train[:3]):
        places = batch.inputs

        def predicted(y, places=places):
            if isinstance(y, dict):
                return np.sum(y["U"][places[:, 0]] * y["V"][places[:, 1]], axis=1)
            return problem.model(y, places)

        j = differences(predicted, x)
        matrix = j @ j.T / len(batch) + getattr(problem, "l2", 0) * np.eye(len(j))
        rows = [flat(problem.gauss_newton_product(x, like(e, x), batch)) for e in np.eye(len(j))]
        np.testing.assert_allclose(rows, matrix, atol=1e-7)


NETWORKS = [name for name in NAMES if hasattr(PROBLEMS[name](), "scores")]


@pytest.mark.parametrize("name", NETWORKS)
def test_gauss_newton_matrix(name):
    problem = PROBLEMS[name]()
    x = somewhere(problem)
    for batch in (None, problem.train[:3]):
        matrix = explicit(problem, x, batch)
        rows = [flat(problem.gauss_newton_product(x, like(e, x), batch)) for e in np.eye(len(matrix))]
        np.testing.assert_allclose(rows, matrix, atol=1e-7)
        assert np.linalg.eigvalsh(matrix).min() > -1e-7


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name not in ("line", "decay", "growth")])
def test_stacks_stay_with_the_runs_first_in_memory(name):
    """But for curves of three parameters, whose order in memory is no matter."""
    problem = PROBLEMS[name]()
    x, batch = somewhere(problem, (3, 2)), problem.train[np.array([[0, 2], [1, 0]])]
    assert to_front(batch.inputs, 2).flags.c_contiguous
    for data in (batch, problem.train):
        for made, part in zip(parts(problem.grad(x, data)), parts(x), strict=True):
            assert to_front(made, part.ndim - 2).flags.c_contiguous
