"""A moving picture of a hand that moves a slider, and of the figure above it that follows."""

from __future__ import annotations

import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from course_lib.live import Figure
from course_lib.live.block.ahead import imagined
from course_lib.live.block.export import animated, drawn_once, frame
from course_lib.plotting import THEMES, short

SHARP = 4
"""Times larger that the slider is drawn at first, so that its edges are smooth."""
STRIP = 78
"""Height of the slider in pixels."""


def sliding(
    figure: Figure, name: str, stops: list[float], frames: int, seconds: float, theme: str, width: float
) -> bytes:
    """Return a GIF in which a slider goes from stop to stop, slower near each, and back to the first.

    Args:
        figure: as it stands.
        name: of the slider.
        stops: values of it.
        frames: how many pictures.
        seconds: how long it plays.
        theme: "light" or "dark".
        width: in inches, at 110 dots each.
    """
    values, ground = figure.controls[name].values, drawn_once(figure.draw_background)
    pictures, known = [], {}
    for place in journey([_nearest(values, stop) for stop in stops], frames):
        if place not in known:
            with imagined(figure, name, values[place]):
                picture = frame(figure.scene, ground, theme, width)
            known[place] = with_slider(picture, name, values[place], place / (len(values) - 1), theme)
        pictures.append(known[place])
    return animated(pictures, seconds)


def journey(places: list[int], frames: int) -> list[int]:
    """Return the places of a slider in each picture of a journey that ends where it began.

    Examples:
        >>> journey([0, 10], 8)
        [0, 1, 5, 9, 10, 9, 5, 1]
    """
    ends = np.array([*places, places[0]])
    way = np.arange(frames) * (len(places) / frames)
    leg = way.astype(int)
    part = (1 - np.cos(np.pi * (way - leg))) / 2
    return [round(float(place)) for place in ends[leg] + part * (ends[leg + 1] - ends[leg])]


def with_slider(picture: Image.Image, name: str, value: float, part: float, theme: str) -> Image.Image:
    """Return a picture with a slider beneath it, and a hand on the slider."""
    colors = THEMES[theme]
    width = picture.width
    strip = Image.new("RGB", (SHARP * width, SHARP * STRIP), colors["page"])
    draw = ImageDraw.Draw(strip)
    left, right, line = 60, width - 60, 42

    def at(*numbers: float) -> list[float]:
        return [SHARP * number for number in numbers]

    bold = ImageFont.truetype(font_manager.findfont("DejaVu Sans:bold"), 16 * SHARP)
    plain = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 16 * SHARP)
    draw.text(at(left, 10), name, font=bold, fill=colors["text"], anchor="lt")
    draw.text(at(right, 10), short(value), font=plain, fill=colors["text"], anchor="rt")
    thumb = left + part * (right - left)
    draw.rounded_rectangle(at(left, line - 2.5, right, line + 2.5), SHARP * 2.5, colors["frame"])
    draw.rounded_rectangle(at(left, line - 2.5, thumb, line + 2.5), SHARP * 2.5, colors["blue"])
    draw.ellipse(at(thumb - 10, line - 10, thumb + 10, line + 10), colors["page"], colors["blue"], 4 * SHARP)
    for grow, color in ((1.7, colors["text"]), (0, colors["page"])):  # a hand: outline, then skin
        for x, y, u, v, radius in HAND:
            box = at(thumb + x - grow, line + y - grow, thumb + u + grow, line + v + grow)
            draw.rounded_rectangle(box, SHARP * (radius + grow), color)
    whole = Image.new("RGB", (width, picture.height + STRIP), colors["page"])
    whole.paste(picture, (0, 0))
    whole.paste(strip.resize((width, STRIP), Image.Resampling.LANCZOS), (0, picture.height))
    return whole


HAND = (
    (-3.0, 2.0, 3.0, 24.0, 3.0),  # the finger that points
    (3.0, 11.0, 9.0, 24.0, 3.0),
    (8.5, 12.5, 14.0, 25.0, 2.75),
    (-9.5, 15.0, -4.0, 26.0, 2.75),  # thumb
    (-6.5, 17.0, 14.0, 33.0, 5.0),  # palm
)
"""Rounded boxes, from the middle of the thumb of the slider: left, top, right, bottom, radius in pixels."""


def _nearest(values: list[float], wanted: float) -> int:
    return min(range(len(values)), key=lambda place: abs(values[place] - wanted))
