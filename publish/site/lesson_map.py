"""The map of the lessons, as lesson 00 draws it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .links import notebooks

_ROW = re.compile(r"^\| *(.*?) *\| \[(\d\d) (.+?)\]\((.+?)\.ipynb\) *\| *(\d+) *\| *(.+?) *\|$", re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """A row of the map in lesson 00."""

    part: str
    number: str
    name: str
    file: str
    minutes: int
    about: str


def lesson_map() -> list[Lesson]:
    """Return the rows of the map that lesson 00 draws.

    Examples:
        >>> lesson_map()[3].name
        'Momentum'
    """
    first = json.loads(notebooks("notebooks")[0].read_text("utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in first["cells"] if cell["cell_type"] == "markdown")
    rows, part = [], ""
    for found in _ROW.finditer(text):
        part = found[1] or part
        rows.append(Lesson(part, found[2], found[3], found[4], int(found[5]), found[6]))
    return rows


def short_names() -> dict[str, str]:
    """Return the names that lessons have in a menu, by their files.

    Examples:
        >>> short_names()["18_matrix_methods"]
        'Matrix methods'
    """
    names = {lesson.file: lesson.name for lesson in lesson_map()}
    return {file.stem: names.get(file.stem, "Start here") for file in notebooks("notebooks")}
