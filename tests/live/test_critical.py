"""The critical-point explorer: its bars are the models', its points are drawn as often as they occur."""

import numpy as np
import pytest

from course_lib.live import explore_critical_points
from course_lib.surfaces import index_shares

from .common import marks


@pytest.fixture
def figure():
    made = explore_critical_points(3)
    yield made
    made.close()


def test_bars_are_the_shares(figure):
    for dimension in (3, 1, 6):
        figure.dimension = dimension
        message = figure._scene
        bars = [m for m in message["marks"] if m["kind"] == "bars"]
        for mark, model in zip(bars, ("coins", "matrix", "function"), strict=True):
            tops = np.frombuffer(message["data"], np.float32, mark["count"], mark["at"]).reshape(-1, 4)[:, 3]
            np.testing.assert_allclose(tops, index_shares(dimension, model), atol=1e-6)


def test_the_points_drawn_are_as_many_of_each_kind_as_there_should_be(figure):
    figure.dimension = 2
    minima, saddles, maxima = map(len, marks(figure, "points"))
    assert minima + saddles + maxima == 500
    assert abs(minima - 125) < 35 and abs(saddles - 250) < 45
    assert (marks(figure, "points")[0][:, 1] < 0.3).all()


def test_the_mean_index_rises_with_the_height(figure):
    (line,) = marks(figure, "line")
    assert (np.diff(line[:, 1]) > 0).all() and line[0, 1] < 0.5 and line[-1, 1] > 2.5


def test_dimensions_that_are_none_are_said():
    for wrong in (0, 9):
        with pytest.raises(
            ValueError, match=f"dimension = {wrong} is not allowed: it must be .* ≥ 1 and ≤ 8"
        ):
            explore_critical_points(wrong)
    with pytest.raises(TypeError, match="dimension"):
        explore_critical_points(2.5)
    with pytest.raises(ValueError, match="sliders names 'lr'"):
        explore_critical_points(sliders=["lr"])
