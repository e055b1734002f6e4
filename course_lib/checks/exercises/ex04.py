"""Exercise 04: momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...optimizers import Momentum
from ...running import simulate
from ...surfaces import quadratic
from ..kinds import Code, Goal, Number
from ..observe import Run, call, rule
from ..tasks import Exercise, Mine, Mistake

RULE, STEADY = "lesson 04, section 3, the rule", "lesson 04, section 3, the effective step lr/(1 − β)"
MAP, GAIN = "lesson 04, section 4, one eigenvalue", "lesson 04, section 5, the gain"
FORMS = "lesson 04, section 6, two forms and two traps"

# -- 1: fill in the formula ------------------------------------------------------------------------------


def momentum_step(x, g, state, lr=0.01, beta=0.9):
    m = beta * state["m"] + g
    return x - lr * m, {"m": m}


_rng = np.random.default_rng(4)
STEPS = [
    {"x": np.array([1.0, -0.5]), "gradients": _rng.normal(size=(6, 2)), "hyper": (0.23, 0.7)},
    {"x": _rng.normal(size=(3, 2)), "gradients": _rng.normal(size=(7, 3, 2)), "hyper": (0.4, 0.35)},
    {
        "x": np.array([0.2, 0.1]),
        "grad": lambda x: np.array([1.0, 5.0]) * x,
        "steps": 8,
        "hyper": (0.11, 0.85),
    },
]
OLD = 'beta * state["m"]'
step_mistakes = [
    Mistake("the averaging form", {"+ g": "+ (1 - beta) * g"},
            "Asked for is the sum form, βm + g. The averaging form is the same method at another lr.", FORMS),
    Mistake("no memory", {f"{OLD} + g": "g"}, "Then this is gradient descent: the old m is missing.", RULE),
    Mistake("nothing is forgotten", {OLD: 'state["m"]'}, "Without β the velocity grows for ever.", RULE),
    Mistake("uphill", {"x - lr": "x + lr"}, "m adds up gradients, and these point uphill.", RULE),
    Mistake("the gradient is subtracted in m", {"+ g": "- g"}, "The minus stands in the step of x alone.", RULE),
    Mistake("x moves by the old velocity", {"lr * m": 'lr * state["m"]'}, "First m, then x with the new m.", RULE),
    Mistake("x moves by the gradient", {"lr * m": "lr * g"}, "m is kept, but not used: x moves by lr·m.", RULE),
    Mistake("lr counted twice", {"+ g": "+ lr * g"}, "lr stands in the step of x, so not in m.", RULE),
    Mistake("Nesterov's step", {"lr * m": "lr * (g + beta * m)"}, "That is the method of lesson 05.", RULE),
    Mistake("the form that stores the step itself", {"+ g": "- lr * g", "x - lr * m": "x + m"},
            "Keras does so: the path is the same while lr is constant, but m is not the m asked for.", FORMS),
    Mistake("lr inside the velocity", {"+ g": "+ lr * g", "x - lr * m": "x - m"},
            "The path is the same while lr is constant, but m should be a sum of bare gradients.", FORMS),
    Mistake("beta fixed in the code", {OLD: '0.9 * state["m"]'}, "Use the beta that is handed in.", RULE),
    Mistake("lr fixed in the code", {"lr * m": "0.01 * m"}, "Use the lr that is handed in.", RULE),
    Mistake("dampening", {f"{OLD} + g": 'g if state["t"] == 1 else beta * state["m"] + (1 - beta) * g'},
            "PyTorch's option: averaging with a head start. Asked for is the plain sum form.", FORMS),
    Mistake("the weights exchanged", {f"{OLD} + g": '(1 - beta) * state["m"] + beta * g'},
            "β is the weight of the past; in the sum form the gradient's own weight is 1.", RULE),
    Mistake("the old state is returned", {'{"m": m}': "state"}, "Return the new m, or it is lost.", RULE),
]  # fmt: skip

# -- 2: the spectral radius ------------------------------------------------------------------------------


def spectral_radius(lr, beta, curvature):
    step = np.array([[beta, curvature], [-lr * beta, 1 - lr * curvature]])
    return np.abs(np.linalg.eigvals(step)).max()


SETTINGS = [
    {"lr": 0.1, "beta": 0.3, "curvature": 1.4}, {"lr": 0.3, "beta": 0.8, "curvature": 2.0},
    {"lr": 2.5, "beta": 0.35, "curvature": 1.5}, {"lr": 0.7, "beta": 0.55, "curvature": 0.2},
]  # fmt: skip
radius_mistakes = [
    Mistake("the smallest eigenvalue", {".max()": ".min()"}, "In the long run the slowest part is left.", MAP),
    Mistake("the sign or the imaginary part is kept", {"np.abs(np.linalg.eigvals(step)).max()": "np.linalg.eigvals(step).max()"},
            "Eigenvalues may be negative or complex: their size decides, np.abs.", MAP),
    Mistake("only the real parts", {"np.linalg.eigvals(step)": "np.linalg.eigvals(step).real"},
            "The size of a complex number needs both parts: np.abs of the whole.", MAP),
    Mistake("the matrix taken for symmetric", {"eigvals(": "eigvalsh("}, "eigvalsh reads half of the matrix only.", MAP),
    Mistake("the norm of the matrix", {"np.abs(np.linalg.eigvals(step)).max()": "np.linalg.norm(step, 2)"},
            "The norm bounds one step; the long run is decided by the eigenvalues.", MAP),
    Mistake("the determinant", {"np.abs(np.linalg.eigvals(step)).max()": "abs(np.linalg.det(step))"},
            "That is the product of both eigenvalues.", MAP),
    Mistake("beta missing in the second row", {"-lr * beta": "-lr"}, "The old m enters x as −lr·β·m.", MAP),
    Mistake("a plus in the second row", {"[-lr": "[lr"}, "x moves against m: both entries carry a minus.", MAP),
    Mistake("always the root of beta", {"np.abs(np.linalg.eigvals(step)).max()": "beta**0.5"},
            "That holds above the ridge only, where the eigenvalues are complex.", MAP),
    Mistake("gradient descent's factor", {"np.abs(np.linalg.eigvals(step)).max()": "abs(1 - lr * curvature)"},
            "That is the case β = 0.", MAP),
    Mistake("the averaging form", {"beta, curvature]": "beta, (1 - beta) * curvature]", "1 - lr *": "1 - lr * (1 - beta) *"},
            "Asked for is the sum form.", FORMS),
]  # fmt: skip

# -- 3: the best settings --------------------------------------------------------------------------------


def best_settings(largest, smallest):
    root = np.sqrt(largest / smallest)
    lr = (2 / (np.sqrt(largest) + np.sqrt(smallest))) ** 2
    beta = ((root - 1) / (root + 1)) ** 2
    return lr, beta


ROOTS = "(2 / (np.sqrt(largest) + np.sqrt(smallest))) ** 2"
SPECTRA = [
    {"largest": 1.0, "smallest": 0.01}, {"largest": 7.0, "smallest": 2.0}, {"largest": 300.0, "smallest": 0.5},
]  # fmt: skip
best_mistakes = [
    Mistake("beta not squared", {"((root - 1) / (root + 1)) ** 2": "(root - 1) / (root + 1)"},
            "The rate is √β, so β is its square.", GAIN),
    Mistake("lr not squared", {ROOTS: "2 / (np.sqrt(largest) + np.sqrt(smallest))"},
            "lr has the unit 1/curvature; 1/√curvature must be squared.", GAIN),
    Mistake("the condition number in place of its root", {"root = np.sqrt(largest / smallest)": "root = largest / smallest"},
            "The whole gain of momentum is this root.", GAIN),
    Mistake("gradient descent's lr", {ROOTS: "2 / (largest + smallest)"}, "With momentum another lr is best.", GAIN),
    Mistake("lr and beta exchanged", {"return lr, beta": "return beta, lr"}, "Return lr first.", GAIN),
    Mistake("the root of the sum", {ROOTS: "(2 / np.sqrt(largest + smallest)) ** 2"},
            "Add the roots; the root of a sum is something else.", GAIN),
    Mistake("beta upside down", {"(root - 1) / (root + 1)": "(root + 1) / (root - 1)"}, "β must be below 1.", GAIN),
    Mistake("lr = 1/L", {ROOTS: "1 / largest"}, "Safe, but neither end of the spectrum is on the edge of ringing.", GAIN),
    Mistake("the roots forgotten", {ROOTS: "(2 / (largest + smallest)) ** 2"}, "The roots of L and μ are added.", GAIN),
]  # fmt: skip

# -- 4: predict, 5: the sliders, 6: your own ---------------------------------------------------------------


def steady_step():
    return mine["lr"] / (1 - mine["beta"])


def valley_settings():
    return best_settings(1.0, 1 / mine["condition"])


def my_method(x, g, state, lr=3.2, beta=0.78):
    m = beta * state["m"] + g
    return x - lr * m, {"m": m}


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    condition = int(rng.integers(60, 141))
    lr, beta = best_settings(1.0, 1 / condition)
    best = simulate(Momentum(lr=float(lr), beta=float(beta)), quadratic(condition=condition), 2000)
    return {
        "lr": float(rng.choice([0.02, 0.05, 0.1, 0.2])), "beta": float(rng.choice([0.8, 0.9, 0.95, 0.98])),
        "condition": condition, "steps": int(1.4 * best.steps_to(1e-6)),
    }  # fmt: skip


def _known(mine: Mine) -> list[tuple[float, str]]:
    lr, beta = mine["lr"], mine["beta"]
    return [
        (lr, "That is the first step. From then on m grows."),
        (lr / (1 + beta), "That is for a gradient that flips its sign at every step."),
        (lr * (1 - beta), "That would shrink the step; a steady gradient makes it longer."),
        (lr * beta, "That is what the last but one gradient adds. Add up all of them."),
        (1 / (1 - beta), "That is m. The step is lr times m."),
        (lr / beta, "The weights 1, β, β², … add up to 1/(1 − β)."),
    ]


def _down(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    lr, beta = (s.value for s in runs[0].seen)
    assert isinstance(lr, np.ndarray) and isinstance(beta, np.ndarray)
    if lr.ndim or beta.ndim or not (0 < lr < np.inf and 0 <= beta < 1):
        return False, "Return two numbers, lr > 0 and 0 ≤ beta < 1."
    path = simulate(
        Momentum(lr=float(lr), beta=float(beta)), quadratic(condition=mine["condition"]), mine["steps"]
    )
    reached, settings = path.steps_to(1e-6), f"With lr = {lr:g}, beta = {beta:g}"
    if reached is None:
        return False, f"{settings} the loss is {path.final_loss:.2g} after {mine['steps']} steps."
    return True, f"{settings} the loss is below 1e-6 after {reached} steps of {mine['steps']}."


VALLEY = np.array([1.0, 1 / 200])


def _own(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    last = [s.value for s in runs[0].seen if s.name == "x"][-1]
    assert isinstance(last, np.ndarray)
    if last.shape != (2,):
        return False, f"x must keep its shape (2,); it has become {last.shape}."
    loss, first = float(VALLEY @ last**2) / 2, float(VALLEY.sum()) / 2
    words = f"After 120 steps the loss is {loss / first:.2g} of what it was"
    return loss < 1e-6 * first, words + ("." if loss < 1e-6 * first else "; get below 1e-6.")


EXERCISE = Exercise(
    "04_momentum",
    [
        Code(solution=momentum_step, points=4, drive=rule("m"), cases=STEPS, wrong=step_mistakes, reread=RULE, hints=[
            "Two lines: the new m from the old one and g, then the new x.",
            'm = beta * state["m"] + g. Return the new x and {"m": m}.']),
        Code(solution=spectral_radius, points=3, cases=SETTINGS, wrong=radius_mistakes, reread=MAP, hints=[
            "Write the 2×2 matrix of the lesson, then np.linalg.eigvals.",
            "The eigenvalues may be complex: np.abs gives their size. Take the largest."]),
        Code(solution=best_settings, points=2, drive=call("lr", "beta"), cases=SPECTRA, wrong=best_mistakes, reread=GAIN, hints=[
            "κ = L/μ. Both formulas are squares.", "√β = (√κ − 1)/(√κ + 1) and √lr = 2/(√L + √μ)."]),
        Number(solution=steady_step, points=1, expected=lambda mine: mine["lr"] / (1 - mine["beta"]), rtol=0.01,
               wrong=_known, reread=STEADY, hints=["Where does m ← βm + 1 come to rest?", "m = βm + 1. Solve for m."]),
        Goal(solution=valley_settings, points=1, drive=call("lr", "beta"), reached=_down, reread=GAIN, hints=[
            "Raise beta until the run just begins to ring, then lr.", "Your best_settings(1, 1/κ) knows it."]),
        Goal(solution=my_method, points=2, drive=rule("m"), reached=_own, reread=GAIN, hints=[
            "Momentum will do, with the right lr and beta; κ is 200.", "best_settings(1, 1/200)."],
            cases=[{"x": np.ones(2), "grad": lambda x: VALLEY * x, "steps": 120}]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
