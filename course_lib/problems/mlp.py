"""A multilayer perceptron."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .classifier import Classifier, LayerStatistics
from .datasets import digits
from .layers import Dense, dense_layers
from .settings import check_sizes


@dataclass(frozen=True, eq=False, kw_only=True)
class MLP(Classifier, LayerStatistics):
    r"""Layers of weights with an activation between them, a softmax at the end, trained by cross-entropy.

    .. math::
        a_0 &= X, \qquad z_l = a_{l-1} W_l + b_l, \qquad a_l = \varphi(z_l), \qquad P = \operatorname{softmax}(z_L) \\
        \delta_L &= (P - Y) / N, \qquad \delta_{l-1} = (\delta_l W_l^\top) \odot \varphi'(z_{l-1}) \\
        \nabla_{W_l} f &= a_{l-1}^\top \delta_l + \lambda W_l, \qquad \nabla_{b_l} f = \textstyle\sum_n \delta_{l,n}

    with Y the labels as one-hot rows and f the mean cross-entropy plus λ/2 times the squared weights. These lines are
    written in `Network`, which gives it loss, gradient and curvature, and once more, plainly, in `plain_mlp`.

    Args:
        train: the training examples; labels 0 … classes − 1.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        hidden: units of each hidden layer; ``()`` is softmax regression.
        activation: ``"relu"``, φ(z) = max(0, z), or ``"tanh"``.
        classes: number of classes, ≥ 2.
        l2: λ, ≥ 0.

    Parameters are a dict of W1 ``(inputs, outputs, *grid)``, b1 ``(outputs, *grid)``, W2, …: a whole grid of
    networks is computed at once, each on the same batch or on one of its own (see `Network`).

    Raises:
        ValueError: for labels out of range, a negative l2, an unknown activation or a layer without units.

    Examples:
        >>> problem = MLP.on_digits(hidden=(16,))
        >>> params = problem.init(np.random.default_rng(0))
        >>> {name: part.shape for name, part in params.items()}
        {'W1': (64, 16), 'b1': (16,), 'W2': (16, 10), 'b2': (10,)}
        >>> print(problem.loss(params).round(1), problem.accuracy(params) < 0.3)
        2.3 True

    Reference: D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323 (1986).
    """

    hidden: tuple[int, ...] = (32,)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes("hidden", self.hidden)

    @classmethod
    def on_digits(
        cls, hidden: tuple[int, ...] = (32,), seed: int = 0, dtype: type = np.float64, **more: Any
    ) -> MLP:
        """Return the problem on the handwritten digits (see `digits`); ``more`` are further fields."""
        train, valid, test = digits(seed, dtype)
        return cls(train=train, valid=valid, test=test, hidden=hidden, **more)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, the inputs first and the classes last."""
        return (self.train.features, *self.hidden, self.classes)

    @cached_property
    def layers(self) -> tuple[Dense, ...]:
        """The layers, the first one first."""
        return dense_layers(self.sizes)
