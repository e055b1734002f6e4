"""Where to read again, and what comes next, as links between the notebooks."""

from __future__ import annotations

import functools
import html
import json
import re
from pathlib import Path

import course_lib

_LESSONS = Path(course_lib.__file__).parents[1] / "notebooks"


@functools.cache
def address(place: str) -> str:
    """Return the address of a section, seen from the folder of the exercises; empty if there is no such lesson.

    Args:
        place: such as ``"lesson 04, section 3, the rule"``.

    Examples:
        >>> address("lesson 99, section 1, nothing")
        ''
    """
    found = re.match(r"lesson (\d\d)(?:, (?:section (\d+)|(appendix [A-Z])))?", place)
    files = sorted(_LESSONS.glob(f"{found[1]}_*.ipynb")) if found else []
    if not found or not files:
        return ""
    part = (found[2] or found[3] or "").replace("appendix", "Appendix")
    section = _heading(files[0], part) if part else ""
    return f"../notebooks/{files[0].name}" + (anchor(section) if section else "")


def link(words: str, where: str) -> str:
    """Return words as HTML: a link where there is something to lead to."""
    return f'<a href="{html.escape(where)}">{html.escape(words)}</a>' if where else html.escape(words)


def anchor(heading: str) -> str:
    """Return the address of a heading in its own notebook.

    JupyterLab names a heading by its text, with hyphens for spaces.
    """
    return f"#{heading.replace(' ', '-')}"


@functools.cache
def next_lesson(exercise: str) -> tuple[str, str]:
    """Return the title and the address of the lesson after an exercise's own; empty if there is none.

    Args:
        exercise: its name, such as "02_gradient_descent".
    """
    for file in sorted(_LESSONS.glob("[0-9][0-9]_*.ipynb")):
        if file.name[:2] > exercise[:2]:
            title = next((line[2:] for line in _lines(file) if line.startswith("# ")), file.stem)
            return title, f"../notebooks/{file.name}"
    return "", ""


def _heading(file: Path, number: str) -> str:
    return next((line[3:].strip() for line in _lines(file) if line.startswith(f"## {number} · ")), "")


def _lines(file: Path) -> list[str]:
    """The lines of a notebook's text."""
    try:
        cells = json.loads(file.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return []
    return [line for c in cells if c["cell_type"] == "markdown" for line in "".join(c["source"]).split("\n")]
