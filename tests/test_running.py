"""simulate and train: grids equal runs alone, divergence is marked and silent, bad input is named."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.optimizers import REGISTRY, SAM, Adam, GradientDescent, Momentum
from course_lib.problems import SoftmaxRegression
from course_lib.running import DIVERGED, simulate, train
from course_lib.surfaces import quadratic, surface


@pytest.fixture(scope="module")
def digits():
    return SoftmaxRegression.on_digits()


class TestSimulate:
    def test_agrees_with_a_loop_by_hand(self):
        target = surface("rosenbrock")
        x, m = target.start, np.zeros(2)
        for _ in range(50):
            m = 0.7 * m + target.grad(x)
            x = x - 2e-4 * m
        path = simulate(Momentum(lr=2e-4, beta=0.7), target, steps=50)
        assert np.array_equal(path.points[-1], x)
        assert np.array_equal(path.losses[-1], target.loss(x))
        assert path.points.shape == (51, 2) and path.losses.shape == (51,)

    def test_grid_of_settings_equals_each_run_alone(self):
        lr, beta1 = np.logspace(-3, -1, 4)[:, None], np.array([0.0, 0.5, 0.9])
        grid = simulate(Adam(lr=lr, beta1=beta1), "himmelblau", steps=60, noise=0.3, seed=5)
        assert grid.points.shape == (61, 2, 4, 3)
        for i in range(4):
            for j in range(3):
                alone = simulate(Adam(lr=lr[i, 0], beta1=beta1[j]), "himmelblau", steps=60, noise=0.3, seed=5)
                np.testing.assert_allclose(grid.points[..., i, j], alone.points, rtol=0, atol=1e-12)
                assert grid.diverged_at[i, j] == -1 and alone.diverged_at is None

    def test_grid_of_starts_equals_each_run_alone(self):
        starts = np.array([[-1.0, 0.5, 2.0], [0.3, -2.0, 1.0]])
        grid = simulate(Momentum(lr=0.01), "himmelblau", start=starts)
        for k in range(3):
            alone = simulate(Momentum(lr=0.01), "himmelblau", start=starts[:, k])
            np.testing.assert_allclose(grid.points[..., k], alone.points, rtol=0, atol=1e-12)

    def test_marks_the_step_at_which_a_run_diverges(self):
        path = simulate(GradientDescent(lr=3.0), quadratic(condition=1), start=(1.0, 0.0), steps=100)
        step = path.diverged_at  # x is (−2)^t
        assert step == 40 and 2.0**40 > DIVERGED > 2.0**39
        assert path.diverged and path.final_loss == np.inf
        grid = simulate(GradientDescent(lr=np.array([0.5, 3.0])), quadratic(condition=1), start=(1.0, 0.0))
        assert grid.diverged_at.tolist() == [-1, 40] and grid.diverged.tolist() == [False, True]
        assert grid.final_loss[0] < 1e-12 and grid.final_loss[1] == np.inf

    def test_overflow_and_nan_are_no_error_and_no_warning(self):
        for entry in REGISTRY.values():  # warnings are errors in these tests
            if entry.needs_matrix or "lr" not in entry.cls.specs() or not entry.runs_on(quadratic()):
                continue
            path = simulate(entry.cls(lr=1e6), "rosenbrock", steps=300)
            assert path.losses.shape == (301,)
        assert simulate(GradientDescent(lr=1e3), "rosenbrock", steps=300).diverged

    def test_schedule_multiplies_lr(self):
        halves = simulate(GradientDescent(lr=0.4), "quadratic", steps=5, schedule=lambda t: 0.5)
        assert np.array_equal(halves.points, simulate(GradientDescent(lr=0.2), "quadratic", steps=5).points)
        seen = []
        simulate(GradientDescent(), "quadratic", steps=3, schedule=lambda t: seen.append(t) or 0.0)
        assert seen == [1, 2, 3]

    def test_noise_is_repeatable_and_has_the_size_asked_for(self):
        runs = [
            simulate(
                GradientDescent(lr=1.0), quadratic(condition=1), start=(0, 0), noise=0.3, seed=s, steps=4000
            )
            for s in (1, 1, 2)
        ]
        assert np.array_equal(runs[0].points, runs[1].points) and not np.array_equal(
            runs[0].points, runs[2].points
        )
        assert runs[0].points[1:].std() == pytest.approx(
            0.3, rel=0.05
        )  # lr = 1: x is the noise of the last step

    def test_project_keeps_the_run_inside(self):
        path = simulate(GradientDescent(lr=0.1), "saddle", project=lambda p: p.clip(-1, 1), start=(0.5, 0.5))
        assert np.abs(path.points).max() == 1

    def test_record_keeps_the_memory(self):
        path = simulate(Momentum(lr=0.1), "quadratic", steps=7, record=True)
        m = path.history["m"]
        assert m.shape == (8, 2) and not m[0].any()
        np.testing.assert_allclose(np.diff(path.points, axis=0), -0.1 * m[1:], atol=1e-15)

    def test_float32_stays_float32(self):
        path = simulate(Adam(lr=np.array([0.1, 0.2])), "himmelblau", dtype=np.float32)
        assert path.points.dtype == np.float32 and path.losses.dtype == np.float32

    def test_steps_to(self):
        path = simulate(GradientDescent(lr=0.5), quadratic(condition=1), start=(1.0, 0.0), steps=10)
        assert path.steps_to(0.5) == 0  # the start
        assert path.steps_to(0.5 * 0.25**3) == 3 and path.steps_to(0.0) is None

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            (dict(surface_or_name="rosenbrok"), ValueError, ["rosenbrok", "rosenbrock", "himmelblau"]),
            (dict(steps=-1), ValueError, ["steps = -1", "≥ 0"]),
            (dict(steps=2.5), TypeError, ["steps = 2.5", "whole number"]),
            (dict(start=(1.0, 2.0, 3.0)), ValueError, ["start", "(3,)", "(2,)"]),
            (dict(start=(np.nan, 0.0)), ValueError, ["start", "finite"]),
            (dict(noise=-0.1), ValueError, ["noise = -0.1", "[0, inf)"]),
            (dict(noise=float("nan")), ValueError, ["noise"]),
            (dict(opt="adam"), TypeError, ["opt = 'adam'", "Adam(lr=0.1)"]),
            (dict(opt=Adam), TypeError, ["opt"]),
            (dict(start=np.zeros((2, 3)), opt=Adam(lr=np.ones(4))), ValueError, ["start", "(3,)", "(4,)"]),
        ],
    )
    def test_bad_input_is_named(self, arguments, error, words):
        with pytest.raises(error) as caught:
            simulate(**{"opt": Adam(), "surface_or_name": "quadratic"} | arguments)
        assert not [word for word in words if word not in str(caught.value)]


class TestTrain:
    def test_batch_descent_agrees_with_a_loop_by_hand(self, digits):
        params = digits.init()
        for _ in range(5):
            g = digits.grad(params)
            params = {name: params[name] - 0.5 * g[name] for name in params}
        history = train(GradientDescent(lr=0.5), digits, epochs=5)
        for name, part in params.items():
            assert np.array_equal(history.params[name], part)
        assert history["loss"][-1] == digits.loss(params)

    @pytest.mark.parametrize(("size", "steps"), [(None, 1), (1197, 1), (500, 3), (1, 1197)])
    def test_counts(self, digits, size, steps):
        history = train(GradientDescent(lr=1e-3), digits, epochs=2, batch_size=size)
        assert history["step"].tolist() == [0, steps, 2 * steps]
        assert history["examples"].tolist() == [0, 1197, 2394] and history["epoch"] == pytest.approx(
            [0, 1, 2]
        )
        assert history["evaluations"][-1] == 2 * steps
        assert (np.diff(history["seconds"]) > 0).all()

    def test_counts_every_gradient(self, digits):
        history = train(SAM(inner=GradientDescent(lr=0.1)), digits, epochs=2, batch_size=400)
        assert history["step"].tolist() == [0, 3, 6] and history["evaluations"].tolist() == [0, 6, 12]
        assert history["examples"][-1] == 4 * 1197 and history["epoch"][-1] == pytest.approx(2)

    def test_same_seed_same_run(self, digits):
        first, second, other = (
            train(GradientDescent(lr=0.1), digits, epochs=1, batch_size=32, seed=seed).params["W"]
            for seed in (3, 3, 4)
        )
        assert np.array_equal(first, second) and not np.array_equal(first, other)

    def test_methods_see_the_same_batches(self, digits):
        class Watched:
            train, test = digits.train, None

            def __init__(self):
                self.seen = []

            def init(self, rng):
                return digits.init(rng)

            def loss(self, params, batch=None):
                return digits.loss(params, batch)

            def grad(self, params, batch=None):
                self.seen.append(batch.targets)
                return digits.grad(params, batch)

        one, two = Watched(), Watched()
        train(GradientDescent(), one, epochs=1, batch_size=100)
        train(Adam(), two, epochs=1, batch_size=100)
        assert all(map(np.array_equal, one.seen, two.seen)) and len(one.seen) == 12

    def test_diverged_run_ends_and_is_marked(self, digits):
        steep = SoftmaxRegression(train=digits.train, l2=100.0)
        history = train(GradientDescent(lr=1.0), steep, epochs=100)  # factor 1 − lr·l2 = −99
        assert 5 < history.diverged_at < 12 and history["step"][-1] == history.diverged_at
        assert "diverged at step" in repr(history)

    def test_interrupt_keeps_the_history(self, digits):
        class Interrupted(GradientDescent):
            def rule(self, x, g, s):
                if s.t == 4:
                    raise KeyboardInterrupt
                return super().rule(x, g, s)

        history = train(Interrupted(lr=0.1), digits, epochs=10)
        assert history.interrupted and history["step"].tolist() == [0, 1, 2, 3]
        assert np.array_equal(
            history.params["W"], train(GradientDescent(lr=0.1), digits, epochs=3).params["W"]
        )

    def test_every_and_initial_params(self, digits):
        start = {name: part + 0.1 for name, part in digits.init().items()}
        kept = {name: part.copy() for name, part in start.items()}
        history = train(GradientDescent(), digits, epochs=1, batch_size=100, every=5, params=start)
        assert history["step"].tolist() == [0, 5, 10, 12]
        assert all(np.array_equal(start[name], kept[name]) for name in start)

    def test_unknown_column_is_named(self, digits):
        with pytest.raises(KeyError, match="no column 'lost'; there are step, epoch"):
            train(GradientDescent(), digits, epochs=0)["lost"]

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            (dict(batch_size=0), ValueError, ["batch size 0", "1 … 1197"]),
            (dict(batch_size=1198), ValueError, ["batch size 1198", "1 … 1197"]),
            (dict(batch_size=2.0), TypeError, ["batch size 2.0", "whole number"]),
            (dict(epochs=-1), ValueError, ["epochs = -1", "≥ 0"]),
            (dict(every=0), ValueError, ["every = 0", "≥ 1"]),
            (dict(order="random"), ValueError, ["order = 'random'", "'shuffled'"]),
            (dict(opt=None), TypeError, ["opt = None"]),
        ],
    )
    def test_bad_input_is_named(self, digits, arguments, error, words):
        with pytest.raises(error) as caught:
            train(**{"opt": Adam(), "problem": digits} | arguments)
        assert not [word for word in words if word not in str(caught.value)]
