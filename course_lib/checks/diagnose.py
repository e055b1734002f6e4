"""Which mistake is it? From what a function showed to the name of its mistake, or to silence.

A name is said only on evidence: the function behaves as a known mistake does, in every case that tells, and at least
one finite number of it is wrong. What cannot be told apart is named together. Where a function has two mistakes, the
first of them may be named, if what is calculated first is wrong in just that way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import compare
from .cases import Plan
from .observe import Run
from .tasks import Mistake

Bank = Sequence[tuple[Mistake, Mapping[int, Run]]]
"""Known mistakes, and what they show in the cases that tell, by the case's place in the plan."""


@dataclass(frozen=True)
class Diagnosis:
    """What is said about a wrong function: a name for the record, a few lines, what to read again."""

    name: str
    lines: list[str]
    reread: str = ""


def diagnose(runs: list[Run], right: list[Run], bank: Bank, plan: Plan) -> Diagnosis | None:
    """Return what is known about a wrong function.

    Args:
        runs: what it showed; fewer than there are cases if it did not come to its end.
        right: what should have been seen.
        bank: the known mistakes.
        plan: the cases.
    """
    places = [i for i in plan.telling if i < len(runs)]
    mine, wanted = [runs[i] for i in places], [right[i] for i in places]
    if _constant(mine) and not _constant(wanted):
        words = (
            "It returns the same, whatever it is given. Is a number typed in where a formula is asked for?"
        )
        return Diagnosis("the same answer for every input", [words])
    if compare.telling(mine, wanted):
        found = [m for m, shown in bank if compare.agree(mine, [shown[i] for i in places if i in shown])]
        if found:
            return _spoken(found)
    return _first_of_all(runs, right, bank, plan) or _without_effect(runs, right, plan)


def _spoken(found: list[Mistake]) -> Diagnosis:
    if len(found) == 1:
        mistake = found[0]
        return Diagnosis(mistake.name, [f"This looks like: {mistake.name}. {mistake.why}"], mistake.reread)
    lines = [f"This looks like one of {len(found)} mistakes, which no number can tell apart:"]
    for i, mistake in enumerate(found):
        lines.append(f"{'or' if i else 'either'} {mistake.name}. {mistake.why}")
    return Diagnosis(" – or: ".join(mistake.name for mistake in found), lines, found[0].reread)


def _constant(runs: Sequence[Run]) -> bool:
    """Whether numbers were returned, and every time the same."""
    return len(runs) > 1 and all(
        not run.trouble and compare.same(runs[0], run) and any(_finite(run, s.name) for s in run.seen)
        for run in runs
    )


def _finite(run: Run, name: str) -> bool:
    return any(
        isinstance(s.value, np.ndarray) and np.isfinite(s.value).any() for s in run.seen if s.name == name
    )


def _without_effect(runs: list[Run], right: list[Run], plan: Plan) -> Diagnosis | None:
    """Name the arguments whose change changes nothing, though it should."""
    idle = [
        twin.argument
        for twin in plan.twins
        if max(twin.at, twin.base) < len(runs)
        and not (runs[twin.at].trouble or runs[twin.base].trouble)
        and compare.same(runs[twin.at], runs[twin.base])
        and not compare.as_far_as_seen(right[twin.at], right[twin.base])
        and compare.telling([runs[twin.at]], [right[twin.at]])
    ]
    if not idle:
        return None
    words, one = " and ".join(filter(None, (", ".join(idle[:-1]), idle[-1]))), len(idle) == 1
    return Diagnosis(
        f"{words} without effect",
        [f"{words} {'has' if one else 'have'} no effect: when {'it alone changes' if one else 'one of them changes'}, "
         f"nothing changes in what you return. Does something fixed stand where {words} belong{'s' if one else ''}?"],
    )  # fmt: skip


def _first_of_all(runs: list[Run], right: list[Run], bank: Bank, plan: Plan) -> Diagnosis | None:
    """Name the mistake in what is calculated first, where more is wrong after it."""
    # where the gradient is asked for at x, whatever comes first depends on what came last
    places = [i for i in plan.telling if i < len(runs) and "grad" not in plan.cases[i]]
    if not places or not right[places[0]].seen or any(runs[i].trouble for i in places):
        return None
    names = list(dict.fromkeys(s.name for s in right[places[0]].seen))
    for number, name in enumerate(names[:-1], 1):
        before = names[:number]
        mine, wanted = ([_part(shown[i], before) for i in places] for shown in (runs, right))
        if compare.agree(mine, wanted):
            continue
        if not compare.telling(mine, wanted):
            return None
        found = [
            m
            for m, shown in bank
            if compare.agree(mine, [_part(shown[i], before) for i in places if i in shown])
        ]
        # of several, the one that is wrong in this quantity alone
        found = [m for m in found if len(m.change) == min(len(other.change) for other in found)]
        if len(found) != 1:
            return None
        words = f"More than one thing is wrong. First of all, {name}: this looks like {found[0].name}. {found[0].why}"
        return Diagnosis(found[0].name, [words], found[0].reread)
    return None


def _part(run: Run, names: Sequence[str]) -> Run:
    return Run([s for s in run.seen if s.name in names], [], run.outcome)
