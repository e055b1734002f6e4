"""What stays in a submission's process, as the grader holds it: functions, iterators, objects, by number."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from .. import optimizers
from ..checks.elsewhere import Elsewhere, Far
from ..checks.guard import Outcome, readable
from .wire import Unfit, packed, unpacked


class Expired(Exception):
    """Raised in a function that was handed over, to stop the one that called it."""


class Conversation(Protocol):
    """What these need of a `session.Session`."""

    def case(self, number: int, call: Callable[[], Any], seconds: float) -> Outcome:
        """Run code that calls functions of the process, and tell what came of them."""

    def call(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the process."""

    def next_of(self, number: int) -> Any:
        """Return what an iterator of the process gives next."""


class Values:
    """Values on their way to a process and back.

    Args:
        session: the conversation with it.

    Attributes:
        handed: the functions that were handed over, by number.
        rngs: and the generators of random numbers.
    """

    def __init__(self, session: Conversation) -> None:
        self.session = session
        self.handed: list[Callable[..., Any]] = []
        self.rngs: list[np.random.Generator] = []

    def forget(self) -> None:
        """Forget what was handed over, but for the first function, which `variant` calls."""
        del self.handed[1:], self.rngs[:]

    def moved(self, states: dict[str, Any]) -> None:
        """Bring the generators to where they are in the process."""
        for number, state in states.items():
            self.rngs[int(number)].bit_generator.state = state

    def pack(self, value: Any) -> Any:
        """Return a value as JSON."""
        return packed(value, self._other)

    def _other(self, value: Any) -> Any:
        if isinstance(value, (FarFunction, Odd, FarIterator)):
            return {"kept": value.number}
        if isinstance(value, np.random.Generator):
            if not any(value is rng for rng in self.rngs):
                self.rngs.append(value)
            number = next(number for number, rng in enumerate(self.rngs) if rng is value)
            return {"generator": [number, dict(value.bit_generator.state)]}
        if isinstance(value, Iterator):
            return {"iterator": self.pack(list(value))}
        if callable(value):
            if value not in self.handed:
                self.handed.append(value)
            return {"handed": self.handed.index(value)}
        raise Unfit(f"a {type(value).__name__}")

    def value(self, data: Any) -> Any:
        """Return a value from JSON, which is not trusted."""
        return unpacked(data, self._there)

    def _there(self, name: str, inside: Any) -> Any:
        if name == "function":
            number, called, parameters = inside
            signature = None if parameters is None else self._signature(parameters)
            return FarFunction(self.session, int(number), readable(str(called)[:200]), signature)
        if name == "iterator":
            return FarIterator(self.session, int(inside[0]), readable(str(inside[1])[:200]))
        if name == "odd":
            number, words, numbers = inside
            return Odd(int(number), readable(str(words)[:300]), self.value(numbers))
        if name == "optimizer":
            kind = getattr(optimizers, str(inside[0]), None)
            if not (isinstance(kind, type) and issubclass(kind, optimizers.Optimizer)):
                return Elsewhere(f"an optimizer of a kind of its own, {str(inside[0])[:50]}")
            return kind(**self.value(inside[1]))
        raise Unfit(name)

    def _signature(self, parameters: list[Any]) -> inspect.Signature:
        kinds = list(inspect._ParameterKind)
        return inspect.Signature(
            [
                inspect.Parameter(name, kinds[kind], **({"default": self.value(rest[0])} if rest else {}))
                for name, kind, *rest in parameters
            ]
        )


class FarFunction(Far):
    """A function of a process: calling it is a call there."""

    def __init__(
        self, session: Conversation, number: int, name: str, signature: inspect.Signature | None
    ) -> None:
        super().__init__(f"a function ({name})")
        self.session, self.number, self.__name__ = session, number, name
        self.__signature__: Any = signature or "none is known"  # which inspect refuses

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it there."""
        return self.session.call(self.number, args, kwargs)

    def guarded(self, call: Callable[[], Any], seconds: float) -> Outcome:
        """Run code of the course's own that calls this function, and tell what came of it there; never raises."""
        return self.session.case(self.number, call, seconds)

    def stop(self, reason: str) -> None:
        """Stop the function that is running there, for a reason in words."""
        raise Expired(reason)


class FarIterator(Elsewhere):
    """An iterator of a process."""

    def __init__(self, session: Conversation, number: int, words: str) -> None:
        super().__init__(words)
        self.session, self.number = session, number

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self.session.next_of(self.number)


class Odd(Elsewhere):
    """An object of a process; where numpy can read it, this one can be read, too."""

    def __init__(self, number: int, words: str, numbers: Any) -> None:
        super().__init__(words, "" if isinstance(numbers, np.ndarray) else readable(str(numbers)[:300]))
        self.number = number
        if isinstance(numbers, np.ndarray):
            self.array = numbers


def changed(before: Any, now: Any) -> None:
    """Do to an argument what was done to its copy."""
    if isinstance(before, np.ndarray) and isinstance(now, np.ndarray) and before.shape == now.shape:
        before[...] = now
    elif isinstance(before, dict) and isinstance(now, dict):
        before.clear()
        before.update(now)
    elif isinstance(before, list) and isinstance(now, list):
        before[:] = now
