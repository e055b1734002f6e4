"""Run code that may do anything – loop for ever, print a megabyte, raise, reseed – and live on.

`guarded` calls a function and returns an `Outcome`; it never raises. Warnings and prints are caught, numpy's and
Python's modules and random state are left as they were found, and a watchdog stops what does not end.
"""

from __future__ import annotations

import io
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Literal

from .restore import left_as_found
from .watchdog import Watchdog, on_duty

SECONDS = 3.0
"""How long student code may run before the watchdog stops it."""
PRINTED = 2000
"""How many characters of what was printed are kept."""
WARNED = 5
"""How many different warnings are kept."""

Kind = Literal["unattempted", "left over", "raised", "endless", "interrupted"]


class Unusable(Exception):
    """Raised by a driver when it cannot go on with what it was given; that was recorded already."""


@dataclass(frozen=True)
class Trouble:
    """Why a call did not come to its end.

    Args:
        kind: "unattempted" for the stub, "left over" where it stands beside other code, "raised", "endless", or
            "interrupted" by hand.
        error: the exception's class and message; for "endless" what ran out.
        line: the number of the student's line, 0 if unknown.
        code: that line.
    """

    kind: Kind
    error: str = ""
    line: int = 0
    code: str = ""


@dataclass
class Outcome:
    """What a guarded call left behind."""

    value: Any = None
    trouble: Trouble | None = None
    printed: str = ""
    warned: list[str] = field(default_factory=list)


def guarded(call: Callable[[], Any], seconds: float = SECONDS, file: str = "") -> Outcome:
    """Call a function that may do anything and tell what came of it.

    Args:
        call: the function.
        seconds: how long it may take.
        file: the file of the student's code, whose line is shown.

    Examples:
        >>> guarded(lambda: 6 * 7).value
        42
        >>> guarded(lambda: 1 / 0).trouble.error
        'ZeroDivisionError: division by zero'
    """
    outcome, printed = Outcome(), _Capped()
    with left_as_found(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with redirect_stdout(printed), redirect_stderr(printed):
            outcome.value, error, watchdog = _watched(call, seconds)
            if error is not None:
                outcome.trouble = trouble_of(error, watchdog, file)
    outcome.printed = readable(printed.text())
    outcome.warned = list(dict.fromkeys(readable(f"{w.category.__name__}: {w.message}") for w in caught))[
        :WARNED
    ]
    return outcome


def trusted(call: Callable[[], Any], file: str = "") -> Outcome:
    """Call a function of the course's own, which may raise, but ends and changes nothing.

    Examples:
        >>> trusted(lambda: 1 / 0).trouble.error
        'ZeroDivisionError: division by zero'
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Outcome(call())
        except Exception as error:
            return Outcome(trouble=trouble_of(error, None, file))


def _watched(call: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None, Watchdog]:
    watchdog = on_duty(seconds)
    value, error = None, None
    try:
        watchdog.armed = True
        value = call()
    except BaseException as caught:
        watchdog.armed = False  # no call stands before this line, so that no signal can come between
        error = caught
    watchdog.armed = False
    watchdog.stop()
    return value, error, watchdog


def readable(text: str) -> str:
    """Return a text without what cannot be sent to a browser, such as half of a character."""
    return text.encode("utf-8", "replace").decode("utf-8")


def trouble_of(error: BaseException, watchdog: Watchdog | None, file: str) -> Trouble:
    """Return what an error that was raised, or a watchdog that struck, means.

    Args:
        error: what came out of the call.
        watchdog: the one that watched it.
        file: the file of the student's code, whose line is told.
    """
    line, code = _own_line(error, file)
    if watchdog and watchdog.reason is not None:
        return Trouble("endless", watchdog.reason, line, code)
    if watchdog and watchdog.interrupted:
        return Trouble("interrupted", "", line, code)
    if type(error) is NotImplementedError and not error.args:
        return Trouble("unattempted")
    try:
        message = readable(str(error)[:500])
    except BaseException:  # a student's exception may have a __str__ that fails
        message = ""
    name = type(error).__name__
    return Trouble("raised", f"{name}: {message}" if message else name, line, code)


def _own_line(error: BaseException | None, file: str) -> tuple[int, str]:
    """Return the innermost line of the student's own code on an error's way.

    The watchdog may strike again on the way out, in our own code; the first strike is then the new error's context.
    """
    for _ in range(20):
        for frame in reversed(traceback.extract_tb(error.__traceback__ if error else None)):
            if frame.filename == file:
                return frame.lineno or 0, (frame.line or "").strip()
        error = error.__context__ if error else None
    return 0, ""


class _Capped(io.TextIOBase):
    """A text stream that keeps its beginning and counts the rest."""

    def __init__(self) -> None:
        self.kept, self.size = "", 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.size += len(text)
        self.kept += text[: max(0, PRINTED - len(self.kept))]
        return len(text)

    def text(self) -> str:
        more = self.size - len(self.kept)
        return self.kept + (f"… and {more:,} more characters" if more else "")
