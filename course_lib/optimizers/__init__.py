"""Optimizers from scratch: each a class that reads like the algorithm box of its paper."""

from .adam import Adam
from .base import Optimizer, Params, State
from .descent import SGD, GradientDescent, Momentum, Nesterov
from .entry import Entry
from .hyper import Hyper
from .registry import REGISTRY

__all__ = [
    "REGISTRY",
    "SGD",
    "Adam",
    "Entry",
    "GradientDescent",
    "Hyper",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "Params",
    "State",
]
