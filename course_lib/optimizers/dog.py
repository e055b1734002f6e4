"""DoG: a step size made of what the run has seen, with nothing to tune."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State, inner, norm, ratio
from .hyper import Hyper, flag, learning_rate, nonnegative, number


class DoG(Optimizer):
    r"""Gradient descent whose learning rate is distance over gradients: how far x has come, over all it has seen.

    .. math::
        r &\leftarrow \max(r,\; \lVert x - x_0 \rVert), \qquad r_0 = \rho\, (1 + \lVert x_0 \rVert) \\
        G &\leftarrow G + \lVert g \rVert^2 \\
        x &\leftarrow x - \mathrm{lr}\, \frac{r}{\sqrt{G + \varepsilon}}\; g \\
        \bar x &\leftarrow \bar x + \frac{1 + \gamma}{t + \gamma}\, (x - \bar x)

    With the distance to the solution in the place of r this would be the best fixed choice that theory knows; r is the
    distance that x has dared so far, and grows quickly as long as it is too small. The norms run over all parameters
    of a model. The run ends at x̄ (`output`), an average in which point number k weighs about kᵞ; the gradients are
    taken at x.

    Args:
        lr: multiplier, > 0, without a unit; leave it at 1 (a schedule may lower it).
        reps: ρ > 0, without a unit: the first step is ρ·(1 + ‖x₀‖) long; any small value will do. The authors take
            1e-4 with batch normalisation.
        eps: ε ≥ 0, in units of g².
        gamma: γ ≥ 0, without a unit; 0 is the plain mean, larger values forget the start sooner.
        average: whether `output` is x̄, or the last point x.

    Cost: two arrays of the size of x (x₀ and x̄; one without the average); about ten operations per parameter and two
    sums over all.

    When: nobody has time to tune lr, and one for all coordinates is enough.
    Fails: r never shrinks, so a ρ that is too large stays; short runs, in which r is still growing; rare coordinates,
    which get no larger steps.

    Examples:
        >>> opt = DoG()
        >>> x = np.array([3.0, 1.0]); state = opt.init(x)
        >>> for _ in range(200):
        ...     x, state = opt.update(x, x * [1.0, 2.0], state)
        >>> print(f"{opt.reps * (1 + 10**0.5):.1e} {state.r:.2f}")  # from almost nothing to the distance, √10
        4.2e-06 3.16

    Reference: M. Ivgi, O. Hinder and Y. Carmon, "DoG is SGD's best friend: a parameter-free dynamic step size
    schedule", ICML 2023. The average: O. Shamir and T. Zhang, "Stochastic gradient descent for non-smooth
    optimization", ICML 2013.
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 10.0))
    reps: Hyper = number(1e-6, low=0, open_low=True, scale="log", slider=(1e-8, 1e-1))
    eps: Hyper = nonnegative(1e-8)
    gamma: Hyper = nonnegative(8.0, slider=(0.1, 100.0))
    average: bool = flag(True)

    scope = "all"
    coordinatewise = False

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """The starting point, the first distance, no gradients; the average begins at x."""
        runs = x.shape[x.ndim - grid :]
        r = self.reps * (1 + norm(x, State(grid=grid)))
        known = {"x0": x.copy(), "r": np.broadcast_to(r, runs).astype(x.dtype), "G": np.zeros(runs, x.dtype)}
        return known | ({"mean": x.copy()} if self.average else {})

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for all parameters."""
        r = np.maximum(s.r, norm(x - s.x0, s))
        G = s.G + inner(g, g, s)
        x = x - self.lr * ratio(r, np.sqrt(G + self.eps)) * g
        if not self.average:
            return x, s.next(r=r, G=G)
        weight = (1 + self.gamma) / (s.t + self.gamma)
        return x, s.next(r=r, G=G, mean=s.mean + weight * (x - s.mean))

    def rule_output(self, x: np.ndarray, s: State) -> np.ndarray:
        """The average, or the last point."""
        return s.mean if self.average else x
