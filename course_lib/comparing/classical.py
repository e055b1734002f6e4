"""The methods that lesson 12 compares, each with learning rates about a centre of its own."""

from __future__ import annotations

import numpy as np

from ..optimizers import (
    SWATS,
    AdaBound,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    GradientDescent,
    Lion,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
)
from ..running import log_grid
from .compare import Method


def moved(method: Method, factor: float) -> Method:
    """Return a method with learning rates so many times as large, for data that have another centre."""
    return Method(method.opt, lr=factor * np.array([trial["lr"] for trial in method.trials]))


METHODS: dict[str, Method] = {
    "SGD": Method(GradientDescent(), lr=log_grid(0.1)),
    "Momentum": Method(Momentum(), lr=log_grid(0.1)),
    "Nesterov": Method(Nesterov(), lr=log_grid(0.1)),
    "Adagrad": Method(Adagrad(), lr=log_grid(0.1)),
    "Adadelta": Method(Adadelta(), lr=log_grid(1.0)),
    "RMSprop": Method(RMSprop(), lr=log_grid(0.01)),
    "Adam": Method(Adam(), lr=log_grid(0.01)),
    "AdaMax": Method(AdaMax(), lr=log_grid(10**-1.5)),
    "Nadam": Method(Nadam(), lr=log_grid(0.01)),
    "AMSGrad": Method(AMSGrad(), lr=log_grid(0.01)),
    "Adafactor": Method(Adafactor(), lr=log_grid(0.1)),
    "AdaBound": Method(AdaBound(), lr=log_grid(0.01)),
    "SWATS": Method(SWATS(), lr=log_grid(0.01)),
    "AdamW": Method(AdamW(), lr=log_grid(0.01)),
    "Lion": Method(Lion(), lr=log_grid(0.001)),
}
"""Each method with its paper's other settings and nine learning rates, half a decade apart, about its own centre."""
