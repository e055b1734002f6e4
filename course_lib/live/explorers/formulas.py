"""What a rule makes of a gradient, as the microscope prints it: in the optimizer's present form.

On the right of a quantity's formula its own name means the value before the step, and so does a name with ₜ₋₁; all
others are those of this step. Greek letters are hyperparameters: β (``beta``), β₁, β₂, β₃, α (``alpha``),
ε (``eps``) and λ (``weight_decay``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...optimizers import Optimizer

_MEAN, _SQUARE = "β₁·m + (1−β₁)·g", "β₂·v + (1−β₂)·g²"
_M_HAT, _V_HAT = "m / (1−β₁ᵗ)", "v / (1−β₂ᵗ)"
_ADAM = {"m": _MEAN, "v": _SQUARE, "m̂": _M_HAT, "v̂": _V_HAT, "step": "lr·m̂ / (√v̂ + ε)"}
_BOUNDED = "clip(lr·√(1−β₂ᵗ) / (1−β₁ᵗ) / (√{v} + ε), ℓ, u)·m, with closing bounds ℓ, u"


def _momentum(opt: Any) -> dict[str, str]:
    return {"m": "β·m + g" if opt.form == "sum" else "β·m + (1−β)·g", "step": "lr·m"}


def _amsgrad(opt: Any) -> dict[str, str]:
    step = "lr·m / (√v_max + ε)"
    if opt.bias_correction:
        step = "lr·m / (1−β₁ᵗ) / (√(v_max / (1−β₂ᵗ)) + ε)"
    return {"m": _MEAN, "v": _SQUARE, "v_max": "max(v_max, v)", "step": step}


def _nadam(opt: Any) -> dict[str, str]:
    step = "lr·(β₁·m / (1−β₁ᵗ⁺¹) + (1−β₁)·g / (1−β₁ᵗ)) / (√v̂ + ε)"
    if opt.momentum_schedule != "constant":
        step = "lr·m̄ / (√v̂ + ε), m̄ of m and g with weights that grow to β₁"
    return {"m": _MEAN, "v": _SQUARE, "v̂": _V_HAT, "step": step}


def _adamw(opt: Any) -> dict[str, str]:
    step = "lr·m̂ / (√v̂ + ε) + λ·x" if opt.form == "paper" else "lr·(m̂ / (√v̂ + ε) + λ·x)"
    return {**_ADAM, "step": step}


def _ademamix(opt: Any) -> dict[str, str]:
    found = {**_ADAM, "slow": "β₃·slow + (1−β₃)·g", "step": "lr·((m̂ + α·slow) / (√v̂ + ε) + λ·x)"}
    if opt.warmup:
        found["slow"] += ", β₃ from β₁ in the warm-up"
        found["step"] += ", α from 0 in the warm-up"
    return found


def _schedule_free_adamw(opt: Any) -> dict[str, str]:
    found = {"v": _SQUARE, "step": "c·(xₜ₋₁ − z), c = lrₜ² / total", "total": "total + lrₜ²"}
    if opt.form == "paper":
        return {**found, "z": "z − lrₜ·(g / (√v + ε) + λ·y), lrₜ = lr·√(1−β₂ᵗ)"}
    return {**found, "v̂": _V_HAT, "z": "z − lr·(g / (√v̂ + ε) + λ·y)"}


def _prodigy(opt: Any) -> dict[str, str]:
    return {
        "m": "β₁·m + (1−β₁)·dₜ₋₁·g",
        "v": "β₂·v + (1−β₂)·(dₜ₋₁·g)²",
        "s": "√β₂·s + (1−√β₂)·lr·dₜ₋₁²·g",
        "r": "√β₂·r + (1−√β₂)·lr·dₜ₋₁²·g·(x0 − xₜ₋₁)",
        "x0": "the start",
        "d": "max(d, r / |s|)",
        "step": f"lr·dₜ₋₁·m / (√v + {'dₜ₋₁' if opt.form == 'paper' else 'd'}·ε)",
    }


def _wrapped(step: str, **more: str) -> Callable[[Any], dict[str, str]]:
    """Return what makes the formulas of a wrapper: those of the method inside, and its own."""

    def of(opt: Any) -> dict[str, str]:
        inside = {f"inner.{name}": words for name, words in formulas(opt.inner).items() if name != "step"}
        return {**inside, "step": step, **more}

    return of


_OF: dict[str, dict[str, str] | Callable[[Any], dict[str, str]]] = {
    "GradientDescent": {"step": "lr·g"},
    "Momentum": _momentum,
    "Nesterov": {"m": "β·m + g", "step": "lr·m"},
    "Adagrad": {"v": "v + g²", "step": "lr·g / (√v + ε)"},
    "FullMatrixAdagrad": {"S": "√(S² + g²)", "step": "lr·g / (S + ε)"},
    "RMSprop": {"v": "β·v + (1−β)·g²", "step": "lr·g / (√v + ε)"},
    "Adadelta": {
        "v": "β·v + (1−β)·g²",
        "u": "β·u + (1−β)·(step / lr)²",
        "step": "lr·√(uₜ₋₁ + ε) / √(v + ε)·g",
    },
    "Adam": _ADAM,
    "AdaMax": {"m": _MEAN, "m̂": _M_HAT, "u": "max(β₂·u, |g| + ε)", "step": "lr·m̂ / u"},
    "Nadam": _nadam,
    "AMSGrad": _amsgrad,
    "ADOPT": {
        "m": "β₁·m + (1−β₁)·n, n = g / max(√vₜ₋₁, ε), clipped at ±(t−1)^¼ where asked for",
        "v": f"{_SQUARE}; g² in the first step",
        "step": "lr·m, none in the first step",
    },
    "RAdam": {**_ADAM, "step": "lr·rₜ·m̂ / (√v̂ + ε); lr·m̂ until v can be trusted"},
    "Adafactor": {
        "v": "βₜ·v + (1−βₜ)·(g² + eps1), βₜ = 1 − t^(−decay)",
        "step": "min(lr, 1/√t)·max(eps2, |x|)·g / √v, clipped at d",
    },
    "AdaBound": {"m": _MEAN, "v": _SQUARE, "step": _BOUNDED.format(v="v")},
    "AMSBound": {"m": _MEAN, "v": _SQUARE, "v_max": "max(v_max, v)", "step": _BOUNDED.format(v="v_max")},
    "SWATS": {
        "m": f"{_MEAN}; after the switch β₁·m + g",
        "v": _SQUARE,
        "average": "β₂·average + (1−β₂)·γ, γ = step / g",
        "Lambda": "average / (1−β₂ᵗ), once it has settled",
        "step": "lr·√(1−β₂ᵗ) / (1−β₁ᵗ)·m / (√v + ε); then (1−β₁)·Lambda·m",
    },
    "AdamW": _adamw,
    "AdEMAMix": _ademamix,
    "Lion": {"m": "β₂·m + (1−β₂)·g", "step": "lr·(sign(β₁·mₜ₋₁ + (1−β₁)·g) + λ·xₜ₋₁)"},
    "LARS": {"m": "β·m + lr·q·(g + λ·x), q = trust·|x| / (|g| + λ·|x|), 1 at x = 0", "step": "m"},
    "LAMB": {**_ADAM, "step": "lr·q·(m̂ / (√v̂ + ε) + λ·x), which q makes lr·|x| long; 1 at x = 0"},
    "ScheduleFreeSGD": {
        "z": "z − lr·(g + λ·y)",
        "total": "total + lr²",
        "step": "c·(xₜ₋₁ − z), c = lr² / total",
    },
    "ScheduleFreeAdamW": _schedule_free_adamw,
    "Prodigy": _prodigy,
    "DoG": {
        "x0": "the start",
        "r": "max(r, |xₜ₋₁ − x0|)",
        "G": "G + |g|²",
        "step": "lr·r / √(G + ε)·g",
        "mean": "mean + (1+γ) / (t+γ)·(x − mean)",
    },
    "Cautious": _wrapped("that of the method inside where it has the sign of g, then longer; and lr·λ·x"),
    "Hyperball": _wrapped(
        "that of the method inside; of a matrix as long as lr·|x0|, then back to |x0|", radius="|x0|"
    ),
    "Lookahead": _wrapped(
        "that of the method inside; every k-th ends at slow",
        slow="slow + alpha·(x − slow) at every k-th step",
    ),
    "ClipByValue": _wrapped("that of the method inside, g clipped"),
    "ClipByNorm": _wrapped("that of the method inside, g shortened"),
    "IterateAverage": _wrapped("that of the method inside", average="the average of x"),
}


def formulas(opt: Optimizer) -> dict[str, str]:
    """Return what stands in an optimizer's rule, by quantity, in its present form; what is not known is left out.

    Examples:
        >>> from course_lib.optimizers import Momentum
        >>> formulas(Momentum(form="average"))
        {'m': 'β·m + (1−β)·g', 'step': 'lr·m'}
    """
    found = _OF.get(type(opt).__name__, {})
    return dict(found(opt)) if callable(found) else dict(found)


def corrected(opt: Optimizer) -> tuple[str, ...]:
    """Return which running means an optimizer divides by 1 − βᵗ.

    Examples:
        >>> from course_lib.optimizers import Adam, RMSprop
        >>> corrected(Adam()), corrected(RMSprop())
        (('m', 'v'), ())
    """
    hats = formulas(opt)
    return tuple(name for name in ("m", "v") if f"{name}̂" in hats)
