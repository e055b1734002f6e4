"""Grade many submissions, several at a time."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from ..checks.fresh import fresh
from ..checks.tasks import Exercise
from .examine import Limits, Score, examined
from .identity import whose
from .sandbox import Sandbox, missing
from .submission import COURSE, Whose, read

__all__ = ["Limits", "Score", "Unsound", "grade", "rehearsed"]


class Unsound(RuntimeError):
    """Raised where no grade could be trusted: the course's own solution does not earn all its points."""


def grade(
    files: Sequence[Path],
    jobs: int = 2,
    limits: Limits | None = None,
    by_student: bool = False,
    seed: int | None = None,
    whose: Whose = whose,
) -> Iterator[Score]:
    """Grade submissions, in the order in which they are done. One that misbehaves costs itself alone.

    Closed or interrupted, it ends all processes. Before the first score the course's own solution of every exercise
    that was submitted is graded.

    Args:
        files: the notebooks, or whatever was handed in.
        jobs: how many at a time.
        limits: of time and memory for each.
        by_student: take the numbers that vary from the student's name, not from what the notebook says.
        seed: of the fresh cases that each task has beside the known ones; drawn where there is none. Every score tells
            it.
        whose: says whose a file is, and the exercise if the path tells it.

    Raises:
        Unsound: if the course's notebooks are not there, or a solution does not earn all its points. Nothing that is
            submitted can bring this about.
    """
    limits = limits or Limits()
    seed = secrets.randbelow(2**32) if seed is None else seed
    if lacking := [name for name in ("exercises", "solutions") if not (COURSE / name).is_dir()]:
        raise Unsound(
            f"{COURSE} has no folder {lacking[0]}: grade with a clone of the course (pip install --editable)"
        )
    submissions = [read(Path(file), whose) for file in files]
    wanted = {s.exercise.name: s.exercise for s in submissions if s.exercise}
    exercises = [fresh(exercise, zlib.crc32(f"{seed} {name}".encode())) for name, exercise in wanted.items()]
    with Sandbox(limits.megabytes, shut=not missing()) as sandbox, ThreadPoolExecutor(jobs) as pool:
        try:
            complaints = pool.map(lambda exercise: rehearsed(exercise, sandbox, limits), exercises)
            if found := [words for several in complaints for words in several]:
                raise Unsound(f"Nothing was graded. The course's own solutions fail here: {'; '.join(found)}")
            waiting = [pool.submit(examined, s, exercises, sandbox, limits, by_student) for s in submissions]
            for finished in as_completed(waiting):
                score = finished.result()
                score.seed = seed
                score.remarks += missing()
                yield score
        finally:
            sandbox.close()
            pool.shutdown(wait=True, cancel_futures=True)


def rehearsed(exercise: Exercise, sandbox: Sandbox, limits: Limits) -> list[str]:
    """Grade the course's own solution of an exercise, and return what it did not earn, in words.

    Args:
        exercise: with the cases that submissions will be judged by.
        sandbox: where they will run.
        limits: what they may use.
    """
    solution = read(COURSE / "solutions" / f"{exercise.name}.ipynb")
    if solution.exercise is None:
        return [f"{solution.file}: {'; '.join(solution.remarks)}"]
    solution.student = ""
    score = examined(solution, [exercise], sandbox, limits)
    return [
        f"{exercise.name}, {result.verdict.task}: {result.verdict.headline}. {' '.join(result.verdict.lines)[:300]}"
        for result in score.results
        if result.points < result.verdict.of
    ]
