"""An autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from .classifier import LayerStatistics
from .data import Data
from .datasets import digits
from .heads import HalfSquaredError
from .layers import Dense, dense_layers
from .settings import check_sizes
from .stacks import to_front


@dataclass(frozen=True, eq=False, kw_only=True)
class Autoencoder(LayerStatistics):
    r"""A network that gives its inputs back, through a layer too narrow for them.

    .. math::
        a_0 = X, \qquad z_l = a_{l-1} W_l + b_l, \qquad a_l = \varphi(z_l), \qquad
        f = \frac{1}{2 N D} \lVert z_L - X \rVert^2

    for N examples of D numbers: half the mean squared error. Deep ones are the classical hard case for plain
    descent, and the first success of curvature products and of K-FAC. The model behind the loss is Gaussian, with
    variance D (that is the scale at which f is its negative logarithm): from it `layer_statistics` draws its targets.

    Args:
        train: the training examples; their targets are not used.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        hidden: units of each hidden layer, the narrow one among them; at least one layer.
        activation: ``"tanh"``, or ``"relu"``, φ(z) = max(0, z).
        l2: λ, ≥ 0.

    Parameters are a dict of W1 ``(inputs, outputs, *grid)``, b1 ``(outputs, *grid)``, W2, …, as for `MLP`.

    Raises:
        ValueError: for a negative l2, an unknown activation or a layer without units.

    Examples:
        >>> problem = Autoencoder.on_digits()
        >>> problem.sizes
        (64, 32, 8, 32, 64)
        >>> print(problem.loss(problem.init(np.random.default_rng(0))) < 0.5)
        True

    Reference: G. E. Hinton and R. R. Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science
    313 (2006); J. Martens, "Deep learning via Hessian-free optimization", ICML 2010.
    """

    hidden: tuple[int, ...] = (32, 8, 32)
    activation: Literal["relu", "tanh"] = "tanh"

    head = HalfSquaredError()

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes("hidden", self.hidden, least=1)

    @classmethod
    def on_digits(
        cls, hidden: tuple[int, ...] = (32, 8, 32), seed: int = 0, dtype: type = np.float64, **more: Any
    ) -> Autoencoder:
        """Return the problem on the handwritten digits (see `digits`); ``more`` are further fields."""
        train, valid, test = digits(seed, dtype)
        return cls(train=train, valid=valid, test=test, hidden=hidden, **more)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, inputs and outputs included."""
        return (self.train.features, *self.hidden, self.train.features)

    @cached_property
    def layers(self) -> tuple[Dense, ...]:
        """The layers, the first one first."""
        return dense_layers(self.sizes)

    def _targets(self, data: Data) -> np.ndarray:
        return to_front(data.inputs, 2)
