"""The sequence of losses on which Adam goes to the worst point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .data import Data
from .network import Weights
from .problem import Problem
from .stacks import align


@dataclass(frozen=True, eq=False, kw_only=True)
class OnlineCounterexample(Problem):
    r"""Linear losses on [−1, 1] with a rare large slope one way and frequent small ones the other.

    .. math::
        f_t(x) = \begin{cases} C x & t \bmod 3 = 1 \\ -x & \text{else} \end{cases}
        \qquad x \in [-1, 1], \quad C > 2

    Over three steps the slopes add up to C − 2 > 0, so the best point is −1. Adam with β1 = 0 and β2 = 1/(1 + C²)
    goes to +1, the worst one: its mean square remembers the large gradient for little more than one step, so that
    the step it makes there, divided by about C, is undone by the two that follow. AMSGrad does not forget the large
    one and goes to −1.

    It is a problem of three examples. One at a time in fixed order (batch size 1, order "fixed") they are the sequence
    above, drawn with replacement the stochastic one, with probability p = 1/3 for the large slope. After every step the
    point goes back to [−1, 1] (`project`).

    Args:
        train: the slopes, ``(N, 1)``; targets are not used.

    Parameters are a dict of x ``(1, *grid)``; a run starts at 0.

    Raises:
        ValueError: if the slopes are not one number each, or their mean is not positive.

    Examples:
        >>> problem = OnlineCounterexample.periodic(large=4)
        >>> problem.train.inputs.ravel()
        array([ 4., -1., -1.])
        >>> problem.project({"x": np.array([1.5])})
        {'x': array([1.])}

    Reference: S. J. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR 2018, section 3,
    theorems 1 (this sequence) and 3 (stochastic), and section 5.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.train.features != 1 or not self.train.inputs.mean() > 0:
            raise ValueError(f"train has {self.train.features} features of mean {self.train.inputs.mean():g}, but it "
                             f"must have one, of positive mean: otherwise −1 is not the best point")  # fmt: skip

    @classmethod
    def periodic(cls, large: float = 3.0, period: int = 3, dtype: type = np.float64) -> OnlineCounterexample:
        """Return the sequence with one slope C = ``large`` in every ``period`` and −1 else.

        Theorem 1 has period 3 and any C > 2. The experiment of section 5 is C = 101 in a period of 101, all slopes ten
        times as large, with β2 = 0.99.

        Args:
            large: C, > period − 1.
            period: ≥ 2.
            dtype: number type.

        Raises:
            ValueError: if C is not > period − 1.
        """
        if not large > period - 1:
            raise ValueError(f"large = {large!r} is not allowed: it must be > {period - 1} for −1 to be best")
        slopes: np.ndarray = np.full((period, 1), -1.0, dtype)
        slopes[0] = large
        return cls(train=Data(slopes, np.zeros(period, dtype)))

    @classmethod
    def stochastic(
        cls, large: float = 101.0, delta: float = 0.02, dtype: type = np.float64
    ) -> OnlineCounterexample:
        """Return slopes to be drawn with replacement (order "replacement").

        The large one, C, has probability p = (1 + δ)/(C + 1), the others are −1, so that the mean is δ. Examples are
        whole, so p is 1/n for the n nearest to (C + 1)/(1 + δ); with C = 101 that is 1/100, the experiment in section
        5.

        Args:
            large: C, > 1.
            delta: δ, > 0: the mean slope.
            dtype: number type.
        """
        if not (large > 1 and delta > 0):
            raise ValueError(
                f"large = {large!r} and delta = {delta!r} are not allowed: they must be > 1 and > 0"
            )
        return cls.periodic(large, round((large + 1) / (1 + delta)), dtype)

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        """Return 0, as far from the best point as from the worst."""
        return {"x": np.zeros(1, self.train.dtype)}

    def project(self, params: Weights) -> Weights:
        """Return the nearest point of [−1, 1]."""
        return {"x": np.clip(params["x"], -1, 1)}

    def loss(self, params: Weights, batch: Data | None = None) -> Any:
        """Return the mean loss on a batch (None: all examples), ``grid``-shaped."""
        return (self._slope(params["x"], batch) * params["x"])[0]

    def grad(self, params: Weights, batch: Data | None = None) -> Weights:
        """Return the mean slope on a batch (None: all examples)."""
        return {"x": self._slope(params["x"], batch) + np.zeros_like(params["x"])}

    def hvp(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        """Return zero: the losses are straight."""
        return {"x": np.zeros_like(vector["x"])}

    def _slope(self, x: np.ndarray, batch: Data | None) -> np.ndarray:
        return align(self.batch(batch).inputs.mean(axis=0), x)
