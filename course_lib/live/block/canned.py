"""A live figure for a page without Python: every position of its sliders, one at a time, in one file."""

from __future__ import annotations

import gzip
import json
import pathlib
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ...plotting import HEATS, THEMES
from .ahead import imagined
from .packing import FINE, Packed
from .words import in_words

if TYPE_CHECKING:
    from .figure import Figure

GROUND, SHARPNESS = (480, 380), 2.0
"""Size of a background in CSS pixels, and device pixels in each."""

_TOGETHER = 32  # positions prepared in one go, as many as a browser asks for
_HERE = pathlib.Path(__file__).parent
_LISTS = ("panels", "marks", "rows")
_OF_THE_WAY = ("count", "view", "number", "milliseconds")
"""What tells of a message's way to the browser and not of the picture."""


def script(*names: str) -> str:
    """Return scripts of this folder as one, without comments and indents: every saved figure carries it."""
    lines = (line for name in names for line in (_HERE / name).read_text("utf-8").splitlines())
    return "\n".join(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("//"))


SCRIPTS = ("draw.js", "controls.js", "ask.js", "link.js", "figure.js")
PALETTE = {
    theme: colors
    | {name: {"hex": "".join(color[1:] for color in table(theme))} for name, table in HEATS.items()}
    for theme, colors in THEMES.items()
}
"""Colours by their role, and the tables of heat maps in six digits a colour: every saved figure holds them."""


def player() -> str:
    """Return the JavaScript module that shows canned figures: ``play(element, address)``.

    It is the script of the live figures with a model that answers from a file (`Figure.canned`) where else the kernel
    answers. The page also needs ``course_lib/live/block/figure.css``. What the element holds at first, such as a still
    picture, stays there until the figure stands, and remains if it cannot be shown; words then say why. The element's
    ``data-live`` may name the address at which the lesson runs.

    Examples:
        >>> "export { play }" in player()
        True
    """
    drawing = script(*SCRIPTS).replace("export default { render };", "")
    return f"{drawing}\nconst PALETTE = {json.dumps(PALETTE)};\nconst FINE = {FINE};\n{script('model.js')}\n"


def can(figure: Figure, sliders: Sequence[str] = ()) -> bytes:
    """Return what `Figure.canned` does."""
    controls = chosen(figure, sliders)
    packed, parts = Packed(), _Parts()
    places: dict[Any, int] = {}
    base = figure.message()
    first = parts.scene(base, packed.add([base]))
    tables = {}
    for control in controls:
        table = positions(figure, control["name"], control["values"])
        _add(packed, [scene for scene, _ in table if "data" in scene], places)
        tables[control["name"]] = [
            {"state": state, **parts.scene(scene, places.get(_key(scene)))} for scene, state in table
        ]
    names = sorted({panel["background"] for panel in parts.kept("panels") if panel["background"]})
    blob, grounds = bytearray(packed.blob), {}
    for name in names:
        for theme in THEMES:
            png = figure._background(name, theme, GROUND, SHARPNESS)
            grounds[f"{name}|{theme}"] = [len(blob), len(png)]
            blob += png
    header = {
        "controls": controls,
        "state": _state(figure),
        "ask": figure._ask,
        "scale": figure._scale,
        "name": figure._file_name,
        "parts": parts.all,
        "scene": first,
        "tables": tables,
        "blocks": packed.heads,
        "grounds": grounds,
    }
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return gzip.compress(struct.pack("<I", len(text)) + text + bytes(blob), 9, mtime=0)


def chosen(figure: Figure, sliders: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the controls that are canned, as they are sent; where each stands now is where it returns to.

    Raises:
        ValueError: for a name that no control has.
    """
    for name in sliders:
        if name not in figure.controls:
            known = ", ".join(figure.controls)
            raise ValueError(f"sliders = {name!r} is not allowed: {type(figure).__name__} has {known}")
    told = {row.get(key) for row in figure._scene["rows"] for key in ("toggles", "points_at")}
    controls = []
    for name, control in figure.controls.items():
        if name not in told and (name not in sliders if sliders else control.hidden):
            continue
        values, now = control.values, getattr(figure, name)
        if now not in values:  # set in Python between two positions of the slider
            values = sorted([*values, now])
        message = control.message(figure.follow(name))
        controls.append(message | {"values": values, "default": values.index(now)})
    return controls


def positions(
    figure: Figure, name: str, values: Sequence[Any]
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return for each value of a setting what the figure would show, and what else would be set.

    A value that fails has the words that the figure would show as ``{"error": …}``.
    """
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    while len(found) < len(values):
        ahead = values[len(found) : len(found) + _TOGETHER]
        try:
            ready = figure.prepare(name, ahead)
        except Exception:  # whichever of them fails will say so in words
            ready = 1
        for value in ahead[:ready]:
            try:
                with imagined(figure, name, value):
                    found.append((figure.message(), figure.follow(name)))
            except Exception as error:
                found.append(({"error": in_words(error)}, {}))
    return found


def _add(packed: Packed, scenes: Sequence[dict[str, Any]], places: dict[Any, int]) -> None:
    """Pack the data of a slider's scenes: a block for each that differs, next to the one it is most like."""
    alike: dict[Any, list[dict[str, Any]]] = {}
    for scene in scenes:
        alike.setdefault(_key(scene), []).append(scene)
    previous = 0
    for key, group in alike.items():
        previous = places[key] = packed.add(group, previous)


def _key(scene: dict[str, Any]) -> Any:
    """Return what two scenes that share a block have in common: the numbers, and the axes that measure them."""
    axes = [
        (axis["low"], axis["high"], axis["log"]) for p in scene.get("panels", ()) for axis in (p["x"], p["y"])
    ]
    return scene.get("data"), tuple(axes)


def _state(figure: Figure) -> dict[str, Any]:
    return {name: getattr(figure, name) for name in (*figure.controls, *figure.points)}


class _Parts:
    """The panels, marks and rows of all scenes, each kept once."""

    def __init__(self) -> None:
        self.all: list[Any] = []
        self._places: dict[str, int] = {}
        self._seen: dict[str, set[int]] = {name: set() for name in _LISTS}

    def scene(self, message: dict[str, Any], block: int | None) -> dict[str, Any]:
        """Return a message with the places of its parts in their stead, and the number of a block for its data."""
        if block is None:
            return {"error": message["error"]}
        plain = {key: value for key, value in message.items() if key not in (*_LISTS, *_OF_THE_WAY, "data")}
        for name in _LISTS:
            plain[name] = [self._place(one) for one in message[name]]
            self._seen[name].update(plain[name])
        return {**plain, "columns": self._place(message["columns"]), "block": block}

    def kept(self, name: str) -> Iterator[Any]:
        """Return all panels, marks or rows."""
        return (self.all[place] for place in self._seen[name])

    def _place(self, part: Any) -> int:
        key = json.dumps(part)
        if key not in self._places:
            self._places[key] = len(self.all)
            self.all.append(part)
        return self._places[key]
