"""What `train` returns, and what its callbacks are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .table import Table


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A training run at the moment a row of its history is taken; what callbacks of `train` are given.

    Args:
        step: steps taken so far.
        epoch: passes over the data, as a fraction.
        params: the parameters one would use now; not to be changed.
        row: the row just taken, by column.
        history: all rows so far.
    """

    step: int
    epoch: float
    params: Any
    row: Mapping[str, Any]
    history: History


@dataclass(eq=False)
class History:
    """What `train` returns: the course of one training run, or of a grid of runs taken at once.

    ``history["loss"]`` is a column of the record as an array, ``(rows,)``, for a grid ``(rows, *grid)``. One row is
    taken before the first step and one after every ``every`` steps:

    ==============  =========================================================================
    step, epoch     steps taken; passes over the data, as a fraction
    examples        examples whose gradient was computed in each run, a repeated one counted each time
    evaluations     gradients asked for in each run
    seconds         spent in steps by all runs together, without the time for taking these rows
    grad_norm       length of the gradient last asked for, NaN before the first: that of the step's own
                    batch, so it costs one sum a row; with SAM the one at the worst point nearby
    loss            on all training examples
    accuracy        on all training examples, where the problem has one
    valid_loss, …   the same on validation examples, where the problem has them
    test_loss, …    the same on test examples, where the problem has them
    ==============  =========================================================================

    Step, epoch, examples, evaluations and seconds are the same for all runs of a grid: ``(rows,)``. A run that
    has diverged has loss ∞, accuracy 0 and no grad_norm (NaN) from then on.

    Args:
        params: the parameters one would use (`Optimizer.output`) after the last step.
        rows: the record.
        grid: the shape of the grid of runs, () for one run.
        diverged_at: the step at which the run left for infinity, or None; for a grid integers, −1 where it did not.
        interrupted: whether it was stopped by hand; what was done until then is kept.
        at_divergence: for a grid, the counts of each run at the step at which it diverged.
    """

    params: Any
    rows: list[dict[str, Any]] = field(default_factory=list)
    grid: tuple[int, ...] = ()
    diverged_at: Any = None
    interrupted: bool = False
    at_divergence: dict[str, np.ndarray] = field(default_factory=dict)

    def __getitem__(self, column: str) -> np.ndarray:
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"there is no column {column!r}; there are {', '.join(self.rows[0])}")
        return np.array([row[column] for row in self.rows])

    @property
    def diverged(self) -> Any:
        """Whether the run left for infinity; for a grid a mask."""
        return self.diverged_at >= 0 if self.grid else self.diverged_at is not None

    def final(self) -> dict[str, np.ndarray]:
        """Return the last row, ``grid``-shaped; step, epoch, examples, evaluations of a diverged run as it ended."""
        last = {name: np.broadcast_to(value, self.grid) for name, value in self.rows[-1].items()}
        ended = {name: np.where(self.diverged, at, last[name]) for name, at in self.at_divergence.items()}
        return last | ended

    def table(self) -> Table:
        """Return the record as a table with one line for each row and each run.

        The runs of a grid are told apart by their indices, ``run_0``, ``run_1``, … Save it by ``table().save(path)``.
        """
        shape = (len(self.rows), *self.grid)
        indices = dict(
            zip(("row", *(f"run_{k}" for k in range(len(self.grid)))), np.indices(shape), strict=True)
        )
        columns = {name: self[name] for name in self.rows[0]}
        spread = {name: c.reshape(*c.shape, *(1,) * (len(shape) - c.ndim)) for name, c in columns.items()}
        return Table(
            {n: np.broadcast_to(c, shape).ravel() for n, c in (indices | spread).items() if n != "row"}
        )

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {_span(value)}" for name, value in self.rows[-1].items())
        ending = ", interrupted" if self.interrupted else ""
        if self.grid:
            runs = f"{'×'.join(map(str, self.grid))} runs, {np.sum(self.diverged)} diverged"
            return f"History({runs}, {last}{ending})"
        if self.diverged_at is not None:
            ending = f", diverged at step {self.diverged_at}{ending}"
        return f"History({last}{ending})"


def _span(value: Any) -> str:
    """Return a number, or the smallest and the largest of several."""
    low, high = np.min(value), np.max(value)
    return f"{low:.4g}" if np.ndim(value) == 0 else f"{low:.4g} … {high:.4g}"
