"""The one comparison that all entries of a class go through, and what each of its runs must look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from ...arguments import whole
from ...optimizers import Adam, GradientDescent, Momentum, Optimizer
from ...problems import MLP
from ...problems.data import count_batches
from ...running import Table, log_grid
from ..compare import Method, compare
from ..result import Comparison

BASELINES: dict[str, Method] = {
    "SGD": Method(GradientDescent(), lr=log_grid(0.1)),
    "Momentum": Method(Momentum(), lr=log_grid(0.1)),
    "Adam": Method(Adam(), lr=log_grid(0.01)),
}
"""What every entry is held against, tuned with the same effort."""

_BASELINE_RUNS: dict[str, list[dict[str, Any]]] = {}  # they are the same for every entry of a session

ENTRANT = "entrant"
"""The name of an entry's own method in its runs."""


@dataclass(frozen=True)
class Challenge:
    """An MLP 64-64-10 on the digits: nine settings with three seeds each, then ten fresh seeds.

    Args:
        split: which division of the digits into training, validation and test examples, ≥ 0. A class agrees on one.
        epochs: passes over the training data of every run, ≥ 1; all agree on them too.

    Raises:
        TypeError: for a number that is not whole.
        ValueError: for one that is too small.

    Examples:
        >>> Challenge(split=3)
        Challenge(split=3, epochs=20)
    """

    split: int = 0
    epochs: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "split", whole("split", self.split, 0))
        object.__setattr__(self, "epochs", whole("epochs", self.epochs, 1))

    version = 1
    batch_size = 64
    trials = 9
    tune_seeds = (0, 1, 2)
    seeds = tuple(range(100, 110))
    criterion = "valid_loss"

    @property
    def words(self) -> dict[str, Any]:
        """What is written into a file: entries are compared only if all of it is equal."""
        names = ("version", "batch_size", "trials", "tune_seeds", "seeds", "criterion")
        own = {name: getattr(self, name) for name in names} | asdict(self)
        own |= {name: list(own[name]) for name in ("tune_seeds", "seeds")}
        return {"problem": "MLP 64-64-10 on the digits", **own, "baselines": [*BASELINES]}

    @cached_property
    def problem(self) -> MLP:
        """The problem, in float64, so that another machine finds nearly the same numbers."""
        return MLP.on_digits(hidden=(64,), seed=self.split)

    @property
    def steps(self) -> int:
        """Steps of one run."""
        return self.epochs * count_batches(self.batch_size, len(self.problem.train))

    def settings(self, opt: Optimizer, lr: Any = None, settings: Any = None) -> list[dict[str, Any]]:
        """Return the settings to try: those given, or nine learning rates about the optimizer's own.

        Raises:
            ValueError: for more settings than the baselines have, or both lr and settings.
        """
        if lr is None and settings is None:
            settings = [{}] if "lr" not in opt.hyper() else None
            lr = None if settings else log_grid(opt.hyper()["lr"], points=self.trials)
        trials = Method(opt, lr=lr, settings=settings).trials
        if len(trials) > self.trials:
            raise ValueError(
                f"{len(trials)} settings are not allowed: there must be at most {self.trials}, as many as SGD, "
                f"Momentum and Adam may try"
            )
        return trials

    def run(
        self,
        opt: Optimizer,
        lr: Sequence[float] | None = None,
        settings: Sequence[Mapping[str, Any]] | None = None,
        **options: Any,
    ) -> Comparison:
        """Tune and judge an optimizer beside the baselines.

        Args:
            opt: the optimizer.
            lr: at most nine learning rates to try; by default nine about its own.
            settings: in place of ``lr``, at most nine settings.
            options: further arguments of `compare`: jobs, cache, progress.
        """
        mine = {ENTRANT: Method(opt, settings=self.settings(opt, lr, settings))}
        known = repr(self.words)
        if known not in _BASELINE_RUNS:
            _BASELINE_RUNS[known] = self._rows(BASELINES, options)
        return Comparison(joined([self._rows(mine, options), _BASELINE_RUNS[known]]))

    def _rows(self, methods: Mapping[str, Method], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        return compare(
            methods, self.problem, self.epochs, self.batch_size, self.tune_seeds, self.seeds,
            criterion=self.criterion, shared_lr=(), **options,
        ).runs.rows  # fmt: skip


def joined(parts: Sequence[Sequence[Mapping[str, Any]]]) -> Table:
    """Return the runs of several comparisons as one table, the settings of all before the results."""
    columns = [list(rows[0]) for rows in parts]
    settings = [c for names in columns for c in names[names.index("criterion") + 1 : names.index("seed")]]
    order = dict.fromkeys(["method", "view", "criterion", *settings, *columns[0], *columns[-1]])
    return Table.of_rows({name: row.get(name) for name in order} for rows in parts for row in rows)
