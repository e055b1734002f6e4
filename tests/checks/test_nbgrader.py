"""The lab kit with the real nbgrader: release, autograde, feedback and export, with the scores expected.

It needs the extra `lab`; `make test-slow` makes an environment that has it. Without it the test fails: a lab kit that
nobody tried is none.
"""

from __future__ import annotations

import contextlib
import csv
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from course_lib.checks.exercises import all_exercises
from course_lib.checks.generate import with_points
from course_lib.grade import both, mend
from course_lib.grade.__main__ import main as grade_main

from .test_class_report import table
from .test_grade import FULL, solved, submitted

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TASKS = {e.name: e.tasks for e in all_exercises()}
FIRST = {name: tasks[0] for name, tasks in TASKS.items()}
BY_HAND = {
    name: sum(
        cell.metadata["nbgrader"]["points"]
        for cell in nbformat.read(ROOT / "solutions" / f"{name}.ipynb", as_version=4).cells
        if cell.cell_type == "markdown" and "nbgrader" in cell.metadata
    )
    for name in FULL
}
"""Points that a person gives."""


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


def nbgrader_here(folder: Path, *arguments: str) -> str:
    """Run a command of nbgrader in this process, which has loaded it already: that saves three seconds a command."""
    from nbgrader.tests import run_nbgrader

    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are nbgrader's own
        return str(run_nbgrader([*arguments], env={**os.environ, "COURSE_PROGRESS": "", "PATH": path}))


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


def release(course: Path, name: str, run: Callable[..., str] = nbgrader) -> Path:
    """Release an exercise to the class and return the file released."""
    source = course / "lab" / "source" / name
    source.mkdir(parents=True)
    shutil.copy(ROOT / "solutions" / f"{name}.ipynb", source)
    assert "WARNING" not in run(course, "generate_assignment", name)
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
    released = nbformat.read(release(term, name, nbgrader_here), as_version=4)
    ours = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    assert [(c.id, c.cell_type, c.source) for c in released.cells] == [
        (c.id, c.cell_type, c.source) for c in ours.cells
    ]
    for one, other in zip(released.cells, ours.cells, strict=True):
        mark = other.metadata.get("nbgrader")
        assert mark is None or mark.items() <= one.metadata["nbgrader"].items()

    hand_in(term, name)
    nbgrader_here(term, "autograde", name)
    full, there_are = float(FULL[name]), float(FULL[name] + BY_HAND[name])
    assert booked(term, name) == {
        "full": (full, there_are),
        "empty": (0.0, there_are),
        "partly": (float(FIRST[name].points), there_are),
    }

    nbgrader_here(term, "generate_feedback", name)
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


def test_an_update_in_mid_term_keeps_what_students_wrote(course, tmp_path):
    """A changed text and changed points are released; the answers stay, by their grade_id, and are graded anew."""
    name = "08_adam"
    release(course, name)
    hand_in(course, name)
    nbgrader(course, "autograde", name)
    exercise = next(e for e in all_exercises() if e.name == name)
    adam, *others = exercise.tasks
    changed = with_points(
        json.loads((ROOT / "solutions" / f"{name}.ipynb").read_text()),
        replace(exercise, tasks=[replace(adam, points=adam.points + 1), *others]),
    )
    changed["cells"][0]["source"] = ["# A new heading"]
    (course / "lab" / "source" / name / f"{name}.ipynb").write_text(json.dumps(changed))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00-points.py").write_text(
        PARTS_ON.replace('parts={"m": 0.5, "v": 1}', "points=adam.points + 1")
    )
    nbgrader(course, "generate_assignment", name, "--force")
    nbgrader(course, "autograde", name, "--force", IPYTHONDIR=str(tmp_path / "ipython"))
    full = FULL[name] + 1
    assert scores(course, name) == {
        "full": (full, full),
        "empty": (0.0, full),
        "partly": (FIRST[name].points + 1, full),
    }


def edited(file: Path, change) -> None:
    """Change a notebook in its file."""
    notebook = json.loads(file.read_text())
    change(notebook["cells"])
    file.write_text(json.dumps(notebook))


def test_what_stops_autograde_is_mended_and_both_grades_agree(course, capsys):
    """A copied cell, a renamed file, a folder in the course's place, a broken file, points by hand, a bent checker."""
    name = "12_does_anything_beat_sgd"
    release(course, name)
    bodies = {task: body for task, body in solved(name).items() if task in ("chance_of_good", "flip_p")}
    for student in ("a_copy", "b_renamed", "c_shadow", "d_broken", "e_bent"):
        submit(course, student, name, bodies if student != "e_bent" else {})
    folder = course / "lab" / "submitted"
    files = {path.parts[-3]: path for path in folder.glob(f"*/{name}/*.ipynb")}
    answer = "task-flip-p"

    def copy_answer(cells):
        at = next(i for i, c in enumerate(cells) if c["id"] == answer)
        wrong = {**cells[at], "id": "older", "source": ["def flip_p(differences):\n", "    return 0.5\n"]}
        cells.insert(at, wrong)

    def write(cells):
        next(c for c in cells if c["id"] == "explain-tune")["source"] = ["I cannot tell."]

    def bend(cells):
        cell = next(c for c in cells if c["id"] == answer)
        bent = "Verdict.points = property(lambda self: float(self.of))"
        cell["source"] = f"from course_lib.checks.tasks import Verdict\n{bent}\n{''.join(cell['source'])}"

    edited(files["a_copy"], copy_answer)
    edited(files["b_renamed"], write)
    files["b_renamed"].rename(files["b_renamed"].with_stem(f"{name} (1)"))
    (files["c_shadow"].parent / "course_lib").mkdir()
    (files["c_shadow"].parent / "course_lib" / "__init__.py").write_text("raise SystemExit\n")
    files["d_broken"].write_text("{")
    edited(files["e_bent"], bend)
    with pytest.raises(AssertionError, match="old version"):  # as nbgrader says it of a copied cell
        nbgrader(course, "autograde", name, "--student", "a_copy")

    mend.main([str(folder)])
    said = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in said] == ["a_copy", "b_renamed", "c_shadow", "d_broken"]
    assert (course / "lab" / "set_aside" / "a_copy" / name / f"{name}.ipynb").exists()
    mend.main([str(folder)])
    assert "nothing to mend" in capsys.readouterr().out
    shutil.rmtree(folder / "c_shadow")
    nbgrader(course, "autograde", name)
    book = both.read_book(course / "lab" / "gradebook.db")
    auto = {s: sum(c.points or 0 for c in cells if not c.by_hand) for (s, _), cells in book.items()}
    assert auto == {"a_copy": 5, "b_renamed": 5, "e_bent": auto["e_bent"]} and auto["e_bent"] > 3

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'lab' / 'gradebook.db'}") as grades:  # as the form grader does it
        (grade,) = (
            g
            for g in grades.find_submission(name, "b_renamed").notebooks[0].grades
            if g.name == "explain-tune"
        )
        assert grade.needs_manual_grade
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        grades.db.commit()

    graded = course / "lab" / "graded"
    assert grade_main([str(folder), "--out", str(graded), "--jobs", "1"]) == 0
    both.main([str(course / "lab" / "gradebook.db"), str(graded), "--for", "canvas"])
    lines = {line["student"]: line for line in table(graded / "both.csv")}
    columns = ("ours", "nbgrader", "by hand", "sum", "of")
    assert [lines["b_renamed"][c] for c in columns] == ["5", "5", "1.5", "6.5", "14"]
    assert not any(lines[s]["difference"] for s in ("a_copy", "b_renamed"))
    assert "changed the checker" in lines["e_bent"]["difference"] and lines["e_bent"]["ours"] == "0"
    grades_csv = {line["student"]: line for line in table(graded / "grades.csv")}
    assert (grades_csv["b_renamed"]["explain_tune"], grades_csv["b_renamed"]["points"]) == ("1.5", "6.5")
    canvas = {line["Student"]: line[name] for line in table(graded / "canvas.csv", "utf-8")}
    assert canvas["b_renamed"] == "6.5" and canvas["e_bent"] == "0"
