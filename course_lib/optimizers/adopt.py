"""ADOPT: divide by yesterday's mean square, and average afterwards."""

from __future__ import annotations

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, decay, flag, learning_rate, nonnegative


class ADOPT(Optimizer):
    r"""Divide the gradient by the mean square of the gradients before it, then take the running mean of that.

    .. math::
        \text{step } 1: &\quad v \leftarrow g^2 \\
        \text{step } t > 1: &\quad
            n = \frac{g}{\max(\sqrt{v}, \varepsilon)}, \qquad
            n \leftarrow \operatorname{clip}(n, -c_t, c_t), \quad c_t = (t - 1)^{1/4} \\
        &\quad m \leftarrow \beta_1 m + (1 - \beta_1)\, n, \qquad
            x \leftarrow x - \mathrm{lr}\, m, \qquad
            v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2

    In Adam a gradient stands above the line and, through v, below it as well: a large one hides itself. Here v knows
    nothing of the gradient that it divides. The first version of the paper has no clip; with the clip, which the
    authors' code switches on, one large gradient is cut down until c_t has grown past it.

    Args:
        lr: learning rate, > 0, in units of x.
        beta1: decay of the mean of divided gradients, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; the smallest divisor. 0 divides by 0 while a coordinate has had no gradient.
        clip: whether n is clipped to ±c_t.

    Cost: two arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: rare, large, informative gradients; where they are drawn independently it converges for every beta2, without
    AMSGrad's maximum.
    Fails: gradients in a fixed order can lead it to the worst point; the first step only measures; without the clip, a
    first gradient that is small by accident makes the next steps long.

    Examples:
        >>> opt = ADOPT(lr=0.1, beta1=0.0)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for g in (2.0, 1.0, 8.0):  # measured; −0.1·½; 8/2 = 4 is clipped to 2^¼ = 1.19
        ...     x, state = opt.update(x, np.array([g]), state)
        ...     print(x.round(3), end=" ")
        [1.] [0.95] [0.831]

    Reference: S. Taniguchi et al., "ADOPT: modified Adam can converge with any β₂ with the optimal rate",
    NeurIPS 2024, Algorithm 2; the clip is of the third version of arXiv:2411.02853.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.9999)
    eps: Hyper = nonnegative(1e-6)
    clip: bool = flag(True)

    memory = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        if s.t == 1:
            return x, s.next(v=g**2)
        n = g / np.maximum(np.sqrt(s.v), self.eps)
        if self.clip:
            limit = (s.t - 1) ** 0.25
            n = np.clip(n, -limit, limit)
        m = self.beta1 * s.m + (1 - self.beta1) * n
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        return x - self.lr * m, s.next(m=m, v=v)
