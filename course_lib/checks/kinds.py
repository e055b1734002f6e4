"""The kinds of tasks: code with a bank of known mistakes, a number, a choice, an open goal."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import compare, picture
from .guard import pristine
from .observe import Driver, Odd, Run, say
from .tasks import Mine, Mistake, Task, Verdict


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
