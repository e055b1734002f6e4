"""Settings to try: all combinations of some values, or random ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from ..optimizers import Optimizer

Setting = dict[str, Any]
"""Hyperparameters by name."""


def log_grid(centre: float, decades: float = 4.0, points: int = 9) -> np.ndarray:
    """Return numbers whose logarithms are evenly spaced about a centre.

    Args:
        centre: the middle, > 0.
        decades: powers of ten from the first to the last, > 0.
        points: how many, ≥ 2.

    Examples:
        >>> log_grid(0.1, decades=2, points=5).round(4)
        array([0.01  , 0.0316, 0.1   , 0.3162, 1.    ])
    """
    if not 0 < centre < np.inf:
        raise ValueError(f"centre = {centre!r} is not allowed: it must be a number > 0")
    if not 0 < decades < np.inf:
        raise ValueError(f"decades = {decades!r} is not allowed: it must be a number > 0")
    if points < 2:
        raise ValueError(f"points = {points!r} is not allowed: it must be ≥ 2")
    return centre * 10 ** np.linspace(-decades / 2, decades / 2, points)


def all_settings(grid: Mapping[str, Iterable[Any]]) -> list[Setting]:
    """Return all combinations of values given by name; the last name changes fastest.

    Examples:
        >>> all_settings({"lr": [0.1, 0.2], "beta": [0.9]})
        [{'lr': 0.1, 'beta': 0.9}, {'lr': 0.2, 'beta': 0.9}]
    """
    values = {name: _values(name, choices) for name, choices in grid.items()}
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def random_settings(opt: Optimizer, ranges: Mapping[str, Any], n: int, seed: int = 0) -> list[Setting]:
    """Return settings drawn at random, each hyperparameter on the scale that its declaration names.

    Args:
        opt: the optimizer, which knows its scales.
        ranges: for each hyperparameter a pair (low, high), or a list of values to choose from. A pair is drawn evenly
            in log x for a learning rate and its like, in log (1 − x) for a decay, in x otherwise; whole numbers for
            a count, both ends included.
        n: how many settings, ≥ 1.
        seed: of the draws.

    Raises:
        ValueError: for an unknown name, or a range that is empty or outside what the hyperparameter allows.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> for setting in random_settings(Adam(), {"lr": (1e-4, 1.0), "beta1": [0.0, 0.9]}, n=2):
        ...     print({name: round(value, 4) for name, value in setting.items()})
        {'lr': 0.0353, 'beta1': 0.0}
        {'lr': 0.0012, 'beta1': 0.0}

    Reference: J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012).
    """
    if n < 1:
        raise ValueError(f"n = {n!r} is not allowed: it must be ≥ 1")
    check_names(opt, ranges)
    rng = np.random.default_rng(seed)
    drawn = {name: _drawn(opt, name, allowed, n, rng) for name, allowed in ranges.items()}
    return [{name: values[k] for name, values in drawn.items()} for k in range(n)]


def check_names(opt: Optimizer, names: Iterable[str]) -> None:
    """Raise if a name is no hyperparameter of an optimizer."""
    known = opt.hyper()
    for name in names:
        if name not in known:
            raise ValueError(
                f"{type(opt).__name__} has no hyperparameter {name!r}: there are {', '.join(known) or 'none'}"
            )


def _values(name: str, choices: Iterable[Any]) -> list[Any]:
    if isinstance(choices, str) or not isinstance(choices, Iterable):
        raise TypeError(f"grid[{name!r}] = {choices!r} is not a list of values")
    values = choices.tolist() if isinstance(choices, np.ndarray) else list(choices)
    if not values or (isinstance(choices, np.ndarray) and choices.ndim != 1):
        raise ValueError(
            f"grid[{name!r}] = {choices!r} is not allowed: it must be a list of one value or more"
        )
    return values


def _drawn(opt: Optimizer, name: str, allowed: Any, n: int, rng: np.random.Generator) -> list[Any]:
    """Return n values of one hyperparameter."""
    spec = opt.specs().get(name)
    if not isinstance(allowed, tuple) or spec is None or spec.choices:
        choices = _values(name, allowed)
        return [choices[k] for k in rng.integers(len(choices), size=n)]
    ends = [spec.clean(f"ranges[{name!r}]", end) for end in allowed]
    if len(ends) != 2 or not ends[0] <= ends[1]:
        raise ValueError(
            f"ranges[{name!r}] = {allowed!r} is not allowed: it must be (low, high) or a list of values"
        )
    low, high = ends
    if spec.integer:
        return rng.integers(low, high, size=n, endpoint=True).tolist()
    if spec.scale == "decay":
        return (1 - _spread(1 - high, 1 - low, n, rng)).tolist()
    if spec.scale == "log":
        if low <= 0:
            raise ValueError(f"ranges[{name!r}] = {allowed!r} is not allowed: {name} has a logarithmic scale, so low "
                             f"must be > 0; or give a list of values")  # fmt: skip
        return _spread(low, high, n, rng).tolist()
    return rng.uniform(low, high, size=n).tolist()


def _spread(low: float, high: float, n: int, rng: np.random.Generator) -> np.ndarray:
    return np.exp(rng.uniform(np.log(low), np.log(high), size=n))
