"""Runs in batches: the loss on all examples against the examples read, and what was spent."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...problems import Data, get_batches

MOST_STEPS = 300
"""A run ends after so many steps, even if its budget of examples is not used up: a picture must answer at once."""

_LOOKS = 24


@dataclass(frozen=True, eq=False)
class BatchRun:
    """One run of one form.

    Args:
        examples: read until each look at the loss; 0 at first.
        losses: on all training examples, at each look.
        gradients: how many were asked for.
        seconds: spent in steps.
        params: after the last step.
        diverged: whether it left for infinity.
    """

    examples: np.ndarray
    losses: np.ndarray
    gradients: int
    seconds: float
    params: Any
    diverged: bool


def run_batches(opt: Optimizer, problem: Any, begin: Any, size: int, budget: int, seed: int) -> BatchRun:
    """Return a run from ``begin`` with batches of ``size``, until ``budget`` examples are read.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> run = run_batches(GradientDescent(lr=0.5), problem, problem.init(), 400, budget=2394, seed=0)
        >>> run.examples.tolist()  # 1,197 examples: the third batch of each pass is smaller
        [0, 400, 800, 1197, 1597, 1997, 2394]
        >>> run.gradients
        6
    """
    counted, rng = _Counting(problem), np.random.default_rng(seed)
    per_epoch, total = -(-len(problem.train) // size), len(problem.train)
    steps = min(MOST_STEPS, -(-budget * per_epoch // total))
    looks = {round(step) for step in np.geomspace(1, steps, _LOOKS)}
    x: Any = begin
    state = opt.init(x)
    examples, seconds, diverged = 0, 0.0, False
    with np.errstate(all="ignore"):
        seen = [(0.0, float(problem.loss(x)))]
        for step, batch in zip(range(1, steps + 1), _batches(problem.train, size, rng), strict=False):
            began = time.perf_counter()
            x, state = opt.step(x, state, counted, batch)
            seconds += time.perf_counter() - began
            examples += len(batch)
            if step in looks:
                used: Any = opt.output(x, state)
                seen.append((examples, float(problem.loss(used))))
                if not np.isfinite(seen[-1][1]):
                    diverged = True
                    break
        at, losses = np.array(seen).T
        return BatchRun(at.astype(int), losses, counted.asked, seconds, opt.output(x, state), diverged)


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
