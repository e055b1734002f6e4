"""What an exercise is made of: tasks, each with its solution, its cases and its known mistakes."""

from __future__ import annotations

import functools
import inspect
import sys
import textwrap
import types
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from . import compare, picture
from .guard import SECONDS, guarded, pristine
from .observe import Case, Driver, Odd, Run, call, observe, say

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


@dataclass(frozen=True, kw_only=True)
class Code(Task):
    """A function that must do what the solution does, with a bank of known mistakes."""

    wrong: Sequence[Mistake] = ()

    @functools.cached_property
    def expected(self) -> list[Run]:
        """What the solution shows."""
        with pristine():
            return self.observe(self.solution)

    @functools.cached_property
    def bank(self) -> list[tuple[Mistake, list[Run]]]:
        """What the known mistakes show."""
        with pristine():
            return [(mistake, self.observe(self.version(mistake.change))) for mistake in self.wrong]

    def version(self, *changes: Mapping[str, str]) -> Callable[..., Any]:
        """Return the solution with pieces of its text replaced.

        Raises:
            ValueError: if a piece is not there (any more), or not exactly once.
        """
        source = self.source
        for old, new in (pair for change in changes for pair in change.items()):
            if source.count(old) != 1:
                raise ValueError(
                    f"{self.name}: {old!r} stands {source.count(old)} times in the solution, not once"
                )
            source = source.replace(old, new)
        namespace = dict(vars(sys.modules[self.solution.__module__]))
        exec(compile(source, f"<a version of {self.name}>", "exec"), namespace)
        function = namespace[self.name]
        assert isinstance(function, types.FunctionType)
        return function

    def diagnosis(self, runs: list[Run]) -> Mistake | None:
        """Return the one known mistake that behaves like this in every case; None if there is none or more than one."""
        found = [mistake for mistake, shown in self.bank if compare.agree(runs, shown)]
        return found[0] if len(found) == 1 else None

    def explain_trouble(self, runs: list[Run], verdict: Verdict) -> None:
        """Also look whether a known mistake raises the same error."""
        super().explain_trouble(runs, verdict)
        self._speak(self.diagnosis(runs), verdict)

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Compare with the solution in every case; name the mistake if it is a known one."""
        difference = compare.first_difference(runs, self.expected)
        if difference is None:
            verdict.state, verdict.headline = "right", "Right"
            verdict.lines = [f"It agrees with the reference in {len(runs)} cases."]
            return
        verdict.headline = "Not yet right"
        verdict.lines = compare.told(difference, len(self.cases))
        verdict.picture = picture.paths(runs, self.expected, difference.case)
        self._speak(self.diagnosis(runs), verdict)

    def _speak(self, mistake: Mistake | None, verdict: Verdict) -> None:
        if mistake:
            verdict.mistake = mistake.name
            verdict.lines.append(f"This looks like: {mistake.name}. {mistake.why}")
            verdict.lines.append(f"To read again: {mistake.reread or self.reread}.")


@dataclass(frozen=True, kw_only=True)
class Number(Task):
    """A number to find or to predict; known wrong numbers get their reason.

    Args:
        expected: the number, from the student's variant.
        rtol: how far off it may be, relative to the expected number.
        unit: shown beside numbers.
        wrong: pairs of a wrong number and the reason why it is wrong, from the student's variant.
    """

    expected: Callable[[Mine], float]
    rtol: float = 0.02
    unit: str = ""
    wrong: Callable[[Mine], Sequence[tuple[float, str]]] = lambda mine: ()

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Compare with the expected number, then with the known wrong ones."""
        verdict.headline = "Not yet right"
        got = runs[0].seen[0].value
        if not isinstance(got, np.ndarray) or got.ndim or not np.isfinite(got):
            shape = f"an array of shape {got.shape}" if isinstance(got, np.ndarray) and got.ndim else f"{got}"
            verdict.lines = [f"Expected one number, got {got.words if isinstance(got, Odd) else shape}."]
            return
        value, expected = float(got), self.expected(mine)
        if self._near(value, expected):
            verdict.state, verdict.headline = "right", "Right"
            verdict.lines = [f"{value:g}{self.unit and ' ' + self.unit}, to within {100 * self.rtol:g} %."]
            return
        reasons = [reason for wrong, reason in self.wrong(mine) if self._near(value, wrong)]
        large = abs(value - expected) > abs(expected)
        side = "high" if value > expected else "low"
        verdict.lines = [f"{value:g}{self.unit and ' ' + self.unit} is {'much ' if large else ''}too {side}."]
        if len(reasons) == 1:
            verdict.mistake = reasons[0]
            verdict.lines.append(reasons[0])

    def _near(self, value: float, number: float) -> bool:
        return abs(value - number) <= self.rtol * abs(number) + 1e-12


@dataclass(frozen=True, kw_only=True)
class Choice(Task):
    """A question with lettered answers; every wrong one has its reason."""

    right: str
    wrong: Mapping[str, str]
    drive: Driver = say

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Compare letters."""
        got = runs[0].seen[0].value
        letter = got.lower() if isinstance(got, str) else ""
        if letter == self.right:
            verdict.state, verdict.headline = "right", "Right"
            return
        verdict.headline = "Not yet right"
        if letter in self.wrong:
            verdict.mistake = self.wrong[letter]
            verdict.lines = [self.wrong[letter]]
        else:
            letters = ", ".join(f'"{k}"' for k in sorted([self.right, *self.wrong]))
            words = got.words if isinstance(got, Odd) else f"text, {got!r}"
            verdict.lines = [f"Return one of {letters}; this is {words}."]


@dataclass(frozen=True, kw_only=True)
class Goal(Task):
    """A free task: whatever the function does, what it reaches is measured.

    Args:
        reached: from what was seen and the student's variant, whether the goal is reached, and a sentence that says so.
    """

    reached: Callable[[list[Run], Mine], tuple[bool, str]]

    @property
    def handed_over(self) -> list[str]:
        """Only what has no default: the hyperparameters of a method of one's own are one's own."""
        parameters = inspect.signature(self.solution).parameters.values()
        return [p.name for p in parameters if p.default is inspect.Parameter.empty]

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Measure what was reached."""
        odd = [s for run in runs for s in run.seen if isinstance(s.value, Odd)]
        if odd:
            assert isinstance(odd[0].value, Odd)
            where = f" at step {odd[0].step}" if odd[0].step else ""
            verdict.headline = "Not yet right"
            verdict.lines = [f"{odd[0].name}{where} should be numbers, but is {odd[0].value.words}."]
            return
        with np.errstate(all="ignore"):
            good, words = self.reached(runs, mine)
        verdict.state = "right" if good else "wrong"
        verdict.headline = "Reached" if good else "Not there yet"
        verdict.lines = [words]


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
