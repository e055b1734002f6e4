"""A figure without Python shows what the live one would: every scene of every slider of every explorer."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image

from course_lib.live import Axis, Figure, Panel, Scene, explore_path, explore_race, player
from course_lib.live.block import controls
from course_lib.live.block.controls import Control
from course_lib.optimizers import Adam, GradientDescent, Momentum
from course_lib.optimizers.hyper import Spec

from .canned_reader import Canned
from .common import Line
from .test_every_setting import FIGURES, few_starts  # noqa: F401 (a fixture)

SAME = ("panels", "marks", "columns", "rows", "notice", "notice_state", "alt")
QUARTER = 0.25 / 2000
"""A quarter of a pixel on a screen where a panel is 2000 pixels wide, in panels."""


def opened(picture, form):
    return Image.open(io.BytesIO(picture), formats=[form]).convert("RGB")


def plain(part):
    return {key: plain(one) for key, one in part.items()} if isinstance(part, dict) else (
        [plain(one) for one in part] if isinstance(part, (list, tuple)) else part)  # fmt: skip


def parts_of_panel(axis, values):
    with np.errstate(all="ignore"):
        if axis["log"]:
            return np.log(values / axis["low"]) / np.log(axis["high"] / axis["low"])
        return (values - axis["low"]) / (axis["high"] - axis["low"])


def places(scene, mark):
    numbers = np.frombuffer(scene["data"], np.float32, mark["count"], mark["at"]).reshape(-1, 2)
    panel = scene["panels"][mark["panel"]]
    columns = [parts_of_panel(panel[side], numbers[:, i].astype(float)) for i, side in enumerate("xy")]
    pairs = np.stack(columns, axis=-1)
    pairs[~np.isfinite(pairs).all(axis=-1)] = np.nan  # draw.js lifts the pen there
    return numbers, pairs


def assert_same(canned, live):
    """Everything is equal, and every number within a quarter of a pixel."""
    for name in SAME:
        assert plain(canned[name]) == plain(live[name]), name
    assert len(canned["data"]) == len(live["data"])
    for mark in live["marks"]:
        if mark["kind"] == "heat":
            cut = slice(mark["at"], mark["at"] + mark["count"])
            assert canned["data"][cut] == live["data"][cut]
            continue
        numbers, found = places(canned, mark)
        originals, wanted = places(live, mark)
        assert np.array_equal(np.isnan(found), np.isnan(wanted))
        far = np.abs(wanted).max(axis=1, initial=0) > 1e5
        np.testing.assert_allclose(found[~far], wanted[~far], rtol=0, atol=QUARTER)
        if far.any():  # out of sight: what is seen of a line to there is its direction
            directions = (
                one[far] / np.linalg.norm(one[far], axis=1, keepdims=True) for one in (found, wanted)
            )
            np.testing.assert_allclose(*directions, atol=1e-5)
        x, steps = originals[:, 0], np.arange(len(originals))
        if len(steps) > 1 and x[0] == 0 and ((x == steps) | np.isnan(x)).all():
            drawn = ~np.isnan(found[:, 1])
            np.testing.assert_array_equal(numbers[drawn, 0], x[drawn], "pointing at a step needs it exactly")


def compare(figure):
    """Set every slider of a figure to every position, and compare; returns how many scenes were."""
    first = {name: getattr(figure, name) for name in (*figure.controls, *figure.points)}
    canned = Canned(figure.canned())
    assert {name: getattr(figure, name) for name in first} == first, "nothing has moved"
    assert_same(canned.scene(canned.header["scene"]), figure.message())
    count = 0
    for control in canned.header["controls"]:
        table = canned.header["tables"][control["name"]]
        for value, told in zip(control["values"], table, strict=True):
            figure.set(**first)
            figure.set(**{control["name"]: value})
            figure.set(**figure.follow(control["name"]))  # also where it has come back to where it stood
            assert_same(canned.scene(told), figure.message())
            for name, followed in told["state"].items():
                assert plain(getattr(figure, name)) == plain(followed)
            count += 1
    return count


@pytest.fixture
def few_positions(monkeypatch):
    """What can go wrong at 160 positions of a slider goes wrong at 5."""
    monkeypatch.setattr(controls, "POSITIONS", 5)


@pytest.mark.parametrize("name", FIGURES)
def test_every_scene_of_every_explorer_is_the_live_one(name, few_positions):
    figure = FIGURES[name][0]()
    assert compare(figure) >= 4
    figure.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_many_positions_of_other_figures_are_the_live_ones(name, monkeypatch):
    monkeypatch.setattr(controls, "POSITIONS", 30)
    for maker in FIGURES[name][1 :: max(len(FIGURES[name]) // 2, 1)]:
        figure = maker()
        compare(figure)
        figure.close()


def test_a_run_that_leaves_the_map_keeps_its_direction(few_positions):
    """At the upper end of lr the path reaches 1e30, a million map widths away within a few steps."""
    figure = explore_path(GradientDescent(lr=0.3), "rosenbrock", steps=40, sliders=("lr",))
    assert compare(figure) >= 6


class Gaps(Figure):
    """Lines with gaps, shared numbers, an axis that moves, arrows, bars, texts and a heat map of odd size."""

    def __init__(self):
        super().__init__([Control("size", Spec(low=1, integer=True, slider=(1, 9)), 3)])

    def draw(self):
        n = self.size
        scene = Scene([Panel(Axis.linear("x", -n, n), Axis.decades("y", 1e-3, 10.0**n)),
                       Panel(Axis("x", 5, 0), Axis.linear("y", 1000, 1000.1 * n))])  # fmt: skip
        y = np.geomspace(1e-4, 1e4, 12)
        y[n], y[11 - n] = np.nan, 0
        scene.line(0, np.arange(12), y, "blue", trail="a")
        scene.vertices("blue", until=n)
        scene.line(0, np.arange(12) - 5, y[::-1], "orange", until=n, since=1)
        scene.heat(1, np.arange(n * 7, dtype=np.uint8).reshape(n, 7) * n)
        scene.arrows(1, [1, 1e29], [n, np.inf], [2.0, 3.0], [1.0, 1.0], "green")
        scene.bars(1, [0, 1], [1, 2], 0, [n, 1e40], "blue")
        scene.text(0, n, 1.0, "here", "text")
        scene.line(1, [n], [n], "blue")
        scene.points(1, [], [], "blue")
        return scene


def test_every_kind_of_mark_and_every_gap():
    assert compare(Gaps()) == 9


def test_it_returns_to_where_the_lesson_put_it():
    race = explore_race([Adam(), Momentum()], "saddle", steps=20)
    race.set(step=7, lr="one for all")
    header = Canned(race.canned("step", "factor")).header
    step = header["controls"][0]
    assert step["values"][step["default"]] == 7 == header["state"]["step"]
    assert {told["state"]["lr"] for told in header["tables"]["factor"]} == {"each its own"}
    assert header["state"]["lr"] == "one for all"
    race.factor = 1.2345  # between two positions
    factor = Canned(race.canned("factor")).header["controls"][0]
    assert factor["values"] == sorted(factor["values"]) and factor["values"][factor["default"]] == 1.2345


def test_the_sliders_that_are_shown_and_the_names_that_can_be_clicked():
    race = explore_race([Adam(), Momentum()], "saddle", steps=5, sliders=("step",))
    assert [c["name"] for c in Canned(race.canned()).header["controls"]] == ["step", "show_0", "show_1"]
    assert "noise" in Canned(race.canned("noise")).header["tables"], "a hidden one that is asked for"
    with pytest.raises(ValueError, match=r"sliders = 'lrr' is not allowed: Race has step, factor"):
        race.canned("lrr")


def test_a_position_that_fails_says_so():
    header = Canned(Line().canned()).header
    values, table = header["controls"][0]["values"], header["tables"]["slope"]
    failed = table[values.index(7)]
    assert "ZeroDivisionError: seven" in failed["error"] and "block" not in failed
    assert all(
        "error" in told and not told["error"] for value, told in zip(values, table, strict=True) if value != 7
    )


def test_backgrounds_in_both_themes_for_every_position():
    figure = explore_path(Adam(), ["himmelblau", "saddle"], steps=5)
    canned = Canned(figure.canned("surface"))
    assert len(canned.header["grounds"]) == 4
    for key, (at, size) in canned.header["grounds"].items():
        name, theme = key.split("|")
        kept = canned.bytes[at : at + size].tobytes()
        live = figure._background(name, theme, (480, 380), 2.0)
        assert opened(kept, "WEBP").tobytes() == opened(live, "PNG").tobytes()
        assert size < 0.8 * len(live)


def test_the_same_figure_gives_the_same_file():
    first, second = (explore_path(Adam(), steps=5).canned("lr") for _ in range(2))
    assert gzip.decompress(first) == gzip.decompress(second)


def test_the_player_is_the_figure_and_nothing_from_outside():
    script = player()
    assert "function drawMarks" in script and "export { play }" in script
    assert "export default" not in script and "http" not in script and "import " not in script
