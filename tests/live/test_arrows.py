"""Arrows: what a step is made of, for every optimizer that runs on a surface."""

import numpy as np
import pytest

from course_lib.live import explore_path
from course_lib.live.explorers.arrows import watch
from course_lib.live.explorers.ground import Setting
from course_lib.optimizers import REGISTRY, Adam, GradientDescent, Lookahead, Momentum, Nesterov, Optimizer
from course_lib.running import simulate
from course_lib.schedules import cosine
from course_lib.surfaces import surface

from .common import check

GROUND = surface("himmelblau")
RUNNABLE = [entry for entry in REGISTRY.values() if not entry.needs_matrix and entry.runs_on(GROUND)]


def arrows(figure):
    message = figure._scene
    found = [mark for mark in message["marks"] if mark["kind"] == "arrows"]
    return [np.frombuffer(message["data"], np.float32, m["count"], m["at"]).reshape(-1, 4) for m in found]


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("schedule", [None, cosine(20)])
@pytest.mark.parametrize(
    "opt",
    [GradientDescent(lr=0.01), Momentum(lr=0.01), Momentum(lr=0.05, form="average"), Nesterov(lr=0.01)],
    ids=repr,
)
def test_the_arrows_of_additive_rules_add_up_to_the_step(opt, schedule, noise):
    seen = watch(Setting(opt, 20, noise, schedule), GROUND, (0.5, -1.0), seed=3)
    path = simulate(opt, GROUND, 20, (0.5, -1.0), schedule, noise, seed=3)
    assert seen.exact
    assert np.allclose(seen.start, path.points[:-1], rtol=1e-12)
    assert np.allclose(seen.end, path.points[1:], rtol=1e-12)
    tail, gradient = seen.gradient
    assert np.allclose(tail, seen.start + np.nan_to_num(seen.memory), rtol=1e-12)
    assert np.allclose(tail + gradient, seen.end, rtol=1e-9)


def test_nesterov_takes_its_gradient_where_its_memory_leads():
    seen = watch(Setting(Nesterov(lr=0.01), 10), GROUND, (0.5, -1.0), seed=0)
    place = seen.places["gradient taken here"]
    assert np.isnan(place[0]).all()  # nothing is remembered yet
    assert np.allclose(place[1:], (seen.start + seen.memory)[1:])
    slopes = np.array([GROUND.grad(point) for point in place[1:]])
    assert np.allclose(seen.gradient[1][1:], -0.01 * slopes)


def test_directions_are_as_long_as_the_step():
    seen = watch(Setting(Adam(lr=0.1), 10), GROUND, (0.5, -1.0), seed=0)
    size = np.linalg.norm(seen.end - seen.start, axis=1)
    slopes = np.array([GROUND.grad(point) for point in seen.start])
    assert not seen.exact and np.allclose(np.linalg.norm(seen.gradient[1], axis=1), size)
    assert np.allclose(np.linalg.norm(seen.memory[1:], axis=1), size[1:]) and np.isnan(seen.memory[0]).all()
    along = (seen.gradient[1] * -slopes).sum(axis=1)
    assert np.allclose(along, size * np.linalg.norm(slopes, axis=1))


def test_slow_weights_have_a_place():
    seen = watch(Setting(Lookahead(Adam(lr=0.1), k=5), 12), GROUND, (0.5, -1.0), seed=0)
    slow = seen.places["slow weights"]
    assert np.allclose(slow[:5], (0.5, -1.0)) and not np.allclose(slow[6], (0.5, -1.0))


@pytest.mark.parametrize("entry", RUNNABLE, ids=lambda entry: entry.name)
def test_every_optimizer_can_be_seen_computing(entry):
    ground = surface("pseudo_huber")
    opt = entry.cls(**entry.settings(ground))
    figure = explore_path(opt, ground, steps=12, arrows=True)
    path = figure.path()
    itself = type(opt).rule_output is Optimizer.rule_output and type(opt).output is Optimizer.output
    for step in (1, 5, 12):
        figure.steps = step
        check(figure._scene)
        drawn = arrows(figure)
        assert len(drawn) == 3 and all(len(one) == 1 for one in drawn)
        if itself:  # and the path is not of an average
            ((*start, x, y),) = drawn[0]
            assert np.allclose([start, [x, y]], path.points[step - 1 : step + 1], rtol=1e-4, atol=1e-5)
        names = [row["name"] for row in figure._scene["rows"]]
        assert "gradient" in names
    figure.arrows = False
    assert not arrows(figure)
    figure.close()


def test_a_run_that_has_left_has_no_arrows():
    figure = explore_path(GradientDescent(lr=0.075), GROUND, steps=20, arrows=True)
    assert not arrows(figure)
    figure.steps = 2
    assert len(arrows(figure)) == 3


def test_playing_sends_the_same_numbers():
    figure = explore_path([Momentum(lr=0.01), Adam(lr=0.1)], GROUND, steps=30, arrows=True)
    data = set()
    for step in range(1, 31):
        figure.steps = step
        data.add(bytes(figure._scene["data"]))
    assert len(data) == 1
