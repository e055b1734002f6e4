"""Adam and what was made of it: AdaMax, Nadam, AMSGrad, RAdam."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State, ratio
from .hyper import Hyper, choice, decay, flag, learning_rate, nonnegative, number


class Adam(Optimizer):
    r"""Step along the running mean of the gradient, each coordinate divided by the root of its running mean square.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g
            & \hat m &= m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2
            & \hat v &= v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \hat m / (\sqrt{\hat v} + \varepsilon)

    Args:
        lr: learning rate, > 0, in units of x: the change of a coordinate in one step under steady gradients. At the
            default betas a step is at most 7.3 lr: 3.2 lr after a long silence, longer where gradients grow.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.

    Cost: two arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: badly scaled or sparse gradients. lr has to be tuned; more values of it are good enough than with SGD.
    Fails: rare large gradients under a short memory (see AMSGrad); an L2 penalty in g is rescaled with it (see AdamW).

    Equal to: AdamW for λ = 0; RMSprop for β₁ = 0, if the bias correction is left out.

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


class AdaMax(Optimizer):
    r"""Adam with the largest recent gradient of each coordinate in place of its root mean square.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
        u &\leftarrow \max(\beta_2\, u,\; |g| + \varepsilon) \\
        x &\leftarrow x - \frac{\mathrm{lr}}{1 - \beta_1^t}\, m / u

    A maximum needs no bias correction. The paper has no eps; PyTorch adds it inside the maximum, as here, Keras to u.

    Args:
        lr: learning rate, > 0, in units of x: no coordinate changes by more than this in one step under steady g.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the maximum, in [0, 1).
        eps: ≥ 0, in units of g; 0 is the paper's form (a coordinate without any gradient so far does not move).

    Cost: two arrays of the size of x; about eight operations per parameter, no root.

    When: gradients with rare large values, sparse embeddings.
    Fails: one outlier shortens the steps for about 1/(1 − β2) steps.

    Examples:
        >>> opt = AdaMax(lr=0.1, eps=0)
        >>> x = np.array([1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1e-3, 0.0]), opt.init(x))
        >>> print(x)
        [0.9 1. ]

    Reference: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015, Algorithm 2.
    """

    lr: Hyper = learning_rate(2e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)

    memory = ("m", "u")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        u = np.maximum(self.beta2 * s.u, np.abs(g) + self.eps)
        return x - self.lr / (1 - self.beta1**s.t) * ratio(m, u), s.next(m=m, u=u)


class Nadam(Optimizer):
    r"""Adam whose mean looks one step ahead, as Nesterov's momentum does.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad \hat v = v / (1 - \beta_2^t) \\
        \mu_t &= \beta_1 (1 - \tfrac12 \cdot 0.96^{\,0.004\, t}) \\
        \bar m &= \mu_{t+1}\, m / (1 - \textstyle\prod_{i \le t+1} \mu_i)
            + (1 - \mu_t)\, g / (1 - \prod_{i \le t} \mu_i) \\
        x &\leftarrow x - \mathrm{lr}\, \bar m / (\sqrt{\hat v} + \varepsilon)

    This is PyTorch's rule. In Dozat's paper m decays by μ_t as well, so that the products are just what m has gathered.
    Survey texts often print both terms of the mixture divided by 1 − β₁ᵗ: one more rule. Keras drops the 0.004.

    Args:
        lr: learning rate, > 0, in units of x: the change of a coordinate in one step under steady gradients. At the
            default betas a step is at most 14.6 lr: 14.2 lr after 1,900 silent steps, when μ is
            0.57. (Later on 8.4 and 6.0.)
        beta1: decay of the mean and end value of μ, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        momentum_schedule: ``"dozat"`` lets μ grow from β₁/2 to β₁ as above (PyTorch); ``"constant"`` keeps μ = β₁, so
            that the products are β₁ᵗ⁺¹ and β₁ᵗ (optax).

    Cost: two arrays of the size of x; about fifteen operations per parameter, one of them a root.

    When: like Adam; often a little faster at the beginning.
    Fails: where Adam fails.

    Examples:
        >>> opt = Nadam(lr=0.1, momentum_schedule="constant")
        >>> x = np.array([1.0])
        >>> x, state = opt.update(x, np.array([5.0]), opt.init(x))
        >>> print(x.round(4))  # 1 − 0.1(0.9·0.1/(1 − 0.81) + 1)
        [0.8526]

    Reference: T. Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016.
    """

    lr: Hyper = learning_rate(2e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    momentum_schedule: str = choice("dozat", "constant")

    memory = ("m", "v")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros, and the product of the momenta so far."""
        return {**super().start(x, grid), "product": 1.0}

    def mu(self, t: int) -> Hyper:
        """The momentum of step t."""
        return (
            self.beta1 * (1 - 0.5 * 0.96 ** (0.004 * t)) if self.momentum_schedule == "dozat" else self.beta1
        )

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        mu, mu_next = self.mu(s.t), self.mu(s.t + 1)
        product = s.product * mu
        m_bar = mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product)
        v_hat = v / (1 - self.beta2**s.t)
        return x - self.lr * m_bar / (np.sqrt(v_hat) + self.eps), s.next(m=m, v=v, product=product)


class AMSGrad(Optimizer):
    r"""Adam that divides by the largest mean square so far, so that the step can never grow again.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad v_{\max} \leftarrow \max(v_{\max}, v) \\
        x &\leftarrow x - \mathrm{lr}\, m / (\sqrt{v_{\max}} + \varepsilon)

    The paper has no bias correction. PyTorch corrects m and v_max; optax takes the maximum of the corrected v, which is
    another algorithm.

    Args:
        lr: learning rate, > 0, in units of x.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        bias_correction: whether m and v_max are divided by 1 − βᵗ (PyTorch's form).

    Cost: three arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: rare, large, informative gradients, on which Adam can go to the worst point.
    Fails: one outlier shortens the steps for ever; in practice seldom better than Adam.

    Equal to: Adam, with bias_correction, as long as the squared gradients grow.

    Examples:
        >>> opt = AMSGrad(lr=0.1, beta2=0.99)
        >>> x = np.array([1.0])
        >>> x, state = opt.update(x, np.array([5.0]), opt.init(x))
        >>> print(x)  # 1 − 0.1·0.1·5/√(0.01·25): the two missing corrections do cancel here
        [0.9]

    Reference: S. J. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    bias_correction: bool = flag(False)

    memory = ("m", "v", "v_max")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        v_max = np.maximum(s.v_max, v)
        m_hat, v_hat = m, v_max
        if self.bias_correction:
            m_hat, v_hat = m / (1 - self.beta1**s.t), v_max / (1 - self.beta2**s.t)
        return x - self.lr * m_hat / (np.sqrt(v_hat) + self.eps), s.next(m=m, v=v, v_max=v_max)


class RAdam(Optimizer):
    r"""Adam that waits with dividing until its mean square rests on enough steps, and then trusts it by degrees.

    .. math::
        \rho_\infty &= \frac{2}{1 - \beta_2} - 1, \qquad
        \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1 - \beta_2^t} \\
        r_t &= \sqrt{\frac{(\rho_t - 4)(\rho_t - 2)\,\rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2)\,\rho_t}} \\
        x &\leftarrow x - \mathrm{lr}\,
            \begin{cases} r_t\, \hat m / (\sqrt{\hat v} + \varepsilon) & \rho_t > 4 \\ \hat m & \text{else}
            \end{cases}

    with Adam's corrected averages m̂ and v̂. PyTorch has the threshold 5 and adds eps to the uncorrected root of v.

    Args:
        lr: learning rate, > 0, in units of x – but in the first steps, which are plain momentum, of x²/loss.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1); at 0.6 or below the division is never trusted.
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        threshold: ≥ 4, without a unit, the number of steps ρ that the mean square must rest on; 5 in PyTorch.

    Cost: two arrays of the size of x; about a dozen operations per parameter, one of them a root.

    When: in place of a warm-up for Adam.
    Fails: the first, undivided steps are as long as the gradient: a steep start can throw x far away.

    Examples:
        >>> opt = RAdam(lr=0.1)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for t in range(5):  # four steps of momentum, then the first rectified one
        ...     x, state = opt.update(x, np.array([1.0]), state)
        ...     print(x.round(3), end=" ")
        [0.9] [0.8] [0.7] [0.6] [0.598]

    Reference: L. Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020, Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    threshold: Hyper = number(4.0, low=4, slider=(4.0, 6.0))

    memory = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        rectified, r = self.rectification(s.t)
        step = np.where(rectified, r.astype(x.dtype) * m_hat / (np.sqrt(v_hat) + self.eps), m_hat)
        return x - self.lr * step, s.next(m=m, v=v)

    def rectification(self, t: int) -> tuple[np.ndarray, np.ndarray]:
        """Whether step t divides, and r_t (1 where it does not)."""
        beta2 = np.asarray(self.beta2, float)  # rho is a small difference of large numbers: not for float32
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
        rectified = rho > self.threshold
        above, below = (rho - 4) * (rho - 2) * rho_inf, (rho_inf - 4) * (rho_inf - 2) * rho
        return rectified, np.sqrt(np.where(rectified, ratio(above, below), 1.0))
