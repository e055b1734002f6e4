"""Stop the running code after a while, however it resists: by a thread, or, where there are none, by Python's events.

Both kinds share one fact: one exception would be lost in a bare ``except:`` inside the loop, so that they raise again
and again until the guard has caught it.
"""

from __future__ import annotations

import _thread
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

LOOK = 0.25
"""So often, in seconds, a thread that waits looks whether its time was changed."""


class Stopped(BaseException):
    """What ends student code that does not end; a BaseException, so that ``except Exception`` lets it pass."""


class Watchdog:
    """What the two kinds have in common. This one never comes to stop anything.

    Args:
        seconds: how long the code may run.

    Attributes:
        armed: whether it may strike. The guard sets it, and takes it back as soon as it has caught the exception.
            Code of the course's own that must not be torn, amid the student's, may take it back for a moment.
        reason: why the code was stopped, in words; None if it was not.
        interrupted: whether the reader stopped it by hand.
    """

    current: ClassVar[Watchdog | None] = None

    def __init__(self, seconds: float) -> None:
        self.armed = False
        self.reason: str | None = None
        self.interrupted = False
        self._seconds = seconds
        self._now = time.monotonic  # our own: the code may patch the module
        self.allow(seconds)

    def allow(self, seconds: float) -> None:
        """Let the code run for so long from now on."""
        self._until = self._now() + seconds

    def start(self) -> None:
        """Begin to watch the thread that calls this."""
        self._before, Watchdog.current = Watchdog.current, self

    def stop(self) -> None:
        """End watching and put everything back."""
        Watchdog.current = self._before

    def expire(self, reason: str) -> None:
        """Stop the code now, for a reason in words."""
        self.reason = self.reason or reason

    def wait(self) -> None:
        """Wait, in the code that is to be stopped, until it is."""
        raise Stopped

    def _late(self) -> str:
        return f"it was still running after {self._seconds:g} seconds"


def on_duty(seconds: float) -> Watchdog:
    """Return a watchdog that has begun, of the kind that works here.

    Args:
        seconds: how long the code may run.
    """
    for kind in (ByThread, ByEvents):
        with suppress(RuntimeError):
            watchdog = kind(seconds)
            watchdog.start()
            return watchdog
    unable = Watchdog(seconds)
    unable.start()
    return unable


class ByThread(Watchdog):
    """A thread that waits, and then sends signals to the watched one.

    Python looks for signals at its check points (a call, a jump back), one signal at each. So the handler makes both
    signals pending again before it raises, and the next check point raises too – now *inside* the except block, which
    its own try does not protect. Until the guard has caught it, no check point is passed.
    """

    SIGNALS = (signal.SIGINT, signal.SIGFPE)

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._striking = self._over = False
        self._due = threading.Event()
        self._target = threading.get_ident()
        self._in_main = threading.current_thread() is threading.main_thread()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._handlers: dict[int, Any] = {}

    def start(self) -> None:
        """Begin to watch the thread that calls this, or raise RuntimeError where no thread can be started."""
        if self._in_main:  # elsewhere Python allows no handlers
            self._handlers = {number: signal.signal(number, self._strike) for number in self.SIGNALS}
        try:
            self._thread.start()
        except RuntimeError:
            self._signals_back()
            raise
        super().start()

    def stop(self) -> None:
        """End watching and put the signals back."""
        self._over = True
        self._due.set()
        self._thread.join()
        super().stop()
        self._signals_back()  # what was pending has been taken by now

    def _signals_back(self) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def expire(self, reason: str) -> None:
        """Stop the code now, for a reason in words."""
        super().expire(reason)
        self._due.set()

    def wait(self) -> None:
        """Wait, in the code that is to be stopped, until it is."""
        while self.armed and self._thread.is_alive():
            time.sleep(0.01)
        raise Stopped

    def _wait(self) -> None:
        while self.reason is None and not self._over:
            if (
                not self._due.wait(max(0.0, min(self._until - self._now(), LOOK)))
                and self._now() >= self._until
            ):
                self.reason = self._late()
        while not self._over:
            if self.armed:
                self._hit()
            time.sleep(0.002)

    def _hit(self) -> None:
        sys.setrecursionlimit(sys.getrecursionlimit() + 50)  # room for the handler in a runaway recursion
        if self._in_main:
            _thread.interrupt_main()
            if hasattr(signal, "pthread_kill"):  # wakes a sleep
                signal.pthread_kill(self._target, signal.SIGINT)
        else:
            thread, error = ctypes.c_ulong(self._target), ctypes.py_object(Stopped)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)

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


class ByEvents(Watchdog):
    """Looks at the clock whenever Python jumps, calls or goes on with a generator; for Python in a browser.

    Python ≥ 3.12 tells of such events (`sys.monitoring`, PEP 669). Once the time is over each of them raises. A loop
    has a jump that its own try does not protect, so that the exception gets out of it.

    What never comes back to Python makes no event: ``sum(itertools.count())`` is out of reach. A ``time.sleep`` is seen
    before it begins, and shortened.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self._target = threading.get_ident()
        self._sleep = time.sleep
        self._interrupt: Any = None

    def start(self) -> None:
        """Begin to watch the thread that calls this, or raise RuntimeError where Python tells of no events."""
        if sys.version_info < (3, 12):
            raise RuntimeError("events are told from Python 3.12 on")
        tell = sys.monitoring
        free = [tool for tool in (4, 3, 0, 1, 2, 5) if tell.get_tool(tool) is None]
        if not free:
            raise RuntimeError("six tools watch Python's events already")
        self._tool = free[0]
        tell.use_tool_id(self._tool, "course_lib.checks")
        events = tell.events
        calls: dict[int, Callable[..., Any]] = {events.JUMP: self._look, events.PY_START: self._look,
                                                events.PY_RESUME: self._look, events.CALL: self._called}  # fmt: skip
        for event, call in calls.items():
            tell.register_callback(self._tool, event, call)
        super().start()
        if threading.current_thread() is threading.main_thread():
            self._interrupt = signal.signal(signal.SIGINT, self._by_hand)
        tell.set_events(self._tool, sum(calls))
        tell.restart_events()

    def stop(self) -> None:
        """End watching and put the signal back."""
        if sys.version_info >= (3, 12):
            sys.monitoring.set_events(self._tool, 0)
            for event in ("JUMP", "PY_START", "PY_RESUME", "CALL"):
                sys.monitoring.register_callback(self._tool, getattr(sys.monitoring.events, event), None)
            sys.monitoring.free_tool_id(self._tool)
        super().stop()
        if self._interrupt is not None:
            signal.signal(signal.SIGINT, self._interrupt)

    def expire(self, reason: str) -> None:
        """Stop the code now, for a reason in words."""
        super().expire(reason)
        self._until = 0.0

    def _look(self, *where: Any) -> None:
        if self.armed and self._now() >= self._until and threading.get_ident() == self._target:
            if not self.interrupted:
                self.reason = self.reason or self._late()
            raise Stopped

    def _called(self, code: Any, offset: int, called: Any, first: Any) -> Any:
        """Shorten a sleep; other calls are looked at where they begin, so that one look at each place will do."""
        if called is not self._sleep:
            return sys.monitoring.DISABLE  # type: ignore[attr-defined]
        left = self._until - self._now()
        if self.armed and isinstance(first, (int, float)) and first > left:
            self._sleep(max(0.0, left))
            self._look()
        return None

    def _by_hand(self, number: int, frame: Any) -> None:
        if self.armed:
            self.interrupted, self._until = True, 0.0
            raise Stopped
