"""Softmax regression: the simplest real classifier, convex, with its gradient by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .classification import check_labels, log_softmax
from .data import Data, digits


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftmaxRegression:
    r"""One linear layer and a softmax, trained by cross-entropy.

    .. math::
        Z &= XW + b, \qquad P = \operatorname{softmax}(Z) \\
        f(W, b) &= -\frac1N \sum_{n} \log P_{n, y_n} + \frac{\lambda}{2} \lVert W \rVert^2 \\
        \nabla_W f &= X^\top (P - Y) / N + \lambda W, \qquad \nabla_b f = \textstyle\sum_n (P - Y)_n / N

    with Y the labels as one-hot rows. The loss is convex; with λ > 0 its minimum is unique up to a constant
    added to b.

    Args:
        train: the training examples; labels 0 … classes − 1.
        test: held-out examples, if any.
        classes: number of classes, ≥ 2.
        l2: λ, ≥ 0.

    Parameters are a dict of W ``(features, classes, *grid)`` and b ``(classes, *grid)``: a whole grid of models
    is computed at once.

    Raises:
        ValueError: for labels out of range, or a negative l2.

    Examples:
        >>> problem = SoftmaxRegression.on_digits()
        >>> params = problem.init(np.random.default_rng(0))
        >>> print(problem.loss(params).round(4))  # log 10: ten classes, all equally likely
        2.3026
        >>> {name: g.shape for name, g in problem.grad(params).items()}
        {'W': (64, 10), 'b': (10,)}
    """

    train: Data
    test: Data | None = None
    classes: int = 10
    l2: float = 0.0

    def __post_init__(self) -> None:
        if not self.l2 >= 0:
            raise ValueError(f"l2 = {self.l2!r} is not allowed: it must be ≥ 0")
        check_labels(self.classes, train=self.train, test=self.test)

    @classmethod
    def on_digits(cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64) -> SoftmaxRegression:
        """Return the problem on the handwritten digits (see `digits`)."""
        train, _, test = digits(seed, dtype)
        return cls(train=train, test=test, l2=l2)

    def init(self, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Return zeros: the loss is convex, so no start is better than another."""
        features = self.train.inputs.shape[1]
        dtype = self.train.inputs.dtype
        return {"W": np.zeros((features, self.classes), dtype), "b": np.zeros(self.classes, dtype)}

    def scores(self, params: dict[str, np.ndarray], inputs: np.ndarray) -> np.ndarray:
        """Return Z, ``(N, classes, *grid)``."""
        return np.tensordot(inputs, params["W"], 1) + params["b"]

    def loss(self, params: dict[str, np.ndarray], batch: Data | None = None) -> Any:
        """Return the loss on a batch (None: all training examples), ``grid``-shaped."""
        data = self.train if batch is None else batch
        log_p = log_softmax(self.scores(params, data.inputs))
        chosen = log_p[np.arange(len(data)), data.targets]
        return -chosen.mean(axis=0) + self.l2 / 2 * np.sum(params["W"] ** 2, axis=(0, 1))

    def grad(self, params: dict[str, np.ndarray], batch: Data | None = None) -> dict[str, np.ndarray]:
        """Return the gradient on a batch (None: all training examples), by parameter name."""
        data = self.train if batch is None else batch
        error = np.exp(log_softmax(self.scores(params, data.inputs)))
        error[np.arange(len(data)), data.targets] -= 1
        error /= len(data)
        grad_w = np.tensordot(data.inputs.T, error, 1) + self.l2 * params["W"]
        return {"W": grad_w, "b": error.sum(axis=0)}

    def accuracy(self, params: dict[str, np.ndarray], data: Data | None = None) -> Any:
        """Return the share of examples classified rightly, in [0, 1]."""
        data = self.train if data is None else data
        labels = data.targets.reshape(-1, *(1,) * (params["b"].ndim - 1))
        return (self.scores(params, data.inputs).argmax(axis=1) == labels).mean(axis=0)
