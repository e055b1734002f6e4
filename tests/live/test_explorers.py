"""The explorers: what they show is what the optimizer did, and no setting makes them stumble."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from course_lib.comparing.studies import results
from course_lib.live import (
    Target,
    explore_basins,
    explore_batch_size,
    explore_batches,
    explore_bounds,
    explore_choice,
    explore_counterexample,
    explore_critical_points,
    explore_curvature,
    explore_decay,
    explore_eigenvalues,
    explore_factored,
    explore_factors,
    explore_map,
    explore_minutes,
    explore_moments,
    explore_path,
    explore_race,
    explore_rates,
    explore_schedule,
    explore_singular_values,
    explore_slices,
    explore_stability,
    explore_untuned,
    explore_words,
    spectral_radius,
)
from course_lib.live.explorers.outcome import above
from course_lib.live.explorers.quadratic import Eigen
from course_lib.optimizers import Adam, GradientDescent, Momentum, Shampoo, Sophia
from course_lib.plotting import new_figure
from course_lib.running import simulate
from course_lib.surfaces import SURFACES, surface

from .common import Wire, opened, set_at_random, trails


def rows(figure):
    return [(row["name"], *row["cells"]) for row in figure._scene["rows"]]


# -- path explorer -----------------------------------------------------------------------------------


def test_the_path_drawn_is_the_path_taken():
    figure = explore_path(Adam(lr=0.1), "himmelblau", steps=80, start=(0.5, -1))
    figure.beta1 = 0.7
    path = simulate(Adam(lr=0.1, beta1=0.7), "himmelblau", steps=80, start=(0.5, -1))
    drawn, losses = trails(figure, "Adam")
    assert np.allclose(drawn, path.points, rtol=1e-6)
    assert np.allclose(losses[:, 1], path.losses, rtol=1e-5, atol=1e-12)
    assert figure.optimizer().beta1 == 0.7


def test_read_outs():
    figure = explore_path(GradientDescent(lr=0.5), "pseudo_huber", steps=100, start=(0.5, 0.5))
    ((name, loss, distance, arrival, words),) = rows(figure)
    path = figure.path()
    base = surface("pseudo_huber").loss(surface("pseudo_huber").minima[0])
    assert name == "GradientDescent" and words == "arrived"
    assert float(loss) == pytest.approx(path.final_loss, rel=0.01)
    assert float(distance) == pytest.approx(
        np.linalg.norm(path.points[-1] - surface("pseudo_huber").minima[0]), rel=0.01
    )
    assert int(arrival) == path.steps_to(base + 1e-6)


def test_a_diverged_run_is_marked_where_it_left_and_named_with_its_step():
    figure = explore_path(GradientDescent(lr=3.0), "quadratic")
    step = figure.path().diverged_at
    words = [mark["words"] for mark in figure._scene["marks"] if mark["kind"] == "text"]
    assert f"diverged at step {step}" in words
    assert rows(figure)[0][-1] == f"diverged at step {step}"
    assert figure._scene["rows"][0]["state"] == "bad"
    assert f"diverged at step {step}" in figure._scene["alt"]
    crosses = [m for m in figure._scene["marks"] if m.get("shape") == "cross" and m["panel"] == 0]
    x, y = np.frombuffer(figure._scene["data"], np.float32, 2, crosses[0]["at"])
    (left, right), (low, high) = surface("quadratic").domain
    assert left <= x <= right and low <= y <= high
    assert (
        0.1 < min(abs(x - left), abs(x - right), abs(y - low), abs(y - high)) < 0.3
    )  # at the edge, seen whole
    end = trails(figure)[0][-1]
    assert min(abs(end[0] - left), abs(end[0] - right), abs(end[1] - low), abs(end[1] - high)) < 1e-5


def test_a_target_says_when_it_is_met_and_by_whom():
    figure = explore_path([GradientDescent(lr=0.01), Momentum()], "quadratic", target=Target(1e-6, 100))
    assert figure._scene["notice"] == "Target: loss below 1e-6 within 100 steps. Not yet met."
    figure.lr = 1.0
    step = figure.path("GradientDescent").steps_to(1e-6)
    assert figure._scene["notice"].endswith(f"✓ Met by GradientDescent at step {step}.")
    assert figure._scene["notice_state"] == "good"
    figure.steps = step - 1
    assert figure._scene["notice_state"] == ""


@pytest.mark.parametrize("bad", [(0, 10), (-1, 10), (float("nan"), 10), (1e-3, 0)])
def test_impossible_targets(bad):
    with pytest.raises(ValueError, match=r"Target: .* is not allowed"):
        Target(*bad)


def test_another_surface_brings_its_own_start():
    figure = explore_path(Adam(), ["quadratic", "rosenbrock"], start=(1, 1))
    assert figure.start == (1, 1)
    wire = Wire(figure)
    wire.move(surface="rosenbrock")
    assert not figure._scene["error"]
    assert figure.start == tuple(surface("rosenbrock").start)
    assert figure._scene["panels"][0]["background"] == "rosenbrock@1"
    assert "start" in wire.updates  # the browser did not know
    figure.reset()
    assert (figure.surface, figure.start) == ("quadratic", (1, 1))


def test_sliders_can_be_chosen():
    figure = explore_path(Adam(), sliders=("lr", "steps"))
    assert shown(figure) == ["lr", "steps"]
    assert figure.path().steps == 200
    assert shown(explore_path(Adam(), sliders=())) == []
    figure.beta1 = 0.5  # from Python all can be set
    assert figure.optimizer().beta1 == 0.5


def shown(figure):
    return [control["name"] for control in figure._controls if not control["hidden"]]


EXPLORERS = {
    "path": (lambda **o: explore_path([Adam(), Momentum()], ["quadratic", "saddle"], **o), "beta1"),
    "race": (lambda **o: explore_race(steps=10, surface=["quadratic", "saddle"], **o), "factor"),
    "map": (lambda **o: explore_map(Adam(), steps=10, **o), "beta2"),
    "moments": (lambda **o: explore_moments(Adam(), steps=20, **o), "beta1"),
    "stability": (lambda **o: explore_stability(**o), "steps"),
    "eigenvalues": (lambda **o: explore_eigenvalues(Momentum(), **o), "lr"),
    "curvature": (lambda **o: explore_curvature(**o), "lr"),
    "slices": (lambda **o: explore_slices(**o), "direction"),
    "critical": (lambda **o: explore_critical_points(**o), "dimension"),
    "basins": (lambda **o: explore_basins(Momentum(), steps=10, **o), "beta"),
    "batches": (lambda **o: explore_batches(epochs=1, size=400, **o), "lr"),
    "rates": (lambda **o: explore_rates(results("mlp"), **o), "each"),
    "words": (lambda **o: explore_words(**o), "adagrad_lr"),
    "counterexample": (lambda **o: explore_counterexample(**{"hide": (), **o}), "beta2"),
    "bounds": (lambda **o: explore_bounds(**o), "final_lr"),
    "factored": (lambda **o: explore_factored(**o), "patterns"),
    "decay": (lambda **o: explore_decay(**o), "lr"),
    "untuned": (lambda **o: explore_untuned(**o), "d0"),
    "batch size": (lambda **o: explore_batch_size(**o), "lr"),
    "factors": (lambda **o: explore_factors(**o), "damping"),
    "choice": (lambda **o: explore_choice(**o), "memory"),
    "minutes": (lambda **o: explore_minutes(**o), "seconds"),
    "singular values": (lambda **o: explore_singular_values(polynomial="cubic", **o), "a"),
    "schedule": (lambda **o: explore_schedule(steps=20, **o), "lr"),
}


@pytest.mark.parametrize("name", EXPLORERS)
def test_every_explorer_hides_what_is_not_introduced(name):
    make, control = EXPLORERS[name]
    every = shown(make())
    assert shown(make(sliders=(control,))) == [control]
    assert shown(make(hide=(control,))) == [one for one in every if one != control]
    for option in ("sliders", "hide"):
        with pytest.raises(ValueError, match=f"{option} names 'weight', which nothing here has; there are "):
            make(**{option: ("weight",)})
    if name not in ("rates", "decay", "choice", "untuned"):  # what they show is known beforehand
        with pytest.raises(ValueError, match="ranges names 'weight'"):
            make(ranges={"weight": (1, 2)})
        default = make().controls[control].default
        high = 2.0 if default >= 1 or "beta" not in control else 0.9995
        ends = {"steps": (5, 900), "dimension": (2, 6), "patterns": (1, 12)}.get(
            control, (0.9 * default, high)
        )
        slider = make(ranges={control: ends}).controls[control].values
        assert (slider[0], slider[-1]) == ends


def test_sliders_end_where_the_question_lives():
    figure = explore_path(
        GradientDescent(lr=0.3), ranges={"lr": (0.05, 2.5), "steps": (1, 400), "noise": (0, 0.5)}
    )
    lr = figure.controls["lr"].values
    assert (lr[0], lr[-1]) == (0.05, 2.5) and {0.1, 0.3, 1.0, 1.9, 2.0} <= set(lr)
    steps = np.diff(lr)[1:-1]
    assert np.allclose(steps, steps[0])  # linear: less than two powers of ten
    assert figure.controls["steps"].values[-1] == 400 and figure.controls["noise"].values[-1] == 0.5
    wide = explore_path(GradientDescent(lr=0.3), ranges={"lr": (0.001, 3)}).controls["lr"].values
    assert (wide[0], wide[-1]) == (0.001, 3) and {0.002, 0.01, 0.1, 0.5, 1.0, 2.0} <= set(wide)
    assert np.ptp(np.diff(np.log(wide))) < 0.1  # logarithmic
    beta = explore_path(Momentum(), ranges={"beta": (0, 0.99)}).controls["beta"].values
    assert (beta[0], beta[-1]) == (0, 0.99) and {0.5, 0.8, 0.9, 0.95} <= set(beta)


def test_two_of_one_class_and_names_of_ones_own():
    assert [row[0] for row in rows(explore_path([Adam(), Adam(lr=0.1)]))] == ["Adam", "Adam 2"]
    named = explore_path({"slow": GradientDescent(), "fast": GradientDescent()}, shared=())
    named.fast_lr = 0.5
    assert named.path("fast").final_loss < named.path("slow").final_loss


def test_a_run_that_lies_on_another_is_dashed_so_that_both_are_seen():
    figure = explore_path({"a": Momentum(lr=0.3, beta=0.5), "b": Momentum(lr=0.3, beta=0.5)}, steps=40)

    def dashed():
        lines = {mark["trail"]: mark["dash"] for mark in figure._scene["marks"] if mark.get("trail")}
        assert {row["name"]: row["dash"] for row in figure._scene["rows"]} == lines
        return lines

    assert dashed() == {"a": False, "b": True}
    figure.b_beta = 0.6
    assert dashed() == {"a": False, "b": False}
    figure.lr = 1e6
    assert dashed() == {"a": False, "b": True}, "both leave at once, in the same direction"


def test_noise_is_the_same_at_every_move():
    figure = explore_path(GradientDescent(lr=0.1), noise=0.5)
    first = trails(figure)[0]
    figure.lr = 0.2
    figure.lr = 0.1
    assert np.array_equal(first, trails(figure)[0])
    assert not np.array_equal(first, trails(explore_path(GradientDescent(lr=0.1)))[0])


def test_the_loss_axis_stands_still_while_sliders_move():
    figure = explore_path(Adam(lr=0.1), "rosenbrock")
    values, axes = figure.controls["lr"].values, []
    for lr in values:
        figure.lr = lr
        axes.append((figure._scene["panels"][1]["y"]["low"], figure._scene["panels"][1]["y"]["high"]))
    assert len(set(axes)) <= 4  # three powers of ten at a time
    assert sum(a != b for a, b in pairwise(axes)) <= 8


@pytest.mark.parametrize("name", SURFACES)
def test_the_loss_axis_spends_its_room_on_the_run(name):
    ground = surface(name)
    figure = explore_path(GradientDescent(lr=ground.lr), name, steps=300)
    axis = figure._scene["panels"][1]["y"]
    heights = above(figure.path())
    if axis["log"] and heights.min() > 1e-9:
        used = np.log10(heights.max() / heights.min()) + 4.9  # widens by three, ends round, above the start
        assert np.log10(axis["high"] / axis["low"]) <= used
    assert heights[0] <= axis["high"]


def test_forms_that_cannot_run_on_the_surface_are_not_offered():
    assert (
        "estimator" not in explore_path(Sophia()).controls
    )  # one form is left, so there is nothing to choose
    assert list(explore_path(Shampoo()).controls["vectors"].values) == ["diagonal", "full"]


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("adam",), TypeError, "is not an optimizer"),
        ((Adam,), TypeError, "an instance such as"),
        (([],), ValueError, "at least one"),
        ((Adam(), "rosenbrok"), ValueError, "unknown surface"),
        ((Adam(), "quadratic", 0), ValueError, "steps"),
        ((Adam(), "quadratic", 1.5), TypeError, "whole number"),
    ],
)
def test_wrong_calls_are_refused_in_words(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_path(*arguments)


# -- stability and eigenvalues -----------------------------------------------------------------------


@given(st.floats(0.01, 4.5), st.floats(0, 0.97), st.floats(0.1, 1))
def test_spectral_radius_is_that_of_the_matrix(lr, beta, eigenvalue):
    step = np.array([[1 + beta - lr * eigenvalue, -beta], [1, 0]])
    assert spectral_radius(lr, beta, eigenvalue) == pytest.approx(
        np.abs(np.linalg.eigvals(step)).max(), abs=1e-6
    )


@given(st.floats(0.05, 3.5), st.floats(0.3, 0.95))
def test_the_rate_is_what_the_optimizer_does(lr, beta):
    rate = spectral_radius(lr, beta, 1.0)
    assume(abs(rate - np.sqrt(beta)) < 1e-12)  # it swings; then this "energy" shrinks by β at every step
    e = Eigen([1.0]).errors(Momentum(lr=lr, beta=beta), 12)[:, 0]
    energy = e[1:] ** 2 - (1 + beta - lr) * e[1:] * e[:-1] + beta * e[:-1] ** 2
    assert np.allclose(energy[1:], rate**2 * energy[:-1], rtol=1e-6, atol=1e-12)


def test_cursor_and_sliders_are_one():
    figure = explore_stability(Momentum(lr=0.5, beta=0.5), eigenvalues=(0.1, 1.0))
    Wire(figure).move(cursor=[1.23, 0.346])
    assert (figure.lr, figure.beta) == (1.23, 0.346) == figure.cursor
    figure.beta = 0.9
    assert figure.cursor == (1.23, 0.9)
    figure.cursor = (-1, 5)  # beyond what can be run
    assert (figure.lr, figure.beta) == figure.cursor and figure.lr > 0 and figure.beta < 1
    figure.reset()
    assert (figure.lr, figure.beta, figure.cursor) == (0.5, 0.5, (0.5, 0.5))


def test_what_python_sets_on_the_map_is_kept_to_the_last_digit():
    figure = explore_stability(Momentum(lr=0.5, beta=0.5), eigenvalues=(0.1, 1.0))
    figure.lr = 0.12345678
    figure.beta = 0.99995
    assert (figure.lr, figure.beta) == (0.12345678, 0.99995) == figure.cursor
    figure.set(lr=1e-7, beta=0.123456)
    assert (figure.lr, figure.beta) == (1e-7, 0.123456) == figure.cursor
    figure.cursor = (0.7654321, 0.7654321)
    assert (figure.lr, figure.beta) == (0.7654321, 0.7654321) == figure.cursor


@pytest.mark.parametrize("eigenvalues", [(1.0, 10.0), (0.2, 1.0), (0.05, 0.5, 1.0)])
def test_no_words_on_the_map_lie_on_others(eigenvalues):
    figure = new_figure(3.9, 3.1)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    explore_stability(eigenvalues=eigenvalues).draw_background(axes, "map-sum", "light")
    FigureCanvasAgg(figure).draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) > len(eigenvalues)
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))


def test_the_best_of_the_map_is_the_smallest_rate_on_it():
    figure = explore_stability(Momentum(lr=0.5, beta=0.5), eigenvalues=(0.1, 1.0))
    best, _ = figure.best()
    lr, beta = np.meshgrid(np.linspace(0.01, 4.3, 200), np.linspace(0, 0.98, 200))
    lowest = figure.rates(lr, beta).max(axis=0).min()
    assert best <= lowest < best + 0.01
    figure.form = "average"
    assert figure.best()[0] == best


@pytest.mark.parametrize(
    ("lr", "regime"),
    [(0.05, "creeps"), (0.25, "critically damped"), (1.0, "rings"), (2.4, "flips sign"), (2.6, "diverges")],
)
def test_regimes(lr, regime):
    figure = explore_stability(Momentum(lr=lr, beta=0.25), eigenvalues=[1.0])
    assert rows(figure)[0][-1] == regime


def test_only_momentum_has_this_map():
    with pytest.raises(TypeError, match="is not Momentum"):
        explore_stability(Adam())


@pytest.mark.parametrize("bad", [[], [0.0], [-1.0, 1.0], [float("nan")], [float("inf")], [[1.0]]])
def test_impossible_eigenvalues(bad):
    with pytest.raises(ValueError, match="eigenvalues"):
        explore_eigenvalues(GradientDescent(), eigenvalues=bad)


def test_gradient_descent_shrinks_each_error_by_its_own_factor():
    figure = explore_eigenvalues(GradientDescent(lr=1.0), eigenvalues=[1.5, 0.5, 0.1, 2.5], steps=20)
    assert [row[2] for row in rows(figure)] == ["−0.5000", "0.5000", "0.9000", "−1.5000"]
    assert [row[3] for row in rows(figure)] == [
        "flips sign, shrinks", "shrinks", "shrinks", "flips sign, grows"
    ]  # fmt: skip
    figure.lr = 0.8  # at lr = 2/λ the factor is −1: nothing grows
    assert [row[2:] for row in rows(figure)][3] == ("−1.0000", "flips sign, stays")
    assert "λ = 2.5" in figure._scene["alt"]


# -- nothing stumbles --------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_stability_at_any_setting(data):
    values = data.draw(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=4), label="eigenvalues")
    figure = explore_stability(eigenvalues=values)
    try:
        set_at_random(figure, data)
    finally:
        figure.close()


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_eigenvalues_at_any_setting(data):
    values = data.draw(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=12), label="eigenvalues")
    opt = data.draw(st.sampled_from([GradientDescent(), Momentum(), Adam()]), label="opt")
    figure = explore_eigenvalues(opt, eigenvalues=values, steps=30)
    try:
        set_at_random(figure, data)
    finally:
        figure.close()


@pytest.mark.parametrize("name", SURFACES)
def test_every_surface_has_a_still_picture(name):
    figure = explore_path(GradientDescent(lr=0.5), name, steps=20)
    assert opened(figure.png(width=5)).width == 550
    figure.close()


def test_still_pictures_of_the_other_explorers():
    for figure in (explore_stability(), explore_eigenvalues(Momentum())):
        assert opened(figure.png()).width == 990
        figure.close()
