"""Every explorer in JupyterLab and in Notebook 7: drawn, moved by mouse and keys, in both themes, without a kernel.

One notebook holds them all, and the tests follow each other on its page; the last one restarts its kernel.
"""

import pytest

from course_lib import live

from .conftest import notebooks
from .test_figure import label, pixels, settled

SETUP = "from course_lib.live import *\nfrom course_lib.optimizers import *\n"
EXPLORERS = {  # a slider that changes everything that is shown, and the cell
    "explore_path": ("lr", "explore_path(Adam(lr=0.1), 'rosenbrock', steps=100)"),
    "explore_moments": ("beta1", "explore_moments(Adam(lr=0.1), 'steady with noise')"),
    "explore_map": ("lr", "explore_map(Adam(lr=0.1), 'himmelblau', steps=50)"),
    "explore_race": ("step", "explore_race(steps=100)"),
    "explore_stability": ("beta", "explore_stability()"),
    "explore_eigenvalues": ("lr", "explore_eigenvalues(Momentum(lr=0.5))"),
    "explore_curvature": ("lr", "explore_curvature(['rosenbrock', 'himmelblau'])"),
    "explore_basins": ("lr", "explore_basins(GradientDescent(lr=0.01), ranges={'lr': (0.001, 0.03)})"),
    "explore_critical_points": ("dimension", "explore_critical_points()"),
    "explore_slices": ("direction", "explore_slices('himmelblau')"),
    "explore_batches": ("lr", "explore_batches()"),
    "explore_rates": (
        "lr",
        "from course_lib.comparing.studies import results\nexplore_rates(results('mlp'))",
    ),
    "explore_words": ("adagrad_lr", "explore_words()"),
    "explore_counterexample": ("beta2", "explore_counterexample()"),
    "explore_bounds": ("final_lr", "explore_bounds()"),
    "explore_factored": ("patterns", "explore_factored()"),
    "explore_factors": ("examples", "explore_factors()"),
    "explore_minutes": ("seconds", "explore_minutes()"),
    "explore_schedule": ("lr", "explore_schedule()"),
    "explore_decay": ("lr", "explore_decay()"),
    "explore_untuned": ("d0", "explore_untuned()"),
    "explore_batch_size": ("lr", "explore_batch_size()"),
    "explore_singular_values": ("a", "explore_singular_values()"),
    "explore_choice": ("memory", "explore_choice()"),
}
WITH_A_POINT = [
    "explore_path",
    "explore_moments",
    "explore_map",
    "explore_race",
    "explore_stability",
    "explore_curvature",
    "explore_basins",
    "explore_slices",
    "explore_words",
    "explore_counterexample",
]
ALL_DRAWN = f"() => document.querySelectorAll('.lf canvas[aria-label]').length === {len(EXPLORERS)}"


@pytest.fixture(scope="module", params=["lab", "notebook"])
def page(request, server, browser, desk):
    with notebooks(server, browser, desk) as open_notebook:
        yield open_notebook([SETUP + cell for _, cell in EXPLORERS.values()], request.param, len(EXPLORERS))


def figure(name):
    """The selector of an explorer's figure."""
    return f".lf >> nth={list(EXPLORERS).index(name)}"


def canvas(name):
    return f"{figure(name)} >> canvas"


def shown(page, name):
    """What an explorer shows once it has come to rest: the picture, the read-outs and the words for screen readers."""
    picture = settled(page, canvas(name))[0]
    return picture, page.inner_text(f"{figure(name)} >> .lf-readouts"), label(page, canvas(name))


def in_view(page, locator):
    """Scroll to an element until it stays, and return its box: Run All scrolls to the last cell, a little late."""
    before = None
    for _ in range(40):
        locator.scroll_into_view_if_needed()
        now = locator.bounding_box()
        if now == before:
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError("the page never stopped scrolling")


def moved(page, name, before, least=2):
    """What an explorer shows once so many of picture, read-outs and words are others, or after ten seconds."""
    for _ in range(40):
        now = shown(page, name)
        if now[0] != before[0] and sum(new != old for new, old in zip(now, before, strict=True)) >= least:
            break
        page.wait_for_timeout(100)
    return now


def pictures(page):
    return {name: settled(page, canvas(name))[0] for name in EXPLORERS}


def drag(page, box, start, end):
    """Drag from one place in a box to another, given as parts of its sides."""
    x, y, width, height = (box[side] for side in ("x", "y", "width", "height"))
    page.mouse.move(x + start[0] * width, y + start[1] * height)
    page.mouse.down()
    page.mouse.move(x + end[0] * width, y + end[1] * height, steps=6)
    page.mouse.up()


def test_every_explorer_is_here():
    assert {name for name in live.__all__ if name.startswith("explore_")} == set(EXPLORERS)


@pytest.mark.parametrize("name", EXPLORERS)
def test_it_stands_drawn_and_says_what_it_shows(page, name):
    assert settled(page, canvas(name))[1] > 0.03
    assert page.get_attribute(canvas(name), "role") == "img"
    assert len(label(page, canvas(name))) > 20
    assert page.locator(f"{figure(name)} >> .lf-problem").is_hidden()
    for control in page.locator(f"{figure(name)} >> .lf-controls >> input:visible, select:visible").all():
        assert control.get_attribute("aria-label") or control.evaluate("c => c.labels[0].textContent")


@pytest.mark.parametrize("name", EXPLORERS)
def test_a_slider_moves_it_by_mouse_and_by_keys(page, name):
    slider = page.locator(f"{figure(name)} >> input[data-name={EXPLORERS[name][0]}]")
    before = shown(page, name)
    drag(page, in_view(page, slider), (0.75, 0.5), (0.4, 0.5))
    by_mouse = moved(page, name, before, least=3)
    assert all(new != old for new, old in zip(by_mouse, before, strict=True))
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    by_keys = moved(page, name, by_mouse)
    assert by_keys[0] != by_mouse[0] and by_keys[1:] != by_mouse[1:]
    assert slider.evaluate("slider => slider === document.activeElement"), "the keys stayed with the slider"


@pytest.mark.parametrize("name", WITH_A_POINT)
def test_a_point_is_dragged_and_moved_by_keys(page, name):
    page.locator(canvas(name)).focus()
    before = shown(page, name)
    drag(page, in_view(page, page.locator(canvas(name))), (0.12, 0.3), (0.2, 0.4))
    by_mouse = moved(page, name, before, least=1)
    assert by_mouse[0] != before[0]
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    assert moved(page, name, by_mouse, least=1)[0] != by_mouse[0]


def test_all_follow_the_theme_and_come_back(page):
    before = pictures(page)
    for theme in ("Dark", "Light"):
        page.evaluate(
            f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{ theme: 'JupyterLab {theme}' }})"
        )
        page.wait_for_function(
            f"() => [...document.querySelectorAll('.lf')].every(f => f.dataset.theme === '{theme.lower()}')"
        )
        page.wait_for_timeout(1500)  # the backgrounds
        now = pictures(page)
        assert [name for name in EXPLORERS if (now[name] == before[name]) != (theme == "Light")] == []


def test_cells_run_again_leave_one_figure_each(page):
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_timeout(3000)
    page.wait_for_function(ALL_DRAWN)
    assert page.locator(".lf").count() == len(EXPLORERS)
    assert all(settled(page, canvas(name))[1] > 0.03 for name in EXPLORERS)


def test_a_kernel_restarted_leaves_every_picture(page):
    before = pictures(page)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lf-problem')].every(p => p.textContent.startsWith('The kernel is gone'))"
    )
    assert {name: pixels(page, canvas(name))[0] for name in EXPLORERS} == before
    kinds = page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells"
        ".map(cell => Object.keys(cell.outputs[0].data))"
    )
    assert all("image/png" in kind for kind in kinds)  # for GitHub, and whoever opens the file later
