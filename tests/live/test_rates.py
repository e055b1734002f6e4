"""The rates explorer: the ranking at a learning rate is that of the tuning runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.comparing import Comparison
from course_lib.comparing.studies import results
from course_lib.live import explore_rates
from course_lib.live.block.static import scene_figure
from course_lib.running import Table

from .common import marks, opened, set_at_random


def test_at_a_rate_that_was_tried_the_ranking_is_that_of_the_runs():
    found = results("mlp")
    figure = explore_rates(found)
    for lr in (0.001, 0.1, 1.0):
        figure.lr = lr
        for name, loss in figure.ranking():
            curve = found.sensitivity[name]
            tried = np.isclose(curve.lr, lr, rtol=1e-3)
            assert (
                np.isnan(loss)
                if not tried.any()
                else loss == pytest.approx(curve.criterion[tried][0], rel=1e-3)
            )
        finite = [loss for _, loss in figure.ranking() if not np.isnan(loss)]
        assert finite == sorted(finite)


def test_at_their_best_rates_all_have_their_best_loss():
    figure = explore_rates(results("text"))
    figure.each = "each its best lr"
    assert dict(figure.ranking()) == {
        name: curve.criterion.min() for name, curve in results("text").sensitivity.items()
    }
    best, loss = figure.ranking()[0]
    assert f"the best first: {best} {loss:.3g}" in figure.scene.alt


def test_the_marks_stand_at_the_losses():
    figure = explore_rates(results("conv"))
    bars = marks(figure, "bars")  # from below; corners: left, low, right, high
    middles = [np.sqrt(bar[0, 0] * bar[1, 0]) for bar in reversed(bars)]
    expected = [np.clip(loss, figure.axis.low, figure.axis.high) for _, loss in figure.ranking()]
    np.testing.assert_allclose(middles, expected, rtol=1e-6)
    assert all(bar[1, 0] / bar[0, 0] < 1.1 for bar in bars)
    rows = {row["name"]: row["cells"] for row in figure._scene["rows"]}
    assert list(rows) == ["SGD", "Adam"] and rows["SGD"][0].endswith(" of 6")


def test_a_diverged_rate_and_one_not_tried_are_named():
    rows = [
        {"method": m, "view": "tuning", "criterion": "valid_loss", "lr": lr, "seed": 0, "loss": v, "valid_loss": v,
         "diverged_at": -1 if np.isfinite(v) else 3, "step": 10, "stack": 1}
        for m, curve in {"SGD": {0.1: 1.0, 1.0: 0.5, 10.0: np.inf}, "Adam": {0.01: 0.4, 0.1: 0.6}}.items()
        for lr, v in curve.items()
    ]  # fmt: skip
    figure = explore_rates(Comparison(Table.of_rows(rows)))
    figure.lr = 10.0
    assert "SGD diverged" in figure.scene.alt and "Adam not tried" in figure.scene.alt


def test_the_slider_stops_only_where_something_was_tried():
    found = results("mlp")
    figure = explore_rates(found)
    tried = np.concatenate([curve.lr for curve in found.sensitivity.values()])
    for lr in figure.controls["lr"].values:
        assert np.isclose(tried, lr, rtol=5e-3).any()
    for lr in tried:
        assert np.isclose(figure.controls["lr"].values, lr, rtol=5e-3).any()
    figure.lr = 1.78  # trained at this rate SGD is stuck at 2.23; no line between two dots says that
    assert figure.lr == 1.0 or figure.lr == 3.16
    shown = {loss for _, loss in figure.ranking() if np.isfinite(loss)}
    assert shown <= set(np.concatenate([curve.criterion for curve in found.sensitivity.values()]))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(baseline="Sgd"), "baseline = 'Sgd' is not allowed: it must be one of SGD, Momentum"),
        (dict(method="K-FAC"), "method = 'K-FAC'"),
    ],
)
def test_unknown_methods_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_rates(results("mlp"), **arguments)


@settings(max_examples=30, deadline=None)
@given(data=st.data(), study=st.sampled_from(["mlp", "text", "conv"]))
def test_no_setting_makes_it_stumble(data, study):
    set_at_random(explore_rates(results(study)), data)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_has_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_rates(results("mlp")).png(theme)))) > 100


def test_names_in_a_picture_stand_beside_their_marks():
    """A word near an edge is moved by no more than it takes to keep it inside."""
    figure = scene_figure(explore_rates(results("mlp")).scene, lambda *_: None)
    figure.draw_without_rendering()
    panel = figure.axes[0]
    names = sorted(panel.texts, key=lambda text: -text.xy[1])
    heights = [name.get_window_extent().get_points().mean(axis=0)[1] for name in names]
    edge = panel.get_window_extent()
    rows = edge.y0 + edge.height * (len(names) - 0.5 - np.arange(len(names))) / len(names)
    assert len(names) == 15 and np.max(np.abs(heights - rows)) < edge.height / len(names) / 3
