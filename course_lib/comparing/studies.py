"""The course's own comparison: which methods, on which problems, with which effort.

``make results`` runs the studies and writes their tables to ``results``, beside this file; lesson 12 shows those and
runs a small part of them anew. A method of one's own joins them unchanged:

>>> study = STUDIES["softmax"]
>>> "Adam" in study.methods, study.problem().accuracy is not None
(True, True)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import schedules
from ..optimizers import (
    SWATS,
    AdaBound,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AMSGrad,
    GradientDescent,
    Lion,
    Momentum,
    Nadam,
    Nesterov,
    RMSprop,
)
from ..problems import MLP, ConvNet, SoftmaxRegression
from ..running import Table, log_grid
from .compare import Method, compare
from .large_batches import batch_size_study
from .newer import newer_methods, tuned_whole
from .result import Comparison
from .second_order import cost_by_size, second_order_race

RESULTS = Path(__file__).with_name("results")
"""Where the tables stand that ``make results`` writes."""

METHODS: dict[str, Method] = {
    "SGD": Method(GradientDescent(), lr=log_grid(0.1)),
    "Momentum": Method(Momentum(), lr=log_grid(0.1)),
    "Nesterov": Method(Nesterov(), lr=log_grid(0.1)),
    "Adagrad": Method(Adagrad(), lr=log_grid(0.1)),
    "Adadelta": Method(Adadelta(), lr=log_grid(1.0)),
    "RMSprop": Method(RMSprop(), lr=log_grid(0.01)),
    "Adam": Method(Adam(), lr=log_grid(0.01)),
    "AdaMax": Method(AdaMax(), lr=log_grid(10**-1.5)),
    "Nadam": Method(Nadam(), lr=log_grid(0.01)),
    "AMSGrad": Method(AMSGrad(), lr=log_grid(0.01)),
    "Adafactor": Method(Adafactor(), lr=log_grid(0.1)),
    "AdaBound": Method(AdaBound(), lr=log_grid(0.01)),
    "SWATS": Method(SWATS(), lr=log_grid(0.01)),
    "AdamW": Method(AdamW(), lr=log_grid(0.01)),
    "Lion": Method(Lion(), lr=log_grid(0.001)),
}
"""Each method with its paper's other settings and nine learning rates, half a decade apart, about its own centre."""

_FEW = {name: METHODS[name] for name in ("SGD", "Momentum", "Adagrad", "RMSprop", "Adam", "AdamW")}
_mlp = partial(MLP.on_digits, hidden=(64,), dtype=np.float32)


@dataclass(frozen=True)
class Study:
    """A comparison of the course: a problem and the effort spent on it.

    Args:
        title: what it is on, for headings.
        problem: makes the problem.
        methods: what is compared.
        epochs: passes over the training data.
        batch_size: examples in a batch.
        annealed: whether lr follows half a cosine to zero; constant otherwise.
        tune_seeds: how many seeds the tuning has.
        seeds: how many fresh seeds the final runs have.
        splits: if not 0, the whole comparison, tuning and all, is repeated on so many divisions of the data into
            training, validation and test examples (``problem(seed=…)``).
        independent: whether each split is a data set drawn anew.
        metric: what the study is decided by, declared before it is run.
    """

    title: str
    problem: Callable[..., Any]
    methods: Mapping[str, Method] = field(default_factory=lambda: METHODS)
    epochs: int = 20
    batch_size: int = 64
    annealed: bool = False
    tune_seeds: int = 5
    seeds: int = 10
    splits: int = 0
    independent: bool = False
    metric: str = "test_accuracy"

    def run(self, **options: Any) -> Comparison:
        """Run the comparison; ``options`` are further arguments of `compare`, such as cache, jobs and progress."""
        per_epoch = -(-len(self.problem().train) // self.batch_size)
        return compare(
            self.methods, self.problem if self.splits else self.problem(), self.epochs, self.batch_size,
            tune_seeds=range(self.tune_seeds), seeds=range(100, 100 + self.seeds),
            schedule=schedules.cosine(self.epochs * per_epoch) if self.annealed else None,
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


STUDIES: dict[str, Study] = {
    "softmax": Study(
        "softmax regression on the digits (convex)", partial(SoftmaxRegression.on_digits, dtype=np.float32)
    ),
    "mlp": Study("MLP 64-64-10 on the digits", _mlp),
    "mlp_annealed": Study("MLP 64-64-10 on the digits, lr annealed to zero", _mlp, annealed=True),
    "mlp_long": Study(
        "MLP on the digits, annealed, three times as long", _mlp, _FEW, epochs=60, annealed=True, tune_seeds=3
    ),
    "mlp_splits": Study("MLP 64-64-10 on ten splits of the digits", _mlp, _FEW, tune_seeds=1, seeds=5, splits=10),
    "text": Study(
        "sparse text, told apart by rare words", partial(SoftmaxRegression.on_text, dtype=np.float32),
        epochs=5, batch_size=32,
    ),
    "conv": Study(
        "convolutional net on the digits", partial(ConvNet.on_digits, dtype=np.float32), _FEW, epochs=10, tune_seeds=2
    ),
}  # fmt: skip
"""The studies by name."""

_newer = newer_methods()
_MOST = {name: method for name, method in _newer.items() if name not in ("Lion", "AdEMAMix", "Shampoo")}

NEWER: dict[str, Study] = {
    "mlp_newer": Study("methods of after 2018, MLP 64-64-10 on the digits", _mlp, _newer),
    "mlp_newer_splits": Study(
        "methods of after 2018, MLP on ten splits of the digits", _mlp, _MOST, tune_seeds=1, seeds=5, splits=10
    ),
    "mlp_whole": Study(
        "lr, weight decay and schedule tuned together", _mlp, tuned_whole(steps=20 * 19), tune_seeds=3
    ),
    "text_newer": Study(
        "methods of after 2018 that need no matrix, sparse text", partial(SoftmaxRegression.on_text, dtype=np.float32),
        newer_methods(hidden=None), epochs=5, batch_size=32,
    ),
    "conv_newer": Study(
        "methods of after 2018, convolutional net", partial(ConvNet.on_digits, dtype=np.float32),
        {name: newer_methods("W[12]")[name] for name in _MOST}, epochs=10, tune_seeds=2,
    ),
}  # fmt: skip
"""The studies of lesson 20, by name."""


TABLES: dict[str, Callable[[], Table]] = {
    "second_order": second_order_race, "cost_by_size": cost_by_size, "batch_sizes": batch_size_study,
}  # fmt: skip
"""What else ``make results`` computes: curves of second-order methods, seconds per step against size, and steps to a
loss against the batch size."""


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
    known = [*STUDIES, *NEWER]
    if name not in known:
        raise ValueError(f"name = {name!r} is not allowed: it must be one of {', '.join(known)}")
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
