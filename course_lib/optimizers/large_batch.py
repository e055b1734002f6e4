"""A step for every layer in proportion to its weights: LARS and LAMB, made for very large batches."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, Params, State, norm, ratio
from .hyper import Hyper, decay, learning_rate, nonnegative, number


def trust_ratios(opt: LARS | LAMB, x: Params, g: Params, state: State) -> Any:
    """Return what each array's learning rate would be multiplied by in the coming step.

    Args:
        opt: LARS (its ratio has the factor ``trust``) or LAMB.
        x: the parameters, an array or a dict of arrays.
        g: the gradient, likewise.
        state: of the optimizer before the step. LAMB's ratio hangs on it, that of LARS does not.

    Returns:
        A number ``grid``-shaped, or a dict of such numbers by the names of x.

    Raises:
        TypeError: for an optimizer that has no trust ratio.

    Examples:
        >>> opt = LARS(weight_decay=0, trust=0.01)
        >>> x = {"W": np.array([[3.0], [4.0]]), "b": np.zeros(1)}
        >>> g = {"W": np.array([[0.0], [0.1]]), "b": np.ones(1)}
        >>> {name: round(float(r), 6) for name, r in trust_ratios(opt, x, g, opt.init(x)).items()}
        {'W': 0.5, 'b': 1.0}
    """
    if not isinstance(opt, (LARS, LAMB)):
        raise TypeError(f"opt = {opt!r} has no trust ratio: it must be LARS or LAMB")
    if isinstance(x, dict):
        return {name: trust_ratios(opt, part, g[name], state.parts[name]) for name, part in x.items()}
    return opt.trust_ratio(np.asarray(x), np.asarray(g), state)


class LARS(Optimizer):
    r"""Momentum whose learning rate is, for each array, in proportion to ‖x‖/‖g‖.

    .. math::
        \mathrm{ratio} &= \mathrm{trust}\, \frac{\lVert x\rVert}{\lVert g\rVert + \lambda \lVert x\rVert} \\
        m &\leftarrow \beta\, m + \mathrm{lr} \cdot \mathrm{ratio} \cdot (g + \lambda x) \\
        x &\leftarrow x - m

    with ratio 1 where ‖x‖ is 0 (the paper leaves it open, but zeros could never move). optax divides by ‖g + λx‖;
    others keep lr outside of m, which differs under a schedule only, or leave vectors to plain momentum.

    Args:
        lr: learning rate, > 0; lr·trust is the share of ‖x‖ that one step may change, without a unit.
        beta: decay of the velocity, in [0, 1).
        weight_decay: λ ≥ 0, in units of g/x.
        trust: > 0, without a unit, how far a layer's gradient is trusted.

    Cost: one array of the size of x; about six operations per parameter and two norms per array.

    When: batches of thousands in convolutional networks, with lr raised in proportion and a long warm-up.
    Fails: small or zero arrays (biases) get useless ratios and are usually left out; poor on transformers.

    Examples:
        >>> opt = LARS(lr=10.0, weight_decay=0, trust=0.01)
        >>> x = np.array([3.0, 4.0])
        >>> x, state = opt.update(x, np.array([0.0, 1e6]), opt.init(x))
        >>> print(x)  # a tenth of ‖x‖ = 5 along g
        [3.  3.5]

    Reference: Y. You, I. Gitman and B. Ginsburg, "Large batch training of convolutional networks",
    arXiv:1708.03888 (2017), Algorithm 1.
    """

    lr: Hyper = learning_rate(1e-3, slider=(1e-3, 100.0))
    beta: Hyper = decay(0.9)
    weight_decay: Hyper = nonnegative(1e-4, slider=(1e-6, 1e-1))
    trust: Hyper = number(1e-3, low=0, open_low=True, scale="log", slider=(1e-4, 1.0))

    coordinatewise = False
    memory = ("m",)

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m = self.beta * s.m + self.lr * self.trust_ratio(x, g, s) * (g + self.weight_decay * x)
        return x - m, s.next(m=m)

    def trust_ratio(self, x: np.ndarray, g: np.ndarray, s: State) -> np.ndarray:
        """Return what lr is multiplied by for one array."""
        x_norm, g_norm = norm(x, s), norm(g, s)
        return np.where(x_norm > 0, self.trust * ratio(x_norm, g_norm + self.weight_decay * x_norm), 1)


class LAMB(Optimizer):
    r"""AdamW whose step is, for each array, as long as ‖x‖ times the learning rate.

    .. math::
        m &\leftarrow \beta_1 m + (1 - \beta_1)\, g
            & \hat m &= m / (1 - \beta_1^t) \\
        v &\leftarrow \beta_2 v + (1 - \beta_2)\, g^2
            & \hat v &= v / (1 - \beta_2^t) \\
        r &= \hat m / (\sqrt{\hat v} + \varepsilon) + \lambda x
            & x &\leftarrow x - \mathrm{lr}\, \frac{\lVert x\rVert}{\lVert r\rVert}\, r

    with ‖x‖/‖r‖ taken as 1 where either norm is 0.

    Args:
        lr: learning rate, > 0, without a unit: the share of ‖x‖ that one step changes.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, in units of g; stands outside the root. 0 is 0/0 until a coordinate has had a gradient.
        weight_decay: λ ≥ 0, in units of 1/x.

    Cost: two arrays of the size of x; about fifteen operations per parameter and two norms per array.

    When: batches of thousands in transformers, with lr raised with the root of the batch and a warm-up.
    Fails: the step shrinks with ‖x‖, so it cannot settle on weights that should be near zero except slowly.

    Examples:
        >>> opt = LAMB(lr=0.1, weight_decay=0)
        >>> x = np.array([3.0, 4.0])
        >>> x, state = opt.update(x, np.array([1e-3, 1e3]), opt.init(x))
        >>> print(x.round(4), np.linalg.norm([3, 4] - x).round(4))
        [2.6466 3.6463] 0.5

    Reference: Y. You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020,
    Algorithm 2.
    """

    lr: Hyper = learning_rate(1e-3)
    beta1: Hyper = decay(0.9)
    beta2: Hyper = decay(0.999)
    eps: Hyper = nonnegative(1e-6)
    weight_decay: Hyper = nonnegative(1e-2, slider=(1e-4, 1.0))

    coordinatewise = False
    memory = ("m", "v")

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array."""
        m, v, r = self._averages_and_direction(x, g, s)
        return x - self.lr * self._ratio(x, r, s) * r, s.next(m=m, v=v)

    def trust_ratio(self, x: np.ndarray, g: np.ndarray, s: State) -> np.ndarray:
        """Return what lr is multiplied by for one array."""
        return self._ratio(x, self._averages_and_direction(x, g, s)[2], s)

    def _averages_and_direction(
        self, x: np.ndarray, g: np.ndarray, s: State
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        m = self.beta1 * s.m + (1 - self.beta1) * g
        v = self.beta2 * s.v + (1 - self.beta2) * g**2
        m_hat = m / (1 - self.beta1**s.t)
        v_hat = v / (1 - self.beta2**s.t)
        return m, v, m_hat / (np.sqrt(v_hat) + self.eps) + self.weight_decay * x

    def _ratio(self, x: np.ndarray, r: np.ndarray, s: State) -> np.ndarray:
        x_norm = norm(x, s)
        return np.where(x_norm > 0, ratio(x_norm, norm(r, s), otherwise=1), 1)
