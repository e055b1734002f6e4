"""Lessons executed so that each live figure they show is handed to a function."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

COURSE = Path(__file__).parents[1]


def lessons(names: list[str]) -> list[Path]:
    """Return the lessons whose file names begin with one of ``names``; all of them for none.

    Raises:
        ValueError: for a name that none begins with.

    Examples:
        >>> [file.name for file in lessons(["04"])]
        ['04_momentum.ipynb']
    """
    files = sorted((COURSE / "notebooks").glob("*.ipynb"))
    for name in names:
        if not any(file.name.startswith(name) for file in files):
            raise ValueError(
                f"lesson = {name!r} is not allowed: there are {', '.join(file.stem for file in files)}"
            )
    return [file for file in files if file.name.startswith(tuple(names) or "")]


def executed(notebook: Path, setup: str) -> Any:
    """Return a notebook with its outputs.

    Args:
        notebook: which one.
        setup: Python that its kernel runs first, such as a call of `hand_over`.
    """
    nb: Any = nbformat.read(notebook, as_version=4)
    nb.cells.insert(0, nbformat.v4.new_code_cell(f"{setup}\n"))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(COURSE), os.environ.get("PYTHONPATH")]))
    NotebookClient(
        nb, timeout=300, kernel_name="python3", resources={"metadata": {"path": notebook.parent}}
    ).execute()
    del nb.cells[0]
    return nb


def hand_over(make: Any) -> None:
    """Let ``make(figure)`` return the HTML that is shown in place of each live figure of this kernel."""
    from course_lib.live import Figure

    Figure._repr_mimebundle_ = lambda self, **_: ({"text/html": make(self), "text/plain": repr(self)}, {})
