"""The grades as tables: one for people, and those that Moodle and Canvas import.

Sources of the formats: Moodle's offline grading worksheet, ``mod/assign/feedback/offline/importgradeslib.php`` (it
needs the columns Identifier, Grade and "Last modified (grade)", and an identifier "Participant 123"); Canvas's
gradebook, ``lib/gradebook_importer.rb`` (Student, ID, then SIS User ID and SIS Login ID, Section, then assignments).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..checks.exercises import all_exercises
from .record import Row, TaskRow
from .roster import Roster, Student


def write_grades(
    rows: Sequence[Row], file: Path, missing: Iterable[tuple[Student, str]] = (), named: bool = False
) -> None:
    """Write one line for each hand-in: points, and for each task its points and the mistake's name.

    The file begins with a byte order mark, so that Excel shows an ü.

    Args:
        rows: in order.
        file: is replaced at once, so nobody ever reads half a table.
        missing: students without a hand-in, each with the exercise.
        named: whether there is a roster, which knows names.
    """
    tasks = [t.name for e in all_exercises() if any(r.exercise == e.name for r in rows) for t in e.tasks]
    tasks += dict.fromkeys(t.name for row in rows for t in row.tasks if t.name not in tasks)  # by hand
    late = any(row.late for row in rows)
    columns = ["student", *(["name"] if named else []), "exercise", "points", "of"]
    columns += [column for task in tasks for column in (task, f"{task} mistake")]
    columns += [*(["late"] if late else []), "remarks", "seconds", "page", "file"]
    lines = [_line(row) for row in rows]
    lines += [
        {"student": s.id, "name": s.name, "exercise": exercise, "remarks": "nothing handed in"}
        for s, exercise in missing
    ]
    write_table(file, columns, lines, "utf-8-sig")


def _line(row: Row) -> dict[str, str]:
    line = {
        "student": row.student, "name": row.name, "exercise": row.exercise,
        "points": f"{row.points:g}", "of": f"{row.of:g}",
        "late": "late" if row.late else "", "remarks": "; ".join(row.remarks), "seconds": f"{row.seconds:g}",
        "page": row.page, "file": row.file,
    }  # fmt: skip
    for task in row.tasks:
        line |= {task.name: f"{task.points:g}", f"{task.name} mistake": task.words}
    return line


def write_table(
    file: Path, columns: Sequence[str], lines: Iterable[dict[str, str]], encoding: str = "utf-8"
) -> None:
    """Write a table whose cells no spreadsheet takes for formulas; the file is replaced at once."""
    part = file.with_name(f"{file.name}.part")
    with part.open("w", newline="", encoding=encoding, errors="backslashreplace") as out:
        table = csv.DictWriter(out, list(dict.fromkeys(columns)), restval="", extrasaction="ignore")
        table.writeheader()
        table.writerows({name: harmless(cell) for name, cell in line.items()} for line in lines)
    part.replace(file)


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula.

    Source: OWASP, "CSV Injection".

    Examples:
        >>> harmless("=1+1"), harmless(" ＝1+1"), harmless("ada")
        ("'=1+1", "' ＝1+1", 'ada')
    """
    dangerous = cell.lstrip()[:1] in tuple("=+-@|＝＋－＠") or cell[:1] in tuple("\t\r\n")
    return f"'{cell}" if dangerous else cell


def write_for_moodle(rows: Sequence[Row], folder: Path, roster: Roster | None) -> list[str]:
    """Write ``moodle_EXERCISE.csv`` for each exercise, and return in words whom Moodle will not know.

    Moodle reads it under "Upload grading worksheet", with English column names; its gradebook reads it too, and then
    finds students by ID number or e-mail address.
    """
    columns = ["Identifier", "Full name", "ID number", "Email address", "Grade", "Last modified (grade)",
               "Feedback comments"]  # fmt: skip
    troubles = []
    for exercise in _exercises(rows):
        lines = []
        for row in (r for r in rows if r.exercise == exercise):
            student = _student(row, roster)
            number = row.key or (student.key if student else "")
            own = student.id if student and student.id not in (student.email, student.name) else ""
            if not (number or student):
                troubles.append(f"{row.student}: Moodle's number is neither in the path nor in the roster")
            lines.append({
                "Identifier": f"Participant {number}" if number else "", "Full name": row.name or row.student,
                "ID number": own, "Email address": student.email if student else "",
                "Grade": f"{row.points:g}", "Last modified (grade)": "",
                "Feedback comments": "; ".join(map(_spoken, row.tasks)),
            })  # fmt: skip
        write_table(folder / f"moodle_{exercise}.csv", columns, lines)
    return troubles


def write_for_canvas(rows: Sequence[Row], folder: Path, roster: Roster | None) -> list[str]:
    """Write ``canvas.csv`` with a column for each exercise, and return in words whom Canvas will not know.

    A roster that is Canvas's own export of the gradebook gives the columns' titles, where they contain the
    exercise's name, and the students' sections.
    """
    known = roster.columns if roster else ()
    exercises = _exercises(rows)
    titles = {e: next((c for c in known if e in c), e) for e in exercises}
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles.values()]
    troubles: list[str] = []
    lines: dict[str, dict[str, str]] = {}
    for row in rows:
        student = _student(row, roster)
        given = student.given if student else {}
        line = {
            "Student": row.name or row.student,
            "ID": row.key,
            **{c: given[c] for c in columns[:5] if c in given},
        }
        if not (line["ID"] or line.get("SIS User ID") or line.get("SIS Login ID")):
            troubles.append(f"{row.student}: Canvas's ID is neither in the path nor in the roster")
        if row.exercise:
            lines.setdefault(row.whose[0], line)[titles[row.exercise]] = f"{row.points:g}"
    write_table(folder / "canvas.csv", columns, lines.values())
    return troubles


PLATFORMS = {"moodle": write_for_moodle, "canvas": write_for_canvas}


def _spoken(task: TaskRow) -> str:
    return f"{task.name} {task.points:g}/{task.of:g}{f': {task.words}' if task.words else ''}"


def _exercises(rows: Iterable[Row]) -> list[str]:
    return sorted({row.exercise for row in rows if row.exercise})


def _student(row: Row, roster: Roster | None) -> Student | None:
    return next((s for s in roster.students if s.id == row.student), None) if roster else None
