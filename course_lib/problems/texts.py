"""A real text, bundled with the course: the docstrings of Python's standard library, numpy and matplotlib.

Two questions are asked of it. `docstrings`: which module is a docstring from? Its words are counted, and their
frequencies are those of real English, from "the" to words that hardly ever come. `next_words`: which word follows?
There the *classes* are as unequal as words are. (`zipf_text` is a synthetic text, made to have one property alone.)
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from .data import Data
from .datasets import Split, split


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts as numbers.

    Args:
        words: the vocabulary, the most frequent word first; ``words[0]`` is "", any word that is not among them.
        tokens: all texts, one after the other, as places in ``words``.
        lengths: how many tokens each text has.
        modules: names of the modules, the one with most texts first.
        module: the place in ``modules`` of each text.
    """

    words: list[str]
    tokens: np.ndarray
    lengths: np.ndarray
    modules: list[str]
    module: np.ndarray

    @property
    def text(self) -> np.ndarray:
        """The number of the text that each token is in."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)


@cache
def corpus() -> Corpus:
    """Return 11,915 docstrings, the first 30 words of each; ``bundled/README.md`` says how they were collected.

    Examples:
        >>> texts = corpus()
        >>> len(texts.lengths), texts.words[1:6], texts.modules[:3]
        (11915, ['the', 'a', 'of', 'to', 'is'], ['tkinter', 'numpy.lib', 'numpy.core'])
    """
    with np.load(Path(__file__).parent / "bundled" / "docstrings.npz") as stored:
        words, modules = (str(stored[name]).split("\n") for name in ("words", "modules"))
        return Corpus(words, stored["tokens"].astype(int), stored["lengths"].astype(int),
                      modules, stored["module"].astype(int))  # fmt: skip


def docstrings(words: int = 1000, classes: int = 20, seed: int = 0, dtype: type = np.float64) -> Split:
    """Return how often each word occurs in a docstring, and the module that it is from.

    With 20 classes 5,363 real docstrings, split 3,219 / 1,072 / 1,072 by ``seed``, classes in equal shares; the largest
    module has 695 of them, the smallest 153.

    Args:
        words: the most frequent ones, in 1 … 3,999; a column each, the most frequent first.
        classes: the largest modules, in 2 … 50.
        seed: of the split.
        dtype: number type of the inputs.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> train, valid, test = docstrings()
        >>> train.inputs.shape, len(valid), len(test)
        ((3219, 1000), 1072, 1072)
        >>> print(round((train.inputs == 0).mean(), 2))
        0.99
    """
    texts = corpus()
    _check("words", words, 1, len(texts.words) - 1)
    _check("classes", classes, 2, 50)
    chosen = texts.module < classes
    row, column = np.cumsum(chosen)[texts.text] - 1, texts.tokens - 1
    counted = chosen[texts.text] & (column >= 0) & (column < words)
    counts = np.zeros((chosen.sum(), words), dtype)
    np.add.at(counts, (row[counted], column[counted]), 1)
    return split(counts, texts.module[chosen], len(counts) // 5, seed, stratify=True)


def next_words(words: int = 100, examples: int = 10_000, seed: int = 0, dtype: type = np.float64) -> Split:
    """Return pairs of words that follow each other: the first as a one-hot row, the second as its class.

    The classes are the words themselves, so they are as unequal as words are: the most frequent one is some hundred
    times as frequent as the rarest. Softmax regression on these inputs is the bigram model, the smallest of all
    language models. Training, validation and test pairs come from different docstrings.

    Args:
        words: the most frequent ones, in 2 … 3,999; pairs with another word are left out.
        examples: training pairs, ≥ 1; a third as many for validation, and for testing. At most all that there are.
        seed: which docstrings are for what.
        dtype: number type of the inputs.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> train, valid, test = next_words()
        >>> train.inputs.shape, len(valid), len(test)
        ((10000, 100), 3333, 3333)
        >>> corpus().words[1 + train.targets[np.argmax(train.inputs[:, 2])]]  # what came once after "of"
        'the'

    Reference: F. Kunstner, A. Milligan, R. Yadav, M. Schmidt and A. Bietti, "Heavy-tailed class imbalance and why Adam
    outperforms gradient descent on language models", NeurIPS 2024.
    """
    texts = corpus()
    _check("words", words, 2, len(texts.words) - 1)
    _check("examples", examples, 1, len(texts.tokens))
    first, second, text = texts.tokens[:-1], texts.tokens[1:], texts.text
    follows = (text[:-1] == text[1:]) & (first > 0) & (first <= words) & (second > 0) & (second <= words)
    rng = np.random.default_rng(seed)
    share = (
        rng.permutation(len(texts.lengths))[text[:-1]] * 5 // len(texts.lengths)
    )  # a fifth of the texts each
    one_hot: np.ndarray = np.eye(words, dtype=dtype)
    parts = []
    for is_in, wanted in ((share < 3, examples), (share == 3, examples // 3), (share == 4, examples // 3)):
        pairs = rng.permutation(np.flatnonzero(follows & is_in))[: max(wanted, 1)]
        parts.append(Data(one_hot[first[pairs] - 1], second[pairs] - 1))
    train, valid, test = parts
    return train, valid, test


def scaled_columns(parts: Split, power: float = 1.0) -> Split:
    r"""Return data whose columns are divided by a power of their root mean square over the training examples.

    .. math:: x'_{ni} = x_{ni} / r_i^{p}, \qquad r_i = \sqrt{\tfrac1N \textstyle\sum_n x_{ni}^2}

    It does beforehand, once and for all, what a step of its own for each weight does while training: with p = 1 all
    columns are of one size. A column of zeros stays.

    Args:
        parts: training, validation and test data.
        power: p, in 0 … 1; 0 changes nothing.

    Raises:
        ValueError: for a power out of range.

    Examples:
        >>> train, *_ = scaled_columns(docstrings(words=50))
        >>> print(np.allclose((train.inputs**2).mean(axis=0), 1))
        True
    """
    _check("power", power, 0, 1)
    rms = np.sqrt((parts[0].inputs ** 2).mean(axis=0))
    scale = np.where(rms > 0, rms, 1) ** power
    train, valid, test = (Data((part.inputs / scale).astype(part.dtype), part.targets) for part in parts)
    return train, valid, test


def _check(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} = {value!r} is not allowed: it must be in {low} … {high}")
