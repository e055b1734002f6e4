"""Modules that behave like the parts of JAX and optax that the bridge touches. What would be compiled is counted."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

wide = [False]
compiled: list[str] = []


class Key(SimpleNamespace):
    """A part of a path: the name of a field, the key of a dict, or a place."""


def _paths(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict):
        for key in sorted(tree):
            yield from _paths(tree[key], (*path, Key(key=key)))
    elif isinstance(tree, tuple):
        names = getattr(tree, "_fields", None)
        for k, part in enumerate(tree):
            yield from _paths(part, (*path, Key(name=names[k]) if names else Key(idx=k)))
    else:
        yield path, tree


def _filled(tree: Any, leaves: Iterator[Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _filled(tree[key], leaves) for key in sorted(tree)}
    if isinstance(tree, tuple):
        parts = [_filled(part, leaves) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts)
    return next(leaves)


class Structure:
    """A tree without its leaves."""

    def __init__(self, tree: Any) -> None:
        self.tree = _filled(tree, iter(lambda: 0, 1))

    def __hash__(self) -> int:
        return hash(repr(self.tree))

    def __eq__(self, other: Any) -> bool:
        return repr(self.tree) == repr(other.tree)


def tree_map(function: Any, tree: Any, *others: Any) -> Any:
    leaves = [[leaf for _, leaf in _paths(one)] for one in (tree, *others)]
    return _filled(tree, map(function, *leaves))


class Traced(float):
    """A number that is not known while a step is compiled."""

    def __bool__(self) -> bool:
        raise TypeError("Attempted boolean conversion of traced array")


def eval_shape(function: Any, values: Any, *rest: Any) -> Any:
    return function({name: Traced(value) for name, value in values.items()}, *rest)


def jit(function: Any) -> Any:
    compiled.append(getattr(function, "__name__", "vmap"))

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        types = {leaf.dtype for part in arguments for _, leaf in _paths(part) if leaf.dtype.kind == "f"}
        assert types == {np.dtype(np.float64 if wide[0] else np.float32)}, types
        return tree_map(_locked, function(*arguments))

    return run


def _locked(leaf: Any) -> np.ndarray:
    array = np.array(leaf)
    array.setflags(write=False)  # JAX's arrays are never changed
    return array


def vmap(function: Any, in_axes: Any, out_axes: Any) -> Any:
    def run(*arguments: Any) -> Any:
        count = next(iter(leaf for _, leaf in _paths(arguments[1]))).shape[-1]
        found = [
            function(*(tree_map(lambda leaf, a=axis: np.take(leaf, k, a), part)  # noqa: B023
                       for axis, part in zip(in_axes, arguments, strict=True)))
            for k in range(count)
        ]  # fmt: skip
        if not isinstance(out_axes, tuple):
            return tree_map(lambda *leaves: np.stack(leaves, out_axes), *found)
        return tuple(
            tree_map(lambda *leaves, a=axis: np.stack(leaves, a), *(one[place] for one in found))
            for place, axis in enumerate(out_axes)
        )

    return run


@contextlib.contextmanager
def enable_x64(on: bool) -> Iterator[None]:
    before, wide[0] = wide[0], on
    yield
    wide[0] = before


jax = SimpleNamespace(
    eval_shape=eval_shape,
    jit=jit,
    vmap=vmap,
    enable_x64=enable_x64,
    tree_util=SimpleNamespace(
        tree_flatten=lambda tree: ([leaf for _, leaf in _paths(tree)], Structure(tree)),
        tree_unflatten=lambda structure, leaves: _filled(structure.tree, iter(leaves)),
        tree_flatten_with_path=lambda tree: (list(_paths(tree)), Structure(tree)),
    ),
)


class Transform(NamedTuple):
    """What optax calls a gradient transformation."""

    init: Any
    update: Any


class TraceState(NamedTuple):
    count: Any
    trace: Any


class ScheduleFreeState(NamedTuple):
    z: Any


def heavy(learning_rate: float, momentum: float = 0.0, nesterov: bool = False, mask: Any = None) -> Transform:
    """Momentum."""
    if isinstance(momentum, float) and momentum == 0.123:
        raise ValueError("momentum is unlucky")

    def init(params: Any) -> Any:
        return (TraceState(np.zeros((), np.int32), tree_map(np.zeros_like, params)), ())

    def update(g: Any, state: Any, params: Any) -> Any:
        trace = tree_map(lambda m, part: momentum * m + part, state[0].trace, g)
        return tree_map(lambda m: -learning_rate * m, trace), (TraceState(state[0].count + 1, trace), ())

    return Transform(init, update)


def choosy(learning_rate: float, b1: float = 0.9) -> Transform:
    """Looks at one of its numbers as it builds the step."""
    return heavy(learning_rate, b1 if b1 else 0.0)


def searching(learning_rate: float) -> Transform:
    """Asks for the loss, as a line search does."""

    def update(g: Any, state: Any, params: Any, *, value: Any) -> Any:
        raise AssertionError

    return Transform(heavy(0.1).init, update)


def averaging(learning_rate: float) -> Transform:
    """Keeps a second point, as Schedule-Free does."""

    def update(g: Any, state: Any, params: Any) -> Any:
        z = tree_map(lambda z, part: z - learning_rate * part, state.z, g)
        return tree_map(lambda part: -0.5 * learning_rate * part, g), ScheduleFreeState(z)

    return Transform(lambda params: ScheduleFreeState(params), update)


def nothing(learning_rate: float) -> dict[str, float]:
    """Makes no optimizer."""
    return {"lr": learning_rate}


optax = SimpleNamespace(
    heavy=heavy,
    apply_updates=lambda params, change: tree_map(lambda a, b: a + b, params, change),
    contrib=SimpleNamespace(
        averaging=averaging,
        ScheduleFreeState=ScheduleFreeState,
        schedule_free_eval_params=lambda state, params: tree_map(lambda y, z: 2 * y - z, params, state.z),
    ),
)
