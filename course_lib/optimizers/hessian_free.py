"""Hessian-free optimization: Gauss–Newton for networks, without the matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import curvature
from .base import Optimizer, Params, State, ratio
from .hyper import Hyper, count, flag, learning_rate, nonnegative, number
from .plumbing import require


class HessianFree(Optimizer):
    r"""Gauss–Newton by conjugate gradients: only products of the matrix with vectors are ever asked for.

    .. math::
        d &\approx -(G + \lambda I)^{-1} g, \quad \text{by conjugate gradients from } 0
            \text{ until } \lVert (G + \lambda I) d + g \rVert \le \mathrm{tolerance}\, \lVert g \rVert \\
        p &= \mathrm{lr}\, d, \qquad
            \rho = \frac{f(x + p) - f(x)}{g^\top p + \tfrac12 p^\top G p} \\
        \rho > 0:\quad & x \leftarrow x + p \qquad\qquad
        \lambda \leftarrow \begin{cases} \tfrac32 \lambda & \rho < \tfrac14 \\ \tfrac23 \lambda & \rho > \tfrac34
            \\ \lambda & \text{else} \end{cases}

    G is the generalised Gauss–Newton matrix: the Hessian without the curvature of the network itself, never negative.
    The gain ratio ρ compares what the loss did with what the parabola of G promised. Where the loss did not fall, the
    step is taken back. λ is kept between 1e-15 and 1e15.

    Args:
        lr: length of the step, > 0, without unit.
        damping: λ at the start, ≥ 0, in units of loss/x².
        iterations: of conjugate gradients in one step, at most, ≥ 1; a product with G each.
        tolerance: relative residual at which they stop, in (0, 1).
        adaptive: whether λ follows ρ and failures are taken back; if not, λ stays and every step is taken.

    Martens also starts conjugate gradients from the last step, preconditions them, stops by their progress and adds a
    line search; none of that is done here.

    Cost: one number; a gradient, up to ``iterations`` products with G (about two gradients each) and, if adaptive, two
    losses.

    When: networks and fits with a full batch or a large one: curvature of all layers together, at any size.
    Fails: small batches, whose G and ρ are mostly noise; steps are dear: tens of gradients each.

    Examples:
        >>> from course_lib.problems import LeastSquares
        >>> problem, opt = LeastSquares.line(), HessianFree(damping=0, adaptive=False)
        >>> x, state = opt.step(problem.init(), opt.init(problem.init()), problem)
        >>> print(np.abs(problem.grad(x)).max() < 1e-15)  # a parabola with two parameters: two iterations
        True

    Reference: J. Martens, "Deep learning via Hessian-free optimization", ICML 2010; conjugate gradients: M. R. Hestenes
    and E. Stiefel, J. Res. Nat. Bur. Standards 49 (1952).
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 2.0))
    damping: Hyper = nonnegative(1e-2, slider=(1e-6, 1e2))
    iterations: int = count(50, high=200)
    tolerance: Hyper = number(1e-2, low=0, open_low=True, high=1, scale="log", slider=(1e-8, 0.5))
    adaptive: bool = flag(True)

    scope = "all"
    coordinatewise = False
    needs_problem = True
    needs = ("gauss_newton_product",)

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """λ, one number for every run of the grid."""
        return {"damping": np.broadcast_to(self.damping, x.shape[x.ndim - grid :]).astype(x.dtype)}

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Ask for the gradient at x and for products with the Gauss–Newton matrix there, then step.

        Raises:
            TypeError: if the problem has no ``gauss_newton_product(params, vector, batch)``.
        """
        require(problem, "gauss_newton_product(params, vector, batch)", by="HessianFree", such_as="MLP")
        grid, point = state.grid, curvature.flat(x, state.grid)

        def loss(at: np.ndarray) -> Any:
            return problem.loss(curvature.like(at, x, grid), batch)

        def product(v: np.ndarray) -> np.ndarray:
            found = problem.gauss_newton_product(x, curvature.like(v, x, grid), batch)
            return curvature.flat(found, grid)

        g = curvature.flat(problem.grad(x, batch), grid)
        new, state = self.typed(point).solved(point, g, loss, product, state)
        return curvature.like(new, x, grid), state

    def solved(
        self, x: np.ndarray, g: np.ndarray, loss: Any, product: Any, s: State
    ) -> tuple[np.ndarray, State]:
        """One step for x and g ``(N, *grid)``; the algorithm box."""
        damping = s.damping
        d = conjugate_gradients(lambda v: product(v) + damping * v, -g, self.iterations, self.tolerance)
        p = self.lr * d
        if not self.adaptive:
            return x + p, s.next()
        bend = self.lr * (-g - damping * d)  # G p, but for the residual: that is orthogonal to p
        rho = ratio(loss(x + p) - loss(x), np.sum(g * p + p * bend / 2, axis=0))
        factor = np.where(rho > 3 / 4, 2 / 3, np.where(rho >= 1 / 4, 1, 3 / 2))  # ρ that is NaN: a failure
        damping = np.clip(damping * factor, 1e-15, 1e15).astype(x.dtype)
        return np.where(rho > 0, x + p, x), s.next(damping=damping)


def conjugate_gradients(
    product: Callable[[np.ndarray], np.ndarray], b: np.ndarray, iterations: int, tolerance: Hyper
) -> np.ndarray:
    r"""Return the d that solves A d = b for a matrix that is symmetric and not negative, known by its products.

    Args:
        product: v → A v.
        b: the right side, ``(N, *grid)``.
        iterations: at most, ≥ 1.
        tolerance: a run of the grid is done where :math:`\lVert b - A d\rVert \le \mathrm{tolerance}\,\lVert b\rVert`.

    Examples:
        >>> a, b = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0])
        >>> d = conjugate_gradients(lambda v: a @ v, b, iterations=2, tolerance=1e-12)
        >>> print((11 * d).round(12))
        [1. 7.]

    Reference: J. Nocedal and S. J. Wright, "Numerical Optimization", Springer 2006, Algorithm 5.2.
    """
    d, residual, direction = np.zeros_like(b), b, b
    size = np.sum(b * b, axis=0)
    enough = tolerance**2 * size
    for _ in range(iterations):
        on = size > enough
        if not np.any(on):
            break
        bent = product(direction)
        alpha = np.where(on, ratio(size, np.sum(direction * bent, axis=0)), 0).astype(b.dtype)
        d, residual = d + alpha * direction, residual - alpha * bent
        before, size = size, np.where(on, np.sum(residual * residual, axis=0), size)
        direction = residual + ratio(size, before).astype(b.dtype) * direction
    return d
