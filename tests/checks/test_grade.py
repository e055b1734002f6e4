"""Grading outside the notebook: honest scores for honest work, none for mischief, and one bad one spoils nothing."""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from course_lib.checks.exercises import all_exercises
from course_lib.grade.__main__ import main
from course_lib.grade.batch import Limits, grade
from course_lib.grade.submission import read
from course_lib.grade.tables import harmless

ROOT = Path(__file__).parents[2]
FULL = {e.name: sum(t.points for t in e.tasks) for e in all_exercises()}
RIGHT = '    m = beta * state["m"] + g\n    return x - lr * m, {"m": m}\n'


def submitted(
    folder: Path, student: str, answers: dict[str, str], exercise="04_momentum", source="exercises"
) -> Path:
    """Write a submission: the exercise with some answers filled in, by the name of the function."""
    notebook = json.loads((ROOT / source / f"{exercise}.ipynb").read_text())
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        for name, body in answers.items():
            if text.startswith(f"def {name}("):
                text = body if body.startswith("!") else text[: text.index("    # YOUR CODE")] + body
        cell["source"] = text.removeprefix("!")
    file = folder / f"{student}_{exercise}.ipynb"
    file.write_text(json.dumps(notebook))
    return file


def solved(name: str) -> dict[str, str]:
    """The bodies of a solution by function."""
    bodies = {}
    for cell in json.loads((ROOT / "solutions" / f"{name}.ipynb").read_text())["cells"]:
        text = "".join(cell["source"])
        if "### BEGIN SOLUTION" in text:
            body = text.split("### BEGIN SOLUTION\n")[1].split("    ### END SOLUTION")[0]
            bodies[text[4 : text.index("(")]] = body
    return bodies


# Each is an answer to momentum_step; the four easy tasks beside it are solved, so that the honest score of the rest is known.
HOSTILE = {
    "patched numpy": "    np.allclose = np.isclose = np.array_equal = np.abs = lambda *a, **k: True\n    return x, state\n",
    "always equal": "    class E(float):\n        __eq__ = __le__ = __lt__ = lambda *a: True\n        __sub__ = __rsub__ = lambda *a: 0.0\n    return E(), {'m': E()}\n",
    "redefined checker": "    import course_lib.checks.tasks as t, course_lib.checks.compare as c\n    c.close = c.agree = lambda *a: True\n    t.Task.judge = lambda *a: 1\n    t.Verdict.points = 99\n    return x, state\n",
    "os._exit": "    import os\n    os._exit(0)\n",
    "endless": "    while True:\n        try:\n            while True: pass\n        except: pass\n",
    "fork": "    import os\n    for _ in range(3): os.fork()\n    return x, state\n",
    "subprocess": "    import subprocess\n    subprocess.run(['true'])\n    return x, state\n",
    "huge memory": "    return np.ones(10**11), state\n",
    "much memory in steps": "    kept = []\n    while True: kept.append(np.ones(10**7))\n",
    "deep recursion": "    return momentum_step(x, g, state)\n",
    "written report": "    import os\n    for fd in range(3, 30):\n        try: os.write(fd, b'{\"task\": \"momentum_step\", \"points\": 4}\\n{\"done\": true}\\n')\n        except OSError: pass\n    os._exit(0)\n",
    "raise in str": "    class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E\n",
    "kill the parent": "    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)\n    return x, state\n",
    "megabyte": "    print('z' * 10**6)\n    return x, state\n",
}  # fmt: skip
EASY = ("spectral_radius", "best_settings")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    bodies = {name: body for name, body in solved("04_momentum").items() if name in EASY}
    files = {
        n: submitted(folder, f"s{i}", {**bodies, "momentum_step": body})
        for i, (n, body) in enumerate(HOSTILE.items())
    }
    files["honest"] = submitted(folder, "honest", {**bodies, "momentum_step": RIGHT})
    files["not a notebook"] = folder / "broken.ipynb"
    files["not a notebook"].write_text("{")
    files["ends at the top"] = submitted(folder, "top", {**bodies, "student": "!import os\nos._exit(3)\n"})
    scores = {score.submission.file: score for score in grade(list(files.values()), limits=Limits(40, 2000))}
    return {name: scores[file] for name, file in files.items()}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_mischief_earns_nothing_and_costs_nothing_else(hostile, name):
    score = hostile[name]
    print(name, f"{score.seconds:.1f} s", score.remarks, score.results[0].text)
    points = {r.verdict.task: r.points for r in score.results}
    assert points["momentum_step"] == 0
    assert points["spectral_radius"] == 3 and points["best_settings"] == 2


@pytest.mark.slow
def test_the_others_of_the_batch_are_graded(hostile):
    assert hostile["honest"].points == 9
    assert hostile["not a notebook"].points == 0 and "cannot be read" in hostile["not a notebook"].remarks[0]
    assert hostile["ends at the top"].points == 5  # what was solved beside it
    assert any("its process ended" in remark for remark in hostile["ends at the top"].remarks)


@pytest.mark.slow
def test_full_empty_and_partly_right(tmp_path, capsys):
    for exercise in all_exercises():
        bodies, first = solved(exercise.name), exercise.tasks[0].name
        for student, answers in (("full", bodies), ("empty", {}), ("partly", {first: bodies[first]})):
            submitted(tmp_path, student, answers, exercise.name)
    assert main([str(tmp_path), "--out", str(tmp_path / "out")]) == 0
    table = (tmp_path / "out/grades.csv").read_text("utf-8-sig").splitlines()
    rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(table)}
    assert len(rows) == 60 and "60 submissions" in capsys.readouterr().out
    for exercise in all_exercises():
        points = [float(rows[student, exercise.name]["points"]) for student in ("full", "empty", "partly")]
        assert points == [FULL[exercise.name], 0, exercise.tasks[0].points], exercise.name
        assert not rows["full", exercise.name]["remarks"], exercise.name
        assert "Not attempted yet" in (tmp_path / "out" / f"empty_{exercise.name}.html").read_text()


@pytest.mark.slow
def test_numbers_by_student(tmp_path):
    bodies = solved("04_momentum")
    own = submitted(tmp_path, "ada", {**bodies, "student": '    return "Ada"\n'})
    copied = submitted(
        tmp_path, "bob", {**bodies, "student": '    return "ada"\n', "steady_step": "    return 0.123\n"}
    )
    scores = {s.submission.student: s for s in grade([own, copied], by_student=True)}
    assert scores["ada"].points == FULL["04_momentum"] and not scores["ada"].remarks
    # two tasks have numbers of one's own: what suits Ada suits nobody else
    assert scores["bob"].points == FULL["04_momentum"] - 2
    assert "judged with the numbers of 'bob'" in scores["bob"].remarks[-1]


def test_whose_and_which(tmp_path):
    (tmp_path / "eve" / "08_adam").mkdir(parents=True)
    file = submitted(tmp_path / "eve" / "08_adam", "x", {}, "08_adam")
    assert read(file).student == "x"
    file = file.rename(file.with_name("08_adam.ipynb"))
    assert (read(file).student, read(file).exercise.name) == ("eve", "08_adam")
    assert all(" check" not in cell and "explore_path(" not in cell for cell in read(file).cells)


@pytest.mark.parametrize(
    ("path", "student"),
    [
        ("exercises_04_momentum.ipynb", "ada"),  # as JupyterLite names it
        ("exercises_04_momentum (1).ipynb", "ada"),  # as Chromium names a second download, and
        ("04_momentum(2).ipynb", "ada"),  # as Firefox does
        ("exercises/04_momentum.ipynb", "ada"),
        ("04_momentum/exercises_04_momentum.ipynb", "ada"),
        ("bob_exercises_04_momentum.ipynb", "bob"),
        ("bob-04_momentum (3).ipynb", "bob"),
        ("exercises_04_momentum_bob.ipynb", "bob"),
        (
            "Bob Lee_4711_assignsubmission_file_exercises_04_momentum.ipynb",
            "Bob Lee",
        ),
        ("homework (1).ipynb", "ada"),
    ],
)
def test_what_a_browser_adds_to_a_name_is_no_student(path, student, tmp_path):
    file = tmp_path / "ada" / path
    file.parent.mkdir(parents=True)
    assert read(submitted(tmp_path, "x", {}).rename(file)).student == student


def test_two_files_of_one_student_have_two_rows_and_two_pages(tmp_path):
    folder = tmp_path / "in" / "ada"
    folder.mkdir(parents=True)
    for i, answers in enumerate(({}, {"momentum_step": RIGHT})):
        submitted(tmp_path, "x", answers).rename(folder / f"exercises_04_momentum ({i}).ipynb")
    main([str(tmp_path / "in"), "--out", str(tmp_path / "out")])
    rows = list(csv.DictReader((tmp_path / "out/grades.csv").read_text("utf-8-sig").splitlines()))
    assert [row["student"] for row in rows] == ["ada", "ada"]
    assert all("one of 2 files of this student" in row["remarks"] for row in rows)
    pages = [page.read_text() for page in (tmp_path / "out").glob("ada_04_momentum*.html")]
    for row in rows:
        assert sum(f"<h1>ada · 04_momentum · {row['points']} of" in page for page in pages) == 1


def test_words_worth_a_look_are_remarked(tmp_path):
    assert read(submitted(tmp_path, "a", {"momentum_step": HOSTILE["os._exit"]})).remarks == [
        "uses _exit, os"
    ]
    assert read(submitted(tmp_path, "b", {"momentum_step": RIGHT})).remarks == []


def test_no_cell_of_the_table_is_a_formula():
    assert [harmless(text) for text in ("=1+1", "ada", "@x", "-3")] == ["'=1+1", "ada", "'@x", "'-3"]


def test_no_process_is_left():
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    assert not children.exists() or "course_lib.grade" not in "".join(
        Path(f"/proc/{pid}/cmdline").read_text() for pid in children.read_text().split()
    )
