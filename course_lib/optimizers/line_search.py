"""Backtracking: take a proposed step, or as much of it as lowers the loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np

from .. import curvature
from .base import Optimizer, Params, State
from .descent import GradientDescent
from .hyper import Hyper, count, number
from .wrapper import _Wrapper


def backtracking(
    loss: Callable[[np.ndarray], Any],
    x: np.ndarray,
    p: np.ndarray,
    g: np.ndarray,
    shrink: Hyper = 0.5,
    sufficient: Hyper = 1e-4,
    most: int = 30,
) -> np.ndarray:
    r"""Return the first of 1, shrink, shrink², … that lowers the loss enough along p (Armijo's condition).

    .. math:: f(x + \alpha p) \le f(x) + c\, \alpha\, g^\top p

    Args:
        loss: f, of points ``(N, *grid)``.
        x: where, ``(N, *grid)``.
        p: the proposed step, of the same shape.
        g: the gradient at x.
        shrink: factor between two trials, in (0, 1).
        sufficient: c, in (0, 1): the share of the decrease that the slope promises.
        most: how many trials, ≥ 1.

    Returns:
        α, ``grid``-shaped; 0 where no trial was good enough, or where p leads uphill.

    Examples:
        >>> f = lambda x: x[0] ** 2
        >>> x = np.array([1.0]); g = 2 * x
        >>> print([float(backtracking(f, x, p, g)) for p in (-g / 2, -4 * g, g)])
        [1.0, 0.125, 0.0]

    Reference: L. Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", Pacific
    J. Math. 16 (1966).
    """
    here, slope = loss(x), np.sum(g * p, axis=0)
    alpha = np.ones_like(slope)
    for _ in range(most):
        good = loss(x + alpha * p) <= here + sufficient * alpha * slope
        if np.all(good):
            break
        alpha = np.where(good, alpha, alpha * shrink).astype(alpha.dtype)
    return np.where(good & (slope <= 0), alpha, 0).astype(alpha.dtype)


class LineSearch(_Wrapper):
    r"""Take as much of an optimizer's step as lowers the loss: backtracking.

    .. math::
        p &= \text{the step that inner proposes} \\
        x &\leftarrow x + \alpha p, \qquad \alpha = \text{the first of } 1, r, r^2, \dots
            \text{ with } f(x + \alpha p) \le f(x) + c\, \alpha\, g^\top p

    With it a method whose steps go downhill needs no tuned lr: the lr of inner is only the first trial. Where no
    trial lowers the loss, or p leads uphill, x stays.

    Args:
        inner: the optimizer whose steps are taken: gradient descent, Newton, L-BFGS.
        shrink: r, in (0, 1).
        sufficient: c, in (0, 1): how much of the decrease that the slope promises is asked for.
        most: trials in one step, ≥ 1.

    Cost: no memory; one gradient more than inner, and a loss for every trial.

    When: full batches and a method that knows a good length of step: Newton, Gauss–Newton, L-BFGS, from bad starts.
    Fails: mini-batches: the loss of one batch is lowered, not that of the next. Steps with momentum may lead
    uphill, and plain Newton does so near a saddle: x then waits.

    Needs the problem: there is `step` only, not `update`.

    Examples:
        >>> from course_lib.optimizers import LBFGS
        >>> from course_lib.running import simulate
        >>> for opt in (LBFGS(), LineSearch(LBFGS())):
        ...     print(simulate(opt, "pseudo_huber", steps=50).final_loss < 1e-15)
        False
        True

    Reference: L. Armijo, "Minimization of functions having Lipschitz continuous first partial derivatives", Pacific
    J. Math. 16 (1966); J. Nocedal and S. J. Wright, "Numerical Optimization", Springer 2006, Algorithm 3.1.
    """

    inner: Optimizer = field(default=GradientDescent(lr=1.0), kw_only=False)
    shrink: Hyper = number(0.5, low=0, open_low=True, high=1, slider=(0.1, 0.9))
    sufficient: Hyper = number(1e-4, low=0, open_low=True, high=1, scale="log", slider=(1e-6, 0.5))
    most: int = count(30, high=60)

    needs_problem = True
    scope = "all"
    coordinatewise = False

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Let inner propose a step, and take as much of it as lowers the loss on the same batch."""
        grid, me = state.grid, self.typed(x)
        proposed, inner = me.inner.step(x, state.inner, problem, batch)
        point, g = curvature.flat(x, grid), curvature.flat(problem.grad(x, batch), grid)
        p = curvature.flat(proposed, grid) - point

        def loss(at: np.ndarray) -> Any:
            return problem.loss(curvature.like(at, x, grid), batch)

        alpha = backtracking(loss, point, p, g, me.shrink, me.sufficient, me.most)
        return curvature.like(point + alpha * p, x, grid), state.next(inner=inner)
