"""Read a submission: whose it is, which exercise, and the code that is run for it.

What is run are all the student's own cells, in their order. Setup cells come from the course's exercise, never from the
submission: each stands where the student has it, or before the first cell that comes after it in the exercise. Where a
student has changed one, the student's runs behind the course's, as any other cell. Checks, demos and hints are left out
where they are the course's own.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..checks.exercises import all_exercises
from ..checks.tasks import Exercise
from .identity import whose
from .notebook import Cell, Unreadable, cells_of

COURSE = Path(__file__).resolve().parents[2]
CURIOUS = frozenset(
    {"course_lib", "ctypes", "gc", "inspect", "os", "sys", "subprocess", "signal", "builtins", "importlib"}
    | {"globals", "__globals__", "_getframe", "_exit", "setattr", "exec", "eval", "open"}
)
"""Words in a student's own cells that are no proof of anything, but worth a look."""


Whose = Callable[[Path], tuple[str, str | None]]


@dataclass
class Submission:
    """A submitted notebook.

    Args:
        file: where it was read from.
        student: whose it is, from the folder or the file's name.
        exercise: which one, None if it is none that is known.
        cells: the code to run, in order.
        remarks: what the instructor should look at.
        numbers: of each of the cells among the notebook's code cells, from 1; 0 for the course's own.
    """

    file: Path
    student: str
    exercise: Exercise | None = None
    cells: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)


def read(file: Path, whose: Whose = whose) -> Submission:
    """Read a notebook. Whatever is wrong with it becomes a remark; it never raises.

    Args:
        file: the notebook, or whatever was handed in.
        whose: says whose it is, and the exercise if the path tells it.
    """
    submission = Submission(file, file.stem.encode("utf-8", "replace").decode())
    try:
        submission.student, named = whose(file)
        _fill(submission, named)
    except Unreadable as reason:
        submission.remarks.append(f"cannot be read as a notebook: {reason}")
    except Exception as error:  # one submission never costs the others anything
        submission.remarks.append(
            f"cannot be read as a notebook ({type(error).__name__}: {str(error)[:200]})"
        )
    submission.remarks = [
        remark.encode("utf-8", "replace").decode() for remark in dict.fromkeys(submission.remarks)
    ]
    return submission


def _fill(submission: Submission, named: str | None) -> None:
    cells, odd = cells_of(submission.file)
    submission.remarks += odd
    text = "\n".join(cell.source for cell in cells)
    counts = {e.name: sum(f"def {t.name}(" in text for t in e.tasks) for e in all_exercises()}
    best = max(counts, key=lambda name: counts[name])
    if named not in counts or not (counts[named] or counts[best]):
        named = best if counts[best] else None
    if named is None:
        submission.remarks.append("has none of the functions of any exercise")
        return
    if counts[best] > counts[named]:
        submission.remarks.append(f"is called {named}, but holds functions of {best}")
    submission.exercise = exercise = next(e for e in all_exercises() if e.name == named)
    own = course_cells(exercise.name)
    cells = [_revived(cell, cells, exercise, own, submission.remarks) for cell in cells]
    for number, source in _run(cells, own, [task.name for task in exercise.tasks]):
        submission.numbers.append(number)
        submission.cells.append(source)
    for cell in cells:
        if cell.kind == "code" and not any(cell.source.strip() == other.source.strip() for other in own):
            words = sorted({word for word in re.findall(r"\w+", cell.source) if word in CURIOUS})
            if words and cell.role != "scratch":
                submission.remarks.append(f"uses {', '.join(words)}")


@functools.cache
def course_cells(name: str) -> tuple[Cell, ...]:
    """Return the code cells of an exercise as the course hands it out."""
    return tuple(cell for cell in cells_of(COURSE / "exercises" / f"{name}.ipynb")[0] if cell.kind == "code")


def _revived(
    cell: Cell, cells: Sequence[Cell], exercise: Exercise, own: Sequence[Cell], remarks: list[str]
) -> Cell:
    """Return a task's cell that became text as the code it was."""
    if cell.kind == "code":
        return cell
    for task in exercise.tasks:
        begins = f"def {task.name}("
        if begins in cell.source and not any(begins in c.source for c in cells if c.kind == "code"):
            remarks.append(f"the cell of {task.name} is no code cell any more; it was run as one")
            return Cell("code", cell.source, cell.names, "exercise", cell.number)
    return cell


def _run(cells: Sequence[Cell], own: Sequence[Cell], tasks: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the code that is run, each with the number of its cell, 0 for the course's."""
    done = 0
    for cell in cells:
        if cell.kind != "code":
            continue
        place = _place(cell, own, tasks)
        for k in range(done, 0 if place is None else place + 1):
            if own[k].role == "setup":
                yield 0, own[k].source
        done = done if place is None else max(done, place + 1)
        same = any(cell.source.strip() == other.source.strip() and other.role != "exercise" for other in own)
        if not same and cell.source.strip():
            yield cell.number, cell.source
    for k in range(done, len(own)):
        if own[k].role == "setup":
            yield 0, own[k].source


def _place(cell: Cell, own: Sequence[Cell], tasks: Sequence[str]) -> int | None:
    """Return which of the course's cells this one is, or was: by its names, its text, or the task it defines."""
    for k, other in enumerate(own):
        if set(cell.names) & set(other.names) or cell.source.strip() == other.source.strip():
            return k
    for k, other in enumerate(own):
        for begins in (f"def {task}(" for task in (*tasks, "student")):
            if begins in cell.source and begins in other.source:
                return k
    return None
