"""An average in place of a schedule: Schedule-Free SGD and AdamW."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State, ratio
from .hyper import Hyper, choice, decay, learning_rate, nonnegative


class ScheduleFreeSGD(Optimizer):
    r"""Step z along gradients taken between z and the average x of all z; x is the answer.

    .. math::
        y &= (1 - \beta)\, z + \beta\, x, \qquad g = \nabla f(y) \\
        z &\leftarrow z - \mathrm{lr}_t\, (g + \lambda y) \\
        x &\leftarrow x + c\, (z - x), \qquad c = \mathrm{lr}_t^2 / \textstyle\sum_{i \le t} \mathrm{lr}_i^2

    The parameters here are the average x; libraries keep y and must be switched to evaluation mode to see x. A
    schedule (a warm-up is recommended) sets lr_t.

    Args:
        lr: learning rate, > 0, in units of x²/loss; larger than plain SGD likes.
        beta: how far the gradient is taken towards the average, in [0, 1); 0 is SGD with its averaged output.
        weight_decay: λ ≥ 0, in units of g/x, taken at y.

    Cost: one array of the size of x; about eight operations per parameter.

    When: the length of the run is not known beforehand; the average makes a decaying schedule unnecessary.
    Fails: batch normalisation needs its statistics recomputed at x; the average lags on long curved valleys.

    Examples:
        >>> opt = ScheduleFreeSGD(lr=0.5, beta=0.9)
        >>> x = np.array([1.0]); state = opt.init(x)
        >>> for _ in range(2):  # z goes to 0.5 and 0, x is their average
        ...     x, state = opt.update(x, np.array([1.0]), state)
        >>> x, state.z, opt.query(x, state).round(3)
        (array([0.25]), array([0.]), array([0.225]))

    Reference: A. Defazio et al., "The road less scheduled", NeurIPS 2024.
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-3, 10.0))
    beta: Hyper = decay(0.9)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-6, 1e-1))

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Z begins at x; the sum of lr² at 0."""
        return {"z": x.copy(), "total": np.zeros(x.shape[x.ndim - grid :], x.dtype)}

    def rule_query(self, x: np.ndarray, s: State) -> np.ndarray:
        """The point y between z and the average."""
        return (1 - self.beta) * s.z + self.beta * x

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array, with g taken at y."""
        y = self.rule_query(x, s)
        z = s.z - self.lr * (g + self.weight_decay * y)
        total = s.total + self.lr**2
        c = ratio(self.lr**2, total)
        return x + c * (z - x), s.next(z=z, total=total)


class ScheduleFreeAdamW(Optimizer):
    r"""Schedule-Free with steps scaled as Adam's, the average taking the place of Adam's mean gradient.

    .. math::
        y &= (1 - \beta_1)\, z + \beta_1 x, \qquad g = \nabla f(y) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2, \qquad \hat v = v / (1 - \beta_2^t) \\
        z &\leftarrow z - \mathrm{lr}_t\, \bigl(g / (\sqrt{\hat v} + \varepsilon) + \lambda y\bigr) \\
        x &\leftarrow x + c\, (z - x), \qquad c = \mathrm{lr}_t^2 / \textstyle\sum_{i \le t} \mathrm{lr}_i^2

    Args:
        lr: learning rate, > 0, in units of x; one to ten times AdamW's.
        beta1: how far the gradient is taken towards the average, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x, taken at y.
        form: ``"released"`` as above, the authors' package; ``"paper"`` divides by √v + ε and makes lr_t the one
            multiplied by √(1 − β₂ᵗ), which then also weighs the average.

    Cost: two arrays of the size of x; about fourteen operations per parameter, one of them a root.

    When: AdamW without a decaying schedule; it won the AlgoPerf self-tuning track of 2024.
    Fails: as Schedule-Free SGD; wants a warm-up.

    Examples:
        >>> opt = ScheduleFreeAdamW(lr=0.1)
        >>> x = np.array([1.0, 1.0])
        >>> x, state = opt.update(x, np.array([1e-3, 1e3]), opt.init(x))
        >>> print(x.round(4))
        [0.9 0.9]

    Reference: A. Defazio et al., "The road less scheduled", NeurIPS 2024, Algorithm 1.
    """

    lr: Hyper = learning_rate(2.5e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-8)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    form: str = choice("released", "paper")

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """Z begins at x; v and the sum of lr² at 0."""
        return {"z": x.copy(), "v": np.zeros_like(x), "total": np.zeros(x.shape[x.ndim - grid :], x.dtype)}

    def rule_query(self, x: np.ndarray, s: State) -> np.ndarray:
        """The point y between z and the average."""
        return (1 - self.beta1) * s.z + self.beta1 * x

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array, with g taken at y."""
        y = self.rule_query(x, s)
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        lr, v_hat = self.lr, v / (1 - self.beta2**s.t)
        if self.form == "paper":
            lr, v_hat = self.lr * (1 - self.beta2**s.t) ** 0.5, v
        z = s.z - lr * (g / (np.sqrt(v_hat) + self.eps) + self.weight_decay * y)
        total = s.total + lr**2
        c = ratio(lr**2, total)
        return x + c * (z - x), s.next(z=z, v=v, total=total)
