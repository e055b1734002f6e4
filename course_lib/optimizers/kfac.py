"""K-FAC."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, Params, State, floating, ratio
from .hyper import Hyper, count, learning_rate, number
from .plumbing import require


class KFAC(Optimizer):
    r"""Natural gradient with each layer's Fisher matrix taken for a Kronecker product of two small ones.

    For a layer with inputs ā (with a last 1 for the bias) and slopes d of the loss at its outputs, both averaged
    over a batch whose labels are drawn from the model's own probabilities,

    .. math::
        A &\leftarrow \varepsilon A + (1 - \varepsilon)\, \mathbb E[\bar a \bar a^\top], \qquad
            G \leftarrow \varepsilon G + (1 - \varepsilon)\, \mathbb E[d\, d^\top], \qquad
            \varepsilon = \min(1 - 1/t, \mathrm{decay}) \\
        \pi &= \sqrt{\frac{\operatorname{tr} A / \dim A}{\operatorname{tr} G / \dim G}} \\
        W &\leftarrow W - \mathrm{lr}\; (A + \pi \sqrt\lambda I)^{-1}\, \nabla W\, (G + \tfrac1\pi \sqrt\lambda
        I)^{-1}

    where W is (inputs + 1, outputs), the bias its last row. The Fisher matrix of the layer is E[āāᵀ ⊗ ddᵀ]; A ⊗ G
    takes inputs and slopes for independent. The damping λI is spread over the two factors in proportion to their
    sizes. The labels are the model's, not the data's: with the data's it would not be the Fisher matrix.

    Args:
        lr: learning rate, > 0, without unit where λ is small.
        damping: λ, > 0, in units of the Fisher matrix, loss/x²; any L2 penalty belongs in it.
        decay: of the averages A and G, in [0, 1).
        refresh: steps between two inversions, ≥ 1.
        seed: of the labels drawn, ≥ 0; a step's labels depend on the seed and on t only.

    The published method also finds lr, momentum and λ from a quadratic model at every step; here they are given.

    Cost: 2((inputs + 1)² + outputs²) numbers per layer; a second backward pass and two small matrix products per step,
    about 2(inputs³ + outputs³) operations per inversion.

    When: networks of moderate width, where steps are dear: far fewer of them than SGD or Adam.
    Fails: very wide layers; λ too small while the averages are young; needs the network's inside (`MLP`), so there is
    `step` only, and no grid of runs.

    Examples:
        >>> from course_lib.problems import MLP
        >>> from course_lib.running import train
        >>> history = train(KFAC(), MLP.on_digits(), epochs=3, batch_size=128)
        >>> print(history["step"][-1], history["test_accuracy"][-1] > 0.93)
        30 True

    Reference: J. Martens and R. Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature",
    ICML 2015.
    """

    lr: Hyper = learning_rate(0.3, slider=(1e-3, 2.0))
    damping: Hyper = number(1e-2, low=0, open_low=True, scale="log", slider=(1e-6, 1e1))
    decay: Hyper = number(0.95, low=0, high=1, scale="decay", slider=(0.0, 0.999))
    refresh: int = count(1, high=50)
    seed: int = count(0, low=0, high=20)

    coordinatewise = False
    takes_grid = False
    needs_problem = True
    needs = ("layer_statistics",)

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the state before the first step: for every layer W1, W2, … its two factors and their inverses.

        Raises:
            ValueError: if the parameters are not the layers W1, b1, W2, b2, … of a network.
        """
        self._check_grid((1,) * (grid or 0))
        layers = range(1, len(x) // 2 + 1)
        if not isinstance(x, dict) or set(x) != {f"{letter}{k}" for letter in "Wb" for k in layers}:
            named = sorted(x) if isinstance(x, dict) else f"an array of shape {np.shape(x)}"
            raise ValueError(
                f"KFAC moves the layers of a network: x must be a dict of W1, b1, W2, …, but is {named}"
            )
        parts = {}
        for k in layers:
            w = floating(x[f"W{k}"])
            a, g = np.zeros((w.shape[0] + 1,) * 2, w.dtype), np.zeros((w.shape[1],) * 2, w.dtype)
            parts[f"W{k}"] = State(A=a, G=g, A_inverse=a.copy(), G_inverse=g.copy())
        return State(parts=parts)

    def update(self, x: Params, g: Params, state: State) -> tuple[Params, State]:
        """Refuse: a gradient is not enough."""
        return self.rule(x, g, state)  # type: ignore[arg-type]

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Ask for the gradient and for every layer's statistics at x, then step.

        Raises:
            TypeError: if the problem has no ``layer_statistics(params, batch, rng)``.
        """
        require(problem, "layer_statistics(params, batch, rng)", by="KFAC", such_as="MLP")
        assert isinstance(x, dict)
        g, new, parts = problem.grad(x, batch), {}, {}
        rng = np.random.default_rng([self.seed, state.t])
        for k, (inputs, slopes) in enumerate(problem.layer_statistics(x, batch, rng), 1):
            s = self.averaged(inputs, slopes, state.parts[f"W{k}"])
            p = s.A_inverse @ np.vstack([g[f"W{k}"], g[f"b{k}"]]) @ s.G_inverse
            new[f"W{k}"], new[f"b{k}"] = x[f"W{k}"] - self.lr * p[:-1], x[f"b{k}"] - self.lr * p[-1]
            parts[f"W{k}"] = s
        return {name: new[name] for name in x}, state.next(parts=parts)

    def output(self, x: Params, state: State) -> Params:
        """Return x itself."""
        return x

    def averaged(self, inputs: np.ndarray, slopes: np.ndarray, s: State) -> State:
        """Return a layer's next state: a batch taken into the averages, and their inverses if it is time.

        Args:
            inputs: ā, ``(N, inputs + 1)``.
            slopes: d, ``(N, outputs)``.
            s: the layer's state.
        """
        keep = min(1 - 1 / s.t, self.decay)
        a = keep * s.A + (1 - keep) * inputs.T @ inputs / len(inputs)
        g = keep * s.G + (1 - keep) * slopes.T @ slopes / len(slopes)
        if (s.t - 1) % self.refresh:
            return s.next(A=a, G=g)
        for_a, for_g = split_damping(a, g, self.damping)
        a_inverse = np.linalg.inv(a + for_a * np.eye(len(a), dtype=a.dtype))
        g_inverse = np.linalg.inv(g + for_g * np.eye(len(g), dtype=g.dtype))
        return s.next(A=a, G=g, A_inverse=a_inverse, G_inverse=g_inverse)


def split_damping(a: np.ndarray, g: np.ndarray, damping: Hyper) -> tuple[np.ndarray, np.ndarray]:
    r"""Return :math:`\pi\sqrt\lambda` and :math:`\sqrt\lambda/\pi`: how much damping goes to A and how much to G.

    π² is the ratio of their mean eigenvalues, so that neither factor is damped out of proportion.

    Examples:
        >>> for part in split_damping(np.eye(2), 0.25 * np.eye(3), 0.01):
        ...     print(part.round(3))
        0.2
        0.05
    """
    pi = np.sqrt(ratio(np.trace(a) / len(a), np.trace(g) / len(g), otherwise=1.0)).astype(a.dtype)
    return pi * damping**0.5, damping**0.5 / pi
