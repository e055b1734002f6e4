"""What of a run belongs into a picture: everything up to where it leaves for good, and nothing after that."""

from __future__ import annotations

from typing import Any

import numpy as np


def until_it_leaves(
    points: np.ndarray, low: Any, high: Any, sound: np.ndarray | None = None, gone: bool = False
) -> tuple[np.ndarray, int | None]:
    """Return the points of a run that a picture shows, and the step at which the run leaves it, or None.

    A run that leaves and does not come to rest inside ends on the edge, where the step crosses it. One that comes back
    is kept, without those of its points outside that no step connects with the inside.

    Args:
        points: of the run, in coordinates in which its steps are straight lines, ``(steps + 1, d)``.
        low: where the picture ends, ``(d,)``; −∞ where it is open.
        high: the same on the other side.
        sound: which points count as numbers at all, ``(steps + 1,)``; a run ends before the first that does not.
        gone: whether the run is known not to come back.

    Examples:
        >>> run = np.array([[0.0, 0.0], [0.5, 0.5], [1.5, 1.5], [0.5, 0.5], [np.inf, 0.0]])
        >>> until_it_leaves(run, (0, 0), (1, 1))
        (array([[0. , 0. ],
               [0.5, 0.5],
               [1. , 1. ]]), 2)
        >>> until_it_leaves(run[:4], (0, 0), (1, 1))[1]  # it came back
    """
    finite = np.isfinite(points).all(axis=1)
    if sound is not None:
        finite &= sound
    inside = finite & (points >= low).all(axis=1) & (points <= high).all(axis=1)
    if inside.all():
        return points, None
    if inside[-1] and finite.all() and not gone:
        near = inside.copy()
        near[1:] |= inside[:-1]
        near[:-1] |= inside[1:]
        return np.where(near[:, None], points, np.nan), None
    first = int(inside.argmin())
    if first == 0:
        return points[:1], 0
    edge = _crossing(points[first - 1], points[first], np.asarray(low), np.asarray(high))
    return np.vstack([points[:first], edge]), first


def _crossing(inside: np.ndarray, outside: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return where the step from one point to another crosses the edge."""
    with np.errstate(all="ignore"):
        way = np.nan_to_num(outside - inside, posinf=1e300, neginf=-1e300)
        parts = np.where(way > 0, (high - inside) / way, np.where(way < 0, (low - inside) / way, 1.0))
        end = inside + np.clip(np.nan_to_num(parts, nan=1.0).min(), 0, 1) * way
    return np.asarray(np.clip(end, low, high))
