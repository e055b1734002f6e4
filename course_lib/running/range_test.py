"""The learning-rate range test: one short run in which the learning rate grows until the loss breaks out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import progress_bar, whole
from ..optimizers import Optimizer
from ..problems.data import Order, check_size, endless_batches

_MEMORY = 0.9
"""Decay of the running mean that smooths the losses of batches."""

_BROKEN_OUT = 4.0
"""The run ends when the smoothed loss is so many times its smallest value, above the first tenth of the steps."""

_FALLEN = 0.1
"""Slopes count from where the loss has made this part of its fall; before that they are noise."""


@dataclass(frozen=True, eq=False)
class RangeTest:
    """What a range test has seen; `course_lib.plotting.range_figure` draws it.

    Args:
        lr: the learning rate of each step, rising by a constant factor, ``(T,)``.
        loss: the loss of each step's batch, before the step, ``(T,)``.
        smooth: its running mean, bias corrected, ``(T,)``.
        suggested: the lr at which the smoothed loss fell fastest per factor of ten, None where it never fell.
        reason: why, in words.
    """

    lr: np.ndarray
    loss: np.ndarray
    smooth: np.ndarray
    suggested: float | None
    reason: str


def lr_range_test(
    opt: Optimizer,
    problem: Any,
    low: float = 1e-6,
    high: float = 100.0,
    steps: int = 300,
    batch_size: int | None = 64,
    seed: int = 0,
    order: Order = "shuffled",
    progress: bool = False,
) -> RangeTest:
    r"""Train once with a learning rate that grows from step to step, to see where the loss falls.

    .. math:: \mathrm{lr}_t = \mathrm{low}\,(\mathrm{high}/\mathrm{low})^{(t-1)/(T-1)}

    The suggestion is where the smoothed loss falls fastest against log lr. It is a place to begin, not the best lr: the
    test cannot know how long the training will be, and a long one with a schedule takes a higher lr at its peak.

    Args:
        opt: an optimizer with a learning rate; its own value does not matter.
        problem: a problem with data, or a surface, on which each step sees all there is.
        low: the first learning rate, > 0.
        high: the last one, > low.
        steps: how many there are, ≥ 10; the run ends before them when the loss has broken out.
        batch_size: examples in a batch, None for all.
        seed: of the initial parameters and of the batches.
        order: how an epoch runs through the data (see `get_batches`).
        progress: whether to show a progress bar.

    Raises:
        TypeError: for an optimizer that is none, has no learning rate or is a grid of runs; steps that are not whole.
        ValueError: for learning rates that are not 0 < low < high, fewer than ten steps or a batch size that is not
            allowed.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.surfaces import quadratic
        >>> found = lr_range_test(GradientDescent(), quadratic(5.0), low=1e-3)
        >>> bool(found.suggested < 2 / 1.0 < found.lr[-1])  # beyond 2/L it breaks out
        True
        >>> print(found.reason.split(";")[0])
        the smoothed loss falls fastest here

    Reference: L. N. Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3.
    """
    _check(opt, low, high)
    steps = whole("steps", steps, 10)
    start, drawn = np.random.SeedSequence(whole("seed", seed, 0)).spawn(2)
    batches = _batches(problem, batch_size, np.random.default_rng(drawn), order)
    x = problem.init(np.random.default_rng(start))
    opt = opt.replace(lr=float(high))
    state, rates = opt.init(x), np.geomspace(low, high, steps)
    losses: list[float] = []
    smooth: list[float] = []
    mean = 0.0
    with np.errstate(all="ignore"), progress_bar(steps, "step", progress) as bar:
        for t, lr in enumerate(rates, 1):
            batch = next(batches)
            losses.append(float(problem.loss(x, batch)))
            mean = _MEMORY * mean + (1 - _MEMORY) * losses[-1]
            smooth.append(mean / (1 - _MEMORY**t))
            gone = t > steps / 10 and smooth[-1] > _BROKEN_OUT * min(smooth)
            if gone or not np.isfinite(losses[-1]):
                break
            x, state = opt.at(lr / high).step(x, state, problem, batch)
            bar.update()
    seen = np.array(smooth)
    return RangeTest(rates[: len(seen)], np.array(losses), seen, *_suggestion(rates[: len(seen)], seen))


def _suggestion(lr: np.ndarray, smooth: np.ndarray) -> tuple[float | None, str]:
    """Return where the loss falls fastest, and why in words."""
    sound = np.isfinite(smooth)
    lr, smooth = lr[sound], smooth[sound]
    lowest = int(smooth.argmin()) if len(smooth) else 0
    fall = smooth[0] - smooth[lowest] if len(smooth) else 0.0
    if not fall > 1e-3 * abs(smooth[0]):
        return None, f"the loss never fell between lr = {lr[0]:.2g} and {lr[-1]:.2g}: try other ends"
    slope = np.gradient(smooth, np.log10(lr))
    counts = (smooth < smooth[0] - _FALLEN * fall) & (np.arange(len(lr)) <= lowest)
    steepest = int(np.where(counts, slope, np.inf).argmin())
    reason = f"the smoothed loss falls fastest here; it is lowest at lr = {lr[lowest]:.2g}"
    return float(lr[steepest]), reason + (f" and broke out by {lr[-1]:.2g}" if lowest < len(lr) - 1 else "")


def _batches(problem: Any, size: int | None, rng: np.random.Generator, order: Order) -> Iterator[Any]:
    """Yield batches without end; None on a surface."""
    if not hasattr(problem, "train"):
        return itertools.repeat(None)
    check_size(size, len(problem.train))
    return endless_batches(problem.train, size, rng, order)


def _check(opt: Any, low: float, high: float) -> None:
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    if "lr" not in opt.specs():
        raise TypeError(f"opt = {opt!r} has no learning rate of its own")
    if opt.grid:
        raise TypeError(f"opt = {opt!r} is a grid of runs: give one setting")
    if not 0 < low < high < np.inf:
        raise ValueError(f"low = {low!r} and high = {high!r} are not allowed: they must be 0 < low < high")
