"""The noise scale against its definition; the estimate from two batch sizes over all batches; exact expectations."""

import itertools

import numpy as np
import pytest

from course_lib.noise_scale import noise_from_batches, noise_scale
from course_lib.optimizers import GradientDescent
from course_lib.problems import MLP, Data, NoisyQuadratic
from course_lib.problems.expected import best_rates, expected_loss, steps_to_target

H = 1 / np.arange(1, 101)


def small_network():
    rng = np.random.default_rng(3)
    data = Data(rng.standard_normal((12, 4)), rng.integers(0, 3, 12))
    problem = MLP(train=data, hidden=(3,), classes=3)
    return problem, problem.init(rng)


def test_it_is_the_covariance_of_the_examples_gradients():
    problem, params = small_network()
    single = [problem.grad(params, problem.train[np.array([n])]) for n in range(12)]
    rows = np.array([np.concatenate([g.ravel() for g in one.values()]) for one in single])
    found = noise_scale(problem, params, curvature=True)
    whole = np.concatenate([g.ravel() for g in problem.grad(params).values()])
    assert found.square == pytest.approx(whole @ whole, rel=1e-12)
    assert found.trace == pytest.approx(np.trace(np.cov(rows.T, bias=True)), rel=1e-12)
    assert found.simple == pytest.approx(found.trace / found.square)
    hessian = np.array([_product(problem, params, unit) for unit in np.eye(len(whole))])
    covariance = np.cov(rows.T, bias=True)
    expected = np.trace(hessian @ covariance) / (whole @ hessian @ whole)
    assert found.curved == pytest.approx(expected, rel=1e-10)


def _product(problem, params, flat):
    vector = {}
    for name, part in params.items():
        vector[name], flat = flat[: part.size].reshape(part.shape), flat[part.size :]
    return np.concatenate([part.ravel() for part in problem.hvp(params, vector).values()])


def test_where_the_hessian_is_flat_in_all_directions_alike_both_scales_agree():
    rng = np.random.default_rng(0)
    shifts = rng.standard_normal((50, 4))
    problem = NoisyQuadratic(train=Data(shifts - shifts.mean(0), np.zeros(50)), spectrum=np.full(4, 2.5))
    found = noise_scale(problem, {"x": rng.standard_normal(4)}, curvature=True)
    assert found.curved == pytest.approx(found.simple, rel=1e-12)


@pytest.mark.parametrize(("small", "large"), [(1, 2), (1, 3), (2, 4)])
def test_the_estimate_from_two_sizes_is_unbiased(small, large):
    """Every batch that can be drawn with replacement counts once: the mean is the expectation itself."""
    g = np.random.default_rng(5).standard_normal((4, 3))
    mean, trace = g.mean(axis=0), np.trace(np.cov(g.T, bias=True))

    def squares(size):
        batches = np.array(list(itertools.product(range(4), repeat=size)))
        return np.sum(g[batches].mean(axis=1) ** 2, axis=1)

    pairs = itertools.product(squares(small), squares(large))
    found = [noise_from_batches(small, one, large, other) for one, other in pairs]
    assert np.mean([one.square for one in found]) == pytest.approx(mean @ mean, rel=1e-12)
    assert np.mean([one.trace for one in found]) == pytest.approx(trace, rel=1e-12)
    quotient = np.mean([one.simple for one in found])
    assert not np.isclose(
        quotient, trace / (mean @ mean), rtol=0.05
    )  # the mean of quotients is something else


@pytest.mark.parametrize(("small", "large"), [(0, 4), (4, 4), (8, 4)])
def test_sizes_that_tell_nothing_are_refused(small, large):
    with pytest.raises(ValueError, match=f"small = {small} and large = {large} are not allowed"):
        noise_from_batches(small, 1.0, large, 1.0)


def test_the_expected_loss_is_that_of_the_recursion():
    for lr, batch in ((0.3, 1), (1.7, 16), (0.01, 4), (2.0, 8)):
        second = np.ones(100)
        for t in range(60):
            assert expected_loss(H, lr, batch, t) == pytest.approx(H @ second / 2, rel=1e-12)
            second = (1 - lr * H) ** 2 * second + lr**2 * H / batch
    assert expected_loss(H, 0.5, np.inf, 7) == pytest.approx(H @ (1 - 0.5 * H) ** 14 / 2)


def test_the_mean_of_real_runs_is_the_expected_loss():
    rng, lr, batch, runs = np.random.default_rng(1), 0.8, 4, 4000
    x = rng.standard_normal((100, runs))
    opt = GradientDescent(lr=lr)
    state = opt.init(x)
    for _ in range(12):
        noise = np.sqrt(H / batch)[:, None] * rng.standard_normal(x.shape)
        x, state = opt.update(x, H[:, None] * x + noise, state)
    losses = H @ x**2 / 2
    assert losses.mean() == pytest.approx(
        expected_loss(H, lr, batch, 12), abs=4 * losses.std() / np.sqrt(runs)
    )


def test_the_first_step_at_the_target_is_found():
    for lr, batch in ((0.05, 4), (0.5, 16), (1.5, 256)):
        steps = float(steps_to_target(H, lr, batch, 0.05))
        if np.isfinite(steps):
            before, after = expected_loss(H, lr, batch, [steps - 1, steps])
            assert after <= 0.05 < before
    never = steps_to_target(H, [0.5, 2.0, 2.1], [1, 64, 64], 0.05)
    assert np.isinf(never).all()
    for target in (0.0, 0.5, -1):
        with pytest.raises(ValueError, match=r"target = .* is not allowed: it must be in \(0, 0.5\)"):
            steps_to_target(H, 0.1, 1, target)


def test_no_other_rate_arrives_sooner():
    sizes = np.array([1, 8, 64, 1024])
    _, fewest = best_rates(H, sizes, 0.03)
    dense = steps_to_target(H, np.geomspace(1e-3, 1.999, 800)[:, None], sizes, 0.03).min(axis=0)
    assert (fewest <= 1.01 * dense + 1).all() and (fewest >= dense - 1).all()
