"""K-FAC and Sophia: identities with the full matrices, what is drawn, what is remembered, what is refused."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.curvature import flat
from course_lib.optimizers import KFAC, REGISTRY, Adam, GradientDescent, Lookahead, Sophia
from course_lib.optimizers.kfac import split_damping
from course_lib.problems import MLP, Data, SoftmaxRegression
from course_lib.running import train
from course_lib.schedules import cosine
from course_lib.surfaces import quadratic
from tests.optimizers.common import close, every_array, lock

CONFIGURATIONS = [KFAC(), *(KFAC(**setting) for setting in REGISTRY["KFAC"].valid)]


def network(hidden: Any = (4,), dtype: Any = np.float64, rows: int = 12) -> MLP:
    rng = np.random.default_rng(0)
    data = Data(rng.standard_normal((rows, 3)).astype(dtype), rng.integers(3, size=rows))
    return MLP(train=data, hidden=hidden, classes=3, activation="tanh", l2=0.01)


def run(opt: Any, problem: Any, steps: int, x: Any = None, state: Any = None) -> tuple[Any, Any]:
    x = problem.init(np.random.default_rng(1)) if x is None else x
    state = opt.init(x) if state is None else state
    for _ in range(steps):
        x, state = opt.step(x, state, problem)
    return x, state


class TestKFAC:
    @given(st.floats(1e-3, 1), st.floats(0.1, 1), st.integers(0, 5))
    def test_step_is_the_full_kronecker_product(self, damping, lr, seed):
        """numpy ravels by rows: A⁻¹ ∇W G⁻¹ is (A ⊗ G)⁻¹ times ravel(∇W)."""
        problem, opt = network(), KFAC(damping=damping, lr=lr, seed=seed)
        x = problem.init(np.random.default_rng(1))
        new, _ = opt.step(x, opt.init(x), problem)
        g = problem.grad(x)
        rng = np.random.default_rng([seed, 1])
        for k, (inputs, slopes) in enumerate(problem.layer_statistics(x, None, rng), 1):
            a, s = inputs.T @ inputs / 12, slopes.T @ slopes / 12
            pi = np.sqrt((np.trace(a) / len(a)) / (np.trace(s) / len(s)))
            a = a + pi * np.sqrt(damping) * np.eye(len(a))
            s = s + np.sqrt(damping) / pi * np.eye(len(s))
            whole = np.vstack([g[f"W{k}"], g[f"b{k}"]])
            p = np.linalg.solve(np.kron(a, s), whole.ravel()).reshape(whole.shape)
            close(new[f"W{k}"], x[f"W{k}"] - lr * p[:-1])
            close(new[f"b{k}"], x[f"b{k}"] - lr * p[-1])

    def test_for_one_input_the_product_is_the_fisher_matrix(self):
        """One layer, one input many times: E[āāᵀ ⊗ ddᵀ] = A ⊗ G, and G = diag(p) − ppᵀ as draws grow in number."""
        rng = np.random.default_rng(0)
        data = Data(np.repeat(rng.standard_normal((1, 3)), 40000, axis=0), np.zeros(40000, int))
        problem, opt = MLP(train=data, hidden=(), classes=3), KFAC()
        x = {name: rng.standard_normal(part.shape) for name, part in problem.init(rng).items()}
        _, state = opt.step(x, opt.init(x), problem)
        p = np.exp(problem.scores(x, data.inputs[:1])[0])
        p /= p.sum()
        np.testing.assert_allclose(state.parts["W1"].G, np.diag(p) - np.outer(p, p), atol=0.01)
        one = np.append(data.inputs[0], 1)
        np.testing.assert_allclose(state.parts["W1"].A, np.outer(one, one), atol=1e-10)

    def test_labels_are_the_models_not_the_datas(self):
        problem, opt = network(), KFAC()
        other = MLP(train=Data(problem.train.inputs, (problem.train.targets + 1) % 3), hidden=(4,), classes=3,
                    activation="tanh", l2=0.01)  # fmt: skip
        x = problem.init(np.random.default_rng(1))
        a, b = (opt.step(x, opt.init(x), p)[1].parts["W1"].G for p in (problem, other))
        np.testing.assert_array_equal(a, b)
        c = KFAC(seed=1).step(x, opt.init(x), problem)[1].parts["W1"].G
        assert not np.array_equal(a, c)
        again = opt.step(x, opt.init(x), problem)[1].parts["W1"].G
        np.testing.assert_array_equal(a, again)

    def test_averages_and_their_young_weights(self):
        problem, opt = network(), KFAC(decay=0.6)
        x = problem.init(np.random.default_rng(1))
        state, mean, mean_of_slopes = opt.init(x), 0.0, 0.0
        for t in range(1, 7):
            inputs, slopes = problem.layer_statistics(x, None, np.random.default_rng([0, t]))[1]
            keep = min(1 - 1 / t, 0.6)
            mean = keep * mean + (1 - keep) * inputs.T @ inputs / 12
            mean_of_slopes = keep * mean_of_slopes + (1 - keep) * slopes.T @ slopes / 12
            x, state = opt.step(x, state, problem)
            close(state.parts["W2"].A, mean), close(state.parts["W2"].G, mean_of_slopes)

    def test_damping_is_shared_in_proportion(self):
        a, g = 4.0 * np.eye(3), np.eye(2)
        for_a, for_g = split_damping(a, g, 0.01)
        assert for_a == pytest.approx(0.2) and for_g == pytest.approx(0.05)
        assert for_a * for_g == pytest.approx(0.01)
        assert [float(p) for p in split_damping(a, 0 * g, 0.04)] == [0.2, 0.2]

    def test_refresh_keeps_the_inverses(self):
        problem, opt = network(), KFAC(refresh=3)
        x = problem.init(np.random.default_rng(1))
        state, changed = opt.init(x), []
        for _ in range(6):
            before = state.parts["W1"].A_inverse
            x, state = opt.step(x, state, problem)
            changed.append(not np.array_equal(before, state.parts["W1"].A_inverse))
        assert changed == [True, False, False, True, False, False]

    @pytest.mark.parametrize("opt", CONFIGURATIONS, ids=repr)
    def test_contract(self, opt):
        """Nothing given is changed, the state counts, dtype and order are kept, a saved run goes on the same."""
        problem = network((4, 2))
        x = lock(problem.init(np.random.default_rng(1)))
        state = lock(opt.init(x))
        before = [a.tobytes() for a in (*x.values(), *every_array(state))]
        new, after = opt.step(x, state, problem)
        assert [a.tobytes() for a in (*x.values(), *every_array(state))] == before
        assert (state.t, after.t, after.parts["W2"].t) == (1, 2, 2) and list(new) == list(x)
        assert opt.query(new, after) is new and opt.output(new, after) is new
        halfway = run(opt, problem, 4)
        end = run(opt, problem, 4, *halfway)[0]
        for saved in (pickle.loads(pickle.dumps((opt, *halfway))), copy.deepcopy((opt, *halfway))):
            np.testing.assert_array_equal(flat(run(saved[0], problem, 4, *saved[1:])[0]), flat(end))
        single = network((4, 2), np.float32)
        y, s = run(opt, single, 5)
        assert {a.dtype for a in (*y.values(), *s.arrays.values())} == {np.dtype(np.float32)}
        np.testing.assert_allclose(flat(run(opt, problem, 5)[0]), flat(y), atol=0.02)

    def test_memory_is_what_the_row_says(self):
        data = Data(np.zeros((2, 40)), np.array([0, 1]))
        problem = MLP(train=data, hidden=(), classes=30)
        held = KFAC().init(problem.init(np.random.default_rng(0))).arrays
        expected = REGISTRY["KFAC"].matrix_memory
        assert expected and sum(a.size for a in held.values()) / 1200 == pytest.approx(expected(40, 30))

    def test_needs_fewer_steps_than_descent_and_adam(self):
        problem = MLP.on_digits()
        opts = (KFAC(), GradientDescent(lr=0.5), Adam(lr=1e-2))
        losses = [train(opt, problem, epochs=3, batch_size=128)["loss"][-1] for opt in opts]
        assert losses[0] < 0.1 and losses[0] < 0.5 * min(losses[1:])

    def test_no_rate_no_move_and_schedule(self):
        problem, opt = network(), KFAC(lr=0.4)
        x = problem.init(np.random.default_rng(1))
        still, _ = opt.at(0.0).step(x, opt.init(x), problem)
        np.testing.assert_array_equal(flat(still), flat(x))
        half, _ = opt.at(0.5).step(x, opt.init(x), problem)
        whole, _ = opt.step(x, opt.init(x), problem)
        close(flat(half) - flat(x), 0.5 * (flat(whole) - flat(x)))

    def test_runs_inside_a_wrapper(self):
        assert train(Lookahead(KFAC(), k=2), network(), epochs=4)["loss"][-1] < 1.0

    def test_refusals(self):
        problem, opt = network(), KFAC()
        x = problem.init(np.random.default_rng(1))
        with pytest.raises(TypeError, match="KFAC needs more than one gradient a step: use step"):
            opt.update(x, problem.grad(x), opt.init(x))
        with pytest.raises(ValueError, match=r"x must be a dict of W1, b1, W2, …, but is \['W', 'b'\]"):
            opt.init({"W": np.ones((2, 2)), "b": np.ones(2)})
        with pytest.raises(ValueError, match=r"but is an array of shape \(2,\)"):
            opt.init(np.ones(2))
        softmax = SoftmaxRegression(train=problem.train, classes=3)
        with pytest.raises(TypeError, match=r"layer_statistics.*but SoftmaxRegression has none"):
            opt.step(x, opt.init(x), softmax)
        with pytest.raises(ValueError, match="KFAC takes no grid"):
            KFAC(lr=np.array([0.1, 0.2]))
        with pytest.raises(ValueError, match="KFAC takes no grid"):
            opt.init(x, grid=1)


class Curved:
    """Slope g wherever one asks, with a Hessian put there by hand."""

    def __init__(self, g: Any, h: Any) -> None:
        self.g, self.h = g, h

    def grad(self, x: Any, batch: Any = None) -> Any:
        return self.g if batch is None else batch * self.g

    def hvp(self, x: Any, v: Any, batch: Any = None) -> Any:
        return self.h @ v


class TestSophia:
    """Both peers deviate from the paper, so the paper's rule is written out and given a Hessian by hand."""

    @given(st.floats(0.01, 1), st.floats(1e-3, 10), st.floats(0, 0.2), st.integers(1, 4), st.integers(0, 9))
    def test_the_papers_rule_with_an_injected_hessian(self, lr, gamma, weight_decay, every, seed):
        rng = np.random.default_rng(seed)
        a = rng.standard_normal((4, 4))
        problem, gradients = Curved(None, a + a.T), rng.standard_normal((9, 4))
        opt = Sophia(lr=lr, gamma=gamma, weight_decay=weight_decay, every=every, beta1=0.8, beta2=0.7, seed=3)
        x = ours = rng.standard_normal(4)
        state, m, h = opt.init(x), np.zeros(4), np.zeros(4)
        for t, problem.g in enumerate(gradients, 1):
            m = 0.8 * m + 0.2 * problem.g
            if (t - 1) % every == 0:
                u = np.random.default_rng([3, t]).standard_normal(4)
                h = 0.7 * h + 0.3 * u * (problem.h @ u)
            x = x - lr * weight_decay * x
            x = x - lr * np.clip(m / np.maximum(gamma * h, 1e-12), -1, 1)
            ours, state = opt.step(ours, state, problem)
            close(ours, x)
            close(state.h, h), close(state.m, m)

    def test_hutchinson_is_right_on_average(self):
        a = np.array([[3.0, 1.0, 0.5], [1.0, -2.0, 0.3], [0.5, 0.3, 0.7]])
        problem, x, opt = Curved(np.zeros(3), a), np.zeros(3), Sophia(every=1, beta2=0.9999)
        state, total = opt.init(x), np.zeros(3)
        for _ in range(4000):
            total += opt.estimate(x, state, problem)
            state = state.next()
        np.testing.assert_allclose(total / 4000, np.diag(a), atol=0.25)

    def test_bartlett_estimates_the_diagonal_of_the_gauss_newton_matrix(self):
        problem = network((), rows=6)
        problem = MLP(train=problem.train, hidden=(), classes=3)
        x = problem.init(np.random.default_rng(1))
        opt, state = Sophia(estimator="gauss_newton_bartlett"), Sophia().init(x)
        total = np.zeros(12)
        for _ in range(3000):
            total += opt.estimate(x, state, problem)
            state = state.next()
        exact = np.diag([1.0] * 12)  # for one layer the Gauss–Newton matrix is the Hessian
        names = [problem.hvp(x, {"W1": e[:9].reshape(3, 3), "b1": e[9:]}) for e in exact]
        np.testing.assert_allclose(total / 3000, np.diag([flat(n) for n in names]), rtol=0.15)
        drawn = problem.sampled(x, None, np.random.default_rng([0, 1]))
        close(opt.estimate(x, Sophia().init(x), problem), 6 * flat(problem.grad(x, drawn)) ** 2)

    def test_clip_and_newton(self):
        opt, g = Sophia(lr=0.1, beta1=0.0, gamma=1.0), np.array([1.0, -1.0, 1.0, 0.0])
        state = opt.init(g).next(h=np.array([100.0, 1e-3, -5.0, 0.0]))
        close(opt.update(np.zeros(4), g, state)[0], [-1e-3, 0.1, -0.1, 0.0])

    def test_trains_a_network_by_its_exact_products(self):
        for estimator, gamma in (("hutchinson", 0.01), ("gauss_newton_bartlett", 0.05)):
            opt = Sophia(lr=0.01, gamma=gamma, estimator=estimator)
            history = train(opt, MLP.on_digits(), epochs=5, batch_size=64, schedule=cosine(95))
            assert history["test_accuracy"][-1] > 0.93

    def test_what_is_missing_is_named(self):
        bowl, opt = quadratic(), Sophia(estimator="gauss_newton_bartlett")
        with pytest.raises(TypeError, match=r"needs a problem with sampled.*but Surface has none"):
            opt.step(bowl.start, opt.init(bowl.start), bowl)
