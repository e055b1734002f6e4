"""Sliders made from specs."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib.live.block.controls import Control, slider_values
from course_lib.live.block.scene import Axis, Scene
from course_lib.live.explorers.options import Options
from course_lib.live.explorers.runs import Runs
from course_lib.optimizers import REGISTRY, Adam, GradientDescent, Lookahead, Momentum, Newton, Partition
from course_lib.optimizers.hyper import Spec
from course_lib.surfaces import surface


@pytest.mark.parametrize("entry", REGISTRY.values(), ids=lambda entry: entry.name)
def test_every_hyperparameter_has_a_control_whose_values_are_all_allowed(entry):
    opt = entry.cls(**entry.settings(surface("quadratic")))
    runs = Runs(opt)
    assert len(runs.controls) == len(opt.specs())
    for control in runs.controls:
        message = control.message()
        assert message["values"][message["default"]] == control.default
        for value in message["values"]:
            control.spec.clean(control.name, value)


def test_betas_are_equally_easy_to_reach():
    values = slider_values(Adam.specs()["beta2"], 0.999)
    places = [values.index(v) for v in (0.9, 0.99, 0.999)]
    assert places[1] - places[0] == places[2] - places[1] > 20


def test_a_learning_rate_is_spread_over_its_powers():
    values = np.array(slider_values(GradientDescent.specs()["lr"], 0.01))
    ratios = values[1:] / values[:-1]
    assert ratios.max() < 1.1 and ratios.min() > 1.0


@given(
    st.sampled_from(["log", "decay", "linear"]),
    st.floats(1e-12, 0.4),
    st.floats(0.5, 0.99999),
    st.floats(1e-12, 0.99999),
    st.booleans(),
)
def test_sliders_rise_and_hold_the_default(scale, low, high, default, whole):
    whole = whole and scale != "decay"
    spec = Spec(scale=scale, slider=(1, 1 + int(1000 * high)) if whole else (low, high), integer=whole)
    default = 1 + int(1000 * default) if whole else default
    values = slider_values(spec, default)
    assert default in values
    assert all(a <= b for a, b in pairwise(values))
    assert min(values) <= spec.slider[0] and max(values) >= spec.slider[1]


def test_a_slider_that_begins_at_zero_on_a_logarithmic_scale():
    values = slider_values(Spec(low=0, scale="log", slider=(1e-6, 1e-1)), 0.0)
    assert values[0] == 0 and 0 < values[1] <= 1.1e-6 and values[-1] == 0.1


def test_shared_and_own_hyperparameters():
    opts = {"slow": Momentum(lr=0.1), "fast": Momentum(lr=0.2), "Adam": Adam()}
    runs = Runs(opts, options=Options(("lr", "beta", "beta1")))
    assert shown(runs) == ["lr", "slow_beta", "fast_beta", "beta1"]
    assert runs.controls[0].default == 0.1 and runs.controls[1].color == runs.colors["slow"]
    fast = runs.configured("fast", {"lr": 0.5, "fast_beta": 0.3, "slow_beta": 0.4}.get)
    assert fast.hyper() == {"lr": 0.5, "beta": 0.3, "form": "sum"}
    assert shown(Runs(opts, shared=(), options=Options(("lr",)))) == ["slow_lr", "fast_lr", "adam_lr"]


def shown(runs):
    return [control.name for control in runs.controls if not control.hidden]


def test_a_shared_hyperparameter_that_is_not_shown_stays_each_runs_own():
    runs = Runs({"slow": Momentum(lr=0.1), "fast": Momentum(lr=0.2)}, options=Options(hide=("lr",)))
    defaults = {control.name: control.default for control in runs.controls}
    assert runs.configured("slow", defaults.get).lr == 0.1
    assert runs.configured("fast", defaults.get).lr == 0.2


def test_a_wrapped_optimizer_can_be_moved_too():
    runs = Runs(Lookahead(Momentum(lr=0.1)))
    assert {"lr", "beta", "k", "alpha"} <= {control.label for control in runs.controls}
    beta = next(control.name for control in runs.controls if control.label == "beta")
    moved = runs.configured("Lookahead", {beta: 0.3, "k": 2}.get)
    assert (moved.inner.beta, moved.inner.lr, moved.k) == (0.3, 0.1, 2)
    parts = Runs(Partition({"W*": Momentum(lr=0.1), "*": Adam(lr=0.2)}))
    assert all(control.name.isidentifier() for control in parts.controls)


def test_a_learning_rate_can_be_made_ten_times_what_it_is():
    (control,) = Runs(GradientDescent(lr=0.5)).controls
    assert control.values[-1] == 5


def test_a_name_that_is_taken_gets_its_owner_in_front():
    runs = Runs({"GD": GradientDescent()}, reserved=frozenset({"lr"}))
    assert runs.controls[0].name == "gd_lr"
    assert runs.configured("GD", {"gd_lr": 0.7}.get).lr == 0.7


def test_what_cannot_be_is_refused():
    with pytest.raises(
        ValueError, match="sliders names 'beta3', which nothing here has; there are lr, beta1"
    ):
        Runs(Adam(), options=Options(("beta3",)))
    with pytest.raises(ValueError, match="hide names 'beta3'"):
        Runs(Adam(), options=Options(hide=("beta3",)))
    with pytest.raises(TypeError, match="hide = 'lr' is not allowed"):
        Options(hide="lr")
    for ends in ((2, 1), (0.1, np.inf), (1,), (1, 1)):
        with pytest.raises(ValueError, match=r"ranges: lr = .* is not allowed"):
            Options(ranges={"lr": ends})
    with pytest.raises(ValueError, match=r"ranges = -1 is not allowed"):
        Runs(Adam(), options=Options(ranges={"lr": (-1, 1)}))
    with pytest.raises(TypeError, match="is not an optimizer"):
        Runs([Adam(), "adam"])
    with pytest.raises(TypeError, match="an instance such as"):
        Runs(Adam)
    with pytest.raises(ValueError, match="at least one"):
        Runs([])


def test_choices_and_switches():
    choice = Control("form", Spec(choices=("sum", "average")), "sum").message()
    assert (choice["kind"], choice["titles"], choice["default"]) == ("choice", ["sum", "average"], 0)
    assert Control("on", Spec(choices=(True, False)), True).message()["kind"] == "switch"


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_linear_ticks_are_few_and_inside(low, width):
    high = low + width
    if not high - low > 1e-9 * abs(low):
        return
    axis = Axis.linear("x", low, high)
    assert 2 <= len(axis.ticks) <= 12
    assert all(low - 0.01 * width <= v <= high + 0.01 * width for v, _ in axis.ticks)


def test_scene_numbers_are_aligned_and_cut_where_they_cannot_be_drawn():
    from course_lib.live import Panel

    scene = Scene([Panel(Axis.linear("x", 0, 1), Axis.linear("y", 0, 1))])
    scene.heat(0, np.arange(6).reshape(2, 3))
    scene.line(0, [0, 1, 2, 3], [0, np.inf, np.nan, 1e40], "blue")
    scene.arrows(0, [0], [0], [1], [2], "blue")
    scene.bars(0, [0, 1], [1, 2], [0], [3, 4], "green")
    heat, line, arrows, bars = scene.marks
    assert all(mark["at"] % 4 == 0 for mark in scene.marks)
    assert scene.numbers(heat).tolist() == [3, 4, 5, 0, 1, 2]  # the first row is the lowest
    assert np.isnan(scene.numbers(line)).tolist() == [False, False] + [True] * 6
    assert scene.numbers(arrows).tolist() == [0, 0, 1, 2]
    assert scene.numbers(bars).tolist() == [0, 0, 1, 3, 1, 0, 2, 4]


def test_choices_are_spelt_as_the_lessons_spell_them():
    assert Control("form", Newton.specs()["form"], "plain").message()["titles"] == ["plain", "saddle-free"]
