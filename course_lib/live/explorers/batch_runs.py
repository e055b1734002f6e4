"""Runs in batches: the loss on all examples against the examples read, and what was spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from typing import Any

import numpy as np

from ...axes import to_back
from ...optimizers import Optimizer
from ...problems import Data, get_batches

MOST_STEPS = 300
"""A run ends after so many steps, even if its budget of examples is not used up: a picture must answer at once."""

_LOOKS = 12


@dataclass(frozen=True, eq=False)
class BatchRun:
    """One run of one form.

    Args:
        examples: read until each look at the loss; 0 at first.
        losses: on all training examples, at each look.
        gradients: how many were asked for.
        steps: taken.
        params: after the last step.
        diverged: whether it left for infinity.
    """

    examples: np.ndarray
    losses: np.ndarray
    gradients: int
    steps: int
    params: Any
    diverged: bool


def steps_of(problem: Any, size: int, epochs: int) -> int:
    """Return how many steps a run with batches of a size takes: its budget's, but not more than `MOST_STEPS`."""
    return min(MOST_STEPS, epochs * -(-len(problem.train) // size))


def run_batches(opt: Optimizer, problem: Any, begin: Any, size: int, steps: int, seed: int) -> list[BatchRun]:
    """Return a run from ``begin`` with batches of ``size``; for a grid of settings, ``(n,)``, all of them.

    The runs of a grid see the same batches, and each gives the numbers that it gives alone.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> (run,) = run_batches(GradientDescent(lr=0.5), problem, problem.init(), 400, steps=6, seed=0)
        >>> run.examples.tolist()  # 1,197 examples: the third batch of each pass is smaller
        [0, 400, 800, 1197, 1597, 1997, 2394]
        >>> run.gradients
        6
    """
    counted, rng = _Counting(problem), np.random.default_rng(seed)
    looks = {round(step) for step in np.geomspace(1, steps, _LOOKS)}
    x: Any = repeated(begin, opt.grid)
    state = opt.init(x)
    examples, asked = [0], [0]
    with np.errstate(all="ignore"), one_thread():
        losses, ends = [np.broadcast_to(problem.loss(x), opt.grid)], [x]
        for step, batch in zip(range(1, steps + 1), _batches(problem.train, size, rng), strict=False):
            x, state = opt.step(x, state, counted, batch)
            examples.append(examples[-1] + len(batch))
            if step in looks:
                ends.append(opt.output(x, state))
                losses.append(np.asarray(problem.loss(ends[-1])))
                asked.append(counted.asked)
                if not np.isfinite(losses[-1]).any():
                    break
    at = np.array(examples)[[0, *sorted(looks)][: len(losses)]]
    table = np.array(losses).reshape(len(losses), -1)
    return [
        _one(table[:, i], [0, *sorted(looks)], at, asked, ends, (i,) if opt.grid else ())
        for i in range(table.shape[1])
    ]


def _one(
    losses: np.ndarray,
    steps: list[int],
    at: np.ndarray,
    asked: list[int],
    ends: list[Any],
    place: tuple[int, ...],
) -> BatchRun:
    """Return one of several runs, up to its first loss that is no number."""
    bad = ~np.isfinite(losses)
    last = int(bad.argmax()) if bad.any() else len(losses) - 1
    own: Any = (..., *place)
    params = _each(lambda part: np.ascontiguousarray(part[own]), ends[last])
    return BatchRun(at[: last + 1], losses[: last + 1], asked[last], steps[last], params, bool(bad.any()))


def repeated(begin: Any, grid: tuple[int, ...]) -> Any:
    """Return parameters once for each run of a grid, the runs first in memory: products of matrices are faster so."""

    def repeated(part: np.ndarray) -> np.ndarray:
        return to_back(np.broadcast_to(part, (*grid, *part.shape)).copy(), len(grid))

    return _each(repeated, begin) if grid else begin


def _each(do: Callable[[np.ndarray], np.ndarray], params: Any) -> Any:
    """Apply a function to an array, or to each of a dict."""
    return {name: do(part) for name, part in params.items()} if isinstance(params, dict) else do(params)


@lru_cache(maxsize=1)
def _threads() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def one_thread() -> Any:
    """Return a context for the many small products of these runs, which more than one BLAS thread only slows down."""
    return _threads().limit(limits=1, user_api="blas")


def pace(opt: Optimizer, problem: Any, begin: Any, size: int, seed: int) -> float:
    """Return about how many seconds a step takes: the median of a few."""
    x, state, took = begin, opt.init(begin), []
    with np.errstate(all="ignore"), one_thread():
        batches = _batches(problem.train, size, np.random.default_rng(seed))
        for _, batch in zip(range(7), batches, strict=False):
            began = time.perf_counter()
            x, state = opt.step(x, state, problem, batch)
            took.append(time.perf_counter() - began)
    return float(np.median(took))


def _batches(data: Data, size: int, rng: np.random.Generator) -> Iterator[Data]:
    for _ in count():
        yield from get_batches(data, size, rng)


class _Counting:
    """A problem that counts how often its gradient is asked for."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.asked = problem, 0

    def grad(self, params: Any, batch: Any = None) -> Any:
        self.asked += 1
        return self.problem.grad(params, batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)
