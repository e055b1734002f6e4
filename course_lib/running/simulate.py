"""`simulate`: run an optimizer, or a whole grid of settings, on a surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from ..arguments import whole
from ..optimizers import Optimizer, State
from ..surfaces import Surface, surface

Schedule = Callable[[int], float]
"""A multiplier in [0, 1] of the learning rate, as a function of the step t = 1, 2, 3, …"""

DIVERGED = 1e12
"""A run counts as diverged from the first step at which a coordinate is this many times its start scale."""


class Problem(Protocol):
    """Anything that can be minimised: a `Surface` is the smallest, a model with its data the usual one."""

    def init(self, rng: np.random.Generator) -> Any:
        """Return initial parameters."""

    def loss(self, params: Any, batch: Any = None) -> Any:
        """Return the loss on a batch (None: on everything)."""

    def grad(self, params: Any, batch: Any = None) -> Any:
        """Return the gradient on a batch (None: on everything)."""


@dataclass(frozen=True, eq=False)
class Path:
    """What `simulate` returns: one run, or a grid of runs, on a surface.

    Args:
        points: where the run was, ``(steps + 1, 2, *grid)``; ``points[0]`` is the start.
        surface: what was minimised.
        history: with ``record=True`` the arrays the optimizer remembered, ``(steps + 1, *shape)`` by name.
    """

    points: np.ndarray
    surface: Surface
    history: dict[str, np.ndarray] = field(default_factory=dict)

    @cached_property
    def losses(self) -> np.ndarray:
        """The loss at every point, ``(steps + 1, *grid)``."""
        with np.errstate(all="ignore"):
            return np.asarray(self.surface.loss(np.moveaxis(self.points, 1, 0)))

    @cached_property
    def diverged_at(self) -> Any:
        """The step at which the run left for infinity: a number or None; for a grid integers, −1 where it did not."""
        size = np.maximum(*np.moveaxis(np.abs(self.points), 1, 0))
        return _first(~(size <= DIVERGED * np.maximum(1, size[0])))  # NaN compares false

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.points) - 1

    @property
    def final_loss(self) -> Any:
        """The loss after the last step; infinite where the run diverged."""
        last = np.where(self.diverged, np.inf, self.losses[-1])
        return last if last.ndim else float(last)

    @property
    def diverged(self) -> Any:
        """Whether the run left for infinity; for a grid a mask."""
        at = self.diverged_at
        return at >= 0 if isinstance(at, np.ndarray) else at is not None

    def steps_to(self, loss: float) -> Any:
        """The step from which on the loss stays ≤ ``loss``; None (for a grid −1) where it is higher in the end.

        A run that only passes through such losses has not reached them.
        """
        return settled(self.losses, loss)


def simulate(
    opt: Optimizer,
    surface_or_name: Surface | str,
    steps: int = 200,
    start: Any = None,
    schedule: Schedule | None = None,
    noise: float | np.ndarray = 0.0,
    project: Callable[[np.ndarray], np.ndarray] | None = None,
    seed: int = 0,
    record: bool = False,
    dtype: Any = None,
) -> Path:
    """Run an optimizer on a surface and return its path.

    A grid of settings (hyperparameters that are arrays) or of starts (``start`` of shape ``(2, *grid)``) is run at once
    and gives the same numbers as each run alone.

    Args:
        opt: the optimizer.
        surface_or_name: a `Surface` or the name of one.
        steps: how many steps, ≥ 0.
        start: the first point, ``(2,)`` or ``(2, *grid)``; by default the surface's own.
        schedule: multiplier of the learning rate by step; by default 1.
        noise: standard deviation of Gaussian noise added to each coordinate of each gradient, ≥ 0, or one for each run
            of a grid; the random numbers are the same for all of them.
        project: applied to the point after every step, to keep it inside a set.
        seed: of the noise.
        record: whether to keep what the optimizer remembered at every step.
        dtype: number type of the run; by default that of ``start`` (float64 for anything but floats).

    Raises:
        ValueError: for an unknown surface, a start of a wrong shape, negative steps or noise.
        TypeError: for steps that are not a whole number, or an optimizer that is none.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> path = simulate(GradientDescent(lr=0.5), "saddle", steps=2, start=(1, 0.25))
        >>> path.points.tolist()
        [[1.0, 0.25], [0.0, 0.5], [0.0, 1.0]]
        >>> simulate(GradientDescent(lr=3.0), "quadratic").diverged_at  # lr > 2/L
        42
    """
    target = surface(surface_or_name)
    _check_run(opt, steps, noise)
    x: Any = _start(opt, target, start, dtype)
    grid = x.ndim - 1
    problem: Any = target
    if np.any(noise):
        problem = Noisy(target, noise, np.random.default_rng(seed), grid)

    points = np.empty((steps + 1, *x.shape), x.dtype)
    points[0] = x
    state = opt.init(x, grid)
    states = [state]
    now = opt
    plain = type(opt).rule_output is Optimizer.rule_output and type(opt).output is Optimizer.output
    extras = schedule is not None or project is not None or record or not plain
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            if schedule is not None:
                now = opt.at(schedule(t))
            x, state = now.step(x, state, problem)
            if extras:
                if project is not None:
                    x = project(x)
                if record:
                    states.append(state)
            points[t] = x if plain else now.output(x, state)
    return Path(points, target, _history(states) if record else {})


def _check_run(opt: Any, steps: Any, noise: Any) -> None:
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    whole("steps", steps, 0)
    if not np.all((np.asarray(noise) >= 0) & (np.asarray(noise) < np.inf)):
        raise ValueError(f"noise = {noise!r} is not allowed: it must be in [0, inf)")


def _start(opt: Optimizer, target: Surface, start: Any, dtype: Any) -> np.ndarray:
    """Return the first point, broadcast over the grid of settings and of starts."""
    x = np.asarray(target.start if start is None else start)
    x = x.astype(dtype or (x.dtype if x.dtype.kind == "f" else float))
    if x.ndim == 0 or x.shape[0] != 2:
        raise ValueError(f"start has shape {x.shape}, but it must be (2,) or (2, *grid)")
    if not np.isfinite(x).all():
        raise ValueError(f"start = {np.array2string(x, threshold=6)} is not allowed: it must be finite")
    try:
        grid = np.broadcast_shapes(x.shape[1:], opt.grid)
    except ValueError:
        raise ValueError(
            f"start has the grid {x.shape[1:]}, which does not fit the optimizer's {opt.grid}"
        ) from None
    x = x.reshape(2, *(1,) * (len(grid) + 1 - x.ndim), *x.shape[1:])
    return np.broadcast_to(x, (2, *grid)).copy()


class Noisy:
    """A surface whose gradient carries Gaussian noise."""

    def __init__(
        self, target: Surface, noise: float | np.ndarray, rng: np.random.Generator, grid: int
    ) -> None:
        self.target, self.noise, self.rng, self.grid = target, noise, rng, grid

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

    def grad(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the gradient with its noise."""
        shape = (2, *(1,) * self.grid)
        return self.target.grad(p) + (self.noise * self.rng.standard_normal(shape)).astype(p.dtype)


def _first(condition: np.ndarray) -> Any:
    """Return the first index along axis 0 at which a condition holds, or −1; for one run an int or None."""
    index = np.where(condition.any(axis=0), condition.argmax(axis=0), -1)
    if index.ndim:
        return index
    return int(index) if index >= 0 else None


def settled(losses: np.ndarray, level: float) -> Any:
    """Return the first index along axis 0 from which on all losses are ≤ a level; None (for a grid −1) where none is.

    Examples:
        >>> settled(np.array([3.0, 1.0, 2.0, 1.0, 0.5]), 1.0)
        3
    """
    after = np.logical_and.accumulate((losses <= level)[::-1])[::-1]  # NaN compares false
    return _first(after)


def _history(states: list[State]) -> dict[str, np.ndarray]:
    return {name: np.array([s.arrays[name] for s in states]) for name in states[0].arrays}
