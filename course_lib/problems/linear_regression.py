"""Linear regression: the quadratic loss that comes from data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .data import Data
from .datasets import diabetes
from .heads import HalfSquaredError
from .layers import Dense, dense_layers
from .network import Network, Weights
from .stacks import to_front


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearRegression(Network):
    r"""One linear layer with one output, trained by half the mean squared error.

    .. math::
        r = Xw + b - y, \qquad f(w, b) = \frac{1}{2N} \lVert r \rVert^2 + \frac\lambda2 \lVert w \rVert^2, \qquad
        \nabla_w f = X^\top r / N + \lambda w, \qquad \nabla_b f = \textstyle\sum_n r_n / N

    The Hessian, XᵀX/N for w, is the same everywhere, and equal to the Gauss–Newton matrix.

    Args:
        train: the training examples; targets are the numbers to predict.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        l2: λ, ≥ 0.

    Parameters are a dict of w ``(features, 1, *grid)`` and b ``(1, *grid)``.

    Raises:
        ValueError: for a negative l2 or data with unequal numbers of features.

    Examples:
        >>> problem = LinearRegression.on_diabetes()
        >>> params = problem.init()
        >>> print(problem.loss(params).round(4))  # predicts the mean, so the loss is half the variance
        0.5

    Reference: A. M. Legendre, "Nouvelles méthodes pour la détermination des orbites des comètes" (1805).
    """

    head = HalfSquaredError()

    @classmethod
    def on_diabetes(cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64) -> LinearRegression:
        """Return the problem on the diabetes data (see `diabetes`)."""
        train, valid, test = diabetes(seed, dtype)
        return cls(train=train, valid=valid, test=test, l2=l2)

    @cached_property
    def layers(self) -> tuple[Dense, ...]:
        """The one layer."""
        return dense_layers((self.train.features, 1))

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names of the weights and the bias."""
        return [("w", "b")]

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        """Return zeros: the loss is convex, so no start is better than another."""
        return self.zeros()

    def _targets(self, data: Data) -> np.ndarray:
        return to_front(data.targets, 1)[..., None]
