"""compare: equal budgets, fresh seeds, no look at test data; verdicts, sensitivity, and the round trip to disk."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from course_lib.comparing import Comparison, CorrectedT, Method, SignFlip, compare
from course_lib.comparing.picture import comparison_figure
from course_lib.comparing.sensitivity import Sensitivity
from course_lib.optimizers import (
    KFAC,
    LBFGS,
    Adafactor,
    Adam,
    GradientDescent,
    Momentum,
    Partition,
    as_optimizer,
)
from course_lib.picture import to_png
from course_lib.problems import MLP, Data, SoftmaxRegression
from course_lib.running import Table, log_grid, random_settings, train

OPTIONS = dict(epochs=2, batch_size=64, tune_seeds=range(2), seeds=range(10, 20))
RATES = [0.001, 0.01, 0.1]


def problem(kind=SoftmaxRegression, noise=2.0, **fields):
    """Three noisy clouds of points."""
    rng = np.random.default_rng(0)

    def drawn(n):
        labels = rng.integers(3, size=n)
        return Data(3 * np.eye(3)[labels] + noise * rng.standard_normal((n, 3)), labels)

    return kind(train=drawn(256), valid=drawn(90), test=drawn(90), classes=3, **fields)


def my_descent(x, g, state, lr=0.1):
    return x - lr * g, state


@pytest.fixture(scope="module")
def result():
    methods = {
        "SGD": Method(GradientDescent(), lr=RATES),
        "again": Method(GradientDescent(), lr=RATES),
        "mine": Method(as_optimizer(my_descent, []), lr=RATES),
        "slow": Method(GradientDescent(), lr=[1e-7, 1e-6, 1e-5]),
    }
    return compare(methods, problem(MLP, hidden=(4,)), shared_lr=0.01, **OPTIONS)


class TestProtocol:
    def test_every_run_is_the_run_alone(self, result):
        rows = result.runs.where(method="SGD").rows
        assert len(rows) == 3 * 2 + 3 * 10
        for row in rows[::7]:
            alone = train(GradientDescent(lr=row["lr"]), problem(MLP, hidden=(4,)), 2, 64, seed=row["seed"])
            assert row["valid_loss"] == pytest.approx(alone["valid_loss"][-1])
            if row["view"] != "tuning":
                assert row["test_accuracy"] == alone["test_accuracy"][-1]

    def test_chooses_by_the_mean_over_tuning_seeds(self, result):
        tuning = result.runs.where(view="tuning", method="SGD")
        means = [tuning.where(lr=lr)["valid_loss"].mean() for lr in RATES]
        assert result.table("best").where(method="SGD")["lr"] == RATES[int(np.argmin(means))]
        assert np.isnan(tuning["test_loss"]).all() and {*tuning["seed"]} == {0, 1}

    def test_views(self, result):
        assert result.views == ("best", "defaults", "shared lr=0.01")
        assert {*result.table("shared")["lr"]} == {0.01}
        defaults = {row["method"]: row["lr"] for row in result.table("defaults").rows}
        assert defaults == {"SGD": GradientDescent().lr, "again": GradientDescent().lr, "mine": 0.1,
                            "slow": GradientDescent().lr}  # fmt: skip
        assert {*result.runs.where(view="best")["seed"]} == {*range(10, 20)}
        two = compare(
            {"SGD": Method(GradientDescent(), lr=RATES)}, problem(), shared_lr=(0.1, 1.0), **OPTIONS
        )
        assert two.views == ("best", "defaults", "shared lr=0.1", "shared lr=1")
        with pytest.raises(ValueError, match="view = 'shared' is not allowed"):
            two.table("shared")

    def test_test_data_has_no_part_in_tuning(self):
        whole = problem()
        poisoned = dataclasses.replace(whole, test=Data(-1e6 * whole.test.inputs, whole.test.targets[::-1]))
        methods = {
            "SGD": Method(GradientDescent(), lr=log_grid(0.3)),
            "Adam": Method(Adam(), lr=log_grid(0.03)),
        }
        one, other = (compare(methods, p, **OPTIONS) for p in (whole, poisoned))
        for name in methods:
            assert one.table().where(method=name)["lr"] == other.table().where(method=name)["lr"]
        assert not np.array_equal(one.results("SGD"), other.results("SGD"))

    def test_the_criterion_chooses_and_nothing_else(self):
        whole = problem()
        turned = dataclasses.replace(whole, valid=Data(-whole.valid.inputs, whole.valid.targets))
        methods = {
            "SGD": Method(GradientDescent(), lr=RATES)
        }  # what helps on the training data hurts on these
        by_valid, by_loss = (
            compare(methods, turned, criterion=name, **OPTIONS) for name in ("valid_loss", "loss")
        )
        assert (by_valid.table()["lr"], by_loss.table()["lr"]) == (RATES[0], RATES[-1])

    def test_results_are_in_the_order_of_the_seeds(self):
        methods = {"SGD": Method(GradientDescent(), lr=[0.1])}
        mixed = compare(methods, problem(MLP, hidden=(4,)), **OPTIONS | dict(seeds=[14, 11, 12, 10, 13]))
        ordered = compare(methods, problem(MLP, hidden=(4,)), **OPTIONS | dict(seeds=range(10, 15)))
        assert ordered.results("SGD").tolist() == ordered.runs.where(view="best")["test_accuracy"].tolist()
        assert mixed.results("SGD", metric="test_loss") == pytest.approx(
            ordered.results("SGD", metric="test_loss")
        )

    def test_random_search_and_what_has_no_shared_lr(self):
        methods = {
            "Adam": Method(
                Adam(), settings=random_settings(Adam(), {"lr": (1e-3, 0.1), "beta1": (0.5, 0.99)}, 3)
            ),
            "Partition": Method(
                Partition({"W*": Momentum(), "*": Adam()}),
                settings=[{"W*.lr": lr, "*.lr": 0.1 * lr} for lr in RATES],
            ),
            "KFAC": Method(KFAC(), lr=RATES),
        }
        found = compare(methods, problem(MLP, hidden=(4,)), **OPTIONS | dict(epochs=1))
        assert found.settings == ("lr", "beta1", "W*.lr", "*.lr")
        assert {*found.table("shared")["method"]} == {"Adam", "KFAC"}
        assert found.table().where(method="KFAC")["stack"] == 1 and "one by one" in " ".join(found.notes())
        assert [*found.sensitivity] == ["KFAC"]
        row = found.table().where(method="Partition").rows[0]
        assert row["*.lr"] == pytest.approx(0.1 * row["W*.lr"]) and np.isnan(row["lr"])

    def test_cache(self, tmp_path):
        methods = {"SGD": Method(GradientDescent(), lr=RATES)}
        one, other = (compare(methods, problem(), cache=tmp_path, **OPTIONS) for _ in range(2))
        assert str(one.runs.rows) == str(other.runs.rows)  # the seconds too


class TestVerdicts:
    def test_identical_methods_are_not_distinguishable(self, result):
        row = result.differences().where(method="SGD", other="again").rows[0]
        assert (row["difference"], row["p"], row["verdict"]) == (0.0, 1.0, "not distinguishable")

    @pytest.mark.parametrize("metric", ["test_accuracy", "test_loss"])
    def test_a_clearly_better_method_is_better(self, result, metric):
        rows = result.differences(baseline="slow", metric=metric).rows
        assert [row["method"] for row in rows] == ["SGD", "again", "mine"]
        assert {row["verdict"] for row in rows} == {"better"}
        assert {row["p_holm"] for row in rows} == {3 * 2 / 1024} == {row["least_p"] for row in rows}
        assert {row["verdict"] for row in result.differences(baseline="SGD", metric=metric).rows} == {
            "worse", "not distinguishable"
        }  # fmt: skip
        assert result.ranking(metric=metric)[-1] == "slow"

    def test_numbers_are_those_of_the_results(self, result):
        row = result.differences(baseline="slow").where(method="mine").rows[0]
        d = result.results("mine") - result.results("slow")
        assert row["difference"] == pytest.approx(d.mean()) and row["low"] < d.mean() < row["high"]

    def test_too_few_seeds_cannot_find_anything_and_say_so(self):
        methods = {"a": Method(GradientDescent(), lr=[1.0]), "b": Method(GradientDescent(), lr=[1e-6])}
        row = (
            compare(methods, problem(), **OPTIONS | dict(seeds=range(10, 15)))
            .differences(metric="test_loss")
            .rows[0]
        )
        assert row["p"] == row["least_p"] == 0.0625 and row["verdict"] == "not distinguishable"

    def test_a_method_that_diverges_is_worse(self):
        methods = {"SGD": Method(GradientDescent(), lr=[0.01]), "wild": Method(GradientDescent(), lr=[1e5])}
        found = compare(methods, problem(MLP, hidden=(4,), l2=1.0), **OPTIONS)
        assert found.table().where(method="wild")["diverged"] == 10
        for metric in ("test_loss", "test_accuracy"):
            assert found.differences(baseline="SGD", metric=metric)["verdict"] == "worse"
        assert found.table(metric="test_loss")["test_loss"][1] == np.inf and ">10</td>" in found._repr_html_()


class TestReport:
    def test_edges_are_flagged(self, result):
        edges = {row["method"]: row["edge"] for row in result.table().rows}
        assert edges["slow"] == "highest lr" and "slow (highest lr)" in " ".join(result.notes())

    def test_cost(self, result):
        row = result.table().where(method="SGD").rows[0]
        assert (row["evaluations"], row["examples"]) == (8, 512)
        assert row["ms_per_step"] == pytest.approx(1000 * row["seconds"] / 8)
        assert row["stack"] > 1

    def test_survives_the_disk(self, result, tmp_path):
        result.save(tmp_path / "comparison.csv")
        again = Comparison.load(tmp_path / "comparison.csv")
        for view in result.views:
            assert again.table(view).rows == result.table(view).rows
            assert again.differences(view).rows == result.differences(view).rows
        assert (
            again.notes() == result.notes()
            and again.sensitivity["SGD"].width() == result.sensitivity["SGD"].width()
        )
        assert (tmp_path / "comparison.csv").stat().st_size < 50_000

    def test_shows_itself(self, result):
        page = result._repr_html_()
        assert page.count("<table>") == 3 and "not below" not in page and "0.002" in page
        assert repr(result).startswith("Comparison(SGD, again, mine, slow; views 'best'")

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_picture(self, result, theme):
        figure = comparison_figure(result, theme=theme)
        assert to_png(figure)[:4] == b"\x89PNG"
        left, right = figure.axes
        assert [t.get_text() for t in left.get_yticklabels()] == result.ranking()
        assert len(right.get_legend_handles_labels()[1]) == 4


class TestSensitivity:
    def test_width(self):
        lr = np.array([0.01, 0.1, 1.0, 10.0])

        def width(values, tolerance, name="valid_loss"):
            return Sensitivity(lr, np.array(values), np.array(values), np.zeros(4), name).width(tolerance)

        assert width([3.0, 1.0, 3.0, 9.0], 0.2) == pytest.approx(0.2)  # a tenth of a decade on both sides
        assert width([1.0, 1.0, 1.1, 9.0], 0.2) == pytest.approx(2 + 0.1 / 7.9)
        assert width([np.inf, 1.0, np.inf, np.inf], 0.2) == 0.0
        assert width([np.inf] * 4, 0.2) == 0.0
        assert width([0.1, 0.9, 0.5, 0.1], 0.1, "valid_accuracy") == pytest.approx(0.125 + 0.25)
        with pytest.raises(ValueError, match="tolerance = 0"):
            width([1.0] * 4, 0)

    def test_marks_what_diverged(self):
        methods = {"SGD": Method(GradientDescent(), lr=[0.01, 0.1, 1e5])}
        curve = compare(methods, problem(MLP, hidden=(4,), l2=1.0), **OPTIONS).sensitivity["SGD"]
        assert curve.diverged.tolist() == [0, 0, 1] and curve.criterion[2] == np.inf
        assert curve.best in (0.01, 0.1)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(methods={}), ValueError, ["methods"]),
        (dict(methods={"a": Adam()}), TypeError, ["methods['a']", "Method(Adam("]),
        (
            dict(methods={"a": Method(Adam(), lr=[1.0]), "b": Method(Adam(), lr=[1.0, 2.0])}),
            ValueError,
            ["{'a': 1, 'b': 2}", "same"],
        ),
        (dict(seeds=range(10, 14)), ValueError, ["at least 5", "0.125"]),
        (dict(tune_seeds=[1, 12]), ValueError, ["[12]", "tuned on"]),
        (dict(criterion="test_loss"), ValueError, ["criterion = 'test_loss'", "valid_loss"]),
        (
            dict(problem=dataclasses.replace(problem(), valid=None)),
            ValueError,
            ["valid_loss", "problem.valid"],
        ),
    ],
)
def test_bad_input_is_named(arguments, error, words):
    given = {"methods": {"Adam": Method(Adam(), lr=[0.1])}, "problem": problem()} | OPTIONS | arguments
    with pytest.raises(error) as caught:
        compare(**given)
    assert not [word for word in words if word not in str(caught.value)]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(opt="Adam"), TypeError, ["opt = 'Adam'"]),
        (dict(), ValueError, ["either lr"]),
        (dict(lr=[0.1], settings=[{"lr": 0.1}]), ValueError, ["not both"]),
        (dict(lr=[]), ValueError, ["at least one"]),
        (dict(lr=[0.1, -1.0]), ValueError, ["lr = -1"]),
        (dict(settings=[{"rate": 1.0}]), TypeError, ["rate"]),
        (dict(opt=LBFGS(), lr=None), ValueError, ["either lr"]),
    ],
)
def test_bad_methods_are_named(arguments, error, words):
    with pytest.raises(error) as caught:
        Method(**{"opt": Adam()} | arguments)
    assert not [word for word in words if word not in str(caught.value)]


def test_only_the_picture_loads_matplotlib():
    code = "import sys, course_lib.comparing; print([m for m in ('matplotlib', 'joblib', 'tqdm') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_table_may_be_empty():
    assert Table({}).rows == [] and len(Table({"a": []})) == 0


TWO = {"SGD": Method(GradientDescent(), lr=RATES), "Adam": Method(Adam(), lr=RATES)}
SHORT = dict(epochs=1, batch_size=64, tune_seeds=[0], seeds=[10, 11])


class TestSplits:
    def test_each_split_is_the_comparison_alone(self):
        found = compare(TWO, SoftmaxRegression.on_digits, splits=[3, 4, 5, 6, 7], **SHORT)
        assert found.test == CorrectedT(300 / 1197) and len(found.results("Adam")) == 5
        alone = compare(TWO, SoftmaxRegression.on_digits(seed=4), **SHORT | dict(seeds=range(10, 15)))
        for method in TWO:
            row = found.runs.where(view="best", method=method, seed=4)
            assert row["lr"] == alone.table("best").where(method=method)["lr"]
            assert row["test_loss"][0] == pytest.approx(alone.results(method, metric="test_loss")[:2].mean())
            tuned = found.runs.where(view="tuning", method=method, seed=4)
            assert tuned["lr"].tolist() == RATES and np.isnan(tuned["test_loss"]).all()

    def test_new_data_need_no_correction(self):
        found = compare(TWO, SoftmaxRegression.on_text, splits=range(5), independent=True, **SHORT)
        assert found.test == SignFlip()

    def test_what_would_mislead_is_refused(self):
        for splits in ([0, 1, 2], [1, 1, 2, 3, 4]):
            with pytest.raises(ValueError, match=r"splits = \[.*at least 5, and none twice"):
                compare(TWO, SoftmaxRegression.on_digits, splits=splits, **SHORT)
        with pytest.raises(TypeError, match=r"a function that is called as problem\(seed=split\)"):
            compare(TWO, problem(), splits=range(5), **SHORT)
        with pytest.raises(ValueError, match="independent = True is not allowed without splits"):
            compare(TWO, problem(), independent=True, **OPTIONS)


def test_the_metric_is_declared_before_the_run(tmp_path):
    found = compare(TWO, problem(), metric="test_loss", **OPTIONS)
    found.save(tmp_path / "runs.csv")
    for each in (found, Comparison.load(tmp_path / "runs.csv")):
        assert each.metric == "test_loss" and each.settings == ("lr",)
        assert each.differences().rows == each.differences(metric="test_loss").rows
    with pytest.raises(
        ValueError, match="metric = 'test_lost' is not allowed: it must be one of test_accuracy"
    ):
        compare(TWO, problem(), metric="test_lost", **OPTIONS)


def test_a_run_that_is_repeated_counts_once():
    methods = {
        "Adafactor": Method(Adafactor(), lr=[0.01, 0.1, 1.0, 10.0]),
        "SGD": Method(GradientDescent(), lr=[1e-2, 0.1, 1e2, 1e3]),
    }
    found = compare(methods, problem(noise=9.0), **OPTIONS)
    curve = found.sensitivity["Adafactor"]
    assert curve.repeated.tolist() == [10.0] and len(curve.distinct) == 3
    assert len(found.sensitivity["SGD"].distinct) == 4
    assert any("count once: Adafactor (1)." in note for note in found.notes())
