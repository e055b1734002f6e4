"""One row for every optimizer: what the explorers, tables and generic tests need to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .adam import Adam
from .base import Optimizer
from .descent import GradientDescent, Momentum, Nesterov


@dataclass(frozen=True)
class Entry:
    """What is known of one optimizer beside its class.

    Args:
        cls: the class.
        family: the shelf it stands on, as in the syllabus.
        year: of the publication.
        paper: author and title, short.
        memory: what it remembers, in units of the parameters (2 for two arrays of the size of x).
        valid: settings that must work, beside the defaults.
        invalid: settings that must be refused with a ValueError naming the field.
    """

    cls: type[Optimizer]
    family: str
    year: int
    paper: str
    memory: float
    valid: tuple[Mapping[str, Any], ...] = ()
    invalid: tuple[Mapping[str, Any], ...] = field(default=({"lr": 0.0}, {"lr": -1.0}, {"lr": float("nan")}))

    @property
    def name(self) -> str:
        """The class's name."""
        return self.cls.__name__


_LR = ({"lr": 0.0}, {"lr": -1.0}, {"lr": float("nan")}, {"lr": float("inf")})

ROWS = (
    Entry(GradientDescent, "descent", 1847, "Cauchy", 0, ({"lr": 0.3},), _LR),
    Entry(
        Momentum, "descent", 1964, "Polyak, Some methods of speeding up the convergence", 1,
        ({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}, {"form": "average"}),
        (*_LR, {"beta": 1.0}, {"beta": -0.1}, {"form": "mean"}),
    ),
    Entry(
        Nesterov, "descent", 1983, "Nesterov, A method with convergence rate O(1/k²)", 1,
        ({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}), (*_LR, {"beta": 1.0}, {"beta": float("nan")}),
    ),
    Entry(
        Adam, "adaptive", 2015, "Kingma and Ba, Adam: a method for stochastic optimization", 2,
        ({"lr": 0.3, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}, {"beta1": 0.0}, {"beta2": 0.0}),
        (*_LR, {"beta1": 1.0}, {"beta2": 1.0}, {"beta2": -0.1}, {"eps": -1e-8}),
    ),
)  # fmt: skip

REGISTRY: dict[str, Entry] = {row.name: row for row in ROWS}
"""The rows by class name."""
