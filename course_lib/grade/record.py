"""What is kept of each graded file, in a journal that survives an interruption.

Each file's row is one line of JSON, appended as soon as the file is graded. Tables and the class report are made from
the rows, again after each, so a batch that was ended has all that was done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from ..checks.result import Result
from .batch import Score
from .identity import Named, key, readable

JOURNAL, BEFORE = "journal.jsonl", "journal.before.jsonl"


@dataclass(frozen=True)
class TaskRow:
    """What came of one task.

    Args:
        name: the function's name.
        points: earned.
        of: how many there are.
        state: right, wrong, raised, unattempted, or ungraded where a person gives the points.
        headline: in a few words.
        mistake: its name, if it is a known one.
        reread: the section to read again.
    """

    name: str
    points: float
    of: float
    state: str
    headline: str = ""
    mistake: str = ""
    reread: str = ""

    @classmethod
    def told(cls, result: Result) -> TaskRow:
        """Keep what a table needs of a result."""
        v = result.verdict
        return cls(v.task, v.points, v.of, v.state, v.headline, v.mistake, v.reread)

    @property
    def words(self) -> str:
        """What a table says beside the points: the mistake, or why there is none; nothing for what is right."""
        if self.state == "right":
            return ""
        return self.mistake or {
            "unattempted": "not attempted",
            "raised": self.headline.lower(),
            "ungraded": "waits for the form grader",
        }.get(self.state, "wrong")


@dataclass(frozen=True)
class Row:
    """One graded file.

    Args:
        student: name or number; the roster's, where there is one.
        file: where it was read from.
        exercise: its name, "" if it is none that is known.
        tasks: in the exercise's order.
        remarks: what the instructor should look at.
        seconds: that it took.
        name: the roster's name of the student.
        key: the learning platform's number of the student.
        late: whether the platform said so.
        when: the file's own time, in seconds since 1970.
        digest: of the file's bytes.
        page: the name of the page of feedback.
        seed: of the fresh cases that it was judged with.
    """

    student: str
    file: str
    exercise: str = ""
    tasks: tuple[TaskRow, ...] = ()
    remarks: tuple[str, ...] = ()
    seconds: float = 0.0
    name: str = ""
    key: str = ""
    late: bool = False
    when: float = 0.0
    digest: str = ""
    page: str = ""
    seed: int = 0

    @property
    def points(self) -> float:
        """The points earned."""
        return sum(task.points for task in self.tasks)

    @property
    def of(self) -> float:
        """The points there were."""
        return sum(task.of for task in self.tasks)

    @property
    def whose(self) -> tuple[str, str]:
        """What is equal for two files of one student for one exercise."""
        return key(self.student), self.exercise

    @classmethod
    def read(cls, line: str) -> Row:
        """Return a row from its line in the journal.

        Raises:
            ValueError: if it is none; the last line of a journal may be cut off.
        """
        try:
            data = json.loads(line)
            data["tasks"] = tuple(TaskRow(**task) for task in data["tasks"])
            data["remarks"] = tuple(data["remarks"])
            return cls(**data)
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"no row: {error}") from None


@dataclass
class Journal:
    """The rows of a batch, in a file.

    Args:
        file: where they are kept.
        rows: by the graded file's path.
    """

    file: Path
    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def opened(cls, folder: Path, keep: bool) -> Journal:
        """Open a folder's journal.

        Args:
            folder: of the results.
            keep: whether the rows that are there count; else a new one begins, and the old one is kept beside it.
        """
        journal = cls(folder / JOURNAL)
        if journal.file.exists() and not keep:
            journal.file.replace(folder / BEFORE)
        elif journal.file.exists():
            for line in journal.file.read_text("utf-8").splitlines():
                try:
                    row = Row.read(line)
                except ValueError:
                    continue
                journal.rows[row.file] = row
        journal.file.write_text("".join(f"{_line(row)}\n" for row in journal.rows.values()), "utf-8")
        return journal

    def add(self, row: Row) -> None:
        """Keep a row; it takes the place of an older one about the same file."""
        self.rows[row.file] = row
        with self.file.open("a", encoding="utf-8") as out:
            out.write(f"{_line(row)}\n")

    def has(self, file: Path) -> bool:
        """Whether a file was graded as it is now."""
        row = self.rows.get(str(file))
        return row is not None and row.digest == digest(file)


def _line(row: Row) -> str:
    return json.dumps(asdict(row))


def row_of(score: Score, named: Named, name: str = "", page: str = "") -> Row:
    """Return the row of a score.

    Args:
        score: what came of grading.
        named: what the file's path tells.
        name: the roster's name of the student.
        page: the name of the page of feedback.
    """
    submission = score.submission
    exercise = submission.exercise.name if submission.exercise else named.exercise or ""
    tasks = tuple(TaskRow.told(result) for result in score.results)
    remarks = tuple(dict.fromkeys(score.remarks))
    when = 0.0
    with contextlib.suppress(OSError):
        when = submission.file.stat().st_mtime
    return Row(
        submission.student, str(submission.file), exercise, tasks, remarks, round(score.seconds, 1), name, named.key,
        named.late, when, digest(submission.file), page, score.seed,
    )  # fmt: skip


def digest(file: Path) -> str:
    """Return a number for a file's content; "" if it cannot be read or is no plain file of sane size."""
    try:
        if not file.is_file() or file.stat().st_size > 50_000_000:
            return ""
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def chosen(rows: Iterable[Row], rule: str) -> list[Row]:
    """Return the rows that count, where a student has handed in an exercise several times.

    Each of them says so in a remark.

    Args:
        rows: all.
        rule: "last", "best", or "all", which keeps every file.

    Examples:
        >>> two = [Row("ada", "a.ipynb", "08_adam", when=1.0), Row("Ada", "b.ipynb", "08_adam", when=2.0)]
        >>> [(row.file, row.remarks) for row in chosen(two, "last")]
        [('b.ipynb', ('the last of 2 files; not counted: a.ipynb (0 points)',))]
    """
    together: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        together.setdefault(row.whose, []).append(row)
    best: Callable[[Row], tuple[float, ...]] = lambda row: (row.points, row.when)  # noqa: E731
    last: Callable[[Row], tuple[float, ...]] = lambda row: (row.when,)  # noqa: E731
    kept: list[Row] = []
    for several in together.values():
        if len(several) == 1:
            kept += several
        elif rule == "all":
            kept += [_remarked(row, f"one of {len(several)} files of this student") for row in several]
        else:
            ordered = sorted(several, key=lambda row: row.file)
            one = max(ordered, key=best if rule == "best" else last)
            kept.append(
                _remarked(one, f"the {rule} of {len(several)} files; not counted: {_named(ordered, one)}")
            )
    return sorted(kept, key=lambda row: (key(row.student), row.exercise, row.file))


def _named(rows: Sequence[Row], but: Row) -> str:
    return ", ".join(
        f"{readable(Path(row.file).name)} ({row.points:g} points)" for row in rows if row is not but
    )


def _remarked(row: Row, remark: str) -> Row:
    return replace(row, remarks=tuple(dict.fromkeys((*row.remarks, remark))))
