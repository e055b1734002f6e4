"""Exercise 07: RMSprop and Adadelta."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases, update_rule
from ..draw import drawn, near
from ..kinds import Code, Number
from ..observe import call, rule
from ..tasks import Exercise, Mine, Mistake

RULE, FIRST = "lesson 07, section 2, RMSprop", "lesson 07, section 3, the first steps"
DELTA, UNITS = "lesson 07, section 4, Adadelta's rule", "lesson 07, section 4, an argument of units"
EPS = "lesson 07, section 5, ε is a learning rate"

# -- 1: RMSprop ------------------------------------------------------------------------------------------


def rmsprop_step(x, g, state, lr=0.001, beta=0.9, eps=1e-8):
    v = beta * state["v"] + (1 - beta) * g**2
    return x - lr * g / (np.sqrt(v) + eps), {"v": v}


STEPS = update_rule((0.23, 0.7, 0.05), (0.4, 0.35, 0.3), (0.11, 0.85, 0.12), memory=["v"], seed=7)
MEAN, ROOT = 'beta * state["v"] + (1 - beta) * g**2', "np.sqrt(v) + eps"
rms_mistakes = [
    Mistake("Adagrad's sum", {MEAN: 'state["v"] + g**2'}, "The old v must fade: β times the old one.", RULE),
    Mistake("a sum that fades", {"(1 - beta) * g**2": "g**2"}, "A mean needs the weight 1 − β at the new square.", RULE),
    Mistake("no brackets around 1 − β", {"(1 - beta) * g**2": "1 - beta * g**2"}, "The brackets are missing: 1 − β is one factor, g² the other.", RULE),
    Mistake("the square of a mean", {MEAN: '(beta * state["v"] + (1 - beta) * g) ** 2'}, "First square each g, then average: v is the mean of squares.", RULE),
    Mistake("g is missing", {"lr * g": "lr"}, "The gradient stands above the line: without it every step goes the same way.", RULE),
    Mistake("nothing is forgotten", {'beta * state["v"]': 'state["v"]'}, "The old v must fade: β times the old one.", RULE),
    Mistake("the weights exchanged", {MEAN: '(1 - beta) * state["v"] + beta * g**2'},
            "β is the weight of the past, 1 − β that of the new square.", RULE),
    Mistake("no square", {"g**2": "g"}, "v is a mean of squares: gradients of both signs would cancel.", RULE),
    Mistake("sizes in place of squares", {"g**2": "np.abs(g)"}, "v is a mean of squares, and the root follows.", RULE),
    Mistake("no root", {"np.sqrt(v)": "v"}, "Divide by the root of v: then the unit of g cancels.", RULE),
    Mistake("no memory", {MEAN: "(1 - beta) * g**2"}, "The old v is missing.", RULE),
    Mistake("eps inside the root", {ROOT: "np.sqrt(v + eps)"}, "Here ε stands beside the root; in Adadelta it is inside.", RULE),
    Mistake("no eps", {" + eps": ""}, "Where there has been no gradient this is 0/0.", RULE),
    Mistake("eps outside the fraction", {"/ (np.sqrt(v) + eps)": "/ np.sqrt(v) + eps"}, "The brackets are missing: √v + ε is the divisor.", RULE),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "g points uphill: subtract.", RULE),
    Mistake("divided by the old v", {"np.sqrt(v)": 'np.sqrt(state["v"])'}, "First v, then x with the new v.", RULE),
    Mistake("Adam's correction", {"np.sqrt(v)": 'np.sqrt(v / (1 - beta ** state["t"]))'},
            "That is lesson 08. RMSprop does not correct, which makes its first steps long.", FIRST),
    Mistake("one v for all coordinates", {"g**2": "np.mean(g**2)"}, "Every coordinate has a mean of its own.", RULE),
    Mistake("only the sign of the gradient", {"lr * g": "lr * np.sign(g)"}, "g itself is divided, not its sign.", RULE),
    Mistake("the old state is returned", {'{"v": v}': "state"}, "Return the new v, or it is lost.", RULE),
    Mistake("the root is returned as v", {'{"v": v}': '{"v": np.sqrt(v)}'}, "v stays the mean square; the root is only the divisor.", RULE),
    Mistake("multiplied in place of divided", {"g / (np.sqrt(v) + eps)": "g * (np.sqrt(v) + eps)"}, "Large gradients are made shorter: divide.", RULE),
    Mistake("lr and beta exchanged", {MEAN: 'lr * state["v"] + (1 - lr) * g**2', "lr * g /": "beta * g /"}, "β weighs the old v, lr the step.", RULE),
    Mistake("the centred form", {ROOT: "np.sqrt(v - ((1 - beta) * g) ** 2) + eps"}, "Here v is the mean square, and no mean is subtracted.", RULE),
]  # fmt: skip

# -- 2: Adadelta -----------------------------------------------------------------------------------------


def adadelta_step(x, g, state, beta=0.95, eps=1e-6):
    v = beta * state["v"] + (1 - beta) * g**2
    d = np.sqrt(state["u"] + eps) / np.sqrt(v + eps) * g
    u = beta * state["u"] + (1 - beta) * d**2
    return x - d, {"v": v, "u": u}


DELTAS = update_rule((0.7, 0.05), (0.35, 0.3), (0.85, 0.12), memory=["v", "u"], seed=8)
V, U = 'v = beta * state["v"] + (1 - beta) * g**2', 'u = beta * state["u"] + (1 - beta) * d**2'
TOP, BOTTOM = 'np.sqrt(state["u"] + eps)', "np.sqrt(v + eps)"
delta_mistakes = [
    Mistake("eps outside the roots", {TOP: '(np.sqrt(state["u"]) + eps)', BOTTOM: "(np.sqrt(v) + eps)"},
            "In Adadelta ε stands inside both roots.", DELTA),
    Mistake("eps outside the upper root", {TOP: '(np.sqrt(state["u"]) + eps)'}, "ε stands inside both roots.", DELTA),
    Mistake("eps outside the lower root", {BOTTOM: "(np.sqrt(v) + eps)"}, "ε stands inside both roots.", DELTA),
    Mistake("no eps in the upper root", {TOP: 'np.sqrt(state["u"])'}, "u starts at 0: without ε nothing ever moves.", EPS),
    Mistake("no eps in the lower root", {BOTTOM: "np.sqrt(v)"}, "Where there has been no gradient this is 0/0.", DELTA),
    Mistake("the fraction upside down", {f"{TOP} / {BOTTOM}": f"{BOTTOM} / {TOP}"}, "Past steps above, past gradients below.", DELTA),
    Mistake("no roots", {TOP: '(state["u"] + eps)', BOTTOM: "(v + eps)"}, "Both means are of squares: take both roots.", DELTA),
    Mistake("the old v", {BOTTOM: 'np.sqrt(state["v"] + eps)'}, "v is renewed before the step, u after it.", DELTA),
    Mistake("u is a mean of squared gradients", {"d**2": "g**2"}, "u is the mean of squared steps d.", DELTA),
    Mistake("u is a mean of squared parameters", {"d**2": "x**2"}, "u is the mean of squared steps; the parameters themselves do not enter.", DELTA),
    Mistake("u is a mean of squared new parameters", {"d**2": "(x - d) ** 2"}, "u is the mean of squared steps; the parameters themselves do not enter.", DELTA),
    Mistake("u is a sum", {U: 'u = state["u"] + d**2'}, "u is a running mean, as v is.", DELTA),
    Mistake("v is a sum", {V: 'v = state["v"] + g**2'}, "v is a running mean: Adagrad takes the sum.", DELTA),
    Mistake("the weights of u exchanged", {U: 'u = (1 - beta) * state["u"] + beta * d**2'}, "β is the weight of the past.", DELTA),
    Mistake("the weights of v exchanged", {V: 'v = (1 - beta) * state["v"] + beta * g**2'}, "β is the weight of the past.", DELTA),
    Mistake("no square in u", {"d**2": "d"}, "u is a mean of squares.", DELTA),
    Mistake("no square in v", {"g**2": "g"}, "v is a mean of squares.", DELTA),
    Mistake("a step uphill", {"x - d": "x + d"}, "d has the sign of g: subtract.", DELTA),
    Mistake("RMSprop's step", {f"{TOP} / {BOTTOM} * g": f"g / {BOTTOM}"}, "The root of u + ε stands where RMSprop has lr.", DELTA),
    Mistake("the old u is returned", {'"u": u': '"u": state["u"]'}, "Return the new u, or it is lost.", DELTA),
    Mistake("the old v is returned", {'"v": v': '"v": state["v"]'}, "Return the new v, or it is lost.", DELTA),
    Mistake("u and v exchanged in the state", {'{"v": v, "u": u}': '{"v": u, "u": v}'}, "v belongs to the gradients, u to the steps.", DELTA),
    Mistake("Keras's learning rate", {"x - d": "x - 0.001 * d"}, "The paper has no factor before d.", DELTA),
    Mistake("one number for all coordinates", {"g**2": "np.mean(g**2)"}, "Every coordinate has a mean of its own.", DELTA),
]  # fmt: skip

# -- 3: predict the first step, 5: eps --------------------------------------------------------------------


def first_jolt():
    return mine["lr"] / np.sqrt(1 - mine["beta"])


def eps_for():
    return 1e-6 * mine["times"] ** 2


def _jolts(mine: Mine) -> list[tuple[float, str]]:
    lr, beta = mine["lr"], mine["beta"]
    return [
        (lr, "That would be the step if v were g². It is (1 − β)·g² after the first gradient."),
        (lr / (1 - beta), "Take the root: the divisor is √v."),
        (lr / ((1 - beta) * mine["g"]), "Take the root: the divisor is √v, and g cancels."),
        (lr * np.sqrt(1 - beta), "√(1 − β) stands below: v is too small, so the step is too long."),
        (lr * (1 - beta), "v is too small, so the step is too long, not too short."),
        (1 / np.sqrt(1 - beta), "That is in units of lr."),
        (lr / np.sqrt(beta), "The new square has the weight 1 − β."),
        (lr * mine["g"], "g cancels: it is divided by its own size."),
        (
            lr * mine["g"] / np.sqrt(1 - beta),
            "The root is right, but g cancels: it stands below the line too.",
        ),
    ]


def _known_eps(mine: Mine) -> list[tuple[float, str]]:
    times = mine["times"]
    return [
        (1e-6 * times, "All steps go with the root of ε."),
        (
            1e-6 * np.sqrt(times),
            "All steps go with √ε: to make √ε so much larger, ε must grow by the square.",
        ),
        (1e-6 / times**2, "Longer steps need a larger ε."),
        (1e-6, "That is the default, with the default's steps."),
        (1e-3 * times, "That is √ε. The question is for ε itself."),
        (times**2, "That is the factor. Multiply the default ε by it."),
    ]


# -- 4: units ---------------------------------------------------------------------------------------------


def in_new_unit(lr, eps, c):
    descent = lr * c**2
    rmsprop = lr * c
    newton = lr
    beside_u = eps * c**2
    beside_v = eps / c**2
    return descent, rmsprop, newton, beside_u, beside_v


NAMES = ("gradient descent's lr", "RMSprop's lr", "Newton's lr", "eps beside u", "eps beside v")
SETTINGS = Cases(
    [{"lr": 0.3, "eps": 0.02, "c": 1000.0}, {"lr": 0.05, "eps": 0.4, "c": 0.2}, {"lr": 1.7, "eps": 1e-6, "c": 60.0}],
    [{"lr": 0.3, "eps": 0.02, "c": 1.0, "about": "the same unit"},
     {"lr": 0.3, "eps": 0.02, "c": 1e-3, "about": "a larger unit, and so smaller numbers"}],
)  # fmt: skip
ANSWER = "descent, rmsprop, newton, beside_u, beside_v"
D, R, N, EU, EV = (
    "descent = lr * c**2",
    "rmsprop = lr * c",
    "newton = lr",
    "beside_u = eps * c**2",
    "beside_v = eps / c**2",
)
unit_mistakes = [
    Mistake("everything upside down", {ANSWER: "lr / c**2, lr / c, lr, eps / c**2, eps * c**2"},
            "The numbers of x become c times as large, so steps must, too.", UNITS),
    Mistake("gradient descent's lr times c", {D: "descent = lr * c"}, "Its g is in 1/x: c for the step, and c for g.", UNITS),
    Mistake("gradient descent's lr as it was", {D: "descent = lr"}, "Its g is in 1/x, its step in x: lr is in x².", UNITS),
    Mistake("gradient descent's lr divided", {D: "descent = lr / c**2"}, "g becomes smaller by c, and the step must become larger by c.", UNITS),
    Mistake("RMSprop's lr as it was", {R: "rmsprop = lr"}, "g/√v has no unit: lr is in x.", UNITS),
    Mistake("RMSprop's lr times c squared", {R: "rmsprop = lr * c**2"}, "g/√v has no unit: lr is in x, not in x².", UNITS),
    Mistake("RMSprop's lr divided", {R: "rmsprop = lr / c"}, "lr is the length of a step, and x has larger numbers now.", UNITS),
    Mistake("Newton's lr times c", {N: "newton = lr * c"}, "g/h is in x already: its lr has no unit.", UNITS),
    Mistake("Newton's lr times c squared", {N: "newton = lr * c**2"}, "g/h is in x already: its lr has no unit.", UNITS),
    Mistake("eps as it was", {EU: "beside_u = eps", EV: "beside_v = eps"}, "ε is added to squares: it has their units.", UNITS),
    Mistake("the two eps exchanged", {EU: "beside_u = eps / c**2", EV: "beside_v = eps * c**2"}, "u is in x², v in 1/x².", UNITS),
    Mistake("eps without squares", {EU: "beside_u = eps * c", EV: "beside_v = eps / c"}, "u and v are means of squares.", UNITS),
    Mistake("one eps for both", {EV: "beside_v = eps * c**2"}, "v is in 1/x²: one number cannot serve both.", UNITS),
    Mistake("the eps beside v as it was", {EV: "beside_v = eps"}, "v is in 1/x².", UNITS),
    Mistake("the eps beside u as it was", {EU: "beside_u = eps"}, "u is in x².", UNITS),
    Mistake("gradient descent and RMSprop exchanged", {D: "descent = lr * c", R: "rmsprop = lr * c**2"}, "RMSprop's g/√v has no unit, gradient descent's g has.", UNITS),
]  # fmt: skip


ROUND = (0.001, 0.01, 0.1, 0.5, 1.0, 2.0)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def step() -> dict[str, float]:
        lr, beta = float(f"{10 ** rng.uniform(-4, 0):.2g}"), round(1 - 10 ** rng.uniform(-3, -0.7), 4)
        return {"lr": lr, "beta": beta, "g": float(f"{10 ** rng.uniform(0.3, 2):.2g}")}

    def guessed(lr: float, beta: float, g: float) -> str:
        return near(lr / np.sqrt(1 - beta), (*ROUND, lr, lr * g, lr / ((1 - beta) * g)), rtol=0.03)

    found = drawn(step, lambda numbers: guessed(**numbers))
    found["times"] = drawn(
        lambda: float(f"{10 ** rng.uniform(0.3, 2.4):.3g}"),
        lambda times: near(1e-6 * times**2, ROUND, rtol=0.1),
    )
    return found


EXERCISE = Exercise(
    "07_rmsprop_adadelta",
    [
        Code(solution=rmsprop_step, title="RMSprop", points=3, drive=rule("v"), cases=STEPS, wrong=rms_mistakes, reread=RULE, hints=[
            "As Adagrad, but v is a running mean of squares.",
            'v = beta * state["v"] + (1 - beta) * g**2; eps is added to the root of v.']),
        Number(solution=first_jolt, title="Predict the first step", points=1, rtol=0.01,
               expected=lambda mine: mine["lr"] / np.sqrt(1 - mine["beta"]), wrong=_jolts, reread=FIRST, hints=[
            "What is v after the first gradient, when it was 0 before?", "v = (1 − β)·g². Divide lr·g by its root."]),
        Code(solution=adadelta_step, title="Adadelta", points=4, drive=rule("v", "u"), cases=DELTAS, wrong=delta_mistakes, reread=DELTA, hints=[
            "Four lines, in this order: v with g, the step d, u with d, x.",
            'd is the root of state["u"] + eps, over the root of the new v + eps, times g. Then u, as v, with d**2.']),
        Code(solution=in_new_unit, title="The units test", points=3, drive=call(*NAMES), cases=SETTINGS, wrong=unit_mistakes, reread=UNITS, hints=[
            "x becomes c times as large; so must every step. g becomes 1/c, and the second derivative 1/c².",
            "lr of gradient descent is in x² (the loss has no unit), RMSprop's in x, Newton's has none. u is in x², v in 1/x²."]),
        Number(solution=eps_for, title="ε is a learning rate", points=1, rtol=0.03,
               expected=lambda mine: 1e-6 * mine["times"] ** 2, wrong=_known_eps, reread=EPS, hints=[
            "The first step is √ε/√(1 − β). How do the others depend on ε?", "Times 10 in every step is times 100 in ε."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
