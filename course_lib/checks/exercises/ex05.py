"""Exercise 05: Nesterov's momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...optimizers import Momentum
from ...running import simulate
from ...surfaces import lessard
from ..cases import Cases, loop_cases, update_rule
from ..kinds import Code, Goal
from ..observe import Run, call, loop, rule
from ..tasks import Exercise, Mine, Mistake

RULE, BRAKE = "lesson 05, section 3, the rule", "lesson 05, section 4, friction that grows with the curvature"
CIRCLE, FORMS = "lesson 05, section 6, the circle", "lesson 05, section 8, two forms"

# -- 1: the look-ahead form ------------------------------------------------------------------------------


def nesterov_path(grad, x, lr, beta, steps):
    m, path = np.zeros_like(x), [x]
    for _ in range(steps):
        g = grad(x - lr * beta * m)
        m = beta * m + g
        x = x - lr * m
        path.append(x)
    return np.array(path)


_A = np.array([[2.0, 0.5], [0.5, 1.0]])
PATHS = loop_cases(
    {"grad": lambda x: _A @ x + np.sin(x), "x": np.array([2.0, -1.5]), "lr": 0.23, "beta": 0.7, "steps": 5},
    {"grad": lambda x: x**3 - 1, "x": np.array([1.8, 0.3, -0.7]), "lr": 0.11, "beta": 0.45, "steps": 7},
    {"grad": lambda x: 2 * x + x.T, "x": np.array([[1.0, 2.0], [-3.0, 0.5]]), "lr": 0.17, "beta": 0.85, "steps": 6},
)  # fmt: skip
AHEAD, SUM, MOVE = "x - lr * beta * m)", "m = beta * m + g", "x = x - lr * m"
path_mistakes = [
    Mistake("momentum: the gradient at x", {AHEAD: "x)"}, "Nesterov takes it at the look-ahead point x − lr·β·m.", RULE),
    Mistake("no β in the look-ahead", {AHEAD: "x - lr * m)"}, "The memory alone carries x by −lr·β·m: β comes before the jump.", RULE),
    Mistake("no lr in the look-ahead", {AHEAD: "x - beta * m)"}, "m is a sum of gradients; the way it leads is lr·β·m.", RULE),
    Mistake("a look back", {AHEAD: "x + lr * beta * m)"}, "The memory carries x by minus lr·β·m.", RULE),
    Mistake("the previous gradient in place of the velocity",
            {"m, path = np.zeros_like(x), [x]": "m, g, path = np.zeros_like(x), np.zeros_like(x), [x]", AHEAD: "x - lr * beta * g)"},
            "The look-ahead follows the velocity m, the sum of all past gradients.", RULE),
    Mistake("a whole step ahead", {AHEAD: "x - lr * (beta * m + grad(x)))"},
            "Only the part that is known without a new gradient is taken in advance.", RULE),
    Mistake("the way ahead is walked twice", {f"{SUM}\n        {MOVE}": f"x = x - lr * beta * m\n        {SUM}\n        {MOVE}"},
            "The look-ahead only asks; x itself steps by lr·m, which holds lr·β·m already.", RULE),
    Mistake("the shifted form", {AHEAD: "x)", MOVE: "x = x - lr * (g + beta * m)"},
            "That is task 2: its points are the look-ahead points, here those of x are asked for.", FORMS,
            same_as=("the look-ahead points are listed",)),
    Mistake("the look-ahead points are listed", {"path.append(x)": "path.append(x - lr * beta * m)"},
            "Asked for are the points x; the look-ahead is only where the gradient is taken.", RULE, same_as=("the shifted form",)),
    Mistake("the averaging form", {SUM: "m = beta * m + (1 - beta) * g"}, "Asked for is the sum form, βm + g.", RULE),
    Mistake("no memory", {SUM: "m = g"}, "The new m keeps β times the old one.", RULE),
    Mistake("nothing is forgotten", {SUM: "m = m + g"}, "Without β the velocity grows for ever.", RULE),
    Mistake("one array, changed in place and listed again and again", {MOVE: "x -= lr * m"},
            "With -= the list holds the same array many times, and all its rows show the end. Write x = x - …", RULE),
    Mistake("lr counted twice", {SUM: "m = beta * m + lr * g"}, "lr stands in the step of x, so not in m.", RULE),
    Mistake("x moves by the old velocity", {f"{SUM}\n        {MOVE}": f"{MOVE}\n        {SUM}"}, "First the new m, then x with it.", RULE),
    Mistake("x moves by the gradient", {MOVE: "x = x - lr * g"}, "That holds from the look-ahead point; from x the step is lr·m.", RULE),
    Mistake("a step uphill", {MOVE: "x = x + lr * m"}, "m adds up gradients, and these point uphill: subtract.", RULE),
    Mistake("m starts with the first gradient", {"np.zeros_like(x), [x]": "grad(x), [x]"}, "m starts at zero: nothing is remembered yet.", RULE),
    Mistake("the start is missing from the path", {", [x]": ", []"}, "path[0] is the start, before any step.", RULE),
    Mistake("only the last point", {"np.array(path)": "x"}, "All points are asked for, the start first.", RULE),
    Mistake("it returns after the first step", {"    return": "        return"}, "The return stands inside the loop; move it to the left.", RULE),
    Mistake("one step too many", {"range(steps)": "range(steps + 1)"}, "steps steps give steps + 1 points.", RULE),
]  # fmt: skip

# -- 2: the shifted form ---------------------------------------------------------------------------------


def shifted_step(x, g, state, lr=0.01, beta=0.9):
    m = beta * state["m"] + g
    return x - lr * (g + beta * m), {"m": m}


STEPS = update_rule((0.23, 0.7), (0.4, 0.35), (0.11, 0.85), memory=["m"], seed=5)
OLD, STEP = 'beta * state["m"]', "x - lr * (g + beta * m)"
step_mistakes = [
    Mistake("momentum's step", {STEP: "x - lr * m"}, "From look-ahead to look-ahead the step is lr·(g + βm), with the new m.", FORMS),
    Mistake("m added to βm, in place of g", {STEP: "x - lr * (m + beta * m)"}, "m holds g already and more: the bracket is g + βm.", FORMS),
    Mistake("no β in the step", {STEP: "x - lr * (g + m)"}, "The bracket is g + βm: β decays the memory once more.", FORMS),
    Mistake("β at the wrong one of the two", {STEP: "x - lr * (beta * g + m)"}, "β stands at m: the bracket is g + βm.", FORMS),
    Mistake("β twice", {STEP: "x - lr * (g + beta * beta * m)"}, "The memory decays once between two look-ahead points.", FORMS),
    Mistake("the gradient counted without the memory", {STEP: "x - lr * g"}, "m is kept, but not used.", FORMS),
    Mistake("the memory without the gradient", {STEP: "x - lr * beta * m"}, "The step has two parts: lr·g and lr·β·m.", FORMS),
    Mistake("lr at the gradient alone", {STEP: "x - lr * g - beta * m"}, "lr stands before the bracket: it multiplies both parts.", FORMS),
    Mistake("the brackets forgotten", {STEP: "x - lr * g + beta * m"}, "Without brackets lr meets g alone, and βm loses its minus.", FORMS),
    Mistake("a plus between the parts of the step", {STEP: "x - lr * g + lr * beta * m"}, "Both parts lead downhill: subtract both.", FORMS),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "m adds up gradients, and these point uphill: subtract.", FORMS),
    Mistake("the averaging form", {f"{OLD} + g": f"{OLD} + (1 - beta) * g"}, "Asked for is the sum form, m ← βm + g.", FORMS),
    Mistake("no memory", {f"{OLD} + g": "g"}, "The new m keeps β times the old one.", FORMS),
    Mistake("nothing is forgotten", {OLD: 'state["m"]'}, "Without β the velocity grows for ever.", FORMS),
    Mistake("the gradient is subtracted in m", {f"{OLD} + g": f"{OLD} - g"}, "The minus stands in the step of x alone.", FORMS),
    Mistake("signs exchanged: minus in m, plus in x", {f"{OLD} + g": f"{OLD} - g", STEP: "x + lr * (beta * m - g)"},
            "The path is right, but m should add the gradients up; the minus stands in the step of x.", FORMS),
    Mistake("a minus in m, and a plus in the step", {f"{OLD} + g": f"{OLD} - g", "x - lr": "x + lr"},
            "m adds up gradients; the minus stands in the step of x, before the bracket.", FORMS),
    Mistake("lr inside the velocity", {f"{OLD} + g": f"{OLD} + lr * g", STEP: "x - lr * g - beta * m"},
            "The path is the same while lr is constant, but m should be a sum of bare gradients.", FORMS),
    Mistake("Keras's buffer", {f"{OLD} + g": f"{OLD} - lr * g", STEP: "x + beta * m - lr * g"},
            "The path is the same while lr is constant, but m should be a sum of bare gradients.", FORMS),
    Mistake("lr counted twice", {f"{OLD} + g": f"{OLD} + lr * g"}, "lr stands in the step of x, so not in m.", FORMS),
    Mistake("the bracket is returned as m", {'{"m": m}': '{"m": g + beta * m}'}, "What is remembered is m, not the step.", FORMS),
    Mistake("the old state is returned", {'{"m": m}': "state"}, "Return the new m, or it is lost.", FORMS),
    Mistake("zeros are returned as m", {'{"m": m}': '{"m": 0 * m}'}, "Return the new m, or it is lost.", FORMS),
    Mistake("lr and beta exchanged", {"beta * state": "lr * state", STEP: "x - beta * (g + lr * m)"}, "β weighs memory, lr the step.", FORMS),
]  # fmt: skip

# -- 3: from one form to the other -----------------------------------------------------------------------


def new_lookahead(y, m, lr, beta, new_lr):
    x = y + lr * beta * m
    return x, x - new_lr * beta * m


FIRST, SECOND = "y + lr * beta * m", "x - new_lr * beta * m"
POINTS = Cases(
    [{"y": np.array([1.0, -0.5]), "m": np.array([0.7, 2.2]), "lr": 0.3, "beta": 0.8, "new_lr": 0.05},
     {"y": np.array([[0.4, 2.0], [-1.3, 0.6]]), "m": np.array([[1.5, -0.9], [0.2, -3.0]]), "lr": 0.12, "beta": 0.55, "new_lr": 0.41},
     {"y": np.array([3.0]), "m": np.array([-1.1]), "lr": 1.7, "beta": 0.35, "new_lr": 0.6}],
    [{"y": np.array([1.0, 2.0]), "m": np.array([0.5, -4.0]), "lr": 0.2, "beta": 0.9, "new_lr": 0.2, "about": "lr stays as it is"},
     {"y": np.array([1.0, 2.0]), "m": np.zeros(2), "lr": 0.2, "beta": 0.9, "new_lr": 0.02, "about": "nothing is remembered yet"},
     {"y": np.array([1.0, 2.0]), "m": np.array([0.5, -4.0]), "lr": 0.2, "beta": 0.0, "new_lr": 0.02, "about": "beta = 0"},
     {"y": np.array([1.0, 2.0]), "m": np.array([0.5, -4.0]), "lr": 0.2, "beta": 0.9, "new_lr": 1e-9, "about": "the end of a cosine schedule"}],
)  # fmt: skip
point_mistakes = [
    Mistake("a plus and a minus exchanged in x", {FIRST: "y - lr * beta * m"}, "y = x − lr·β·m, so x = y + lr·β·m.", FORMS),
    Mistake("a plus in the new y", {SECOND: "x + new_lr * beta * m"}, "The look-ahead point is x − lr·β·m.", FORMS),
    Mistake("both signs turned", {FIRST: "y - lr * beta * m", SECOND: "x + new_lr * beta * m"}, "y = x − lr·β·m: from y to x it is a plus.", FORMS),
    Mistake("the new lr on the way to x", {FIRST: "y + new_lr * beta * m"}, "y was made with the old lr: undo it with that.", FORMS),
    Mistake("the old lr in the new y", {SECOND: "x - lr * beta * m"}, "That is the old y. The next look-ahead uses the new lr.", FORMS),
    Mistake("the two lr exchanged", {FIRST: "y + new_lr * beta * m", SECOND: "x - lr * beta * m"},
            "y was made with the old lr, and the next step is taken with the new one.", FORMS),
    Mistake("the new y counted from the old y", {SECOND: "y - new_lr * beta * m"}, "The look-ahead starts at x, not at y.", FORMS),
    Mistake("x taken for y", {FIRST: "y"}, "The library's point is the look-ahead point, lr·β·m away from x.", FORMS),
    Mistake("no β at all", {FIRST: "y + lr * m", SECOND: "x - new_lr * m"}, "The memory alone carries x by lr·β·m.", FORMS),
    Mistake("no β on the way to x", {FIRST: "y + lr * m"}, "The memory alone carries x by lr·β·m.", FORMS),
    Mistake("no β in the new y", {SECOND: "x - new_lr * m"}, "The memory alone carries x by lr·β·m.", FORMS),
    Mistake("no lr on the way to x", {FIRST: "y + beta * m"}, "m is a sum of bare gradients: its way is lr·β·m.", FORMS),
    Mistake("x and the new y exchanged", {f"return x, {SECOND}": f"return {SECOND}, x"},
            "Return x first. If you wrote -=: that changes the array itself, and x and y may be one array.", FORMS),
    Mistake("y scaled like lr", {SECOND: "y * new_lr / lr"}, "Only the look-ahead's length scales with lr, not the place.", FORMS),
]  # fmt: skip

# -- 4: the spectral radius ------------------------------------------------------------------------------


def nesterov_radius(lr, beta, curvature):
    kept = beta * (1 - lr * curvature)
    step = np.array([[kept, curvature], [-lr * kept, 1 - lr * curvature]])
    return np.abs(np.linalg.eigvals(step)).max()


SETTINGS = Cases(
    [{"lr": 0.1, "beta": 0.3, "curvature": 1.4}, {"lr": 0.3, "beta": 0.8, "curvature": 2.0},
     {"lr": 3.6, "beta": 0.35, "curvature": 0.5}, {"lr": 0.7, "beta": 0.55, "curvature": 0.2},
     {"lr": 0.2, "beta": 0.9, "curvature": 0.01}],
    [{"lr": 0.4, "beta": 0.0, "curvature": 1.5, "about": "beta = 0 is gradient descent"},
     {"lr": 0.3, "beta": 0.6, "curvature": 0.0, "about": "flat ground: nothing shrinks"},
     {"lr": 80.0, "beta": 0.5, "curvature": 40.0, "about": "a run that diverges fast"},
     {"lr": 1e-4, "beta": 0.2, "curvature": 1e-3, "about": "small numbers"},
     {"lr": 1.3, "beta": 0.95, "curvature": 1.0, "about": "just inside the edge"}],
)  # fmt: skip
KEPT, SIZE = "beta * (1 - lr * curvature)", "np.abs(np.linalg.eigvals(step)).max()"
radius_mistakes = [
    Mistake("momentum's radius", {KEPT: "beta"}, "The gradient is taken ahead: m keeps β(1 − lr·λ), not β.", BRAKE),
    Mistake("β kept in the second row", {"-lr * kept": "-lr * beta"}, "x moves by the new m, which keeps β(1 − lr·λ) of the old one.", BRAKE),
    Mistake("β kept in the first row", {"[[kept": "[[beta"}, "The new m keeps β(1 − lr·λ) of the old one.", BRAKE),
    Mistake("a wrong sign in the look-ahead", {"(1 - lr * curvature)": "(1 + lr * curvature)"}, "The look-ahead takes lr·λ·β·m away.", BRAKE),
    Mistake("no lr in the look-ahead", {"(1 - lr * curvature)": "(1 - curvature)"}, "The look-ahead is lr·β·m away.", BRAKE),
    Mistake("no β at the memory", {KEPT: "(1 - lr * curvature)"}, "m keeps β(1 − lr·λ).", BRAKE),
    Mistake("the smallest eigenvalue", {".max()": ".min()"}, "In the long run the slowest part is left.", BRAKE),
    Mistake("the sign or the imaginary part is kept", {SIZE: "np.linalg.eigvals(step).max()"},
            "Eigenvalues may be negative or complex: their size decides, np.abs.", BRAKE),
    Mistake("only the real parts, with their sign", {"np.abs(np.linalg.eigvals(step))": "np.linalg.eigvals(step).real"},
            "Eigenvalues may be negative or complex: their size decides, np.abs.", BRAKE),
    Mistake("only the real parts", {"np.linalg.eigvals(step)": "np.linalg.eigvals(step).real"},
            "The size of a complex number needs both parts: np.abs of the whole.", BRAKE),
    Mistake("the matrix taken for symmetric", {"eigvals(": "eigvalsh("}, "eigvalsh reads half of the matrix only.", BRAKE),
    Mistake("the norm of the matrix", {SIZE: "np.linalg.norm(step, 2)"}, "The norm bounds one step; the eigenvalues decide the long run.", BRAKE),
    Mistake("the determinant", {SIZE: "abs(np.linalg.det(step))"}, "That is the product of both eigenvalues.", BRAKE),
    Mistake("always the root of β(1 − lr·λ)", {SIZE: "abs(kept) ** 0.5"}, "That holds only where the eigenvalues are complex.", BRAKE),
    Mistake("gradient descent's factor", {SIZE: "abs(1 - lr * curvature)"}, "That is the case β = 0.", BRAKE),
    Mistake("a plus in the second row", {"[-lr": "[lr"}, "x moves against m: both entries carry a minus.", BRAKE),
    Mistake("a lost lr", {"-lr * kept": "-kept"}, "x moves by lr·m.", BRAKE),
    Mistake("no gradient in the second row", {", 1 - lr * curvature]]": ", 1]]"}, "x moves by the new m, which holds λx.", BRAKE),
    Mistake("only the root with the plus", {SIZE: "abs(np.trace(step) + np.emath.sqrt(np.trace(step) ** 2 - 4 * np.linalg.det(step))) / 2"},
            "Where the trace is negative, the other root is the larger one: compare both.", BRAKE),
    Mistake("never above 1", {SIZE: f"min(1.0, {SIZE})"}, "Where a run diverges, the radius is above 1: say so.", BRAKE),
]  # fmt: skip

# -- 5: build a circle -----------------------------------------------------------------------------------

CIRCLES = {3: (25 / 9, 4 / 9), 4: (2.265, 0.91), 5: (1.625, 0.93)}
"""By its number of points, lr·L and β of a circle on Lessard's function."""


def circle_settings():
    times_largest, beta = {3: (25 / 9, 4 / 9), 4: (2.265, 0.91), 5: (1.625, 0.93)}[mine["points"]]
    return times_largest / mine["largest"], beta


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "points": int(rng.choice(list(CIRCLES))),
        "largest": float(f"{10 ** rng.uniform(-3.5, -0.5):.2g}"),
    }


def _circles(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    lr, beta = (s.value for s in runs[0].seen)
    assert isinstance(lr, np.ndarray) and isinstance(beta, np.ndarray)
    if lr.ndim or beta.ndim or not (0 < lr < np.inf and 0 <= beta < 1):
        return False, "Return two numbers, lr > 0 and 0 ≤ beta < 1."
    settings = f"With lr = {lr:g}, beta = {beta:g}"
    if lr * mine["largest"] >= 2 * (1 + beta):
        return (
            False,
            f"{settings} momentum diverges on quadratics of this curvature, too: lr·L must be below 2(1 + β).",
        )
    ball = Momentum(lr=float(lr), beta=float(beta))
    path = simulate(ball, lessard(largest=mine["largest"]), 2000)
    if path.diverged:
        return False, f"{settings} the run diverges."
    last = path.points[-120:, 0]
    if np.abs(last).max() < 1e-3:
        return False, f"{settings} the run arrives at the minimum."
    if np.abs(np.diff(last)).max() < 0.05 * np.abs(last).max():
        return False, f"{settings} the run still creeps after 2,000 steps: lr is far too small."
    repeats = [k for k in range(1, 41) if np.abs(last[k:] - last[:-k]).max() < 1e-6]
    if not repeats:
        return False, f"{settings} the run neither arrives nor repeats itself within 2,000 steps."
    words = f"{settings} the run goes round through {repeats[0]} points"
    return repeats[0] == mine["points"], f"{words}; asked for are {mine['points']}." if repeats[0] != mine[
        "points"
    ] else f"{words}."


EXERCISE = Exercise(
    "05_nesterov",
    [
        Code(solution=nesterov_path, title="The look-ahead form", points=3, drive=loop, cases=PATHS, wrong=path_mistakes, reread=RULE, hints=[
            "Momentum's loop, with one change: where the gradient is taken.", "g = grad(x - lr * beta * m), with the m of the step before."]),
        Code(solution=shifted_step, title="The shifted form", points=3, drive=rule("m"), cases=STEPS, wrong=step_mistakes, reread=FORMS, hints=[
            "First m ← βm + g. Then the point moves by lr·(g + βm), with the new m.", 'm = beta * state["m"] + g; return x - lr * (g + beta * m), {"m": m}.']),
        Code(solution=new_lookahead, title="From one form to the other", points=2, drive=call("x", "the new y"), cases=POINTS, wrong=point_mistakes, reread=FORMS, hints=[
            "y = x − lr·β·m. Solve for x.", "The new y looks ahead from x with the new lr."]),
        Code(solution=nesterov_radius, title="How fast does one eigenvalue shrink?", points=3, cases=SETTINGS, wrong=radius_mistakes, reread=BRAKE, hints=[
            "Momentum's matrix with β(1 − lr·λ) in place of β, in both rows.", "Then np.linalg.eigvals, np.abs and the largest."]),
        Goal(solution=circle_settings, title="Build a circle", points=2, drive=call("lr", "beta"), reached=_circles, reread=CIRCLE, hints=[
            "Circles of 3 points lie along the edge of divergence, those of 4 and 5 in the tongues at beta above 0.9.",
            "In the lesson, with L = 25: 3 points at lr 1/9, beta 4/9; 4 at 0.0906, 0.91; 5 at 0.065, 0.93. Only lr·L counts."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
