"""`compare`: every method tuned alike, then judged on runs that had no part in the tuning."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..optimizers import Optimizer
from ..problems.data import Order, count_batches
from ..running import Schedule, SweepResult, Table
from ..running.settings import Setting
from ..running.sweep import sweep_each
from .result import CRITERIA, METRICS, Comparison
from .sign_flip import least_p

FEWEST = 5
"""So many seeds the final runs need at least."""


@dataclass(frozen=True, eq=False)
class Method:
    """A way to train that enters a comparison: an optimizer, and the settings it may be tuned over.

    Args:
        opt: the optimizer. As it stands here it runs in the view "defaults".
        lr: learning rates to try, ``(trials,)``, such as `log_grid` makes them.
        settings: in place of ``lr``, the settings to try, such as `random_settings` draws them.

    Raises:
        TypeError: if opt is no optimizer.
        ValueError: if there is neither lr nor settings or both, or a value is not allowed.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> from course_lib.running import log_grid
        >>> Method(Adam(), lr=log_grid(1e-2, decades=2, points=3)).trials
        [{'lr': 0.001}, {'lr': 0.01}, {'lr': 0.1}]
    """

    opt: Optimizer
    lr: Sequence[float] | np.ndarray | None = None
    settings: Sequence[Mapping[str, Any]] | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.opt, Optimizer):
            raise TypeError(
                f"opt = {self.opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)"
            )
        if (self.lr is None) == (self.settings is None):
            raise ValueError("a method needs either lr, the learning rates to try, or settings, but not both")
        if not self.trials:
            raise ValueError("a method needs at least one setting to try")
        for trial in self.trials:
            self.opt.replace(**trial)

    @property
    def trials(self) -> list[Setting]:
        """The settings to try."""
        if self.settings is not None:
            return [dict(setting) for setting in self.settings]
        return [{"lr": float(value)} for value in np.ravel(np.asarray(self.lr, float))]

    def as_given(self) -> Setting:
        """Return the values, in the optimizer as it stands, of everything that is tuned, and of lr."""
        own = self.opt.hyper()
        names = dict.fromkeys(name for trial in self.trials for name in trial)
        return {name: own[name] for name in ([*names] if "lr" not in own else dict.fromkeys((*names, "lr")))}


def compare(
    methods: Mapping[str, Method],
    problem: Any,
    epochs: int = 10,
    batch_size: int | None = None,
    tune_seeds: Iterable[int] = range(3),
    seeds: Iterable[int] = range(100, 110),
    schedule: Schedule | None = None,
    order: Order = "shuffled",
    criterion: str = "valid_loss",
    shared_lr: float | Sequence[float] = (1e-3,),
    splits: Iterable[int] | None = None,
    independent: bool = False,
    metric: str | None = None,
    stack: int = 32,
    jobs: int | None = None,
    cache: str | Path | None = None,
    progress: bool = False,
) -> Comparison:
    """Tune every method with the same effort, then train it anew and report how it does on data it never saw.

    1. *Tuning.* Every method runs the same number of trials, each with the tuning seeds. The setting with the best
       mean of the criterion is chosen. Test data has no part in this.
    2. *Final runs*, with fresh seeds. A seed stands for the same initial parameters and the same batches with every
       method, so that results can be compared in pairs. They are taken in three views: "best", each method at
       the setting chosen for it; "shared", all at one learning rate; "defaults", each as it was given.

    With *splits* all of this is repeated on so many divisions of the data, and each gives one number to a method, the
    mean over its seeds. What is compared then are procedures on data, not runs on one test set.

    Args:
        methods: what is compared, by name; all with the same number of trials.
        problem: a problem with training and test data, and validation data for the criterion; with splits a function
            that makes one, called as ``problem(seed=split)``.
        epochs: passes over the training data of every run, ≥ 0.
        batch_size: examples in a batch; None for all.
        tune_seeds: seeds of the tuning runs.
        seeds: seeds of the final runs, at least 5, none of them a tuning seed. With n of them no p-value is below
            2/2ⁿ, which for fewer than 6 is above 0.05 whatever the results; 10 allow for correcting a few comparisons.
            With splits one is enough, and it is the splits that must be 5.
        schedule: multiplier of the learning rate by step, the same for all.
        order: how an epoch runs through the data (see `get_batches`).
        criterion: "valid_loss", "valid_accuracy", "loss" or "accuracy", at the end of a run.
        shared_lr: one or several learning rates that all methods with an lr are run at.
        splits: seeds of the divisions into training, validation and test data; None for one problem as it is. In the
            result they stand in the column ``seed``.
        independent: whether each of the splits is made of new data. Otherwise they are divisions of one data set,
            which overlap, and differences are tested with a correction for that (`CorrectedT`).
        metric: what the comparison is decided by, declared before it is run: "test_accuracy", "test_loss" or one of
            the criteria. Everything else is secondary. By default the accuracy, where there is one.
        stack: the most runs that are stacked, ≥ 1.
        jobs: how many stacks at a time (see `sweep`).
        cache: a directory in which finished stacks are kept (see `sweep`).
        progress: whether to show progress bars.

    Raises:
        TypeError: for a method that is none.
        ValueError: for unequal numbers of trials, fewer than 5 seeds or splits, seeds that were tuned on, a criterion
            that is unknown or looks at test data, an unknown metric, or a problem without validation data.

    Examples:
        >>> from course_lib.optimizers import Adam, GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> from course_lib.running import log_grid
        >>> result = compare(
        ...     {"SGD": Method(GradientDescent(), lr=log_grid(1.0, points=3)),
        ...      "Adam": Method(Adam(), lr=log_grid(0.01, points=3))},
        ...     SoftmaxRegression.on_digits(), epochs=3, batch_size=64, tune_seeds=[0], seeds=range(5, 15))
        >>> result.views
        ('best', 'defaults', 'shared lr=0.001')
        >>> result.differences("defaults", baseline="SGD", metric="test_loss")["verdict"]
        array(['better'], dtype='<U6')
    """
    tune, final = list(tune_seeds), list(seeds)
    divisions = None if splits is None else list(splits)
    if metric is not None and metric not in METRICS:
        raise ValueError(f"metric = {metric!r} is not allowed: it must be one of {', '.join(METRICS)}")
    if independent and divisions is None:
        raise ValueError("independent = True is not allowed without splits: it says what they are")
    problems = [problem] if divisions is None else _divided(problem, divisions)
    for one in problems:
        _check(methods, one, tune, final, criterion, FEWEST if divisions is None else 1)
    work = dict(stack=stack, jobs=jobs, cache=cache, progress=progress)
    training = dict(epochs=epochs, batch_size=batch_size, schedule=schedule, order=order)
    found = [_once(methods, one, tune, final, criterion, shared_lr, training, work) for one in problems]
    said: dict[str, Any] = {} if metric is None else {"metric": metric}
    if divisions is None:
        return Comparison(_ordered(found[0], said))
    said["overlap"] = 0.0 if independent else len(problems[0].test) / len(problems[0].train)
    rows = [row for split, runs in zip(divisions, found, strict=True) for row in _means(runs, split)]
    return Comparison(_ordered(rows, said))


def _divided(problem: Any, splits: list[int]) -> list[Any]:
    """Return the problem of each split."""
    if len(splits) < FEWEST or len({*splits}) < len(splits):
        raise ValueError(f"splits = {splits} is not allowed: there must be at least {FEWEST}, and none twice")
    if not callable(problem):
        raise TypeError(
            f"problem = {problem!r} is not allowed with splits: it must be a function that is called as "
            f"problem(seed=split), such as MLP.on_digits"
        )
    return [problem(seed=split) for split in splits]


def _once(
    methods: Mapping[str, Method], problem: Any, tune: list[int], final: list[int], criterion: str,
    shared_lr: float | Sequence[float], training: Mapping[str, Any], work: Mapping[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    """Tune and run all methods on one problem; return a row for each run."""
    per_epoch = count_batches(training["batch_size"], len(problem.train))
    options = {**training, "every": max(1, training["epochs"] * per_epoch)}

    def swept(trials: Mapping[str, Sequence[Setting]], seeds: list[int]) -> dict[str, SweepResult]:
        entrants = {name: (methods[name].opt, settings) for name, settings in trials.items()}
        return sweep_each(entrants, problem, seeds, **work, **options)

    tuned = swept({name: method.trials for name, method in methods.items()}, tune)
    views = {name: _views(method, tuned[name].best(criterion), shared_lr) for name, method in methods.items()}
    finals = swept({name: _distinct(by_view.values()) for name, by_view in views.items()}, final)
    rows: list[dict[str, Any]] = []
    for name in methods:
        for row in tuned[name].rows:
            kept = {column: value for column, value in row.items() if not column.startswith("test_")}
            rows.append({"method": name, "view": "tuning", "criterion": criterion} | kept)
        for view, setting in views[name].items():
            first = finals[name].settings.index(setting) * len(final)
            chosen = finals[name].rows[first : first + len(final)]
            rows += [{"method": name, "view": view, "criterion": criterion} | row for row in chosen]
    return rows


def _means(runs: list[dict[str, Any]], split: int) -> list[dict[str, Any]]:
    """Return for each method, view and setting the mean row over the seeds, with the split as seed."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in runs:
        setting = tuple(itertools.takewhile(lambda item: item[0] != "seed", row.items()))
        groups.setdefault(setting, []).append(row)
    return [
        dict(setting)
        | {name: float(np.mean([row[name] for row in rows])) for name in rows[0] if name not in dict(setting)}
        | {"seed": split, "stack": rows[0]["stack"]}
        for setting, rows in groups.items()
    ]


def _check(
    methods: Mapping[str, Method],
    problem: Any,
    tune: list[int],
    final: list[int],
    criterion: str,
    fewest: int,
) -> None:
    """Raise if the comparison would not be a fair one."""
    if not methods:
        raise ValueError("methods = {} is not allowed: there must be at least one")
    for name, method in methods.items():
        if not isinstance(method, Method):
            raise TypeError(
                f"methods[{name!r}] = {method!r} is not a Method: write Method({method!r}, lr=log_grid(…))"
            )
    budgets = {name: len(method.trials) for name, method in methods.items()}
    if len(set(budgets.values())) > 1:
        raise ValueError(
            f"the numbers of trials differ, {budgets}: tuning is fair only if all methods get the same"
        )
    if len(final) < fewest:
        raise ValueError(
            f"seeds = {final} is not allowed: it must be at least {fewest}, since {len(final)} pairs cannot give a "
            f"p-value below {least_p(max(1, len(final)))}, and an interval of so few means little"
        )
    if set(tune) & set(final):
        raise ValueError(
            f"seeds: {sorted(set(tune) & set(final))} were tuned on too, so their results would look better than "
            f"they are: give seeds that are not among tune_seeds"
        )
    if criterion not in CRITERIA:
        raise ValueError(f"criterion = {criterion!r} is not allowed: it must be one of {', '.join(CRITERIA)}")
    if criterion.startswith("valid_") and getattr(problem, "valid", None) is None:
        raise ValueError(f"criterion = {criterion!r} needs validation data, but problem.valid is None: give the "
                         f"problem some, or tune on 'loss', the training data")  # fmt: skip


def _views(method: Method, best: Setting, shared_lr: float | Sequence[float]) -> dict[str, Setting]:
    """Return the setting of a method in each view."""
    given = method.as_given()
    shared = [float(lr) for lr in np.ravel(shared_lr)] if "lr" in given else []
    return {"best": given | best, "defaults": given} | {
        f"shared lr={lr:g}": given | {"lr": lr} for lr in shared
    }


def _distinct(settings: Iterable[Setting]) -> list[Setting]:
    found: list[Setting] = []
    for setting in settings:
        if setting not in found:
            found.append(setting)
    return found


def _ordered(rows: list[dict[str, Any]], said: Mapping[str, Any]) -> Table:
    """Return the rows as a table: what was run and said of it, the settings, then the results from ``seed`` on."""
    columns = Table.of_rows(rows).columns
    results = list(rows[-1])[list(rows[-1]).index("seed") :]
    first = {name: columns[name] for name in ("method", "view")}
    noted = {name: np.full(len(rows), value) for name, value in said.items()}
    settings = [name for name in columns if name not in (*first, *results)]
    return Table(first | noted | {name: columns[name] for name in (*settings, *results)})
