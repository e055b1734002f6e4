"""A small instance of every problem, made in milliseconds, for tests and tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .autoencoder import Autoencoder
from .conv_net import ConvNet
from .counterexample import OnlineCounterexample
from .data import Data
from .factorisation import MatrixFactorisation
from .least_squares import LeastSquares
from .linear_regression import LinearRegression
from .mlp import MLP
from .quadratic import NoisyQuadratic
from .softmax import SoftmaxRegression


def _labelled(features: int, classes: int, examples: int = 12) -> dict[str, Any]:
    """Return random training and test examples with labels."""
    rng = np.random.default_rng(0)

    def drawn() -> Data:
        return Data(rng.standard_normal((examples, features)), np.arange(examples) % classes)

    return {"train": drawn(), "test": drawn(), "classes": classes}


def _numbered(features: int, examples: int = 12) -> dict[str, Any]:
    """Return random training and test examples with numbers to predict."""
    rng = np.random.default_rng(0)

    def drawn() -> Data:
        return Data(rng.standard_normal((examples, features)), rng.standard_normal(examples))

    return {"train": drawn(), "test": drawn()}


PROBLEMS: dict[str, Callable[[], Any]] = {
    "softmax": lambda: SoftmaxRegression(**_labelled(5, 3), l2=0.1),
    "logistic": lambda: SoftmaxRegression(**_labelled(4, 2)),
    "mlp-relu": lambda: MLP(**_labelled(5, 3), hidden=(6, 4), l2=0.1),
    "mlp-tanh": lambda: MLP(**_labelled(5, 3), hidden=(4,), activation="tanh"),
    "conv-same": lambda: ConvNet(**_labelled(16, 3), channels=(2, 3), activation="tanh", l2=0.1),
    "conv-valid": lambda: ConvNet(**_labelled(36, 3), channels=(2,), padding="valid", kernel=2),
    "autoencoder": lambda: Autoencoder(**_numbered(6), hidden=(4, 2, 4), l2=0.1),
    "linear": lambda: LinearRegression(**_numbered(5), l2=0.1),
    "line": LeastSquares.line,
    "decay": LeastSquares.decay,
    "growth": LeastSquares.growth,
    "factorisation": lambda: MatrixFactorisation.low_rank(rows=6, columns=5, rank=2, known=1.0, l2=0.1),
    "noisy-quadratic": lambda: NoisyQuadratic.make(dimension=6, examples=12),
    "counterexample": OnlineCounterexample.periodic,
}
"""Each name gives a function of no arguments that makes the problem, in float64."""
