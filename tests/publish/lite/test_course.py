"""Notebooks run in the browser, offline: no error, no request to other hosts, and figures answer."""

import os
import time
from pathlib import Path

import numpy as np
import pytest

from tests.browser.test_figure import CANVAS, label, settled, slider

from .site import BOOT, INSECURE, outside, run_all, started, told

ROOT = Path(__file__).parents[3]
FEW = ["notebooks/00_start_here.ipynb"]
NOTEBOOKS = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("notebooks", "exercises")
    for path in (ROOT / folder).glob("*.ipynb")
)
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


def test_http_without_service_worker_is_told_and_the_lesson_runs(site, context):
    page = context.new_page()
    page.goto(site.url(FEW[0], INSECURE))
    said = told(page, "worker")
    assert "open it with https" in said and "progress()" in said
    started(page)
    assert run_all(page) == []


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
