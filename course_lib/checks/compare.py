"""Compare what was seen with what should have been seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .observe import Run, Seen

TOLERANCE = 1e-5
"""How far apart numbers may be, relative to the largest of their array: float32 passes, no known mistake does."""

NOTHING = 1e-14
"""As good as zero."""


@dataclass(frozen=True)
class Difference:
    """The first place at which a run parts from the right one.

    Args:
        case: the case's index.
        right: what should have been seen.
        got: what was seen; None if nothing was.
        agreed: names of the quantities that were still right at that step.
        later: whether steps before that one were right.
    """

    case: int
    right: Seen
    got: Seen | None
    agreed: tuple[str, ...] = ()
    later: bool = False


def close(a: object, b: object) -> bool:
    """Whether two seen values are the same, up to rounding.

    Examples:
        >>> close(np.array([1.0, 2.0]), np.array([1.0, 2.000001])), close("a", "a")
        (True, True)
        >>> close(np.array([np.nan]), np.array([np.inf]))
        False
    """
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return type(a) is type(b) and a == b
    if a.shape != b.shape or not (np.isfinite(a) == np.isfinite(b)).all():
        return False
    finite = np.isfinite(b)
    if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
        return False
    scale = np.abs(b[finite]).max(initial=0)
    return bool((np.abs(a[finite] - b[finite]) <= TOLERANCE * scale + NOTHING).all())


def agree(a: Sequence[Run], b: Sequence[Run]) -> bool:
    """Whether two functions behaved alike in every case, their errors included."""
    return len(a) == len(b) and all(_alike(one, other) for one, other in zip(a, b, strict=True))


def _alike(a: Run, b: Run) -> bool:
    if (a.trouble is None) != (b.trouble is None) or len(a.seen) != len(b.seen):
        return False
    if a.trouble and b.trouble and (a.trouble.kind, a.trouble.error) != (b.trouble.kind, b.trouble.error):
        return False
    return all(
        (x.step, x.name) == (y.step, y.name) and close(x.value, y.value)
        for x, y in zip(a.seen, b.seen, strict=True)
    )


def as_far_as_seen(a: Run, b: Run) -> bool:
    """Whether two runs show the same values, up to rounding, whatever the numbers of their steps."""
    return len(a.seen) == len(b.seen) and all(
        close(x.value, y.value) for x, y in zip(a.seen, b.seen, strict=True)
    )


def same(a: Run, b: Run) -> bool:
    """Whether two runs show exactly the same, to the last bit."""
    return len(a.seen) == len(b.seen) and all(
        isinstance(x.value, np.ndarray)
        and isinstance(y.value, np.ndarray)
        and np.array_equal(x.value, y.value, equal_nan=True)
        for x, y in zip(a.seen, b.seen, strict=True)
    )


def telling(runs: Sequence[Run], right: Sequence[Run]) -> bool:
    """Whether what was seen says something: an error, another kind of value, or a finite number that is wrong.

    All NaN is like all other NaN, whatever made it; so NaN alone tells nothing.
    """
    for run, expected in zip(runs, right, strict=False):
        if run.trouble or len(run.seen) != len(expected.seen):
            return True
        for x, y in zip(run.seen, expected.seen, strict=True):
            if not isinstance(x.value, np.ndarray) or not isinstance(y.value, np.ndarray):
                if not close(x.value, y.value):
                    return True
            elif x.value.shape != y.value.shape:
                return True
            else:
                both = np.isfinite(x.value) & np.isfinite(y.value)
                if not close(x.value[both], y.value[both]):
                    return True
    return False


def first_difference(runs: Sequence[Run], right: Sequence[Run]) -> Difference | None:
    """Return where the runs first part from the right ones, or None."""
    for number, expected in enumerate(right):
        seen = runs[number].seen if number < len(runs) else []
        for i, wanted in enumerate(expected.seen):
            got = seen[i] if i < len(seen) else None
            if got is None or got.name != wanted.name or not close(got.value, wanted.value):
                agreed = tuple(s.name for s in expected.seen[:i] if s.step == wanted.step)
                return Difference(number, wanted, got, agreed, i > len(agreed))
    return None


def right_throughout(name: str, runs: Sequence[Run], right: Sequence[Run]) -> bool:
    """Whether one quantity was right at every step of every case."""
    return len(runs) == len(right) and all(
        [s.step for s in run.seen if s.name == name] == [s.step for s in expected.seen if s.name == name]
        and all(
            close(a.value, b.value)
            for a, b in zip(_of(name, run), _of(name, expected), strict=True)
        )
        for run, expected in zip(runs, right, strict=True)
    )  # fmt: skip


def _of(name: str, run: Run) -> list[Seen]:
    return [s for s in run.seen if s.name == name]
