"""Methods that use curvature against first-order ones: by steps, by seconds, and by what a step costs at which size."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from ..arguments import whole
from ..optimizers import KFAC, LBFGS, Adam, HessianFree, LineSearch, Momentum, Newton, Optimizer
from ..problems import MLP, Data, get_batches
from ..running import Table


class Contender(NamedTuple):
    """A method in the race.

    Args:
        opt: the optimizer.
        trials: the settings it is tuned over.
        batch_size: examples in a batch; None for all.
        share: of the epochs of the race that it runs, in (0, 1]: a method with dear steps needs fewer.
    """

    opt: Optimizer
    trials: Sequence[Mapping[str, Any]]
    batch_size: int | None = None
    share: float = 1.0


CONTENDERS: dict[str, Contender] = {
    "SGD with momentum": Contender(Momentum(), [{"lr": lr} for lr in (0.1, 0.3, 1.0)], 64),
    "Adam": Contender(Adam(), [{"lr": lr} for lr in (3e-3, 1e-2, 3e-2)], 64),
    "L-BFGS": Contender(LineSearch(LBFGS()), [{"memory": m} for m in (5, 10, 20)]),
    "Hessian-free": Contender(
        HessianFree(iterations=20), [{"damping": d} for d in (1e-3, 1e-2, 1e-1)], share=0.5
    ),
    "K-FAC": Contender(KFAC(), [{"lr": lr} for lr in (0.1, 0.3, 1.0)], 64, share=0.25),
}
"""Who runs by default, each with three trials."""


def second_order_race(
    problem: Any = None,
    contenders: Mapping[str, Contender] | None = None,
    epochs: int = 60,
    tune_seed: int = 0,
    seeds: Iterable[int] = (1, 2, 3),
) -> Table:
    """Tune every method with the same number of runs, run each anew with fresh seeds, and return all learning curves.

    The setting with the least validation loss at the end of a tuning run is chosen; the runs that are returned have
    other initial parameters and other batches. A few seeds show how curves look, not which method is better: for that
    there is `compare`. Methods that take mini-batches take equal ones. Steps are not alike: a step on the full batch
    sees all examples, one on a mini-batch a few, and behind one step of a Hessian-free method stand tens of passes
    through the network. So there are three measures of effort: steps, seconds (of the steps alone; they depend on the
    machine) and evaluations. These count what is asked of the problem, in passes over all training examples: a loss, a
    gradient, a product with a curvature matrix and the layers' statistics count for one each, though they do not take
    the same time.

    Args:
        problem: a classifier with validation and test examples; by default an MLP with 32 units on the digits.
        contenders: the methods by name; by default `CONTENDERS`, with three trials each.
        epochs: passes over the training examples of a method whose share is 1, ≥ 1.
        tune_seed: of the tuning runs, ≥ 0.
        seeds: of the runs that are returned, other ones, ≥ 0.

    Returns:
        A row for every epoch of every run, with the columns method, setting, seed, step, seconds, evaluations, loss,
        valid_loss, valid_accuracy and test_accuracy.

    Raises:
        ValueError: if the numbers of trials differ, a seed was tuned on, or there are no epochs.

    Examples:
        >>> two = {name: CONTENDERS[name] for name in ("Adam", "K-FAC")}
        >>> table = second_order_race(MLP.on_digits(hidden=(8,)), two, epochs=4, seeds=[1])
        >>> [len(table.where(method=name)) for name in two]  # K-FAC runs a quarter of the epochs
        [5, 2]
    """
    problem = MLP.on_digits() if problem is None else problem
    contenders = CONTENDERS if contenders is None else contenders
    epochs = whole("epochs", epochs, 1)
    budgets = {name: len(contender.trials) for name, contender in contenders.items()}
    if len(set(budgets.values())) != 1 or 0 in budgets.values():
        raise ValueError(
            f"the numbers of trials are {budgets}, but all methods must have the same, at least one"
        )
    numbers = [whole(f"seeds[{k}]", seed, 0) for k, seed in enumerate(seeds)]
    if whole("tune_seed", tune_seed, 0) in numbers:
        raise ValueError(f"seeds = {numbers} is not allowed: {tune_seed} was tuned on")
    rows: list[dict[str, Any]] = []
    for name, contender in contenders.items():
        own = max(1, round(contender.share * epochs))
        tuned = {
            k: _curve(contender.opt.replace(**trial), problem, own, contender.batch_size, tune_seed)[-1][
                "valid_loss"
            ]
            for k, trial in enumerate(contender.trials)
        }
        chosen = contender.trials[min(tuned, key=tuned.__getitem__)]
        setting = ", ".join(f"{field}={value:g}" for field, value in chosen.items())
        for seed in numbers:
            curve = _curve(contender.opt.replace(**chosen), problem, own, contender.batch_size, seed)
            rows += [{"method": name, "setting": setting, "seed": seed} | row for row in curve]
    return Table.of_rows(rows)


def _curve(
    opt: Optimizer, problem: Any, epochs: int, batch_size: int | None, seed: int
) -> list[dict[str, Any]]:
    """Train, and return a row for every epoch; what is no number any more counts as the worst."""
    of_start, of_batches = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    counted, x = _Passes(problem), problem.init(of_start)
    state, step, seconds, rows = opt.init(x), 0, 0.0, []

    def take_row() -> None:
        losses = {"loss": problem.loss(x), "valid_loss": problem.loss(x, problem.valid)}
        shares = {
            f"{part}_accuracy": problem.accuracy(x, getattr(problem, part)) for part in ("valid", "test")
        }
        effort = {"step": step, "seconds": seconds, "evaluations": counted.passes}
        finite = {name: float(np.nan_to_num(loss, nan=np.inf)) for name, loss in losses.items()}
        rows.append(effort | finite | {n: float(np.isfinite(losses["loss"]) * s) for n, s in shares.items()})

    with np.errstate(all="ignore"):
        take_row()
        for _ in range(epochs):
            for batch in get_batches(problem.train, batch_size, of_batches):
                began = time.perf_counter()
                x, state = opt.step(x, state, counted, batch)
                seconds += time.perf_counter() - began
                step += 1
            take_row()
    return rows


class _Passes:
    """A problem that counts what it is asked for, in passes over the training examples."""

    counted = ("loss", "grad", "gauss_newton_product", "layer_statistics", "hvp")

    def __init__(self, problem: Any) -> None:
        self.problem, self.passes = problem, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.problem, name)
        return self.counting(found) if name in self.counted else found

    def counting(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*arguments: Any) -> Any:
            batch = next((a for a in arguments if isinstance(a, Data)), self.problem.train)
            self.passes += len(batch) / len(self.problem.train)
            return method(*arguments)

        return asked


# -- the cost of a step ----------------------------------------------------------------------------------

METHODS: dict[str, tuple[Optimizer, int]] = {
    "Adam": (Adam(), 10**7),
    "L-BFGS": (LBFGS(), 10**7),
    "K-FAC": (KFAC(), 10**5),
    "Newton": (Newton(form="saddle_free", damping=1e-2), 10**3),
}
"""Each method with the most parameters it is tried on: beyond, a step takes more than a few seconds."""

SIZES = tuple(int(n) for n in np.logspace(2, 5, 13).round())


def cost_by_size(
    sizes: Sequence[int] = SIZES,
    methods: Mapping[str, tuple[Optimizer, int]] | None = None,
    batch_size: int = 64,
    budget: float = 0.3,
    seed: int = 0,
) -> Table:
    """Measure what a step costs at several numbers of parameters: the median of a few, after one that does not count.

    The networks have one hidden layer between 64 inputs and 10 outputs, so the number of parameters grows with its
    width, and K-FAC's larger factors with it; for networks that grow in depth K-FAC would cost no more than in
    proportion.

    Args:
        sizes: numbers of parameters, each ≥ 85; the nearest network is taken.
        methods: optimizers by name, each with the most parameters it is tried on; by default `METHODS`.
        batch_size: examples in the batch, ≥ 1.
        budget: seconds for which a method is timed at each size, > 0; three steps are taken in any case.
        seed: of the initial parameters and the batch, ≥ 0.

    Returns:
        A row for every method and size: method, parameters, seconds (of a step) and steps (how many were timed).

    Raises:
        ValueError: for a size below 85, or no budget.

    Examples:
        >>> table = cost_by_size([100, 400], {"Adam": (Adam(), 10**6)}, budget=0.01)
        >>> table["parameters"], bool((table["seconds"] > 0).all())
        (array([ 85, 385]), True)
    """
    if not sizes or min(sizes) < 85:
        raise ValueError(f"sizes = {sizes!r} is not allowed: each must be ≥ 85, and there must be one")
    if not budget > 0:
        raise ValueError(f"budget = {budget!r} is not allowed: it must be > 0")
    rng, rows = np.random.default_rng(seed), []
    for size in sizes:
        problem = MLP.on_digits(hidden=(max(1, round((size - 10) / 75)),))
        start = problem.init(rng)
        batch = next(get_batches(problem.train, batch_size, rng))
        parameters = sum(part.size for part in start.values())
        for name, (opt, most) in (METHODS if methods is None else methods).items():
            if size <= most:
                times = _timed(opt, problem, start, batch, budget)
                rows.append(
                    {"method": name, "parameters": parameters, "seconds": median(times), "steps": len(times)}
                )
    return Table.of_rows(rows)


def _timed(opt: Optimizer, problem: Any, x: Any, batch: Data, budget: float) -> list[float]:
    """Return the seconds of at least three steps, until the budget is spent; the first step is left out."""
    x, state = opt.step(x, opt.init(x), problem, batch)
    times: list[float] = []
    while len(times) < 3 or sum(times) < budget:
        began = time.perf_counter()
        x, state = opt.step(x, state, problem, batch)
        times.append(time.perf_counter() - began)
    return times


class Exponent(NamedTuple):
    """How a cost grows: seconds ∝ n^exponent, with a 95 % interval and the number of sizes it rests on."""

    exponent: float
    low: float
    high: float
    points: int


def fitted_exponent(n: Any, seconds: Any, span: float = 30.0) -> Exponent:
    r"""Fit a straight line to log seconds against log n over the upper sizes.

    .. math:: \log s = a + b \log n + e, \qquad b \pm t_{0.975}\,\operatorname{se}(b)

    Small sizes cost what calling numpy costs, whatever n; they would flatten the line. So that nobody chooses the
    points by their result, the rule stands in advance: only sizes n ≥ largest/span are fitted. Where even these are
    not free of overhead, b is the slope there and less than what theory says of n → ∞; the interval speaks of scatter
    about the line, not of that.

    Args:
        n: sizes, > 0, ``(points,)``.
        seconds: what they cost, > 0, ``(points,)``.
        span: the ratio of the largest size to the smallest that is fitted, > 1.

    Raises:
        ValueError: for numbers that are not positive, or fewer than three different sizes in the span.

    Examples:
        >>> n = np.array([1, 10, 100, 200, 400, 800])
        >>> fitted_exponent(n, 1e-4 + 1e-9 * n**3).exponent > 2  # the first two are left out
        True
        >>> print(tuple(round(v, 6) for v in fitted_exponent(n, 2e-9 * n**3.0)))
        (3.0, 3.0, 3.0, 4)
    """
    n, seconds = np.asarray(n, float), np.asarray(seconds, float)
    if (
        n.shape != seconds.shape
        or n.ndim != 1
        or not ((n > 0) & (seconds > 0) & np.isfinite(n * seconds)).all()
    ):
        raise ValueError(f"n has shape {n.shape} and seconds {seconds.shape}, but both must be vectors of one length "
                         f"with finite numbers > 0")  # fmt: skip
    if not span > 1:
        raise ValueError(f"span = {span!r} is not allowed: it must be > 1")
    upper = n >= n.max(initial=0) / span
    x, y = np.log(n[upper]), np.log(seconds[upper])
    if len(np.unique(x)) < 3:
        raise ValueError(
            f"{len(np.unique(x))} sizes lie within a factor {span:g} of the largest, but there must be 3"
        )
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    free = len(x) - 2
    error = np.sqrt(np.sum((y - y.mean() - slope * x) ** 2) / free / (x @ x))
    half = float(_student(free) * error)
    return Exponent(slope, slope - half, slope + half, len(x))


@cache
def _student(free: int) -> float:
    """Return t_{0.975} to about a hundredth, from draws: numpy knows no quantiles of Student's distribution."""
    return float(np.quantile(np.abs(np.random.default_rng(0).standard_t(free, 200_000)), 0.95))
