"""How large the figures are that move without Python: ``python -m publish.figures [LESSON …]``.

Runs the lessons and prints a line for each figure that a cell shows: the size of its file, the CPU seconds it took to
make, and its controls with the number of scenes of each.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat

from course_lib.live import Figure

from .lessons import executed, hand_over, lessons

MEGABYTES = 25
"""What all figures together may have."""


def measured(figure: Figure) -> dict[str, Any]:
    """Return what there is to say of a figure's file, with its CPU seconds.

    Examples:
        >>> from course_lib.live import explore_choice
        >>> measured(explore_choice())["figure"]
        'ChoiceExplorer'
    """
    began = time.process_time()
    file = figure.canned()
    seconds = time.process_time() - began
    everything = gzip.decompress(file)
    header = json.loads(everything[4 : 4 + int.from_bytes(everything[:4], "little")])
    tables = {name: len(table) for name, table in header["tables"].items() if not name.startswith("show_")}
    pictures = sum(size for _, size in header["grounds"].values())
    return {
        "figure": type(figure).__name__,
        "tables": tables,
        "bytes": len(file),
        "grounds": pictures,
        "seconds": seconds,
    }


def line(told: dict[str, Any]) -> str:
    """Return what `measured` told as a line of the table."""
    size, pictures = (f"{told[key] / 1e3:5.0f} kB" for key in ("bytes", "grounds"))
    controls = ", ".join(f"{name} {positions}" for name, positions in told["tables"].items())
    return f"{told['figure']:<22}{size} ({pictures} of pictures)  {told['seconds']:5.1f} s   {controls}"


def install(report: str) -> None:
    """Let each figure that this kernel shows write a line into a file."""

    def make(figure: Figure) -> str:
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(json.dumps(measured(figure)) + "\n")
        return ""

    hand_over(make)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if the figures are larger than they may be."""
    parser = argparse.ArgumentParser(prog="python -m publish.figures", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 04; all by default")
    total = seconds = scenes = count = 0.0
    for lesson in lessons(parser.parse_args(arguments).lessons):
        with TemporaryDirectory() as folder:
            report = Path(folder, "report")
            report.touch()
            notebook = nbformat.read(lesson, as_version=4)
            executed(notebook, f"from publish.figures import install; install({str(report)!r})")
            lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
        for told in lines:
            print(f"{lesson.stem[:2]}  {line(told)}", flush=True)
            total, seconds = total + told["bytes"] / 1e6, seconds + told["seconds"]
            scenes, count = scenes + sum(told["tables"].values()), count + 1
    print(f"{count:.0f} figures, {scenes:,.0f} scenes, {total:.1f} MB, {seconds:.0f} CPU seconds")
    return int(total > MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
