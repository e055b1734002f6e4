"""Full-matrix Adagrad: against SciPy's matrix root, against Adagrad where they are one, and turned with its axes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from course_lib.optimizers import Adagrad, FullMatrixAdagrad, Shampoo
from tests.optimizers.common import close, gradients, point

SEED = st.integers(0, 200)


def visited(opt, x, g):
    """The points after each of the prescribed gradients."""
    state, seen = opt.init(x), []
    for one in g:
        x, state = opt.update(x, one, state)
        seen.append(x)
    return np.array(seen)


@given(SEED, st.integers(1, 6), st.sampled_from([1e-10, 1e-3, 0.5]))
def test_agrees_with_scipys_root_of_the_sum(seed, n, eps):
    g, x = gradients((n,), 12, seed), point((n,), seed)
    seen = visited(FullMatrixAdagrad(lr=0.3, eps=eps), x, g)
    total, before = np.zeros((n, n)), x
    for t, (one, after) in enumerate(zip(g, seen, strict=True), 1):
        total += np.outer(one, one)
        if t >= 2 * n:  # before, the root is singular or nearly so, and so is SciPy's
            close(after - before, -0.3 * np.linalg.solve(sqrtm(total) + eps * np.eye(n), one), 1e-12)
        before = after


@given(SEED, st.integers(1, 5), st.floats(0, 4))
def test_before_every_direction_is_seen_only_those_seen_move(seed, n, decades):
    g = gradients((n,), 1, seed, 10**decades)[0]
    x = visited(FullMatrixAdagrad(lr=0.3, eps=0.0), np.zeros(n), [g, g, -2 * g])
    along = np.array([1, 1 + 2**-0.5, 1 + 2**-0.5 - 2 * 6**-0.5])
    close(x, -0.3 * along[:, None] * g / np.linalg.norm(g), 1e-12)


@given(SEED, st.integers(1, 6), st.sampled_from([0.0, 1e-10, 1e-2]))
def test_is_adagrad_when_gradients_lie_along_axes(seed, n, eps):
    rng = np.random.default_rng(seed)
    g = np.zeros((20, n))
    g[np.arange(20), rng.integers(n, size=20)] = rng.choice([-1, 1], 20) * 10 ** rng.uniform(-6, 6, 20)
    x = point((n,), seed)
    with np.errstate(invalid="ignore"):  # Adagrad's 0/0 where there has been no gradient
        adagrad = visited(Adagrad(lr=0.3, eps=max(eps, 1e-300)), x, g)
    close(visited(FullMatrixAdagrad(lr=0.3, eps=eps), x, g), adagrad, 1e-12)


@given(SEED, st.integers(2, 6))
def test_turned_gradients_take_turned_steps(seed, n):
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]
    g, x = gradients((n,), 15, seed), point((n,), seed)
    close(visited(FullMatrixAdagrad(lr=0.3), x @ turn, g @ turn),
          visited(FullMatrixAdagrad(lr=0.3), x, g) @ turn, 1e-10)  # fmt: skip
    assert (
        np.abs(visited(Adagrad(lr=0.3), x @ turn, g @ turn) - visited(Adagrad(lr=0.3), x, g) @ turn).max()
        > 1e-3
    )


@given(SEED)
def test_is_shampoo_for_a_vector(seed):
    g, x = gradients((4,), 15, seed), point((4,), seed)
    full = visited(FullMatrixAdagrad(lr=0.3, eps=0.0), x, g)
    shampoo = visited(Shampoo(lr=0.3, eps=1e-14, vectors="full"), x, g)
    close(np.diff(full[4:], axis=0), np.diff(shampoo[4:], axis=0), 1e-9)


def test_the_scale_of_all_gradients_does_not_matter_even_where_squares_overflow():
    g, x = gradients((3,), 10), point((3,))
    for scale in (1e-200, 1e200):
        close(
            visited(FullMatrixAdagrad(eps=0.0), x, scale * g),
            visited(FullMatrixAdagrad(eps=0.0), x, g),
            1e-12,
        )


def test_a_small_gradient_beside_a_large_one_keeps_its_step():
    g = np.array([[1e8, 0], [0, 1e-4]])  # squared they are 24 decades apart
    close(visited(FullMatrixAdagrad(lr=0.1, eps=0.0), np.zeros(2), g), [[-0.1, 0], [-0.1, -0.1]], 1e-12)


def test_all_parameters_of_a_model_share_one_matrix():
    x = {"W": np.zeros((2, 2)), "b": np.zeros(1)}
    g = {"W": np.array([[1.0, 2.0], [2.0, 0.0]]), "b": np.array([4.0])}
    opt = FullMatrixAdagrad(lr=1.0, eps=0.0)
    new, state = opt.update(x, g, opt.init(x))
    close(new["W"], -g["W"] / 5)
    close(new["b"], -g["b"] / 5)
    assert state.S.shape == (5, 5)


def test_a_run_that_has_diverged_stops_no_other():
    opt = FullMatrixAdagrad(lr=np.array([0.1, 0.2]), eps=0.0)
    g = np.array([[1.0, np.nan], [2.0, 1.0]])
    x, state = opt.update(np.zeros((2, 2)), g, opt.init(np.zeros((2, 2))))
    assert np.isnan(x[:, 1]).all()
    close(x[:, 0], -0.1 * g[:, 0] / np.sqrt(5))
    assert np.isfinite(opt.update(x, g, state)[0][:, 0]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_direction_for_ever_leaves_the_others_alone(dtype):
    g = np.array([3.0, -4.0, 12.0], dtype)
    x = visited(FullMatrixAdagrad(lr=1.0, eps=0.0), np.zeros(3, dtype), [g] * 100)[-1]
    distance = np.sum(1 / np.sqrt(np.arange(1, 101)))
    close(x, -distance * g / 13, 1e-12 if dtype == np.float64 else 1e-5)
