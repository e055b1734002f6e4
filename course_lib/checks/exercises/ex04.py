"""Exercise 04: momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...optimizers import Momentum
from ...running import simulate
from ...surfaces import quadratic
from ..cases import Cases, loss_in, update_rule, valley
from ..draw import drawn, near
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


STEPS = update_rule((0.23, 0.7), (0.4, 0.35), (0.11, 0.85), memory=["m"], seed=4)
OLD = 'beta * state["m"]'
step_mistakes = [
    Mistake("the averaging form", {"+ g": "+ (1 - beta) * g"},
            "Asked for is the sum form, βm + g. The averaging form is the same method at another lr.", FORMS),
    Mistake("no memory", {f"{OLD} + g": "g"}, "Then this is gradient descent: the old m is missing.", RULE),
    Mistake("nothing is forgotten", {OLD: 'state["m"]'}, "Without β the velocity grows for ever.", RULE),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "m adds up gradients, and these point uphill: subtract.", RULE),
    Mistake("the gradient is subtracted in m", {"+ g": "- g"}, "The minus stands in the step of x alone.", RULE),
    Mistake("x moves by the old velocity", {"lr * m": 'lr * state["m"]'}, "First m, then x with the new m.", RULE),
    Mistake("x moves by the gradient", {"lr * m": "lr * g"}, "m is kept, but not used: x moves by lr·m.", RULE),
    Mistake("lr counted twice", {"+ g": "+ lr * g"}, "lr stands in the step of x, so not in m.", RULE),
    Mistake("Nesterov's step", {"lr * m": "lr * (g + beta * m)"}, "That is the method of lesson 05.", RULE),
    Mistake("the form that stores the step itself", {"+ g": "- lr * g", "x - lr * m": "x + m"},
            "Keras does so: the path is the same while lr is constant, but m is not the m asked for.", FORMS),
    Mistake("lr inside the velocity", {"+ g": "+ lr * g", "x - lr * m": "x - m"},
            "The path is the same while lr is constant, but m should be a sum of bare gradients.", FORMS),
    Mistake("dampening", {f"{OLD} + g": 'g if state["t"] == 1 else beta * state["m"] + (1 - beta) * g'},
            "PyTorch's option: averaging with a head start. Asked for is the plain sum form.", FORMS),
    Mistake("the weights exchanged", {f"{OLD} + g": '(1 - beta) * state["m"] + beta * g'},
            "β is the weight of the past; in the sum form the gradient's own weight is 1.", RULE),
    Mistake("the old state is returned", {'{"m": m}': "state"}, "Return the new m, or it is lost.", RULE),
    Mistake("zeros are returned as m", {'{"m": m}': '{"m": 0 * m}'}, "Return the new m, or it is lost.", RULE),
    Mistake("signs exchanged: minus in m, plus in x", {"+ g": "- g", "x - lr": "x + lr"},
            "The path is right, but m should add the gradients up; the minus stands in the step of x.", FORMS),
    Mistake("an average with the sign of the step", {"+ g": "- (1 - beta) * g", "x - lr": "x + lr"},
            "Asked for is the sum form, βm + g, and the minus stands in the step of x.", FORMS),
    Mistake("beta at the gradient", {f"{OLD} + g": 'state["m"] + beta * g'}, "β makes the old m smaller, not the new gradient.", RULE),
    Mistake("lr and beta exchanged", {"beta *": "lr *", "lr * m": "beta * m"}, "β weighs the old m, lr the step.", RULE),
    Mistake("Adam's correction", {"+ g": "+ (1 - beta) * g", "lr * m": 'lr * m / (1 - beta ** state["t"])'},
            "That is lesson 08. The sum form has no average and nothing to correct.", FORMS),
    Mistake("lr divided by t", {"lr * m": 'lr / state["t"] * m'}, "Here lr stays what it is.", RULE),
    Mistake("lr divided by the root of t", {"lr * m": 'lr / state["t"] ** 0.5 * m'}, "Here lr stays what it is.", RULE),
    Mistake("x in place of g", {"+ g": "+ x"}, "The velocity adds up gradients.", RULE),
    Mistake("one number for all coordinates", {"+ g": "+ g.mean()"}, "Every coordinate has its own velocity.", RULE),
    Mistake("weight decay added", {"+ g": "+ g + 0.01 * x"}, "Asked for is momentum alone.", RULE),
]  # fmt: skip

# -- 2: the spectral radius ------------------------------------------------------------------------------


def spectral_radius(lr, beta, curvature):
    step = np.array([[beta, curvature], [-lr * beta, 1 - lr * curvature]])
    return np.abs(np.linalg.eigvals(step)).max()


SETTINGS = Cases(
    [{"lr": 0.1, "beta": 0.3, "curvature": 1.4}, {"lr": 0.3, "beta": 0.8, "curvature": 2.0},
     {"lr": 2.5, "beta": 0.35, "curvature": 1.5}, {"lr": 0.7, "beta": 0.55, "curvature": 0.2},
     {"lr": 0.2, "beta": 0.9, "curvature": 0.01}],
    [{"lr": 0.4, "beta": 0.0, "curvature": 1.5, "about": "beta = 0 is gradient descent"},
     {"lr": 0.3, "beta": 0.6, "curvature": 0.0, "about": "flat ground: nothing shrinks"},
     {"lr": 80.0, "beta": 0.5, "curvature": 40.0, "about": "a run that diverges fast"},
     {"lr": 1e-4, "beta": 0.2, "curvature": 1e-3, "about": "small numbers"},
     {"lr": 3.0, "beta": 0.95, "curvature": 1.0, "about": "a large lr with much momentum"}],
)  # fmt: skip
radius_mistakes = [
    Mistake("the smallest eigenvalue", {".max()": ".min()"}, "In the long run the slowest part is left.", MAP,
            same_as=("the first eigenvalue that numpy lists",)),
    Mistake("the sign or the imaginary part is kept", {"np.abs(np.linalg.eigvals(step)).max()": "np.linalg.eigvals(step).max()"},
            "Eigenvalues may be negative or complex: their size decides, np.abs.", MAP),
    Mistake("only the real parts, with their sign", {"np.abs(np.linalg.eigvals(step))": "np.linalg.eigvals(step).real"},
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
    Mistake("the first eigenvalue that numpy lists", {"np.abs(np.linalg.eigvals(step)).max()": "np.abs(np.linalg.eigvals(step))[0]"},
            "np.linalg.eigvals promises no order: take the largest size.", MAP, same_as=("the smallest eigenvalue",)),
    Mistake("a lost lr", {"[-lr * beta": "[-beta"}, "x moves by lr·m: both entries of the second row carry lr.", MAP),
    Mistake("never above 1", {"np.abs(np.linalg.eigvals(step)).max()": "min(1.0, np.abs(np.linalg.eigvals(step)).max())"},
            "Where a run diverges, the radius is above 1: say so.", MAP),
]  # fmt: skip

# -- 3: the best settings --------------------------------------------------------------------------------


def best_settings(largest, smallest):
    root = np.sqrt(largest / smallest)
    lr = (2 / (np.sqrt(largest) + np.sqrt(smallest))) ** 2
    beta = ((root - 1) / (root + 1)) ** 2
    return lr, beta


ROOTS = "(2 / (np.sqrt(largest) + np.sqrt(smallest))) ** 2"
SPECTRA = Cases(
    [{"largest": 1.0, "smallest": 0.01}, {"largest": 7.0, "smallest": 2.0}, {"largest": 300.0, "smallest": 0.5}],
    [{"largest": 2.0, "smallest": 2.0, "about": "both eigenvalues are equal"},
     {"largest": 3e-4, "smallest": 1e-6, "about": "small numbers"},
     {"largest": 5e7, "smallest": 2.0, "about": "a large condition number"}],
)  # fmt: skip
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
    Mistake("no roots at all", {ROOTS: "(2 / (largest + smallest)) ** 2", "root = np.sqrt(largest / smallest)": "root = largest / smallest"},
            "The conditions are about √(lr·μ) and √(lr·L): take the roots first.", GAIN),
    Mistake("Nesterov's settings", {ROOTS: "1 / largest", "((root - 1) / (root + 1)) ** 2": "(root - 1) / (root + 1)"},
            "1/L and (√κ − 1)/(√κ + 1) belong to the method of lesson 05.", GAIN),
    Mistake("a wrong sign when the roots are taken", {"np.sqrt(largest) + np.sqrt(smallest)": "np.sqrt(largest) - np.sqrt(smallest)",
            "(root - 1) / (root + 1)": "(root + 1) / (root - 1)"},
            "√(lr·μ) < 1 < √(lr·L): so 1 − √(lr·μ) = √(lr·L) − 1.", GAIN),
    Mistake("2 in place of 4", {ROOTS: "2 / (np.sqrt(largest) + np.sqrt(smallest)) ** 2"}, "√lr = 2/(√L + √μ): the 2 is squared, too.", GAIN),
    Mistake("a root forgotten in beta", {"((root - 1) / (root + 1)) ** 2": "(1 - lr * smallest) ** 2"},
            "β = (1 − √(lr·μ))², with the root.", GAIN),
    Mistake("the edge of divergence", {ROOTS: "2 * (1 + ((root - 1) / (root + 1)) ** 2) / largest"},
            "2(1 + β)/L is where the run begins to diverge, not where it is fastest.", GAIN),
]  # fmt: skip

# -- 4: predict, 5: the sliders, 6: your own ---------------------------------------------------------------


def steady_step():
    return mine["lr"] / (1 - mine["beta"])


def valley_settings():
    return best_settings(mine["largest"], mine["largest"] / mine["condition"])


def my_method(x, g, state, lr=3.2, beta=0.78):
    m = beta * state["m"] + g
    return x - lr * m, {"m": m}


SHORTCUTS = (0.0, 0.01, 0.1, 0.5, 1.0, 2.0, 3.0, 10.0)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    condition = int(10 ** rng.uniform(1.5, 2.6))
    lr, beta = drawn(
        lambda: (round(rng.uniform(0.02, 0.2), 3), round(rng.uniform(0.6, 0.98), 2)),
        lambda both: near(both[0] / (1 - both[1]), (*SHORTCUTS, *both), rtol=0.03),
    )
    # so flat that 0.01, 0.1, 1 and 2 are far too small for lr
    largest = float(f"{10 ** rng.uniform(-4.3, -0.35):.2g}")
    best_lr, best_beta = best_settings(largest, largest / condition)
    best = Momentum(lr=float(best_lr), beta=float(best_beta))
    loss = 1e-6 * largest
    steps = simulate(best, quadratic(condition=condition, largest=largest), 2000).steps_to(loss)
    return {
        "lr": lr, "beta": beta, "largest": largest, "condition": condition, "loss": loss, "steps": int(1.05 * steps),
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
    bowl = quadratic(condition=mine["condition"], largest=mine["largest"])
    path = simulate(Momentum(lr=float(lr), beta=float(beta)), bowl, mine["steps"])
    reached, settings = path.steps_to(mine["loss"]), f"With lr = {lr:g}, beta = {beta:g}"
    if path.diverged or path.losses[-1] > path.losses[0]:
        return False, f"{settings} the run diverges."
    if reached is None:
        return False, f"{settings} the loss is {path.final_loss:.2g} after {mine['steps']} steps."
    return True, f"{settings} the loss is below {mine['loss']:.2g} after {reached} steps of {mine['steps']}."


VALLEYS = [
    valley((1, 1 / 200), start, minimum, 120)
    for start, minimum in (((1, 1), (0.3, -2)), ((-2, 5), (1, 1)), ((0.1, -0.4), (-0.6, 0.9)))
]


def _own(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    worst = 0.0
    for run, case in zip(runs, VALLEYS, strict=True):
        last = [s.value for s in run.seen if s.name == "x"][-1]
        assert isinstance(last, np.ndarray)
        if last.shape != (2,):
            return False, f"x must keep its shape (2,); it has become {last.shape}."
        worst = max(worst, loss_in(case, last) / loss_in(case, case["x"]))
    words = f"After 120 steps from {len(runs)} starts the loss is at most {worst:.2g} of what it was"
    return worst < 1e-6, words + ("." if worst < 1e-6 else "; get below 1e-6 from every start.")


EXERCISE = Exercise(
    "04_momentum",
    [
        Code(solution=momentum_step, title="Fill in the formula", points=4, drive=rule("m"), cases=STEPS, wrong=step_mistakes, reread=RULE, hints=[
            "Two lines: the new m from the old one and g, then the new x.",
            'm = beta * state["m"] + g. Return the new x and {"m": m}.']),
        Code(solution=spectral_radius, title="How fast does one eigenvalue shrink?", points=3, cases=SETTINGS, wrong=radius_mistakes, reread=MAP, hints=[
            "Write the 2×2 matrix of the lesson, then np.linalg.eigvals.",
            "The eigenvalues may be complex: np.abs gives their size. Take the largest."]),
        Code(solution=best_settings, title="The best settings", points=2, drive=call("lr", "beta"), cases=SPECTRA, wrong=best_mistakes, reread=GAIN, hints=[
            "κ = L/μ. Both formulas are squares.", "√β = (√κ − 1)/(√κ + 1) and √lr = 2/(√L + √μ)."]),
        Number(solution=steady_step, title="Predict", points=1, expected=lambda mine: mine["lr"] / (1 - mine["beta"]), rtol=0.01,
               wrong=_known, reread=STEADY, hints=["Where does m ← βm + 1 come to rest?", "m = βm + 1. Solve for m."]),
        Goal(solution=valley_settings, title="Hit the target", points=1, drive=call("lr", "beta"), reached=_down, reread=GAIN, hints=[
            "Raise beta until the run just begins to ring, then lr.", "Your best_settings(L, L/κ) knows it."]),
        Goal(solution=my_method, title="A method of your own", points=2, drive=rule("m"), reached=_own, reread=GAIN, hints=[
            "Momentum will do, with the right lr and beta; κ is 200.", "best_settings(1, 1/200)."],
            cases=Cases(VALLEYS)),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
