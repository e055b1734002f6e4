r"""How many steps a batch size saves: the law, its fit, and the course's study of it.

.. math::
    S(B) = S_\mathrm{min}\,(1 + B_\mathrm{crit}/B), \qquad
    E(B) = B\,S(B) = E_\mathrm{min}\,(1 + B/B_\mathrm{crit})

S are steps and E examples. At the critical batch size both are twice their least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import whole
from ..optimizers import GradientDescent
from ..problems import NoisyQuadratic
from ..problems.expected import steps_to_target
from ..running import Table
from .statistics import student_t

SIZES = (1, 4, 16, 64, 128, 256, 512, 2048)
"""Batch sizes of the study."""

_LONGEST = 30_000


@dataclass(frozen=True)
class BatchLaw:
    """The law with its two numbers.

    Args:
        s_min: the steps that no batch can save.
        b_crit: the critical batch size, in examples.
        s_interval: an interval for the first, if it was fitted.
        b_interval: and for the second.

    Examples:
        >>> law = BatchLaw(50, 100)
        >>> law.steps([1, 100, 10_000])
        array([5050. ,  100. ,   50.5])
    """

    s_min: float
    b_crit: float
    s_interval: tuple[float, float] = (np.nan, np.nan)
    b_interval: tuple[float, float] = (np.nan, np.nan)

    def steps(self, sizes: Any) -> np.ndarray:
        """Return S(B)."""
        return self.s_min * (1 + self.b_crit / np.asarray(sizes, float))


def fit_batch_law(sizes: Any, steps: Any, level: float = 0.95) -> BatchLaw:
    r"""Fit the law to measured steps.

    What is fitted is log S, by least squares: an error of 10 % counts alike at every size. The intervals come from the
    curvature of the fit and Student's t. They tell how far the points lie off the law, not what another problem or
    another target would give.

    Args:
        sizes: B, one a measurement, > 0, at least two different ones.
        steps: S, likewise; at least three numbers.
        level: of the intervals, in (0, 1).

    Raises:
        ValueError: for fewer measurements, or numbers that are not positive and finite.

    Examples:
        >>> law = fit_batch_law([1, 10, 100, 1000], [5050, 550, 100, 55])
        >>> round(law.s_min, 6), round(law.b_crit, 6)
        (50.0, 100.0)
    """
    sizes, steps = np.asarray(sizes, float), np.asarray(steps, float)
    if sizes.shape != steps.shape or sizes.ndim != 1 or len(sizes) < 3 or len(np.unique(sizes)) < 2:
        raise ValueError(f"sizes and steps have shapes {sizes.shape} and {steps.shape}, but they must be at "
                         f"least three pairs, of two sizes or more")  # fmt: skip
    if not (np.isfinite([sizes, steps]).all() and (sizes > 0).all() and (steps > 0).all()):
        raise ValueError("sizes and steps must be finite numbers > 0: leave out what did not arrive")

    log_b, logs = np.log(np.median(sizes)), np.log(steps)
    for _ in range(200):  # Gauss and Newton; the best S_min for each B_crit is known
        slope = 1 / (1 + sizes * np.exp(-log_b))
        off = logs - np.log1p(np.exp(log_b) / sizes)
        move = slope - slope.mean()
        log_b += np.clip(move @ (off - off.mean()) / (move @ move), -1, 1)
    free, moves = len(sizes) - 2, move @ move
    spread = student_t(level, free) * np.sqrt(np.sum((off - off.mean()) ** 2) / free)
    width = spread * np.sqrt([1 / len(sizes) + slope.mean() ** 2 / moves, 1 / moves])
    found = np.array([off.mean(), log_b])
    with np.errstate(over="ignore"):  # steps that do not fall at all say nothing of B_crit
        (s_low, b_low), (s_high, b_high) = np.exp(found - width), np.exp(found + width)
    s_min, b_crit = np.exp(found)
    return BatchLaw(float(s_min), float(b_crit), (float(s_low), float(s_high)), (float(b_low), float(b_high)))


def batch_size_study(
    sizes: Sequence[int] = SIZES,
    targets: Sequence[float] = (0.05, 0.02),
    seeds: Sequence[int] = (0, 1, 2),
    examples: int = 20_000,
) -> Table:
    """Count the steps of gradient descent to a loss on the noisy quadratic, for each batch size at its best lr.

    Learning rates are a quarter of an octave apart, about the one that is best in expectation. All of a size run side
    by side and see the same batches, drawn with replacement. A run arrives when the loss on all examples first reaches
    the target.

    Args:
        sizes: of the batches, ≥ 1.
        targets: losses.
        seeds: each with a start and batches of its own.
        examples: of the problem.

    Returns:
        A row for each target, size and seed, with the best lr and its steps.

    Examples:
        >>> batch_size_study([64, 512], targets=[0.2], seeds=[0], examples=500)["steps"]
        array([23, 21])
    """
    problem = NoisyQuadratic.make(100, whole("examples", examples, 2))
    rows = []
    for size in sizes:
        for seed in seeds:
            rows += _runs(problem, whole("size", size, 1), tuple(sorted(targets, reverse=True)), seed)
    return Table.of_rows(rows)


def _runs(problem: NoisyQuadratic, size: int, targets: tuple[float, ...], seed: int) -> list[dict[str, Any]]:
    """Return the rows of one size and seed: all targets in one go, each over its own learning rates."""
    rates = 2.0 ** (np.arange(-28, 5) / 4)
    best = [rates[steps_to_target(problem.spectrum, rates, size, target).argmin()] for target in targets]
    lrs = rates[(rates >= min(best) / 2.1) & (rates <= max(best) * 2.1)]
    rng = np.random.default_rng(seed)
    x: Any = {"x": np.repeat(problem.init(rng)["x"][:, None], len(lrs), axis=1)}
    opt = GradientDescent(lr=lrs)
    state, first = opt.init(x), np.full((len(targets), len(lrs)), 0)
    for t in range(1, _LONGEST + 1):
        batch = problem.train[rng.integers(len(problem.train), size=size)]
        x, state = opt.step(x, state, problem, batch)
        loss = problem.spectrum @ (x["x"] * x["x"]) / 2
        for k, target in enumerate(targets):
            first[k, (first[k] == 0) & (loss <= target)] = t
        if first.any(axis=1).all():
            break
    arrived = np.where(first > 0, first, _LONGEST + 1)
    return [
        {
            "target": target,
            "size": size,
            "seed": seed,
            "lr": float(lrs[each.argmin()]),
            "steps": int(each.min()),
        }
        for target, each in zip(targets, arrived, strict=True)
    ]
