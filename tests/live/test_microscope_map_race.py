"""Microscope, map and race: what they show is what the optimizer does, and no setting makes them stumble."""

import io

import numpy as np
import pytest
from PIL import Image

from course_lib.live import SEQUENCES, explore_map, explore_moments, explore_race, runners
from course_lib.live.explorers.settings_map import CELLS, shades
from course_lib.optimizers import (
    Adagrad,
    Adam,
    AdaMax,
    GradientDescent,
    Lookahead,
    Momentum,
    Muon,
    Newton,
    RMSprop,
)
from course_lib.running import simulate
from course_lib.surfaces import surface

from .common import Wire, marks, opened

# -- microscope --------------------------------------------------------------------------------------


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_the_microscope_shows_adams_formulas(sequence):
    figure = explore_moments(Adam(lr=0.1), sequence, steps=30)
    figure.set(beta1=0.8, beta2=0.95, eps=1e-6)
    seen, m, v = figure.trace(), 0.0, 0.0
    for t, g in enumerate(seen["g"], 1):
        m, v = 0.8 * m + 0.2 * g, 0.95 * v + 0.05 * g**2
        m_hat, v_hat = m / (1 - 0.8**t), v / (1 - 0.95**t)
        step = 0.1 * m_hat / (np.sqrt(v_hat) + 1e-6)
        now = [seen[name][t - 1] for name in ("m", "v", "m̂", "v̂", "step")]
        assert np.allclose(now, [m, v, m_hat, v_hat, step], rtol=1e-6, atol=1e-12)
    figure.close()


def test_the_microscope_reads_out_the_step_at_its_cursor():
    figure = explore_moments(Momentum(lr=0.1, beta=0.5), {"mine": [1.0, 2.0, 4.0]})
    Wire(figure).move(cursor=[2.2, 0.7])
    cells = {row["name"]: row["cells"] for row in figure._scene["rows"]}
    assert figure._scene["columns"][1] == "at t = 2"
    assert [cells[name][1] for name in ("g", "m", "step")] == ["2", "2.5", "0.25"]
    figure.cursor = (99, 0)
    assert figure._scene["columns"][1] == "at t = 3"


def test_what_is_looked_at_is_not_faded():
    figure = explore_moments(Adam(), steps=20)
    figure.focus = "m"
    faded = [mark["alpha"] for mark in figure._scene["marks"] if mark["kind"] == "line" and "alpha" in mark]
    assert faded.count(0.15) == 4  # v, both corrected values, the step


def test_several_rules_under_the_same_gradients():
    figure = explore_moments([Adagrad(lr=0.5), RMSprop(lr=0.5, beta=0.8)], "loud start", steps=60)
    assert list(figure.controls) == ["gradients", "lr", "adagrad_eps", "beta", "rmsprop_eps", "focus"]
    figure.set(lr=0.25, beta=0.9)
    g = np.where(np.arange(60) < 10, 10.0, 1.0)
    v = {"Adagrad": np.cumsum(g**2), "RMSprop": np.zeros(60)}
    for t in range(60):
        v["RMSprop"][t] = 0.9 * (v["RMSprop"][t - 1] if t else 0) + 0.1 * g[t] ** 2
    lines = {}
    for mark in figure._scene["marks"]:
        if mark["kind"] == "line" and mark["count"] == 120:
            numbers = np.frombuffer(figure._scene["data"], np.float32, 120, mark["at"]).reshape(-1, 2)
            lines[mark["color"], mark["panel"]] = numbers[:, 1]
    for name in figure.names:
        trace, color = figure.trace(name), figure._runs.colors[name]
        assert np.allclose(trace["v"], v[name], rtol=1e-12)
        assert np.allclose(trace["step"], 0.25 * g / (np.sqrt(v[name]) + 1e-8), rtol=1e-6)
        assert np.allclose(lines[color, 0], np.sqrt(v[name]), rtol=1e-6)
        assert np.allclose(lines[color, 1], trace["step"] / 0.25, rtol=1e-6)
    assert [panel["title"] for panel in figure._scene["panels"]] == ["|g|, √v", "step / lr"]
    assert figure._scene["panels"][0]["y"]["high"] >= np.sqrt(v["Adagrad"][-1])
    assert [row["name"] for row in figure._scene["rows"]] == [
        "g", "Adagrad v", "Adagrad step", "RMSprop v", "RMSprop step"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hide", "titles", "rows"),
    [
        (("m", "m̂"), ["|g|, √v, √v̂", "step / lr"], ["g", "v", "v̂", "step"]),
        (("g", "v", "v̂", "step", "lr"), ["m, m̂"], ["m", "m̂"]),
        (("m", "m̂", "v", "v̂", "step"), ["g"], ["g"]),
        (("Adam v", "Adam v̂", "g"), None, None),
        (("step",), ["g, m, m̂", "|g|, √v, √v̂"], ["g", "m", "v", "m̂", "v̂"]),
    ],
)
def test_quantities_can_be_hidden_and_so_can_panels(hide, titles, rows):
    if titles is None:
        with pytest.raises(ValueError, match="hide names 'Adam v'"):
            explore_moments(Adam(), hide=hide)
        return
    figure = explore_moments(Adam(), steps=20, hide=hide)
    assert [panel["title"] for panel in figure._scene["panels"]] == titles
    assert [row["name"] for row in figure._scene["rows"]] == rows
    assert list(figure.controls["focus"].values) == ["everything", *rows]
    assert set(figure.trace()) == {"g", "m", "v", "m̂", "v̂", "step"}, "from Python all can be seen"


def test_one_runs_quantity_can_be_hidden_and_one_of_all_runs():
    pair = {"a": Adam(), "b": RMSprop()}
    rows = [row["name"] for row in explore_moments(pair, hide=("a v", "m", "m̂", "v̂"))._scene["rows"]]
    assert rows == ["g", "a step", "b v", "b step"]


def test_a_mean_larger_than_the_gradients_stays_in_its_panel():
    figure = explore_moments(Momentum(lr=0.1, beta=0.9), "steady")
    high = figure._scene["panels"][0]["y"]["high"]
    assert figure.trace()["m"].max() < high == 15
    figure.beta = 0.5
    assert figure._scene["panels"][0]["y"]["high"] == 3
    figure.gradients = "flips its sign"
    assert figure._scene["panels"][0]["y"]["high"] == 1.15


def test_three_panels_stand_side_by_side_in_a_narrow_window():
    assert {panel["least"] for panel in explore_moments(Adam())._scene["panels"]} == {180}


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((Adam,), TypeError, "an instance such as"),
        (([],), ValueError, "at least one"),
        (([Adam(), Newton()],), ValueError, "Newton cannot be watched"),
        ((Adam(), "rising"), ValueError, "is not known"),
        ((Adam(), {"short": [1.0]}), ValueError, "at least two finite numbers"),
        ((Adam(), {"broken": [1.0, np.nan]}), ValueError, "at least two finite numbers"),
        ((Newton(),), ValueError, "cannot be watched"),
        ((Muon(),), ValueError, "cannot be watched"),
    ],
)
def test_what_the_microscope_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_moments(*arguments)


def test_the_microscope_shows_something():
    with pytest.raises(ValueError, match="leaves nothing to draw"):
        explore_moments(GradientDescent(), hide=("g", "step"))


# -- map ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ground", ["rosenbrock", "himmelblau", "quadratic"])
def test_a_cell_of_the_map_is_the_run_alone(ground):
    figure = explore_map(Adam(lr=0.01), ground, steps=30)
    losses, place = figure.losses(), surface(ground)
    first, lowest = place.loss(place.start), place.loss(place.minima[0])
    for row, column in ((0, 0), (20, 40), (63, 30)):
        lr, beta1 = figure._values["lr"][column], figure._values["beta1"][row]
        alone = simulate(Adam(lr=lr, beta1=beta1), ground, steps=30, start=place.start)
        expected = (alone.losses[-1] - lowest) / (first - lowest)
        assert losses[row, column] == pytest.approx(expected, rel=0.02, abs=1e-5)  # the map is float32
    assert losses.shape == (CELLS, CELLS)
    figure.close()


def test_what_diverges_has_a_colour_of_its_own():
    figure = explore_map(Momentum(), "quadratic", steps=300, ranges={"lr": (0.1, 30.0)})
    losses = figure.losses()
    assert np.isinf(losses[:, -1]).all() and np.isfinite(losses[:, 0]).all()
    heat = next(mark for mark in figure._scene["marks"] if mark["kind"] == "heat")
    drawn = np.frombuffer(figure._scene["data"], np.uint8, heat["count"], heat["at"]).reshape(CELLS, CELLS)
    assert np.array_equal(drawn[::-1], shades(losses))
    assert (drawn[:, -1] == 255).all()


def test_cursor_and_sliders_of_the_map_are_one():
    figure = explore_map(Adam(lr=0.01), "himmelblau", steps=20)
    wire = Wire(figure)
    wire.move(cursor=[0.05, 0.3])  # upwards stands 1 − beta1
    assert figure.lr == pytest.approx(0.05, rel=0.1) and figure.beta1 == pytest.approx(0.7, abs=0.03)
    assert figure.lr in figure._values["lr"] and figure.beta1 in figure._values["beta1"]
    wire.move(lr=0.1, beta1=0.5)
    assert (figure.lr, figure.beta1) == (0.1, 0.5)
    assert figure.cursor == pytest.approx((0.1, 0.5))
    figure.reset()
    assert (figure.lr, figure.beta1) == (0.01, 0.9)
    assert figure.path().steps == 20
    before = figure.losses()
    wire.move(lr=0.2)
    assert figure.losses() is before  # the cursor changes no cell
    wire.move(beta2=0.9)
    assert figure.losses() is not before
    figure.close()


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        (("adam",), {}, TypeError, "is not an optimizer"),
        ((Adam(),), {"y": "momentum"}, ValueError, "no hyperparameter of Adam"),
        ((GradientDescent(),), {}, ValueError, "no hyperparameter of GradientDescent"),
        ((Momentum(),), {"y": "form"}, ValueError, "it must be one of lr, beta"),
        ((Adam(), "hill"), {}, ValueError, "unknown surface"),
    ],
)
def test_what_the_map_refuses(arguments, options, error, words):
    with pytest.raises(error, match=words):
        explore_map(*arguments, **options)


# -- race --------------------------------------------------------------------------------------------


def field():
    return explore_race(
        {"slow": GradientDescent(lr=0.01), "fast": GradientDescent(lr=0.2)}, "quadratic", steps=40
    )


def standing(figure):
    return [row["name"] for row in figure._scene["rows"]]


def test_scrubbing_draws_each_path_up_to_the_step():
    figure = field()
    figure.step = 7
    drawn = [line for line in marks(figure, "line") if len(line) == 8]
    assert len(drawn) == 4  # two paths, two curves
    assert np.allclose(drawn[0], figure.paths()["slow"].points[:8], rtol=1e-6)
    assert "step 7 of 40" in figure._scene["alt"]


def test_who_is_lower_stands_first():
    figure = field()
    figure.step = 20
    assert standing(figure) == ["fast", "slow"]
    figure.lr = "one for all"
    losses = [path.losses[20] for path in figure.paths().values()]
    assert losses[0] == losses[1]
    figure.reset()
    figure.factor = 100.0  # now the fast one flies off
    figure.step = 40
    assert standing(figure) == ["slow", "fast"]
    assert figure._scene["rows"][-1]["cells"][-1].startswith("diverged at step")


def test_a_click_on_a_name_takes_a_runner_out_and_in():
    figure = field()
    wire, trait = Wire(figure), figure._scene["rows"][0]["toggles"]
    wire.move(**{trait: False})
    assert list(figure.paths()) == ["fast"]
    assert figure._scene["rows"][-1]["cells"][-1] == "sits out"
    wire.move(show_1=False)
    assert "nobody runs" in figure._scene["alt"] and not figure._scene["error"]
    wire.move(**{trait: True})
    assert list(figure.paths()) == ["slow"]


def test_scrubbing_computes_nothing_anew():
    figure = field()
    before = figure.paths()
    figure.step = 30
    assert all(path is before[name] for name, path in figure.paths().items())
    figure.noise = 0.1
    assert all(path is not before[name] for name, path in figure.paths().items())


def test_the_course_runs_with_rates_that_suit_the_surface():
    figure = explore_race(None, ["double_well", "rosenbrock"], steps=20)
    figure.surface = "rosenbrock"
    own = runners("rosenbrock")
    assert {name: figure.optimizer(name).lr for name in own if name != "Adadelta"} == {
        name: opt.lr for name, opt in own.items() if name != "Adadelta"
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_animation_has_the_frames_that_were_asked_for(theme, tmp_path):
    figure = field()
    figure.save(tmp_path / "race.gif", frames=5, seconds=1.0, width=4.0, theme=theme)
    picture = Image.open(io.BytesIO((tmp_path / "race.gif").read_bytes()))
    assert (picture.format, picture.n_frames, picture.width) == ("GIF", 5, 400)
    assert picture.info["duration"] == 200
    with pytest.raises(ValueError, match="frames = 1 is not allowed"):
        figure.animation(frames=1)


def test_still_pictures():
    for figure in (explore_moments(Adam()), explore_map(Adam(), steps=10), field()):
        assert opened(figure.png()).width == 990
        figure.close()


def test_runners_of_one_class_with_equal_numbers_are_told_apart():
    race = explore_race(
        {"A": Lookahead(Adam(lr=0.1)), "B": Lookahead(AdaMax(lr=0.1))}, "rosenbrock", steps=20
    )
    race.show_1 = False
    only_a = race.paths()
    race.set(show_0=False, show_1=True)
    only_b = race.paths()
    assert list(only_a) == ["A"] and list(only_b) == ["B"]
    assert not np.array_equal(only_a["A"].points, only_b["B"].points)
    race.close()


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([],), ValueError, "at least one"),
        ((["Adam"],), TypeError, "is not an optimizer"),
        ((None, "hill"), ValueError, "unknown surface"),
        (([Adam()], "quadratic", 10, 5), TypeError, "positional"),
    ],
)
def test_what_the_race_refuses(arguments, error, words):
    with pytest.raises(error, match=words):
        explore_race(*arguments)


def test_a_frame_of_a_race_shows_its_step_and_none_beyond():
    short, long = (explore_race([Adam(lr=0.1), Momentum(lr=0.1)], steps=steps) for steps in (10, 40))
    for step in (0, 4, 10):
        one, other = (next(race._frames("step", [step], "light", 4.0)) for race in (short, long))
        assert one.tobytes() == other.tobytes()
    assert one.tobytes() != next(long._frames("step", [12], "light", 4.0)).tobytes()
