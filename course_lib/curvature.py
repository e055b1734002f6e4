"""Curvature without the Hessian: its product with a vector, and its largest eigenvalue."""

from __future__ import annotations

from typing import Any

import numpy as np

from .optimizers.base import Params, pack, unpack


def hessian_vector(problem: Any, params: Params, vector: Params, batch: Any = None, step: float = 1e-5) -> Params:
    r"""Return the product of the Hessian with a vector, from two gradients.

    .. math:: H v \approx \frac{\nabla f(x + h v) - \nabla f(x - h v)}{2 h}

    Args:
        problem: anything with ``grad(params, batch)``.
        params: x, an array or a dict of arrays.
        vector: v, of the same form; not zero.
        batch: handed on to ``grad``.
        step: length of h·v, > 0; the error grows with its square, and with rounding/step below that.

    Raises:
        ValueError: if the vector is zero or ``step`` is not positive.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> saddle = surface("saddle")  # x² − y²
        >>> print(hessian_vector(saddle, np.zeros(2), np.array([1.0, 1.0])).round(6))
        [ 2. -2.]
    """
    x, v = _flat(params), _flat(vector)
    length = float(np.linalg.norm(v))
    if not (length > 0 and step > 0):
        raise ValueError(f"vector has length {length:g} and step is {step!r}, but both must be > 0")
    h = step / length

    def grad(point: np.ndarray) -> np.ndarray:
        return _flat(problem.grad(_like(point, params), batch))

    return _like((grad(x + h * v) - grad(x - h * v)) / (2 * h), params)


def sharpness(problem: Any, params: Params, batch: Any = None, iterations: int = 50, seed: int = 0) -> float:
    """Return the Hessian's eigenvalue of largest size, by power iteration.

    Gradient descent is stable near ``params`` only while lr · sharpness < 2.

    Args:
        problem: anything with ``grad(params, batch)``.
        params: where.
        batch: handed on to ``grad``.
        iterations: of the power method, ≥ 1; two gradients each.
        seed: of the random start vector.

    Reference: R. von Mises and H. Pollaczek-Geiringer, "Praktische Verfahren der Gleichungsauflösung", ZAMM 9 (1929).

    Examples:
        >>> from course_lib.surfaces import quadratic
        >>> print(round(sharpness(quadratic(condition=10, largest=3.0), np.ones(2)), 6))
        3.0
    """
    v = np.random.default_rng(seed).standard_normal(_flat(params).size)
    eigenvalue = 0.0
    for _ in range(iterations):
        v /= np.linalg.norm(v)
        product = _flat(hessian_vector(problem, params, _like(v, params), batch))
        eigenvalue = float(v @ product)
        if not product.any():
            return 0.0
        v = product
    return eigenvalue


def _flat(params: Params) -> np.ndarray:
    return pack(params) if isinstance(params, dict) else np.ravel(params)


def _like(flat: np.ndarray, params: Params) -> Params:
    return unpack(flat, params) if isinstance(params, dict) else flat.reshape(np.shape(params))
