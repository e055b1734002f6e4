"""The slice explorer: its curvature against differences of the loss, its places, its words."""

import numpy as np
import pytest

from course_lib.live import explore_slices
from course_lib.surfaces import Surface, surface

from .common import marks

GROUND = surface("himmelblau")
PLACES = {"P": GROUND.saddles[0], "Q": GROUND.maxima[0], "R": GROUND.minima[0]}


@pytest.fixture
def figure():
    made = explore_slices(GROUND, places=PLACES)
    yield made
    made.close()


@pytest.mark.parametrize("direction", [0, 30, 90, 135.5, 180])
def test_slope_and_curvature_are_differences_of_the_loss(figure, direction):
    figure.set(point=(1.0, -2.0), direction=direction)
    v = np.array([np.cos(np.radians(direction)), np.sin(np.radians(direction))])
    before, here, after = (float(GROUND.loss(np.array([1.0, -2.0]) + t * v)) for t in (-1e-4, 0, 1e-4))
    assert figure.slope() == pytest.approx((after - before) / 2e-4, rel=1e-5, abs=1e-6)
    assert figure.curvature() == pytest.approx((after - 2 * here + before) / 1e-8, rel=1e-4, abs=1e-4)


def test_the_curve_over_all_directions_ends_at_the_eigenvalues(figure):
    every = marks(figure, "line")[1]
    low, high = np.linalg.eigvalsh(GROUND.hessian(figure.point))
    assert every[:, 1].min() == pytest.approx(low, abs=0.1) and every[:, 1].max() == pytest.approx(
        high, abs=0.1
    )
    assert every[0, 1] == pytest.approx(every[-1, 1])


def test_parabola_and_cut_touch_at_the_point(figure):
    figure.point = (1.0, 1.0)
    parabola, cut = marks(figure, "line")[3:5]
    middle = len(cut) // 2
    np.testing.assert_allclose(parabola[middle - 1 : middle + 2], cut[middle - 1 : middle + 2], rtol=1e-3)
    assert np.abs(parabola - cut).max() > 1


def test_places_and_point_follow_each_other(figure):
    assert figure.place == "P" and figure.point == tuple(PLACES["P"])
    figure.place = "Q"
    assert figure.point == tuple(PLACES["Q"]) and "A critical point" in figure._scene["notice"]
    figure.point = (1.0, 1.0)
    assert figure.place == "anywhere" and "There is a slope here" in figure._scene["notice"]
    figure.point = tuple(PLACES["R"])
    assert figure.place == "R"


def test_the_words_of_minimum_maximum_saddle_and_flat(figure):
    def words():
        return [row["cells"][2] for row in figure._scene["rows"]]

    figure.place = "R"
    assert words() == ["curves up", "curves up"]
    figure.place = "Q"
    assert words() == ["curves down", "curves down"]
    figure.set(place="P", direction=97)
    assert words() == ["curves down", "curves up"]
    monkey = explore_slices("monkey_saddle", point=(0, 0))
    assert [row["cells"][2] for row in monkey._scene["rows"]] == ["does not curve"] * 2
    monkey.close()


def test_errors_name_what_is_wrong():
    with pytest.raises(ValueError, match="direction = 181"):
        explore_slices(direction=181)
    with pytest.raises(ValueError, match="has no curvature"):
        explore_slices(
            Surface(name="bowl", value=lambda x, y: x**2 + y**2, gradient=lambda x, y: (2 * x, 2 * y))
        )
    with pytest.raises(ValueError, match="two finite numbers"):
        explore_slices(point=(0, np.nan)).draw()
    with pytest.raises(ValueError, match="hide names 'lr'"):
        explore_slices(hide=["lr"])
