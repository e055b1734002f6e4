"""Newton's method: plain, damped and saddle-free."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import curvature
from ..axes import to_back, to_front
from .base import Optimizer, Params, State
from .hyper import Hyper, choice, learning_rate, nonnegative
from .linear import per_run, solve


class Newton(Optimizer):
    r"""Step to where the local parabola has its critical point.

    .. math:: x \leftarrow x - \mathrm{lr}\, (H + \lambda I)^{-1} g, \qquad H = \nabla^2 f(x)

    and with |H| for H in the saddle-free form, where :math:`|H| = Q\,|\Lambda|\,Q^\top`. Both are computed from the
    eigenvectors Q of H: along each of them the slope is divided by the curvature. Plain Newton goes to *any*
    critical point, so saddles and maxima attract it; the saddle-free form turns the step around where the curvature
    is negative. Damping blends towards gradient descent with the rate lr/λ.

    Args:
        lr: length of the step, > 0, without unit; 1 lands on the parabola's critical point.
        damping: λ, ≥ 0, in units of the curvature, loss/x².
        form: ``"plain"`` or ``"saddle_free"``.

    Along a direction of no curvature and no damping there is no such point, and no step is taken.

    Cost: no memory; the Hessian (N²/2 numbers, or N products with it where the problem does not know it) and its
    eigenvectors, about 9N³ operations, for N parameters: for surfaces and small models.

    When: few parameters, high accuracy: the number of right digits doubles with every step near the minimum.
    Fails: far from the minimum without damping or a line search: it overshoots where the curvature falls off; plain
    Newton runs into saddles; with a Hessian from a small batch it follows the noise.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> valley, opt = surface("quadratic"), Newton()
        >>> x, state = opt.step(valley.start, opt.init(valley.start), valley)
        >>> print(np.abs(x).max() < 1e-15)  # one step, however ill-conditioned
        True
        >>> saddle = surface("saddle")  # x² − y²
        >>> for form in ("plain", "saddle_free"):
        ...     opt = Newton(form=form)
        ...     print(opt.step(np.array([1.0, 0.5]), opt.init(np.ones(2)), saddle)[0])
        [0. 0.]
        [0. 1.]

    Reference: J. Nocedal and S. J. Wright, "Numerical Optimization", Springer 2006, chapter 3; damping: K.
    Levenberg, "A method for the solution of certain non-linear problems in least squares", Quart. Appl. Math. 2
    (1944); saddle-free: Y. N. Dauphin et al., "Identifying and attacking the saddle point problem in
    high-dimensional non-convex optimization", NIPS 2014.
    """

    lr: Hyper = learning_rate(1.0, slider=(1e-2, 2.0))
    damping: Hyper = nonnegative(0.0, slider=(1e-6, 1e2))
    form: str = choice("plain", "saddle_free")

    scope = "all"
    coordinatewise = False
    needs_problem = True

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Ask for gradient and Hessian at x, then step."""
        point = curvature.flat(x, state.grid)
        g = curvature.flat(problem.grad(x, batch), state.grid)
        h = curvature.hessian(problem, x, batch, state.grid)
        now = self.typed(point)
        new = point - now.lr * now.direction(g, h, state.grid)
        return curvature.like(new, x, state.grid), state.next()

    def direction(self, g: np.ndarray, h: np.ndarray, grid: int = 0) -> np.ndarray:
        """Return (H + λI)⁻¹g, or with |H|, for g ``(N, *grid)`` and H ``(N, N, *grid)``."""
        damping = per_run(self.damping, 1)

        def damped(eigenvalues: np.ndarray) -> np.ndarray:
            return (np.abs(eigenvalues) if self.form == "saddle_free" else eigenvalues) + damping

        return to_back(solve(to_front(h, grid), to_front(g, grid), damped), grid)
