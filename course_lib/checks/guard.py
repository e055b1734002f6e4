"""Run code that may do anything – loop for ever, print a megabyte, raise, reseed – and live on.

`guarded` calls a function and returns an `Outcome`; it never raises. Warnings and prints are caught, numpy's and
Python's modules and random state are left as they were found, and a watchdog stops what does not end.
"""

from __future__ import annotations

import _thread
import ctypes
import io
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from .restore import left_as_found

SECONDS = 3.0
"""How long student code may run before the watchdog stops it."""
PRINTED = 2000
"""How many characters of what was printed are kept."""
WARNED = 5
"""How many different warnings are kept."""

Kind = Literal["unattempted", "left over", "raised", "endless", "interrupted"]


class Stopped(BaseException):
    """What ends student code that does not end; a BaseException, so that ``except Exception`` lets it pass."""


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
                outcome.trouble = _trouble(error, watchdog, file)
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
            return Outcome(trouble=_trouble(error, None, file))


def _watched(call: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None, Watchdog]:
    watchdog = Watchdog(seconds)
    value, error = None, None
    try:
        watchdog.start()
        value = call()
    except BaseException as caught:
        watchdog.armed = False  # no call stands before this line, so that no signal can come between
        error = caught
    watchdog.armed = False
    watchdog.stop()
    return value, error, watchdog


class Watchdog:
    """Stop the running thread after a while, however it resists.

    One interrupt would be lost in a bare ``except:`` inside the loop. But Python looks for signals at its check points
    (a call, a jump back), one signal at each. So the handler makes both signals pending again before it raises, and
    the next check point raises too – now *inside* the except block, which its own try does not protect. Until the
    guard has caught it, no check point is passed.
    """

    SIGNALS = (signal.SIGINT, signal.SIGFPE)

    current: Watchdog | None = None

    def __init__(self, seconds: float) -> None:
        self.armed = False
        self.reason: str | None = None
        self.interrupted = False
        self._striking = False
        self._seconds = seconds
        self._due = threading.Event()
        self._target = threading.get_ident()
        self._in_main = threading.current_thread() is threading.main_thread()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._handlers: dict[int, Any] = {}

    def start(self) -> None:
        """Begin to watch the thread that calls this."""
        if self._in_main:  # elsewhere Python allows no handlers
            self._handlers = {number: signal.signal(number, self._strike) for number in self.SIGNALS}
        self._before, Watchdog.current = Watchdog.current, self
        with suppress(
            RuntimeError
        ):  # no threads in WebAssembly: there the counting gradient alone stops a loop
            self._thread.start()
        self.armed = True

    def stop(self) -> None:
        """End watching and put the signals back."""
        self._due.set()
        if self._thread.is_alive():
            self._thread.join()
        Watchdog.current = self._before
        for number, handler in self._handlers.items():  # what was pending has been taken by now
            signal.signal(number, handler)

    def expire(self, reason: str) -> None:
        """Stop the code now, for a reason in words."""
        self.reason = self.reason or reason
        self._due.set()

    def wait(self) -> None:
        """Wait, in the code that is to be stopped, until it is."""
        while self.armed and self._thread.is_alive():
            time.sleep(0.01)
        raise Stopped

    def _wait(self) -> None:
        if not self._due.wait(self._seconds):
            self.reason = f"it was still running after {self._seconds:g} seconds"
        while self.armed:
            sys.setrecursionlimit(sys.getrecursionlimit() + 50)  # room for the handler in a runaway recursion
            if self._in_main:
                _thread.interrupt_main()
                if hasattr(signal, "pthread_kill"):  # wakes a sleep
                    signal.pthread_kill(self._target, signal.SIGINT)
            else:
                thread, error = ctypes.c_ulong(self._target), ctypes.py_object(Stopped)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
            time.sleep(0.002)

    def _strike(self, number: int, frame: Any) -> None:
        if not self.armed:
            return
        self.interrupted = self.interrupted or self.reason is None
        if not self._striking:
            self._striking = True
            list(
                map(_thread.interrupt_main, self.SIGNALS)
            )  # in one call: no check point lies between the two
        self._striking = False
        raise Stopped


def readable(text: str) -> str:
    """Return a text without what cannot be sent to a browser, such as half of a character."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _trouble(error: BaseException, watchdog: Watchdog | None, file: str) -> Trouble:
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
