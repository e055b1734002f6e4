"""Exercise 16: weight decay beside the step and in the gradient, Lion, the cautious mask."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases, update_rule
from ..draw import drawn, near
from ..kinds import Code, Number
from ..observe import call, rule
from ..tasks import Exercise, Mine, Mistake

FORMS, TWO = "lesson 16, section 3, who uses which form", "lesson 16, section 2, two noisy weights"
SIZE, MASK = "lesson 16, section 4, decay sets the size", "lesson 16, section 7, two more ideas"

HYPER = (0.23, 0.7, 0.9, 0.05, 0.6), (0.4, 0.35, 0.55, 0.3, 0.25), (0.11, 0.85, 0.4, 0.12, 1.3)

# -- 1: AdamW --------------------------------------------------------------------------------------------


def adamw_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    step = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x
    return x - lr * step, {"m": m, "v": v}


def adam_l2_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    t = state["t"]
    g = g + weight_decay * x
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), {"m": m, "v": v}


M, V = 'beta1 * state["m"] + (1 - beta1) * g\n', 'beta2 * state["v"] + (1 - beta2) * g**2'
ROOT, MHAT, VHAT = "np.sqrt(v_hat) + eps", "m / (1 - beta1**t)", "v / (1 - beta2**t)"
KEPT, LOST = "Return the new one, or it is lost.", "β is the weight of the past, 1 − β that of the new value."
STEP, LAST = f"step = m_hat / ({ROOT}) + weight_decay * x", "x - lr * step"


def _adam(reread: str) -> list[Mistake]:
    """Return the mistakes that are Adam's own."""
    return [
        Mistake("no bias correction", {MHAT: "m", VHAT: "v"}, "m and v begin at zero: divide by 1 − βᵗ.", reread),
        Mistake("only v is corrected", {MHAT: "m"}, "Both m and v are corrected.", reread),
        Mistake("only m is corrected", {VHAT: "v"}, "Both m and v are corrected.", reread),
        Mistake("t counted from 2", {'t = state["t"]': 't = state["t"] + 1'}, 'state["t"] is 1 in the first step already.', reread),
        Mistake("eps inside the root", {ROOT: "np.sqrt(v_hat + eps)"}, "Here ε stands beside the root.", reread),
        Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "v is a mean of squares: divide by its root.", reread),
        Mistake("no square in v", {"g**2": "g"}, "v is a mean of squares.", reread),
        Mistake("a step uphill", {"x - lr": "x + lr"}, "The step is subtracted, and so is the decay.", reread),
        Mistake("the weights of m exchanged", {M: '(1 - beta1) * state["m"] + beta1 * g\n'}, LOST, reread),
        Mistake("the weights of v exchanged", {V: '(1 - beta2) * state["v"] + beta2 * g**2'}, LOST, reread),
        Mistake("the old v is returned", {'"v": v}': '"v": state["v"]}'}, KEPT, reread),
        Mistake("the old m is returned", {'{"m": m,': '{"m": state["m"],'}, KEPT, reread),
        Mistake("β₁ and β₂ exchanged", {M: 'beta2 * state["m"] + (1 - beta2) * g\n', V: 'beta1 * state["v"] + (1 - beta1) * g**2'}, "m belongs to β₁, v to β₂.", reread),
        Mistake("the hat is kept as m", {'{"m": m,': '{"m": m_hat,'}, "The corrected mean is for this step alone.", reread),
    ]  # fmt: skip


adamw_mistakes = [
    *_adam(FORMS),
    Mistake("L2 in the gradient", {'t = state["t"]\n': 't = state["t"]\n    g = g + weight_decay * x\n', " + weight_decay * x\n    return": "\n    return"},
            "That is Adam with an L2 penalty: the pull is divided by √v̂. Keep it out of g.", TWO),
    Mistake("decayed twice", {'t = state["t"]\n': 't = state["t"]\n    g = g + weight_decay * x\n'}, "The decay stands beside the step only, not in g as well.", TWO),
    Mistake("the decay of the new x", {f"{STEP}\n    return {LAST}": f"new = x - lr * m_hat / ({ROOT})\n    return new - lr * weight_decay * new"},
            "The decay takes its share of the old x.", FORMS),
    Mistake("the paper's form", {STEP: f"step = m_hat / ({ROOT})", LAST: "x - lr * step - weight_decay * x"},
            "That is the paper's form. Libraries multiply the decay by lr, too.", FORMS),
    Mistake("no decay", {" + weight_decay * x": ""}, "That is Adam. The decay is missing.", FORMS),
    Mistake("weights that grow", {"+ weight_decay * x": "- weight_decay * x"}, "The decay makes weights smaller.", FORMS),
    Mistake("the decay is divided by the root", {STEP: f"step = (m_hat + weight_decay * x) / ({ROOT})"}, "The decay goes past the division: that is the point of it.", TWO),
    Mistake("the decay in m alone", {"(1 - beta1) * g\n": "(1 - beta1) * (g + weight_decay * x)\n", " + weight_decay * x\n    return": "\n    return"},
            "The decay goes past m and past the division.", TWO),
    Mistake("lr squared at the decay", {"weight_decay * x\n": "lr * weight_decay * x\n"}, "lr multiplies the bracket already.", FORMS),
    Mistake("the sign of x decays", {"weight_decay * x": "weight_decay * np.sign(x)"}, "That is an L1 decay. Here every weight loses the same share.", FORMS),
    Mistake("the decay doubled", {"weight_decay * x": "2 * weight_decay * x"}, "A penalty of λ/2·x² has the slope λx.", FORMS),
]  # fmt: skip

# -- 2: break it: L2 in Adam -------------------------------------------------------------------------------

PULL, PLAIN = "    g = g + weight_decay * x\n", "g = g + weight_decay * x"
l2_mistakes = [
    *_adam(TWO),
    Mistake("AdamW", {PULL: "", "return x - lr * m_hat": "return x - lr * weight_decay * x - lr * m_hat"}, "That is AdamW. Here the pull is a part of the gradient.", TWO),
    Mistake("no penalty", {PULL: ""}, "That is Adam. Add λx to the gradient.", TWO),
    Mistake("the penalty in m alone", {PULL: "", "(1 - beta1) * g\n": "(1 - beta1) * (g + weight_decay * x)\n"}, "v sees the same gradient as m.", TWO),
    Mistake("the penalty in v alone", {PULL: "", "g**2": "(g + weight_decay * x) ** 2"}, "m sees the same gradient as v.", TWO),
    Mistake("the penalty's sign exchanged", {PLAIN: "g = g - weight_decay * x"}, "The penalty λ/2·x² has the slope +λx.", TWO),
    Mistake("twice the penalty", {PLAIN: "g = g + 2 * weight_decay * x"}, "The penalty is λ/2·x², so its slope is λx.", TWO),
    Mistake("half the penalty", {PLAIN: "g = g + weight_decay / 2 * x"}, "The slope of λ/2·x² is λx: the 2 goes.", TWO),
    Mistake("the penalty multiplied by lr", {PLAIN: "g = g + lr * weight_decay * x"}, "lr comes in at the end only.", TWO),
    Mistake("the penalty itself in place of its slope", {PLAIN: "g = g + weight_decay * x**2 / 2"}, "Add the slope of the penalty, λx.", TWO),
    Mistake("the whole penalty in each coordinate", {PLAIN: "g = g + weight_decay / 2 * np.sum(x**2)"}, "Add the slope of the penalty, λx.", TWO),
    Mistake("the penalty past m and v", {PULL: "", "lr * m_hat /": "lr * (m_hat + weight_decay * x) /"}, "Add it to g before m and v are made.", TWO),
    Mistake("an L1 penalty", {PLAIN: "g = g + weight_decay * np.sign(x)"}, "The slope of λ/2·x² is λx.", TWO),
    Mistake("both", {"return x - lr * m_hat": "return x - lr * weight_decay * x - lr * m_hat"}, "The pull is in the gradient already.", TWO),
]  # fmt: skip

# -- 3: Lion -----------------------------------------------------------------------------------------------


def lion_step(x, g, state, lr=0.0001, beta1=0.9, beta2=0.99, weight_decay=0.0):
    c = beta1 * state["m"] + (1 - beta1) * g
    m = beta2 * state["m"] + (1 - beta2) * g
    return x - lr * (np.sign(c) + weight_decay * x), {"m": m}


MIX, MEAN = 'beta1 * state["m"] + (1 - beta1) * g\n', 'beta2 * state["m"] + (1 - beta2) * g\n'
lion_mistakes = [
    Mistake("the betas exchanged", {"c = " + MIX: "c = " + MEAN, "m = " + MEAN: "m = " + MIX}, "The step takes β₁, the memory β₂.", SIZE),
    Mistake("the sign of the new m", {"np.sign(c)": "np.sign(m)"}, "That is Signum, with β₂. The step mixes the old m with g by β₁.", SIZE),
    Mistake("the mixture is kept", {'{"m": m}': '{"m": c}'}, "That is Signum, with β₁. What is remembered is mixed by β₂.", SIZE),
    Mistake("the mixture is mixed again", {'m = beta2 * state["m"]': "m = beta2 * c"}, "The memory goes on from the old m.", SIZE),
    Mistake("the step from the new m", {MIX + "    m = " + MEAN: MEAN.strip() + "\n    m, c = c, beta1 * c + (1 - beta1) * g\n"}, "The step mixes the old m with g.", SIZE),
    Mistake("the sign of g", {"np.sign(c)": "np.sign(g)"}, "That has no memory. Take the sign of the mixture.", SIZE),
    Mistake("no sign", {"np.sign(c)": "c"}, "Only the sign of the mixture is used.", SIZE),
    Mistake("the sign of each part", {MIX: 'beta1 * np.sign(state["m"]) + (1 - beta1) * np.sign(g)\n'}, "Mix first, then take the sign.", SIZE),
    Mistake("no decay", {" + weight_decay * x": ""}, "The decay is missing.", SIZE),
    Mistake("the decay in the sign", {"np.sign(c) + weight_decay * x": "np.sign(c + weight_decay * x)"}, "The decay stands beside the sign.", SIZE),
    Mistake("L2 in the gradient", {"    c = ": "    g = g + weight_decay * x\n    c = ", " + weight_decay * x)": ")"}, "The decay stands beside the sign, not in g.", SIZE),
    Mistake("the decay without lr", {"x - lr * (np.sign(c) + weight_decay * x)": "x - lr * np.sign(c) - weight_decay * x"}, "lr multiplies the decay, too.", SIZE),
    Mistake("weights that grow", {"+ weight_decay * x": "- weight_decay * x"}, "The decay makes weights smaller.", SIZE),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The step is subtracted, and so is the decay.", SIZE),
    Mistake("one sign for all coordinates", {"np.sign(c)": "np.sign(c.sum()) + 0 * c"}, "Every coordinate has a sign of its own.", SIZE),
    Mistake("the old m is returned", {'{"m": m}': '{"m": state["m"]}'}, KEPT, SIZE),
    Mistake("the weights of the mixture exchanged", {MIX: '(1 - beta1) * state["m"] + beta1 * g\n'}, LOST, SIZE),
    Mistake("the weights of m exchanged", {MEAN: '(1 - beta2) * state["m"] + beta2 * g\n'}, LOST, SIZE),
    Mistake("m as a sum", {MEAN: 'beta2 * state["m"] + g\n'}, "m is a mean: g comes in with the weight 1 − β₂.", SIZE),
    Mistake("signs are remembered", {MEAN: 'beta2 * state["m"] + (1 - beta2) * np.sign(g)\n'}, "The memory takes g itself; only the step takes a sign.", SIZE),
    Mistake("0 counts as up", {"np.sign(c)": "np.where(c >= 0, 1.0, -1.0)"}, "Where the mixture is 0 there is no step.", SIZE),
]  # fmt: skip

# -- 4: the cautious mask ----------------------------------------------------------------------------------


def cautious(u, g):
    keep = u * g > 0
    return u * keep / max(keep.mean(), 0.001)


def _steps() -> Cases:
    rng = np.random.default_rng(16)
    u, g = rng.normal(size=(2, 7)), rng.normal(size=(2, 7))
    mixed = np.array([0.3, -0.2, 0.5, 0.7]), np.array([2.0, 1.0, -0.4, 0.1])
    return Cases(
        [{"u": u[0], "g": g[0]}, {"u": u, "g": g}, {"u": mixed[0], "g": mixed[1], "about": "two of four agree"},
         {"u": np.array([0.3, -0.4, 0.2]), "g": np.array([0.0, -1.0, -2.0]), "about": "one gradient is 0"},
         {"u": np.array([0.3, 0.0, 0.2, -0.1]), "g": np.array([1.0, 0.0, -2.0, -1.0]), "about": "a weight without gradient, whose step is 0"}],
        [{"u": np.abs(u[0]), "g": np.abs(g[0]), "about": "all agree: the step stays"},
         {"u": np.abs(u[0]), "g": -np.abs(g[0]), "about": "none agrees, the share is 0: no step at all"},
         {"u": 1e-3 * u, "g": 300 * g, "about": "a small step and large gradients"},
         {"u": np.array([0.4]), "g": np.array([1.5]), "about": "a single weight"}],
    )  # fmt: skip


KEEP, SHARE = "keep = u * g > 0", "max(keep.mean(), 0.001)"
mask_mistakes = [
    Mistake("no rescaling", {f" / {SHARE}": ""}, "The kept coordinates take the whole step: divide by the share that is kept.", MASK),
    Mistake("0.001 added to the share", {SHARE: "(keep.mean() + 0.001)"}, "Divide by the larger of the two, not by their sum.", MASK),
    Mistake("the mask exchanged", {KEEP: "keep = u * g < 0"}, "u is what is subtracted: it goes downhill where it has g's sign.", MASK),
    Mistake("multiplied by the share", {f"keep / {SHARE}": f"keep * {SHARE}"}, "Divide by the share: the rest goes farther.", MASK),
    Mistake("divided by the number kept", {"keep.mean()": "keep.sum()"}, "Divide by the share that is kept, a number between 0 and 1.", MASK),
    Mistake("divided by the share that waits", {"keep.mean()": "(1 - keep.mean())"}, "Divide by the share that is kept.", MASK),
    Mistake("all or nothing", {KEEP: "keep = np.sum(u * g) > 0 + 0 * u"}, "Each coordinate has a mask of its own.", MASK),
    Mistake("waiting coordinates turned round", {"u * keep /": "np.where(keep, u, -u) /"}, "Where they disagree there is no step.", MASK),
    Mistake("the gradient's sign for the step", {"u * keep /": "np.abs(u) * np.sign(g) /"}, "Where they disagree there is no step.", MASK),
    Mistake("zero counts as agreed", {"> 0": ">= 0"}, "Where the gradient is 0 nothing agrees: > 0.", MASK),
    Mistake("equal signs, 0 among them", {KEEP: "keep = np.sign(u) == np.sign(g)"}, "Where u and g are both 0 nothing agrees, and it must not count for the share: u·g > 0.", MASK),
    Mistake("g in place of u", {"return u * keep": "return g * keep"}, "What is masked is the step u.", MASK),
    Mistake("only positive steps", {KEEP: "keep = u > 0"}, "Compare u with g: their product is positive where they agree.", MASK),
    Mistake("only where both are positive", {KEEP: "keep = (u > 0) & (g > 0)"}, "Two negative ones agree as well.", MASK),
    Mistake("the length is kept", {f"u * keep / {SHARE}": "u * keep * np.linalg.norm(u) / max(np.linalg.norm(u * keep), 1e-12)"},
            "The scale is one over the share of coordinates, not of the length.", MASK),
    Mistake("the root of the share", {"keep.mean()": "keep.mean() ** 0.5"}, "Divide by the share itself.", MASK),
    Mistake("one share for each row", {"keep.mean()": "keep.mean()", f"u * keep / {SHARE}": "u * keep / np.maximum(keep.mean(axis=-1, keepdims=True), 0.001)"},
            "The share is one number for the whole array.", MASK),
    Mistake("the number kept plus one", {SHARE: "((keep.sum() + 1) / keep.size)"}, "That is another package's scale. Divide by the share, or by 0.001 if that is larger.", MASK),
]  # fmt: skip

# -- 5: the size of a weight, 6: from form to form ----------------------------------------------------------


def weight_size():
    return np.sqrt(mine["lr"] / (2 * mine["decay"]))


def library_decay():
    return mine["share"] / mine["rate"]


def _sizes(mine: Mine) -> list[tuple[float, str]]:
    lr, decay = mine["lr"], mine["decay"]
    return [
        (lr / (2 * decay), "That is the mean square. Take its root."),
        (np.sqrt(lr / decay), "The square of 1 − lr·λ takes away 2·lr·λ: a factor of 2 is missing."),
        (np.sqrt(2 * lr / decay), "The 2 stands below the line."),
        (np.sqrt(lr / 2 * decay), "In Python lr / 2 * λ is (lr/2)·λ: write lr / (2 * λ)."),
        (np.sqrt(decay / (2 * lr)), "A larger decay makes smaller weights: λ stands below the line."),
        (np.sqrt(2 * decay / lr), "That is ‖g‖/‖x‖ of section 5."),
        (lr / np.sqrt(2 * decay), "That is the size in the paper's form."),
        (1 / decay, "That is Lion's wall."),
        (np.sqrt(lr) / (2 * decay), "The root covers the whole fraction."),
    ]


def _decays(mine: Mine) -> list[tuple[float, str]]:
    rate, share = mine["rate"], mine["share"]
    return [
        (share, "A library multiplies it by lr once more: then it is far too weak."),
        (share * rate, "Divide: the library multiplies by lr, and the product has to be the paper's λ."),
        (rate / share, "Upside down: lr times your number has to give the paper's λ."),
        (np.log(2) / share, "That is the half-life in steps."),
        (share / rate**2, "One lr is enough: the library multiplies by it once."),
        (share / (2 * rate), "There is no 2 here: lr times your number is the paper's λ."),
        (np.sqrt(share / rate), "There is no root here: lr times your number is the paper's λ."),
    ]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    def draw() -> dict[str, float]:
        lr, decay = round(10 ** rng.uniform(-3, -1.5), 5), round(10 ** rng.uniform(-1.8, -0.4), 3)
        rate, share = round(10 ** rng.uniform(-3.5, -2.1), 5), round(10 ** rng.uniform(-5, -3.6), 7)
        return {"lr": lr, "decay": decay, "rate": rate, "share": share}

    def against(found: Mine) -> str:
        answers = np.sqrt(found["lr"] / (2 * found["decay"])), found["share"] / found["rate"]
        return "".join(near(answer, (0.001, 0.01, 0.1, 0.5, 1), rtol=0.03) for answer in answers)

    return drawn(draw, against)


EXERCISE = Exercise(
    "16_decoupled",
    [
        Code(solution=adamw_step, title="AdamW", points=3, drive=rule("m", "v"), wrong=adamw_mistakes, reread=FORMS,
             cases=update_rule(*HYPER, memory=["m", "v"], seed=16), hints=[
            "m, v and their hats are Adam's, and know nothing of the decay.",
            "In the last line stands x - lr * (m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x), with the old x everywhere."]),
        Code(solution=adam_l2_step, title="Break it", points=2, drive=rule("m", "v"), wrong=l2_mistakes, reread=TWO,
             cases=update_rule(*HYPER, memory=["m", "v"], seed=17), hints=[
            "One line before all others; the rest is Adam.", "g = g + weight_decay * x, and this g goes into m and into v."]),
        Code(solution=lion_step, title="Lion", points=3, drive=rule("m"), wrong=lion_mistakes, reread=SIZE,
             cases=update_rule(*((lr, b1, b2, wd) for lr, b1, b2, _, wd in HYPER), memory=["m"], seed=18), hints=[
            "Two mixtures of the same two things: the old m and g. One for the step, one to remember.",
            "np.sign of the first; the second is returned as m. The decay stands beside the sign."]),
        Code(solution=cautious, title="The cautious mask", points=2, drive=call("the step"), cases=_steps(), wrong=mask_mistakes, reread=MASK, hints=[
            "u * g > 0 is an array of True and False; its mean is the share that is kept.",
            "u * keep / max(keep.mean(), 0.001)"]),
        Number(solution=weight_size, title="The size of a weight", points=1, rtol=0.01, expected=lambda mine: float(np.sqrt(mine["lr"] / (2 * mine["decay"]))),
               wrong=_sizes, reread=SIZE, hints=["Write down what one step does to the mean of x².", "√(lr/(2λ))."]),
        Number(solution=library_decay, title="From form to form", points=1, rtol=0.01, expected=lambda mine: mine["share"] / mine["rate"],
               wrong=_decays, reread=FORMS, hints=["What share of x does each form take away in a step?", "lr times the library's λ is the paper's λ."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
