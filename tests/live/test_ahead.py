"""Looking ahead: what a slider's next values would show, told before they are set."""

import threading
import time

import numpy as np
import pytest

from course_lib import live
from course_lib.comparing.studies import results
from course_lib.live.block import ahead as ahead_module
from course_lib.live.block.ahead import imagined
from course_lib.live.explorers import ground as ground_module
from course_lib.optimizers import SAM, Adagrad, Adam, GradientDescent, Lookahead, Momentum, Newton
from course_lib.schedules import constant, cosine, linear_warmup, step_decay, warmup_stable_decay

from .common import Wire, foreseen

EXPLORERS = {
    "path": lambda: live.explore_path([Adam(lr=0.1), Momentum(lr=0.01)], "himmelblau", steps=40),
    "noisy path": lambda: live.explore_path(Adam(lr=0.1), "himmelblau", steps=40, noise=0.3),
    "scheduled path": lambda: live.explore_path(
        {"constant": Momentum(lr=0.01), "annealed": Momentum(lr=0.01)},
        "himmelblau",
        steps=40,
        arrows=True,
        schedule={"annealed": linear_warmup(10).then(warmup_stable_decay(30))},
    ),
    "choice of schedules": lambda: live.explore_path(
        Adam(lr=0.1), steps=40, schedule={"none": constant(), "cosine": cosine(40), "step": step_decay(10)}
    ),
    "wrapped path": lambda: live.explore_path(Lookahead(Adam(lr=0.1)), "himmelblau", steps=40),
    "moments": lambda: live.explore_moments(Adam(lr=0.1)),
    "moments side by side": lambda: live.explore_moments([Adagrad(lr=0.1), Adam(lr=0.1)], "loud start"),
    "map": lambda: live.explore_map(Adam(lr=0.1), "himmelblau", steps=20),
    "race": lambda: live.explore_race(steps=30),
    "stability": live.explore_stability,
    "eigenvalues": lambda: live.explore_eigenvalues(Momentum(lr=0.5)),
    "curvature": lambda: live.explore_curvature("himmelblau"),
    "basins": lambda: live.explore_basins([GradientDescent(lr=0.01), Newton()], steps=20),
    "critical": live.explore_critical_points,
    "slices": live.explore_slices,
    "batches": lambda: live.explore_batches(epochs=1, size=400),
    "rates": lambda: live.explore_rates(results("mlp")),
    "words": live.explore_words,
    "counterexample": live.explore_counterexample,
    "counterexample at random": lambda: live.explore_counterexample(steps=50, order="at random"),
    "bounds": live.explore_bounds,
    "factored": live.explore_factored,
    "decay": live.explore_decay,
    "untuned": live.explore_untuned,
    "batch size": live.explore_batch_size,
    "factors": live.explore_factors,
    "minutes": live.explore_minutes,
    "singular values": live.explore_singular_values,
    "choice": live.explore_choice,
    "schedule": lambda: live.explore_schedule(Momentum(lr=0.03), steps=60),
}


def shown(scene):
    """What a scene shows, but for its number; the times of runs are those of another run."""
    apart = {"count", "view", "number", "milliseconds", "data", "rows"}
    rest = {key: scene[key] for key in scene.keys() - apart}
    rows = [
        (row["name"], *(cell for cell in row["cells"] if not cell.endswith(" ms"))) for row in scene["rows"]
    ]
    return rest | {"rows": rows}, np.frombuffer(scene["data"], np.uint8)


@pytest.mark.parametrize("name", EXPLORERS)
def test_what_is_foreseen_is_what_is_shown_once_it_is_set(name):
    figure, other = EXPLORERS[name](), EXPLORERS[name]()  # another one, or it would show what it has kept
    for slider, control in figure.controls.items():
        if control.spec.choices:
            continue
        values = control.values[10::37] or control.values[:2]
        values = [value for value in values if value != control.default]  # which would set nothing
        for value, scene in foreseen(figure, slider, values).items():
            setattr(other, slider, value)
            (words, data), (real_words, real_data) = shown(scene), shown(other._scene)
            assert words == real_words, (slider, value)
            if slider in ("lr", "shared_lr", "factor", "step", "steps"):
                assert (data == real_data).all(), (slider, value)
            else:  # powers of an array of betas may differ in the last bit from those of a number
                np.testing.assert_allclose(
                    data.view(np.float32), real_data.view(np.float32), rtol=1e-4, atol=1e-5
                )
        other.reset()
    figure.close()
    other.close()


def test_looking_ahead_sets_nothing_and_calls_nobody(line):
    calls = []
    line.observe(calls.append)
    before = line.get_state()
    assert {value: scene["alt"] for value, scene in foreseen(line, "slope", [2.0, -3.0]).items()} == {
        2.0: "slope 2",
        -3.0: "slope -3",
    }
    assert line.get_state() == before and not calls
    assert line.slope == 1.0


def test_what_follows_a_setting_is_imagined_with_it():
    figure = live.explore_stability()
    with imagined(figure, "lr", 0.5):
        assert figure.cursor == (0.5, figure.beta)
    assert figure.cursor == (figure.lr, figure.beta) != (0.5, figure.beta)
    assert {control["name"]: control["carries"] for control in figure._controls} == {
        "lr": ["cursor"], "beta": ["cursor"], "form": [], "steps": [], "signed": [],
    }  # fmt: skip
    assert figure._points == {"cursor": ["lr", "beta", "cursor"]}


def test_another_thread_sees_what_is_set(line):
    seen = []
    with imagined(line, "slope", 5):
        other = threading.Thread(target=lambda: seen.append(line.slope))
        other.start()
        other.join()
        assert line.slope == 5
    assert seen == [1.0]


def test_values_that_fail_are_told_as_unknown_and_said_only_when_they_are_set(line):
    told = foreseen(line, "slope", [6.0, 7.0, 8.0, 99.0, "x"])
    assert [scene and scene["alt"] for scene in told.values()] == ["slope 6", None, "slope 8", None, None]
    assert line.error is None and line._scene["error"] == ""
    Wire(line).move(slope=7)
    assert line._scene["error"].startswith("ZeroDivisionError: seven")


def test_a_slow_figure_is_asked_little_at_a_time(line):
    draw = line.draw
    line.draw = lambda: (time.sleep(0.02), draw())[1]
    wire = Wire(line)
    wire.deliver({"ahead": "slope", "values": list(range(-10, 7)), "view": "test", "edition": 0})
    content = wire.sent[-1][0]["content"]
    assert 1 <= len(content["values"]) <= 4 and content["milliseconds"] >= 20


def test_what_is_prepared_for_many_values_is_not_counted_as_ones(line, monkeypatch):
    """Otherwise a figure that prepares dozens at once would be taken for one too slow to look ahead."""
    clock = [0.0]
    monkeypatch.setattr(ahead_module.time, "perf_counter", lambda: clock[0])
    draw, line.prepare = line.draw, lambda name, values: (clock.__setitem__(0, clock[0] + 0.2), 20)[1]
    line.draw = lambda: (clock.__setitem__(0, clock[0] + 0.025), draw())[1]
    values = [i / 10 for i in range(30)]
    told, _ = ahead_module.foresee(line, {"ahead": "slope", "values": values})
    assert len(told["values"]) == 3, "60 milliseconds of drawing"
    assert told["milliseconds"] == pytest.approx(25 + 200 / 20)


def counted(monkeypatch):
    """The runs of a path explorer from now on, in answers that are not cut short by the clock."""
    monkeypatch.setattr(ahead_module, "_MOMENT", 60.0)
    runs = []
    simulate = ground_module.simulate
    monkeypatch.setattr(ground_module, "simulate", lambda *a, **k: (runs.append(a[0]), simulate(*a, **k))[1])
    return runs


def test_values_of_a_hyperparameter_are_run_side_by_side_and_kept(monkeypatch):
    figure = live.explore_path([Adam(lr=0.1), Momentum(lr=0.1)], "himmelblau", steps=40)
    runs = counted(monkeypatch)
    values = figure.controls["lr"].values[:20]
    foreseen(figure, "lr", values)
    assert [run.grid for run in runs] == [(20,), (20,)]
    for value in values:
        figure.lr = value
    assert len(runs) == 2
    figure.start = (1.0, 1.0)
    figure.lr = values[0]
    assert len(runs) > 2, "another start is another run"
    foreseen(figure, "lr", values[:3])
    assert len(figure._ready) == 4, "what is far away is not kept, what has been run is not run again"


def test_what_has_been_prepared_is_drawn_before_more_is_prepared(monkeypatch):
    figure = live.explore_path(Adam(lr=0.1), "himmelblau", steps=40)
    runs = counted(monkeypatch)
    values = figure.controls["lr"].values[:40]
    drawn = [
        ahead_module.foresee(figure, {"ahead": "lr", "values": asked})[0]["values"]
        for asked in (values[:32], values[28:40], values[29:40])
    ]
    assert drawn == [values[:32], values[28:32], values[29:40]]
    assert [run.grid for run in runs] == [(32,), (8,)]
    assert len(figure._ready) == 11


def test_a_race_runs_all_positions_of_a_slider_at_once(monkeypatch):
    figure = live.explore_race([Adam(lr=0.1), Momentum(lr=0.1)], steps=40)
    runs = counted(monkeypatch)
    values = figure.controls["factor"].values
    foreseen(figure, "factor", values[:12])
    first = [(len(values) - 1,)] * 2  # the position where the slider stands has been run already
    assert [run.grid for run in runs] == first
    foreseen(figure, "factor", values[100:112])
    assert len(runs) == 2
    foreseen(figure, "step", [3, 4])
    assert len(runs) == 2, "the race that is shown is known"
    shared = figure.controls["shared_lr"].values
    foreseen(figure, "shared_lr", shared[-2:])  # which would choose one for all
    assert [run.grid for run in runs[2:]] == [(len(set(shared) - {0.1 * factor for factor in values}),)] * 2
    foreseen(figure, "start", [(0.5, 0.5), (0.6, 0.5)])  # of which nobody knows all places
    assert all(key[-1] in ((0.5, 0.5), (0.6, 0.5)) for key in figure._ready)


def test_the_most_steps_hold_all_the_others(monkeypatch):
    figure = live.explore_path(Adam(lr=0.1), "himmelblau", steps=40)
    runs = counted(monkeypatch)
    told = foreseen(figure, "steps", [10, 50, 25])
    assert len(runs) == 1 and [scene["alt"].split("after ")[1][:8] for scene in told.values()] == [
        "10 steps", "50 steps", "25 steps"
    ]  # fmt: skip


class Entangled(GradientDescent):
    """A student's rule that would mix the runs of a grid."""

    def rule(self, x, g, s):
        return x - self.lr * g / np.linalg.norm(g), s.next()


@pytest.mark.parametrize(
    "opt", [Entangled(lr=0.1), Lookahead(Entangled(lr=0.1)), SAM(GradientDescent(lr=0.01))]
)
def test_rules_that_may_mix_their_runs_run_alone(opt, monkeypatch):
    figure = live.explore_path(opt, "himmelblau", steps=20)
    runs = counted(monkeypatch)
    told = foreseen(figure, "lr", [0.02, 0.05])
    assert [run.grid for run in runs] == [(), ()]
    figure.lr = 0.05
    assert (shown(told[0.05])[1] == shown(figure._scene)[1]).all()
