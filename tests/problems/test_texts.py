"""The real text: what is stored, what is counted, that no text is in two parts, and that scaling is what it says."""

from __future__ import annotations

import difflib
import re
import textwrap
from itertools import pairwise

import numpy as np
import pytest

from course_lib.optimizers import Adam, GradientDescent
from course_lib.problems import SoftmaxRegression, docstrings, next_words, scaled_columns
from course_lib.problems.texts import corpus
from course_lib.running import train


def texts():
    stored = corpus()
    return np.split(stored.tokens, np.cumsum(stored.lengths)[:-1])


class TestCorpus:
    def test_it_holds_the_docstrings_of_the_library(self):
        """A docstring of many years' standing, read from the library itself."""
        stored = corpus()
        spoken = re.findall("[a-z]+", textwrap.dedent(difflib.get_close_matches.__doc__).lower())[:30]
        own = [text for text, module in zip(texts(), stored.module, strict=True)
               if stored.modules[module] == "difflib"]  # fmt: skip
        assert any(
            len(text) == len(spoken)
            and all(k == 0 or stored.words[k] == word for k, word in zip(text, spoken, strict=True))
            for text in own
        )

    def test_words_and_modules_are_sorted_by_how_often_they_come(self):
        stored = corpus()
        assert np.all(np.diff(np.bincount(stored.tokens)[1:]) <= 0)
        assert np.all(np.diff(np.bincount(stored.module)) <= 0)
        assert len(set(stored.words)) == len(stored.words) == 4000
        assert stored.lengths.sum() == len(stored.tokens) and stored.lengths.min() >= 5


class TestDocstrings:
    def test_a_row_counts_the_words_of_one_text(self):
        stored, parts = corpus(), docstrings(words=300, classes=7)
        counted = sorted(
            (int(label), *row.astype(int))
            for part in parts
            for row, label in zip(part.inputs, part.targets, strict=True)
        )
        by_hand = sorted(
            (int(module), *np.bincount(text[text <= 300], minlength=301)[1:])
            for text, module in zip(texts(), stored.module, strict=True) if module < 7
        )  # fmt: skip
        assert counted == by_hand

    def test_the_split_is_by_seed_and_of_the_number_type(self):
        same, again, other = docstrings(), docstrings(), docstrings(seed=1, dtype=np.float32)
        assert np.array_equal(same[0].inputs, again[0].inputs)
        assert not np.array_equal(same[0].inputs, other[0].inputs) and other[0].dtype == np.float32


class TestNextWords:
    def test_pairs_follow_each_other_in_a_text_and_no_text_is_in_two_parts(self):
        every = next_words(words=50, examples=10**5)
        found = sum(
            np.histogram2d(part.inputs.argmax(axis=1), part.targets, bins=range(51))[0] for part in every
        )
        by_hand = np.zeros((51, 51))
        for text in texts():
            for first, second in pairwise(text):
                if first <= 50 and second <= 50:
                    by_hand[first, second] += 1
        assert np.array_equal(found, by_hand[1:, 1:])
        assert all((part.inputs.sum(axis=1) == 1).all() for part in every)

    def test_classes_are_as_unequal_as_words(self):
        sizes = np.sort(np.bincount(next_words()[0].targets))[::-1]
        slope = np.polyfit(np.log(np.arange(1, 51)), np.log(sizes[:50]), 1)[0]
        assert -1.2 < slope < -0.6 and sizes[0] > 50 * sizes[-1] > 0


class TestScaledColumns:
    def test_columns_have_one_size_with_the_power_1_and_stay_with_0(self):
        parts = docstrings(words=80)
        plain, half, whole = (scaled_columns(parts, power) for power in (0, 0.5, 1))
        rms = np.sqrt((parts[0].inputs ** 2).mean(axis=0))
        assert np.array_equal(plain[2].inputs, parts[2].inputs)
        np.testing.assert_allclose((whole[0].inputs ** 2).mean(axis=0), 1)
        np.testing.assert_allclose(half[1].inputs * np.sqrt(rms), parts[1].inputs)

    def test_scaled_by_hand_plain_descent_does_what_adam_does(self):
        """What Adam gains on raw counts is the scale of the columns: given that, SGD has it too."""

        def reached(opt, power):
            problem = SoftmaxRegression.on_docstrings(dtype=np.float32, power=power)
            return train(opt, problem, 5, 32, every=505)["test_loss"][-1].min()

        rates = 10 ** np.array([-0.5, 0, 0.5])
        adam = reached(Adam(lr=rates * 0.01), 0)
        assert reached(GradientDescent(lr=rates), 0) > 1.05 * adam
        assert reached(GradientDescent(lr=rates * 0.3), 0.5) < 1.05 * adam


@pytest.mark.parametrize(
    ("load", "wrong", "allowed"),
    [
        (docstrings, {"words": 0}, "1 … 3999"),
        (docstrings, {"classes": 1}, "2 … 50"),
        (next_words, {"words": 4000}, "2 … 3999"),
        (next_words, {"examples": 0}, "1 … 240487"),
        (lambda power: scaled_columns(docstrings(words=2), power), {"power": 2}, "0 … 1"),
    ],
)
def test_errors_name_the_setting(load, wrong, allowed):
    ((name, value),) = wrong.items()
    with pytest.raises(ValueError, match=f"{name} = {value} is not allowed: it must be in {allowed}"):
        load(**wrong)
