"""A budget of trials: a search for a learning rate that may measure only so often, judged with fresh seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from ..optimizers import Adam, GradientDescent, Optimizer
from ..problems import Data, SoftmaxRegression
from ..problems.datasets import digits
from ..running import train
from ..schedules import cosine
from .cases import Case, Cases
from .guard import SECONDS
from .kinds import Goal
from .observe import Notes, Run
from .tasks import Mine

METHODS: dict[str, tuple[Optimizer, int, float]] = {
    "SGD": (GradientDescent(), 2, 18.0),
    "Adam": (Adam(), 1, 0.2),
}
"""Each method, the power of the inputs' unit by which its lr must be smaller, and its best lr at unit 1, roughly."""
TUNING, FRESH = range(3), range(100, 103)
BAR = 1.25
"""So many times the loss of the best learning rate is near enough."""

BUDGETS = Cases([
    {"method": "SGD", "unit": 300.0, "low": 1e-8, "high": 1e-3, "trials": 8},
    {"method": "Adam", "unit": 300.0, "low": 1e-7, "high": 0.1, "trials": 8},
    {"method": "SGD", "unit": 0.5, "low": 0.1, "high": 1e4, "trials": 8},
    {"method": "Adam", "unit": 20.0, "low": 1e-5, "high": 1.0, "trials": 9},
])  # fmt: skip


@lru_cache(maxsize=4)
def _images(unit: float) -> SoftmaxRegression:
    read, valid, _ = digits(dtype=np.float32)
    scaled = (Data(np.float32(unit) * part.inputs, part.targets) for part in (read, valid))
    return SoftmaxRegression(train=next(scaled), valid=next(scaled))


@lru_cache(maxsize=512)
def _losses(method: str, unit: float, rates: tuple[float, ...], seeds: Sequence[int]) -> np.ndarray:
    """Return the validation loss at each learning rate, a mean over seeds; infinite where a run diverged."""
    with np.errstate(all="ignore"), threadpool_limits(1):
        opt = METHODS[method][0].replace(lr=np.array(rates)[:, None])
        run = train(opt, _images(unit), 3, 64, seed=list(seeds), every=57, schedule=cosine(57))
        means = run["valid_loss"][-1].mean(axis=-1)
    return np.where(np.isfinite(means), means, np.inf)


def spend(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Let the function measure as often as its budget allows, and note the learning rate it returns."""
    asked: list[float] = []

    def measure(lr: float) -> float:
        asked.append(lr)
        if len(asked) > case["trials"]:
            raise RuntimeError(f"the budget of {case['trials']} trials is spent")
        return float(_losses(case["method"], case["unit"], (float(lr),), TUNING)[0])

    notes.see("the learning rate", function(measure, case["low"], case["high"], case["trials"]))


@dataclass(frozen=True, kw_only=True)
class Search(Goal):
    """A goal whose data are read before the student's time begins."""

    def observe(self, function: Callable[..., Any], seconds: float = SECONDS) -> list[Run]:
        """Call the student's function on all cases and return what was seen. Never raises."""
        for case in self.cases.named:
            _images(case["unit"])
        return super().observe(function, seconds)


def tuned(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    """Whether each learning rate that was returned is near the best, with fresh seeds, and a sentence that says so."""
    told = []
    for case, run in zip(BUDGETS.named, runs, strict=True):
        method, unit, lr = case["method"], case["unit"], run.seen[0].value
        assert isinstance(lr, np.ndarray)
        if lr.ndim or not 0 < lr < np.inf:
            return False, "Return one learning rate, a number > 0."
        _, power, near = METHODS[method]
        grid = tuple(near / unit**power * np.logspace(-0.4, 0.4, 9))
        best = float(_losses(method, unit, grid, FRESH).min())
        times = float(_losses(method, unit, (float(lr),), FRESH)[0]) / best
        told.append(f"{method} {times:.2f}")
        if not times <= BAR:
            return False, (
                f"{method} with inputs in a unit of {unit:g}: lr {lr:.3g} leaves {times:.2f} times the "
                f"loss of the best, with fresh seeds. At most {BAR} times is wanted, in each of {len(runs)} searches."
            )
    return True, f"Times the loss of the best, with fresh seeds: {', '.join(told)}."
