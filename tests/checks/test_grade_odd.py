"""Odd files among the submissions: each gets a remark in words or its points, and none ends the batch.

Cases from the examination of this grader, and from public reports: ipython #7746 (metadata null), #7869 (metadata a list),
notebookjs #21 (no metadata), nbgrader #92 and #1941 (cells turned into text), #424 (metadata lost), #1682 (cells deleted),
#1042 (encodings), #416 (one failure ended the batch), nbgrader #1083 (a cell copied).
"""

# ruff: noqa: E501 – a table

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest

from course_lib.grade.batch import grade
from course_lib.grade.submission import read

from .test_grade import FULL, solved, submitted

NAME = "08_adam"
UNREAD = "cannot be read as a notebook"


def solution() -> dict:
    """The solved exercise as a student hands it in."""
    return json.loads(submitted(Path(os.environ["ODD_FOLDER"]), "x", solved(NAME), NAME).read_text())


def cell(notebook, beginning):
    return next(c for c in notebook["cells"] if "".join(c["source"]).startswith(beginning))


def changed(change):
    notebook = solution()
    change(notebook)
    return json.dumps(notebook).encode()


def own_cell(source):
    return changed(
        lambda n: n["cells"].insert(7, {"cell_type": "code", "metadata": {}, "outputs": [], "source": source})
    )


def each(change):
    return changed(lambda n: [change(c) for c in n["cells"]])


def old_format():
    cells = [{"cell_type": "code", "input": c["source"], "language": "python", "metadata": {}, "outputs": []}
             for c in solution()["cells"] if c["cell_type"] == "code"]  # fmt: skip
    return json.dumps(
        {
            "metadata": {"name": ""},
            "nbformat": 3,
            "nbformat_minor": 0,
            "worksheets": [{"cells": cells, "metadata": {}}],
        }
    ).encode()


def whole():
    return json.dumps(solution()).encode()


# Each makes a file's bytes; beside it the points, or words of the remark.
FILES = {
    "empty": (lambda: b"", UNREAD),
    "an empty list": (lambda: b"[]", "no notebook"),
    "a number": (lambda: b"3", "no notebook"),
    "cut off": (lambda: whole()[:3000], UNREAD),
    "zeros": (lambda: bytes(1000), UNREAD),
    "an HTML page": (lambda: b"<!doctype html><title>Log in</title>", UNREAD),
    "an archive": (lambda: b"PK\x03\x04" + bytes(range(256)), UNREAD),
    "a pickle": (lambda: b"\x80\x05\x95\x0b\x00", UNREAD),
    "deep brackets": (lambda: b"[" * 100_000 + b"]" * 100_000, "nested too deep"),
    "deep metadata": (lambda: changed(lambda n: n.update(metadata="@")).replace(b'"@"', b'{"a":' * 50_000 + b"1" + b"}" * 50_000), "nested too deep"),
    "50 MB": (lambda: b"\n" * 50_000_000, "50 MB"),
    "no cells": (lambda: b'{"nbformat": 4}', "has no cells"),
    "cells is a dict": (lambda: b'{"cells": {"a": 1}}', "has no cells"),
    "cells are numbers": (lambda: b'{"cells": [1, null, "x", [2]]}', "none of the functions"),
    "another notebook": (lambda: b'{"cells": [{"cell_type": "code", "source": "print(1)"}]}', "none of the functions"),
    "metadata null": (lambda: each(lambda c: c.update(metadata=None)), 12),
    "metadata a list": (lambda: each(lambda c: c.update(metadata=[])), 12),
    "no metadata, no ids": (lambda: each(lambda c: [c.pop("metadata"), c.pop("id", 0)]), 12),
    "tags are numbers": (lambda: each(lambda c: c.update(metadata={"tags": [1, None], "nbgrader": 7})), 12),
    "ids null": (lambda: each(lambda c: c.update(id=None)), 12),
    "source a number": (lambda: changed(lambda n: n["cells"].append({"cell_type": "code", "source": 7})), 12),
    "source of mixed parts": (lambda: changed(lambda n: n["cells"].append({"cell_type": "code", "source": ["a", 3]})), 12),
    "no source, no kind": (lambda: changed(lambda n: n["cells"].extend([{}, {"cell_type": "code"}, {"cell_type": 3}])), 12),
    "a byte-order mark": (lambda: b"\xef\xbb\xbf" + whole(), 12),
    "UTF-16": (lambda: whole().decode().encode("utf-16"), 12),
    "latin-1": (lambda: whole().replace(b"Return", b"Zur\xfcck").replace(b"\\u", b"u"), 12),
    "line ends of Windows": (lambda: each(lambda c: c.update(source="".join(c["source"]).replace("\n", "\r\n"))), 12),
    "an old format": (old_format, 12),
    "a broken old format": (lambda: b'{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code"}]}]}', ""),
    "a task's cell is text": (lambda: changed(lambda n: cell(n, "def adam_step").update(cell_type="markdown")), 12),
    "a task's cell is raw": (lambda: changed(lambda n: cell(n, "def my_optimizer").update(cell_type="raw")), 12),
    "setup deleted": (lambda: changed(lambda n: [n["cells"].remove(cell(n, b)) for b in ("import numpy", "mine =")]), 12),
    "checks deleted": (lambda: changed(lambda n: n.update(cells=[c for c in n["cells"] if "check(" not in "".join(c["source"])])), 12),
    "a cell copied": (lambda: changed(lambda n: n["cells"].insert(9, copy.deepcopy(cell(n, "def adam_step")))), 12),
    "half an emoji": (lambda: own_cell('print("\\ud83d")'), 12),
    "half an emoji raised": (lambda: own_cell('raise ValueError("\\ud83d")'), 12),
    "half an emoji written": (lambda: own_cell("x = '\ud83d'"), 12),
    "100,000 minus signs": (lambda: own_cell("x = " + "-" * 100_000 + "1"), 12),
    "a zero byte": (lambda: own_cell("x = 1\0"), 12),
    "a cell that never ends": (lambda: own_cell("while True: pass"), 12),
    "a cell that ends the process": (lambda: own_cell("import os\nos._exit(0)"), 12),
    "a cell that fails": (lambda: own_cell("x = 1 / 0"), 12),
}  # fmt: skip


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    os.environ["ODD_FOLDER"] = str(tmp_path_factory.mktemp("made"))
    files = {name: folder / f"s{i}" / f"{NAME}.ipynb" for i, name in enumerate(FILES)}
    for name, file in files.items():
        file.parent.mkdir()
        file.write_bytes(FILES[name][0]())
    honest = {name: submitted(folder, name, solved(NAME), NAME) for name in ("first", "last")}
    for name, path in {
        "long": folder / ("l" * 230 + f"_{NAME}.ipynb"),
        "bytes": Path(os.fsdecode(bytes(folder) + b"/M\xfcller_08_adam.ipynb")),
        "spaces": folder / " \n'\"<b>;=1_08_adam.ipynb",
    }.items():
        path.write_bytes(whole())
        honest[name] = path
    odd = {
        name: folder / f"{name}_{NAME}.ipynb"
        for name in ("pipe", "zero", "folder", "nowhere", "secret", "round")
    }
    os.mkfifo(odd["pipe"])
    odd["zero"].symlink_to("/dev/zero")
    odd["folder"].mkdir()
    odd["secret"].symlink_to(honest["first"])
    odd["round"].symlink_to(odd["round"])
    order = [honest["first"], *files.values(), *odd.values(), *list(honest.values())[1:]]
    found = {score.submission.file: score for score in grade(order)}
    assert len(found) == len(order)
    return {name: found[path] for name, path in {**files, **honest, **odd}.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_an_odd_file_has_its_points_or_a_remark(scores, name):
    score, wanted = scores[name], FILES[name][1]
    print(score.remarks, *(result.text for result in score.results))
    if isinstance(wanted, str):
        assert score.points == 0 and wanted in " ".join(score.remarks) and score.remarks
    else:
        assert score.points == wanted == FULL[NAME]
    for words in [score.submission.student, *score.remarks, *(result.text for result in score.results)]:
        words.encode()  # can be written anywhere


@pytest.mark.slow
@pytest.mark.parametrize("name", ["first", "last", "long", "bytes", "spaces"])
def test_the_honest_ones_keep_their_points(scores, name):
    assert scores[name].points == FULL[NAME]
    assert not scores[name].remarks


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pipe", "zero", "folder", "nowhere", "secret", "round"])
def test_what_is_no_plain_file_is_not_opened(scores, name):
    assert scores[name].points == 0 and UNREAD in scores[name].remarks[0]


@pytest.mark.slow
def test_a_cell_that_fails_is_told_with_its_reason(scores):
    (words,) = (remark for remark in scores["a cell that fails"].remarks if "Code cell" in remark)
    assert "x = 1 / 0" in words and "ZeroDivisionError: division by zero, in its line 1" in words


def test_a_link_to_another_submission_is_not_followed(tmp_path):
    file = submitted(tmp_path, "ada", solved(NAME), NAME)
    (tmp_path / "eve_08_adam.ipynb").symlink_to(file)
    assert read(file).cells and not read(tmp_path / "eve_08_adam.ipynb").cells
