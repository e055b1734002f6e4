"""Basins of attraction: from where on a surface an optimizer ends in which minimum."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..arguments import whole
from ..optimizers import REGISTRY, GradientDescent, LineSearch, Newton, Optimizer
from ..surfaces import Surface, surface
from .simulate import DIVERGED, simulate

SADDLE, MAXIMUM, ELSEWHERE, GONE = -1, -2, -3, -4
"""Where a run can be at the end, if not at a minimum: at a saddle, at a maximum, at none of these, diverged."""

_NEAR, _APART = 0.02, 0.4
"""How near is at a point: a part of the picture's shorter side, and of the smallest distance of two such points."""


@dataclass(frozen=True, eq=False)
class Basins:
    """What `basins` returns: for every start of a mesh where its run is at the end, and since when.

    Args:
        surface: what was minimised.
        steps: how many steps each run took.
        minima: the known minima, ``(k, 2)``, the global ones first.
        ends: for every start the number of the minimum, or `SADDLE`, `MAXIMUM`, `ELSEWHERE` or `GONE`; ``(n, n)``, the
            first row is the lowest.
        since: the step from which on the run has stayed there; ``steps`` for those that are nowhere.
    """

    surface: Surface
    steps: int
    minima: np.ndarray
    ends: np.ndarray
    since: np.ndarray

    def share(self, end: int) -> float:
        """Return the part of the starts that end there: the number of a minimum, or one of the constants."""
        return float(np.mean(self.ends == end))

    def __repr__(self) -> str:
        at_minima = f"{np.mean(self.ends >= 0):.1%} at a minimum after {self.steps} steps"
        return f"Basins({self.surface.title}, {self.ends.size} starts, {at_minima})"


def basins(opt: Optimizer, surface_or_name: Surface | str, steps: int = 100, n: int = 96) -> Basins:
    """Run an optimizer from every point of a mesh over a surface, and say where each run ends.

    A run has arrived at a critical point if it stays, for the last tenth of its steps at least, within a small circle
    around it: 2 % of the picture's shorter side, or less where such points stand close together. The runs have single
    precision.

    Args:
        opt: the optimizer, with numbers for its hyperparameters.
        surface_or_name: a `Surface` with known minima, or the name of one.
        steps: how many steps each run takes, ≥ 1.
        n: starts along each side, ≥ 2; they are the middles of n × n cells.

    Raises:
        TypeError: for an optimizer that is none, or numbers that are not whole.
        ValueError: for a surface without known minima, an optimizer that takes no grid of runs or has one of
            settings, or numbers out of range.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> found = basins(GradientDescent(lr=0.1), "double_well", steps=200, n=20)
        >>> found.minima[found.ends[0, 0]], found.minima[found.ends[-1, 0]]  # lower left, upper left
        (array([ 0., -1.]), array([0., 1.]))
        >>> found.share(0), found.share(SADDLE)
        (0.5, 0.0)
    """
    ground = surface(surface_or_name)
    return settled_in(everywhere(opt, ground, steps, n), ground)


def known_minima(ground: Surface) -> np.ndarray:
    """Return all minima that a surface lists, the global ones first, as ``(k, 2)``.

    Raises:
        ValueError: if it lists none.
    """
    found = np.concatenate([ground.minima, ground.local_minima])
    if not len(found):
        raise ValueError(
            f"surface {ground.name!r} lists no minimum in which a run could end: give one with minima, such as "
            f"'himmelblau', or your own Surface(…, minima=[[x, y], …])"
        )
    return found


def mesh_of_starts(ground: Surface, n: int) -> np.ndarray:
    """Return the middles of n × n cells that fill a surface's domain, ``(2, n, n)`` in single precision.

    Examples:
        >>> from course_lib.surfaces import quadratic
        >>> mesh_of_starts(quadratic(), 2)[0]
        array([[-2.,  2.],
               [-2.,  2.]], dtype=float32)
    """
    whole("n", n, 2)
    sides = [low + (high - low) * (np.arange(n) + 0.5) / n for low, high in ground.domain]
    return np.stack(np.meshgrid(*sides)).astype(np.float32)


def everywhere(opt: Optimizer, ground: Surface, steps: int, n: int) -> np.ndarray:
    """Return the runs of an optimizer from all points of a mesh, ``(steps + 1, 2, n, n)``.

    A rule that forgets repeats itself once a run is where it was one or two steps before. Such a run is not computed
    any further, so Newton's costs a few steps in place of a hundred. The points are the same.

    Raises:
        TypeError: for an optimizer that is none.
        ValueError: for one that takes no grid of runs, has a grid of settings, or mixes its runs.
    """
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    name = type(opt).__name__
    if not opt.takes_grid:
        raise ValueError(
            f"opt = {name} takes no grid of runs, so it cannot start everywhere at once: use simulate"
        )
    if opt.grid:
        raise ValueError(
            f"opt = {name} has a grid of settings, {opt.grid}: give one number for each hyperparameter"
        )
    whole("steps", steps, 1)
    starts = mesh_of_starts(ground, n)
    if _forgets(opt):
        return _without_memory(opt, ground, steps, starts.reshape(2, -1)).reshape(steps + 1, 2, n, n)
    points = simulate(opt, ground, steps, starts).points
    if type(opt).__name__ not in REGISTRY:
        _check_apart(opt, ground, points)
    return points


def _forgets(opt: Optimizer) -> bool:
    """Return whether a rule is dear, and knows nothing but where it is: not what was before, nor which step this is."""
    return type(opt) is Newton or (
        isinstance(opt, LineSearch) and type(opt.inner) in (GradientDescent, Newton)
    )


def _without_memory(opt: Optimizer, ground: Surface, steps: int, starts: np.ndarray) -> np.ndarray:
    """Return the runs ``(steps + 1, 2, runs)`` of a rule that forgets, each computed until it repeats itself."""
    points = np.empty((steps + 1, *starts.shape), starts.dtype)
    points[0] = starts
    state, moving = opt.init(starts, 1), np.arange(starts.shape[1])
    x: Any
    new: Any
    before, x = np.full_like(starts, np.nan), starts
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            new, state = opt.step(x, state, ground)
            points[t][:, moving] = new
            gone = ~np.isfinite(new).all(axis=0)
            again = (new == x).all(axis=0) | (new == before).all(axis=0)
            done = gone | again
            if done.any():
                still = moving[again]
                points[t + 1 :: 2, :, still] = x[:, again]
                points[t + 2 :: 2, :, still] = new[:, again]
                points[t:, :, moving[gone]] = np.nan
                moving, x, new = moving[~done], x[:, ~done], new[:, ~done]
            before, x = x, new
            if not len(moving):
                break
    return points


def _check_apart(opt: Optimizer, ground: Surface, points: np.ndarray) -> None:
    """Raise if a rule of somebody's own takes another first step in a grid of runs than alone."""
    for start, among in ((points[0, :, i, i], points[1, :, i, i]) for i in (0, points.shape[2] // 3)):
        alone = simulate(opt, ground, 1, start).points[1]
        if not np.allclose(alone, among, rtol=1e-3, atol=1e-6, equal_nan=True):
            raise ValueError(
                f"opt = {type(opt).__name__} mixes the runs of a grid: from {start.round(3).tolist()} it steps to "
                f"{among.round(3).tolist()} among others, but to {alone.round(3).tolist()} alone. Norms and sums must "
                f"go over axis 0 only"
            )


def settled_in(points: np.ndarray, ground: Surface) -> Basins:
    """Return where runs ``(steps + 1, 2, n, n)`` on a surface have settled.

    Raises:
        ValueError: for a surface without known minima.
    """
    minima = known_minima(ground)
    places, kinds, radius = _critical(ground)
    steps, shape = len(points) - 1, points.shape[2:]
    flat = points.reshape(steps + 1, 2, -1)
    with np.errstate(all="ignore"):
        nearest = ((places**2).sum(axis=1) - 2 * flat[-1].T @ places.T).argmin(axis=1)
        since = _entered(flat, places[nearest].T, radius)
        size = np.maximum(*np.abs(flat).swapaxes(0, 1))
        gone = ~(size.max(axis=0) <= DIVERGED * np.maximum(1, size[0]))  # NaN compares false
    ends = np.where(since <= steps - steps // 10, kinds[nearest], ELSEWHERE)
    ends[gone] = GONE
    since = np.where(ends <= ELSEWHERE, steps, since)
    return Basins(ground, steps, minima, ends.reshape(shape), since.reshape(shape))


@lru_cache(maxsize=32)
def _critical(ground: Surface) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the known critical points, ``(k, 2)``, what ends there is called, and how near is there."""
    minima = known_minima(ground)
    places = np.concatenate([minima, ground.saddles, ground.maxima])
    others = np.repeat([SADDLE, MAXIMUM], [len(ground.saddles), len(ground.maxima)])
    apart = np.hypot(*(places[:, None] - places).T)[~np.eye(len(places), dtype=bool)]
    radius = min(_NEAR * np.ptp(ground.domain, axis=1).min(), _APART * apart.min(initial=np.inf))
    return places.astype(np.float32), np.concatenate([np.arange(len(minima)), others]), float(radius)


def _entered(flat: np.ndarray, centres: np.ndarray, radius: float) -> np.ndarray:
    """Return the step from which on each run is within a radius of its centre; one more than there are if it is not."""
    outside = ~((flat[:, 0] - centres[0]) ** 2 + (flat[:, 1] - centres[1]) ** 2 <= radius**2)
    return np.where(outside.any(axis=0), len(flat) - outside[::-1].argmax(axis=0), 0)
