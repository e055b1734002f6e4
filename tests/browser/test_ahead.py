"""What a slider's next values show is known in the page before they are set: drawn at once, and never out of date."""

import random

import pytest

from .test_figure import CANVAS, PATH, label, settled, slider

REST = 1200  # milliseconds in which all that is asked for has come
SAID = "print('said', f.scene.alt, f.lr, f.beta1, f.start)"


def told(page):
    """What Python says of the figure now, in a cell run again."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    page.wait_for_timeout(500)
    return page.locator(".jp-OutputArea-output", has_text="said").last.inner_text().removeprefix("said ")


def test_a_slider_at_hand_moves_while_the_kernel_is_busy(lab):
    page = lab(PATH)
    slider(page, "lr").hover()
    page.wait_for_timeout(REST)
    page.evaluate(
        "() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute("
        "{ code: 'import time; time.sleep(30)' }); }"
    )
    page.wait_for_timeout(500)
    seen = [settled(page)]
    for _ in range(3):
        slider(page, "lr").press("ArrowLeft")
        seen.append(settled(page))
        value = slider(page, "lr").get_attribute("aria-valuetext")
        assert f"lr {value}," in label(page)
    assert len({picture for picture, _ in seen}) == 4


def test_python_hears_where_a_slider_came_to_rest(lab):
    page = lab([*PATH, SAID])
    box = slider(page, "lr").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.wait_for_timeout(REST)
    page.mouse.down()
    for part in (0.61, 0.62, 0.63, 0.64, 0.6, 0.57):
        page.mouse.move(box["x"] + box["width"] * part, y)
    page.mouse.up()
    value = slider(page, "lr").get_attribute("aria-valuetext")
    page.wait_for_timeout(300)
    words = told(page)
    assert words.startswith(label(page)) and f" {value} 0.9 (" in words


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_one_does_the_picture_is_that_of_the_settings(lab, seed):
    """Sliders, a choice, the start point, a reset and Python, in any order, with and without time to look ahead."""
    page = lab([*PATH, SAID, "f.lr, f.beta2 = 0.05, 0.99"])
    rng = random.Random(seed)
    canvas = page.locator(CANVAS).bounding_box()

    def press():
        handle = slider(page, rng.choice(["lr", "beta1", "beta2", "steps"]))
        for _ in range(rng.randint(1, 6)):
            handle.press(rng.choice(["ArrowLeft", "ArrowRight", "PageUp"]))

    def drag():
        page.mouse.move(canvas["x"] + rng.uniform(80, 300), canvas["y"] + rng.uniform(80, 300))
        page.mouse.down()
        page.mouse.move(canvas["x"] + rng.uniform(80, 300), canvas["y"] + rng.uniform(80, 300), steps=3)
        page.mouse.up()

    def choose():
        page.select_option(
            ".lf select[data-name=surface]",
            label=rng.choice(["Himmelblau's function", "Rosenbrock's banana"]),
        )

    def by_python():
        page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2")
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")

    actions = [press, press, press, drag, choose, by_python, lambda: page.click(".lf-reset")]
    for _ in range(8):
        rng.choice(actions)()
        page.wait_for_timeout(rng.choice([0, 30, 100, 400]))
    page.wait_for_timeout(REST)
    settled(page)
    words = label(page)
    assert told(page).startswith(words)
    for name in ("lr", "beta1", "beta2"):
        assert (
            f"{name} {slider(page, name).get_attribute('aria-valuetext').removesuffix(', default')}" in words
        )


def test_what_python_sets_in_answer_to_a_slider_is_shown(lab):
    page = lab([PATH[0].removesuffix("f") + "f.observe(lambda change: f.set(beta1=0.5), 'lr')\nf"])
    slider(page, "lr").hover()
    page.wait_for_timeout(REST)
    slider(page, "lr").press("ArrowLeft")
    page.wait_for_function("() => document.querySelector('.lf canvas').ariaLabel.includes('beta1 0.5,')")
    slider(page, "lr").press("ArrowLeft")
    page.wait_for_timeout(REST)
    value = slider(page, "lr").get_attribute("aria-valuetext")
    assert f"lr {value}, beta1 0.5," in label(page)


def test_what_was_asked_before_another_setting_changed_is_void(lab):
    page = lab(PATH)
    page.evaluate(
        """() => {
            const [lr, beta1] = ["lr", "beta1"].map((name) => document.querySelector(`.lf input[data-name=${name}]`));
            lr.dispatchEvent(new Event("pointerenter"));
            for (const slider of [beta1, lr]) {
                slider.value = Number(slider.value) - 1;
                slider.dispatchEvent(new Event("input"));
            }
        }"""
    )
    page.wait_for_timeout(REST)
    for key in ("ArrowRight", "ArrowLeft", "ArrowLeft"):
        slider(page, "lr").press(key)
        page.wait_for_timeout(300)
        lr, beta1 = (slider(page, name).get_attribute("aria-valuetext") for name in ("lr", "beta1"))
        assert f"lr {lr.removesuffix(', default')}, beta1 {beta1}," in label(page)


def test_nothing_is_asked_before_python_knows_all_other_settings(lab):
    page = lab([*PATH, SAID])
    page.evaluate(
        """() => {
            const canvas = document.querySelector(".lf canvas"), lr = document.querySelector(".lf input[data-name=lr]");
            for (let i = 0; i < 3; i++) canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
            lr.value = Number(lr.value) - 1;
            lr.dispatchEvent(new Event("input"));
        }"""
    )
    page.wait_for_timeout(REST)
    slider(page, "lr").press("ArrowLeft")
    page.wait_for_timeout(300)
    assert told(page).startswith(label(page)) and "(-1.2, 1)" not in label(page)


def test_no_picture_goes_back_to_an_earlier_value(lab):
    page = lab(PATH)
    box = slider(page, "lr").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.wait_for_timeout(REST)
    page.mouse.down()
    page.evaluate(
        """() => {
            const canvas = document.querySelector(".lf canvas");
            window.shown = [];
            new MutationObserver(() => window.shown.push(Number(canvas.ariaLabel.match(/lr ([^,]+),/)[1])))
                .observe(canvas, { attributeFilter: ["aria-label"] });
        }"""
    )
    for i in range(60):
        page.mouse.move(box["x"] + box["width"] * (0.6 - i / 200), y)
        page.wait_for_timeout(15)
    page.mouse.up()
    page.wait_for_timeout(REST)
    shown = page.evaluate("() => window.shown")
    assert len(shown) > 15 and shown == sorted(shown, reverse=True)


SLOWER = """
import time
from course_lib.live.explorers.path import PathExplorer
draw = PathExplorer.draw
PathExplorer.draw = lambda self: (time.sleep(0.005), draw(self))[1]
"""


def test_a_slider_dragged_too_fast_for_python_leaves_positions_out_and_none_when_it_rests(lab):
    page = lab([SLOWER + PATH[0], SAID])
    box = slider(page, "lr").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, y)
    page.mouse.down()
    hand, shown = page.evaluate(
        """async (rest) => {
            const input = document.querySelector(".lf input[data-name=lr]"), hand = [], shown = [];
            for (let place = Number(input.value) - 1; place > 20; place--) {
                input.value = place;
                input.dispatchEvent(new Event("input"));
                hand.push(place);
                shown.push(Number(input.ariaValueText));
                if (place % 7 === 0) await new Promise((done) => setTimeout(done, 8));
            }
            await new Promise((done) => setTimeout(done, rest));
            shown.push(Number(input.ariaValueText));
            return [hand, shown];
        }""",
        REST,
    )
    page.mouse.up()
    assert len(set(shown)) < len(hand) / 2
    assert shown == sorted(shown, reverse=True) and shown[-1] < shown[-2]
    settled(page)
    value = slider(page, "lr").get_attribute("aria-valuetext")
    assert slider(page, "lr").input_value() == str(hand[-1])
    assert f"lr {value}," in label(page) and told(page).startswith(label(page))


def test_defaults_are_not_forgotten_when_a_slider_is_moved_at_once(lab):
    page = lab(PATH)
    page.evaluate(
        """() => {
            const canvas = document.querySelector(".lf canvas"), lr = document.querySelector(".lf input[data-name=lr]");
            for (let i = 0; i < 3; i++) canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
            document.querySelector(".lf-reset").click();
            lr.value = Number(lr.value) - 1;
            lr.dispatchEvent(new Event("input"));
        }"""
    )
    page.wait_for_timeout(REST)
    value = slider(page, "lr").get_attribute("aria-valuetext")
    assert f"lr {value}," in label(page) and value != "0.1, default" and "(-1.2, 1)" in label(page)
