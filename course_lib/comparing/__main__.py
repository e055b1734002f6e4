"""Run the studies of the course and write their tables into course_lib/comparing/results."""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import time

import numpy as np

from ..distribution import version
from ..running import Table
from .studies import NEWER, RESULTS, STUDIES, TABLES, rounded


def main() -> None:
    """Run what is named on the command line, by default everything."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.comparing", description=__doc__)
    studies = STUDIES | NEWER
    known = [*STUDIES, *TABLES, *NEWER]
    parser.add_argument("studies", nargs="*", help=f"of {', '.join(known)}; by default all")
    parser.add_argument("--cache", help="a folder in which finished runs are kept", default=None)
    parser.add_argument("--jobs", type=int, default=-1, help="runs at a time; -1 for one a core")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.studies) - set(known))
    if unknown:
        parser.error(f"there is no study {', '.join(unknown)}; there are {', '.join(known)}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in chosen.studies or known:
        began = time.perf_counter()
        if name in studies:
            made = studies[name].run(jobs=chosen.jobs, cache=chosen.cache, progress=True).runs
        else:
            made = TABLES[name]()
        seconds = time.perf_counter() - began
        rounded(made).save(RESULTS / f"{name}.csv")
        _note(name, len(made), seconds, known)
        print(f"{name}: {len(made)} rows in {seconds:.0f} s")


def _note(name: str, rows: int, seconds: float, order: list[str]) -> None:
    """Write into about.csv how a study's table was made."""
    path = RESULTS / "about.csv"
    others = [row for row in Table.load(path).rows if row["study"] != name] if path.exists() else []
    made = {
        "study": name,
        "rows": rows,
        "seconds": round(seconds),
        "command": f"python -m course_lib.comparing {name}",
        "date": datetime.date.today().isoformat(),
        "course_lib": version(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cores": os.cpu_count(),
    }
    Table.of_rows(sorted([*others, made], key=lambda row: order.index(row["study"]))).save(path)


if __name__ == "__main__":
    main()
