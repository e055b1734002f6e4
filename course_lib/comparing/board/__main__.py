"""Make the board of a class: ``python -m course_lib.comparing.board FILE… [--out board.html|.csv|.png] [--verify]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .entry import METRICS
from .page import WRITERS, as_text
from .table import board
from .verify import verify


def main(arguments: list[str]) -> int:
    """Read the files, print the board, and write it where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.comparing.board", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, help="result files, or folders that hold them")
    parser.add_argument(
        "--out", type=Path, help="where to write the board: a name that ends in .html, .csv or .png"
    )
    parser.add_argument("--metric", choices=METRICS, default=METRICS[0], help="what is ranked by")
    parser.add_argument("--verify", action="store_true", help="run some rows of every entry again, guarded")
    parser.add_argument("--rows", type=int, default=2, help="how many rows of an entry --verify runs (2)")
    options = parser.parse_args(arguments)
    if options.out and options.out.suffix not in WRITERS:
        parser.error(f"--out {options.out} is not allowed: its name must end in {', '.join(WRITERS)}")
    if options.rows < 1:
        parser.error(f"--rows {options.rows} is not allowed: it must be ≥ 1")
    files = [
        f
        for given in options.files
        for f in (sorted(given.rglob("*.entry.json")) if given.is_dir() else [given])
    ]
    made = board(files, (lambda entry: verify(entry, options.rows)) if options.verify else None)
    print(as_text(made, options.metric))
    if options.out:
        WRITERS[options.out.suffix](made, options.metric, options.out)
    return 0 if made.groups else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
