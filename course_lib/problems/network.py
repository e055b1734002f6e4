"""Networks: loss, gradient, products with curvature matrices and the layers' statistics, written once for all kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np

from .data import Data
from .layers import ACTIVATIONS, Layer
from .problem import Problem
from .settings import check_choice
from .stacks import column_sums, to_back, to_front

Weights = dict[str, np.ndarray]


class Step(NamedTuple):
    """What a forward pass leaves at a layer, the runs first.

    Args:
        layer: the layer.
        w: its weights W_l, ``(*grid, inputs of a row, outputs of a row)``.
        rows: its inputs as rows, R(a_{l−1}), ``(*grid, N·positions, inputs of a row)``.
        a: what comes out of the activation, a_l, ``(*grid, N, units)``; of the last layer the scores z_L.
    """

    layer: Layer
    w: np.ndarray
    rows: np.ndarray
    a: np.ndarray


@dataclass(frozen=True, eq=False, kw_only=True)
class Network(Problem):
    r"""Layers of weights with an activation between them and a loss at the end; a subclass names both.

    .. math::
        a_0 &= X, \qquad z_l = R_l(a_{l-1})\, W_l + b_l, \qquad a_l = \varphi(z_l) \\
        \delta_L &= \nabla_z f / N, \qquad \delta_{l-1} = R_l^*(\delta_l W_l^\top) \odot \varphi'(z_{l-1}) \\
        \nabla_{W_l} f &= R_l(a_{l-1})^\top \delta_l + \lambda W_l, \qquad \nabla_{b_l} f = \textstyle\sum_n
        \delta_{l,n}

    R lays out the inputs of a layer as rows: as they are for a dense layer, as patches for a convolution (see
    `layers`). To be read first: `plain_mlp`, the same lines for one network of dense layers.

    Args:
        train: the training examples.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        activation: ``"relu"``, φ(z) = max(0, z), or ``"tanh"``.
        l2: λ, ≥ 0, of λ/2 times the squared weights; biases are free.

    Parameters are a dict of W1 ``(inputs, outputs, *grid)``, b1 ``(outputs, *grid)``, W2, …: a whole grid of
    networks is computed at once. A batch may have a grid too, where runs see different examples: inputs ``(N, features,
    *g)``, targets ``(N, *g)``, with g aligned to the last axes of the grid.
    """

    activation: Literal["relu", "tanh"] = "relu"
    l2: float = 0.0

    head: ClassVar[Any]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("activation", self.activation, ("relu", "tanh"))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the first one first."""
        raise NotImplementedError

    @property
    def depth(self) -> int:
        """How many layers of weights there are."""
        return len(self.layers)

    @property
    def names(self) -> list[tuple[str, str]]:
        """The names of each layer's weights and biases."""
        return [(f"W{k}", f"b{k}") for k in range(1, self.depth + 1)]

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        r"""Return random weights and zero biases.

        The weights have variance 2/inputs for ReLU (He) and 2/(inputs + outputs) for tanh and the last layer
        (Glorot): signals keep their size from layer to layer.

        Reference: X. Glorot and Y. Bengio, AISTATS 2010; K. He et al., "Delving deep into rectifiers", ICCV 2015.
        """
        rng = np.random.default_rng() if rng is None else rng
        params = self.zeros()
        for (w, _), layer in zip(self.names, self.layers, strict=True):
            he = self.activation == "relu" and layer is not self.layers[-1]
            inputs, outputs = layer.fans
            variance = 2 / inputs if he else 2 / (inputs + outputs)
            params[w] = (np.sqrt(variance) * rng.standard_normal(layer.shape)).astype(self.train.dtype)
        return params

    def zeros(self) -> Weights:
        """Return parameters that are all zero."""
        shapes = zip(self.names, self.layers, strict=True)
        return {
            name: np.zeros(shape, self.train.dtype)
            for (w, b), layer in shapes
            for name, shape in ((w, layer.shape), (b, layer.shape[1:]))
        }

    # -- loss and gradient -----------------------------------------------------------------------------

    def scores(self, params: Weights, inputs: np.ndarray) -> np.ndarray:
        """Return z_L, ``(N, outputs, *grid)``."""
        return self.activations(params, inputs)[-1]

    def activations(self, params: Weights, inputs: np.ndarray) -> list[np.ndarray]:
        """Return a₀ … a_{L−1} and, last, the scores z_L, each ``(N, units, *grid)`` (a₀ as given)."""
        return [inputs, *(to_back(step.a, 2) for step in self._forward(params, inputs))]

    def loss(self, params: Weights, batch: Data | None = None) -> Any:
        """Return the loss on a batch (None: all training examples), ``grid``-shaped."""

        def of(part: Data) -> Any:
            return self.head.loss(self._forward(params, part.inputs)[-1].a, self._targets(part))

        loss = (self.train if batch is None else batch).mean(of)
        if self.l2:
            loss = loss + self.l2 / 2 * sum(np.sum(params[w] ** 2, axis=(0, 1)) for w, _ in self.names)
        return loss

    def grad(self, params: Weights, batch: Data | None = None) -> Weights:
        """Return the gradient on a batch (None: all training examples), by parameter name."""
        data = self.batch(batch)
        steps = self._forward(params, data.inputs)
        delta = self.head.error(steps[-1].a, self._targets(data))  # δ_L, (*grid, N, outputs)
        delta /= len(data)
        return self._pulled_back(steps, delta, params, params)

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
        data = self.batch(batch)
        steps = self._forward(params, data.inputs)
        tangents = self._tangents(steps, vector)
        activation, products = ACTIVATIONS[self.activation], {}
        r_delta = self.head.curvature(steps[-1].a, tangents[-1].a) / len(data)
        last = self.head.error(steps[-1].a, self._targets(data)) / len(data)
        for k, delta in self._backward(steps, last):
            step, tangent = steps[k], tangents[k]
            r_delta = r_delta.reshape(*r_delta.shape[:-2], -1, step.w.shape[-1])
            w_name, b_name = self.names[k]
            product = tangent.rows.mT @ delta + step.rows.mT @ r_delta
            products[w_name] = to_back(product, 2) + self.l2 * vector[w_name]
            products[b_name] = to_back(column_sums(r_delta), 1)
            if k:
                a, r_a = steps[k - 1].a, tangents[k - 1].a
                back = step.layer.back(delta @ step.w.mT)
                r_back = step.layer.back(r_delta @ step.w.mT + delta @ tangent.w.mT)
                r_delta = r_back * activation.slope(a) + back * activation.r_slope(a, r_a)
        return {name: products[name] for name in params}

    def gauss_newton_product(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        r"""Return the product of the generalised Gauss–Newton matrix with a vector.

        .. math:: \frac1N \sum_n J_n^\top H_n J_n\, v + \lambda v

        J is the derivative of the scores by the parameters and H the Hessian of the loss by the scores: the Hessian
        without the curvature of the network itself, never negative, and equal to the Fisher matrix (plus λ at the
        weights).

        Args:
            params: x.
            vector: v, a dict of the same form.
            batch: examples (None: all training examples).

        Reference: N. N. Schraudolph, "Fast curvature matrix-vector products for second-order gradient descent", Neural
        Computation 14 (2002).
        """
        data = self.batch(batch)
        steps = self._forward(params, data.inputs)
        r_scores = self._tangents(steps, vector)[-1].a  # J v
        delta = self.head.curvature(steps[-1].a, r_scores) / len(data)  # H J v / N
        return self._pulled_back(steps, delta, params, vector)

    # -- parts, all with the runs first ----------------------------------------------------------------

    def _targets(self, data: Data) -> np.ndarray:
        """Return what the head compares the scores with."""
        return to_front(data.targets, 1)

    def _layered(self, params: Weights) -> Iterator[tuple[Layer, np.ndarray, np.ndarray]]:
        """Yield each layer with its weights and its biases, these as one row."""
        for layer, (w, b) in zip(self.layers, self.names, strict=True):
            if params[w].shape[:2] != layer.shape or params[b].shape[:1] != layer.shape[1:]:
                raise ValueError(f"{w} and {b} have shapes {params[w].shape} and {params[b].shape}, but they must be "
                                 f"{layer.shape} and {layer.shape[1:]}, and perhaps a grid of runs")  # fmt: skip
            yield layer, to_front(params[w], 2), to_front(params[b], 1)[..., None, :]

    def _forward(self, params: Weights, inputs: np.ndarray) -> list[Step]:
        """Return W_l, R(a_{l−1}) and a_l of each layer; a_L is the scores, without an activation."""
        if inputs.shape[1] != self.train.features:
            raise ValueError(f"inputs has shape {inputs.shape}, but it must be (N, {self.train.features}), and perhaps "
                             f"a grid of runs")  # fmt: skip
        steps: list[Step] = []
        a, activate = to_front(inputs, 2), ACTIVATIONS[self.activation].value  # (*grid, N, features)
        for layer, w, b in self._layered(params):
            rows = layer.rows(a)  # (*grid, N·positions, inputs of a row)
            z = rows @ w  # (*grid, N·positions, outputs of a row)
            z += b
            a = z.reshape(*z.shape[:-2], -1, layer.positions * layer.shape[1])  # (*grid, N, units)
            if len(steps) < self.depth - 1:
                activate(a)
            steps.append(Step(layer, w, rows, a))
        return steps

    def _tangents(self, steps: list[Step], vector: Weights) -> list[Step]:
        """Return what a forward pass changes by as the parameters change by a vector, in the shapes of its steps."""
        tangents: list[Step] = []
        slope = ACTIVATIONS[self.activation].slope
        r_rows = np.zeros_like(steps[0].rows)  # the inputs do not move
        for step, (layer, v, c) in zip(steps, self._layered(vector), strict=True):
            if tangents:
                r_rows = layer.rows(tangents[-1].a)
            r_a = (r_rows @ step.w + step.rows @ v + c).reshape(step.a.shape)
            if len(tangents) < self.depth - 1:
                r_a *= slope(step.a)
            tangents.append(Step(layer, v, r_rows, r_a))
        return tangents

    def _backward(self, steps: list[Step], delta: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (l, δ_l as rows) from the last layer to the first."""
        slope = ACTIVATIONS[self.activation].slope
        for k in range(len(steps) - 1, -1, -1):
            layer, w = steps[k].layer, steps[k].w
            delta = delta.reshape(
                *delta.shape[:-2], -1, w.shape[-1]
            )  # (*grid, N·positions, outputs of a row)
            yield k, delta
            if k:
                delta = layer.back(delta @ w.mT)  # (*grid, N, units of the layer before)
                delta *= slope(steps[k - 1].a)

    def _pulled_back(
        self, steps: list[Step], delta: np.ndarray, params: Weights, penalised: Weights
    ) -> Weights:
        """Return Jᵀδ for slopes δ at the scores, plus λ times the weights of ``penalised``."""
        grads = {}
        for k, rows_delta in self._backward(steps, delta):
            w, b = self.names[k]
            grads[w] = to_back(steps[k].rows.mT @ rows_delta, 2)  # (inputs of a row, outputs of a row, *grid)
            if self.l2:
                grads[w] += self.l2 * penalised[w]
            grads[b] = to_back(column_sums(rows_delta), 1)  # (outputs of a row, *grid)
        return {name: grads[name] for name in params}
