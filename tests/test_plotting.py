"""The course's look of a plot."""

import base64

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from course_lib.picture import to_png
from course_lib.plotting import line_figure, new_figure, styled
from course_lib.theme import THEMES


@pytest.mark.parametrize("theme", ("light", "dark"))
def test_every_number_on_an_axis_has_the_color_of_the_theme(theme):
    axes = new_figure(theme=theme).subplots()
    axes.plot([1, 2, 3], np.array([0.18, 0.5, 0.9]))
    axes.set_yscale("log")
    styled(axes, theme)
    axes.figure.draw_without_rendering()
    between = [one for one in axes.get_yticklabels(minor=True) if one.get_text()]
    assert between, "less than a decade: the numbers stand at the minor ticks"
    colors = {to_rgba(one.get_color()) for one in [*between, *axes.get_xticklabels()]}
    assert colors == {to_rgba(THEMES[theme]["muted"])}


def test_both_themes_have_one_layout():
    """The dark picture is laid out like the light one, not anew: what that gives is the same to the pixel."""
    figure = line_figure(
        range(3), {"a longer name": [1e-3, 1, 1e4], "b": [2, 3, 4]}, xlabel="x", ylabel="y", log="y"
    )
    shown = figure._repr_mimebundle_()[0]["text/html"].split("base64,")[2].split('"')[0]
    alone = figure.in_theme("dark")
    assert base64.b64decode(shown) == to_png(alone, dpi=200)


def test_a_curve_that_lies_on_another_is_dashed():
    x = np.arange(1.0, 9.0)
    figure = line_figure(x, {"a": 1e-9 * x, "b": 1e-9 * x, "c": 2e-9 * x}, xlabel="x", ylabel="y", log="y")
    assert [line.get_linestyle() for line in figure.axes[0].get_lines()[:3]] == ["-", "--", "-"]


def test_whole_numbers_have_ticks_at_whole_numbers():
    for x, whole in ((range(1, 6), True), (np.linspace(1, 5, 5), False)):
        figure = line_figure(x, {"y": [1, 2, 3, 4, 5]}, xlabel="group", ylabel="y")
        figure.draw_without_rendering()
        ticks = figure.axes[0].get_xticks()
        assert np.array_equal(ticks, np.round(ticks)) == whole
