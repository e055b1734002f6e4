"""What draws scenes, and how they become files: pictures as SVG, PDF or PNG, an animated GIF of what plays."""

from __future__ import annotations

import os
import pathlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from ...arguments import progress_bar
from .ahead import imagined
from .controls import Control
from .export import PICTURES, animated, drawn_once, frame, picture, spread
from .scene import Scene
from .static import scene_png


class Drawing:
    """Something with controls that draws scenes; `Figure` makes it a widget.

    A subclass defines `draw`, and what it needs of the next four.
    """

    controls: Mapping[str, Control]
    traits: Callable[[], dict[str, Any]]
    _lock: ClassVar[Any] = threading.RLock()
    """A cell and a widget's message may run on two threads. One for all figures: those that set each other would
    otherwise wait for each other."""

    def draw(self) -> Scene:
        """Return the scene for the traits as they are now."""
        raise NotImplementedError(f"{type(self).__name__} has no draw")

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the part of a panel that does not move, by matplotlib; ``name`` is the panel's ``background``."""

    def follow(self, name: str) -> dict[str, Any]:
        """Return what else is set when the setting ``name`` has been set: other settings and their values."""
        return {}

    def prepare(self, name: str, values: Sequence[Any]) -> int | None:
        """Compute what the scenes at several values of a setting have in common, before each is imagined and drawn.

        Returns:
            How many of the values it was computed for, if the others are to be left for another time.
        """
        return None

    @property
    def scene(self) -> Scene:
        """The scene for the traits as they are now; a number that overflows in it is no cause for a warning."""
        with np.errstate(all="ignore"):
            return self.draw()

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats it can be saved in."""
        return (*PICTURES, "gif") if self._playing else PICTURES

    def png(self, theme: str = "light", width: float = 9.0) -> bytes:
        """Return the current state as a picture made by matplotlib.

        Args:
            theme: "light" or "dark".
            width: in inches, at 110 dots each.
        """
        return scene_png(self.scene, self.draw_background, theme, width)

    def save(self, file: str | os.PathLike[str], **options: Any) -> None:
        """Write the figure as it stands to a file, for slides: ``.svg``, ``.pdf`` or ``.png``, or ``.gif`` if it plays.

        Args:
            file: its name, whose ending says the format.
            options: ``theme`` ("light" or "dark") and ``width`` in inches; for ``.gif`` those of `animation`.

        Raises:
            ValueError: for another ending, or ``.gif`` where nothing plays.

        Examples:
            >>> import tempfile, pathlib
            >>> from course_lib.live import explore_stability
            >>> file = pathlib.Path(tempfile.mkdtemp(), "stability.svg")
            >>> explore_stability().save(file)
            >>> file.read_text()[:5]
            '<?xml'
        """
        file = pathlib.Path(file)
        form = file.suffix.lower().removeprefix(".")
        if form not in self.formats:
            allowed = ", ".join(f".{one}" for one in self.formats)
            raise ValueError(f"file = {str(file)!r} is not allowed: its name must end in one of {allowed}")
        file.write_bytes(self._file(form, **options))

    def animation(
        self, frames: int = 40, seconds: float = 6.0, width: float = 8.0, theme: str = "light"
    ) -> bytes:
        """Return an animated GIF in which the control that plays goes from end to end.

        Args:
            frames: how many pictures, ≥ 2.
            seconds: how long it plays.
            width: in inches, at 110 dots each.
            theme: "light" or "dark".

        Raises:
            ValueError: for fewer than two frames, or if nothing plays here.
        """
        if not self._playing:
            raise ValueError(f"{type(self).__name__} has nothing that plays: save it as .svg, .pdf or .png")
        (control,) = self._playing
        values = spread(control.values, frames)
        with self._lock:
            return animated(list(self._frames(control.name, values, theme, width)), seconds)

    def _frames(self, name: str, values: Sequence[Any], theme: str, width: float) -> Iterator[Image.Image]:
        """Draw the pictures of an animation, in which a control takes some values in turn."""
        ground = drawn_once(self.draw_background)
        with progress_bar(len(values), "picture", leave=False) as bar:
            for value in values:
                with imagined(self, name, value):
                    yield frame(self.scene, ground, theme, width)
                bar.update()

    def _file(self, form: str, theme: str = "light", **options: Any) -> bytes:
        if form == "gif":
            return self.animation(theme=theme, **options)
        return picture(self.scene, self.draw_background, form, theme, **{"width": 9.0, **options})

    @property
    def _playing(self) -> list[Control]:
        return [control for control in self.controls.values() if control.plays]
