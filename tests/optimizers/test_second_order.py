"""Newton, Gauss–Newton, Levenberg–Marquardt and L-BFGS: closed forms, other solvers, known minima."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import least_squares

from course_lib.curvature import flat, hessian
from course_lib.optimizers import LBFGS, GaussNewton, GradientDescent, LevenbergMarquardt, LineSearch, Newton
from course_lib.optimizers.lbfgs import two_loops
from course_lib.optimizers.line_search import backtracking
from course_lib.optimizers.state import State
from course_lib.problems import MLP, Data, LeastSquares, SoftmaxRegression
from course_lib.running import simulate, train
from course_lib.surfaces import SURFACES, quadratic, surface

FITS = {"line": LeastSquares.line(), "decay": LeastSquares.decay(), "growth": LeastSquares.growth()}


def one(opt: Any, x: Any, problem: Any) -> np.ndarray:
    """Where the first step from x leads."""
    return opt.step(x, opt.init(x), problem)[0]


class Quadratic:
    """½xᵀAx − bᵀx."""

    def __init__(self, size: int, seed: int = 0, lowest: float = 0.1) -> None:
        rng = np.random.default_rng(seed)
        q = np.linalg.qr(rng.standard_normal((size, size)))[0]
        self.a = q * rng.uniform(lowest, 10, size) @ q.T
        self.b = rng.standard_normal(size)

    def loss(self, x: np.ndarray, batch: Any = None) -> Any:
        return 0.5 * x @ self.a @ x - self.b @ x

    def grad(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        return self.a @ x - self.b

    def hessian(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        return self.a


class TestNewton:
    @given(st.integers(1, 8), st.integers(0, 9))
    def test_lands_on_the_minimum_of_a_quadratic_in_one_step(self, size, seed):
        problem, x = Quadratic(size, seed), np.random.default_rng(seed).standard_normal(size)
        np.testing.assert_allclose(
            one(Newton(), x, problem), np.linalg.solve(problem.a, problem.b), atol=1e-11
        )

    @given(st.integers(1, 8), st.floats(1e-3, 10), st.floats(0.1, 1.5))
    def test_damped_step_is_the_closed_form(self, size, damping, lr):
        problem, x = Quadratic(size, 1, lowest=-9), np.ones(size)
        step = np.linalg.solve(problem.a + damping * np.eye(size), problem.grad(x))
        opt = Newton(damping=damping, lr=lr)
        np.testing.assert_allclose(one(opt, x, problem), x - lr * step, rtol=1e-9, atol=1e-9)

    def test_saddle_free_step_is_the_closed_form(self):
        problem, x = Quadratic(5, 1, lowest=-9), np.ones(5)
        values, q = np.linalg.eig(problem.a)
        assert values.min() < 0
        step = np.linalg.inv(q * np.abs(values) @ np.linalg.inv(q) + 0.3 * np.eye(5)) @ problem.grad(x)
        opt = Newton(form="saddle_free", damping=0.3)
        np.testing.assert_allclose(one(opt, x, problem), x - step, atol=1e-12)

    @pytest.mark.parametrize("name", [n for n, f in SURFACES.items() if len(f.saddles)])
    def test_plain_is_attracted_by_saddles_and_saddle_free_repelled(self, name):
        target = SURFACES[name]
        for point in target.saddles:
            slopes, q = np.linalg.eigh(target.hessian(point))
            if np.abs(slopes).min() < 1e-3:  # degenerate: neither has anything to go by
                continue
            near = point + 1e-4 * q[:, 0]  # along the direction that falls
            assert np.linalg.norm(one(Newton(), near, target) - point) < 3e-5
            assert np.linalg.norm(one(Newton(form="saddle_free"), near, target) - point) > 1.5e-4

    @pytest.mark.parametrize(
        "name",
        [n for n, f in SURFACES.items() if len(f.minima) and n != "ackley"],  # which has a cusp there
    )
    def test_converges_quadratically_from_near_every_minimum(self, name):
        target = SURFACES[name]
        for minimum in target.minima:
            if np.linalg.eigvalsh(target.hessian(minimum)).min() < 1e-3:
                continue
            path = simulate(Newton(), target, steps=6, start=minimum + 1e-3)
            np.testing.assert_allclose(path.points[-1], minimum, atol=1e-9)

    def test_a_grid_of_points_and_settings_is_each_alone(self):
        rng = np.random.default_rng(0)
        starts, damping = rng.uniform(-2, 2, (2, 3, 4)), np.array([0.0, 0.1, 1.0, 5.0])
        grid = simulate(Newton(damping=damping, form="saddle_free"), "rosenbrock", steps=5, start=starts)
        for i, k in np.ndindex(3, 4):
            opt = Newton(damping=damping[k], form="saddle_free")
            alone = simulate(opt, "rosenbrock", steps=5, start=starts[:, i, k])
            np.testing.assert_allclose(grid.points[..., i, k], alone.points, atol=1e-9)

    def test_a_run_that_left_does_not_stop_the_others(self):
        path = simulate(Newton(lr=np.array([1.0, 1e6])), "pseudo_huber", steps=40, start=(0.5, 0.5))
        assert path.diverged.tolist() == [False, True] and path.final_loss[0] < 1e-20

    def test_flat_directions_are_left_alone(self):
        class Valley(Quadratic):
            def __init__(self) -> None:
                self.a, self.b = np.diag([2.0, 0.0]), np.zeros(2)

        np.testing.assert_array_equal(one(Newton(), np.array([1.0, 3.0]), Valley()), [0.0, 3.0])

    def test_softmax_regression_without_a_hessian_of_its_own(self):
        rng = np.random.default_rng(0)
        data = Data(rng.standard_normal((40, 3)), rng.integers(3, size=40))
        problem = SoftmaxRegression(train=data, classes=3, l2=0.1)
        history = train(Newton(damping=1e-6), problem, epochs=8)
        assert max(np.abs(part).max() for part in problem.grad(history.params).values()) < 1e-8

    def test_a_network_by_its_exact_products(self):
        rng = np.random.default_rng(0)
        data = Data(rng.standard_normal((30, 2)), rng.integers(2, size=30))
        problem = MLP(train=data, hidden=(3,), activation="tanh", classes=2, l2=0.02)
        x = problem.init(rng)
        h = hessian(problem, x)
        assert h.shape == (17, 17)
        new = one(Newton(damping=0.5, form="saddle_free"), x, problem)
        values, q = np.linalg.eigh(h)
        step = q @ (q.T @ flat(problem.grad(x)) / (np.abs(values) + 0.5))
        np.testing.assert_allclose(flat(new), flat(x) - step, atol=1e-12)
        assert new.keys() == x.keys() and new["W1"].shape == (2, 3)
        history = train(Newton(damping=1e-2, form="saddle_free"), problem, epochs=40, params=x)
        assert max(np.abs(part).max() for part in problem.grad(history.params).values()) < 1e-8

    def test_update_says_what_is_missing(self):
        with pytest.raises(TypeError, match="Newton needs more than one gradient a step: use step"):
            Newton().update(np.ones(2), np.ones(2), Newton().init(np.ones(2)))


class TestGaussNewton:
    @pytest.mark.parametrize("damping", [0.0, 1e-3, 0.7])
    @pytest.mark.parametrize("name", FITS)
    def test_every_step_solves_the_augmented_system(self, name, damping):
        problem, opt = FITS[name], GaussNewton(damping=damping, lr=0.8)
        x, state = problem.init(), opt.init(problem.init())
        for _ in range(5):
            j, r = problem.jacobian(x), problem.residuals(x)
            rows = np.vstack([j, np.sqrt(damping) * np.eye(len(x))])
            p = np.linalg.lstsq(rows, np.concatenate([-r, np.zeros(len(x))]), rcond=None)[0]
            expected = x + 0.8 * p
            x, state = opt.step(x, state, problem)
            np.testing.assert_allclose(x, expected, rtol=1e-10)

    @pytest.mark.parametrize(
        "opt", [LineSearch(GaussNewton(damping=0)), LevenbergMarquardt()], ids=lambda o: type(o).__name__
    )
    @pytest.mark.parametrize("name", FITS)
    def test_ends_where_scipy_ends(self, name, opt):
        problem = FITS[name]
        x, state = problem.init(), opt.init(problem.init())
        for _ in range(40):
            x, state = opt.step(x, state, problem)
        end = least_squares(
            problem.residuals, problem.init(), problem.jacobian, xtol=1e-15, ftol=1e-15, gtol=1e-15
        )
        np.testing.assert_allclose(x, end.x, atol=1e-8)

    def test_alone_it_overshoots_from_afar(self):
        problem, opt = FITS["decay"], GaussNewton(damping=0)
        x, state = problem.init(), opt.init(problem.init())
        with np.errstate(all="ignore"):
            for _ in range(3):
                x, state = opt.step(x, state, problem)
        assert problem.loss(x) > 1e5 > problem.loss(problem.init())

    def test_linear_regression_in_one_step(self):
        problem = FITS["line"]
        t = problem.train.inputs[:, 0]
        best = np.linalg.lstsq(np.stack([np.ones_like(t), t], 1), problem.train.targets, rcond=None)[0]
        np.testing.assert_allclose(one(GaussNewton(damping=0), problem.init(), problem), best, atol=1e-14)
        np.testing.assert_allclose(one(Newton(), problem.init(), problem), best, atol=1e-8)

    def test_trains_on_batches(self):
        history = train(GaussNewton(lr=0.5), FITS["decay"], epochs=10, batch_size=10)
        assert history["loss"][-1] < 1e-3

    def test_parameters_as_a_dict(self):
        problem = FITS["decay"]

        class Named:
            def residuals(self, x: Any, batch: Any = None) -> Any:
                return problem.residuals(np.concatenate([x["ab"], x["c"]]))

            def jacobian(self, x: Any, batch: Any = None) -> Any:
                j = problem.jacobian(np.concatenate([x["ab"], x["c"]]))
                return {"ab": j[:, :2], "c": j[:, 2:]}

            def grad(self, x: Any, batch: Any = None) -> Any:
                return None

        start = problem.init()
        for opt in (GaussNewton(), LevenbergMarquardt()):
            new = one(opt, {"ab": start[:2], "c": start[2:]}, Named())
            np.testing.assert_array_equal(flat(new), one(opt, start, problem))

    @pytest.mark.parametrize("cls", [GaussNewton, LevenbergMarquardt])
    def test_other_problems_are_refused(self, cls):
        with pytest.raises(
            TypeError, match=f"{cls.__name__} needs a problem with residuals.*Surface has none"
        ):
            one(cls(), np.ones(2), quadratic())


class TestLevenbergMarquardt:
    def test_gain_decides_about_step_and_damping(self):
        factors = []
        settings = (("decay", 1e-6, 1), ("decay", 1e-3, 1.7), ("growth", 1e-3, 1.7), ("growth", 1e-5, 1))
        for name, damping, lr in settings:
            problem, opt = FITS[name], LevenbergMarquardt(damping=damping, lr=lr)
            x, state = problem.init(), opt.init(problem.init())
            for _ in range(60):
                j, r = problem.jacobian(x), problem.residuals(x)
                p = lr * np.linalg.solve(j.T @ j + state.damping * np.eye(3), -j.T @ r)
                if np.linalg.norm(p) < 1e-5:
                    break
                gain = problem.loss(x) - problem.loss(x + p)
                rho = gain / (problem.loss(x) - 0.5 * np.sum((r + j @ p) ** 2))
                new, after = opt.step(x, state, problem)
                np.testing.assert_allclose(new, x + p if rho > 0 else x, atol=1e-8)
                factor = max(1 / 3, 1 - (2 * rho - 1) ** 3) if rho > 0 else 4
                assert after.damping == pytest.approx(state.damping * factor, rel=1e-3)
                assert problem.loss(new) <= problem.loss(x)
                factors.append(factor)
                x, state = new, after
            assert problem.loss(x) < 2e-4
        assert 4 in factors and 1 / 3 in factors  # each branch was met
        assert any(1 < f < 2 for f in factors) and any(0.4 < f < 1 for f in factors)

    def test_damping_stays_in_its_bounds(self):
        problem = FITS["line"]
        for factor in (1e-30, 1e30):
            opt = LevenbergMarquardt(damping=factor)
            x, state = problem.init(), opt.init(problem.init())
            for _ in range(50):
                x, state = opt.step(x, state, problem)
            assert 1e-15 <= state.damping <= 1e15 and np.isfinite(x).all()

    def test_a_grid_is_each_alone(self):
        problem, damping = FITS["decay"], np.array([1e-6, 1e-2, 1.0])
        x = np.broadcast_to(problem.init()[:, None], (3, 3)).copy()
        opt = LevenbergMarquardt(damping=damping)
        state = opt.init(x)
        for _ in range(6):
            x, state = opt.step(x, state, problem)
        for k in range(3):
            alone = LevenbergMarquardt(damping=damping[k])
            y, s = problem.init(), alone.init(problem.init())
            for _ in range(6):
                y, s = alone.step(y, s, problem)
            np.testing.assert_allclose(x[:, k], y, atol=1e-10)
            assert state.damping[k] == pytest.approx(s.damping)


class TestLBFGS:
    def test_two_loops_are_the_bfgs_matrix(self):
        rng, size = np.random.default_rng(0), 5
        a = Quadratic(size, 3).a
        steps = rng.standard_normal((4, size))
        changes = steps @ a
        s, y = steps[-1], changes[-1]
        h = s @ y / (y @ y) * np.eye(size)
        for s, y in zip(steps, changes, strict=True):
            v = np.eye(size) - np.outer(y, s) / (y @ s)
            h = v.T @ h @ v + np.outer(s, s) / (y @ s)
        g = rng.standard_normal(size)
        np.testing.assert_allclose(two_loops(g, steps, changes, State()), h @ g, atol=1e-12)
        np.testing.assert_allclose(
            two_loops(y, steps, changes, State()), s, atol=1e-12
        )  # the secant condition

    def test_first_step_memory_and_pairs(self):
        problem, opt = Quadratic(4), LBFGS(lr=0.5, memory=2)
        x = np.ones(4)
        state, xs, gs = opt.init(x), [x], [problem.grad(x)]
        for _ in range(4):
            x, state = opt.step(x, state, problem)
            xs.append(x), gs.append(problem.grad(x))
        size = np.abs(gs[0]).sum()
        assert size > 1
        np.testing.assert_allclose(xs[1], xs[0] - 0.5 * gs[0] / size, rtol=1e-15)
        np.testing.assert_allclose(
            state.steps, np.diff(xs, axis=0)[1:3], atol=1e-14
        )  # the newest comes with step 5
        np.testing.assert_allclose(state.changes, np.diff(gs, axis=0)[1:3], atol=1e-14)

    def test_a_small_first_gradient_is_not_blown_up(self):
        g, opt = np.array([0.1, -0.2]), LBFGS(lr=0.5)
        np.testing.assert_array_equal(opt.update(np.zeros(2), g, opt.init(g))[0], -0.5 * g)

    def test_a_moved_point_makes_the_pair_of_what_really_happened(self):
        problem, opt, x = Quadratic(3), LBFGS(memory=1), np.ones(3)
        state = opt.init(x)
        y, state = opt.step(x, state, problem)
        y = x + 0.25 * (y - x)  # as a line search would
        _, state = opt.step(y, state, problem)
        np.testing.assert_allclose(state.steps[0], y - x, atol=1e-15)
        np.testing.assert_allclose(state.changes[0], problem.grad(y) - problem.grad(x), atol=1e-15)

    def test_a_zero_gradient_changes_nothing(self):
        opt, x, g = LBFGS(memory=3), np.ones(2), np.random.default_rng(0).standard_normal((8, 2))

        def run(gradients: Any) -> np.ndarray:
            y, state = x, opt.init(x)
            for part in gradients:
                y, state = opt.update(y, part, state)
            return y

        zero = np.zeros(2)
        np.testing.assert_array_equal(run(g), run([zero, *g[:3], zero, zero, *g[3:], zero]))

    def test_finds_the_minimum_faster_than_descent(self):
        for problem in (Quadratic(20), Quadratic(20, 1)):
            best = np.linalg.solve(problem.a, problem.b)
            for opt, near in ((LBFGS(), True), (GradientDescent(lr=0.19), False)):
                x, state = np.zeros(20), opt.init(np.zeros(20))
                for _ in range(60):
                    x, state = opt.step(x, state, problem)
                assert (np.abs(x - best).max() < 1e-6) == near

    def test_trains_a_model_whole(self):
        problem = SoftmaxRegression.on_digits(l2=1e-2)
        history = train(LBFGS(), problem, epochs=40)
        assert max(np.abs(part).max() for part in problem.grad(history.params).values()) < 1e-3


class TestLineSearch:
    @pytest.mark.parametrize(
        "inner",
        [GradientDescent(lr=1.0), LBFGS(), Newton(form="saddle_free")],
        ids=lambda o: type(o).__name__,
    )
    @pytest.mark.parametrize("name", ["rosenbrock", "beale", "himmelblau", "pseudo_huber"])
    def test_the_loss_never_rises_and_the_slope_vanishes(self, inner, name):
        target = surface(name)
        path = simulate(LineSearch(inner), target, steps=150)
        assert (np.diff(path.losses) <= 0).all()
        if not isinstance(inner, GradientDescent):
            assert np.abs(target.grad(path.points[-1])).max() < 1e-6

    @given(st.floats(0.1, 0.9), st.floats(1e-4, 0.3), st.floats(0.01, 100))
    def test_first_good_length_is_taken(self, shrink, sufficient, lr):
        target, x = surface("rosenbrock"), np.array([-1.2, 1.0])
        g = target.grad(x)
        trials = shrink ** np.arange(150)

        def good(alpha: float) -> bool:
            return bool(target.loss(x - alpha * lr * g) <= target.loss(x) - sufficient * alpha * lr * g @ g)

        alpha = next(a for a in trials if good(a))
        opt = LineSearch(GradientDescent(lr=lr), shrink=shrink, sufficient=sufficient, most=150)
        np.testing.assert_allclose(one(opt, x, target), x - alpha * lr * g, rtol=1e-9)

    def test_uphill_is_refused(self):
        path = simulate(
            LineSearch(Newton()), "saddle", steps=3, start=(0.0, 0.5)
        )  # Newton climbs to the saddle
        assert (path.points == path.points[0]).all()
        few = simulate(LineSearch(GradientDescent(lr=100.0), most=2), "quadratic", steps=3)
        assert (few.points == few.points[0]).all()

    def test_uphill_is_refused_even_where_it_ends_lower(self):
        x, p = np.array([-1.0]), np.array([3.0])  # over the hill of cos
        assert np.cos(x + p) < np.cos(x)
        assert backtracking(lambda at: np.cos(at[0]), x, p, -np.sin(x)) == 0

    def test_saved_halfway(self):
        problem, opt = Quadratic(6), LineSearch(LBFGS())
        x, state = np.ones(6), opt.init(np.ones(6))
        for _ in range(4):
            x, state = opt.step(x, state, problem)
        ends = []
        for y, s in ((x, state), pickle.loads(pickle.dumps((x, state))), copy.deepcopy((x, state))):
            for _ in range(4):
                y, s = opt.step(y, s, problem)
            ends.append(y)
        assert np.array_equal(ends[0], ends[1]) and np.array_equal(ends[0], ends[2])
