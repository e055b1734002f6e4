"""The untuned explorer: what its curves are, and what it says of them."""

import numpy as np
import pytest

from course_lib.live import explore_untuned
from course_lib.live.explorers.untuned_runs import (
    BATCH,
    FREE,
    GUESSES,
    LOOKS,
    RATES,
    SEEDS,
    TUNED,
    network,
    untuned_runs,
)
from course_lib.problems.data import endless_batches

from .common import opened


def by_hand(method, setting, steps, seed):
    """One run in plain numpy, on all parameters as one vector: the end and the rate of each step."""
    problem, rng = network(), np.random.default_rng(seed)
    start = problem.init(rng)
    names, cuts = list(start), np.cumsum([part.size for part in start.values()])[:-1]
    x0 = np.concatenate([part.ravel() for part in start.values()])

    def cut(x):
        parts = np.split(x, cuts)
        return {name: part.reshape(start[name].shape) for name, part in zip(names, parts, strict=True)}

    x, average, rates, r, total, d = x0, x0, [], setting * (1 + np.linalg.norm(x0)), 0.0, setting
    m = v = s = np.zeros_like(x0)
    inner = 0.0
    for t, batch in zip(range(1, steps + 1), endless_batches(problem.train, BATCH, rng), strict=False):
        g = np.concatenate([part.ravel() for part in problem.grad(cut(x), batch).values()])
        if method == "SGD":
            x = average = x - setting * g
        elif method == "DoG":
            r, total = max(r, np.linalg.norm(x - x0)), total + g @ g
            rates.append(r / np.sqrt(total + 1e-8))
            x = x - rates[-1] * g
            average = average + min(1, 9 / (t + 8)) * (x - average)
        else:
            beta3 = 0.999**0.5
            m, v = 0.9 * m + 0.1 * d * g, 0.999 * v + 0.001 * d**2 * g**2
            inner = beta3 * inner + (1 - beta3) * d**2 * (g @ (x0 - x))
            s = beta3 * s + (1 - beta3) * d**2 * g
            x = average = x - d * m / (np.sqrt(v) + d * 1e-8)
            d = max(d, inner / np.abs(s).sum())
            rates.append(d)
    return problem.loss(cut(average)), rates


@pytest.mark.parametrize(("method", "setting"), [("SGD", 3), ("DoG", 4), ("Prodigy", 3)])
def test_a_point_is_the_mean_of_runs_by_hand(method, setting):
    runs = untuned_runs(method)
    alone = [by_hand(method, runs.settings[setting], 50, seed) for seed in range(SEEDS)]
    loss = runs.losses[LOOKS.index(50), setting]
    assert loss == pytest.approx(np.mean([loss for loss, _ in alone]), rel=1e-4)
    if method in FREE:
        np.testing.assert_allclose(runs.rates[:50, setting], alone[0][1], rtol=1e-6)


def test_what_needs_no_rate_is_wide_downward_and_not_upward():
    figure = explore_untuned()
    assert figure.width("SGD") <= 10.1 < 1e5 < min(map(figure.width, FREE))
    for method in FREE:
        assert figure.within(method).max() < 1 and figure.losses(method)[GUESSES > 0.5].min() > 1
    figure.after = 100
    assert GUESSES[0] not in figure.within("DoG")  # the smaller the guess, the later it starts


def test_the_rate_that_is_found_ends_near_the_best():
    figure = explore_untuned()
    for method, rival in (("DoG", "SGD"), ("Prodigy", "Adam")):
        found = untuned_runs(method).rates[-1][GUESSES < 1e-2]
        assert (found / figure.best(rival)[0] > 0.4).all() and (found / figure.best(rival)[0] < 4).all()


def test_sliders_stop_where_runs_are():
    figure = explore_untuned(d0=1.2e-5, lr=0.3)
    assert figure.d0 == pytest.approx(1e-5, rel=1e-12) and figure.lr == 0.2154
    figure.set(d0=0.2, lr=0.001)
    assert (figure.d0, figure.lr) == (0.1, RATES[0])


def test_the_read_outs_are_of_the_chosen_settings():
    figure = explore_untuned(d0=1e-4, lr=0.46, after=200)
    tuned = untuned_runs("SGD").losses[LOOKS.index(200)].min()
    for row, method in zip(figure._scene["rows"], (*TUNED, *FREE), strict=True):
        runs = untuned_runs(method)
        here = runs.losses[
            LOOKS.index(200), np.abs(runs.settings - (0.4642 if method in TUNED else 1e-4)).argmin()
        ]
        assert row["name"] == method and float(row["cells"][1]) == pytest.approx(here, rel=0.06)
        assert float(row["cells"][2].lstrip("× ")) == pytest.approx(here / tuned, rel=0.06)
    figure.d0 = 10.0
    assert [row["state"] for row in figure._scene["rows"]][-2:] == ["bad", "bad"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(d0=0), "d0 = 0 is not allowed: it must be"),
        (dict(d0=100.0), "d0 = 100.0 is not allowed: it must be"),
        (dict(lr=1e-4), "lr = 0.0001 is not allowed: it must be"),
        (dict(after=300), "after = 300 is not allowed: it must be"),
        (dict(hide=("beta",)), "hide names 'beta', which nothing here has"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_untuned(**arguments)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_untuned().png(theme)))) > 100
