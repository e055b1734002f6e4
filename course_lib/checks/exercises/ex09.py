"""Exercise 09: Adam's family, and the losses on which Adam fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..cases import Cases, update_rule
from ..kinds import Code, Number
from ..observe import call, rule
from ..tasks import Exercise, Mine, Mistake

AMS, MAX = "lesson 09, section 5, AMSGrad", "lesson 09, section 8, AdaMax"
OPT, WALK = "lesson 09, section 6, ADOPT", "lesson 09, section 3, the threshold"

HYPER = (0.23, 0.7, 0.9, 0.05), (0.4, 0.35, 0.55, 0.3), (0.11, 0.85, 0.4, 0.12)

# -- 1: AMSGrad ------------------------------------------------------------------------------------------


def amsgrad_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    v_max = np.maximum(state["v_max"], v)
    return x - lr * m / (np.sqrt(v_max) + eps), {"m": m, "v": v, "v_max": v_max}


M, V = 'beta1 * state["m"] + (1 - beta1) * g\n', 'beta2 * state["v"] + (1 - beta2) * g**2'
LARGEST, ROOT = 'np.maximum(state["v_max"], v)', "np.sqrt(v_max) + eps"
KEPT, LOST = "Return the new one, or it is lost.", "β is the weight of the past, 1 − β that of the new value."
ams_mistakes = [
    Mistake("the maximum of g²", {LARGEST: 'np.maximum(state["v_max"], g**2)'}, "It is the maximum of the averages v, not of single squares.", AMS),
    Mistake("no maximum", {LARGEST: "v"}, "Then this is Adam without its corrections: v may fall again.", AMS),
    Mistake("divided by v", {ROOT: "np.sqrt(v) + eps"}, "The largest v so far is what divides m.", AMS),
    Mistake("the old maximum", {ROOT: 'np.sqrt(state["v_max"]) + eps'}, "The new v takes part in the maximum before the step.", AMS),
    Mistake("the average goes on from the maximum", {'beta2 * state["v"]': 'beta2 * state["v_max"]'}, "v goes on from the old v. Only the step looks at the maximum.", AMS),
    Mistake("the smallest v", {"np.maximum": "np.minimum"}, "Steps must not grow again: take the largest.", AMS),
    Mistake("one maximum for all coordinates", {LARGEST: 'np.maximum(state["v_max"], np.max(v))'}, "Every coordinate has a maximum of its own.", AMS),
    Mistake("a maximum that fades", {LARGEST: 'np.maximum(beta2 * state["v_max"], v)'}, "The maximum is never forgotten: that is the point of it.", AMS),
    Mistake("both bias corrections", {"lr * m /": 'lr * m / (1 - beta1 ** state["t"]) /', "np.sqrt(v_max)": 'np.sqrt(v_max / (1 - beta2 ** state["t"]))'},
            "That is PyTorch's form. The paper has no corrections.", AMS),
    Mistake("m corrected", {"lr * m /": 'lr * m / (1 - beta1 ** state["t"]) /'}, "The paper has no bias correction.", AMS),
    Mistake("the maximum of the corrected v", {LARGEST: 'np.maximum(state["v_max"], v / (1 - beta2 ** state["t"]))'}, "That is optax's form. The paper has no corrections.", AMS),
    Mistake("eps inside the root", {ROOT: "np.sqrt(v_max + eps)"}, "Here ε stands beside the root.", AMS),
    Mistake("no eps", {" + eps": ""}, "Where there has been no gradient this is 0/0.", AMS),
    Mistake("no root", {"np.sqrt(v_max)": "v_max"}, "v is a mean of squares: divide by its root.", AMS),
    Mistake("g in place of m", {"lr * m": "lr * g"}, "The step follows the mean m.", AMS),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "m points uphill: subtract.", AMS),
    Mistake("no square in v", {"g**2": "g"}, "v is a mean of squares.", AMS),
    Mistake("v of m", {"g**2": "m**2"}, "v is the mean of the squares of g.", AMS),
    Mistake("the weights of m exchanged", {M: '(1 - beta1) * state["m"] + beta1 * g\n'}, LOST, AMS),
    Mistake("the weights of v exchanged", {V: '(1 - beta2) * state["v"] + beta2 * g**2'}, LOST, AMS),
    Mistake("the betas exchanged", {M: 'beta2 * state["m"] + (1 - beta2) * g\n', V: 'beta1 * state["v"] + (1 - beta1) * g**2'}, "m belongs to β₁, v to β₂.", AMS),
    Mistake("the old maximum is returned", {'"v_max": v_max': '"v_max": state["v_max"]'}, KEPT, AMS),
    Mistake("v returned as the maximum", {'"v_max": v_max': '"v_max": v'}, "Then the maximum forgets. Return each under its own name.", AMS),
    Mistake("the maximum returned as v", {'"v": v,': '"v": v_max,'}, "v goes on without the maximum. Return each under its own name.", AMS),
    Mistake("v alone corrected", {"np.sqrt(v_max)": 'np.sqrt(v_max / (1 - beta2 ** state["t"]))'}, "The paper has no bias correction.", AMS),
    Mistake("the larger of the last two v", {LARGEST: 'np.maximum(state["v"], v)'}, "The maximum goes on from the old v_max, so that nothing is forgotten.", AMS),
    Mistake("the root in the state", {LARGEST: 'np.maximum(state["v_max"], np.sqrt(v))', ROOT: "v_max + eps"}, "v_max is the largest v. The root is taken in the step.", AMS),
    Mistake("the old m in the step", {"lr * m": 'lr * state["m"]'}, "First m, then the step with the new m.", AMS),
    Mistake("a sum in place of the mean", {M: 'beta1 * state["m"] + g\n'}, "m is a mean: the new value has the weight 1 − β₁.", AMS),
    Mistake("eps as the smallest divisor", {ROOT: "np.maximum(np.sqrt(v_max), eps)"}, "Here ε is added to the root.", AMS),
]  # fmt: skip

# -- 2: AdaMax -------------------------------------------------------------------------------------------


def adamax_step(x, g, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    u = np.maximum(beta2 * state["u"], np.abs(g) + eps)
    return x - lr / (1 - beta1**t) * m / u, {"m": m, "u": u}


U, FILL = 'np.maximum(beta2 * state["u"], np.abs(g) + eps)', "lr / (1 - beta1**t) * m / u"
max_mistakes = [
    Mistake("the maximum does not fade", {'beta2 * state["u"]': 'state["u"]'}, "The old u is multiplied by β₂.", MAX),
    Mistake("no size", {"np.abs(g)": "g"}, "u is the largest size: take |g|.", MAX),
    Mistake("squares in the maximum", {"np.abs(g)": "g**2"}, "For p → ∞ the root is gone: u is of |g| itself.", MAX),
    Mistake("a root of u", {"* m / u": "* m / np.sqrt(u)"}, "u is a size already: no root.", MAX),
    Mistake("an average in place of the maximum", {U: 'beta2 * state["u"] + (1 - beta2) * (np.abs(g) + eps)'}, "That is p = 1. The limit p → ∞ is a maximum.", MAX),
    Mistake("a sum in place of the maximum", {U: 'beta2 * state["u"] + np.abs(g) + eps'}, "The limit p → ∞ is a maximum.", MAX),
    Mistake("1 − β₂ at the new size", {"np.abs(g) + eps": "(1 - beta2) * np.abs(g) + eps"}, "A maximum has no weights: |g| enters in full.", MAX),
    Mistake("no bias correction of m", {FILL: "lr * m / u"}, "m starts at zero: divide by 1 − β₁ᵗ.", MAX),
    Mistake("u corrected as well", {"* m / u": "* m / (u / (1 - beta2**t))"}, "A maximum needs no bias correction.", MAX),
    Mistake("t counted from 0", {'t = state["t"]': 't = state["t"] - 1'}, 'state["t"] is 1 in the first step already.', MAX),
    Mistake("t counted from 2", {'t = state["t"]': 't = state["t"] + 1'}, 'state["t"] is 1 in the first step already.', MAX),
    Mistake("the correction multiplies", {"lr / (1 - beta1**t)": "lr * (1 - beta1**t)"}, "1 − β₁ᵗ says how full m is: divide by it.", MAX),
    Mistake("beta2 in the correction", {"beta1**t": "beta2**t"}, "m belongs to β₁.", MAX),
    Mistake("no exponent t", {"beta1**t": "beta1"}, "After t steps the zero at the start weighs β₁ᵗ.", MAX),
    Mistake("Keras's eps", {"np.abs(g) + eps": "np.abs(g)", "* m / u": "* m / (u + eps)"}, "That is Keras's form. Here ε stands in the maximum.", MAX),
    Mistake("no eps", {"np.abs(g) + eps": "np.abs(g)"}, "Where there has been no gradient this is 0/0.", MAX),
    Mistake("the largest of all coordinates", {"np.abs(g) + eps": "np.max(np.abs(g)) + eps"}, "Every coordinate has a maximum of its own.", MAX),
    Mistake("the old u", {"* m / u": '* m / np.maximum(state["u"], eps)'}, "First u, then the step with the new u.", MAX),
    Mistake("g in place of m", {"* m / u": "* g / u"}, "The step follows the mean m.", MAX),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "m points uphill: subtract.", MAX),
    Mistake("the weights of m exchanged", {M: '(1 - beta1) * state["m"] + beta1 * g\n'}, LOST, MAX),
    Mistake("the old u is returned", {'"u": u': '"u": state["u"]'}, KEPT, MAX),
    Mistake("the old m is returned", {'"m": m': '"m": state["m"]'}, KEPT, MAX),
    Mistake("beta1 fades u", {'beta2 * state["u"]': 'beta1 * state["u"]'}, "u belongs to β₂.", MAX),
    Mistake("the maximum with m", {"np.abs(g)": "np.abs(m)"}, "u is the largest of the gradients, not of their means.", MAX),
    Mistake("eps as a third number in the maximum", {"np.abs(g) + eps": "np.maximum(np.abs(g), eps)"}, "ε is added to |g|, inside the maximum.", MAX),
    Mistake("eps added to the maximum", {U: 'np.maximum(beta2 * state["u"], np.abs(g)) + eps'}, "ε is added to |g| alone. Here the old u gets it again in every step.", MAX),
    Mistake("u fades by beta2 to the power t", {'beta2 * state["u"]': 'beta2**t * state["u"]'}, "u fades by β₂ in every step: no exponent.", MAX),
]  # fmt: skip

# -- 3: Nadam --------------------------------------------------------------------------------------------


def nadam_step(x, g, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    ahead = beta1 * m / (1 - beta1 ** (t + 1)) + (1 - beta1) * g / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return x - lr * ahead / (np.sqrt(v_hat) + eps), {"m": m, "v": v}


NEXT, NOW = "beta1 * m / (1 - beta1 ** (t + 1))", "(1 - beta1) * g / (1 - beta1**t)"
nadam_mistakes = [
    Mistake("the rule that surveys print", {"(t + 1)": "t"}, "m is one step ahead: it is divided by 1 − β₁ᵗ⁺¹.", MAX),
    Mistake("t + 1 in both", {NOW: "(1 - beta1) * g / (1 - beta1 ** (t + 1))"}, "g belongs to this step: 1 − β₁ᵗ.", MAX),
    Mistake("the exponents exchanged", {NEXT: "beta1 * m / (1 - beta1**t)", NOW: "(1 - beta1) * g / (1 - beta1 ** (t + 1))"}, "m is one step ahead, g is not.", MAX),
    Mistake("Adam's mean", {f"{NEXT} + {NOW}": "m / (1 - beta1**t)"}, "That is Adam: the look-ahead is missing.", MAX),
    Mistake("no new gradient in the mixture", {f" + {NOW}": ""}, "The mixture has two parts: m and g.", MAX),
    Mistake("no corrections above the line", {NEXT: "beta1 * m", NOW: "(1 - beta1) * g"}, "Both parts are corrected, each with its own exponent.", MAX),
    Mistake("g is not corrected", {NOW: "(1 - beta1) * g"}, "Both parts are corrected.", MAX),
    Mistake("m is not corrected", {NEXT: "beta1 * m"}, "Both parts are corrected.", MAX),
    Mistake("the old m in the mixture", {NEXT: 'beta1 * state["m"] / (1 - beta1 ** (t + 1))'}, "The mixture takes the new m. With the old one it is Adam's mean.", MAX),
    Mistake("no beta1 at m", {NEXT: "m / (1 - beta1 ** (t + 1))"}, "In the next step m will weigh β₁.", MAX),
    Mistake("the weights of the mixture exchanged", {"beta1 * m /": "(1 - beta1) * m /", "(1 - beta1) * g /": "beta1 * g /"}, "β₁ weighs m, 1 − β₁ weighs g.", MAX),
    Mistake("g in full", {NOW: "g / (1 - beta1**t)"}, "g has the weight 1 − β₁.", MAX),
    Mistake("v is not corrected", {"v / (1 - beta2**t)": "v"}, "v is Adam's, with its correction.", MAX),
    Mistake("v one step ahead", {"beta2**t": "beta2 ** (t + 1)"}, "Only m looks ahead.", MAX),
    Mistake("the mixture is kept as m", {'{"m": m,': '{"m": ahead,'}, "The mixture is for this step alone.", MAX),
    Mistake("eps inside the root", {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"}, "Here ε stands beside the root.", MAX),
    Mistake("no eps", {" + eps": ""}, "Where there has been no gradient this is 0/0.", MAX),
    Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "v is a mean of squares: divide by its root.", MAX),
    Mistake("t counted from 0", {'t = state["t"]': 't = state["t"] - 1'}, 'state["t"] is 1 in the first step already.', MAX),
    Mistake("t counted from 2", {'t = state["t"]': 't = state["t"] + 1'}, 'state["t"] is 1 in the first step already.', MAX),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The mixture points uphill: subtract.", MAX),
    Mistake("no square in v", {"g**2": "g"}, "v is a mean of squares.", MAX),
    Mistake("the weights of m exchanged", {M: '(1 - beta1) * state["m"] + beta1 * g\n'}, LOST, MAX),
    Mistake("the old v is returned", {'"v": v': '"v": state["v"]'}, KEPT, MAX),
    Mistake("1 added to the divisor", {"(t + 1)": "t + 1"}, "Brackets: β₁ to the power t + 1.", MAX),
    Mistake("Adam's mean, and g once more", {NEXT: "m / (1 - beta1**t)"}, "m weighs β₁ in the mixture, and is one step ahead.", MAX),
    Mistake("the old v", {"v / (1 - beta2**t)": 'state["v"] / (1 - beta2**t)'}, "First v, then the step with the new v.", MAX),
    Mistake("Dozat's factor", {"v / (1 - beta2**t)": "beta2 * v / (1 - beta2**t)"}, "v̂ is Adam's here, without a further β₂.", MAX),
]  # fmt: skip

# -- 4: ADOPT --------------------------------------------------------------------------------------------


def adopt_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.9999, eps=1e-6):
    if state["t"] == 1:
        return x, {"m": state["m"], "v": g**2}
    n = g / np.maximum(np.sqrt(state["v"]), eps)
    m = beta1 * state["m"] + (1 - beta1) * n
    v = beta2 * state["v"] + (1 - beta2) * g**2
    return x - lr * m, {"m": m, "v": v}


FIRST = '    if state["t"] == 1:\n        return x, {"m": state["m"], "v": g**2}\n'
N, MEAN = 'n = g / np.maximum(np.sqrt(state["v"]), eps)', 'beta1 * state["m"] + (1 - beta1) * n'
opt_mistakes = [
    Mistake("divided by the new v", {N: f"n = g / np.maximum(np.sqrt({V}), eps)"}, "Then g hides itself again. Divide by the old v.", OPT),
    Mistake("no first step that only measures", {FIRST: ""}, "v is zero before the first step: there is nothing to divide by yet.", OPT),
    Mistake("the first v as an average", {'"v": g**2}': '"v": (1 - beta2) * g**2}'}, "The first v is g² in full.", OPT),
    Mistake("the first v is lost", {'"v": g**2}': '"v": state["v"]}'}, "The first step measures: it returns v = g².", OPT),
    Mistake("the first v without a square", {'"v": g**2}': '"v": np.abs(g)}'}, "v is a mean of squares from the start.", OPT),
    Mistake("a first step along the gradient", {"return x, {": "return x - lr * np.sign(g), {"}, "The first step only measures: x stays.", OPT),
    Mistake("averaged first, divided afterwards", {MEAN: MEAN.replace("* n", "* g"), "x - lr * m": 'x - lr * m / np.maximum(np.sqrt(state["v"]), eps)'},
            "Divide each gradient by the v before it, then average.", OPT),
    Mistake("eps added to the root", {N: 'n = g / (np.sqrt(state["v"]) + eps)'}, "Here ε is the smallest divisor: a maximum, no sum.", OPT),
    Mistake("eps inside the root", {"np.maximum(np.sqrt(state[\"v\"]), eps)": 'np.sqrt(np.maximum(state["v"], eps))'}, "ε is compared with the root, not with v.", OPT),
    Mistake("the smaller of root and eps", {"np.maximum": "np.minimum"}, "ε is the smallest divisor: take the larger of the two.", OPT),
    Mistake("no root", {'np.sqrt(state["v"])': 'state["v"]'}, "v is a mean of squares: divide by its root.", OPT),
    Mistake("v of n", {V: V.replace("g**2", "n**2")}, "v is the mean of the squares of g itself.", OPT),
    Mistake("no square in v", {"(1 - beta2) * g**2": "(1 - beta2) * g"}, "v is a mean of squares.", OPT),
    Mistake("n in place of m", {"x - lr * m": "x - lr * n"}, "The step follows the mean of the divided gradients.", OPT),
    Mistake("g is averaged", {MEAN: MEAN.replace("* n", "* g")}, "The mean is of the divided gradients n.", OPT),
    Mistake("m corrected", {"x - lr * m": 'x - lr * m / (1 - beta1 ** state["t"])'}, "ADOPT has no bias correction.", OPT),
    Mistake("v corrected", {'np.sqrt(state["v"])': 'np.sqrt(state["v"] / (1 - beta2 ** state["t"]))'}, "v starts at g², not at zero: nothing has to be corrected.", OPT),
    Mistake("the clip of the authors' code", {N: N + '\n    n = np.clip(n, -((state["t"] - 1) ** 0.25), (state["t"] - 1) ** 0.25)'}, "Asked for is the rule without the clip.", OPT),
    Mistake("the weights of m exchanged", {MEAN: '(1 - beta1) * state["m"] + beta1 * n'}, LOST, OPT),
    Mistake("the weights of v exchanged", {V: '(1 - beta2) * state["v"] + beta2 * g**2'}, LOST, OPT),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "m points uphill: subtract.", OPT),
    Mistake("the old v is returned", {'"v": v}': '"v": state["v"]}'}, KEPT, OPT),
    Mistake("the old m is returned", {'{"m": m,': '{"m": state["m"],'}, KEPT, OPT),
    Mistake("m begins with g", {'return x, {"m": state["m"],': 'return x, {"m": g,'}, "In the first step m stays as it is.", OPT),
    Mistake("n clipped to ±1", {N: N + "\n    n = np.clip(n, -1, 1)"}, "Asked for is the rule without a clip.", OPT),
    Mistake("the old m in the step", {"x - lr * m": 'x - lr * state["m"]'}, "First m, then the step with the new m.", OPT),
    Mistake("the betas exchanged", {MEAN: 'beta2 * state["m"] + (1 - beta2) * n', V: 'beta1 * state["v"] + (1 - beta1) * g**2'}, "m belongs to β₁, v to β₂.", OPT),
    Mistake("eps added under the root", {"np.maximum(np.sqrt(state[\"v\"]), eps)": 'np.sqrt(state["v"] + eps**2)'}, "Here ε is the smallest divisor: a maximum, no sum.", OPT),
]  # fmt: skip

# -- 5: one round, 6: the threshold, 7: the other way round --------------------------------------------------


def one_round(beta2, C, period):
    k = np.arange(period)
    v = 1 + (C**2 - 1) * (1 - beta2) * beta2**k / (1 - beta2**period)
    steps = 1 / np.sqrt(v)
    steps[0] = -C / np.sqrt(v[0])
    return steps.sum()


def beta2_threshold():
    low, high = 0.0, 1 - 1e-9
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if one_round(middle, mine["C"], 3) > 0 else (low, middle)
    return low


def shortest_period():
    period = 3
    while one_round(mine["beta2"], period, period) < 0:
        period += 1
    return period


ROUNDS = Cases(
    [{"beta2": 0.3, "C": 4.0, "period": 3}, {"beta2": 0.83, "C": 9.5, "period": 7}, {"beta2": 0.55, "C": 2.2, "period": 4}],
    [{"beta2": 0.999, "C": 101.0, "period": 101, "about": "a long round"}, {"beta2": 0.0, "C": 3.0, "period": 3, "about": "no memory at all"},
     {"beta2": 0.6, "C": 1.5, "period": 2, "about": "a round of two steps"}],
)  # fmt: skip
FADE, LARGE = "(1 - beta2) * beta2**k / (1 - beta2**period)", "steps[0] = -C / np.sqrt(v[0])"
round_mistakes = [
    Mistake("earlier rounds forgotten", {" / (1 - beta2**period)": ""}, "v remembers all the rounds before: divide by 1 − β₂^P.", WALK),
    Mistake("the large slope not squared", {"C**2 - 1": "C - 1"}, "v is a mean of squares.", WALK),
    Mistake("the small squares counted twice", {"C**2 - 1": "C**2"}, "Every square is 1, and one is C² − 1 more.", WALK),
    Mistake("the small squares left out", {"1 + (C**2 - 1)": "C**2"}, "The squares of the small slopes are 1 each.", WALK),
    Mistake("no fading", {" * beta2**k": ""}, "k steps later the share of the large square has faded by β₂ᵏ.", WALK),
    Mistake("one step too late", {"beta2**k": "beta2 ** (k + 1)"}, "v knows of the large slope at once: k = 0.", WALK),
    Mistake("no weight at the large square", {"(1 - beta2) * beta2**k": "beta2**k"}, "A new square enters v with the weight 1 − β₂.", WALK),
    Mistake("no roots", {"1 / np.sqrt(v)": "1 / v", LARGE: "steps[0] = -C / v[0]"}, "Adam divides by the root of v.", WALK),
    Mistake("the sign exchanged", {"steps.sum()": "-steps.sum()"}, "The large slope is positive, and its step goes to −1.", WALK),
    Mistake("the large step points up", {LARGE: "steps[0] = C / np.sqrt(v[0])"}, "A step goes against its slope.", WALK),
    Mistake("the large step is missing", {LARGE: "steps[0] = 0"}, "A round has P steps, the large one among them.", WALK),
    Mistake("the large step of length 1", {LARGE: "steps[0] = -1"}, "Its length is C/√v₀.", WALK),
    Mistake("the first small step left out", {"steps.sum()": "steps[0] + steps[2:].sum()"}, "P − 1 small steps follow the large one.", WALK),
    Mistake("a small step too many", {"steps.sum()": "steps.sum() + steps[-1]"}, "P − 1 small steps follow the large one.", WALK),
    Mistake("the mean step", {"steps.sum()": "steps.mean()"}, "Asked for is the whole round, not a step on the average.", WALK),
    Mistake("the large slope over the smallest v", {"beta2**k /": "beta2 ** ((k - 1) % period) /"}, "Adam's v knows the large slope at once: at k = 0 the exponent of β₂ is 0. ADOPT divides by yesterday's v.", WALK),
    Mistake("a large step like the small ones", {LARGE: "steps[0] = -1 / np.sqrt(v[0])"}, "Its length is C/√v₀.", WALK),
    Mistake("without a sign", {"steps.sum()": "abs(steps.sum())"}, "The sign says where x goes: towards 1 counts as positive.", WALK),
    Mistake("multiplied by the roots", {"1 / np.sqrt(v)": "np.sqrt(v)", LARGE: "steps[0] = -C * np.sqrt(v[0])"}, "Adam divides by the root of v.", WALK),
    Mistake("AMSGrad's divisor", {"1 / np.sqrt(v)": "1 / np.sqrt(v[0]) + 0 * v"}, "That is AMSGrad. Adam divides every step by its own v.", WALK),
]  # fmt: skip


def _threshold(C: float, drift: Callable[..., float] = one_round) -> float:
    low, high = 0.0, 1 - 1e-9
    while high - low > 1e-12:
        middle = (low + high) / 2
        low, high = (middle, high) if drift(middle, C, 3) > 0 else (low, middle)
    return low


def _first_round(beta2: float, C: float, period: int) -> float:
    g = np.where(np.arange(period) == 0, C, -1.0)
    v = (1 - beta2) * np.convolve(g**2, beta2 ** np.arange(period))[:period]
    return float(-np.sum(g / np.sqrt(v)))


def _without_root(beta2: float, C: float, period: int) -> float:
    k = np.arange(period)
    v = 1 + (C**2 - 1) * (1 - beta2) * beta2**k / (1 - beta2**period)
    return float(-np.sum(np.where(k == 0, C, -1.0) / v))


def _thresholds(mine: Mine) -> list[tuple[float, str]]:
    C = mine["C"]
    return [
        (1 / (1 + C**2), "That is the β₂ of the paper's theorem: Adam is wrong there, but not only there."),
        (1 - _threshold(C), "That is 1 − β₂."),
        (_threshold(C, _first_round), "That is for the first round, from v = 0. Take a settled one."),
        (_threshold(3.0), "That is for C = 3. Take your own."),
        (_threshold(C, _without_root), "A slope is divided by the root of v, not by v."),
    ]


def _shortest(beta2: float) -> int:
    return next(period for period in range(3, 1000) if one_round(beta2, period, period) > 0)


def _periods(mine: Mine) -> list[tuple[float, str]]:
    beta2, right = mine["beta2"], _shortest(mine["beta2"])
    return [
        (
            right - 1,
            "With one step less Adam is still right. Count to the first period with which it is wrong.",
        ),
        (right + 1, "One step less is enough."),
        (2 / np.sqrt(1 - beta2), "That is the rule of thumb. Find the first whole number by trying."),
        (2.5 / (1 - beta2), "That is the law where C is twice the period. Here C is the period."),
        (1 / (1 - beta2), "That is how long β₂ remembers. A far shorter period is enough."),
    ]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    C = 3.0
    while C == 3.0 or any(np.isclose(_threshold(C), number, rtol=0.05) for number in (0.1, 0.5)):
        C = round(float(rng.uniform(2.15, 5.0)), 2)  # above, the first round has the same threshold
    return {"C": C, "beta2": round(1 - 10 ** rng.uniform(-4.2, -1.7), 5)}


EXERCISE = Exercise(
    "09_adam_family",
    [
        Code(solution=amsgrad_step, title="AMSGrad", points=3, drive=rule("m", "v", "v_max"), wrong=ams_mistakes, reread=AMS,
             cases=update_rule(*HYPER, memory=["m", "v", "v_max"], seed=9), hints=[
            "As Adam without its hats, and one line more. v goes on by itself; only the divisor is the maximum.",
            'v_max = np.maximum(state["v_max"], v), with the new v. Return all three.']),
        Code(solution=adamax_step, title="AdaMax", points=3, drive=rule("m", "u"), wrong=max_mistakes, reread=MAX,
             cases=update_rule(*HYPER, memory=["m", "u"], seed=10), hints=[
            "m is Adam's. u is the larger of two: the old u that has faded, and the new size.",
            'u = np.maximum(beta2 * state["u"], np.abs(g) + eps). Only m is corrected.']),
        Code(solution=nadam_step, title="Nadam", points=3, drive=rule("m", "v"), wrong=nadam_mistakes, reread=MAX,
             cases=update_rule(*HYPER, memory=["m", "v"], seed=11), hints=[
            "m, v and v̂ are Adam's. Above the line stands a mixture of the new m and g.",
            "m is one step ahead, so its part is divided by 1 − β₁ᵗ⁺¹; the part of g by 1 − β₁ᵗ."]),
        Code(solution=adopt_step, title="ADOPT", points=4, drive=rule("m", "v"), wrong=opt_mistakes, reread=OPT,
             cases=update_rule(*HYPER, memory=["m", "v"], seed=12), hints=[
            'In the first step (state["t"] == 1) only v is set, to g². Else four lines: n, m, v, x.',
            'n = g / np.maximum(np.sqrt(state["v"]), eps), with the old v. m is the mean of n.']),
        Code(solution=one_round, title="Rebuild the counter-example", points=3, drive=call("the drift"), cases=ROUNDS, wrong=round_mistakes, reread=WALK, hints=[
            "np.arange(period) counts the steps since the large slope. One formula gives all v; then P steps, each against its slope.",
            "The small steps are +1/√v, the first one is −C/√v₀. Return their sum."]),
        Number(solution=beta2_threshold, title="Find the threshold", points=1, rtol=0.003,
               expected=lambda mine: _threshold(mine["C"]), wrong=_thresholds, reread=WALK, hints=[
            "Where does one_round(beta2, C, 3) change its sign?", "Halve an interval: above 0 Adam is wrong, and the threshold lies higher."]),
        Number(solution=shortest_period, title="The other way round", points=1, rtol=0.001,
               expected=lambda mine: float(_shortest(mine["beta2"])), wrong=_periods, reread=WALK, hints=[
            "Try periods 3, 4, 5, … with C equal to the period.", "The first one for which one_round is above 0."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
