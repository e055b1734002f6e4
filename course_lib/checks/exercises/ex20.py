"""Exercise 20: a rule of one's own, from the idea to the claim."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...comparing import holm, sign_flip_p
from ..cases import Case, Cases
from ..guard import SECONDS
from ..kinds import Goal
from ..known import known_as
from ..observe import Notes, Run
from ..own import (
    GROUNDS,
    MEMORY,
    RIVALS,
    TRIALS,
    baselines,
    comparison,
    heights,
    interrupted,
    rival_height,
    show,
    steps_of,
    way,
)
from ..tasks import Exercise, Mine
from ..values import described

PROPERTIES, RACE = "lesson 20, section 6, invent", "lesson 20, section 7, race, and compare"
LASTS = "lesson 20, section 8, does it last"

Judged = tuple[bool, str]


def seen(runs: list[Run], name: str) -> Any:
    """Return what was noted under a name."""
    return next(s.value for s in runs[0].seen if s.name == name)


def _unfit(runs: list[Run]) -> str:
    """Return why a rule is none of one's own, or nothing."""
    steps = seen(runs, "steps")
    if not np.isfinite(steps).all():
        return "Its steps do not stay finite under ordinary gradients. Is there a division by 0, or a root of less?"
    if not np.any(steps):
        return "It does not move."
    if np.array_equal(steps, seen(runs, "steps at twice the lr")):
        return "At twice the lr it takes the same steps. Multiply the step by lr."
    known = known_as(steps, seen(runs, "numbers"))
    return (
        f"This rule takes the same steps as {known}. Change more than its name and its numbers."
        if known
        else ""
    )


# -- 1: the rule -----------------------------------------------------------------------------------------


def own_rule(x, g, state, lr=0.02, beta=0.9):
    m = beta * state["m"] + (1 - beta) * g
    return x - lr * np.sign(m) * np.sqrt(np.abs(m)), {**state, "m": m}


BOWL = np.array([1.0, 0.05])
DOWN = 1e-2
"""Of the loss at the start at most so much may be left in the valley."""


def contract(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Note what the rule does with vectors and matrices, twice, without a gradient, and in a valley."""
    show(function, notes)
    matrix = np.random.default_rng(3).normal(size=(8, 2, 3))
    notes.see("a matrix", steps_of(function, matrix, notes))
    notes.see("a matrix again", steps_of(interrupted(function), matrix, notes))
    notes.see("without a gradient", steps_of(function, np.zeros((1, 3)), notes))
    x, state = np.array([2.0, -3.0]), {name: np.zeros(2) for name in MEMORY}
    heights = [float(np.sum(BOWL * x**2))]
    for t in range(1, 401):
        x, state = function(x.copy(), BOWL * x, {**state, "t": t})
        heights.append(float(np.sum(BOWL * x**2)))
    notes.see("heights", heights)
    if np.ptp(seen([notes.run], "without a gradient"), axis=0).any():
        notes.finding(
            "It moves without a gradient. Weight decay does that. If you did not mean it, look again."
        )


def _kept(runs: list[Run], mine: Mine) -> Judged:
    first, again, still, heights = (
        seen(runs, name) for name in ("a matrix", "a matrix again", "without a gradient", "heights")
    )
    if not np.isfinite(still).all():
        return False, "At a gradient of 0 it divides 0 by 0. Add a small eps below the line."
    if not np.array_equal(first, again, equal_nan=True):
        return (
            False,
            "The same run, taken again beside another one, ends elsewhere. Keep what you remember in state, and nowhere else.",
        )
    if unfit := _unfit(runs):
        return False, unfit
    left = heights[-1] / heights[0]
    if not left <= DOWN:
        words = f"{left:.2g} of the loss" if np.isfinite(left) else "no finite loss"
        return (
            False,
            f"In a valley with curvatures 1 and 1/20, {words} is left after 400 steps with your lr. At most {DOWN:g} is wanted.",
        )
    return (
        True,
        f"It keeps the contract, is no rule of the course's list, and leaves {left:.1e} of the loss in the valley.",
    )


# -- 2: the scale ----------------------------------------------------------------------------------------


def hundredfold():
    return own_rule, 10.0


def predicted(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Note the number that is said, and by how much the way grows when the loss is 100 times as large."""
    rule, times = notes.unpack(function(), ("own_rule", "your number"))
    opt = show(rule, notes)
    notes.see("said", times)
    notes.see("measured", way(opt, 100.0) / way(opt, 1.0))


def _foretold(runs: list[Run], mine: Mine) -> Judged:
    if unfit := _unfit(runs):
        return False, unfit
    said, measured = seen(runs, "said"), float(seen(runs, "measured"))
    if said.ndim or not np.isfinite(said):
        return False, "Return one finite number beside the rule."
    if abs(said - measured) <= 0.05 * abs(measured):
        return True, f"The way becomes {measured:.3g} times as long."
    why = {
        1.0: "Then it would have to divide by the size of the gradients. Does it?",
        100.0: "Then it would have to be linear in the gradients. Is it?",
        10_000.0: "Then it would have to multiply two gradients. Does it?",
        0.01: "A larger loss makes larger gradients. Which operation of your rule would turn that round?",
    }
    reason = next((words for number, words in why.items() if np.isclose(said, number, rtol=0.05)), "")
    return (
        False,
        f"Not {said:g} times. {reason} Multiply g by 100 in your formula, and see where the 100 goes.".replace(
            "  ", " "
        ),
    )


# -- 3: where it wins, and where it loses ----------------------------------------------------------------


def two_grounds():
    return own_rule, ("rosenbrock", "GradientDescent"), ("ravine", "Adam")


TIMES = 2.0
"""So many times as much must be left for who loses."""


def raced(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Note which grounds are named, and how much of the way down the rule leaves there."""
    rule, *pairs = notes.unpack(function(), ("own_rule", "where it wins", "where it loses"))
    opt = show(rule, notes)
    for where, pair in zip(("where it wins", "where it loses"), pairs, strict=True):
        ground, rival = notes.unpack(pair, (f"{where}: a surface", "a rival"))
        for what, value, known in (("surface", ground, GROUNDS), ("rival", rival, tuple(RIVALS))):
            if value not in known:
                notes.odd(f"{where}: the {what}", described(value), f"one of {', '.join(known)}")
            notes.say(f"{where}: the {what}", value)
        with np.errstate(all="ignore"):
            notes.see(where, heights(opt, ground))


def _both(runs: list[Run], mine: Mine) -> Judged:
    if unfit := _unfit(runs):
        return False, unfit
    told = []
    for where, verb in (("where it wins", "win"), ("where it loses", "lose")):
        ground, rival = (str(seen(runs, f"{where}: the {what}")) for what in ("surface", "rival"))
        own, other = float(seen(runs, where)), rival_height(rival, ground)
        told.append(f"on {ground} yours leaves {own:.2g} of the way down, {rival} {other:.2g}")
        good = own * TIMES <= other if verb == "win" else other * TIMES <= own
        if not good:
            return (
                False,
                f"It must {verb}: {told[-1]}. Who loses must leave at least {TIMES:g} times as much.",
            )
    return True, f"Each at the best of 26 learning rates: {'; '.join(told)}."


# -- 4: nine trials --------------------------------------------------------------------------------------


def nine_rates():
    return own_rule, np.geomspace(0.01, 10, 9)


LEARNT = 1.0
"""A test loss above this is no result: 2.3 is guessing."""


def _run(rule: Any, rates: Any, notes: Notes) -> None:
    opt = show(rule, notes)
    tried = notes.see("rates", rates)
    if not (tried.ndim == 1 and 3 <= len(tried) <= TRIALS and np.isfinite(tried).all() and (tried > 0).all()):
        notes.odd("the learning rates", described(rates), f"3 to {TRIALS} numbers > 0")
    found = comparison(opt, tried)
    curve = found.sensitivity["yours"]
    notes.see("curve", np.where(np.isfinite(curve.criterion), curve.criterion, 1e300))
    for method in found.methods:
        notes.see(method, found.results(method, "best", "test_loss"))


class Compared(Goal):
    """A task whose check runs the small comparison, for which it has more time than others."""

    def observe(self, function: Callable[..., Any], seconds: float = SECONDS) -> list[Run]:
        """Call the student's function, after the runs of the baselines."""
        baselines()
        return super().observe(function, 5 * seconds)


def tried(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Run the small comparison with the rates that are returned."""
    rule, rates = notes.unpack(function(), ("own_rule", "learning rates"))
    _run(rule, rates, notes)


def _tuned(runs: list[Run], mine: Mine) -> Judged:
    if unfit := _unfit(runs):
        return False, unfit
    rates, curve, losses = np.unique(seen(runs, "rates")), seen(runs, "curve"), seen(runs, "yours")
    best = int(np.argmin(curve))
    if best in (0, len(rates) - 1):
        side = "smallest" if best == 0 else "largest"
        return (
            False,
            f"The best lr, {rates[best]:.3g}, is the {side} that you tried: a better one may lie beyond it.",
        )
    if not losses.mean() <= LEARNT:
        return (
            False,
            f"At your best lr the test loss is {losses.mean():.3g}. At most {LEARNT:g} is wanted: the grid is too coarse, or the rule too weak.",
        )
    means = ", ".join(f"{name} {seen(runs, name).mean():.3f}" for name in ("yours", "SGD", "Adam"))
    return (
        True,
        f"Your best lr is {rates[best]:.3g}, inside the grid. Test losses, means of ten seeds: {means}.",
    )


# -- 5: what may be claimed ------------------------------------------------------------------------------


def own_claims():
    return own_rule, np.geomspace(0.01, 10, 9), "E"


def claimed(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Run the comparison, and note which claims are made."""
    rule, rates, letters = notes.unpack(function(), ("own_rule", "learning rates", "letters"))
    if isinstance(letters, (list, tuple, set)) and all(isinstance(letter, str) for letter in letters):
        letters = "".join(letters)
    if not isinstance(letters, str):
        notes.odd("the letters", described(letters), "one text, such as “BF”")
    _run(rule, rates, notes)
    notes.say("letters", letters)


ALWAYS_WRONG = {
    "D": "That two methods cannot be told apart is not that they are equal",
    "F": "Only the seeds were varied, so nothing is said about other images",
}
NEEDS = {
    "A": "yours against SGD: better",
    "B": "yours against Adam: better",
    "C": "yours against Adam: worse",
    "E": "yours against Adam: cannot tell",
}


def verdicts(yours: np.ndarray, sgd: np.ndarray, adam: np.ndarray) -> list[str]:
    """Return what ten pairs of losses say of yours against SGD, and against Adam, corrected for two comparisons.

    Examples:
        >>> verdicts(np.arange(10.0), np.arange(10.0) + 1, np.arange(10.0) + [1, -1] * 5)
        ['better', 'cannot tell']
    """
    differences = [yours - sgd, yours - adam]
    p = holm([sign_flip_p(d) for d in differences])
    return [
        "cannot tell" if q > 0.05 else "better" if d.mean() < 0 else "worse"
        for d, q in zip(differences, p, strict=True)
    ]


def _allowed(runs: list[Run], mine: Mine) -> Judged:
    good, words = _tuned(runs, mine)
    if not good:
        return False, words
    of = dict(
        zip(("SGD", "Adam"), verdicts(*(seen(runs, name) for name in ("yours", "SGD", "Adam"))), strict=True)
    )
    facts = {f"yours against {rival}: {verdict}" for rival, verdict in of.items()}
    right = {letter for letter, need in NEEDS.items() if need in facts}
    said = set(str(seen(runs, "letters")).upper()) - set(" ,;")
    if not said <= set("ABCDEF"):
        return False, "Return the letters of the claims as one text, such as “BF”."
    for letter in sorted(said - right):
        why = ALWAYS_WRONG.get(letter, f"The ten pairs say: {'; '.join(sorted(facts))}")
        return False, f"{letter} cannot be defended. {why}."
    if said != right:
        more = "One claim more" if len(right - said) == 1 else "More"
        return False, f"{more} can be defended. The ten pairs say: {'; '.join(sorted(facts))}."
    return True, f"These claims can be defended, and no others: {'; '.join(sorted(facts))}."


ONCE = Cases([{}])

EXERCISE = Exercise(
    "20_choose_and_invent",
    [
        Goal(solution=own_rule, title="A rule of your own", points=3, drive=contract, cases=ONCE, reached=_kept, reread=PROPERTIES, hints=[
            "Begin with momentum or Adam and change one thing that you can say in a sentence: what it remembers, what it divides by, when it forgets.",
            "Ideas: a root of m in place of m; a step that is shorter where gradients disagree in sign; a maximum in place of a mean."]),
        Goal(solution=hundredfold, title="A loss in cents", points=2, drive=predicted, cases=ONCE, reached=_foretold, reread=PROPERTIES, hints=[
            "All gradients become 100 times as large. What becomes of m? Of v? Of the step?",
            "A mean of gradients takes the factor 100, a mean of their squares 100². A root takes the root of the factor. eps hardly counts."]),
        Goal(solution=two_grounds, title="Where it wins, and where it loses", points=3, drive=raced, cases=ONCE, reached=_both, reread=RACE, hints=[
            'In a new cell: `explore_race([as_optimizer(own_rule, MEMORY), RIVALS["Adam"]], ["ravine", "ackley", "beale"], steps=200)`. Play, and move "own lr times".',
            "A rule for single coordinates loses where valleys are turned. A step that does not shrink with the gradient loses near a minimum."]),
        Compared(solution=nine_rates, title="Nine trials", points=2, drive=tried, cases=ONCE, reached=_tuned, reread=RACE, hints=[
            "First a wide grid: half a decade or more between neighbours. Read off the best, then place nine about it.",
            "np.geomspace(low, high, 9). If the best is at an end, move the grid that way."]),
        Compared(solution=own_claims, title="What may you claim?", points=3, drive=claimed, cases=ONCE, reached=_allowed, reread=LASTS, hints=[
            "Read the verdicts of the table below task 4. Each claim is allowed by one verdict, or by none.",
            "Two of the six claims can never be made from ten seeds on one set of images."]),
    ],
)  # fmt: skip
