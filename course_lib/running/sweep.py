"""`sweep`: many settings, many seeds, stacked, in parallel, and never computed twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..optimizers import Optimizer
from ..problems.data import Order
from .settings import Setting, all_settings
from .simulate import Schedule
from .table import Table
from .tasks import Outcome, Plan, run_plans


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What `sweep` returns: one row for each run, and the learning curves.

    ``result["lr"]`` is a column, ``(runs,)``. The columns are the hyperparameters, ``seed``, the last row of the run's
    history (see `History`; a run that diverged has the counts at that step), ``diverged_at`` (−1 for none) and
    ``stack``, the number of runs that were computed together. ``seconds`` is the time of a whole stack divided by
    its runs.

    Args:
        table: the rows, seeds changing fastest.
        curves: the columns of the histories, ``(runs, rows)`` by name; ``step`` and ``epoch`` ``(rows,)``. After its
            divergence a run has loss ∞ and accuracy 0. Empty in what was loaded.
        settings: the settings, in the order of the rows.
        computed: how many stacks were computed, and not found in the cache.
        stacks: how many stacks there are.
    """

    table: Table
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    computed: int = 0
    stacks: int = 0

    def __getitem__(self, column: str) -> np.ndarray:
        return self.table[column]

    def __len__(self) -> int:
        return len(self.table)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows, as dicts of plain numbers and words."""
        return self.table.rows

    def means(self, metric: str = "valid_loss") -> np.ndarray:
        """Return the mean of a column over the seeds of each setting, ``(settings,)``."""
        return self.table[metric].reshape(len(self.settings), -1).mean(axis=1)

    def best(self, metric: str = "valid_loss") -> Setting:
        """Return the setting with the best mean over seeds: the largest of an accuracy, the smallest of anything else.

        Of several equally good ones it is the first.
        """
        means = self.means(metric)
        return dict(self.settings[int(np.argmin(-means if metric.endswith("accuracy") else means))])

    def save(self, path: str | Path) -> None:
        """Write the rows as CSV; the learning curves stay in the cache."""
        self.table.save(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the rows that `save` wrote."""
        table = Table.load(path)
        names = list(table.columns)[: list(table.columns).index("seed")]
        each = max(1, len(set(table["seed"].tolist())))
        return cls(table, settings=tuple({name: row[name] for name in names} for row in table.rows[::each]))

    def __repr__(self) -> str:
        return f"SweepResult({len(self)} runs in {self.stacks} stacks: {', '.join(self.table.columns)})"

    def _repr_html_(self) -> str:
        return self.table._repr_html_()


def sweep(
    opt: Optimizer,
    problem: Any,
    grid: Mapping[str, Iterable[Any]] | Sequence[Setting],
    seeds: Iterable[int] = range(5),
    epochs: int = 10,
    batch_size: int | None = None,
    schedule: Schedule | None = None,
    order: Order = "shuffled",
    every: int | None = None,
    stack: int = 32,
    jobs: int | None = None,
    cache: str | Path | None = None,
    progress: bool = False,
) -> SweepResult:
    """Train one optimizer under many settings, each with the same seeds.

    Runs that differ only in numbers are stacked: trained at once, in the same arrays. What cannot be stacked (a method
    that takes no grid, another form of a rule) is trained in stacks or runs of its own. The stacks go over
    `joblib.Parallel`, on one BLAS thread each; for more than one machine, ``with
    joblib.parallel_config(backend="dask"): sweep(…)``.

    Args:
        opt: the optimizer; what ``grid`` does not name stays as it is.
        problem: a problem with data, as for `train`.
        grid: hyperparameters by name, each with its values, of which all combinations are taken; or a list of
            settings (see `random_settings`).
        seeds: of the initial parameters and batches, as for `train`; all different.
        epochs: passes over the training data, ≥ 0.
        batch_size: as for `train`: None for batch descent.
        schedule: multiplier of the learning rate by step; by default 1.
        order: how an epoch runs through the data.
        every: steps between two rows of the learning curves; by default one epoch.
        stack: the most runs that are stacked, ≥ 1.
        jobs: how many stacks at a time, −1 for one for each processor; None for one, or as joblib is configured.
        cache: a directory in which every finished stack is kept. Asked again, for the same optimizer, problem and
            data, seeds and training, it is read from there; if a sweep is killed, the next one computes only
            what is missing. A changed function makes another entry.
        progress: whether to show a progress bar.

    Raises:
        ValueError: for a name that is no hyperparameter, a value that it does not allow, seeds that repeat, or a cache
            of another version of the library.
        TypeError: for something that no fingerprint can be taken of, if there is a cache.

    Examples:
        >>> from course_lib.optimizers import Momentum
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> grid = {"lr": [0.01, 0.1], "beta": [0.0, 0.9]}
        >>> result = sweep(Momentum(), problem, grid, seeds=range(3), epochs=2, batch_size=64)
        >>> len(result), result.stacks, result.curves["loss"].shape
        (12, 1, (12, 3))
        >>> result.best("loss")
        {'lr': 0.1, 'beta': 0.9}
    """
    plan = Plan.of(
        opt, problem, all_settings(grid) if isinstance(grid, Mapping) else grid, seeds,
        dict(epochs=epochs, batch_size=batch_size, schedule=schedule, order=order, every=every), stack,
    )  # fmt: skip
    return gather(plan, run_plans([plan], jobs, cache, progress)[0])


def sweep_each(
    entrants: Mapping[str, tuple[Optimizer, Sequence[Setting]]],
    problem: Any,
    seeds: Iterable[int],
    stack: int = 32,
    jobs: int | None = None,
    cache: str | Path | None = None,
    progress: bool = False,
    **training: Any,
) -> dict[str, SweepResult]:
    """Train several optimizers, each under its own settings, as `sweep` does, and their stacks in parallel.

    Args:
        entrants: an optimizer and its settings, by name.
        problem: a problem with data, as for `train`.
        seeds: of the initial parameters and batches, the same for all.
        stack: the most runs that are stacked, ≥ 1.
        jobs: how many stacks at a time, of whichever optimizers (see `sweep`).
        cache: a directory in which finished stacks are kept (see `sweep`).
        progress: whether to show one progress bar for all.
        training: ``epochs``, ``batch_size``, ``schedule``, ``order`` and ``every``, as for `sweep`.

    Raises:
        ValueError, TypeError: whatever `sweep` refuses.

    Examples:
        >>> from course_lib.optimizers import Adam, GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> entrants = {"SGD": (GradientDescent(), [{"lr": 0.1}, {"lr": 1.0}]), "Adam": (Adam(), [{"lr": 0.01}])}
        >>> found = sweep_each(entrants, SoftmaxRegression.on_digits(), [0, 1, 2], epochs=2, batch_size=64)
        >>> {name: len(result) for name, result in found.items()}
        {'SGD': 6, 'Adam': 3}
    """
    numbers = list(seeds)
    usual = dict(epochs=10, batch_size=None, schedule=None, order="shuffled", every=None)
    plans = [
        Plan.of(opt, problem, settings, numbers, usual | training, stack)
        for opt, settings in entrants.values()
    ]
    outcomes = run_plans(plans, jobs, cache, progress)
    return {name: gather(plan, found) for name, plan, found in zip(entrants, plans, outcomes, strict=True)}


def gather(plan: Plan, outcomes: Sequence[tuple[Outcome, bool]]) -> SweepResult:
    """Put the outcomes of a plan's tasks (and whether each was computed) together, run by run."""
    back = np.argsort(np.concatenate([task.places for task in plan.tasks]))
    first = outcomes[0][0]

    def joined(kind: str) -> dict[str, np.ndarray]:
        return {name.removeprefix(kind): np.concatenate([arrays[name] for arrays, _ in outcomes], axis=-1)[..., back]
                for name in first if name.startswith(kind)}  # fmt: skip

    columns: dict[str, Any] = {
        name: [_plain(setting[name]) for setting in plan.settings for _ in plan.seeds]
        for name in plan.settings[0]
    }
    together = np.concatenate([np.full(len(task.places), len(task.places)) for task in plan.tasks])
    axes = {name.removeprefix("axis."): first[name] for name in first if name.startswith("axis.")}
    return SweepResult(
        Table(
            columns | {"seed": plan.seeds * len(plan.settings)} | joined("last.") | {"stack": together[back]}
        ),
        axes | {name: curve.T for name, curve in joined("curve.").items()},
        tuple(plan.settings),
        sum(computed for _, computed in outcomes),
        len(plan.tasks),
    )


def _plain(value: Any) -> Any:
    """Return a setting's value as a table can hold it."""
    return value if isinstance(value, (int, float, str)) else repr(value)
