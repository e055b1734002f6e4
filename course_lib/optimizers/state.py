"""What an optimizer remembers, and the sums over parameters that a rule may need."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

Params = np.ndarray | dict[str, np.ndarray]

_new = object.__new__


class State:
    """What an optimizer remembers between steps: never changed, only followed by the next one.

    ``s.t`` is the step about to be taken (1, 2, 3, …), ``s.grid`` the number of trailing axes that are a grid of runs;
    everything else (``s.m``, ``s.v``, …) is named by the optimizer.

    Examples:
        >>> s = State(m=np.zeros(2))
        >>> s.next(m=np.ones(2))
        State(t=2, m=array([1., 1.]))
    """

    t: int
    grid: int

    def __init__(self, t: int = 1, grid: int = 0, **memory: Any) -> None:
        self.__dict__.update(memory, t=t, grid=grid)

    def next(self, **memory: Any) -> State:
        """Return the state of the following step, with ``memory`` replaced and the rest kept."""
        memory["t"] = self.t + 1
        memory["grid"] = self.grid
        if len(memory) < len(self.__dict__):
            memory = self.__dict__ | memory
        new = _new(State)
        _fill(new, memory)
        return new

    if TYPE_CHECKING:  # for real it would make every s.m slow

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a state is never changed: use state.next({name}=…)")

    def __repr__(self) -> str:
        inside = (f"{k}={v!r}" for k, v in self.__dict__.items() if k not in ("t", "grid"))
        return f"State(t={self.t}, {', '.join(inside)})" if len(self.__dict__) > 2 else f"State(t={self.t})"

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays remembered, by name; of a model's parts as ``"W.m"``, of a wrapped optimizer as ``"inner.m"``."""
        return dict(_arrays("", {k: v for k, v in self.__dict__.items() if k not in ("t", "grid")}))


_fill = State.__dict__["__dict__"].__set__  # a constructor would take three times as long, at every step


def _arrays(prefix: str, memory: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    for name, value in memory.items():
        if isinstance(value, (np.ndarray, np.generic)):
            yield prefix + name, value  # type: ignore[misc]
        elif isinstance(value, State):
            yield from _arrays(f"{prefix}{name}.", value.arrays)
        elif isinstance(value, dict):
            yield from _arrays(prefix if name == "parts" else f"{prefix}{name}.", value)


def floating(x: Any) -> np.ndarray:
    """Return x as an array of floats; what is one already stays as it is.

    Raises:
        TypeError: for a list of arrays, for float16, for what is no number.

    Examples:
        >>> floating([np.ones(2), np.ones(3)])
        Traceback (most recent call last):
        TypeError: parameters must be an array or a dict of arrays, but are a list of arrays: give each one a name
    """
    if isinstance(x, (list, tuple)) and any(isinstance(part, np.ndarray) and part.ndim for part in x):
        kind = type(x).__name__
        raise TypeError(
            f"parameters must be an array or a dict of arrays, but are a {kind} of arrays: give each one a name"
        )
    x = np.asarray(x)
    if x.dtype.kind not in "fciub":
        raise TypeError(
            f"parameters must be numbers, in an array or a dict of arrays, but are of type {x.dtype}"
        )
    if x.dtype == np.float16:
        raise TypeError(
            "parameters of type float16 are not supported: squares of gradients and eps = 1e-8 do not fit into it; "
            "use x.astype(np.float32)"
        )
    return x if x.dtype.kind in "fc" else x.astype(float)


def each(function: Callable[..., Any], *trees: Any) -> Any:
    """Return ``function`` of arrays; for dicts a dict, name by name.

    Examples:
        >>> each(np.add, {"W": np.ones(2)}, {"W": np.ones(2)})
        {'W': array([2., 2.])}
    """
    if isinstance(trees[0], dict):
        return {name: function(*(tree[name] for tree in trees)) for name in trees[0]}
    return function(*trees)


def pack(x: dict[str, np.ndarray], grid: int = 0) -> np.ndarray:
    """Concatenate a dict of arrays ``(*shape, *grid)`` into one of shape ``(N, *grid)``."""
    return np.concatenate([part.reshape(-1, *part.shape[part.ndim - grid :]) for part in x.values()])


def unpack(flat: np.ndarray, like: dict[str, np.ndarray], grid: int = 0) -> dict[str, np.ndarray]:
    """Cut what `pack` made into the shapes of ``like``.

    Examples:
        >>> x = {"W": np.ones((2, 3)), "b": np.zeros(3)}
        >>> {name: part.shape for name, part in unpack(pack(x), x).items()}
        {'W': (2, 3), 'b': (3,)}
    """
    parts, position = {}, 0
    for name, part in like.items():
        size = int(np.prod(part.shape[: part.ndim - grid]))
        parts[name] = flat[position : position + size].reshape(part.shape)
        position += size
    return parts


def inner(a: Params, b: Params, s: State) -> Any:
    r"""Return :math:`\langle a, b\rangle`, one number for each run of the grid; over all arrays if they are dicts."""
    if isinstance(a, dict):
        return sum(inner(a[name], b[name], s) for name in a)
    return np.sum(a * b, axis=tuple(range(a.ndim - s.grid)))


def norm(a: Params, s: State) -> Any:
    r"""Return the Euclidean norm :math:`\lVert a\rVert`, one number for each run of the grid.

    No square overflows or vanishes: everything is divided first by the power of two next to the largest entry, which
    changes no digit.

    Examples:
        >>> print(f"{norm(np.array([3e200, 4e200]), State()):.6g}, {norm(np.array([3e-200, 4e-200]), State()):.6g}")
        5e+200, 5e-200
    """
    scale = _power_of_two(_largest(a, s))
    small = each(lambda part: part / scale, a)
    return scale * np.sqrt(inner(small, small, s))


def _largest(a: Params, s: State) -> Any:
    if isinstance(a, dict):
        return functools.reduce(np.maximum, (_largest(part, s) for part in a.values()), 0.0)
    return np.max(np.abs(a), axis=tuple(range(a.ndim - s.grid)), initial=0)


def _power_of_two(value: Any) -> Any:
    """Return the power of two at or below a value ≥ 0, and 1 for 0 and what is not finite."""
    usual = (value > 0) & np.isfinite(value)
    return np.ldexp(np.ones_like(value), np.where(usual, np.frexp(np.where(usual, value, 1))[1] - 1, 0))


def ratio(a: Any, b: Any, otherwise: float = 0.0) -> Any:
    """Return a/b where b is not zero and ``otherwise`` where it is.

    Examples:
        >>> ratio(np.array([1.0, 0.0]), np.array([2.0, 0.0]))
        array([0.5, 0. ])
    """
    zero = b == 0
    return np.where(zero, otherwise, a / np.where(zero, 1, b))
