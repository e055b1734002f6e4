"""What an optimizer learns of each word of a text: how far its weights move whenever it occurs, and where they end."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ...axes import to_back, to_front
from ...optimizers import Optimizer
from ...problems import SoftmaxRegression, get_batches
from ...problems.datasets import zipf_text
from .batch_runs import one_thread, repeated

CONTRAST, COMMON = 3.0, 40


@dataclass(frozen=True, eq=False)
class WordRun:
    """What is known of the words after some passes over the text.

    Args:
        steps: for each word, the mean length of its weights' step in those batches that contained it.
        weights: for each word, its largest weight less the mean of those of the other classes.
        loss: on texts that were not trained on, or on the training texts if there are no others.
        accuracy: on the same.
    """

    steps: np.ndarray
    weights: np.ndarray
    loss: float
    accuracy: float

    @property
    def diverged(self) -> bool:
        """Whether a weight has left for infinity."""
        return not (np.isfinite(self.loss) and bool((self.weights < 1e12).all()))


@lru_cache(maxsize=1)
def small_text() -> tuple[SoftmaxRegression, np.ndarray]:
    """Return a text small enough to be learnt while a slider moves, and the weight that is right for each word.

    A word that is three times as frequent in one class as in the others should weigh log 3 more there, however often it
    occurs; one that is as frequent everywhere should weigh the same.

    Examples:
        >>> problem, right = small_text()
        >>> problem.train.inputs.shape, right[[0, -1]].round(3)
        ((600, 400), array([0.   , 1.099]))
    """
    train, valid, test = zipf_text(1000, 400, length=20, common=COMMON, contrast=CONTRAST)
    right = np.where(np.arange(400) < COMMON, 0.0, np.log(CONTRAST))
    return SoftmaxRegression(train=train, valid=valid, test=test, classes=3), right


def learn_words(
    opt: Optimizer, problem: SoftmaxRegression, epochs: int, size: int, seed: int
) -> list[list[WordRun]]:
    """Return for each run of a grid ``(n,)``, or the only one, what it knows after each epoch.

    Examples:
        >>> from course_lib.optimizers import Adagrad
        >>> (run,) = learn_words(Adagrad(lr=0.2), small_text()[0], epochs=2, size=32, seed=0)
        >>> len(run), run[1].weights.shape
        (2, (400,))
    """
    rng = np.random.default_rng(seed)
    held_out = problem.train if problem.valid is None else problem.valid
    x: Any = repeated(problem.init(), opt.grid)
    state, looks = opt.init(x), []
    moved, times = np.zeros((*opt.grid, len(x["W"]))), np.zeros(len(x["W"]))
    with np.errstate(all="ignore"), one_thread():
        for _ in range(epochs):
            for batch in get_batches(problem.train, size, rng):
                before = x["W"]
                x, state = opt.step(x, state, problem, batch)
                seen = batch.inputs.any(axis=0)
                step = to_front(x["W"] - before, len(opt.grid))
                moved += np.where(seen, np.sqrt(np.einsum("...c,...c", step, step)), 0.0)
                times += seen
            final: Any = opt.output(x, state)
            looks.append((to_back(moved / np.maximum(times, 1), len(opt.grid)), _margin(final["W"]), *(
                np.asarray(of(final, held_out)) for of in (problem.loss, problem.accuracy))))  # fmt: skip
    places = [(..., i) for i in range(opt.grid[0])] if opt.grid else [(...,)]
    return [
        [WordRun(steps[at], weights[at], float(loss[at]), float(share[at]))
         for steps, weights, loss, share in looks]
        for at in places
    ]  # fmt: skip


def _margin(w: np.ndarray) -> np.ndarray:
    """Return how far the largest weight of each word is above the mean of the others, ``(words, *grid)``."""
    top = w.max(axis=1)
    return np.asarray(top - (w.sum(axis=1) - top) / (w.shape[1] - 1))
