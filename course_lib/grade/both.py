"""nbgrader's grades and ours side by side: ``python -m course_lib.grade.both lab/gradebook.db lab/graded``.

Every difference is explained in words. Points given by hand in nbgrader's form grader are taken over, so that
``grades.csv`` and what the platforms import have them too. It needs nbgrader.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .identity import key
from .options import add_platform, roster
from .record import JOURNAL, Journal, Row, TaskRow, chosen
from .tables import PLATFORMS, write_grades, write_table


@dataclass(frozen=True)
class Cell:
    """A graded cell in nbgrader's book.

    Args:
        name: its ``grade_id``.
        points: that it has; None while nobody has graded it.
        of: how many there are.
        by_hand: whether it is a text, whose points a person gives.
        changed: whether a person put other points in the place of a check's.
    """

    name: str
    points: float | None
    of: float
    by_hand: bool = False
    changed: bool = False


Book = dict[tuple[str, str], list[Cell]]
"""nbgrader's cells by student, as `identity.key` writes it, and exercise."""


def read_book(file: Path) -> Book:
    """Return what nbgrader's gradebook holds.

    Raises:
        ModuleNotFoundError: if nbgrader is not installed.
    """
    from nbgrader.api import Gradebook  # type: ignore[import-not-found]

    book: Book = {}
    with Gradebook(f"sqlite:///{file.absolute()}") as grades:
        for exercise in (assignment.name for assignment in grades.assignments):
            for submission in grades.assignment_submissions(exercise):
                cells = book.setdefault((key(submission.student.id), exercise), [])
                for notebook in submission.notebooks:
                    for grade in notebook.grades:
                        points = None if grade.needs_manual_grade else float(grade.score)
                        by_hand = not grade.name.startswith("check-")
                        changed = grade.manual_score is not None and not by_hand
                        cells.append(Cell(grade.name, points, float(grade.max_score), by_hand, changed))
    return book


def with_manual(row: Row, cells: Sequence[Cell]) -> Row:
    """Return a row with the points that a person gave, as tasks of their own."""
    extra = [
        TaskRow(cell.name.replace("-", "_"), cell.points or 0.0, cell.of, _state(cell))
        for cell in cells
        if cell.by_hand
    ]
    return replace(row, tasks=(*(t for t in row.tasks if t.name not in {e.name for e in extra}), *extra))


def _state(cell: Cell) -> str:
    return "ungraded" if cell.points is None else "right"


def differences(row: Row | None, cells: Sequence[Cell] | None) -> list[str]:
    """Say where the two grades of a student's exercise differ, and why that may be; each reason once."""
    if cells is None:
        return ["nbgrader has no submission: it was not autograded, or set aside; run mend and autograde"]
    if row is None:
        return ["course_lib.grade has no submission: its file was not among those graded"]
    tasks = {f"check-{task.name.replace('_', '-')}": task for task in row.tasks}
    theirs = {cell.name: cell for cell in cells}
    reasons: dict[str, list[str]] = {}
    for name, task in tasks.items():
        cell = theirs.get(name)
        if reason := _reason(cell, task):
            points = f" ({cell.points or 0:g} in nbgrader, {task.points:g} here)" if cell else ""
            reasons.setdefault(reason, []).append(f"{task.name}{points}")
    waiting = [cell.name for cell in cells if cell.points is None and cell.name not in tasks]
    if waiting:
        reasons["waits for the form grader"] = waiting
    return [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]


def _reason(cell: Cell | None, task: TaskRow) -> str:
    if cell is None:
        return "nbgrader has no such cell, the release is older than the course; release it again"
    if cell.of != task.of:
        return (
            f"nbgrader's release has {cell.of:g} points and the course {task.of:g}; "
            "run generate_assignment and autograde again, both with --force"
        )
    if cell.points is None:
        return "waits for the form grader, because its check did not run"
    if abs(cell.points - task.points) < 1e-9:
        return ""
    if cell.changed:
        return "a person changed nbgrader's points in the form grader"
    if cell.points > task.points:
        return (
            "code in the notebook may have changed the checker, or the answer needs what is only there in a notebook; "
            "read the file, and trust the lower one until then"
        )
    return "the cell was copied, moved below its check or has lost its mark, or an earlier cell stopped the notebook"


def compared(rows: Sequence[Row], book: Book) -> list[dict[str, str]]:
    """Return a line for each student and exercise: both grades, points by hand, the sum, the difference in words."""
    ours = {row.whose: row for row in rows if row.exercise}
    lines = []
    for whose in sorted({*ours, *book}):
        row, cells = ours.get(whose), book.get(whose)
        by_hand = [cell for cell in cells or () if cell.by_hand]
        manual = sum(cell.points or 0.0 for cell in by_hand)
        auto = [cell.points or 0.0 for cell in cells or () if not cell.by_hand]
        words = differences(row, cells)
        if words and row and row.remarks:
            words.append(f"remarks: {'; '.join(row.remarks)}")
        lines.append({
            "student": row.student if row else whose[0], "exercise": whose[1], "ours": f"{row.points:g}" if row else "",
            "nbgrader": f"{sum(auto):g}" if cells is not None else "", "by hand": f"{manual:g}" if by_hand else "",
            "sum": f"{row.points + manual:g}" if row else "",
            "of": f"{row.of + sum(cell.of for cell in by_hand):g}" if row else "", "difference": "; ".join(words),
        })  # fmt: skip
    return lines


def main(arguments: list[str]) -> int:
    """Compare, write ``both.csv``, and print every difference."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grade.both", description=__doc__)
    parser.add_argument("gradebook", type=Path, help="nbgrader's, such as lab/gradebook.db")
    parser.add_argument("graded", type=Path, help="the --out of course_lib.grade")
    parser.add_argument(
        "--several", choices=["last", "best"], default="last", help="which file of a student counts"
    )
    parser.add_argument("--roster", metavar="CSV", type=roster, help="as for course_lib.grade; with --for")
    add_platform(parser)
    options = parser.parse_args(arguments)
    for file in (options.gradebook, options.graded / JOURNAL):
        if not file.is_file():
            parser.error(f"{file} is not there; first run nbgrader autograde and python -m course_lib.grade")
    try:
        book = read_book(options.gradebook)
    except ModuleNotFoundError:
        parser.error("nbgrader is not installed: pip install --editable '.[lab]'")
    rows = chosen(Journal.opened(options.graded, keep=True).rows.values(), options.several)
    lines = compared(rows, book)
    columns = ["student", "exercise", "ours", "nbgrader", "by hand", "sum", "of", "difference"]
    write_table(options.graded / "both.csv", columns, lines, "utf-8-sig")
    totals = [with_manual(row, book.get(row.whose, ())) for row in rows]
    write_grades(totals, options.graded / "grades.csv", named=any(row.name for row in rows))
    told = [
        f"{line['student']}, {line['exercise']}: {line['difference']}" for line in lines if line["difference"]
    ]
    count = len(told)
    if options.platform:
        told += PLATFORMS[options.platform](totals, options.graded, options.roster)
    print("\n".join([*told, f"{len(lines)} compared, {count} to look at; see {options.graded / 'both.csv'}"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
