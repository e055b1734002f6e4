"""The formulas that the microscope prints are what the rules do: each is computed and compared."""

import re

import numpy as np
import pytest

from course_lib.live import explore_moments
from course_lib.live.explorers.formulas import formulas
from course_lib.optimizers import REGISTRY, Momentum
from course_lib.surfaces import surface

_SIGNS = {
    "β₁ᵗ⁺¹": "beta1**(t+1)", "βᵗ": "beta**t", "β₁ᵗ": "beta1**t", "β₂ᵗ": "beta2**t", "β₁": "beta1", "β₂": "beta2",
    "β₃": "beta3", "α": "alpha",
    "β": "beta", "ε": "eps", "λ": "weight_decay", "·": "*", "−": "-", "²": "**2", "m̂": "m_hat", "v̂": "v_hat",
    "uₜ₋₁": "u_before", "mₜ₋₁": "m_before", "xₜ₋₁": "x_before", "dₜ₋₁": "d_before", "lrₜ": "lr_t",
}  # fmt: skip
WATCHED = [
    entry.cls(**entry.settings(surface("quadratic")))
    for entry in REGISTRY.values()
    if not (entry.needs_problem or entry.needs_matrix or entry.name == "KFAC")
]
IN_WORDS = {
    "Adafactor",
    "LARS",
    "LAMB",
    "ADOPT",
    "RAdam",
    "SWATS",
    "AdaBound",
    "AMSBound",
}  # the printed rule has cases
FORMS = [
    opt.replace(**{name: value})
    for opt in WATCHED
    for name, spec in opt.specs().items()
    for value in spec.choices
] + WATCHED


def arithmetic(words):
    """A printed formula as Python."""
    words = words.split(",")[0].split(";")[0] if "max(" not in words and "clip(" not in words else words
    for sign, word in _SIGNS.items():
        words = words.replace(sign, word)
    words = re.sub(r"√\(", "sqrt(", words)
    words = re.sub(r"√(\w+)", r"sqrt(\1)", words)
    return re.sub(r"\|([^|]+)\|", r"abs(\1)", words)


@pytest.mark.parametrize("opt", FORMS, ids=repr)
def test_the_printed_formulas_are_what_the_rule_does(opt):
    figure = explore_moments(opt, {"mine": [1.0, -0.5, 2.0, 0.3, -1.2, 0.8]})
    seen, told = figure.trace(), formulas(opt)
    numbers = {"sqrt": np.sqrt, "sign": np.sign, "max": max, **opt.hyper()}
    tested = 0
    x = -np.cumsum(seen["step"])
    for name in seen.keys() - {"g"}:
        words = None if name.startswith("inner.") else told.get(name)
        if (
            words is None
            or ", β₃ from" in words
            or ", α from" in words
            or (type(opt).__name__ in IN_WORDS and name in ("step", "m", "v", "average", "Lambda"))
        ):
            continue
        if re.search("m̄|y|that of|the |every|γ", words):
            continue
        for t in range(2, 7):
            now = {
                key.replace("m̂", "m_hat").replace("v̂", "v_hat"): values[t - 1] for key, values in seen.items()
            }
            before = {f"{key}_before": values[t - 2] for key, values in seen.items()} | {"x_before": x[t - 2]}
            own = {name: seen[name][t - 2]} if name != "step" and "̂" not in name else {}
            here = numbers | now | before | {"x": x[t - 2], "t": t, "x0": 0.0} | own
            if "c·" in words:
                here["c"] = opt.lr**2 / seen["total"][t - 1]
            if "lrₜ" in words:
                here["lr_t"] = opt.lr * (
                    np.sqrt(1 - opt.beta2**t) if opt.hyper().get("form") == "paper" else 1
                )
                here["c"] = here["lr_t"] ** 2 / seen["total"][t - 1]
            if name == "d" or "dₜ₋₁" in words:
                here["s"] = seen["s"][t - 1] if name == "d" else here["s"]
            value = eval(arithmetic(words), {}, here)
            assert value == pytest.approx(seen[name][t - 1], rel=1e-6, abs=1e-9), (name, words, t)
            tested += 1
    if type(opt).__name__ in {
        "Momentum",
        "Adam",
        "AdamW",
        "AMSGrad",
        "Lion",
        "Nesterov",
        "Adadelta",
        "AdaMax",
    }:
        assert tested >= 5 * (len(seen) - 1)
    figure.close()


@pytest.mark.parametrize("opt", WATCHED, ids=lambda opt: type(opt).__name__)
def test_every_row_says_what_it_is(opt):
    figure = explore_moments(opt, steps=20)
    assert all(row["cells"][0] for row in figure._scene["rows"])
    titles = [panel["title"] for panel in figure._scene["panels"]]
    drawn = {row["name"] for row in figure._scene["rows"]}
    if "v" in drawn:
        assert any("√v" in title for title in titles)
    figure.close()


def test_formulas_follow_the_form():
    figure = explore_moments(Momentum(form="average"))
    m = {row["name"]: row["cells"] for row in figure._scene["rows"]}["m"]
    assert m[0] == "β·m + (1−β)·g"
    figure.form = "sum"
    assert {row["name"]: row["cells"] for row in figure._scene["rows"]}["m"][0] == "β·m + g"
