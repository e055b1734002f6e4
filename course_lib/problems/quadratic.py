"""The noisy quadratic model: descent with gradient noise in its simplest form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .data import Data
from .network import Weights
from .problem import Problem
from .stacks import align


@dataclass(frozen=True, eq=False, kw_only=True)
class NoisyQuadratic(Problem):
    r"""A quadratic bowl that every example sees shifted.

    .. math::
        f_n(x) &= \tfrac12 (x - c_n)^\top H (x - c_n) - \tfrac12 c_n^\top H c_n, \qquad
            H = \operatorname{diag}(h_1, \dots, h_d) \\
        \nabla f_n &= H (x - c_n), \qquad f(x) = \tfrac12 x^\top H x

    The constants are taken off so that the loss at the minimum, x = 0, is 0. Mean and covariance of the c_n are 0 and
    H⁻¹ (times noise²), so the gradient noise of one example has covariance H: large where the curvature is large, as in
    networks.

    Args:
        train: the shifts c_n ``(N, d)``, with mean zero; targets are not used.
        spectrum: h ``(d,)``, all > 0.

    Parameters are a dict of x ``(d, *grid)``.

    Raises:
        ValueError: if the spectrum is not positive or does not fit the data.

    Examples:
        >>> problem = NoisyQuadratic.make()
        >>> x = problem.init(np.random.default_rng(0))
        >>> bool(np.isclose(problem.loss(x), 0.5 * np.sum(problem.spectrum * x["x"] ** 2)))
        True

    Reference: G. Zhang et al., "Which algorithmic choices matter at which batch sizes? Insights from a noisy quadratic
    model", NeurIPS 2019.
    """

    spectrum: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.shape(self.spectrum) != (self.train.features,) or not (self.spectrum > 0).all():
            raise ValueError(f"spectrum has shape {np.shape(self.spectrum)} and least value {np.min(self.spectrum)}, "
                             f"but it must hold {self.train.features} numbers > 0, one a coordinate")  # fmt: skip

    @classmethod
    def make(
        cls, dimension: int = 100, examples: int = 2000, noise: float = 1.0, seed: int = 0,
        dtype: type = np.float64,
    ) -> NoisyQuadratic:  # fmt: skip
        """Return the problem with h_i = 1/i, as published.

        Args:
            dimension: d, ≥ 1.
            examples: how many shifts, ≥ 2.
            noise: size of the shifts, ≥ 0.
            seed: of the shifts.
            dtype: number type.
        """
        spectrum = 1 / np.arange(1, dimension + 1)
        shifts = np.random.default_rng(seed).standard_normal((examples, dimension)) / np.sqrt(spectrum)
        shifts -= shifts.mean(axis=0)
        data = Data((noise * shifts).astype(dtype), np.zeros(examples, dtype))
        return cls(train=data, spectrum=spectrum.astype(dtype))

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        """Return a start drawn from the standard normal distribution."""
        rng = np.random.default_rng() if rng is None else rng
        return {"x": rng.standard_normal(self.train.features).astype(self.train.dtype)}

    def loss(self, params: Weights, batch: Data | None = None) -> Any:
        """Return the loss on a batch (None: all examples), ``grid``-shaped."""
        x, h = params["x"], align(self.spectrum, params["x"])
        return np.sum(h * x * (x / 2 - self._centre(x, batch)), axis=0)

    def grad(self, params: Weights, batch: Data | None = None) -> Weights:
        """Return the gradient on a batch (None: all examples)."""
        x = params["x"]
        return {"x": align(self.spectrum, x) * (x - self._centre(x, batch))}

    def hvp(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        """Return Hv."""
        return {"x": align(self.spectrum, vector["x"]) * vector["x"]}

    def _centre(self, x: np.ndarray, batch: Data | None) -> np.ndarray:
        """Return the mean of a batch's shifts."""
        return align(self.batch(batch).inputs.mean(axis=0), x)
