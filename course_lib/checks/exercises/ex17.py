"""Exercise 17: large batches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..cases import Cases, update_rule
from ..kinds import Code, Number
from ..observe import call, rule
from ..tasks import Exercise, Mine, Mistake

LAW, SCALE = "lesson 17, section 2, one law for steps", "lesson 17, section 3, the noise scale"
RATIO = "lesson 17, section 5, the trust ratio"

# -- 1: the trust ratio ----------------------------------------------------------------------------------


def trust_ratio(x, g, weight_decay, trust):
    x_norm, g_norm = np.linalg.norm(x), np.linalg.norm(g)
    if x_norm == 0:
        return 1.0
    return trust * x_norm / (g_norm + weight_decay * x_norm)


def _layers() -> Cases:
    rng = np.random.default_rng(17)
    x, g = rng.normal(size=(4, 3)), 0.3 * rng.normal(size=(4, 3))
    return Cases(
        [{"x": x, "g": g, "weight_decay": 0.4, "trust": 0.02}, {"x": x, "g": 0 * g, "weight_decay": 0.2, "trust": 0.02, "about": "no gradient"},
         {"x": 3 * x[:2], "g": g[2:], "weight_decay": 0.07, "trust": 0.3},
         {"x": x[0], "g": 2 * g[1], "weight_decay": 0.9, "trust": 1.7, "about": "a vector"},
         {"x": np.zeros(3), "g": g[0], "weight_decay": 0.4, "trust": 0.02, "about": "weights that are all 0: the ratio is 1"},
         {"x": 1e-3 * x, "g": g, "weight_decay": 0.1, "trust": 0.02, "about": "small weights"}],
        [{"x": x, "g": g, "weight_decay": 0.0, "trust": 0.02, "about": "no weight decay"},
         {"x": x, "g": -0.4 * x, "weight_decay": 0.4, "trust": 0.02, "about": "the decay balances the gradient"},
         {"x": 1e4 * x, "g": g, "weight_decay": 0.1, "trust": 0.02, "about": "large weights"},
         {"x": x, "g": 1e-5 * g, "weight_decay": 1e-3, "trust": 0.02, "about": "a tiny gradient"},
         {"x": np.zeros((2, 2)), "g": np.ones((2, 2)), "weight_decay": 0.0, "trust": 0.5, "about": "zeros without decay"}],
    )  # fmt: skip


QUOTIENT = "trust * x_norm / (g_norm + weight_decay * x_norm)"
ZERO = "    if x_norm == 0:\n        return 1.0\n"
ratio_mistakes = [
    Mistake("upside down", {QUOTIENT: "trust * (g_norm + weight_decay * x_norm) / x_norm"}, "‖x‖ stands above the line: large weights may take long steps.", RATIO),
    Mistake("‖g + λx‖ below the line", {QUOTIENT: "trust * x_norm / np.linalg.norm(g + weight_decay * x)"}, "That is optax's form. The paper adds the two lengths: ‖g‖ + λ‖x‖.", RATIO),
    Mistake("no weight decay", {QUOTIENT: "trust * x_norm / g_norm"}, "λ‖x‖ is missing below the line.", RATIO),
    Mistake("no trust", {QUOTIENT: "x_norm / (g_norm + weight_decay * x_norm)"}, "The factor τ is missing.", RATIO),
    Mistake("trust in the zero case", {"return 1.0": "return trust"}, "Where ‖x‖ is 0 the ratio is 1, without τ.", RATIO),
    Mistake("0 where the weights are 0", {"return 1.0": "return 0.0"}, "With a ratio of 0 zeros could never move: it is 1 there.", RATIO,
            same_as=("no case for zeros",)),
    Mistake("no case for zeros", {ZERO: ""}, "Where ‖x‖ is 0 the ratio is 1: zeros could never move otherwise.", RATIO,
            same_as=("0 where the weights are 0",)),
    Mistake("1 for small weights, too", {"x_norm == 0": "x_norm < 1"}, "The ratio is 1 only where ‖x‖ is 0. Small weights shall take short steps.", RATIO),
    Mistake("1 without a gradient, too", {"if x_norm == 0:": "if x_norm == 0 or g_norm == 0:"}, "The ratio is 1 where ‖x‖ is 0, and only there. Where ‖g‖ is 0 the formula holds.", RATIO),
    Mistake("the largest stretch", {"np.linalg.norm(x), np.linalg.norm(g)": "np.linalg.norm(x, 2), np.linalg.norm(g, 2)"},
            "Of a matrix np.linalg.norm(x, 2) is the largest stretch. np.linalg.norm(x) is the root of the sum of squares.", RATIO),
    Mistake("one root for both", {QUOTIENT: "trust * x_norm / np.sqrt(g_norm**2 + weight_decay * x_norm**2)"}, "Two lengths are added, each with a root of its own: ‖g‖ + λ‖x‖.", RATIO),
    Mistake("squared lengths", {"np.linalg.norm(x), np.linalg.norm(g)": "np.sum(x**2), np.sum(g**2)"}, "‖x‖ is the root of the sum of squares.", RATIO),
    Mistake("sums of sizes", {"np.linalg.norm(x), np.linalg.norm(g)": "np.abs(x).sum(), np.abs(g).sum()"}, "‖x‖ is the root of the sum of squares, not the sum of sizes.", RATIO),
    Mistake("largest sizes", {"np.linalg.norm(x), np.linalg.norm(g)": "np.abs(x).max(), np.abs(g).max()"}, "‖x‖ is the root of the sum of squares, not the largest size.", RATIO),
    Mistake("the root of the mean square", {"np.linalg.norm(x), np.linalg.norm(g)": "np.sqrt(np.mean(x**2)), np.mean(np.abs(g))"},
            "Both are lengths: the root of the sum of squares.", RATIO),
    Mistake("λ without ‖x‖", {"weight_decay * x_norm": "weight_decay"}, "λ has the unit of g/x: it needs ‖x‖ beside it.", RATIO),
    Mistake("λ at the wrong length", {"(g_norm + weight_decay * x_norm)": "(x_norm + weight_decay * g_norm)"}, "λ belongs to the weights, ‖g‖ stands alone.", RATIO),
    Mistake("brackets lost", {"x_norm / (g_norm + weight_decay * x_norm)": "x_norm / g_norm + weight_decay * x_norm"},
            "Python divides first: brackets around what stands below the line.", RATIO),
    Mistake("the decay subtracted", {"g_norm + weight": "g_norm - weight"}, "Below the line stands a sum.", RATIO),
    Mistake("trust below the line", {QUOTIENT: "x_norm / (trust * (g_norm + weight_decay * x_norm))"}, "τ multiplies the ratio.", RATIO),
    Mistake("at most 1", {"return trust": "return min(1.0, trust", "weight_decay * x_norm)": "weight_decay * x_norm))"}, "The ratio has no upper bound here.", RATIO),
]  # fmt: skip

# -- 2: the noise scale from two batch sizes -------------------------------------------------------------


def noise_estimate(small, small_squares, large, large_squares):
    b_square, B_square = np.mean(small_squares), np.mean(large_squares)
    square = (large * B_square - small * b_square) / (large - small)
    trace = (b_square - B_square) / (1 / small - 1 / large)
    return square, trace, trace / square


def _squares() -> Cases:
    rng = np.random.default_rng(18)
    few, many = 3 + rng.exponential(2.0, 6), 1 + rng.exponential(0.5, 6)
    return Cases(
        [{"small": 8, "small_squares": few, "large": 128, "large_squares": many},
         {"small": 3, "small_squares": 2 * few[:4], "large": 17, "large_squares": many[:4]},
         {"small": 2, "small_squares": few, "large": 5, "large_squares": many[:3], "about": "more small batches than large ones"}],
        [{"small": 1, "small_squares": few, "large": 64, "large_squares": many, "about": "single examples"},
         {"small": 8, "small_squares": few[:1], "large": 32, "large_squares": many[:1], "about": "one batch of each size"},
         {"small": 8, "small_squares": many, "large": 32, "large_squares": few, "about": "by chance the large batches are longer: tr Σ is negative"},
         {"small": 8, "small_squares": 1e-6 * few, "large": 128, "large_squares": 1e-6 * many, "about": "tiny gradients"}],
    )  # fmt: skip


SQUARE, TRACE = (
    "(large * B_square - small * b_square) / (large - small)",
    "(b_square - B_square) / (1 / small - 1 / large)",
)
MEANS, BACK = "np.mean(small_squares), np.mean(large_squares)", "return square, trace, trace / square"
PAIRS = "small_squares[: len(large_squares)]"
noise_mistakes = [
    Mistake("the large batch's square as ‖G‖²", {SQUARE: "B_square"}, "‖G_B‖² still has tr Σ/B in it. Two sizes take it out.", SCALE),
    Mistake("the sizes exchanged in ‖G‖²", {SQUARE: "(small * B_square - large * b_square) / (small - large)"}, "B goes with ‖G_B‖², b with ‖G_b‖².", SCALE),
    Mistake("‖G‖² divided by the sum", {"(large - small)": "(large + small)"}, "Divide by B − b.", SCALE),
    Mistake("‖G‖² not divided", {SQUARE: "large * B_square - small * b_square"}, "Divide by B − b.", SCALE),
    Mistake("a plus in ‖G‖²", {"large * B_square - small * b_square": "large * B_square + small * b_square"}, "Subtract: so the noise cancels.", SCALE),
    Mistake("tr Σ with the other sign", {"(b_square - B_square)": "(B_square - b_square)"}, "The small batch's square is longer by the noise: subtract the large one from it.", SCALE),
    Mistake("tr Σ divided by B − b", {TRACE: "(b_square - B_square) / (large - small)"}, "The noise of a batch is tr Σ over its size: divide by 1/b − 1/B.", SCALE),
    Mistake("tr Σ not divided", {TRACE: "b_square - B_square"}, "Divide by 1/b − 1/B.", SCALE),
    Mistake("multiplied by 1/b − 1/B", {TRACE: "(b_square - B_square) * (1 / small - 1 / large)"}, "Divide by 1/b − 1/B.", SCALE),
    Mistake("tr Σ as if B were infinite", {TRACE: "(b_square - B_square) * small"}, "The large batch has noise, too: 1/b − 1/B.", SCALE),
    Mistake("the noise scale upside down", {"trace / square": "square / trace"}, "tr Σ over ‖G‖²: the noisier, the larger.", SCALE),
    Mistake("the noise scale with a root", {"trace / square": "np.sqrt(np.abs(trace / square))"}, "Both are squares already: no root.", SCALE),
    Mistake("sums in place of means", {MEANS: "np.sum(small_squares), np.sum(large_squares)"}, "Average over the batches of each size.", SCALE),
    Mistake("medians in place of means", {MEANS: "np.median(small_squares), np.median(large_squares)"}, "Only the mean is unbiased.", SCALE),
    Mistake("the first batches alone", {MEANS: "small_squares[0], large_squares[0]"}, "Average over all batches of each size.", SCALE),
    Mistake("squared once more", {MEANS: "np.mean(small_squares**2), np.mean(large_squares**2)"}, "What is handed in are squared lengths already.", SCALE),
    Mistake("lengths averaged", {MEANS: "np.mean(np.sqrt(small_squares)) ** 2, np.mean(np.sqrt(large_squares)) ** 2"}, "Average the squares, not the lengths.", SCALE),
    Mistake("divided before averaging", {BACK: "n = min(len(small_squares), len(large_squares))\n    b, B = np.array(small_squares[:n]), np.array(large_squares[:n])\n"
            "    squares = (large * B - small * b) / (large - small)\n    return square, trace, np.mean((b - B) / (1 / small - 1 / large) / squares)"},
            "A mean of quotients is biased: average both, and divide last.", SCALE),
    Mistake("tr Σ and ‖G‖² exchanged", {BACK: "return trace, square, trace / square"}, "‖G‖² comes first, then tr Σ.", SCALE),
]  # fmt: skip

# -- 3: LAMB ---------------------------------------------------------------------------------------------


def lamb_step(x, g, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-6, weight_decay=0.01):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    r = m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x
    ratio = np.linalg.norm(x) / np.linalg.norm(r)
    return x - lr * ratio * r, {"m": m, "v": v}


LAMB = update_rule(
    (0.13, 0.7, 0.85, 0.05, 0.3),
    (0.24, 0.35, 0.6, 0.2, 0.9),
    (0.07, 0.8, 0.95, 0.1, 0.15),
    memory=["m", "v"],
    seed=17,
)
LARGE = {**LAMB.named[0], "x": np.array([30.0, -15.0]), "about": "large weights"}
LAMB = replace(LAMB, named=[*LAMB.named, LARGE])
R, DECAYED = "m_hat / (np.sqrt(v_hat) + eps) + weight_decay * x", "+ weight_decay * x"
RATIOS, STEP = "np.linalg.norm(x) / np.linalg.norm(r)", "x - lr * ratio * r"
MHAT, VHAT = "m / (1 - beta1**t)", "v / (1 - beta2**t)"
lamb_mistakes = [
    Mistake("no trust ratio: AdamW", {STEP: "x - lr * r"}, "The step is lr times ‖x‖/‖r‖ times r.", RATIO),
    Mistake("the ratio upside down", {RATIOS: "np.linalg.norm(r) / np.linalg.norm(x)"}, "‖x‖ stands above the line.", RATIO),
    Mistake("‖g‖ in place of ‖r‖", {RATIOS: "np.linalg.norm(x) / np.linalg.norm(g)"}, "That is LARS. Here the length of r is divided out.", RATIO),
    Mistake("the decay outside the ratio", {DECAYED: "", STEP: "x - lr * ratio * r - lr * weight_decay * x"}, "The decay is a part of r, and of its length.", RATIO),
    Mistake("no decay", {DECAYED: ""}, "λx belongs to r.", RATIO),
    Mistake("the decay in the gradient", {'t = state["t"]': 't = state["t"]\n    g = g + weight_decay * x', R: "m_hat / (np.sqrt(v_hat) + eps)"}, "Here the decay does not pass through m and v: it is added to r.", RATIO),
    Mistake("the decay in the step but not in the length", {RATIOS: "np.linalg.norm(x) / np.linalg.norm(r - weight_decay * x)"}, "‖r‖ is the length of the whole r, decay and all.", RATIO),
    Mistake("no bias correction", {MHAT: "m", VHAT: "v"}, "Both means began at 0: divide by 1 − βᵗ.", RATIO),
    Mistake("only m is corrected", {VHAT: "v"}, "v began at 0, too.", RATIO),
    Mistake("only v is corrected", {MHAT: "m"}, "m began at 0, too.", RATIO),
    Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "Divide by the root of v̂.", RATIO),
    Mistake("eps inside the root", {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"}, "eps stands outside the root.", RATIO),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "r points uphill: subtract.", RATIO),
    Mistake("the decay with a minus", {DECAYED: "- weight_decay * x"}, "Then the weights would grow: add λx, and r is subtracted.", RATIO),
    Mistake("the betas exchanged", {"beta1 * state": "beta2 * state", "(1 - beta1) * g": "(1 - beta2) * g", 'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'},
            "β₁ belongs to m, β₂ to v.", RATIO),
    Mistake("squared lengths", {RATIOS: "np.sum(x**2) / np.sum(r**2)"}, "Lengths: the root of the sum of squares.", RATIO),
    Mistake("a ratio for every weight", {RATIOS: "np.abs(x) / np.abs(r)"}, "One ratio for the whole array.", RATIO),
    Mistake("a ratio for every row", {RATIOS: "np.linalg.norm(x, axis=-1, keepdims=True) / np.linalg.norm(r, axis=-1, keepdims=True)"}, "One ratio for the whole array.", RATIO),
    Mistake("at most 1", {RATIOS: "min(1.0, np.linalg.norm(x) / np.linalg.norm(r))"}, "The ratio has no upper bound here.", RATIO),
    Mistake("‖x‖ at most 10", {RATIOS: "min(np.linalg.norm(x), 10.0) / np.linalg.norm(r)"}, "Some code bounds ‖x‖. Here the ratio is ‖x‖/‖r‖ as it is.", RATIO),
    Mistake("g in place of m̂", {"r = m_hat": "r = g"}, "r is Adam's direction: m̂ over the root of v̂.", RATIO),
    Mistake("the old state is returned", {'{"m": m, "v": v}': "state"}, "Return the new m and v, or they are lost.", RATIO),
    Mistake("the hats are kept", {'{"m": m, "v": v}': '{"m": m_hat, "v": v_hat}'}, "What is kept is m and v; they are corrected anew in every step.", RATIO),
    Mistake("one step ahead", {'t = state["t"]': 't = state["t"] + 1'}, 'state["t"] is 1 in the first step already.', RATIO),
    Mistake("LARS's line below", {RATIOS: "np.linalg.norm(x) / (np.linalg.norm(r) + weight_decay * np.linalg.norm(x))"}, "λx is in r already. Below the line stands ‖r‖ alone.", RATIO),
    Mistake("r has length 1", {STEP: "x - lr * r / np.linalg.norm(r)"}, "Then every layer would move as far, whatever its size: ‖x‖ is missing.", RATIO),
    Mistake("the weights of the means exchanged", {'beta1 * state["m"] + (1 - beta1)': '(1 - beta1) * state["m"] + beta1', 'beta2 * state["v"] + (1 - beta2)': '(1 - beta2) * state["v"] + beta2'},
            "β is the weight of the past, 1 − β that of the new.", RATIO),
]  # fmt: skip

# -- 4: predict the steps --------------------------------------------------------------------------------


def predicted_steps():
    b, B, target = mine["small"], mine["large"], mine["wanted"]
    b_steps, B_steps = mine["small_steps"], mine["large_steps"]
    examples = (b_steps - B_steps) / (1 / b - 1 / B)
    least = B_steps - examples / B
    return least + examples / target


def _law(mine: Mine) -> tuple[float, float]:
    """Return S_min and S_min·B_crit."""
    examples = (mine["small_steps"] - mine["large_steps"]) / (1 / mine["small"] - 1 / mine["large"])
    return mine["large_steps"] - examples / mine["large"], examples


def _steps(mine: Mine) -> float:
    least, examples = _law(mine)
    return least + examples / mine["wanted"]


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    small = int(rng.integers(10, 60))
    large, wanted = small * int(rng.integers(3, 7)), small * int(rng.integers(17, 80))
    least, critical = 10 ** rng.uniform(2.5, 4.5), large * rng.uniform(0.6, 2.0)
    steps = [round(least * (1 + critical / size)) for size in (small, large)]
    return {
        "small": small,
        "small_steps": steps[0],
        "large": large,
        "large_steps": steps[1],
        "wanted": wanted,
    }


def _known(mine: Mine) -> list[tuple[float, str]]:
    least, examples = _law(mine)
    b, B, wanted = mine["small"], mine["large"], mine["wanted"]
    power = np.log(mine["small_steps"] / mine["large_steps"]) / np.log(B / b)
    line = (mine["large_steps"] - mine["small_steps"]) / (B - b)
    return [
        (least, "That is S_min, which no batch reaches. At the wanted size the noise still costs some steps."),
        (examples / least, "That is B_crit, a batch size. Asked for are steps."),
        (mine["large_steps"] * B / wanted, "That is the linear rule: so many times the batch, so many times fewer steps. It ends near B_crit."),
        (mine["small_steps"] * b / wanted, "That is the linear rule from the small batch on. It ends near B_crit."),
        (mine["large_steps"] * (B / wanted) ** power, "That is a power law through both points. The law of the lesson has a floor, S_min."),
        (mine["large_steps"] + line * (wanted - B), "That is a straight line in B. The law is a straight line in 1/B."),
        (least * (1 + wanted / (examples / least)), "That is with B/B_crit: it belongs to the examples. Steps have B_crit/B."),
        ((least + examples / wanted) * wanted, "That is the number of examples, B times the steps."),
        (least * (1 + examples / wanted), "A line through S against 1/B has the slope S_min·B_crit. You took it for B_crit."),
        (examples / wanted, "S_min is missing: S = S_min + S_min·B_crit/B."),
        (2 * least, "That is the number of steps at B_crit. Another batch size is asked for."),
        (float(mine["large_steps"]), "That is the number at the large batch. The wanted one is larger still."),
    ]  # fmt: skip


EXERCISE = Exercise(
    "17_large_batches",
    [
        Code(solution=trust_ratio, title="The trust ratio", points=2, cases=_layers(), wrong=ratio_mistakes, reread=RATIO, hints=[
            "np.linalg.norm is the length of an array of any shape. First the case ‖x‖ = 0.", "trust * ‖x‖ / (‖g‖ + weight_decay * ‖x‖), with the brackets."]),
        Code(solution=noise_estimate, title="The noise scale from two batch sizes", points=3, drive=call("square", "trace", "scale"), cases=_squares(), wrong=noise_mistakes,
             reread=SCALE, hints=["Average the squares of each size first. Then the two formulas, then one division.",
                                  "trace = (b_square - B_square) / (1 / small - 1 / large), and scale = trace / square."]),
        Code(solution=lamb_step, title="LAMB", points=4, drive=rule("m", "v"), cases=LAMB, wrong=lamb_mistakes, reread=RATIO, hints=[
            "Adam's means and corrections come first. r is Adam's direction plus weight_decay * x.",
            "One ratio for the whole array: the length of x over the length of r. Then x - lr * ratio * r."]),
        Number(solution=predicted_steps, title="Predict the steps", points=2, expected=_steps, rtol=5e-3, unit="steps", wrong=_known, reread=LAW, hints=[
            "The law is S = S_min + C/B with C = S_min·B_crit: a straight line in 1/B. Two points fix it.",
            "C is the difference of the steps over the difference of the 1/B. Then S_min, then S at the wanted size."]),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
