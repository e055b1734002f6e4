"""Shampoo, and SOAP: Adam in Shampoo's eigenbasis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..axes import to_back
from .base import State
from .hyper import Hyper, choice, count, decay, learning_rate, nonnegative, number
from .linear import eigen, per_run, spectral
from .matrix import _MatrixRule, check_shape


class Shampoo(_MatrixRule):
    r"""Adagrad for matrices: one preconditioner for the inputs, one for the outputs.

    .. math::
        L &\leftarrow L + G G^\top, \qquad R \leftarrow R + G^\top G \qquad \text{from } \varepsilon I \\
        x &\leftarrow x - \mathrm{lr}\; L^{-1/4}\, G\, R^{-1/4}

    Full-matrix Adagrad for a weight of inputs × outputs would need (inputs·outputs)² numbers; the Kronecker product
    of the two factors stands for it.

    Args:
        lr: learning rate, > 0, in units of x.
        eps: > 0, in units of g²; L and R start with it, and no eigenvalue can fall below.
        vectors: what is done with a vector: ``"diagonal"``: v ← v + g² from ε, x ← x − lr·g/√v, which is diagonal
            Adagrad; ``"full"``: the paper's rule for a single axis, L ← L + ggᵀ, x ← x − lr·L^(−1/2)·g.

    Cost: inputs² + outputs² numbers for a matrix, n for a vector; two eigendecompositions per step, 9(inputs³ +
    outputs³) operations. (Large-scale use renews the roots only every so many steps.)

    When: the directions of a weight are correlated, and the eigendecompositions can be paid for.
    Fails: sums never forget, so steps only shrink; very wide layers.

    Examples:
        >>> opt = Shampoo(lr=1.0)
        >>> x = np.zeros((2, 2))
        >>> x, state = opt.update(x, np.array([[3.0, 1.0], [1.0, 3.0]]), opt.init(x))
        >>> print(x.round(3))  # the first step is −UVᵀ of g's singular vectors
        [[-1. -0.]
         [-0. -1.]]

    Reference: V. Gupta, T. Koren and Y. Singer, "Shampoo: preconditioned stochastic tensor optimization", ICML 2018,
    Algorithm 1.
    """

    lr: Hyper = learning_rate(1e-3)
    eps: Hyper = number(1e-6, low=0, open_low=True, scale="log", slider=(1e-10, 1e-1))
    vectors: str = choice("diagonal", "full")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """The factors, ε·I; for a vector under ``"diagonal"`` its squares, ε."""
        shape, runs = x.shape[: x.ndim - grid], x.shape[x.ndim - grid :]
        check_shape(self, shape)
        if len(shape) == 1 and self.vectors == "diagonal":
            return {"v": np.broadcast_to(self.eps, x.shape).astype(x.dtype)}
        eyes = {name: np.broadcast_to(np.eye(n), (*runs, n, n)) for name, n in zip("LR", shape, strict=False)}
        return {n: to_back(per_run(self.eps, 2) * eye, grid).astype(x.dtype) for n, eye in eyes.items()}

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one matrix ``(…, inputs, outputs)`` or vector."""
        if x.ndim - s.grid == 2:
            left, right = s.L + g @ g.mT, s.R + g.mT @ g
            p = self.power(left, -1 / 4) @ g @ self.power(right, -1 / 4)
            return x - self.lr * p, s.next(L=left, R=right)
        if self.vectors == "diagonal":
            v = s.v + g**2
            return x - self.lr * g / np.sqrt(v), s.next(v=v)
        left = s.L + g[..., :, None] * g[..., None, :]
        return x - self.lr * (self.power(left, -1 / 2, 1) @ g[..., None])[..., 0], s.next(L=left)

    def power(self, a: np.ndarray, exponent: float, axes: int = 2) -> np.ndarray:
        """Return Aᵖ for a g with so many axes; rounding must not bring an eigenvalue below the ε it started with."""
        eps = self.eps.reshape(*self.eps.shape[:-axes], 1) if isinstance(self.eps, np.ndarray) else self.eps
        return spectral(a, lambda eigenvalues: np.maximum(eigenvalues, eps) ** exponent)


class SOAP(_MatrixRule):
    r"""Adam, run in the directions in which Shampoo would precondition.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, G \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, (Q_L^\top G\, Q_R)^2 \\
        x &\leftarrow x - \mathrm{lr}\, \frac{\sqrt{1 - \beta_2^k}}{1 - \beta_1^k}\;
            Q_L \frac{Q_L^\top m\, Q_R}{\sqrt v + \varepsilon}\, Q_R^\top, \qquad k = t - 1 \\
        L &\leftarrow \beta_s L + (1 - \beta_s)\, G G^\top, \qquad
            R \leftarrow \beta_s R + (1 - \beta_s)\, G^\top G

    with the eigenvectors Q_L of L and Q_R of R. The first step finds them and does not move. After every
    ``refresh`` steps they are renewed by one power iteration and a QR decomposition, sorted by eigenvalue, and v is
    permuted along. ε stands beside the uncorrected √v, as in the authors' code. A vector gets Adam in this form.

    Args:
        lr: learning rate, > 0, in units of x.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g.
        shampoo_beta: decay of L and R, in [0, 1).
        refresh: steps between two renewals of the bases, ≥ 1.

    Cost: two arrays of the size of x and 2(inputs² + outputs²) numbers; a dozen matrix products per step, two QR
    decompositions per renewal.

    When: wherever Adam does well and matrix products are cheap; fewer steps than Adam, at a higher price each.
    Fails: very wide layers (keep one side unrotated); bases renewed too rarely while they turn.

    Examples:
        >>> opt = SOAP(lr=0.1)
        >>> x = np.zeros((2, 2)); state = opt.init(x)
        >>> for _ in range(2):
        ...     x, state = opt.update(x, np.array([[3.0, 1.0], [1.0, 3.0]]), state)
        >>> print(x.round(3))  # along each singular direction of g one step of lr, as Adam's first
        [[-0.1 -0. ]
         [-0.  -0.1]]

    Reference: N. Vyas, D. Morwani, R. Zhao, I. Shapira, D. Brandfonbrener, L. Janson and S. Kakade, "SOAP:
    improving and stabilizing Shampoo using Adam", ICLR 2025, Algorithm 3.
    """

    lr: Hyper = learning_rate(3e-3)
    beta1: Hyper = decay(0.95)
    beta2: Hyper = decay(0.95)
    eps: Hyper = nonnegative(1e-8)
    shampoo_beta: Hyper = decay(0.95)
    refresh: int = count(10, high=100)

    memory = ("m", "v")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros; for a matrix also L, R and their bases QL, QR."""
        shape, runs = x.shape[: x.ndim - grid], x.shape[x.ndim - grid :]
        check_shape(self, shape)
        sides = zip(("L", "QL", "R", "QR"), np.repeat(shape, 2), strict=True) if len(shape) == 2 else ()
        return super().start(x, grid) | {name: np.zeros((n, n, *runs), x.dtype) for name, n in sides}

    def box(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one matrix ``(…, inputs, outputs)`` or vector."""
        matrix = x.ndim - s.grid == 2
        m, v, k = s.m, s.v, s.t - 1
        if k > 0:
            turned = s.QL.mT @ g @ s.QR if matrix else g
            m = self.beta1 * m + (1 - self.beta1) * g
            v = self.beta2 * v + (1 - self.beta2) * turned**2
            p = (s.QL.mT @ m @ s.QR if matrix else m) / (np.sqrt(v) + self.eps)
            p = s.QL @ p @ s.QR.mT if matrix else p
            x = x - self.lr * (1 - self.beta2**k) ** 0.5 / (1 - self.beta1**k) * p
        return x, s.next(**{"m": m, "v": v} | (self.bases(g, v, s) if matrix else {}))

    def bases(self, g: np.ndarray, v: np.ndarray, s: State) -> dict[str, np.ndarray]:
        """L and R with the new gradient in them, their bases as far as it is time, and v permuted along."""
        keep = self.shampoo_beta
        left, right = keep * s.L + (1 - keep) * g @ g.mT, keep * s.R + (1 - keep) * g.mT @ g
        new = {"L": left, "R": right}
        if s.t == 1:
            return new | {"QL": eigen(left)[1][..., ::-1], "QR": eigen(right)[1][..., ::-1]}
        if (s.t - 1) % self.refresh:
            return new
        (ql, rows), (qr, columns) = power_iteration(left, s.QL), power_iteration(right, s.QR)
        v = np.take_along_axis(v, rows[..., :, None], axis=-2)
        return new | {"QL": ql, "QR": qr, "v": np.take_along_axis(v, columns[..., None, :], axis=-1)}


def power_iteration(a: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return nearly the eigenvectors of A from an old guess Q, largest eigenvalue first, and the order this took.

    Examples:
        >>> q, order = power_iteration(np.diag([1.0, 9.0]), np.eye(2))
        >>> print(np.abs(q), order)
        [[0. 1.]
         [1. 0.]] [1 0]
    """
    product = a @ q
    order = np.argsort(-np.sum(q * product, axis=-2), axis=-1)
    return np.linalg.qr(np.take_along_axis(product, order[..., None, :], axis=-1))[0], order
