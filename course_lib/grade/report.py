"""What the instructor and the students get: a CSV and a page for each student."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Sequence
from pathlib import Path

from ..checks.result import as_html
from .batch import Score

COLUMNS = ("student", "exercise", "points", "of", "tasks", "seconds", "remarks", "file")


def write_csv(scores: Sequence[Score], file: Path) -> None:
    """Write one row for each submission, sorted by student."""
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out)
        table.writerow(COLUMNS)
        for score in sorted(scores, key=lambda s: (s.submission.student, str(s.submission.file))):
            table.writerow(harmless(cell) for cell in _row(score))


def _row(score: Score) -> list[str]:
    submission = score.submission
    tasks = "; ".join(f"{r.verdict.task} {r.points:g}/{r.verdict.of:g}" for r in score.results)
    exercise = submission.exercise.name if submission.exercise else ""
    remarks = "; ".join(score.remarks)
    return [submission.student, exercise, f"{score.points:g}", f"{score.of:g}", tasks, f"{score.seconds:.1f}", remarks,
            str(submission.file)]  # fmt: skip


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


def write_page(score: Score, folder: Path, number: int = 1) -> Path:
    """Write a student's page of feedback and return its path.

    Args:
        score: what it tells.
        folder: where it goes.
        number: which file of this student for this exercise it is about; each has a page.
    """
    submission = score.submission
    exercise = submission.exercise.name if submission.exercise else "no exercise"
    title = html.escape(f"{submission.student} · {exercise} · {score.points:g} of {score.of:g}")
    boxes = "\n".join(as_html(result) for result in score.results) or "<p>Nothing could be graded.</p>"
    ending = f"_{number}.html" if number > 1 else ".html"
    page = folder / (re.sub(r"[^\w.-]+", "_", f"{submission.student}_{exercise}") + ending)
    style = ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:56em;margin:2em auto;padding:0 1em}"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{style}</style>\n'
        f"<h1>{title}</h1>\n{boxes}\n</html>\n", "utf-8",
    )  # fmt: skip
    return page
