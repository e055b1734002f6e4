"""Data sets: three well-known small ones, bundled with the course, and a synthetic text (`texts` has a real one).

``bundled/README.md`` says where the files come from and under which licences.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .data import Data

Split = tuple[Data, Data, Data]


def digits(seed: int = 0, dtype: type = np.float64) -> Split:
    """Return UCI's handwritten digits, 8×8 pixels in [0, 1], as training, validation and test data.

    1,797 images, split 1,197 / 300 / 300 by ``seed``, classes in equal shares.

    Examples:
        >>> [len(part) for part in digits()]
        [1197, 300, 300]

    Reference: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
    Repository (1998).
    """
    images, labels = bundled("digits")
    return split((images / 16).astype(dtype), labels, 300, seed, stratify=True)


def breast_cancer(seed: int = 0, dtype: type = np.float64) -> Split:
    """Return UCI's Wisconsin breast cancer data: 30 measures of a tissue's cell nuclei; 0 malignant, 1 benign.

    569 samples, split 369 / 100 / 100 by ``seed``, classes in equal shares; every measure has mean 0 and variance 1
    over the training samples.

    Examples:
        >>> [len(part) for part in breast_cancer()]
        [369, 100, 100]

    Reference: W. N. Street, W. H. Wolberg and O. L. Mangasarian, "Nuclear feature extraction for breast tumor
    diagnosis", Proc. SPIE 1905 (1993).
    """
    measures, labels = bundled("breast_cancer")
    parts = split(measures, labels, 100, seed, stratify=True)
    inputs = standardised(*(part.inputs for part in parts))
    train, valid, test = (Data(x.astype(dtype), part.targets) for x, part in zip(inputs, parts, strict=True))
    return train, valid, test


def diabetes(seed: int = 0, dtype: type = np.float64) -> Split:
    """Return the diabetes data of Efron et al.: the progress within a year, and 10 measures a year before.

    442 patients, split 302 / 70 / 70 by ``seed``; every measure, and the progress too, has mean 0 and variance 1
    over the training patients.

    Examples:
        >>> [len(part) for part in diabetes()]
        [302, 70, 70]

    Reference: B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least angle regression", Annals of Statistics 32
    (2004).
    """
    measures, progress = bundled("diabetes")
    parts = split(measures, progress, 70, seed, stratify=False)
    inputs = standardised(*(part.inputs for part in parts))
    targets = standardised(*(part.targets for part in parts))
    pairs = zip(inputs, targets, strict=True)
    train, valid, test = (Data(x.astype(dtype), y.astype(dtype)) for x, y in pairs)
    return train, valid, test


def zipf_text(
    documents: int = 2000, words: int = 800, classes: int = 3, length: int = 30, common: int = 50,
    contrast: float = 3.0, seed: int = 0, dtype: type = np.float64,
) -> Split:  # fmt: skip
    r"""Return synthetic texts: how often each word occurs in a document, and the document's subject.

    Words follow Zipf's law, the r-th most frequent one with probability proportional to 1/r. The ``common`` ones are as
    frequent in every class; each of the others belongs to one class, in whose documents it is ``contrast`` times as
    frequent as elsewhere. So what tells classes apart are hundreds of words each of which most documents lack: the
    gradients of their weights are zero in most batches, and those of the common words never.

    Stored as a dense array: 2,000 × 800 numbers are 13 MB in float64, and products with it need no other code.

    Args:
        documents: ≥ 5; a fifth is for validation, a fifth for testing.
        words: of the vocabulary, > ``common``.
        classes: ≥ 2, in equal shares.
        length: words of a document, ≥ 1.
        common: words that say nothing of the class, ≥ 0.
        contrast: ≥ 1; at 1 the classes do not differ.
        seed: of texts and split.
        dtype: number type of the inputs.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> train, valid, test = zipf_text()
        >>> train.inputs.shape, len(valid), len(test)
        ((1200, 800), 400, 400)
        >>> print(round((train.inputs == 0).mean(), 2))
        0.97

    Reference: G. K. Zipf, "Human behavior and the principle of least effort" (1949); that rare words are where
    per-coordinate steps pay: J. Duchi, E. Hazan and Y. Singer, JMLR 12 (2011).
    """
    allowed = (("documents", documents, 5), ("classes", classes, 2), ("length", length, 1),
               ("common", common, 0), ("words", words, common + 1), ("contrast", contrast, 1))  # fmt: skip
    for name, value, low in allowed:
        if not value >= low:
            raise ValueError(f"{name} = {value!r} is not allowed: it must be ≥ {low}")
    rng = np.random.default_rng(seed)
    labels = np.arange(documents) % classes
    owner = np.where(np.arange(words) < common, -1, rng.integers(classes, size=words))
    frequency = 1 / np.arange(1, words + 1) * np.where(owner == np.arange(classes)[:, None], contrast, 1.0)
    frequency /= frequency.sum(axis=1, keepdims=True)
    counts = rng.multinomial(length, frequency[labels])
    return split(counts.astype(dtype), labels, documents // 5, seed, stratify=True)


def bundled(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs ``(N, features)`` and targets ``(N,)`` of a data set that comes with the course.

    Examples:
        >>> [part.shape for part in bundled("diabetes")]
        [(442, 10), (442,)]
    """
    with np.load(Path(__file__).parent / "bundled" / f"{name}.npz") as stored:
        inputs, targets = stored["inputs"].astype(float), stored["targets"]
    return inputs, targets.astype(int) if targets.dtype.kind == "u" else targets


def split(inputs: np.ndarray, targets: np.ndarray, held_out: int, seed: int, stratify: bool) -> Split:
    """Return training, validation and test data, ``held_out`` examples in each of the latter two.

    The draws are those of scikit-learn's ``train_test_split``, called twice with ``random_state=seed``.

    Args:
        inputs: ``(N, features)``.
        targets: ``(N,)``.
        held_out: ≥ 1 and less than N/2.
        seed: of the draw, 0, 1, 2, … below 2³².
        stratify: whether the shares of the targets' values are kept; for labels.
    """
    drawn = _drawn_by_class if stratify else _drawn
    rest, test = drawn(targets, held_out, np.random.RandomState(seed))
    train, valid = drawn(targets[rest], held_out, np.random.RandomState(seed))
    return tuple(Data(inputs[part], targets[part]) for part in (rest[train], rest[valid], test))  # type: ignore[return-value]


def _drawn(targets: np.ndarray, held_out: int, rng: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the examples that stay, and of those that are held out."""
    order = rng.permutation(len(targets))
    return order[held_out:], order[:held_out]


def _drawn_by_class(
    targets: np.ndarray, held_out: int, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same, drawn from each class by its share."""
    _, label, sizes = np.unique(targets, return_inverse=True, return_counts=True)
    stay = _shares(sizes, len(targets) - held_out, rng)
    leave = _shares(sizes - stay, held_out, rng)
    kept, out = [], []
    for k, size in enumerate(sizes):
        places = np.flatnonzero(label == k)[rng.permutation(size)]
        kept.append(places[: stay[k]])
        out.append(places[stay[k] : stay[k] + leave[k]])
    return rng.permutation(np.concatenate(kept)), rng.permutation(np.concatenate(out))


def _shares(sizes: np.ndarray, total: int, rng: np.random.RandomState) -> np.ndarray:
    """Divide ``total`` among classes in proportion to their sizes, by largest remainders; ties are drawn."""
    exact = sizes / sizes.sum() * total
    shares = np.floor(exact).astype(int)
    remainders = exact - shares
    for value in np.unique(remainders)[::-1]:
        missing = total - shares.sum()
        if missing == 0:
            break
        tied = np.flatnonzero(remainders == value)
        shares[rng.choice(tied, size=min(len(tied), missing), replace=False)] += 1
    return shares


def standardised(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Return arrays less the training examples' mean, in units of their standard deviation.

    Examples:
        >>> standardised(np.array([1.0, 3.0]), np.array([4.0]))
        [array([-1.,  1.]), array([2.])]
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    return [(part - mean) / deviation for part in (train, *others)]
