"""Softmax regression: the simplest real classifier, convex."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .classifier import Classifier
from .datasets import breast_cancer, digits, zipf_text
from .layers import Dense, dense_layers
from .network import Weights
from .texts import docstrings, next_words, scaled_columns


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftmaxRegression(Classifier):
    r"""One linear layer and a softmax, trained by cross-entropy.

    .. math::
        Z &= XW + b, \qquad P = \operatorname{softmax}(Z) \\
        f(W, b) &= -\frac1N \sum_{n} \log P_{n, y_n} + \frac{\lambda}{2} \lVert W \rVert^2 \\
        \nabla_W f &= X^\top (P - Y) / N + \lambda W, \qquad \nabla_b f = \textstyle\sum_n (P - Y)_n / N

    with Y the labels as one-hot rows. The loss is convex; with λ > 0 its minimum is unique up to a constant
    added to b. As the scores are linear, the Hessian is the generalised Gauss–Newton matrix. With two classes it is
    logistic regression: only the difference of the two columns matters.

    Args:
        train: the training examples; labels 0 … classes − 1.
        valid: examples for choosing settings, if any.
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

    @classmethod
    def on_digits(cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64) -> SoftmaxRegression:
        """Return the problem on the handwritten digits (see `digits`)."""
        train, valid, test = digits(seed, dtype)
        return cls(train=train, valid=valid, test=test, l2=l2)

    @classmethod
    def on_breast_cancer(cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64) -> SoftmaxRegression:
        """Return logistic regression on real data: two classes (see `breast_cancer`)."""
        train, valid, test = breast_cancer(seed, dtype)
        return cls(train=train, valid=valid, test=test, l2=l2, classes=2)

    @classmethod
    def on_text(
        cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64, power: float = 0.0
    ) -> SoftmaxRegression:
        """Return the problem on synthetic texts whose rare words tell the three classes apart (see `zipf_text`).

        The columns are divided by their root mean square to the ``power`` (see `scaled_columns`).
        """
        train, valid, test = scaled_columns(zipf_text(seed=seed, dtype=dtype), power)
        return cls(train=train, valid=valid, test=test, l2=l2, classes=3)

    @classmethod
    def on_docstrings(
        cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64, power: float = 0.0
    ) -> SoftmaxRegression:
        """Return the problem on a real text, told which of 20 modules a docstring is from (see `docstrings`).

        The columns are divided by their root mean square to the ``power`` (see `scaled_columns`).
        """
        train, valid, test = scaled_columns(docstrings(seed=seed, dtype=dtype), power)
        return cls(train=train, valid=valid, test=test, l2=l2, classes=20)

    @classmethod
    def on_next_words(cls, l2: float = 0.0, seed: int = 0, dtype: type = np.float64) -> SoftmaxRegression:
        """Return the bigram model of a real text: 100 very unequal classes (see `next_words`)."""
        train, valid, test = next_words(seed=seed, dtype=dtype)
        return cls(train=train, valid=valid, test=test, l2=l2, classes=100)

    @cached_property
    def layers(self) -> tuple[Dense, ...]:
        """The one layer."""
        return dense_layers((self.train.features, self.classes))

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names of the weights and biases."""
        return [("W", "b")]

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        """Return zeros: the loss is convex, so no start is better than another."""
        return self.zeros()
