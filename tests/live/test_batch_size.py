"""The batch-size explorer shows what expectation and real runs say."""

import numpy as np
import pytest

from course_lib.comparing.large_batches import fit_batch_law
from course_lib.live import explore_batch_size
from course_lib.live.explorers.batch_size import _RUN_STEPS, RULES, SIZES, SPECTRUM
from course_lib.optimizers import GradientDescent
from course_lib.problems.expected import expected_loss, steps_to_target

from .common import opened


def test_the_rule_sets_the_rate_of_every_size_and_yours_stays():
    figure = explore_batch_size(lr=0.4, batch=64)
    for rule, power in RULES.items():
        figure.rule = rule
        np.testing.assert_allclose(figure.rates([64, 256, 16]), [0.4, 0.4 * 4**power, 0.4 / 4**power])
        np.testing.assert_array_equal(
            figure.steps([64, 256]), steps_to_target(SPECTRUM, figure.rates([64, 256]), [64, 256], 0.05)
        )


def test_what_is_read_out_is_what_happens():
    figure = explore_batch_size(lr=0.5, batch=100, target=0.08)
    yours, best = (row["cells"] for row in figure._scene["rows"])
    steps = int(yours[1].replace(",", ""))
    before, after = expected_loss(SPECTRUM, 0.5, 100, [steps - 1, steps])
    assert after <= 0.08 < before and int(yours[2].replace(",", "")) == 100 * steps
    assert int(best[1]) <= steps
    saved = 1 - figure.steps([200])[0] / steps
    assert yours[3] == f"{saved:.0%}"
    figure.lr = 2.5
    assert tuple(figure._scene["rows"][0]["cells"][1:]) == ("∞: never", "–", "–")


def test_a_dot_is_a_run_of_the_optimizer():
    figure = explore_batch_size(lr=0.9, rule="lr ∝ √B")
    sizes, seen = figure.runs()
    place = int(np.flatnonzero(sizes == 64)[0])
    rng = np.random.default_rng(0)
    start = rng.standard_normal((100, 1, 4))
    noise = np.sqrt(SPECTRUM)[:, None, None] * rng.standard_normal((_RUN_STEPS, 100, 1, 4))
    opt = GradientDescent(lr=float(figure.rates([64])[0]))
    for seed in range(4):
        x, t = start[:, 0, seed], 0
        state = opt.init(x)
        while SPECTRUM @ x**2 / 2 > 0.05 and t < _RUN_STEPS:
            x, state = opt.update(x, SPECTRUM * x + noise[t, :, 0, seed] / 8, state)
            t += 1
        assert seen[seed, place] == t < _RUN_STEPS
    assert np.isinf(seen[:, sizes == 1]).any()


def test_where_batches_are_large_runs_agree_with_expectation():
    figure = explore_batch_size(lr=1.5)
    sizes, seen = figure.runs()
    large = sizes >= 1024
    expected = figure.steps(sizes[large])
    assert (np.abs(np.log(np.median(seen, axis=0)[large] / expected)) < 0.35).all()


def test_the_critical_size_grows_with_the_demand():
    figure, found = explore_batch_size(), []
    for target in (0.2, 0.1, 0.05, 0.02):
        figure.target = target
        _, steps = figure.tuned(SIZES)
        assert figure.law().b_crit == pytest.approx(fit_batch_law(SIZES, steps).b_crit, rel=1e-6)
        found.append(figure.law().b_crit)
    assert (np.diff(found) > 0).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(dict(rule="lr ∝ 1/B"), "rule = 'lr ∝ 1/B' is not allowed: it must be one of one lr for all"),
     (dict(lr=0), "lr = 0 is not allowed"), (dict(batch=0), "batch = 0 is not allowed"),
     (dict(batch=5000), "batch = 5000 is not allowed"), (dict(target=0.5), "target = 0.5 is not allowed"),
     (dict(target=0.001), "target = 0.001 is not allowed")],
)  # fmt: skip
def test_bad_arguments_are_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        explore_batch_size(**arguments)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_has_a_still_picture(theme):
    assert np.ptp(np.asarray(opened(explore_batch_size().png(theme)))) > 100
