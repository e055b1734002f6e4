"""A multilayer perceptron: gradient, products with the Hessian and the layers' statistics by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .classification import check_labels, log_softmax
from .data import Data, digits

Weights = dict[str, np.ndarray]


@dataclass(frozen=True, eq=False, kw_only=True)
class MLP:
    r"""Layers of weights with a bend between them, a softmax at the end, trained by cross-entropy.

    .. math::
        a_0 &= X, \qquad z_l = a_{l-1} W_l + b_l, \qquad a_l = \varphi(z_l), \qquad P = \operatorname{softmax}(z_L) \\
        \delta_L &= (P - Y) / N, \qquad \delta_{l-1} = (\delta_l W_l^\top) \odot \varphi'(z_{l-1}) \\
        \nabla_{W_l} f &= a_{l-1}^\top \delta_l + \lambda W_l, \qquad \nabla_{b_l} f = \textstyle\sum_n \delta_{l,n}

    with Y the labels as one-hot rows and f the mean cross-entropy plus λ/2 times the squared weights.

    Args:
        train: the training examples; labels 0 … classes − 1.
        test: held-out examples, if any.
        hidden: units of each hidden layer; ``()`` is softmax regression.
        activation: ``"relu"``, φ(z) = max(0, z), or ``"tanh"``.
        classes: number of classes, ≥ 2.
        l2: λ, ≥ 0.

    Parameters are a dict of W1 ``(inputs, outputs, *grid)``, b1 ``(outputs, *grid)``, W2, …: a whole grid of
    networks is computed at once.

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

    train: Data
    test: Data | None = None
    hidden: tuple[int, ...] = (32,)
    activation: Literal["relu", "tanh"] = "relu"
    classes: int = 10
    l2: float = 0.0

    def __post_init__(self) -> None:
        if not self.l2 >= 0:
            raise ValueError(f"l2 = {self.l2!r} is not allowed: it must be ≥ 0")
        if self.activation not in ("relu", "tanh"):
            raise ValueError(f"activation = {self.activation!r} is not allowed: it must be 'relu' or 'tanh'")
        if any(isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1 for n in self.hidden):
            raise ValueError(f"hidden = {self.hidden!r} is not allowed: it must hold whole numbers ≥ 1")
        check_labels(self.classes, train=self.train, test=self.test)

    @classmethod
    def on_digits(
        cls, hidden: tuple[int, ...] = (32,), seed: int = 0, dtype: type = np.float64, **more: Any
    ) -> MLP:
        """Return the problem on the handwritten digits (see `digits`); ``more`` are further fields."""
        train, _, test = digits(seed, dtype)
        return cls(train=train, test=test, hidden=hidden, **more)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, the inputs first and the classes last."""
        return (self.train.inputs.shape[1], *self.hidden, self.classes)

    @property
    def depth(self) -> int:
        """How many layers of weights there are."""
        return len(self.hidden) + 1

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        r"""Return random weights and zero biases.

        The weights have variance 2/inputs for ReLU (He) and 2/(inputs + outputs) for tanh and the last layer
        (Glorot): signals keep their size from layer to layer.

        Reference: X. Glorot and Y. Bengio, AISTATS 2010; K. He et al., "Delving deep into rectifiers", ICCV 2015.
        """
        rng = np.random.default_rng() if rng is None else rng
        dtype, params = self.train.inputs.dtype, {}
        for k, (inputs, outputs) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            he = self.activation == "relu" and k < self.depth
            variance = 2 / inputs if he else 2 / (inputs + outputs)
            params[f"W{k}"] = (np.sqrt(variance) * rng.standard_normal((inputs, outputs))).astype(dtype)
            params[f"b{k}"] = np.zeros(outputs, dtype)
        return params

    # -- loss and gradient -----------------------------------------------------------------------------

    def activations(self, params: Weights, inputs: np.ndarray) -> list[np.ndarray]:
        """Return a₀ … a_{L−1} and, last, the scores z_L, each ``(N, units, *grid)`` (a₀ without the grid)."""
        layers = [inputs]
        for k in range(1, self.depth + 1):
            z = matmul(layers[-1], params[f"W{k}"]) + params[f"b{k}"]
            layers.append(z if k == self.depth else self._bend(z))
        return layers

    def scores(self, params: Weights, inputs: np.ndarray) -> np.ndarray:
        """Return z_L, ``(N, classes, *grid)``."""
        return self.activations(params, inputs)[-1]

    def loss(self, params: Weights, batch: Data | None = None) -> Any:
        """Return the loss on a batch (None: all training examples), ``grid``-shaped."""
        data = self.train if batch is None else batch
        log_p = log_softmax(self.scores(params, data.inputs))
        squares = sum(np.sum(params[f"W{k}"] ** 2, axis=(0, 1)) for k in range(1, self.depth + 1))
        return -log_p[np.arange(len(data)), data.targets].mean(axis=0) + self.l2 / 2 * squares

    def grad(self, params: Weights, batch: Data | None = None) -> Weights:
        """Return the gradient on a batch (None: all training examples), by parameter name."""
        data = self.train if batch is None else batch
        layers = self.activations(params, data.inputs)
        grads = {}
        for k, delta in self._backward(params, layers, self._error(layers[-1], data.targets) / len(data)):
            grads[f"W{k}"] = transposed_matmul(layers[k - 1], delta) + self.l2 * params[f"W{k}"]
            grads[f"b{k}"] = delta.sum(axis=0)
        return {name: grads[name] for name in params}

    def accuracy(self, params: Weights, data: Data | None = None) -> Any:
        """Return the share of examples classified rightly, in [0, 1]."""
        data = self.train if data is None else data
        scores = self.scores(params, data.inputs)
        labels = data.targets.reshape(-1, *(1,) * (scores.ndim - 2))
        return (scores.argmax(axis=1) == labels).mean(axis=0)

    # -- curvature -------------------------------------------------------------------------------------

    def hvp(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        r"""Return the exact product of the Hessian with a vector, for the price of about two gradients.

        Every line of the gradient is differentiated along the vector, :math:`R\{\cdot\} = \partial_r (\cdot)(x + r
        v)`. At the corner of a ReLU its second derivative is taken as 0.

        Args:
            params: x.
            vector: v, a dict of the same form.
            batch: examples (None: all training examples).

        Reference: B. A. Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6 (1994).
        """
        data = self.train if batch is None else batch
        layers = self.activations(params, data.inputs)
        r_layers = [np.zeros_like(layers[0])]  # the inputs do not move
        for k in range(1, self.depth + 1):
            r_z = (
                matmul(r_layers[-1], params[f"W{k}"])
                + matmul(layers[k - 1], vector[f"W{k}"])
                + vector[f"b{k}"]
            )
            r_layers.append(r_z if k == self.depth else self._slope(layers[k]) * r_z)
        p = np.exp(log_softmax(layers[-1]))
        r_p = p * (r_layers[-1] - np.sum(p * r_layers[-1], axis=1, keepdims=True))
        r_delta, products = r_p / len(data), {}
        for k, delta in self._backward(params, layers, self._error(layers[-1], data.targets) / len(data)):
            products[f"W{k}"] = (
                transposed_matmul(r_layers[k - 1], delta)
                + transposed_matmul(layers[k - 1], r_delta)
                + self.l2 * vector[f"W{k}"]
            )
            products[f"b{k}"] = r_delta.sum(axis=0)
            if k > 1:
                w, v, a, r_a = params[f"W{k}"], vector[f"W{k}"], layers[k - 1], r_layers[k - 1]
                back = matmul(delta, w.swapaxes(0, 1))
                r_back = matmul(r_delta, w.swapaxes(0, 1)) + matmul(delta, v.swapaxes(0, 1))
                r_delta = r_back * self._slope(a) + back * self._r_slope(a, r_a)
        return {name: products[name] for name in params}

    def sampled(self, params: Weights, batch: Data | None, rng: np.random.Generator) -> Data:
        """Return a batch with labels drawn from the model's own probabilities: what the Fisher matrix is made of."""
        data = self.train if batch is None else batch
        p = np.exp(log_softmax(self.scores(params, data.inputs)))
        labels = (p.cumsum(axis=1) < rng.random((len(data), 1))).sum(axis=1)
        return Data(data.inputs, np.minimum(labels, self.classes - 1))

    def layer_statistics(
        self, params: Weights, batch: Data | None, rng: np.random.Generator
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return what K-FAC is made of: for each layer its inputs and the slopes of the loss at its outputs.

        Args:
            params: one network, no grid.
            batch: examples (None: all training examples); their own labels are not used.
            rng: draws a label for each example from the model's probabilities.

        Returns:
            For each layer the inputs with a last column of ones ``(N, inputs + 1)``, and for every single example the
            gradient of its loss with respect to z ``(N, outputs)``.
        """
        data = self.sampled(params, batch, rng)
        layers = self.activations(params, data.inputs)
        ones = np.ones((len(data), 1), layers[0].dtype)
        slopes = dict(self._backward(params, layers, self._error(layers[-1], data.targets)))
        return [(np.hstack([layers[k - 1], ones]), slopes[k]) for k in range(1, self.depth + 1)]

    # -- parts -----------------------------------------------------------------------------------------

    def _error(self, scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """Return P − Y."""
        error = np.exp(log_softmax(scores))
        error[np.arange(len(labels)), labels] -= 1
        return error

    def _backward(self, params: Weights, layers: list[np.ndarray], delta: np.ndarray) -> Any:
        """Yield (l, δ_l) from the last layer to the first."""
        for k in range(self.depth, 0, -1):
            yield k, delta
            if k > 1:
                delta = matmul(delta, params[f"W{k}"].swapaxes(0, 1)) * self._slope(layers[k - 1])

    def _bend(self, z: np.ndarray) -> np.ndarray:
        """Return φ(z)."""
        return np.maximum(z, 0) if self.activation == "relu" else np.tanh(z)

    def _slope(self, a: np.ndarray) -> np.ndarray:
        """Return φ′(z), from a = φ(z)."""
        return (a > 0).astype(a.dtype) if self.activation == "relu" else 1 - a * a

    def _r_slope(self, a: np.ndarray, r_a: np.ndarray) -> np.ndarray:
        """Return R{φ′(z)} from a and R{a}."""
        return np.zeros_like(a) if self.activation == "relu" else -2 * a * r_a


def matmul(a: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return the product of ``(N, k, *grid)`` and ``(k, m, *grid)``; the first may be without the grid."""
    if w.ndim == 2 and a.ndim == 2:
        return a @ w
    product = np.moveaxis(a, (0, 1), (-2, -1)) @ np.moveaxis(w, (0, 1), (-2, -1))
    return np.moveaxis(product, (-2, -1), (0, 1))


def transposed_matmul(a: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Return aᵀδ for ``(N, k, *grid)`` and ``(N, m, *grid)``; the first may be without the grid."""
    return matmul(a.swapaxes(0, 1), delta)
