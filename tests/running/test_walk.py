"""Walks on known slopes: made at once or step by step, they are the same, and the ones the paper describes."""

import numpy as np
import pytest

from course_lib.optimizers import (
    ADOPT,
    Adam,
    AdamW,
    AMSGrad,
    GradientDescent,
    Muon,
    Nesterov,
    Newton,
    ScheduleFreeSGD,
)
from course_lib.problems import OnlineCounterexample
from course_lib.running import train, walk
from course_lib.running.walk import running_mean

RNG = np.random.default_rng(0)
SETTINGS = [
    Adam(lr=0.1, beta1=0, beta2=0.1),
    Adam(lr=0.02, beta1=0.8, beta2=0.9, eps=0.3),
    AMSGrad(lr=0.3, beta1=0.7, beta2=0.95),
    AMSGrad(lr=0.1, beta1=0.4, beta2=0.99, bias_correction=True, eps=0.1),
    ADOPT(lr=0.05, beta1=0.3, beta2=0.0),
    ADOPT(lr=0.3, beta1=0.9, beta2=0.9, clip=False, eps=0.8),
    ADOPT(lr=7.0, beta1=0.5, beta2=0.999),
]
SLOPES = {
    "in turn": np.tile([3.0, -1.0, -1.0], 401),
    "three runs": RNG.standard_normal((700, 3)) * 10.0 ** RNG.integers(-2, 3, (700, 3)),
    "two": np.array([2.0, -5.0]),
    "one": np.array([1.0]),
}


@pytest.mark.parametrize("schedule", [None, lambda t: t**-0.5], ids=["constant", "falling"])
@pytest.mark.parametrize("slopes", SLOPES)
@pytest.mark.parametrize("opt", SETTINGS, ids=repr)
def test_all_steps_at_once_are_those_of_the_rule(opt, slopes, schedule):
    at_once = walk(opt, SLOPES[slopes], 0.3, schedule)
    one_by_one = walk(opt, SLOPES[slopes], 0.3, schedule, by_the_rule=True)
    np.testing.assert_allclose(at_once, one_by_one, rtol=0, atol=1e-12)
    assert (
        len(at_once) == len(SLOPES[slopes]) + 1 and np.abs(at_once).max() <= 1 and (at_once[0] == 0.3).all()
    )


@pytest.mark.parametrize("opt", [Adam(lr=0.5, beta1=0, beta2=0.1), AMSGrad(lr=0.5, beta1=0, beta2=0.1)])
def test_it_is_training_on_the_counterexample_one_example_at_a_time(opt):
    problem = OnlineCounterexample.periodic(3)
    trained = train(opt, problem, 200, batch_size=1, order="fixed", schedule=lambda t: t**-0.5)
    walked = walk(opt, np.tile(problem.train.inputs[:, 0], 200), 0.0, lambda t: t**-0.5)
    assert walked[-1] == pytest.approx(trained.params["x"][0], abs=1e-12)
    assert abs(walked[-1]) > 0.9


@pytest.mark.parametrize("opt", [GradientDescent(lr=0.3), Nesterov(lr=0.1), AdamW(lr=0.1, weight_decay=0.5),
                                 ScheduleFreeSGD(lr=0.1)], ids=repr)  # fmt: skip
def test_every_other_rule_takes_its_own_steps(opt):
    slopes, x = RNG.standard_normal(50), np.array([0.2])
    state, points, multipliers = opt.init(x), [0.2], np.arange(1, 51) ** -0.5
    for multiplier, g in zip(multipliers, slopes, strict=True):
        x, state = opt.at(multiplier).update(x, np.array([g]), state)
        x = np.clip(x, -1, 1)
        points.append(x[0])
    np.testing.assert_array_equal(walk(opt, slopes, 0.2, multipliers), points)


def test_an_array_of_multipliers_is_a_schedule():
    slopes = RNG.standard_normal(40)
    np.testing.assert_array_equal(
        walk(Adam(lr=0.1), slopes, schedule=np.arange(1, 41) ** -0.5),
        walk(Adam(lr=0.1), slopes, schedule=lambda t: t**-0.5),
    )


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("steps", [1, 2, 10, 101])
def test_a_running_mean_is_that_of_a_loop(beta, steps):
    values, m, means = RNG.standard_normal((steps, 2)), np.array([5.0, -1.0]), []
    for u in values:
        m = beta * m + (1 - beta) * u
        means.append(m)
    np.testing.assert_allclose(running_mean(values, beta, [5.0, -1.0]), means, rtol=1e-13)


def test_steps_beyond_all_numbers_end_at_a_wall():
    ends = walk(Adam(lr=1e308), [1.0, 1.0, -1.0, 1.0] * 20)
    assert set(ends[1:]) <= {-1.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((abs, [1.0]), TypeError, "is not an optimizer"),
        ((Newton(), [1.0]), TypeError, "Newton cannot walk"),
        ((Muon(), [1.0]), TypeError, "Muon cannot walk"),
        ((Adam(lr=np.array([0.1, 0.2])), [1.0]), ValueError, "is a grid of settings"),
        ((Adam(), []), ValueError, r"slopes of shape \(0,\)"),
        ((Adam(), [1.0, np.inf]), ValueError, r"slopes of shape \(2,\) are not allowed: give finite"),
        ((Adam(), np.ones((2, 2, 2))), ValueError, r"slopes of shape \(2, 2, 2\)"),
        ((Adam(), [1.0], 1.5), ValueError, r"start = 1.5 is not allowed: it must be in \[-1, 1\]"),
        ((Adam(), [1.0], 0, lambda t: 2.0), ValueError, "must give 1 numbers in"),
        ((Adam(), [1.0], 0, np.ones(3)), ValueError, "must give 1 numbers in"),
    ],
)  # fmt: skip
def test_what_it_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        walk(*arguments)
