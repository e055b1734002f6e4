"""`as_optimizer`: a plain function becomes an optimizer that runs everywhere."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable
from dataclasses import field
from typing import Any, ClassVar

import numpy as np

from .base import Optimizer, State
from .hyper import count, decay, flag, learning_rate, nonnegative, number

RESERVED = ("t", "grid", "next", "arrays", "parts", "alone")
TRIED = 3
"""In so many steps it is looked whether a grid can be run by one call."""


class _FromFunction(Optimizer):
    """What all optimizers made by `as_optimizer` share."""

    function: ClassVar[Callable[..., Any]]
    passed: ClassVar[tuple[str, ...]] = ()
    given: ClassVar[dict[str, Any]] = {}

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros for every name, and whether a grid must be run one by one (found out in the first step)."""
        return {**super().start(x, grid), "alone": None}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One call of the function; for a grid one for all runs, if that gives each what it would get alone."""
        memory = {name: value for name, value in vars(s).items() if name not in RESERVED}
        settings = {name: getattr(self, name) for name in self.passed}
        alone = s.alone if s.grid else False
        if alone is None:
            alone = not self.same_in_a_grid(x, g, s, memory, settings)
        x, memory = (self.one_by_one if alone else self.call)(x, g, s, memory, settings)
        return x, s.next(**memory, alone=alone or (None if s.t < TRIED else False))

    def call(
        self, x: Any, g: Any, s: State, memory: dict[str, Any], settings: dict[str, Any]
    ) -> tuple[Any, Any]:
        """Call the function with copies, so that nothing it changes can leak, and check what it returns."""
        mine = {name: copy.copy(value) for name, value in memory.items()} | {"t": s.t}
        answer = type(self).function(x.copy(), g.copy(), mine, **settings)
        new, state = self.unpacked(answer)
        found = self.checked("x", new, x)
        kept = {name: value for name, value in state.items() if name != "t"}
        for name in self.memory:
            if name not in kept:
                raise ValueError(f"{self.name} lost {name!r}: the state it returned has only {sorted(state)}")
        for name in set(kept) & set(RESERVED):
            raise ValueError(
                f"{self.name}: the name {name!r} is taken: call that part of the state something else"
            )
        for name in self.memory:
            kept[name] = self.checked(f"state[{name!r}]", kept[name], x)
        return found, {name: copy.copy(value) for name, value in kept.items()}

    def unpacked(self, answer: Any) -> tuple[Any, dict[str, Any]]:
        """The two things that a function must return."""
        if answer is None:
            raise TypeError(f"{self.name} returned nothing: end it with  return x, state")
        if not isinstance(answer, tuple):
            raise TypeError(f"{self.name} returned one {type(answer).__name__}: it must  return x, state")
        if len(answer) != 2:
            raise TypeError(f"{self.name} returned {len(answer)} things: it must  return x, state")
        if not isinstance(answer[1], dict):
            raise TypeError(
                f"{self.name} returned a {type(answer[1]).__name__} as state: it must be the dict it was given"
            )
        return answer

    def checked(self, what: str, value: Any, like: np.ndarray) -> np.ndarray:
        """What the function returned, as an array of the right shape and type."""
        try:
            array = np.asarray(value)
            right = array.dtype.kind in "fiu"
        except ValueError:  # lists of different lengths
            right = False
        if not right:
            raise TypeError(f"{self.name} returned {what} = {value!r}, which is not an array of numbers")
        if array.shape != like.shape:
            raise ValueError(
                f"{self.name} returned {what} of shape {array.shape}, but it must be {like.shape}"
            )
        return array.astype(like.dtype)

    def one_by_one(self, x: Any, g: Any, s: State, memory: dict[str, Any], settings: Any) -> tuple[Any, Any]:
        """Run every run of the grid on its own."""
        runs = x.shape[x.ndim - s.grid :]
        results = [self.alone(i, x, g, s, memory, settings) for i in np.ndindex(runs)]

        def stacked(values: list[Any]) -> Any:
            if not isinstance(values[0], (np.ndarray, np.generic, int, float)):
                return values[0]
            return np.stack(values, -1).reshape(*np.shape(values[0]), *runs)

        return stacked([r[0] for r in results]), {
            n: stacked([r[1][n] for r in results]) for n in results[0][1]
        }

    def alone(
        self, i: tuple[int, ...], x: Any, g: Any, s: State, memory: dict[str, Any], settings: Any
    ) -> tuple[Any, Any]:
        """Run i of the grid on its own."""
        runs, axes = x.shape[x.ndim - s.grid :], s.grid
        at: Any = (..., *i)

        def pick(value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return value
            return value[at] if value.ndim >= axes else value

        one = {
            name: float(np.broadcast_to(value, runs)[i]) if isinstance(value, np.ndarray) else value
            for name, value in settings.items()
        }
        return self.call(pick(x), pick(g), s, {name: pick(value) for name, value in memory.items()}, one)

    def same_in_a_grid(self, x: Any, g: Any, s: State, memory: dict[str, Any], settings: Any) -> bool:
        """Whether one call for the whole grid gives the first, a middle and the last run what each gets alone."""
        runs = x.shape[x.ndim - s.grid :]
        total = int(np.prod(runs))
        try:
            together, kept = self.call(x, g, s, memory, settings)
        except Exception:
            return False
        for index in {0, total // 2, total - 1} if total else ():
            run = tuple(int(k) for k in np.unravel_index(index, runs))
            i: Any = (..., *run)
            single, remembered = self.alone(run, x, g, s, memory, settings)
            pairs = [(together[i] - x[i], single - x[i]), *((kept[n][i], remembered[n]) for n in self.memory)]
            rounding = np.finfo(x.dtype).eps * np.abs(x[i]).max(initial=1)
            if not all(np.allclose(a, b, rounding**0.5, 64 * rounding, equal_nan=True) for a, b in pairs):
                return False
        return True

    @property
    def name(self) -> str:
        """The function's name."""
        return type(self).__name__

    def __reduce__(self) -> Any:
        return _again, (type(self).function, self.memory, type(self).given), dict(vars(self))

    def __copy__(self) -> Any:
        new = object.__new__(type(self))
        vars(new).update(vars(self))
        return new


def as_optimizer(
    function: Callable[..., Any], memory: Iterable[str] = ("m", "v"), **defaults: Any
) -> Optimizer:
    """Make an optimizer of a plain function ``function(x, g, state, lr=…, …) -> x, state``.

    Its keyword arguments become hyperparameters: validated, with sliders, changed by ``opt.replace(lr=…)`` and swept as
    arrays. Names that are known get their usual range: lr, beta…, eps, weight_decay. The function is given copies, so
    it may change them in place. In a grid of runs it is called once for all if that gives the same as run by run,
    and else run by run, which is slow.

    Args:
        function: takes the parameters x, the gradient g (arrays of one shape) and the state, a dict with an array
            of zeros for every name in ``memory`` and ``t`` = 1, 2, 3, …, the number of the step (counted for
            it); returns the new x and the state.
        memory: the names of the arrays that it remembers.
        defaults: values for its keyword arguments, in place of those it declares.

    Raises:
        TypeError: if the function cannot be called so, or an argument has no value.

    Examples:
        >>> def my_momentum(x, g, state, lr=0.1, beta=0.9):
        ...     state["m"] = beta * state["m"] + g
        ...     return x - lr * state["m"], state
        >>> opt = as_optimizer(my_momentum, memory=["m"])
        >>> opt
        my_momentum(lr=0.1, beta=0.9)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for _ in range(3):
        ...     x, state = opt.update(x, np.array([1.0]), state)
        >>> x
        array([0.439])
        >>> opt.replace(beta=1.5)
        Traceback (most recent call last):
        ValueError: my_momentum: beta = 1.5 is not allowed: it must be in [0, 1)
    """
    if not callable(function):
        raise TypeError(
            f"function = {function!r} is not a function: it must be  def step(x, g, state, lr=0.1): …"
        )
    name = getattr(function, "__name__", type(function).__name__)
    arguments = list(inspect.signature(function).parameters.values())
    if len(arguments) < 3 or any(
        a.kind not in (a.POSITIONAL_ONLY, a.POSITIONAL_OR_KEYWORD) for a in arguments[:3]
    ):
        shown = ", ".join(a.name for a in arguments)
        raise TypeError(
            f"{name}({shown}) must take x, g and state first:  def {name}(x, g, state, lr=0.1): …"
        )
    rest = [a for a in arguments[3:] if a.kind not in (a.VAR_POSITIONAL, a.VAR_KEYWORD)]
    open_ended = any(a.kind is a.VAR_KEYWORD for a in arguments)
    values = {a.name: defaults.get(a.name, a.default) for a in rest}
    values |= {key: value for key, value in defaults.items() if open_ended}
    for key in defaults:
        if key not in values:
            raise TypeError(f"{name} has no argument {key!r}: there are {[a.name for a in rest]}")
    for key, value in values.items():
        if value is inspect.Parameter.empty:
            raise TypeError(
                f"{name}: {key} has no value: give it a default, or say as_optimizer({name}, {key}=…)"
            )
    names = (memory,) if isinstance(memory, str) else tuple(memory)
    for key in {*names} & {*RESERVED} | {*values} & {*dir(_FromFunction)}:
        raise ValueError(f"{name}: the name {key!r} is taken: choose another one")
    fields = {key: declared(key, value) for key, value in values.items()}
    body = {
        "__annotations__": dict.fromkeys(fields, Any),
        "__doc__": inspect.getdoc(function) or f"The optimizer made of the function {name}.",
        "__module__": getattr(function, "__module__", __name__),
        "function": staticmethod(function),
        "memory": names,
        "passed": tuple(fields),
        "given": dict(defaults),
    }
    return type(name, (_FromFunction,), body | fields)()


def declared(name: str, value: Any) -> Any:
    """Return the field for a keyword argument: its range by its name, else by its value."""
    if isinstance(value, bool):
        return flag(value)
    if isinstance(value, np.ndarray):
        return field(default_factory=lambda: value, metadata=declared(name, float(value.flat[0])).metadata)
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, (int, float)):
        return field(default_factory=lambda: value)  # passed on as it is
    if name in ("lr", "learning_rate", "step_size"):
        return learning_rate(value)
    if name.startswith("beta") or name in ("rho", "decay", "momentum"):
        return decay(value)
    if name.startswith("eps"):
        return nonnegative(value)
    if name in ("weight_decay", "wd", "lam", "lambda_"):
        return nonnegative(value, slider=(1e-4, 1.0))
    if isinstance(value, int) and value >= 1:
        return count(value, high=max(20, 2 * value))
    if value > 0:
        return number(value, scale="log", slider=(value / 100, value * 100))
    return number(value, slider=(2 * min(value, -0.5), max(1.0, -2 * value)))


def _again(function: Callable[..., Any], memory: tuple[str, ...], defaults: dict[str, Any]) -> Optimizer:
    """Make it anew, for pickle."""
    return as_optimizer(function, memory, **defaults)
