"""The learning-rate range test: where it points, when it ends, what it refuses."""

import numpy as np
import pytest

from course_lib.optimizers import Adam, ClipByNorm, GradientDescent, Momentum, Partition, RMSprop
from course_lib.plotting import range_figure
from course_lib.problems import MLP
from course_lib.running import RangeTest, lr_range_test, simulate, train
from course_lib.surfaces import quadratic, surface


def test_it_steps_as_the_optimizer_does_with_a_growing_rate():
    valley = quadratic(5.0)
    found = lr_range_test(Momentum(lr=7.0), valley, low=0.01, high=1.0, steps=50)
    rates = np.geomspace(0.01, 1.0, 50)
    by_hand = simulate(Momentum(lr=1.0), valley, 50, schedule=lambda t: rates[t - 1])
    assert np.allclose(found.loss, by_hand.losses[: len(found.loss)], rtol=1e-12)
    assert np.allclose(found.lr, rates[: len(found.lr)])


def test_it_ends_soon_after_the_loss_breaks_out():
    """Beyond 2/L gradient descent grows without end; the test must not go on to the highest rate."""
    for top in (1.0, 20.0):
        found = lr_range_test(GradientDescent(), quadratic(5.0, largest=top), low=1e-4, high=1e4)
        assert found.suggested < 2 / top < found.lr[-1] < 20 / top
        assert np.isfinite(found.smooth).all() and "broke out by" in found.reason


@pytest.mark.parametrize("opt", [GradientDescent(), Momentum(), Adam(), RMSprop()], ids=repr)
def test_what_it_suggests_trains_a_network_well(opt):
    """Not the best, but at least as good as what a grid of four decades offers on the average."""
    problem = MLP.on_digits()
    suggested = [lr_range_test(opt, problem, seed=seed).suggested for seed in range(2)]
    assert max(suggested) < 4 * min(suggested)
    rates = np.array([np.median(suggested), *np.logspace(-4, 0, 5)])
    losses = train(opt.replace(lr=rates), problem, epochs=2, batch_size=64)["loss"][-1]
    others = np.where(np.isfinite(losses[1:]), losses[1:], np.inf)
    assert losses[0] < np.median(others) / 3


def test_it_is_the_same_again_and_another_with_another_seed():
    one, same, other = (lr_range_test(Adam(), MLP.on_digits(), steps=40, seed=seed) for seed in (1, 1, 2))
    assert (one.loss == same.loss).all() and not (one.loss[:20] == other.loss[:20]).any()


def test_where_the_loss_never_falls_nothing_is_suggested():
    found = lr_range_test(GradientDescent(), surface("quadratic"), low=1e-9, high=1e-8)
    assert found.suggested is None and "never fell between lr = 1e-09 and 1e-08" in found.reason
    range_figure(found)


def test_the_picture_marks_the_suggestion():
    found = RangeTest(np.array([0.1, 1.0]), np.array([2.0, 1.0]), np.array([2.0, 1.0]), 0.1, "")
    for theme in ("light", "dark"):
        (axes,) = range_figure(found, theme=theme).axes
        assert axes.get_lines()[-1].get_label() == "suggested: 0.1"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"opt": "Adam"}, TypeError, "opt = 'Adam' is not an optimizer"),
        ({"opt": Partition()}, TypeError, "has no learning rate of its own"),
        ({"opt": Adam(lr=np.array([0.1, 0.2]))}, TypeError, "is a grid of runs: give one setting"),
        ({"low": 0.0}, ValueError, "low = 0.0 and high = 100.0 are not allowed: they must be 0 < low < high"),
        ({"low": 2.0, "high": 1.0}, ValueError, "they must be 0 < low < high"),
        ({"high": np.nan}, ValueError, "they must be 0 < low < high"),
        ({"steps": 9}, ValueError, "steps = 9 is not allowed: it must be ≥ 10"),
        ({"batch_size": 0}, ValueError, "0"),
        ({"seed": -1}, ValueError, "seed = -1"),
    ],
)
def test_what_is_refused(arguments, error, words):
    with pytest.raises(error, match=words.replace("(", r"\(")):
        lr_range_test(**({"opt": Adam(), "problem": MLP.on_digits()} | arguments))


def test_a_wrapper_has_the_rate_of_the_method_inside():
    plain, wrapped = GradientDescent(), ClipByNorm(GradientDescent(), limit=1e9)
    one, other = (lr_range_test(opt, surface("quadratic"), low=1e-3) for opt in (plain, wrapped))
    assert one.suggested == other.suggested and (one.loss == other.loss).all()
