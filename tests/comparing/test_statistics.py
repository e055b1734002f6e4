"""Statistics against scipy, against figures by hand, and against what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from course_lib.comparing import bootstrap_interval, holm, least_p, sign_flip_p
from course_lib.comparing.paired import paired
from course_lib.comparing.statistics import student_t

RNG = np.random.default_rng(5)


class TestStudentT:
    @pytest.mark.parametrize("free", [1, 2, 3, 9, 30, 1000])
    def test_agrees_with_scipy(self, free):
        for level in (0.1, 0.5, 0.95, 0.999):
            assert student_t(level, free) == pytest.approx(stats.t.ppf((1 + level) / 2, free), rel=1e-10)

    @pytest.mark.parametrize(("level", "free"), [(0, 3), (1, 3), (0.95, 0), (float("nan"), 3)])
    def test_what_is_out_of_range_is_refused(self, level, free):
        with pytest.raises(ValueError, match="level must be in"):
            student_t(level, free)


class TestSignFlip:
    @pytest.mark.parametrize("n", [2, 5, 8, 11])
    @pytest.mark.parametrize("shift", [0.0, 0.7])
    def test_agrees_with_scipy(self, n, shift):
        for _ in range(5):
            d = RNG.standard_normal(n) + shift
            expected = stats.permutation_test(
                (d,), np.sum, permutation_type="samples", n_resamples=np.inf
            ).pvalue
            assert sign_flip_p(d) == pytest.approx(expected, abs=1e-12)

    def test_ties_and_zeros(self):
        assert sign_flip_p([0.1] * 10) == least_p(10) == 2 / 1024
        assert sign_flip_p([0.0] * 6) == 1.0
        assert sign_flip_p([0.1, 0.1, -0.1]) == 1.0  # |0.1 ± …| is never less
        assert sign_flip_p([1e-3, 2e-3, 3e-3, 4e-3]) == sign_flip_p([1.0, 2.0, 3.0, 4.0]) == 0.125

    def test_many_pairs_are_sampled(self):
        d = RNG.standard_normal(17) + 0.5
        exact = stats.ttest_1samp(d, 0).pvalue
        assert sign_flip_p(d) == pytest.approx(exact, abs=0.02)
        assert sign_flip_p([1.0] * 40) == pytest.approx(1e-5)  # the observed one counts

    def test_a_diverged_run_counts_for_more_than_all_others(self):
        assert sign_flip_p([np.inf, -1.0, -2.0, -1.5]) == 1.0
        assert sign_flip_p([np.inf, 1.0, 2.0, np.inf]) == 0.125

    @pytest.mark.parametrize("bad", [[], [1.0, np.nan], [[1.0, 2.0]], 3.0])
    def test_bad_input_is_named(self, bad):
        with pytest.raises(ValueError, match="differences"):
            sign_flip_p(bad)

    def test_no_effect_is_rarely_found(self):
        p = [sign_flip_p(RNG.standard_normal(8)) for _ in range(400)]
        assert np.mean(np.array(p) <= 0.05) < 0.08


class TestHolm:
    def test_by_hand(self):
        # sorted 0.005, 0.01, 0.03, 0.04: times 4, 3, 2, 1, and never falling
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
        assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
        assert holm([0.02]) == pytest.approx([0.02]) and holm([]).shape == (0,)

    def test_bad_input_is_named(self):
        with pytest.raises(ValueError, match=r"every p-value must be in \[0, 1\]"):
            holm([0.1, 1.1])

    def test_least_p(self):
        assert (least_p(5), least_p(10, 11), least_p(10, 66), least_p(2, 9)) == (
            0.0625,
            11 / 512,
            66 / 512,
            1.0,
        )


class TestBootstrap:
    def test_agrees_with_scipy(self):
        for values in (RNG.standard_normal(10), RNG.exponential(size=15)):
            ours = bootstrap_interval(values, resamples=40_000)
            theirs = stats.bootstrap((values,), np.mean, n_resamples=40_000, rng=2).confidence_interval
            assert np.array(ours) == pytest.approx([*theirs], abs=0.12 * stats.sem(values))

    def test_columns_are_independent(self):
        values = RNG.standard_normal((9, 3))
        low, high = bootstrap_interval(values)
        for k in range(3):
            assert (low[k], high[k]) == pytest.approx(bootstrap_interval(values[:, k]), rel=1e-12)

    def test_coverage_is_as_said(self):
        samples = RNG.exponential(size=(10, 400))
        low, high = bootstrap_interval(samples, resamples=2000)
        assert 0.82 < np.mean((low <= 1) & (high >= 1)) < 0.97
        low, high = bootstrap_interval(RNG.standard_normal((10, 400)), level=0.5, resamples=2000)
        assert 0.38 < np.mean((low <= 0) & (high >= 0)) < 0.56

    def test_extremes(self):
        assert bootstrap_interval([2.0] * 5) == (2.0, 2.0)
        low, high = bootstrap_interval([1.0, 2.0, 1.5, np.inf, 1.2])
        assert np.isfinite(low) and high == np.inf

    @pytest.mark.parametrize(
        ("values", "level", "word"), [([1.0], 0.9, "1 entries"), ([1.0, 2.0], 1.0, "level")]
    )
    def test_bad_input_is_named(self, values, level, word):
        with pytest.raises(ValueError, match=word):
            bootstrap_interval(values, level)


def test_two_diverged_runs_do_not_differ():
    assert paired([np.inf, 1.0, np.inf], [np.inf, np.inf, 0.0]).tolist() == [0.0, -np.inf, np.inf]
