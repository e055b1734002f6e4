"""The race of first- and second-order methods: its structure and what must hold on any machine; never timings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.comparing.second_order import (
    CONTENDERS,
    METHODS,
    Contender,
    cost_by_size,
    fitted_exponent,
    second_order_race,
)
from course_lib.optimizers import Adam, GradientDescent, HessianFree, Momentum, Newton
from course_lib.problems import MLP, Data
from course_lib.running import Table


def small(examples: int = 60) -> MLP:
    """Three clouds of points, badly scaled."""
    rng = np.random.default_rng(0)

    def drawn() -> Data:
        labels = np.arange(examples) % 3
        centres = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.3, 0.0]])
        inputs = (centres[labels] + rng.standard_normal((examples, 4))) * np.array([1, 0.05, 10.0, 1])
        return Data(inputs, labels)

    return MLP(train=drawn(), valid=drawn(), test=drawn(), hidden=(5,), activation="tanh", classes=3, l2=1e-3)


@pytest.fixture(scope="module")
def race() -> Table:
    contenders = {name: one._replace(batch_size=one.batch_size and 20) for name, one in CONTENDERS.items()}
    contenders["K-FAC"] = contenders["K-FAC"]._replace(share=1.0)
    return second_order_race(small(), contenders, epochs=40, seeds=[1])


def test_every_method_has_a_curve(race: Table, tmp_path: Any) -> None:
    assert list(race.columns) == [
        "method", "setting", "seed", "step", "seconds", "evaluations",
        "loss", "valid_loss", "valid_accuracy", "test_accuracy",
    ]  # fmt: skip
    epochs = {"Hessian-free": 20}
    per_epoch = {"SGD with momentum": 3, "Adam": 3, "K-FAC": 3}
    for name, contender in CONTENDERS.items():
        rows = race.where(method=name)
        assert rows["step"].tolist() == [k * per_epoch.get(name, 1) for k in range(epochs.get(name, 40) + 1)]
        for column in ("seconds", "evaluations"):
            assert rows[column][0] == 0 and (np.diff(rows[column]) > 0).all()
        assert len({*rows["setting"]}) == 1 and rows["setting"][0].split("=")[0] in contender.trials[0]
        assert rows["loss"][-1] < 0.7 * rows["loss"][0]
        assert ((rows["test_accuracy"] >= 0) & (rows["test_accuracy"] <= 1)).all()
    race.save(tmp_path / "race.csv")
    assert Table.load(tmp_path / "race.csv")["loss"].tolist() == race["loss"].tolist()


def test_all_have_the_same_number_of_trials_and_equal_batches() -> None:
    assert {len(contender.trials) for contender in CONTENDERS.values()} == {3}
    assert {contender.batch_size for contender in CONTENDERS.values()} == {None, 64}


def test_each_seed_has_a_curve_of_its_own() -> None:
    table = second_order_race(
        small(), {"SGD": Contender(GradientDescent(), [{"lr": 0.1}], 20)}, 3, seeds=[5, 7]
    )
    one, other = (table.where(seed=seed)["loss"] for seed in (5, 7))
    assert len(one) == len(other) == 4 and not np.array_equal(one, other)


def test_curvature_needs_fewer_steps(race: Table) -> None:
    def steps_to(name: str, level: float) -> int:
        rows = race.where(method=name)
        return int(rows["step"][rows["loss"] <= level][0])

    level = race.where(method="SGD with momentum")["loss"].min() * 1.1
    sgd = steps_to("SGD with momentum", level)
    for name in ("L-BFGS", "Hessian-free", "K-FAC"):
        assert steps_to(name, level) < sgd, name


def test_evaluations_count_what_is_asked() -> None:
    two = {
        "SGD": Contender(GradientDescent(), [{"lr": 0.1}], 20),
        "HF": Contender(HessianFree(iterations=4, tolerance=1e-12), [{"damping": 0.1}]),
    }
    table = second_order_race(small(), two, epochs=3, seeds=[1])
    np.testing.assert_allclose(table.where(method="SGD")["evaluations"], [0, 1, 2, 3])
    assert table.where(method="HF")["evaluations"].tolist() == [
        0,
        7,
        14,
        21,
    ]  # a gradient, 4 products, 2 losses


def test_the_setting_is_chosen_on_validation_data_and_run_anew() -> None:
    trials = [{"lr": lr} for lr in (1e-6, 0.3, 1e9)]
    table = second_order_race(small(), {"SGD": Contender(GradientDescent(), trials, 20)}, epochs=5, seeds=[1])
    assert {*table["setting"]} == {"lr=0.3"}
    again, other = (
        second_order_race(
            small(),
            {"SGD": Contender(GradientDescent(), trials[1:2], 20)},
            epochs=5,
            seeds=[seed],
            tune_seed=9,
        )
        for seed in (1, 2)
    )
    assert np.array_equal(again["loss"], table["loss"]) and not np.array_equal(other["loss"], table["loss"])


def test_what_is_no_number_is_infinite() -> None:
    wild = {"wild": Contender(Momentum(), [{"lr": 1e200}], 20)}
    table = second_order_race(small(), wild, epochs=3, seeds=[1])
    assert np.isinf(table["loss"][-1]) and np.isinf(table["valid_loss"][-1])
    assert table["valid_accuracy"][-1] == table["test_accuracy"][-1] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs = 0"),
        ({"seeds": [3, 0]}, r"seeds = \[3, 0\] is not allowed: 0 was tuned on"),
        ({"contenders": {"a": CONTENDERS["Adam"], "b": Contender(Adam(), [{"lr": 1}])}}, "numbers of trials"),
        ({"contenders": {"a": Contender(Adam(), [])}}, "numbers of trials"),
        ({"contenders": {}}, "numbers of trials"),
    ],
)
def test_unfair_races_are_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        second_order_race(small(), **options)


def test_costs_are_measured_up_to_each_methods_limit() -> None:
    table = cost_by_size([90, 170], METHODS | {"Newton": (Newton(), 100)}, budget=1e-6)
    assert list(table.columns) == ["method", "parameters", "seconds", "steps"]
    sizes = {name: table.where(method=name)["parameters"].tolist() for name in METHODS}
    assert sizes == {"Adam": [85, 160], "L-BFGS": [85, 160], "K-FAC": [85, 160], "Newton": [85]}
    assert (table["seconds"] > 0).all() and (table["steps"] >= 3).all()
    for sizes_, budget, message in (([84], 1.0, "sizes"), ([], 1.0, "sizes"), ([100], 0.0, "budget")):
        with pytest.raises(ValueError, match=message):
            cost_by_size(sizes_, budget=budget)


class TestFittedExponent:
    def test_is_the_regression_on_logarithms(self) -> None:
        rng = np.random.default_rng(0)
        n = np.logspace(3, 4, 8)
        seconds = 1e-6 * n**1.5 * np.exp(0.1 * rng.standard_normal(8))
        found = fitted_exponent(n, seconds)
        (slope, _), covariance = np.polyfit(np.log(n), np.log(seconds), 1, cov=True)
        assert found.exponent == pytest.approx(slope) and found.points == 8
        half = 2.4469 * np.sqrt(covariance[0, 0])  # Student's t, 6 degrees of freedom
        assert (found.low, found.high) == pytest.approx((slope - half, slope + half), rel=2e-3)

    def test_covers_the_truth_as_often_as_it_says(self) -> None:
        rng, n = np.random.default_rng(1), np.logspace(3, 4, 6)
        inside = 0
        for _ in range(200):
            found = fitted_exponent(n, n**2 * np.exp(0.2 * rng.standard_normal(6)))
            inside += found.low <= 2 <= found.high
        assert 180 <= inside <= 199

    def test_small_sizes_are_left_out_by_a_rule(self) -> None:
        n = np.logspace(1, 5, 17)
        seconds = 1e-3 + 1e-7 * n
        assert fitted_exponent(n, seconds).points == 6
        assert fitted_exponent(n, seconds, span=1e4).exponent < 0.6 < fitted_exponent(n, seconds).exponent

    @pytest.mark.parametrize(
        ("n", "seconds", "span", "message"),
        [
            ([1, 2, 3], [1, 2], 30, "one length"),
            ([1, 2, 0], [1, 2, 3], 30, "> 0"),
            ([1, 2, 3], [1, 2, np.nan], 30, "finite"),
            ([[1, 2, 3]], [[1, 2, 3]], 30, "vectors"),
            ([1, 2, 3], [1, 2, 3], 1.0, "span"),
            ([1, 2, 1000], [1, 2, 3], 30, "1 sizes lie within"),
            ([], [], 30, "0 sizes"),
        ],
    )
    def test_what_cannot_be_fitted_is_refused(self, n: Any, seconds: Any, span: float, message: str) -> None:
        with pytest.raises(ValueError, match=message):
            fitted_exponent(n, seconds, span)
