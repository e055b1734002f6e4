"""The lessons in JupyterLab: each runs, its figures stand, and what the text asks the reader to do works.

Each lesson is opened and run once; the tests of it follow each other on its page.
"""

import shutil
from pathlib import Path

import pytest

from .conftest import notebooks
from .lab import run_all
from .test_figure import CANVAS, label, pixels, settled, slider

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))

CELLS = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells"
ALL_RAN = f"() => {CELLS}.every(cell => cell.cell_type !== 'code' || cell.execution_count)"
ERRORS = (
    f"() => {CELLS}.flatMap(cell => cell.outputs ?? []).filter(output => output.output_type === 'error')"
    ".map(output => output.evalue)"
)


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem)
def page(request, server, browser, desk):
    """A lesson that has run."""
    with notebooks(server, browser, desk) as open_notebook:
        page = open_notebook(request.param, figures=0)
        page.wait_for_function(ALL_RAN, timeout=90_000)
        yield page


def lesson(number):
    """Give a test the page of this lesson alone."""
    (path,) = (path for path in LESSONS if path.name.startswith(number))
    return pytest.mark.parametrize("page", [path], indirect=True, ids=[path.stem])


def answered(page):
    """Skip the questions of all figures."""
    while page.locator(".lf-skip").count():
        page.locator(".lf-skip").first.click()


def test_every_lesson_runs_asks_first_and_draws(page):
    assert page.evaluate(ERRORS) == []
    page.wait_for_selector(".lf-answers")
    first = page.locator(".lf-ask").first
    first.locator(".lf-answers button").first.click()
    assert first.locator(".lf-given").inner_text().lstrip("✓✗ ").startswith("You said: ")
    assert len(first.locator(".lf-happened").inner_text()) > 10
    assert settled(page)[1] > 0.05 and label(page) != "A figure that asks first"


@lesson("04")
def test_momentum_answers_to_mouse_and_keyboard(page):
    answered(page)
    page.locator(CANVAS).first.scroll_into_view_if_needed()
    lr = slider(page, "lr").first
    lr.scroll_into_view_if_needed()
    before = settled(page)
    box = lr.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2, steps=10)
    page.mouse.up()
    by_mouse, said = settled(page, unlike=before[0]), label(page)
    assert "lr 1," not in said
    lr.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    settled(page, unlike=by_mouse[0])
    assert label(page) != said


@lesson("11")
def test_the_race_plays_stops_and_lets_runners_out(page):
    answered(page)
    player = page.locator(".lf-player").first
    player.scroll_into_view_if_needed()
    assert "step 0 of" in label(page)
    start = pixels(page)
    player.get_by_label("Play").click()
    page.wait_for_timeout(1500)
    player.get_by_label("Stop").click()
    stopped = settled(page, unlike=start[0])
    assert "step 0 of" not in label(page)
    said = label(page)
    player.get_by_title("One on").click()
    settled(page, unlike=stopped[0])
    assert label(page) != said
    page.get_by_role("button", name="Adagrad", exact=True).first.click()
    page.wait_for_function(
        "() => document.querySelector('.lf-name[aria-pressed=false]')?.textContent === 'Adagrad'"
    )


@lesson("08")
def test_pointing_at_a_quantity_brings_it_forward(page):
    answered(page)
    name = page.get_by_role("button", name="v", exact=True).first
    name.scroll_into_view_if_needed()
    before = settled(page)
    name.hover()
    settled(page, unlike=before[0])
    page.mouse.move(5, 5)
    page.wait_for_timeout(300)
    assert settled(page)[0] == before[0]


@lesson("12")
def test_the_learning_rate_picks_the_winner(page):
    answered(page)
    lr = slider(page, "lr").first
    lr.scroll_into_view_if_needed()
    assert "all at lr = 0.001" in label(page) and "SGD 2.2" in label(page)
    before = settled(page)
    lr.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    settled(page, unlike=before[0])
    assert "all at lr = 0.001" not in label(page)
    page.get_by_label("compared at").first.select_option(label="each its best lr")
    page.wait_for_function(
        "() => document.querySelector('.lf canvas').ariaLabel.includes('each at its best lr')", timeout=5_000
    )
    settled(page, unlike=before[0])


def comes_into_sight(heading, part=1.0):
    """Wait until a heading is in the upper part of the window, and see that it stays when all cells are laid out."""
    seen = """(h, part) => {
        const { top, bottom } = h.getBoundingClientRect();
        return top >= 0 && bottom < innerHeight * part;
    }"""
    heading.wait_for(state="attached")
    for _ in range(60):
        if heading.evaluate(seen, part):
            break
        heading.page.wait_for_timeout(250)
    heading.page.wait_for_timeout(1500)
    assert heading.evaluate(seen, part), f"{heading.inner_text()} is at {heading.bounding_box()}"


def test_links_to_tasks_and_to_sections_show_their_headings(server, browser):
    """The exercise is solved here, so that its checks name what follows."""
    for source, folder in (("solutions", "exercises"), ("notebooks", "notebooks")):
        (server.root / folder).mkdir(exist_ok=True)
        shutil.copy(ROOT / source / "02_gradient_descent.ipynb", server.root / folder)
    context = browser.new_context(viewport={"width": 1000, "height": 700})
    page = context.new_page()
    page.goto(server.url("exercises/02_gradient_descent.ipynb"))
    run_all(page, figures=0)
    page.locator(".jp-OutputArea a", has_text="task 3 · ").click(timeout=60_000)
    comes_into_sight(page.get_by_role("heading", name="3 · "), 1 / 3)
    page.get_by_role("link", name="lesson 02, section 5").first.click()
    # JupyterLab goes to a cell of a notebook that it opens once, while cells above are still laid out: not to the top
    comes_into_sight(page.get_by_role("heading", name="5 · Two dimensions explain the zig-zag"))
    context.close()
    server.stop_kernels()
