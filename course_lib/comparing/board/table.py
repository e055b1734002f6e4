"""What a class's files come to: groups of entries that may be compared, their table and their picture."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...picture import Picture, themed
from ...running import Table
from ..differences import ALPHA
from ..picture import differences_figure
from ..statistics import holm
from .challenge import ENTRANT
from .entry import METRICS, Entry, as_label, digest, packed
from .method import shown
from .numbers import problems
from .reading import read

Verify = Callable[[Entry], tuple[bool | None, list[str]]]

RESULTS = ("method", "view", "seed", "loss", "valid_loss", "test_loss")


@dataclass
class Group:
    """Entries of one comparison, made with one version of the course.

    Args:
        title: which.
        entries: by the label that each has on the board.
        remarks: by label, what a reader should know.
    """

    title: str
    entries: dict[str, Entry] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)

    def table(self, metric: str = "test_accuracy") -> Table:
        """Return one row for each entry, the best mean first.

        Columns: label and method; mean of the metric with the ends of its 95 % interval; ``rival``, the baseline with
        the best validation loss; the mean ``difference`` to it, seed by seed, with its interval; ``p`` and ``p_holm``,
        corrected for the number of entries in the table; and the verdict, as in `Comparison.differences`.
        """
        lines = []
        for label, entry in self.entries.items():
            mean = next(r for r in entry.result.table("best", metric).rows if r["method"] == ENTRANT)
            against = entry.differences(metric).where(other=entry.rival).rows[0]
            lines.append(
                {"entry": label, "method": shown(entry.method)}
                | {name: mean[name] for name in (metric, "low", "high")}
                | {"rival": entry.rival, "difference": against["difference"], "from": against["low"],
                   "to": against["high"], "p": against["p"]}
            )  # fmt: skip
        good = 1 if metric.endswith("accuracy") else -1
        for line, corrected in zip(lines, holm([line["p"] for line in lines]), strict=True):
            line["p_holm"] = float(corrected)
            found = "better" if good * line["difference"] > 0 else "worse"
            line["verdict"] = found if corrected <= ALPHA else "not distinguishable"
        return Table.of_rows(sorted(lines, key=lambda line: -good * line[metric]))

    @themed
    def figure(self, metrics: Sequence[str] = METRICS, theme: str = "light") -> Picture:
        """Return the picture: for each entry how far it is from its rival, with intervals."""
        panels = {}
        for metric in metrics:
            rows = [
                {"method": as_label(row["entry"]), "other": row["rival"], "difference": row["difference"],
                 "low": row["from"], "high": row["to"], "verdict": row["verdict"]}
                for row in self.table(metric).rows
            ]  # fmt: skip
            panels[metric.replace("_", " ")] = Table.of_rows(rows)
        return differences_figure(panels, theme=theme)


@dataclass
class Board:
    """All that some files came to.

    Args:
        groups: what may be compared, in the order of the files.
        refused: for each file that is not on the board, its name and why.
    """

    groups: list[Group]
    refused: list[tuple[str, str]]


def board(files: Iterable[str | Path], verify: Verify | None = None) -> Board:
    """Read files, and put what stands up to `problems` into groups that may be compared.

    Args:
        files: the files. A bad one costs itself alone.
        verify: what else an entry must stand up to.
    """
    groups: dict[str, Group] = {}
    seen: dict[str, str] = {}  # the file that held an entry, or the label that had such runs, by check sum
    refused: list[tuple[str, str]] = []
    for path in map(Path, files):
        try:
            entry = read(path)
            found = problems(entry)
            if found:
                raise ValueError("; ".join(found))
            group = groups.setdefault(_key(entry), Group(_title(entry)))
            whole = digest(entry.content())
            if whole in seen:
                raise ValueError(f"is the same entry as {seen[whole]}")
            stands, remarks = (None, []) if verify is None else verify(entry)
            if stands is False:
                raise ValueError("; ".join(remarks))
        except ValueError as error:
            refused.append((path.name, str(error)))
            continue
        label, number = entry.name, 1
        while label in group.entries:
            number += 1
            label = f"{entry.name} ({number})"
        group.entries[label] = entry
        runs = _key(entry) + digest(_numbers(entry))
        twin = [f"has the same runs as {seen[runs]}"] if runs in seen else []
        group.remarks[label] = [*remarks, *(["run again"] if stands else []), *twin]
        seen |= {whole: path.name, runs: seen.get(runs, label)}
    return Board([group for group in groups.values() if group.entries], refused)


def _key(entry: Entry) -> str:
    return json.dumps([entry.comparison, entry.made_with["course_lib"]], sort_keys=True)


def _title(entry: Entry) -> str:
    words, version = entry.comparison, entry.made_with["course_lib"]
    return f"{words['problem']}, split {words['split']}, epochs {words['epochs']}, course_lib {version}"


def _numbers(entry: Entry) -> dict[str, list[object]]:
    return packed(entry.result.runs.where(method=ENTRANT).only(*RESULTS))
