"""Result files and the board: what was run is told from what was written by hand, as far as a file can tell."""

from __future__ import annotations

import copy
import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from course_lib.comparing.board import Challenge, enter, problems, read
from course_lib.comparing.board.__main__ import main
from course_lib.comparing.board.challenge import BASELINES
from course_lib.comparing.board.entry import (
    Entry,
    checked_name,
    digest,
    safe_name,
    setting,
    summary,
    unpacked,
)
from course_lib.comparing.board.method import described, rebuilt, source_of
from course_lib.comparing.board.table import board
from course_lib.comparing.board.verify import NEAR, OTHER, SAME, _compared, run, verify
from course_lib.comparing.result import Comparison
from course_lib.comparing.statistics import holm
from course_lib.optimizers import AdamW, Lookahead, Momentum, Muon, Partition, as_optimizer
from course_lib.picture import to_png

SCALE = 0.9


def shrunk(m):
    return SCALE * m


def signs(x, g, state, lr=0.03, keep=1.0):
    state["m"] = shrunk(state["m"]) + np.sign(g)
    return x - keep * lr * state["m"], state


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two honest entries of one class, and one of another comparison."""
    here = tmp_path_factory.mktemp("entries")
    enter(signs, "Ada L.", lr=[0.003, 0.01, 0.03], memory=["m"], folder=here, epochs=1, progress=False)
    enter(Momentum(beta=0.5), "<b>Bob</b>", folder=here, epochs=1, progress=False)
    return here


@pytest.fixture(scope="module")
def ada(folder) -> Entry:
    return read(folder / "Ada_L.entry.json")


def words_of(entry: Entry) -> dict:
    return json.loads(json.dumps(entry.content()))


def written(words, path: Path, sign: bool = True) -> Path:
    """Write a file; by default with the check sum that belongs to it, as a careful forger would."""
    if sign and isinstance(words, dict) and "runs" in words:
        words["digest"] = digest(words)
    path.write_text(json.dumps(words), "utf-8")
    return path


def summed(words: dict) -> dict:
    """Return the words with the summary that belongs to their runs."""
    return words | {"summary": summary(Comparison(unpacked(words["runs"])))}


def where(words: dict, **values) -> list[int]:
    runs = words["runs"]
    return [k for k in range(len(runs["seed"])) if all(runs[n][k] == v for n, v in values.items())]


def test_what_enter_writes_is_read_again_and_stands(ada):
    assert problems(ada) == []
    assert ada.result.methods == ("entrant", "SGD", "Momentum", "Adam")
    assert len(ada.result.runs) == (3 * 3 + 20) + 3 * (9 * 3 + 20)
    words = json.loads(ada.file.read_text("utf-8"))
    assert words == ada.content()
    assert set(words) == {
        "kind",
        "format",
        "name",
        "made_with",
        "comparison",
        "method",
        "summary",
        "runs",
        "digest",
    }
    assert set(words["made_with"]) == {
        "course_lib",
        "numpy",
        "python",
    }  # nothing of the person or the machine
    assert str(Path.home()) not in ada.file.read_text("utf-8")


def test_the_entry_is_judged_as_compare_judges(ada):
    mine, theirs = (ada.result.results(name, metric="test_loss") for name in ("entrant", ada.rival))
    row = ada.differences("test_loss").where(other=ada.rival).rows[0]
    assert row["difference"] == pytest.approx((mine - theirs).mean(), rel=1e-12)
    assert row["low"] <= row["difference"] <= row["high"]
    losses = {name: ada.result.runs.where(method=name, view="tuning") for name in ("SGD", "Momentum", "Adam")}
    best = {name: min(rows["valid_loss"].reshape(9, 3).mean(axis=1)) for name, rows in losses.items()}
    assert ada.rival == min(best, key=best.get)
    bundle, _ = ada._repr_mimebundle_()
    assert f"The file is {ada.file}" in bundle["text/html"]
    assert "<h4>test loss</h4>" in bundle["text/html"] and "<img" in bundle["text/html"]


def test_nothing_is_written_over(ada, tmp_path):
    first, second = (ada.save(tmp_path) for _ in range(2))
    assert (first.file.name, second.file.name) == ("Ada_L.entry.json", "Ada_L-2.entry.json")


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a/b\\c", "CON", "Łukasz 🎉", "x" * 60, ".hidden", "a\nb"]
)
def test_any_name_makes_a_safe_file_name(name, ada, tmp_path):
    stem = safe_name(checked_name(name))
    assert stem.lower() != "con" and not set(stem) & set('/\\:*?"<>|\n ') and not stem.startswith(".")
    assert Path(tmp_path / stem).parent == tmp_path and len(stem.encode()) < 200


@pytest.mark.parametrize("name", ["", "  ", "…", "x" * 61, "\u200b"])
def test_names_that_say_nothing_are_refused(name):
    with pytest.raises(ValueError, match="must have a letter or a digit, and at most 60"):
        enter(Momentum(), name)


def test_bad_arguments_are_named_before_anything_runs():
    with pytest.raises(TypeError, match="name = 5 is not a text"):
        enter(Momentum(), 5)
    with pytest.raises(ValueError, match="10 settings are not allowed: there must be at most 9"):
        enter(Momentum(), "a", lr=np.geomspace(0.01, 1, 10))
    with pytest.raises(ValueError, match="split = -1"):
        enter(Momentum(), "a", split=-1)
    with pytest.raises(ValueError, match="either lr"):
        enter(Momentum(), "a", lr=[0.1], settings=[{"lr": 0.1}])


def test_a_result_of_another_comparison_is_not_taken(ada, tmp_path):
    with pytest.raises(ValueError, match="result is not allowed"):
        enter(signs, "Ada", lr=[0.1], memory=["m"], result=ada.result, epochs=1, folder=tmp_path)
    again = enter(
        signs,
        "Ada",
        lr=[0.003, 0.01, 0.03],
        memory=["m"],
        result=ada.result,
        epochs=1,
        folder=tmp_path,
        source=False,
    )
    assert "source" not in again.method and verify(read(again.file))[0] is None


# Each makes a file of a good one that must not come on the board, and says what the remark must name.
HOSTILE = {
    "empty": (lambda w: "", "is no JSON"),
    "truncated": (lambda w: json.dumps(w)[:5000], "is no JSON, or only a part"),
    "binary": (lambda w: b"\x89PNG\xff\xfe", "no text in UTF-8"),
    "NaN": (lambda w: json.dumps(w).replace('"lr": 0.003', '"lr": NaN'), "holds NaN"),
    "too large": (lambda w: " " * 2_000_001, "more than 2,000,000 bytes"),
    "deep": (lambda w: "[" * 200_000, "nested too deeply"),
    "a list": (lambda w: [w], "not a result of enter"),
    "a name twice": (lambda w: json.dumps(w)[:-1] + ', "name": "x"}', "gives a name twice"),
    "another program's": (lambda w: {"kind": "notebook", "cells": []}, "not a result of enter"),
    "a later format": (lambda w: w | {"format": 2}, "has the format 2"),
    "something more": (lambda w: w | {"grade": 100}, "must have kind, format"),
    "a number as name": (lambda w: w | {"name": 7}, "name that is not allowed"),
    "escapes in the name": (lambda w: w | {"name": "a\x1b[2Jb"}, "name that is not allowed"),
    "another study": (lambda w: w | {"comparison": w["comparison"] | {"trials": 90}}, "another comparison"),
    "negative split": (lambda w: w | {"comparison": w["comparison"] | {"split": -1}}, "has the split -1"),
    "true as a split": (lambda w: w | {"comparison": w["comparison"] | {"split": True}}, "has the split True"),
    "runs of other length": (lambda w: changed(w, "loss", lambda c: c[:-1]), "different lengths"),
    "no runs": (lambda w: w | {"runs": {name: [] for name in w["runs"]}}, "different lengths"),
    "an infinite number": (lambda w: json.dumps(w).replace('"lr": 0.003', '"lr": 1e999'), "1 to 9 settings"),
    "words as losses": (lambda w: changed(w, "loss", lambda c: ["low"] * len(c)), "column 'loss'"),
    "true as a step": (lambda w: changed(w, "step", lambda c: [True] * len(c)), "column 'step'"),
    "huge numbers": (lambda w: changed(w, "loss", lambda c: [10**400] * len(c)), "column 'loss'"),
    "negative seeds": (lambda w: changed(w, "seed", lambda c: [-1] * len(c)), "not the 170 of the comparison"),
    "rows twice": (
        lambda w: w | {"runs": {n: c + c[-1:] for n, c in w["runs"].items()}}, "has 171 runs which are not the 170"
    ),
    "other seeds": (lambda w: changed(w, "seed", lambda c: [s + 1000 for s in c]), "not the 170"),
    "ten settings": (lambda w: method(w, settings=[{"lr": 0.1}] * 10), "1 to 9 settings"),
    "settings of other names": (lambda w: method(w, settings=[{"lr": 0.1}, {"beta": 0.1}]), "1 to 9 settings"),
    "other settings than run": (
        lambda w: method(w, settings=[{"lr": 0.5}, *w["method"]["settings"][1:]]), "other settings than stated"
    ),
    "a setting called seed": (lambda w: method(w, settings=[{"seed": 1}]), "a setting called 'seed'"),
    "a longer training": (lambda w: changed(w, "step", lambda c: [10 * s for s in c]), "190 steps"),
    "an odd accuracy": (lambda w: changed(w, "test_accuracy", better(0.99123)), "test_accuracy 0.99123"),
    "accuracy above 1": (lambda w: changed(w, "test_accuracy", better(1.2)), "test_accuracy 1.2"),
    "accuracy without loss": (lambda w: changed(w, "test_loss", better(0.001)), "test_loss 0.001"),
    "negative loss": (lambda w: changed(w, "test_loss", better(-1.0)), "test_loss -1"),
    "test results in tuning": (
        lambda w: changed(w, "test_loss", lambda c: [1.0 if v == "nan" else v for v in c]), "test results in tuning"
    ),
    "a summary of one's own": (
        lambda w: w | {"summary": w["summary"] | {"entrant": w["summary"]["SGD"]}}, "a summary that is not the one"
    ),
    "a chosen setting": (lambda w: changed(w, "lr", lambda c: chosen(w, c)), "another setting than the best"),
}  # fmt: skip


def changed(words: dict, column: str, change) -> dict:
    words["runs"][column] = change(words["runs"][column])
    return words


def method(words: dict, **more) -> dict:
    return words | {"method": words["method"] | more}


def better(value: float):
    """Change the entrant's first final run."""
    return lambda column: [value if k == 9 else v for k, v in enumerate(column)]


def chosen(words: dict, column: list) -> list:
    """Put another of the tried rates into the best runs."""
    rows = where(words, method="entrant", view="best")
    other = next(s["lr"] for s in words["method"]["settings"] if s["lr"] != column[rows[0]])
    return [other if k in rows else v for k, v in enumerate(column)]


def test_odd_files_get_a_remark_and_the_others_go_on(ada, folder, tmp_path):
    for kind, (make, _) in HOSTILE.items():
        made, path = make(words_of(ada)), tmp_path / kind
        if isinstance(made, (str, bytes)):
            path.write_bytes(made.encode() if isinstance(made, str) else made)
        else:
            written(made, path)
    files = sorted(tmp_path.iterdir())
    found = board([*files[:10], folder / "b_Bob_b.entry.json", *files[10:]])
    assert [list(group.entries) for group in found.groups] == [["<b>Bob</b>"]]
    refused = dict(found.refused)
    assert refused.keys() == HOSTILE.keys()
    assert {kind: why for kind, why in refused.items() if HOSTILE[kind][1] not in why} == {}


def test_no_name_breaks_the_picture(ada, folder, tmp_path):
    """Matplotlib takes what stands between two $ for a formula."""
    odd = written(words_of(ada) | {"name": r"$\frac{1}{$ x_1^2"}, tmp_path / "odd")
    for figure in (board([odd, folder / "b_Bob_b.entry.json"]).groups[0].figure(),):
        assert to_png(figure)[:4] == b"\x89PNG"
    assert read(odd)._repr_mimebundle_()[0]["text/html"]


def test_a_missing_file_and_a_folder_are_remarks_too(tmp_path):
    found = board([tmp_path / "none", tmp_path])
    assert [why for _, why in found.refused] == ["is no file", "is no file"]


def test_a_change_without_its_check_sum_is_seen(ada, tmp_path):
    words = words_of(ada) | {"name": "Eve"}
    assert problems(read(written(words, tmp_path / "a", sign=False)))[0].startswith("was changed after")
    assert problems(read(written(words, tmp_path / "b"))) == []  # the sum is no secret


def test_equal_runs_must_be_equal(tmp_path, folder):
    """SGD's default is one of the rates it tries; where it is the best one the final runs are there twice."""
    words = words_of(read(folder / "b_Bob_b.entry.json"))
    best, given = (where(words, method="entrant", view=view) for view in ("best", "defaults"))
    for name in words["runs"]:
        for one, other in zip(best, given, strict=True):
            words["runs"][name][other] = words["runs"][name][one] if name != "view" else "defaults"
    assert problems(read(written(summed(words), tmp_path / "same"))) == []
    words["runs"]["test_loss"][given[0]] *= 1.001
    assert "should be equal" in problems(read(written(summed(words), tmp_path / "other")))[0]


def test_made_up_numbers_that_fit_are_found_by_running_again(ada, tmp_path):
    words = words_of(ada)
    for k in where(words, method="entrant", view="best"):
        words["runs"]["test_loss"][k] *= 0.97
    forged = read(written(summed(words), tmp_path / "forged"))
    assert problems(forged) == []  # nothing in the file gives it away
    rng = np.random.default_rng(0)
    assert verify(ada, rows=1, rng=rng) == (True, [])
    stands, remarks = verify(forged, rows=1, rng=rng)
    assert not stands and "run again: another result" in remarks[0]


def test_code_from_a_file_is_run_in_the_guarded_process_only(ada, tmp_path):
    target = tmp_path / "written"
    source = f"open({str(target)!r}, 'w').write('x')\ndef signs(x, g, state, lr=1.0, keep=1.0):\n    return x, state\n"
    hostile = read(written(words_of(ada) | {"method": ada.method | {"source": source}}, tmp_path / "hostile"))
    stands, remarks = verify(hostile, rows=1)
    assert not stands and "no result" in remarks[0] and not target.exists()


def test_the_grader_says_how_near_a_new_run_is(ada):
    row = ada.result.runs.where(method="Adam", view="best").rows[0]
    params = run(ada.challenge, described_adam(ada, row), row["seed"]).params
    assert _compared(ada, row, params, None) == SAME
    said = {name: part.tolist() for name, part in params.items()}  # as a process reports them
    assert _compared(ada, row, said, None) == SAME
    assert _compared(ada, row | {"test_loss": row["test_loss"] * 1.01}, said, None) == NEAR
    assert _compared(ada, row | {"test_loss": row["test_loss"] * 1.05}, said, None).startswith(OTHER)
    assert _compared(ada, row | {"test_accuracy": row["test_accuracy"] + 0.02}, said, None).startswith(OTHER)
    nothing = {name: np.full_like(part, np.nan) for name, part in params.items()}
    for odd in (None, [], {"W1": [1.0]}, said | {"W1": "x"}, nothing):
        assert _compared(ada, row, odd, None) not in (SAME, NEAR)
    assert _compared(ada, row | {"diverged_at": 3}, None, 3) == SAME
    assert _compared(ada, row | {"diverged_at": 3}, said, None) == OTHER


def described_adam(entry: Entry, row: dict):
    return rebuilt({"kind": "row", "row": "Adam", "hyper": setting(entry, row)})


def test_methods_become_words_and_come_back():
    for opt in (Lookahead(Momentum(lr=0.3)), Partition({"W*": Muon(), "*": AdamW(lr=0.1)})):
        assert repr(rebuilt(json.loads(json.dumps(described(opt))))) == repr(opt)
    opt = as_optimizer(signs, ["m"]).replace(lr=0.5)
    words = json.loads(json.dumps(described(opt)))
    space: dict = {}
    exec(words["source"], space)
    again, x, g = rebuilt(words, space), np.ones(3), np.array([1.0, -2.0, 0.0])
    np.testing.assert_array_equal(again.update(x, g, again.init(x))[0], opt.update(x, g, opt.init(x))[0])
    assert (
        words["source"].index("SCALE = 0.9")
        < words["source"].index("def shrunk")
        < words["source"].index("def signs")
    )
    assert source_of(np.sin) == "" and source_of(eval("lambda x, g, s: (x, s)")) == ""
    own = type("Own", (Momentum,), {})()
    assert described(own) == {"kind": "other", "shown": repr(own)}
    for odd in (
        {"kind": "row", "row": "os.system", "hyper": {}},
        {"kind": "row", "row": "Adam", "hyper": {"lr": "x"}},
        {"kind": "function", "function": "f", "memory": [], "hyper": {}},
        {"kind": "other", "hyper": {}},
        {},
    ):
        with pytest.raises(ValueError, match="cannot be"):
            rebuilt(odd)


def test_what_may_not_be_compared_stands_apart(ada, folder, tmp_path):
    words = words_of(ada)
    other_version = written(
        words | {"made_with": words["made_with"] | {"course_lib": "9.9"}}, tmp_path / "version"
    )
    found = board([*sorted(folder.iterdir()), other_version])
    assert [list(group.entries) for group in found.groups] == [["Ada L.", "<b>Bob</b>"], ["Ada L."]]
    assert "9.9" in found.groups[1].title and not found.refused


def test_copies_are_told_apart(ada, tmp_path):
    words, files = words_of(ada), [ada.file]
    files.append(written(copy.deepcopy(words), tmp_path / "copy"))
    files.append(written(words | {"name": "Eve"}, tmp_path / "eve"))
    files.append(written(words | {"method": ada.method | {"memory": ["m", "v"]}}, tmp_path / "again"))
    found = board(files)
    assert list(found.groups[0].entries) == ["Ada L.", "Eve", "Ada L. (2)"]
    assert found.groups[0].remarks["Eve"] == ["has the same runs as Ada L."]
    assert found.refused == [("copy", f"is the same entry as {ada.file.name}")]


def test_p_values_are_corrected_for_the_number_of_entries(folder):
    group = board(sorted(folder.iterdir())).groups[0]
    for metric in ("test_accuracy", "test_loss"):
        table = group.table(metric)
        np.testing.assert_allclose(table["p_holm"], holm(table["p"]))
        order = table[metric] if metric == "test_loss" else -table[metric]
        assert (np.diff(order) >= 0).all()
        alone = {
            name: entry.differences(metric).where(other=entry.rival)["p"][0]
            for name, entry in group.entries.items()
        }
        assert dict(zip(table["entry"], table["p"], strict=True)) == alone


def test_the_program_makes_table_page_and_picture(folder, tmp_path, capsys):
    bad = tmp_path / "<i>bad.entry.json"
    bad.write_text("{")
    for suffix in ("html", "csv", "png"):
        assert main([str(folder), str(bad), "--out", str(tmp_path / f"board.{suffix}")]) == 0
    shown = capsys.readouterr().out
    assert "<b>Bob</b>" in shown and "Not on the board:" in shown and "p is corrected for 2" in shown
    page = (tmp_path / "board.html").read_text("utf-8")
    assert "&lt;b&gt;Bob" in page and "<b>Bob" not in page and "<i>bad" not in page
    assert page.count("data:image/png") == 2
    with (tmp_path / "board.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["entry"] for row in rows] and all(math.isfinite(float(row["p_holm"])) for row in rows)
    assert (tmp_path / "board.png").read_bytes()[:4] == b"\x89PNG"
    assert main([str(bad)]) == 1
    for wrong in (["--out", "board.pdf"], ["--rows", "0"]):
        with pytest.raises(SystemExit):
            main([str(folder), *wrong])


def test_the_challenge_is_fair_and_said_in_full():
    challenge = Challenge(split=2)
    assert {challenge.trials} == {len(m.trials) for m in BASELINES.values()}
    assert not {*challenge.tune_seeds} & {*challenge.seeds}
    assert challenge.words["split"] == 2 and challenge.words != Challenge().words
    assert challenge.problem.train.inputs.dtype == np.float64
    assert challenge.settings(Momentum(), settings=[{"lr": 0.1}]) == [{"lr": 0.1}]
    assert len(challenge.settings(Momentum())) == 9
    still = as_optimizer(lambda x, g, s: (x, s), [])
    assert challenge.settings(still) == [{}]
