"""Gradients of single examples and of mini-batches, seen along two directions."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...curvature import flat
from ...problems.problem import Problem
from .batch_runs import one_thread, repeated

_SAMPLE, _CLOUD = 300, 120


class GradientCloud:
    """The full gradient and those of some examples, along two directions that are fixed at the start.

    The first direction is the full gradient's there, the second the noisiest one across it.

    Args:
        problem: with training examples.
        begin: the parameters at the start.
        seed: of the choice of examples, and of the mini-batches that are drawn from them.

    Examples:
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> cloud = GradientCloud(problem, problem.init(), seed=0)
        >>> points = cloud.at(problem.init())  # the last row is the full gradient
        >>> points.shape, bool(np.allclose(points[:-1].mean(axis=0), points[-1]))
        ((301, 2), True)
    """

    def __init__(self, problem: Any, begin: Any, seed: int) -> None:
        self.problem, self.seed = problem, seed
        self._chosen = np.random.default_rng(seed).permutation(len(problem.train))[:_SAMPLE]
        self._draws: tuple[int, np.ndarray] = (0, np.empty((0, 0), int))
        every, full = self._gradients(begin)
        along = full / max(float(np.linalg.norm(full)), 1e-300)
        across = every - np.outer(every @ along, along)
        second = np.linalg.svd(across - across.mean(axis=0), full_matrices=False)[2][0]
        self._directions = np.stack([along, second], axis=1)
        points = self.at(begin)
        room = np.maximum(0.4 * np.abs(points).max(axis=0), 1e-12)
        self.low = 1.1 * np.minimum(points.min(axis=0), -room)  # with the origin and some room beyond it
        self.high = 1.1 * np.maximum(points.max(axis=0), room)

    def at(self, params: Any) -> np.ndarray:
        """Return gradients of single examples along the two directions, ``(n, 2)``; the last row is the full one."""
        with np.errstate(all="ignore"), one_thread():
            every, full = (part @ self._directions for part in self._gradients(params))
            every += full - every.mean(axis=0)  # the chosen stand for all: their mean is the full gradient
        return np.vstack([every, full])

    def means(self, single: np.ndarray, size: int) -> np.ndarray:
        """Return the mean gradients of some mini-batches drawn from single ones, ``(m, 2)``."""
        if self._draws[0] != size:
            rng = np.random.default_rng(self.seed)
            self._draws = size, rng.integers(len(single), size=(_CLOUD, size))
        return np.asarray(single[self._draws[1]].mean(axis=1))

    def _gradients(self, x: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the gradient of each chosen example as a row, and the full one."""
        data, grad = self.problem.train, self.problem.grad
        if isinstance(self.problem, Problem):  # these take many runs at once: here one for each example
            every = flat(grad(repeated(x, self._chosen.shape), data[self._chosen[None]]), grid=1).T
        else:
            every = np.array([flat(grad(x, data[row : row + 1])) for row in self._chosen])
        return every, flat(grad(x))


def ellipse(single: np.ndarray, centre: np.ndarray, size: int) -> np.ndarray:
    """Return x and y of one standard deviation of the mean of ``size`` examples around the full gradient."""
    if not (np.abs(single) < 1e15).all():
        return np.full((2, 1), np.nan)
    values, vectors = np.linalg.eigh(np.cov(single.T) / size)
    angle = np.linspace(0, 2 * np.pi, 73)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return np.asarray(centre[:, None] + vectors @ (np.sqrt(np.maximum(values, 0))[:, None] * circle))
