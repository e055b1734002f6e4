"""`train`: run an optimizer on a problem with data, in any of the three batch forms."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..optimizers import Optimizer
from ..problems.data import Order, check_size, get_batches
from .simulate import DIVERGED, Schedule


@dataclass(eq=False)
class History:
    """What `train` returns: the course of one training run.

    ``history["loss"]`` is a column of the record as an array. One row is taken before the first step and one
    after every ``every`` steps:

    ==============  =========================================================================
    step, epoch     steps taken; passes over the data, as a fraction
    examples        examples whose gradient was computed, a repeated one counted each time
    evaluations     gradients asked for
    seconds         spent in steps, without the time for taking these rows
    loss            on all training examples
    accuracy        on all training examples, where the problem has one
    test_loss, …    the same on held-out examples, where the problem has them
    ==============  =========================================================================

    Args:
        params: the parameters one would use (`Optimizer.output`) after the last step.
        rows: the record.
        diverged_at: the step at which the run left for infinity, or None.
        interrupted: whether it was stopped by hand; what was done until then is kept.
    """

    params: Any
    rows: list[dict[str, float]] = field(default_factory=list)
    diverged_at: int | None = None
    interrupted: bool = False

    def __getitem__(self, column: str) -> np.ndarray:
        if self.rows and column not in self.rows[0]:
            raise KeyError(f"there is no column {column!r}; there are {', '.join(self.rows[0])}")
        return np.array([row[column] for row in self.rows])

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {value:.4g}" for name, value in self.rows[-1].items())
        ending = f", diverged at step {self.diverged_at}" if self.diverged_at is not None else ""
        return f"History({last}{ending}{', interrupted' if self.interrupted else ''})"


def train(
    opt: Optimizer,
    problem: Any,
    epochs: int = 10,
    batch_size: int | None = None,
    schedule: Schedule | None = None,
    seed: int = 0,
    order: Order = "shuffled",
    params: Any = None,
    every: int | None = None,
    progress: bool = False,
) -> History:
    """Train a problem's parameters and return the history.

    Args:
        opt: the optimizer.
        problem: a problem with data, such as `SoftmaxRegression`.
        epochs: passes over the training data, ≥ 0.
        batch_size: None for batch descent, 1 for one example at a time, anything between for mini-batches.
        schedule: multiplier of the learning rate by step; by default 1.
        seed: of the initial parameters and, by a stream of its own, of the batches.
        order: how an epoch runs through the data (see `get_batches`).
        params: initial parameters; by default ``problem.init``. They are not changed.
        every: steps between two rows of the history; by default one epoch.
        progress: whether to show a progress bar.

    A run that leaves for infinity ends at once and is marked. Interrupting the kernel ends it too; the history is kept.

    Raises:
        TypeError: for an optimizer that is none, or a size or a number that is not whole.
        ValueError: for a size, a number or an order that is not allowed.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> history = train(GradientDescent(lr=0.5), SoftmaxRegression.on_digits(), epochs=5, batch_size=64)
        >>> history["step"]
        array([ 0, 19, 38, 57, 76, 95])
        >>> bool(history["test_accuracy"][-1] > 0.9)
        True
    """
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    epochs = _whole("epochs", epochs, 0)
    size = check_size(batch_size, len(problem.train))
    per_epoch = -(-len(problem.train) // size)
    every = per_epoch if every is None else _whole("every", every, 1)
    init_seed, batch_seed = np.random.SeedSequence(seed).spawn(2)
    rng = np.random.default_rng(batch_seed)
    x = problem.init(np.random.default_rng(init_seed)) if params is None else params
    state = opt.init(x)
    limit = DIVERGED * max(1.0, _size(x))
    history = History(x)
    counts: dict[str, Any] = {"step": 0, "epoch": 0.0, "examples": 0, "evaluations": 0, "seconds": 0.0}

    def take_row() -> None:
        history.params = opt.output(x, state)
        history.rows.append(counts | _metrics(problem, history.params))

    counted = _Counted(problem)
    bar = _bar(epochs * per_epoch, progress)
    try:
        with np.errstate(all="ignore"), bar:
            take_row()
            for _ in range(epochs):
                for batch in get_batches(problem.train, batch_size, rng, order):
                    began = time.perf_counter()
                    now = opt if schedule is None else opt.at(schedule(counts["step"] + 1))
                    x, state = now.step(x, state, counted, batch)
                    counts["seconds"] += time.perf_counter() - began
                    counts["step"] += 1
                    counts["evaluations"], counts["examples"] = counted.evaluations, counted.examples
                    counts["epoch"] += len(batch) / len(problem.train)
                    bar.update()
                    if not _size(x) <= limit:
                        history.diverged_at = counts["step"]
                        take_row()
                        return history
                    if counts["step"] % every == 0:
                        take_row()
    except KeyboardInterrupt:
        history.interrupted = True
    if history.rows[-1]["step"] != counts["step"]:
        take_row()
    return history


class _Counted:
    """A problem that counts the gradients it is asked for: some methods take more than one a step."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.evaluations, self.examples = problem, 0, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)

    def grad(self, params: Any, batch: Any = None) -> Any:
        self.evaluations += 1
        self.examples += len(self.problem.train if batch is None else batch)
        return self.problem.grad(params, batch)


def _whole(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} = {value!r} is not a whole number: it must be an int ≥ {low}")
    if value < low:
        raise ValueError(f"{name} = {value} is not allowed: it must be ≥ {low}")
    return int(value)


def _size(params: Any) -> float:
    """Return the largest absolute coordinate; NaN if one is not a number."""
    parts = params.values() if isinstance(params, dict) else [params]
    return float(np.max([np.abs(part).max() for part in parts]))


def _metrics(problem: Any, params: Any) -> dict[str, float]:
    """Return loss and accuracy on the training and the held-out examples, as far as there are such."""
    found = {}
    for prefix, data in (("", problem.train), ("test_", getattr(problem, "test", None))):
        if data is not None:
            found[f"{prefix}loss"] = float(problem.loss(params, data))
            if hasattr(problem, "accuracy"):
                found[f"{prefix}accuracy"] = float(problem.accuracy(params, data))
    return found


def _bar(total: int, shown: bool) -> Any:
    """Return a progress bar, silent unless it is to be shown."""
    from tqdm.auto import tqdm

    return tqdm(total=total, unit="step", disable=not shown)
