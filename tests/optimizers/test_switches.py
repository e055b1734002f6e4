"""Rules with a switch, an average or norms: RAdam, SWATS, Schedule-Free, LARS, LAMB, Prodigy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from course_lib.optimizers import LAMB, LARS, SWATS, Prodigy, RAdam, ScheduleFreeAdamW, ScheduleFreeSGD
from tests.optimizers.common import close, gradients, point, walk
from tests.optimizers.test_identities import BETA, LR, RUN, SEED, SHAPE, same


@given(lr=LR, beta2=BETA, **RUN)
def test_radam_before_it_trusts_is_corrected_momentum(lr: float, beta2: float, **run: Any) -> None:
    beta2 = min(beta2, 0.6)  # rho_inf ≤ 4: it never trusts
    h = {"lr": lr, "beta1": 0.9}
    x, g = point(run["shape"], run["seed"]), gradients(run["shape"], 12, run["seed"])
    opt, y, m = RAdam(**h, beta2=beta2), x, 0.0
    state = opt.init(x)
    for t in range(1, 13):
        x, state = opt.update(x, g[t - 1], state)
        m = 0.9 * m + 0.1 * g[t - 1]
        y = y - lr * m / (1 - 0.9**t)
    close(x, y)


def test_radam_begins_to_divide_at_the_fifth_step() -> None:
    for dtype in (np.float32, np.float64):
        for beta2 in (0.999, np.array([0.999, 0.99])):
            opt = RAdam(beta2=beta2)
            typed = opt.typed(np.ones(2, dtype)) if opt.grid else opt
            divides = [np.all(typed.rectification(t)[0]) for t in range(1, 8)]
            assert divides == [False] * 4 + [True] * 3
    assert [bool(RAdam(threshold=5.0).rectification(t)[0]) for t in (5, 6)] == [False, True]
    assert RAdam().rectification(1)[1] == 1.0
    close(RAdam(beta2=0.99).rectification(10**5)[1], 1.0, 1e-9)


@given(lr=st.floats(1e-4, 0.01), beta1=st.floats(0, 0.95), **RUN)
def test_swats_switches_under_a_steady_gradient(lr: float, beta1: float, **run: Any) -> None:
    """gamma is then lr·‖sign g‖²/‖g‖₁ in every step: the second settles it, and SGD with that rate follows."""
    shape, seed = run["shape"], run["seed"]
    g, x = gradients(shape, 1, seed)[0], point(shape, seed)
    opt, state = SWATS(lr=lr, beta1=beta1, eps=1e-9), None
    state = opt.init(x)
    for t in range(1, 6):
        before = x
        x, state = opt.update(x, g, state)
        if t <= 2:
            close(x, before - lr * np.sign(g), 1e-6)
        assert (state.Lambda != 0) == (t >= 2)
    rate = lr * g.size / np.abs(g).sum()
    close(state.Lambda, rate, 1e-6)
    m = sum(beta1**i for i in range(3)) * g
    close(x, before - (1 - beta1) * state.Lambda * m, 1e-12)


def test_swats_on_a_model_measures_all_parameters_together() -> None:
    opt = SWATS(lr=0.1)
    x = {"W": np.ones((2, 2)), "b": np.zeros(2)}
    g = {"W": np.full((2, 2), 3.0), "b": np.full(2, 1.0)}
    state = opt.init(x)
    for _ in range(2):
        x, state = opt.update(x, g, state)
    close(state.Lambda, 0.1 * 6 / 14, 1e-6)


def test_swats_does_not_switch_without_a_gradient() -> None:
    """Where p·g = 0 nothing is measured, however near 0 the average is."""
    opt, x = SWATS(lr=0.1, eps=0.3), np.ones(2)
    _, state = opt.update(x, np.ones(2), opt.init(x))
    x, state = opt.update(x, np.zeros(2), state)
    assert state.Lambda == 0 and state.average > 0
    _, state = opt.update(x, np.ones(2), state)
    assert state.Lambda != 0


def test_swats_under_a_schedule_keeps_the_rate_apart() -> None:
    x, g = np.ones(2), np.array([1.0, 2.0])
    opt = SWATS(lr=0.1)
    state = opt.init(x)
    for _ in range(2):
        x, state = opt.at(0.5).update(x, g, state)
    close(state.Lambda, 0.1 * 2 / 3, 1e-6)
    after, _ = opt.at(0.25).update(x, g, state)
    close(after, x - 0.25 * 0.1 * state.Lambda * g)


@given(lr=LR, **RUN)
def test_schedule_free_without_look_back_answers_with_the_average_of_sgd(lr: float, **run: Any) -> None:
    x0, g = point(run["shape"], run["seed"]), gradients(run["shape"], 12, run["seed"])
    same(ScheduleFreeSGD(lr=lr, beta=0.0), ScheduleFreeSGD(lr=lr, beta=0.0, weight_decay=0.0), **run)
    z, visited = x0, []
    for t, (x, s) in enumerate(walk(ScheduleFreeSGD(lr=lr, beta=0.0), x0, g)):
        z = z - lr * (g[t] + 0.2 * z)
        visited.append(z)
        close(s.z, z)
        close(x, np.mean(visited, axis=0), 1e-11)


@given(etas=st.lists(st.floats(0, 1), min_size=3, max_size=8), seed=SEED)
def test_schedule_free_weighs_by_the_square_of_the_rate(etas: list[float], seed: int) -> None:
    assume(sum(etas) > 0.1)
    for opt in (ScheduleFreeSGD(lr=0.3), ScheduleFreeAdamW(lr=0.3)):
        x, visited = point((2,), seed), []
        state = opt.init(x)
        for t, eta in enumerate(etas):
            x, state = opt.at(eta).update(x, gradients((2,), 8, seed)[t], state)
            visited.append(state.z)
        close(x, np.average(visited, axis=0, weights=np.square(etas)), 1e-9)


@given(seed=SEED, shape=SHAPE)
def test_lars_and_lamb_step_by_a_share_of_x(seed: int, shape: Any) -> None:
    x, g = point(shape, seed), gradients(shape, 1, seed)[0]
    lars, lamb = LARS(lr=2.0, trust=0.05, weight_decay=0.0), LAMB(lr=0.1)
    for opt in (lars, lamb):
        moved = np.linalg.norm(opt.update(x, g, opt.init(x))[0] - x)
        assert moved == pytest.approx(0.1 * np.linalg.norm(x))
    for opt in (LARS(lr=0.1), LAMB(lr=0.1)):
        zero = np.zeros(shape)
        assert np.abs(opt.update(zero, g, opt.init(zero))[0]).min() > 0
    close(LARS(lr=0.5).update(0 * x, g, LARS().init(x))[0], -0.5 * g)


def test_prodigy_on_a_model_measures_all_parameters_together() -> None:
    x = {"W": np.ones((2, 2)), "b": np.zeros(2)}
    g = {"W": np.full((2, 2), 3.0), "b": np.full(2, 1.0)}
    flat, slope = np.array([1.0] * 4 + [0.0] * 2), np.array([3.0] * 4 + [1.0] * 2)
    opt = Prodigy()
    state, of_all = opt.init(x), opt.init(flat)
    for _ in range(30):
        x, state = opt.update(x, g, state)
        flat, of_all = opt.update(flat, slope, of_all)
    assert state.d == of_all.d > opt.d0
    close(x["W"].ravel(), flat[:4])


@given(lr=st.floats(0.5, 2), seed=SEED)
def test_prodigy_never_overestimates_the_distance_of_a_steady_run(lr: float, seed: int) -> None:
    """Along a steady gradient d grows but stays below the distance gone (in the largest coordinate)."""
    opt, x, previous = Prodigy(lr=lr), np.zeros(3), 0.0
    state, g = opt.init(x), gradients((3,), 1, seed)[0]
    for _ in range(60):
        x, state = opt.update(x, g, state)
        assert state.d >= previous
        previous = state.d
    assert opt.d0 < state.d <= max(opt.d0, np.abs(x).max() * 1.0001)
