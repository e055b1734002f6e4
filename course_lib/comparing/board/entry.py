"""One entry of a class's board, and the file that holds it."""

from __future__ import annotations

import hashlib
import json
import math
import platform
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ...distribution import version
from ...running import Table
from ..result import Comparison
from .challenge import BASELINES, ENTRANT, Challenge
from .method import shown

KIND = "course_lib board entry"
FORMAT = 1
LONGEST_NAME = 60
METRICS = ("test_accuracy", "test_loss")


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry: whose, which method, in which comparison, and its runs.

    Args:
        name: chosen by the one who enters.
        method: the method in words, with the settings that were tried (see `method`).
        comparison: which comparison, in words (`Challenge.words`).
        made_with: versions of course_lib, python and numpy.
        result: the runs; the method's own are called "entrant".
        file: where it was written or read.
        stated: of a file that was read: its summary, and whether its check sum was right.
    """

    name: str
    method: dict[str, Any]
    comparison: dict[str, Any]
    made_with: dict[str, str]
    result: Comparison
    file: Path | None = None
    stated: tuple[dict[str, Any], bool] | None = None

    @cached_property
    def challenge(self) -> Challenge:
        """The comparison it is of."""
        return Challenge(self.comparison["split"], self.comparison["epochs"])

    @property
    def rival(self) -> str:
        """The baseline with the best validation loss in its tuning runs: chosen without a look at test data."""
        best = {}
        for name in BASELINES:
            rows = self.result.runs.where(method=name, view="tuning")
            values = rows[self.result.criterion].reshape(-1, len(self.comparison["tune_seeds"]))
            best[name] = values.mean(axis=1).min()
        return min(best, key=lambda name: best[name])

    def differences(self, metric: str = "test_accuracy") -> Table:
        """Return the method against each baseline, seed by seed, corrected for the three of them."""
        rows = self.result.differences("best", ENTRANT, metric).rows
        sides = {"better": "worse", "worse": "better"}
        return Table.of_rows(
            row | {"method": self.name, "other": row["method"], "difference": 0 - row["difference"],
                   "low": 0 - row["high"], "high": 0 - row["low"], "low_holm": 0 - row["high_holm"],
                   "high_holm": 0 - row["low_holm"], "verdict": sides.get(row["verdict"], row["verdict"])}
            for row in rows
        )  # fmt: skip

    def table(self) -> Table:
        """Return the methods with the settings chosen for them, the best mean first."""
        rows = self.result.table("best").rows
        kept = ["method", *self.result.settings, "edge", "test_accuracy", "low", "high", "diverged"]
        return Table.of_rows(
            {name: row[name] for name in kept} | ({"method": self.name} if row["method"] == ENTRANT else {})
            for row in rows
        )

    def content(self) -> dict[str, Any]:
        """Return everything that goes into the file."""
        words = {
            "kind": KIND,
            "format": FORMAT,
            "name": self.name,
            "made_with": self.made_with,
            "comparison": self.comparison,
            "method": self.method,
            "summary": summary(self.result),
            "runs": packed(self.result.runs),
        }
        return words | {"digest": digest(words)}

    def save(self, folder: str | Path = ".") -> Entry:
        """Write the file and return the entry with its path; a file that is there already is never written over."""
        stem, number = safe_name(self.name), 1
        text = json.dumps(self.content(), ensure_ascii=False, allow_nan=False, indent=1)
        Path(folder).mkdir(parents=True, exist_ok=True)
        while True:
            path = Path(folder) / f"{stem}{f'-{number}' if number > 1 else ''}.entry.json"
            try:
                with path.open("x", encoding="utf-8") as file:
                    file.write(text + "\n")
            except FileExistsError:
                number += 1
                continue
            return replace(self, file=path)

    def __repr__(self) -> str:
        return f"Entry({self.name!r}, {shown(self.method)}, {self.file.name if self.file else 'not saved'})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        from ..picture import differences_figure  # which loads matplotlib

        tables = {metric.replace("_", " "): self.differences(metric) for metric in METRICS}
        by_baseline = {
            title: Table.of_rows(
                row | {"method": as_label(f"{self.name[:24]} − {row['other']}"), "other": "baseline"}
                for row in table.rows
            )
            for title, table in tables.items()
        }
        data, more = differences_figure(by_baseline)._repr_mimebundle_()
        inside = "".join(f"<h4>{title}</h4>{table._repr_html_()}" for title, table in tables.items())
        written = f"<p>The file is {escape(str(self.file))}.</p>" if self.file else ""
        html = f"{written}{self.table()._repr_html_()}{inside}{data.get('text/html', '')}"
        return {"text/html": html, "text/plain": repr(self)}, more


def checked_name(name: Any) -> str:
    """Return a name without control characters and spaces around it.

    Examples:
        >>> checked_name("  Ada  L. ")
        'Ada L.'
    """
    if not isinstance(name, str):
        raise TypeError(f"name = {name!r} is not a text")
    cleaned = " ".join("".join(c if unicodedata.category(c)[0] != "C" else " " for c in name).split())
    if not any(c.isalnum() for c in cleaned) or len(cleaned) > LONGEST_NAME:
        raise ValueError(
            f"name = {name[:80]!r} is not allowed: it must have a letter or a digit, and at most {LONGEST_NAME} "
            f"characters"
        )
    return cleaned


def as_label(name: str) -> str:
    """Return a name as a picture shows it, with no part of it taken for a formula."""
    return name.replace("$", r"\$")


def safe_name(name: str) -> str:
    """Return a name that is safe as a file's on every system.

    Examples:
        >>> safe_name("../Ada Lovelace: <b>"), safe_name("CON"), safe_name("Zoë")
        ('Ada_Lovelace_b', 'CON_', 'Zoë')
    """
    stem = re.sub(r"[^\w-]+", "_", unicodedata.normalize("NFC", name)).strip("_-") or "entry"
    reserved = re.fullmatch(r"(?i)con|prn|aux|nul|com\d|lpt\d", stem)
    return f"{stem}_" if reserved else stem


def versions() -> dict[str, str]:
    """Return what the numbers were made with."""
    return {"course_lib": version(), "python": platform.python_version(), "numpy": np.__version__}


def summary(result: Comparison) -> dict[str, Any]:
    """Return the chosen setting and the means of the final runs, by method."""
    return {
        method: {"setting": {n: v for n, v in result.runs.where(method=method, view="best").rows[0].items()
                             if n in result.settings and not blank(v)}}
        | {metric: number(float(result.results(method, metric=metric).mean())) for metric in METRICS}
        for method in result.methods
    }  # fmt: skip


def setting(entry: Entry, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the setting of a run."""
    return {name: row[name] for name in entry.result.settings if not blank(row[name])}


def blank(value: Any) -> bool:
    """Return whether a table has no such setting for a method."""
    return value == "" or (isinstance(value, float) and math.isnan(value))


def number(value: Any) -> Any:
    """Return a value as strict JSON holds it: what is not finite becomes a word."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def packed(table: Table) -> dict[str, list[Any]]:
    """Return a table as lists by column."""
    return {name: [number(value) for value in column.tolist()] for name, column in table.columns.items()}


def unpacked(columns: Mapping[str, list[Any]]) -> Table:
    """Return the table that `packed` packed.

    Examples:
        >>> unpacked(packed(Table({"loss": [1.0, np.inf], "method": ["a", "b"]}))).rows
        [{'loss': 1.0, 'method': 'a'}, {'loss': inf, 'method': 'b'}]
    """
    odd = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}

    def column(values: list[Any]) -> list[Any]:
        words = any(isinstance(v, str) and v not in odd for v in values)
        return values if words else [odd[v] if isinstance(v, str) else v for v in values]

    return Table({name: column(values) for name, values in columns.items()})


def digest(words: Mapping[str, Any]) -> str:
    """Return a check sum of a file's content. It shows damage; it is no secret, and no proof of who wrote it."""
    text = json.dumps({**words, "digest": ""}, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
