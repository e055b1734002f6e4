"""How a run stands: in the same few words in every figure, and from its losses alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...landscape import lowest
from ...running import Path
from ...running.simulate import settled

STEADY, NOISY = 1 + 1e-9, 4.0
"""How much higher than before a run must come to count as growing: without noise, and with it."""

FAR = 1e3
"""So many times its first height, a run has grown, whatever it does there."""


@dataclass(frozen=True)
class Outcome:
    """How a run stands at a step.

    Args:
        words: "arrived" if it has been within the tolerance of the minimum from some step on; "passed" if it was
            there and no longer is; "diverged at step k"; "growing" if it has lately been higher than ever
            before, or is a thousand times as high as at first; otherwise "not there yet", or "falling" where
            there is no minimum.
        state: "good", "bad" or "".
        arrived: the step from which on it has been there, or None.
        gone: whether it has diverged.
    """

    words: str
    state: str = ""
    arrived: int | None = None
    gone: bool = False


def outcome(path: Path, tolerance: float, step: int | None = None, noisy: bool = False) -> Outcome:
    """Return how a run stands.

    Args:
        path: the run.
        tolerance: the loss above the minimum at which it is there.
        step: the last step that is looked at; by default all are.
        noisy: whether its gradients carry noise, so that it goes up and down by chance.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.running import simulate
        >>> run = simulate(GradientDescent(lr=1.0), "quadratic", steps=200)
        >>> outcome(run, 1e-6).words, outcome(run, 1e-6, step=20).words
        ('arrived', 'not there yet')
        >>> outcome(simulate(GradientDescent(lr=2.17), "quadratic", steps=100), 1e-6).words
        'growing'
    """
    end = path.steps if step is None else min(step, path.steps)
    if path.diverged_at is not None and path.diverged_at <= end:
        return Outcome(f"diverged at step {path.diverged_at}", "bad", gone=True)
    heights, bounded = above(path)[: end + 1], lowest(path.surface) is not None
    if bounded and (heights <= tolerance).any():
        arrived = settled(heights, tolerance)
        return Outcome("passed") if arrived is None else Outcome("arrived", "good", arrived)
    half = len(heights) // 2
    before, lately = heights[: max(half, 1)].max(), heights[max(half, 1) :].max(initial=-np.inf)
    far = not noisy and not heights[-1] <= FAR * max(abs(heights[0]), tolerance)
    if far or not lately <= before + (NOISY if noisy else STEADY) * abs(before) - abs(before):
        return Outcome("growing", "bad")
    return Outcome("not there yet" if bounded else "falling")


def above(path: Path) -> np.ndarray:
    """Return the losses of a run above the surface's minimum (as they are, where it has none)."""
    return path.losses - (lowest(path.surface) or 0.0)
