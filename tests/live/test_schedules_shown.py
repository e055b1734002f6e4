"""Schedules in the path explorer: their sliders set them, and their curve stands above the loss."""

import numpy as np
import pytest

from course_lib.live import explore_path
from course_lib.live.explorers.schedule_sliders import _BAND, _LOSS
from course_lib.optimizers import Adam, GradientDescent, Momentum
from course_lib.running import simulate
from course_lib.schedules import constant, cosine, linear_warmup, one_cycle, warmup_stable_decay

from .common import Wire, trails


def part(figure, values):
    axis = figure._scene["panels"][1]["y"]
    return np.log(values / axis["low"]) / np.log(axis["high"] / axis["low"])


def eta_drawn(figure, name):
    """The multipliers as the curve shows them, of the steps 1, 2, …"""
    curves = [line for line in trails(figure, name) if np.isnan(line[0, 1])]
    return (part(figure, curves[-1][1:, 1].astype(float)) - _BAND[0]) / (_BAND[1] - _BAND[0])


def test_the_run_and_the_curve_are_the_schedules():
    figure = explore_path(Momentum(lr=0.3), steps=60, schedule=linear_warmup(10).then(cosine(40)))
    figure.set(linear_warmup_steps=20, cosine_steps=30, cosine_floor=0.1)
    expected = linear_warmup(20).then(cosine(30, floor=0.1))
    assert repr(figure.schedule_of()) == repr(expected)
    alone = simulate(Momentum(lr=0.3), "quadratic", 60, schedule=expected)
    assert np.array_equal(figure.path().points, alone.points)
    assert np.allclose(eta_drawn(figure, "Momentum"), expected.values(60), atol=1e-4)


def test_the_losses_stay_beneath_the_curve():
    figure = explore_path(GradientDescent(lr=2.5), steps=60, schedule=cosine(60))
    losses = trails(figure, "GradientDescent")[-1]
    assert part(figure, losses[:, 1].astype(float)).max() <= _LOSS + 1e-3
    texts = [text for _, text in figure._scene["panels"][1]["y"]["ticks"]]
    assert texts[-2:] == ["η = 0", "η = 1"]


def test_names_of_runs_give_each_its_own():
    runs = {"constant": Adam(lr=0.1), "cosine": Adam(lr=0.1)}
    figure = explore_path(runs, steps=50, schedule={"cosine": cosine(50)})
    assert figure.schedule_of("constant") is None and repr(figure.schedule_of("cosine")) == repr(cosine(50))
    assert np.array_equal(figure.path("constant").points, simulate(Adam(lr=0.1), "quadratic", 50).points)
    assert "schedule" not in figure.controls


def test_other_names_make_a_choice_and_a_moved_slider_chooses():
    figure = explore_path(
        Adam(lr=0.1), steps=50, schedule={"none": constant(), "cosine": cosine(50), "cycle": one_cycle(50)}
    )
    assert figure.schedule == "none" and figure.schedule_of()(50) == 1
    Wire(figure).move(cosine_floor=0.5)
    assert figure.schedule == "cosine" and figure.schedule_of()(1000) == 0.5
    figure.schedule = "cycle"
    assert figure.schedule_of()(1) == pytest.approx(1 / 25)
    figure.reset()
    assert figure.schedule == "none" and figure.cosine_floor == 0


def test_shares_of_one_whole_stay_below_it():
    figure = explore_path(Adam(lr=0.1), steps=50, schedule=warmup_stable_decay(50, warmup=0.1, decay=0.6))
    Wire(figure).move(warmup_stable_decay_warmup=0.7)
    assert figure.warmup_stable_decay_decay == pytest.approx(0.3)
    figure.reset()
    assert (figure.warmup_stable_decay_warmup, figure.warmup_stable_decay_decay) == (0.1, 0.6)


def test_a_long_name_beside_a_slider_is_its_initials():
    shapes = {"a_b_c": warmup_stable_decay(50), "cosine": cosine(50)}
    figure = explore_path(Adam(lr=0.1), steps=50, schedule=shapes)
    labels = [one.label for one in figure.controls.values()]
    assert "WSD decay" in labels and "WSD warmup" in labels and "cosine floor" in labels
    twice = {"a_b_c": warmup_stable_decay(50), "late": warmup_stable_decay(50, decay=0.1)}
    figure = explore_path(Adam(lr=0.1), steps=50, schedule=twice)
    assert {"a_b_c WSD decay", "late WSD decay"} <= {one.label for one in figure.controls.values()}


def test_a_callable_has_no_sliders_and_must_stay_between_0_and_1():
    figure = explore_path(Adam(lr=0.1), steps=50, schedule=lambda t: 1 / t)
    assert np.allclose(eta_drawn(figure, "Adam"), 1 / np.arange(1, 51), atol=1e-4)
    with pytest.raises(
        ValueError, match=r"eta = 2 is not allowed: a schedule must give a number in \[0, 1\]"
    ):
        explore_path(Adam(lr=0.1), schedule=lambda t: 2)
    with pytest.raises(TypeError, match="is not a schedule"):
        explore_path(Adam(lr=0.1), schedule=0.5)
    with pytest.raises(ValueError, match="schedule is empty"):
        explore_path(Adam(lr=0.1), schedule={})
