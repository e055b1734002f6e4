"""The decay explorer: what its cells are, and what it says of them."""

import re

import numpy as np
import pytest

from course_lib.live import explore_decay
from course_lib.live.explorers.decay_runs import (
    BATCH,
    DECAYS,
    FORMS,
    LOOKS,
    RATES,
    decay_losses,
    noisy_digits,
)
from course_lib.problems.data import endless_batches

from .common import opened


def by_hand(form, lr, wd, steps, seed):
    """One run in plain numpy: Adam, and the decay of its form."""
    problem = noisy_digits()
    x = {name: part.astype(float) for name, part in problem.zeros().items()}
    m, v = ({name: np.zeros_like(part) for name, part in x.items()} for _ in range(2))
    batches = endless_batches(problem.train, BATCH, np.random.default_rng(seed), "shuffled")
    for t, batch in zip(range(1, steps + 1), batches, strict=False):
        g = problem.grad(x, batch)
        for name in x:
            pull = wd * x[name] if name == "W" else 0 * x[name]
            gradient = g[name] + pull if form == FORMS[0] else g[name]
            m[name] = 0.9 * m[name] + 0.1 * gradient
            v[name] = 0.999 * v[name] + 0.001 * gradient**2
            step = lr * m[name] / (1 - 0.9**t) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
            x[name] = x[name] - step - {FORMS[0]: 0, FORMS[1]: lr, FORMS[2]: 1}[form] * pull
    return problem.loss(x, problem.valid)


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_is_the_mean_of_runs_by_hand(form):
    losses, (row, column) = decay_losses(form), (5, 2)
    alone = np.mean([by_hand(form, RATES[column], DECAYS[row], 50, seed) for seed in range(2)])
    np.testing.assert_allclose(losses[LOOKS.index(50), row, column], alone, rtol=2e-3)  # float32


def test_the_best_decay_stays_where_the_forms_say():
    figure = explore_decay()
    moved = {form: [figure.best(form, lr) for lr in (0.032, 0.1, 0.32)] for form in FORMS}
    assert max(moved[FORMS[0]]) <= 4 * min(moved[FORMS[0]]) and max(moved[FORMS[0]]) < 0.01
    assert max(moved[FORMS[1]]) <= 4 * min(moved[FORMS[1]]) and min(moved[FORMS[1]]) > 0.05
    assert moved[FORMS[2]][2] >= 9 * moved[FORMS[2]][0]


def test_sliders_and_cursor_stop_at_cells():
    figure = explore_decay(lr=0.11, weight_decay=0.09)
    assert (figure.lr, figure.weight_decay) == figure.cursor == (0.1, 0.1)
    figure.cursor = (0.5, 50.0)
    assert (figure.lr, figure.weight_decay) == figure.cursor == (RATES[7], 10)
    figure.set(lr=0.0181, weight_decay=1e-4)
    assert figure.cursor == (RATES[1], 1e-4)


def test_the_read_outs_are_of_the_chosen_cell():
    figure = explore_decay(lr=1.0, weight_decay=10.0, after=100)
    rows = {row[0]: row for row in ((r["name"], *r["cells"], r["state"]) for r in figure._scene["rows"])}
    assert rows[FORMS[2]][3] == "∞" and rows[FORMS[2]][4] == "bad"
    for form in FORMS:
        curve = figure.losses(form)[:, -1]
        assert float(rows[form][2]) == pytest.approx(curve.min(), abs=0.006)
        assert float(rows[form][1].lstrip("≤ ")) == pytest.approx(DECAYS[curve.argmin()], rel=0.06)
    figure.set(lr=0.01, after=25)  # too early for any decay to help
    assert all(re.match("≤", row["cells"][0]) for row in figure._scene["rows"])


def test_the_map_has_the_colour_of_each_loss():
    figure = explore_decay(form=FORMS[2])
    heats = [mark for mark in figure._scene["marks"] if mark["kind"] == "heat"]
    for mark, form in zip(heats, (FORMS[0], FORMS[2]), strict=True):
        shades = np.frombuffer(figure._scene["data"], np.uint8, mark["count"], mark["at"]).reshape(11, 9)[
            ::-1
        ]
        losses = figure.losses(form)
        assert ((shades == 255) == ~np.isfinite(losses)).all()
        assert losses[shades == shades.min()].max() < 1.02 * losses.min()


def test_runs_that_leave_for_infinity_are_no_numbers():
    assert np.isinf(decay_losses(FORMS[2])[-1, -1]).all() and not np.isnan(decay_losses(FORMS[1])).any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (dict(lr=2.0), "lr = 2.0 is not allowed: it must be"),
        (dict(weight_decay=0), "weight_decay = 0 is not allowed: it must be"),
        (dict(form="L2"), "form = 'L2' is not allowed: it must be"),
        (dict(after=300), "after = 300 is not allowed: it must be"),
        (dict(hide=("beta",)), "hide names 'beta', which nothing here has"),
    ],
)
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_decay(**arguments)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_decay().png(theme)))) > 100
