"""Exercise 13: schedules."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...schedules import Schedule, cosine, linear_warmup
from ..cases import Cases
from ..kinds import Code, Goal
from ..observe import Run, call
from ..tasks import Exercise, Mine, Mistake

SHAPES, NOISE = "lesson 13, section 3, the shapes", "lesson 13, section 2, why it hangs"
WARM, OPEN = "lesson 13, section 6, warm-up", "lesson 13, section 7, when nobody knows the length"
RANGE = "lesson 13, section 5, find the peak"

# -- 1: cosine -------------------------------------------------------------------------------------------


def cosine_eta(t, steps, floor=0.0):
    share = min(1, (t - 1) / steps)
    return floor + (1 - floor) * (1 + np.cos(np.pi * share)) / 2


COSINES = Cases(
    [{"t": 7, "steps": 40, "floor": 0.15}, {"t": 31, "steps": 90, "floor": 0.4}, {"t": 33, "steps": 50, "floor": 0.05},
     {"t": 76, "steps": 60, "floor": 0.3}],
    [{"t": 1, "steps": 30, "floor": 0.2, "about": "the first step: full rate"},
     {"t": 31, "steps": 30, "floor": 0.2, "about": "one step after the last: the floor"},
     {"t": 95, "steps": 30, "floor": 0.2, "about": "long after the end: the floor is kept"},
     {"t": 16, "steps": 30, "floor": 0.0, "about": "no floor"}],
)  # fmt: skip
HALF, ANGLE = "(1 + np.cos(np.pi * share)) / 2", "np.pi * share"
cosine_mistakes = [
    Mistake("t counted from 0", {"(t - 1)": "t"}, "Steps are counted 1, 2, 3, …, and the first one has the full rate.", SHAPES),
    Mistake("the end is not kept", {"min(1, (t - 1) / steps)": "(t - 1) / steps"},
            "After the end the cosine would rise again: keep the share at 1.", SHAPES),
    Mistake("a whole cosine", {"np.pi * share": "2 * np.pi * share"}, "Half a cosine goes down; a whole one comes up again.", SHAPES),
    Mistake("a quarter of a cosine", {HALF: "np.cos(np.pi * share / 2)"}, "That falls late and ends steeply; it is half a cosine.", SHAPES),
    Mistake("the half is missing", {HALF: "(1 + np.cos(np.pi * share))"}, "1 + cos goes from 2 to 0: halve it.", SHAPES),
    Mistake("the cosine alone", {HALF: "np.cos(np.pi * share)"}, "The cosine goes down to −1: add 1 and halve.", SHAPES),
    Mistake("rising in place of falling", {"(1 + np.cos": "(1 - np.cos"}, "The rate begins at 1 and ends at the floor.", SHAPES),
    Mistake("degrees", {ANGLE: "np.radians(np.pi * share)"}, "numpy's cosine takes radians, and π·share is in radians already.", SHAPES),
    Mistake("the floor added on top", {"(1 - floor) * ": ""}, "Then it begins above 1: only 1 − floor is left to fall.", SHAPES),
    Mistake("the floor as a lower limit", {"floor + (1 - floor) * (1 + np.cos(np.pi * share)) / 2": f"max(floor, {HALF})"},
            "The floor squeezes the whole curve; it does not cut it.", SHAPES),
    Mistake("the floor does not lift", {"floor + (1": "(1"}, "At the end the floor must be left, not 0.", SHAPES),
    Mistake("linear", {HALF: "(1 - share)"}, "That is the straight line.", SHAPES),
    Mistake("one step too short", {"/ steps": "/ (steps - 1)"}, "The floor is reached one step after the last.", SHAPES),
    Mistake("a sum that is cut at 1", {"floor + (1 - floor) * (1 + np.cos(np.pi * share)) / 2": f"min(1, floor + {HALF})"},
            "Cutting the sum at 1 keeps the full rate too long: squeeze the half cosine by 1 − floor.", SHAPES),
    Mistake("division without a remainder", {"/ steps": "// steps"}, "// drops the fraction; the share needs /.", SHAPES),
]  # fmt: skip

# -- 2: hold, then cool down --------------------------------------------------------------------------------


def cooled_eta(t, told, fall):
    return min(1, max(0, 1 - (t - 1 - told) / fall))


COOLED = Cases(
    [{"t": 30, "told": 5, "fall": 60}, {"t": 58, "told": 40, "fall": 50}, {"t": 130, "told": 100, "fall": 45}, {"t": 25, "told": 20, "fall": 11},
     {"t": 12, "told": 35, "fall": 9}, {"t": 31, "told": 35, "fall": 9},
     {"t": 95, "told": 40, "fall": 30}],
    [{"t": 41, "told": 40, "fall": 10, "about": "the first step of the fall: still full rate"},
     {"t": 42, "told": 40, "fall": 10, "about": "the second step of the fall"},
     {"t": 51, "told": 40, "fall": 10, "about": "one step after the fall"},
     {"t": 400, "told": 40, "fall": 10, "about": "long after the fall: it stays at 0"},
     {"t": 1, "told": 40, "fall": 10, "about": "the first step of all"}],
)  # fmt: skip
FALL = "1 - (t - 1 - told) / fall"
cooled_mistakes = [
    Mistake("one step early", {"t - 1 - told": "t - told"}, "The first step of the fall, told + 1, still has the full rate.", OPEN),
    Mistake("one step late", {"t - 1 - told": "t - 2 - told"}, "The second step of the fall is already lower.", OPEN),
    Mistake("below zero", {"max(0, 1 - (t - 1 - told) / fall)": FALL}, "After the fall the rate stays at 0.", OPEN),
    Mistake("above one", {"min(1, max(0, 1 - (t - 1 - told) / fall))": f"max(0, {FALL})"},
            "Before it is told, the rate is held at 1.", OPEN),
    Mistake("it falls from the first step", {"t - 1 - told": "t - 1"}, "Up to step told the rate is held.", OPEN),
    Mistake("fall taken for the last step", {"/ fall": "/ (fall - told)"}, "fall is a number of steps, counted from told.", OPEN),
    Mistake("told as divisor", {"/ fall": "/ told"}, "The fall takes `fall` steps; told is where it begins.", OPEN),
    Mistake("the fall ends when told", {FALL: "(told + 1 - t) / fall"}, "When told, the rate begins to fall; it is 0 only `fall` steps later.", OPEN),
    Mistake("the run's length as divisor", {"/ fall": "/ (told + fall)"}, "The fall takes `fall` steps, so divide by that.", OPEN),
    Mistake("what has fallen", {FALL: "(t - 1 - told) / fall"}, "That is the share that is over: subtract it from 1.", OPEN),
    Mistake("half a cosine", {FALL: "(1 + np.cos(np.pi * min(1, max(0, (t - 1 - told) / fall)))) / 2"},
            "Here the rate falls in a straight line.", OPEN),
    Mistake("the root", {FALL: "1 - max(0, (t - 1 - told) / fall) ** 0.5"}, "That is the 1 − √ shape; here it is a straight line.", OPEN),
    Mistake("a sudden end", {"min(1, max(0, 1 - (t - 1 - told) / fall))": "float(t <= told + fall)"},
            "The rate falls step by step.", OPEN),
    Mistake("sudden, when told", {"min(1, max(0, 1 - (t - 1 - told) / fall))": "float(t <= told) + 0 * fall"},
            "The rate falls step by step after it is told.", OPEN),
]  # fmt: skip

# -- 3: warm up, then a cosine -------------------------------------------------------------------------------


def warm_cosine_eta(t, warmup, steps):
    if t <= warmup:
        return t / warmup
    share = min(1, (t - warmup - 1) / (steps - warmup))
    return (1 + np.cos(np.pi * share)) / 2


WARMED = Cases(
    [{"t": 33, "warmup": 12, "steps": 90}, {"t": 3, "warmup": 10, "steps": 60}, {"t": 9, "warmup": 13, "steps": 40}, {"t": 51, "warmup": 7, "steps": 70},
     {"t": 23, "warmup": 20, "steps": 50}, {"t": 58, "warmup": 11, "steps": 43}],
    [{"t": 1, "warmup": 9, "steps": 60, "about": "the first step"},
     {"t": 9, "warmup": 9, "steps": 60, "about": "the last step of the warm-up"},
     {"t": 10, "warmup": 9, "steps": 60, "about": "the first step of the cosine: full rate"},
     {"t": 61, "warmup": 9, "steps": 60, "about": "one step after the last"},
     {"t": 200, "warmup": 9, "steps": 60, "about": "long after the end: it stays at 0"}],
)  # fmt: skip
LATE = "min(1, (t - warmup - 1) / (steps - warmup))"
warm_mistakes = [
    Mistake("the first step does not move", {"t / warmup": "(t - 1) / warmup"}, "Step t of the warm-up has t/warmup: the first is not 0.", WARM),
    Mistake("the warm-up is a step ahead", {"t / warmup": "min(1, (t + 1) / warmup)"}, "Step t of the warm-up has t/warmup.", WARM),
    Mistake("the warm-up one step too long", {"t / warmup": "t / (warmup + 1)"}, "The warm-up reaches 1 at step `warmup`.", WARM),
    Mistake("the product of both", {"return t / warmup": "return t / warmup * (1 + np.cos(np.pi * (t - 1) / steps)) / 2",
             LATE: "min(1, (t - 1) / steps)"}, "That is the product; here the cosine begins when the warm-up ends.", WARM),
    Mistake("the cosine has begun already", {LATE: "min(1, (t - 1) / steps)"},
            "The cosine counts from 1 again after the warm-up; so the rate does not jump.", WARM),
    Mistake("the whole run after the warm-up", {"(steps - warmup)": "steps"},
            "The run ends at `steps`: only steps − warmup are left for the cosine.", WARM),
    Mistake("the cosine is a step ahead", {"(t - warmup - 1)": "(t - warmup)"}, "The first step of the cosine has the full rate.", WARM),
    Mistake("the end is not kept", {LATE: "(t - warmup - 1) / (steps - warmup)"}, "After the end the rate stays at 0.", WARM),
    Mistake("no warm-up", {"return t / warmup": "return 1.0"}, "In the warm-up the rate rises in a straight line.", WARM),
    Mistake("a warm-up that falls", {"return t / warmup": "return 1 - t / warmup"}, "The rate rises to 1.", WARM),
    Mistake("a linear fall", {"(1 + np.cos(np.pi * share)) / 2": "1 - share"}, "After the warm-up it is half a cosine.", WARM),
    Mistake("a whole cosine", {"np.pi * share": "2 * np.pi * share"}, "Half a cosine goes down; a whole one comes up again.", WARM),
    Mistake("the half is missing", {"(1 + np.cos(np.pi * share)) / 2": "1 + np.cos(np.pi * share)"}, "1 + cos begins at 2: halve it.", WARM),
    Mistake("divided by all steps", {"t / warmup": "t / steps"}, "The warm-up reaches 1 at step `warmup`.", WARM),
    Mistake("held, no cosine", {"return (1 + np.cos(np.pi * share)) / 2": "return 1.0"}, "After the warm-up the rate falls.", WARM),
]  # fmt: skip

# -- 4: the range test ------------------------------------------------------------------------------------------


def range_test(grad, loss, x, low, high, steps):
    rates = low * (high / low) ** (np.arange(steps) / (steps - 1))
    losses = []
    for lr in rates:
        losses.append(loss(x))
        x = x - lr * grad(x)
    return rates, np.array(losses)


def _bowl(curvature: list[float]) -> dict[str, Any]:
    h = np.array(curvature)
    return {"grad": lambda x: h * x, "loss": lambda x: float(h @ (x * x)) / 2}


TESTS = Cases(
    [{**_bowl([1.0, 0.2]), "x": np.array([2.0, -1.0]), "low": 1e-3, "high": 1.5, "steps": 9},
     {**_bowl([3.0, 0.5, 0.1]), "x": np.array([0.5, 1.0, -2.0]), "low": 0.02, "high": 0.4, "steps": 6},
     {**_bowl([2.0, 0.3]), "x": np.array([1.0, 0.5]), "low": 0.6, "high": 2.4, "steps": 8}],
    [{**_bowl([1.0, 0.2]), "x": np.array([2.0, -1.0]), "low": 0.1, "high": 20.0, "steps": 30,
      "about": "a run that breaks out: it goes on to the last rate"},
     {**_bowl([1.0, 0.2]), "x": np.array([2.0, -1.0]), "low": 0.1, "high": 1.0, "steps": 2, "about": "two steps only"}],
)  # fmt: skip
RATES = "low * (high / low) ** (np.arange(steps) / (steps - 1))"
range_mistakes = [
    Mistake("equal distances", {RATES: "np.linspace(low, high, steps)"}, "Each rate is the same factor larger than the one before.", RANGE),
    Mistake("high is never reached", {"(steps - 1)": "steps"}, "There are steps − 1 factors between the first and the last rate.", RANGE),
    Mistake("low is left out", {"np.arange(steps) / (steps - 1)": "np.arange(1, steps + 1) / steps"}, "The first rate is low.", RANGE),
    Mistake("from high to low", {"for lr in rates": "for lr in rates[::-1]", "return rates": "return rates[::-1]"},
            "It begins with the low rate: one step at the high one would spoil the rest.", RANGE),
    Mistake("the loss after the step", {"        losses.append(loss(x))\n        x = x - lr * grad(x)":
             "        x = x - lr * grad(x)\n        losses.append(loss(x))"}, "Note the loss before the step.", RANGE),
    Mistake("always from the start", {"x = x - lr * grad(x)": "y = x - lr * grad(x)"},
            "It is one run: every step goes on from where the last one ended.", RANGE),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The gradient points uphill: subtract.", RANGE),
    Mistake("one rate for all", {"lr * grad(x)": "high * grad(x)"}, "The rate of each step is its own.", RANGE),
    Mistake("the low rate for all", {"lr * grad(x)": "low * grad(x)"}, "The rate of each step is its own.", RANGE),
    Mistake("losses and rates exchanged", {"return rates, np.array(losses)": "return np.array(losses), rates"},
            "Return the rates first.", RANGE),
    Mistake("exponents in place of rates", {"return rates": "return np.log10(rates)"}, "Return the rates themselves.", RANGE),
    Mistake("it stops when the loss breaks out", {"losses.append(loss(x))\n": "losses.append(loss(x))\n        if losses[-1] > 4 * min(losses):\n            break\n",
            "return rates": "return rates[: len(losses)]"}, "Here the run goes on to the last rate, however large the loss.", RANGE),
    Mistake("the lowest loss so far", {"np.array(losses)": "np.minimum.accumulate(losses)"}, "Note each loss as it is, also where it rises.", RANGE),
    Mistake("the rates of the next steps", {"lr * grad(x)": "min(high, lr * (high / low) ** (1 / (steps - 1))) * grad(x)"},
            "The first step is taken with low.", RANGE),
    Mistake("only the sign of the gradient", {"grad(x)": "np.sign(grad(x))"}, "The step is lr times the gradient.", RANGE),
    Mistake("the gradient's length is divided out", {"grad(x)": "grad(x) / np.linalg.norm(grad(x))"},
            "The step is lr times the gradient.", RANGE),
]  # fmt: skip

# -- 5: match a curve -----------------------------------------------------------------------------------------


def curve_settings():
    warmup = round(1 / mine["first"])
    share = np.arccos(2 * (mine["middle"] - mine["end"]) / (1 - mine["end"]) - 1) / np.pi
    return warmup, warmup + round((250 - warmup - 1) / share), mine["end"]


def _curve(warmup: float, steps: float, floor: float) -> Schedule:
    return linear_warmup(round(warmup)).then(cosine(round(steps) - round(warmup), floor=floor))


def _matches(runs: list[Run], own: Mine) -> tuple[bool, str]:
    values = [s.value for s in runs[0].seen]
    if not all(isinstance(v, np.ndarray) and v.ndim == 0 and np.isfinite(v) for v in values):
        return False, "Return three numbers: warmup, steps, floor."
    warmup, steps, floor = map(float, values)  # type: ignore[arg-type]
    if not (1 <= warmup < steps <= 1e5 and 0 <= floor <= 1 and round(warmup) < round(steps)):
        return (
            False,
            f"Here warmup = {warmup:g}, steps = {steps:g}, floor = {floor:g}; it must be 1 ≤ warmup < steps and 0 ≤ floor ≤ 1.",
        )
    first = round(1 / own["first"])
    rest = np.arccos(2 * (own["middle"] - own["end"]) / (1 - own["end"]) - 1) / np.pi
    last = first + round((250 - first - 1) / rest)
    wanted, got = _curve(first, last, own["end"]), _curve(warmup, steps, floor)
    gaps = np.abs(wanted.values(last + 50) - got.values(last + 50))
    at = int(gaps.argmax()) + 1
    words = f"The largest distance between the curves is {gaps.max():.3f}, at step {at}"
    return (True, words + ".") if gaps.max() <= 0.02 else (False, words + "; wanted: at most 0.02.")


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    warmup, steps = int(rng.integers(8, 60)), int(rng.integers(400, 900))
    end = round(float(rng.uniform(0.02, 0.3)), 3)
    return {"first": 1 / warmup, "middle": _curve(warmup, steps, end)(250), "end": end}


EXERCISE = Exercise(
    "13_schedules",
    [
        Code(solution=cosine_eta, title="The cosine", points=3, drive=call("eta"), cases=COSINES, wrong=cosine_mistakes, reread=SHAPES, hints=[
            "First the share of the run that is over: (t − 1)/steps, and never more than 1.",
            "(1 + cos(π·share))/2 goes from 1 to 0. Squeeze it into what is above the floor."]),
        Code(solution=cooled_eta, title="Hold, then cool down", points=3, drive=call("eta"), cases=COOLED, wrong=cooled_mistakes, reread=OPEN, hints=[
            "How many steps of the fall are over before step t? It is t − 1 − told.",
            "1 minus that share is right during the fall. Before it is above 1, after it below 0: cut it with min and max."]),
        Code(solution=warm_cosine_eta, title="Warm up, then a cosine", points=3, drive=call("eta"), cases=WARMED, wrong=warm_mistakes, reread=WARM, hints=[
            "Two cases: t ≤ warmup, and t > warmup.", "In the second case count from 1 again: step t − warmup of a cosine over steps − warmup."]),
        Code(solution=range_test, title="The range test", points=3, drive=call("rates", "losses"), cases=TESTS, wrong=range_mistakes, reread=RANGE, hints=[
            "np.geomspace(low, high, steps) has the right distances.", "For each rate: note loss(x), then take one step with that rate."]),
        Goal(solution=curve_settings, title="Match a curve", points=2, drive=call("warmup", "steps", "floor"), reached=_matches, reread=SHAPES, hints=[
            "The first step of the warm-up has 1/warmup. What is left at the end is the floor.",
            "At step 250 solve floor + (1 − floor)·(1 + cos(π·s))/2 for s with arccos. s is (250 − warmup − 1)/(steps − warmup)."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
