"""The Fisher matrix of one layer of a network: the whole block, and the two factors that K-FAC keeps of it."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from .classifier import Classifier
from .data import Data
from .heads import softmax
from .network import Weights
from .settings import check_choice

Labels = Literal["expected", "sampled", "data"]


class LayerFisher(NamedTuple):
    r"""What a layer's Fisher matrix is made of.

    .. math::
        F = \frac1N \sum_n \bar a_n \bar a_n^\top \otimes H_n, \qquad H_n = \mathbb E_y[d\, d^\top], \qquad
        A = \frac1N \sum_n \bar a_n \bar a_n^\top, \qquad G = \frac1N \sum_n H_n

    with ā the inputs of the layer and a last 1, and d the slopes of one example's loss at the layer's outputs.

    Args:
        inputs: ā of each example, ``(N, inputs + 1)``.
        squares: H of each example, ``(N, outputs, outputs)``.

    Examples:
        >>> rng = np.random.default_rng(0)
        >>> layer = LayerFisher(rng.normal(size=(1, 3)), np.array([[[2.0, 1.0], [1.0, 1.0]]]))
        >>> np.allclose(layer.block(), np.kron(*layer.factors()))  # one example alone: no error
        True

    Reference: J. Martens and R. Grosse, "Optimizing neural networks with Kronecker-factored approximate curvature",
    ICML 2015.
    """

    inputs: np.ndarray
    squares: np.ndarray

    def block(self) -> np.ndarray:
        """Return F ``(n, n)`` for n = (inputs + 1)·outputs, W with its bias as last row ravelled by rows."""
        (count, a), g = self.inputs.shape, self.squares.shape[-1]
        products = (self.inputs[:, :, None] * self.inputs[:, None, :]).reshape(count, -1)
        block = products.T @ self.squares.reshape(count, -1) / count
        return block.reshape(a, a, g, g).swapaxes(1, 2).reshape(a * g, a * g)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """Return A ``(inputs + 1, inputs + 1)`` and G ``(outputs, outputs)``."""
        return self.inputs.T @ self.inputs / len(self.inputs), self.squares.mean(axis=0)


def layer_fishers(
    problem: Classifier,
    params: Weights,
    batch: Data | None = None,
    labels: Labels = "expected",
    rng: np.random.Generator | None = None,
) -> list[LayerFisher]:
    r"""Return what the Fisher matrix of every layer is made of, the first layer first.

    Args:
        problem: a network of dense layers with a softmax at its end.
        params: one network, no grid.
        batch: examples (None: all training examples).
        labels: whose: "expected" weights all classes with the model's probabilities, which gives the Fisher matrix;
            "sampled" draws one label for each example from them; "data" takes the examples' own, which gives another
            matrix, called the empirical Fisher matrix.
        rng: draws the labels; needed for "sampled" only.

    Raises:
        TypeError: if the problem is no classifier.
        ValueError: for other labels, for "sampled" without ``rng``, or for a layer that is not dense.

    Examples:
        >>> from course_lib.problems import MLP
        >>> problem = MLP.on_digits(hidden=(8,))
        >>> hidden, output = layer_fishers(problem, problem.init(np.random.default_rng(0)))
        >>> output.block().shape, [factor.shape for factor in output.factors()]
        ((90, 90), [(9, 9), (10, 10)])
    """
    if not isinstance(problem, Classifier):
        raise TypeError(f"problem = {problem!r} is not allowed: it must be a classifier, such as MLP")
    check_choice("labels", labels, get_args(Labels))
    if labels == "sampled" and rng is None:
        raise ValueError("labels = 'sampled' needs rng, a numpy Generator")
    if any(layer.positions != 1 for layer in problem.layers):
        raise ValueError("problem has a layer that is not dense: its Fisher matrix is not made here")
    data = problem.batch(batch)
    steps = problem._forward(params, data.inputs)
    scores = steps[-1].a
    targets, weights = _targets(problem, scores, data, labels, rng)
    repeated = np.broadcast_to(scores, (len(targets), *scores.shape))
    slopes = dict(problem._backward(steps, problem.head.error(repeated, targets)))
    ones = np.ones((len(data), 1), scores.dtype)
    return [
        LayerFisher(np.hstack([step.rows, ones]), np.einsum("kno,knp,kn->nop", slopes[k], slopes[k], weights))
        for k, step in enumerate(steps)
    ]


def _targets(
    problem: Any, scores: np.ndarray, data: Data, labels: Labels, rng: np.random.Generator | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and the weight of each, both ``(labels an example, N)``."""
    if labels == "expected":
        probabilities = softmax(scores)
        classes = np.arange(len(probabilities))[:, None]
        return np.broadcast_to(classes, probabilities.shape), probabilities
    chosen = data.targets if labels == "data" else problem.head.drawn(scores, rng)
    return chosen[None], np.ones((1, len(data)), scores.dtype)
