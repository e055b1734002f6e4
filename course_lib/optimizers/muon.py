"""Muon, and NorMuon, which evens out its neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import State, ratio
from .hyper import Hyper, choice, count, decay, flag, learning_rate, nonnegative, number
from .matrix import _MatrixRule
from .orthogonal import NAMES, newton_schulz


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
        coefficients: which polynomials the iteration takes: ``"jordan"``, ``"tuned"``, ``"polar_express"``,
            ``"quintic"`` or ``"cubic"``, see `polynomials`.
        steps: of the iteration, ≥ 1.

    A weight is (inputs, outputs). An lr goes with one factor only; no two libraries offer the same ones.

    Cost: one array of the size of x; in each step of the iteration three matrix products, in five steps about
    15·inputs·outputs·min(inputs, outputs) multiplications.

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
    coefficients: str = choice(*NAMES)
    steps: int = count(5)

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
        o = newton_schulz(ahead, self.steps, self.eps, self.coefficients)
        step = self.factor(*x.shape[-2:]) * o + self.weight_decay * x
        return x - self.lr * step, s.next(m=m)

    def factor(self, inputs: int, outputs: int) -> float:
        """What the orthogonal step is multiplied by, for a matrix of this shape."""
        if self.form == "moonlight":
            return 0.2 * max(inputs, outputs) ** 0.5
        ratio = outputs / inputs
        return (ratio if self.form == "spectral" else max(1.0, ratio)) ** 0.5


class NorMuon(_MatrixRule):
    r"""Muon, then one number a neuron, so that all neurons of a layer move about as far.

    .. math::
        m &\leftarrow \beta m + (1 - \beta)\, g \\
        o &= \operatorname{NewtonSchulz}\bigl((1 - \beta)\, g + \beta m\bigr) \\
        v_j &\leftarrow \beta_2 v_j + (1 - \beta_2)\, \operatorname{mean}_i o_{ij}^2, \qquad
            u_{ij} = o_{ij} / \sqrt{v_j} \\
        x &\leftarrow x - \mathrm{lr}\, \Bigl(\mathrm{factor} \cdot \lVert o \rVert_F \,
            \frac{u}{\lVert u \rVert_F} + \lambda x\Bigr)

    The singular values of o are near 1, but its columns, the neurons, may still differ in length. v is a running mean
    square of each neuron's share, as Adafactor keeps it of the gradient. The step keeps the norm of o, so that v needs
    no bias correction. Where v is 0 nothing moves (the authors add 1e-10 to its root instead).

    Args:
        lr: learning rate, > 0, in units of x.
        beta: decay of the momentum, in [0, 1).
        beta2: decay of the neurons' mean square, in [0, 1); 0 makes all columns equally long.
        eps: > 0, in units of g; keeps a zero gradient zero in the iteration.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ is the share of x lost in one step.
        form: the factor: ``"released"`` √max(1, outputs/inputs), the authors' code; ``"paper"``
            0.2·√(inputs·outputs)/‖o‖, which makes the root mean square of every step 0.2·lr.
        coefficients: which polynomials the iteration takes, see `polynomials`.
        steps: of the iteration, ≥ 1.

    A weight is (inputs, outputs): a neuron is a column.

    Cost: one array of the size of x and one number for each output; the products of Muon and about ten operations
    per parameter.

    When: as Muon.
    Fails: as Muon; a column that is no neuron (heads side by side) is evened out all the same.

    Examples:
        >>> g = np.array([[3.0, 0.0, 0.1], [0.0, 3.0, 0.1]])
        >>> for opt in (Muon(lr=0.1), NorMuon(lr=0.1)):
        ...     x, state = opt.update(np.zeros((2, 3)), g, opt.init(np.zeros((2, 3))))
        ...     print(np.linalg.norm(x, axis=0).round(3))  # how far each of the three neurons moves
        [0.136 0.136 0.006]
        [0.111 0.111 0.111]

    Reference: Z. Li, L. Liu, C. Liang, W. Chen and T. Zhao, "NorMuon: making Muon more efficient and scalable",
    arXiv:2510.05491 (2025), Algorithm 1.
    """

    lr: Hyper = learning_rate(2e-2)
    beta: Hyper = decay(0.95)
    beta2: Hyper = decay(0.95)
    eps: Hyper = number(1e-7, low=0, open_low=True, scale="log", slider=(1e-10, 1e-1))
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    form: str = choice("released", "paper")
    coefficients: str = choice(*NAMES)
    steps: int = count(5)

    memory = ("m",)
    needs_matrix = True

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros, of x's shape and one for each neuron."""
        return super().start(x, grid) | {"v": np.zeros_like(x[:1])}

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one matrix ``(…, inputs, outputs)``."""
        m = self.beta * s.m + (1 - self.beta) * g
        o = newton_schulz((1 - self.beta) * g + self.beta * m, self.steps, self.eps, self.coefficients)
        v = self.beta2 * s.v + (1 - self.beta2) * np.mean(o**2, axis=-2, keepdims=True)
        u = ratio(o, np.sqrt(v))
        inputs, outputs = x.shape[-2:]
        if self.form == "paper":
            size = 0.2 * (inputs * outputs) ** 0.5
        else:
            size = max(1.0, outputs / inputs) ** 0.5 * _frobenius(o)
        step = size * ratio(u, _frobenius(u)) + self.weight_decay * x
        return x - self.lr * step, s.next(m=m, v=v)


def _frobenius(a: np.ndarray) -> np.ndarray:
    """Return the Frobenius norms of matrices ``(…, m, n)``, to divide them by."""
    return np.linalg.norm(a, axis=(-2, -1), keepdims=True)
