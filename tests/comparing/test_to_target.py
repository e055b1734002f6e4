"""Time to a target: who is there first, with fresh seeds and a setting chosen for it."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.comparing import Method
from course_lib.comparing.studies import STUDIES, results
from course_lib.comparing.to_target import WORKLOADS, performance_profile, target_of, time_to_target
from course_lib.optimizers import GradientDescent
from course_lib.problems import SoftmaxRegression
from course_lib.running import Table, train

PROBLEM = SoftmaxRegression.on_digits()


def test_steps_are_those_of_the_run_alone():
    methods = {"SGD": Method(GradientDescent(), lr=[0.03, 0.3])}
    table = time_to_target(methods, PROBLEM, 1.2, epochs=4, batch_size=64, seeds=[7, 8], looks=19)
    assert table["lr"].tolist() == [0.3, 0.3] and table["seed"].tolist() == [7, 8]
    for row in table.rows:
        alone = train(GradientDescent(lr=0.3), PROBLEM, 4, 64, seed=row["seed"], every=1)
        first = np.argmax(np.array(alone["valid_loss"]) <= 1.2)
        assert row["steps"] == alone["step"][first] > 1
        assert row["epochs"] == pytest.approx(row["steps"] / 19)
        assert row["seconds"] == pytest.approx(row["steps"] * row["ms_per_step"] / 1e3)


def test_the_fastest_setting_is_chosen_not_the_best_in_the_end():
    methods = {"SGD": Method(GradientDescent(), lr=[0.3, 30.0])}
    kinds = dict(epochs=12, batch_size=64, seeds=[7])
    assert time_to_target(methods, PROBLEM, 0.6, **kinds)["lr"] == [30.0]  # it rattles, but is there early
    assert time_to_target(methods, PROBLEM, 0.0, **kinds)["lr"] == [
        0.3
    ]  # nobody is there: the best in the end


def test_who_is_not_there_needs_infinitely_long():
    slow = {"SGD": Method(GradientDescent(), lr=[1e-6])}
    table = time_to_target(slow, PROBLEM, 0.5, epochs=1, batch_size=64, seeds=[7])
    assert table["steps"][0] == table["seconds"][0] == np.inf


def test_unequal_trials_are_refused():
    unequal = {"a": Method(GradientDescent(), lr=[0.1]), "b": Method(GradientDescent(), lr=[0.1, 1.0])}
    with pytest.raises(ValueError, match="numbers of trials differ"):
        time_to_target(unequal, PROBLEM, 0.5, epochs=1)


def test_the_target_is_one_that_every_method_had():
    found = results("mlp")
    target = target_of(found, ("SGD", "Adam"))
    ends = [found.sensitivity[name].criterion.min() for name in ("SGD", "Adam")]
    assert target == max(ends) and set(WORKLOADS) <= set(STUDIES)


def test_a_profile_counts_workloads_by_the_median_of_seeds():
    rows = [
        ("a", "SGD", [10, 10, 99]),
        ("a", "Adam", [15, 15, 1]),
        ("b", "SGD", [np.inf, np.inf, 1]),
        ("b", "Adam", [7, 7, 7]),
    ]
    table = Table.of_rows(
        {"workload": w, "method": m, "steps": float(s)} for w, m, many in rows for s in many
    )
    assert performance_profile(table, factors=(1, 1.5)).rows == [
        {"method": "SGD", "within 1": 0.5, "within 1.5": 0.5},
        {"method": "Adam", "within 1": 0.5, "within 1.5": 1.0},
    ]
