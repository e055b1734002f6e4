"""Adam."""

from __future__ import annotations

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, decay, learning_rate, nonnegative


class Adam(Optimizer):
    r"""Step along the running mean of the gradient, each coordinate divided by the root of its running mean square.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g
            & \hat m &= m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2
            & \hat v &= v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \hat m / (\sqrt{\hat v} + \varepsilon)

    Args:
        lr: learning rate, > 0, in units of x: about the largest change of a coordinate in one step.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root.

    Cost: two arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: badly scaled or sparse gradients, little time to tune.
    Fails: rare large gradients under a short memory (see AMSGrad); an L2 penalty in g is rescaled with it (see AdamW).

    Examples:
        >>> opt = Adam(lr=0.1)
        >>> x = np.array([1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1e-3, 1e3]), opt.init(x))
        >>> print(x.round(5))  # the first step is lr·sign(g), whatever the size of g
        [0.9 0.9]

    Reference: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 1.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)

    memory = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), s.next(m=m, v=v)
