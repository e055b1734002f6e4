"""The newer studies: equal effort, tables that agree with the code; weight decay and schedule as hyperparameters."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.comparing.newer import TRIALS, newer_methods, tuned_whole
from course_lib.comparing.recipes import SCHEDULES, OneRate, Scheduled, WeightDecay
from course_lib.comparing.studies import NEWER, results
from course_lib.optimizers import Adam, AdamW, Momentum, Muon, Nesterov, Partition, ScheduleFreeSGD
from course_lib.problems import MLP
from course_lib.running import sweep, train

WHOLE = "mlp_whole"
STEPS = 2 * 19


@pytest.fixture(scope="module")
def problem() -> MLP:
    return MLP.on_digits(hidden=(8,))


def losses(opt, problem, **options):
    return train(opt, problem, 2, 64, **options)["loss"]


@pytest.mark.parametrize("name", NEWER)
def test_every_method_has_the_same_budget(name):
    budgets = {len(method.trials) for method in NEWER[name].methods.values()}
    assert budgets == {TRIALS if name == WHOLE else 9}


def test_the_whole_search_draws_alike_for_all():
    """Relative to its centre, each method may try the same settings, weight decay and schedule among them."""
    methods = tuned_whole(steps=100)
    drawn = [
        [
            (np.log(t["lr"] / m.trials[0]["lr"]), np.log(t["weight_decay"] / m.trials[0]["weight_decay"]))
            for t in m.trials
        ]
        for m in methods.values()
    ]
    np.testing.assert_allclose(drawn, [drawn[0]] * len(drawn), atol=1e-9)
    assert len({tuple(t["schedule"] for t in m.trials) for m in methods.values()}) == 1
    assert {t["schedule"] for t in methods["SGD"].trials} == {*SCHEDULES}


@pytest.mark.parametrize("name", NEWER)
def test_a_committed_table_has_all_runs_and_the_best_settings(name):
    study, found = NEWER[name], results(name)
    assert found.methods == tuple(study.methods)
    each, tuning = study.splits or study.seeds, study.splits or study.tune_seeds
    for method, declared in study.methods.items():
        rows = found.runs.where(method=method)
        tried = rows.where(view="tuning")
        assert len(tried) == len(declared.trials) * tuning
        assert {len(rows.where(view=view)) for view in ("best", "defaults")} == {each}
        np.testing.assert_allclose(
            np.unique(tried["lr"]), np.unique([t["lr"] for t in declared.trials]), rtol=1e-5
        )
        best = rows.where(view="best")
        assert (best["diverged_at"] == -1).all()
        for row in best.rows if study.splits else best.rows[:1]:
            among = tried.where(seed=row["seed"]) if study.splits else tried
            means = {lr: among.where(lr=lr)["valid_loss"].mean() for lr in np.unique(among["lr"]).tolist()}
            assert row["lr"] == min(means, key=means.get)


@pytest.mark.parametrize("name", [name for name in NEWER if name != WHOLE])
def test_no_best_rate_is_at_an_edge(name):
    assert {*results(name).table("best")["edge"].tolist()} == {""}


def test_no_rate_chosen_in_the_whole_search_is_the_smallest_or_largest_that_was_drawn():
    found = results(WHOLE)
    for row in found.table("best").rows:
        tried = found.runs.where(method=row["method"], view="tuning")["lr"]
        assert tried.min() < row["lr"] < tried.max(), row["method"]


@pytest.mark.parametrize("name", NEWER)
def test_committed_numbers_are_those_of_the_code(name):
    """At so small a rate rounding on another machine stays small."""
    study, found = NEWER[name], results(name)
    row = found.runs.where(method="SGD", view="shared lr=0.001").rows[0]
    problem = study.problem(seed=row["seed"]) if study.splits else study.problem()
    seeds = range(100, 100 + study.seeds) if study.splits else [row["seed"]]
    opt = study.methods["SGD"].opt.replace(lr=0.001)
    history = train(opt, problem, study.epochs, study.batch_size, seed=seeds, every=10_000)
    for column in ("loss", "valid_loss", "test_loss"):
        assert history[column][-1].mean() == pytest.approx(row[column], rel=1e-4)


def test_what_a_study_of_texts_leaves_out_needs_matrices():
    assert {*newer_methods()} - {*newer_methods(hidden=None)} == {
        "Muon + AdamW",
        "NorMuon + AdamW",
        "SOAP",
        "Shampoo",
    }


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("inner", [Momentum(lr=0.1), Nesterov(lr=0.1), ScheduleFreeSGD(lr=0.5)], ids=repr)
def test_a_schedule_as_hyperparameter_is_the_schedule_of_train(name, inner, problem):
    mine = losses(Scheduled(inner, schedule=name, steps=STEPS), problem)
    np.testing.assert_allclose(mine, losses(inner, problem, schedule=SCHEDULES[name](STEPS)), rtol=1e-12)


def test_weight_decay_around_adam_is_adamw(problem):
    for schedule in SCHEDULES:
        mine = Scheduled(WeightDecay(Adam(lr=0.01), weight_decay=0.3), schedule=schedule, steps=STEPS)
        theirs = Scheduled(AdamW(lr=0.01, weight_decay=0.3), schedule=schedule, steps=STEPS)
        np.testing.assert_allclose(losses(mine, problem), losses(theirs, problem), rtol=1e-10)
    with pytest.raises(ValueError, match=r"inner = AdamW.* it must be 0"):
        WeightDecay(AdamW())
    with pytest.raises(ValueError, match="must have an lr"):
        WeightDecay(Partition({"*": Adam()}))


def test_one_rate_is_a_partition_with_equal_rates(problem):
    rule = {"W1": Muon(form="moonlight"), "*": AdamW(weight_decay=0.0)}
    mine = OneRate(rule).replace(lr=0.02, weight_decay=0.1, **{"*.beta1": 0.8})
    theirs = Partition({"W1": Muon(lr=0.02, weight_decay=0.1, form="moonlight"),
                        "*": AdamW(lr=0.02, weight_decay=0.1, beta1=0.8)})  # fmt: skip
    np.testing.assert_array_equal(losses(mine, problem), losses(theirs, problem))
    assert {"lr", "weight_decay", "W1.beta", "*.beta1"} <= mine.hyper().keys() == mine.specs().keys()
    with pytest.raises(ValueError, match=r"'\*': Adam\(.*must have weight_decay"):
        OneRate({"*": Adam()})
    with pytest.raises(TypeError, match="no hyperparameter 'beta'"):
        mine.replace(beta=0.5)


def test_settings_of_all_kinds_are_stacked_and_give_what_each_gives_alone(problem):
    opt = Scheduled(OneRate({"W1": Muon(form="moonlight"), "*": AdamW()}), steps=STEPS)
    grid = [
        {"lr": lr, "weight_decay": decay, "schedule": name}
        for lr, decay in ((0.01, 0.0), (0.1, 0.5))
        for name in ("cosine", "linear")
    ]
    found = sweep(opt, problem, grid, seeds=[0, 1], epochs=2, batch_size=64)
    assert found.stacks == 2  # one for each schedule
    for k, setting in enumerate(grid):
        alone = losses(opt.replace(**setting), problem, seed=1)[-1]
        assert found["loss"][2 * k + 1] == pytest.approx(alone, rel=1e-9)
