"""Run the studies of the course and write their tables into course_lib/comparing/results.

A study whose table was made by the same settings and the same code is not run again. Whatever is finished
stays when the rest is interrupted.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np

from ..distribution import version
from ..running import Table
from . import made
from .studies import ALL, FULLY, NEWER, RESULTS, STUDIES, TABLES, other_machine_table, rounded


def main() -> None:
    """Run what is named on the command line, by default everything that is not there yet."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.comparing", description=__doc__)
    known = [*STUDIES, *FULLY, *TABLES, *NEWER]
    parser.add_argument("studies", nargs="*", help=f"of {', '.join(known)}; by default all")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--again", action="store_true", help="run also what would come out the same")
    instead.add_argument(
        "--keep", action="store_true",
        help="run nothing; take the tables that are there for those of this code, after a change of code that "
        "changes no number (tests/comparing holds them against each other)",
    )  # fmt: skip
    instead.add_argument(
        "--other",
        metavar="FOLDER",
        type=Path,
        help="run nothing; write down what tables made on another machine say differently",
    )
    parser.add_argument("--cache", help="a folder in which finished runs are kept", default=None)
    parser.add_argument("--jobs", type=int, default=-1, help="runs at a time; -1 for one a core")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.studies) - set(known))
    if unknown:
        parser.error(f"there is no study {', '.join(unknown)}; there are {', '.join(known)}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    if chosen.keep:
        _keep(chosen.studies or known)
        return
    if chosen.other:
        if not len(found := other_machine_table(chosen.other)):
            parser.error(f"argument --other: {chosen.other} has no table of a study, such as mlp.csv")
        found.save(RESULTS / "other_machine.csv")
        return
    for name in chosen.studies or known:
        if not chosen.again and made.is_current(name, RESULTS):
            print(f"{name}: made by these settings and this code; nothing to do")
            continue
        began, busy = time.perf_counter(), _cpu_seconds()
        if name in ALL:
            table = ALL[name].run(jobs=chosen.jobs, cache=chosen.cache, progress=True).runs
        else:
            table = TABLES[name]()
        spent = {"seconds": time.perf_counter() - began, "cpu_seconds": _cpu_seconds() - busy}
        rounded(table).save(RESULTS / f"{name}.csv")
        _note(name, len(table), spent, known)
        print(
            f"{name}: {len(table)} rows in {spent['seconds']:.0f} s, {spent['cpu_seconds']:.0f} s of a processor"
        )


def _cpu_seconds() -> float:
    """Return the processor time spent, with that of the workers, which are sent home for it."""
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)
    return sum(os.times()[:4])


def _note(name: str, rows: int, spent: dict[str, float], order: list[str]) -> None:
    """Write into about.csv how a table was made."""
    path = RESULTS / "about.csv"
    others = [row for row in Table.load(path).rows if row["study"] != name] if path.exists() else []
    note: dict[str, Any] = {"study": name, "rows": rows}
    note |= {what: round(seconds) for what, seconds in spent.items()}
    note |= {
        "settings": made.words(ALL[name]) if name in ALL else TABLES[name].__name__,
        "fingerprint": made.fingerprint_of(name),
        "command": f"python -m course_lib.comparing {name}",
        "date": datetime.date.today().isoformat(),
        "course_lib": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": os.cpu_count(),
    }
    rest = [row for row in others if row["study"] in order]
    Table.of_rows(sorted([note, *rest], key=lambda row: order.index(row["study"]))).save(path)


def _keep(names: list[str]) -> None:
    """Write into about.csv that tables made by earlier code are those of this code, if their settings are the same."""
    rows = Table.load(RESULTS / "about.csv").rows
    for row in rows:
        name = row["study"]
        same = name not in ALL or row["settings"] == made.words(ALL[name])
        if name in names and row["fingerprint"] and same:
            row["fingerprint"] = made.fingerprint_of(name)
    Table.of_rows(rows).save(RESULTS / "about.csv")


if __name__ == "__main__":
    main()
