"""Plans of many runs: cut into stacks, computed in parallel, kept in a cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from ..arguments import progress_bar, whole
from ..optimizers import Optimizer
from ..problems.data import check_size
from .cache import Cache
from .fingerprint import fingerprint
from .history import History
from .settings import Setting, check_names
from .train import train

Outcome = dict[str, np.ndarray]
"""What a task gives: ``last.…`` (runs,), ``curve.…`` (rows, runs) and ``axis.…`` (rows,)."""

_PER_RUN = ("loss", "accuracy", "grad_norm")


@dataclass(frozen=True, eq=False)
class Task:
    """Some runs that are trained at once.

    Args:
        opt: the optimizer, with hyperparameters ``(settings, 1)`` where there are several settings.
        problem: what is trained.
        seeds: the seeds, the last axis of the grid of runs.
        options: of `train`.
        places: the rows of the whole table that these runs fill, ``(runs,)``.
    """

    opt: Optimizer
    problem: Any
    seeds: list[int]
    options: dict[str, Any]
    places: np.ndarray

    def key(self, problem: str) -> str:
        """Return the name of the outcome in a cache; ``problem`` is the problem's fingerprint."""
        return fingerprint((self.opt, problem, self.seeds, self.options))

    def run(self) -> Outcome:
        """Train on one BLAS thread: tasks run side by side, and the numbers must not depend on where."""
        from threadpoolctl import threadpool_limits

        seed = self.seeds if self.opt.takes_grid else self.seeds[0]
        with threadpool_limits(1):
            history = train(self.opt, self.problem, seed=seed, **self.options)
        if history.interrupted:
            raise KeyboardInterrupt
        final = history.final()
        final["seconds"] = final["seconds"] / len(self.places)
        final["diverged_at"] = np.asarray(-1 if history.diverged_at is None else history.diverged_at)
        last = {f"last.{name}": np.ravel(value) for name, value in final.items()}
        return last | self.curves(history)

    def curves(self, history: History) -> Outcome:
        """Return the columns of a history, all with the rows that a run which does not diverge has."""
        total = len(self.problem.train)
        size = check_size(self.options["batch_size"], total)
        per_epoch = -(-total // size)
        end = self.options["epochs"] * per_epoch
        steps = np.union1d(np.arange(0, end, self.options["every"] or per_epoch), [end])
        found = {"axis.step": steps, "axis.epoch": steps // per_epoch + steps % per_epoch * size / total}
        rows = [row for row in history.rows if row["step"] in steps]
        for name in rows[0]:
            if name.endswith(_PER_RUN):
                worst = np.inf if name.endswith("loss") else 0.0 if name.endswith("accuracy") else np.nan
                curve = np.full((len(steps), len(self.places)), worst)
                curve[: len(rows)] = [np.ravel(row[name]) for row in rows]
                found[f"curve.{name}"] = curve
        return found


@dataclass(frozen=True, eq=False)
class Plan:
    """Settings × seeds of one optimizer, cut into tasks.

    Args:
        settings: the settings, each with the same names.
        seeds: the seeds of every setting.
        tasks: what there is to do; together their places are all runs, seeds changing fastest.
    """

    settings: list[Setting]
    seeds: list[int]
    tasks: list[Task]

    @classmethod
    def of(
        cls, opt: Optimizer, problem: Any, settings: Sequence[Mapping[str, Any]], seeds: Iterable[int],
        options: dict[str, Any], stack: int,
    ) -> Self:  # fmt: skip
        """Check everything and cut it into stacks.

        Runs are stacked if their optimizers take a grid and differ only in numbers.
        """
        if not isinstance(opt, Optimizer):
            raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
        if opt.grid:
            raise ValueError(
                f"opt has the grid {opt.grid}, but here it must have none: give the values as grid"
            )
        stack = whole("stack", stack, 1)
        numbers = [whole(f"seeds[{k}]", seed, 0) for k, seed in enumerate(seeds)]
        if not numbers or len({*numbers}) < len(numbers):
            raise ValueError(f"seeds = {numbers} is not allowed: there must be at least one, and none twice")
        names = list(dict.fromkeys(name for setting in settings for name in setting))
        check_names(opt, names)
        if not settings:
            raise ValueError("grid = [] is not allowed: there must be at least one setting")
        own = opt.hyper()
        complete = [{name: setting.get(name, own[name]) for name in names} for setting in settings]
        groups: dict[tuple[str, int | None], list[int]] = {}
        for k, setting in enumerate(complete):
            one = opt.replace(**setting)
            apart = {n: v for n, v in setting.items() if not _stackable(one, n)}
            groups.setdefault((fingerprint(apart), None if one.takes_grid else k), []).append(k)

        def task(chunk: Sequence[int], columns: Sequence[int]) -> Task:
            together = opt.replace(**_together([complete[k] for k in chunk], opt))
            places = np.add.outer(np.array(chunk) * len(numbers), columns).ravel()
            return Task(together, problem, [numbers[c] for c in columns], options, places)

        tasks = [
            task(chunk, columns)
            for (_, alone), group in groups.items()
            for chunk in _chunks(group, max(1, stack // len(numbers)))
            for columns in _chunks(range(len(numbers)), stack if alone is None else 1)
        ]
        return cls(complete, numbers, tasks)


def run_plans(
    plans: Sequence[Plan], jobs: int | None = None, cache: str | Path | None = None, progress: bool = False
) -> list[list[tuple[Outcome, bool]]]:
    """Compute the tasks of several plans side by side; return for each its outcome and whether it was computed."""
    tasks = [task for plan in plans for task in plan.tasks]
    store = None if cache is None else Cache(cache)
    outcomes: list[tuple[Outcome, bool] | None] = [None] * len(tasks)
    keys: list[str] = []
    if store is not None:
        prints = {id(task.problem): fingerprint(task.problem) for task in tasks}
        keys = [task.key(prints[id(task.problem)]) for task in tasks]
        found = [store.read(key) for key in keys]
        outcomes = [None if outcome is None else (outcome, False) for outcome in found]
    missing = [k for k, outcome in enumerate(outcomes) if outcome is None]
    with progress_bar(len(tasks), "stack", progress) as bar:
        bar.update(len(tasks) - len(missing))
        for k, outcome in _computed(tasks, missing, jobs):
            if store is not None:
                store.write(keys[k], outcome)
            outcomes[k] = (outcome, True)
            bar.update()
    done = iter(outcomes)
    return [[next(done) for _ in plan.tasks] for plan in plans]  # type: ignore[misc]


def _computed(tasks: list[Task], missing: list[int], jobs: int | None) -> Iterator[tuple[int, Outcome]]:
    """Yield the outcomes of tasks as they are finished, each with its number."""
    from joblib import Parallel, delayed

    if missing:
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1)
        yield from parallel(delayed(_numbered)(k, tasks[k]) for k in missing)


def _numbered(k: int, task: Task) -> tuple[int, Outcome]:
    return k, task.run()


def _stackable(opt: Optimizer, name: str) -> bool:
    """Return whether a hyperparameter may be an array: a number, but not a count or a choice."""
    spec = opt.specs().get(name)
    return spec is not None and not spec.integer and not spec.choices


def _together(settings: list[Setting], opt: Optimizer) -> Setting:
    """Return one setting with arrays ``(settings, 1)``; of a single setting the numbers themselves."""
    if len(settings) == 1:
        return settings[0]
    return {
        name: np.array([[setting[name]] for setting in settings], float) if _stackable(opt, name) else value
        for name, value in settings[0].items()
    }


def _chunks(entries: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for first in range(0, len(entries), size):
        yield entries[first : first + size]
