"""Data from files, for what does not fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .data import Data, Order, Rng


@dataclass(frozen=True, eq=False)
class Stream:
    """Inputs and targets in two .npy files, of which one window at a time is mapped into memory.

    It takes the place of `Data` as a problem's ``train``: for batches, and for the loss and the accuracy on all
    examples, which are computed window by window. What needs all examples at once (a gradient without a batch) is
    out of reach, and refused with a ValueError.

    In order "shuffled" the windows come in random order and the examples are shuffled inside each: a *buffered*
    shuffle. Two examples far apart in the file never share a batch, so files sorted by class should be shuffled once
    when they are written. Batches do not cross windows: a batch size must divide ``window``. There are no orders
    "replacement" and "sorted", and several generators (runs with batches of their own) only have order "fixed": each
    would need a window of its own.

    Args:
        inputs: file of an array ``(N, features)``, written by ``np.save`` by rows (C order).
        targets: file of an array ``(N,)``.
        window: examples mapped at a time, ≥ 1.
        classes: for a classifier, how many classes there are: labels are checked as they are read.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file is no .npy file, is cut off, holds something else, or the lengths differ; and, as a
        window is
            read, for numbers that are not finite and labels out of range.

    Examples:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/x.npy", np.eye(10)), np.save(f"{folder}/y.npy", np.arange(10) % 2)
        ...     stream = Stream(f"{folder}/x.npy", f"{folder}/y.npy", window=4)
        ...     len(stream), [len(part) for part in stream.parts()]
        (None, None)
        (10, [4, 4, 2])
    """

    inputs: str | Path
    targets: str | Path
    window: int = 10_000
    classes: int | None = None
    _files: tuple[_File, _File] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.window, bool) or not isinstance(self.window, (int, np.integer)) or self.window < 1:
            raise ValueError(f"window = {self.window!r} is not allowed: it must be a whole number ≥ 1")
        x, y = _File.opened("inputs", self.inputs), _File.opened("targets", self.targets)
        if len(x.shape) != 2 or 0 in x.shape or y.shape != x.shape[:1]:
            raise ValueError(
                f"inputs {self.inputs} holds {x.shape} and targets {self.targets} {y.shape}, but they must hold "
                f"(N, features) and (N,), with N ≥ 1"
            )
        object.__setattr__(self, "_files", (x, y))

    def __len__(self) -> int:
        return self._files[0].shape[0]

    @property
    def features(self) -> int:
        """How many numbers an example has."""
        return self._files[0].shape[1]

    @property
    def dtype(self) -> np.dtype:
        """The inputs' number type."""
        return self._files[0].dtype

    def parts(self) -> Iterator[Data]:
        """Yield the windows in the order of the file; the last one may be shorter."""
        for first in range(0, len(self), self.window):
            yield self._read(first)

    def mean(self, function: Callable[[Data], Any]) -> Any:
        """Return the mean over all examples of what ``function`` gives as the mean over a window."""
        return sum(len(part) / len(self) * function(part) for part in self.parts())

    def windows(self, size: int, rng: Rng, order: Order) -> Iterator[Data]:
        """Yield the windows in the order in which an epoch takes its batches from them.

        Raises:
            ValueError: if the size does not divide the window, or there is no such order.
        """
        if self.window % size:
            raise ValueError(
                f"batch size {size} is not allowed: it must divide the stream's window, {self.window}"
            )
        if order == "fixed":
            yield from self.parts()
        elif order == "shuffled" and isinstance(rng, np.random.Generator):
            for k in rng.permutation(-(-len(self) // self.window)):
                yield self._read(int(k) * self.window)
        else:
            raise ValueError(f"order = {order!r} is not allowed: a stream has 'shuffled' and 'once', for a single "
                             f"generator, and 'fixed'")  # fmt: skip

    def check_labels(self, classes: int, name: str) -> None:
        """Raise if the labels are not known to be 0 … classes − 1; the labels themselves are checked as they are read.

        Raises:
            ValueError: naming the data.
        """
        if self.classes is None or self.classes > classes:
            raise ValueError(
                f"{name}: the stream has classes = {self.classes}, but they must be given, and at most {classes}"
            )

    def _read(self, first: int) -> Data:
        """Return a window, checked; its memory is given back when nobody uses it any more."""
        last = min(first + self.window, len(self))
        name = f"examples {first} … {last - 1}"
        try:
            part = Data(*(file.rows(first, last) for file in self._files))
        except ValueError as error:
            raise ValueError(f"{name} of {self.inputs}: {error}") from None
        if self.classes is not None:
            part.check_labels(self.classes, f"{name} of {self.targets}")
        return part


@dataclass(frozen=True)
class _File:
    """An array in a .npy file: where its numbers begin and what they are."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    start: int

    @classmethod
    def opened(cls, name: str, path: str | Path) -> _File:
        """Read the head of a file and compare the file's length with it."""
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"{name}: there is no file {path}")
        with path.open("rb") as file:
            try:
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, by_columns, dtype = read(file)
            except ValueError as error:
                raise ValueError(f"{name}: {path} is not a .npy file: {error}") from None
            start = file.tell()
        if dtype.kind not in "iuf" or (by_columns and len(shape) > 1):
            raise ValueError(f"{name}: {path} holds {dtype}{' by columns' if by_columns else ''}, but it must hold "
                             f"numbers, by rows")  # fmt: skip
        wanted, found = start + int(np.prod(shape)) * dtype.itemsize, path.stat().st_size
        if found < wanted:
            raise ValueError(
                f"{name}: {path} is cut off: it has {found} bytes, but an array {shape} needs {wanted}"
            )
        return cls(path, shape, dtype, start)

    def rows(self, first: int, last: int) -> np.ndarray:
        """Map some rows, and nothing else, into memory."""
        offset = self.start + first * int(np.prod(self.shape[1:])) * self.dtype.itemsize
        shape = (last - first, *self.shape[1:])
        return np.memmap(self.path, self.dtype, mode="r", offset=offset, shape=shape).view(np.ndarray)
