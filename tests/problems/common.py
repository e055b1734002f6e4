"""What the tests of all problems share."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from course_lib.problems import MLP, PROBLEMS, Data, LeastSquares, get_batches
from course_lib.problems.stacks import to_back

NAMES = list(PROBLEMS)
SMOOTH_STEP = 1e-6


def network(hidden: Any = (6, 4), activation: Any = "tanh", l2: float = 0.1, dtype: Any = np.float64) -> MLP:
    """A small network, 5 inputs and 3 classes, on drawn data."""
    rng = np.random.default_rng(0)
    data = Data(rng.standard_normal((9, 5)).astype(dtype), rng.integers(3, size=9))
    return MLP(train=data, hidden=hidden, classes=3, activation=activation, l2=l2)


def each(function: Any, *trees: Any) -> Any:
    """Apply a function to arrays, or to dicts of them name by name."""
    if isinstance(trees[0], dict):
        return {name: function(*(tree[name] for tree in trees)) for name in trees[0]}
    return function(*trees)


def parts(tree: Any) -> list[np.ndarray]:
    return list(tree.values()) if isinstance(tree, dict) else [tree]


def somewhere(problem: Any, grid: tuple[int, ...] = (), seed: int = 1) -> Any:
    """Random parameters around a start, a stack of them stored with the runs first."""
    rng = np.random.default_rng(seed)
    start = problem.init(rng)

    def moved(part: np.ndarray) -> np.ndarray:
        return to_back((part + 0.3 * rng.standard_normal((*grid, *part.shape))).astype(part.dtype), part.ndim)

    return each(moved, start)


def one(tree: Any, index: tuple[int, ...]) -> Any:
    """One run of a stack."""
    return each(lambda part: part[(..., *index)], tree)


def as_float32(problem: Any) -> Any:
    """The same problem with data in float32."""

    def cast(a: np.ndarray) -> np.ndarray:
        return a.astype(np.float32) if a.dtype.kind == "f" else a

    changed = {
        name: None if data is None else Data(cast(data.inputs), cast(data.targets))
        for name, data in ((name, getattr(problem, name)) for name in ("train", "valid", "test"))
    }
    for name in ("start", "spectrum"):
        if hasattr(problem, name):
            changed[name] = cast(getattr(problem, name))
    return dataclasses.replace(problem, **changed)


def start_of(problem: Any) -> Any:
    return problem.init() if isinstance(problem, LeastSquares) else problem.init(np.random.default_rng(0))


def steps(opt: Any, problem: Any, x: Any, epochs: int, size: int, order: Any = "shuffled") -> Any:
    """Parameters after some epochs."""
    state, rng = opt.init(x), np.random.default_rng(1)
    for _ in range(epochs):
        for batch in get_batches(problem.train, size, rng, order):
            x, state = opt.step(x, state, problem, batch)
            x = problem.project(x) if hasattr(problem, "project") else x
    return x
