"""Rules that give every coordinate a step of its own: Adagrad and the two that mend its stall."""

from __future__ import annotations

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, decay, learning_rate, nonnegative, number


class Adagrad(Optimizer):
    r"""Divide each coordinate by the root of the sum of its squared gradients so far.

    .. math::
        v &\leftarrow v + g^2 \\
        x &\leftarrow x - \mathrm{lr}\, g / (\sqrt v + \varepsilon)

    A coordinate that rarely has a gradient keeps a large step. optax and Keras start v at 0.1 and put eps = 1e-7
    inside the root, which makes the first steps much shorter.

    Args:
        lr: learning rate, > 0, in units of x: the change of every coordinate in the first step.
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.

    Cost: one array of the size of x; about five operations per parameter, one of them a root.

    When: sparse features, convex problems; its regret is bounded without knowing the scale of the gradients.
    Fails: v only grows, so the step shrinks like 1/√t and may stall far from the minimum.

    Examples:
        >>> opt = Adagrad(lr=0.1)
        >>> x = np.array([1.0, 1.0]); state = opt.init(x)
        >>> for _ in range(2):
        ...     x, state = opt.update(x, np.array([1e-3, 1e3]), state)
        >>> print(x.round(4))  # 1 − 0.1(1 + 1/√2), whatever the size of g
        [0.8293 0.8293]

    Reference: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", JMLR 12 (2011).
    """

    lr: Hyper = learning_rate(1e-2)
    eps: Hyper = nonnegative(1e-10)

    memory = ("v",)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        v = s.v + g**2
        return x - self.lr * g / (np.sqrt(v) + self.eps), s.next(v=v)


class RMSprop(Optimizer):
    r"""Divide each coordinate by the root of its running mean squared gradient.

    .. math::
        v &\leftarrow \beta\, v + (1 - \beta)\, g^2 \\
        x &\leftarrow x - \mathrm{lr}\, g / (\sqrt v + \varepsilon)

    v starts at 0 and is not corrected, so the first step is lr/√(1 − β) long, about three times too long for β = 0.9.
    PyTorch's own default is β = 0.99; optax puts eps inside the root unless told otherwise.

    Args:
        lr: learning rate, > 0, in units of x: about the change of a coordinate in one step.
        beta: decay of the mean square, in [0, 1); 1/(1 − β) steps are remembered.
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.

    Cost: one array of the size of x; about seven operations per parameter, one of them a root.

    When: like Adagrad, but for problems that change under way: recurrent networks, reinforcement learning.
    Fails: with a fixed lr it does not settle: near the minimum every coordinate still moves by about lr.

    Equal to: Adam for β₁ = 0, if its bias correction is left out.

    Examples:
        >>> opt = RMSprop(lr=0.1)
        >>> x = np.array([1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1e-3, 1e3]), opt.init(x))
        >>> print(x.round(4))  # 1 − 0.1/√(1 − 0.9)
        [0.6838 0.6838]

    Reference: T. Tieleman and G. Hinton, "Lecture 6.5 – RMSprop", Coursera: Neural networks for machine learning
    (2012).
    """

    lr: Hyper = learning_rate(1e-3)
    beta: Hyper = decay(0.9)
    eps: Hyper = nonnegative(1e-8)

    memory = ("v",)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        v = self.beta * s.v + (1 - self.beta) * g**2
        return x - self.lr * g / (np.sqrt(v) + self.eps), s.next(v=v)


class Adadelta(Optimizer):
    r"""Scale the gradient by the ratio of two running roots: of past steps over that of past gradients.

    .. math::
        v &\leftarrow \beta\, v + (1 - \beta)\, g^2 \\
        d &= \sqrt{u + \varepsilon} / \sqrt{v + \varepsilon} \; g \\
        u &\leftarrow \beta\, u + (1 - \beta)\, d^2 \\
        x &\leftarrow x - \mathrm{lr}\, d

    The step d has the units of x, as Newton's has: that is the argument for it, and why it needs no lr. PyTorch keeps
    lr = 1, Keras makes it 0.001; optax without a learning rate neither scales d nor turns its sign.

    Args:
        lr: multiplier of the step, > 0, without a unit; 1 in the paper.
        beta: decay of both mean squares, in [0, 1).
        eps: > 0; stands inside both roots, in units of x² in one and of g² in the other. It alone sets the first
            steps: with u = 0 they are about √(eps/(1 − β)) long.

    Cost: two arrays of the size of x; about a dozen operations per parameter, two of them roots.

    When: to see how far one gets without a learning rate.
    Fails: starts very slowly, since u must grow from eps; eps is a learning rate in disguise.

    Examples:
        >>> opt = Adadelta()
        >>> x = np.array([1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1.0, 1e3]), opt.init(x))
        >>> print(1 - x)  # √(1e-6 / 0.05)
        [0.00447209 0.00447214]

    Reference: M. D. Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701 (2012).
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 100.0))
    beta: Hyper = decay(0.95)
    eps: Hyper = number(1e-6, low=0, open_low=True, scale="log", slider=(1e-10, 1e-1))

    memory = ("v", "u")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        v = self.beta * s.v + (1 - self.beta) * g**2
        d = np.sqrt(s.u + self.eps) / np.sqrt(v + self.eps) * g
        u = self.beta * s.u + (1 - self.beta) * d**2
        return x - self.lr * d, s.next(v=v, u=u)
