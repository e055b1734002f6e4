"""A class of sixty, graded with the guide's own command: every point, every mistake's name, everybody found."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from course_lib.grade.__main__ import main

from . import sixty
from .test_class_report import table

GUIDE = (Path(__file__).parents[2] / "docs" / "instructors.md").read_text()


def command(beginning: str) -> list[str]:
    """Return the options of a command that stands in the guide."""
    (found,) = (
        line for line in GUIDE.splitlines() if line.startswith(f"python -m course_lib.grade {beginning}")
    )
    return shlex.split(found, comments=True)[3:]


@pytest.mark.slow
def test_a_class_of_sixty(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    wanted = sixty.write(tmp_path)
    (tmp_path / "lab").mkdir()
    options = command("downloads.zip --roster class.csv --out")
    assert main(options) == 0
    said = capsys.readouterr().out
    print(said)
    lines = {line["student"]: line for line in table(tmp_path / "lab/graded/grades.csv")}
    for number, expected in wanted.items():
        line = lines[number]
        assert float(line["points"]) == expected.points, (number, line)
        assert expected.remark in line["remarks"], (number, line)
        if expected.mistake is not None:
            assert expected.mistake in line["adam_step mistake"], (number, line)
    assert set(lines) == {*wanted, "mallory", "00061", "00062"}
    assert sum(line.get("late") == "late" for line in lines.values()) == 5
    assert (
        "nothing handed in" in lines["00061"]["remarks"]
        and "not in the roster" in lines["mallory"]["remarks"]
    )
    assert "missing for 08_adam: Nobody Here" in said and "all.rar" in said

    counted = Counter(expected.mistake for expected in wanted.values() if expected.mistake)
    found = {line["mistake"]: int(line["count"]) for line in table(tmp_path / "lab/graded/class.csv")
             if line["task"] == "adam_step" and line["reread"]}  # fmt: skip
    assert {name: found.get(name) for name in (m.name for m in sixty.MISTAKES)} == {
        m.name: counted[m.name] for m in sixty.MISTAKES
    }
    page = re.sub(
        r"<style>.*?</style>", "", (tmp_path / "lab/graded/class.html").read_text(), flags=re.DOTALL
    )
    assert not any(name in page for name in (*sixty.FIRST[1:], *sixty.LAST, "mallory", "0003", "ipynb:"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "lab/graded").glob("*.csv")}
    assert main([*options, "--resume"]) == 0  # nothing is graded twice, and nothing changes
    assert "62 were graded before" in capsys.readouterr().out
    assert before == {path.name: path.read_bytes() for path in (tmp_path / "lab/graded").glob("*.csv")}
