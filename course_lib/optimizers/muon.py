"""Muon, and the iteration it is named after."""

from __future__ import annotations

import numpy as np

from .base import State
from .hyper import Hyper, choice, decay, flag, learning_rate, nonnegative, number
from .matrix import _MatrixRule


def newton_schulz(m: np.ndarray, steps: int = 5, eps: Hyper = 1e-7) -> np.ndarray:
    r"""Return about the nearest matrix whose singular values are all 1, by matrix products alone.

    .. math::
        X &\leftarrow M / (\lVert M \rVert_F + \varepsilon) \\
        \text{repeat:}\quad X &\leftarrow a X + (b A + c A^2)\, X, \qquad A = X X^\top

    with (a, b, c) = (3.4445, −4.7750, 2.0315). Written with the singular values, :math:`M = U S V^\top`, each step
    applies the polynomial aσ + bσ³ + cσ⁵ to each of them and leaves U and V alone, so the result is near :math:`U
    V^\top`. The three numbers are chosen for speed, not for the end: within five steps every σ from 0.01 to 1 is
    brought into 0.68 … 1.14, and more steps bring it no nearer to 1.

    Args:
        m: ``(…, rows, columns)``; a tall matrix is transposed for the smaller product.
        steps: how often, ≥ 0.
        eps: > 0, in units of m; keeps a zero matrix zero.

    Examples:
        >>> m = np.diag([1.0, 0.5, 0.1])
        >>> for steps in (0, 1, 3, 5):
        ...     print(np.diag(newton_schulz(m, steps)).round(3))
        [0.891 0.445 0.089]
        [0.832 1.148 0.303]
        [0.783 1.007 0.794]
        [0.699 1.119 0.712]

    Reference: K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); the iteration: G.
    Schulz, "Iterative Berechnung der reziproken Matrix", ZAMM 13 (1933).
    """
    if m.shape[-2] > m.shape[-1]:
        return newton_schulz(m.mT, steps, eps).mT
    a, b, c = 3.4445, -4.7750, 2.0315
    largest = np.abs(m).max(axis=(-2, -1), keepdims=True, initial=0)
    largest = np.where(largest > 0, largest, 1)  # divided out first, so that no square overflows
    x = m / largest
    x = x / (np.sqrt(np.sum(x * x, axis=(-2, -1), keepdims=True)) + eps / largest)
    for _ in range(steps):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x


class Muon(_MatrixRule):
    r"""Momentum whose step is made orthogonal: every direction of the matrix is moved by the same amount.

    .. math::
        m &\leftarrow \beta m + g \\
        x &\leftarrow x - \mathrm{lr}\, \bigl(\mathrm{factor} \cdot
            \operatorname{NewtonSchulz}(g + \beta m) + \lambda x\bigr)

    The momentum of a weight is nearly of low rank: a few directions hold nearly all of it. The Newton–Schulz
    iteration (`newton_schulz`) lifts the rare ones to the size of the others. The step's size does not depend on
    that of g: its spectral norm is about lr.

    Args:
        lr: learning rate, > 0, in units of x: times the factor about the largest singular value of a step.
        beta: decay of the momentum, in [0, 1).
        eps: > 0, in units of g; keeps a zero gradient zero.
        nesterov: whether the look-ahead g + βm is made orthogonal, or m itself.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ, without the factor, is the share of x lost in one step.
        form: the factor before the step: ``"original"`` √max(1, outputs/inputs), the authors' and nanochat's;
            ``"moonlight"`` 0.2·√max(inputs, outputs), which makes the step's root mean square about AdamW's;
            ``"spectral"`` √(outputs/inputs), of the theory of the spectral norm.
        bias_correction: weighs the look-ahead as optax does, βm/(1 − βᵗ⁺¹) + g/(1 − βᵗ); not the published rule.

    A weight is (inputs, outputs). An lr goes with one factor only; no two libraries offer the same ones.

    Cost: one array of the size of x; five times three matrix products, about 15·inputs·outputs·min(inputs, outputs)
    multiplications.

    When: the hidden matrices of a network. Embeddings, biases, gains and the last layer go to AdamW: use Partition.
    Fails: vectors, which it refuses; rows that are looked up rather than multiplied.

    Examples:
        >>> opt = Muon(lr=0.1)
        >>> x = np.zeros((2, 2))
        >>> x, state = opt.update(x, np.diag([1.0, 1e-2]), opt.init(x))
        >>> print(x.round(2))  # one direction is a hundred times weaker, but moves as far
        [[-0.07  0.  ]
         [ 0.   -0.07]]

    Reference: K. Jordan, Y. Jin, V. Boza, J. You, F. Cesista, L. Newhouse and J. Bernstein, "Muon: an optimizer for
    hidden layers in neural networks" (2024). Decay and the second factor: J. Liu et al., "Muon is scalable for LLM
    training", arXiv:2502.16982 (2025); the third: G. Yang, J. Simon and J. Bernstein, "A spectral condition for feature
    learning", arXiv:2310.17813 (2023).
    """

    lr: Hyper = learning_rate(2e-2)
    beta: Hyper = decay(0.95)
    eps: Hyper = number(1e-7, low=0, open_low=True, scale="log", slider=(1e-10, 1e-1))
    nesterov: bool = flag(True)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    form: str = choice("original", "moonlight", "spectral")
    bias_correction: bool = flag(False)

    memory = ("m",)
    needs_matrix = True

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one matrix ``(…, inputs, outputs)``."""
        m = self.beta * s.m + g
        ahead = m
        if self.nesterov and self.bias_correction:
            ahead = self.beta * m / (1 - self.beta ** (s.t + 1)) + g / (1 - self.beta**s.t)
        elif self.nesterov:
            ahead = g + self.beta * m
        step = self.factor(*x.shape[-2:]) * newton_schulz(ahead, eps=self.eps) + self.weight_decay * x
        return x - self.lr * step, s.next(m=m)

    def factor(self, inputs: int, outputs: int) -> float:
        """What the orthogonal step is multiplied by, for a matrix of this shape."""
        if self.form == "moonlight":
            return 0.2 * max(inputs, outputs) ** 0.5
        ratio = outputs / inputs
        return (ratio if self.form == "spectral" else max(1.0, ratio)) ** 0.5
