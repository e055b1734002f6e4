"""A matplotlib figure that a notebook shows by itself, in the colours of the page's theme."""

from __future__ import annotations

import base64
import io
import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

DRAWING = threading.RLock()
"""Held while matplotlib draws: its text layout is shared between threads, and widgets answer on a second one."""

_ONE_OF_TWO = (
    'body[data-jp-theme-light="false"] .lesson-light {display: none} '
    'body:not([data-jp-theme-light="false"]) .lesson-dark {display: none}'
)


class Picture(Figure):
    """A figure that a notebook shows without pyplot, at twice the resolution of the page.

    Its output carries the picture for light and for dark pages, and a plain PNG for where there are no styles.
    """

    in_theme: Callable[[str], Figure] | None = None
    """Draws it anew in a theme; see `themed`."""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        width, height = (round(100 * side) for side in self.get_size_inches())
        data = {"image/png": _encoded(self), "text/plain": repr(self)}
        if self.in_theme is not None:
            dark = self.in_theme("dark")
            _place_alike(dark, self)
            images = [
                f'<img class="lesson-{theme}" width="{width}" src="data:image/png;base64,{png}">'
                for theme, png in (("light", data["image/png"]), ("dark", _encoded(dark)))
            ]
            data["text/html"] = f"<style>{_ONE_OF_TWO}</style>{''.join(images)}"
        return data, {"image/png": {"width": width, "height": height}}


def _place_alike(figure: Figure, drawn: Figure) -> None:
    """Give a figure's axes the places that the same axes have where they are drawn: laying out is half of the work."""
    for axes, same in zip(figure.axes, drawn.axes, strict=True):
        axes.set_position(same.get_position(original=True), which="original")
    figure.set_layout_engine("none")


def themed(make: Callable[..., Picture]) -> Callable[..., Picture]:
    """Let a notebook show what ``make`` draws in the page's theme."""

    @wraps(make)
    def both(*args: Any, **kwargs: Any) -> Picture:
        figure = make(*args, **kwargs)
        if "theme" not in kwargs:
            figure.in_theme = lambda theme: make(*args, theme=theme, **kwargs)
        return figure

    return both


def to_png(figure: Figure, dpi: float = 100, colors: int = 0) -> bytes:
    """Return the figure as PNG.

    Args:
        figure: the picture.
        dpi: pixels per inch.
        colors: if > 0, reduce to a palette of that many colours: a third of the bytes, good for smooth grounds, while
            thin lines may lose their colour.

    Examples:
        >>> to_png(Figure((1, 1)))[:4]
        b'\\x89PNG'
    """
    from PIL import Image

    with DRAWING:
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(dpi)
        canvas.draw()
        image = Image.fromarray(np.asarray(canvas.buffer_rgba()))
    if colors:
        image = image.convert("RGB").quantize(
            colors, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )
    out = io.BytesIO()
    image.save(out, "png", compress_level=3)
    return out.getvalue()


def _encoded(figure: Figure) -> str:
    return base64.b64encode(to_png(figure, dpi=200)).decode()
