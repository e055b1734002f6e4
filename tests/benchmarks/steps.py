"""What a step costs: a path against the same loop written inline, and a 64×64 map against one path.

Printed, never judged: timings depend on the machine. Each figure is the median of several rounds in which the
versions take turns, so that a busy moment hits all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import numpy as np

from course_lib.optimizers import Adam
from course_lib.running import simulate
from course_lib.surfaces import surface

STEPS = 500
ROSENBROCK = surface("rosenbrock")


def inline(lr, beta1, beta2=0.999, eps=1e-8, grid=(), dtype=float):
    """Adam as one would write it by hand, with the path kept."""
    x = np.broadcast_to(ROSENBROCK.start.reshape(2, *(1,) * len(grid)), (2, *grid)).astype(dtype)
    points = np.empty((STEPS + 1, *x.shape), dtype)
    points[0] = x
    m, v = np.zeros_like(x), np.zeros_like(x)
    with np.errstate(all="ignore"):
        for t in range(1, STEPS + 1):
            g = ROSENBROCK.grad(x)
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g**2
            m_hat = m / (1 - beta1**t)
            v_hat = v / (1 - beta2**t)
            x = x - lr * m_hat / (np.sqrt(v_hat) + eps)
            points[t] = x
    return points


def milliseconds(versions: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median time of each version."""
    times: dict[str, list[float]] = {name: [] for name in versions}
    for _ in range(rounds):
        for name, run in versions.items():
            began = time.perf_counter()
            run()
            times[name].append(1000 * (time.perf_counter() - began))
    return {name: median(spent) for name, spent in times.items()}


def main() -> None:
    """Print the table."""
    lr, beta1 = np.logspace(-4, -1, 64)[:, None], 1 - np.logspace(-3, 0, 64)
    half = {"lr": lr.astype(np.float32), "beta1": beta1.astype(np.float32)}
    single, grid = Adam(lr=1e-2), Adam(lr=lr, beta1=beta1)
    assert np.array_equal(simulate(single, ROSENBROCK, STEPS).points, inline(1e-2, 0.9))
    assert np.array_equal(simulate(grid, ROSENBROCK, STEPS).points, inline(lr, beta1, grid=(64, 64)))
    paths = milliseconds(
        {
            "inline": lambda: ROSENBROCK.loss(inline(1e-2, 0.9).T),
            "library": lambda: simulate(single, ROSENBROCK, STEPS).losses,
        },
        rounds=100,
    )
    maps = milliseconds(
        {
            "inline": lambda: inline(lr, beta1, grid=(64, 64)),
            "library": lambda: simulate(grid, ROSENBROCK, STEPS),
            "inline32": lambda: inline(**half, grid=(64, 64), dtype=np.float32),
            "library32": lambda: simulate(grid, ROSENBROCK, STEPS, dtype=np.float32),
        },
        rounds=9,
    )
    print(f"Adam, {STEPS} steps on Rosenbrock's function, medians in ms")
    print(f"one path     inline {paths['inline']:7.2f}   library {paths['library']:7.2f}"
          f"   ratio {paths['library'] / paths['inline']:.2f}")  # fmt: skip
    print(f"64×64 map    inline {maps['inline']:7.1f}   library {maps['library']:7.1f}"
          f"   ratio {maps['library'] / maps['inline']:.2f}")  # fmt: skip
    print(f"  float32    inline {maps['inline32']:7.1f}   library {maps['library32']:7.1f}"
          f"   to float64 {maps['library32'] / maps['library']:.2f}")  # fmt: skip
    print(f"map / path   {maps['library'] / paths['library']:.1f}")


if __name__ == "__main__":
    main()
