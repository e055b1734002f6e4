"""What ``make results`` left: the full results of studies, further tables, and what another machine found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ...running import Table
from ..large_batches import batch_size_study
from ..result import Comparison
from ..second_order import cost_by_size, second_order_race
from ..to_target import WORKLOADS, target_of, time_to_target
from .listed import ALL, FEW, STUDIES

RESULTS = Path(__file__).parents[1] / "results"
"""Where the tables stand that ``make results`` writes."""


def time_to_target_table(workloads: Iterable[str] = WORKLOADS, jobs: int = -1, **options: Any) -> Table:
    """Return the times to a target on several problems, with the six methods and the budgets of their studies.

    The target is a loss that each method, tuned, had at the end of its study (`target_of`).
    """
    rows: list[dict[str, Any]] = []
    for name in workloads:
        study = STUDIES[name]
        methods = {key: study.methods[key] for key in FEW}
        target = target_of(results(name), methods)
        table = time_to_target(
            methods, study.problem(), target, study.epochs, study.batch_size,
            **dict(looks=WORKLOADS[name], jobs=jobs) | options,
        )  # fmt: skip
        rows += [{"workload": name} | row for row in table.rows]
    return Table.of_rows(rows)


TABLES: dict[str, Callable[[], Table]] = {
    "second_order": second_order_race, "cost_by_size": cost_by_size, "batch_sizes": batch_size_study,
    "time_to_target": time_to_target_table,
}  # fmt: skip
"""What else ``make results`` computes: curves of second-order methods, seconds per step against size, and steps to a
loss against the batch size and against the method."""


def results(name: str, folder: Path = RESULTS) -> Comparison:
    """Return the full result of a study, as ``make results`` left it.

    Args:
        name: of the study.
        folder: where the tables stand.

    Raises:
        ValueError: for a study that does not exist, or has not been run.

    Examples:
        >>> results("mlp").methods[:3]
        ('SGD', 'Momentum', 'Nesterov')
    """
    if name not in ALL:
        raise ValueError(f"name = {name!r} is not allowed: it must be one of {', '.join(ALL)}")
    return Comparison.load(_made(name, folder))


def table(name: str, folder: Path = RESULTS) -> Table:
    """Return one of the `TABLES`, as ``make results`` left it; its seconds are those of the machine that made it.

    Args:
        name: of the table.
        folder: where it stands.

    Raises:
        ValueError: for a table that does not exist, or has not been made.

    Examples:
        >>> "seconds" in table("second_order")
        True
    """
    if name not in TABLES:
        raise ValueError(f"name = {name!r} is not allowed: it must be one of {', '.join(TABLES)}")
    return Table.load(_made(name, folder))


def other_machine_table(folder: Path) -> Table:
    """Return what tables that another machine made say of every method against SGD (see `other_machine`).

    Args:
        folder: where those tables stand; studies that it does not have are left out.
    """
    there = {name: results(name, folder) for name in ALL if (folder / f"{name}.csv").exists()}
    return rounded(
        Table.of_rows(
            {"study": name} | {kind: row[kind] for kind in ("method", "difference", "p_holm", "verdict")}
            for name, comparison in there.items()
            for row in comparison.differences("best", "SGD").rows
        )
    )


def other_machine(folder: Path = RESULTS) -> Table:
    """Return the differences from SGD that another machine found: study, method, difference, p_holm, verdict.

    With the same code and the same seeds, on another processor, whose sums of float32 are rounded otherwise.

    Args:
        folder: where the table stands.

    Examples:
        >>> other_machine().where(study="softmax", method="Adam")["verdict"].tolist()
        ['not distinguishable']
    """
    return Table.load(folder / "other_machine.csv")


def _made(name: str, folder: Path) -> Path:
    path = folder / f"{name}.csv"
    if not path.exists():
        raise ValueError(f"{path} does not exist: run `make results` in the course's own folder")
    return path


def rounded(table: Table, digits: int = 6) -> Table:
    """Return a table with floats of so many digits: what is beyond them differs from machine to machine.

    Examples:
        >>> rounded(Table({"loss": [0.123456789, np.inf]}))["loss"]
        array([0.123457,      inf])
    """
    return Table(
        {
            name: np.array([float(f"{value:.{digits}g}") for value in column])
            if column.dtype.kind == "f"
            else column
            for name, column in table.columns.items()
        }
    )
