"""Gradient descent and its two forms with momentum."""

from __future__ import annotations

import numpy as np

from .base import Optimizer, State
from .hyper import Hyper, choice, decay, learning_rate


class GradientDescent(Optimizer):
    r"""Step against the gradient.

    .. math:: x \leftarrow x - \mathrm{lr}\, g

    With the gradient of a mini-batch for g this is stochastic gradient descent; the rule is the same.

    Args:
        lr: learning rate, > 0, in units of x²/loss. On a quadratic with largest curvature L it must stay below 2/L.

    Cost: no memory, one multiplication and one subtraction per parameter.

    When: the baseline of every comparison; well tuned and with a schedule, often hard to beat.
    Fails: on ill-conditioned problems it zig-zags across the steep direction while crawling along the flat one.

    Examples:
        >>> opt = GradientDescent(lr=0.1)
        >>> x = np.array([1.0, 2.0])
        >>> x, state = opt.update(x, 2 * x, opt.init(x))
        >>> x
        array([0.8, 1.6])

    Reference: A. Cauchy, "Méthode générale pour la résolution des systèmes d'équations simultanées",
    Comptes rendus 25 (1847); stochastic: H. Robbins and S. Monro, "A stochastic approximation method", Ann. Math.
    Stat. 22 (1951).
    """

    lr: Hyper = learning_rate(1e-2)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        return x - self.lr * g, s.next()


SGD = GradientDescent
"""Stochastic gradient descent: the same rule, fed with the gradient of a mini-batch."""


class Momentum(Optimizer):
    r"""Step along a running sum of gradients: the heavy ball.

    .. math::
        m &\leftarrow \beta\, m + g \\
        x &\leftarrow x - \mathrm{lr}\, m

    Under a steady gradient m grows to g/(1 − β), so the step grows to lr/(1 − β) times the gradient; under a
    gradient that flips its sign at every step it shrinks to g/(1 + β).

    Args:
        lr: learning rate, > 0, in units of x²/loss. On a quadratic with largest curvature L it must stay below
            2(1 + β)/L.
        beta: decay of the velocity, in [0, 1).
        form: ``"sum"`` as above; ``"average"`` weighs the gradient, m ← βm + (1 − β)g.

    Cost: one array of the size of x; two multiplications and two additions per parameter.

    When: nearly always better than plain gradient descent, and much better on long valleys.
    Fails: β near 1 overshoots and rings; lr and β must be tuned together.

    Equal to: GradientDescent for β = 0; the average form with lr to the sum form with lr·(1 − β).

    Examples:
        >>> opt = Momentum(lr=0.1, beta=0.9)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for _ in range(3):
        ...     x, state = opt.update(x, np.array([1.0]), state)
        >>> x, state.m
        (array([0.439]), array([2.71]))

    Reference: B. T. Polyak, "Some methods of speeding up the convergence of iteration methods", USSR Computational
    Mathematics and Mathematical Physics 4 (1964).
    """

    lr: Hyper = learning_rate(1e-2)
    beta: Hyper = decay(0.9)
    form: str = choice("sum", "average")

    memory = ("m",)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        weight = 1 if self.form == "sum" else 1 - self.beta
        m = self.beta * s.m + weight * g
        return x - self.lr * m, s.next(m=m)


class Nesterov(Optimizer):
    r"""Momentum that looks ahead: the gradient is taken where the velocity is about to carry x.

    .. math::
        g &= \nabla f(x - \mathrm{lr}\,\beta\, m) \\
        m &\leftarrow \beta\, m + g \\
        x &\leftarrow x - \mathrm{lr}\, m

    PyTorch and optax store the look-ahead point y = x − lr·β·m instead of x and step y ← y − lr(g + βm); for a
    constant lr the two are the same method seen from two places.

    Args:
        lr: learning rate, > 0, in units of x²/loss.
        beta: decay of the velocity, in [0, 1).

    Cost: one array of the size of x; three multiplications and three additions per parameter.

    When: like Momentum, with less overshoot; the accelerated rate holds for convex problems with β raised over time.
    Fails: noise in the gradient eats the advantage over Momentum.

    Equal to: GradientDescent for β = 0.

    Examples:
        >>> opt = Nesterov(lr=0.1, beta=0.9)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> x, state = opt.update(x, np.array([1.0]), state)
        >>> x, opt.query(x, state)
        (array([0.9]), array([0.81]))

    Reference: Y. Nesterov, "A method for solving the convex programming problem with convergence rate O(1/k²)",
    Soviet Math. Dokl. 27 (1983); in this form I. Sutskever et al., "On the importance of initialization and
    momentum in deep learning", ICML 2013.
    """

    lr: Hyper = learning_rate(1e-2)
    beta: Hyper = decay(0.9)

    memory = ("m",)

    def rule_query(self, x: np.ndarray, s: State) -> np.ndarray:
        """The look-ahead point."""
        return x - self.lr * self.beta * s.m

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array, with g taken at the look-ahead point."""
        m = self.beta * s.m + g
        return x - self.lr * m, s.next(m=m)
