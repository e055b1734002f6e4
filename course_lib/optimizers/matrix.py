"""What Muon, Shampoo and SOAP share: their rules see a weight as a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..axes import to_back, to_front
from .base import Optimizer, State
from .linear import per_run


class _MatrixRule(Optimizer):
    """A rule written for ``(…, inputs, outputs)``: the grid of runs stands in front, where matrix products want it.

    Its ``box`` is what ``rule`` is elsewhere; everything is moved there and back around it.
    """

    coordinatewise = False

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array ``(*grid, *shape)``; the algorithm box."""
        raise NotImplementedError

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array ``(*shape, *grid)``."""
        if not s.grid:
            return self.box(x, g, s)
        here = self._with(**{n: per_run(getattr(self, n), x.ndim - s.grid) for n in self._arrays})
        new, after = here.box(to_front(x, s.grid), to_front(g, s.grid), _moved(s, to_front))
        return to_back(new, s.grid), _moved(after, to_back)


def _moved(s: State, move: Any) -> State:
    """Return a state whose arrays have their grid at the other end."""
    return State(**{k: move(v, s.grid) if isinstance(v, np.ndarray) else v for k, v in vars(s).items()})


def check_shape(rule: Optimizer, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless an array of this shape is a vector or a matrix."""
    if len(shape) not in (1, 2):
        raise ValueError(
            f"{type(rule).__name__} moves vectors and matrices, but x has shape {shape}: "
            f"give such arrays to another optimizer with Partition, or reshape them"
        )
