"""The kinds of tasks: code with a bank of known mistakes, a number, a choice, an open goal."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import cases, compare, picture, words
from .diagnose import Diagnosis, diagnose
from .observe import Driver, Run, observe, say
from .restore import pristine
from .tasks import Mine, Mistake, Task, Verdict
from .values import Odd


@dataclass(frozen=True, kw_only=True)
class Code(Task):
    """A function that must do what the solution does, with a bank of known mistakes.

    Args:
        wrong: the known mistakes.
        parts: points for a quantity that is right throughout while the whole is not, such as ``{"m": 1, "v": 1}``.
    """

    wrong: Sequence[Mistake] = ()
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def hyper(self) -> list[str]:
        """The names of an update rule's hyperparameters."""
        return self.handed_over[3:]

    @functools.cached_property
    def plan(self) -> cases.Plan:
        """All cases in order, with twins to find what is fixed in the code."""
        return cases.planned(self.cases, self.hyper)

    @functools.cached_property
    def expected(self) -> list[Run]:
        """What the solution shows."""
        with pristine():
            return observe(self.drive, self.solution, list(self.plan.cases), ours=True)

    @functools.cached_property
    def bank(self) -> list[tuple[Mistake, dict[int, Run]]]:
        """What the known mistakes show in the cases that tell."""
        with pristine():
            return [(mistake, self._shown(mistake)) for mistake in self.wrong]

    def _shown(self, mistake: Mistake) -> dict[int, Run]:
        function = self.version(mistake.change)
        runs: dict[int, Run] = {}
        for i in self.plan.telling:
            if not any(run.trouble for run in runs.values()) or i >= self.plan.deciding:
                (runs[i],) = observe(self.drive, function, [self.plan.cases[i]], ours=True)
        return runs

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

    def diagnosis(self, runs: list[Run]) -> Diagnosis | None:
        """Return what can be said for certain about a wrong function."""
        return diagnose(runs, self.expected, self.bank, self.plan)

    def explain_trouble(self, runs: list[Run], verdict: Verdict) -> None:
        """Also say in which case, and whether a known mistake raises the same error.

        Where an earlier case came to its end and is wrong, that one is told instead.
        """
        last = self._deciding(runs)
        if compare.first_difference(last[:-1], self.expected[: len(last) - 1]):
            verdict.state = "wrong"
            self.compare(runs, {}, verdict)
            return
        super().explain_trouble(runs, verdict)
        if verdict.headline == "Your code raised an error" and self.plan.deciding > 1:
            number, tried = len(last) - 1, self.plan.cases[: self.plan.deciding]
            about = f": {tried[number]['about']}" if "about" in tried[number] else ""
            verdict.lines.append(f"{words.where(number, tried, self.hyper)}{about}.")
        self._speak(self.diagnosis(runs), verdict)

    def compare(self, runs: list[Run], mine: Mine, verdict: Verdict) -> None:
        """Compare with the solution in every case; name the mistake if it is a known one."""
        deciding, expected = self._deciding(runs), self.expected[: self.plan.deciding]
        difference = compare.first_difference(deciding, expected)
        if difference is None:
            verdict.state, verdict.headline = "right", "Right"
            verdict.lines = [f"It agrees with the reference in {len(deciding)} cases."]
            return
        verdict.headline = "Not yet right"
        verdict.lines = words.told(difference, self.plan.cases[: self.plan.deciding], self.hyper)
        verdict.picture = picture.paths(runs, self.expected, difference.case)
        self._speak(self.diagnosis(runs), verdict)
        good = [name for name in self.parts if self._part_is_right(name, runs)]
        if good:
            verdict.earned = float(sum(self.parts[name] for name in good))
            verb = "is" if len(good) == 1 else "are"
            verdict.lines.append(f"Part of the points: {' and '.join(good)} {verb} right in all cases.")

    def _part_is_right(self, name: str, runs: list[Run]) -> bool:
        # where the gradient is asked for at x, a wrong x spoils what is calculated before it
        deciding = range(self.plan.deciding)
        places = [i for i in deciding if "grad" not in self.plan.cases[i]] or list(deciding)
        mine = [runs[i] for i in places if i < len(runs)]
        return compare.right_throughout(name, mine, [self.expected[i] for i in places])

    def _speak(self, found: Diagnosis | None, verdict: Verdict) -> None:
        if found:
            verdict.mistake, verdict.reread = found.name, found.reread
            verdict.lines += found.lines


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
            wanted = odd[0].value.wanted or "numbers"
            verdict.headline = "Not yet right"
            verdict.lines = [f"{odd[0].name}{where}: expected {wanted}, got {odd[0].value.words}."]
            return
        with np.errstate(all="ignore"):
            good, words = self.reached(runs, mine)
        verdict.state = "right" if good else "wrong"
        verdict.headline = "Reached" if good else "Not there yet"
        verdict.lines = [words]
