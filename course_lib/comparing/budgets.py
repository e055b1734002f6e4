"""`against_budget`: the same comparison at several lengths of training, since the order may turn with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import schedules
from ..problems.data import count_batches
from .compare import Method, compare
from .result import Comparison


def against_budget(
    methods: Mapping[str, Method],
    problem: Any,
    budgets: Sequence[int],
    batch_size: int | None = None,
    annealed: bool = True,
    **options: Any,
) -> dict[int, Comparison]:
    """Compare methods at several budgets, each of them tuned anew for every one.

    A long run looked at half-way is not a short run: its lr was chosen, and its schedule drawn, for the end. So every
    budget has runs of its own.

    Args:
        methods: by name, with equal numbers of trials.
        problem: what `compare` takes, without splits.
        budgets: numbers of epochs, ≥ 1, each once.
        batch_size: examples in a batch; None for all.
        annealed: whether lr follows half a cosine to zero at the end of each budget; constant otherwise.
        options: further arguments of `compare`, such as seeds, metric, jobs and progress.

    Returns:
        A comparison for every budget, the shortest first.

    Raises:
        ValueError: for no budget, one that is not ≥ 1 or there twice, and for whatever `compare` refuses.

    Examples:
        >>> from course_lib.optimizers import Adam, GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> two = {"SGD": Method(GradientDescent(), lr=[0.1, 1.0]), "Adam": Method(Adam(), lr=[0.01, 0.1])}
        >>> found = against_budget(two, SoftmaxRegression.on_digits(), (8, 1), batch_size=64, tune_seeds=[0])
        >>> {epochs: comparison.ranking() for epochs, comparison in found.items()}
        {1: ['SGD', 'Adam'], 8: ['Adam', 'SGD']}

    Reference: R. Schmidt, F. Schneider and P. Hennig, "Descending through a crowded valley" (2021), whose benchmark
    has four budgets.
    """
    if not len(budgets) or min(budgets) < 1 or len({*budgets}) < len(budgets):
        raise ValueError(
            f"budgets = {budgets!r} is not allowed: there must be one or more, each ≥ 1 and once"
        )
    per_epoch = count_batches(batch_size, len(problem.train))
    return {
        epochs: compare(
            methods, problem, epochs, batch_size,
            schedule=schedules.cosine(epochs * per_epoch) if annealed else None, **options,
        )
        for epochs in sorted(budgets)
    }  # fmt: skip
