"""Exercise 12, on the question whether anything beats SGD."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import comb
from typing import Any

import numpy as np

from ...comparing import bootstrap_interval, holm, sign_flip_interval, sign_flip_p
from ..cases import Case, Cases
from ..draw import drawn
from ..kinds import Code, Goal
from ..observe import Notes, Run
from ..tasks import Exercise, Mine, Mistake
from ..trials import BUDGETS, Search, spend, tuned

RULES, DO = "lesson 12, section 2, what a fair comparison needs", "lesson 12, section 3, do it"
EASIER = "lesson 12, section 7, easier tuning"

# -- 1: the chance of a good learning rate ---------------------------------------------------------------


def chance_of_good(w, n, k):
    return 1 - comb(n - w, k) / comb(n, k)


DRAWS = Cases(
    [{"w": 2, "n": 9, "k": 3}, {"w": 1, "n": 9, "k": 2}, {"w": 3, "n": 7, "k": 4}, {"w": 5, "n": 12, "k": 2}],
    [{"w": 0, "n": 9, "k": 3, "about": "none of them is good"},
     {"w": 4, "n": 9, "k": 9, "about": "all of them are drawn"},
     {"w": 0, "n": 6, "k": 6, "about": "none of them is good, and all are drawn"},
     {"w": 6, "n": 6, "k": 2, "about": "all of them are good"},
     {"w": 7, "n": 9, "k": 4, "about": "more are drawn than there are bad ones"},
     {"w": 1, "n": 1, "k": 1, "about": "a single learning rate"},
     {"w": 3, "n": 400, "k": 60, "about": "many learning rates"}],
)  # fmt: skip
NONE, BAD, ALL = "comb(n - w, k) / comb(n, k)", "comb(n - w, k)", "comb(n, k)"
chance_mistakes = [
    Mistake("drawn with replacement", {NONE: "((n - w) / n) ** k"}, "A learning rate is tried once: there are fewer left after each draw.", EASIER),
    Mistake("the divisor does not shrink", {NONE: "np.prod(np.arange(n - w, n - w - k, -1) / n)"},
            "After each draw there are fewer bad ones, and fewer in all.", EASIER),
    Mistake("the number of bad ones does not shrink", {NONE: "np.prod((n - w) / np.arange(n, n - k, -1))"},
            "After each draw of a bad one there are fewer in all, and fewer bad ones.", EASIER),
    Mistake("the chance of one trial", {f"1 - {NONE}": "w / n"}, "That is for k = 1. Any of k trials may be the good one.", EASIER),
    Mistake("the chances of k trials added", {f"1 - {NONE}": "k * w / n"},
            "That is how many good ones are drawn on average. Two good ones count for one success.", EASIER),
    Mistake("the chance that none is good", {f"1 - {NONE}": NONE}, "That is the chance of a failure: subtract it from 1.", EASIER),
    Mistake("the chance that all are good", {f"1 - {NONE}": "comb(w, k) / comb(n, k)"}, "One good learning rate among the k is enough.", EASIER),
    Mistake("the chance that exactly one is good", {f"1 - {NONE}": "w * comb(n - w, k - 1) / comb(n, k)"},
            "Two or more good ones are a success, too.", EASIER),
    Mistake("good and bad exchanged", {BAD: "comb(w, k)"}, "A failure is k draws from the n − w bad ones.", EASIER),
    Mistake("as if only one were good", {BAD: "comb(n - 1, k)"}, "There are w good ones, so n − w bad ones.", EASIER),
    Mistake("w in place of k below", {ALL: "comb(n, w)"}, "Above and below k are drawn: from the bad ones, and from all.", EASIER),
    Mistake("upside down", {NONE: "comb(n, k) / comb(n - w, k)"}, "Draws of bad ones stand above, all draws below.", EASIER),
    Mistake("in per cent", {f"1 - {NONE}": f"100 * (1 - {NONE})"}, "A chance is between 0 and 1.", EASIER),
    Mistake("one trial too few", {BAD: "comb(n - w, k - 1)", ALL: "comb(n, k - 1)"}, "All k draws count.", EASIER),
    Mistake("one bad one too few", {BAD: "comb(n - w - 1, k)"}, "n − w are bad.", EASIER),
]  # fmt: skip

# -- 2: all the signs ------------------------------------------------------------------------------------


def flip_p(differences):
    signs = np.array(list(product([-1, 1], repeat=len(differences))))
    sums = np.abs(signs @ differences)
    rounding = 1e-9 * np.sum(np.abs(differences))
    return np.mean(sums >= abs(np.sum(differences)) - rounding)


_MANY = np.array([0.75, -0.25, 1.5, 0.5, 1.25, -1.0, 0.25, 2.0, 0.5, -0.5, 1.75, 1.0])
PAIRS = Cases(
    [{"differences": np.array([3.0, 1.0, 4.0, -1.0, 5.0, 2.5])}, {"differences": np.array([-2.0, 1.0, -6.0, -3.0, 0.5])},
     {"differences": np.array([2.0, 0.0, 1.0, -1.0, 3.0]), "about": "one difference is zero"},
     {"differences": np.array([1.0, 1.0, -1.0, 1.0, 1.0, 1.0, -1.0]), "about": "all sizes are equal"},
     {"differences": np.array([-8.0, 2.0, 1.0, 1.0, -0.5, 1.5]), "about": "one large difference against many small ones"}],
    [{"differences": np.array([0.3]), "about": "a single difference"},
     {"differences": np.zeros(4), "about": "all differences are zero"},
     {"differences": np.array([1.0, -1.0]), "about": "the sum is zero"},
     {"differences": np.array([0.002, 0.004, 0.001, 0.003, 0.002]), "about": "five wins in five"},
     {"differences": np.array([0.1, 0.2, -0.3, 0.7, 0.1, 0.4]), "about": "sums that are equal but for rounding"},
     {"differences": 1e-12 * np.array([1.0, 2.0, 3.0, -1.0]), "about": "tiny differences"},
     {"differences": 1e6 * np.array([0.1, 0.2, -0.3, 0.7]), "about": "large differences"},
     {"differences": _MANY, "about": "twelve differences"}],
)  # fmt: skip
SIGNS, SUMS, SEEN = "product([-1, 1]", "np.abs(signs @ differences)", "abs(np.sum(differences))"
SHARE = f"np.mean(sums >= {SEEN} - rounding)"
sign_mistakes = [
    Mistake("one side only", {SUMS: "signs @ differences", SEEN: "np.sum(differences)"},
            "A sum as far below zero counts, too: take absolute values.", RULES),
    Mistake("one side only, the side of the sum", {SUMS: "signs @ differences * np.sign(np.sum(differences))"},
            "A sum as far on the other side of zero counts, too.", RULES),
    Mistake("one side doubled, whichever it is", {SUMS: "signs @ differences", SHARE: "2 * np.mean(sums >= np.sum(differences) - rounding)"},
            "That is right for a sum above zero. Below zero take absolute values.", RULES),
    Mistake("equal sums are not counted", {SHARE: f"np.mean(sums > {SEEN} + rounding)"},
            "What was seen belongs to what can happen: ≥, not >.", RULES),
    Mistake("the share that does worse", {SHARE: f"np.mean(sums < {SEEN} - rounding)"},
            "p is the share of signs that do as well as what was seen, or better.", RULES),
    Mistake("counted, not divided", {"np.mean(sums": "np.sum(sums"}, "Divide by the number of signs, 2ⁿ.", RULES),
    Mistake("divided by the number of differences", {SHARE: f"np.sum(sums >= {SEEN} - rounding) / len(differences)"},
            "There are 2ⁿ ways to set the signs, not n.", RULES),
    Mistake("what was seen is left out", {SHARE: f"(np.sum(sums >= {SEEN} - rounding) - 1) / (len(sums) - 1)"},
            "All 2ⁿ signs count, also those that were seen.", RULES),
    Mistake("what was seen is counted twice", {SHARE: f"(np.sum(sums >= {SEEN} - rounding) + 1) / (len(sums) + 1)"},
            "Among all 2ⁿ signs it is already. One is added where signs are drawn at random.", RULES),
    Mistake("differences left out in place of turned", {SIGNS: "product([0, 1]"}, "Each difference gets the sign + or −. It is never left out.", RULES),
    Mistake("only the signs count", {SUMS: "np.abs(signs @ np.sign(differences))", SEEN: "abs(np.sum(np.sign(differences)))",
                                     "np.abs(differences)": "np.abs(np.sign(differences))"},
            "That is the sign test. Here sizes count as well.", RULES),
    Mistake("the sum of the sizes", {SEEN: "np.sum(np.abs(differences))"}, "What was seen is the sum with its own signs.", RULES),
    Mistake("the smallest p that there is", {SHARE: "2 / len(sums)"}, "2/2ⁿ comes out only where all differences have one sign.", RULES),
    Mistake("the largest difference in place of the sum", {SEEN: "np.max(np.abs(differences))"}, "Sums are compared with the sum.", RULES),
    Mistake("the mean against sums", {SEEN: "abs(np.mean(differences))"}, "Compare sums with a sum, or means with a mean.", RULES),
]  # fmt: skip

# -- 3: Holm's correction --------------------------------------------------------------------------------


def holm_corrected(p):
    m, order = len(p), np.argsort(p)
    corrected = np.empty(m)
    corrected[order] = np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * p[order]))
    return corrected


VALUES = Cases(
    [{"p": np.array([0.02, 0.003, 0.04, 0.011, 0.3])}, {"p": np.array([0.01, 0.04, 0.03])},
     {"p": np.array([0.6, 0.001, 0.004, 0.8, 0.0011, 0.2]), "about": "some are large"},
     {"p": np.array([0.015, 0.07, 0.002, 0.016]), "about": "two are nearly equal"}],
    [{"p": np.array([0.03]), "about": "a single p-value"},
     {"p": np.ones(3), "about": "all of them are 1"},
     {"p": np.array([0.02, 0.02, 0.02, 0.02]), "about": "all of them are equal"},
     {"p": np.array([0.3, 0.01, 0.3, 0.01]), "about": "pairs of equal ones"},
     {"p": np.array([0.001, 0.02, 0.04]), "about": "sorted already"},
     {"p": np.array([0.9, 0.5, 0.04, 0.001]), "about": "sorted, the largest first"},
     {"p": np.array([0.0, 1.0, 0.5]), "about": "0 and 1 among them"},
     {"p": np.r_[2 / 1024, np.linspace(1, 0.05, 20)], "about": "twenty-one comparisons"}],
)  # fmt: skip
TIMES, RUN, CAP = "(m - np.arange(m)) * p[order]", "np.maximum.accumulate", "np.minimum(1, "
PLACED, EACH = "corrected[order] = ", f"{RUN}({TIMES})"
holm_mistakes = [
    Mistake("Bonferroni's correction", {EACH: "m * p[order]"}, "Only the smallest is multiplied by m, the next by m − 1, and so on.", RULES),
    Mistake("a larger p may come out smaller", {RUN: "np.array"}, "None may be below the one before it in the order: take the running maximum.", RULES),
    Mistake("above 1", {CAP: "np.array("}, "A p-value is at most 1.", RULES),
    Mistake("returned in sorted order", {PLACED: "corrected[:] = "}, "Give each value back to its own place.", RULES),
    Mistake("sorted back with the same order", {PLACED: "corrected[np.argsort(order)] = "},
            "x[order] sorts. To sort back write to corrected[order].", RULES),
    Mistake("not sorted", {"np.argsort(p)": "np.arange(len(p))"}, "The smallest is multiplied by m, not the first one.", RULES),
    Mistake("the largest first", {"np.argsort(p)": "np.argsort(-p)"}, "Begin with the smallest: that one is multiplied by m.", RULES),
    Mistake("factors in ascending order", {"(m - np.arange(m))": "(1 + np.arange(m))"}, "The smallest is multiplied by m, the largest by 1.", RULES),
    Mistake("the factors begin at m − 1", {"(m - np.arange(m))": "(m - 1 - np.arange(m))"}, "np.arange begins at 0: the factors are m, m − 1, …, 1.", RULES),
    Mistake("the factors begin at m + 1", {"(m - np.arange(m))": "(m + 1 - np.arange(m))"}, "The factors are m, m − 1, …, 1.", RULES),
    Mistake("Benjamini and Hochberg's correction", {EACH: "np.minimum.accumulate((m / (1 + np.arange(m)) * p[order])[::-1])[::-1]"},
            "That bounds the share of false discoveries. Holm's bounds the chance of a single one.", RULES),
    Mistake("Hochberg's correction", {EACH: f"np.minimum.accumulate(({TIMES})[::-1])[::-1]"},
            "Hochberg goes down from the largest with a minimum. Holm goes up with a maximum.", RULES),
    Mistake("Šidák's correction", {EACH: f"{RUN}(1 - (1 - p[order]) ** (m - np.arange(m)))"}, "Holm multiplies; nothing is assumed of independence.", RULES),
    Mistake("a running minimum", {RUN: "np.minimum.accumulate"}, "None may be below the one before it: take the running maximum.", RULES),
    Mistake("the running sum", {RUN: "np.cumsum"}, "Take the running maximum, not the sum.", RULES),
    Mistake("the order is returned", {"return corrected": "return order"}, "Return the corrected p-values.", RULES),
    Mistake("the correction is divided out", {TIMES: "p[order] / (m - np.arange(m))"}, "Multiply: with many comparisons the bar is higher.", RULES),
]  # fmt: skip

# -- 4: a budget of trials -------------------------------------------------------------------------------


def tune(measure, low, high, trials):
    rates = list(np.geomspace(low, high, trials - 2))
    losses = [measure(lr) for lr in rates]
    best, third = rates[np.argmin(losses)], (rates[1] / rates[0]) ** (1 / 3)
    rates += [best / third, best * third]
    losses += [measure(lr) for lr in rates[-2:]]
    return rates[np.argmin(losses)]


# -- 5: a claim and its interval -------------------------------------------------------------------------


def defend():
    sgd, *others = (np.array(right) for right in mine["right"].values())
    p = holm_corrected(np.array([flip_p(other - sgd) for other in others]))
    rows = []
    for other, p_holm in zip(others, p, strict=True):
        low, high = sign_flip_interval(other - sgd)
        verdict = "better" if np.mean(other - sgd) > 0 else "worse"
        rows.append((low, high, p_holm, verdict if p_holm <= 0.05 else "cannot tell"))
    return rows


RIVALS, VERDICTS = ("Momentum", "Adagrad", "RMSprop", "Adam"), ("better", "worse", "cannot tell")


def claims(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Call the function and note the four rows it returns: interval, p and verdict of each method."""
    for name, row in zip(RIVALS, notes.unpack(function(), RIVALS), strict=True):
        low, high, p, verdict = notes.unpack(row, (f"{name}'s low", "high", "p", "verdict"))
        notes.see(f"{name}'s low, high and p", [low, high, p])
        notes.say(f"{name}'s verdict", verdict)


def _defended(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    sgd, *others = (np.array(right) for right in mine["right"].values())
    single = [sign_flip_p(other - sgd) for other in others]
    seen = runs[0].seen
    for i, (name, p) in enumerate(zip(RIVALS, holm(single), strict=True)):
        d, told, said = others[i] - sgd, np.asarray(seen[2 * i].value), seen[2 * i + 1].value
        if told.shape != (3,) or not np.isfinite(told).all():
            return False, f"{name}: low, high and p must be three finite numbers."
        wrong = _interval_is_wrong(told[:2], d) or _p_is_wrong(float(told[2]), float(p), single[i])
        right = "cannot tell" if p > 0.05 else "better" if d.mean() > 0 else "worse"
        if wrong:
            return False, f"{name}: {wrong}"
        if str(said).lower() not in VERDICTS:
            return False, f"{name}: the verdict must be one of {', '.join(VERDICTS)}, not {said!r}."
        if str(said).lower() != right:
            return (
                False,
                f"{name}: with p = {p:.3g}, corrected, and an interval of {told[0]:.3g} … {told[1]:.3g} “{said}” cannot be defended.",
            )
    return True, "All four claims can be defended."


def _interval_is_wrong(told: np.ndarray, d: np.ndarray) -> str:
    half = 2.262 * np.std(d, ddof=1) / np.sqrt(len(d))
    # beside the interval that belongs to the test, Student's and the bootstrap's are taken
    known = np.array([sign_flip_interval(d), (d.mean() - half, d.mean() + half), bootstrap_interval(d)])
    width = float(np.diff(known[0])[0])

    def near(other: np.ndarray) -> bool:
        return bool((np.abs(other - known) <= 0.2 * width).all(axis=1).any())

    if near(told):
        return ""
    if near(-told[::-1]) or near(-told):
        return "the interval has the wrong sign. Take the method's results minus SGD's."
    if near(told[::-1]):
        return "low and high are exchanged."
    if near(1000 * told) or near(10 * told):
        return "give the interval in images, as the results are."
    wide = (told[1] - told[0]) / width
    side = (
        "too wide. Are the results paired, seed by seed?"
        if wide > 1.4
        else "too narrow."
        if wide < 0.7
        else "in the wrong place."
    )
    return f"the 95 % interval of the mean difference, {told[0]:.3g} … {told[1]:.3g}, is {side}"


def _p_is_wrong(told: float, p: float, single: float) -> str:
    if np.isclose(told, p, rtol=1e-3):
        return ""
    if np.isclose(told, single, rtol=1e-3):
        return f"p = {told:.3g} is not corrected for four comparisons."
    if np.isclose(told, min(1, 4 * single), rtol=1e-3):
        return f"p = {told:.3g} is Bonferroni's. Only the smallest is multiplied by 4."
    return f"p = {told:.3g} is not the p of all signs after Holm's correction."


# -- of each student's own -------------------------------------------------------------------------------


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    """Draw a unit, and results in which one method is better, one worse, and one only before the correction."""

    def draw() -> dict[str, np.ndarray]:
        seeds = rng.normal(930, 8, 10)
        gains = rng.permutation([rng.uniform(3, 9), -rng.uniform(3, 9), rng.choice([-1, 1]) * 1.8, 0.0])
        sgd = np.rint(seeds + rng.normal(0, 1, 10)).astype(int)
        others = [np.rint(seeds + gain + rng.normal(0, 2, 10)).astype(int) for gain in gains]
        return dict(zip(("SGD", *RIVALS), (sgd, *others), strict=True))

    def against(right: dict[str, np.ndarray]) -> str:
        single = np.array([sign_flip_p(right[name] - right["SGD"]) for name in RIVALS])
        (_, (second, _), (third, alone), _) = sorted(zip(holm(single), single, strict=True))
        fits = second < 0.03 and third > 0.06 and alone < 0.045
        return (
            "" if fits else f"after the correction p is {second:.2g} and {third:.2g}, before it {alone:.2g}"
        )

    unit = float(f"{10 ** rng.uniform(0.5, 2.5):.2g}")
    return {"unit": unit, "right": {name: right.tolist() for name, right in drawn(draw, against).items()}}


EXERCISE = Exercise(
    "12_does_anything_beat_sgd",
    [
        Code(solution=chance_of_good, title="One good learning rate", points=2, cases=DRAWS, wrong=chance_mistakes, reread=EASIER, hints=[
            "It fails if all k come from the n − w bad ones. In how many ways can that be, of how many in all?",
            "1 minus comb(n - w, k) / comb(n, k)."]),
        Code(solution=flip_p, title="All the signs", points=3, cases=PAIRS, wrong=sign_mistakes, reread=RULES, hints=[
            "itertools.product([-1, 1], repeat=n) goes through all signs. Make an array of them, one row for each.",
            "signs @ differences has all sums. Count those whose size is at least the size of the true sum, and divide by 2ⁿ."]),
        Code(solution=holm_corrected, title="Many comparisons", points=3, cases=VALUES, wrong=holm_mistakes, reread=RULES, hints=[
            "order = np.argsort(p). Multiply p[order] by m, m − 1, …, 1.",
            "np.maximum.accumulate is the running maximum, np.minimum(1, …) the bound; corrected[order] = … puts each in its place."]),
        Search(solution=tune, title="Eight trials", points=2, drive=spend, cases=BUDGETS, reached=tuned, reread=DO, hints=[
            "Spend most of the trials on np.geomspace(low, high, …), and the rest beside the best of them.",
            "With six in the first round, try the best one divided and multiplied by the third root of the grid's factor."]),
        Goal(solution=defend, title="Defend a claim", points=2, drive=claims, reached=_defended, reread=RULES, hints=[
            "One array of ten differences for each method: its results minus SGD's, seed by seed.",
            "sign_flip_interval(d) is the interval that belongs to flip_p(d), the p of one; correct the four together with holm_corrected."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
