"""L-BFGS."""

from __future__ import annotations

from typing import Any

import numpy as np

from .base import Optimizer, State, inner, ratio
from .hyper import Hyper, count, learning_rate


class LBFGS(Optimizer):
    r"""Newton's method with an inverse Hessian guessed from the last steps and what they did to the gradient.

    Of the last steps :math:`s_i` and the changes of the gradient :math:`y_i` along them, with
    :math:`\rho_i = 1 / y_i^\top s_i`, newest last:

    .. math::
        q &\leftarrow g; \qquad
            \text{newest to oldest:}\quad \alpha_i = \rho_i\, s_i^\top q, \quad q \leftarrow q - \alpha_i y_i \\
        q &\leftarrow \frac{s^\top y}{y^\top y}\, q; \qquad
            \text{oldest to newest:}\quad q \leftarrow q + (\alpha_i - \rho_i\, y_i^\top q)\, s_i \\
        x &\leftarrow x - \mathrm{lr}\, q

    The two loops multiply g by the BFGS matrix without ever forming it. The first step has no pair to go by: it is
    lr · min(1, 1/‖g‖₁) · g. A pair with yᵀs ≤ 1e-10 says nothing about a minimum and is left out; a gradient of
    exactly zero leaves everything as it was.

    Args:
        lr: length of the step, > 0, without unit: 1 trusts the guessed parabola.
        memory: how many pairs are kept, ≥ 1; 5 … 20 is usual.

    All parameters form one vector. If a line search or a projection has moved x since the last step, the pair is
    made of the step as it became.

    Cost: 2·memory + 3 arrays of the size of x; about 4·memory multiplications and additions per parameter.

    When: smooth problems whose full gradient is affordable; the standard for classical fits.
    Fails: gradients from mini-batches: y is then mostly the difference of two noises. Far from convex a step of 1 can
    overshoot; use LineSearch.

    Examples:
        >>> from course_lib.running import simulate
        >>> path = simulate(LBFGS(), "quadratic", steps=12)
        >>> print(path.final_loss < 1e-20)
        True

    Reference: J. Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp. 35 (1980); D. C. Liu
    and J. Nocedal, "On the limited memory BFGS method for large scale optimization", Math. Programming 45 (1989).
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 2.0))
    memory: int = count(10, high=20)  # type: ignore[misc,assignment]  # the usual name, also of the class's list

    scope = "all"
    coordinatewise = False

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """No pairs yet: steps and changes of zeros, which the loops pass over."""
        nothing = np.zeros((self.memory, *x.shape), x.dtype)
        return {
            "steps": nothing, "changes": nothing.copy(),
            "x": x.copy(), "step": np.zeros_like(x), "g": np.zeros_like(x),
        }  # fmt: skip

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array; ``s.x`` is where the last step led, which x still is unless someone moved it."""
        size = np.sum(np.abs(g), axis=tuple(range(g.ndim - s.grid)))
        some, first = size > 0, inner(s.g, s.g, s) == 0
        step, change = s.step + (x - s.x), g - s.g
        new = some & (inner(change, step, s) > 1e-10)
        steps = np.where(new, np.concatenate([s.steps[1:], step[None]]), s.steps)
        changes = np.where(new, np.concatenate([s.changes[1:], change[None]]), s.changes)
        length = self.lr * np.where(first, np.minimum(1, ratio(1, size)), 1).astype(x.dtype)
        p = -length * two_loops(g, steps, changes, s)
        memory = {"step": np.where(some, p, step), "g": np.where(some, g, s.g)}
        return x + p, s.next(steps=steps, changes=changes, x=x + p, **memory)


def two_loops(g: np.ndarray, steps: np.ndarray, changes: np.ndarray, s: State) -> np.ndarray:
    """Return the product of the guessed inverse Hessian with g.

    Args:
        g: the gradient, ``(*shape, *grid)``.
        steps: the last steps, newest last, ``(memory, *shape, *grid)``; zeros where there is none.
        changes: what they did to the gradient, of the same shape.
        s: the state, for the number of grid axes.

    Examples:
        >>> curvatures = np.array([1.0, 4.0])  # the pairs of a quadratic, one along each axis
        >>> print(two_loops(np.ones(2), np.eye(2), np.diag(curvatures), State()))
        [1.   0.25]
    """
    pairs = [(step, change, inner(change, step, s)) for step, change in zip(steps, changes, strict=True)]
    q, weights = g, []
    for step, change, slope in reversed(pairs):
        weights.append(ratio(inner(step, q, s), slope))
        q = q - weights[-1] * change
    step, change, slope = pairs[-1]
    q = ratio(slope, inner(change, change, s), otherwise=1.0) * q
    for step, change, slope in pairs:
        q = q + (weights.pop() - ratio(inner(change, q, s), slope)) * step
    return q
