"""Runs on the noisy quadratic: several learning rates and several seeds side by side, under a schedule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...running import Schedule

DIMENSION, SEEDS = 30, 16
SPECTRUM = 1 / np.arange(1, DIMENSION + 1)


class NoisyBowl:
    r"""`NoisyQuadratic` with examples without end, for many runs at once.

    .. math:: f(x) = \tfrac12 \sum_i h_i x_i^2, \qquad h_i = 1/i, \qquad
        g_i = h_i x_i + \sqrt{h_i / B}\; \xi_i, \quad \xi_i \sim \mathcal N(0, 1)

    The noise of a batch of B is handed over in place of the batch. Points are ``(d, *grid)``.

    Examples:
        >>> bowl = NoisyBowl()
        >>> float(bowl.loss(np.eye(30)[0])), bowl.grad(np.ones(30), 0.0)[[0, 9]]
        (0.5, array([1. , 0.1]))
    """

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Return a start drawn from the standard normal distribution."""
        return rng.standard_normal(DIMENSION)

    def loss(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the loss without noise, ``grid``-shaped."""
        return np.asarray(np.tensordot(SPECTRUM, x * x, 1) / 2)

    def grad(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the gradient with a batch's noise."""
        clean = SPECTRUM.reshape(-1, *(1,) * (x.ndim - 1)) * x
        return clean if batch is None else clean + batch


def looks(steps: int) -> np.ndarray:
    """Return the steps after which the loss is looked at: all of them up to 300, then fewer, always the last."""
    return np.unique(np.append(np.arange(0, steps, max(1, -(-steps // 300))), steps))


def noisy_losses(
    opt: Optimizer, lrs: np.ndarray, schedule: Schedule, batch: int, steps: int, seed: int = 0
) -> np.ndarray:
    """Return the loss at each of `looks`, for each learning rate and seed, ``(looks, lrs, SEEDS)``.

    Each seed has a start and noise of its own, the same at every learning rate and every call.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.schedules import constant, cosine
        >>> lrs = np.array([0.1, 1.0])
        >>> for schedule in (constant(), cosine(100)):
        ...     np.median(noisy_losses(GradientDescent(), lrs, schedule, 10, 100)[-1], axis=1).round(2)
        array([0.21, 0.12])
        array([0.42, 0.03])
    """
    bowl, rng = NoisyBowl(), np.random.default_rng(seed)
    scale = np.sqrt(SPECTRUM / batch)[:, None, None]
    start, noise = (
        rng.standard_normal((DIMENSION, 1, SEEDS)),
        rng.standard_normal((steps, DIMENSION, 1, SEEDS)),
    )
    x: Any = np.repeat(start, len(lrs), axis=1)
    opt = opt.replace(lr=np.asarray(lrs, float)[:, None])
    state, at = opt.init(x), looks(steps)
    seen = np.empty((len(at), len(lrs), SEEDS))
    seen[0], place = bowl.loss(opt.output(x, state)), 1  # type: ignore[arg-type]
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            x, state = opt.at(schedule(t)).step(x, state, bowl, scale * noise[t - 1])
            if t == at[place]:
                seen[place] = bowl.loss(opt.output(x, state))  # type: ignore[arg-type]
                place += 1
    return np.where(np.isfinite(seen), seen, np.inf)
