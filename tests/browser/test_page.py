"""What a page does around a figure: it asks first, links its panels, keeps its keys, fits a screen, and is saved."""

import json
import re

import pytest

from .test_figure import label, pixels, settled, slider

SETUP = "from course_lib.live import *\nfrom course_lib.optimizers import *\n"
PATH = SETUP + "f = explore_path(Adam(lr=0.1), 'rosenbrock', steps=60)\n"
ASKING = (
    PATH
    + "f.ask('Will it arrive?', ('yes', 'no'), lambda f: f'It ends at {f.path().final_loss:.1f}.', right=1)"
)
CANVAS, QUESTION = ".lf canvas", ".lf-ask"
SEEN = "() => getComputedStyle(document.querySelector('.lf-controls')).visibility"


def cells(page):
    return page.evaluate("() => window.jupyterapp.shell.currentWidget.content.model.cells.length")


def steps(page):
    return int(slider(page, "steps").get_attribute("aria-valuetext").split(",")[0])


def place(page, selector):
    return page.locator(selector).first.bounding_box()


def saved_figures(page, path):
    """The figures' states in the saved notebook, once each keeps the backgrounds it shows."""
    for _ in range(30):
        page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_timeout(1000)
        widgets = json.loads(path.read_text())["metadata"]["widgets"]
        states = [
            one["state"] for one in widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
        ]
        figures = [state for state in states if "_scene" in state]
        if all(kept_backgrounds(state) == shown_backgrounds(state) for state in figures):
            return figures
    raise AssertionError([(kept_backgrounds(state), shown_backgrounds(state)) for state in figures])


def kept_backgrounds(state):
    return {key.split("|")[0] for key in state.get("_kept", {})}


def shown_backgrounds(state):
    return {panel["background"] for panel in state["_scene"]["panels"] if panel["background"]}


def drag_around(page):
    """Drag the start of the first figure over its map, where other level lines belong to it."""
    box = place(page, CANVAS)
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] / 2)
    page.mouse.down()
    for i in range(40):
        page.mouse.move(
            box["x"] + box["width"] * (0.1 + 0.008 * i), box["y"] + box["height"] * (0.5 + 0.4 * (-1) ** i)
        )
        page.wait_for_timeout(60)
    page.mouse.up()
    settled(page)
    page.wait_for_timeout(1000)


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_figure_asks_first_and_says_what_happened(lab, app):
    page = lab([ASKING], app)
    before = settled(page)[0]
    assert label(page) == "A figure that asks first" and page.evaluate(SEEN) == "hidden"
    assert "Will it arrive?" in page.inner_text(QUESTION) and "It ends" not in page.inner_text(QUESTION)
    page.get_by_role("button", name="no", exact=True).click()
    settled(page, unlike=before)
    assert "Adam, lr 0.1" in label(page) and page.evaluate(SEEN) == "visible"
    told = page.inner_text(QUESTION)
    assert "✓ You said: no" in told and re.search(r"It ends at \d\.\d\.", told)
    slider(page, "lr").press("ArrowRight")
    page.wait_for_function("() => !document.querySelector('.lf canvas').ariaLabel.includes('lr 0.1,')")
    assert page.inner_text(QUESTION) == told, "the answer stays while the reader plays"


def test_a_wrong_answer_is_called_so_and_one_click_skips(lab):
    page = lab([ASKING, ASKING.replace("f = ", "g = ").replace("f.ask", "g.ask")], figures=2)
    page.get_by_role("button", name="yes", exact=True).first.click()
    assert "✗ You said: yes" in page.locator(QUESTION).first.inner_text()
    page.get_by_role("button", name="Just show me").click()
    words = page.locator(QUESTION).last.inner_text()
    assert "You said" not in words and "It ends at" in words
    assert "Adam" in page.locator(CANVAS).last.get_attribute("aria-label")


def test_pointing_at_a_step_marks_it_in_both_panels(lab):
    page = lab([PATH + "f"])
    still = settled(page)
    halves = """canvas => {
        const { width, height } = canvas, ctx = canvas.getContext("2d");
        return [0, width / 2].map((left) => {
            let sum = 0;
            for (const value of ctx.getImageData(left, 0, width / 2, height).data) sum = (sum * 31 + value) | 0;
            return sum;
        });
    }"""
    before = page.eval_on_selector(CANVAS, halves)
    box = place(page, CANVAS)
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_timeout(200)
    after = page.eval_on_selector(CANVAS, halves)
    assert after[0] != before[0] and after[1] != before[1]
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] - 30)
    assert settled(page) == still, "it goes with the pointer"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_keys_stay_with_the_figure_after_a_click_on_a_button(lab, app):
    page = lab([PATH + "f", "1", "2"], app)
    count = cells(page)
    for button in (".lf-reset", ".lf-player button >> nth=0", ".lf-player button >> nth=2"):
        page.click(button)
        for key in ("x", "b", "a", "d", "d"):
            page.keyboard.press(key)
        page.wait_for_timeout(200)
        assert cells(page) == count, button


def test_steps_play_and_go_one_by_one(lab):
    page = lab([PATH + "f"])
    page.get_by_title("One back").click()
    settled(page)
    assert steps(page) == 59 and "after 59 steps" in label(page)
    page.get_by_title("One on").click()
    settled(page)
    assert steps(page) == 60
    page.get_by_title("Play").click()
    page.wait_for_timeout(3000)
    assert 1 < steps(page) < 60
    page.get_by_title("Stop").click()


@pytest.mark.parametrize(
    "form, begins", [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG"), ("gif", b"GIF89a")]
)
def test_a_figure_is_saved_by_the_button(lab, form, begins):
    page = lab([PATH.replace("60", "6") + "f"])
    with page.expect_download(timeout=60_000) as waiting:
        page.select_option(".lf-save", form)
    assert waiting.value.suggested_filename == f"path-explorer.{form}"
    with open(waiting.value.path(), "rb") as file:
        assert file.read(len(begins)) == begins


def test_text_follows_the_page_and_the_scale(lab):
    page = lab([PATH + "f", "figure_scale(1.5)"], alone=True)
    page.wait_for_timeout(1000)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.lf')).fontSize)"
    assert page.evaluate(size) == pytest.approx(19.5)
    before = settled(page)[0]
    page.evaluate("() => document.documentElement.style.setProperty('--jp-content-font-size1', '20px')")
    assert page.evaluate(size) == pytest.approx(1.5 * 13 * 20 / 14, abs=0.1)
    settled(page, unlike=before)  # the canvas too


@pytest.mark.parametrize("width, height", [(1366, 768), (1000, 700), (683, 384)])
@pytest.mark.parametrize(
    "cell", [PATH + "f", SETUP + "explore_race(steps=50)", SETUP + "explore_stability()"]
)
def test_picture_and_sliders_are_on_one_screen(lab, width, height, cell):
    page = lab([cell], viewport={"width": width, "height": height})
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_timeout(800)
    room = page.evaluate(
        "() => (document.querySelector('.lf').closest('.jp-WindowedPanel-outer, .jp-Notebook')).clientHeight"
    )
    top, bottom = place(page, CANVAS)["y"], place(page, ".lf-controls")
    used = bottom["y"] + bottom["height"] - top
    lowest = page.evaluate("() => document.querySelector('.lf canvas').clientHeight")
    assert used <= room or lowest <= 140, f"{used} of {room} pixels"


def test_a_panel_with_lines_of_text_stays_high_enough_for_them(lab):
    rates = "from course_lib.comparing.studies import results\nexplore_rates(results('mlp'))"
    page = lab([SETUP + rates], viewport={"width": 683, "height": 384})
    page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
    page.wait_for_timeout(800)
    high = page.evaluate("() => document.querySelector('.lf canvas').clientHeight")
    assert high > 15 * 14, "fifteen bars, each with its name"


def test_a_notebook_opened_again_shows_its_figures(lab, server, browser):
    page = lab([PATH + "f", SETUP + "explore_stability()"], figures=2)
    drag_around(page)
    name = page.url.split("/")[-1].split("?")[0]
    figures = saved_figures(page, server.root / name)
    assert len(figures) == 2 and max(len(json.dumps(one)) for one in figures) < 100_000
    before = {i: pixels(page, f"{CANVAS} >> nth={i}")[1] for i in range(2)}
    page.close()
    server.stop_kernels()
    again = browser.new_context(viewport={"width": 1200, "height": 1000}).new_page()
    again.goto(server.url(name))
    again.wait_for_function(
        "() => document.querySelectorAll('.lf-problem:not([hidden])').length === 2", timeout=60_000
    )
    assert "This is a saved picture" in again.inner_text(".lf-problem >> nth=0")
    assert again.locator(".lf input:not(:disabled)").count() == 0
    for i, painted in before.items():
        assert settled(again, f"{CANVAS} >> nth={i}")[1] == pytest.approx(painted, abs=0.1)
    again.context.close()


def test_after_a_restart_the_sliders_are_off_and_the_words_say_what_to_do(lab):
    page = lab([PATH + "f"])
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_function("() => !document.querySelector('.lf-problem').hidden", timeout=30_000)
    assert "Run All Above Selected Cell" in page.inner_text(".lf-problem")
    assert page.locator(".lf input:not(:disabled)").count() == 0


def test_no_news_cover_the_page(lab):
    page = lab([PATH + "f"], alone=True)
    page.wait_for_timeout(3000)
    assert page.locator(".Toastify__toast").count() == 0
