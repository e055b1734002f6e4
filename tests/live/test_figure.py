"""The building block: traits, messages of the browser, errors, what is sent, still pictures."""

import base64
import gc
import itertools
import threading
import time
import tracemalloc

import ipywidgets
import numpy as np
import pytest

from course_lib.live import explore_path
from course_lib.optimizers import Adam, Momentum

from .common import Line, Wire, marks, opened


def test_setting_a_trait_leads_to_its_picture(line):
    line.slope = 3
    assert marks(line, "line")[0].tolist() == [[0, 0], [1, 3]]
    assert line._scene["alt"] == "slope 3"


def test_a_moved_slider_is_written_back_and_answered(line):
    wire = Wire(line)
    wire.move(slope=2.5)
    assert line.slope == 2.5
    assert marks(line, "line")[0][1, 1] == 2.5
    assert (line._scene["view"], line._scene["number"]) == ("test", 1)


def test_a_value_is_not_sent_back_to_where_it_came_from(line):
    wire = Wire(line)
    wire.move(slope=2.5)
    assert wire.updates == ["_scene"]


def test_every_message_is_answered_once_even_if_nothing_changed(line):
    wire = Wire(line)
    for _ in range(3):
        wire.move(slope=1.0)
    assert wire.updates == ["_scene"] * 3
    assert line._scene["number"] == 3


def test_several_values_at_once_are_one_picture(line):
    before = line.drawn
    line.set(slope=4, end=(0.5, 2))
    assert line.drawn == before + 1
    Wire(line).move(slope=5, end=[0.1, 0.2])
    assert line.drawn == before + 2
    assert line.end == (0.1, 0.2)


def test_observers_see_each_change_once(line):
    seen = []
    line.observe(lambda change: seen.append(change["new"]), "slope")
    line.slope = 2
    Wire(line).move(slope=3)
    assert seen == [2, 3]


def test_a_linked_widget_moves_it_both_ways(line):
    slider = ipywidgets.FloatSlider(min=-10, max=10)
    ipywidgets.link((line, "slope"), (slider, "value"))
    slider.value = -4
    assert marks(line, "line")[0][1, 1] == -4
    Wire(line).move(slope=6)
    assert slider.value == 6
    slider.close()


def test_a_widget_linked_in_the_browser_moves_it(line):
    wire = Wire(line)
    wire.update(slope=8.5)
    assert marks(line, "line")[0][1, 1] == 8.5
    assert wire.updates == ["_scene"]


def test_reset_returns_to_the_beginning(line):
    line.set(slope=4, end=(0.5, 2))
    line.reset()
    assert (line.slope, line.end) == (1.0, (1.0, 0.0))
    line.slope = 5
    wire = Wire(line)
    wire.deliver({"reset": True, "values": {}, "view": "test", "number": 1})
    assert line.slope == 1.0
    assert set(wire.updates) == {"slope", "_scene"}  # the browser has to learn the default


def test_an_exception_is_raised_where_the_trait_was_set(line):
    with pytest.raises(ZeroDivisionError, match="seven"):
        line.slope = 7
    assert "ZeroDivisionError: seven" in line._scene["error"]
    line.slope = 2
    assert line._scene["error"] == "" and line.error is None


def test_an_exception_that_came_from_the_browser_is_shown_and_answered(line):
    wire = Wire(line)
    wire.move(slope=7)
    assert line._scene["number"] == 1  # or the browser would wait for ever
    assert line._scene["error"].startswith("ZeroDivisionError: seven")
    assert "draw" in line._scene["error"]
    assert isinstance(line.error, ZeroDivisionError)
    assert line._scene["panels"], "the last good picture stays"
    wire.move(slope=2)
    assert line._scene["error"] == ""


@pytest.mark.parametrize(
    "values",
    [{"slope": 99}, {"slope": "x"}, {"slope": None}, {"end": [1]}, {"end": [1, float("nan")]}, {"end": "ab"}],
)
def test_a_forbidden_value_from_the_browser_is_refused_in_words(line, values):
    Wire(line).move(**values)
    assert "is not" in line._scene["error"]
    assert line.slope == 1.0 and line.end == (1.0, 0.0)


def test_unknown_names(line):
    Wire(line).move(nonsense=3)
    assert not line._scene["error"]
    with pytest.raises(AttributeError, match="no setting 'nonsense'; it has slope, end"):
        line.set(nonsense=3)


def test_nothing_is_lost_when_two_threads_set_values(line):
    wire = Wire(line)

    def many(sign):
        for i in range(50):
            wire.move(slope=sign * i / 10)

    threads = [threading.Thread(target=many, args=(sign,)) for sign in (1, -1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wire.updates.count("_scene") == 100
    assert marks(line, "line")[0][1, 1] == np.float32(line.slope)


def test_figures_that_set_each_other_can_be_moved_by_two_threads(monkeypatch):
    monkeypatch.setattr(Line, "draw", lambda self, draw=Line.draw: (time.sleep(0.001), draw(self))[1])
    first, second = Line(), Line()
    first.observe(lambda change: second.set(slope=change.new), "slope")
    second.observe(lambda change: first.set(slope=change.new), "slope")
    wire = Wire(first)

    def by_page():
        for i in range(200):
            wire.move(slope=i % 6)

    def by_cell():
        for i in range(200):
            second.set(slope=i % 5)

    threads = [threading.Thread(target=target, daemon=True) for target in (by_page, by_cell)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert first.slope == second.slope
    first.close()
    second.close()


def test_a_new_page_gets_the_present_state(line):
    line.slope = 3
    state = line.get_state()
    assert state["slope"] == 3 and state["_scene"]["alt"] == "slope 3"


def test_background_is_made_for_the_size_asked_for():
    figure = explore_path(Adam(), "himmelblau")
    wire = Wire(figure)
    asked = {
        "background": "himmelblau@2",
        "theme": "dark",
        "width": 200,
        "height": 150,
        "dpr": 2,
        "view": "v",
    }
    wire.deliver(asked)
    data, buffers = wire.sent[-1]
    assert data["content"] == {"background": "himmelblau@2", "theme": "dark", "view": "v"}
    assert opened(buffers[0]).size == (400, 300)
    wire.deliver({**asked, "width": 1e9, "theme": "pink"})  # nothing a page asks for may exhaust the kernel
    assert opened(wire.sent[-1][1][0]).width <= 8192
    figure.close()


def test_a_background_that_cannot_be_drawn_is_said():
    figure = explore_path(Adam(), "himmelblau")
    Wire(figure).deliver(
        {"background": "nowhere", "theme": "dark", "width": 200, "height": 150, "dpr": 1, "view": "v"}
    )
    assert "KeyError" in figure._scene["error"]
    figure.close()


def test_output_carries_a_picture_and_a_text_beside_the_widget():
    figure = explore_path(Adam(lr=0.1), "himmelblau", steps=50)
    data, _ = figure._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert "Adam, lr 0.1" in data["text/plain"] and "after 50 steps" in data["text/plain"]
    picture = opened(base64.b64decode(data["image/png"]))
    assert picture.width > 800 and len(picture.getcolors(1 << 20)) > 50
    assert len(data["image/png"]) < 150_000
    figure.close()


def test_the_still_picture_is_of_the_present_state():
    figure = explore_path(Momentum(lr=0.01), "himmelblau")
    first = figure.png()
    assert first == figure.png()
    figure.lr = 0.001
    assert figure.png() != first
    assert opened(figure.png("dark")).getpixel((2, 2)) != opened(first).getpixel((2, 2))
    figure.close()


def test_a_cell_run_again_closes_the_figures_of_its_earlier_run(monkeypatch):
    from course_lib.live.block import cells as module

    run = ["cell-1", "run-1"]
    monkeypatch.setattr(module, "_running_cell", lambda: tuple(run))
    first, second = Line(), Line()
    run[0] = "cell-2"
    other = Line()
    run[:] = ["cell-1", "run-2"]
    third = Line()
    assert first.comm is None and second.comm is None
    assert other.comm is not None and third.comm is not None
    third.close()
    other.close()


@pytest.mark.parametrize("count", [1000, pytest.param(4000, marks=pytest.mark.slow)])
def test_memory_stays_where_it_is_over_many_moves(line, count):
    wire = Wire(line)
    wire.sent = type("Nothing", (), {"append": lambda self, _: None})()

    def moves(count):
        for i in range(count):
            wire.move(slope=i % 6)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    gc.freeze()  # what other tests have left need not be looked through at every collection
    tracemalloc.start()
    held = [moves(2000), *(moves(count) for _ in range(4))]  # the first fill the caches
    tracemalloc.stop()
    # what is kept for every move grows in every round, by a pointer (8 bytes) a move at least
    assert min(b - a for a, b in itertools.pairwise(held)) < 4 * count
