"""Runs over the plane of learning rate and weight decay, for the three ways to let weights decay under Adam."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...optimizers import Adam, AdamW, Optimizer, Partition
from ...problems import Data, SoftmaxRegression
from ...problems.data import endless_batches
from ...problems.datasets import digits
from .batch_runs import one_thread, repeated

FORMS = ("L2 in the gradient", "AdamW", "AdamW, paper's form")
"""λx is added to g, or subtracted beside the step as lr·λx, or as λx."""

RATES = np.geomspace(0.01, 1, 9).round(4)
DECAYS = np.geomspace(1e-4, 10, 11).round(5)
LOOKS = (25, 50, 100, 200, 400)
SEEDS, EXAMPLES, HELD_OUT, BATCH = 2, 100, 400, 20


@lru_cache(maxsize=1)
def noisy_digits() -> SoftmaxRegression:
    """Return ten digits from 100 examples, of which a fifth has a label drawn at random; 400 others are held out.

    Examples:
        >>> problem = noisy_digits()
        >>> problem.train.inputs.shape, problem.valid.inputs.shape
        ((100, 64), (400, 64))
    """
    data = digits(0, np.float32)[0]
    rng, labels = np.random.default_rng(0), data.targets[:EXAMPLES].copy()
    wrong = rng.random(EXAMPLES) < 0.2
    labels[wrong] = rng.integers(10, size=wrong.sum())
    held_out = Data(data.inputs[-HELD_OUT:], data.targets[-HELD_OUT:])
    return SoftmaxRegression(train=Data(data.inputs[:EXAMPLES], labels), valid=held_out)


@lru_cache(maxsize=2 * len(FORMS))
def decay_losses(form: str, first: int = 0) -> np.ndarray:
    """Return the held-out loss after each of `LOOKS`, ``(looks, DECAYS, RATES)``, the mean over seeds from ``first``.

    Only the weights decay, the biases do not. Each seed has its own batches, the same at every setting.

    Examples:
        >>> losses = decay_losses("AdamW")
        >>> losses.shape, bool(losses[-1].min() < 1 < losses[-1].max())
        ((5, 11, 9), True)
    """
    problem = noisy_digits()
    wd, lr = np.meshgrid(DECAYS, RATES, indexing="ij")
    penalty = wd.astype(np.float32) if form == FORMS[0] else np.float32(0)
    opt = Partition({"W": _rule(form, lr, wd), "b": Adam(lr=lr)})
    total = np.zeros((len(LOOKS), *lr.shape))
    for seed in range(first, first + SEEDS):
        x: Any = repeated(problem.zeros(), lr.shape)
        opt, state = opt.typed(x["W"]), opt.init(x)
        batches = endless_batches(problem.train, BATCH, np.random.default_rng(seed), "shuffled")
        with np.errstate(all="ignore"), one_thread():
            for step, batch in zip(range(1, LOOKS[-1] + 1), batches, strict=False):
                g = problem.grad(x, batch)
                x, state = opt.update(x, g | {"W": g["W"] + penalty * x["W"]}, state)
                if step in LOOKS:
                    total[LOOKS.index(step)] += problem.loss(x, problem.valid)
    return np.where(np.isfinite(total), total / SEEDS, np.inf)


def _rule(form: str, lr: np.ndarray, wd: np.ndarray) -> Optimizer:
    """Return what moves the weights; an L2 penalty is in their gradient already."""
    if form == FORMS[0]:
        return Adam(lr=lr)
    return AdamW(lr=lr, weight_decay=wd, form="library" if form == FORMS[1] else "paper")
