"""`train`: run an optimizer, or a grid of runs at once, on a problem with data, in any of the three batch forms."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..arguments import progress_bar, whole
from ..axes import to_back
from ..optimizers import Optimizer
from ..optimizers.base import each, norm
from ..problems.data import Order, check_size, get_batches
from .history import History, Snapshot
from .simulate import DIVERGED, Schedule

Callback = Callable[[Snapshot], Any]
"""Called with a `Snapshot` whenever a row of the history is taken; if it returns True the run ends."""

_EXAMPLES = 2**18
"""So many examples, counted once for each run, are evaluated at a time, to bound the memory for it."""


def train(
    opt: Optimizer,
    problem: Any,
    epochs: int = 10,
    batch_size: int | None = None,
    schedule: Schedule | None = None,
    seed: int | Sequence[int] = 0,
    order: Order = "shuffled",
    params: Any = None,
    every: int | None = None,
    progress: bool = False,
    callbacks: Iterable[Callback] = (),
) -> History:
    """Train a problem's parameters and return the history.

    A grid of settings (hyperparameters that are arrays) and of seeds is trained at once and gives, to rounding, the
    same numbers as each run alone with ``seed=k``: the same initial parameters, the same batches. The seeds are the
    last axis of the grid: ``lr`` of shape (9, 1) with ``seed=range(5)`` makes 9×5 runs.

    Args:
        opt: the optimizer.
        problem: a problem with data, such as `SoftmaxRegression`. Where it has a ``project(params)``, that is
            applied after every step.
        epochs: passes over the training data, ≥ 0.
        batch_size: None for batch descent, 1 for one example at a time, anything between for mini-batches.
        schedule: multiplier of the learning rate by step; by default 1.
        seed: of the initial parameters and, by a stream of its own, of the batches; whole, ≥ 0, or several of them.
        order: how an epoch runs through the data (see `get_batches`).
        params: initial parameters, the same for every run of a grid; by default ``problem.init``. They are not changed.
        every: steps between two rows of the history; by default one epoch.
        progress: whether to show a progress bar.
        callbacks: functions called with a `Snapshot` at every row; one that returns True ends the run.

    A run that leaves for infinity is marked; training ends when all runs have. Interrupting the kernel ends it too;
    the history is kept. If a callback raises, its error carries the history so far as ``error.history``.

    Raises:
        TypeError: for an optimizer that is none, or a size, a number or a seed that is not whole.
        ValueError: for a size, a number, a seed or an order that is not allowed, seeds that do not fit the
            optimizer's grid, or a grid for a method that takes none.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> from course_lib.problems import SoftmaxRegression
        >>> problem = SoftmaxRegression.on_digits()
        >>> history = train(GradientDescent(lr=0.5), problem, epochs=5, batch_size=64)
        >>> history["step"]
        array([ 0, 19, 38, 57, 76, 95])
        >>> bool(history["test_accuracy"][-1] > 0.9)
        True
        >>> lr = np.array([0.1, 0.5])[:, None]
        >>> train(GradientDescent(lr=lr), problem, epochs=5, batch_size=64, seed=range(3))["loss"].shape
        (6, 2, 3)
    """
    if not isinstance(opt, Optimizer):
        raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
    epochs = whole("epochs", epochs, 0)
    size = check_size(batch_size, len(problem.train))
    per_epoch = -(-len(problem.train) // size)
    every = per_epoch if every is None else whole("every", every, 1)
    seeds, grid = _seeds(seed, opt)
    axes = len(grid)
    streams = [np.random.SeedSequence(s).spawn(2) for s in seeds]
    generators = [np.random.default_rng(of_batches) for _, of_batches in streams]
    rngs: Any = generators if isinstance(seed, Iterable) else generators[0]
    starts = [params] if params is not None else [problem.init(np.random.default_rng(s)) for s, _ in streams]
    x = stacked(starts, grid) if grid else starts[0]
    opt = opt.typed(x)  # once, not at every step
    state = opt.init(x, axes)
    project = getattr(problem, "project", None)
    limit = DIVERGED * np.maximum(1.0, _size(x, axes))
    history = History(x, grid=grid, diverged_at=np.full(grid, -1) if grid else None)
    counts: dict[str, Any] = {"step": 0, "epoch": 0.0, "examples": 0, "evaluations": 0, "seconds": 0.0}
    counted = _Counted(problem)
    bar = progress_bar(epochs * per_epoch, "step", progress)

    def take_row() -> bool:
        history.params = opt.output(x, state)
        length: Any = np.nan if counted.last is None else norm(counted.last, state)
        length = np.where(history.diverged, np.nan, length)
        measured = {"grad_norm": length + np.zeros(grid)} | _metrics(problem, history.params, history)
        measured = measured if grid else {name: float(value) for name, value in measured.items()}
        history.rows.append(counts | measured)
        bar.set_postfix_str(f"loss {np.min(measured['loss']):.4g}", refresh=False)
        snapshot = Snapshot(counts["step"], counts["epoch"], history.params, history.rows[-1], history)
        return _called(callbacks, snapshot)

    try:
        with np.errstate(all="ignore"), bar:
            if take_row():
                return history
            for _ in range(epochs):
                for batch in get_batches(problem.train, batch_size, rngs, order):
                    began = time.perf_counter()
                    now = opt if schedule is None else opt.at(schedule(counts["step"] + 1))
                    x, state = now.step(x, state, counted, batch)
                    if project is not None:
                        x = project(x)
                    counts["seconds"] += time.perf_counter() - began
                    counts["step"] += 1
                    counts["evaluations"], counts["examples"] = counted.evaluations, counted.examples
                    counts["epoch"] += len(batch) / len(problem.train)
                    bar.update()
                    within = _size(x, axes) <= limit  # NaN compares false
                    if not within.all() and _mark(history, ~within, counts):
                        take_row()
                        return history
                    if counts["step"] % every == 0 and take_row():
                        return history
    except KeyboardInterrupt:
        history.interrupted = True
    if history.rows[-1]["step"] != counts["step"]:
        take_row()
    return history


class _Counted:
    """A problem that counts the gradients it is asked for: some methods take more than one a step."""

    def __init__(self, problem: Any) -> None:
        self.problem, self.evaluations, self.examples, self.last = problem, 0, 0, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)

    def grad(self, params: Any, batch: Any = None) -> Any:
        self.evaluations += 1
        self.examples += len(self.problem.train if batch is None else batch)
        self.last = self.problem.grad(params, batch)
        return self.last


def _seeds(seed: Any, opt: Optimizer) -> tuple[list[int], tuple[int, ...]]:
    """Return the seeds, and the grid that they and the optimizer's settings make."""
    if isinstance(seed, (int, np.integer)) or not isinstance(seed, Iterable):
        return [whole("seed", seed, 0)], opt.grid
    seeds = [whole(f"seed[{k}]", s, 0) for k, s in enumerate(seed)]
    if not seeds:
        raise ValueError("seed = [] is not allowed: there must be at least one")
    try:
        grid = np.broadcast_shapes(opt.grid, (len(seeds),))
    except ValueError:
        grid = ()
    if grid[-1:] != (len(seeds),):
        raise ValueError(
            f"{len(seeds)} seeds do not fit the optimizer's grid {opt.grid}: they are its last axis, so give "
            f"hyperparameters a last axis of length 1, as in lr[:, None]"
        )
    return seeds, grid


def stacked(starts: list[Any], grid: tuple[int, ...]) -> Any:
    """Return initial parameters for a grid, ``(*shape, *grid)``; in memory the grid comes first, as BLAS likes it."""

    def one(*parts: np.ndarray) -> np.ndarray:
        first = np.stack(parts)  # (seeds, *shape), or (1, *shape) for all runs
        return to_back(np.broadcast_to(first, (*grid, *first.shape[1:])).copy(), len(grid))

    return each(one, *starts)


def _size(params: Any, axes: int) -> Any:
    """Return the largest absolute coordinate of each run; NaN if one is not a number."""
    parts = params.values() if isinstance(params, dict) else [params]
    return np.max([np.abs(part).max(axis=tuple(range(part.ndim - axes))) for part in parts], axis=0)


def _mark(history: History, lost: Any, counts: dict[str, Any]) -> bool:
    """Note which runs have diverged at this step; return whether all have by now."""
    if not history.grid:
        history.diverged_at = counts["step"]
        return True
    new = lost & ~history.diverged
    for name in ("step", "epoch", "examples", "evaluations"):
        at = history.at_divergence.setdefault(name, np.zeros(history.grid, type(counts[name])))
        at[new] = counts[name]
    history.diverged_at[new] = counts["step"]
    return bool(history.diverged.all())


def _metrics(problem: Any, params: Any, history: History) -> dict[str, Any]:
    """Return loss and accuracy on training, validation and test examples, as far as there are such.

    What is no number any more counts as the worst: loss ∞, accuracy 0.
    """
    found: dict[str, Any] = {}
    measures = [name for name in ("loss", "accuracy") if hasattr(problem, name)]
    for prefix, name in (("", "train"), ("valid_", "valid"), ("test_", "test")):
        data = getattr(problem, name, None)
        if data is None:
            continue
        totals: dict[str, Any] = dict.fromkeys(measures, 0.0)
        for piece in _pieces(data, int(np.prod(history.grid))):
            for measure in measures:
                value = np.asarray(getattr(problem, measure)(params, piece), float)
                totals[measure] = totals[measure] + len(piece) / len(data) * value
        for measure, value in totals.items():
            lost, worst = history.diverged | np.isnan(value), np.inf if measure == "loss" else 0.0
            found[prefix + measure] = np.where(lost, worst, value)
    return found


def _pieces(data: Any, runs: int) -> Iterator[Any]:
    """Yield all examples, so many at a time that the outputs of all runs fit into memory."""
    rows = max(1, _EXAMPLES // runs)
    for part in data.parts():
        for first in range(0, len(part), rows):
            yield part if len(part) <= rows else part[first : first + rows]


def _called(callbacks: Iterable[Callback], snapshot: Snapshot) -> bool:
    """Call all callbacks; return whether one of them ends the run."""
    try:
        return any([callback(snapshot) is True for callback in callbacks])
    except Exception as error:
        error.__dict__["history"] = snapshot.history
        error.add_note(f"raised by a callback of train at step {snapshot.step}; the rows until then are in "
                       f"the attribute history of this error")  # fmt: skip
        raise
