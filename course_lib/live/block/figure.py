"""The building block of all live figures: a widget whose pictures are decided here and drawn by ``figure.js``."""

from __future__ import annotations

import base64
import pathlib
import re
import sys
import time
import traceback
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

import anywidget
import traitlets

from ...plotting import HEATS, THEMES, full_bleed
from .ahead import foresee
from .ask import NOTHING, asked
from .cells import retire_earlier_run
from .controls import Control, Point, Setting
from .drawing import Drawing

_HERE = pathlib.Path(__file__).parent
_SCRIPT = "\n".join(
    line.strip()
    for name in ("draw.js", "controls.js", "ask.js", "link.js", "figure.js")
    for line in (_HERE / name).read_text("utf-8").splitlines()
    if line.strip() and not line.lstrip().startswith("//")  # every saved figure carries it
)
_FIGURES: weakref.WeakSet[Figure] = weakref.WeakSet()
"""All there are, so that the size of their text can be set."""
_PALETTE = {
    theme: colors
    | {name: {"hex": "".join(color[1:] for color in table(theme))} for name, table in HEATS.items()}
    for theme, colors in THEMES.items()
}
"""Colours by their role, and the tables of heat maps in six digits a colour: every saved figure holds them."""


class Figure(Drawing, anywidget.AnyWidget):
    """A live figure: sliders beneath, a picture above, and a trait for everything that can be set.

    A subclass keeps what it needs, calls ``super().__init__(controls, points)`` and defines `draw`, which looks at
    the traits and returns a `Scene`. Setting a trait, from Python or in the browser, leads to the same picture.

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
    """

    _esm = _SCRIPT
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
        self.error: Exception | None = None
        self._held = self._stale = self._following = False
        self._count = 0
        owner = type(self).__name__
        traits: dict[str, Any] = {name: Setting(control, owner) for name, control in self.controls.items()}
        traits |= {name: Point(place, f"{owner}: {name}") for name, place in self.points.items()}
        self.add_traits(**traits)
        super().__init__(
            _controls=[control.message(self.follow(name)) for name, control in self.controls.items()],
            _points={name: list(self.follow(name)) for name in self.points},
            _palette=_PALETTE,
            _formats=list(self.formats),
            _scale=Figure._text_scale,
            _scene=self.message(),
        )
        self.observe(self._changed, list(traits))
        self.on_msg(self._received)
        retire_earlier_run(self)

    # -- setting ------------------------------------------------------------------------------------

    def set(self, **values: Any) -> None:
        """Set several traits at once, with one new picture.

        Args:
            values: by trait name.

        Raises:
            AttributeError: for a name that is none of the figure's settings.

        Examples:
            >>> from course_lib.live import explore_path
            >>> from course_lib.optimizers import Momentum
            >>> figure = explore_path(Momentum())
            >>> figure.set(lr=0.1, beta=0.5, start=(1, 2))
            >>> figure.lr, figure.start
            (0.1, (1.0, 2.0))
        """
        known = {**self.controls, **self.points}
        for name in values:
            if name not in known:
                raise AttributeError(
                    f"{type(self).__name__} has no setting {name!r}; it has {', '.join(known)}"
                )
        with self._lock:
            self._hold(lambda: self._assign(values))
            self._refresh()

    def reset(self) -> None:
        """Set everything back to where it was at first."""
        self.set(**{name: control.default for name, control in self.controls.items()}, **self.points)

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

    def message(self) -> dict[str, Any]:
        """Return the scene for the traits as they are now, as it is sent."""
        began = time.perf_counter()
        message = self.scene.message()
        self._count += 1  # two equal pictures are still two answers
        took = 1000 * (time.perf_counter() - began)
        return {"count": self._count, "view": None, "number": 0, "error": "", "milliseconds": took, **message}

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
                self._hold(action)
                if self._stale or reply:
                    self._show(reply)
            except Exception as error:
                self._fail(error, reply)

    def _hold(self, action: Callable[[], Any]) -> None:
        """Do something that sets traits, without a picture for each of them."""
        outer, self._held = self._held, True
        try:
            action()
        finally:
            self._held = outer

    def _assign(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def _changed(self, change: Any) -> None:
        with self._lock:
            self._stale = True
            if not self._following:
                self._following = True
                try:
                    self._hold(lambda: self._assign(self.follow(change.name)))
                finally:
                    self._following = False
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            if self._held or not self._stale:
                return
            try:
                self._show()
            except Exception as error:  # seen on the figure too, which would otherwise show an old picture
                self._fail(error)
                raise

    def _show(self, reply: dict[str, Any] | None = None) -> None:
        message = self.message()
        self._stale, self.error = False, None
        self._scene = message | (reply or {})

    def _fail(self, error: Exception, reply: dict[str, Any] | None = None) -> None:
        self._stale, self.error = False, error
        self._count += 1
        self._scene = {**self._scene, **(reply or {}), "count": self._count, "error": in_words(error)}

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
        name = re.sub("(?<=[a-z])(?=[A-Z])", "-", type(self).__name__).lower()
        self.send({"saved": f"{name}.{form}", "view": asked.get("view")}, buffers=files)

    def _background(self, name: str, theme: str, size: tuple[int, int], dpr: float) -> bytes:
        return full_bleed(
            lambda axes: self.draw_background(axes, name, theme), theme, size, dpr, self._background_colors
        )

    # -- where no kernel runs -----------------------------------------------------------------------

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


def in_words(error: Exception) -> str:
    """Return what went wrong and in which line of whose code.

    Examples:
        >>> try:
        ...     1 / 0
        ... except ZeroDivisionError as error:
        ...     in_words(error).splitlines()[0]
        'ZeroDivisionError: division by zero'
    """
    words = f"{type(error).__name__}: {error}"
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return words
    last = frames[-1]
    return f"{words}\n(in {last.name}, line {last.lineno}: {last.line})" if last.line else words
