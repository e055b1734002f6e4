"""Pictures of a notebook as files of the site: two stills of every live figure, and what makes it move."""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from course_lib.live import Figure
from course_lib.picture import Picture

from . import ROOT

_DATA = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=]+)")
_THEMES = ("light", "dark")
_BUNDLE = Picture._repr_mimebundle_
"""How a picture shows itself in a notebook; `install` puts something else in its place."""


def stored(folder: Path, data: bytes, ending: str) -> str:
    """Write data into a file named by its content and return the file's address on the site.

    Examples:
        >>> import tempfile
        >>> stored(Path(tempfile.mkdtemp()), b"abc", "gz")
        '@root@/_static/figures/a9993e364706816a.gz'
    """
    name = f"{hashlib.sha1(data).hexdigest()[:16]}.{ending}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    return f"{ROOT}/_static/figures/{name}"


def smaller(png: bytes) -> bytes:
    """Return a picture as WebP: without loss in 64 colours, or with them all, whichever takes less.

    Examples:
        >>> from course_lib.live import explore_stability
        >>> png = explore_stability().png()
        >>> len(smaller(png)) < 0.4 * len(png)
        True
    """
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    few = picture.quantize(64, dither=Image.Dither.NONE).convert("RGB")
    return min(_webp(few, lossless=True), _webp(picture, quality=75), key=len)


def _webp(picture: Image.Image, **how: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, "webp", **how)
    return out.getvalue()


def figure_html(figure: Figure, folder: Path, sliders: tuple[str, ...] = (), moves: bool = True) -> str:
    """Return a live figure as HTML: stills for light and dark pages and, where it moves, the address of its positions.

    Args:
        figure: as it stands.
        folder: where the files are written.
        sliders: which of its sliders move; all by default.
        moves: whether it moves at all.
    """
    address = f' data-src="{stored(folder, figure.canned(*sliders), "gz")}"' if moves else ""
    pictures = {theme: stored(folder, smaller(figure.png(theme)), "webp") for theme in _THEMES}
    return f'<div class="course-figure"{address}>{_images(pictures, described(figure))}</div>'


def picture_html(picture: Picture, folder: Path) -> str:
    """Return a picture of matplotlib as HTML, in both themes where it has them."""
    width = round(100 * picture.get_size_inches()[0])
    data, _ = _BUNDLE(picture)
    pngs = _DATA.findall(data.get("text/html", "")) or [data["image/png"]]
    pictures = {
        theme: stored(folder, smaller(base64.b64decode(png)), "webp")
        for theme, png in zip(_THEMES, pngs, strict=False)
    }
    return f'<div class="course-picture">{_images(pictures, in_words(picture), width)}</div>'


def described(figure: Figure) -> str:
    """Return what a live figure says of itself to those who do not see it."""
    return str(figure._scene["alt"])


def in_words(picture: Any) -> str:
    """Return titles, axes and curves of a matplotlib figure in words.

    Examples:
        >>> from course_lib.plotting import line_figure
        >>> in_words(line_figure([1, 2], {"a": [1, 2], "b": [2, 1]}, xlabel="x", ylabel="y"))
        'Picture: y against x, with a, b'
    """
    said = []
    for axes in picture.axes:
        across, up = axes.get_xlabel(), axes.get_ylabel()
        about = f"{up} against {across}" if up and across else up or across
        names = ", ".join(label for label in axes.get_legend_handles_labels()[1] if label)
        parts = [axes.get_title() or axes.get_title("left"), about, f"with {names}" if names else ""]
        said.append(", ".join(part.replace("\n", " ") for part in parts if part))
    whole = picture.get_suptitle()
    return "Picture: " + "; ".join([part for part in (whole, *said) if part] or ["without words"])


def install(folder: str, moves: bool = True) -> None:
    """Let the figures and pictures of this kernel show themselves as files in ``folder``; say whether figures move."""
    place = Path(folder)

    def shown_by(make: Any) -> Any:
        return lambda self, **_: ({"text/html": make(self, place), "text/plain": repr(self)}, {})

    Figure._repr_mimebundle_ = shown_by(partial(figure_html, moves=moves))
    Picture._repr_mimebundle_ = shown_by(picture_html)


def _images(pictures: dict[str, str], words: str, width: int = 990) -> str:
    alone = len(pictures) == 1
    return "".join(
        f'<img class="course-still{"" if alone else f" course-{theme}"}" width="{width}" loading="lazy" '
        f'alt="{html.escape(words, quote=True)}" src="{address}">'
        for theme, address in pictures.items()
    )
