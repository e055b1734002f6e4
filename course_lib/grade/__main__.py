"""Grade submitted notebooks: ``python -m course_lib.grade FILE… [--out FOLDER] [--jobs 2] [--by-student]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from .batch import Limits, grade
from .report import write_csv, write_page


def main(arguments: list[str]) -> int:
    """Grade, write, and print one line for each submission."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grade", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="submitted notebooks, or folders that hold them")
    parser.add_argument(
        "--out", type=Path, default=Path("graded"), help="folder for grades.csv and the pages (graded)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time (2)")
    parser.add_argument("--seconds", type=float, default=60, help="for one submission (60)")
    parser.add_argument("--megabytes", type=int, default=3000, help="of memory for one submission (3000)")
    parser.add_argument(
        "--by-student", action="store_true", help="judge with the numbers of the student named by the file"
    )
    options = parser.parse_args(arguments)
    files = [
        f for given in options.files for f in (sorted(given.rglob("*.ipynb")) if given.is_dir() else [given])
    ]
    options.out.mkdir(parents=True, exist_ok=True)
    began, scores, files_of = time.monotonic(), [], Counter[tuple[str, object]]()
    for score in grade(files, options.jobs, Limits(options.seconds, options.megabytes), options.by_student):
        scores.append(score)
        whose = score.submission.student, score.submission.exercise and score.submission.exercise.name
        files_of[whose] += 1
        write_page(score, options.out, files_of[whose])
        remarks = f"  ({'; '.join(score.remarks)})" if score.remarks else ""
        print(
            f"{score.points:5g} of {score.of:g}  {score.seconds:5.1f} s  {score.submission.student}{remarks}",
            flush=True,
        )
    write_csv(scores, options.out / "grades.csv")
    print(f"{len(scores)} submissions in {time.monotonic() - began:.0f} s; see {options.out / 'grades.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
