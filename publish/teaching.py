"""How long lessons and exercises take, and whether ``docs/teaching.md`` says so: ``python -m publish.teaching``.

The times are an estimate for somebody who reads everything once, answers every figure's question, moves every figure
and writes every exercise. It counts what stands in the notebooks, at the rates of ``RATES``.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from course_lib.checks.exercises import all_exercises

from .questions import lessons

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "teaching.md"

RATES = {
    "word": 1 / 125,  # technical text, read once and slowly
    "formula": 0.5,  # one that stands by itself
    "code": 0.1,  # a line of an open cell
    "figure": 2.0,  # a live figure: to move it until one has seen what it shows
    "question": 1.0,  # asked by a figure, a bold **Predict**, or folded with its answer
    "point": 4.0,  # of an exercise: to write, to run, to be told what is wrong, to mend it
}
"""Minutes for each thing that is counted."""


@dataclass(frozen=True)
class Times:
    """What a lesson and its exercise take, in minutes; an exercise that does not exist takes none."""

    lesson: str
    stated: int
    reading: int
    points: float
    exercise: int


def _cells(path: Path) -> list[dict[str, Any]]:
    return json.loads(path.read_text("utf-8"))["cells"]


def count(path: Path) -> dict[str, int]:
    """Count in a notebook what takes a reader's time: words, formulas, open lines of code, figures, questions."""
    cells = _cells(path)
    prose = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    prose = prose.split("\n## References")[0].split("**References**")[0]
    code = [
        "".join(c["source"])
        for c in cells
        if c["cell_type"] == "code" and not c["metadata"].get("jupyter", {}).get("source_hidden")
    ]
    words = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|</?\w[^<>\n]*>", " ", prose, flags=re.DOTALL)
    shown = "\n".join(code)
    return {
        "word": len(re.findall(r"\w+", words)),
        "formula": len(re.findall(r"\$\$.*?\$\$", prose, flags=re.DOTALL)),
        "code": sum(bool(line.strip()) for line in shown.splitlines()),
        "figure": len(re.findall(r"\bexplore_\w+\(", shown)),
        "question": shown.count(".ask(") + prose.count("**Predict") + prose.count("<summary>Answer") + len(
            re.findall(r"<summary>\d\. ", prose)
        ),
    }  # fmt: skip


def minutes(counted: Mapping[str, float]) -> int:
    """Minutes for what was counted, to the nearest five.

    >>> minutes({"word": 1500, "formula": 4, "code": 0, "figure": 3, "question": 2})
    20
    """
    return 5 * round(sum(RATES[what] * number for what, number in counted.items()) / 5)


@cache
def times() -> tuple[Times, ...]:
    """The times of all lessons, in their order."""
    points = {exercise.name: sum(task.points for task in exercise.tasks) for exercise in all_exercises()}
    found = []
    for lesson in lessons():
        text = json.dumps(_cells(ROOT / "notebooks" / f"{lesson}.ipynb"), ensure_ascii=False)
        stated = re.search(r"(?:Time: |This lesson: )(\d+) minutes", text)
        assert stated, f"{lesson} does not say how long it takes"
        todo = ROOT / "exercises" / f"{lesson}.ipynb"
        counted = {"word": count(todo)["word"], "point": points[lesson]} if lesson in points else {}
        found.append(
            Times(
                lesson=lesson,
                stated=int(stated[1]),
                reading=minutes(count(ROOT / "notebooks" / f"{lesson}.ipynb")),
                points=points.get(lesson, 0),
                exercise=minutes(counted),
            )
        )
    return tuple(found)


def times_table() -> str:
    """The table of times, as it stands on the page."""
    rows = ["| lesson | the lesson says | estimate | exercise: points | estimate |", "|---|---|---|---|---|"]
    for one in times():
        link = f"[{one.lesson[:2]}](../notebooks/{one.lesson}.ipynb)"
        todo = f"{one.points:g} | {one.exercise} min" if one.points else "– | –"
        rows.append(f"| {link} | {one.stated} min | {one.reading} min | {todo} |")
    lesson, exercise = (sum(getattr(one, name) for one in times()) / 60 for name in ("reading", "exercise"))
    points = sum(one.points for one in times())
    rows.append(f"| all | | {lesson:.0f} h | {points:g} | {exercise:.0f} h |")
    return "\n".join(rows)


def needs() -> dict[str, set[str]]:
    """Which lessons each lesson says it needs, by their numbers; what only helps is not counted."""
    found = {}
    for lesson in lessons():
        text = " ".join(
            "".join(cell["source"]) for cell in _cells(ROOT / "notebooks" / f"{lesson}.ipynb")[:1]
        )
        said = re.search(r"You need: (.*?)\*", text)
        sentences = said[1].split(". ") if said else []
        firm = [one for one in sentences if "help" not in one and "by name" not in one]
        found[lesson[:2]] = set(re.findall(r"\b\d\d\b", " ".join(firm)))
    return found


@dataclass(frozen=True)
class Week:
    """A row of a plan: its lessons and exercises by number, and the hours at home that the page states."""

    lessons: tuple[str, ...]
    exercises: tuple[str, ...]
    hours: float

    @property
    def estimated(self) -> float:
        """Hours for its lessons (the larger of stated and estimated) and exercises, to the half."""
        by_number = {one.lesson[:2]: one for one in times()}
        total = sum(max(by_number[n].reading, by_number[n].stated) for n in self.lessons)
        total += sum(by_number[n].exercise for n in self.exercises)
        return round(total / 30) / 2


def plans(text: str) -> dict[int, list[Week]]:
    """Read the plans out of the page: how many weeks, and what is done in each."""
    found = {}
    for weeks, body in re.findall(r"^### In (\d+) weeks$(.*?)(?=^##)", text, flags=re.MULTILINE | re.DOTALL):
        rows = [
            [cell.strip() for cell in line.strip("| ").split("|")]
            for line in body.splitlines()
            if re.match(r"\| \d", line)
        ]
        found[int(weeks)] = [
            Week(
                tuple(re.findall(r"\b\d\d\b", row[1])),
                tuple(re.findall(r"\b\d\d\b", row[2])),
                float(row[3].removesuffix(" h")),
            )
            for row in rows
        ]
    return found


def main() -> int:
    """Print the table of times and the hours of each plan's weeks; 1 if the page says something else."""
    print(times_table())
    text = PAGE.read_text("utf-8")
    wrong = times_table() not in text
    for weeks, rows in plans(text).items():
        for number, week in enumerate(rows, 1):
            differs = week.hours != week.estimated
            wrong |= differs
            print(
                f"{weeks} weeks, week {number}: {week.estimated:g} h"
                + f" (the page says {week.hours:g})" * differs
            )
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
