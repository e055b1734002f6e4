"""The law of batch sizes is found again where it was put in; the study says what happened."""

import numpy as np
import pytest
from scipy import optimize, stats

from course_lib.comparing.large_batches import SIZES, BatchLaw, batch_size_study, fit_batch_law
from course_lib.comparing.studies import table


def test_the_fit_finds_the_law_it_was_given_within_its_interval():
    law, rng, inside = BatchLaw(40, 90), np.random.default_rng(0), 0
    for _ in range(200):
        steps = law.steps(SIZES) * np.exp(0.1 * rng.standard_normal(len(SIZES)))
        found = fit_batch_law(SIZES, steps)
        assert found.s_interval[0] < found.s_min < found.s_interval[1]
        inside += found.b_interval[0] < 90 < found.b_interval[1]
    assert 180 <= inside <= 198  # 95 %


@pytest.mark.parametrize("noise", [0, 0.01, 0.3, 1.0])
def test_the_fit_is_scipys(noise):
    rng = np.random.default_rng(1)
    for b in (0.3, 20, 5000):
        steps = BatchLaw(7, b).steps(SIZES) * np.exp(noise * rng.standard_normal(len(SIZES)))

        def off(logs, steps=steps):
            return logs[0] + np.log1p(np.exp(logs[1]) / np.array(SIZES)) - np.log(steps)

        found = fit_batch_law(SIZES, steps)
        peer = optimize.least_squares(off, np.log([found.s_min, found.b_crit]) + 0.1, xtol=1e-15, ftol=1e-15)
        assert [found.s_min, found.b_crit] == pytest.approx(np.exp(peer.x), rel=1e-5)
        covariance = np.linalg.inv(peer.jac.T @ peer.jac) * 2 * peer.cost / 6
        width = stats.t.ppf(0.975, 6) * np.sqrt(np.diag(covariance))
        assert found.s_interval == pytest.approx(np.exp(peer.x[0] + [-width[0], width[0]]), rel=1e-4)
        assert found.b_interval == pytest.approx(np.exp(peer.x[1] + [-width[1], width[1]]), rel=1e-4)


def test_steps_that_do_not_fall_give_a_law_without_a_lower_end():
    law = fit_batch_law([1, 10, 100, 1000], [50, 52, 49, 51])
    assert law.s_min == pytest.approx(50, rel=0.03) and law.b_crit < 0.2 < 1e6 < law.b_interval[1]


def test_at_the_critical_size_steps_and_examples_are_twice_their_least():
    law = BatchLaw(40, 90)
    assert law.steps(90) == 80 and 90 * law.steps(90) == pytest.approx(2 * 40 * 90)


@pytest.mark.parametrize(
    ("sizes", "steps", "words"),
    [([1, 2], [3, 4], "at least three pairs"), ([2, 2, 2], [3, 4, 5], "two sizes or more"),
     ([1, 2, 3], [1, 2], "shapes"),
     ([1, 2, 4], [9, np.inf, 3], "finite numbers > 0"), ([1, 2, 4], [9, 0, 3], "finite numbers > 0")],
)  # fmt: skip
def test_measurements_that_say_nothing_are_refused(sizes, steps, words):
    with pytest.raises(ValueError, match=words):
        fit_batch_law(sizes, steps)


def test_the_study_counts_the_steps_of_a_run_that_anyone_can_repeat():
    from course_lib.optimizers import GradientDescent
    from course_lib.problems import NoisyQuadratic

    row = batch_size_study([32], targets=[0.1], seeds=[3], examples=400).rows[0]
    problem, rng = NoisyQuadratic.make(100, 400), np.random.default_rng(3)
    x = problem.init(rng)
    opt = GradientDescent(lr=row["lr"])
    state, t = opt.init(x), 0
    while problem.loss(x) > 0.1:
        t += 1
        x, state = opt.step(x, state, problem, problem.train[rng.integers(400, size=32)])
    assert t == row["steps"]


def test_a_lower_target_has_a_larger_critical_size_in_the_committed_study():
    made = table("batch_sizes")
    assert list(made.columns) == ["target", "size", "seed", "lr", "steps"]
    assert set(made["size"]) == set(SIZES)
    loose, strict = (
        fit_batch_law(part["size"], part["steps"]) for part in (made.where(target=t) for t in (0.05, 0.02))
    )
    assert strict.b_interval[0] > loose.b_interval[1]
