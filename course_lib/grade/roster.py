"""The list of a class: who is missing, and who is unknown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .identity import Named, key, same

COLUMNS = {
    "id": ("id number", "student id", "student number", "matriculation number", "matrikelnummer", "sis user id",
           "username", "login", "sis login id", "id", "number", "nummer", "matricule", "kennung", "student"),
    "name": ("full name", "name", "student name", "student", "vollständiger name", "nombre completo", "nom complet"),
    "first": ("first name", "firstname", "first_name", "given name", "vorname", "prénom", "nombre"),
    "last": ("last name", "lastname", "last_name", "surname", "family name", "nachname", "nom", "apellidos"),
    "email": ("email address", "email", "e-mail", "mail", "e-mail-adresse", "adresse de courriel"),
    "key": ("identifier", "participant", "canvas id"),
}  # fmt: skip
"""What columns are called, as Moodle, Canvas, nbgrader and offices write them. Of several the first counts."""


@dataclass(frozen=True)
class Student:
    """One line of a roster.

    Args:
        id: what the grades are kept under: the student's number, else login, else name.
        name: in full, "" if the roster has none.
        email: "" if it has none.
        key: the learning platform's own number.
        given: the line as it stands in the file, by column.
    """

    id: str
    name: str = ""
    email: str = ""
    key: str = ""
    given: dict[str, str] = field(default_factory=dict, compare=False, hash=False)

    def is_called(self, name: str) -> bool:
        """Whether a name means this student: number, name in either order, Canvas's joined name, or address."""
        words = self.name.replace(",", " ").split()
        orders = {" ".join(words), " ".join(words[-1:] + words[:-1]), " ".join(words[1:] + words[:1])}
        joined = re.sub(r"[\W_]", "", key(name))
        return (
            same(name, self.id)
            or (bool(self.email) and key(name) in (key(self.email), key(self.email.split("@")[0])))
            or (
                bool(words)
                and (key(name.replace(",", " ")) in map(key, orders) or joined in map(_joined, orders))
            )
        )


def _joined(text: str) -> str:
    return re.sub(r"[\W_]", "", key(text))


@dataclass(frozen=True)
class Roster:
    """A class.

    Args:
        students: in the file's order.
        columns: of the file.
    """

    students: Sequence[Student]
    columns: Sequence[str] = ()

    def find(self, named: Named) -> Student | None:
        """Return the student whom a path names; None if there is none or if there are two."""
        found = [s for s in self.students if named.key and s.key == named.key]
        for name in filter(None, (named.student, *named.others)):
            found = found or [s for s in self.students if same(name, s.id)]
            found = found or [s for s in self.students if s.is_called(name)]
        return found[0] if len(found) == 1 else None

    def missing(self, handed_in: Iterable[str]) -> list[Student]:
        """Return who is not among these ids."""
        there = {key(student) for student in handed_in}
        return [s for s in self.students if key(s.id) not in there]


def read(file: Path) -> Roster:
    """Read a roster: CSV with a line of column names, separated by comma, semicolon or tab.

    Args:
        file: such as Moodle's participants or grading worksheet, Canvas's gradebook, or a list of one's own with the
            columns ``id`` and ``name``.

    Raises:
        ValueError: if no column says who the students are, if one has no line, or if two lines have the same number.
    """
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    head = text.split("\n", 1)[0]
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    columns = [column for column in table.fieldnames or [] if column]
    at = {kind: _column(kind, columns) for kind in COLUMNS}
    if {"Student", "ID", "Section"} <= set(columns):  # Canvas's gradebook
        at["key"] = "ID"
    if not (at["id"] or at["name"] or at["last"] or at["email"]):
        raise ValueError(f"roster {file}: none of the columns {columns} is an id, a name or an e-mail address; "
                         f"call one of them 'id' or 'name'")  # fmt: skip
    students = [
        s for line in table if (s := _student({k: (v or "").strip() for k, v in line.items() if k}, at)).id
    ]
    students = [s for s in students if not s.id.startswith("Points Possible")]  # Canvas's second line
    ids = [key(s.id) for s in students]
    if twice := sorted({s.id for s in students if ids.count(key(s.id)) > 1}):
        raise ValueError(
            f"roster {file}: more than one line for {', '.join(twice[:5])}; each student needs an id"
        )
    if not students:
        raise ValueError(f"roster {file} has no student in it; each needs a line below the column names")
    return Roster(students, columns)


def _column(kind: str, columns: Sequence[str]) -> str:
    names = {key(column.replace("_", " ")): column for column in reversed(columns)}
    return next((names[n] for n in map(lambda n: key(n.replace("_", " ")), COLUMNS[kind]) if n in names), "")


def _student(line: dict[str, str], at: dict[str, str]) -> Student:
    first, last = line.get(at["first"], ""), line.get(at["last"], "")
    name = f"{first} {last}".strip() if at["last"] else line.get(at["name"], "")
    email = line.get(at["email"], "")
    number = line.get(at["id"], "") or email or name
    return Student(number, name, email, re.sub(r"\D", "", line.get(at["key"], "")), line)
