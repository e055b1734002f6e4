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

from .guard import SECONDS, guarded, pristine
from .observe import Case, Driver, Run, call, observe

State = Literal["right", "wrong", "raised", "unattempted"]
Mine = Mapping[str, Any]
"""The numbers of one student's variant."""


@dataclass
class Verdict:
    """What there is to say about an attempt."""

    task: str
    of: float
    state: State = "wrong"
    headline: str = ""
    lines: list[str] = field(default_factory=list)
    mistake: str = ""
    picture: str = ""

    @property
    def points(self) -> float:
        """The points earned: all or none."""
        return float(self.of) if self.state == "right" else 0.0


@dataclass(frozen=True)
class Mistake:
    """A known wrong version: the solution with some of its text replaced.

    Args:
        name: short; reads well after "This looks like".
        change: old text → new text, in the solution's source.
        why: one sentence, why it is wrong.
        reread: what to read again.
        same_as: names of other mistakes which no case can tell from this one.
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
        cases: what it is called with.
        hints: from a nudge to nearly the answer.
        reread: the section to read again.
    """

    solution: Callable[..., Any]
    points: float = 1.0
    drive: Driver = field(default_factory=call)
    cases: Sequence[Case] = ({},)
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

    def observe(self, function: Callable[..., Any], seconds: float = SECONDS) -> list[Run]:
        """Call the student's function on all cases and return what was seen. Never raises."""
        return observe(self.drive, function, list(self.cases), seconds)

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
        trouble = runs[-1].trouble
        with pristine():
            if trouble and trouble.kind == "unattempted":
                verdict.state = "unattempted"
                verdict.headline = "Not attempted yet"
                verdict.lines = ["Write the body of the function, run its cell, then this one again."]
            elif trouble:
                verdict.state = "raised"
                self.explain_trouble(runs, verdict)
            else:
                self.compare(runs, mine, verdict)
        if verdict.state in ("wrong", "raised") and not verdict.mistake and self.reread:
            verdict.lines.append(f"To read again: {self.reread}.")
        return verdict

    def explain_trouble(self, runs: list[Run], verdict: Verdict) -> None:
        """Fill in the verdict on a function that did not come to its end."""
        trouble = runs[-1].trouble
        assert trouble
        if trouble.kind == "endless":
            verdict.headline = "Your code did not come to an end"
            verdict.lines = [f"It was stopped: {trouble.error}."]
        elif trouble.kind == "interrupted":
            verdict.headline = "Interrupted"
            verdict.lines = ["The check was interrupted by hand. Run the cell again."]
        else:
            verdict.headline = "Your code raised an error"
            verdict.lines = [trouble.error]
        if trouble.code:
            verdict.lines.append(f"It happened in line {trouble.line} of the cell:  {trouble.code}")

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Fill in the verdict on a function that came to its end."""
        raise NotImplementedError


@dataclass(frozen=True)
class Exercise:
    """An exercise: its name, its tasks in order, and what varies from student to student."""

    name: str
    tasks: Sequence[Task]
    varied: Callable[[np.random.Generator], dict[str, Any]] = lambda rng: {}

    def mine(self, student: Any = "") -> dict[str, Any]:
        """Return a student's own numbers; the same name gives the same ones everywhere.

        Args:
            student: the name, or a function that returns it; an unfinished function counts as no name.
        """
        if callable(student):
            answer = guarded(student).value
            student = answer if isinstance(answer, str) else ""
        seed = zlib.crc32(f"{self.name} {str(student).strip().lower()}".encode())
        return self.varied(np.random.default_rng(seed))
