"""The building block of all live figures: a widget whose pictures are decided here and drawn by ``figure.js``."""

from __future__ import annotations

import base64
import pathlib
import re
import sys
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import traitlets

from ...plotting import THEMES, full_bleed
from .ahead import foresee
from .ask import NOTHING, asked
from .canned import PALETTE, SCRIPTS, can, script
from .cells import retire_earlier_run
from .controls import Control, Point, Setting
from .pictured import Pictured

_HERE = pathlib.Path(__file__).parent
_FIGURES: weakref.WeakSet[Figure] = weakref.WeakSet()
"""All there are, so that the size of their text can be set."""


class Figure(Pictured):
    """A live figure: sliders beneath, a picture above, and a trait for everything that can be set.

    A subclass keeps what it needs, calls ``super().__init__(controls, points)`` and defines `draw`, which looks at
    the traits and returns a `Scene`. Setting a trait, from Python or in the browser, leads to the same picture; how, is
    written in `Pictured`.

    Messages of the browser are ``{"values": …}``, with or without ``"reset": true`` to be done first, with the view's
    name and a number; the answer is the next ``_scene``, which carries both back. The browser sends at most two before
    an answer and drops all but the newest value, so nothing can queue here, however slow `draw` is.

    While a slider is at hand the browser also asks, with ``{"ahead": name, "values": …}``, what its next positions
    would show. They are imagined: `draw` runs as if the value had been set, but no trait changes and no observer is
    called. A move that finds its picture there waits for nobody. So an optimizer is also run at settings that are never
    reached.

    Args:
        controls: the sliders, choices and switches, in order.
        points: the points that can be dragged: trait name → position.

    Raises:
        Exception: whatever `draw` raises. Where a trait was set from Python, the exception appears there; where it
            came from the browser it is shown in words on the figure and kept as ``error``.

    Examples:
        >>> from course_lib.live import explore_path
        >>> from course_lib.optimizers import Adam
        >>> figure = explore_path(Adam(lr=0.1), "himmelblau", steps=100)
        >>> figure.lr = 0.05  # moves the slider and the picture
        >>> figure.lr = -1
        Traceback (most recent call last):
        ...
        ValueError: PathExplorer: lr = -1 is not allowed: it must be in (0, inf)

        A figure of one's own:

        >>> import numpy as np
        >>> from course_lib.live.block.scene import Axis, Panel, Scene
        >>> from course_lib.optimizers.hyper import Spec
        >>> class Parabola(Figure):
        ...     def draw(self):
        ...         x = np.linspace(-1, 1, 101)
        ...         scene = Scene([Panel(Axis.linear("x", -1, 1), Axis.linear("loss", 0, 5))])
        ...         scene.line(0, x, self.curvature / 2 * x**2, "blue")
        ...         scene.alt = f"A parabola, {self.curvature / 2:g} high at the edge."
        ...         return scene
        >>> mine = Parabola([Control("curvature", Spec(low=0, slider=(0, 10)), 1.0)])
        >>> mine.curvature = 8
        >>> mine
        <Parabola: A parabola, 4 high at the edge.>
    """

    _esm = script(*SCRIPTS)
    _css = _HERE / "figure.css"
    _controls: Any = traitlets.List().tag(sync=True)
    _points: Any = traitlets.Dict().tag(sync=True)
    _palette: Any = traitlets.Dict().tag(sync=True)
    _formats: Any = traitlets.List().tag(sync=True)
    _ask: Any = traitlets.Dict(NOTHING).tag(sync=True)
    _scale: Any = traitlets.Float().tag(sync=True)
    _scene: Any = traitlets.Dict().tag(sync=True)

    _background_colors: ClassVar[int] = 256
    _text_scale: ClassVar[float] = 1.0

    def __init__(
        self, controls: Iterable[Control], points: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self.controls = {control.name: control for control in controls}
        _FIGURES.add(self)
        self.points = dict(points or {})
        owner = type(self).__name__
        traits: dict[str, Any] = {name: Setting(control, owner) for name, control in self.controls.items()}
        traits |= {name: Point(place, f"{owner}: {name}") for name, place in self.points.items()}
        self.add_traits(**traits)
        super().__init__(
            _controls=[control.message(self.follow(name)) for name, control in self.controls.items()],
            _points={name: list(self.follow(name)) for name in self.points},
            _palette=PALETTE,
            _formats=list(self.formats),
            _scale=Figure._text_scale,
            _scene=self.message(),
        )
        self.observe(self._changed, list(traits))
        self.on_msg(self._received)
        retire_earlier_run(self)

    def ask(
        self,
        question: str,
        answers: Sequence[str],
        happened: str | Callable[[Self], str],
        right: int | None = None,
    ) -> Self:
        """Let the figure ask what will happen before it shows it; one click skips that, and nothing is recorded.

        Args:
            question: what is asked.
            answers: two to four to choose from.
            happened: what the figure says afterwards, beside the reader's answer: a text, or a function of the figure
                that returns it.
            right: the place of the answer that came true; None where there is no such thing.

        Returns:
            The figure.

        Raises:
            ValueError: for an empty text, another number of answers, or a place that none of them has.

        Examples:
            >>> from course_lib.live import explore_path
            >>> from course_lib.optimizers import Adam
            >>> figure = explore_path(Adam(lr=0.1), "himmelblau", steps=100)
            >>> figure = figure.ask("Does it?", ("yes", "no"), lambda f: f"The loss is {f.path().final_loss:.0e}.")
        """
        told = happened if isinstance(happened, str) else happened(self)
        self._ask = asked(question, answers, told, right)
        return self

    def close(self) -> None:
        """Take the figure off the page and out of memory, with the layout that was made for it."""
        layout = self.layout if self.comm is not None else None
        super().close()
        if layout is not None:
            layout.close()

    # -- answering ----------------------------------------------------------------------------------

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take values from a browser (called by ipywidgets)."""
        self._answer(lambda: super(Figure, self).set_state(sync_data))

    def _received(self, _: Any, content: dict[str, Any], buffers: Any) -> None:
        if "background" in content:
            self._send_background(content)
            return
        if "ahead" in content:
            with self._lock:
                answer, scenes = foresee(self, content)
            self.send(answer, buffers=scenes)
            return
        if "save" in content:
            self._send_file(content)
            return
        values = {name: value for name, value in content["values"].items() if name in self.keys}

        def action() -> None:
            if content.get("reset"):
                self.reset()
            super(Figure, self).set_state(values)  # through ipywidgets' own door, which sends no value back

        self._answer(action, {"view": content.get("view"), "number": content.get("number")})

    def _answer(self, action: Callable[[], Any], reply: dict[str, Any] | None = None) -> None:
        """Do what a browser asked for, then send the picture or say in words why there is none."""
        with self._lock:
            try:
                self._without_pictures(action)
                if self._stale or reply:
                    self._show(reply)
            except Exception as error:
                self._fail(error, reply)

    def _send_background(self, asked: dict[str, Any]) -> None:
        theme = asked["theme"] if asked["theme"] in THEMES else "light"
        width, height = (min(max(int(asked[side]), 16), 4096) for side in ("width", "height"))
        dpr = min(max(float(asked["dpr"]), 0.5), 4.0)
        name = asked["background"]
        try:
            png = self._background(name, theme, (width, height), dpr)
        except Exception as error:
            self._fail(error)
            return
        self.send({"background": name, "theme": theme, "view": asked.get("view")}, buffers=[png])

    def _send_file(self, asked: dict[str, Any]) -> None:
        form, theme = asked["save"], asked["theme"] if asked["theme"] in THEMES else "light"
        files = []
        try:
            files = [self._file(form, theme=theme)]
        except Exception as error:
            self._fail(error)
        self.send({"saved": f"{self._file_name}.{form}", "view": asked.get("view")}, buffers=files)

    @property
    def _file_name(self) -> str:
        return re.sub("(?<=[a-z])(?=[A-Z])", "-", type(self).__name__).lower()

    def _background(self, name: str, theme: str, size: tuple[int, int], dpr: float) -> bytes:
        return full_bleed(
            lambda axes: self.draw_background(axes, name, theme), theme, size, dpr, self._background_colors
        )

    # -- where no kernel runs -----------------------------------------------------------------------

    def canned(self, *sliders: str) -> bytes:
        """Return a file with which a page without Python shows this figure, its sliders answering.

        One slider at a time is away from where it stands now; moving another sends the first back. So the file holds
        every position of each slider once. `course_lib.live.player` is the script that shows it. Numbers are rounded to
        1/8192 of a panel, which is less than a quarter of a pixel in 2000; the read-outs are the same texts. A position
        that fails has the words that the live figure would show. Points are drawn, but cannot be dragged.

        Args:
            sliders: the controls that answer, such as ``"lr", "steps"``; by default all that are shown.

        Raises:
            ValueError: for a name that no control has.

        Examples:
            >>> from course_lib.live import explore_path
            >>> from course_lib.optimizers import Adam
            >>> file = explore_path(Adam(lr=0.1), "himmelblau", steps=100).canned("lr")
            >>> len(file) < 200_000  # bytes, with the map in both themes
            True
        """
        with self._lock:
            return can(self, sliders)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._scene['alt']}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        assert bundle is not None  # only for widgets without a view
        data, metadata = bundle
        if sys.platform != "emscripten":  # there it takes a second, and the page shows the figure itself
            data["image/png"] = base64.b64encode(self.png()).decode()
        return data, metadata


def figure_scale(factor: float) -> None:
    """Set the size of the text in all live figures, those on the page and those to come: for projectors.

    Args:
        factor: 1 is the size of the page's text, which the figures follow anyway; 0.5 … 4.

    Raises:
        ValueError: for another number.

    Examples:
        >>> figure_scale(1.6)
        >>> figure_scale(1)
    """
    if not 0.5 <= factor <= 4:
        raise ValueError(f"factor = {factor!r} is not allowed: it must be in [0.5, 4]")
    Figure._text_scale = float(factor)
    for figure in list(_FIGURES):
        figure._scale = float(factor)
