"""AdEMAMix: a second, very slow mean of the gradients beside the fast one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, count, decay, learning_rate, nonnegative


class AdEMAMix(Optimizer):
    r"""AdamW that also listens to gradients which are thousands of steps old.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g
            & \hat m &= m / (1 - \beta_1^t) \\
        s &\leftarrow \beta_3 s + (1 - \beta_3)\, g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2
            & \hat v &= v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \Bigl(\frac{\hat m + \alpha s}{\sqrt{\hat v} + \varepsilon} + \lambda x\Bigr)

    The slow mean s (``slow`` in the state) is not corrected for its start at zero, so that it comes in by and by. With
    a warm-up of T steps α grows in proportion to t, and β₃ from β₁ so that the half-life of s grows in proportion to t.

    Args:
        lr: learning rate, > 0, in units of x.
        beta1: decay of the fast mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        beta3: decay of the slow mean, in [0, 1); 0.9999 has a half-life of 6,931 steps.
        alpha: ≥ 0, without a unit, weight of the slow mean. The paper tunes 4 … 10.
        warmup: T ≥ 0, in steps; 0 has none. The authors take the whole run.
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ is the share of x lost in one step.

    Cost: three arrays of the size of x; about eighteen operations per parameter, one of them a root.

    When: long runs, where old gradients still say something of the way ahead.
    Fails: short runs, in which the slow mean never comes in; a minimum that moves.
    Without a warm-up the first steps are long.

    Equal to: AdamW for α = 0.

    Examples:
        >>> opt = AdEMAMix(lr=0.1, beta3=0.99, alpha=5.0)
        >>> x = np.array([0.0]); state = opt.init(x)
        >>> for t in range(3):  # Adam would go 0.1 a step; 5·0.1·(1 − 0.99ᵗ) comes in
        ...     x, state = opt.update(x, np.array([-1.0]), state)
        ...     print(x.round(4), end=" ")
        [0.105] [0.2149] [0.3298]

    Reference: M. Pagliardini, P. Ablin and D. Grangier, "The AdEMAMix optimizer: better, faster, older", ICLR 2025,
    Algorithm 1.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    beta3: Hyper = decay(0.9999, slider=(0.0, 0.99999))
    alpha: Hyper = nonnegative(5.0, slider=(0.1, 20.0))
    warmup: int = count(0, low=0, high=5000)
    eps: Hyper = nonnegative(1e-8)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))

    memory = ("m", "slow", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        alpha, beta3 = self.warmed(s.t, x.dtype)
        m = self.beta1 * s.m + (1 - self.beta1) * g
        slow = beta3 * s.slow + (1 - beta3) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        step = (m_hat + alpha * slow) / (np.sqrt(v_hat) + self.eps) + self.weight_decay * x
        return x - self.lr * step, s.next(m=m, slow=slow, v=v)

    def warmed(self, t: int, dtype: Any) -> tuple[Hyper, Hyper]:
        """α and β₃ of step t."""
        if t >= self.warmup:
            return self.alpha, self.beta3
        share = t / self.warmup
        with np.errstate(divide="ignore"):  # β = 0: a half-life of 0
            half_life = (1 - share) / np.log(self.beta1) + share / np.log(self.beta3)  # in units of −log 2
            beta3 = np.exp(1 / half_life)
        return self.alpha * share, beta3.astype(dtype) if np.ndim(beta3) else float(beta3)
