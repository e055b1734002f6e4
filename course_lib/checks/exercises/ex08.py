"""Exercise 08: Adam."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import Case, Cases, loss_in, update_rule, valley
from ..draw import drawn, near
from ..kinds import Code, Goal, Number
from ..observe import Run, call, rule
from ..tasks import Exercise, Mine, Mistake

CASES = update_rule(
    (0.3, 0.8, 0.95, 0.05), (0.11, 0.6, 0.7, 1e-8), (0.5, 0.45, 0.3, 0.2), memory=["m", "v"], seed=8
)

# -- 1: fill in the formula ------------------------------------------------------------------------------


def adam_step(x, g, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), {"m": m, "v": v}


MEANS = STEP = "lesson 08, section 4, the rule"
HATS = "lesson 08, section 5, bias correction, step by step"
EPS = "lesson 08, appendix, eps: one letter, three places"
adam_mistakes = [
    Mistake("no bias correction", {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"},
            "m and v start at zero and are too small at first; the hats make up for that.", HATS),
    Mistake("only m is corrected", {"v / (1 - beta2**t)": "v"},
            "v starts at zero too, and is even slower to fill: without its hat the first steps are too long.", HATS),
    Mistake("only v is corrected", {"m / (1 - beta1**t)": "m"}, "m starts at zero too.", HATS),
    Mistake("the hats multiply", {"m / (1 - beta1**t)": "m * (1 - beta1**t)", "v / (1 - beta2**t)": "v * (1 - beta2**t)"},
            "1 − βᵗ is how full the mean is, so dividing by it makes it whole.", HATS),
    Mistake("t counted from 0", {'t = state["t"]': 't = state["t"] - 1'},
            "state[\"t\"] is 1 in the first step already. With 0 both hats are 0/0 there.", HATS),
    Mistake("t counted from 2", {'t = state["t"]': 't = state["t"] + 1'},
            "state[\"t\"] is 1 in the first step already; do not add to it.", HATS),
    Mistake("the betas of the hats exchanged", {"(1 - beta1**t)": "(1 - beta2**t)", "v / (1 - beta2**t)": "v / (1 - beta1**t)"},
            "m belongs to beta1, v to beta2.", HATS),
    Mistake("beta times t in place of beta to the power t", {"beta1**t": "beta1 * t", "beta2**t": "beta2 * t"},
            "After t steps the zero at the start still weighs βᵗ, with t as an exponent.", HATS),
    Mistake("hats without the exponent t", {"beta1**t": "beta1", "beta2**t": "beta2"},
            "After t steps the zero at the start still weighs βᵗ, not β.", HATS),
    Mistake("the exponent 2 in place of t", {"beta1**t": "beta1**2", "beta2**t": "beta2**2"},
            "After t steps the zero at the start still weighs βᵗ, with the number of the step.", HATS),
    Mistake("(1 − β) times t", {"(1 - beta1**t)": "((1 - beta1) * t)", "(1 - beta2**t)": "((1 - beta2) * t)"},
            "It is 1 − βᵗ: t is an exponent.", HATS),
    Mistake("(1 − β) to the power t", {"(1 - beta1**t)": "(1 - beta1) ** t", "(1 - beta2**t)": "(1 - beta2) ** t"},
            "It is 1 − βᵗ: the exponent belongs to β alone.", HATS),
    Mistake("the hats are kept as the new m and v", {'{"m": m, "v": v}': '{"m": m_hat, "v": v_hat}'},
            "The hats are for this step alone; m and v go on uncorrected.", HATS),
    Mistake("the short form with a bare eps", {"m_hat / (np.sqrt(v_hat) + eps)": "(1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (np.sqrt(v) + eps)"},
            "With the corrections moved into lr, eps would have to be scaled too. Task 2 is about it.", EPS),
    Mistake("eps inside the root", {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"},
            "eps stands outside: √v̂ + ε. Inside the root it acts like √ε.", EPS),
    Mistake("no eps", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat)"}, "Without eps a coordinate that had no gradient is 0/0.", EPS),
    Mistake("brackets missing around the divisor", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat) + eps"},
            "Without brackets Python divides by the root alone and then adds eps to x.", EPS),
    Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "Divided by v̂ itself, the step would shrink where gradients grow.", STEP),
    Mistake("a square where the root belongs", {"np.sqrt(v_hat)": "v_hat**2"}, "v̂ is a mean of squares: its root has the size of a gradient.", STEP),
    Mistake("m squared in v", {"g**2": "m**2"}, "v is the mean of the squares of the gradients, not of the means.", MEANS),
    Mistake("AdaBelief's square", {"g**2": "(g - m) ** 2"}, "v is the mean of g², not of (g − m)²: no variance.", MEANS),
    Mistake("the maximum of AMSGrad", {'v = beta2 * state["v"] + (1 - beta2) * g**2': 'v = np.maximum(state["v"], beta2 * state["v"] + (1 - beta2) * g**2)'},
            "Adam's v may fall again.", MEANS),
    Mistake("Nesterov's habit, as in Nadam", {"m_hat = m /": "m_hat = (beta1 * m + (1 - beta1) * g) /"}, "Adam steps along m̂ alone.", STEP),
    Mistake("weight decay in the gradient", {"(1 - beta1) * g\n": "(1 - beta1) * (g + 0.01 * x)\n", "g**2": "(g + 0.01 * x)**2"},
            "Asked for is Adam without weight decay.", STEP),
    Mistake("weight decay beside the step", {"x - lr * m_hat": "x - lr * 0.01 * x - lr * m_hat"}, "That is AdamW. Asked for is Adam.", STEP),
    Mistake("beta1 in v", {'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'}, "v belongs to beta2.", MEANS),
    Mistake("a forgotten bracket in m", {"(1 - beta1) * g\n": "1 - beta1 * g\n"}, "(1 − β₁) stands in brackets.", MEANS),
    Mistake("no beta on the old m", {'beta1 * state["m"]': 'state["m"]'}, "The old mean is multiplied by β₁.", MEANS),
    Mistake("no beta on the old v", {'beta2 * state["v"]': 'state["v"]'}, "The old mean is multiplied by β₂.", MEANS),
    Mistake("one v for all coordinates", {"g**2": "np.sum(g**2)"}, "Every coordinate has its own v.", MEANS),
    Mistake("lr in m", {"(1 - beta1) * g\n": "(1 - beta1) * lr * g\n", "x - lr * m_hat": "x - m_hat"},
            "lr stands in the step; m is a mean of bare gradients.", MEANS),
    Mistake("lr divided by the root of t", {"lr * m_hat": "lr / np.sqrt(t) * m_hat"}, "Here lr stays what it is.", STEP),
    Mistake("m and v exchanged in the state", {'{"m": m, "v": v}': '{"m": v, "v": m}'}, "Return each under its own name.", MEANS),
    Mistake("the old state is returned", {'{"m": m, "v": v}': "state"}, "Return the new m and v, or they are lost.", MEANS),
    Mistake("g not squared in v", {"g**2": "g"}, "v is the mean of the squares; the mean of g itself is m.", MEANS),
    Mistake("m and v add up in place of averaging", {"(1 - beta1) * g": "g", "(1 - beta2) * g**2": "g**2"},
            "Each mean gives the old value the weight β and the new one 1 − β.", MEANS),
    Mistake("the weights of m exchanged", {'beta1 * state["m"] + (1 - beta1) * g': '(1 - beta1) * state["m"] + beta1 * g'},
            "β is the weight of the past, 1 − β that of the new gradient.", MEANS),
    Mistake("the betas of m and v exchanged", {'beta1 * state["m"] + (1 - beta1)': 'beta2 * state["m"] + (1 - beta2)',
            'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'}, "m belongs to beta1, v to beta2.", MEANS),
    Mistake("the state is not carried on", {'beta1 * state["m"] + ': "", 'beta2 * state["v"] + ': ""},
            "The means must start from the old ones in state.", MEANS),
    Mistake("a step uphill", {"x - lr": "x + lr"}, "The gradient points uphill, so the step is subtracted.", STEP),
    Mistake("g in place of m̂", {"lr * m_hat": "lr * g"}, "The step follows the mean of the gradients, that is RMSprop otherwise.", STEP),
    Mistake("^ in place of **", {"g**2": "g ^ 2"}, "In Python a power is **; ^ works on the bits of whole numbers.", MEANS),
]  # fmt: skip

# -- 2: find the bug -------------------------------------------------------------------------------------


def adam_efficient(x, g, state, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    fill = np.sqrt(1 - beta2**t)
    rate = lr * fill / (1 - beta1**t)
    return x - rate * m / (np.sqrt(v) + eps * fill), {"m": m, "v": v}


ORDER = EPS
efficient_mistakes = [
    Mistake("eps is not rescaled", {"eps * fill": "eps"},
            "√v̂ = √v/√(1−β₂ᵗ): with the root taken out of the divisor, eps must carry it too.", ORDER),
    Mistake("the root is missing", {"np.sqrt(1 - beta2**t)": "(1 - beta2**t)"}, "v̂ stands under a root, so its correction does too.", ORDER),
    Mistake("both corrections upside down", {"lr * fill / (1 - beta1**t)": "lr * (1 - beta1**t) / fill"},
            "m̂ divides by its correction; v̂ stands below the line, so its own ends up above.", ORDER),
    Mistake("m is not corrected", {"lr * fill / (1 - beta1**t)": "lr * fill"}, "One of the two hats is lost.", ORDER),
    Mistake("v is not corrected", {"lr * fill / (1 - beta1**t)": "lr / (1 - beta1**t)"}, "One of the two hats is lost.", ORDER),
    Mistake("eps scaled without the root", {"eps * fill": "eps * (1 - beta2**t)"}, "Multiply divisor and dividend by the same √(1−β₂ᵗ).", ORDER),
    Mistake("lr corrected anew in every step", {"lr * fill": "lr * np.prod(np.sqrt(1 - beta2 ** np.arange(1, t + 1)))",
            "/ (1 - beta1**t)": "/ np.prod(1 - beta1 ** np.arange(1, t + 1))"},
            "The corrections of step t belong to the lr that was handed in, not to the last step's.", ORDER),
    Mistake("eps divided in place of multiplied", {"eps * fill": "eps / fill"}, "Multiply divisor and dividend by the same √(1−β₂ᵗ).", ORDER),
    Mistake("eps inside the root", {"np.sqrt(v) + eps * fill": "np.sqrt(v + eps * fill)"}, "eps stands outside the root.", ORDER),
    Mistake("no eps", {"(np.sqrt(v) + eps * fill)": "np.sqrt(v)"}, "Keep eps: it is what saves a coordinate without gradient.", ORDER),
    Mistake("t counted from 0", {'t = state["t"]': 't = state["t"] - 1'}, "state[\"t\"] is 1 in the first step.", ORDER),
    Mistake("the betas exchanged", {"np.sqrt(1 - beta2**t)": "np.sqrt(1 - beta1**t)", "/ (1 - beta1**t)": "/ (1 - beta2**t)"},
            "The root belongs to v and beta2.", ORDER),
]  # fmt: skip

# -- 3: predict, 4: derive, 5: your own -------------------------------------------------------------------


def second_step():
    return (1 - mine["beta1"]) ** 2 / (1 - mine["beta2"] ** 2) ** 0.5


SHORTCUTS = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 0.1**2 / (1 - 0.999**2) ** 0.5)
"""Answers that are right for nobody, so that none of them can be handed round."""


def _flipped(beta1: float, beta2: float) -> float:
    """The second step in units of lr, without bias correction, after gradients g and −g."""
    return (1 - beta1) ** 2 / (1 - beta2**2) ** 0.5


def _numbers(rng: np.random.Generator) -> dict[str, Any]:
    beta1, beta2 = drawn(
        lambda: (round(rng.uniform(0.5, 0.95), 2), round(1 - 10 ** rng.uniform(-4, -1.5), 4)),
        lambda betas: near(
            _flipped(*betas), (*SHORTCUTS, *(value for value, _ in _mistaken(*betas))), rtol=0.1
        ),
    )
    return {"beta1": beta1, "beta2": beta2}


def _mistaken(beta1: float, beta2: float) -> list[tuple[float, str]]:
    right, m, v = _flipped(beta1, beta2), (1 - beta1) ** 2, 1 - beta2**2
    return [
        (-right, "A length has no sign."),
        ((1 - beta1) / (1 - beta2) ** 0.5, "That is the *first* step. By the second both means have seen two gradients."),
        ((1 - beta1) / (1 + beta1), "That is the second step *with* the bias correction. Here both hats are gone."),
        ((1 - beta1**2) / v**0.5, "The second gradient is −g: the two do not add up in m."),
        (m, "That is m alone. The step divides it by √v."),
        (m / v, "v stands under a root."),
        (m / (1 - beta2) ** 0.5, "v has gathered two squares by now, and squares have no sign."),
        (v**0.5 / m, "Upside down: m stands above the line, √v below."),
    ]  # fmt: skip


def _known(mine: Mine) -> list[tuple[float, str]]:
    others = (SHORTCUTS[-1], "That is for β₁ = 0.9 and β₂ = 0.999. Take your own.")
    return [*_mistaken(mine["beta1"], mine["beta2"]), others]


def long_step():
    return [1.0] * 5000 + [10.0] * 18


def _longest(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    gradients = runs[0].seen[0].value
    assert isinstance(gradients, np.ndarray)
    if gradients.ndim != 1 or not 1 <= gradients.size <= 10_000 or not np.isfinite(gradients).all():
        return False, "Return a list of 1 to 10,000 finite numbers, the gradients step by step."
    outside = ~((abs(gradients) >= 1 - 1e-9) & (abs(gradients) <= 10 + 1e-9))
    if outside.any():
        words = f"Gradient {outside.argmax() + 1} is {gradients[outside][0]:.3g}."
        return False, words + " Each must lie between 1 and 10, or between −10 and −1."
    x, state, longest, at = np.zeros(1), {"m": np.zeros(1), "v": np.zeros(1)}, 0.0, 0
    for t, g in enumerate(gradients, 1):
        new, memory = adam_step(x, np.array([g]), state | {"t": t}, lr=1.0)
        if abs(new - x)[0] > longest:
            longest, at = float(abs(new - x)[0]), t
        x, state = new, memory
    words = f"The longest step is {longest:.2f} lr, at step {at}."
    return longest > 5, words + ("" if longest > 5 else " It had to be more than 5.")


def my_optimizer(x, g, state, lr=0.5, beta1=0.8, beta2=0.9):
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    t = state["t"]
    rate = lr * 0.93**t
    return x - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-12), {"m": m, "v": v}


VALLEYS = [
    valley((1, 300), start=(3, 0), minimum=(2, -1), steps=60),
    valley((3000, 1), start=(-0.5, 1.5), minimum=(0.5, 0.5), steps=60),
    valley((1, 300), start=(-2.2, 1.8), minimum=(-1, 3), steps=60),
]


def descent_at_its_best(case: Case) -> float:
    """The lowest loss that gradient descent reaches in a valley with any fixed lr, on a fine grid."""
    lrs, away, a = np.geomspace(1e-5, 3, 20_001)[:, None], case["x"] - case["minimum"], case["curvature"]
    with np.errstate(over="ignore", invalid="ignore"):
        losses = (a * (away * (1 - lrs * a) ** case["steps"]) ** 2).sum(axis=1) / 2
    return float(np.nanmin(losses))


def _own(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    for number, (run, case) in enumerate(zip(runs, VALLEYS, strict=True), 1):
        last = [s.value for s in run.seen if s.name == "x"][-1]
        assert isinstance(last, np.ndarray)
        if last.shape != (2,):
            return False, f"x must keep its shape (2,); it has become {last.shape}."
        loss, descent = loss_in(case, last), descent_at_its_best(case)
        words = f"In valley {number} your loss is {loss:.3g} after 60 steps; gradient descent at its best lr has {descent:.3g}."
        if not loss < descent / 100:
            return False, words + " Get below a hundredth of that."
    words = "valleys your loss is below a hundredth of what gradient descent reaches at its best lr."
    return True, f"In all {len(runs)} {words}"


EXERCISE = Exercise(
    "08_adam",
    [
        Code(solution=adam_step, title="Fill in the formula", points=4, drive=rule("m", "v"), cases=CASES, wrong=adam_mistakes, reread=STEP, hints=[
            "Five lines: m, v, the two hats, the step. Take t, m and v out of state first.",
            "m = beta1 * state[\"m\"] + (1 - beta1) * g, and v the same with beta2 and g**2.",
            "m_hat = m / (1 - beta1**t). In the step mind the brackets: (np.sqrt(v_hat) + eps).",
        ]),
        Code(solution=adam_efficient, title="Find the bug", points=3, drive=rule("m", "v"), cases=CASES, wrong=efficient_mistakes, reread=ORDER, hints=[
            "Write √v̂ + ε with v̂ = v/(1 − β₂ᵗ) and bring it to one fraction.",
            "Multiply above and below by √(1 − β₂ᵗ). What happens to eps?",
        ]),
        Number(solution=second_step, title="Break it, and predict", points=1, expected=lambda mine: _flipped(mine["beta1"], mine["beta2"]), rtol=0.02,
               unit="lr", wrong=_known, reread=HATS, hints=[
            "After the first step m = (1 − β₁)g and v = (1 − β₂)g². Take each of them one step further, with −g.",
            "m = β₁(1 − β₁)g − (1 − β₁)g and v = β₂(1 − β₂)g² + (1 − β₂)g². Divide: the gradient cancels."]),
        Goal(solution=long_step, title="A step of 5 lr from ordinary gradients", points=2, drive=call("gradients"), reached=_longest, reread="lesson 08, section 6, how long can a step be?", hints=[
            "After a long time with gradients of 1, v is 1. How large can m become before v has noticed?",
            "Growing gradients reach 4.3 here, for they may not grow any further than 10. What if they stay there for a while: how long does m need, how long v?"]),
        Goal(solution=my_optimizer, title="An optimizer of your own", points=2, drive=rule("m", "v"), reached=_own, reread=STEP, hints=[
            "Adam does not mind how steep a coordinate is. But 60 steps are few: they must be long at first and short at the end.",
            "Multiply lr by 0.93**t, begin with lr about 0.5, and let both means forget faster."],
            cases=Cases(VALLEYS)),
    ],
    varied=_numbers,
)  # fmt: skip

mine = EXERCISE.mine()  # what the reader of a notebook has under this name
