"""Figures on a plain page without Python: they stand, answer to keys, mouse and touch, and say what they cannot do."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from course_lib.live import explore_moments, explore_path, explore_race, player
from course_lib.live.block import canned
from course_lib.optimizers import Adam, GradientDescent, Momentum

from ..live.canned_reader import Canned
from ..live.test_canned import assert_same

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><link rel="stylesheet" href="figure.css">
<style>:root {{ color-scheme: light dark }} body {{ max-width: 800px; margin: auto }}</style><body>{figures}
<script type="module">import {{ play }} from "./player.js";
window.played = Promise.all([...document.querySelectorAll("div")].map((div) => play(div, div.dataset.file)))</script>"""
FIGURE = '<div data-file="{name}" data-live="lesson.html" id="{name}"><img src="still.png" alt="a still picture"></div>'
HASH = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (const value of data) sum = (sum * 31 + value) | 0;
    return sum;
}"""
READ = """async (file) => {
    const { makeModel, opened } = await import("./open.js");
    const [header, bytes] = await opened(file);
    const told = {};
    for (const { name, values } of header.controls) {
        const model = makeModel(header, bytes);
        told[name] = [];
        for (const value of values) {
            await new Promise((done) => {
                model.on("change:_scene", done);
                model.send({ values: { [name]: value }, view: "v", number: 1 });
            });
            const { data, ...scene } = model.get("_scene");
            told[name].push({ ...scene, data: [...new Uint8Array(data.buffer)] });
        }
    }
    return told;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a page with three figures, and its folder."""
    folder = tmp_path_factory.mktemp("site")
    figures = {
        "path": explore_path([GradientDescent(lr=0.1), Momentum(lr=0.1)], steps=40, sliders=("lr", "steps")),
        "moments": explore_moments(Adam(lr=0.1), "shrinks", steps=60, sliders=("gradients", "beta1")),
        "race": explore_race(steps=30, sliders=("step",)).ask(
            "Who?", ("Adam", "another"), "Nobody.", right=1
        ),
    }
    for name, figure in figures.items():
        (folder / name).write_bytes(figure.canned())
    (folder / "still.png").write_bytes(figures["path"].png())
    (folder / "player.js").write_text(player())
    (folder / "open.js").write_text(player() + "export { makeModel, opened };")
    shutil.copy(Path(canned.__file__).with_name("figure.css"), folder)
    (folder / "index.html").write_text(PAGE.format(figures="".join(FIGURE.format(name=n) for n in figures)))
    (folder / "damaged").write_bytes((folder / "path").read_bytes()[:2000])
    (folder / "not one").write_bytes(b"<!doctype html>")
    bad = "".join(FIGURE.format(name=name) for name in ("damaged", "not one", "missing"))
    (folder / "bad.html").write_text(PAGE.format(figures=bad))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(site, browser):
    """Return a function that opens a page; a request to another host or an error of a script fails the test."""
    contexts, troubles = [], []

    def go(page_name="index.html", script="", **options):
        context = browser.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on(
            "request",
            lambda request: (
                request.url.startswith((site[0], "data:", "blob:")) or troubles.append(request.url)
            ),
        )
        if script:
            page.add_init_script(script)
        page.goto(site[0] + page_name)
        page.evaluate("() => window.played")
        page.wait_for_timeout(500)
        return page

    yield go
    for context in contexts:
        context.close()
    assert not troubles


def figure(page, name):
    """A figure's canvas, and a function that tells what it shows now."""
    canvas = page.locator(f"#{name} canvas")
    return canvas, lambda: (page.wait_for_timeout(150), canvas.evaluate(HASH))[1]


def slider(page, name, control):
    return page.locator(f"#{name} input[data-name={control}]")


def test_keys_and_mouse_move_it_and_another_slider_sends_the_first_back(visit):
    page = visit()
    assert page.locator("img").count() == 0, "figures stand in place of the stills"
    canvas, picture = figure(page, "path")
    first, words = picture(), canvas.get_attribute("aria-label")
    slider(page, "path", "lr").press("ArrowRight")
    moved = picture()
    assert moved != first and canvas.get_attribute("aria-label") != words
    box = slider(page, "path", "steps").bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 9, steps=8)
    page.mouse.up()
    assert picture() not in (first, moved)
    assert slider(page, "path", "lr").get_attribute("aria-valuetext") == "0.1, default"
    page.locator("#path .lf-reset").click()
    page.mouse.move(5, 5)
    page.locator("#path .lf-reset").evaluate("(button) => button.blur()")
    assert picture() == first
    assert "One control at a time" in page.inner_text("#path .lf-alone")
    assert page.get_attribute("#path .lf-alone a", "href") == "lesson.html"


def test_choices_play_names_and_questions_answer(visit):
    page = visit()
    canvas, picture = figure(page, "moments")
    first = picture()
    page.locator("#moments select[data-name=gradients]").select_option(index=0)
    assert picture() != first
    canvas, picture = figure(page, "race")
    assert canvas.get_attribute("aria-label") == "A figure that asks first"
    page.get_by_role("button", name="another").click()
    page.get_by_title("Play").last.click()
    page.wait_for_timeout(1500)
    page.get_by_title("Stop").click()
    step = int(slider(page, "race", "step").input_value())
    assert 0 < step < 30
    before = picture()
    page.get_by_title("Take out").first.click()
    assert picture() != before and "sits out" in page.inner_text("#race .lf-readouts")
    assert slider(page, "race", "step").input_value() == "0", "one control at a time"


def test_a_playing_slider_stops_when_another_is_moved(visit):
    page = visit()
    assert slider(page, "path", "steps").input_value() == "39", "from the end it begins anew"
    page.locator("#path").get_by_title("Play").click()
    page.wait_for_timeout(500)
    assert 0 < int(slider(page, "path", "steps").input_value()) < 39
    slider(page, "path", "lr").press("ArrowRight")
    page.wait_for_timeout(700)
    assert slider(page, "path", "lr").get_attribute("aria-valuetext") != "0.1, default"
    assert page.locator("#path").get_by_title("Stop").count() == 0


def test_a_point_says_that_it_cannot_be_dragged(visit):
    page = visit()
    canvas, _ = figure(page, "path")
    box = canvas.bounding_box()
    place = {"x": box["width"] * 0.2, "y": box["height"] * 0.4}
    canvas.hover(position=place)
    assert canvas.evaluate("(canvas) => canvas.style.cursor") == "default"
    canvas.click(position=place)
    assert "cannot be dragged" in page.inner_text("#path .lf-problem")
    slider(page, "path", "lr").press("ArrowRight")
    assert page.locator("#path .lf-problem").is_hidden()


@pytest.mark.parametrize("name", ["path", "moments", "race"])
def test_the_script_reads_what_the_live_figure_shows(visit, site, name):
    page = visit()
    told = page.evaluate(READ, name)
    kept = Canned((site[1] / name).read_bytes())
    for control, scenes in told.items():
        for scene, one in zip(scenes, kept.header["tables"][control], strict=True):
            live = kept.scene(one)
            live["marks"] = [mark for mark in live["marks"] if mark["kind"] != "handle"]
            scene["marks"] = [mark for mark in scene["marks"] if "pinned" not in mark]
            assert_same({**scene, "data": np.array(scene["data"], np.uint8).tobytes()}, live)


@pytest.mark.parametrize("wide, scheme", [(1366, "light"), (390, "dark")])
def test_theme_and_width(visit, wide, scheme):
    page = visit(viewport={"width": wide, "height": 800}, color_scheme=scheme, has_touch=True)
    root = page.locator("#path .lf")
    assert root.get_attribute("data-theme") == scheme
    other = {"light": "dark", "dark": "light"}[scheme]
    page.evaluate(f"() => {{ document.documentElement.dataset.theme = '{other}'; }}")
    page.wait_for_timeout(300)
    assert root.get_attribute("data-theme") == other
    assert page.evaluate("() => document.documentElement.scrollWidth") <= wide
    _, picture = figure(page, "path")
    first, box = picture(), slider(page, "path", "lr").bounding_box()
    page.touchscreen.tap(box["x"] + 20, box["y"] + 9)
    assert picture() != first


def test_the_picture_is_saved_without_python(visit):
    page = visit()
    with page.expect_download() as waiting:
        page.select_option("#path .lf-save", "png")
    assert waiting.value.suggested_filename == "path-explorer.png"
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    assert page.locator("#path .lf-save option").count() == 2, "no format that takes Python"


@pytest.mark.parametrize(
    "name, words",
    [("damaged", "file is damaged"), ("not one", "file is damaged"), ("missing", "did not arrive")],
)
def test_a_file_that_is_no_good_leaves_the_still_picture_and_words(visit, name, words):
    page = visit("bad.html")
    place = page.locator(f"[id='{name}']")
    assert words in place.inner_text() and place.locator("img").is_visible()
    assert place.locator("a").get_attribute("href") == "lesson.html" and place.locator(".lf").count() == 0


def test_an_old_browser_is_told(visit):
    page = visit(script="delete window.DecompressionStream")
    assert page.locator("img").count() == 3
    assert "before 2023" in page.inner_text("#path")
