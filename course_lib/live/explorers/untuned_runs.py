"""Runs of a small network: of methods over their learning rate, and of methods that find it over their first guess."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...optimizers import Adam, DoG, GradientDescent, Optimizer, Prodigy, ScheduleFreeSGD
from ...problems import MLP
from ...problems.data import endless_batches
from ...running.train import stacked
from .batch_runs import one_thread

RATES = np.geomspace(1e-3, 10, 13).round(4)
GUESSES = 10.0 ** np.arange(-8, 2)
TUNED: dict[str, Callable[[Any], Optimizer]] = {
    "SGD": lambda lr: GradientDescent(lr=lr),
    "Adam": lambda lr: Adam(lr=lr),
    "Schedule-Free SGD": lambda lr: ScheduleFreeSGD(lr=lr),
}
FREE: dict[str, Callable[[Any], Optimizer]] = {
    "DoG": lambda guess: DoG(reps=guess),
    "Prodigy": lambda guess: Prodigy(d0=guess),
}
"""What is made of a learning rate, and what of a first guess of the distance."""

LOOKS = (25, 50, 100, 200, 400)
SEEDS, BATCH = 2, 32


@dataclass(frozen=True, eq=False)
class Runs:
    """What came of one method at each of its settings, the mean over seeds.

    Args:
        settings: its learning rates, or its guesses.
        losses: on all training digits after each of `LOOKS`, ``(looks, settings)``; ∞ if it diverged.
        right: share of the test digits that are recognised, of the same shape.
        rates: r over √(G + ε) for DoG, Prodigy's d, ``(steps, settings)``: the learning
            rate that it has found by then, of the first seed. Empty for a method that is given one.
    """

    settings: np.ndarray
    losses: np.ndarray
    right: np.ndarray
    rates: np.ndarray


@lru_cache(maxsize=2)
def network(dtype: type = np.float64) -> MLP:
    """Return the network that all of them train: 16 hidden units on the handwritten digits."""
    return MLP.on_digits(hidden=(16,), dtype=dtype)


@lru_cache(maxsize=2 * len({**TUNED, **FREE}))
def untuned_runs(method: str, first: int = 0) -> Runs:
    """Return the runs of a method of `TUNED` or `FREE`, of seeds from ``first`` on.

    A seed is a start and an order of the batches, the same for all settings and methods.

    Examples:
        >>> runs = untuned_runs("DoG")
        >>> runs.losses.shape, runs.rates.shape
        ((5, 10), (400, 10))
    """
    problem = network(np.float32 if method in TUNED else np.float64)  # 1e-8 beside a weight is 0 in float32
    settings = RATES if method in TUNED else GUESSES
    rngs = [np.random.default_rng(seed) for seed in range(first, first + SEEDS)]
    grid = (len(settings), SEEDS)
    x: Any = stacked([problem.init(rng) for rng in rngs], grid)
    opt = (TUNED | FREE)[method](settings[:, None]).typed(x["W1"])
    state = opt.init(x, len(grid))
    losses, right = np.zeros((2, len(LOOKS), len(settings)))
    found: list[np.ndarray] = []
    with np.errstate(all="ignore"), one_thread():
        batches = endless_batches(problem.train, BATCH, rngs)
        for step, batch in zip(range(1, LOOKS[-1] + 1), batches, strict=False):
            point: Any = opt.query(x, state)
            x, state = opt.update(x, problem.grad(point, batch), state)
            if method in FREE:
                found.append(_rate(opt, state)[:, 0])
            if step in LOOKS:
                look = LOOKS.index(step)
                end: Any = opt.output(x, state)
                losses[look] = problem.loss(end).mean(axis=1)
                right[look] = problem.accuracy(end, problem.test).mean(axis=1)
    return Runs(settings, np.where(np.isfinite(losses), losses, np.inf), right, np.array(found))


def _rate(opt: Any, state: Any) -> np.ndarray:
    """Return the learning rate of the step just made."""
    return np.asarray(state.d if isinstance(opt, Prodigy) else state.r / np.sqrt(state.G + opt.eps))
