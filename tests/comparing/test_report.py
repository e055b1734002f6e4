"""Report: one correction for everything that a text compares."""

from __future__ import annotations

import numpy as np
import pytest

from course_lib.comparing import Comparison, Report, holm
from course_lib.running import Table


def comparison(seed=0, n=10, **said):
    """Three methods, of which B is better than A in loss."""
    rng = np.random.default_rng(seed)
    rows = [
        {"method": name, "view": "best", **said, "criterion": "valid_loss", "lr": 0.1, "seed": k,
         "test_accuracy": 0.9 + 0.01 * rng.standard_normal(), "test_loss": gain + 0.1 * rng.standard_normal()}
        for name, gain in (("A", 1.0), ("B", 0.6), ("C", 0.9)) for k in range(n)
    ]  # fmt: skip
    return Comparison(Table.of_rows(rows))


def test_corrects_once_for_all_that_was_added():
    report = Report()
    for k in range(4):
        report.add(f"study {k}", comparison(k), "A", metric="test_loss")
    table = report.table()
    assert len(table) == len(report) == 8
    np.testing.assert_allclose(table["p_holm"], holm(table["p"]))
    alone = comparison(2).differences("best", "A", "test_loss")
    part = report.differences("study 2", "test_loss")
    assert list(part.columns) == list(alone.columns)
    assert part["p"].tolist() == alone["p"].tolist()
    assert (part["p_holm"] >= alone["p_holm"]).all() and (part["p_holm"] > alone["p_holm"]).any()
    assert (part["detectable"] > alone["detectable"]).all()


def test_what_is_added_twice_counts_once():
    report = Report()
    for _ in range(3):
        report.add("one", comparison(), "A")
    assert len(report) == 2


def test_the_declared_metric_is_primary():
    declared = {"loss": comparison(metric="test_loss"), "none": comparison()}
    report = Report.of(declared, "A", ("test_accuracy", "test_loss"))
    roles = {(row["study"], row["metric"]): row["role"] for row in report.table().rows}
    assert roles == {("loss", "test_accuracy"): "secondary", ("loss", "test_loss"): "primary",
                     ("none", "test_accuracy"): "primary", ("none", "test_loss"): "secondary"}  # fmt: skip
    assert report.differences("loss").rows == report.differences("loss", "test_loss").rows


def test_each_study_keeps_its_own_test():
    report = Report.of({"seeds": comparison(), "splits": comparison(overlap=0.25)}, "A")
    tests = {row["study"]: row["test"] for row in report.table().rows}
    assert tests == {"seeds": "sign flip", "splits": "corrected t"}


def test_some_methods_alone_are_told():
    report = Report()
    report.add("one", comparison(), "A", metric="test_loss", methods=iter(["C"]))
    (row,) = report.table().rows
    assert (row["method"], row["other"]) == ("C", "A") and row["p_holm"] == row["p"]
    with pytest.raises(ValueError, match=r"methods = \['A', 'Z'\] is not allowed: it must be of B, C"):
        report.add("one", comparison(), "A", methods=["A", "B", "Z"])
    assert len(report) == 1


def test_verdicts_name_who_is_better_and_worse_in_each_study():
    declared = {name: comparison(seed, metric="test_loss") for seed, name in enumerate("xy")}
    report = Report.of(declared, "A", ("test_loss", "test_accuracy"))
    report.add("x", declared["x"], "B")
    told = {(row["study"], row["method"], row["other"]): row["verdict"]
            for row in report.table().rows if row["role"] == "primary"}  # fmt: skip
    assert told["x", "B", "A"] == "better" and told["x", "C", "A"] == "not distinguishable"
    first, second = report.verdicts("A").rows
    assert first == {"study": "x", "methods": 2, "better": "B", "worse": "–"}
    assert second["study"] == "y" and second["methods"] == 2
    assert report.verdicts("B").rows == [{"study": "x", "methods": 2, "better": "–", "worse": "all"}]
    alone = Report.of({"x": declared["x"]}, "C")
    alone.add("one", declared["x"], "A", methods=["B"])
    assert alone.verdicts("A").rows == [{"study": "one", "methods": 1, "better": "B", "worse": "–"}]


def test_what_was_not_added_is_named():
    report = Report()
    assert len(report.table()) == 0
    report.add("one", comparison(), "A")
    with pytest.raises(ValueError, match=r"study = 'two'.*\('one', 'test_accuracy', 'best'\)"):
        report.differences("two")
    with pytest.raises(ValueError, match="baseline = 'Z'"):
        report.add("one", comparison(), "Z")
