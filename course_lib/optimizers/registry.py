"""One row for every optimizer: what the explorers, tables and generic tests need to know of it."""

from __future__ import annotations

from .adam import Adam
from .descent import GradientDescent, Momentum, Nesterov
from .entry import Entry, refused

_NAN, _INF = float("nan"), float("inf")
_LR = (0.0, -1.0, _NAN, _INF)
_DECAY = (1.0, -0.1, _NAN)
_EPS = (-1e-8, _INF)

ROWS = (
    Entry(
        cls=GradientDescent, family="descent", year=1847, paper="Cauchy", memory=0, lr=1.0, per_curvature=True,
        valid=({"lr": 0.3},), invalid=refused(lr=_LR),
    ),
    Entry(
        cls=Momentum, family="descent", year=1964, paper="Polyak, Some methods of speeding up the convergence",
        memory=1, lr=0.2, per_curvature=True,
        valid=({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}, {"form": "average"}),
        invalid=refused(lr=_LR, beta=_DECAY, form=("mean", None)),
    ),
    Entry(
        cls=Nesterov, family="descent", year=1983, paper="Nesterov, A method with convergence rate O(1/k²)",
        memory=1, lr=0.2, per_curvature=True,
        valid=({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}), invalid=refused(lr=_LR, beta=_DECAY),
    ),
    Entry(
        cls=Adam, family="adaptive", year=2015, paper="Kingma and Ba, Adam: a method for stochastic optimization",
        memory=2, lr=0.1,
        valid=({"lr": 0.3, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}, {"beta1": 0.0}, {"beta2": 0.0}),
        invalid=refused(lr=_LR, beta1=_DECAY, beta2=_DECAY, eps=_EPS),
    ),
)  # fmt: skip

REGISTRY: dict[str, Entry] = {row.name: row for row in ROWS}
"""The rows by class name."""
