"""Exercise 11: the race."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ...gradients import check_gradient
from ...live import runners
from ...live.explorers.race import RUNNERS
from ...optimizers import Adagrad, Adam, GradientDescent, Momentum, Optimizer, RMSprop
from ...running import simulate
from ...surfaces import Surface
from ..cases import Case, Cases
from ..draw import drawn
from ..kinds import Code, Goal
from ..observe import Driver, Notes, Run
from ..tasks import Exercise, Mine, Mistake

SADDLE, ARRIVAL = "lesson 11, section 2, the slope at a saddle", "lesson 11, section 1, predict, then play"
LANDSCAPE = "lesson 11, section 6, build a landscape"

# -- 1: how long on the ridge ----------------------------------------------------------------------------


def steps_to_leave(offset, edge, lr):
    return max(0, np.ceil(np.log(edge / abs(offset)) / np.log(1 + lr)))


RIDGES = Cases(
    [{"offset": 1e-4, "edge": 0.5, "lr": 0.1}, {"offset": 0.03, "edge": 0.7, "lr": 0.35}, {"offset": 1e-9, "edge": 2.0, "lr": 0.02},
     {"offset": -0.002, "edge": 0.3, "lr": 0.6, "about": "a start below the crest"},
     {"offset": 0.8, "edge": 0.5, "lr": 0.1, "about": "a start beyond the edge"}],
    [{"offset": -0.8, "edge": 0.5, "lr": 0.1, "about": "a start beyond the edge, below the crest"},
     {"offset": 1e-300, "edge": 0.5, "lr": 0.1, "about": "a start very near the crest"},
     {"offset": 0.01, "edge": 3.0, "lr": 4.0, "about": "a large learning rate"}],
)  # fmt: skip
RATIO, GROWTH, WHOLE = "np.log(edge / abs(offset))", "np.log(1 + lr)", "np.ceil("
leave_mistakes = [
    Mistake("lr in place of ln(1 + lr)", {GROWTH: "lr"}, "That is near for a small lr. Each step multiplies by 1 + lr: take its logarithm.", SADDLE),
    Mistake("1 − lr", {GROWTH: "-np.log(abs(1 - lr))"}, "At a saddle the distance grows: the factor is 1 + lr.", SADDLE),
    Mistake("the logarithm of lr", {GROWTH: "abs(np.log(lr))"}, "The factor of a step is 1 + lr.", SADDLE),
    Mistake("not rounded", {"np.ceil(np.log(edge / abs(offset)) / np.log(1 + lr))": "np.log(edge / abs(offset)) / np.log(1 + lr)"},
            "Steps are whole: round up to the first that is beyond the edge.", SADDLE),
    Mistake("rounded down", {WHOLE: "np.floor("}, "After so many steps the run is not yet at the edge: round up.", SADDLE),
    Mistake("rounded to the nearest", {WHOLE: "np.round("}, "Rounded down, the run is not yet at the edge: round up.", SADDLE),
    Mistake("one step too many", {WHOLE: "1 + np.ceil("}, "Step k multiplies k times: nothing is to be added.", SADDLE),
    Mistake("different logarithms", {RATIO: "np.log10(edge / abs(offset))"}, "Both logarithms must have the same base.", SADDLE),
    Mistake("the edge is missing", {RATIO: "np.log(1 / abs(offset))"}, "The run has left at the edge, not at a distance of 1.", SADDLE),
    Mistake("the difference in place of the ratio", {RATIO: "np.log(edge - abs(offset))"}, "The distance is multiplied at each step: it is the ratio that counts.", SADDLE),
    Mistake("steps of one length", {f"{RATIO} / {GROWTH}": "(edge - abs(offset)) / (lr * abs(offset))"},
            "The first step is that long. The next ones are longer: the slope grows with the distance.", SADDLE),
    Mistake("the logarithms are subtracted", {f"/ {GROWTH}": f"- {GROWTH}"}, "k times ln(1 + lr) is the logarithm of the ratio: divide.", SADDLE),
    Mistake("multiplied in place of divided", {f"/ {GROWTH}": f"* {GROWTH}"}, "k times ln(1 + lr) is the logarithm of the ratio: divide.", SADDLE),
    Mistake("a start below the crest takes no step", {"abs(offset)": "offset"}, "What counts is the distance from the crest: take the absolute value.", SADDLE),
    Mistake("a start beyond the edge takes steps", {"max(0, ": "abs("}, "Who starts beyond the edge has left at step 0.", SADDLE),
]  # fmt: skip

# -- 2: the order ----------------------------------------------------------------------------------------


def order():
    field, start = runners("double_well"), (-1.5, mine["crest"])
    paths = {name: simulate(field[name], "double_well", 400, start).points for name in mine["runners"]}
    return sorted(paths, key=lambda name: np.argmax(np.abs(paths[name][:, 1]) > 0.5))


def names(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    """Call the function and note the four names it returns."""
    places = ("the first", "the second", "the third", "the fourth")
    for place, name in zip(places, notes.unpack(function(), places), strict=True):
        notes.say(place, str(name) if isinstance(name, str) else name)


@lru_cache(maxsize=512)
def _leaves(name: str, crest: float) -> int:
    path = simulate(runners("double_well")[name], "double_well", 400, (-1.5, crest)).points
    return int(np.argmax(np.abs(path[:, 1]) > 0.5))


def _ordered(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    told = [str(seen.value) for seen in runs[0].seen]
    if sorted(told) != sorted(mine["runners"]):
        return False, f"Return these four names, each once: {', '.join(mine['runners'])}."
    steps = [_leaves(name, mine["crest"]) for name in told]
    for k in range(3):
        if steps[k] > steps[k + 1]:
            first, second = told[k], told[k + 1]
            return (
                False,
                f"{second} leaves before {first}: at step {steps[k + 1]}, {first} at step {steps[k]}.",
            )
    return True, f"They leave at steps {', '.join(map(str, steps))}."


# -- 3: when it arrives ----------------------------------------------------------------------------------


def arrives(losses, target):
    above = np.flatnonzero(~(losses <= target))
    step = above[-1] + 1 if len(above) else 0
    return step if step < len(losses) else -1


SWING = np.array([9, 4, 0.4, 1.7, 0.6, 2.2, 0.3, 0.2, 0.25, 0.1])
CURVES = Cases(
    [{"losses": SWING, "target": 0.5}, {"losses": SWING, "target": 1.9}, {"losses": 0.8 ** np.arange(30), "target": 0.05},
     {"losses": np.r_[SWING, 0.7, 0.9], "target": 0.5, "about": "below the target, but not at the end"},
     {"losses": 3 + SWING, "target": 2.0, "about": "never below the target"}],
    [{"losses": SWING, "target": 20.0, "about": "below the target from the start"},
     {"losses": np.array([4.0, 2.0, 1.0, 1.0]), "target": 1.0, "about": "exactly at the target"},
     {"losses": np.r_[SWING, np.inf, np.nan], "target": 0.5, "about": "a run that diverges in the end"},
     {"losses": np.r_[2.0, np.nan, 0.2, 0.1], "target": 0.5, "about": "a loss that is no number in between"},
     {"losses": np.array([0.3]), "target": 0.5, "about": "a single loss"},
     {"losses": np.array([0.7]), "target": 0.5, "about": "a single loss above the target"},
     {"losses": -SWING, "target": -0.15, "about": "negative losses"}],
)  # fmt: skip
ABOVE, LAST, NEVER = (
    "np.flatnonzero(~(losses <= target))",
    "above[-1] + 1",
    "step if step < len(losses) else -1",
)
arrival_mistakes = [
    Mistake("the first time below", {LAST: "np.argmax(losses <= target) if (losses <= target).any() else len(losses)"},
            "It may swing up again. Asked for is the step from which on it stays below.", ARRIVAL),
    Mistake("the first time below, or 0", {"return step if step < len(losses) else -1": "return np.argmax(losses <= target)"},
            "It may swing up again: asked for is the step from which on it stays below. And argmax of nothing is 0.", ARRIVAL),
    Mistake("the last step above", {LAST: "above[-1]"}, "There the loss is still above: it arrives one step later.", ARRIVAL),
    Mistake("one step too late", {LAST: "above[-1] + 2"}, "It arrives at the step after the last one above.", ARRIVAL),
    Mistake("the number of steps above", {LAST: "len(above)"}, "Where the loss swings, steps above and below alternate: counting is not enough.", ARRIVAL),
    Mistake("the number of steps below", {LAST: "np.sum(losses <= target)"}, "Asked for is a step, not how often the loss is below.", ARRIVAL),
    Mistake("never is the last step", {NEVER: "min(step, len(losses) - 1)"}, "A run that is above at the end has not arrived: return -1.", ARRIVAL),
    Mistake("never is one step past the end", {NEVER: "step"}, "A run that is above at the end has not arrived: return -1.", ARRIVAL),
    Mistake("never is 0", {NEVER: "step if step < len(losses) else 0"}, "0 would say that it was there at the start: return -1.", ARRIVAL),
    Mistake("the lowest loss", {"return step if step < len(losses) else -1": "return np.argmin(losses)"},
            "The lowest loss may come long after the arrival.", ARRIVAL),
    Mistake("the loss in place of the step", {"return step if": "return losses[min(step, len(losses) - 1)] if"}, "Return the step's number, not its loss.", ARRIVAL),
    Mistake("the steps are counted from the end", {LAST: "len(losses) - above[-1] - 1"}, "Count steps from the start.", ARRIVAL),
]  # fmt: skip

# -- 4 and 5: a landscape on which it loses --------------------------------------------------------------


def against_descent(x, y):
    return (x**2 + 1000 * y**2) / 2, (x, 1000 * y)


def against_adaptive(x, y):
    along, across = (x + y) / np.sqrt(2), (y - x) / np.sqrt(2)
    slopes = (along - 1000 * across) / np.sqrt(2), (along + 1000 * across) / np.sqrt(2)
    return (along**2 + 1000 * across**2) / 2, slopes


START, STEPS, RATES = (1.5, 1.0), 200, np.logspace(-4, 1, 51)
LEAST, TIMES = 1e-4, 100
"""Of the way down so much is left at least for who loses, and so many times as much as for who wins."""


def tuned_race(*entrants: Optimizer) -> Driver:
    """Return a driver that lets optimizers race on the student's landscape, each at its best of fifty-one rates.

    Noted for each: the part of the way down that is left, and where its run ends.
    """

    def drive(function: Callable[..., Any], case: Case, notes: Notes) -> None:
        height, slopes = notes.unpack(function(*np.array(START)), ("the height", "the slopes"))
        for slope in (height, *notes.unpack(slopes, ("∂f/∂x", "∂f/∂y"))):
            if notes.see("height and slopes", slope).ndim:
                notes.odd("height and slopes", "arrays where x and y are numbers")
        notes.run.seen.clear()  # these were looked at, not asked for

        def value(x: Any, y: Any) -> Any:
            return function(np.array(x), np.array(y))[0] + 0 * x

        def gradient(x: Any, y: Any) -> Any:
            return function(np.array(x), np.array(y))[1]

        ground = Surface(name="landscape", value=value, gradient=gradient, start=np.array(START))
        report = check_gradient(ground, tolerance=1e-3)
        if not report:
            along = "xy"["[1]" in report.where]
            rise = f"along {along} the height rises by {report.measured:.4g}, and the slope says {report.given:.4g}"
            notes.odd("the slopes", f"others: near the start, {rise}", "those of the height")
        runs = {type(opt).__name__: simulate(opt.replace(lr=RATES), ground, STEPS) for opt in entrants}
        lowest = min(np.min(ground.mesh(101)[2]), *(np.nanmin(run.losses) for run in runs.values()))
        high = float(ground.loss(np.array(START)))
        for name, run in runs.items():
            best = int(np.argmin(np.where(np.isfinite(run.losses[-1]), run.losses[-1], np.inf)))
            left = (run.losses[-1, best] - lowest) / (high - lowest) if high > lowest else 1.0
            notes.see(name, [left, *run.points[-1, :, best]])

    return drive


def _loses(*losers: str, winner: str) -> Callable[[list[Run], Mine], tuple[bool, str]]:
    def reached(runs: list[Run], mine: Mine) -> tuple[bool, str]:
        ends: Mapping[str, np.ndarray] = {seen.name: np.asarray(seen.value) for seen in runs[0].seen}
        left = {name: float(end[0]) for name, end in ends.items()}
        told = (
            "Of the way down is left: " + ", ".join(f"{name} {part:.2g}" for name, part in left.items()) + "."
        )
        if not np.all(np.abs(ends[winner][1:]) <= 2):
            return (
                False,
                f"{winner} must end in the window, −2 … 2 in x and y. A landscape has a bottom there.",
            )
        for name in losers:
            if not left[name] >= LEAST:
                return False, f"{told} {name} must keep {LEAST:g} at least: it comes down too well."
            if not left[name] >= TIMES * left[winner]:
                return False, f"{told} {name}'s must be {TIMES} times {winner}'s at least."
        return True, told

    return reached


# -- of each student's own -------------------------------------------------------------------------------

FIELD = [name for name in RUNNERS if name != "Adadelta"]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def draw() -> dict[str, Any]:
        crest = float(f"{10 ** rng.uniform(-9, -2):.2g}")
        return {"crest": crest, "runners": [str(name) for name in rng.choice(FIELD, 4, replace=False)]}

    def against(found: Mine) -> str:
        leaving = sorted((_leaves(name, found["crest"]), name) for name in found["runners"])
        ties = [f"{a} and {b}" for (one, a), (other, b) in pairwise(leaving) if other - one < 2]
        return f"{', '.join(ties)} leave together" if ties else ""

    return drawn(draw, against)


EXERCISE = Exercise(
    "11_race",
    [
        Code(solution=steps_to_leave, title="How long on the ridge?", points=3, cases=RIDGES, wrong=leave_mistakes, reread=SADDLE, hints=[
            "The slope sideways is −y, so a step takes y to y + lr·y. What is y after k steps?",
            "|offset|·(1 + lr)^k must reach the edge. Take logarithms, divide, round up; 0 for a start beyond the edge."]),
        Goal(solution=order, title="Predict the order", points=2, drive=names, reached=_ordered, reread=SADDLE, hints=[
            "Who divides by the size of its gradients leaves at once. Who does not waits the longer, the nearer the crest is.",
            "Press ▶ in the figure, or step through it: who is 0.5 off the crest first?"]),
        Code(solution=arrives, title="When has it arrived?", points=3, cases=CURVES, wrong=arrival_mistakes, reread=ARRIVAL, hints=[
            "Find the last step at which the loss is not below the target. NaN is not below anything.",
            "np.flatnonzero(~(losses <= target)) lists the steps that are not below; it arrives one after the last of them."]),
        Goal(solution=against_descent, title="Gradient descent loses", points=2, drive=tuned_race(GradientDescent(), Adagrad()),
             reached=_loses("GradientDescent", winner="Adagrad"), reread=LANDSCAPE, hints=[
            "Gradient descent has one learning rate for both directions. Adagrad has one for each coordinate.",
            "Make the curvature along y a thousand times that along x."]),
        Goal(solution=against_adaptive, title="Adagrad, RMSprop and Adam lose", points=2,
             drive=tuned_race(Adagrad(), RMSprop(), Adam(), Momentum()),
             reached=_loses("Adagrad", "RMSprop", "Adam", winner="Momentum"), reread=LANDSCAPE, hints=[
            "What do methods that work coordinate by coordinate not see?",
            "Turn the valley of task 4 by 45°: u = (x + y)/√2 along it, v = (y − x)/√2 across it."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
