"""Exercise 02: gradient descent."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...optimizers import GradientDescent
from ...running import simulate
from ...surfaces import quadratic
from ..cases import Case, Cases, loop_cases, symmetric
from ..draw import drawn
from ..kinds import Code, Goal
from ..observe import Notes, Run, loop
from ..tasks import Exercise, Mine, Mistake
from ..values import described

RULE, EDGE = "lesson 02, section 3, the rule", "lesson 02, section 4, one dimension explains the edge"
RATE, REAL = "lesson 02, section 5, how many steps, then", "lesson 02, section 7, real data"

# -- 1: write the loop ---------------------------------------------------------------------------------


def descend(grad, x, lr, steps):
    path = [x]
    for _ in range(steps):
        x = x - lr * grad(x)
        path.append(x)
    return np.array(path)


_A = np.array([[2.0, 0.5], [0.5, 1.0]])
PATHS = loop_cases(
    {"grad": lambda x: _A @ x + np.sin(x), "x": np.array([2.0, -1.5]), "lr": 0.23, "steps": 5},
    {"grad": lambda x: x**3 - 1, "x": np.array([1.8, 0.3, -0.7]), "lr": 0.11, "steps": 7},
    {"grad": lambda x: 2 * x + x.T, "x": np.array([[1.0, 2.0], [-3.0, 0.5]]), "lr": 0.17, "steps": 6},
)
STEP = "x = x - lr * grad(x)"
descend_mistakes = [
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The gradient points uphill, so it is subtracted.", RULE),
    Mistake("the start is missing from the path", {"[x]": "[]"}, "path[0] is the start, before any step.", RULE),
    Mistake("only the last point", {"np.array(path)": "x"}, "All points are asked for, the start first.", RULE),
    Mistake("the gradient is always taken at the start", {"grad(x)": "grad(path[0])"},
            "Each step needs the gradient at the point where it begins.", RULE),
    Mistake("lr forgotten", {"lr * grad(x)": "grad(x)"}, "The gradient is multiplied by lr.", RULE),
    Mistake("one array, changed in place and listed again and again", {STEP: "x -= lr * grad(x)"},
            "With -= the list holds the same array many times, and all its rows show the end. Write x = x - …", RULE),
    Mistake("one step too many", {"range(steps)": "range(steps + 1)"}, "steps steps give steps + 1 points.", RULE),
    Mistake("one step too few", {"range(steps)": "range(steps - 1)"}, "steps steps give steps + 1 points.", RULE),
    Mistake("the point is listed before its step", {f"{STEP}\n        path.append(x)": f"path.append(x)\n        {STEP}"},
            "So the start comes twice and the end never: first step, then append.", RULE),
    Mistake("steps of one length", {"lr * grad(x)": "lr * grad(x) / np.linalg.norm(grad(x))"},
            "The step is lr times the gradient itself, so that it shrinks where the ground gets flat.", RULE),
    Mistake("only the sign of the gradient", {"lr * grad(x)": "lr * np.sign(grad(x))"},
            "The step is lr times the gradient, its size included.", RULE),
    Mistake("lr shrinks from step to step", {"for _ in": "for t in", "lr * grad": "lr / (t + 1) * grad"},
            "Here lr stays what it is.", RULE),
    Mistake("the old point is forgotten", {"x - lr": "-lr"}, "The step starts from x: x minus lr times the gradient.", RULE),
    Mistake("it returns after the first step", {"    return": "        return"}, "The return stands inside the loop; move it to the left.", RULE),
    Mistake("the last point in a list of its own", {"np.array(path)": "np.array([x])"}, "All points are asked for, the start first.", RULE),
    Mistake("no point is appended", {"\n        path.append(x)": ""}, "Each new x belongs into the list.", RULE),
    Mistake("every step begins at the start again", {f"{STEP}\n        path.append(x)": "path.append(x - lr * grad(x))"},
            "The new point must become x, so that the next step begins there.", RULE),
    Mistake("lr counted twice", {"lr * grad": "lr * lr * grad"}, "The gradient is multiplied by lr once.", RULE),
    Mistake("whole numbers", {"path = [x]": "x = x.astype(int)\n    path = [x]", STEP: "x = (x - lr * grad(x)).astype(int)"},
            "The array holds whole numbers and cuts off the rest: leave out the dtype.", RULE),
    Mistake("whole numbers at the end", {"np.array(path)": "np.array(path, dtype=int)"},
            "The array holds whole numbers and cuts off the rest: leave out the dtype.", RULE),
    Mistake("the last row is left empty", {"np.array(path)": "np.array([*path[:-1], 0 * x])"},
            "The array has steps + 1 rows, and the loop fills one fewer: range(steps) with path[t + 1].", RULE),
]  # fmt: skip

# -- 2: the largest lr ---------------------------------------------------------------------------------


def largest_lr(hessian):
    return 2 / np.linalg.eigvalsh(hessian)[-1]


TOP = "2 / np.linalg.eigvalsh(hessian)[-1]"
HESSIANS = symmetric(
    np.array([[3.0, 1.2], [1.2, 0.9]]),
    np.array([[2.0, -0.7, 0.3], [-0.7, 5.0, 1.1], [0.3, 1.1, 0.8]]),
    np.array([[40.0, 7.0], [7.0, 12.0]]),
)
lr_mistakes = [
    Mistake("1/L in place of 2/L", {"2 /": "1 /"}, "At 1/L the factor is 0; the edge is where it is −1.", EDGE),
    Mistake("the smallest eigenvalue", {"[-1]": "[0]"}, "The steepest direction is the first to diverge.", EDGE),
    Mistake("upside down", {TOP: "np.linalg.eigvalsh(hessian)[-1] / 2"}, "The steeper, the smaller lr must be.", EDGE),
    Mistake("the best lr in place of the largest", {"[-1]": "[[0, -1]].sum()"},
            "2/(L + μ) is the fastest one; here the edge is asked for.", EDGE),
    Mistake("the sum of all eigenvalues", {"[-1]": ".sum()"}, "Each direction has its own limit; the steepest decides.", EDGE),
    Mistake("the mean of the eigenvalues", {"[-1]": ".mean()"}, "Each direction has its own limit; the steepest decides.", EDGE),
    Mistake("the largest entry of the matrix", {"np.linalg.eigvalsh(hessian)[-1]": "hessian.max()"},
            "The curvature along an axis is not the largest one, unless the matrix is diagonal.", EDGE),
    Mistake("the norm of all entries", {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.norm(hessian)"},
            "numpy's norm of a matrix is the root of the sum of squares, not the largest eigenvalue.", EDGE),
    Mistake("the root of L", {"[-1]": "[-1] ** 0.5"}, "The factor is 1 − lr·L, without a root.", EDGE),
    Mistake("the determinant", {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.det(hessian)"},
            "The determinant is the product of all eigenvalues.", EDGE),
    Mistake("the first eigenvalue that numpy lists", {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.eigvals(hessian)[0]"},
            "np.linalg.eigvals lists them in no order: take the largest.", EDGE),
    Mistake("the last eigenvalue that numpy lists", {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.eigvals(hessian)[-1]"},
            "np.linalg.eigvals lists them in no order: take the largest.", EDGE),
    Mistake("the condition number", {"np.linalg.eigvalsh(hessian)[-1]": "np.linalg.cond(hessian)"},
            "The condition number decides how slow the run is; the edge is set by the largest eigenvalue.", EDGE),
    Mistake("the largest sum of a row", {"np.linalg.eigvalsh(hessian)[-1]": "np.abs(hessian).sum(axis=1).max()"},
            "That is a bound for the largest eigenvalue (Gershgorin's), not the eigenvalue.", EDGE),
]  # fmt: skip

# -- 3: how many steps ---------------------------------------------------------------------------------


def steps_needed(condition, shrink):
    factor = (condition - 1) / (condition + 1)
    return math.ceil(math.log(shrink) / math.log(factor))


FACTOR = "(condition - 1) / (condition + 1)"
COUNTS = Cases(
    [{"condition": 10.0, "shrink": 1e-3}, {"condition": 50.0, "shrink": 1e-6}, {"condition": 3.0, "shrink": 0.02},
     {"condition": 2.0, "shrink": 1e-9}, {"condition": 3.0, "shrink": 0.9},
     {"condition": 3.0, "shrink": 0.25, "about": "the quotient is a whole number already"}],
    [{"condition": 3.0, "shrink": 0.5, "about": "one step is just enough"}, {"condition": 1e4, "shrink": 0.9}],
)  # fmt: skip
count_mistakes = [
    Mistake("rounded down", {"math.ceil": "math.floor"}, "One step fewer does not reach it: round up.", RATE),
    Mistake("rounded to the nearest", {"math.ceil": "round"}, "One step fewer does not reach it: round up.", RATE),
    Mistake("not rounded", {"math.ceil(math.log(shrink) / math.log(factor))": "math.log(shrink) / math.log(factor)"},
            "Steps are whole: round up.", RATE),
    Mistake("the factor at lr = 1/L", {FACTOR: "1 - 1 / condition"}, "At the best lr it is (κ − 1)/(κ + 1).", RATE),
    Mistake("the loss in place of the error", {"math.log(factor)": "math.log(factor**2)"},
            "The loss shrinks by the square of the factor, the error by the factor itself.", RATE),
    Mistake("the root of the condition number", {FACTOR: "(condition**0.5 - 1) / (condition**0.5 + 1)"},
            "That is momentum's rate, lesson 04. Gradient descent pays for κ itself.", RATE),
    Mistake("the rule of thumb", {"math.log(shrink) / math.log(factor)": "-math.log(shrink) * condition / 2"},
            "ln(1/shrink)·κ/2 holds for large κ; here the exact number is asked for.", RATE),
    Mistake("the quotient of the numbers in place of their logarithms",
            {"math.log(shrink) / math.log(factor)": "shrink / factor"}, "factor^k = shrink is solved by logarithms.", RATE),
    Mistake("two kinds of logarithm", {"math.log(shrink)": "math.log10(shrink)"}, "Take the same logarithm twice.", RATE),
    Mistake("one step too many", {"math.log(factor))": "math.log(factor)) + 1"}, "Rounding up is enough.", RATE),
    Mistake("rounded down, and one added", {"math.ceil": "1 + math.floor"},
            "That is one too many where the quotient is whole already: round up.", RATE),
    Mistake("one step too few", {"math.log(factor))": "math.log(factor)) - 1"}, "One step fewer does not reach it.", RATE),
    Mistake("the logarithms upside down", {"math.log(shrink) / math.log(factor)": "math.log(factor) / math.log(shrink)"},
            "factor^k = shrink gives k·ln(factor) = ln(shrink).", RATE),
    Mistake("the rule of thumb without its half", {"math.log(shrink) / math.log(factor)": "-math.log(shrink) * condition"},
            "ln(1/shrink)·κ/2 holds for large κ; here the exact number is asked for.", RATE),
    Mistake("the logarithm of a quotient", {"math.log(shrink) / math.log(factor)": "math.log(shrink / factor)"},
            "The quotient of two logarithms is not the logarithm of the quotient.", RATE),
    Mistake("a lost sign", {"math.log(shrink)": "math.log(1 / shrink)"}, "Both logarithms are negative; their quotient is not.", RATE),
]  # fmt: skip

# -- 4: find the bug -----------------------------------------------------------------------------------


def train_model(grad, params, lr, steps):
    for _ in range(steps):
        g = grad(params)
        params = {name: params[name] - lr * g[name] for name in params}
    return params


def _train(function: Callable[..., Any], case: Case, notes: Notes) -> None:
    given = {name: part.copy() for name, part in case["params"].items()}
    new = function(case["grad"], given, case["lr"], case["steps"])
    if not isinstance(new, dict) or set(new) != set(given):
        notes.odd("the value returned", described(new), "a dict with the names of params")
    for name in case["params"]:
        notes.see(name, new[name])
    if not all(np.array_equal(given[name], part) for name, part in case["params"].items()):
        notes.finding("It changes the params it was given; a fresh dict leaves the caller's alone.")


_INPUTS, _TARGETS = (
    np.random.default_rng(2).normal(size=(2, 8, 3)),
    np.random.default_rng(3).normal(size=(8, 2)),
)


def _grad(params: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    error = _INPUTS[0] @ params["W"] + params["b"] - _TARGETS
    return {"W": _INPUTS[0].T @ error / 8, "b": error.mean(axis=0) + 0.3 * params["b"] ** 3}


MODELS = loop_cases(
    {"grad": _grad, "params": {"W": np.ones((3, 2)), "b": np.array([0.5, -2.0])}, "lr": 0.3, "steps": 4},
    {"grad": _grad, "params": {"W": _INPUTS[1, :3, :2], "b": np.ones(2)}, "lr": 0.13, "steps": 7},
)
UPDATE = "params = {name: params[name] - lr * g[name] for name in params}"
GRADIENT = "g = grad(params)"
train_mistakes = [
    Mistake("a new gradient after half of a step",
            {f"{GRADIENT}\n        {UPDATE}": "for name in params:\n            "
             "params = params | {name: params[name] - lr * grad(params)[name]}"},
            "When b takes its step, W has moved already: take one gradient, at one point, for all parts.", REAL),
    Mistake("the same, b first", {f"{GRADIENT}\n        {UPDATE}": "for name in reversed(list(params)):\n            "
             "params = params | {name: params[name] - lr * grad(params)[name]}"},
            "When W takes its step, b has moved already: take one gradient, at one point, for all parts.", REAL),
    Mistake("only W learns", {"for name in params}": "for name in ['W']} | {'b': params['b']}"},
            "b is a parameter like W and takes the same step.", REAL),
    Mistake("only b learns", {"for name in params}": "for name in ['b']} | {'W': params['W']}"},
            "W is a parameter like b and takes the same step.", REAL),
    Mistake("the gradient always at the old parameters",
            {f"for _ in range(steps):\n        {GRADIENT}": f"{GRADIENT}\n    for _ in range(steps):"},
            "After a step the gradient is another one: take it inside the loop, at the params of that step.", REAL),
    Mistake("W first, then b", {f"for _ in range(steps):\n        {GRADIENT}\n        {UPDATE}": "for name in params:\n        for _ in range(steps):\n"
            "            params = params | {name: params[name] - lr * grad(params)[name]}"},
            "In each step all parts move; here one part takes all its steps before the next one begins.", REAL),
    Mistake("a step uphill", {"params[name] - lr": "params[name] + lr"}, "The gradient points uphill, so it is subtracted.", REAL),
    Mistake("lr forgotten", {"lr * g": "g"}, "The gradient is multiplied by lr.", REAL),
    Mistake("one step too many", {"range(steps)": "range(steps + 1)"}, "Take steps steps.", REAL),
    Mistake("it returns after the first step", {"    return params": "        return params"},
            "The return stands inside the loop; move it to the left.", REAL,
            same_as=("a step that is not repeated", "every step begins at the start again")),
    Mistake("a step that is not repeated", {f"for _ in range(steps):\n        {GRADIENT}\n        {UPDATE}": f"{GRADIENT}\n    {UPDATE}"},
            "The loop over the steps is missing.", REAL,
            same_as=("it returns after the first step", "every step begins at the start again")),
    Mistake("every step begins at the start again", {f"{UPDATE}\n    return params": f"new = {UPDATE[9:]}\n    return new"},
            "The new parameters must become params, so that the next step begins there.", REAL,
            same_as=("it returns after the first step", "a step that is not repeated")),
    Mistake("lr divided by the number of steps", {"lr * g": "lr / steps * g"}, "Every step uses the whole lr.", REAL),
]  # fmt: skip

# -- 5: the slider ---------------------------------------------------------------------------------------


def valley_lr():
    return 2 / (mine["largest"] + mine["largest"] / mine["condition"])


SHORTCUTS = (0.1, 0.5, 1.0, 2.0)
"""Learning rates that are right for nobody, so that none of them can be handed round."""


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    condition = int(rng.integers(20, 61))
    largest = drawn(
        lambda: float(f"{10 ** rng.uniform(-2, 2):.2g}"),
        lambda largest: ", ".join(f"lr = {lr} hits it" for lr in SHORTCUTS if 1.4 < lr * largest < 2.1),
    )
    valley = quadratic(condition=condition, largest=largest)
    loss = 1e-6 * largest
    steps = simulate(GradientDescent(lr=valley.lr), valley, 2000).steps_to(loss)
    return {"largest": largest, "condition": condition, "loss": loss, "steps": int(1.1 * steps)}


def _down(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    lr = runs[0].seen[0].value
    assert isinstance(lr, np.ndarray)
    if lr.ndim or not 0 < lr < np.inf:
        return False, "Return one number > 0."
    valley = quadratic(condition=mine["condition"], largest=mine["largest"])
    path = simulate(GradientDescent(lr=float(lr)), valley, mine["steps"])
    if path.diverged or path.losses[-1] > path.losses[0]:
        return False, f"With lr = {lr:g} the run diverges."
    reached = path.steps_to(mine["loss"])
    if reached is None:
        return False, f"With lr = {lr:g} the loss is {path.final_loss:.2g} after {mine['steps']} steps."
    return (
        True,
        f"With lr = {lr:g} the loss is below {mine['loss']:.2g} after {reached} steps of {mine['steps']}.",
    )


EXERCISE = Exercise(
    "02_gradient_descent",
    [
        Code(solution=descend, title="Write the loop", points=2, drive=loop, cases=PATHS, wrong=descend_mistakes, reread=RULE, hints=[
            "Begin with path = [x], repeat the step, append each new x, and return np.array(path).",
            "The step is x = x - lr * grad(x). Mind that x -= … would change the array in the list."]),
        Code(solution=largest_lr, title="How large may lr be?", points=2, cases=HESSIANS, wrong=lr_mistakes, reread=EDGE, hints=[
            "Which eigenvalue decides?", "np.linalg.eigvalsh gives the eigenvalues in rising order."]),
        Code(solution=steps_needed, title="Predict, then measure", points=3, cases=COUNTS, wrong=count_mistakes, reread=RATE, hints=[
            "After k steps at the best lr the error is factor**k. Solve for k.",
            "k ≥ ln(shrink)/ln(factor), with factor = (κ − 1)/(κ + 1). Both logarithms are negative."]),
        Code(solution=train_model, title="Find the bug", points=4, drive=_train, cases=MODELS, wrong=train_mistakes, reread=REAL, hints=[
            "At which params is each gradient taken?", "Take g = grad(params) once a step, then move all parts."]),
        Goal(solution=valley_lr, title="Hit the target", points=1, reached=_down, reread="lesson 02, section 5, two dimensions explain the zig-zag", hints=[
            "Just below 2/L is too much; half of that is too careful.", "The best one is 2/(L + μ), with μ = L/κ."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
