"""The basin explorer: its map against runs made one by one, its legend, its errors."""

import numpy as np
import pytest

from course_lib.live import explore_basins
from course_lib.live.explorers import basins as module
from course_lib.live.explorers.basins import hues_of, shades
from course_lib.optimizers import KFAC, Adam, GradientDescent, Momentum, Newton
from course_lib.running import ELSEWHERE, GONE, SADDLE, basins
from course_lib.surfaces import SURFACES, surface
from course_lib.theme import SERIES, SHADES, class_colors

from .common import foreseen, marks


@pytest.fixture
def figure():
    made = explore_basins(GradientDescent(lr=0.01), "himmelblau")
    yield made
    made.close()


def heat(message):
    return next(mark for mark in message["marks"] if mark["kind"] == "heat")


def test_it_shows_what_basins_says(figure):
    for lr, steps in ((0.01, 100), (0.02, 100), (0.02, 20)):
        figure.set(lr=lr, steps=steps)
        found = basins(GradientDescent(lr=lr), "himmelblau", steps)
        np.testing.assert_array_equal(figure.basins().ends, found.ends)
        np.testing.assert_array_equal(figure.basins().since, found.since)
        mark = heat(figure._scene)
        shown = np.frombuffer(figure._scene["data"], np.uint8, mark["count"], mark["at"])
        np.testing.assert_array_equal(shown.reshape(96, 96)[::-1], shades(found))
        assert mark["palette"] == "classes"


def test_the_legend_names_every_end_and_adds_up(figure):
    figure.lr = 0.022
    rows = {row["name"]: row["cells"][0] for row in figure._scene["rows"]}
    assert list(rows)[:4] == ["A (3, 2)", "B (−2.81, 3.13)", "C (−3.78, −3.28)", "D (3.58, −1.85)"]
    assert "diverged (checks)" in rows and "at none of these (plain)" in rows
    shares = [float(cell.split("%")[0]) for cell in rows.values() if "%" in cell and "<" not in cell]
    assert 99 < sum(shares) < 101
    texts = [mark["words"] for mark in figure._scene["marks"] if mark["kind"] == "text"]
    assert texts == ["A", "B", "C", "D"]


def test_the_drawn_run_goes_where_the_map_says(figure):
    for x, y, minimum in ((2, 2, "A"), (-3, 3, "B"), (-3, -3, "C"), (3, -2, "D")):
        figure.start = (x, y)
        row = figure._scene["rows"][-1]
        assert (row["name"], row["cells"]) == ("the run drawn", (f"to {minimum}",))


def test_a_moved_start_computes_no_map(figure, monkeypatch):
    monkeypatch.setattr(module, "everywhere", None)
    monkeypatch.setattr(module, "settled_in", lambda points, ground, real=module.settled_in: (
        real(points, ground) if points.shape[2:] == (1, 1) else pytest.fail("a map")))  # fmt: skip
    figure.start = (1.0, 1.0)


def test_fewer_steps_are_no_new_runs(figure, monkeypatch):
    figure.steps = 90  # the runs of 100 steps are there
    monkeypatch.setattr(module, "everywhere", None)
    for steps in (80, 40, 7, 90):
        figure.steps = steps
        np.testing.assert_array_equal(
            figure.basins().ends, basins(GradientDescent(lr=0.01), "himmelblau", steps).ends
        )


def test_more_steps_are_run(figure):
    figure.steps = 150
    assert figure.basins().steps == 150
    found = basins(GradientDescent(lr=0.01), "himmelblau", 150)
    np.testing.assert_array_equal(figure.basins().since, found.since)


def test_more_steps_are_foreseen_with_one_round_of_runs(figure, monkeypatch):
    rounds = []
    real = module.everywhere
    monkeypatch.setattr(module, "everywhere", lambda *a: (rounds.append(a[2]), real(*a))[1])
    foreseen(figure, "steps", [105, 120, 110])
    assert rounds == [120]


def test_several_stand_side_by_side_with_their_own_sliders():
    figure = explore_basins([GradientDescent(lr=0.01), Newton()], "himmelblau")
    assert [panel["title"] for panel in figure._scene["panels"]] == ["GradientDescent", "Newton"]
    assert {"gradientdescent_lr", "newton_lr", "damping", "form"} <= set(figure.controls)
    assert figure.basins("Newton").share(SADDLE) > 0.25 > figure.basins().share(SADDLE)
    figure.form = "saddle_free"
    assert figure.basins("Newton").share(SADDLE) == 0
    figure.close()


def test_a_choice_of_surfaces():
    figure = explore_basins(Adam(lr=0.1), ["himmelblau", "styblinski_tang", "rastrigin"])
    figure.surface = "rastrigin"
    rows = {row["name"]: row["cells"][0] for row in figure._scene["rows"]}
    assert {"A (0, 0)", "120 other minima"} <= set(rows)
    assert len(marks(figure, "points")[0]) == 121
    figure.close()


@pytest.mark.parametrize("name", [n for n, s in SURFACES.items() if len(s.minima)])
def test_neighbouring_minima_differ_in_colour(name):
    ground = surface(name)
    minima, hues = np.concatenate([ground.minima, ground.local_minima]), hues_of(ground)
    for k, place in enumerate(minima):
        nearest = np.linalg.norm(minima - place, axis=1).argsort()[1:2]
        assert (hues[nearest] != hues[k]).all()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_shades_grow_darker_and_patterns_have_two_tones(theme):
    def light(color):
        return sum(int(color[i : i + 2], 16) * w for i, w in ((1, 0.3), (3, 0.59), (5, 0.11)))

    colors = class_colors(theme)
    for k in range(6):
        ramp = [light(c) for c in colors[SHADES * k : SHADES * (k + 1)]]
        assert (np.diff(ramp) <= 0).all() and ramp[0] - ramp[-1] > 40
    assert len(SERIES) >= 6 and colors[192] != colors[193] and colors[194] != colors[195]
    assert colors[198] != colors[199]


def test_ends_that_are_no_minimum_have_patterns():
    figure = explore_basins(Newton(), "himmelblau")
    found = figure.basins()
    shown = shades(found)
    assert set(np.unique(shown[found.ends == SADDLE])) == {192, 193}
    figure.close()
    far = basins(GradientDescent(lr=0.025), "himmelblau")
    assert set(np.unique(shades(far)[far.ends == GONE])) == {198, 199}
    assert set(np.unique(shades(far)[far.ends == ELSEWHERE])) == {196}


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="KFAC takes no grid of runs"):
        explore_basins(KFAC(), "himmelblau")
    with pytest.raises(ValueError, match="'monkey_saddle' lists no minimum"):
        explore_basins(Adam(), ["himmelblau", "monkey_saddle"])
    with pytest.raises(ValueError, match="opt has 5 optimizers, but at most 4"):
        explore_basins([Momentum()] * 5)
    with pytest.raises(ValueError, match="sliders names 'beta'"):
        explore_basins(GradientDescent(), sliders=["beta"])
    with pytest.raises(TypeError, match="is not an optimizer"):
        explore_basins("Adam")
    figure = explore_basins(GradientDescent(lr=0.01))
    with pytest.raises(ValueError, match="steps = 0 is not allowed"):
        figure.steps = 0
    figure.close()
