"""A known rule is known again whatever its numbers; what is no rule of the list is left alone."""

import numpy as np
import pytest

from course_lib.checks.exercises.ex20 import verdicts
from course_lib.checks.known import brake, known_as, uncorrected
from course_lib.checks.own import (
    GRADIENTS,
    GROUNDS,
    MEMORY,
    RIVALS,
    START,
    at_best,
    comparison,
    heights,
    rival_height,
    rival_on,
    way,
)
from course_lib.comparing import sign_flip_p
from course_lib.optimizers import (
    ADOPT,
    AdaBound,
    Adadelta,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    Cautious,
    GradientDescent,
    Lion,
    Momentum,
    Nadam,
    Nesterov,
    RAdam,
    RMSprop,
    as_optimizer,
)


def steps(opt):
    x, state, points = START, opt.init(START), [START]
    for g in GRADIENTS:
        x, state = opt.update(x, g, state)
        points.append(x)
    return np.diff(points, axis=0)


def shifted(x, g, state, lr=0.1, beta=0.6):
    m = beta * state["m"] + g
    return x - lr * (g + beta * m), {**state, "m": m}


@pytest.mark.parametrize(
    ("opt", "name"),
    [
        (GradientDescent(lr=3.7), "gradient descent"),
        (Momentum(lr=1e-4, beta=0.613), "Momentum with beta = 0.613"),
        (Momentum(beta=0.93, form="average"), "Momentum with beta = 0.93"),
        (Nesterov(beta=0.4), "Momentum with beta = 0.4"),  # under prescribed gradients it is no other
        (as_optimizer(shifted), "Nesterov's momentum with beta = 0.6"),
        (Adam(lr=0.5, beta2=0.77), "Adam with beta1 = 0.9, beta2 = 0.77"),
        (
            as_optimizer(uncorrected, MEMORY, beta2=0.77),
            "Adam without bias correction, beta1 = 0.9, beta2 = 0.77",
        ),
        (AdamW(lr=0.01, weight_decay=0.2), "Adam with beta1 = 0.9, beta2 = 0.999"),
        (RMSprop(beta=0.99), "RMSprop with beta = 0.99"),
        (Adagrad(lr=2.0), "Adagrad"),
        (Adadelta(), "Adadelta with beta = 0.95"),
        (AdaMax(beta1=0.8), "AdaMax with beta1 = 0.8, beta2 = 0.999"),
        (Nadam(), "Nadam with beta1 = 0.9, beta2 = 0.999"),
        (AMSGrad(beta2=0.98), "AMSGrad with beta1 = 0.9, beta2 = 0.98"),
        (Lion(weight_decay=0.1), "Lion with beta1 = 0.9, beta2 = 0.99"),
        (as_optimizer(brake, MEMORY, beta=0.77), "the example of lesson 20 with beta = 0.77"),
    ],
)
def test_a_known_rule_is_known_again(opt, name):
    assert known_as(steps(opt), np.array([0.77])) == name


def with_l2(opt, decay):
    """Add a part of x to the gradients of an optimizer."""

    def rule(x, g, state, lr=0.01):
        inner = state.get("inner") or opt.init(x)
        x, inner = opt.replace(lr=lr).update(x, g + decay * x, inner)
        return x, {"inner": inner}

    return rule


def steps_of_function(rule):
    x, state, points = START, {}, [START]
    for t, g in enumerate(GRADIENTS, 1):
        x, state = rule(x, g, state | {"t": t})
        points.append(x)
    return np.diff(points, axis=0)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (steps(Adam(beta1=0.873, beta2=0.9871)), "Adam with beta1 = 0.873, beta2 = 0.987"),
        (steps(Adam(lr=3.0, beta1=0.62, eps=0.3)), "Adam with beta1 = 0.62, beta2 = 0.999, eps = 0.3"),
        (
            steps(as_optimizer(uncorrected, MEMORY, beta2=0.93, eps=0.05)),
            "Adam without bias correction with beta1 = 0.9, beta2 = 0.93, eps = 0.05",
        ),
        (steps(RMSprop(beta=0.8765, eps=0.2)), "RMSprop with beta = 0.877, eps = 0.2"),
        (steps(Adagrad(eps=1.5)), "Adagrad with eps = 1.5"),
        (
            steps_of_function(with_l2(Adam(beta1=0.8), 0.07)),
            "Adam with beta1 = 0.8, beta2 = 0.999, weight decay (L2) = 0.07",
        ),
        (steps_of_function(with_l2(RMSprop(), 0.3)), "RMSprop with beta = 0.9, weight decay (L2) = 0.3"),
    ],
)
def test_odd_numbers_make_no_other_rule(found, name):
    assert known_as(found, np.array([])) == name


@pytest.mark.parametrize("opt", [ADOPT(), RAdam(), AdaBound(), Cautious(Adam())], ids=repr)
def test_another_rule_is_left_alone(opt):
    assert known_as(steps(opt), np.array([0.9, 0.999])) == ""


@pytest.mark.parametrize("size", [1e-200, 1.0, 1e100])
def test_steps_of_any_size_are_looked_at(size):
    rng = np.random.default_rng(0)
    assert known_as(size * rng.normal(size=GRADIENTS.shape), np.array([])) == ""


def test_a_small_change_makes_another_rule():
    changed = steps(Adam())
    changed[12] *= 1.001
    assert known_as(changed, np.array([])) == ""


def test_the_way_is_added_up_over_all_steps():
    assert way(GradientDescent(lr=0.5), 3.0) == pytest.approx(1.5 * np.linalg.norm(GRADIENTS, axis=1).sum())
    assert way(Momentum(), 100.0) / way(Momentum(), 1.0) == pytest.approx(100)
    assert way(Adam(), 100.0) / way(Adam(), 1.0) == pytest.approx(1, abs=1e-6)


def test_a_rival_is_no_worse_than_at_one_good_rate():
    for ground in GROUNDS:
        for rival in RIVALS:
            assert 1e-12 <= rival_height(rival, ground) < 1
    one = heights(Momentum(lr=0.4), "ravine", np.ones(1))
    assert rival_height("Momentum", "ravine") <= one
    best = at_best(rival_on("Momentum", "ravine"), "ravine")
    assert heights(best, "ravine", np.ones(1)) == rival_height("Momentum", "ravine") < one


def test_the_comparison_is_fair_and_its_baselines_are_not_at_an_edge():
    found = comparison(Momentum(), [0.1, 0.3, 1.0])
    tuning = found.runs.where(view="tuning")
    assert {name: int(np.sum(tuning["method"] == name)) for name in found.methods} == {
        "yours": 9, "SGD": 9, "Adam": 9,
    }  # fmt: skip
    assert not any(found.sensitivity[name].edge for name in ("SGD", "Adam"))
    rows = {row["method"]: row["verdict"] for row in found.differences("best", "yours", "test_loss").rows}
    ten = (found.results(name, "best", "test_loss") for name in ("yours", "SGD", "Adam"))
    other = {"better": "worse", "worse": "better", "not distinguishable": "cannot tell"}
    assert verdicts(*ten) == [other[rows["SGD"]], other[rows["Adam"]]]


def test_verdicts_are_corrected_for_two():
    yours = np.arange(10.0)
    barely = yours + np.r_[np.ones(8), -1.5, 0.2]  # alone it would count
    assert 0.025 < sign_flip_p(barely - yours) < 0.05
    alike = yours + np.array([1, -1] * 5)
    assert verdicts(yours, barely, alike) == ["cannot tell", "cannot tell"]
    assert verdicts(yours, yours - 1, yours + 1) == ["worse", "better"]
