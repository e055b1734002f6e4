"""Say where a function goes wrong: the case with its input, the step, what came and what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .cases import Case, inputs
from .compare import Difference, close
from .values import Odd


def told(difference: Difference, cases: Sequence[Case], hyper: Sequence[str] = ()) -> list[str]:
    """Return a difference in words.

    Args:
        difference: the first one.
        cases: all cases of the task.
        hyper: the names of the hyperparameters of an update rule.
    """
    right, got, case = difference.right, difference.got, cases[difference.case]
    place = where(difference.case, cases, hyper, right.step)
    lines = [f"This case: {case['about']}."] if "about" in case else []
    step, name = right.step, right.name
    if got is None:
        return [f"{place}: {name} was not reached.", *lines]
    if isinstance(got.value, Odd):
        wanted = got.value.wanted or ("text" if isinstance(right.value, str) else kind_of(right.value))
        hint = " Is there a return at the end?" if got.value.words == "None" else ""
        return [f"{place}: {got.name}: expected {wanted}, got {got.value.words}.{hint}"]
    if isinstance(right.value, str) or isinstance(got.value, str):
        return [f"{place}: {name}: {got.value}; expected: {right.value}."]
    assert isinstance(right.value, np.ndarray)
    if got.value.shape != right.value.shape:
        return [
            f"{place}: {name} should be {kind_of(right.value)}, but it is {kind_of(got.value)}.",
            *lines,
        ]
    a, b = got.value, right.value
    if name == "path":  # one array that holds all steps: the first row that differs
        step = next(i for i in range(len(b)) if not close(a[i], b[i]))
        a, b, name = a[step], b[step], f"path[{step}]"
    lines = [f"{place}: {name} is {shown(a)}, expected {shown(b)}{_how_far(a, b)}.", *lines]
    if difference.agreed:
        count = len(difference.agreed)
        verb = "is" if count == 1 else "are"
        at = "At that step " if right.step else ""
        agreed = " and ".join(difference.agreed) if count <= 3 else f"{count} other things"
        lines.append(f"{at}{agreed} {verb} right: look at {'the lines after' if at else name}.")
    elif difference.later or (name.startswith("path") and step > 1):
        lines.append("Everything before that step is right.")
    return lines


def where(number: int, cases: Sequence[Case], hyper: Sequence[str] = (), step: int = 0) -> str:
    """Return which case it is, what was handed over there, and at which step.

    Examples:
        >>> where(1, [{}, {"condition": 10.0, "shrink": 0.001}])
        'In case 2 of 2, with condition = 10, shrink = 0.001'
    """
    case = inputs(cases[number])
    parts = [f"In case {number + 1} of {len(cases)}" if len(cases) > 1 else "Here"]
    given = []
    for name, value in case.items():
        if name == "hyper":
            given += [f"{part} = {v:.6g}" for part, v in zip(hyper, value, strict=False)]
        elif name not in ("gradients", "t") and not ("hyper" in case and name in ("x", "steps")):
            given += [f"{name} = {shown(value)}"] if _short(value) else []
    if given:
        parts.append("with " + ", ".join(given))
    if step:
        parts.append(f"at step {step}")
        given_step = step - case.get("t", 1)
        if "gradients" in case and 0 <= given_step < len(case["gradients"]):
            g = np.asarray(case["gradients"][given_step])
            parts.append(f"where g = {shown(g)}" if _short(g) else "")
    return ", ".join(part for part in parts if part)


def kind_of(value: object) -> str:
    """Return what kind of value was asked for."""
    if not isinstance(value, np.ndarray):
        return "text"
    return f"an array of shape {value.shape}" if value.ndim else "a single number"


def shown(value: Any) -> str:
    """Return numbers with five digits, shortened if there are many.

    Examples:
        >>> shown(35.0), shown(np.array([0.5, 2.0])), shown(np.arange(9.0))
        ('35', '[0.5, 2]', '[0, 1, 2, 3, …]')
    """
    value = np.asarray(value, float)
    if value.ndim == 0:
        return f"{value:.6g}"
    if value.size > 6 and not (value.ndim == 2 and value.size <= 9):
        return f"[{', '.join(f'{v:.5g}' for v in value.ravel()[:4])}, …]"
    return f"[{', '.join(shown(part) if value.ndim > 1 else f'{part:.5g}' for part in value)}]"


def _short(value: Any) -> bool:
    if isinstance(value, (int, float)):
        return True
    return isinstance(value, np.ndarray) and value.size <= 9


def _how_far(a: np.ndarray, b: np.ndarray) -> str:
    if not np.isfinite(a).all():
        why = " (not finite: an overflow, a division by 0 or the root of a negative number)"
        if np.isfinite(b).all():
            return why
        only_here = (np.isnan(a) & ~np.isnan(b)).any()
        return " (NaN comes of 0/0, inf − inf or the root of a negative number)" if only_here else ""
    if not np.isfinite(b).all():
        return ""
    gap, scale = np.abs(a - b).max(), np.abs(b).max()
    if scale == 0 or gap > 10 * scale:
        return f" (off by {gap:.3g})"
    percent = 100 * gap / scale
    return f" (off by {gap:.2g}, that is {percent:.0f} %)" if percent >= 10 else f" (off by {percent:.2g} %)"
