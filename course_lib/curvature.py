"""Curvature: the Hessian, its product with a vector, and its largest eigenvalue, exact where the problem can.

A problem may know its ``hessian(params, batch)`` (surfaces do) or its product ``hvp(params, vector, batch)`` (the
multilayer perceptron does). Where it knows neither, two gradients give the product by a central difference.

Parameters are an array ``(*shape, *grid)`` or a dict of such arrays; ``grid`` says how many trailing axes are a grid of
runs, none unless said otherwise. Where all N parameters stand in one vector they stand in the order of the
dict, each array by rows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .optimizers.base import Params, pack, unpack


def hessian(problem: Any, params: Params, batch: Any = None, grid: int = 0) -> np.ndarray:
    r"""Return the matrix of second derivatives, ``(N, N, *grid)`` for N parameters.

    The problem's own where it has one, otherwise column by column: :math:`H e_1, H e_2, \dots` – N products, so this is
    for surfaces and small models.

    Args:
        problem: anything with ``grad(params, batch)``.
        params: where.
        batch: handed on to the problem.
        grid: how many trailing axes of the parameters are a grid of runs.

    Examples:
        >>> from course_lib.problems import LeastSquares
        >>> problem = LeastSquares.line()
        >>> print(hessian(problem, np.zeros(2)).round(4) + 0)  # JᵀJ, whatever the point: the model is linear
        [[1.     0.    ]
         [0.     0.3684]]
    """
    x = flat(params, grid)
    size, runs = len(x), x.shape[1:]
    if hasattr(problem, "hessian"):
        return np.asarray(problem.hessian(params, batch)).reshape(size, size, *runs)
    columns = []
    for row in np.eye(size, dtype=x.dtype):
        unit = np.broadcast_to(row.reshape(size, *(1,) * grid), x.shape)
        columns.append(flat(hvp(problem, params, like(unit, params, grid), batch, grid), grid))
    h = np.stack(columns, axis=1)
    return (h + h.swapaxes(0, 1)) / 2  # differences leave it unsymmetric in the last digits


def hvp(problem: Any, params: Params, vector: Params, batch: Any = None, grid: int = 0) -> Params:
    """Return the product of the Hessian with a vector: exact where the problem can, by differences where not.

    Args:
        problem: with ``hvp(params, vector, batch)``, or else ``hessian(params, batch)`` of an array, or else ``grad``.
        params: x, an array or a dict of arrays.
        vector: v, of the same form; not zero.
        batch: handed on to the problem.
        grid: how many trailing axes are a grid of runs.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> print(hvp(surface("rosenbrock"), np.ones(2), np.array([1.0, 0.0])))
        [ 802. -400.]
    """
    if hasattr(problem, "hvp"):
        product: Params = problem.hvp(params, vector, batch)
        return product
    if hasattr(problem, "hessian"):
        h = hessian(problem, params, batch, grid)
        return like(np.einsum("ij...,j...->i...", h, flat(vector, grid)), params, grid)
    return hessian_vector(problem, params, vector, batch, grid=grid)


def hessian_vector(
    problem: Any, params: Params, vector: Params, batch: Any = None, step: float | None = None, grid: int = 0
) -> Params:
    r"""Return the product of the Hessian with a vector, from two gradients.

    .. math:: H v \approx \frac{\nabla f(x + h v) - \nabla f(x - h v)}{2 h}

    Args:
        problem: anything with ``grad(params, batch)``.
        params: x, an array or a dict of arrays.
        vector: v, of the same form; not zero.
        batch: handed on to ``grad``.
        step: length of h·v, > 0; the error grows with its square, and with rounding/step below that. By default the
            cube root of the rounding error: 6e-6 in float64, 5e-3 in float32.
        grid: how many trailing axes are a grid of runs.

    Raises:
        ValueError: if the vector is zero or ``step`` is not positive.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> saddle = surface("saddle")  # x² − y²
        >>> print(hessian_vector(saddle, np.zeros(2), np.array([1.0, 1.0])).round(6))
        [ 2. -2.]
    """
    x, v = flat(params, grid), flat(vector, grid)
    step = float(np.cbrt(np.finfo(x.dtype).eps)) if step is None else step
    length = np.sqrt(np.sum(v * v, axis=0))
    if not ((length > 0).all() and step > 0):
        raise ValueError(f"vector has length {np.min(length):g} and step is {step!r}, but both must be > 0")
    h = (step / length).astype(x.dtype)

    def grad(point: np.ndarray) -> np.ndarray:
        return flat(problem.grad(like(point, params, grid), batch), grid)

    return like((grad(x + h * v) - grad(x - h * v)) / (2 * h), params, grid)


def sharpness(problem: Any, params: Params, batch: Any = None, iterations: int = 50, seed: int = 0) -> float:
    """Return the Hessian's eigenvalue of largest size, by power iteration.

    Gradient descent is stable near ``params`` only while lr · sharpness < 2.

    Args:
        problem: anything with ``grad(params, batch)``.
        params: where.
        batch: handed on to the problem.
        iterations: of the power method, ≥ 1; one product with the Hessian each.
        seed: of the random start vector.

    Reference: R. von Mises and H. Pollaczek-Geiringer, "Praktische Verfahren der Gleichungsauflösung", ZAMM 9 (1929).

    Examples:
        >>> from course_lib.surfaces import quadratic
        >>> print(round(sharpness(quadratic(condition=10, largest=3.0), np.ones(2)), 6))
        3.0
    """
    x = flat(params)
    v = np.random.default_rng(seed).standard_normal(x.size).astype(x.dtype)
    eigenvalue = 0.0
    for _ in range(iterations):
        v /= np.linalg.norm(v)
        product = flat(hvp(problem, params, like(v, params), batch))
        eigenvalue = float(v @ product)
        if not product.any():
            return 0.0
        v = product
    return eigenvalue


def flat(params: Params, grid: int = 0) -> np.ndarray:
    """Return all parameters as one vector, ``(N, *grid)``.

    Examples:
        >>> flat({"W": np.ones((2, 3)), "b": np.zeros(3)}).shape, flat(np.ones((2, 3, 5)), grid=1).shape
        ((9,), (6, 5))
    """
    if isinstance(params, dict):
        return pack(params, grid)
    params = np.asarray(params)
    params = params if params.dtype.kind in "fc" else params.astype(float)
    shape = params.shape[: params.ndim - grid]
    return params.reshape(math.prod(shape), *params.shape[params.ndim - grid :])


def like(vector: np.ndarray, params: Params, grid: int = 0) -> Params:
    """Cut a vector of `flat` into the form of ``params``."""
    return unpack(vector, params, grid) if isinstance(params, dict) else vector.reshape(np.shape(params))
