"""A figure never contradicts its numbers: what leaves or diverges is drawn up to there, in every explorer."""

import itertools

import numpy as np
import pytest

from course_lib.comparing import Comparison
from course_lib.live import (
    Axis,
    Panel,
    Scene,
    explore_batches,
    explore_curvature,
    explore_eigenvalues,
    explore_map,
    explore_moments,
    explore_path,
    explore_race,
    explore_rates,
    explore_stability,
)
from course_lib.live.block.static import scene_figure
from course_lib.live.explorers.outcome import above, outcome
from course_lib.optimizers import REGISTRY, Adam, GradientDescent, Momentum
from course_lib.plotting import loss_figure, path_figure
from course_lib.problems import Data, SoftmaxRegression
from course_lib.running import Path, Table, simulate
from course_lib.surfaces import SURFACES, Surface, surface

from .common import check

STEEP = [
    "himmelblau",
    "rosenbrock",
    "beale",
    "double_well",
    "styblinski_tang",
    "monkey_saddle",
    "saddle",
    "quadratic",
]
ENTRIES = [entry for entry in REGISTRY.values() if not entry.needs_matrix]
CLIFF = Surface(  # finite up to a wall, beyond which there are no numbers
    name="cliff",
    value=lambda x, y: np.where(x < 1, x**2 + y**2, np.nan),
    gradient=lambda x, y: (2 * x, 2 * y),
    curvature=lambda x, y: (2 + 0 * x, 0 * x, 2 + 0 * x),
    minima=np.zeros((1, 2)),
    start=np.array([-0.9, 0.5]),
)


def vertices(figure, name, panel):
    message = figure._scene
    found = [m for m in message["marks"] if (m["kind"], m.get("trail"), m["panel"]) == ("line", name, panel)]
    return [np.frombuffer(message["data"], np.float32, m["count"], m["at"]).reshape(-1, 2) for m in found]


def assert_honest(figure, name, path, step=None):
    """Check the drawn path and losses of a run against its numbers, up to a step."""
    step = path.steps if step is None else step
    (on_map, *_), (losses, *_) = vertices(figure, name, 0), vertices(figure, name, 1)
    axis = figure._scene["panels"][1]["y"]
    low, high = np.asarray(path.surface.domain).T
    finite = np.isfinite(path.losses) & (np.abs(path.points) < 1e30).all(axis=1)
    end = len(finite) if finite.all() else int(finite.argmin())
    for drawn in (on_map, losses):
        assert not np.isfinite(drawn[end + 1 :]).any(), "something is drawn after the last number"
    out = np.flatnonzero(~((path.points >= low) & (path.points <= high)).all(axis=1))
    if path.diverged_at is not None or (len(out) and out[-1] == path.steps):
        assert len(on_map) <= min(out[0], step) + 1, "the path comes back"
        inside = (on_map >= low - 1e-4) & (on_map <= high + 1e-4)
        assert inside.all(axis=1)[1:].all(), "the path is drawn outside"
    if path.diverged_at is not None:
        heights = losses[:, 1]
        assert not (heights[min(path.diverged_at, len(heights)) :] < axis["low"]).any()
        if step >= path.diverged_at and axis["log"]:
            assert heights[-1] >= min(above(path)[0], axis["high"]) * 0.999, (
                "a diverged run ends below its start"
            )
    shown = np.isfinite(losses).all(axis=1)[:-1]
    kept = np.arange(len(losses) - 1)[shown]
    assert np.allclose(losses[kept, 1], np.maximum(above(path)[kept], axis["low"] * 1e-3 if axis["log"] else -np.inf),
                       rtol=1e-4, atol=1e-6)  # fmt: skip


@pytest.mark.parametrize(
    "ground", [*STEEP[:3], *(pytest.param(ground, marks=pytest.mark.slow) for ground in STEEP[3:])]
)
def test_paths_of_every_optimizer_end_where_they_leave(ground):
    seen = set()
    for entry in ENTRIES:
        if not entry.runs_on(surface(ground)):
            continue
        own = entry.cls(**entry.settings(surface(ground)))
        figure = explore_path({"run": own}, ground, steps=60)
        largest = {name: c.values[-1] for name, c in figure.controls.items() if name.endswith("lr")}
        for factor in (0.0, 1.0, 1e3, 1e100):
            if factor:
                figure.set(**{name: value * factor for name, value in largest.items()})
            path = figure.path()
            assert_honest(figure, "run", path)
            check(figure._scene)
            words = figure._scene["rows"][0]["cells"][-1]
            assert words == outcome(path, 1e-6).words
            seen.add(words.split(" at ")[0])
            for step in (1, 7):
                figure.steps = step
                assert_honest(
                    figure,
                    "run",
                    Path(figure.run("run", figure.settings()["run"]).points, figure.ground),
                    step,
                )
            figure.steps = 60
        figure.close()
    assert "diverged" in seen


def test_a_path_ends_before_the_first_loss_that_is_no_number():
    figure = explore_path(GradientDescent(lr=1.05), CLIFF, steps=20)
    path = figure.path()
    assert np.isnan(path.losses).any() and np.isfinite(path.points).all()
    assert_honest(figure, "GradientDescent", path)


def test_a_start_far_away_draws_no_run():
    figure = explore_path(GradientDescent(lr=0.1), "himmelblau", steps=20)
    figure.start = (1e25, -1e25)
    check(figure._scene)
    assert len(vertices(figure, "GradientDescent", 1)[0]) <= 1


def test_a_run_that_comes_back_is_drawn_to_its_end():
    figure = explore_path(Momentum(lr=1.5, beta=0.9), "quadratic", steps=300, start=(3.9, 3.9))
    path = figure.path()
    assert not (np.abs(path.points) <= 4).all() and (np.abs(path.points[-1]) < 4).all()
    drawn = vertices(figure, "Momentum", 0)[0]
    assert np.allclose(drawn[-1], path.points[-1], atol=1e-5)


@pytest.mark.parametrize(
    ("heights", "words"),
    [
        ([1.0, 0.5, 1e-7, 1e-8], "arrived"),
        ([1.0, 1e-7, 0.5, 0.3], "passed"),
        ([1.0, 1e-7, 0.5, 1e-7], "arrived"),
        ([1.0, 0.5, 0.4, 0.3], "not there yet"),
        ([1.0, 1.2, 1.5, 2.0], "growing"),
        ([1.0, 3.0, 1.0, 0.9], "not there yet"),
        ([1.0, 2e13, 1e15, 1e17], "growing"),
    ],
)
def test_words_follow_from_the_numbers(heights, words):
    ground = Surface(name="line", value=lambda x, y: x + 0 * y, gradient=lambda x, y: (1 + 0 * x, 0 * y),
                     minima=np.zeros((1, 2)))  # fmt: skip
    points = np.stack([np.minimum(heights, 1e11), np.zeros(4)], axis=1)
    assert outcome(Path(points, ground), 1e-6).words == words


def test_reached_means_the_same_everywhere():
    path = simulate(Momentum(lr=0.1), "quadratic", steps=100)
    assert path.losses.min() <= 1e-6 < path.losses[-1]
    assert path.steps_to(1e-6) is None and outcome(path, 1e-6).words == "passed"
    race = explore_race({"a": Momentum(lr=0.1)}, "quadratic", steps=100)
    race.step = 100
    assert race._scene["rows"][0]["cells"][2:] == ("–", "passed")
    race.step = int(path.losses.argmin())
    assert race._scene["rows"][0]["cells"][3] == "arrived"
    race.step -= 3
    assert race._scene["rows"][0]["cells"][2:] == ("–", "")


@pytest.mark.parametrize("ground", STEEP)
def test_races_end_where_they_leave(ground):
    race = explore_race(None, ground, steps=60)
    for factor in (1.0, 100.0):
        race.factor = factor
        for step in (0, 5, 60):
            race.step = step
            for name, path in race.paths().items():
                assert_honest(race, name, path, step)
    race.shared_lr = 1e6
    check(race._scene)
    race.close()


@pytest.mark.parametrize("ground", ["himmelblau", "rosenbrock", "quadratic"])
def test_the_map_draws_its_run_as_the_path_explorer_does(ground):
    figure = explore_map(Momentum(), ground, steps=60, ranges={"lr": (1e-3, 1e3)})
    figure.set(lr=1e3, beta=0.9)
    path = figure.path()
    drawn = vertices(figure, "run", 2)[0]
    low, high = np.asarray(path.surface.domain).T
    assert path.diverged and ((drawn >= low - 1e-4) & (drawn <= high + 1e-4)).all()
    assert figure._scene["rows"][0]["cells"][-1] == f"diverged at step {path.diverged_at}"


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if e.runs_on(surface("quadratic"))], ids=lambda e: e.name
)
def test_errors_are_drawn_up_to_where_they_leave(entry):
    figure = explore_eigenvalues(
        entry.cls(**entry.settings(surface("quadratic"))), [1e-3, 1.0, 1e6], steps=80
    )
    largest = {name: c.values[-1] * 1e100 for name, c in figure.controls.items() if name.endswith("lr")}
    for setting, signed in itertools.product(({}, largest), (False, True)):
        figure.set(signed=signed, **setting)
        axis, errors = figure._scene["panels"][1]["y"], figure.errors()
        for name, error in zip(figure.problem.names, errors.T, strict=True):
            drawn = vertices(figure, name, 1)[0]
            end = len(error) if np.isfinite(error).all() else int(np.isfinite(error).argmin())
            assert not np.isfinite(drawn[end + 1 :]).any()
            if not np.isfinite(error).all() and not signed:
                last = abs(error[end - 1])
                assert drawn[-1, 1] >= 0.999 * np.clip(last, axis["low"] * 1e-3, axis["high"]), (
                    "it falls in the end"
                )
        assert axis["low"] < axis["high"]
        for row, error in zip(figure._scene["rows"], errors.T, strict=True):
            if not np.isfinite(error[-1]):
                assert row["cells"][0] == "∞" and "grows" in row["cells"][2]
    figure.close()


def test_signs_are_kept():
    figure = explore_eigenvalues(GradientDescent(lr=10.7), [0.1], steps=50)
    assert figure._scene["rows"][0]["cells"][1:] == ("−0.0700", "flips sign, shrinks")


def test_the_stability_map_names_every_regime_and_keeps_the_best_to_itself():
    figure = explore_stability(Momentum(lr=2.2, beta=0.15), (0.1, 1.0))
    assert [row["cells"][-1] for row in figure._scene["rows"]] == ["creeps", "flips sign"]
    assert "best" not in figure._scene["notice"] and figure._scene["notice_state"] == ""
    figure.set(lr=2.3, beta=0.27)
    assert "best of the whole map" in figure._scene["notice"] and figure._scene["notice_state"] == "good"
    figure.set(lr=4.3, beta=0.1, steps=500)
    for signed in (True, False):
        figure.signed = signed
        check(figure._scene)
        drawn = vertices(figure, "λ = 1", 1)[0]
        assert len(drawn) < 200 and np.isfinite(drawn).all()
        assert abs(drawn[-1, 1]) >= 1


@pytest.mark.parametrize(
    "entry", [e for e in ENTRIES if not e.needs_problem and e.name != "KFAC"], ids=lambda e: e.name
)
def test_the_microscope_draws_nothing_after_what_is_no_number(entry):
    opt = entry.cls(**entry.settings(surface("quadratic")))
    figure = explore_moments(opt, {"huge": [1.0, -1e160, 1e200, -1e200, 1.0, 1.0, 0.5]})
    check(figure._scene)
    for mark in figure._scene["marks"]:
        if mark["kind"] == "line" and mark["count"] == 14:
            y = np.frombuffer(figure._scene["data"], np.float32, 14, mark["at"]).reshape(-1, 2)[:, 1]
            assert not np.isfinite(y[np.isnan(y).argmax() :]).any() or np.isfinite(y).all()
    figure.close()


def test_batches_that_diverge_end_above_their_start():
    rng = np.random.default_rng(0)
    few = SoftmaxRegression(train=Data(rng.normal(size=(40, 5)), rng.integers(3, size=40)), classes=3)
    figure = explore_batches(few, size=8, epochs=5)
    for lr in (1e3, 1e150, 1e308):
        figure.lr = lr
        check(figure._scene)
        axis = figure._scene["panels"][0]["y"]
        for form in ("full batch", "one example", "mini-batch"):
            run = figure.run(form)
            color = figure._runs.colors[form]
            lines = [m for m in figure._scene["marks"] if m["kind"] == "line" and m["panel"] == 0]
            (mark,) = [m for m in lines if m["color"] == color and not m["dash"]]
            drawn = np.frombuffer(figure._scene["data"], np.float32, mark["count"], mark["at"]).reshape(-1, 2)
            bad = ~np.isfinite(run.losses)
            if bad.any():
                assert not np.isfinite(drawn[int(bad.argmax()) + 1 :]).any()
                assert (
                    drawn[np.isfinite(drawn).all(axis=1)][-1, 1] >= min(run.losses[0], axis["high"]) * 0.999
                )


def test_rates_at_which_a_run_diverged_have_no_dot():
    rows = [
        {"method": m, "view": "tuning", "criterion": "valid_loss", "lr": lr, "seed": 0, "loss": v, "valid_loss": v,
         "diverged_at": -1 if np.isfinite(v) else 3, "step": 10, "stack": 1}
        for m, curve in {"SGD": {0.1: 1.0, 1.0: np.inf, 10.0: 0.5}, "Adam": {0.1: 0.6, 1.0: np.nan}}.items()
        for lr, v in curve.items()
    ]  # fmt: skip
    figure = explore_rates(Comparison(Table.of_rows(rows)))
    for lr in figure.controls["lr"].values:
        figure.lr = lr
        check(figure._scene)
    for mark in figure._scene["marks"]:
        if mark["kind"] == "line" and mark["panel"] == 1 and mark["count"] == 6 and not mark["dash"]:
            y = np.frombuffer(figure._scene["data"], np.float32, 6, mark["at"]).reshape(-1, 2)[:, 1]
            assert np.isnan(y[1]) and np.isfinite(y[[0, 2]]).all()


@pytest.mark.parametrize("name", SURFACES)
def test_the_curvature_explorer_draws_no_infinity(name):
    figure = explore_curvature(name)
    for point in ((1e3, -1e3), (1e12, 1e9), (1e25, 0)):
        figure.point = point
        check(figure._scene)


@pytest.mark.parametrize("ground", STEEP)
def test_static_pictures_end_where_runs_leave(ground):
    runs = {
        "GD": simulate(GradientDescent(lr=30 * surface(ground).lr), ground, 60),
        "Adam": simulate(Adam(lr=0.1), ground, 60),
    }
    left, right = path_figure(runs).axes
    low, high = np.asarray(surface(ground).domain).T
    path = runs["GD"]
    (line, *_) = [one for one in left.lines if one.get_label() == "GD"]
    curve = next(one for one in right.lines if one.get_label() == "GD").get_ydata()
    if path.diverged:
        assert (line.get_xydata() >= low - 1e-9).all() and (line.get_xydata() <= high + 1e-9).all()
        assert np.isfinite(curve).all() and len(curve) <= path.diverged_at + 1
        assert np.array_equal(curve, above(path)[: len(curve)])
    assert len(next(one for one in right.lines if one.get_label() == "Adam").get_ydata()) == 61
    for figure in (
        loss_figure({"bad": np.array([1.0, 10.0, np.nan, 1e-9]), "worse": np.array([1.0, np.inf, 1e-9])}),
    ):
        assert [len(one.get_ydata()) for one in figure.axes[0].lines] == [2, 1]


def test_words_at_the_edge_of_a_still_picture_do_not_cover_its_title():
    scene = Scene([Panel(Axis.linear("x", 0, 1), Axis.linear("y", 0, 1), "title")])
    for y in (0.95, 1.0, 50.0, 0.05, 0.0, -50.0):
        scene.text(0, 0.5, y, f"gone {y}", "text", shift=-14 if y > 0.5 else 14)
    figure = scene_figure(scene, lambda *_: None)
    figure.canvas.draw()
    axes = figure.axes[0]
    for words in axes.texts:
        box, panel = words.get_window_extent(), axes.get_window_extent()
        assert panel.y0 < box.y0 and box.y1 < panel.y1, words.get_text()
