"""Grade submitted notebooks: ``python -m course_lib.grade FILE… [--out FOLDER]``; ``--help`` names every option."""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from . import roster as rosters
from .alike import remarked
from .batch import Limits, Score, Unsound, grade
from .classes import counted, write_counts
from .collect import Collection, collected
from .identity import Named, named
from .options import add_identity, add_platform, task
from .record import Journal, Row, chosen, row_of
from .report import write_class_page, write_page
from .sandbox import missing
from .tables import PLATFORMS, write_grades

UNKNOWN = "not in the roster, or not clear which of its students"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the command line's options; what makes no sense ends the program with a sentence."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grade", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="notebooks, zip files, or folders that hold them")
    parser.add_argument(
        "--out", type=Path, default=Path("graded"), help="folder for tables and pages (graded)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument(
        "--seconds", type=float, default=Limits.seconds, help="for one submission (%(default)g)"
    )
    parser.add_argument("--megabytes", type=int, default=Limits.megabytes, help="of memory (%(default)d)")
    parser.add_argument("--by-student", action="store_true",
                        help="judge with the numbers of the student named by the path")  # fmt: skip
    add_identity(parser)
    parser.add_argument("--several", choices=["all", "last", "best"], default="all",
                        help="which of several files of a student counts (all: each has a row)")  # fmt: skip
    add_platform(parser)
    parser.add_argument(
        "--resume", action="store_true", help="leave out what an earlier call has graded into --out"
    )
    parser.add_argument("--tasks", nargs="+", metavar="TASK", type=task, default=[],
                        help="grade again, and change the points of these tasks alone")  # fmt: skip
    parser.add_argument(
        "--site", default="", metavar="ADDRESS", help="of the course's site, for the pages' links"
    )
    parser.add_argument(
        "--seed", type=int, help="of the fresh cases; else that of --resume and --tasks, or a new one"
    )
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        parser.error(f"--jobs is {options.jobs}; it must be 1 or more")
    if options.resume and options.tasks:
        parser.error("--resume leaves out what is graded, --tasks grades it again: give one of them")
    return options


@dataclass
class Class:
    """A class that is being graded: the options, whose each file is, and the rows so far."""

    options: argparse.Namespace
    found: Collection
    journal: Journal
    known: dict[Path, Named] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.known = {f: named(f, inside, self.options.student_from) for f, inside in self.found.files}
        self.taken = {row.page.casefold() for row in self.journal.rows.values()} | {"class.html"}

    def add(self, score: Score) -> Row:
        """Keep a score: its row, its page."""
        file = score.submission.file
        name = self.known.get(file, Named(score.submission.student))
        student = self.options.roster.find(name) if self.options.roster else None
        remarks = []
        if self.options.roster and not student:
            remarks.append(UNKNOWN)
        if self.options.student_from and not name.by_pattern:
            remarks.append("the pattern of --student-from does not fit its path")
        before = self.journal.rows.get(str(file))
        if before:
            self.taken.discard(before.page.casefold())
        page = ""
        try:
            page = write_page(score, self.options.out, self.taken, self.options.site)
        except (OSError, ValueError) as error:  # one page never costs the others anything
            remarks.append(f"its page could not be written ({error})")
        score.remarks += remarks
        row = row_of(score, name, student.name if student else "", page)
        if before and self.options.tasks and before.exercise == row.exercise:
            old = {t.name: t for t in before.tasks}
            tasks = (t if t.name in self.options.tasks else old.get(t.name, t) for t in row.tasks)
            row = replace(row, tasks=tuple(tasks))
        self.journal.add(row)
        return row

    def whose(self, file: Path) -> tuple[str, str | None]:
        """Return whose a file is, by the list of the class where there is one."""
        name = self.known[file]
        student = self.options.roster.find(name) if self.options.roster else None
        return (student.id if student else name.student), name.exercise

    @property
    def seed(self) -> int | None:
        """The seed asked for, else the one of what was graded before."""
        before = {row.seed for row in self.journal.rows.values()}
        return before.pop() if self.options.seed is None and len(before) == 1 else self.options.seed

    @property
    def rows(self) -> list[Row]:
        """The rows that count, in order."""
        return chosen(self.journal.rows.values(), self.options.several)

    @property
    def missing(self) -> list[tuple[rosters.Student, str]]:
        """Who of the roster handed in nothing, by exercise."""
        roster, rows = self.options.roster, self.journal.rows.values()
        if not roster:
            return []
        return [
            (student, exercise)
            for exercise in sorted({row.exercise for row in rows if row.exercise})
            for student in roster.missing(row.student for row in rows if row.exercise == exercise)
        ]

    def write_grades(self) -> None:
        """Write ``grades.csv`` as far as it is."""
        write_grades(self.rows, self.options.out / "grades.csv", self.missing, bool(self.options.roster))

    def write_all(self) -> list[str]:
        """Write everything, and return what is to be said at the end."""
        options = self.options
        self.journal.rows = {row.file: row for row in remarked(list(self.journal.rows.values()))}
        self.write_grades()
        absent = self.missing
        by_exercise = {e: sum(e == other for _, other in absent) for e in {row.exercise for row in self.rows}}
        counts = counted(chosen(self.rows, "best"), by_exercise if options.roster else None)
        write_counts(counts, options.out / "class.csv")
        write_class_page(counts, options.out / "class.html", options.site)
        lines = [f"missing for {exercise}: {s.name or s.id}" for s, exercise in absent]
        lines += [f"not in the roster: {row.student}" for row in self.rows if UNKNOWN in row.remarks]
        lines += [f"skipped: {sentence}" for sentence in self.found.skipped]
        if options.platform:
            rule = "last" if options.several == "all" else options.several
            lines += PLATFORMS[options.platform](chosen(self.rows, rule), options.out, options.roster)
        return lines


def main(arguments: Sequence[str]) -> int:
    """Grade, write, and print one line for each submission.

    Returns:
        0; 1 if there was nothing to grade; 130 if it was interrupted.
    """
    options = parsed(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        found = collected(options.files, options.out / "unpacked")
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 1
    journal = Journal.opened(options.out, keep=options.resume or bool(options.tasks))
    batch = Class(options, found, journal)
    files = [file for file in batch.known if not (options.resume and journal.has(file))]
    if len(files) < len(batch.known):
        print(f"{len(batch.known) - len(files)} were graded before")
    for words in missing():
        print(f"Attention: {words}.", file=sys.stderr)
    began, status, limits = time.monotonic(), 0, Limits(options.seconds, options.megabytes)
    try:
        scores = grade(files, options.jobs, limits, options.by_student, batch.seed, batch.whose)
        with contextlib.closing(scores):  # type: ignore[type-var]
            for score in scores:
                row = batch.add(score)
                batch.write_grades()
                remarks = f"  ({'; '.join(row.remarks)})" if row.remarks else ""
                print(
                    f"{row.points:5g} of {row.of:g}  {row.seconds:5.1f} s  {row.student}{remarks}", flush=True
                )
    except Unsound as error:
        status = 2
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        status = 130
        print("interrupted; what was done is kept: --resume goes on", file=sys.stderr)
    for line in batch.write_all():
        print(line)
    print(f"{len(files)} submissions in {time.monotonic() - began:.0f} s; see {options.out / 'grades.csv'} "
          f"and {options.out / 'class.html'}")  # fmt: skip
    return status or (0 if batch.known else 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
