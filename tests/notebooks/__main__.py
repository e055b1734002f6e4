"""Run every notebook from top to bottom by nbval, then move every slider and press every button in it.

A notebook run by itself moves no slider, so a broken callback would pass. Each notebook is therefore copied, with one
more cell that drives its widgets, and the copies are run. Names of notebooks may be given; the default is all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
FOLDERS = ("notebooks", "exercises", "solutions")
DRIVER = "from course_lib.live.driving import drive_widgets\n\nawait drive_widgets()"


def with_driver(notebook: Path, copy: Path) -> None:
    """Write a copy of a notebook whose last cell drives its widgets."""
    nb = nbformat.read(notebook, as_version=4)
    nb.cells.append(nbformat.v4.new_code_cell(DRIVER))
    copy.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, copy)


def seconds(report: Path) -> dict[str, tuple[float, float]]:
    """Return how long each notebook took, the cells and the driving of its widgets apart, from pytest's report."""
    total: dict[str, list[float]] = defaultdict(list)
    for case in ET.parse(report).iter("testcase"):
        notebook = case.get("classname", "").removesuffix(".ipynb")
        total[notebook].append(float(case.get("time", 0)))
    return {notebook: (sum(cells[:-1]), cells[-1]) for notebook, cells in total.items()}


def main(names: list[str]) -> int:
    """Run the notebooks and return pytest's exit code."""
    notebooks = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.ipynb"))]
    if names:
        notebooks = [path for path in notebooks if any(name in path.name for name in names)]
    os.environ["OMP_NUM_THREADS"] = "1"  # two notebooks at a time, one core each
    with tempfile.TemporaryDirectory() as folder:
        for notebook in notebooks:
            with_driver(notebook, Path(folder, notebook.relative_to(ROOT)))
        Path(folder, "pytest.ini").write_text("[pytest]\n")  # not the library's own settings
        command = "-q -p no:cacheprovider --nbval-lax --nbval-current-env --nbval-cell-timeout=60 -n 2 --dist loadfile"
        code = subprocess.call(
            [sys.executable, "-m", "pytest", *command.split(), "--junitxml=report.xml", "."], cwd=folder
        )
        for name, (cells, driving) in sorted(seconds(Path(folder, "report.xml")).items()):
            print(f"{name:<32} cells {cells:5.1f} s, widgets {driving:5.1f} s")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
