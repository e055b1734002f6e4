"""Exercise 08: Adam."""

from __future__ import annotations

import numpy as np

from ..kinds import Code, Goal, Number
from ..observe import Run, call, rule
from ..tasks import Exercise, Mine, Mistake

# Different gradients at every step, unequal hyperparameters far from the defaults, an eps that counts, a matrix.
_rng = np.random.default_rng(8)
CASES = [
    {"x": np.array([1.0, -0.5]), "gradients": _rng.normal(size=(6, 2)), "hyper": (0.3, 0.8, 0.95, 0.05)},
    {
        "x": _rng.normal(size=(3, 2)),
        "gradients": _rng.normal(size=(7, 3, 2)),
        "hyper": (0.11, 0.6, 0.7, 1e-8),
    },
    {"x": np.zeros(2) + 0.3, "gradients": 0.1 * _rng.normal(size=(5, 2)), "hyper": (0.5, 0.45, 0.9, 0.2)},
]

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
EPS = "lesson 08, appendix A, eps: one letter, three places"
adam_mistakes = [
    Mistake("no bias correction", {"m / (1 - beta1**t)": "m", "v / (1 - beta2**t)": "v"},
            "m and v start at zero and are too small at first; the hats make up for that.", HATS),
    Mistake("only m is corrected", {"v / (1 - beta2**t)": "v"},
            "v starts at zero too, and is even slower to fill: without its hat the first steps are too long.", HATS),
    Mistake("only v is corrected", {"m / (1 - beta1**t)": "m"}, "m starts at zero too.", HATS),
    Mistake("the hats multiply", {"m / (1 - beta1**t)": "m * (1 - beta1**t)", "v / (1 - beta2**t)": "v * (1 - beta2**t)"},
            "1 − βᵗ is how full the mean is, so dividing by it makes it whole.", HATS),
    Mistake("t counted from 2", {'t = state["t"]': 't = state["t"] + 1'},
            "state[\"t\"] is 1 in the first step already; do not add to it.", HATS),
    Mistake("the betas of the hats exchanged", {"(1 - beta1**t)": "(1 - beta2**t)", "v / (1 - beta2**t)": "v / (1 - beta1**t)"},
            "m belongs to beta1, v to beta2.", HATS),
    Mistake("beta times t in place of beta to the power t", {"beta1**t": "beta1 * t", "beta2**t": "beta2 * t"},
            "After t steps the zero at the start still weighs βᵗ, with t as an exponent.", HATS),
    Mistake("eps inside the root", {"np.sqrt(v_hat) + eps": "np.sqrt(v_hat + eps)"},
            "eps stands outside: √v̂ + ε. Inside the root it acts like √ε.", EPS),
    Mistake("no eps", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat)"}, "Without eps a coordinate that had no gradient is 0/0.", EPS),
    Mistake("brackets missing around the divisor", {"(np.sqrt(v_hat) + eps)": "np.sqrt(v_hat) + eps"},
            "Without brackets Python divides by the root alone and then adds eps to x.", EPS),
    Mistake("no root", {"np.sqrt(v_hat)": "v_hat"}, "Divided by v̂ itself, the step would shrink where gradients grow.", STEP),
    Mistake("g not squared in v", {"g**2": "g"}, "v is the mean of the squares; the mean of g itself is m.", MEANS),
    Mistake("m and v add up in place of averaging", {"(1 - beta1) * g": "g", "(1 - beta2) * g**2": "g**2"},
            "Each mean gives the old value the weight β and the new one 1 − β.", MEANS),
    Mistake("the weights of m exchanged", {'beta1 * state["m"] + (1 - beta1) * g': '(1 - beta1) * state["m"] + beta1 * g'},
            "β is the weight of the past, 1 − β that of the new gradient.", MEANS),
    Mistake("the betas of m and v exchanged", {'beta1 * state["m"] + (1 - beta1)': 'beta2 * state["m"] + (1 - beta2)',
            'beta2 * state["v"] + (1 - beta2)': 'beta1 * state["v"] + (1 - beta1)'}, "m belongs to beta1, v to beta2.", MEANS),
    Mistake("the state is not carried on", {'beta1 * state["m"] + ': "", 'beta2 * state["v"] + ': ""},
            "The means must start from the old ones in state.", MEANS),
    Mistake("uphill", {"x - lr": "x + lr"}, "The gradient points uphill, so the step is subtracted.", STEP),
    Mistake("lr fixed in the code", {"lr * m_hat": "0.001 * m_hat"}, "Use the lr that is handed in.", STEP),
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
    Mistake("eps divided in place of multiplied", {"eps * fill": "eps / fill"}, "Multiply divisor and dividend by the same √(1−β₂ᵗ).", ORDER),
    Mistake("eps inside the root", {"np.sqrt(v) + eps * fill": "np.sqrt(v + eps * fill)"}, "eps stands outside the root.", ORDER),
    Mistake("no eps", {"(np.sqrt(v) + eps * fill)": "np.sqrt(v)"}, "Keep eps: it is what saves a coordinate without gradient.", ORDER),
    Mistake("t counted from 0", {'t = state["t"]': 't = state["t"] - 1'}, "state[\"t\"] is 1 in the first step.", ORDER),
    Mistake("the betas exchanged", {"np.sqrt(1 - beta2**t)": "np.sqrt(1 - beta1**t)", "/ (1 - beta1**t)": "/ (1 - beta2**t)"},
            "The root belongs to v and beta2.", ORDER),
]  # fmt: skip

# -- 3: predict, 4: derive, 5: your own -------------------------------------------------------------------


def first_step():
    return 0.1 / 0.001**0.5


_FIRST = [
    (1.0, "That is the first step *with* the bias correction. Here both hats are gone."),
    (0.1, "That is m alone: 1 − β₁. The step divides it by √v."),
    (10.0, "Is √0.001 really 0.01?"),
    (100.0, "v stands under a root."),
    (0.001**0.5 / 0.1, "Upside down: m stands above the line, √v below."),
]


def long_step():
    return [0.0] * 5000 + [1.0]


def _longest(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    gradients = runs[0].seen[0].value
    assert isinstance(gradients, np.ndarray)
    if gradients.ndim != 1 or not 1 <= gradients.size <= 10_000 or not np.isfinite(gradients).all():
        return False, "Return a list of 1 to 10,000 finite numbers, the gradients step by step."
    x, state, longest, at = np.zeros(1), {"m": np.zeros(1), "v": np.zeros(1)}, 0.0, 0
    for t, g in enumerate(gradients, 1):
        new, memory = adam_step(x, np.array([g]), state | {"t": t}, lr=1.0)
        if abs(new - x)[0] > longest:
            longest, at = float(abs(new - x)[0]), t
        x, state = new, memory
    goal = "It had to be more than 3."
    return (
        longest > 3,
        f"The longest step is {longest:.2f} lr, at step {at}. {goal if longest <= 3 else ''}".strip(),
    )


SCALES = np.array([1.0, 300.0])


def my_optimizer(x, g, state, lr=0.5, beta1=0.8, beta2=0.9):
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g**2
    t = state["t"]
    rate = lr * 0.93**t
    return x - rate * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + 1e-12), {"m": m, "v": v}


def _loss(x: np.ndarray) -> float:
    return float((SCALES * x**2).sum() / 2)


def _own(runs: list[Run], mine: Mine) -> tuple[bool, str]:
    last = [s.value for s in runs[0].seen if s.name == "x"][-1]
    assert isinstance(last, np.ndarray)
    if last.shape != (2,):
        return False, f"x must keep its shape (2,); it has become {last.shape}."
    loss = _loss(last)
    rate = 2 / SCALES.sum()
    descent = _loss(np.array([1.0, 1.0]) * (1 - rate * SCALES) ** 60)
    words = f"After 60 steps your loss is {loss:.3g}; gradient descent at its best lr has {descent:.3g}."
    return loss < descent / 100, words + ("" if loss < descent / 100 else " Get below a hundredth of that.")


EXERCISE = Exercise(
    "08_adam",
    [
        Code(solution=adam_step, points=4, drive=rule("m", "v"), cases=CASES, wrong=adam_mistakes, reread=STEP, hints=[
            "Five lines: m, v, the two hats, the step. Take t, m and v out of state first.",
            "m = beta1 * state[\"m\"] + (1 - beta1) * g, and v the same with beta2 and g**2.",
            "m_hat = m / (1 - beta1**t). In the step mind the brackets: (np.sqrt(v_hat) + eps).",
        ]),
        Code(solution=adam_efficient, points=3, drive=rule("m", "v"), cases=CASES, wrong=efficient_mistakes, reread=ORDER, hints=[
            "Write √v̂ + ε with v̂ = v/(1 − β₂ᵗ) and bring it to one fraction.",
            "Multiply above and below by √(1 − β₂ᵗ). What happens to eps?",
        ]),
        Number(solution=first_step, points=1, expected=lambda mine: 0.1 / 0.001**0.5, rtol=0.03, unit="lr",
               wrong=lambda mine: _FIRST, reread=HATS, hints=[
            "In the first step m = (1 − β₁)g and v = (1 − β₂)g².", "Divide: the gradient cancels."]),
        Goal(solution=long_step, points=2, drive=call("gradients"), reached=_longest, reread="lesson 08, section 6, how long can a step be?", hints=[
            "A steady gradient gives steps of one lr. What does v forget, if nothing comes for a long time?",
            "A long silence, then one gradient: m̂ ≈ (1 − β₁)g and v̂ ≈ (1 − β₂)g²."]),
        Goal(solution=my_optimizer, points=2, drive=rule("m", "v"), reached=_own, reread=STEP, hints=[
            "Adam alone does not come to rest: its steps stay about lr long. Let them shrink.",
            "Multiply lr by 0.93**t and begin with lr about 0.5."],
            cases=[{"x": np.array([1.0, 1.0]), "grad": lambda x: SCALES * x, "steps": 60}]),
    ],
)  # fmt: skip
