"""Looking ahead: what a figure would show at other values of a setting, told before anybody sets them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, Protocol

from traitlets import TraitType

_MOMENT = 0.06
"""Seconds spent at a time on drawing scenes nobody has asked for yet, beside what `Figure.prepare` takes."""

_IMAGINED: ContextVar[tuple[Any, Mapping[Any, Any]]] = ContextVar("IMAGINED", default=(None, {}))
"""A figure and the values its settings seem to have in this thread."""


class Settable(Protocol):
    """What has settings that can be imagined; `Drawing` and `Figure` say what each of these does."""

    @property
    def traits(self) -> Callable[[], dict[str, Any]]: ...  # noqa: D102

    def follow(self, name: str) -> dict[str, Any]: ...  # noqa: D102


class Foreseeable(Settable, Protocol):
    """What can also say what it would show."""

    def prepare(self, name: str, values: Sequence[Any]) -> int | None: ...  # noqa: D102

    def message(self) -> dict[str, Any]: ...  # noqa: D102


class Imaginable(TraitType):
    """A trait that can seem to have another value."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the value, or the imagined one."""
        figure, values = _IMAGINED.get()
        return values[self.name] if figure is obj and self.name in values else super().get(obj, cls)


@contextmanager
def imagined(figure: Settable, name: str, value: Any) -> Iterator[None]:
    """Let a setting, and what follows it, seem to have another value, in this thread only and for a while.

    Args:
        figure: whose setting it is.
        name: of the setting.
        value: which it could be given.

    Raises:
        TypeError: if it could not.
        ValueError: if it could not.

    Examples:
        >>> from course_lib.live import explore_path
        >>> from course_lib.optimizers import Adam
        >>> figure = explore_path(Adam(lr=0.1), "himmelblau", steps=100)
        >>> with imagined(figure, "lr", 0.5):
        ...     figure.lr, figure.path().diverged
        (0.5, False)
        >>> figure.lr
        0.1
    """
    values = {name: figure.traits()[name]._validate(figure, value)}
    token = _IMAGINED.set((figure, values))
    try:
        values |= figure.follow(name)
        yield
    finally:
        _IMAGINED.reset(token)


def foresee(figure: Foreseeable, asked: Mapping[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Return what a setting's next values would show: as many as can be drawn in a moment, and at least one.

    Args:
        figure: that is asked.
        asked: the setting as ``"ahead"`` and its ``"values"``; ``"view"`` and ``"edition"`` are handed back.

    Returns:
        The answer, with None for the scene of a value that fails, and the buffers: a scene's ``"buffer"`` tells which
        of them is its own, for scenes that draw the same numbers share one.
    """
    name, began = asked["ahead"], time.perf_counter()
    scenes: list[dict[str, Any] | None] = []
    buffers: dict[bytes, int] = {}
    ready = None
    with suppress(Exception):  # said in words where such a value is really set
        ready = figure.prepare(name, asked["values"])
    prepared = time.perf_counter()
    for value in asked["values"][:ready]:
        try:
            with imagined(figure, name, value):
                scene = figure.message()
        except Exception:  # whoever sets that value will see it in words
            scenes.append(None)
        else:
            scenes.append(scene | {"buffer": buffers.setdefault(scene.pop("data"), len(buffers))})
        if time.perf_counter() > prepared + _MOMENT:
            break
    answer = {key: asked.get(key) for key in ("ahead", "view", "edition")}
    drawing = (time.perf_counter() - prepared) / max(len(scenes), 1)
    each = 1000 * (drawing + (prepared - began) / max(ready or len(scenes), 1))
    return {
        **answer,
        "values": asked["values"][: len(scenes)],
        "scenes": scenes,
        "milliseconds": each,
    }, list(buffers)
