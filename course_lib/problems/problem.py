"""What every problem with data has."""

from __future__ import annotations

from dataclasses import dataclass

from .data import Data


@dataclass(frozen=True, eq=False, kw_only=True)
class Problem:
    """A loss over examples.

    Args:
        train: the training examples.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.

    Raises:
        ValueError: if a field ``l2`` is not ≥ 0, or the parts of the data differ in their number of features.
    """

    train: Data
    valid: Data | None = None
    test: Data | None = None

    def __post_init__(self) -> None:
        l2 = getattr(self, "l2", 0.0)
        if not l2 >= 0:
            raise ValueError(f"l2 = {l2!r} is not allowed: it must be ≥ 0")
        for name, data in self.parts_of_data():
            if data.features != self.train.features:
                raise ValueError(f"{name} has {data.features} features, but it must have as many as train, "
                                 f"{self.train.features}")  # fmt: skip

    def parts_of_data(self) -> list[tuple[str, Data]]:
        """The training, validation and test examples that there are, with their names."""
        parts = (("train", self.train), ("valid", self.valid), ("test", self.test))
        return [(name, data) for name, data in parts if data is not None]

    def batch(self, batch: Data | None) -> Data:
        """Return the batch, or all training examples for None.

        Raises:
            ValueError: for a `Stream`, whose examples are never in memory at once.
        """
        data = self.train if batch is None else batch
        if not isinstance(data, Data):
            given, kind = None if batch is None else type(batch).__name__, type(data).__name__
            raise ValueError(
                f"batch is {given}, which stands for all {len(data)} examples of a {kind}, but they are never in "
                f"memory at once: give one of the batches that get_batches yields"
            )
        return data
