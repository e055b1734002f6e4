"""An exercise in the browser, from the first attempt to the grade of the downloaded file."""

import json
import subprocess
import sys

from .site import run_all, run_cell, started, told

EXERCISE = "exercises/04_momentum.ipynb"
SIGNATURE = "def momentum_step(x, g, state, lr=0.01, beta=0.9):\n"
RIGHT = SIGNATURE + '    m = beta * state["m"] + g\n    return x - lr * m, {"m": m}'
WRONG = SIGNATURE + '    m = beta * state["m"] + (1 - beta) * g\n    return x - lr * m, {"m": m}'
ENDLESS = SIGNATURE + "    while True:\n        pass"


def attempt(page, source):
    """Write an answer into task 1 and check it."""
    run_cell(page, "task-momentum-step", source)
    return run_cell(page, "check-momentum-step")


def test_exercise_04_from_the_first_attempt_to_the_grade(site, context, tmp_path):
    page = context.new_page()
    page.goto(site.url(EXERCISE))
    started(page)
    assert run_all(page) == []
    assert "Not attempted yet" in run_cell(page, "check-momentum-step")
    assert "the averaging form" in attempt(page, WRONG).lower()
    endless = attempt(page, ENDLESS)
    assert "3 seconds" in endless and "right" not in endless.splitlines()[0]
    assert "4 of 4" in attempt(page, RIGHT), "the kernel lives after the endless loop"
    assert "✓ solved     momentum_step" in run_cell(page, "progress")
    assert "hint 1" in run_cell(page, "hint-momentum-step", 'hint("momentum_step")').lower()

    page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    with page.expect_download() as download:
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:download')")
    assert download.value.suggested_filename == "exercises_04_momentum.ipynb", "as the help says"
    handed_in = tmp_path / "submitted" / "Ada" / download.value.suggested_filename
    download.value.save_as(handed_in)
    assert RIGHT in ["".join(cell["source"]) for cell in json.loads(handed_in.read_text())["cells"]]
    done = subprocess.run(
        [sys.executable, "-m", "course_lib.grade", tmp_path / "submitted", "--out", tmp_path / "graded"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (row,) = (tmp_path / "graded" / "grades.csv").read_text().splitlines()[1:]
    assert row.startswith("Ada,") and ",4," in row.replace("4.0", "4"), row

    page.reload()
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    sources = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells.map(cell => cell.source)"
    )
    assert RIGHT in sources, "what was written stays in this browser"
    assert "stays in this browser" in told(page)
