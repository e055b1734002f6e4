"""Examples and batches of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

Order = Literal["shuffled", "fixed", "replacement"]


@dataclass(frozen=True, eq=False)
class Data:
    """Inputs with their targets: a data set, or a batch of one.

    Args:
        inputs: ``(N, features)``, finite floats.
        targets: ``(N,)``: labels 0, 1, 2, … or numbers to predict.

    Raises:
        ValueError: if there are no examples, the lengths differ, or an input is NaN or infinite.

    Examples:
        >>> data = Data(np.eye(3), np.array([0, 1, 1]))
        >>> len(data), data[1:].targets
        (3, array([1, 1]))
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or len(self.inputs) == 0:
            raise ValueError(f"inputs has shape {self.inputs.shape}, but it must be (N, features) with N ≥ 1")
        if self.targets.shape[:1] != self.inputs.shape[:1]:
            raise ValueError(f"targets has {len(self.targets)} rows, but it must have one for each of the "
                             f"{len(self.inputs)} rows of inputs")  # fmt: skip
        if not np.isfinite(self.inputs).all():
            row = int(np.argmin(np.isfinite(self.inputs).all(axis=1)))
            raise ValueError(f"inputs row {row} is not finite: every input must be a finite number")

    def __len__(self) -> int:
        return len(self.inputs)

    def __getitem__(self, rows: slice | np.ndarray) -> Self:
        """Return the examples of a slice or an index array; they were checked when the data set was made."""
        part = object.__new__(type(self))
        part.__dict__.update(inputs=self.inputs[rows], targets=self.targets[rows])
        return part


def get_batches(
    data: Data, size: int | None, rng: np.random.Generator, order: Order = "shuffled"
) -> Iterator[Data]:
    """Yield the batches of one epoch.

    The three classical forms are one function: ``size=None`` gives batch descent (everything at once), 1 one
    example at a time, anything between mini-batches. The last batch is smaller where ``size`` does not divide
    the number of examples.

    Args:
        data: the examples.
        size: examples in a batch, in 1 … len(data), or None for all.
        rng: draws the order.
        order: ``"shuffled"`` anew each epoch; ``"fixed"``, as stored; ``"replacement"``, each example drawn
            independently, so that some come twice and others not at all.

    Raises:
        ValueError: if the size is out of range or the order unknown.
        TypeError: if the size is not a whole number.

    Examples:
        >>> data = Data(np.arange(5.0)[:, None], np.arange(5))
        >>> [batch.targets.tolist() for batch in get_batches(data, 2, np.random.default_rng(0), "fixed")]
        [[0, 1], [2, 3], [4]]
    """
    total = len(data)
    size = check_size(size, total)
    if order == "fixed" or (size == total and order == "shuffled"):
        rows = np.arange(total)
    elif order == "shuffled":
        rows = rng.permutation(total)
    elif order == "replacement":
        rows = rng.integers(total, size=total)
    else:
        raise ValueError(f"order = {order!r} is not allowed: it must be 'shuffled', 'fixed' or 'replacement'")
    if size == total and order != "replacement":
        yield data
        return
    for first in range(0, total, size):
        yield data[rows[first : first + size]]


def check_size(size: int | None, total: int) -> int:
    """Return the number of examples in a batch (all for None), or raise if it is out of range."""
    if size is None:
        return total
    if isinstance(size, bool) or not isinstance(size, (int, np.integer)):
        raise TypeError(
            f"batch size {size!r} is not a whole number: it must be an int in 1 … {total}, or None for all"
        )
    if not 1 <= size <= total:
        raise ValueError(
            f"batch size {size} is not allowed: it must be in 1 … {total}, the number of examples"
        )
    return int(size)


def digits(seed: int = 0, dtype: type = np.float64) -> tuple[Data, Data, Data]:
    """Return scikit-learn's handwritten digits, 8×8 pixels in [0, 1], as training, validation and test data.

    1,797 images, split 1,197 / 300 / 300 by ``seed``, classes in equal shares.

    Reference: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI Machine Learning
    Repository (1998).
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(dtype)
    rest, test, rest_labels, test_labels = train_test_split(
        images, labels, test_size=300, random_state=seed, stratify=labels
    )
    train, valid, train_labels, valid_labels = train_test_split(
        rest, rest_labels, test_size=300, random_state=seed, stratify=rest_labels
    )
    return Data(train, train_labels), Data(valid, valid_labels), Data(test, test_labels)
