"""The course's own comparison: which methods, on which problems, with which effort.

``make results`` runs the studies and writes their tables to ``results``, beside this file; lesson 12 shows those and
runs a small part of them anew. A method of one's own joins them unchanged:

>>> study = STUDIES["softmax"]
>>> "Adam" in study.methods, study.problem().accuracy is not None
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import schedules
from ..problems import MLP, ConvNet, SoftmaxRegression
from ..running import Table
from .classical import METHODS, moved
from .compare import Method, compare
from .fully import tuned_fully
from .large_batches import batch_size_study
from .newer import newer_methods, tuned_whole
from .result import Comparison
from .second_order import cost_by_size, second_order_race
from .to_target import WORKLOADS, target_of, time_to_target

RESULTS = Path(__file__).with_name("results")
"""Where the tables stand that ``make results`` writes."""


def _only(methods: Mapping[str, Method], *names: str) -> dict[str, Method]:
    return {name: methods[name] for name in names}


_FEW = _only(METHODS, "SGD", "Momentum", "Adagrad", "RMSprop", "Adam", "AdamW")
_FOUR = _only(METHODS, "SGD", "Momentum", "Adagrad", "Adam")
_SCALED = {name: moved(method, 0.3) for name, method in _FEW.items()}
_UNEQUAL = {
    name: moved(METHODS[name], factor) for name, factor in (("SGD", 30.0), ("Momentum", 30.0), ("Adam", 3.0))
}
_mlp = partial(MLP.on_digits, hidden=(64,), dtype=np.float32)


@dataclass(frozen=True)
class Study:
    """A comparison of the course: a problem and the effort spent on it.

    Args:
        title: what it is on, for headings.
        problem: makes the problem.
        methods: what is compared.
        epochs: passes over the training data.
        batch_size: examples in a batch; None for all.
        annealed: whether lr follows half a cosine to zero; constant otherwise.
        tune_seeds: how many seeds the tuning has.
        seeds: how many fresh seeds the final runs have.
        splits: if not 0, the whole comparison, tuning and all, is repeated on so many divisions of the data into
            training, validation and test examples (``problem(seed=…)``).
        independent: whether each split is a data set drawn anew.
        metric: what the study is decided by, declared before it is run.
        shared_lr: learning rates that all methods are run at, too.
    """

    title: str
    problem: Callable[..., Any]
    methods: Mapping[str, Method] = field(default_factory=lambda: METHODS)
    epochs: int = 20
    batch_size: int | None = 64
    annealed: bool = False
    tune_seeds: int = 5
    seeds: int = 20
    splits: int = 0
    independent: bool = False
    metric: str = "test_accuracy"
    shared_lr: tuple[float, ...] = (1e-3,)

    def run(self, **options: Any) -> Comparison:
        """Run the comparison; ``options`` are further arguments of `compare`, such as cache, jobs and progress."""
        problem = self.problem()
        steps = self.epochs * -(-len(problem.train) // (self.batch_size or len(problem.train)))
        return compare(
            self.methods, self.problem if self.splits else problem, self.epochs, self.batch_size,
            tune_seeds=range(self.tune_seeds), seeds=range(100, 100 + self.seeds),
            schedule=schedules.cosine(steps) if self.annealed else None, shared_lr=self.shared_lr,
            splits=range(self.splits) if self.splits else None, independent=self.independent,
            metric=self.metric, **options,
        )  # fmt: skip

    def reduced(self, *methods: str, tune_seeds: int = 1, seeds: int = 10, **more: Any) -> Study:
        """Return a smaller study: some of the methods (by default all), fewer seeds.

        Args:
            methods: names.
            tune_seeds: seeds of the tuning.
            seeds: seeds of the final runs.
            more: other fields to replace.
        """
        chosen = {name: self.methods[name] for name in methods} if methods else self.methods
        return replace(self, methods=chosen, tune_seeds=tune_seeds, seeds=seeds, **more)


_docstrings = partial(SoftmaxRegression.on_docstrings, dtype=np.float32)
_text = partial(SoftmaxRegression.on_text, dtype=np.float32)
_conv = partial(ConvNet.on_digits, dtype=np.float32)
_reading = Study(
    "docstrings, which module", _docstrings, _FEW, epochs=5, batch_size=32, tune_seeds=2, shared_lr=()
)
_seeing = Study("convolutional net on the digits", _conv, _FEW, epochs=10, tune_seeds=2)

STUDIES: dict[str, Study] = {
    "softmax": Study(
        "softmax regression on the digits (convex)", partial(SoftmaxRegression.on_digits, dtype=np.float32)
    ),
    "mlp": Study("MLP 64-64-10 on the digits", _mlp),
    "mlp_annealed": Study("MLP 64-64-10 on the digits, lr annealed to zero", _mlp, annealed=True),
    "mlp_long": Study(
        "MLP on the digits, annealed, three times as long", _mlp, _FEW, epochs=60, annealed=True, tune_seeds=3
    ),
    "mlp_wide": Study(
        "MLP 64-256-10 on the digits, four times as wide", partial(MLP.on_digits, hidden=(256,), dtype=np.float32),
        _FEW, tune_seeds=2, shared_lr=(),
    ),
    "mlp_splits": Study("MLP 64-64-10 on ten splits of the digits", _mlp, _FEW, tune_seeds=5, seeds=5, splits=10),
    "text": Study(
        "synthetic sparse text, twenty data sets", _text, epochs=5, batch_size=32, tune_seeds=1, seeds=2,
        splits=20, independent=True,
    ),
    "text_scaled": Study(
        "synthetic text, columns divided by the root of their rms", partial(_text, power=0.5), _SCALED, epochs=5,
        batch_size=32, tune_seeds=1, seeds=2, splits=20, independent=True, shared_lr=(),
    ),
    "docstrings": _reading,
    "docstrings_scaled": replace(
        _reading, title="docstrings, columns divided by the root of their rms", methods=_SCALED,
        problem=partial(_docstrings, power=0.5),
    ),
    "docstrings_annealed": replace(_reading, title="docstrings, lr annealed to zero", annealed=True),
    "next_words": Study(
        "docstrings, the next word (unequal classes, full batch)",
        partial(SoftmaxRegression.on_next_words, dtype=np.float32), _UNEQUAL, epochs=50, batch_size=None, tune_seeds=1,
        seeds=1, splits=5, shared_lr=(), metric="loss",
    ),
    "conv": _seeing,
    "conv_annealed": replace(_seeing, title="convolutional net, lr annealed to zero", annealed=True, shared_lr=()),
}  # fmt: skip
"""The studies by name."""


def _with_budgets(name: str, *budgets: int) -> dict[str, Study]:
    """Return a study with other numbers of epochs, and four methods."""
    study = STUDIES[name]
    return {
        f"{name}_{epochs}": replace(
            study, title=f"{study.title}, {epochs} epochs", epochs=epochs, methods=_FOUR, tune_seeds=2, shared_lr=()
        )
        for epochs in budgets
    }  # fmt: skip


STUDIES |= _with_budgets("mlp_annealed", 2, 6)
STUDIES |= _with_budgets("docstrings_annealed", 2, 20)
STUDIES |= _with_budgets("conv_annealed", 2, 5, 30)

BUDGETS: dict[str, tuple[str, ...]] = {
    "mlp_annealed": ("mlp_annealed_2", "mlp_annealed_6", "mlp_annealed", "mlp_long"),
    "docstrings_annealed": ("docstrings_annealed_2", "docstrings_annealed", "docstrings_annealed_20"),
    "conv_annealed": ("conv_annealed_2", "conv_annealed_5", "conv_annealed", "conv_annealed_30"),
}  # fmt: skip
"""Studies of one problem that differ in their numbers of epochs, the shortest first; SGD, Momentum, Adagrad and Adam
are in all of them."""

_steps = 20 * 19
FULLY: dict[str, Study] = {
    "mlp_tuned": Study(
        "everything tuned, MLP 64-64-10 on the digits", _mlp, tuned_fully(_steps, trials=48), tune_seeds=2, shared_lr=()
    ),
    "docstrings_tuned": replace(
        _reading, title="everything tuned, docstrings", methods=tuned_fully(5 * 101, trials=48, scale=3.0),
        tune_seeds=1,
    ),
} | {
    "conv_tuned" + (f"_{seed}" if seed else ""): replace(
        _seeing, title="everything tuned, convolutional net" + (f", draws {seed + 1}" if seed else ""),
        methods=_only(tuned_fully(10 * 19, trials=48, seed=seed), *methods), tune_seeds=1, shared_lr=(),
    )
    for seed, methods in enumerate([[*_FOUR], ["SGD", "Momentum", "Adam"], ["SGD", "Momentum", "Adam"]])
}  # fmt: skip
"""Studies in which a rule's own numbers, weight decay and schedule are tuned with lr, by random search."""

_newer = newer_methods()
_MOST = {name: method for name, method in _newer.items() if name not in ("Lion", "AdEMAMix", "Shampoo")}

NEWER: dict[str, Study] = {
    "mlp_newer": Study("methods of after 2018, MLP 64-64-10 on the digits", _mlp, _newer, seeds=10),
    "mlp_newer_splits": Study(
        "methods of after 2018, MLP on ten splits of the digits", _mlp, _MOST, tune_seeds=1, seeds=5, splits=10
    ),
    "mlp_whole": Study(
        "lr, weight decay and schedule tuned together", _mlp, tuned_whole(_steps), tune_seeds=3, seeds=10
    ),
    "text_newer": Study(
        "methods of after 2018 that need no matrix, synthetic sparse text", _text, newer_methods(hidden=None), epochs=5,
        batch_size=32, seeds=10,
    ),
    "conv_newer": Study(
        "methods of after 2018, convolutional net", _conv,
        {name: newer_methods("W[12]")[name] for name in _MOST}, epochs=10, tune_seeds=2, seeds=10,
    ),
}  # fmt: skip
"""The studies of lesson 20, by name."""

ALL: dict[str, Study] = STUDIES | FULLY | NEWER
"""All studies."""


def time_to_target_table(workloads: Iterable[str] = WORKLOADS, jobs: int = -1, **options: Any) -> Table:
    """Return the times to a target on several problems, with the six methods and the budgets of their studies.

    The target is a loss that each method, tuned, had at the end of its study (`target_of`).
    """
    rows: list[dict[str, Any]] = []
    for name in workloads:
        study = STUDIES[name]
        methods = {key: study.methods[key] for key in _FEW}
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


def by_budget(name: str, folder: Path = RESULTS) -> dict[int, Comparison]:
    """Return the results of the `BUDGETS` of a problem by number of epochs, the shortest first.

    Args:
        name: of the study whose problem and schedule they share.
        folder: where the tables stand.

    Raises:
        ValueError: for a name without budgets, or a table that has not been made.

    Examples:
        >>> [*by_budget("mlp_annealed")]
        [2, 6, 20, 60]
    """
    if name not in BUDGETS:
        raise ValueError(f"name = {name!r} is not allowed: it must be one of {', '.join(BUDGETS)}")
    return {STUDIES[each].epochs: results(each, folder) for each in BUDGETS[name]}


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
