"""The process of a submission: it runs the cells and functions it is told to, and knows no case and no answer.

Started by `sandbox`. It reads lines of JSON on standard input and answers each on standard output:

* ``{"cell": [number, source], "seconds": …}`` → ``{"trouble": …}``;
* ``{"find": name}`` → the function of that name, by number, or nothing;
* ``{"case": number, "of": function, "seconds": …}`` begins a case, with so much time a call: until ``{"end": …}``
  come ``{"call": …}`` and ``{"next": …}``, each answered by a value, by an error, or by what became of the case.

Amid all of them it may ask: ``{"ask": number, "args": …}`` calls a function that it was handed.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from ..checks.guard import Trouble, guarded, trouble_of
from ..checks.restore import builtins_kept
from ..checks.stub import left_over
from ..checks.values import Odd, as_numbers, described
from ..checks.watchdog import Watchdog
from ..optimizers import Optimizer
from .accidents import deny_the_machine
from .cells import furnished, run_cell
from .enclosure import limit
from .wire import Unfit, error_of, packed, told_of, unpacked

IDLE = 1e6
"""Seconds: while the grader is busy no time runs."""


class Servant:
    """Answers what comes on one file descriptor on another one."""

    def __init__(self, reading: int, writing: int) -> None:
        self._lines, self._writing = os.fdopen(reading, "rb"), writing
        self._write, self._dumps, self._loads = os.write, json.dumps, json.loads
        self._kept: list[Any] = []
        self._rngs: dict[int, tuple[np.random.Generator, Any]] = {}
        self._case = 0
        self.main = ModuleType("__main__")
        furnished(vars(self.main))
        sys.modules["__main__"] = self.main

    # -- lines ------------------------------------------------------------------------------------

    def _send(self, **message: Any) -> None:
        data = (self._dumps(message) + "\n").encode()
        with _undisturbed():
            while data:
                data = data[self._write(self._writing, data) :]

    def _receive(self) -> dict[str, Any]:
        with _undisturbed():
            line = self._lines.readline()
        if not line:
            os._exit(0)
        message: dict[str, Any] = self._loads(line)
        return message

    def serve(self) -> None:
        """Do what comes, until nothing more comes."""
        while True:
            message = self._receive()
            if "cell" in message:
                number, source = message["cell"]
                self._send(trouble=_told(run_cell(number, source, vars(self.main), message["seconds"])))
            elif "variant" in message:
                self._variant(self._value(message["variant"]))
            elif "find" in message:
                function = vars(self.main).get(message["find"])
                self._send(function=self._pack(function) if callable(function) else None)
            elif "case" in message:
                self._case = message["case"]
                self._serve_case(self._kept[message["of"]], message["seconds"])

    def _variant(self, numbers: Callable[..., Any]) -> None:
        from ..checks import reader

        vars(reader)["numbers"] = numbers
        self._send(ready=True)

    # -- a case -----------------------------------------------------------------------------------

    def _serve_case(self, function: Callable[..., Any], seconds: float) -> None:
        self._rngs.clear()
        self._function, self._file = function, getattr(getattr(function, "__code__", None), "co_filename", "")
        outcome = guarded(functools.partial(self._calls, seconds), seconds, self._file)
        trouble = self._left_over(outcome.trouble)
        self._send(trouble=_told(trouble), printed=outcome.printed, warned=outcome.warned)

    def _left_over(self, trouble: Trouble | None) -> Trouble | None:
        left = trouble is not None and trouble.kind == "unattempted" and left_over(self._function)
        return Trouble("left over") if left else trouble

    def _calls(self, seconds: float) -> None:
        while True:
            _allow(IDLE)
            message = self._receive()
            _allow(seconds)
            if message.get("of") != self._case:
                continue
            if "end" in message:
                return
            if "next" in message:
                found = next(self._kept[message["next"]], self)
                self._send(
                    **({"over": True} if found is self else {"value": self._pack(found)}), rngs=self._moved()
                )
            elif "call" in message:
                self._call(builtins_kept(self._kept[message["call"]]), message)

    def _call(self, function: Callable[..., Any], message: dict[str, Any]) -> None:
        args = [self._value(part) for part in message["args"]]
        kwargs = {name: self._value(part) for name, part in message["kwargs"].items()}
        try:
            value = self._pack(function(*args, **kwargs))
        except Exception as error:
            self._send(
                raised=_told(self._left_over(trouble_of(error, None, self._file))), error=told_of(error)
            )
            return
        after = {}
        for place, (part, before) in enumerate(zip(args, message["args"], strict=True)):
            if isinstance(part, (np.ndarray, dict, list)):
                now = self._pack(part)
                if now != before:
                    after[place] = now
        self._send(value=value, after=after, rngs=self._moved())

    def _moved(self) -> dict[int, Any]:
        """Return the states of the generators that numbers were drawn from since this was last asked."""
        moved = {}
        for number, (rng, before) in self._rngs.items():
            if (now := _state_of(rng)) != before:
                self._rngs[number] = rng, now
                moved[number] = now
        return moved

    # -- values -----------------------------------------------------------------------------------

    def _pack(self, value: Any) -> Any:
        try:
            return packed(value, self._other)
        except Unfit:
            return self._other(value)

    def _other(self, value: Any) -> Any:
        if type(value).__module__.startswith("course_lib.") and isinstance(value, Optimizer):
            fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}  # type: ignore[arg-type]
            return {"optimizer": [type(value).__name__, self._pack(fields)]}
        if callable(value):
            return {
                "function": [self._keep(value), str(getattr(value, "__name__", "")), self._signature(value)]
            }
        if isinstance(value, Iterator):
            return {"iterator": [self._keep(value), described(value)]}
        numbers = as_numbers(value)
        carried = numbers.words if isinstance(numbers, Odd) else np.array(value)  # such as a tensor
        return {"odd": [self._keep(value), described(value), self._pack(carried)]}

    def _keep(self, value: Any) -> int:
        for number, kept in enumerate(self._kept):
            if kept is value:
                return number
        self._kept.append(value)
        return len(self._kept) - 1

    def _signature(self, function: Any) -> Any:
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return None
        return [
            [p.name, int(p.kind), *([] if p.default is p.empty else [self._pack(p.default)])]
            for p in parameters
        ]

    def _value(self, data: Any) -> Any:
        return unpacked(data, self._back)

    def _back(self, name: str, inside: Any) -> Any:
        if name == "handed":
            return self._remote(int(inside))
        if name == "kept":
            return self._kept[inside]
        if name == "iterator":
            return iter(self._value(inside))
        if name == "generator":
            number, state = inside
            rng = self._rngs[number][0] if number in self._rngs else np.random.default_rng()
            rng.bit_generator.state = state
            self._rngs[number] = rng, state
            return rng
        raise Unfit(name)

    def _remote(self, number: int) -> Callable[..., Any]:
        def grad(*args: Any, **kwargs: Any) -> Any:
            packed = {name: self._pack(value) for name, value in kwargs.items()}
            self._send(ask=number, args=[self._pack(value) for value in args], kwargs=packed)
            reply = self._receive()
            if "expire" in reply and Watchdog.current:
                Watchdog.current.expire(reply["expire"])
                Watchdog.current.wait()
            if "raise" in reply:
                raise error_of(*reply["raise"])
            return self._value(reply["value"])

        return grad


def _allow(seconds: float) -> None:
    if Watchdog.current:
        Watchdog.current.allow(seconds)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let no watchdog strike amid a line."""
    dog = Watchdog.current
    armed = dog is not None and dog.armed
    if dog:
        dog.armed = False
    yield
    if dog:
        dog.armed = armed


def _state_of(rng: np.random.Generator) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(
        json.dumps(dict(rng.bit_generator.state), default=lambda part: part.tolist())
    )
    return state


def _told(trouble: Trouble | None) -> list[Any] | None:
    return [trouble.kind, trouble.error, trouble.line, trouble.code] if trouble else None


def main(megabytes: int = 0) -> None:
    """Take standard input and output for the conversation, away from all that reads and prints, and serve.

    Args:
        megabytes: of memory, where the process is not shut in: then accidents are kept off, too.
    """
    reading, writing, nothing = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    if megabytes:
        limit(megabytes)
        deny_the_machine()
    Servant(reading, writing).serve()
