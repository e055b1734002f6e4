"""Networks that tell classes apart, and what K-FAC wants to know of a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .data import Data
from .heads import CrossEntropy
from .network import Network, Weights
from .stacks import to_back, to_front


@dataclass(frozen=True, eq=False, kw_only=True)
class Classifier(Network):
    """A network with a softmax at its end, trained by cross-entropy.

    Args:
        train: the training examples; labels 0 … classes − 1.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        activation: ``"relu"``, φ(z) = max(0, z), or ``"tanh"``.
        l2: λ, ≥ 0, of λ/2 times the squared weights; biases are free.
        classes: number of classes, ≥ 2.

    Raises:
        ValueError: for labels out of range, a negative l2 or an unknown activation.
    """

    classes: int = 10

    head = CrossEntropy()

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, data in self.parts_of_data():
            data.check_labels(self.classes, name)

    def accuracy(self, params: Weights, data: Data | None = None) -> Any:
        """Return the share of examples classified rightly, in [0, 1], ``grid``-shaped."""

        def share(part: Data) -> Any:
            scores = self._forward(params, part.inputs)[-1].a
            return (scores.argmax(axis=-1) == to_front(part.targets, 1)).mean(axis=-1)

        return (self.train if data is None else data).mean(share)

    def sampled(self, params: Weights, batch: Data | None, rng: np.random.Generator) -> Data:
        """Return a batch with labels drawn from the model's own probabilities: what the Fisher matrix is made of."""
        data = self.batch(batch)
        labels = self.head.drawn(self._forward(params, data.inputs)[-1].a, rng)
        return Data(data.inputs, to_back(labels, 1))


class LayerStatistics(Network):
    """A network that can tell K-FAC of its layers."""

    def layer_statistics(
        self, params: Weights, batch: Data | None, rng: np.random.Generator
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        r"""Return what K-FAC is made of: for each layer its inputs and the slopes of the loss at its outputs.

        A layer that meets every example at T positions (a convolution; T = 1 for a dense layer) gives T rows for each.
        Its Fisher matrix is approximated by Ω ⊗ Γ with :math:`\Omega = \sum_t \mathbb E[\bar a_t \bar a_t^\top]` and
        :math:`\Gamma = \frac1T \sum_t \mathbb E[d_t d_t^\top]`: slopes at different positions are taken for
        uncorrelated, and alike. K-FAC takes the mean over rows for both; so that the product is Ω ⊗ Γ all the same, the
        slopes here carry the missing factor, √T.

        Args:
            params: one network, no grid.
            batch: examples (None: all training examples); their own targets are not used.
            rng: draws a target for each example from the model's probabilities.

        Returns:
            For each layer the inputs with a last column of ones ``(N·T, inputs + 1)``, and for every single example the
            gradient of its loss with respect to z, times √T, ``(N·T, outputs)``.

        Reference: R. Grosse and J. Martens, "A Kronecker-factored approximate Fisher matrix for convolution layers",
        ICML 2016.
        """
        data = self.batch(batch)
        steps = self._forward(params, data.inputs)
        scores = steps[-1].a
        slopes = dict(self._backward(steps, self.head.error(scores, self.head.drawn(scores, rng))))
        statistics = []
        for k, step in enumerate(steps):
            ones = np.ones((len(step.rows), 1), step.rows.dtype)
            statistics.append((np.hstack([step.rows, ones]), slopes[k] * step.layer.positions**0.5))
        return statistics
