"""Sophia."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import curvature
from .base import Optimizer, Params, State
from .hyper import Hyper, choice, count, decay, learning_rate, nonnegative, number
from .plumbing import require


class Sophia(Optimizer):
    r"""Divide the mean gradient by a mean of the Hessian's diagonal, and clip each coordinate of the step.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g \\
        h &\leftarrow \beta_2 h + (1 - \beta_2)\, \hat h \qquad \text{at } t = 1, 1 + \mathrm{every}, \dots \\
        x &\leftarrow x - \mathrm{lr}\, \mathrm{weight\_decay}\, x \\
        x &\leftarrow x - \mathrm{lr}\, \operatorname{clip}\bigl(m / \max(\gamma h, \varepsilon),\; 1\bigr)

    The estimate of the diagonal costs one more gradient or two, so it is made only now and then:

    .. math::
        \text{Hutchinson: } \hat h &= u \odot H u, \quad u \sim \mathcal N(0, I) \\
        \text{Gauss–Newton–Bartlett: } \hat h &= B\; \hat g \odot \hat g,
            \quad \hat g \text{ with labels drawn from the model}

    Where the curvature is negative or small the clip decides and the step is lr·sign(m), like Lion's; where it is
    large the step is lr/γ times Newton's, coordinate by coordinate.

    Args:
        lr: learning rate, > 0, in units of x: the largest change of a coordinate in one step, beside the decay.
        beta1: decay of the mean gradient, in [0, 1).
        beta2: decay of the mean curvature, in [0, 1).
        gamma: γ, > 0, in units of x: the smaller, the more coordinates are clipped. 0.01 goes with Hutchinson, 0.05
            with the other.
        eps: > 0, in units of g, as γh is.
        weight_decay: ≥ 0, in units of 1/x; lr·weight_decay is the share of x lost in one step. Not part of g.
        every: steps between two estimates, ≥ 1.
        estimator: ``"hutchinson"``, or ``"gauss_newton_bartlett"`` (needs a problem with ``sampled``, such as `MLP`).
        seed: of the random draws, ≥ 0; a step's draws depend on the seed and on t only.

    `update` alone steps with the h that the state holds, and never renews it: use `step`. Libraries differ from the
    paper: optax corrects the bias of m and renews h after the step, pytorch_optimizer has no γ.

    Cost: two arrays of the size of x; one Hessian–vector product (or gradient of B examples) every few steps.

    When: language models, in the paper half the steps of AdamW.
    Fails: lr and γ must be tuned together; early estimates are averaged from zero, so the first steps are mere signs.

    Examples:
        >>> opt = Sophia(lr=0.1, gamma=1.0, beta1=0.0)
        >>> x = np.zeros(2)
        >>> state = opt.init(x).next(h=np.array([100.0, -5.0]))  # a Hessian put there by hand
        >>> x, state = opt.update(x, np.array([1.0, 1.0]), state)
        >>> print(x)  # lr/γ = a tenth of Newton's step along the first, the sign along the second
        [-0.001 -0.1  ]

    Reference: H. Liu, Z. Li, D. Hall, P. Liang and T. Ma, "Sophia: a scalable stochastic second-order optimizer for
    language model pre-training", ICLR 2024, Algorithm 3.
    """

    lr: Hyper = learning_rate(1e-4)
    beta1: Hyper = decay(0.965)
    beta2: Hyper = decay(0.99)
    gamma: Hyper = number(0.01, low=0, open_low=True, scale="log", slider=(1e-4, 1e1))
    eps: Hyper = number(1e-12, low=0, open_low=True, scale="log", slider=(1e-12, 1e-1))
    weight_decay: Hyper = nonnegative(0.0)
    every: int = count(10, high=50)
    estimator: str = choice("hutchinson", "gauss_newton_bartlett")
    seed: int = count(0, low=0, high=20)

    memory = ("m", "h")
    scope = "all"
    coordinatewise = False
    needs_problem = True

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step with the curvature h that the state holds."""
        m = self.beta1 * s.m + (1 - self.beta1) * g
        x = x - self.lr * self.weight_decay * x
        return x - self.lr * np.clip(m / np.maximum(self.gamma * s.h, self.eps), -1, 1), s.next(m=m)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Renew h if it is time, then step with the gradient at x."""
        if (state.t - 1) % self.every == 0:
            now = self.typed(state.h)
            h_hat = now.estimate(x, state, problem, batch).reshape(state.h.shape)
            h = now.beta2 * state.h + (1 - now.beta2) * h_hat
            state = State(**(vars(state) | {"h": h}))
        return self.update(x, problem.grad(x, batch), state)

    def estimate(self, x: Params, state: State, problem: Any, batch: Any = None) -> np.ndarray:
        """Return an estimate of the Hessian's diagonal at x, ``(N, *grid)``; all runs of a grid share the draws."""
        rng, grid = np.random.default_rng([self.seed, state.t]), state.grid
        point = curvature.flat(x, grid)
        if self.estimator == "hutchinson":
            u = rng.standard_normal((len(point), *(1,) * grid)).astype(point.dtype) * np.ones_like(point)
            return u * curvature.flat(
                curvature.hvp(problem, x, curvature.like(u, x, grid), batch, grid), grid
            )
        asking = 'Sophia: estimator "gauss_newton_bartlett"'
        require(problem, "sampled(params, batch, rng)", by=asking, such_as="MLP")
        drawn = problem.sampled(x, batch, rng)
        return len(drawn) * curvature.flat(problem.grad(x, drawn), grid) ** 2
