"""Compare what was seen with what should have been seen, and say where they part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .observe import Odd, Run, Seen

TOLERANCE = 1e-5
"""How far apart numbers may be, relative to the largest of their array: float32 passes, no known mistake does."""


@dataclass(frozen=True)
class Difference:
    """The first place at which a run parts from the right one.

    Args:
        case: the case's index.
        right: what should have been seen.
        got: what was seen; None if nothing was.
        agreed: names of the quantities that were still right at that step.
    """

    case: int
    right: Seen
    got: Seen | None
    agreed: tuple[str, ...] = ()


def close(a: object, b: object) -> bool:
    """Whether two seen values are the same, up to rounding.

    Examples:
        >>> close(np.array([1.0, 2.0]), np.array([1.0, 2.000001])), close(Odd("None"), Odd("None"))
        (True, True)
    """
    if not isinstance(a, np.ndarray) or not isinstance(b, np.ndarray):
        return type(a) is type(b) and a == b
    if a.shape != b.shape or not (np.isfinite(a) == np.isfinite(b)).all():
        return False
    finite = np.isfinite(b)
    scale = np.abs(b[finite]).max(initial=1e-300)
    return bool((np.abs(a[finite] - b[finite]) <= TOLERANCE * scale).all())


def agree(a: list[Run], b: list[Run]) -> bool:
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


def first_difference(runs: list[Run], right: list[Run]) -> Difference | None:
    """Return where the runs first part from the right ones, or None."""
    for number, expected in enumerate(right):
        seen = runs[number].seen if number < len(runs) else []
        for i, wanted in enumerate(expected.seen):
            got = seen[i] if i < len(seen) else None
            if got is None or got.name != wanted.name or not close(got.value, wanted.value):
                agreed = tuple(s.name for s in expected.seen[:i] if s.step == wanted.step)
                return Difference(number, wanted, got, agreed)
    return None


def told(difference: Difference, cases: int) -> list[str]:
    """Return a difference in words: where, what was expected, what came, how far off."""
    right, got = difference.right, difference.got
    step, name = right.step, right.name
    place = f"In case {difference.case + 1} of {cases}" if cases > 1 else ""
    if got is None:
        return [f"{place or 'Here'} {name} was not reached."]
    if isinstance(got.value, Odd):
        wanted = "text" if isinstance(right.value, str) else _kind(right.value)
        hint = " Is there a return at the end?" if got.value.words.startswith("None") else ""
        where = f" at step {step}" if step else ""
        words = (
            got.value.words
            if "instead of" in got.value.words
            else f"expected {wanted}, got {got.value.words}"
        )
        return [f"{got.name[:1].upper()}{got.name[1:]}{where}: {words}.{hint}"]
    if isinstance(right.value, str) or isinstance(got.value, str):
        return [_after(place, step, f"{name}: {got.value}; expected: {right.value}.")]
    assert isinstance(right.value, np.ndarray)
    if got.value.shape != right.value.shape:
        words = f"{name} should be {_kind(right.value)}, but it is {_kind(got.value)}."
        return [_after(place, step, words)]
    a, b = got.value, right.value
    if name == "path":  # one array that holds all steps: the first row that differs
        step = next(i for i in range(len(b)) if not close(a[i], b[i]))
        a, b, name = a[step], b[step], f"path[{step}]"
    lines = [_after(place, right.step, f"{name} is {_shown(a)}, expected {_shown(b)}{_how_far(a, b)}.")]
    if difference.agreed:
        lines.append(f"At that step {' and '.join(difference.agreed)} {'is' if len(difference.agreed) == 1 else 'are'} "
                     f"right: look at the lines after.")  # fmt: skip
    elif right.step > 1 or (name.startswith("path") and step > 1):
        lines.append("Everything before that step is right.")
    elif difference.case and step <= 1:
        lines.append("The case before was right, so look for a number that is fixed in your code, or for something "
                     "that it remembers from one run to the next, such as a global variable.")  # fmt: skip
    return lines


def _after(place: str, step: int, words: str) -> str:
    start = ", ".join(part for part in (place, f"step {step}" if step else "") if part)
    return f"{start[:1].upper()}{start[1:]}: {words}" if start else words


def _kind(value: object) -> str:
    if not isinstance(value, np.ndarray):
        return "text"
    return f"an array of shape {value.shape}" if value.ndim else "a single number"


def _shown(value: np.ndarray) -> str:
    if value.size > 6:
        first = ", ".join(f"{v:.5g}" for v in value.ravel()[:4])
        return f"[{first}, …]"
    return np.array2string(value, precision=5, separator=", ", suppress_small=False).replace("\n", "")


def _how_far(a: np.ndarray, b: np.ndarray) -> str:
    if not np.isfinite(a).all():
        return " (not finite: an overflow, a 0/0 or the root of a negative number)"
    gap, scale = np.abs(a - b).max(), np.abs(b).max()
    if scale == 0 or gap > 10 * scale:
        return f" (off by {gap:.3g})"
    percent = 100 * gap / scale
    return f" (off by {gap:.2g}, that is {percent:.0f} %)" if percent >= 10 else f" (off by {percent:.2g} %)"
