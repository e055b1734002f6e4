"""A live figure in a real browser: mouse, keyboard, drag, theme, errors, two views, a cell run again."""

import re

import pytest

PATH = [
    "from course_lib.live import explore_path, Target\nfrom course_lib.optimizers import Adam, GradientDescent\n"
    "f = explore_path(Adam(lr=0.1), ['rosenbrock', 'himmelblau'], steps=100)\nf"
]
CANVAS = ".lf canvas"


def pixels(page, selector=CANVAS):
    """A number that changes with the canvas's picture, and how much of it is painted."""
    return page.eval_on_selector(
        selector,
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let hash = 0, painted = 0;
            for (let i = 0; i < data.length; i += 4) {
                hash = (hash * 31 + data[i] + 7 * data[i + 1] + 49 * data[i + 2]) | 0;
                painted += data[i + 3] > 0;
            }
            return [hash, painted / (canvas.width * canvas.height)];
        }""",
    )


def settled(page, selector=CANVAS, unlike=None):
    """The picture once it no longer changes, and is another one than that with the sum ``unlike``."""
    before = None
    for _ in range(40):
        now = pixels(page, selector)
        if now == before and now[0] != unlike:
            return now
        before = now
        page.wait_for_timeout(150)
    raise AssertionError("the picture never came to rest, or never changed")


def label(page, selector=CANVAS):
    return page.get_attribute(selector, "aria-label")


def slider(page, name):
    return page.locator(f".lf input[data-name={name}]")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_slider_moves_by_mouse_and_by_keyboard(lab, app):
    page = lab(PATH, app)
    first = settled(page)
    assert first[1] > 0.3
    box = slider(page, "lr").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] / 2, steps=8)
    page.mouse.up()
    second = settled(page, unlike=first[0])
    assert "lr 0.01" in label(page) or "lr 0.00" in label(page)

    slider(page, "beta1").focus()
    before = label(page)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    settled(page, unlike=second[0])
    assert label(page) != before
    assert page.evaluate("document.activeElement.dataset.name") == "beta1", "the keys stayed with the slider"
    value = re.search(r"beta1 ([\d.]+)", label(page)).group(1)
    assert slider(page, "beta1").get_attribute("aria-valuetext") == value


def test_sliders_have_names_values_and_a_marked_default(lab):
    page = lab(PATH)
    lr = page.get_by_label("lr", exact=True)
    assert lr.get_attribute("aria-valuetext") == "0.1, default"
    lr.press("ArrowRight")
    page.wait_for_function("() => !document.querySelector('.lf canvas').ariaLabel?.includes('lr 0.1,')")
    assert "default" not in lr.get_attribute("aria-valuetext")
    page.click(".lf-reset")
    page.wait_for_function(
        "() => document.querySelector('.lf canvas').getAttribute('aria-label').includes('lr 0.1,')"
    )
    assert lr.get_attribute("aria-valuetext") == "0.1, default"
    assert page.locator(CANVAS).get_attribute("role") == "img"


def test_the_start_point_is_dragged_and_moved_by_keys(lab):
    page = lab(PATH)
    first = settled(page)
    box = page.locator(CANVAS).bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 90, steps=6)
    page.mouse.up()
    second = settled(page, unlike=first[0])
    assert "(-1.2, 1)" not in label(page)
    before = label(page)
    page.keyboard.press("ArrowRight")  # the canvas has the focus since it was clicked
    page.keyboard.press("ArrowUp")
    page.wait_for_function(
        "(before) => document.querySelector('.lf canvas').ariaLabel !== before", arg=before
    )
    settled(page, unlike=second[0])


def test_another_surface_another_background(lab):
    page = lab(PATH)
    first = settled(page)
    page.select_option(".lf select[data-name=surface]", label="Himmelblau's function")
    page.wait_for_timeout(500)
    settled(page, unlike=first[0])
    assert "Himmelblau" in label(page)


def test_the_theme_is_followed(lab):
    page = lab(PATH)
    first = settled(page)
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
    )
    page.wait_for_function("() => document.querySelector('.lf').dataset.theme === 'dark'")
    page.wait_for_timeout(800)
    settled(page, unlike=first[0])
    page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })"
    )
    page.wait_for_function("() => document.querySelector('.lf').dataset.theme === 'light'")
    page.wait_for_timeout(800)
    assert settled(page)[0] == first[0]


def test_width_and_resolution_are_respected(lab):
    page = lab(PATH, device_scale_factor=2)
    settled(page)
    size = "c => [c.width / c.clientWidth, c.clientWidth]"
    ratio, wide = page.eval_on_selector(CANVAS, size)
    assert abs(ratio - 2) < 0.01
    page.set_viewport_size({"width": 760, "height": 1000})
    page.wait_for_timeout(800)
    ratio, narrow = page.eval_on_selector(CANVAS, size)
    assert abs(ratio - 2) < 0.01 and narrow < wide
    assert page.evaluate(
        "() => { const e = document.querySelector('.lf'); return e.scrollWidth <= e.clientWidth; }"
    )
    settled(page)
    shades = page.eval_on_selector(
        CANVAS,
        """canvas => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }""",
    )
    assert shades > 2000, "the map's ground is there; lines and words alone have a third of its shades"


def test_two_views_show_the_same_and_python_moves_both(lab):
    page = lab([*PATH, "f", "f.lr = 0.003"], figures=2)
    page.wait_for_timeout(500)
    labels = page.eval_on_selector_all(CANVAS, "all => all.map(c => c.getAttribute('aria-label'))")
    assert labels[0] == labels[1] and "lr 0.003" in labels[0]
    values = page.eval_on_selector_all(
        "input[data-name=lr]", "all => all.map(i => [i.value, i.ariaValueText])"
    )
    assert values[0] == values[1] and values[0][1] == "0.003"
    slider(page, "lr").first.press("ArrowRight")
    page.wait_for_timeout(400)
    values = page.eval_on_selector_all("input[data-name=lr]", "all => all.map(i => i.value)")
    labels = page.eval_on_selector_all(CANVAS, "all => all.map(c => c.getAttribute('aria-label'))")
    assert values[0] == values[1] and labels[0] == labels[1] and "lr 0.003," not in labels[0]


def test_a_cell_run_again_leaves_one_figure_and_no_trouble(lab):
    page = lab([*PATH, "import ipywidgets\nprint('models', len(ipywidgets.widgets.widget._instances))"])
    for _ in range(2):
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_timeout(2500)
    assert page.locator(CANVAS).count() == 1
    assert settled(page)[1] > 0.3
    count = int(re.search(r"models (\d+)", page.inner_text(".jp-Notebook")).group(1))
    assert count <= 2  # the figure and its layout
    slider(page, "lr").press("ArrowLeft")
    page.wait_for_function(
        "() => !document.querySelector('.lf canvas').getAttribute('aria-label').includes('lr 0.1,')"
    )


def test_an_error_is_shown_in_words_and_goes_away(lab):
    page = lab(
        [
            "from course_lib.live import explore_path\nfrom course_lib.optimizers import GradientDescent\n"
            "class Mine(GradientDescent):\n    def rule(self, x, g, s):\n"
            "        if self.lr > 0.5:\n            raise ValueError('too brave')\n"
            "        return x - self.lr * g, s.next()\nexplore_path(Mine(lr=0.1))"
        ]
    )
    problem = page.locator(".lf-problem")
    assert problem.is_hidden()
    slider(page, "lr").press("End")
    problem.wait_for(state="visible")
    assert "ValueError: too brave" in problem.inner_text()
    slider(page, "lr").press("Home")
    problem.wait_for(state="hidden")


def test_a_slow_computation_never_queues(lab):
    page = lab(
        [
            "import time\nfrom course_lib.live import explore_path\nfrom course_lib.optimizers import GradientDescent\n"
            "runs = []\nclass Slow(GradientDescent):\n    def query(self, x, state):\n"
            "        if state.t == 1:\n            time.sleep(0.1); runs.append(self.lr)\n        return x\n"
            "f = explore_path(Slow(lr=0.1), steps=5)\nf"
        ]
    )
    box = slider(page, "lr").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, y)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(box["x"] + 20 + 2 * i, y)
        page.wait_for_timeout(15)
    page.mouse.up()
    wanted = slider(page, "lr").get_attribute("aria-valuetext")
    page.wait_for_function(
        f"() => document.querySelector('.lf canvas').getAttribute('aria-label').includes('lr {wanted}:')",
        timeout=1500,
    )


def test_the_last_picture_stays_when_the_kernel_is_gone(lab, server):
    page = lab(PATH, alone=True)
    first = settled(page)
    server.stop_kernels()
    page.wait_for_timeout(1500)
    assert pixels(page) == first


def test_the_page_does_not_grow_over_many_moves(lab):
    page = lab(PATH, alone=True)
    session = page.context.new_cdp_session(page)

    def heap_after(moves):
        page.evaluate(
            """async (moves) => {
                const figure = document.querySelector(".lf"), slider = figure.querySelector("input[data-name=lr]");
                for (let i = 0; i < moves; i++) {
                    const answered = new Promise((done) => {
                        const seen = new MutationObserver(() => { seen.disconnect(); done(); });
                        seen.observe(figure, { attributeFilter: ["data-count"] });
                    });
                    slider.value = 20 + (i % 100);
                    slider.dispatchEvent(new Event("input"));
                    await answered;
                }
            }""",
            moves,
        )
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"]

    before = heap_after(100)
    grown = heap_after(400) - before
    assert grown < 400 * 1500, f"{grown / 400:.0f} bytes a move; a picture has about 5,000"
