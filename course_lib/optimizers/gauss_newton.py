"""Methods for least squares: Gauss–Newton and Levenberg–Marquardt."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import curvature
from ..axes import to_back, to_front
from .base import Optimizer, Params, State, ratio
from .hyper import Hyper, learning_rate, nonnegative, number
from .linear import per_run, solve
from .plumbing import require


class _LeastSquares(Optimizer):
    """What the two share: they ask for residuals and Jacobian, and solve the damped normal equations."""

    scope = "all"
    coordinatewise = False
    needs_problem = True
    needs = ("residuals", "jacobian")

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Ask for residuals and their Jacobian at x, then step.

        Raises:
            TypeError: if the problem is not one of least squares.
        """
        require(problem, "residuals(x)", "jacobian(x)", by=type(self).__name__, such_as="LeastSquares")
        grid, point = state.grid, curvature.flat(x, state.grid)

        def residuals(at: np.ndarray) -> np.ndarray:
            return np.asarray(problem.residuals(curvature.like(at, x, grid), batch))

        j = _columns(problem.jacobian(x, batch), grid)
        new, state = self.typed(point).solved(point, residuals, j, state)
        return curvature.like(new, x, grid), state

    def solved(self, x: np.ndarray, residuals: Any, j: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for x ``(N, *grid)`` and J ``(M, N, *grid)``; the algorithm box."""
        raise NotImplementedError


class GaussNewton(_LeastSquares):
    r"""Newton's method for a sum of squares, with the Hessian's second derivatives left out.

    .. math::
        f(x) &= \tfrac12 \lVert r(x) \rVert^2, \qquad J = \partial r / \partial x \\
        x &\leftarrow x - \mathrm{lr}\, (J^\top J + \lambda I)^{-1} J^\top r

    It is the step to the minimum of :math:`\tfrac12\lVert r + J p\rVert^2 + \tfrac\lambda2\lVert p\rVert^2`: the
    residuals made straight, their squares minimised. JᵀJ is never negative, so saddles do not attract.

    Args:
        lr: length of the step, > 0, without unit.
        damping: λ, ≥ 0, in units of loss/x².

    Cost: no memory; the Jacobian (M·N numbers for M residuals and N parameters), M·N² + 9N³ operations.

    When: fits whose residuals are small at the end: nearly as fast as Newton, without second derivatives.
    Fails: from a bad start it overshoots (see LevenbergMarquardt); slow or divergent where residuals stay large;
    needs damping where the parameters cannot all be told apart.

    Examples:
        >>> from course_lib.problems import LeastSquares
        >>> problem, opt = LeastSquares.line(), GaussNewton(damping=0)
        >>> x, state = opt.step(problem.init(), opt.init(problem.init()), problem)
        >>> print(np.abs(problem.grad(x)).max() < 1e-15)  # linear regression: one step
        True

    Reference: C. F. Gauss, "Theoria motus corporum coelestium" (1809); Å. Björck, "Numerical Methods for Least
    Squares Problems", SIAM 1996, chapter 9.
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 2.0))
    damping: Hyper = nonnegative(1e-3, slider=(1e-8, 1e2))

    def solved(self, x: np.ndarray, residuals: Any, j: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for x ``(N, *grid)`` and J ``(M, N, *grid)``."""
        return x - self.lr * damped_step(j, residuals(x), self.damping, s.grid), s.next()


class LevenbergMarquardt(_LeastSquares):
    r"""Gauss–Newton whose damping follows from how well the straightened residuals predicted the loss.

    .. math::
        p &= -\mathrm{lr}\,(J^\top J + \lambda I)^{-1} J^\top r \\
        \rho &= \frac{f(x) - f(x + p)}{f(x) - \tfrac12 \lVert r + J p \rVert^2} \\
        \rho > 0:\quad & x \leftarrow x + p, \quad
            \lambda \leftarrow \lambda \max\bigl(\tfrac13, 1 - (2\rho - 1)^3\bigr) \\
        \text{else}:\quad & \lambda \leftarrow 4\lambda

    The gain ratio ρ is 1 where the prediction was right: λ falls and the method becomes Gauss–Newton. Where the loss
    did not fall the step is taken back and λ grows: shorter steps, ever more along −g, one of which must succeed. λ
    is kept between 1e-15 and 1e15. (Nielsen lets the factor 4 grow with every further failure.)

    Args:
        lr: length of the step, > 0, without unit.
        damping: λ at the start, > 0, in units of loss/x².

    Cost: one number; the Jacobian (M·N numbers for M residuals and N parameters), M·N² + 9N³ operations, and the
    residuals twice.

    When: the standard for fitting curves: the speed of Gauss–Newton, safe from bad starts.
    Fails: many parameters; gains measured on a mini-batch say little.

    Examples:
        >>> from course_lib.problems import LeastSquares
        >>> problem, opt = LeastSquares.decay(), LevenbergMarquardt()
        >>> x = problem.init(); state = opt.init(x)
        >>> for _ in range(20):
        ...     x, state = opt.step(x, state, problem)
        >>> print(x.round(2), problem.loss(x).round(5))
        [2.01 1.31 0.5 ] 0.00013

    Reference: D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", J. SIAM 11
    (1963); this rule for λ: H. B. Nielsen, "Damping parameter in Marquardt's method", Technical University of
    Denmark (1999).
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 2.0))
    damping: Hyper = number(1e-3, low=0, open_low=True, scale="log", slider=(1e-8, 1e2))

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """λ, one number for every run of the grid."""
        return {"damping": np.broadcast_to(self.damping, x.shape[x.ndim - grid :]).astype(x.dtype)}

    def solved(self, x: np.ndarray, residuals: Any, j: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for x ``(N, *grid)`` and J ``(M, N, *grid)``, taken back where the loss does not fall."""
        r = residuals(x)
        p = -self.lr * damped_step(j, r, s.damping, s.grid)
        gain = half_square(r) - half_square(residuals(x + p))
        predicted = half_square(r) - half_square(r + np.einsum("mn...,n...->m...", j, p))
        rho = ratio(gain, predicted)
        good = rho > 0
        factor = np.where(good, np.maximum(1 / 3, 1 - (2 * rho - 1) ** 3), 4)
        damping = np.clip(s.damping * factor, 1e-15, 1e15).astype(x.dtype)
        return np.where(good, x + p, x), s.next(damping=damping)


def damped_step(j: np.ndarray, r: np.ndarray, damping: Any, grid: int = 0) -> np.ndarray:
    """Return (JᵀJ + λI)⁻¹Jᵀr for J ``(M, N, *grid)`` and r ``(M, *grid)``."""
    j, r, damping = to_front(j, grid), to_front(r, grid), per_run(damping, 1)
    p = solve(j.mT @ j, (j.mT @ r[..., None])[..., 0], lambda eigenvalues: eigenvalues + damping)
    return to_back(p, grid)


def half_square(r: np.ndarray) -> np.ndarray:
    """Return ½‖r‖², one number for each run of the grid."""
    total: np.ndarray = 0.5 * np.sum(r * r, axis=0)
    return total


def _columns(j: Any, grid: int) -> np.ndarray:
    """Return a Jacobian ``(M, *shape, *grid)``, or a dict of such, as ``(M, N, *grid)``."""
    parts = j.values() if isinstance(j, dict) else [np.asarray(j)]
    return np.concatenate([p.reshape(len(p), -1, *p.shape[p.ndim - grid :]) for p in parts], axis=1)
