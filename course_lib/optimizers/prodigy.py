"""Prodigy: Adam that estimates its own learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State, inner, ratio
from .hyper import Hyper, choice, decay, learning_rate, nonnegative, number


class Prodigy(Optimizer):
    r"""Adam with the learning rate d, a growing estimate of the distance from the start to the solution.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, d\, g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\, d^2 g^2 \\
        r &\leftarrow \beta_3 r + (1 - \beta_3)\, \mathrm{lr}\, d^2\, \langle g, x_0 - x\rangle, \qquad
        s \leftarrow \beta_3 s + (1 - \beta_3)\, \mathrm{lr}\, d^2 g, \qquad \beta_3 = \sqrt{\beta_2} \\
        x &\leftarrow x - \mathrm{lr}\, d\, m / (\sqrt v + d\, \varepsilon) \\
        d &\leftarrow \max\bigl(d,\; r / \lVert s\rVert_1\bigr)

    There is no bias correction. The inner product and the norm run over all parameters of a model. The released package
    adds the new d times eps to the root.

    Args:
        lr: multiplier of the estimate, > 0, without a unit; leave it at 1 and let a schedule lower it.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g. 0 is 0/0 until a coordinate has had a gradient.
        d0: first estimate, > 0, in units of x; any value well below the distance will do.
        form: ``"paper"`` as above; ``"released"`` divides by √v plus the new d times eps.

    Cost: four arrays of the size of x (m, v, s and the start); about twenty operations per parameter and two sums
        over all.

    When: nobody has time to tune lr.
    Fails: d never shrinks, so one overestimate stays; needs a decaying schedule to settle.

    Examples:
        >>> opt = Prodigy()
        >>> x = np.array([3.0, 1.0]); state = opt.init(x)
        >>> for _ in range(100):
        ...     x, state = opt.update(x, x * [0.1, 1.0], state)
        >>> print(state.d > 1e4 * opt.d0)
        True

    Reference: K. Mishchenko and A. Defazio, "Prodigy: an expeditiously adaptive parameter-free learner", ICML 2024,
    Algorithm 4.
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 10.0))
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    d0: Hyper = number(1e-6, low=0, open_low=True, scale="log", slider=(1e-8, 1e-1))
    form: str = choice("paper", "released")

    scope = "all"
    coordinatewise = False
    memory = ("m", "v", "s")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Zeros, the starting point, r and the estimate d."""
        runs = x.shape[x.ndim - grid :]
        d = np.broadcast_to(self.d0, runs).astype(x.dtype)
        return {**super().start(x, grid), "x0": x.copy(), "r": np.zeros(runs, x.dtype), "d": d}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for all parameters."""
        d, beta3 = s.d, self.beta2**0.5
        m = self.beta1 * s.m + (1 - self.beta1) * d * g
        v = self.beta2 * s.v + (1 - self.beta2) * d**2 * g**2
        r = beta3 * s.r + (1 - beta3) * self.lr * d**2 * inner(g, s.x0 - x, s)
        total = beta3 * s.s + (1 - beta3) * self.lr * d**2 * g
        d_next = np.maximum(d, ratio(r, np.sum(np.abs(total), axis=tuple(range(x.ndim - s.grid)))))
        eps = self.eps * (d if self.form == "paper" else d_next)
        x = x - self.lr * d * m / (np.sqrt(v) + eps)
        return x, s.next(m=m, v=v, s=total, r=r, d=d_next)
