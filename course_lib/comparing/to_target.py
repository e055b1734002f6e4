"""Time to a target, as AlgoPerf measures it: not who is best in the end, but who is there first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..problems.data import count_batches
from ..running import SweepResult, Table, train
from ..running.sweep import sweep_each
from .compare import Method
from .result import Comparison

WORKLOADS = {"softmax": 5, "mlp": 5, "conv": 2, "docstrings": 5, "text": 5}
"""The studies whose problems, methods and budgets the course's own table is of, and how often an epoch is looked."""


def time_to_target(
    methods: Mapping[str, Method],
    problem: Any,
    target: float,
    epochs: int,
    batch_size: int | None = None,
    tune_seeds: Iterable[int] = (0,),
    seeds: Iterable[int] = range(100, 110),
    looks: int = 5,
    jobs: int | None = None,
) -> Table:
    """Return how many steps, and how many seconds, each method needs until its validation loss is at a target.

    Every method may try the same number of settings. Chosen is the one that is *there first*, in the median of the
    tuning seeds, which need not be the one that is best in the end. Then it runs anew with fresh seeds. The loss
    is looked at some times an epoch; looking takes no time. The seconds are the steps times what one step takes
    when the method trains alone, on one thread: they depend on the machine, the steps do not.

    Args:
        methods: by name, with equal numbers of trials.
        problem: with validation data.
        target: a validation loss, fixed before the runs.
        epochs: the budget. Who is not there by then needs ∞.
        batch_size: examples in a batch; None for all.
        tune_seeds: seeds of the tuning.
        seeds: fresh seeds.
        looks: how often an epoch the loss is looked at, ≥ 1.
        jobs: how many stacks at a time (see `sweep`).

    Returns:
        A row for each method and seed: method, the settings, seed, target, steps, epochs, ms_per_step, seconds.

    Raises:
        ValueError: if the numbers of trials differ.

    Examples:
        >>> from course_lib.optimizers import Adam, GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> two = {"SGD": Method(GradientDescent(), lr=[0.1, 1.0]), "Adam": Method(Adam(), lr=[0.001, 0.01])}
        >>> table = time_to_target(two, SoftmaxRegression.on_digits(), target=0.5, epochs=3, batch_size=64)
        >>> {row["method"]: row["lr"] for row in table.rows}
        {'SGD': 1.0, 'Adam': 0.01}

    Reference: G. Dahl et al., "Benchmarking neural network training algorithms" (2023).
    """
    budgets = {name: len(method.trials) for name, method in methods.items()}
    if len(set(budgets.values())) > 1:
        raise ValueError(f"the numbers of trials differ, {budgets}: all methods must get the same")
    per_epoch = count_batches(batch_size, len(problem.train))
    options: dict[str, Any] = dict(
        epochs=epochs, batch_size=batch_size, every=max(1, per_epoch // looks), jobs=jobs
    )
    tuned = sweep_each(
        {name: (each.opt, each.trials) for name, each in methods.items()}, problem, tune_seeds, **options
    )
    chosen = {}
    for name, found in tuned.items():
        needed = np.median(_first_at(target, found), axis=1)
        chosen[name] = found.settings[
            np.lexsort((found.means("valid_loss"), needed))[0]
        ]  # of equals, the lower loss
    numbers = list(seeds)
    anew = sweep_each(
        {name: (methods[name].opt, [best]) for name, best in chosen.items()}, problem, numbers, **options
    )
    rows: list[dict[str, Any]] = []
    for name, best in chosen.items():
        milliseconds = _alone(methods[name].opt.replace(**best), problem, batch_size)
        for seed, steps in zip(numbers, _first_at(target, anew[name])[0], strict=True):
            rows.append(
                {"method": name, **best, "seed": seed, "target": target, "steps": steps,
                 "epochs": steps / per_epoch, "ms_per_step": milliseconds, "seconds": steps * milliseconds / 1e3}
            )  # fmt: skip
    return Table.of_rows(rows)


def _first_at(target: float, found: SweepResult) -> np.ndarray:
    """Return the first steps at which runs are at a target, ∞ for never, ``(settings, seeds)``."""
    there = found.curves["valid_loss"] <= target
    first = np.where(there.any(axis=1), found.curves["step"][there.argmax(axis=1)], np.inf)
    return first.reshape(len(found.settings), -1)


def target_of(comparison: Comparison, methods: Iterable[str]) -> float:
    """Return a target that methods of a study can reach: the largest of their best validation losses in tuning."""
    return max(float(comparison.sensitivity[name].badness.min()) for name in methods)


def performance_profile(
    table: Table, measure: str = "steps", factors: Sequence[float] = (1.0, 1.5, 2.0, 4.0)
) -> Table:
    """Return for each method on what share of the workloads it needs at most so many times as much as the fastest.

    Args:
        table: rows of `time_to_target`, with a column workload.
        measure: "steps", "epochs" or "seconds"; the median over seeds counts.
        factors: how many times as much, ≥ 1.

    Examples:
        >>> rows = [("a", "SGD", 10.0), ("a", "Adam", 20.0), ("b", "SGD", 90.0), ("b", "Adam", 30.0)]
        >>> table = Table.of_rows({"workload": w, "method": m, "steps": s} for w, m, s in rows)
        >>> performance_profile(table, factors=(1, 2)).rows
        [{'method': 'SGD', 'within 1': 0.5, 'within 2': 0.5}, {'method': 'Adam', 'within 1': 0.5, 'within 2': 1.0}]

    Reference: E. Dolan and J. Moré, "Benchmarking optimization software with performance profiles", Math.
    Programming 91 (2002).
    """
    methods, workloads = (list(dict.fromkeys(table[name].tolist())) for name in ("method", "workload"))
    needed = np.array(
        [[float(np.median(table.where(workload=w, method=m)[measure])) for w in workloads] for m in methods]
    )
    fastest = needed.min(axis=0)
    return Table.of_rows(
        {"method": name}
        | {
            f"within {factor:g}": float(np.mean(np.isfinite(own) & (own <= factor * fastest)))
            for factor in factors
        }
        for name, own in zip(methods, needed, strict=True)
    )


def _alone(opt: Any, problem: Any, batch_size: int | None, repeats: int = 10) -> float:
    """Return the milliseconds of a step, in the fastest of some short runs: what else the machine did only adds."""
    runs = [train(opt, problem, 1, batch_size, seed=0) for _ in range(repeats)]
    return 1e3 * min(float(np.max(run["seconds"][-1]) / run["step"][-1]) for run in runs)
