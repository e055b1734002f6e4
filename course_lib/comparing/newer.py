"""The methods of after 2018 that the newer studies compare, and every method with all of its knobs turned."""

from __future__ import annotations

from typing import Any

from ..optimizers import (
    SOAP,
    AdamW,
    AdEMAMix,
    DoG,
    GradientDescent,
    Lion,
    Momentum,
    Muon,
    Nesterov,
    NorMuon,
    Optimizer,
    Prodigy,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    Shampoo,
)
from ..running import log_grid, random_settings
from .compare import Method
from .recipes import SCHEDULES, OneRate, Scheduled, WeightDecay

TRIALS = 48
"""So many random settings each method of `tuned_whole` may try."""

MUON, NORMUON = Muon(form="moonlight"), NorMuon(form="paper")
"""Both in the form whose steps have about the size of AdamW's."""


def with_adamw(matrix_rule: Optimizer, hidden: str) -> Optimizer:
    """Return a rule for the hidden weights and AdamW for the rest, with one lr for both.

    Args:
        matrix_rule: in a form whose steps have about the size of AdamW's.
        hidden: a pattern for the names of the hidden weights.
    """
    return OneRate({hidden: matrix_rule, "*": AdamW(weight_decay=0.0)})


def newer_methods(hidden: str | None = "W1") -> dict[str, Method]:
    """Return three baselines and the newer methods, each with nine values of its one knob.

    That is lr, half a decade apart about the method's own centre. AdEMAMix forgets its slow mean within
    hundreds of steps, not ten thousands as in its paper, since the runs here are short.

    Args:
        hidden: a pattern for the names of the hidden weights; None leaves the matrix methods out.
    """
    found = {
        "SGD": Method(GradientDescent(), lr=log_grid(0.1)),
        "Momentum": Method(Momentum(), lr=log_grid(0.1)),
        "AdamW": Method(AdamW(), lr=log_grid(0.01)),
        "Lion": Method(Lion(), lr=log_grid(0.001)),
        "AdEMAMix": Method(AdEMAMix(beta3=0.99, alpha=2.0), lr=log_grid(0.01)),
        "ScheduleFreeSGD": Method(ScheduleFreeSGD(), lr=log_grid(1.0)),
        "ScheduleFreeAdamW": Method(ScheduleFreeAdamW(), lr=log_grid(0.01)),
        "Prodigy": Method(Prodigy(), lr=log_grid(1.0)),
        "DoG": Method(DoG(), lr=log_grid(1.0)),
    }
    if hidden is not None:
        found |= {
            "Muon + AdamW": Method(with_adamw(MUON, hidden), lr=log_grid(0.01)),
            "NorMuon + AdamW": Method(with_adamw(NORMUON, hidden), lr=log_grid(0.01)),
            "SOAP": Method(SOAP(), lr=log_grid(0.01)),
            "Shampoo": Method(Shampoo(), lr=log_grid(0.1)),
        }
    return found


def tuned_whole(steps: int, hidden: str = "W1") -> dict[str, Method]:
    """Return methods of which lr, weight decay and schedule are tuned together, all with `TRIALS` random settings.

    lr is drawn from three decades about the method's centre, the weight decay so that lr·λ at that centre is between
    10⁻⁴ and 0.03 of a weight at each step, the schedule from `SCHEDULES`. The draws are the same for all methods,
    relative to their centres.

    Args:
        steps: the length of a run, for the schedules.
        hidden: a pattern for the names of the hidden weights.
    """
    centres: dict[str, tuple[Optimizer, float]] = {
        "SGD": (WeightDecay(GradientDescent()), 0.3),
        "Momentum": (WeightDecay(Momentum()), 0.03),
        "Nesterov": (WeightDecay(Nesterov()), 0.03),
        "AdamW": (AdamW(), 0.01),
        "Lion": (Lion(), 0.003),
        "AdEMAMix": (AdEMAMix(beta3=0.99, alpha=2.0), 0.003),
        "ScheduleFreeSGD": (ScheduleFreeSGD(), 1.0),
        "ScheduleFreeAdamW": (ScheduleFreeAdamW(), 0.03),
        "Prodigy": (WeightDecay(Prodigy()), 1.0),
        "DoG": (WeightDecay(DoG()), 1.0),
        "Muon + AdamW": (with_adamw(MUON, hidden), 0.03),
        "NorMuon + AdamW": (with_adamw(NORMUON, hidden), 0.03),
        "SOAP": (WeightDecay(SOAP()), 0.01),
        "Shampoo": (WeightDecay(Shampoo()), 0.3),
    }
    return {name: whole(Scheduled(opt, steps=steps), centre) for name, (opt, centre) in centres.items()}


def whole(opt: Optimizer, centre: float, trials: int = TRIALS, seed: int = 0, **more: Any) -> Method:
    """Return a method of which lr, weight decay, schedule and ``more`` are drawn at random, together.

    Args:
        opt: the optimizer, with a schedule and a weight decay that can be set.
        centre: the middle of three decades of lr.
        trials: how many settings.
        seed: of the draws.
        more: ranges of further hyperparameters, as for `random_settings`.
    """
    ranges = {
        "lr": (centre / 10**1.5, centre * 10**1.5),
        "weight_decay": (1e-4 / centre, 0.03 / centre),
        "schedule": [*SCHEDULES],
    } | more
    return Method(opt, settings=random_settings(opt, ranges, trials, seed))
