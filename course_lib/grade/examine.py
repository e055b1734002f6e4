"""Examine one submission: run its cells, drive its functions, and judge what they did."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..checks.elsewhere import Far
from ..checks.guard import Trouble, readable
from ..checks.result import Result, judged
from ..checks.tasks import Exercise, Task, Verdict
from .identity import same
from .sandbox import Sandbox
from .session import Gone, Session
from .submission import Submission


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        seconds: of the clock, in all.
        megabytes: of memory.
        task: seconds of the clock for one task.
        call: seconds of the clock for one call of a function; some tasks allow a multiple of it.
        cell: seconds of the clock for one cell.
    """

    seconds: float = 120.0
    megabytes: int = 3000
    task: float = 45.0
    call: float = 6.0
    cell: float = 10.0


@dataclass
class Score:
    """A graded submission.

    Args:
        submission: what was graded.
        results: one for each task of its exercise.
        remarks: what the instructor should look at.
        seconds: how long it took.
        seed: of the fresh cases; the same one grades alike.
    """

    submission: Submission
    results: list[Result] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0.0
    seed: int = 0

    @property
    def points(self) -> float:
        """The points earned."""
        return sum(result.points for result in self.results)

    @property
    def of(self) -> float:
        """The points there were."""
        return sum(result.verdict.of for result in self.results)


class Examination:
    """The examination of one submission.

    Args:
        submission: what is examined.
        exercise: the cases it is judged by.
        sandbox: where it runs.
        limits: what it may use.
        by_student: take the numbers that vary from the student's name, not from what the notebook says.
    """

    def __init__(
        self,
        submission: Submission,
        exercise: Exercise,
        sandbox: Sandbox,
        limits: Limits,
        by_student: bool = False,
    ) -> None:
        self.submission, self.exercise, self.sandbox = submission, exercise, sandbox
        self.limits, self.by_student = limits, by_student
        self.failed: dict[int, str] = {}  # by the cell's place, what it did
        self.deadly: set[int] = set()  # cells that the process did not survive
        self.remarks: list[str] = []
        self._session: Session | None = None
        self._until = 0.0

    def score(self) -> Score:
        """Run, drive and judge. Never raises."""
        began = time.monotonic()
        self._until = began + self.limits.seconds
        score = Score(self.submission)
        mine: dict[str, Any] = {}
        try:
            mine = self._mine()
        except Exception as error:
            self.remarks.append(f"student() could not be asked ({type(error).__name__}: {error})")
        for task in self.exercise.tasks:
            try:
                result = self._result(task, mine)
            except Exception as error:  # whatever its process may say, the others' results stay
                result = _no_result(
                    task, "No answer came", f"It could not be judged ({type(error).__name__})."
                )
                self.remarks.append(
                    f"{task.name} could not be judged ({type(error).__name__}: {str(error)[:200]})"
                )
            if result.verdict.state not in ("right", "unattempted"):
                result.remarks.extend(self.failed[place] for place in sorted(self.failed)[:3])
            score.results.append(result)
        if self._session:
            self._session.close()
        score.remarks = [*self.submission.remarks, *self.remarks, *self.failed.values()]
        score.seconds = time.monotonic() - began
        return score

    # -- the process ------------------------------------------------------------------------------

    def _alive(self) -> Session:
        """Return the conversation with a process in which the cells have run.

        Raises:
            Gone: if there is no time left to begin one.
        """
        while self._session is None or self._session.gone:
            if self._session:
                self._session.close()
            if time.monotonic() > self._until:
                raise Gone(f"its {self.limits.seconds:g} seconds were over")
            self._session = self.sandbox.session()
            self._run_cells(self._session)
        return self._session

    def _found(self, name: str) -> tuple[Session, Far | None]:
        """Return a function; what a task left behind may only show when its process is talked with again."""
        try:
            return self._alive(), self._alive().find(name)
        except Gone:
            return self._alive(), self._alive().find(name)

    def _run_cells(self, session: Session) -> None:
        place = -1
        try:
            session.vary(lambda exercise, name: self.exercise.mine(name), 60)
            for place, source in enumerate(self.submission.cells):
                if place in self.deadly:
                    continue
                seconds = max(0.1, min(self.limits.cell, (self._until - time.monotonic()) / 2))
                trouble = session.run_cell(self.submission.numbers[place] or place, source, seconds)
                if trouble:
                    self.failed[place] = self._words(place, trouble)
        except Gone as gone:
            if place < 0:
                raise
            self.deadly.add(place)
            self.failed[place] = self._words(place, Trouble("raised", str(gone)))

    def _words(self, place: int, trouble: Trouble) -> str:
        """Say which cell failed, and why."""
        number, source = self.submission.numbers[place], self.submission.cells[place]
        first = next((line.strip() for line in source.splitlines() if line.strip()), "")[:60]
        which = f"Code cell {number}" if number else "A setup cell of the course"
        at = f", in its line {trouble.line}: {trouble.code[:80]}" if trouble.line else ""
        return readable(f"{which} ({first} …) did not run to its end: {trouble.error or trouble.kind}{at}")

    # -- the student's own numbers ----------------------------------------------------------------

    def _mine(self) -> dict[str, Any]:
        """Return the numbers of whoever the notebook says it is of, or, by student, of whose it is."""
        student = self._alive().find("student")
        said: list[Any] = []
        if student:
            student.guarded(lambda: said.append(student()), 1.0)
        told = str(said[0]).strip() if said and type(said[0]) in (str, int) else ""
        whose = self.submission.student
        if not self.by_student or same(told, whose):
            return self.exercise.mine(told)
        mine = self.exercise.mine(whose)
        if mine:
            self.remarks.append(f"says it is {told[:40]!r}, judged with the numbers of {whose!r}")
        return mine

    # -- tasks ------------------------------------------------------------------------------------

    def _result(self, task: Task, mine: dict[str, Any]) -> Result:
        try:
            session, function = self._found(task.name)
        except Gone as gone:
            return _no_result(task, "No answer came", f"It was not tried: {gone}.")
        if not isinstance(function, Far):
            return _no_result(task, "Cannot be called", f"There is no function {task.name}.")
        if problem := task.signature_problem(function):
            return _no_result(task, "Not yet right", problem, "wrong")
        session.until = min(self._until, time.monotonic() + self.limits.task)
        result = judged(self.exercise, task, task.observe(function, self.limits.call), mine)
        if session.gone:
            self.remarks.append(f"{task.name}: {session.gone}")
        return result


def _no_result(task: Task, headline: str, words: str, state: Any = "raised") -> Result:
    return Result(Verdict(task.name, task.points, state, headline, [words]))


def examined(
    submission: Submission,
    exercises: Sequence[Exercise],
    sandbox: Sandbox,
    limits: Limits,
    by_student: bool = False,
) -> Score:
    """Return the score of a submission, of whatever exercise it is. Never raises.

    Args:
        submission: what is examined.
        exercises: with the cases that are judged by.
        sandbox: where it runs.
        limits: what it may use.
        by_student: take the numbers that vary from the student's name, not from what the notebook says.
    """
    exercise = next(
        (e for e in exercises if submission.exercise and e.name == submission.exercise.name), None
    )
    if exercise is None:
        return Score(submission, [], list(submission.remarks))
    return Examination(submission, exercise, sandbox, limits, by_student).score()
