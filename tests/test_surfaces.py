"""Surfaces: derivatives against complex steps, landmarks against their definition, known values, errors."""

import dataclasses
import inspect
import pickle
from fractions import Fraction

import numpy as np
import pytest

from course_lib import surfaces
from course_lib.optimizers import Momentum, Nesterov
from course_lib.running import simulate
from course_lib.surfaces import SURFACES, Surface, surface

VARIANTS = [
    *SURFACES.values(),
    surfaces.quadratic(condition=1.0),
    surfaces.quadratic(condition=300.0, angle=0.7, largest=5.0),
    surfaces.pseudo_huber(delta=0.3),
    surfaces.ravine(floor=0.002, bend=0.0),
    surfaces.ravine(floor=0.05, bend=3.0),
    surfaces.plateau(width=2.5),
    surfaces.rosenbrock(a=-1.5, b=10.0),
    surfaces.rosenbrock(a=2, b=0.5),
    surfaces.rastrigin(amplitude=1.0),
    surfaces.rastrigin(amplitude=0.01),
    surfaces.lessard(condition=100.0, largest=3.0),
]
# Points where the Hessian says nothing (zero) or does not exist (the tip of a cone).
DEGENERATE = {("monkey_saddle", "saddles"), ("ackley", "minima")}
LANDMARKS = ("minima", "local_minima", "saddles", "maxima")
STEP = 1e-200

every = pytest.mark.parametrize("f", VARIANTS, ids=repr)


def sample(f: Surface, shape: tuple[int, ...] = (), seed: int = 0) -> np.ndarray:
    (left, right), (bottom, top) = f.domain
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(left, right, shape), rng.uniform(bottom, top, shape)])


def near(actual: np.ndarray, expected: np.ndarray) -> None:
    """Equal to rounding, measured against the largest entry: cancellation in small ones is no error."""
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=1e-11, atol=1e-12 * (1 + np.abs(expected).max()))


@every
@pytest.mark.parametrize("shape", [(), (50,), (7, 5), (1, 4, 3)])
def test_gradient_is_the_derivative_of_the_loss(f, shape):
    p = sample(f, shape)
    steps = [f.loss(p + 1j * STEP * np.eye(2)[i].reshape(2, *[1] * len(shape))).imag / STEP for i in (0, 1)]
    near(f.grad(p), np.stack(steps))


@every
@pytest.mark.parametrize("shape", [(), (50,), (7, 5)])
def test_hessian_is_the_derivative_of_the_gradient(f, shape):
    p = sample(f, shape, seed=1)
    steps = [f.grad(p + 1j * STEP * np.eye(2)[i].reshape(2, *[1] * len(shape))).imag / STEP for i in (0, 1)]
    near(f.hessian(p), np.stack(steps, axis=1))
    assert (f.hessian(p)[0, 1] == f.hessian(p)[1, 0]).all()


@every
def test_gradient_by_central_differences(f):
    """A second witness that shares no complex arithmetic with the first."""
    p, h = sample(f, (200,), seed=2), 1e-4
    for i, axis in enumerate(np.eye(2)):
        e = h * axis[:, None]
        slope = (8 * (f.loss(p + e) - f.loss(p - e)) - (f.loss(p + 2 * e) - f.loss(p - 2 * e))) / (12 * h)
        scale = 1 + np.abs(f.loss(p)).max()
        np.testing.assert_allclose(f.grad(p)[i], slope, rtol=1e-6, atol=1e-9 * scale)


@every
@pytest.mark.parametrize("kind", LANDMARKS)
def test_landmarks_are_what_they_are_called(f, kind):
    points = getattr(f, kind)
    assert points.ndim == 2
    assert points.shape[1] == 2
    if not len(points):
        return
    (left, right), (bottom, top) = f.domain
    assert (left <= points[:, 0]).all()
    assert (points[:, 0] <= right).all()
    assert (bottom <= points[:, 1]).all()
    assert (points[:, 1] <= top).all()
    hessian = np.moveaxis(f.hessian(points.T), -1, 0)
    curvature = np.abs(hessian).max()
    assert np.abs(f.grad(points.T)).max() <= 2e-15 * (1 + np.abs(points).max()) * (1 + curvature)
    if (f.name, kind) in DEGENERATE:
        return
    low, high = np.linalg.eigvalsh(hessian).T
    if kind == "saddles":
        assert (low < -1e-6).all()
        assert (high > 1e-6).all()
    elif kind == "maxima":
        assert (high < -1e-6).all()
    else:
        assert (low > 1e-6).all()


def test_degenerate_points_are_as_documented():
    monkey = surface("monkey_saddle")
    assert not monkey.hessian(monkey.saddles[0]).any()
    around = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    ring = monkey.loss(0.1 * np.stack([np.cos(around), np.sin(around)]))
    assert np.count_nonzero(np.diff(np.sign(ring + 1e-12))) in (5, 6)  # three valleys, three ridges

    ackley = surface("ackley")
    assert ackley.loss(np.zeros(2)) == 0
    assert not ackley.grad(np.zeros(2)).any()
    assert np.isfinite(ackley.hessian(np.zeros((2, 3)))).all()
    near_tip = np.linspace(0, 1e-3, 11) * np.ones((2, 1))
    assert np.isfinite(ackley.hessian(near_tip)).all()
    assert np.linalg.norm(ackley.grad([1e-150, 1e-150])) == pytest.approx(2 * np.sqrt(2))


@every
def test_global_minima_are_the_lowest_points(f):
    lowest = f.mesh(401)[2].min()
    if not f.bounded:
        assert len(f.minima) == 0
        assert f.loss(100 * sample(f, (1000,))).min() < 100 * lowest < 0
        return
    heights = f.loss(f.minima.T)
    assert len(heights)
    np.testing.assert_allclose(heights, heights[0], atol=1e-12)
    assert heights[0] <= lowest + 1e-12
    if len(f.local_minima):
        assert f.loss(f.local_minima.T).min() > heights[0]


@pytest.mark.parametrize("name", ["rastrigin", "styblinski_tang", "himmelblau", "double_well", "beale"])
def test_no_critical_point_is_missing(name):
    """Newton from everywhere in the domain finds nothing that is not listed."""
    f = surface(name)
    p = sample(f, (4000,), seed=3)
    with np.errstate(all="ignore"):
        for _ in range(60):
            (a, b), (_, d) = f.hessian(p)
            gx, gy = f.grad(p)
            p = p - np.stack([d * gx - b * gy, a * gy - b * gx]) / (a * d - b * b)
        (left, right), (bottom, top) = f.domain
        inside = (left <= p[0]) & (p[0] <= right) & (bottom <= p[1]) & (p[1] <= top)
        found = p[:, inside & (np.abs(f.grad(p)).max(axis=0) < 1e-8)].T
    listed = np.concatenate([getattr(f, kind) for kind in LANDMARKS])
    distance = np.abs(found[:, None] - listed).max(axis=-1)
    assert distance.min(axis=1).max() < 1e-6
    assert distance.min(axis=0).max() < 1e-6, "Newton should reach every listed point"


def test_values_known_from_the_literature():
    at = {name: f.loss for name, f in SURFACES.items()}
    assert at["rosenbrock"]([-1.2, 1.0]) == pytest.approx(24.2)
    assert at["rosenbrock"]([1, 1]) == 0
    assert at["beale"]([3, 0.5]) == 0
    assert at["beale"]([1, 1]) == pytest.approx(14.203125)
    assert at["himmelblau"]([0, 0]) == 170
    assert len(SURFACES["himmelblau"].minima) == 4
    assert at["himmelblau"](SURFACES["himmelblau"].maxima[0]) == pytest.approx(181.617, abs=5e-4)
    assert at["styblinski_tang"]([-2.903534, -2.903534]) == pytest.approx(-39.16617 * 2, abs=2e-5)
    assert at["rastrigin"]([1, 1]) == pytest.approx(2)
    assert at["rastrigin"]([0.5, 0.5]) == pytest.approx(40.5)
    assert at["ackley"]([1, 1]) == pytest.approx(3.625384938440363)
    assert at["ackley"]([0.5, 0.0]) == pytest.approx(21 + np.e - 1 - 20 * np.exp(-0.2 * np.sqrt(0.125)) - 1)
    assert at["monkey_saddle"]([2, 1]) == 2
    assert at["double_well"]([0, 1]) == -0.25


@pytest.mark.parametrize(("condition", "angle", "largest"), [(1, 0, 1), (10, 0.3, 1), (1e4, -2.0, 7.5)])
def test_quadratic_has_the_requested_eigenvalues(condition, angle, largest):
    f = surfaces.quadratic(condition, angle, largest)
    values = np.linalg.eigvalsh(f.hessian([0, 0]))
    np.testing.assert_allclose(values, [largest / condition, largest], rtol=1e-9)
    floor = np.array([np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(f.grad(floor), largest / condition * floor, atol=1e-12 * largest)


def test_pseudo_huber_is_convex_and_newton_diverges_on_it():
    f = surface("pseudo_huber")
    hessian = f.hessian(sample(f, (500,)))
    assert (hessian[0, 0] > 0).all()
    assert (hessian[0, 0] * hessian[1, 1] > hessian[0, 1] ** 2).all()
    for t in (0.5, 2.0):
        p = np.array([t, t])
        np.testing.assert_allclose(p - np.linalg.solve(f.hessian(p), f.grad(p)), -(p**3))


def test_lessards_function_is_the_published_one():
    f = surface("lessard")
    x = np.linspace(-4, 4, 801)
    slope = np.select([x < 1, x < 2], [25 * x, x + 24], 25 * x - 24)
    np.testing.assert_allclose(f.grad(np.stack([x, x])), np.stack([slope, x]), rtol=1e-14)
    between = np.diff(f.loss(np.stack([x, 0 * x])))  # the slope is straight from point to point
    np.testing.assert_allclose(between, (slope[1:] + slope[:-1]) / 2 * 0.01, rtol=1e-9, atol=1e-11)
    curvature = f.hessian(sample(f, (2000,)))[0, 0]
    assert set(curvature) == {1.0, 25.0}


def test_the_heavy_ball_runs_in_a_circle_and_nesterov_arrives():
    """The circle in fractions, by hand: x′ = (1 + β)x − β·last − lr·slope, with two points left of 1, one beyond 2."""
    # 25/9 of the slope's x: b = −4/3 a − 4/9 c, c = −4/3 b − 4/9 a, a = −4/3 c − 4/9 b + 24/9
    third, ninth = Fraction(4, 3), Fraction(4, 9)
    # both first equations give b and c as multiples of a
    c_of_a = (third**2 - ninth) / (1 - third * ninth)
    b_of_a = -third - ninth * c_of_a
    a = Fraction(24, 9) / (1 + third * c_of_a + ninth * b_of_a)
    circle = [a, b_of_a * a, c_of_a * a]
    assert circle[0] < 1 and circle[1] < 1 and circle[2] > 2
    for scale in (1.0, 25.0, 1e-3):
        f = surfaces.lessard(largest=scale)
        ball = Momentum(lr=25 / 9 / scale, beta=4 / 9)
        points = simulate(ball, f, 3000).points
        last = points[-3:, 0]
        turned = np.roll(np.array(circle, float), -int(np.abs(np.array(circle, float) - last[0]).argmin()))
        np.testing.assert_allclose(last, turned, rtol=1e-14)
        assert np.abs(points[-3:, 1]).max() < 1e-100
        ahead = simulate(Nesterov(lr=1 / scale, beta=2 / 3), f, 200)
        assert np.abs(ahead.points[-1]).max() < 1e-15
        slower = simulate(Momentum(lr=1 / scale, beta=4 / 9), f, 400)
        assert np.abs(slower.points[-1]).max() < 1e-12


@every
def test_a_grid_equals_its_points(f):
    p = sample(f, (6, 4), seed=4)
    alone = np.array([[f.loss(p[:, i, j]) for j in range(4)] for i in range(6)])
    near(f.loss(p), alone)
    near(f.grad(p), np.stack([[f.grad(p[:, i, j]) for j in range(4)] for i in range(6)]).transpose(2, 0, 1))
    assert f.hessian(p).shape == (2, 2, 6, 4)
    grid_first = np.moveaxis(np.ascontiguousarray(np.moveaxis(p, 0, -1)), -1, 0)
    near(f.grad(grid_first), f.grad(p))


@every
def test_dtype_and_inputs_are_preserved(f):
    for shape in [(), (3, 4)]:
        p = sample(f, shape).astype(np.float32)
        before = p.copy()
        answers = f.loss(p), f.grad(p), f.hessian(p)
        assert [a.dtype for a in answers] == [np.float32] * 3
        assert (p == before).all()
        assert not np.shares_memory(answers[1], p)
        np.testing.assert_allclose(answers[1], f.grad(p.astype(float)), rtol=1e-3, atol=1e-3)
    whole = np.array([1, 2])
    assert f.grad(whole).dtype == f.loss([1, 2]).dtype == np.float64
    np.testing.assert_array_equal(f.grad(whole), f.grad([1.0, 2.0]))
    np.testing.assert_array_equal(f.grad(whole, batch="ignored"), f.grad(whole))
    assert f.loss(whole, None) == f.loss(whole)


@every
@pytest.mark.parametrize("far", [1e20, -1e100, 1e200, np.inf, np.nan])
def test_overflow_raises_nothing(f, far):
    with np.errstate(all="ignore"):
        for p in (np.array([far, 1.0]), np.array([far, far]), np.full((2, 3), far)):
            assert f.loss(p).shape == p.shape[1:]
            assert f.grad(p).shape == p.shape
            assert f.hessian(p).shape == (2, *p.shape)


@every
def test_inside_the_domain_everything_is_finite(f):
    x, y, z = f.mesh(101)
    assert x.shape == y.shape == z.shape == (101, 101)
    assert (x[0, 0], x[0, -1], y[0, 0], y[-1, 0]) == (*f.domain[0], *f.domain[1])
    p = np.stack([x, y])
    assert np.isfinite(z).all()
    assert np.isfinite(f.grad(p)).all()
    assert np.isfinite(f.hessian(p)).all()


@every
def test_gradient_descent_from_the_start(f):
    p = f.init(np.random.default_rng(0))
    (left, right), (bottom, top) = f.domain
    assert left <= p[0] <= right
    assert bottom <= p[1] <= top
    first = lowest = f.loss(p)
    for _ in range(500):
        p = p - f.lr * f.grad(p)
        lowest = min(lowest, f.loss(p))
        if not (left <= p[0] <= right and bottom <= p[1] <= top):
            break
    else:
        assert f.bounded, "who starts near a saddle without minima must leave it within 500 steps"
        # Settled, up to the circling around Ackley's and Styblinski–Tang's last digits.
        assert f.loss(p) <= lowest + 0.05
        assert f.loss(p) < first
        return
    assert not f.bounded
    assert f.loss(p) < first


def test_start_is_a_copy_and_landmarks_cannot_be_moved():
    f = surface("rosenbrock")
    p = f.init()
    p += 1
    assert (f.init() == [-1.2, 1.0]).all()
    for name in ("start", *LANDMARKS):
        with pytest.raises(ValueError, match="read-only"):
            getattr(f, name)[...] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        f.lr = 1.0


def test_mesh_on_another_domain():
    x, y, z = surface("saddle").mesh(5, domain=((0, 1), (2, 4)))
    assert (x[0] == [0, 0.25, 0.5, 0.75, 1]).all()
    assert (y[:, 0] == [2, 2.5, 3, 3.5, 4]).all()
    assert z[4, 0] == -16
    for n in (1, 2.5, "9"):
        with pytest.raises(ValueError, match="n must be an integer of at least 2"):
            surface("saddle").mesh(n)
    with pytest.raises(ValueError, match="domain must be"):
        surface("saddle").mesh(domain=((1, 0), (0, 1)))


def test_lookup():
    assert list(SURFACES) == [f.name for f in SURFACES.values()]
    assert surface("ackley") is SURFACES["ackley"]
    mine = surfaces.rosenbrock(b=5)
    assert surface(mine) is mine
    assert repr(mine) == "Surface('rosenbrock', a=1, b=5)"
    with pytest.raises(
        ValueError, match=r"unknown surface 'Himelblau' \(did you mean 'himmelblau'\?\); known: q"
    ):
        surface("Himelblau")
    with pytest.raises(ValueError, match=r"unknown surface 'xyzzy'; known: .*styblinski_tang"):
        surface("xyzzy")
    with pytest.raises(TypeError, match="must be a name or a Surface, got int"):
        surface(3)


@pytest.mark.parametrize("f", SURFACES.values(), ids=repr)
def test_every_surface_introduces_itself(f):
    assert f.title
    assert f.formula
    assert "$" not in f.formula
    assert f.note.endswith(".")
    factory = getattr(surfaces, f.name)
    assert list(inspect.signature(factory).parameters) == list(f.params)
    assert {"Example:", "Reference:"} <= set(factory.__doc__.split())
    if f.levels == "log":  # such levels are counted from the minimum upwards
        assert f.loss(f.minima[0]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("factory", "field", "bad", "allowed"),
    [
        ("quadratic", "condition", 0.5, "≥ 1"),
        ("quadratic", "condition", np.nan, "≥ 1"),
        ("quadratic", "angle", np.inf, "finite"),
        ("quadratic", "largest", 0, "> 0"),
        ("pseudo_huber", "delta", -1, "> 0"),
        ("ravine", "floor", 0.0, "> 0 and ≤ 1"),
        ("ravine", "floor", 1.5, "> 0 and ≤ 1"),
        ("ravine", "bend", -0.1, "≥ 0"),
        ("plateau", "width", 0, "> 0"),
        ("rosenbrock", "a", np.nan, "finite"),
        ("rosenbrock", "b", -100, "> 0"),
        ("rastrigin", "amplitude", 0, "> 0"),
        ("lessard", "condition", 0.9, "≥ 1"),
        ("lessard", "largest", 0, "> 0"),
    ],
)
def test_bad_parameters_are_named(factory, field, bad, allowed):
    with pytest.raises(ValueError, match=f"^{field} must be a finite number.*, got") as error:
        getattr(surfaces, factory)(**{field: bad})
    assert allowed in str(error.value)
    assert str(bad) in str(error.value)
    with pytest.raises(TypeError, match=f"{field} must be a number, got 'steep'"):
        getattr(surfaces, factory)(**{field: "steep"})


@pytest.mark.parametrize("bad", [[1.0, 2.0, 3.0], 5.0, np.zeros((4, 2)), []])
def test_wrong_shapes_are_named(bad):
    f = surface("beale")
    for method in (f.loss, f.grad, f.hessian):
        with pytest.raises(ValueError, match=r"p must have shape \(2, \*grid\).*got shape \("):
            method(bad)


def test_a_surface_of_ones_own():
    parts = {"name": "my_bowl", "value": lambda x, y: x * x + y * y, "gradient": lambda x, y: (2 * x, 2 * y)}
    f = Surface(**parts)
    assert f.title == "My bowl"
    assert repr(f) == "Surface('my_bowl')"
    assert f.minima.shape == (0, 2)
    assert f.grad(np.ones((2, 3))).tolist() == [[2, 2, 2], [2, 2, 2]]
    with pytest.raises(ValueError, match="'my_bowl' has no curvature"):
        f.hessian([1, 1])
    for field, bad in [
        ("lr", 0),
        ("start", [1, 2, 3]),
        ("start", [np.nan, 0]),
        ("domain", ((0, 1), (1, 1))),
        ("levels", "square"),
        ("minima", [1, 2]),
    ]:
        with pytest.raises(ValueError, match=f"^{field} must"):
            Surface(**parts, **{field: bad})


@every
def test_surfaces_travel_to_worker_processes(f):
    """Sweeps send them through joblib, whose pickler takes functions by value."""
    cloudpickle = pytest.importorskip("cloudpickle")
    twin = pickle.loads(cloudpickle.dumps(f))
    p = sample(f, (5,))
    np.testing.assert_array_equal(twin.grad(p), f.grad(p))
    np.testing.assert_array_equal(twin.minima, f.minima)
