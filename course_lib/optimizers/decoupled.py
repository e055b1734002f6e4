"""Weight decay beside the step and not in the gradient: AdamW and Lion."""

from __future__ import annotations

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, choice, decay, learning_rate, nonnegative


class AdamW(Optimizer):
    r"""Adam that also shrinks x by a fixed share, past the division that would distort an L2 penalty.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g
            & \hat m &= m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2
            & \hat v &= v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \bigl(\hat m / (\sqrt{\hat v} + \varepsilon) + \lambda x\bigr)

    An L2 penalty in the loss adds λx to g, and Adam then divides it by the gradient's size: weights with large
    gradients are hardly penalised. Here all shrink alike.

    Args:
        lr: learning rate, > 0, in units of x: the change of a coordinate in one step under steady gradients, beside
            the decay. At the default betas it is at most 7.3 lr: 3.2 lr after a long silence, longer where gradients
            grow.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x, so that lr·λ is the share of x lost in one step; in the paper's form
            λ is that share itself.
        form: ``"library"`` as above, which every library uses; ``"paper"`` does not multiply the decay by lr:
            x ← x − η(lr·m̂/(√v̂ + ε) + λx), with η the multiplier of the schedule; ``"corrected"`` is AdamC, which
            multiplies the decay by η once more, lr·λ·η²: for weights that a normalisation follows. It keeps the share
            ‖g‖/‖x‖ at which such a weight settles while the schedule lowers lr.

    Cost: two arrays of the size of x; about fourteen operations per parameter, one of them a root.

    When: the usual choice for transformers, nearly always with a warm-up and a decaying schedule.
    Fails: in the library's form the best λ depends on lr and on the schedule; biases should not be decayed.

    Equal to: Adam for λ = 0; the paper's form with λ, at a constant lr, to the library's with λ/lr; the corrected
    form, at a constant lr, to the library's.

    Examples:
        >>> opt = AdamW(lr=0.1, weight_decay=0.5)
        >>> x = np.array([2.0, 2.0])
        >>> x, state = opt.update(x, np.array([1e-3, 1e3]), opt.init(x))
        >>> print(x.round(4))  # 2 − 0.1(1 + 0.5·2)
        [1.8 1.8]

    Reference: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019, Algorithm 2; the
    corrected form: A. Defazio, "Why gradients rapidly increase near the end of training", arXiv:2506.02285 (2025).
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    weight_decay: Hyper = nonnegative(1e-2, slider=(1e-4, 1.0))
    form: str = choice("library", "paper", "corrected")

    memory = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        eta = self.schedule_factor
        rate = {"library": self.lr, "paper": eta, "corrected": self.lr * eta}[self.form]
        step = self.lr * m_hat / (np.sqrt(v_hat) + self.eps) + rate * self.weight_decay * x
        return x - step, s.next(m=m, v=v)


class Lion(Optimizer):
    r"""Step by the sign of a running mean: every coordinate moves by the same amount.

    .. math::
        x &\leftarrow x - \mathrm{lr}\, \bigl(\operatorname{sign}(\beta_1 m + (1 - \beta_1)\, g) + \lambda x\bigr) \\
        m &\leftarrow \beta_2 m + (1 - \beta_2)\, g

    The rule was found by a program search. Two decays: the step listens more to the newest gradient than the memory
    does.

    Args:
        lr: learning rate, > 0, in units of x: exactly the change of a coordinate; a third to a tenth of Adam's.
        beta1: weight of the memory in the step, in [0, 1).
        beta2: decay of the memory, in [0, 1).
        weight_decay: λ ≥ 0, in units of 1/x; three to ten times AdamW's, since lr is smaller.

    Cost: one array of the size of x; about eight operations per parameter, no root, no division.

    When: large batches, long runs, memory short.
    Fails: never settles without a decaying schedule; with small batches the sign is mostly noise.

    Examples:
        >>> opt = Lion(lr=0.1)
        >>> x = np.array([1.0, 1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1e-3, -1e3, 0.0]), opt.init(x))
        >>> print(x)
        [0.9 1.1 1. ]

    Reference: X. Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023, Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-4)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.99)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))

    memory = ("m",)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        direction = np.sign(self.beta1 * s.m + (1 - self.beta1) * g)
        m = self.beta2 * s.m + (1 - self.beta2) * g
        return x - self.lr * (direction + self.weight_decay * x), s.next(m=m)
