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
TASKS = {e.name: e.tasks for e in all_exercises()}
FIRST = {name: tasks[0] for name, tasks in TASKS.items()}


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


@pytest.fixture
def course(tmp_path):
    """An empty class with the kit's settings."""
    return empty_class(tmp_path)


@pytest.fixture(scope="module")
def term(tmp_path_factory):
    """A class that does one exercise after another."""
    return empty_class(tmp_path_factory.mktemp("term"))


def empty_class(folder: Path) -> Path:
    """Give a folder the kit's settings."""
    assert importlib.util.find_spec("nbgrader"), "the extra `lab` is missing: make test-slow installs it"
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return folder


def release(course: Path, name: str) -> Path:
    """Release an exercise to the class and return the file released."""
    source = course / "lab" / "source" / name
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{name}.ipynb", source)
    nbgrader(course, "generate_assignment", name)
    return course / "lab" / "release" / name / f"{name}.ipynb"


def submit(course: Path, student: str, name: str, bodies: dict[str, str]) -> None:
    """Hand in the exercise with these answers."""
    target = course / "lab" / "submitted" / student / name
    target.mkdir(parents=True)
    submitted(target, student, bodies, name).rename(target / f"{name}.ipynb")


def hand_in(course: Path, name: str) -> None:
    """Hand in all right, nothing, and the first task right beside a wrong one."""
    bodies = solved(name)
    first = FIRST[name].name
    wrong = next(t for t in TASKS[name][1:] if t.name in bodies)
    submit(course, "full", name, bodies)
    submit(course, "empty", name, {})
    submit(course, "partly", name, {first: bodies[first], wrong.name: "    return 1.0\n"})


def booked(course: Path, name: str) -> dict[str, tuple[float, float]]:
    """Return the same as `scores`, read from nbgrader's book itself."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'lab' / 'gradebook.db'}") as book:
        return {one.student.id: (one.score, one.max_score) for one in book.assignment_submissions(name)}


def scores(course: Path, name: str) -> dict[str, tuple[float, float]]:
    """Return each student's score in an exercise, and the best there is, from what nbgrader exports."""
    nbgrader(course, "export", "--to", str(course / "grades.csv"))
    rows = csv.DictReader((course / "grades.csv").read_text().splitlines())
    return {
        row["student_id"]: (float(row["score"]), float(row["max_score"]))
        for row in rows
        if row["assignment"] == name
    }


@pytest.mark.parametrize("name", FULL)
def test_an_exercise_from_release_to_feedback(term, name):
    """The release is the exercise, cell by cell; scores are exact; the feedback is readable."""
    released = nbformat.read(release(term, name), as_version=4)
    ours = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    assert [(c.id, c.cell_type, c.source) for c in released.cells] == [
        (c.id, c.cell_type, c.source) for c in ours.cells
    ]
    for one, other in zip(released.cells, ours.cells, strict=True):
        mark = other.metadata.get("nbgrader")
        assert mark is None or mark.items() <= one.metadata["nbgrader"].items()

    hand_in(term, name)
    nbgrader(term, "autograde", name)
    full = float(FULL[name])
    assert booked(term, name) == {
        "full": (full, full),
        "empty": (0.0, full),
        "partly": (float(FIRST[name].points), full),
    }

    nbgrader(term, "generate_feedback", name)
    pages = {
        s: (term / "lab" / "feedback" / s / name / f"{name}.html").read_text()
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
    release(course, "08_adam")
    submit(course, "parts", "08_adam", {"adam_step": body})
    for ipython, points in ((tmp_path / "ipython", 1.5), (tmp_path / "plain", 0.0)):
        nbgrader(course, "autograde", "08_adam", "--student", "parts", "--force", IPYTHONDIR=str(ipython))
        assert scores(course, "08_adam") == {"parts": (points, FULL["08_adam"])}


def test_an_update_in_mid_term_keeps_what_students_wrote(course):
    """A changed text and a changed check are released; the answers stay, by their grade_id, and are graded anew."""
    name = next(iter(FULL))
    release(course, name)
    hand_in(course, name)
    nbgrader(course, "autograde", name)
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
    full = FULL[name] + 1
    assert scores(course, name) == {
        "full": (full, full),
        "empty": (0.0, full),
        "partly": (FIRST[name].points + 1, full),
    }
