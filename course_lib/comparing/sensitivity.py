"""How much a method minds its learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..running import Table


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """The results of one method's tuning runs against the learning rate, ascending.

    Args:
        lr: learning rates, ``(trials,)``.
        criterion: the mean of the criterion over the tuning seeds, ``(trials,)``; ∞ where a run's loss is.
        loss: the mean of the last training loss, ``(trials,)``.
        diverged: the share of runs that diverged, ``(trials,)``.
        name: which criterion it is.
    """

    lr: np.ndarray
    criterion: np.ndarray
    loss: np.ndarray
    diverged: np.ndarray
    name: str

    @classmethod
    def of(cls, rows: Table, name: str) -> Self:
        """Take the means of a method's tuning runs."""
        lr = np.unique(rows["lr"])
        own = [rows.where(lr=value) for value in lr]
        criterion, loss = (np.array([part[column].mean() for part in own]) for column in (name, "loss"))
        return cls(lr, criterion, loss, np.array([(part["diverged_at"] >= 0).mean() for part in own]), name)

    @property
    def badness(self) -> np.ndarray:
        """The criterion with its sign such that less is better, ``(trials,)``."""
        return -self.criterion if self.name.endswith("accuracy") else self.criterion

    @property
    def best(self) -> float:
        """The learning rate with the best mean."""
        return float(self.lr[np.argmin(self.badness)])

    @property
    def edge(self) -> str:
        """Where the best learning rate is at an end of the grid: "lowest lr", "highest lr", or ""."""
        if len(self.lr) < 2 or self.lr[0] < self.best < self.lr[-1]:
            return ""
        return "lowest lr" if self.best == self.lr[0] else "highest lr"

    @property
    def distinct(self) -> np.ndarray:
        """The criterion at those learning rates whose run is not that of a smaller one over again, ``(runs,)``."""
        return self.criterion[not_repeated(self.criterion, self.loss)]

    @property
    def repeated(self) -> np.ndarray:
        """The learning rates that changed nothing: their run is that of a smaller one."""
        return self.lr[~not_repeated(self.criterion, self.loss)]

    def width(self, tolerance: float = 0.1) -> float:
        """Return over how many decades of lr around the best one the result stays nearly as good.

        Nearly as good is a loss at most (1 + tolerance) times the best, or an accuracy at most tolerance below it.
        Between two learning rates the result is taken to be straight over log lr. The width ends where the grid
        does, so a best lr near an edge makes it too small.

        Args:
            tolerance: > 0; a share of the loss, or a difference of accuracies.

        Examples:
            >>> lr, loss = np.array([0.01, 0.1, 1.0, 10.0]), np.array([3.0, 1.0, 1.2, np.inf])
            >>> curve = Sensitivity(lr, loss, loss, np.zeros(4), "valid_loss")
            >>> print(round(curve.width(0.2), 3))  # a tenth of a decade to the left, one to the right
            1.1
        """
        if not tolerance > 0:
            raise ValueError(f"tolerance = {tolerance!r} is not allowed: it must be > 0")
        bad, x, k = self.badness, np.log10(self.lr), int(np.argmin(self.badness))
        if not np.isfinite(bad[k]):
            return 0.0
        limit = bad[k] + tolerance * (1 if self.name.endswith("accuracy") else bad[k])
        right = _reach(x[k:] - x[k], bad[k:], limit)
        left = _reach(x[k] - x[k::-1], bad[k::-1], limit)
        return float(left + right)


def not_repeated(*results: np.ndarray) -> np.ndarray:
    """Return which trials are not the same run as an earlier one: equal in every result, and none of them infinite.

    A method may ignore a setting beyond some point; then several trials are one run, and must count once. Runs that
    diverged are not alike for that.

    Examples:
        >>> not_repeated(np.array([0.3, 0.1, 0.1, np.inf, np.inf]))
        array([ True,  True, False,  True,  True])
    """
    trials = np.stack(results, axis=-1)
    alike = (trials[:, None] == trials[None]).all(axis=-1) & np.isfinite(trials).all(axis=-1)
    return ~np.tril(alike, -1).any(axis=1)


def _reach(distance: np.ndarray, bad: np.ndarray, limit: float) -> float:
    """Return how far one can go until a curve, straight between its points, is beyond a limit."""
    beyond = np.flatnonzero(~(bad <= limit))
    if len(beyond) == 0:
        return float(distance[-1])
    j = beyond[0]
    share = (limit - bad[j - 1]) / (bad[j] - bad[j - 1])  # 0 if the next point is infinite
    return float(distance[j - 1] + share * (distance[j] - distance[j - 1]))
