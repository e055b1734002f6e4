"""The law of batch sizes is found again where it was put in; the study says what happened."""

import numpy as np
import pytest

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
