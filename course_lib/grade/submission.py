"""Read a submitted notebook: whose it is, which exercise, and which of its cells are run."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..checks.exercises import all_exercises
from ..checks.tasks import Exercise

CURIOUS = frozenset(
    {"course_lib", "ctypes", "gc", "inspect", "os", "sys", "subprocess", "signal", "builtins", "importlib"}
    | {"globals", "__globals__", "_getframe", "_exit", "setattr", "exec", "eval", "open"}
)
"""Words in a student's own cells that are no proof of anything, but worth a look."""
FOLDER = "exercises"
"""Where the course keeps its exercises. JupyterLite puts it before the name of a downloaded file."""


@dataclass
class Submission:
    """A submitted notebook.

    Args:
        file: where it was read from.
        student: whose it is, from the folder or the file's name.
        exercise: which one, None if it is none that is known.
        cells: the code to run, in order.
        remarks: what the instructor should look at.
    """

    file: Path
    student: str
    exercise: Exercise | None = None
    cells: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read(file: Path) -> Submission:
    """Read a notebook. Whatever is wrong with it becomes a remark."""
    submission = Submission(file, _student(file))
    try:
        cells = json.loads(file.read_text("utf-8"))["cells"]
        code = [(cell, "".join(cell["source"])) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        submission.remarks.append(f"cannot be read as a notebook ({type(error).__name__})")
        return submission
    text = "\n".join(source for _, source in code)
    counts = {e.name: sum(f"def {t.name}(" in text for t in e.tasks) for e in all_exercises()}
    best = max(counts, key=lambda name: counts[name])
    if not counts[best]:
        submission.remarks.append("has none of the functions of any exercise")
        return submission
    submission.exercise = next(e for e in all_exercises() if e.name == best)
    for cell, source in code:
        kept = _kept(cell, source)
        if kept:
            submission.cells.append(kept)
        if _tag(cell) not in ("setup", "check", "demo"):
            found = sorted({word for word in re.findall(r"\w+", source) if word in CURIOUS})
            if found and _tag(cell) != "scratch":
                submission.remarks.append(f"uses {', '.join(found)}")
    submission.remarks = list(dict.fromkeys(submission.remarks))
    return submission


def _student(file: Path) -> str:
    """Return the student's name: the file's, or, where that is the exercise's, the folder's.

    A browser's own additions to a file's name are none: the folder before it, a number behind a second download.
    """
    names = [e.name for e in all_exercises()]
    known = rf"[_-]?({FOLDER}_)?({'|'.join(names)})( ?\(\d+\))?"
    if own := re.sub(known, "", file.stem).strip("_- "):
        return own
    folders = [part for part in file.absolute().parent.parts if part not in (FOLDER, *names)]
    return folders[-1] if folders else file.stem


def _tag(cell: dict[str, Any]) -> str:
    tags = cell.get("metadata", {}).get("tags", [])
    return tags[0] if isinstance(tags, list) and tags else ""


def _kept(cell: dict[str, Any], source: str) -> str:
    """Return what of a cell is run: nothing of checks and demos, all of setup and answers, definitions of the rest."""
    source = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
    if _tag(cell) in ("check", "demo"):
        return ""
    if _tag(cell) in ("setup", "exercise"):
        return source
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    kinds = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    tree.body = [s for s in tree.body if isinstance(s, kinds) or _constant(s)]
    return ast.unparse(tree)


def _constant(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
