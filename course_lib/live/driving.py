"""Move every widget of a notebook, as a reader might, and report whatever goes wrong.

A notebook that runs from top to bottom moves no slider, and an exception inside a widget's callback fails nothing by
itself. So the tests append a cell that calls `drive_widgets`.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import ipywidgets
from ipywidgets.widgets import widget as _registry

from .block.figure import Figure

_MOVES = 60
"""The most values tried on one widget."""


class Broken(AssertionError):
    """A widget raised, warned or complained while it was moved."""


class Driven:
    """What was driven; ``await`` it to see also what asyncio tasks have raised.

    Args:
        widgets: how many widgets were moved.
        moves: how many values they took.
        troubles: what went wrong so far; tasks add to it.
        wait: seconds that `await` gives the tasks.
        before: tasks that were there before the first move: the kernel's own never end.
    """

    def __init__(
        self, widgets: int, moves: int, troubles: list[str], wait: float, before: set[asyncio.Task[Any]]
    ) -> None:
        self.widgets, self.moves = widgets, moves
        self._troubles, self._wait, self._before = troubles, wait, before

    def __repr__(self) -> str:
        return f"{self.widgets} widgets driven, {self.moves} moves"

    def __await__(self) -> Generator[Any, None, Driven]:
        return self._finish().__await__()

    async def _finish(self) -> Driven:
        with _listening(self._troubles):
            others = asyncio.all_tasks() - self._before - {asyncio.current_task()}
            done, _ = await asyncio.wait(others, timeout=self._wait) if others else (set(), None)
            for task in done:
                if not task.cancelled() and (error := task.exception()):
                    self._troubles.append(f"a task: {_described(error)}")
        _complain(self._troubles)
        return self


def drive_widgets(wait: float = 2.0) -> Driven:
    """Set every live widget of this kernel to its ends, its middle and all its options, and press every button.

    Exceptions count wherever they appear: in a callback, an `interact`, an Output, a thread, a task (for tasks write
    ``await drive_widgets()``), and so do warnings, logged errors and whatever is written to stderr.

    Args:
        wait: seconds to wait for threads that callbacks started, and for tasks.

    Returns:
        What was driven.

    Raises:
        Broken: if anything went wrong; the message lists all of it.

    Examples:
        >>> ipywidgets.Widget.close_all()  # those of earlier cells are not driven again
        >>> slider = ipywidgets.IntSlider(max=3)
        >>> slider.observe(lambda change: 1 / (3 - change["new"]), "value")
        >>> try:
        ...     drive_widgets()
        ... except Broken as broken:
        ...     print(str(broken).split(" … ")[0])
        1 thing went wrong while widgets were moved:
        IntSlider → 3: ZeroDivisionError: division by zero
        >>> slider.close()
    """
    troubles: list[str] = []
    widgets = moves = 0
    threads, tasks = set(threading.enumerate()), _tasks()
    with _listening(troubles) as where:
        for widget in _living():
            actions = list(_actions(widget))
            widgets += bool(actions)
            for label, action in actions:
                moves += 1
                where[0] = f"{type(widget).__name__} → {label}"
                try:
                    action()
                except Exception as error:
                    troubles.append(f"{where[0]}: {_described(error)}")
        for thread in set(threading.enumerate()) - threads:
            thread.join(wait)
    _complain(troubles)
    return Driven(widgets, moves, troubles, wait, tasks)


def _tasks() -> set[asyncio.Task[Any]]:
    """Return the tasks of the loop that this runs in, if it runs in one."""
    try:
        return asyncio.all_tasks()
    except RuntimeError:
        return set()


# -- what can be done to a widget ------------------------------------------------------------------


def _living() -> list[Any]:
    """Return the widgets of this kernel; ipywidgets 7 keeps them elsewhere than 8."""
    kept = _registry._instances if hasattr(_registry, "_instances") else ipywidgets.Widget.widgets
    return list(kept.values())


def _actions(widget: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what a reader can do to a widget, each with a name."""
    if isinstance(widget, Figure):
        yield from _figure_actions(widget)
    elif isinstance(widget, ipywidgets.Button):
        if not widget.disabled:
            yield "click", widget.click
    else:
        trait = "selected_index" if hasattr(widget, "selected_index") else "value"
        for value in _values(widget):
            yield repr(value), partial(setattr, widget, trait, value)


def _figure_actions(figure: Figure) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield every control at its ends, middle and default, every point at the corners, and a reset.

    Each goes the way a browser's message goes as well as Python's, and each leaves a picture that can be drawn.
    """
    for name, control in figure.controls.items():
        values = control.values
        chosen = (
            values
            if control.spec.choices
            else [values[0], values[-1], values[len(values) // 2], control.default]
        )
        for value in chosen[:_MOVES]:
            yield f"{name} = {value!r}", partial(figure.set, **{name: value})
            yield f"{name} = {value!r}", partial(_message, figure, {name: value})
    for mark in [mark for mark in figure.scene.marks if mark["kind"] == "handle"]:
        panel = figure.scene.panels[mark["panel"]]
        x, y = panel.x, panel.y
        for place in ((x.low, y.low), (x.high, y.high), (x.low, y.high), figure.points[mark["name"]]):
            yield (
                f"{mark['name']} = {place}",
                partial(_message, figure, {mark["name"]: place}),
            )
    yield "reset", figure.reset
    yield "still picture", figure.png


def _message(figure: Figure, values: dict[str, Any]) -> None:
    """Send values as a browser does; what a figure only shows in words is raised here."""
    figure._received(figure, {"values": values, "view": "driver", "number": 1}, None)
    if figure.error:
        raise figure.error


def _values(widget: Any) -> list[Any]:
    """Return the values to try on a widget of ipywidgets; none for those that only show something."""
    if getattr(widget, "disabled", False):
        return []
    if isinstance(widget, ipywidgets.widget_selection._MultipleSelection):
        options = [value for _, value in widget._options_full]
        return [(), tuple(options), *((value,) for value in options[:_MOVES])]
    if isinstance(widget, ipywidgets.widget_selection._Selection):
        return [value for _, value in widget._options_full][:_MOVES]
    if isinstance(widget, ipywidgets.widget_selectioncontainer._SelectionContainer):
        return list(range(len(widget.children)))
    if isinstance(widget, ipywidgets.widget_bool._Bool):
        return [not widget.value, widget.value]
    if isinstance(widget, (ipywidgets.IntProgress, ipywidgets.FloatProgress)):
        return []
    if not (widget.has_trait("min") and widget.has_trait("max") and widget.has_trait("value")):
        return []
    low, high, now = widget.min, widget.max, widget.value
    if widget.has_trait("base"):  # a FloatLogSlider's ends are exponents
        low, high = widget.base**low, widget.base**high
        return [low, high, (low * high) ** 0.5, now]
    middle = (low + high) // 2 if isinstance(low, int) and isinstance(high, int) else (low + high) / 2
    if isinstance(now, tuple):
        return [(low, low), (high, high), (low, high), (low, middle), now]
    return [low, high, middle, now]


# -- where troubles show ---------------------------------------------------------------------------


@contextlib.contextmanager
def _listening(troubles: list[str]) -> Iterator[list[str]]:
    """Collect what goes wrong in places that raise nothing here; yields a box for the name of what is being done."""
    where = ["after all moves"]

    def note(words: str) -> None:
        troubles.append(f"{where[0]}: {words}")

    with contextlib.ExitStack() as stack:
        caught = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        stack.enter_context(_replaced(threading, "excepthook", lambda args: note(_described(args.exc_value))))
        shell = _shell()
        if shell is not None:  # interact, Output and buttons print an exception in place of raising it

            def shown(exc_tuple: Any = None, *args: Any, **kwargs: Any) -> None:
                note(_described((exc_tuple or sys.exc_info())[1]))

            stack.enter_context(_replaced(shell, "showtraceback", shown))
        errors = io.StringIO()
        stack.enter_context(contextlib.redirect_stderr(errors))
        handler = _Noting(note)
        logging.getLogger().addHandler(handler)
        logging.getLogger("traitlets").addHandler(handler)
        stack.callback(logging.getLogger().removeHandler, handler)
        stack.callback(logging.getLogger("traitlets").removeHandler, handler)
        yield where
    troubles += [
        f"{warning.category.__name__}: {warning.message} ({warning.filename}:{warning.lineno})"
        for warning in caught
    ]
    if words := errors.getvalue().strip():
        troubles.append(f"written to stderr: {words[:500]}")


class _Noting(logging.Handler):
    """Notes logged warnings and errors."""

    def __init__(self, note: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.note = note

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record."""
        words = record.getMessage()
        if record.exc_info and record.exc_info[1]:
            words += ": " + _described(record.exc_info[1])
        self.note(f"logged: {words}")


@contextlib.contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    old = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, old)


def _shell() -> Any:
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def _described(error: BaseException | None) -> str:
    """Return an exception as a line, with where it came from."""
    if error is None:
        return "an exception"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" … {frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
    return f"{type(error).__name__}: {error}{place}"


def _complain(troubles: list[str]) -> None:
    if troubles:
        count = f"{len(troubles)} things" if len(troubles) > 1 else "1 thing"
        raise Broken(f"{count} went wrong while widgets were moved:\n" + "\n".join(dict.fromkeys(troubles)))
