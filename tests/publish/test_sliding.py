"""The README's moving picture: a slider goes there and back, and each picture belongs to where it stands."""

import io
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_lib.live import explore_path
from course_lib.optimizers import Adam

DOCS = Path(__file__).parents[2] / "docs"
sys.path.append(str(DOCS))
from sliding import journey, sliding, with_slider  # noqa: E402 (docs is no package)


@pytest.mark.parametrize("places, frames", [([0, 160], 40), ([3, 90, 20], 31), ([5, 6], 4)])
def test_a_journey_touches_every_stop_and_ends_next_to_its_begin(places, frames):
    way = journey(places, frames)
    assert (len(way) == frames and way[0] == places[0] and set(places) <= {*way}) or frames % len(places)
    assert min(way) == min(places) and max(way) <= max(places)
    slow = [abs(b - a) for a, b in pairwise(way)]
    assert max(slow) >= slow[0], "it starts slowly"


def test_the_slider_stands_where_its_value_is():
    blank = Image.new("RGB", (400, 10), "white")
    left, right = (
        np.asarray(with_slider(blank, "lr", 0.1, part, "light")).astype(int) for part in (0.0, 1.0)
    )
    blue = (
        (left[42 + 10, :, 2] - left[42 + 10, :, 0] > 80).sum(),
        (right[52, :, 2] - right[52, :, 0] > 80).sum(),
    )
    assert blue[0] < 20 < 250 < blue[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pictures_are_a_gif_that_moves_and_fits(theme):
    figure = explore_path(Adam(lr=0.1), "himmelblau", steps=20)
    gif = sliding(figure, "lr", [0.01, 0.5], frames=6, seconds=1.0, theme=theme, width=4.0)
    moving = Image.open(io.BytesIO(gif))
    assert gif[:6] == b"GIF89a" and moving.n_frames >= 4 and moving.width == 440 and figure.lr == 0.1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_readme_s_own_is_sharp_and_small(theme):
    file = DOCS / f"sliding_{theme}.gif"
    with Image.open(file) as made:
        assert file.stat().st_size < 1.5e6 and 840 <= made.width <= 880 and made.n_frames > 60
