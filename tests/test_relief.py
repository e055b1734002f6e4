"""Surfaces in perspective: what is marked lies on the surface, in both themes."""

import numpy as np
import pytest

from course_lib.relief import relief_figure
from course_lib.surfaces import RandomField, surface
from course_lib.theme import THEMES


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_critical_point_is_marked_where_it_is_and_in_its_colour(theme):
    ground = RandomField(2, seed=0).surface()
    (axes,) = relief_figure(ground, theme=theme).axes
    marked = {line.get_color(): np.array(line.get_data_3d()) for line in axes.lines}
    colors = THEMES[theme]
    assert len(marked[colors["vermilion"]].T) == len(ground.saddles)
    x, y, z = marked[colors["vermilion"]]
    np.testing.assert_allclose([x, y], ground.saddles.T)
    assert (np.abs(z - ground.loss(ground.saddles.T)) < 0.05 * np.ptp(ground.mesh(30)[2])).all()
    assert marked[colors["ink"]].shape[1] == len(ground.maxima)


def test_a_crowd_is_not_marked():
    (axes,) = relief_figure("rastrigin").axes
    assert [len(line.get_data_3d()[0]) for line in axes.lines] == [1]  # the lowest alone
    assert len(surface("rastrigin").local_minima) > 20


def test_it_has_both_themes_in_a_notebook():
    data, _ = relief_figure("saddle")._repr_mimebundle_()
    assert "lesson-dark" in data["text/html"]


def test_too_many_are_refused():
    with pytest.raises(ValueError, match="5 were given, but one to four"):
        relief_figure(*["saddle"] * 5)
    with pytest.raises(ValueError, match="0 were given"):
        relief_figure()
