"""From Adam to SGD: AdaBound and AMSBound by closing bounds, SWATS by one switch."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from .base import Optimizer, State, inner, ratio
from .hyper import Hyper, decay, learning_rate, nonnegative, number


class AdaBound(Optimizer):
    r"""Adam whose step per coordinate is clipped between two bounds that close upon one learning rate.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2 \\
        \ell_t &= \mathrm{final\_lr}\, \Bigl(1 - \frac{1}{\gamma t + 1}\Bigr), \qquad
        u_t = \mathrm{final\_lr}\, \Bigl(1 + \frac{1}{\gamma t}\Bigr) \\
        x &\leftarrow x - \operatorname{clip}\Bigl(\frac{\mathrm{lr}\,\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
            \cdot \frac{1}{\sqrt v + \varepsilon},\; \ell_t,\; u_t\Bigr)\, m

    This is the authors' released code. The box in their paper has no bias correction and divides the rate by √t.

    Args:
        lr: learning rate of the Adam-like beginning, > 0, in units of x.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; added to the uncorrected root. 0 is a division by 0 until there has been a gradient.
        final_lr: learning rate of the SGD-like end, > 0, in units of x²/loss; scaled by the schedule like lr.
        gamma: how fast the bounds close, > 0, in units of 1/step.

    Cost: two arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: Adam's fast start is wanted together with SGD's end.
    Fails: the end is momentum at final_lr, which must be tuned as for SGD.

    Equal to: Adam for γ → 0; Momentum in its average form, with final_lr, for γ → ∞.

    Examples:
        >>> opt = AdaBound(lr=0.1, final_lr=0.5, gamma=1e6)  # the bounds have closed
        >>> x = np.array([1.0])
        >>> x, state = opt.update(x, np.array([2.0]), opt.init(x))
        >>> print(x.round(4))  # 1 − 0.5·(0.1·2)
        [0.9]

    Reference: L. Luo, Y. Xiong, Y. Liu and X. Sun, "Adaptive gradient methods with dynamic bound of learning rate",
    ICLR 2019, Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    final_lr: Hyper = learning_rate(0.1)
    gamma: Hyper = number(1e-3, low=0, open_low=True, scale="log", slider=(1e-4, 1.0))

    memory: ClassVar[tuple[str, ...]] = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        return x - self.rate(v, s.t) * m, s.next(m=m, v=v)

    def rate(self, v: np.ndarray, t: Any) -> np.ndarray:
        """Adam's learning rate of every coordinate, between the bounds of step t."""
        return np.clip(self.adam_rate(v, t), *self.bounds(t))

    def adam_rate(self, v: np.ndarray, t: Any) -> np.ndarray:
        """Adam's learning rate of every coordinate: what stands before m."""
        return self.lr * (1 - self.beta2**t) ** 0.5 / (1 - self.beta1**t) / (np.sqrt(v) + self.eps)

    def bounds(self, t: Any) -> tuple[Any, Any]:
        """The lower and the upper bound of step t, a number or an array of them."""
        return self.final_lr * (1 - 1 / (self.gamma * t + 1)), self.final_lr * (1 + 1 / (self.gamma * t))


class AMSBound(AdaBound):
    r"""AdaBound with AMSGrad's maximum in place of the mean square.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad
        v_{\max} \leftarrow \max(v_{\max}, v) \\
        x &\leftarrow x - \operatorname{clip}\Bigl(\frac{\mathrm{lr}\,\sqrt{1 - \beta_2^t}}{1 - \beta_1^t}
            \cdot \frac{1}{\sqrt{v_{\max}} + \varepsilon},\; \ell_t,\; u_t\Bigr)\, m

    with AdaBound's bounds.

    Args:
        lr: learning rate of the Adam-like beginning, > 0, in units of x.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; added to the uncorrected root. 0 is a division by 0 until there has been a gradient.
        final_lr: learning rate of the SGD-like end, > 0, in units of x²/loss; scaled by the schedule like lr.
        gamma: how fast the bounds close, > 0, in units of 1/step.

    Cost: three arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: as AdaBound, with rare large gradients.
    Fails: as AdaBound.

    Equal to: Momentum in its average form, with final_lr, for γ → ∞.

    Examples:
        >>> opt = AMSBound(lr=0.1, gamma=1e-9)  # the bounds are wide open
        >>> x = np.array([1.0])
        >>> x, state = opt.update(x, np.array([2.0]), opt.init(x))
        >>> print(x.round(4))
        [0.9]

    Reference: L. Luo, Y. Xiong, Y. Liu and X. Sun, "Adaptive gradient methods with dynamic bound of learning rate",
    ICLR 2019.
    """

    memory = ("m", "v", "v_max")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        v_max = np.maximum(s.v_max, v)
        return x - self.rate(v_max, s.t) * m, s.next(m=m, v=v, v_max=v_max)


class SWATS(Optimizer):
    r"""Adam that measures which learning rate SGD would need to go as far, and becomes SGD once that has settled.

    .. math::
        p &= -\mathrm{lr}\, \frac{\sqrt{1 - \beta_2^k}}{1 - \beta_1^k} \cdot \frac{m}{\sqrt v + \varepsilon},
        \qquad x \leftarrow x + p \\
        \gamma &= \frac{p^\top p}{-p^\top g}, \qquad \lambda \leftarrow \beta_2 \lambda + (1 - \beta_2)\, \gamma
        \qquad (\text{where } p^\top g \ne 0) \\
        &\text{if } k > 1 \text{ and } |\lambda / (1 - \beta_2^k) - \gamma| < \varepsilon: \quad
        \Lambda = \lambda / (1 - \beta_2^k),\; m = 0 \\
        \text{from then on}\quad m &\leftarrow \beta_1 m + g, \qquad x \leftarrow x - (1 - \beta_1)\, \Lambda\, m

    with Adam's averages m and v before the switch. The inner products run over all parameters of a model.

    Args:
        lr: learning rate of the Adam phase, > 0, in units of x.
        beta1: decay of the mean, in [0, 1), also SGD's momentum.
        beta2: decay of the mean square and of λ, in [0, 1).
        eps: ≥ 0; in the division in units of g, added to the uncorrected root, and at once how closely γ must agree
            with its average. 0 never switches (and is 0/0 until there has been a gradient).

    Cost: two arrays of the size of x; about a dozen operations per parameter and two inner products over all.

    When: Adam's fast start with SGD's generalisation, without choosing the moment or the second learning rate.
    Fails: γ jumps about under noise, so the switch may never come, or by chance; nothing keeps Λ from being negative.

    Examples:
        >>> opt = SWATS(lr=0.1)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for _ in range(3):  # a steady gradient: γ = lr/g, and the second step settles it
        ...     x, state = opt.update(x, np.array([2.0]), state)
        ...     print(x.round(3), state.Lambda.round(3))
        [0.9] 0.0
        [0.8] 0.05
        [0.79] 0.05

    Reference: N. S. Keskar and R. Socher, "Improving generalization performance by switching from Adam to SGD",
    arXiv:1712.07628 (2017), Algorithm 1.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-9)

    scope = "all"
    coordinatewise = False
    memory = ("m", "v")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros, the average λ, and SGD's learning rate Λ, which is 0 until the switch."""
        zero = np.zeros(x.shape[x.ndim - grid :], x.dtype)
        return {**super().start(x, grid), "average": zero, "Lambda": zero}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for all parameters: of Adam where Λ is still 0, else of SGD."""
        sgd = s.Lambda != 0
        m = np.where(sgd, self.beta1 * s.m + g, self.beta1 * s.m + (1 - self.beta1) * g)
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        rate = self.lr * (1 - self.beta2**s.t) ** 0.5 / (1 - self.beta1**s.t)
        p = -rate * m / (np.sqrt(v) + self.eps)
        average, Lambda = self.measure(p, g, s)
        x = np.where(sgd, x - self.schedule_factor * (1 - self.beta1) * s.Lambda * m, x + p)
        m = np.where(Lambda != s.Lambda, 0, m)
        return x, s.next(m=m, v=v, average=average, Lambda=Lambda)

    def measure(self, p: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, np.ndarray]:
        """The average of SGD's learning rate γ, and Λ if it has settled in this step."""
        downhill = -inner(p, g, s)
        gamma = ratio(
            inner(p, p, s), downhill * self.schedule_factor
        )  # the schedule's multiplier is not part of it
        average = np.where(downhill != 0, self.beta2 * s.average + (1 - self.beta2) * gamma, s.average)
        estimate = average / (1 - self.beta2**s.t)
        settled = (s.Lambda == 0) & (downhill != 0) & (s.t > 1) & (np.abs(estimate - gamma) < self.eps)
        return average, np.where(settled, estimate, s.Lambda)
