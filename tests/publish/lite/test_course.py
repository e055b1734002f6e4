"""Notebooks run in the browser, offline: no error, no request to other hosts; figures answer, exercises are checked."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.browser.test_figure import CANVAS, label, settled, slider

from .site import BOOT, outside, run_all, run_cell, started, told

ROOT = Path(__file__).parents[3]
FEW = ["notebooks/00_start_here.ipynb"]
NOTEBOOKS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "exercises")
    for path in (ROOT / folder).glob("*.ipynb")
)
EXERCISE = "exercises/04_momentum.ipynb"
KEYS = 40
WATCH = """() => {
    window.seen = { inputs: [], pictures: [] };
    document.addEventListener("keydown", (event) => window.seen.inputs.push(event.timeStamp), true);
    new MutationObserver(() => window.seen.pictures.push(performance.now()))
        .observe(document.querySelector(".lf"), { attributeFilter: ["data-count"] });
}"""


@pytest.mark.parametrize("notebook", NOTEBOOKS if os.environ.get("LITE_NOTEBOOKS") == "all" else FEW)
def test_a_notebook_runs_without_error_and_without_other_hosts(site, context, notebook, capsys):
    asked = outside(context, site)
    page = context.new_page()
    page.goto(site.url(notebook))
    started(page)
    begun = time.perf_counter()
    assert run_all(page) == []
    assert asked == []
    with capsys.disabled():
        print(
            f"\n{notebook}: all cells in {time.perf_counter() - begun:.0f} s, {site.megabytes:.0f} MB loaded"
        )


def test_lesson_04_draws_and_a_slider_answers(site, context, capsys):
    asked = outside(context, site)
    page = context.new_page()
    begun = time.perf_counter()
    page.goto(site.url("notebooks/04_momentum.ipynb"))
    started(page)
    boot = time.perf_counter() - begun
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    page.wait_for_selector(".lf canvas[aria-label]", timeout=BOOT)
    picture = time.perf_counter() - begun
    assert run_all(page) == [] and asked == []
    while page.locator(".lf-skip").count():
        page.locator(".lf-skip").first.click()
    page.locator(CANVAS).first.scroll_into_view_if_needed()
    before, said = settled(page), label(page)
    assert before[1] > 0.05
    lr = slider(page, "lr").first
    lr.focus()
    page.keyboard.press("ArrowLeft")
    assert settled(page)[0] != before[0] and label(page) != said
    with capsys.disabled():
        print(f"\nlesson 04: Python ready {boot:.1f} s, first picture {picture:.1f} s after the page was asked for, "
              f"{site.megabytes:.0f} MB loaded; {speed(page)}")  # fmt: skip


def speed(page):
    """Press a key again and again, then as fast as a held key; say how soon the pictures came."""
    page.evaluate(WATCH)
    times = []
    for i in range(KEYS):
        page.evaluate("() => { seen.inputs.length = seen.pictures.length = 0 }")
        page.keyboard.press("ArrowLeft" if i % 8 < 4 else "ArrowRight")
        page.wait_for_function("() => seen.pictures.length", timeout=10_000)
        times.append(page.evaluate("() => seen.pictures[0] - seen.inputs[0]"))
        page.wait_for_timeout(100)
    page.evaluate("() => { seen.pictures.length = 0 }")
    begun = time.perf_counter()
    while time.perf_counter() - begun < 3:
        page.keyboard.press("ArrowLeft" if int((time.perf_counter() - begun) * 2) % 2 else "ArrowRight")
        page.wait_for_timeout(8)
    rate = page.evaluate("() => seen.pictures.length") / (time.perf_counter() - begun)
    return (
        f"key → picture {np.median(times):.0f} ms (p95 {np.quantile(times, 0.95):.0f}), {rate:.0f} pictures/s"
    )


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
