"""The course's own studies: equal effort, tables that agree with the code, and a way to make them."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from course_lib.comparing import Comparison, CorrectedT, SignFlip, made, studies
from course_lib.comparing import __main__ as program
from course_lib.comparing.classical import METHODS
from course_lib.comparing.made import words
from course_lib.comparing.picture import differences_figure
from course_lib.comparing.studies import (
    ALL,
    FULLY,
    NEWER,
    RESULTS,
    STUDIES,
    TABLES,
    Study,
    results,
    rounded,
    table,
)
from course_lib.optimizers import REGISTRY
from course_lib.picture import to_png
from course_lib.problems import SoftmaxRegression
from course_lib.running import Table, sweep, train
from course_lib.schedules import cosine


def tiny(**fields):
    """A study that takes a moment."""
    chosen = {name: METHODS[name] for name in ("SGD", "Adam")}
    kinds = dict(problem=SoftmaxRegression.on_digits, methods=chosen, epochs=1, tune_seeds=1, seeds=5)
    return Study(**{"title": "tiny", **kinds, **fields})


def test_every_method_has_the_same_budget_and_its_papers_other_settings():
    assert {len(method.trials) for method in METHODS.values()} == {9}
    for method in METHODS.values():
        defaults = REGISTRY[type(method.opt).__name__].cls().hyper()
        assert method.opt.hyper() == defaults


@pytest.mark.parametrize("name", STUDIES)
class TestCommittedTable:
    def test_has_all_runs_of_the_study(self, name):
        study, found = STUDIES[name], results(name)
        assert found.methods == tuple(study.methods)
        each = study.splits or study.seeds
        tuning = study.splits or study.tune_seeds
        for method in study.methods:
            rows = found.runs.where(method=method)
            tuned = rows.where(view="tuning")
            assert len(tuned) == 9 * tuning
            rates = [trial["lr"] for trial in study.methods[method].trials]
            np.testing.assert_allclose(np.unique(tuned["lr"]), sorted(rates), rtol=1e-5)
            for view in ("best", "defaults", *(["shared lr=0.001"] if study.shared_lr else [])):
                assert len(rows.where(view=view)) == each

    def test_no_best_rate_is_at_an_edge_and_nothing_best_diverged(self, name):
        table = results(name).table("best")
        assert set(table["edge"]) == {""} and not table["diverged"].any()

    def test_chosen_rates_are_the_best_of_the_tuning_runs(self, name):
        found = results(name)
        for row in found.runs.where(view="best").rows:
            tuning = found.runs.where(method=row["method"], view="tuning")
            if STUDIES[name].splits:
                tuning = tuning.where(seed=row["seed"])
            means = {lr: tuning.where(lr=lr)["valid_loss"].mean() for lr in set(tuning["lr"].tolist())}
            assert row["lr"] == min(means, key=means.get)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if study.epochs >= 20 and study.annealed else ())
        for name, study in STUDIES.items()
    ],
)
def test_committed_numbers_are_those_of_the_code(name):
    """At so small a rate rounding on another machine stays small, in networks too."""
    study, found = STUDIES[name], results(name)
    rows = found.runs.where(method="SGD", view="defaults")
    row, lr = rows.rows[0], study.methods["SGD"].opt.lr
    problem = study.problem(seed=row["seed"]) if study.splits else study.problem()
    assert problem.train.inputs.dtype == np.float32
    steps = study.epochs * -(-len(problem.train) // (study.batch_size or len(problem.train)))
    schedule = cosine(steps) if study.annealed else None
    seeds = range(100, 100 + study.seeds) if study.splits else [row["seed"]]
    assert row["lr"] == lr
    history = train(study.methods["SGD"].opt, problem, study.epochs, study.batch_size, schedule, seed=seeds)
    assert (row["step"], row["examples"]) == (steps, study.epochs * len(problem.train))
    for column in ("loss", "valid_loss", "test_loss"):
        assert history[column][-1].mean() == pytest.approx(row[column], rel=1e-4)


@pytest.mark.parametrize("method", ["SGD", "Adam", "Lion"])
def test_committed_numbers_at_the_best_rates_are_those_of_the_code(method):
    """A convex problem, so that rounding on another machine stays small."""
    study, found = STUDIES["softmax"], results("softmax")
    rows = found.runs.where(method=method, view="best").take(slice(2))
    opt = study.methods[method].opt.replace(lr=float(rows["lr"][0]))
    history = train(opt, study.problem(), study.epochs, study.batch_size, seed=rows["seed"].tolist())
    for column in ("loss", "valid_loss", "test_loss"):
        np.testing.assert_allclose(history[column][-1], rows[column], rtol=2e-3)


def test_the_notes_name_every_study():
    about = Table.load(RESULTS / "about.csv")
    assert about["study"].tolist() == [*STUDIES, *FULLY, *TABLES, *NEWER]
    assert {"command", "date", "python", "numpy", "settings", "seconds", "cpu_seconds"} <= set(about.columns)
    rows = {name: len(results(name).runs) for name in ALL} | {name: len(table(name)) for name in TABLES}
    for note in about.rows:
        assert note["rows"] == rows[note["study"]]
        assert note["study"] in TABLES or note["settings"] == words(ALL[note["study"]])


@pytest.mark.parametrize("name", FULLY)
def test_everything_is_tuned_with_the_same_number_of_trials(name):
    study, found = FULLY[name], results(name)
    assert {len(method.trials) for method in study.methods.values()} == {48}
    for method, entrant in study.methods.items():
        tried = {name for trial in entrant.trials for name in trial}
        assert {"lr", "weight_decay", "schedule"} <= tried and (len(tried) > 3 or method == "SGD")
        rows = found.runs.where(method=method)
        assert len(rows.where(view="tuning")) == 48 * study.tune_seeds
        drawn = [trial["lr"] for trial in entrant.trials for _ in range(study.tune_seeds)]
        np.testing.assert_allclose(rows.where(view="tuning")["lr"], drawn, rtol=1e-5)
        assert len(rows.where(view="best")) == study.seeds


def test_a_fingerprint_knows_settings_and_code(monkeypatch):
    before = made.fingerprint_of("mlp")
    for change in (dict(epochs=21), dict(seeds=19), dict(methods={"SGD": METHODS["SGD"]}), dict(shared_lr=(0.1,)),
                   dict(problem=SoftmaxRegression.on_digits)):  # fmt: skip
        monkeypatch.setitem(made.ALL, "mlp", replace(STUDIES["mlp"], **change))
        assert made.fingerprint_of("mlp") != before
    monkeypatch.setitem(made.ALL, "mlp", replace(STUDIES["mlp"], title="other words"))
    assert made.fingerprint_of("mlp") == before
    monkeypatch.setattr(made, "code_version", lambda own: "other code")
    assert made.fingerprint_of("mlp") != before


def test_comments_and_docstrings_are_no_code(tmp_path):
    codes = [
        'def f(x):\n    """One."""\n    return x  # so\n',
        "def f(x):\n    return x\n",
        "def f(x):\n    return -x\n",
    ]
    files = [tmp_path / f"{k}.py" for k in range(3)]
    for file, code in zip(files, codes, strict=True):
        file.write_text(code, encoding="utf-8")
    one, same, other = map(made._bare, files)
    assert one == same != other


def test_a_study_spends_the_effort_that_it_states():
    study = tiny(epochs=2, batch_size=500, tune_seeds=2)
    found = study.run()
    for view, seeds in (("tuning", [0, 1]), ("best", [100, 101, 102, 103, 104])):
        rows = found.runs.where(view=view)
        assert np.unique(rows["seed"]).tolist() == seeds
        assert {*rows["step"].tolist()} == {2 * 3} and {*rows["examples"].tolist()} == {2 * 1197}


def test_a_reduced_study_is_a_part_of_the_whole():
    whole = tiny(epochs=2, tune_seeds=3, annealed=True)
    part = whole.reduced("Adam", seeds=5)
    assert part == replace(whole, methods={"Adam": METHODS["Adam"]}, tune_seeds=1)
    assert whole.reduced(epochs=7) == replace(whole, epochs=7, tune_seeds=1, seeds=10)
    found = part.run()
    assert found.methods == ("Adam",) and len(found.runs) == 9 + 3 * 5
    np.testing.assert_array_equal(
        found.results("Adam", "defaults", "loss"), whole.run().results("Adam", "defaults", "loss")
    )


@pytest.mark.parametrize("splits", [0, 5])
def test_options_reach_the_comparison(splits, tmp_path):
    tiny(splits=splits).run(cache=tmp_path)
    assert any(tmp_path.rglob("*.npz"))


@pytest.mark.parametrize(
    ("name", "small"),
    [
        ("second_order", {"epochs": 1, "seeds": [1]}),
        ("cost_by_size", {"sizes": [90], "budget": 1e-6}),
        ("time_to_target", {"workloads": ["softmax"], "seeds": [7], "looks": 1}),
        ("batch_sizes", {"sizes": [64], "targets": [0.3], "seeds": [0], "examples": 100}),
    ],
)
def test_committed_tables_have_the_columns_of_the_code(name, small):
    assert list(TABLES[name](**small).columns) == list(table(name).columns)


def test_splits_repeat_the_whole_procedure():
    study = tiny(splits=5, seeds=2)
    found = study.run()
    assert len(found.runs) == 2 * 5 * (9 + 3)
    assert found.runs["seed"].dtype.kind == found.runs["stack"].dtype.kind == "i"
    one = tiny(problem=lambda: SoftmaxRegression.on_digits(seed=2)).run()
    for view in ("best", "defaults"):
        alone = one.runs.where(method="Adam", view=view)
        row = found.runs.where(method="Adam", view=view, seed=2)
        assert len(row) == 1 and row["test_loss"][0] == pytest.approx(
            alone["test_loss"][:2].mean(), rel=1e-12
        )
    assert (
        found.test == CorrectedT(300 / 1197)
        and tiny(splits=5, seeds=1, independent=True).run().test == SignFlip()
    )


def test_annealing_ends_with_a_small_rate():
    study, problem = tiny(annealed=True, epochs=2), SoftmaxRegression.on_digits()
    annealed = study.run().results("SGD", "defaults", "loss")
    constant = tiny(epochs=2).run().results("SGD", "defaults", "loss")
    assert (annealed > constant).all()  # the default is far too small: less of it is worse
    half = sweep(METHODS["SGD"].opt, problem, [{"lr": 0.005}], range(100, 105), epochs=2, batch_size=64)
    np.testing.assert_allclose(annealed, half["loss"], rtol=0.02)  # a cosine is a half on average
    coarse = tiny(annealed=True, epochs=2, batch_size=500).run().results("Adam", "defaults", "loss")
    history = train(METHODS["Adam"].opt, problem, 2, 500, cosine(2 * 3), seed=range(100, 105))
    np.testing.assert_allclose(coarse, history["loss"][-1], rtol=1e-9)  # the smaller last batch is a step too


@pytest.fixture
def small_program(monkeypatch, tmp_path):
    """The program with two tiny studies and a table, and a folder for what it writes."""
    chosen = {"one": tiny(), "two": tiny(annealed=True)}
    tables = {"three": _three}
    for module in (program, made, studies.tables):
        for name, value in (("STUDIES", chosen), ("ALL", chosen), ("TABLES", tables)):
            monkeypatch.setattr(module, name, value, raising=False)
    for name in ("NEWER", "FULLY"):
        monkeypatch.setattr(program, name, {})
    monkeypatch.setattr(made, "_TABLES", {"three": ("compare.py",)})
    monkeypatch.setattr(program, "RESULTS", tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["compare", "--jobs", "1", *arguments])
        program.main()

    return run


def _three():
    return Table({"n": [1, 2], "seconds": [0.1, 0.2]})


def test_the_program_writes_tables_and_notes(small_program, tmp_path, capsys):
    for arguments, listed in ((["two"], ["two"]), ([], ["one", "two", "three"])):
        small_program("--cache", str(tmp_path / "cache"), *arguments)
        assert Table.load(tmp_path / "about.csv")["study"].tolist() == listed
    assert len(results("one", tmp_path).runs) == 2 * (9 + 3 * 5)
    assert "one: 48 rows in" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        small_program("four")
    assert "there is no study four; there are one, two, three" in capsys.readouterr().err


def test_what_is_finished_is_not_run_again(small_program, monkeypatch, tmp_path, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setitem(program.TABLES, "three", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small_program()
    capsys.readouterr()
    monkeypatch.setitem(program.TABLES, "three", _three)
    small_program()
    said = capsys.readouterr().out
    assert said.count("nothing to do") == 2 and "three: 2 rows" in said
    monkeypatch.setitem(made.ALL, "one", tiny(epochs=2))
    small_program()
    said = capsys.readouterr().out
    assert said.count("nothing to do") == 2 and "one: 48 rows" in said
    (tmp_path / "two.csv").unlink()
    small_program("two", "three", "--again")
    assert "nothing to do" not in capsys.readouterr().out


def test_tables_are_kept_over_a_change_of_code_but_not_of_settings(small_program, monkeypatch, capsys):
    small_program()
    monkeypatch.setattr(made, "code_version", lambda own: "other code")
    monkeypatch.setitem(made.ALL, "one", tiny(epochs=2))
    small_program("--keep")
    capsys.readouterr()
    small_program()
    said = capsys.readouterr().out
    assert said.count("nothing to do") == 2 and "one: 48 rows" in said


def test_another_machines_tables_are_written_down_and_nothing_is_run(
    small_program, monkeypatch, tmp_path, capsys
):
    (there := tmp_path / "there").mkdir()
    tiny(annealed=True).run().save(there / "two.csv")
    small_program("--other", str(there))
    found = studies.other_machine(tmp_path)
    expected = Comparison.load(there / "two.csv").differences("best", "SGD").rows[0]
    assert [(row["study"], row["method"], row["verdict"]) for row in found.rows] == [
        ("two", "Adam", expected["verdict"])
    ]
    assert found["difference"][0] == pytest.approx(expected["difference"], rel=1e-5)
    assert found["p_holm"][0] == pytest.approx(expected["p_holm"], rel=1e-5)
    assert not (tmp_path / "one.csv").exists() and "rows in" not in capsys.readouterr().out
    kept = (tmp_path / "other_machine.csv").read_text("utf-8")
    with pytest.raises(SystemExit):
        small_program("--other", str(tmp_path / "nowhere"))
    assert "nowhere has no table of a study" in capsys.readouterr().err
    assert (tmp_path / "other_machine.csv").read_text("utf-8") == kept


def test_what_another_machine_said_is_of_studies_and_methods_that_exist():
    for row in studies.other_machine().rows:
        assert row["method"] in ALL[row["study"]].methods and row["method"] != "SGD"


def test_what_has_not_been_run_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"name = 'mnist' is not allowed.*softmax"):
        results("mnist")
    with pytest.raises(ValueError, match=r"name = 'mlp' is not allowed.*second_order, cost_by_size"):
        table("mlp")
    for read, name in ((results, "mlp"), (table, "second_order")):
        with pytest.raises(ValueError, match="does not exist: run `make results`"):
            read(name, tmp_path)


def test_rounding_keeps_words_and_whole_numbers():
    table = rounded(Table({"name": ["a"], "seed": [123456789], "loss": [1.23456789]}), 3)
    assert table.rows == [{"name": "a", "seed": 123456789, "loss": 1.23}]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_of_differences_fills_what_can_be_told_apart(theme):
    table = results("conv").differences("best", baseline="SGD", metric="test_accuracy")
    figure = differences_figure({"net": table}, unit="points", scale=100, theme=theme)
    axes = figure.axes[0]
    marks = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert len(marks) == len(table)
    assert [mark.get_xdata()[0] for mark in marks] == pytest.approx((100 * table["difference"]).tolist())
    filled = [mark.get_markerfacecolor() == mark.get_markeredgecolor() for mark in marks]
    assert filled == [verdict != "not distinguishable" for verdict in table["verdict"]]
    assert to_png(figure)[:4] == b"\x89PNG"
