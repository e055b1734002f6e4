"""Adagrad with the whole matrix of past gradients, of which Adagrad keeps the diagonal."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..axes import to_back, to_front
from .base import Optimizer, State
from .hyper import Hyper, learning_rate, nonnegative
from .linear import per_run, right_singular


class FullMatrixAdagrad(Optimizer):
    r"""Divide the gradient by the root of the sum of its outer products with itself.

    .. math::
        S &\leftarrow (S^2 + g g^\top)^{1/2} \qquad \text{from } 0 \\
        x &\leftarrow x - \mathrm{lr}\,(S + \varepsilon I)^{-1} g

    So :math:`S^2 = \sum_t g_t g_t^\top`. Its diagonal is Adagrad's v: where the gradients always lie along one axis or
    another, the two methods are one. What is outside the diagonal says which coordinates change together, so that the
    method takes equal steps along the axes of the valley and not along those of the coordinates: turned coordinates
    take turned steps.

    Args:
        lr: learning rate, > 0, in units of x: the length of the first step.
        eps: ≥ 0, in units of g; stands outside the root. In directions that have had no gradient there is no step.

    Cost: n² numbers for n parameters, all of a model together, and a singular value decomposition of (n + 1) × n
    numbers per step, about 20n³ operations. A thousand parameters are much already. Shampoo approximates it.

    When: a convex problem with few parameters whose coordinates depend on each other.
    Fails: like Adagrad, steps only shrink; n² numbers do not fit for a network.

    Examples:
        >>> opt = FullMatrixAdagrad(lr=0.1)
        >>> x = np.zeros(2)
        >>> x, state = opt.update(x, np.array([3.0, 4.0]), opt.init(x))
        >>> print(x.round(4))  # straight down the gradient, 0.1 long; Adagrad goes (−0.1, −0.1)
        [-0.06 -0.08]

    Reference: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12 (2011), Figure 2.
    """

    lr: Hyper = learning_rate(1e-2)
    eps: Hyper = nonnegative(1e-10)

    scope = "all"
    coordinatewise = False

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """A root of n × n zeros."""
        shape, runs = x.shape[: x.ndim - grid], x.shape[x.ndim - grid :]
        n = int(np.prod(shape))
        return {"S": np.zeros((n, n, *runs), x.dtype)}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for all parameters; S² is never formed, so that small gradients beside large ones keep digits."""
        front = to_front(g, s.grid)
        flat = front.reshape(*g.shape[g.ndim - s.grid :], 1, -1)
        sizes, axes = right_singular(np.concatenate([to_front(s.S, s.grid), flat], axis=-2))
        root = (axes.mT * sizes[..., None, :]) @ axes
        rounding = sizes.shape[-1] * np.finfo(g.dtype).eps * sizes[..., :1]
        scale = np.where(sizes <= rounding, np.inf, sizes + per_run(self.eps, 1))
        p = ((axes @ flat.mT)[..., 0] / scale)[..., None, :] @ axes
        step = to_back(p.reshape(front.shape), s.grid)
        return x - self.lr * step, s.next(S=to_back(root, s.grid))
