"""From a setting to a picture: which changes lead to one, and when."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import anywidget

from .controls import Control
from .drawing import Drawing
from .words import in_words


class Pictured(Drawing, anywidget.AnyWidget):
    """A widget whose picture follows its traits; `Figure` adds what a browser asks for.

    Three doors lead to a picture. All of them take the lock, so that one change is seen through before the next::

        set(…), figure.lr = …      set_state (ipywidgets)      _received (messages)
                  │                           └────── _answer ──────┘
                  └──── _without_pictures: traits are set, _waiting is true
                                     │
              _changed: _stale is true; what follows is set too, _following is true
                                     │
              _refresh: nothing while _waiting, or if not _stale
                                     │
              draw() ──┬─ _show: the new _scene, error is None
                       └─ _fail: the last _scene with the error in words, error is the exception

    ``_stale`` says that a trait has changed since the last picture, ``_waiting`` that more is to be set before the next
    one, ``_following`` that what is set now follows from another setting and leads no further. ``_count`` counts the
    answers, so that two equal pictures are two.
    """

    controls: dict[str, Control]
    points: dict[str, tuple[float, float]]
    error: Exception | None = None
    _scene: Any
    _waiting = _stale = _following = False
    _count = 0

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
            self._without_pictures(lambda: self._assign(values))
            self._refresh()

    def reset(self) -> None:
        """Set everything back to where it was at first."""
        self.set(**{name: control.default for name, control in self.controls.items()}, **self.points)

    def _without_pictures(self, action: Callable[[], Any]) -> None:
        """Do something that sets traits, without a picture for each of them."""
        outer, self._waiting = self._waiting, True
        try:
            action()
        finally:
            self._waiting = outer

    def _assign(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    def _changed(self, change: Any) -> None:
        with self._lock:
            self._stale = True
            if not self._following:
                self._following = True
                try:
                    self._without_pictures(lambda: self._assign(self.follow(change.name)))
                finally:
                    self._following = False
            self._refresh()

    # -- showing ------------------------------------------------------------------------------------

    def message(self) -> dict[str, Any]:
        """Return the scene for the traits as they are now, as it is sent."""
        began = time.perf_counter()
        message = self.scene.message()
        self._count += 1  # two equal pictures are still two answers
        took = 1000 * (time.perf_counter() - began)
        return {
            "count": self._count,
            "view": None,
            "number": 0,
            "error": "",
            "milliseconds": took,
            **message,
        }

    def _refresh(self) -> None:
        with self._lock:
            if self._waiting or not self._stale:
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
