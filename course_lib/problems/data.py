"""Examples and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np

from .stacks import to_back, to_front

Order = Literal["shuffled", "once", "fixed", "replacement", "sorted"]
Rng = np.random.Generator | Sequence[np.random.Generator]


@dataclass(frozen=True, eq=False)
class Data:
    """Inputs with their targets: a data set, or a batch of one.

    Args:
        inputs: ``(N, features, *grid)``, finite numbers; a grid only where runs see different batches.
        targets: ``(N, *grid)``: labels 0, 1, 2, … or finite numbers to predict.

    Raises:
        TypeError: if inputs or targets are not numpy arrays of numbers.
        ValueError: if there are no examples, the shapes do not fit, or a number is NaN or infinite.

    Examples:
        >>> data = Data(np.eye(3), np.array([0, 1, 1]))
        >>> len(data), data[1:].targets
        (3, array([1, 1]))
        >>> data[np.array([[0, 2], [1, 2]])].inputs.shape  # two runs, each with two examples of its own
        (2, 3, 2)
    """

    inputs: np.ndarray
    targets: np.ndarray

    def __post_init__(self) -> None:
        for name, part in (("inputs", self.inputs), ("targets", self.targets)):
            if not isinstance(part, np.ndarray) or part.dtype.kind not in "iuf":
                kind = f"an array of {part.dtype}" if isinstance(part, np.ndarray) else type(part).__name__
                raise TypeError(f"{name} is {kind}, but it must be a numpy array of numbers")
        if self.inputs.ndim < 2 or len(self.inputs) == 0:
            raise ValueError(f"inputs has shape {self.inputs.shape}, but it must be (N, features) with N ≥ 1")
        if self.targets.shape != (len(self.inputs), *self.inputs.shape[2:]):
            rows = len(self.targets) if self.targets.ndim else "no"
            raise ValueError(f"targets has {rows} rows (shape {self.targets.shape}), but it must have one number for "
                             f"each of the {len(self.inputs)} rows of inputs (shape {self.inputs.shape})")  # fmt: skip
        for name, part in (("inputs", self.inputs), ("targets", self.targets)):
            finite = np.isfinite(part).reshape(len(part), -1).all(axis=1)
            if not finite.all():
                raise ValueError(f"{name} row {int(np.argmin(finite))} is not finite: "
                                 f"every number must be finite")  # fmt: skip

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def features(self) -> int:
        """How many numbers an example has."""
        return self.inputs.shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The inputs' number type."""
        return self.inputs.dtype

    def check_labels(self, classes: int, name: str) -> None:
        """Raise if the targets are not labels 0 … classes − 1.

        Raises:
            ValueError: naming the data, by ``name``, and the labels found.
        """
        labels = self.targets
        if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
            raise ValueError(
                f"{name}: labels run from {labels.min()} to {labels.max()} ({labels.dtype}), but they must be "
                f"whole numbers in 0 … {classes - 1}"
            )

    def __getitem__(self, rows: slice | np.ndarray) -> Self:
        """Return the examples of a slice or an index array; they were checked when the data set was made.

        An index array ``(B, *grid)`` gives every run of a grid its own B examples: inputs ``(B, features, *grid)`` and
        targets ``(B, *grid)``, stored with the runs first (see `stacks`). A batch that has a grid takes a slice or a
        plain index array.
        """
        if isinstance(rows, slice):
            return self._of(self.inputs[rows], self.targets[rows])
        rows = np.asarray(rows).astype(
            np.intp, casting="same_kind"
        )  # generators draw 64 bits, a browser takes 32
        inputs, targets, rows = to_front(self.inputs, 2), to_front(self.targets, 1), to_front(rows, 1)
        return self._of(to_back(inputs.take(rows, axis=-2), 2), to_back(targets.take(rows, axis=-1), 1))

    def parts(self) -> Iterator[Data]:
        """Yield the data piece by piece: here all at once (a `Stream` has several pieces)."""
        yield self

    def mean(self, function: Callable[[Data], Any]) -> Any:
        """Return the mean over all examples of what ``function`` gives as the mean over a piece.

        Examples:
            >>> print(Data(np.eye(2), np.array([1.0, 4.0])).mean(lambda part: part.targets.mean()))
            2.5
        """
        return sum(len(part) / len(self) * function(part) for part in self.parts())

    def windows(self, size: int, rng: Rng, order: Order) -> Iterator[Data]:
        """Yield the pieces in the order in which an epoch takes its batches from them: here all at once."""
        yield self

    def _of(self, inputs: np.ndarray, targets: np.ndarray) -> Self:
        """Return a part of the data without checking it again."""
        part = object.__new__(type(self))
        part.__dict__.update(inputs=inputs, targets=targets)
        return part


def endless_batches(data: Data, size: int | None, rng: Rng, order: Order = "shuffled") -> Iterator[Data]:
    """Yield the batches of one epoch after the other, without end; the arguments are those of `get_batches`.

    Examples:
        >>> data = Data(np.arange(3.0)[:, None], np.arange(3))
        >>> batches = endless_batches(data, 2, np.random.default_rng(0), "fixed")
        >>> [next(batches).targets.tolist() for _ in range(4)]
        [[0, 1], [2], [0, 1], [2]]
    """
    while True:
        yield from get_batches(data, size, rng, order)


def get_batches(data: Data, size: int | None, rng: Rng, order: Order = "shuffled") -> Iterator[Data]:
    """Yield the batches of one epoch.

    The three classical forms are one function: ``size=None`` gives batch descent (everything at once), 1 one
    example at a time, anything between mini-batches. The last batch is smaller where ``size`` does not divide
    the number of examples.

    Several generators draw for several runs at once: each run gets the batches it would get alone, stacked as
    ``(B, features, runs)``. Where all runs see the same examples the batches are plain, not stacked.

    Args:
        data: the examples; a `Stream` where they do not fit into memory.
        size: examples in a batch, in 1 … len(data), or None for all.
        rng: draws the order; or one generator for each run.
        order: ``"shuffled"`` anew each epoch; ``"once"``, shuffled in the same way each epoch, for which the generator
            is left as it was; ``"fixed"``, as stored; ``"replacement"``, each example drawn independently, so that some
            come twice and others not at all; ``"sorted"``, all examples of class 0 first, then those of class 1, and so
            on: an order that ruins training, to be looked at.

    Raises:
        ValueError: if the size is out of range, the order unknown, sorted where the targets are no labels, or the
            sequence of generators empty.
        TypeError: if the size is not a whole number.

    Examples:
        >>> data = Data(np.arange(5.0)[:, None], np.arange(5))
        >>> [batch.targets.tolist() for batch in get_batches(data, 2, np.random.default_rng(0), "fixed")]
        [[0, 1], [2, 3], [4]]
        >>> labelled = Data(np.arange(5.0)[:, None], np.array([1, 0, 2, 1, 0]))
        >>> [batch.targets.tolist() for batch in get_batches(labelled, 2, np.random.default_rng(0), "sorted")]
        [[0, 0], [1, 1], [2]]
        >>> rngs = [np.random.default_rng(seed) for seed in (0, 1, 2)]
        >>> [batch.inputs.shape for batch in get_batches(data, 2, rngs)]
        [(2, 1, 3), (2, 1, 3), (1, 1, 3)]
    """
    size = check_size(size, len(data))
    if order not in get_args(Order):
        *most, last = map(repr, get_args(Order))
        raise ValueError(f"order = {order!r} is not allowed: it must be {', '.join(most)} or {last}")
    if not isinstance(rng, np.random.Generator) and len(rng) == 0:
        raise ValueError("rng is an empty sequence, but it must hold a generator for each run")
    if order == "once":
        rng, order = deepcopy(rng), "shuffled"
    for part in data.windows(size, rng, order):
        if size == len(part) and order in ("shuffled", "fixed"):
            yield part
            continue
        rows = _drawn(part, rng, order)
        for first in range(0, len(part), size):
            yield part[rows[first : first + size]]


def _drawn(data: Data, rng: Rng, order: Order) -> np.ndarray:
    """Return the order of an epoch, ``(N,)``; ``(N, runs)`` where several generators draw it."""
    if order == "fixed":
        return np.arange(len(data))
    if order == "sorted":
        if data.targets.dtype.kind not in "iu":
            raise ValueError(f"order = 'sorted' is not allowed: it needs labels, whole numbers, but the targets are "
                             f"{data.targets.dtype}")  # fmt: skip
        return np.argsort(data.targets, axis=0, kind="stable")
    if isinstance(rng, np.random.Generator):
        total = len(data)
        return rng.permutation(total) if order == "shuffled" else rng.integers(total, size=total)
    return np.array([_drawn(data, one, order) for one in rng]).T


def count_batches(size: int | None, total: int) -> int:
    """Return the number of batches in an epoch, the last and smaller one too, or raise as `check_size` does."""
    return -(-total // check_size(size, total))


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
