"""Scenes as files: a picture as SVG, PDF or PNG, or many in turn as an animated GIF; all drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from ...plotting import DRAWING, full_bleed
from .scene import Scene
from .static import Background, scene_figure, scene_png

PICTURES = ("svg", "pdf", "png")
"""Formats of a single picture."""

_RESOLUTION = 200
_GROUND = (600, 480)


def picture(scene: Scene, background: Background, form: str, theme: str, width: float) -> bytes:
    """Return a scene as the contents of a file.

    Args:
        scene: what is shown.
        background: draws a panel's background into axes, given its name and the theme.
        form: one of `PICTURES`.
        theme: "light" or "dark".
        width: in inches.
    """
    out = io.BytesIO()
    with DRAWING:
        figure = scene_figure(scene, background, theme, width)
        figure.savefig(out, format=form, dpi=_RESOLUTION)
    return out.getvalue()


def drawn_once(background: Background) -> Background:
    """Return a background that is drawn the first time it is asked for, and shown as a picture after that."""
    known: dict[tuple[str, str], np.ndarray] = {}

    def show(axes: Axes, name: str, theme: str) -> None:
        if (name, theme) not in known:
            png = full_bleed(lambda own: background(own, name, theme), theme, _GROUND, 2.0)
            known[name, theme] = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        axes.imshow(
            known[name, theme], extent=(0, 1, 0, 1), transform=axes.transAxes, aspect="auto", zorder=0
        )

    return show


def animated(pictures: Sequence[Image.Image], seconds: float) -> bytes:
    """Return pictures in turn as a GIF that repeats.

    Args:
        pictures: one after the other.
        seconds: how long it plays.
    """
    palette = pictures[-1].quantize(128, method=Image.Quantize.FASTOCTREE)  # one for all: half the bytes
    small = [one.quantize(palette=palette, dither=Image.Dither.NONE) for one in pictures]
    out = io.BytesIO()
    small[0].save(out, "gif", save_all=True, append_images=small[1:], loop=0,
                  duration=max(int(1000 * seconds / len(pictures)), 20))  # fmt: skip
    return out.getvalue()


def spread(values: Sequence[float], frames: int) -> list[float]:
    """Return at most so many of a slider's values, evenly, with both ends.

    Raises:
        ValueError: for fewer than two frames.

    Examples:
        >>> spread([0, 1, 2, 3, 4], 3)
        [0, 2, 4]
    """
    if frames < 2:
        raise ValueError(f"frames = {frames!r} is not allowed: an animation needs at least 2")
    places = np.unique(np.linspace(0, len(values) - 1, frames).round().astype(int))
    return [values[place] for place in places]


def frame(scene: Scene, background: Background, theme: str, width: float) -> Image.Image:
    """Return a scene as one picture of an animation."""
    return Image.open(io.BytesIO(scene_png(scene, background, theme, width))).convert("RGB")
