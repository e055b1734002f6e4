"""Exercise 10: bounds and memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Cases
from ..draw import drawn, near
from ..kinds import Code, Number
from ..observe import call, rule
from ..tasks import Exercise, Mine, Mistake

BOUND, SWITCH = "lesson 10, section 2, two bounds", "lesson 10, section 4, switch once"
BYTES, COPY = "lesson 10, section 5, what v costs", "lesson 10, section 6, a row times a column"
NEED = "lesson 10, section 7, how much of v"

# -- 1: between two bounds -------------------------------------------------------------------------------


def bounded_rate(rate, step, final_lr, gamma):
    lower = final_lr * (1 - 1 / (gamma * step + 1))
    upper = final_lr * (1 + 1 / (gamma * step))
    return np.clip(rate, lower, upper)


RATES = np.array([1e-5, 0.02, 0.09, 0.3, 2.0, 5.0])
BOUNDS = Cases(
    [{"rate": RATES, "step": 7, "final_lr": 0.4, "gamma": 0.03}, {"rate": RATES.reshape(2, 3), "step": 150, "final_lr": 0.07, "gamma": 0.01},
     {"rate": 3 * RATES, "step": 40, "final_lr": 1.7, "gamma": 0.2},
     {"rate": RATES, "step": 3, "final_lr": 0.3, "gamma": 5.0, "about": "a γ above 1: the bounds are close from the first step on"},
     {"rate": np.array([0.3, 2.0, 5.0]), "step": 7, "final_lr": 0.4, "gamma": 0.03, "about": "no rate is too low, and one too high"}],
    [{"rate": RATES, "step": 1, "final_lr": 0.4, "gamma": 1e-3, "about": "the first step: the bounds are far apart"},
     {"rate": RATES, "step": 1_000_000, "final_lr": 0.4, "gamma": 0.1, "about": "very late: the bounds have closed"},
     {"rate": np.array([0.05]), "step": 7, "final_lr": 0.4, "gamma": 0.03, "about": "a single weight"},
     {"rate": np.array([0.3, 0.4, 0.5]), "step": 7, "final_lr": 0.4, "gamma": 0.03, "about": "rates that are all between the bounds"}],
)  # fmt: skip
LOW, HIGH = "final_lr * (1 - 1 / (gamma * step + 1))", "final_lr * (1 + 1 / (gamma * step))"
bound_mistakes = [
    Mistake("no + 1 in the lower bound", {"(gamma * step + 1)": "(gamma * step)"}, "The lower bound has γt + 1: so it begins at 0, not below.", BOUND),
    Mistake("a + 1 in the upper bound", {HIGH: "final_lr * (1 + 1 / (gamma * step + 1))"}, "The upper bound has γt alone: it begins at infinity.", BOUND),
    Mistake("the bounds exchanged", {"rate, lower, upper": "rate, upper, lower"}, "np.clip takes the lower bound first.", BOUND),
    Mistake("the lower bound alone", {"np.clip(rate, lower, upper)": "np.maximum(rate, lower)"}, "Rates above the upper bound are held down too.", BOUND),
    Mistake("the upper bound alone", {"np.clip(rate, lower, upper)": "np.minimum(rate, upper)"}, "Rates below the lower bound are lifted too.", BOUND),
    Mistake("rates out of bounds set to final_lr", {"np.clip(rate, lower, upper)": "np.where((rate < lower) | (rate > upper), final_lr, rate)"},
            "A rate that is out of bounds goes to the bound that it has crossed.", BOUND),
    Mistake("rates out of bounds set to 0", {"np.clip(rate, lower, upper)": "np.where((rate < lower) | (rate > upper), 0.0, rate)"},
            "A rate that is out of bounds goes to the bound that it has crossed.", BOUND),
    Mistake("bounds without final_lr", {LOW: "1 - 1 / (gamma * step + 1)", HIGH: "1 + 1 / (gamma * step)"}, "Both bounds are multiples of final_lr.", BOUND),
    Mistake("the middle of the bounds", {"np.clip(rate, lower, upper)": "(lower + upper) / 2 + 0 * rate"}, "A rate between the bounds stays as it is.", BOUND),
    Mistake("t divided by γ", {"(gamma * step + 1)": "(step / gamma + 1)", "(gamma * step))": "(step / gamma))"}, "γ times t: a larger γ closes the bounds sooner.", BOUND),
    Mistake("1 / gamma * step without brackets", {"1 / (gamma * step + 1)": "1 / gamma * step + 1", "1 / (gamma * step))": "1 / gamma * step)"},
            "Python divides by gamma alone and then multiplies by step: brackets around what stands below the line.", BOUND),
    Mistake("1 / gamma * step without brackets in the upper bound", {"1 / (gamma * step))": "1 / gamma * step)"},
            "Python divides by gamma alone and then multiplies by step: brackets around what stands below the line.", BOUND),
    Mistake("final_lr at the 1 alone", {LOW: "final_lr - 1 / (gamma * step + 1)", HIGH: "final_lr + 1 / (gamma * step)"},
            "final_lr multiplies the whole bracket, the fraction too.", BOUND),
    Mistake("one bound for the whole array", {"return np.clip": "if np.any(rate < lower):\n        return np.maximum(rate, lower)\n    return np.clip"},
            "Some rates may be too low and others too high: look at each.", BOUND),
    Mistake("t to the power γ", {"(gamma * step + 1)": "(step**gamma + 1)", "(gamma * step))": "(step**gamma))"}, "γ is multiplied by t.", BOUND),
    Mistake("the exponential of −γt", {"1 / (gamma * step + 1)": "np.exp(-gamma * step)", "1 / (gamma * step))": "np.exp(-gamma * step))"},
            "The bounds close as 1/t, not exponentially.", BOUND),
    Mistake("the paper's root of t", {"return np.clip(rate, lower, upper)": "return np.clip(rate, lower, upper) / np.sqrt(step)"},
            "That stands in the paper's box, not in the released code that we follow.", BOUND),
    Mistake("rate scaled by final_lr", {"np.clip(rate,": "np.clip(final_lr * rate,"}, "The rate itself is clipped; final_lr is only in the bounds.", BOUND),
]  # fmt: skip

# -- 2: a row and a column -------------------------------------------------------------------------------


def factored_mean(gradients, beta2):
    r, c = 0.0, 0.0
    for g in gradients:
        square = g**2
        r = beta2 * r + (1 - beta2) * square.mean(axis=1)
        c = beta2 * c + (1 - beta2) * square.mean(axis=0)
    return r, c, np.outer(r, c) / np.mean(r)


def _factors() -> Cases:
    rng = np.random.default_rng(10)
    sizes = np.exp(rng.normal(size=(4, 1)) + rng.normal(size=(1, 3)))
    some, square = rng.normal(size=(5, 4, 3)) * sizes, rng.normal(size=(4, 3, 3))
    outer = rng.normal(size=(6, 1, 1)) * np.outer([1.0, 3.0, 0.2], [2.0, 0.5])
    return Cases(
        [{"gradients": some, "beta2": 0.7}, {"gradients": square, "beta2": 0.35}, {"gradients": rng.normal(size=(7, 2, 5)), "beta2": 0.9}],
        [{"gradients": some[:1], "beta2": 0.6, "about": "a single gradient"},
         {"gradients": some[:3], "beta2": 0.0, "about": "no memory: β₂ is 0"},
         {"gradients": outer, "beta2": 0.8, "about": "gradients that are one outer product: v̂ is exact"},
         {"gradients": 300 * some, "beta2": 0.7, "about": "large gradients"},
         {"gradients": 1e-3 * some, "beta2": 0.7, "about": "tiny gradients"},
         {"gradients": rng.normal(size=(40, 1, 6)), "beta2": 0.7, "about": "a matrix of one row"},
         {"gradients": rng.normal(size=(40, 6, 1)), "beta2": 0.7, "about": "a matrix of one column"}],
    )  # fmt: skip


R, C = "square.mean(axis=1)", "square.mean(axis=0)"
OUT, PAST = "np.outer(r, c) / np.mean(r)", "beta2 * r + (1 - beta2)"
factor_mistakes = [
    Mistake("rows and columns exchanged", {R: "square.mean(0)", C: "square.mean(1)"},
            "axis=1 averages along a row: one number for each row. That is r, and it is returned first.", COPY),
    Mistake("sums in place of means", {R: "square.sum(axis=1)", C: "square.sum(axis=0)"}, "r and c are means of rows and columns.", COPY),
    Mistake("not divided", {OUT: "np.outer(r, c)"}, "r times c has the unit of v twice: divide by the mean of r.", COPY),
    Mistake("divided by the sum of r", {OUT: "np.outer(r, c) / np.sum(r)"}, "r and c are means here, so divide by the mean of r.", COPY),
    Mistake("the root is taken already", {OUT: "np.sqrt(np.outer(r, c) / np.mean(r))"}, "Asked for is v̂; its root comes in the step.", COPY),
    Mistake("the geometric mean of row and column", {OUT: "np.sqrt(np.outer(r, c))"}, "The copy is r times c over the mean of r.", COPY),
    Mistake("row plus column", {OUT: "np.add.outer(r, c) / 2"}, "A product, not a sum: that is exact for outer products.", COPY),
    Mistake("no square", {"square = g**2": "square = g"}, "v is a mean of squares: gradients of both signs would cancel.", COPY),
    Mistake("sizes in place of squares", {"square = g**2": "square = np.abs(g)"}, "v is a mean of squares.", COPY),
    Mistake("nothing is remembered", {"beta2 * r + (1": "(1", "beta2 * c + (1": "(1"}, "The old r and c are missing.", COPY),
    Mistake("nothing is forgotten", {"beta2 * r + (1": "r + (1", "beta2 * c + (1": "c + (1"}, "The old r and c must fade: β₂ times the old ones.", COPY),
    Mistake("the weights exchanged", {PAST: "(1 - beta2) * r + beta2", "beta2 * c + (1 - beta2)": "(1 - beta2) * c + beta2"},
            "β₂ is the weight of the past, 1 − β₂ that of the new squares.", COPY),
    Mistake("a sum that fades", {PAST: "beta2 * r + 1", "beta2 * c + (1 - beta2)": "beta2 * c + 1"}, "A mean needs the weight 1 − β₂ at the new squares.", COPY),
    Mistake("r remembered, c not", {"beta2 * c + (1 - beta2)": "1"}, "Both are running means.", COPY),
    Mistake("divided by the largest of r", {OUT: "np.outer(r, c) / np.max(r)"}, "Divide by the mean of r.", COPY),
    Mistake("the copy of the last gradient alone", {OUT: "np.outer(square.mean(axis=1), square.mean(axis=0)) / square.mean()"},
            "The copy is made of the running means.", COPY),
    Mistake("the squares of the means", {R: "g.mean(axis=1) ** 2", C: "g.mean(axis=0) ** 2"}, "First the squares, then the means.", COPY),
    Mistake("the first squares in full", {"r, c = 0.0, 0.0": "r, c = (gradients[0] ** 2).mean(axis=1), (gradients[0] ** 2).mean(axis=0)", "in gradients:": "in gradients[1:]:"},
            "Both start at 0: the first squares have the weight 1 − β₂ as all others.", COPY),
    Mistake("a mean of c besides", {OUT: "np.outer(r, c) / (np.mean(r) * np.mean(c))"}, "Divide by one mean: r·c has the unit of v twice.", COPY),
    Mistake("it returns after the first gradient", {"\n    return r": "\n        return r"}, "The return stands inside the loop.", COPY),
]  # fmt: skip

# -- 3: the switch ---------------------------------------------------------------------------------------


def switch(p, g, average, k, beta2, eps):
    gamma = (p @ p) / -(p @ g)
    average = beta2 * average + (1 - beta2) * gamma
    corrected = average / (1 - beta2**k)
    settled = k > 1 and abs(corrected - gamma) < eps
    return average, corrected if settled else 0.0


def _switches() -> Cases:
    rng = np.random.default_rng(20)
    g, h, q = (rng.normal(size=n) for n in (3, 5, 3))
    p, s = -0.3 * g + 0.1 * rng.normal(size=3), -0.05 * h + 0.01 * rng.normal(size=5)
    uphill, near, far = 0.2 * g + 0.1 * q, (s @ s) / -(s @ h), (p @ p) / -(p @ g)
    return Cases(
        [{"p": p, "g": g, "average": 0.04, "k": 3, "beta2": 0.9, "eps": 1e-3},
         {"p": s, "g": h, "average": near * (1 - 0.8**6) * 1.02, "k": 7, "beta2": 0.8, "eps": 0.1 * near},
         {"p": s, "g": h, "average": near * (1 - 0.95**3) * 0.97, "k": 4, "beta2": 0.95, "eps": 0.4},
         {"p": p, "g": g, "average": 0.0, "k": 1, "beta2": 0.9, "eps": 1e-3, "about": "the first step: the average agrees with γ, and this says nothing"},
         {"p": uphill, "g": g, "average": 0.05, "k": 5, "beta2": 0.9, "eps": 1e-3, "about": "a step uphill: γ is negative"},
         {"p": s, "g": h, "average": 3.0 * near, "k": 5, "beta2": 0.9, "eps": 0.2 * near, "about": "the average is far above γ"},
         {"p": s, "g": h, "average": near * (1 - 0.9) * 1.02, "k": 2, "beta2": 0.9, "eps": 0.1 * near, "about": "the second step: it may switch now"},
         {"p": s, "g": h, "average": near * (1 - 0.5**5) * 1.3, "k": 6, "beta2": 0.5, "eps": 0.2 * near, "about": "the new average is near γ, the old one is not"},
         {"p": s, "g": h, "average": near * (1 - 0.9**199) * 1.3, "k": 200, "beta2": 0.9, "eps": 0.1 * near, "about": "late: the correction is over, and the average is far from γ"},
         {"p": p, "g": g, "average": far * (1 - 0.9**3) * 2.2, "k": 4, "beta2": 0.9, "eps": 0.6 * far, "about": "the average is off by more than eps, its square is not"},
         {"p": 30 * p, "g": g, "average": 30 * far * (1 - 0.9**8) * 1.2, "k": 9, "beta2": 0.9, "eps": 0.5, "about": "large numbers: eps is not relative"}],
        [{"p": p, "g": g, "average": 0.04, "k": 3, "beta2": 0.9, "eps": 0.0, "about": "eps is 0: it never switches"},
         {"p": -0.25 * g, "g": g, "average": 0.25 * (1 - 0.9**999), "k": 1000, "beta2": 0.9, "eps": 1e-6, "about": "a late step along −g: it has settled"}],
    )  # fmt: skip


GAMMA, TEST = "(p @ p) / -(p @ g)", "k > 1 and abs(corrected - gamma) < eps"
switch_mistakes = [
    Mistake("the other projection", {GAMMA: "-(p @ g) / (g @ g)"}, "That is p projected onto −g. Here −γg has p as its shadow: pᵀp stands above.", SWITCH),
    Mistake("a lost minus", {GAMMA: "(p @ p) / (p @ g)"}, "p points downhill, so pᵀg is negative: there is a minus below the line.", SWITCH),
    Mistake("the lengths' ratio", {GAMMA: "np.sqrt((p @ p) / (g @ g))"}, "The ratio of lengths forgets the angle between p and g.", SWITCH),
    Mistake("upside down", {GAMMA: "-(p @ g) / (p @ p)"}, "pᵀp stands above the line.", SWITCH),
    Mistake("always a positive γ", {GAMMA: "(p @ p) / abs(p @ g)"}, "Uphill γ is negative, and it counts as such.", SWITCH),
    Mistake("the length of p, not its square", {GAMMA: "np.linalg.norm(p) / -(p @ g)"}, "pᵀp is the length squared.", SWITCH),
    Mistake("no bias correction", {"average / (1 - beta2**k)": "average"}, "The average began at 0: divide by 1 − β₂ᵏ, as Adam does.", SWITCH),
    Mistake("corrected without the power k", {"beta2**k": "beta2"}, "The correction is 1 − β₂ᵏ.", SWITCH),
    Mistake("one step less in the correction", {"beta2**k": "beta2 ** (k - 1)"}, "k counts from 1: the correction has the power k.", SWITCH),
    Mistake("the correction multiplies", {"average / (1 - beta2**k)": "average * (1 - beta2**k)"}, "The average is too small: divide.", SWITCH),
    Mistake("it may switch in the first step", {"k > 1 and ": ""}, "In the first step the corrected average *is* γ: that says nothing.", SWITCH),
    Mistake("no absolute value", {"abs(corrected - gamma)": "corrected - gamma"}, "The average may be below γ by far: take the size of the difference.", SWITCH),
    Mistake("switches when they differ", {"< eps": "> eps"}, "It switches when the average and γ agree.", SWITCH),
    Mistake("γ is returned, not its average", {"corrected if": "gamma if"}, "The rate of SGD is the corrected average.", SWITCH),
    Mistake("the uncorrected average is returned as Λ", {"corrected if": "average if"}, "The rate of SGD is the corrected average.", SWITCH),
    Mistake("the corrected average is kept", {"return average, corrected": "return corrected, corrected"},
            "What is kept is the plain average; it is corrected anew in every step.", SWITCH),
    Mistake("Λ in every step", {TEST: "True"}, "Λ is 0 until the average and γ agree.", SWITCH),
    Mistake("the corrected average compared with the plain one", {"abs(corrected - gamma)": "abs(corrected - average)"}, "The corrected average is compared with the new γ.", SWITCH),
    Mistake("the plain average compared with γ", {"abs(corrected - gamma)": "abs(average - gamma)"}, "The average began at 0: compare the corrected one.", SWITCH),
    Mistake("the average before this step compared", {"average = beta2": "old = average / (1 - beta2 ** max(k - 1, 1))\n    average = beta2", "abs(corrected - gamma)": "abs(old - gamma)"},
            "First the new average, then its correction, then the comparison.", SWITCH),
    Mistake("eps relative to γ", {"< eps": "< eps * abs(gamma)"}, "The difference itself is compared with eps.", SWITCH),
    Mistake("the squared difference", {"abs(corrected - gamma)": "(corrected - gamma) ** 2"}, "The size of the difference is compared with eps, not its square.", SWITCH),
    Mistake("no switch in the second step", {"k > 1": "k > 2"}, "From k = 2 on it may switch.", SWITCH),
    Mistake("γ where nothing has settled", {"else 0.0": "else gamma"}, "Until the average and γ agree Λ is 0.", SWITCH),
    Mistake("a step uphill is left out", {"average = beta2": "average = average if gamma < 0 else beta2"}, "Uphill γ is negative, and it counts as such.", SWITCH),
    Mistake("the quotient of the squared lengths", {GAMMA: "(p @ p) / (g @ g)"}, "Below the line stands −pᵀg: the angle between p and g counts.", SWITCH),
    Mistake("coordinate by coordinate", {GAMMA: "np.sum(p**2 / -(p * g))"}, "Two inner products first, then one division.", SWITCH),
    Mistake("the weights exchanged", {"beta2 * average + (1 - beta2) * gamma": "(1 - beta2) * average + beta2 * gamma"},
            "β₂ is the weight of the past, 1 − β₂ that of the new γ.", SWITCH),
]  # fmt: skip

# -- 4: one v for each neuron ----------------------------------------------------------------------------


def neuron_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * np.mean(g**2, axis=0)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), {"m": m, "v": v}


def _layers() -> Cases:
    rng = np.random.default_rng(30)
    first, second, third = (0.23, 0.7, 0.85, 0.05), (0.4, 0.35, 0.6, 0.2), (0.11, 0.8, 0.95, 0.1)
    gradients = rng.normal(size=(6, 4, 3)) * np.exp(rng.normal(size=(4, 3)))
    layer = {"x": rng.normal(size=(4, 3)), "gradients": gradients, "hyper": first}
    silent = rng.normal(size=(6, 3, 2))
    silent[:, :, 0] = 0.0
    kept = {"m": rng.normal(size=(4, 3)), "v": np.tile(rng.uniform(0.5, 2, 3), (4, 1))}
    return Cases(
        [layer, {"x": rng.normal(size=(3, 3)), "gradients": rng.normal(size=(7, 3, 3)), "hyper": second},
         {"x": rng.normal(size=(2, 5)), "gradients": rng.normal(size=(5, 2, 5)), "hyper": third}],
        [{**layer, "gradients": 200 * gradients, "about": "large gradients"},
         {**layer, "gradients": 1e-3 * gradients, "about": "tiny gradients"},
         {**layer, "gradients": rng.normal(size=(50, 4, 3)), "about": "a long run"},
         {"x": rng.normal(size=(3, 2)), "gradients": silent, "hyper": second, "about": "a neuron without any gradient"},
         {"x": rng.normal(size=(1, 4)), "gradients": rng.normal(size=(5, 1, 4)), "hyper": third, "about": "one input: this is Adam"}],
        [{**layer, "gradients": gradients[:3], "state": kept, "t": 5}],
    )  # fmt: skip


MEAN, MHAT, VHAT = "np.mean(g**2, axis=0)", "m / (1 - beta1**t)", "v / (1 - beta2**t)"
neuron_mistakes = [
    Mistake("Adam: a v for every weight", {MEAN: "g**2"}, "One v for each neuron: average the squares over its inputs.", NEED),
    Mistake("averaged over the neurons", {"axis=0": "axis=1, keepdims=True"}, "A column is a neuron: average over axis 0, its inputs.", NEED),
    Mistake("one v for the whole matrix", {"g**2, axis=0": "g**2"}, "One v for each neuron: average over axis 0 alone.", NEED),
    Mistake("the square of the mean", {MEAN: "np.mean(g, axis=0) ** 2"}, "First the squares, then the mean.", NEED),
    Mistake("the sum of the squares", {"np.mean(g**2": "np.sum(g**2"}, "Average: with a sum large layers would take short steps.", NEED),
    Mistake("the largest square", {"np.mean(g**2": "np.max(g**2"}, "Average the squares.", NEED),
    Mistake("sizes in place of squares", {"g**2": "np.abs(g)"}, "v is a mean of squares, and the root follows.", NEED),
    Mistake("m averaged as well", {"(1 - beta1) * g": "(1 - beta1) * np.mean(g, axis=0)"}, "m stays as in Adam: every weight has its own direction.", NEED),
    Mistake("no bias correction", {MHAT: "m", VHAT: "v"}, "Both means began at 0: divide by 1 − βᵗ.", NEED),
    Mistake("only m is corrected", {VHAT: "v"}, "v began at 0, too.", NEED),
    Mistake("only v is corrected", {MHAT: "m"}, "m began at 0, too.", NEED),
    Mistake("the betas exchanged", {"beta1 * state": "beta2 * state", "(1 - beta1) * g": "(1 - beta2) * g", 'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'},
            "β₁ belongs to m, β₂ to v.", NEED),
    Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "Divide by the root.", NEED),
    Mistake("eps inside the root", {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"}, "eps stands outside the root.", NEED),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "g points uphill: subtract.", NEED),
    Mistake("g in place of m̂", {"lr * m_hat": "lr * g"}, "The step goes along m̂.", NEED),
    Mistake("the old state is returned", {'{"m": m, "v": v}': "state"}, "Return the new m and v, or they are lost.", NEED),
    Mistake("the weights exchanged", {'beta1 * state["m"] + (1 - beta1)': '(1 - beta1) * state["m"] + beta1', 'beta2 * state["v"] + (1 - beta2)': '(1 - beta2) * state["v"] + beta2'},
            "β is the weight of the past, 1 − β that of the new.", NEED),
    Mistake("the variance", {"np.mean(g**2": "np.var(g"}, "Average the squares; nothing is subtracted from g.", NEED),
    Mistake("the squares of m", {"np.mean(g**2": "np.mean(m**2"}, "v is a mean of squared gradients.", NEED),
    Mistake("t counted one too far", {'t = state["t"]': 't = state["t"] + 1'}, 'state["t"] is 1 in the first step.', NEED),
    Mistake("the hats are kept", {'{"m": m, "v": v}': '{"m": m_hat, "v": v_hat}'}, "What is kept is m and v; they are corrected anew in every step.", NEED),
]  # fmt: skip

# -- 5: the memory of a transformer ----------------------------------------------------------------------


def state_size():
    d, n, words = mine["width"], mine["layers"], mine["words"]
    return 4 * ((words + d) + n * (4 * (d + d) + 2 * (d + 4 * d))) / 2**20


SHORTCUTS = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 1.9, 2.0)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _megabytes(mine: Mine) -> float:
    d, n, words = mine["width"], mine["layers"], mine["words"]
    return 4 * (words + d + 18 * n * d) / 2**20


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    return drawn(
        lambda: {
            "width": 64 * round(10 ** rng.uniform(0.7, 2.1)),
            "layers": int(rng.integers(4, 97)),
            "words": 1000 * round(10 ** rng.uniform(0.9, 2.4)),
        },
        lambda found: near(_megabytes(found), SHORTCUTS, rtol=0.05, atol=1e-3),
    )


def _known(mine: Mine) -> list[tuple[float, str]]:
    d, n, words = mine["width"], mine["layers"], mine["words"]
    exact, weights = _megabytes(mine), words * d + 12 * n * d**2
    return [
        (8 * weights / 2**20, "That is Adam's: m and v of every weight. Adafactor keeps a row and a column of each matrix, and no m."),
        (4 * weights / 2**20, "That is one number for every weight, such as m. Adafactor keeps rows + columns of each matrix, and no m."),
        (exact / 4, "A number in single precision has 4 bytes."),
        (2 * exact, "A number in single precision has 4 bytes. Adafactor keeps no m besides."),
        (exact * 2**20, "Asked for are MiB: divide by 2²⁰."),
        (exact * 2**20 / 1e6, "A MiB has 2²⁰ bytes, not 10⁶."),
        (exact * 2**10, "Those are KiB. Asked for are MiB."),
        (4 * 18 * n * d / 2**20, "The embedding is a matrix, too: words × width."),
        (4 * (words + d + 18 * d) / 2**20, "That is one layer. There are more."),
        (4 * (words + d + n * 8 * d) / 2**20, "The two large matrices of each layer, width × 4 width, are missing."),
        (4 * (words + d + n * 10 * d) / 2**20, "The four square matrices of each layer are missing."),
        (4 * (words + d + n * 13 * d) / 2**20, "Each layer has two matrices of width × 4 width."),
        (4 * (words + d + n * 7 * d) / 2**20, "Each layer has four square matrices and two of width × 4 width."),
        (4 * (words + d + n * 12 * d) / 2**20, "Two matrices of each layer are width × 4 width: d + 4d numbers each."),
        (4 * (words + 18 * n * d) / 2**20, "The embedding has a row and a column, too: words + width."),
        (4 * n * (words + d + 18 * d) / 2**20, "There is one embedding, not one in each layer."),
        (4 * (words * d + 18 * n * d) / 2**20, "The embedding is factored, too: words + width."),
        (exact / 2**10, "Those are GiB. Asked for are MiB."),
        (exact / 2, "Two bytes are half precision; a number in single precision has 4 bytes."),
        (8 * exact, "A number in single precision has 4 bytes, 32 bits."),
    ]  # fmt: skip


EXERCISE = Exercise(
    "10_bounds_and_memory",
    [
        Code(solution=bounded_rate, title="Between two bounds", points=2, cases=BOUNDS, wrong=bound_mistakes, reread=BOUND, hints=[
            "Three lines: the lower bound, the upper bound, np.clip.", "lower = final_lr * (1 - 1 / (gamma * step + 1)); the upper one has a plus, and no + 1 below."]),
        Code(solution=factored_mean, title="A row and a column", points=4, drive=call("r", "c", "v_hat"), cases=_factors(), wrong=factor_mistakes, reread=COPY, hints=[
            "A loop over the gradients. In it the running means of the squares' row means and column means, both from 0.",
            "square.mean(axis=1) has one number for each row. At the end np.outer(r, c), over the mean of r."]),
        Code(solution=switch, title="The switch", points=4, drive=call("average", "Lambda"), cases=_switches(), wrong=switch_mistakes, reread=SWITCH, hints=[
            "γ first, then the average with the new γ, then the average over 1 − β₂ᵏ.",
            "Λ is the corrected average if k > 1 and it is within eps of γ, else 0."]),
        Code(solution=neuron_step, title="One v for each neuron", points=3, drive=rule("m", "v"), cases=_layers(), wrong=neuron_mistakes, reread=NEED, hints=[
            "Adam's five lines, with one change: what stands in place of g**2 in v?",
            "np.mean(g**2, axis=0) has one number for each column; numpy adds it to every row of the old v."]),
        Number(solution=state_size, title="The memory of a transformer", points=1, expected=_megabytes, rtol=1e-4, unit="MiB", wrong=_known, reread=BYTES, hints=[
            "For each matrix count rows + columns. A layer has four of d × d and two of d and 4d.",
            "Altogether words + d + 18·n·d numbers of 4 bytes. Divide by 2**20."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
