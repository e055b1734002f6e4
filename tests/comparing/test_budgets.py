"""One comparison at several budgets: each is tuned, and its lr annealed, for itself."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.comparing import Method, against_budget
from course_lib.comparing.picture import budgets_figure
from course_lib.comparing.studies import BUDGETS, STUDIES, results
from course_lib.optimizers import Adam, GradientDescent
from course_lib.picture import to_png
from course_lib.problems import SoftmaxRegression
from course_lib.running import train
from course_lib.schedules import cosine

PROBLEM = SoftmaxRegression.on_digits()
METHODS = {
    "SGD": Method(GradientDescent(), lr=[0.3, 1.0]),
    "Adam": Method(Adam(), lr=[0.01, 0.1]),
}
EFFORT = dict(batch_size=100, tune_seeds=[0], seeds=range(5, 10))


@pytest.fixture(scope="module")
def found():
    return against_budget(METHODS, PROBLEM, [8, 1], **EFFORT)


def test_budgets_are_sorted_and_every_run_is_of_its_own_length(found):
    assert [*found] == [1, 8]
    for epochs, comparison in found.items():
        assert {*comparison.runs["step"].tolist()} == {12 * epochs}  # 1,197 examples, the last batch smaller


@pytest.mark.parametrize(("annealed", "schedule"), [(True, cosine), (False, lambda steps: None)])
def test_each_budget_has_a_schedule_of_its_own(annealed, schedule):
    comparison = against_budget(METHODS, PROBLEM, [1, 2], annealed=annealed, **EFFORT)
    for epochs, each in comparison.items():
        alone = train(GradientDescent(), PROBLEM, epochs, 100, schedule(12 * epochs), seed=range(5, 10))
        np.testing.assert_allclose(
            each.results("SGD", "defaults", "test_loss"), alone["test_loss"][-1], rtol=1e-9
        )


def test_each_budget_is_tuned_for_itself(found):
    for comparison in found.values():
        for row in comparison.table("best").rows:
            tuned = comparison.runs.where(view="tuning", method=row["method"])
            assert row["lr"] == tuned["lr"][np.argmin(tuned["valid_loss"])]
    assert found[1].table("best")["lr"].tolist() != found[8].table("best")["lr"].tolist()


def test_options_reach_the_comparison():
    with pytest.raises(ValueError, match="metric = 'speed' is not allowed"):
        against_budget(METHODS, PROBLEM, [1], metric="speed", **EFFORT)


@pytest.mark.parametrize("budgets", [(), (0, 1), (2, 2), (-1,)])
def test_budgets_that_are_none_are_refused(budgets):
    with pytest.raises(ValueError, match=r"budgets = .* is not allowed: .* each ≥ 1 and once"):
        against_budget(METHODS, PROBLEM, budgets, **EFFORT)


@pytest.mark.parametrize("name", BUDGETS)
def test_the_courses_budgets_are_of_one_problem(name):
    studies = [STUDIES[each] for each in BUDGETS[name]]
    assert all(study.annealed and study.problem == studies[0].problem for study in studies)
    assert len({(study.batch_size, study.metric, study.seeds) for study in studies}) == 1
    for study in studies:
        for method in ("SGD", "Momentum", "Adagrad", "Adam"):
            assert study.methods[method] is STUDIES[name].methods[method]
    epochs = [study.epochs for study in studies]
    assert epochs == sorted({*epochs}) and len(epochs) >= 3
    for each, study in zip(BUDGETS[name], studies, strict=True):
        assert results(each).runs["examples"].max() == study.epochs * len(study.problem().train)


def test_methods_that_a_picture_cannot_show_are_named(found):
    tables = {epochs: each.differences("best", "SGD", "test_loss") for epochs, each in found.items()}
    with pytest.raises(ValueError, match="'Lion' is not in Adam"):
        budgets_figure({"digits": tables}, ["Adam", "Lion"])
    with pytest.raises(ValueError, match="there are colours for"):
        budgets_figure({"digits": tables}, ["Adam"] * 40)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_has_a_mark_for_each_difference_filled_if_it_can_be_told(found, theme):
    tables = {epochs: each.differences("best", "SGD", "test_loss") for epochs, each in found.items()}
    figure = budgets_figure({"digits": tables}, ["Adam"], scale=10, theme=theme)
    (axes,) = figure.axes
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    rows = [table.rows[0] for table in tables.values()]
    assert [mark.get_ydata()[0] for mark in marks] == pytest.approx([10 * row["difference"] for row in rows])
    filled = [mark.get_markerfacecolor() == mark.get_markeredgecolor() for mark in marks]
    assert filled == [row["verdict"] != "not distinguishable" for row in rows]
    bars = [line.get_ydata() for line in axes.get_lines() if line.get_linewidth() == 2.2]
    np.testing.assert_allclose(bars, [[10 * row["low"], 10 * row["high"]] for row in rows])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "8"]
    assert axes.get_xticks().tolist() == [1, 8] and axes.get_xscale() == "log"
    assert to_png(figure)[:4] == b"\x89PNG"
