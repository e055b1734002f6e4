"""Differences between methods, pair by pair: judged once, together, after correction for how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..running import Table
from .paired import PairedTest
from .statistics import holm

ALPHA = 0.05
"""A difference counts if its corrected p-value is at most this."""


@dataclass(frozen=True, eq=False)
class Difference:
    """One method against another.

    Args:
        method: the one that a verdict is about.
        other: the one that it is held against.
        metric: what was measured; more is better of an accuracy, less of anything else.
        values: method − other, ``(pairs,)``.
        test: the test that suits the pairs.
    """

    method: str
    other: str
    metric: str
    values: np.ndarray
    test: PairedTest


def judged(differences: Sequence[Difference]) -> Table:
    """Return one row for each difference, with a verdict that holds for all of them together.

    Columns: ``method``, ``other``; the mean ``difference`` in the metric's own unit, with the ``low`` and ``high`` end
    of its 95 % interval, which are the mean differences that the test does not reject; ``p``; ``p_holm``, corrected
    by Holm for the number of rows, with the interval ``low_holm`` … ``high_holm`` at the level at which Holm tested
    the row; ``least_p``, the smallest p_holm that so many pairs could have given; ``detectable``, the true difference
    that is found with 80 % chance by this test, with so many pairs spread as these are, and so many rows (in Holm's
    first step, the hardest; ∞ if nothing can be found); and the ``verdict`` on the method, "better" or "worse" if
    p_holm ≤ 0.05, otherwise "not distinguishable". That is not "equal": a true difference smaller than ``detectable``
    is easily missed.

    ``low`` … ``high`` leaves 0 out exactly if p ≤ 0.05, ``low_holm`` … ``high_holm`` exactly if the verdict is
    "better" or "worse".

    Examples:
        >>> from course_lib.comparing.paired import SignFlip
        >>> one = Difference("Adam", "SGD", "test_loss", -np.arange(1.0, 7.0), SignFlip())
        >>> judged([one]).only("difference", "low", "high", "p", "verdict").rows
        [{'difference': -3.5, 'low': -6.0, 'high': -1.0, 'p': 0.03125, 'verdict': 'better'}]
        >>> judged([one, one])["verdict"].tolist()  # two looks: 2 · 0.03125 is above 0.05
        ['not distinguishable', 'not distinguishable']
    """
    p = np.array([each.test.p(each.values) for each in differences])
    many, corrected = len(p), holm(p)
    found = corrected <= ALPHA
    steps = np.where(found, np.argsort(np.argsort(p, kind="stable")), found.sum())
    lines = []
    for each, single, step, p_holm in zip(differences, p, steps, corrected, strict=True):
        line: dict[str, Any] = {"method": each.method, "other": each.other, "difference": _mean(each.values)}
        line["low"], line["high"] = each.test.interval(each.values, 1 - ALPHA)
        line |= {"p": float(single), "p_holm": float(p_holm)}
        line["low_holm"], line["high_holm"] = each.test.interval(each.values, 1 - ALPHA / (many - step))
        line["least_p"] = min(1.0, many * each.test.least_p(len(each.values)))
        line["detectable"] = each.test.detectable(each.values, ALPHA / many)
        side = 1 if each.metric.endswith("accuracy") else -1
        better = "better" if side * line["difference"] > 0 else "worse"
        lines.append(line | {"verdict": better if p_holm <= ALPHA else "not distinguishable"})
    return Table.of_rows(lines)


def _mean(values: np.ndarray) -> float:
    """Return the mean; infinite differences of both signs make none."""
    with np.errstate(invalid="ignore"):
        return float(values.mean())
