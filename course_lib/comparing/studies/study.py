"""`Study`: a comparison of the course, as data: a problem, methods, and the effort spent on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ... import schedules
from ...problems.data import count_batches
from ..classical import METHODS
from ..compare import Method, compare
from ..result import Comparison


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
        steps = self.epochs * count_batches(self.batch_size, len(problem.train))
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
