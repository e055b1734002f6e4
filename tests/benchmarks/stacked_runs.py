"""What a step costs each run of a stack: the gradient of a small network and Adam, 32 runs at once, on one thread.

Printed, never judged: timings depend on the machine. Each figure is a median over rounds in which the versions take
turns, so that a busy moment hits all of them. Beside the stack stand one run alone and, where torch is installed, its
eager loop of one run.

OMP_NUM_THREADS=1 python -m tests.benchmarks.stacked_runs
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import cycle
from statistics import median

import numpy as np

from course_lib.optimizers import Adam
from course_lib.problems import MLP, get_batches
from course_lib.problems.stacks import to_back
from course_lib.running import sweep
from tests.benchmarks.steps import milliseconds

RUNS, STEPS = 32, 19
PROBLEM = MLP.on_digits(hidden=(64,), dtype=np.float32)


def stacked_start() -> dict[str, np.ndarray]:
    """Return a start for each run, stored with the runs first."""
    starts = [PROBLEM.init(np.random.default_rng(seed)) for seed in range(RUNS)]
    return {name: to_back(np.array([x[name] for x in starts]), x.ndim) for name, x in starts[0].items()}


def batches(runs: int) -> Iterator:
    """Return an epoch's full batches without end; drawing them is not what is measured."""
    rng = [np.random.default_rng(seed) for seed in range(runs)] if runs else np.random.default_rng(0)
    return cycle([batch for batch in get_batches(PROBLEM.train, 64, rng) if len(batch) == 64])


def epoch(opt: Adam, x: dict[str, np.ndarray], runs: int) -> Callable[[], None]:
    """Return a function that takes some steps; runs = 0 stands for one batch shared by all."""
    source, state = batches(runs), opt.init(x)

    def run() -> None:
        nonlocal x, state
        for _ in range(STEPS):
            x, state = opt.update(x, PROBLEM.grad(x, next(source)), state)

    return run


def gradients(x: dict[str, np.ndarray], runs: int) -> Callable[[], None]:
    """Return a function that takes some gradients."""
    source = batches(runs)

    def run() -> None:
        for _ in range(STEPS):
            PROBLEM.grad(x, next(source))

    return run


def in_torch() -> Callable[[], None]:
    """Return the eager loop of one run in torch."""
    import torch  # type: ignore[import-not-found]

    torch.set_num_threads(1)
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    opt, loss = torch.optim.Adam(model.parameters()), torch.nn.CrossEntropyLoss()
    source = cycle([(torch.from_numpy(b.inputs), torch.from_numpy(b.targets)) for b in _some()])

    def run() -> None:
        for _ in range(STEPS):
            inputs, targets = next(source)
            opt.zero_grad()
            loss(model(inputs), targets).backward()
            opt.step()

    return run


def _some() -> list:
    source = batches(0)
    return [next(source) for _ in range(STEPS)]


def two_processes(epochs: int = 20) -> float:
    """Return µs per step of a run when two stacks are swept on two cores, batches and evaluation included."""
    lr, steps = np.logspace(-4, -2, 2 * RUNS), epochs * -(-len(PROBLEM.train) // 64)

    def run() -> float:
        began = time.perf_counter()
        sweep(Adam(), PROBLEM, {"lr": lr}, [0], epochs=epochs, batch_size=64, every=steps, stack=RUNS, jobs=2)
        return time.perf_counter() - began

    run()  # starts the processes
    return 1e6 * median(run() for _ in range(5)) / len(lr) / steps


def main() -> None:
    """Print the table."""
    lr = np.logspace(-4, -2, RUNS)
    x, stack = PROBLEM.init(np.random.default_rng(0)), stacked_start()
    versions = {
        "one run": (epoch(Adam(lr=1e-3), x, 0), 1),
        "one run, gradient alone": (gradients(x, 0), 1),
        "32 runs, one batch": (epoch(Adam(lr=lr), stack, 0), RUNS),
        "32 runs, one batch, gradient alone": (gradients(stack, 0), RUNS),
        "32 runs, 32 batches": (epoch(Adam(lr=lr), stack, RUNS), RUNS),
        "32 runs, 32 batches, gradient alone": (gradients(stack, RUNS), RUNS),
    }
    if find_spec("torch"):
        versions["one run in torch"] = (in_torch(), 1)
    times = milliseconds({name: run for name, (run, _) in versions.items()}, rounds=21)
    print("MLP 64-64-10, ReLU, batch 64, float32, with Adam: µs per step of a run, medians")
    for name, (_, runs) in versions.items():
        print(f"{name:38}{1000 * times[name] / STEPS / runs:8.1f}")
    print(f"{'64 runs swept by two processes':38}{two_processes():8.1f}")


if __name__ == "__main__":
    main()
