"""Adafactor: Adam's second moment in the memory of one row and one column."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, learning_rate, number


def rms(a: np.ndarray, s: State) -> np.ndarray:
    """Return the root mean square over the shape axes, one number for each run of the grid."""
    return np.sqrt(np.mean(a**2, axis=tuple(range(a.ndim - s.grid))))


class Adafactor(Optimizer):
    r"""Divide by a mean square that is kept as row means times column means, and step by a share of x's own size.

    .. math::
        \beta_{2,t} &= 1 - t^{-\mathrm{decay}} \\
        r &\leftarrow \beta_{2,t}\, r + (1 - \beta_{2,t}) \operatorname{mean}_{\mathrm{columns}}(g^2 + \varepsilon_1) \\
        c &\leftarrow \beta_{2,t}\, c + (1 - \beta_{2,t}) \operatorname{mean}_{\mathrm{rows}}(g^2 + \varepsilon_1) \\
        \hat v &= r\, c^\top / \operatorname{mean}(r), \qquad u = g / \sqrt{\hat v} \\
        x &\leftarrow x - \min(\mathrm{lr}, 1/\sqrt t)\, \max(\varepsilon_2, \operatorname{RMS}(x))\,
            u / \max(1, \operatorname{RMS}(u)/d)

    Vectors keep the full v; arrays with more than two axes are factored over the last two. There is no momentum.
    PyTorch clamps v̂ from below instead of adding ε₁; optax has a constant lr and factors dimensions from 128 on only.

    Args:
        lr: largest relative step, > 0, without a unit: the share of x's size that one step may change. (The paper's
            constant 10⁻².) What lies above 1/√t has no effect in step t, so all lr ≥ 1 are the same run.
        eps1: > 0, in units of g²; keeps the division finite.
        eps2: > 0, in units of x; below this size x counts as if it were this large, so that zeros can grow.
        d: > 0, without a unit; the root mean square at which u is clipped.
        decay: how fast β₂ approaches 1, in (0, 1], without a unit.

    Cost: for an r × c matrix r + c numbers, for a vector one array; about ten operations per parameter and four sums.

    When: large matrices when memory is short; the step needs no bias correction, since β₂ starts at 0.
    Fails: where squared gradients are far from rank one; x's own scale sets the pace, so a bad start costs time.

    Examples:
        >>> opt = Adafactor()
        >>> x = np.ones((40, 30)); state = opt.init(x)
        >>> x, state = opt.update(x, np.full((40, 30), 5.0), state)
        >>> print(x[0, 0].round(4), state.r.shape, state.c.shape)
        0.99 (40, 1) (1, 30)

    Reference: N. Shazeer and M. Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018,
    Algorithms 4 and 5.
    """

    lr: Hyper = learning_rate(1e-2)
    eps1: Hyper = number(1e-30, low=0, open_low=True, scale="log", slider=(1e-30, 1e-3))
    eps2: Hyper = number(1e-3, low=0, open_low=True, scale="log", slider=(1e-6, 1.0))
    d: Hyper = number(1.0, low=0, open_low=True, scale="log", slider=(0.1, 10.0))
    decay: Hyper = number(0.8, low=0, open_low=True, high=1, open_high=False, slider=(0.5, 1.0))

    coordinatewise = False

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Row and column means for a matrix, v for a vector."""
        axes = x.ndim - grid
        if axes < 2:
            return {"v": np.zeros_like(x)}
        zeros = np.zeros_like(x)
        return {"r": zeros.mean(axes - 1, keepdims=True), "c": zeros.mean(axes - 2, keepdims=True)}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        root, new = self.root_mean_square(g**2 + self.eps1, s)
        u = g / root
        clip = np.maximum(1, rms(u, s) / self.d)
        size = np.maximum(self.eps2, rms(x, s))
        step = np.minimum(self.lr * size, size / s.t**0.5)
        return x - step * u / clip, new

    def root_mean_square(self, square: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """The root of the running mean of the squares, factored where there are rows and columns."""
        beta2 = 1 - s.t**-self.decay
        axes = square.ndim - s.grid
        if axes < 2:
            v = beta2 * s.v + (1 - beta2) * square
            return np.sqrt(v), s.next(v=v)
        rows, columns = axes - 2, axes - 1
        r = beta2 * s.r + (1 - beta2) * square.mean(columns, keepdims=True)
        c = beta2 * s.c + (1 - beta2) * square.mean(rows, keepdims=True)
        # a root of each: in float32 the product of two tiny means, as of a dead pixel and a dead unit, would be zero.
        return np.sqrt(r / r.mean(rows, keepdims=True)) * np.sqrt(c), s.next(r=r, c=c)
