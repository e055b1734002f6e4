"""Paired tests: published numbers, scipy, intervals that invert them, and the power that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from course_lib.comparing import (
    Comparison,
    CorrectedT,
    SignFlip,
    corrected_t_interval,
    corrected_t_p,
    least_p,
    sign_flip_interval,
    sign_flip_p,
)
from course_lib.comparing.differences import Difference, judged
from course_lib.comparing.statistics import holm, student_share
from course_lib.running import Table

MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
"""Darwin's crossed minus self-fertilised plants, in eighths of an inch, from Fisher's book, §17 and §21."""


def spread_over(n, shift=0.0, seed=0):
    return np.random.default_rng(seed).standard_normal(n) + shift


class TestPublishedNumbers:
    def test_fishers_count_of_darwins_plants(self):
        assert sign_flip_p(MAIZE) == 2 * 863 / 2**15

    def test_fishers_t_of_darwins_plants(self):
        assert corrected_t_p(MAIZE, 0) == pytest.approx(0.0497, abs=5e-5)
        assert corrected_t_interval(MAIZE, 0) == pytest.approx((0.03, 41.83), abs=0.01)


class TestSignFlipInterval:
    @pytest.mark.parametrize(("n", "level"), [(6, 0.9), (9, 0.95), (12, 0.99)])
    def test_holds_the_shifts_that_scipys_test_does_not_reject(self, n, level):
        d = spread_over(n, 0.5)
        low, high = sign_flip_interval(d, level)
        for theta in (low - 1e-6, low + 1e-6, high - 1e-6, high + 1e-6, d.mean()):
            theirs = stats.permutation_test(
                (d - theta,), np.sum, permutation_type="samples", n_resamples=np.inf
            )
            assert (theirs.pvalue > 1 - level) == (low <= theta <= high)

    def test_twenty_pairs_are_exact_and_more_are_close_to_t(self):
        d = spread_over(20, 1.0)
        half = stats.sem(d) * stats.t.ppf(0.975, 19)
        assert sign_flip_p(d) * 2**19 == int(sign_flip_p(d) * 2**19)
        for values in (d, np.concatenate([d, d[:5]])):
            t = corrected_t_interval(values, 0)
            assert sign_flip_interval(values) == pytest.approx(t, abs=0.1 * half)

    def test_covers_as_promised(self):
        rng, inside = np.random.default_rng(1), []
        for _ in range(600):
            low, high = sign_flip_interval(rng.laplace(size=8), 0.9)
            inside.append(low <= 0 <= high)
        assert 0.87 < np.mean(inside) < 0.94

    def test_infinite_differences_leave_an_end_open(self):
        low, high = sign_flip_interval([np.inf, 1.0, 2.0, 1.5, 3.0, 2.5])
        assert 0 < low < 3 and high == np.inf
        assert sign_flip_interval([np.inf, -np.inf, 1.0, 2.0, 1.0, 2.0, 3.0]) == (-np.inf, np.inf)

    def test_bad_input_is_named(self):
        with pytest.raises(ValueError, match="level = 1 is not allowed"):
            sign_flip_interval([1.0, 2.0], level=1)
        with pytest.raises(ValueError, match="differences"):
            sign_flip_interval([1.0, np.nan])


class TestCorrectedT:
    @pytest.mark.parametrize("overlap", [0.0, 0.25, 1.0])
    def test_agrees_with_scipy(self, overlap):
        for n in (2, 5, 10):
            d = spread_over(n, 0.3, seed=n)
            error = d.std(ddof=1) * np.sqrt(1 / n + overlap)
            assert corrected_t_p(d, overlap) == pytest.approx(2 * stats.t.sf(abs(d.mean()) / error, n - 1))
            ours = corrected_t_interval(d, overlap, 0.9)
            assert ours == pytest.approx(stats.t.interval(0.9, n - 1, d.mean(), error))

    def test_keeps_its_level_where_splits_are_as_alike_as_assumed(self):
        rng, n, overlap = np.random.default_rng(0), 10, 0.25
        share = overlap / (1 + overlap)
        found = {0.0: 0, overlap: 0}
        for _ in range(1000):
            d = np.sqrt(share) * rng.standard_normal() + np.sqrt(1 - share) * rng.standard_normal(n)
            for used in found:
                found[used] += corrected_t_p(d, used) <= 0.05
        assert 30 < found[overlap] < 70  # of 1,000, where 50 are promised
        assert found[0.0] > 200  # without the correction four times as many as promised, and more

    def test_extremes(self):
        assert corrected_t_p([1.0, np.inf], 0.2) == 1.0
        assert corrected_t_interval([1.0, np.inf], 0.2) == (-np.inf, np.inf)
        assert (corrected_t_p([0.0, 0.0], 0.2), corrected_t_p([0.1, 0.1], 0.2)) == (1.0, 0.0)
        assert corrected_t_interval([0.1] * 3, 0.2) == pytest.approx((0.1, 0.1))

    @pytest.mark.parametrize("overlap", [-0.1, np.inf, np.nan])
    def test_bad_input_is_named(self, overlap):
        with pytest.raises(ValueError, match="overlap = "):
            CorrectedT(overlap)
        with pytest.raises(ValueError, match="two numbers or more"):
            CorrectedT(0.1).p([1.0])

    def test_student_share_agrees_with_scipy(self):
        for free in (1, 4, 30):
            for t in (0.0, 0.5, 3.0, 12.0):
                assert student_share(t, free) == pytest.approx(1 - 2 * stats.t.sf(t, free), abs=1e-13)
        with pytest.raises(ValueError, match="t must be ≥ 0"):
            student_share(-1.0, 3)


class TestDetectable:
    @pytest.mark.parametrize("test", [SignFlip(), CorrectedT(0.25)])
    @pytest.mark.parametrize(("n", "alpha"), [(8, 0.05), (10, 0.05 / 14), (14, 0.05 / 14)])
    def test_is_found_with_the_chance_promised(self, test, n, alpha):
        rng, d = np.random.default_rng(2), spread_over(n)
        true = test.detectable(d, alpha) / d.std(ddof=1)
        noise = np.sqrt(1 + n * getattr(test, "overlap", 0.0))  # of a mean, in a draw of independent ones
        hits = 0
        for _ in range(1000):
            z = rng.standard_normal(n)
            z += true - z.mean() + rng.standard_normal() * noise / np.sqrt(n)
            hits += test.p(z) <= alpha and z.mean() > 0
        assert hits / 1000 == pytest.approx(0.8, abs=0.04)

    @pytest.mark.parametrize("alpha", [0.05, 0.05 / 14])
    def test_agrees_with_the_noncentral_t(self, alpha):
        d = spread_over(20)
        t, sign = CorrectedT(0.0).detectable(d, alpha), SignFlip().detectable(d, alpha)
        nc = t / stats.sem(d)
        assert stats.nct.sf(stats.t.ppf(1 - alpha / 2, 19), 19, nc) == pytest.approx(0.8, abs=0.005)
        assert sign == t

    def test_what_cannot_be_found_is_infinite(self):
        assert SignFlip().detectable(spread_over(5), 0.05) == np.inf == SignFlip().detectable([0.0] * 5)
        assert SignFlip().detectable([1.0] * 9) == 0.0
        assert CorrectedT(0.2).detectable([1.0, np.inf, 2.0]) == np.inf


class TestJudged:
    @pytest.mark.parametrize("test", [SignFlip(), CorrectedT(0.25)])
    def test_intervals_p_values_and_verdicts_never_disagree(self, test):
        rng, seen = np.random.default_rng(3), set()
        for k in range(40):
            n, many = int(rng.integers(6, 12)), int(rng.integers(1, 8))
            shifts = rng.choice([0.0, 0.5, 1.0, 3.0], size=many)
            rows = [np.round(rng.standard_normal(n) + s, 1) for s in shifts]  # rounded: ties and zeros
            if k % 10 == 0:
                rows[0][0] = np.inf
            table = judged([Difference("A", "B", "test_loss", d, test) for d in rows])
            np.testing.assert_allclose(table["p_holm"], holm(table["p"]))
            for row in table.rows:
                assert (row["p"] > 0.05) == (row["low"] <= 0 <= row["high"])
                told = row["verdict"] != "not distinguishable"
                assert told == (row["p_holm"] <= 0.05) == (not row["low_holm"] <= 0 <= row["high_holm"])
                assert row["low_holm"] <= row["low"] and row["high"] <= row["high_holm"]
                seen.add((row["p"] <= 0.05, told))
        assert seen == {(False, False), (True, False), (True, True)}

    def test_better_is_more_accuracy_and_less_loss(self):
        d = np.arange(1.0, 8.0)
        verdicts = [judged([Difference("A", "B", name, d, SignFlip())])["verdict"][0]
                    for name in ("test_accuracy", "test_loss", "valid_accuracy", "loss")]  # fmt: skip
        assert verdicts == ["better", "worse", "better", "worse"]

    def test_detectable_is_of_the_correction_used(self):
        d = spread_over(10)
        d *= 0.68 / d.std(ddof=1)
        rows = [Difference("A", "B", "test_accuracy", d, SignFlip())] * 14
        table = judged(rows)
        assert table["least_p"].tolist() == [least_p(10, 14)] * 14
        # only ten differences of one sign are enough, and that has the chance Φ(δ/σ)¹⁰
        exact = 0.68 * stats.norm.ppf(0.8 ** (1 / 10))
        assert table["detectable"] == pytest.approx([exact] * 14, rel=0.02)
        assert judged(rows[:1])["detectable"][0] < 0.55 * exact


@pytest.mark.parametrize("seed", range(20))
def test_ties_that_rounding_breaks_count_as_ties(seed):
    """Shares of 300 images, rounded to six digits, are judged as the whole numbers of images."""
    counts = np.random.default_rng(seed).integers(280, 300, (2, 12))
    a, b = np.round(counts / 300, 6)
    rows = {"method": ["a"] * 12 + ["b"] * 12, "view": "best", "criterion": "valid_loss", "lr": 0.1,
            "seed": [*range(12)] * 2, "test_accuracy": [*a, *b]}  # fmt: skip
    rows = {name: [value] * 24 if np.isscalar(value) else value for name, value in rows.items()}
    (row,) = Comparison(Table(rows)).differences("best").rows
    whole = (counts[0] - counts[1]).astype(float)
    assert row["p"] == sign_flip_p(whole)
    assert (row["low"], row["high"]) == pytest.approx(np.array(sign_flip_interval(whole)) / 300, abs=2e-6)
