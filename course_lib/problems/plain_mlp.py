"""Back-propagation through a multilayer perceptron, and nothing else: one network, dense layers, ReLU, softmax.

`MLP` computes the same for grids of networks, with other activations, an L2 penalty and products with curvature.
"""

from __future__ import annotations

import numpy as np


def loss_and_grad(
    params: dict[str, np.ndarray], inputs: np.ndarray, labels: np.ndarray
) -> tuple[float, dict[str, np.ndarray]]:
    r"""Return the mean cross-entropy of a network and its gradient.

    .. math::
        a_0 &= X, \qquad z_l = a_{l-1} W_l + b_l, \qquad a_l = \max(0, z_l), \qquad P = \operatorname{softmax}(z_L) \\
        \delta_L &= (P - Y) / N, \qquad \delta_{l-1} = (\delta_l W_l^\top) \odot [a_{l-1} > 0] \\
        \nabla_{W_l} f &= a_{l-1}^\top \delta_l, \qquad \nabla_{b_l} f = \textstyle\sum_n \delta_{l,n}

    Args:
        params: W1 ``(inputs, units)``, b1 ``(units,)``, W2, b2, …, as `MLP.init` returns them.
        inputs: X, ``(N, features)``.
        labels: 0 … classes − 1, ``(N,)``; Y has them as one-hot rows.

    Examples:
        >>> from course_lib.problems import MLP
        >>> problem = MLP.on_digits(hidden=(16,))
        >>> params, batch = problem.init(np.random.default_rng(0)), problem.train[:64]
        >>> loss, grads = loss_and_grad(params, batch.inputs, batch.targets)
        >>> print(np.isclose(loss, problem.loss(params, batch)), grads["W1"].shape)
        True (64, 16)

    Reference: D. E. Rumelhart, G. E. Hinton and R. J. Williams, "Learning representations by back-propagating
    errors", Nature 323 (1986).
    """
    depth, examples = len(params) // 2, np.arange(len(labels))
    a = [inputs]
    for layer in range(1, depth + 1):
        z = a[-1] @ params[f"W{layer}"] + params[f"b{layer}"]
        a.append(np.maximum(0, z) if layer < depth else z)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[examples, labels]))

    grads = {}
    delta = p
    delta[examples, labels] -= 1
    delta /= len(labels)
    for layer in range(depth, 0, -1):
        grads[f"W{layer}"] = a[layer - 1].T @ delta
        grads[f"b{layer}"] = delta.sum(axis=0)
        delta = delta @ params[f"W{layer}"].T * (a[layer - 1] > 0)
    return float(loss), grads
