"""Where to read again, and what comes next, as links between the notebooks."""

from __future__ import annotations

import functools
import html
import json
import re
from pathlib import Path

import course_lib


@functools.cache
def address(place: str) -> str:
    """Return the address of a section, seen from the folder of the exercises; empty if there is no such lesson.

    Args:
        place: such as ``"lesson 04, section 3, the rule"``.

    Examples:
        >>> address("lesson 04, section 3, the rule")
        '../notebooks/04_momentum.ipynb#cell-id=cell-07'
        >>> address("lesson 99, section 1, nothing")
        ''
    """
    found = re.match(r"lesson (\d\d)(?:, (?:section (\d+)|(appendix(?: [A-Z])?)))?", place)
    files = _files("notebooks", f"{found[1]}_*") if found else []
    if not found or not files:
        return ""
    part = (found[2] or found[3] or "").replace("appendix", "Appendix")
    return f"../notebooks/{files[0].name}" + (_anchor(files[0], f"## {part} · ") if part else "")


@functools.cache
def task_address(exercise: str, heading: str) -> str:
    """Return the address of a task in its own notebook; empty if there is no such task.

    Args:
        exercise: its name, such as "02_gradient_descent".
        heading: the whole heading of the task.
    """
    files = _files("exercises", exercise)
    return _anchor(files[0], f"## {heading}") if files else ""


def link(words: str, where: str) -> str:
    """Return words as HTML: a link where there is something to lead to."""
    return f'<a href="{html.escape(where)}">{html.escape(words)}</a>' if where else html.escape(words)


@functools.cache
def next_lesson(exercise: str) -> tuple[str, str]:
    """Return the title and the address of the lesson after an exercise's own; empty if there is none.

    Args:
        exercise: its name, such as "02_gradient_descent".
    """
    for file in _files("notebooks", "[0-9][0-9]_*"):
        if file.name[:2] > exercise[:2]:
            lines = "\n".join(text for _, text in _texts(file)).split("\n")
            title = next((line[2:] for line in lines if line.startswith("# ")), file.stem)
            return title, f"../notebooks/{file.name}"
    return "", ""


def _files(folder: str, pattern: str) -> list[Path]:
    """Notebooks of a folder of the course: beside the library, or beside the folder where one works."""
    places = (Path(course_lib.__file__).parents[1], Path.cwd().parent)
    found = (sorted(place.joinpath(folder).glob(f"{pattern}.ipynb")) for place in places)
    return next(filter(None, found), [])


def _anchor(file: Path, begins: str) -> str:
    """The address of a cell in its own notebook, found by how its text begins; empty if there is none.

    Headings have addresses too, but JupyterLab finds none that has a letter outside ASCII, such as "·".
    """
    return next((f"#cell-id={name}" for name, text in _texts(file) if text.startswith(begins)), "")


def _texts(file: Path) -> list[tuple[str, str]]:
    """The cells of text in a notebook: name and text of each."""
    try:
        cells = json.loads(file.read_text("utf-8"))["cells"]
        return [(c["id"], "".join(c["source"])) for c in cells if c["cell_type"] == "markdown"]
    except (OSError, ValueError, KeyError):
        return []
