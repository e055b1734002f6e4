"""The schedule explorer: its losses are those of a plain loop, and it shows what they say."""

import numpy as np
import pytest

from course_lib.live import explore_schedule
from course_lib.live.explorers import schedule as module
from course_lib.live.explorers.noisy_runs import DIMENSION, SEEDS, SPECTRUM, NoisyBowl, looks, noisy_losses
from course_lib.optimizers import (
    SAM,
    Adam,
    ClipByNorm,
    GradientDescent,
    IterateAverage,
    Momentum,
    Nesterov,
    Newton,
    ScheduleFreeSGD,
)
from course_lib.problems import NoisyQuadratic
from course_lib.schedules import constant, cosine, inverse_sqrt, linear_warmup, step_decay

from .common import Wire, check, marks

RATES = np.array([0.05, 0.4])


def rows(figure):
    return [(row["name"], *row["cells"]) for row in figure._scene["rows"]]


@pytest.mark.parametrize(
    "opt",
    [
        GradientDescent(),
        Momentum(beta=0.7),
        Nesterov(beta=0.6),
        Adam(beta2=0.95),
        ClipByNorm(GradientDescent(), limit=0.8),
        SAM(GradientDescent()),
        IterateAverage(GradientDescent(), begin=10),
        ScheduleFreeSGD(),
    ],
)
def test_each_run_is_the_one_a_plain_loop_makes(opt):
    schedule, steps, batch = linear_warmup(5) * cosine(30), 40, 7
    together = noisy_losses(opt, RATES, schedule, batch, steps, seed=3)
    rng = np.random.default_rng(3)
    start, noise = (
        rng.standard_normal((DIMENSION, 1, SEEDS)),
        rng.standard_normal((steps, DIMENSION, 1, SEEDS)),
    )
    at = list(looks(steps))
    for i, seed in ((0, 2), (1, 15)):
        one = opt.replace(lr=float(RATES[i]))
        x = start[:, 0, seed]
        state = one.init(x)
        for t in range(1, steps + 1):
            now = one.at(schedule(t))
            shaken = np.sqrt(SPECTRUM / batch) * noise[t - 1, :, 0, seed]
            x, state = now.step(x, state, NoisyBowl(), shaken)
            if t in at:
                end = one.output(x, state)
                expected = 0.5 * np.sum(SPECTRUM * end**2)
                assert together[at.index(t), i, seed] == pytest.approx(expected, rel=1e-10)


def test_the_model_is_the_noisy_quadratic():
    problem, x = NoisyQuadratic.make(DIMENSION, 50_000), np.linspace(-1, 2, DIMENSION)
    bowl = NoisyBowl()
    assert bowl.loss(x) == pytest.approx(problem.loss({"x": x}), rel=1e-12)
    np.testing.assert_allclose(bowl.grad(x), problem.grad({"x": x})["x"], atol=1e-12)
    rng = np.random.default_rng(0)
    batches = (problem.train[rng.integers(50_000, size=4)] for _ in range(2000))
    grads = [problem.grad({"x": x}, batch)["x"] for batch in batches]
    np.testing.assert_allclose(np.var(grads, axis=0), SPECTRUM / 4, rtol=0.15)


def test_without_noise_gradient_descent_has_its_formula():
    losses = noisy_losses(GradientDescent(), RATES, constant(), 10**12, 20, seed=1)
    start = np.random.default_rng(1).standard_normal((DIMENSION, 1, SEEDS))
    left = (1 - RATES[None, :, None] * SPECTRUM[:, None, None]) ** 20 * start
    expected = 0.5 * np.tensordot(SPECTRUM, left**2, 1)
    np.testing.assert_allclose(losses[-1], expected, rtol=1e-3)


def test_looks_end_with_the_last_step_and_are_not_too_many():
    for steps in (10, 199, 300, 301, 5000):
        at = looks(steps)
        assert (at[0], at[-1]) == (0, steps) and len(at) <= 302 and (np.diff(at) > 0).all()


def test_it_draws_the_schedule_and_the_losses_that_it_has():
    figure = explore_schedule(schedule=step_decay(100), steps=200)
    (curve,) = (line for line in marks(figure, "line") if np.isnan(line[0, 1]))
    eta = np.log(curve[1:, 1].astype(float))
    assert np.isclose(eta[:100], eta[0]).all() and np.isclose(eta[100:], eta[-1]).all() and eta[0] > eta[-1]
    losses = figure.losses()
    lines = marks(figure, "line")
    place = list(figure.rates).index(figure.lr)
    np.testing.assert_allclose(lines[3][:, 1], losses[:, place, 3], rtol=1e-5)
    ends = np.median(losses[-1], axis=1)
    drawn = [line for line in lines if len(line) == len(figure.rates)][-1]
    np.testing.assert_allclose(drawn[:, 1], np.where(ends <= 10, ends, np.nan), rtol=1e-5)


def test_read_outs_are_medians_over_the_seeds():
    figure = explore_schedule()
    figure.set(schedule="cosine", lr=0.3)
    losses, place = figure.losses(), list(figure.rates).index(0.3)
    first, second = rows(figure)
    ends = np.median(losses[-1], axis=1)
    assert float(first[2]) == pytest.approx(ends[place], rel=0.05)
    high = [i for i, t in enumerate(looks(300)) if t >= 1 and cosine(300)(int(t)) >= 0.5][-1]
    assert float(first[1]) == pytest.approx(np.median(losses[high, place]), rel=0.05)
    assert float(first[3]) == pytest.approx(figure.rates[ends.argmin()], rel=1e-2)
    assert float(first[4]) == pytest.approx(ends.min(), rel=0.05)
    plain = np.median(figure.losses(constant())[-1], axis=1)
    assert second[2] == second[4] and float(second[4]) == pytest.approx(plain.min(), rel=0.05)


def test_a_schedule_pays_and_wants_a_higher_peak():
    figure = explore_schedule()
    lr, loss = figure.best(constant())
    for schedule in (cosine(300), inverse_sqrt(10)):
        other_lr, other_loss = figure.best(schedule)
        assert other_loss < 0.85 * loss and other_lr > 1.3 * lr


def test_lr_stops_where_runs_are_and_a_moved_slider_chooses_its_schedule():
    figure = explore_schedule(ranges={"lr": (0.02, 2)})
    assert (figure.rates[0], figure.rates[-1]) == (0.02, 2) and 0.3 in figure.rates
    figure.lr = 0.31
    assert figure.lr == 0.3
    Wire(figure).move(cosine_floor=0.5)
    assert figure.schedule == "cosine" and figure.schedule_of()(1000) == 0.5


def test_moving_lr_runs_nothing(monkeypatch):
    calls = []
    run = module.noisy_losses
    monkeypatch.setattr(module, "noisy_losses", lambda *a: (calls.append(a), run(*a))[1])
    figure = explore_schedule()
    figure.lr = 1.0
    assert len(calls) == 1  # constant, chosen and rival alike
    figure.schedule = "cosine"
    figure.lr = 0.1
    assert len(calls) == 2
    figure.batch = 20
    assert len(calls) == 4


def test_what_diverges_says_so():
    figure = explore_schedule(GradientDescent(lr=1.0), ranges={"lr": (0.1, 1e4)})
    figure.lr = 1e4
    ((*_, end, best, there), _) = rows(figure)
    assert end == "∞: diverged" and float(best) < 2 and float(there) < 1
    check(figure._scene)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("adam",), TypeError, "is not an optimizer: it must be an instance such as"),
        ((Newton(),), ValueError, "Newton cannot run here|takes a grid"),
        ((GradientDescent(lr=np.array([0.1, 0.2])),), (TypeError, ValueError), "grid|array"),
        ((GradientDescent(), 0.5), TypeError, "schedule = 0.5 is not a schedule"),
        ((GradientDescent(), {}), ValueError, "schedule is empty"),
        ((GradientDescent(), None, 9), ValueError, "steps = 9 is not allowed: it must be ≥ 10"),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_schedule(*arguments)


def test_batches_of_nothing_are_refused():
    with pytest.raises(ValueError, match="ScheduleExplorer: batch = 0 is not allowed"):
        explore_schedule(batch=0)
