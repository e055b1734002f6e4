"""Run submissions in processes of their own, several at a time, and judge what they report."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..checks.result import Result, judged
from ..checks.tasks import Exercise, Task, Verdict
from .submission import Submission, read
from .wire import unpacked

LARGEST_REPORT = 50_000_000


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds of the clock in all, megabytes of memory."""

    seconds: float = 60.0
    megabytes: int = 3000


@dataclass
class Report:
    """What a child said: by task what was seen or what was wrong; tasks that are missing gave no answer."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    student: str = ""
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Score:
    """A graded submission."""

    submission: Submission
    results: list[Result] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """The points earned."""
        return sum(result.points for result in self.results)

    @property
    def of(self) -> float:
        """The points there were."""
        return sum(result.verdict.of for result in self.results)


def grade(
    files: Sequence[Path], jobs: int = 2, limits: Limits | None = None, by_student: bool = False
) -> Iterator[Score]:
    """Grade submissions, in the order in which they are done. One that misbehaves costs itself alone.

    Args:
        files: the notebooks.
        jobs: how many at a time.
        limits: of time and memory for each.
        by_student: take the numbers that vary from the student's name, not from what the notebook says.
    """
    submissions = [read(Path(file)) for file in files]
    _remark_on_several(submissions)
    limits = limits or Limits()
    with ThreadPoolExecutor(jobs) as pool:  # the threads only wait for processes; judging is done in this one
        waiting = {pool.submit(run, s, limits): s for s in submissions}
        for finished in as_completed(waiting):
            yield judge(waiting[finished], finished.result(), by_student)


def _remark_on_several(submissions: Sequence[Submission]) -> None:
    """Say where a student has handed in one exercise more than once: someone must choose."""
    same = defaultdict(list)
    for submission in submissions:
        if submission.exercise:
            same[submission.student, submission.exercise.name].append(submission)
    for several in same.values():
        if len(several) > 1:
            for submission in several:
                submission.remarks.append(f"one of {len(several)} files of this student")


def judge(submission: Submission, report: Report, by_student: bool = False) -> Score:
    """Compare what a child reported with the solutions."""
    score = Score(submission, [], [*submission.remarks, *report.notes], report.seconds)
    exercise = submission.exercise
    if exercise is None:
        return score
    student = submission.student if by_student else report.student
    if by_student and report.student.strip().lower() != student.strip().lower():
        score.remarks.append(f"says it is {report.student[:40]!r}, judged with the numbers of {student!r}")
    mine = exercise.mine(student)
    score.results = [_judged(exercise, t, report.tasks.get(t.name), mine) for t in exercise.tasks]
    return score


def _judged(exercise: Exercise, task: Task, said: dict[str, Any] | None, mine: dict[str, Any]) -> Result:
    wrong = Verdict(task.name, task.points, "raised", "No answer came")
    if said is None:
        wrong.lines = ["The process ended, or was ended, before this function returned."]
        return Result(wrong)
    if "problem" in said:
        wrong.headline, wrong.lines = "Cannot be called", [str(said["problem"])[:500]]
        return Result(wrong)
    try:
        runs = [unpacked(run) for run in said["runs"]]
        return judged(exercise, task, runs, mine)
    except Exception as error:  # what a process says that may be bent is never trusted
        wrong.lines = [f"What came is no proper answer ({type(error).__name__})."]
        return Result(wrong)


def run(submission: Submission, limits: Limits) -> Report:
    """Run a submission; where its process dies in a task, another one takes the tasks that are left."""
    report, began = Report(), time.monotonic()
    exercise = submission.exercise
    left = [task.name for task in exercise.tasks] if exercise else []
    while left and exercise:
        time_left = limits.seconds - (time.monotonic() - began)
        if time_left <= 0:
            report.notes.append(f"stopped after {limits.seconds:g} seconds")
            break
        messages = _child(submission, exercise, left, limits, time_left)
        loaded = False
        for message in messages:
            if "loaded" in message:
                loaded = True
                report.student = str(message.get("student", ""))
                report.notes += [str(note)[:300] for note in message["loaded"]][:10]
            elif "begun" in message:
                left = [name for name in left if name != message["begun"]]
            elif isinstance(message.get("task"), str):
                report.tasks.setdefault(message["task"], message)  # the first answer counts
        if not loaded:
            report.notes.append("the process ended while the cells were run")
            break
        if not any("done" in message for message in messages) and left:
            report.notes.append("the process ended in the middle")
        if any("done" in message for message in messages):
            break
    report.notes = list(dict.fromkeys(report.notes))
    report.seconds = time.monotonic() - began
    return report


def _child(
    submission: Submission, exercise: Exercise, tasks: list[str], limits: Limits, seconds: float
) -> list[dict[str, Any]]:
    job = {
        "exercise": exercise.name,
        "tasks": tasks,
        "cells": submission.cells,
        "megabytes": limits.megabytes,
    }
    return converse("course_lib.grade.child", job, seconds)


def converse(module: str, job: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    """Start a process, hand it its job, and return its messages when it is done, dead or out of time.

    Args:
        module: what the process runs, as ``python -m module DESCRIPTOR``; it guards itself as `child` does.
        job: what it gets on standard input, as JSON.
        seconds: of the clock.
    """
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    mine, theirs = os.pipe()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(job).encode())
        stdin.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs)],
            stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, pass_fds=[theirs],
            start_new_session=True, env={**_with_this_course(), **threads, "MPLBACKEND": "Agg", "COURSE_PROGRESS": ""},
        )  # fmt: skip
        os.close(theirs)
        try:
            return _listen(process, mine, seconds)
        finally:
            os.close(mine)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # the process and all that it started
            process.wait()


def _with_this_course() -> dict[str, str]:
    """Return an environment whose Python finds the course where this one has it, installed or not."""
    here, known = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")
    found_anyway = (
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    )  # never to stand before Python's own
    if here in found_anyway:
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [here, known]))}


def _listen(process: subprocess.Popen[bytes], pipe: int, seconds: float) -> list[dict[str, Any]]:
    until, data = time.monotonic() + seconds, b""
    while time.monotonic() < until and len(data) < LARGEST_REPORT:
        ready, _, _ = select.select([pipe], [], [], 0.1)
        if ready:
            part = os.read(pipe, 1 << 16)
            data += part
            if not part or data.endswith(b'{"done": true}\n'):
                break
        elif process.poll() is not None:
            break
    messages = []
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(line)
            if isinstance(message, dict):
                messages.append(message)
    return messages
