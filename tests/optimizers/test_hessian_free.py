"""Hessian-free optimization against the explicit matrix, and conjugate gradients against a solver."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.curvature import flat, like
from course_lib.optimizers import GradientDescent, HessianFree, LineSearch
from course_lib.optimizers.hessian_free import conjugate_gradients
from course_lib.problems import MLP, PROBLEMS, Data, LeastSquares
from course_lib.running import train
from course_lib.surfaces import quadratic

KINDS = [name for name, make in PROBLEMS.items() if hasattr(make(), "gauss_newton_product")]


def explicit(problem: Any, x: Any) -> np.ndarray:
    """The Gauss–Newton matrix, column by column."""
    unit = np.eye(flat(x).size)
    return np.stack([flat(problem.gauss_newton_product(x, like(row, x))) for row in unit], axis=1)


def small(activation: Any = "tanh") -> MLP:
    rng = np.random.default_rng(0)
    inputs = rng.standard_normal((30, 3))
    data = Data(inputs, (inputs[:, 0] * inputs[:, 1] > 0).astype(int))
    return MLP(train=data, hidden=(4,), activation=activation, classes=2, l2=0.01)


@pytest.mark.parametrize("lr", [1.0, 0.6])
@pytest.mark.parametrize("name", KINDS)
def test_every_step_solves_the_explicit_system(name: str, lr: float) -> None:
    problem = PROBLEMS[name]()
    opt = HessianFree(lr=lr, damping=0.05, iterations=500, tolerance=1e-14)
    x = problem.init(np.random.default_rng(1))
    state = opt.init(x)
    for _ in range(8):
        g, matrix, damping = flat(problem.grad(x)), explicit(problem, x), float(state.damping)
        p = -lr * np.linalg.solve(matrix + damping * np.eye(len(g)), g)
        before, after = problem.loss(x), problem.loss(like(flat(x) + p, x))
        rho = (after - before) / (g @ p + p @ matrix @ p / 2)
        fixed = opt.replace(adaptive=False, damping=damping)
        np.testing.assert_allclose(
            flat(fixed.step(x, fixed.init(x), problem)[0]), flat(x) + p, rtol=0, atol=1e-10
        )
        new, state = opt.step(x, state, problem)
        np.testing.assert_allclose(flat(new), flat(x) + p if rho > 0 else flat(x), rtol=0, atol=1e-10)
        factor = 1.5 if rho < 0.25 else 2 / 3 if rho > 0.75 else 1
        assert state.damping == pytest.approx(damping * factor, rel=1e-12)
        x = new


def test_failures_are_taken_back_and_damped_more() -> None:
    problem = LeastSquares.decay()
    opt = HessianFree(damping=1e-6, tolerance=1e-10)
    x, state, factors = problem.init(), opt.init(problem.init()), []
    for _ in range(60):
        before = state.damping
        new, state = opt.step(x, state, problem)
        assert problem.loss(new) <= problem.loss(x)
        factors.append(round(float(state.damping / before), 3))
        assert (factors[-1] == 1.5) or not np.array_equal(new, x)
        x = new
    assert {1.5, 0.667} <= set(factors)
    assert problem.loss(x) < 2e-4


def test_a_loss_that_is_no_number_is_a_failure() -> None:
    class Cliff:
        def loss(self, x: np.ndarray, batch: Any = None) -> Any:
            return np.where(x[0] < 0.5, np.nan, x[0] ** 2)

        def grad(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
            return 2 * x

        def gauss_newton_product(self, x: np.ndarray, v: np.ndarray, batch: Any = None) -> np.ndarray:
            return 2 * v

    opt = HessianFree(damping=1.0)
    x, state = opt.step(np.ones(1), opt.init(np.ones(1)), Cliff())
    assert x == 1 and state.damping == 1.5


def test_damping_stays_in_its_bounds() -> None:
    problem = LeastSquares.line()
    for damping in (0.0, 1e30):
        opt = HessianFree(damping=damping)
        x, state = problem.init(), opt.init(problem.init())
        for _ in range(5):
            x, state = opt.step(x, state, problem)
        assert 1e-15 <= state.damping <= 1e15 and np.isfinite(x).all()


def test_few_iterations_go_as_far_as_conjugate_gradients() -> None:
    problem = small()
    x = problem.init(np.random.default_rng(0))
    g, a = flat(problem.grad(x)), explicit(problem, x) + 0.1 * np.eye(26)
    opt = HessianFree(damping=0.1, iterations=1, adaptive=False)
    step = flat(opt.step(x, opt.init(x), problem)[0]) - flat(x)
    np.testing.assert_allclose(step, -(g @ g) / (g @ a @ g) * g, atol=1e-14)  # steepest descent, exact length


@given(st.integers(1, 12), st.integers(0, 9))
def test_conjugate_gradients_solve(size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.standard_normal((size, size)))[0]
    a, b = q * rng.uniform(0.5, 10, size) @ q.T, rng.standard_normal(size)
    d = conjugate_gradients(lambda v: a @ v, b, 3 * size, 1e-13)
    np.testing.assert_allclose(d, np.linalg.solve(a, b), atol=1e-11)


def test_conjugate_gradients_of_a_grid_stop_one_by_one() -> None:
    a = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 2.0]])
    b = np.stack([np.linalg.eigh(a)[1][:, 0], [1.0, 2.0, 3.0], np.zeros(3)], axis=1)  # done after 1, 3, 0
    asked: list[int] = []

    def product(v: np.ndarray) -> np.ndarray:
        asked.append(1)
        return a @ v

    tolerance = np.array([1e-10, 1e-10, 0.5])
    d = conjugate_gradients(product, b, 10, tolerance)
    assert len(asked) == 3
    for k in range(3):
        alone = conjugate_gradients(lambda v: a @ v, b[:, k], 10, float(tolerance[k]))
        np.testing.assert_array_equal(d[:, k], alone)
    asked.clear()
    conjugate_gradients(product, b[:, 1], 2, 1e-10)
    assert len(asked) == 2


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_needs_far_fewer_steps_than_descent(activation: str) -> None:
    problem = small(activation)
    start = problem.init(np.random.default_rng(3))

    def least(opt: Any, steps: int) -> float:
        return float(train(opt, problem, epochs=steps, params=start)["loss"].min())

    reached = least(HessianFree(), 25)
    assert reached < min(least(GradientDescent(lr=lr), 100) for lr in (0.03, 0.1, 0.3, 1.0))


def test_under_a_line_search_the_loss_never_rises() -> None:
    history = train(LineSearch(HessianFree(adaptive=False)), small(), epochs=20)
    assert (np.diff(history["loss"]) <= 1e-15).all() and history["loss"][-1] < 0.5 * history["loss"][0]


def test_other_problems_are_refused() -> None:
    with pytest.raises(
        TypeError, match=r"HessianFree needs a problem with gauss_newton_product.*Surface has none"
    ):
        HessianFree().step(np.ones(2), HessianFree().init(np.ones(2)), quadratic())
    with pytest.raises(TypeError, match="HessianFree needs more than one gradient"):
        HessianFree().update(np.ones(2), np.ones(2), HessianFree().init(np.ones(2)))


def test_gain_is_that_of_the_step_taken_however_rough() -> None:
    """One iteration leaves a large residual, which the promise of the parabola must know of."""
    problem, factors = small(), []
    for seed in range(4):
        x = problem.init(np.random.default_rng(seed))
        g, matrix = flat(problem.grad(x)), explicit(problem, x)
        for lr in np.linspace(0.5, 8, 8):
            opt = HessianFree(lr=lr, damping=1e-3, iterations=1)
            p = -lr * (g @ g) / (g @ matrix @ g + 1e-3 * g @ g) * g
            gain = problem.loss(like(flat(x) + p, x)) - problem.loss(x)
            rho = gain / (g @ p + p @ matrix @ p / 2)
            factors.append(1.5 if rho < 0.25 else 2 / 3 if rho > 0.75 else 1)
            assert opt.step(x, opt.init(x), problem)[1].damping == pytest.approx(1e-3 * factors[-1])
    assert {1.5, 2 / 3} <= set(factors)
