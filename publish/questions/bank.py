"""The questions of a lesson, as they stand in ``docs/questions/NN.toml``, and what must be true of them."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "questions"

GOALS = {
    "recall": "say what was told",
    "read": "read a figure or a formula",
    "predict": "say what a figure will show before it moves",
    "compute": "work out a number by hand",
    "explain": "say why",
    "judge": "weigh a claim from a paper or the web",
}
NEEDED = ("predict", "compute", "explain", "judge")
PROVEN = ("predict", "compute")
"""Goals whose right answer is decided by a number, so that they need a check."""

IMPORTS = """import numpy as np
from course_lib.comparing import *
from course_lib.comparing.studies import results
from course_lib.live import *
from course_lib.optimizers import *
from course_lib.problems import *
from course_lib.running import *
from course_lib.schedules import *
from course_lib.surfaces import *
"""
"""What a question's ``check`` and ``figure`` may use without importing it."""


class QuestionError(ValueError):
    """A file of questions is wrong; the message names the file, the question and the field."""


@dataclass(frozen=True)
class Answer:
    """One answer: its text, why one would choose it, and whether it is right."""

    text: str
    reason: str
    right: bool


@dataclass(frozen=True)
class Question:
    """One question with three to five answers; all texts are Markdown with ``$maths$``."""

    id: str
    goal: str
    section: str
    text: str
    minutes: float
    answers: tuple[Answer, ...]
    figure: str = ""
    check: str = ""
    several: bool = False

    @property
    def letters(self) -> dict[str, Answer]:
        """The answers by the letters under which a class votes, from A on."""
        return dict(zip("ABCDE", self.answers, strict=False))

    @property
    def right(self) -> str:
        """The letters of the right answers, such as ``"B"`` or ``"AC"``."""
        return "".join(letter for letter, answer in self.letters.items() if answer.right)


@dataclass(frozen=True)
class QuestionSet:
    """All questions of one lesson."""

    lesson: str
    questions: tuple[Question, ...]

    @property
    def number(self) -> str:
        """The lesson's number, two digits."""
        return self.lesson[:2]

    @property
    def title(self) -> str:
        """The lesson's title, as its notebook has it."""
        return _text(self.lesson).split("# ", 1)[1].splitlines()[0].removeprefix(f"Lesson {self.number} · ")


def lessons() -> list[str]:
    """The names of all lessons: ``["00_start_here", "01_landscapes", …]``."""
    return [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]


@cache
def _text(lesson: str) -> str:
    cells = json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def headings(lesson: str) -> list[str]:
    """The headings of a lesson's sections, without their numbers."""
    return [plain(heading) for heading in re.findall(r"^## (.+)$", _text(lesson), flags=re.MULTILINE)]


def plain(heading: str) -> str:
    """A heading without the number in front: ``"3 · The rule"`` is ``"The rule"``."""
    return re.sub(r"^\d+ · ", "", heading.strip())


def load(lesson: str) -> QuestionSet:
    """Read and validate the questions of a lesson, named ``"04"`` or ``"04_momentum"``.

    Raises:
        QuestionError: if there is no such lesson, no file, or something in the file is wrong.
    """
    names = [name for name in lessons() if lesson in (name, name[:2])]
    if not names:
        raise QuestionError(f"lesson {lesson!r} is not known; there are {', '.join(lessons())}")
    path = FOLDER / f"{names[0][:2]}.toml"
    if not path.is_file():
        raise QuestionError(
            f"lesson {names[0]} has no questions yet: {path.name} is missing in docs/questions"
        )
    return read(path.read_text("utf-8"), path.name)


def load_all() -> list[QuestionSet]:
    """Read and validate the questions of every lesson, in the order of the course."""
    return [load(lesson) for lesson in lessons()]


def read(text: str, name: str = "questions") -> QuestionSet:
    """Make a set of questions from the text of a file; ``name`` stands in messages.

    Raises:
        QuestionError: names the file, the question and the field that is wrong.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise QuestionError(f"{name}: not TOML: {error}") from None
    top = _Fields(found, name)
    lesson = top.text("lesson")
    if lesson not in lessons():
        top.wrong("lesson", f"{lesson!r} is no lesson; there are {', '.join(lessons())}")
    if lesson[:2] != name[:2] and name.endswith(".toml"):
        top.wrong("lesson", f"{lesson!r} does not belong into {name}")
    questions = tuple(_question(one, name, lesson, n) for n, one in enumerate(top.tables("question"), 1))
    top.nothing_else()
    ids = [question.id for question in questions]
    for one in ids:
        if ids.count(one) > 1:
            top.wrong("question.id", f"{one!r} is used {ids.count(one)} times")
    return QuestionSet(lesson, questions)


def _question(table: Mapping[str, Any], name: str, lesson: str, n: int) -> Question:
    fields = _Fields(table, f"{name}, question {table.get('id', f'number {n}')}")
    question = Question(
        id=fields.text("id"),
        goal=fields.text("goal"),
        section=plain(fields.text("section")),
        text=fields.text("text"),
        minutes=fields.number("minutes", 1, 10),
        answers=tuple(
            _answer(one, f"{fields.where}, answer {letter}")
            for letter, one in zip("ABCDEFGH", fields.tables("answer"), strict=False)
        ),
        figure=fields.text("figure", needed=False),
        check=fields.text("check", needed=False),
        several=fields.yes("several"),
    )
    fields.nothing_else()
    if not re.fullmatch(rf"{lesson[:2]}-[1-9]\d?", question.id):
        fields.wrong("id", f"{question.id!r} must be {lesson[:2]}-1, {lesson[:2]}-2, …")
    if question.goal not in GOALS:
        fields.wrong("goal", f"{question.goal!r} must be one of {', '.join(GOALS)}")
    if question.section not in headings(lesson):
        fields.wrong(
            "section", f"{question.section!r} is no heading of {lesson}: {'; '.join(headings(lesson))}"
        )
    if not 3 <= len(question.answers) <= 5:
        fields.wrong("answer", f"there are {len(question.answers)}; three to five are allowed")
    right = len(question.right)
    if right == 0 or right == len(question.answers) or (right > 1 and not question.several):
        allowed = "some, not all" if question.several else "exactly one (or say several = true)"
        fields.wrong(
            "answer.right", f"{right} of {len(question.answers)} answers are right; allowed is {allowed}"
        )
    if len({answer.text for answer in question.answers}) < len(question.answers):
        fields.wrong("answer.text", "two answers are the same")
    if question.goal in PROVEN and not question.check:
        fields.wrong("check", f"is missing: a question to {question.goal} needs one")
    for field, code, mode in (("check", question.check, "exec"), ("figure", question.figure, "eval")):
        try:
            compile(code or "None", field, mode)
        except SyntaxError as error:
            fields.wrong(field, f"is no Python: {error}")
    if question.check and "assert" not in question.check:
        fields.wrong("check", "asserts nothing")
    return question


def _answer(table: Mapping[str, Any], where: str) -> Answer:
    fields = _Fields(table, where)
    answer = Answer(fields.text("text"), fields.text("reason"), fields.yes("right"))
    fields.nothing_else()
    return answer


class _Fields:
    """Takes fields out of a table and says which one is missing, of another type, or not known."""

    def __init__(self, table: Mapping[str, Any], where: str) -> None:
        self.table, self.where, self.taken = table, where, set[str]()

    def wrong(self, field: str, why: str) -> None:
        raise QuestionError(f"{self.where}, {field}: {why}")

    def take(self, field: str, kind: type | tuple[type, ...], default: Any, allowed: str) -> Any:
        self.taken.add(field)
        value = self.table.get(field, default)
        if value is None:
            self.wrong(field, f"is missing; {allowed} is needed")
        if not isinstance(value, kind):
            self.wrong(field, f"{value!r} is not allowed; {allowed} is needed")
        return value

    def text(self, field: str, needed: bool = True) -> str:
        value = self.take(field, str, None if needed else "", "a text").strip()
        if needed and not value:
            self.wrong(field, "is empty")
        return value

    def number(self, field: str, low: float, high: float) -> float:
        value = self.take(field, (int, float), None, f"a number from {low} to {high}")
        if isinstance(value, bool) or not low <= value <= high:
            self.wrong(field, f"{value!r} is not allowed; it must be from {low} to {high}")
        return value

    def yes(self, field: str) -> bool:
        return self.take(field, bool, False, "true or false")

    def tables(self, field: str) -> list[Mapping[str, Any]]:
        value = self.take(field, list, None, f"[[…{field}]]")
        if not value or not all(isinstance(one, dict) for one in value):
            self.wrong(field, f"one or more tables [[…{field}]] are needed")
        return value

    def nothing_else(self) -> None:
        for field in self.table.keys() - self.taken:
            self.wrong(field, f"is not known; there are {', '.join(sorted(self.taken))}")


def namespace() -> dict[str, Any]:
    """What checks and figures find under its name: numpy as ``np`` and the course's library."""
    names: dict[str, Any] = {}
    exec(IMPORTS, names)
    return names


def run_check(question: Question) -> None:
    """Run the proof of a question; it raises ``AssertionError`` if the right answer is not right."""
    exec(compile(question.check, f"<check of question {question.id}>", "exec"), namespace())


def make_figure(question: Question) -> Any:
    """Make the figure that is shown with a question."""
    return eval(compile(question.figure, f"<figure of question {question.id}>", "eval"), namespace())
