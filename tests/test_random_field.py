"""The random field against complex steps; its critical points against the index theorem; the three models."""

import numpy as np
import pytest

from course_lib.surfaces import RandomField, function_points, index_shares, random_symmetric

DIMENSIONS = (1, 2, 3, 5)


def slow_loss(field, x):
    """The formula, wave by wave; complex points are welcome."""
    waves = zip(field.frequencies, field.phases, strict=True)
    return np.sqrt(2 / field.waves) * sum(np.cos(w @ x + b) for w, b in waves)


@pytest.mark.parametrize("n", DIMENSIONS)
def test_value_and_derivatives(n):
    field, rng = RandomField(n, waves=7, seed=n), np.random.default_rng(n)
    x = rng.normal(size=(n, 4))
    np.testing.assert_allclose(field.loss(x), [slow_loss(field, p) for p in x.T], rtol=1e-12, atol=1e-13)
    for k, p in enumerate(x.T):
        steps = 1e-30j * np.eye(n)
        slopes = [slow_loss(field, p + step).imag / 1e-30 for step in steps]
        np.testing.assert_allclose(field.grad(x)[:, k], slopes, rtol=1e-11, atol=1e-12)
        h = 1e-5
        differences = [(field.grad(p + h * e) - field.grad(p - h * e)) / (2 * h) for e in np.eye(n)]
        np.testing.assert_allclose(field.hessian(x)[:, :, k], differences, atol=1e-7)


def test_heights_have_mean_0_and_variance_1():
    heights = [RandomField(3, seed=seed).loss(np.zeros(3)) for seed in range(3000)]
    assert abs(np.mean(heights)) < 0.06 and abs(np.var(heights) - 1) < 0.1


@pytest.mark.parametrize("n", DIMENSIONS)
def test_critical_points_are_critical_distinct_and_rightly_classified(n):
    field = RandomField(n, seed=n)
    found = field.critical_points(starts=80)
    assert len(found) >= 3
    assert (np.linalg.norm(field.grad(found.points), axis=0) < 1e-8).all()
    apart = np.linalg.norm(found.points[:, :, None] - found.points[:, None], axis=0)
    assert apart[~np.eye(len(found), dtype=bool)].min() > 1e-3
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(n, 200))
    for point, height, index in zip(found.points.T, found.heights, found.index, strict=True):
        around = field.loss(point[:, None] + 1e-3 * ways / np.linalg.norm(ways, axis=0))
        if index == 0:
            assert (around > height).all()
        elif index == n:
            assert (around < height).all()
        elif n == 2:  # in more dimensions 200 ways may miss the few that go down
            assert (around > height).any() and (around < height).any()


def turns(field, reach, count=4_000):
    """How often the gradient turns round while one walks once around a square."""
    t = np.linspace(-reach, reach, count)
    edge = np.full(count, reach)
    walk = np.concatenate([[t, -edge], [edge, t], [-t, edge], [-edge, -t]], axis=1)
    gx, gy = field.grad(walk)
    angles = np.unwrap(np.arctan2(gy, gx))
    return round((angles[-1] - angles[0]) / (2 * np.pi))


@pytest.mark.parametrize("seed", range(3))
def test_no_critical_point_of_a_random_surface_is_missing(seed):
    """The index theorem: minima + maxima − saddles in a square is how often the gradient turns around its edge."""
    field = RandomField(2, seed=seed)
    ground = field.surface(reach=3.0)
    count = len(ground.minima) + len(ground.local_minima) + len(ground.maxima) - len(ground.saddles)
    assert count == turns(field, 3.0)
    finer = field._from(np.stack(np.meshgrid(*[np.linspace(-3, 3, 27)] * 2)).reshape(2, -1), 60)
    inside = (np.abs(finer.points) <= 3).all(axis=0)
    places = np.concatenate([ground.minima, ground.local_minima, ground.saddles, ground.maxima])
    assert len(places) == inside.sum()


def test_the_lowest_minimum_comes_first():
    ground = RandomField(2, seed=0).surface()
    heights = ground.loss(np.concatenate([ground.minima, ground.local_minima]).T)
    assert (np.diff(heights) > 0).all() and len(ground.minima) == 1


# -- models ------------------------------------------------------------------------------------------


def test_random_symmetric_matrices_have_the_variances_they_should():
    a = random_symmetric(3, 50_000)
    assert np.allclose(a.var(axis=0), 1 + np.eye(3), atol=0.05)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    assert np.allclose((rotation @ a @ rotation.T).var(axis=0), 1 + np.eye(3), atol=0.05)  # no preferred axes


def test_shares_of_random_matrices_are_the_known_ones():
    for n, exact in ((1, 0.5), (2, (2 - np.sqrt(2)) / 4), (3, (np.pi - 2 * np.sqrt(2)) / (4 * np.pi))):
        shares = index_shares(n, "matrix", 200_000)
        assert shares[0] == pytest.approx(exact, abs=4 * np.sqrt(exact / 200_000))


def test_half_of_the_critical_points_are_saddles_in_two_dimensions():
    assert index_shares(2, "function", 300_000)[1] == pytest.approx(0.5, abs=0.006)


@pytest.mark.parametrize("model", ["coins", "matrix", "function"])
def test_shares_add_up_and_are_symmetric(model):
    for n in (1, 2, 4):
        shares = index_shares(n, model, 100_000)
        assert shares.shape == (n + 1,) and shares.sum() == pytest.approx(1)
        np.testing.assert_allclose(shares, shares[::-1], atol=0.012)


@pytest.mark.parametrize("n", [2, 4, 6])
def test_the_model_of_a_function_agrees_with_functions(n):
    """Two roads to one number: searched for in fields, and by the formula of Kac and Rice."""
    found = [RandomField(n, seed=seed).critical_points(100, seed=seed) for seed in range(4)]
    index = np.concatenate([one.index for one in found])
    heights = np.concatenate([one.heights for one in found])
    points = function_points(n, 50_000)
    assert np.mean((index > 0) & (index < n)) == pytest.approx(
        1 - index_shares(n, "function", 50_000)[[0, n]].sum(), abs=0.12
    )
    assert np.corrcoef(heights, index)[0, 1] == pytest.approx(points.correlation(), abs=0.08)


def test_what_cannot_be_is_said():
    with pytest.raises(ValueError, match="dimension = 0 is not allowed: it must be in 1 … 20"):
        RandomField(0)
    with pytest.raises(TypeError, match=r"dimension = 2.5 is not a whole number"):
        RandomField(2.5)
    with pytest.raises(ValueError, match=r"x has shape \(2,\), but it must be \(3, \*grid\)"):
        RandomField(3).grad(np.zeros(2))
    with pytest.raises(ValueError, match="has dimension 3, but a surface has two"):
        RandomField(3).surface()
    with pytest.raises(ValueError, match="starts = 0 is not allowed: it must be ≥ 1"):
        RandomField(2).critical_points(0)
    with pytest.raises(ValueError, match="model = 'dice' is not allowed: it must be one of coins, matrix"):
        index_shares(2, "dice")
    with pytest.raises(ValueError, match="n = 21 is not allowed: it must be in 1 … 20"):
        function_points(21)
    for call in (lambda: index_shares(2.5, "function"), lambda: RandomField(2).critical_points(starts=10.5)):
        with pytest.raises(TypeError, match="is not a whole number"):
            call()
