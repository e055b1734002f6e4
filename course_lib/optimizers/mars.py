"""MARS: AdamW on gradients from which part of the noise has been taken out."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, Params, State, each, norm
from .hyper import Hyper, choice, decay, learning_rate, nonnegative


class MARS(Optimizer):
    r"""Add to each gradient what the same batch says has changed since the last point, then step as AdamW does.

    .. math::
        c &= g_t(x_t) + \gamma\, \frac{\beta_1}{1 - \beta_1}\, \bigl(g_t(x_t) - g_t(x_{t-1})\bigr), \qquad
            c \leftarrow c / \max(1, \lVert c \rVert) \\
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, c
            \qquad \hat m = m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, c^2
            \qquad\; \hat v = v / (1 - \beta_2^t) \\
        x &\leftarrow x - \mathrm{lr}\, \bigl(\hat m / (\sqrt{\hat v} + \varepsilon) + \lambda x\bigr)

    Both gradients are of one batch, so that its noise is in both: with γ = 1 and without clip, m is the estimate of
    STORM. In the first step the old gradient counts as 0, as in the authors' code.

    Args:
        lr: learning rate, > 0, in units of x.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        gamma: γ ≥ 0, without a unit, how much of the correction is used.
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ is the share of x lost in one step.
        form: ``"exact"`` as above; ``"approximate"`` puts the last gradient, of the last batch, in the place of
            g_t(x_{t−1}). The authors' code does so unless told otherwise; the noises of two batches
            do not cancel.

    Every array is clipped on its own. The authors' code gives vectors to AdamW: use Partition (approximate form).

    Cost: three arrays of the size of x; in the exact form a second gradient per step, so about twice the time.

    When: exact, with γ near 1, where noise and not curvature limits the step.
    Fails: at the default γ the noise is hardly less; the clip at 1 has a unit, so scaling the loss changes the path.

    Needs the problem in the exact form: there is `step` only, not `update`.

    Equal to: AdamW behind ClipByNorm with limit = 1 for γ = 0.

    Examples:
        >>> opt = MARS(lr=0.1, gamma=1.0, beta1=0.5, form="approximate")
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for g in (0.3, 0.2):  # c = 0.3 + 0.3, then 0.2 − 0.1
        ...     x, state = opt.update(x, np.array([g]), state)
        >>> state.m.round(3)
        array([0.2])

    Reference: H. Yuan, Y. Liu, S. Wu, X. Zhou and Q. Gu, "MARS: unleashing the power of variance reduction for training
    large models", ICML 2025, Algorithm 1.
    """

    lr: Hyper = learning_rate(3e-3)
    beta1: Hyper = decay(0.95)
    beta2: Hyper = decay(0.99)
    gamma: Hyper = nonnegative(0.025, slider=(1e-3, 1.0))
    eps: Hyper = nonnegative(1e-8)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    form: str = choice("exact", "approximate")

    memory = ("m", "v", "last")
    coordinatewise = False
    needs_problem = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "needs_problem", self.form == "exact")

    def update(self, x: Params, g: Params, state: State) -> tuple[Params, State]:
        """Take one step of the approximate form."""
        if self.needs_problem:
            raise TypeError(
                'MARS needs two gradients of a batch: use step(x, state, problem), or form="approximate"'
            )
        return super().update(x, g, state)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Take one step on a problem."""
        g = problem.grad(x, batch)
        if self.form == "exact" and state.t > 1:
            state = _with_last(state, problem.grad(_last(state), batch))
        return self._with(needs_problem=False).update(x, g, state)  # both gradients are there

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array; s.last is the gradient to compare with."""
        c = g + self.gamma * self.beta1 / (1 - self.beta1) * (g - s.last)
        c = c / np.maximum(1, norm(c, s))
        m = self.beta1 * s.m + (1 - self.beta1) * c
        v = self.beta2 * s.v + (1 - self.beta2) * c**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        step = m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * x
        last = x if self.form == "exact" else g
        return x - self.lr * step, s.next(m=m, v=v, last=last.copy())


def _last(state: State) -> Params:
    """Return the last point, from the state of an array or of a dict of them."""
    if "parts" in vars(state):
        return {name: part.last for name, part in state.parts.items()}
    return state.last


def _with_last(state: State, last: Params) -> State:
    """Return the state with other arrays for ``last``."""
    if isinstance(last, dict):
        return State(**vars(state) | {"parts": each(_with_last, state.parts, last)})
    return State(**vars(state) | {"last": last})
