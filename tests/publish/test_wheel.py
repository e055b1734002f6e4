"""The wheel, in an empty folder and far from the sources, has all that the course needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import nbformat
import pytest
from nbclient import NotebookClient

from publish.wheel import ROOT, build

FILES = {
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "course_lib").rglob("*")
    if path.is_file() and "__pycache__" not in path.parts
}
READING = (
    "03_batches",
    "12_does_anything_beat_sgd",
    "14_second_order",
    "17_large_batches",
    "20_choose_and_invent",
)
"""The lessons that read results of studies or a board's entries, and the one that maps files of its own."""

PROBE = """
import json, sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from course_lib.checks import check
from course_lib.checks.exercises import find_task
from course_lib.comparing.board import read
from course_lib.comparing.studies import NEWER, RESULTS, STUDIES, TABLES, results, table
from course_lib.distribution import version
from course_lib.installation import check_installation
from course_lib.live import explore_choice
from course_lib.problems import breast_cancer, diabetes, digits, docstrings

task = find_task("momentum_step")[1]
print(json.dumps({
    "rows": [len(results(name).runs) for name in [*STUDIES, *NEWER]] + [len(table(name)) for name in TABLES],
    "entries": [read(file).name for file in sorted((RESULTS / "board").glob("*.json"))],
    "sets": [sum(map(len, load())) for load in (digits, breast_cancer, diabetes, docstrings)],
    "choice": explore_choice().message()["notice"],
    "points": [check(answer).points for answer in (task.solution, lambda x, g, state, lr=0, beta=0: (x, state))],
    "installation": repr(check_installation()),
    "version": version(),
    "opened": opened,
    "modules": [m.__file__ for name, m in sys.modules.items() if name.split(".")[0] == "course_lib" and m.__file__],
}))
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:  # all that pip does with a wheel of pure Python
        archive.extractall(folder)
    return folder


def surroundings(folder):
    """The environment of a process that finds the course in a folder."""
    return {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "COURSE_PROGRESS": ""}


def test_the_wheel_is_the_package_and_nothing_else(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in held if ".dist-info/" not in name} == FILES


def test_an_installed_course_reads_nothing_of_the_sources(installed, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        cwd=tmp_path, env=surroundings(installed), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    assert [file for file in said["modules"] if not file.startswith(str(installed))] == []
    assert [file for file in said["opened"] if file.startswith(str(ROOT)) and ".venv" not in file] == []
    assert min(said["rows"]) > 5 and len(said["rows"]) >= 14
    assert said["entries"] == ["Ada", "Ben", "Cleo"] and said["sets"] == [1797, 569, 442, 5363]
    assert "comparing/results" in said["choice"]
    assert said["points"][0] == 4 > said["points"][1]
    assert "Everything is in place" in said["installation"]
    assert said["version"] == next(installed.glob("*.dist-info")).name.split("-")[1].removesuffix(".dist")


@pytest.mark.slow
@pytest.mark.parametrize("lesson", READING)
def test_a_lesson_runs_with_the_installed_course(lesson, installed, tmp_path, monkeypatch):
    for name, value in surroundings(installed).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import course_lib; print(course_lib.__file__)"))
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert notebook.cells[-1].outputs[0].text.startswith(str(installed))
