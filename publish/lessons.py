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


def executed(notebook: Any, setup: str, folder: Path = COURSE / "notebooks") -> Any:
    """Return a notebook with its outputs; it is changed in place.

    Args:
        notebook: as nbformat has it.
        setup: Python that its kernel runs first, such as a call of `hand_over`; the kernel finds this package.
        folder: where it runs.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    notebook.cells.insert(0, nbformat.v4.new_code_cell(setup))
    found = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(COURSE), found]))
    client = NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    finally:
        os.environ["PYTHONPATH"] = found
    del notebook.cells[0]
    return notebook


def hand_over(make: Any) -> None:
    """Let ``make(figure)`` return the HTML that is shown in place of each live figure of this kernel."""
    from course_lib.live import Figure

    Figure._repr_mimebundle_ = lambda self, **_: ({"text/html": make(self), "text/plain": repr(self)}, {})
