"""What an exercise is made of: tasks, each with its solution, its cases and its known mistakes."""

from __future__ import annotations

import functools
import inspect
import textwrap
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from .cases import Cases, Plan
from .errors import explained
from .guard import SECONDS, guarded
from .links import next_lesson, task_address
from .observe import Driver, Run, call, observe
from .restore import pristine
from .values import described

State = Literal["right", "wrong", "raised", "unattempted"]
Mine = Mapping[str, Any]
"""The numbers of one student's variant."""


@dataclass
class Verdict:
    """What there is to say about an attempt.

    Args:
        task: the task's name.
        of: the points there are.
        state: what came of it.
        headline: in a few words.
        lines: in sentences.
        mistake: the name of the mistake, if it is known.
        reread: the section to read again.
        earned: the points for parts that are right, where the whole is not.
        picture: as SVG.
    """

    task: str
    of: float
    state: State = "wrong"
    headline: str = ""
    lines: list[str] = field(default_factory=list)
    mistake: str = ""
    reread: str = ""
    earned: float = 0.0
    picture: str = ""

    @property
    def points(self) -> float:
        """The points: all for what is right, else those for its parts."""
        return float(self.of if self.state == "right" else self.earned)


@dataclass(frozen=True)
class Mistake:
    """A known wrong version: the solution with some of its text replaced.

    Args:
        name: short; reads well after "This looks like".
        change: old text → new text, in the solution's source.
        why: one sentence, why it is wrong.
        reread: what to read again.
        same_as: names of other mistakes which no named case can tell from this one; both are then spoken.
    """

    name: str
    change: Mapping[str, str]
    why: str
    reread: str = ""
    same_as: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing to do: a function that the student writes.

    Args:
        solution: the reference; its name is the task's name, its signature the one asked for.
        points: what a right answer earns.
        drive: how the function is called and what is noted.
        title: what it is about; the task before it shows it as the next one.
        cases: what it is called with.
        hints: from a nudge to nearly the answer.
        reread: the section to read again.
    """

    solution: Callable[..., Any]
    title: str = ""
    points: float = 1.0
    drive: Driver = field(default_factory=call)
    cases: Cases = field(default_factory=Cases)
    hints: Sequence[str] = ()
    reread: str = ""

    @property
    def name(self) -> str:
        """The function's name."""
        return self.solution.__name__

    @functools.cached_property
    def source(self) -> str:
        """The solution's code."""
        return textwrap.dedent(inspect.getsource(self.solution))

    @property
    def plan(self) -> Plan:
        """The cases in the order in which they are tried."""
        return Plan(self.cases.named, len(self.cases.named), (), ())

    def observe(self, function: Callable[..., Any], seconds: float = SECONDS) -> list[Run]:
        """Call the student's function on all cases and return what was seen. Never raises."""
        return observe(self.drive, function, list(self.plan.cases), seconds)

    @property
    def handed_over(self) -> list[str]:
        """The names of what the function is called with."""
        return list(inspect.signature(self.solution).parameters)

    def signature_problem(self, function: Any) -> str:
        """Return in words why the function cannot be called as asked, or nothing."""
        wanted = inspect.signature(self.solution)
        try:
            inspect.signature(function).bind(*self.handed_over)
        except (TypeError, ValueError):
            try:
                yours = f"({', '.join(inspect.signature(function).parameters)})"
            except (TypeError, ValueError):
                yours = "something else"
            return f"{self.name} should take ({', '.join(wanted.parameters)}); yours takes {yours}."
        return ""

    def judge(self, runs: list[Run], mine: Mine) -> Verdict:
        """Say what there is to say about what was seen. Runs no code of the student's."""
        verdict = Verdict(self.name, self.points)
        trouble = self._deciding(runs)[-1].trouble
        with pristine():
            if trouble and trouble.kind == "unattempted":
                verdict.state = "unattempted"
                verdict.headline = "Not attempted yet"
                verdict.lines = ["Write the body of the function, run its cell, then this one again."]
            elif trouble and trouble.kind == "left over":
                verdict.state = "unattempted"
                verdict.headline = "One line is in the way"
                verdict.lines = [
                    "Your code is there, but the line  raise NotImplementedError()  still stands: delete it."
                ]
            elif trouble:
                verdict.state = "raised"
                self.explain_trouble(runs, verdict)
            else:
                self.compare(runs, mine, verdict)
        if verdict.state in ("wrong", "raised"):
            verdict.reread = verdict.reread or self.reread
        return verdict

    def _deciding(self, runs: list[Run]) -> list[Run]:
        """The runs that decide right or wrong."""
        return runs[: self.plan.deciding]

    def explain_trouble(self, runs: list[Run], verdict: Verdict) -> None:
        """Fill in the verdict on a function that did not come to its end."""
        trouble = self._deciding(runs)[-1].trouble
        assert trouble
        if trouble.kind == "endless":
            verdict.headline = "Your code did not come to an end"
            verdict.lines = [f"It was stopped: {trouble.error}."]
        elif trouble.kind == "interrupted":
            verdict.headline = "Interrupted"
            verdict.lines = ["The check was interrupted by hand. Run the cell again."]
        else:
            verdict.headline = "Your code raised an error"
            verdict.lines = [f"{trouble.error}.".replace("..", ".")]
            verdict.lines += [sentence] if (sentence := explained(trouble.error, trouble.code)) else []
        if trouble.code:
            verdict.lines.append(f"It happened in line {trouble.line} of the cell:  {trouble.code}")

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Fill in the verdict on a function that came to its end."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Exercise:
    """An exercise: its name, its tasks in order, and what varies from student to student."""

    name: str
    tasks: Sequence[Task]
    varied: Callable[[np.random.Generator], dict[str, Any]] = lambda rng: {}

    def mine(self, student: Any = "") -> dict[str, Any]:
        """Return a student's own numbers; the same name gives the same ones everywhere.

        Args:
            student: the name or number, or a function that returns it; an unfinished function counts as no name.
        """
        seed = zlib.crc32(f"{self.name} {whose(student)[0].lower()}".encode())
        return self.varied(np.random.default_rng(seed))

    def heading(self, task: Task) -> str:
        """Return the heading under which a task stands in the notebook."""
        number = [t.name for t in self.tasks].index(task.name) + 1
        return f"{number} · {task.title} ({task.points:g} point{'s' if task.points != 1 else ''})"

    def after(self, task: Task) -> tuple[str, str]:
        """Return what follows a task, the next one or the next lesson, and its address."""
        number = [t.name for t in self.tasks].index(task.name) + 1
        if number == len(self.tasks):
            return next_lesson(self.name)
        heading = self.heading(self.tasks[number])
        return f"task {heading}", task_address(self.name, heading)


def whose(student: Any) -> tuple[str, str]:
    """Return a student's name, and in words why there is none.

    Args:
        student: the name or number, or a function that returns it.

    Examples:
        >>> whose(" Ada "), whose(12345), whose(lambda: 12345)[0]
        (('Ada', ''), ('12345', ''), '12345')
        >>> whose(lambda: None)[1]
        'student() returned None, no text. Is there a return?'
    """
    if not callable(student):
        return (
            (str(student).strip(), "")
            if isinstance(student, (str, int))
            else ("", f"{student!r} is no name.")
        )
    outcome = guarded(student)
    if outcome.trouble and outcome.trouble.kind == "unattempted":
        return "", "There is no name yet: write it into student()."
    if outcome.trouble:
        quotes = " Put the name in quotes." if outcome.trouble.error.startswith("NameError") else ""
        return "", f"student() raised {outcome.trouble.error}.{quotes}"
    if isinstance(outcome.value, (str, int)) and not isinstance(outcome.value, bool):
        return str(outcome.value).strip(), ""
    end = " Is there a return?" if outcome.value is None else " Return text, in quotes."
    return "", f"student() returned {described(outcome.value)}, no text.{end}"
