r"""The noise scale: how many examples it takes until a batch's gradient is more signal than noise.

One example's gradient has the mean G and the covariance Σ. The mean of B examples drawn with replacement has the
covariance Σ/B, so

.. math:: \mathbb E\,\lVert G_B\rVert^2 = \lVert G\rVert^2 + \operatorname{tr}\Sigma / B
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .curvature import flat, hvp, like
from .optimizers.base import Params


@dataclass(frozen=True)
class NoiseScale:
    r"""What `noise_scale` and `noise_from_batches` found.

    Args:
        square: :math:`\lVert G\rVert^2`, or an estimate, which may be negative.
        trace: tr Σ, likewise.
        curved: :math:`\operatorname{tr}(H\Sigma)/G^\top H G`, in examples, or None if it was not asked for.

    Examples:
        >>> NoiseScale(square=0.5, trace=16.0).simple
        32.0
    """

    square: float
    trace: float
    curved: float | None = None

    @property
    def simple(self) -> float:
        r""":math:`B_\mathrm{simple} = \operatorname{tr}\Sigma / \lVert G\rVert^2`, in examples."""
        return self.trace / self.square


def noise_scale(problem: Any, params: Params, curvature: bool = False) -> NoiseScale:
    r"""Return the noise scale at some parameters, exactly, from the gradient of every training example.

    .. math::
        G &= \tfrac1N \sum_n g_n, \qquad \Sigma = \tfrac1N \sum_n (g_n - G)(g_n - G)^\top \\
        B_\mathrm{simple} &= \frac{\operatorname{tr}\Sigma}{\lVert G\rVert^2}, \qquad
            B_\mathrm{noise} = \frac{\operatorname{tr}(H\Sigma)}{G^\top H G}

    Args:
        problem: with training examples ``train`` and a ``grad``.
        params: one run, no grid.
        curvature: whether :math:`B_\mathrm{noise}` is wanted too. Costs N products with the Hessian.

    Cost: N gradients of one example each.

    Examples:
        >>> from course_lib.problems import NoisyQuadratic
        >>> bowl = NoisyQuadratic.make(dimension=100, examples=2000)
        >>> found = noise_scale(bowl, {"x": np.ones(100)}, curvature=True)
        >>> round(found.square, 3), round(found.trace, 1), round(found.simple, 1)  # Σ h_i², Σ h_i
        (1.635, 5.2, 3.2)
        >>> round(found.curved, 1)  # Σ h_i² over Σ h_i³
        1.3

    Reference: S. McCandlish et al., "An empirical model of large-batch training", arXiv:1812.06162 (2018), equations
    2.8 and 2.9.
    """
    data = problem.train
    count = len(data)
    rows: Any = np.array([flat(problem.grad(params, data[np.array([n])])) for n in range(count)], dtype=float)
    mean = rows.mean(axis=0)
    rows -= mean
    square, trace = float(mean @ mean), float(np.sum(rows * rows) / count)
    if not curvature:
        return NoiseScale(square, trace)

    def bent(vector: np.ndarray) -> float:
        return float(vector @ flat(hvp(problem, params, like(vector, params))))

    return NoiseScale(square, trace, float(np.mean([bent(row) for row in rows])) / bent(mean))


def noise_from_batches(small: int, small_square: float, large: int, large_square: float) -> NoiseScale:
    r"""Return an estimate of the noise scale from the squared lengths of two batches' gradients.

    .. math::
        \lVert G\rVert^2 \approx \frac{B\,\lVert G_B\rVert^2 - b\,\lVert G_b\rVert^2}{B - b}, \qquad
        \operatorname{tr}\Sigma \approx \frac{\lVert G_b\rVert^2 - \lVert G_B\rVert^2}{1/b - 1/B}

    Both are unbiased where examples are drawn with replacement. Their quotient is not: average both over many batches,
    and divide last.

    Args:
        small: b, examples in the small batch, ≥ 1.
        small_square: :math:`\lVert G_b\rVert^2`, perhaps a mean over several batches.
        large: B, examples in the large batch, > b.
        large_square: :math:`\lVert G_B\rVert^2`, likewise.

    Raises:
        ValueError: unless 1 ≤ small < large.

    Examples:
        >>> noise_from_batches(8, 0.5 + 16 / 8, 256, 0.5 + 16 / 256)  # squares as long as one expects them
        NoiseScale(square=0.5, trace=16.0, curved=None)

    Reference: S. McCandlish et al. (2018), appendix A.1.
    """
    if not 1 <= small < large:
        raise ValueError(f"small = {small} and large = {large} are not allowed: it must be 1 ≤ small < large")
    square = (large * large_square - small * small_square) / (large - small)
    trace = (small_square - large_square) / (1 / small - 1 / large)
    return NoiseScale(float(square), float(trace))
