"""One process of a submission, as the grader sees it: it runs cells, hands out functions, and may end at any time.

The grader holds the cases and what is right. The process is told one call at a time, "this function, these arguments",
and answers with the value. Nothing else that comes from it is heard.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import numpy as np

from ..checks.elsewhere import Far
from ..checks.guard import Outcome, Trouble, readable
from .far import Expired, Values, changed
from .wire import Unfit, error_of, told_of

GRACE = 2.0
"""So many seconds after its time is over a process that does not stop by itself is ended."""
LONGEST = 8_000_000
"""So many bytes an answer may have."""
LATE = "it did not end in time"
KINDS = ("unattempted", "left over", "raised", "endless", "interrupted")


class Gone(Exception):
    """Raised where the process has ended, was ended, or talks nonsense; the text says which."""


class Over(Exception):
    """Raised in the grader's own code where the case is over: the function raised, or was stopped."""


class Raised(Exception):
    """What a function of the process raised; `error_of` gives it the error's own kind beside this one."""

    trouble: Trouble | None = None


class Session:
    """A conversation with a process.

    Args:
        answers: where it writes.
        asks: where it reads; unbuffered.
        end: ends it, and all that it started.

    Attributes:
        gone: why there is no process any more, in words.
        until: when the time for all cases is over, on the clock of `time.monotonic`.
    """

    def __init__(self, answers: IO[bytes], asks: IO[bytes], end: Callable[[], None]) -> None:
        self._answers, self._asks, self._end, self._lock = answers, asks, end, threading.Lock()
        self._values = Values(self)
        self._case, self._open = 0, False
        self._outcome: Outcome | None = None
        self.gone = ""
        self._due = self.until = float("inf")
        self._seconds = 0.0
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        """End the process."""
        self.end("it was closed")
        for pipe in (self._answers, self._asks):
            with suppress(OSError):
                pipe.close()

    def hello(self) -> str:
        """Return why the process cannot be talked with, or nothing."""
        with self._within(30), suppress(Gone):
            self._send({"find": ""})
        line = self._answers.readline(LONGEST)
        return "" if line.endswith(b"\n") else line.decode(errors="replace") or "it ended"

    def run_cell(self, number: int, source: str, seconds: float) -> Trouble | None:
        """Run a cell, and return what went wrong in it.

        Raises:
            Gone: if the process did not survive it.
        """
        with self._within(seconds), self._doubted():
            return _trouble(self._said({"cell": [number, source], "seconds": seconds})["trouble"])

    def vary(self, numbers: Callable[[str, str], dict[str, Any]], seconds: float) -> None:
        """Say where `variant` gets a student's numbers from. It is the first thing said to a process."""
        self._values.handed = [numbers]
        with self._within(seconds), self._doubted():
            self._said({"variant": {"handed": 0}})

    def find(self, name: str) -> Far | None:
        """Return the function of that name, if there is one."""
        with self._within(GRACE), self._doubted():
            found = self._values.value(self._said({"find": name})["function"])
        return found if isinstance(found, Far) else None

    # -- cases ------------------------------------------------------------------------------------

    def case(self, number: int, call: Callable[[], Any], seconds: float) -> Outcome:
        """Run code that calls functions of the process, and tell what came of them. Never raises.

        Args:
            number: of the function whose lines are told, if it raises.
            call: the code.
            seconds: for each call of the process; `until` counts for all of them.
        """
        self._case += 1
        self._seconds = seconds
        self._open, self._outcome = True, None
        self._values.forget()
        trouble = None
        try:
            with self._within(self.until - time.monotonic()):
                self._send({"case": self._case, "of": number, "seconds": seconds})
                try:
                    with np.errstate(all="ignore"):
                        call()
                except Over:
                    pass
                except Gone:
                    raise
                except Raised as error:
                    trouble = error.trouble
                except Exception as error:
                    trouble = Trouble("raised", readable(f"{type(error).__name__}: {str(error)[:500]}"))
                with suppress(Over), self._doubted():
                    self._said({"end": True, "of": self._case})
        except Gone as gone:
            late = f"it was still running after {seconds:g} seconds"
            return Outcome(
                trouble=Trouble("endless", late) if str(gone) == LATE else Trouble("raised", str(gone))
            )
        finally:
            self._open = False
        outcome = self._outcome or Outcome()
        outcome.trouble = outcome.trouble or trouble
        return outcome

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the process.

        Raises:
            Over: if it was stopped; so will all further calls in this case.
            Raised: if it raised an error, which is also one of that error's kind.
        """
        with self._within(self._seconds), self._doubted():
            there = [self._values.pack(part) for part in args]
            keywords = {name: self._values.pack(part) for name, part in kwargs.items()}
            reply = self._said({"call": number, "args": there, "kwargs": keywords, "of": self._case})
            if "raised" not in reply:
                self._values.moved(reply["rngs"])
                for place, now in dict(reply["after"]).items():
                    changed(args[int(place)], self._values.value(now))
                return self._values.value(reply["value"])
            trouble, error = _trouble(reply["raised"]), error_of(*reply["error"], Raised)
            error.trouble = trouble  # type: ignore[attr-defined]
        raise error

    def next_of(self, number: int) -> Any:
        """Return what an iterator of the process gives next."""
        with self._within(self._seconds), self._doubted():
            reply = self._said({"next": number, "of": self._case})
            self._values.moved(reply["rngs"])
            if "over" not in reply:
                return self._values.value(reply["value"])
        raise StopIteration

    # -- lines ------------------------------------------------------------------------------------

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Let the process be ended if this takes longer."""
        before, self._due = self._due, min(self._due, time.monotonic() + seconds + GRACE)
        try:
            yield
        finally:
            self._due = before

    def _watch(self) -> None:
        while not self.gone:
            if time.monotonic() > self._due:
                self.end(LATE)
            time.sleep(0.1)

    @contextmanager
    def _doubted(self) -> Iterator[None]:
        """End a process whose answers are none."""
        try:
            yield
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as error:
            self.end(f"what its process answered is no answer ({type(error).__name__})")
            raise Gone(self.gone) from None

    def end(self, why: str) -> None:
        """End the process, for a reason in words."""
        with self._lock:
            if not self.gone:
                self.gone = why
                self._end()

    def _send(self, message: dict[str, Any]) -> None:
        data = memoryview(json.dumps(message).encode() + b"\n")
        try:
            while data:
                data = data[self._asks.write(data) :]
        except (OSError, ValueError):
            self._lost()

    def _lost(self) -> None:
        self.end("its process ended, or used up its memory")
        raise Gone(self.gone)

    def _said(self, message: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a message; on the way serve what the process asks."""
        if self.gone:
            raise Gone(self.gone)
        if "of" in message and (self._outcome or not self._open):
            raise Over
        self._send(message)
        while True:
            line = self._answers.readline(LONGEST)
            if not line.endswith(b"\n"):
                self._lost()
            reply = json.loads(line)
            if "ask" in reply:
                self._send(self._asked(reply))
                continue
            if "printed" in reply:
                self._outcome = _outcome(reply)
                raise Over
            return dict(reply)

    def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        """Call a function that was handed over."""
        function = self._values.handed[int(message["ask"])]
        args = [self._values.value(part) for part in message["args"]]
        kwargs = {str(name): self._values.value(part) for name, part in message["kwargs"].items()}
        try:
            return {"value": self._values.pack(function(*args, **kwargs))}
        except Expired as reason:
            return {"expire": str(reason)}
        except Exception as error:
            return {"raise": told_of(error)}


def _trouble(told: Any) -> Trouble | None:
    if told is None:
        return None
    kind, error, line, code = told
    if kind not in KINDS:
        raise Unfit(f"trouble of kind {kind}")
    return Trouble(kind, readable(str(error)[:1000]), int(line), readable(str(code)[:300]))


def _outcome(reply: dict[str, Any]) -> Outcome:
    warned = [readable(str(text)[:500]) for text in list(reply["warned"])[:5]]
    printed = readable(str(reply["printed"])[:3000])
    return Outcome(trouble=_trouble(reply["trouble"]), printed=printed, warned=warned)
