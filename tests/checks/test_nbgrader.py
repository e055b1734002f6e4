"""The lab kit with the real nbgrader: release, autograde, feedback and export, with the scores expected.

It needs the extra `lab`; `make test-slow` makes an environment that has it. Without it the test fails: a lab kit that
nobody tried is none.
"""

from __future__ import annotations

import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_lib.checks.exercises import all_exercises

from .test_grade import FULL, solved, submitted

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FIRST = {e.name: e.tasks[0] for e in all_exercises()}


PARTS_ON = """
import dataclasses
from course_lib.checks.exercises import ex08
adam, *others = ex08.EXERCISE.tasks
ex08.EXERCISE = dataclasses.replace(ex08.EXERCISE, tasks=(dataclasses.replace(adam, parts={"m": 0.5, "v": 1}), *others))
"""


def nbgrader(folder: Path, *arguments: str, **more: str) -> str:
    """Run a command of nbgrader in a class's folder, with ``more`` variables around it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it calls alembic by name
    environment = {**os.environ, "COURSE_PROGRESS": "", "PATH": path, **more}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A class with three students, graded."""
    assert importlib.util.find_spec("nbgrader"), "the extra `lab` is missing: make test-slow installs it"
    folder = tmp_path_factory.mktemp("class")
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    for name in FULL:
        source = folder / "lab" / "source" / name
        source.mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / f"{name}.ipynb", source)
        nbgrader(folder, "generate_assignment", name)
    for name in FULL:
        bodies = solved(name)
        answers = {"full": bodies, "empty": {}, "partly": {FIRST[name].name: bodies[FIRST[name].name]}}
        wrong = next(t for t in all_exercises()[list(FULL).index(name)].tasks[1:] if t.name in bodies)
        answers["partly"][wrong.name] = "    return 1.0\n"
        for student, chosen in answers.items():
            target = folder / "lab" / "submitted" / student / name
            target.mkdir(parents=True)
            file = submitted(target, student, chosen, name)
            file.rename(target / f"{name}.ipynb")
        nbgrader(folder, "autograde", name)
        nbgrader(folder, "generate_feedback", name)
    nbgrader(folder, "export", "--to", str(folder / "grades.csv"))
    return folder


@pytest.mark.parametrize("name", FULL)
def test_the_release_is_the_exercise_cell_by_cell(course, name):
    released = nbformat.read(course / "lab" / "release" / name / f"{name}.ipynb", as_version=4)
    ours = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    assert [(c.id, c.cell_type, c.source) for c in released.cells] == [
        (c.id, c.cell_type, c.source) for c in ours.cells
    ]
    for one, other in zip(released.cells, ours.cells, strict=True):
        mark = other.metadata.get("nbgrader")
        assert mark is None or mark.items() <= one.metadata["nbgrader"].items()


@pytest.mark.parametrize("name", FULL)
def test_scores_are_exact(course, name):
    rows = csv.DictReader((course / "grades.csv").read_text().splitlines())
    mine = [row for row in rows if row["assignment"] == name]
    scores = {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in mine}
    full = float(FULL[name])
    assert scores == {"full": (full, full), "empty": (0.0, full), "partly": (float(FIRST[name].points), full)}


@pytest.mark.parametrize("name", FULL)
def test_feedback_is_readable(course, name):
    pages = {
        s: (course / "lab" / "feedback" / s / name / f"{name}.html").read_text()
        for s in ("full", "empty", "partly")
    }
    assert "Not attempted yet" in pages["empty"] and "Not attempted yet" not in pages["full"]
    assert "✓" in pages["partly"] and ("△" in pages["partly"] or "✕" in pages["partly"])


def test_points_for_parts_are_those_of_the_notebook(course, tmp_path):
    """An author has switched them on: the right means without the hats, which are worth 1.5 of 4."""
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-parts.py").write_text(PARTS_ON)
    body = solved("08_adam")["adam_step"]
    for hat, mean in {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"}.items():
        assert hat in body
        body = body.replace(hat, mean)
    target = course / "lab" / "submitted" / "parts" / "08_adam"
    target.mkdir(parents=True)
    submitted(target, "parts", {"adam_step": body}, "08_adam").rename(target / "08_adam.ipynb")
    for ipython, points in ((tmp_path / "ipython", 1.5), (tmp_path / "plain", 0.0)):
        nbgrader(course, "autograde", "08_adam", "--student", "parts", "--force", IPYTHONDIR=str(ipython))
        nbgrader(course, "export", "--to", str(course / "parts.csv"))
        rows = csv.DictReader((course / "parts.csv").read_text().splitlines())
        assert [
            float(r["score"]) for r in rows if r["student_id"] == "parts" and r["assignment"] == "08_adam"
        ] == [points]


def test_an_update_in_mid_term_keeps_what_students_wrote(course):
    """A changed text and a changed check are released; the answers stay, by their grade_id, and are graded anew."""
    name = next(iter(FULL))
    source = course / "lab" / "source" / name / f"{name}.ipynb"
    notebook = json.loads(source.read_text())
    notebook["cells"][0]["source"] = ["# A new heading"]
    check = next(c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("grade"))
    check["metadata"]["nbgrader"]["points"] += 1
    check["source"] = [
        "from course_lib.checks import check\n",
        "\n",
        f"{FIRST[name].points + 1} / {FIRST[name].points} * check({FIRST[name].name}).points",
    ]
    source.write_text(json.dumps(notebook))
    nbgrader(course, "generate_assignment", name, "--force")
    nbgrader(course, "autograde", name, "--force")
    nbgrader(course, "export", "--to", str(course / "again.csv"))
    rows = csv.DictReader((course / "again.csv").read_text().splitlines())
    scores = {row["student_id"]: float(row["score"]) for row in rows if row["assignment"] == name}
    assert scores.pop("parts", 0.0) == 0.0
    assert scores == {"full": FULL[name] + 1, "empty": 0.0, "partly": FIRST[name].points + 1}
