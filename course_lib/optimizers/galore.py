"""GaLore: Adam that remembers a few directions of a matrix only."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import State
from .hyper import Hyper, choice, count, decay, learning_rate, nonnegative, number
from .linear import right_singular
from .matrix import _MatrixRule


class GaLore(_MatrixRule):
    r"""Adam on the part of the gradient that lies in a few directions, found anew by an SVD from time to time.

    .. math::
        \text{every } T \text{ steps:}\quad P &\leftarrow \text{the first } r \text{ singular vectors of } g \\
        q &= P^\top g \\
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, q, \qquad \hat m = m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, q^2, \qquad\; \hat v = v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \Bigl(\mathrm{scale} \cdot P\,
            \frac{\hat m}{\sqrt{\hat v} + \varepsilon} + \lambda x\Bigr)

    for a matrix with fewer inputs than outputs; otherwise P holds right singular vectors and q = gP. The shorter side
    of x is thus cut down to r. Between two renewals x moves in these directions alone. m and v stay when P changes,
    although their coordinates are then others. A singular vector has no sign of its own: it is given that which is
    nearer to the vector it takes the place of.

    Args:
        lr: learning rate, > 0, in units of x.
        rank: r, ≥ 1; at most the shorter side is used.
        every: T, steps between two renewals of P, ≥ 1.
        scale: > 0, without a unit, multiplies the step but not the decay.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ is the share of x lost in one step.
        side: which side of x is cut down: ``"shorter"``, the paper's; ``"longer"``, optax's, whose state is smaller and
            whose P is larger.

    Cost: rank·(shorter + 2·longer) numbers in place of Adam's 2·shorter·longer; two products with P, 4·rank
    operations per parameter, and every T steps an SVD.

    When: the state of Adam does not fit into memory, and gradients are nearly of low rank.
    Fails: what lies outside the directions is lost until they are renewed; noise of many directions; renewals that
    are too frequent leave m and v no meaning.

    Examples:
        >>> opt = GaLore(lr=0.1, rank=1, scale=1.0)
        >>> x = np.zeros((2, 3)); state = opt.init(x)
        >>> g = np.array([[-3.0, 0.0, 4.0], [0.1, 0.0, 0.0]])
        >>> x, state = opt.update(x, g, state)
        >>> print(np.linalg.matrix_rank(x), {name: a.shape for name, a in state.arrays.items()})
        1 {'m': (3, 1), 'v': (3, 1), 'P': (2, 1)}

    Reference: J. Zhao, Z. Zhang, B. Chen, Z. Wang, A. Anandkumar and Y. Tian, "GaLore: memory-efficient LLM training by
    gradient low-rank projection", ICML 2024, Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-2)
    rank: int = count(128, high=128)
    every: int = count(200, high=1000)
    scale: Hyper = number(0.25, low=0, open_low=True, scale="log", slider=(1e-2, 1.0))
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    side: str = choice("shorter", "longer")

    needs_matrix = True

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros: P ``(side that is cut, r)``, m and v ``(other side, r)``."""
        inputs, outputs = x.shape[:2]
        rank = min(self.rank, inputs, outputs)
        cut, kept = (inputs, outputs) if self.cuts_inputs(inputs, outputs) else (outputs, inputs)
        sizes = {"m": kept, "v": kept, "P": cut}
        return {name: np.zeros((size, rank, *x.shape[2:]), x.dtype) for name, size in sizes.items()}

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one matrix ``(…, inputs, outputs)``; P stands on the right, of the transposed if need be."""
        turned = self.cuts_inputs(*x.shape[-2:])
        g = g.mT if turned else g
        p = s.P if (s.t - 1) % self.every else directions(g, s.P)
        q = g @ p
        m = self.beta1 * s.m + (1 - self.beta1) * q
        v = self.beta2 * s.v + (1 - self.beta2) * q**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        u = m_hat / (np.sqrt(v_hat) + self.eps) @ p.mT
        step = self.scale * (u.mT if turned else u) + self.weight_decay * x
        return x - self.lr * step, s.next(m=m, v=v, P=p)

    def cuts_inputs(self, inputs: int, outputs: int) -> bool:
        """Whether P holds directions of the inputs, for a matrix of this shape."""
        return (inputs <= outputs) == (self.side == "shorter")


def directions(g: np.ndarray, old: np.ndarray) -> np.ndarray:
    """Return as many right singular vectors of ``(…, m, n)`` as ``old`` has, as columns that do not turn round.

    Examples:
        >>> g = np.array([[5.0, 0.0], [0.0, 2.0]])
        >>> print(directions(g, old=np.array([[-1.0], [0.0]])))
        [[-1.]
         [-0.]]
    """
    p = right_singular(g)[1][..., : old.shape[-1], :].mT
    backwards = np.sum(p * old, axis=-2, keepdims=True) < 0
    return np.where(backwards, -p, p)
