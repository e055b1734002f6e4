"""Products with the Hessian and the sharpness, exact where they can be: against matrices made column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.curvature import flat, hessian, hessian_vector, hvp, like, sharpness
from course_lib.problems import LeastSquares
from course_lib.surfaces import SURFACES, quadratic
from tests.problems.common import network, somewhere


@pytest.mark.parametrize("name", SURFACES)
def test_hessian_vector_agrees_with_the_exact_hessian(name):
    target, v = SURFACES[name], np.array([0.3, -1.7])
    x = target.start + 0.0123
    exact = target.hessian(x) @ v
    np.testing.assert_allclose(hessian_vector(target, x, v), exact, atol=1e-5 * max(1, np.abs(exact).max()))


def test_sharpness_of_a_model():
    problem = network((), l2=0.3)
    x = somewhere(problem)
    matrix = np.array([flat(hessian_vector(problem, x, like(unit, x))) for unit in np.eye(len(flat(x)))])
    np.testing.assert_allclose(matrix, matrix.T, atol=1e-8)
    assert sharpness(problem, x, iterations=300) == pytest.approx(np.linalg.eigvalsh(matrix)[-1], rel=1e-6)


def test_flat_and_zero():
    class Flat:
        def grad(self, x, batch=None):
            return np.zeros_like(x)

    assert sharpness(Flat(), np.ones(3)) == 0.0
    with pytest.raises(ValueError, match="vector has length 0"):
        hessian_vector(quadratic(), np.ones(2), np.zeros(2))


def test_hessian_by_columns_of_a_grid():
    problem = LeastSquares.decay()
    x = problem.init()[:, None] + np.linspace(0, 0.5, 4)
    together = hessian(problem, x, grid=1)
    assert together.shape == (3, 3, 4)
    for k in range(4):
        np.testing.assert_allclose(together[..., k], hessian(problem, x[:, k]), atol=1e-8)


def test_products_are_exact_where_they_can_be():
    problem, seen = network(), []

    class Watched:
        def grad(self, x: Any, batch: Any = None) -> Any:
            seen.append("grad")
            return problem.grad(x, batch)

        def hvp(self, x: Any, v: Any, batch: Any = None) -> Any:
            seen.append("hvp")
            return problem.hvp(x, v, batch)

    x = somewhere(problem)
    hvp(Watched(), x, x), hessian(Watched(), x), sharpness(Watched(), x, iterations=3)
    assert set(seen) == {"hvp"}
    bowl = quadratic(condition=4.0)
    np.testing.assert_array_equal(
        hvp(bowl, np.ones(2), np.array([2.0, 1.0])), bowl.hessian(np.ones(2)) @ [2.0, 1.0]
    )
    assert sharpness(problem, x, iterations=500) == pytest.approx(
        max(np.linalg.eigvalsh(hessian(problem, x)), key=abs), rel=1e-6
    )


def test_float32_differences_use_a_larger_step():
    bowl = quadratic(condition=4.0)
    product = hessian_vector(bowl, np.ones(2, np.float32), np.array([1.0, 1.0], np.float32))
    assert product.dtype == np.float32
    np.testing.assert_allclose(product, bowl.hessian(np.ones(2)) @ [1.0, 1.0], atol=1e-3)
