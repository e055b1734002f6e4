"""Runs in batches: the loss on all examples against the examples read, and what was spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple, get_args

import numpy as np

from ...axes import to_back
from ...optimizers import Optimizer
from ...problems import Data
from ...problems.data import Order, endless_batches

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


def orders_of(data: Data) -> tuple[str, ...]:
    """Return the orders in which examples can come: sorted only where their targets are labels.

    Examples:
        >>> orders_of(Data(np.eye(2), np.array([0.5, 1.5])))
        ('shuffled', 'once', 'fixed', 'replacement')
    """
    labels = data.targets.dtype.kind in "iu"
    return tuple(order for order in get_args(Order) if labels or order != "sorted")


def run_batches(
    opt: Optimizer,
    problem: Any,
    begin: Any,
    size: int,
    budgets: Sequence[int],
    seed: int,
    order: Order = "shuffled",
) -> list[BatchRun]:
    """Return the runs from ``begin`` with batches of ``size``: of each budget, and of each setting of a grid ``(n,)``.

    All see the same batches, and each gives the numbers that it gives alone: a run with fewer steps is the beginning of
    one with more, looked at elsewhere.

    Args:
        opt: the optimizer, with one setting or a grid of them.
        problem: what it runs on.
        begin: the parameters at first.
        size: examples in a batch.
        budgets: numbers of steps, each ≥ 1; several of them only without a grid.
        seed: of the order in which examples come.
        order: one of those that `get_batches` knows.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> runs = run_batches(GradientDescent(lr=0.5), problem, problem.init(), 400, budgets=[6, 3], seed=0)
        >>> runs[0].examples.tolist()  # 1,197 examples: the third batch of each pass is smaller
        [0, 400, 800, 1197, 1597, 1997, 2394]
        >>> [run.gradients for run in runs]
        [6, 3]
    """
    counted, rng = _Counting(problem), np.random.default_rng(seed)
    looks = [[0, *sorted({round(step) for step in np.geomspace(1, most, _LOOKS)})] for most in budgets]
    every = sorted(set().union(*looks))
    x: Any = repeated(begin, opt.grid)
    state = opt.init(x)
    seen = [_Look(0, 0, 0, np.broadcast_to(problem.loss(x), opt.grid), x)]
    with np.errstate(all="ignore"), one_thread():
        examples = 0
        batches = endless_batches(problem.train, size, rng, order)
        for step, batch in zip(range(1, max(budgets) + 1), batches, strict=False):
            x, state = opt.step(x, state, counted, batch)
            examples += len(batch)
            if step == every[len(seen)]:
                end = opt.output(x, state)
                seen.append(_Look(step, examples, counted.asked, np.asarray(problem.loss(end)), end))
                if len(budgets) == 1 and not np.isfinite(seen[-1].loss).any():
                    break
    places: list[tuple[int, ...]] = [(i,) for i in range(*opt.grid)] if opt.grid else [()]
    return [_one([look for look in seen if look.step in own], place) for own in looks for place in places]


class _Look(NamedTuple):
    """What is seen of all runs after a step."""

    step: int
    examples: int
    gradients: int
    loss: np.ndarray
    params: Any


def _one(looks: list[_Look], place: tuple[int, ...]) -> BatchRun:
    """Return one of several runs, up to its first loss that is no number."""
    losses = np.array([look.loss[place] for look in looks])
    bad = ~np.isfinite(losses)
    last = int(bad.argmax()) if bad.any() else len(losses) - 1
    end = looks[last]
    own: Any = (..., *place)
    params = _each(lambda part: np.ascontiguousarray(part[own]), end.params)
    examples = np.array([look.examples for look in looks[: last + 1]])
    return BatchRun(examples, losses[: last + 1], end.gradients, end.step, params, bool(bad.any()))


def repeated(begin: Any, grid: tuple[int, ...]) -> Any:
    """Return parameters once for each run of a grid, the runs first in memory: products of matrices are faster so."""

    def one(part: np.ndarray) -> np.ndarray:
        return to_back(np.broadcast_to(part, (*grid, *part.shape)).copy(), len(grid))

    return _each(one, begin) if grid else begin


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
        batches = endless_batches(problem.train, size, np.random.default_rng(seed))
        for _, batch in zip(range(7), batches, strict=False):
            began = time.perf_counter()
            x, state = opt.step(x, state, problem, batch)
            took.append(time.perf_counter() - began)
    return float(np.median(took))


class _Counting:
    """A problem that counts how often its gradient is asked for."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.asked = problem, 0

    def grad(self, params: Any, batch: Any = None) -> Any:
        self.asked += 1
        return self.problem.grad(params, batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)
