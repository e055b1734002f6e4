"""What a class can do and where it goes wrong, on one page without a name.

The checker names each student's mistake. Here they are counted, with the section to read again and what is worth
talking about in the next lecture.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..checks.exercises import all_exercises
from ..checks.kinds import Code
from ..checks.tasks import Exercise, Task
from .record import Row, TaskRow
from .tables import write_table

TO_DISCUSS = 3
"""So many mistakes are proposed for the next lecture."""


@dataclass(frozen=True)
class Often:
    """A mistake and how often it was made.

    Args:
        task: whose it is.
        name: of the mistake.
        count: how many made it.
        why: one sentence, why it is wrong; "" if the name says it.
        reread: the section to read again.
    """

    task: str
    name: str
    count: int
    why: str = ""
    reread: str = ""


@dataclass(frozen=True)
class TaskCount:
    """How a class did on a task.

    Args:
        name: the function's name.
        heading: as it stands in the exercise.
        solved: how many have it right.
        attempted: how many tried and have it wrong.
        left_out: how many did not begin.
        mistakes: the known ones, the commonest first.
        raised: how many of the attempts ended with an error, or not at all, and have no name.
        nameless: how many of the attempts are wrong in a way without a name.
    """

    name: str
    heading: str
    solved: int
    attempted: int
    left_out: int
    mistakes: tuple[Often, ...]
    raised: int
    nameless: int


@dataclass(frozen=True)
class ClassCount:
    """How a class did on an exercise.

    Args:
        exercise: its name.
        handed_in: how many.
        unread: how many of these could not be read.
        missing: how many of the roster are missing; None without one.
        median: of the points.
        of: the points there are.
        tasks: in order.
    """

    exercise: str
    handed_in: int
    unread: int
    missing: int | None
    median: float
    of: float
    tasks: tuple[TaskCount, ...]

    @property
    def to_discuss(self) -> list[Often]:
        """The commonest mistakes of all tasks; one that a single student made is nobody else's business."""
        found = [mistake for task in self.tasks for mistake in task.mistakes if mistake.count > 1]
        return sorted(found, key=lambda mistake: -mistake.count)[:TO_DISCUSS]

    @property
    def left_out(self) -> list[TaskCount]:
        """The tasks that a third or more did not begin."""
        return [task for task in self.tasks if self.handed_in and 3 * task.left_out >= self.handed_in]


def counted(rows: Sequence[Row], missing: dict[str, int] | None = None) -> list[ClassCount]:
    """Count a class's rows, exercise by exercise.

    Args:
        rows: one for each student and exercise.
        missing: by exercise, how many handed nothing in.
    """
    found = []
    for exercise in all_exercises():
        mine = [row for row in rows if row.exercise == exercise.name]
        if mine:
            median = statistics.median(row.points for row in mine)
            of = sum(task.points for task in exercise.tasks)
            tasks = tuple(_task(exercise, task, mine) for task in exercise.tasks)
            absent = missing.get(exercise.name) if missing is not None else None
            unread = sum(not row.tasks for row in mine)
            found.append(ClassCount(exercise.name, len(mine), unread, absent, median, of, tasks))
    return found


def _task(exercise: Exercise, task: Task, rows: Sequence[Row]) -> TaskCount:
    done = [t for row in rows for t in row.tasks if t.name == task.name]
    wrong = [t for t in done if t.state in ("wrong", "raised")]
    named = Counter(t.mistake for t in wrong if t.mistake)
    mistakes = tuple(
        Often(task.name, name, count, _why(task, name), _reread(wrong, name))
        for name, count in sorted(named.items(), key=lambda item: (-item[1], item[0]))
    )
    states = Counter(t.state for t in done)
    nameless = Counter(t.state for t in wrong if not t.mistake)
    return TaskCount(task.name, exercise.heading(task), states["right"], len(wrong), states["unattempted"], mistakes,
                     nameless["raised"], nameless["wrong"])  # fmt: skip


def _why(task: Task, name: str) -> str:
    """Return the bank's own sentence; never a verdict's, which may quote what a student wrote."""
    return next((m.why for m in task.wrong if m.name == name), "") if isinstance(task, Code) else ""


def _reread(rows: Sequence[TaskRow], name: str) -> str:
    return next((row.reread for row in rows if row.mistake == name), "")


def write_counts(counts: Sequence[ClassCount], file: Path) -> None:
    """Write ``class.csv``: one line for each task and outcome, and one for each mistake."""
    lines = []
    for one in counts:
        for task in one.tasks:
            both = {"exercise": one.exercise, "task": task.name, "of": str(one.handed_in)}
            outcomes = {"solved": task.solved, "attempted": task.attempted, "left out": task.left_out}
            lines += [{**both, "outcome": name, "count": str(count)} for name, count in outcomes.items()]
            lines += [
                {**both, "outcome": "mistake", "mistake": m.name, "count": str(m.count), "reread": m.reread}
                for m in task.mistakes
            ]
            others = {"an error": task.raised, "wrong in another way": task.nameless}
            lines += [
                {**both, "outcome": "mistake", "mistake": name, "count": str(count)}
                for name, count in others.items()
                if count
            ]
    write_table(file, ["exercise", "task", "outcome", "mistake", "count", "of", "reread"], lines, "utf-8-sig")
