"""The counter-example explorer: its walks are those of the rule, and where it says Adam goes, Adam goes."""

import numpy as np
import pytest

from course_lib.live import explore_counterexample
from course_lib.live.explorers.drift import KNOWN, drift, wrong_between
from course_lib.optimizers import ADOPT, Adam, AdaMax, AMSGrad, Muon, Newton
from course_lib.running import walk

from .common import Wire, marks, opened


@pytest.mark.parametrize("cls", KNOWN)
@pytest.mark.parametrize(
    ("large", "period", "beta1", "beta2"), [(3.0, 3, 0.0, 0.1), (10.0, 8, 0.6, 0.9), (2.0, 5, 0.3, 0.0)]
)
def test_the_drift_is_that_of_a_long_run_far_from_walls(cls, large, period, beta1, beta2):
    """Tiny steps after a thousand periods; the rule itself, one step at a time."""
    opt = cls(lr=1e-6, beta1=beta1, beta2=beta2, **({"clip": False} if cls is ADOPT else {}))
    slopes = np.tile([large, *[-1.0] * (period - 1)], 1000)
    x = walk(opt, slopes, by_the_rule=True)
    assert (x[-1] - x[-1 - period]) / opt.lr == pytest.approx(drift(opt, beta2, large, period), rel=1e-6)


def test_the_clip_is_part_of_the_drift():
    """Of 40,400 steps the last are clipped at 14.2; a slope of 101 is cut to that."""
    opt = ADOPT(lr=1e-6, beta1=0.0, beta2=0.9)
    x = walk(opt, np.tile([101.0, *[-1.0] * 100], 400), by_the_rule=True)
    expected = drift(opt, 0.9, 101, 101, limit=40_399**0.25)
    assert (x[-1] - x[-102]) / opt.lr == pytest.approx(expected, rel=1e-3) and expected > 10
    assert drift(opt, 0.9, 101, 101) < 0


@pytest.mark.parametrize(
    ("large", "period", "threshold"),
    [(2.1, 3, 0.886), (2.5, 3, 0.629), (3, 3, 0.472), (4, 3, 0.317), (6, 3, 0.187), (10, 3, 0.098),
     (101, 101, 0.99960), (101, 100, 0.99920)],
)  # fmt: skip
def test_thresholds_and_runs_on_both_sides_of_them(large, period, threshold):
    [(low, high)] = wrong_between(Adam(beta1=0), large, period)
    assert low == 0 and high == pytest.approx(threshold, abs=1e-3 if period == 3 else 1e-5)
    slopes = np.resize([large, *[-1.0] * (period - 1)], 60_000)
    for part, worst in ((0.8, True), (1.2, False)):  # of what is missing to 1, or of the threshold itself
        beta2 = high * part if period == 3 and part * high < 1 else 1 - (1 - high) * (2 - part)
        end = walk(Adam(lr=0.002, beta1=0, beta2=beta2), slopes)[-1]
        assert (end > 0) == worst, (beta2, end)


def test_momentum_heals_the_short_cycle_and_not_the_long_one():
    assert wrong_between(Adam(beta1=0.9), 3, 3) == []
    assert wrong_between(Adam(beta1=0.9), 101, 101)[0][1] > 0.999
    assert wrong_between(AMSGrad(beta1=0.9), 101, 101) == wrong_between(ADOPT(), 101, 101) == []


def test_where_the_small_slopes_win_the_other_end_is_best():
    figure = explore_counterexample(large=1.5)
    assert figure.best == 1 and "1 is the best point" in figure.scene.notice
    assert all(figure.path(name)[-1] > 0.9 for name in figure.names)
    assert all(row.state == "" for row in figure.scene.rows) and figure.wrong_between("Adam") == []
    figure.large = 2.0
    assert figure.best == 0 and "all points are as good" in figure.scene.notice


def test_paths_start_where_the_handle_is_and_read_outs_are_theirs():
    figure = explore_counterexample(steps=300)
    figure.set(start=(50.0, 0.4), beta2=0.3, falling=False, lr=0.02)
    slopes = np.tile([3.0, -1.0, -1.0], 100)
    for row, name in zip(figure.scene.rows, figure.names, strict=True):
        expected = walk(figure.optimizer(name), slopes, 0.4, by_the_rule=True)
        np.testing.assert_allclose(figure.path(name), expected, atol=1e-12)
        here = float(drift(figure.optimizer(name), 0.3, 3, 3))
        assert float(row.cells[0].replace("−", "-").removesuffix(" lr")) == pytest.approx(here, rel=1e-2)
        assert float(row.cells[-1].replace("−", "-")) == pytest.approx(expected[-1], abs=5e-4)
    lines = [line for line in marks(figure, "line") if len(line) > 100 and line[-1, 0] == 300]
    assert [line[-1, 1] for line in lines] == pytest.approx([figure.path(n)[-1] for n in figure.names])


def test_at_random_there_are_forty_runs_of_the_same_draws():
    figure = explore_counterexample(large=10, period=8, steps=2000, order="at random")
    assert figure.slopes.shape == (2000, 40) and (figure.slopes == 10).mean() == pytest.approx(
        1 / 8, rel=0.05
    )
    paths = {name: figure.path(name) for name in figure.names}
    assert (paths["Adam"][-1] > 0.8).all() and (paths["ADOPT"][-1] < 0).mean() > 0.9
    ends = [points[:, 1] for points in marks(figure, "points")]
    for name, drawn in zip(figure.names, ends, strict=True):
        np.testing.assert_allclose(drawn, np.sort(paths[name][-1]), rtol=1e-5)


def test_what_takes_long_is_kept_short():
    figure = explore_counterexample()
    Wire(figure).move(steps=100_000)
    assert figure.steps == 100_000
    Wire(figure).move(order="at random")
    assert figure.steps == 20_000
    slow = explore_counterexample(AdaMax(lr=0.1), steps=50)
    Wire(slow).move(steps=100_000)
    assert slow.steps == 20_000
    assert slow.scene.rows[0].cells[:2] == ("–", "–")
    with pytest.raises(TypeError, match="the drift of AdaMax is not known"):
        slow.wrong_between("AdaMax")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(large=1.0), "large = 1.0 is not allowed: it must be in"),
        (dict(period=1), "period = 1 is not allowed: it must be a whole number ≥ 2"),
        (dict(steps=0), "steps = 0 is not allowed"),
        (dict(steps=30_000, order="at random"), "steps = 30000 is not allowed here: it must be ≤ 20000"),
        (
            dict(order="shuffled"),
            "order = 'shuffled' is not allowed: it must be one of 'in turn', 'at random'",
        ),
        (dict(opt=Newton()), "Newton cannot run here"),
        (dict(opt=Muon()), "Muon moves matrices only"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_counterexample(**arguments)


@pytest.mark.parametrize("order", ["in turn", "at random"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_has_a_still_picture(theme, order):
    assert np.ptp(np.asarray(opened(explore_counterexample(steps=200, order=order).png(theme)))) > 100
