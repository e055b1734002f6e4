"""Curvature and batch explorers: what they show is what the problem says, and no setting makes them stumble."""

import numpy as np
import pytest

from course_lib.live import explore_batches, explore_curvature
from course_lib.live.explorers import batches
from course_lib.live.explorers.batch_runs import run_batches
from course_lib.live.explorers.gradient_cloud import GradientCloud
from course_lib.optimizers import SAM, Adam, GaussNewton, GradientDescent, Momentum, Muon, Newton
from course_lib.problems import Data, LinearRegression, SoftmaxRegression, get_batches
from course_lib.running import train
from course_lib.surfaces import Surface, surface

from .common import Wire, marks, opened

RNG = np.random.default_rng(0)
FEW = Data(RNG.normal(size=(40, 5)), RNG.integers(3, size=40))
SMALL = SoftmaxRegression(train=FEW, classes=3)


def words(figure):
    return figure._scene["notice"]


# -- curvature ---------------------------------------------------------------------------------------


def test_the_parabola_is_a_second_order_expansion():
    figure = explore_curvature("himmelblau", point=(1.0, -0.5))
    ground = surface("himmelblau")
    here = np.array(figure.point)
    for size, most in ((1e-1, 1e-1), (1e-2, 1e-4)):  # what is left over is of third order
        there = here + size * np.array([0.6, -0.8])
        assert abs(figure.model(there) - ground.loss(there)) < most


def test_the_steps_are_the_optimizers():
    figure = explore_curvature("rosenbrock", damping=0.5)
    figure.set(point=(0.3, 1.2), lr=0.002, form="saddle_free")
    after, x, ground = figure.after(), np.array([0.3, 1.2]), surface("rosenbrock")
    assert np.array_equal(after["gradient descent"], x - 0.002 * ground.grad(x))
    h, g = ground.hessian(x), ground.grad(x)
    values, vectors = np.linalg.eigh(h)
    expected = x - vectors @ ((vectors.T @ g) / (np.abs(values) + 0.5))
    assert np.allclose(after["Newton"], expected)


BARE = Surface(name="bare", value=lambda x, y: (x * x + y * y) / 2, gradient=lambda x, y: (x, y))


@pytest.mark.parametrize(
    ("name", "point", "said"),
    [
        ("quadratic", (1.0, 1.0), "Here the surface is convex; condition number 10."),
        ("quadratic", (0.0, 0.0), "This is a minimum"),
        ("saddle", (1.0, 1.0), "Here the surface is saddle-like; condition number 1."),
        ("saddle", (0.0, 0.0), "This is a saddle point"),
        ("himmelblau", (0.0, 0.0), "Here the surface is concave"),
        ("monkey_saddle", (0.0, 0.0), "The Hessian is singular"),
        ("rosenbrock", (1e200, 0.0), "Out here the numbers overflow"),
    ],
)
def test_what_kind_of_point_it_is(name, point, said):
    figure = explore_curvature(name, point=point)
    assert words(figure).startswith(said)
    assert words(figure) in figure._scene["alt"]


def test_plain_newton_is_said_to_seek_what_is_no_minimum():
    figure = explore_curvature("saddle", point=(1.0, 0.5))
    assert "which is no minimum" in words(figure)
    Wire(figure).move(form="saddle_free")
    assert "which is no minimum" not in words(figure)


def test_damping_gives_a_singular_point_its_step_back():
    figure = explore_curvature("monkey_saddle", point=(0.0, 0.0))
    assert "without damping" in words(figure)
    figure.damping = 1.0
    assert "without damping" not in words(figure)


def test_another_surface_brings_its_own_point_and_rate():
    figure = explore_curvature(["rosenbrock", "saddle"], point=(0, 0))
    Wire(figure).move(surface="saddle")
    assert figure.point == tuple(surface("saddle").start) and figure.lr == surface("saddle").lr
    figure.reset()
    assert (figure.surface, figure.point, figure.lr) == ("rosenbrock", (0, 0), surface("rosenbrock").lr)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        (("hill",), {}, "unknown surface"),
        (([],), {}, "at least one"),
        (("saddle",), {"damping": -1.0}, "damping = -1"),
        (("saddle",), {"point": (np.nan, 0)}, "two finite numbers"),
        (
            (Surface(name="bare", value=lambda x, y: (x * x + y * y) / 2, gradient=lambda x, y: (x, y)),),
            {},
            "has no curvature",
        ),
    ],
)
def test_what_the_curvature_explorer_refuses(arguments, options, said):
    with pytest.raises(ValueError, match=said):
        explore_curvature(*arguments, **options)


# -- batches -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "size"), [("full batch", None), ("mini-batch", 8), ("one example", 1)])
def test_a_run_is_what_train_does(form, size):
    figure = explore_batches(SMALL, Momentum(lr=0.1), size=8, epochs=3)
    run = figure.run(form)
    steps = 3 * -(-40 // (size or 40))
    assert run.gradients == steps and run.examples[-1] == 120 and not run.diverged
    if size is None:  # no order to draw
        history = train(Momentum(lr=0.1), SMALL, epochs=3)
        assert np.allclose(run.losses, history["loss"])


def test_the_variance_of_a_mini_batch_is_that_of_one_example_divided_by_its_size():
    figure = explore_batches(SMALL, size=10)
    single = figure.cloud()[:-1]
    full = figure.cloud()[-1]
    assert np.allclose(single.mean(axis=0), full) and full[1] == pytest.approx(0, abs=1e-12)
    one, ten = (np.ptp(line, axis=0) for line in marks(figure, "line") if len(line) == 73)  # the ellipses
    assert np.allclose(one / ten, np.sqrt(10), rtol=1e-4)


def test_gradients_that_a_method_asks_for_twice_are_counted_twice():
    figure = explore_batches(SMALL, SAM(GradientDescent(lr=0.1), rho=0.01), size=8, epochs=1)
    assert figure.run("full batch").gradients == 2
    assert figure._scene["rows"][0]["cells"][:2] == ("2", "40")


def test_only_what_has_changed_is_computed_anew():
    figure = explore_batches(SMALL, size=8, own=("lr",))
    before = {form: figure.run(form) for form in ("full batch", "one example", "mini-batch")}
    Wire(figure).move(size=16)
    assert figure.run("mini-batch") is not before["mini-batch"]
    Wire(figure).move(full_batch_lr=0.1)
    assert figure.run("full batch") is not before["full batch"]
    assert figure.run("one example") is before["one example"]


@pytest.mark.parametrize("lr", [0.3, 1e308])
def test_runs_of_several_budgets_and_settings_are_what_each_is_alone(lr):
    def alone(opt, steps):
        return run_batches(opt, SMALL, SMALL.init(), 8, [steps], seed=0)[0]

    budgets = [17, 3, 40, 1]
    together = run_batches(Adam(lr=lr), SMALL, SMALL.init(), 8, budgets, seed=0)
    rates = np.array([lr, 0.01])
    together += run_batches(Adam(lr=rates), SMALL, SMALL.init(), 8, [17], seed=0)
    expected = [alone(Adam(lr=lr), steps) for steps in budgets] + [alone(Adam(lr=one), 17) for one in rates]
    for run, other in zip(together, expected, strict=True):
        assert (run.gradients, run.steps, run.diverged) == (other.gradients, other.steps, other.diverged)
        assert np.array_equal(run.examples, other.examples)
        assert np.array_equal(run.losses, other.losses, equal_nan=True)
        assert all(np.array_equal(run.params[k], other.params[k], equal_nan=True) for k in run.params)


def test_the_next_values_of_a_slider_are_run_at_once_and_kept(monkeypatch):
    figure = explore_batches(SMALL, size=8, epochs=2)
    calls = []

    def counted(opt, problem, begin, size, budgets, seed, order):
        calls.append((size, opt.grid, sorted(budgets)))
        return run_batches(opt, problem, begin, size, budgets, seed, order)

    monkeypatch.setattr(batches, "run_batches", counted)
    rates = figure.controls["lr"].values[30:42]
    assert figure.prepare("lr", rates) == 12
    assert calls == [(size, (12,), [steps]) for size, steps in ((40, 2), (1, 80), (8, 10))]
    calls.clear()
    for lr in rates:
        figure.lr = lr
    assert not calls
    further = figure.controls["lr"].values[36:60]
    assert figure.prepare("lr", further) == 6 and not calls, "what is known is told first"
    assert figure.prepare("lr", further[6:]) == 12 and [grid for _, grid, _ in calls] == [(12,)] * 3
    assert figure.prepare("lr", further[18:]) == 6
    calls.clear()
    figure.prepare("epochs", [3, 1, 4])
    assert calls == [(40, (), [1, 3, 4]), (1, (), [40, 120, 160]), (8, (), [5, 15, 20])]
    calls.clear()
    assert figure.prepare("size", [5, 6]) == 2 and not calls, "batches of two sizes are not alike"


def test_an_order_of_examples_is_that_of_the_batches():
    figure = explore_batches(SMALL, size=40 // 2, epochs=1, order="sorted")
    assert figure.controls["order"].spec.choices == ("shuffled", "once", "fixed", "replacement", "sorted")
    x = SMALL.init()
    for batch in get_batches(FEW, 20, np.random.default_rng(0), "sorted"):
        g = SMALL.grad(x, batch)
        x = {name: x[name] - 0.5 * g[name] for name in x}
    assert figure.run("mini-batch").losses[-1] == pytest.approx(float(SMALL.loss(x)), rel=1e-12)
    before = figure.run("mini-batch")
    Wire(figure).move(order="shuffled")
    assert figure.run("mini-batch") is not before and ", shuffled:" in figure._scene["alt"]


def test_without_labels_there_is_no_sorted_order():
    numbers = LinearRegression(train=Data(FEW.inputs, RNG.normal(size=40)))
    figure = explore_batches(numbers, opt=GradientDescent(lr=0.1), size=8)
    assert figure.controls["order"].spec.choices == ("shuffled", "once", "fixed", "replacement")
    with pytest.raises(ValueError, match="order = 'sorted' is not allowed"):
        explore_batches(numbers, size=8, order="sorted")


def test_the_cloud_is_made_of_the_gradients_of_single_examples():
    class Elsewhere:  # knows nothing of many runs at once
        train, init = SMALL.train, SMALL.init

        def grad(self, params, batch=None):
            assert params["W"].ndim == 2
            return SMALL.grad(params, batch)

    x = {"W": RNG.normal(size=(5, 3)), "b": RNG.normal(size=3)}
    ours, theirs = (GradientCloud(problem, SMALL.init(), seed=0).at(x) for problem in (SMALL, Elsewhere()))
    assert ours.shape == (41, 2) and np.allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_a_run_that_diverges_is_marked():
    figure = explore_batches(SMALL, size=8)
    figure.set(lr=1e308, place="after the mini-batch run")
    assert [row["state"] for row in figure._scene["rows"]] == ["bad"] * 3
    assert figure._scene["rows"][0]["cells"][-1] == "∞: diverged"
    assert figure.run("full batch").diverged and "∞" in figure._scene["alt"]


def test_still_pictures_of_both():
    for figure in (explore_curvature(), explore_batches(SMALL)):
        assert opened(figure.png()).width == 990
        figure.close()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"opt": "adam"}, TypeError, "is not an optimizer"),
        ({"opt": Newton()}, ValueError, "Newton cannot run here"),
        ({"opt": GaussNewton()}, ValueError, "residuals, jacobian"),
        ({"opt": Muon()}, ValueError, "Partition"),
        ({"opt": Adam(), "own": ("beta",)}, ValueError, "own names 'beta'"),
        ({"size": 40}, ValueError, "size = 40"),
        ({"size": 1}, ValueError, "size = 1"),
        ({"epochs": 0}, ValueError, "epochs = 0"),
        ({"order": "random"}, ValueError, "order = 'random' is not allowed"),
        ({"problem": SoftmaxRegression(train=FEW[:2], classes=3)}, ValueError, "at least 3"),
    ],
)
def test_what_the_batch_explorer_refuses(options, error, said):
    with pytest.raises(error, match=said):
        explore_batches(**{"problem": SMALL, **options})
