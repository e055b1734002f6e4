"""nbgrader's grades beside ours, and submissions made fit for it; with the real nbgrader in test_nbgrader."""

# ruff: noqa: E501 – tables of cases

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grade import mend
from course_lib.grade.both import Cell, compared, differences, with_manual

from .test_class_report import row

OURS = row("Ada", "right", "wrong", "right", "right", "right")
THEIRS = [Cell(f"check-{t.name.replace('_', '-')}", t.points, t.of) for t in OURS.tasks]
TEXT = Cell("explain-why", None, 2.0, by_hand=True)


def test_equal_grades_need_no_words():
    assert differences(OURS, THEIRS) == []


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (
            replace(THEIRS[1], points=3.0),
            "adam_efficient (3 in nbgrader, 0 here): code in the notebook may have changed",
        ),
        (replace(THEIRS[0], points=0.0), "adam_step (0 in nbgrader, 4 here): the cell was copied"),
        (replace(THEIRS[0], points=3.0, changed=True), "a person changed"),
        (replace(THEIRS[0], points=5.0, of=5.0), "nbgrader's release has 5 points and the course 4"),
        (replace(THEIRS[0], points=None), "its check did not run"),
        (replace(THEIRS[0], name="check-old"), "adam_step: nbgrader has no such cell"),
    ],
)
def test_every_difference_has_its_reason(cell, said):
    at = 1 if "efficient" in cell.name else 0
    (words,) = differences(OURS, [*THEIRS[:at], cell, *THEIRS[at + 1 :]])
    assert said in words


def test_one_reason_is_said_once():
    (words,) = differences(OURS, [replace(c, points=0.0) for c in THEIRS])
    assert words.count("the cell was copied") == 1 and words.startswith(
        f"adam_step (0 in nbgrader, 4 here), {OURS.tasks[2].name}"
    )


def test_who_is_in_one_of_them_only():
    lines = compared([OURS, row("bob")], {("ada", "08_adam"): THEIRS, ("eve", "08_adam"): THEIRS})
    told = {line["student"]: line["difference"] for line in lines}
    assert (
        told["Ada"] == ""
        and "nbgrader has no submission" in told["bob"]
        and "course_lib.grade has no" in told["eve"]
    )


def test_points_by_hand_are_added_and_what_waits_is_named():
    (line,) = compared([OURS], {OURS.whose: [*THEIRS, TEXT]})
    assert (line["ours"], line["by hand"], line["sum"], line["of"]) == ("9", "0", "9", "14")
    assert line["difference"] == "explain-why: waits for the form grader"
    waiting = with_manual(OURS, [*THEIRS, TEXT]).tasks[-1]
    assert (waiting.name, waiting.words) == ("explain_why", "waits for the form grader")
    graded = with_manual(OURS, [*THEIRS, replace(TEXT, points=1.5)])
    assert (graded.points, graded.of) == (10.5, 14) and with_manual(
        graded, [replace(TEXT, points=2.0)]
    ).points == 11


# -- before autograde ---------------------------------------------------------------------------------------


def notebook(*ids: str) -> str:
    cells = [{"metadata": {"nbgrader": {"grade_id": name}}, "source": str(n)} for n, name in enumerate(ids)]
    return json.dumps({"cells": cells})


def hand_in(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_what_stops_nbgrader_is_mended_or_set_aside(tmp_path):
    folder = tmp_path / "submitted"
    hand_in(folder, {
        "copy/08_adam/08_adam.ipynb": notebook("a", "b", "a"), "name/08_adam/08_adam (1).ipynb": notebook("a"),
        "more/08_adam/08_adam.ipynb": notebook("a"), "more/08_adam/old.ipynb": notebook("a"),
        "code/08_adam/08_adam.ipynb": notebook("a"), "code/08_adam/course_lib/__init__.py": "", "code/08_adam/numpy.py": "",
        "null/08_adam/08_adam.ipynb": '{"cells": [{"metadata": null}]}', "deep/08_adam/08_adam.ipynb": "[" * 9000,
        "bare/08_adam/08_adam.ipynb": '{"cells": [{"metadata": {}}]}', "none/08_adam/notes.txt": "", "fine/08_adam/08_adam.ipynb": notebook("a"),
        "two/08_adam/x.ipynb": "{}", "two/08_adam/y.ipynb": "{}",
    })  # fmt: skip
    told = dict(line.split(", 08_adam: ", 1) for line in mend.mend(folder))
    words = {
        "copy": "copied: a", "name": "is now called", "more": "old.ipynb beside", "code": "could be imported", "null": "grade it by hand",
        "deep": "grade it by hand", "bare": "lost nbgrader's marks", "none": "there is no notebook", "two": "2 other notebooks",
    }  # fmt: skip
    assert set(told) == set(words) and all(words[student] in told[student] for student in words)
    cells = json.loads((folder / "copy/08_adam/08_adam.ipynb").read_text())["cells"]
    assert [c["metadata"].get("nbgrader", {}).get("grade_id") for c in cells] == [
        None,
        "b",
        "a",
    ]  # the last counts
    assert (tmp_path / "set_aside/copy/08_adam/08_adam.ipynb").read_text() == notebook("a", "b", "a")
    assert (folder / "name/08_adam/08_adam.ipynb").exists()
    assert [p.name for p in (folder / "code/08_adam").iterdir()] == ["08_adam.ipynb"]
    assert [line.split(",")[0] for line in mend.mend(folder)] == ["bare"]  # nothing else is left to mend
    assert sorted(p.parts[-3] for p in folder.rglob("08_adam.ipynb")) == [
        "bare",
        "code",
        "copy",
        "fine",
        "more",
        "name",
    ]
    assert len(list((tmp_path / "set_aside").rglob("*.ipynb"))) == 6


def test_a_download_is_laid_out_for_nbgrader(tmp_path, capsys):
    (tmp_path / "class.csv").write_text("id,name\n007,Ada Lovelace\n")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as members:
        for name in (
            "Ada Lovelace_1_assignsubmission_file_/08_adam (2).ipynb",
            "bob_08_adam.ipynb",
            "bob_08_adam-Copy1.ipynb",
            "x.ipynb",
        ):
            members.writestr(name, notebook("a"))
    options = ["--from", str(tmp_path / "all.zip"), "--roster", str(tmp_path / "class.csv")]
    assert mend.main([str(tmp_path / "lab/submitted"), *options]) == 0
    laid_out = sorted(p.relative_to(tmp_path / "lab").as_posix() for p in (tmp_path / "lab").rglob("*.ipynb"))
    assert laid_out == ["submitted/007/08_adam/08_adam.ipynb", "submitted/bob/08_adam/08_adam.ipynb"]
    said = capsys.readouterr().out
    assert "bob has a file for 08_adam already" in said and "x.ipynb: its path names no exercise" in said
    with pytest.raises(SystemExit):
        mend.main([str(tmp_path / "nowhere")])
    assert "is no folder" in capsys.readouterr().err
