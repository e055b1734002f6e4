"""The page for teachers agrees with the course: lessons, points, times, plans, sections, questions, links."""

from __future__ import annotations

import doctest
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from course_lib.checks.exercises import all_exercises
from publish import teaching
from publish.questions import lessons, load_all, moodle
from publish.teaching import PAGE, RATES, count, main, minutes, needs, plans, times, times_table

ROOT = Path(__file__).parents[2]
TEXT = PAGE.read_text("utf-8")
NUMBERS = [name[:2] for name in lessons()]


def section(heading: str) -> str:
    found = re.search(rf"^## {re.escape(heading)}$(.*?)(?=^## |\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def test_the_table_of_times_is_todays():
    assert times_table() in TEXT, "copy what `make times` prints into docs/teaching.md"


def test_a_lesson_states_no_less_time_than_is_estimated_and_the_map_states_the_same():
    assert {one.lesson for one in times() if one.stated < one.reading} == set()
    first, *others = times()
    mapped = re.findall(
        r"\]\((\w+)\.ipynb\) \| (\d+) \|", (ROOT / f"notebooks/{first.lesson}.ipynb").read_text()
    )
    assert {lesson: int(stated) for lesson, stated in mapped} == {one.lesson: one.stated for one in others}


def test_what_is_less_than_something_is_no_tag(tmp_path):
    path = tmp_path / "one.ipynb"
    cells = [{"cell_type": "markdown", "source": [text]} for text in ("p < 0.05 <b>bold</b>\n", "> an idea")]
    path.write_text(json.dumps({"cells": cells}), "utf-8")
    assert count(path)["word"] == 6  # p, 0, 05, bold, an, idea


def test_the_points_are_the_banks_and_those_of_the_headings():
    points = {exercise.name: sum(task.points for task in exercise.tasks) for exercise in all_exercises()}
    assert {one.lesson: one.points for one in times() if one.points} == points
    for name, total in points.items():
        text = (ROOT / "exercises" / f"{name}.ipynb").read_text("utf-8")
        assert sum(map(float, re.findall(r"## \d+ · .*?\((\d+(?:\.\d+)?) points?\)", text))) == total
        assert re.search(
            rf"\[{name[:2]}\]\(\.\./notebooks/{name}\.ipynb\) \|[^|]*\|[^|]*\| {total:g} \|", TEXT
        )


def test_every_lesson_has_a_goal_and_a_misconception():
    goals = re.findall(
        r"^\| \[(\d\d) .*?\]\(\.\./notebooks/(\w+)\.ipynb\) \| (.+) \|$",
        section("What each lesson is for"),
        re.M,
    )
    assert [name for _, name, _ in goals] == lessons() and all(
        name[:2] == number for number, name, _ in goals
    )
    heard = re.findall(r"^\| (\d\d) \| \"", section("What students believe at first"), re.M)
    assert list(dict.fromkeys(heard)) == NUMBERS[1:]


def test_the_plans_have_their_weeks_and_hours():
    found = plans(TEXT)
    assert {weeks: len(rows) for weeks, rows in found.items()} == {4: 4, 8: 8, 13: 13}
    for weeks, rows in found.items():
        for number, week in enumerate(rows, 1):
            assert week.hours == week.estimated, (weeks, number)
            assert week.lessons and set(week.lessons) <= set(NUMBERS)
            assert set(week.exercises) <= set(week.lessons), (weeks, number)
    assert [n for week in found[13] for n in week.lessons if n != "16"] == [n for n in NUMBERS if n != "16"]


@pytest.mark.parametrize("weeks", [4, 8, 13])
def test_no_plan_uses_a_lesson_before_what_it_needs(weeks: int):
    done: set[str] = set()
    for week in plans(TEXT)[weeks]:
        for lesson in week.lessons:
            assert needs()[lesson] <= done, (weeks, lesson, needs()[lesson] - done)
            done.add(lesson)


@pytest.mark.parametrize("weeks", [4, 8])
def test_what_is_left_out_is_said(weeks: int):
    body = re.search(rf"### In {weeks} weeks(.*?)(?=\n##)", TEXT, flags=re.DOTALL)
    assert body
    said = re.search(r"Left out: (.*?)\.", body[1])
    assert said
    out: set[str] = set()
    for part in re.split(r", | and ", said[1]):
        first, *last = re.findall(r"\d\d", part)
        out |= {f"{n:02d}" for n in range(int(first), int((last or [first])[0]) + 1)}
    taught = {lesson for week in plans(TEXT)[weeks] for lesson in week.lessons}
    assert out == set(NUMBERS) - taught


def test_needs_are_read_from_the_lessons():
    assert needs()["13"] == {"03", "08"} and needs()["08"] == {"04"} and needs()["20"] == {"12"}


def test_the_questions_it_names_exist():
    ids = {question.id for one in load_all() for question in one.questions}
    named = set(re.findall(r"(?<![\d–-])\b\d\d-\d{1,2}\b(?!\d)", TEXT))
    assert len(named) > 40 and named <= ids, named - ids


def test_a_lesson_is_cured_by_a_question_of_its_own():
    for number, question in re.findall(r"^\| (\d\d) \| \".*?; (?:question )?(\d\d)-\d+ \|$", TEXT, re.M):
        assert number == question


def test_minutes_of_an_hour_add_up():
    for heading, whole in (("In the lecture hall", 90), ("In the lab", 120)):
        spans = [tuple(map(int, pair)) for pair in re.findall(r"^\| (\d+)–(\d+) \|", section(heading), re.M)]
        assert spans[0][0] == 0 and spans[-1][1] == whole
        assert all(one[1] == other[0] for one, other in pairwise(spans))


def test_links_lead_somewhere():
    anchors = {
        re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^##+ (.+)$", TEXT, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", TEXT):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not target.startswith("https://"):
            assert (PAGE.parent / target).exists(), target


def test_what_it_says_of_the_rates_is_so():
    said = section("How long it takes")
    assert (
        f"{1 / RATES['word']:.0f} words a minute" in said
        and f"{60 * RATES['code']:.0f}".replace("6", "six") in said
    )
    assert (RATES["formula"], RATES["figure"], RATES["question"], RATES["point"]) == (0.5, 2, 1, 4)
    for words in (
        "half a minute for a formula",
        "two minutes for a live",
        "one for a question",
        "four for each point",
    ):
        assert words in said.replace("\n", " ")


def test_the_shares_of_a_grade_are_a_whole():
    assert sum(map(int, re.findall(r"^\| (\d+) % \|", section("Assessment"), re.M))) == 100


def test_what_takes_time_is_counted(tmp_path):
    def code(text: str, closed: bool = False) -> dict:
        return {"cell_type": "code", "source": [text], "metadata": {"jupyter": {"source_hidden": closed}}}

    cells = [
        {
            "cell_type": "markdown",
            "source": ["One [two](a/b.ipynb) $x^2$ **Predict** it.\n\n$$m = g$$"],
            "metadata": {},
        },
        code("figure = explore_path(Adam())\n\nfigure.ask('?')"),
        code("assert explore_map(Adam())", closed=True),
        {
            "cell_type": "markdown",
            "source": ["<details><summary>Answer</summary>\n\nYes.\n</details>"],
            "metadata": {},
        },
        {
            "cell_type": "markdown",
            "source": ["## References\n\n- many words that nobody reads"],
            "metadata": {},
        },
    ]
    (tmp_path / "one.ipynb").write_text(json.dumps({"cells": cells}))
    counted = count(tmp_path / "one.ipynb")
    assert counted == {"word": 6, "formula": 1, "code": 2, "figure": 1, "question": 3}
    assert minutes(counted) == 5


def test_the_command_says_when_the_page_is_old(capsys, monkeypatch, tmp_path):
    assert main() == 0
    assert "the page says" not in capsys.readouterr().out
    monkeypatch.setattr("publish.teaching.PAGE", tmp_path / "teaching.md")
    (tmp_path / "teaching.md").write_text(re.sub(r"(\| 1 \| 00, 01, 02 \| 02 \|) 3 h", r"\1 9 h", TEXT))
    assert main() == 1
    assert "4 weeks, week 1: 3 h (the page says 9)" in capsys.readouterr().out


@pytest.mark.parametrize("module", [teaching, moodle], ids=lambda module: module.__name__)
def test_the_examples_are_right(module):
    failed, tried = doctest.testmod(module)
    assert not failed and tried
