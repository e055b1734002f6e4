"""What a step costs: each optimizer on a 2-vector, Adam on large models, in place and, where it is there, in torch.

python -m pytest tests/benchmarks/bench_optimizers.py --benchmark-enable --benchmark-columns=median,iqr
"""

import numpy as np
import pytest

from course_lib.optimizers import REGISTRY, Adam
from course_lib.optimizers.in_place import adam_in_place
from course_lib.surfaces import surface

GROUND = surface("rosenbrock")
SIMPLE = [entry for entry in REGISTRY.values() if not (entry.needs_matrix or entry.cls.needs_problem)]
LARGE = pytest.mark.parametrize("size", [1_000_000, 10_000_000])


@pytest.mark.parametrize("entry", SIMPLE, ids=lambda entry: entry.name)
@pytest.mark.benchmark(group="one step on a 2-vector")
def test_step(benchmark, entry):
    opt = entry.cls(**entry.settings(GROUND))
    x, state = GROUND.start, opt.init(GROUND.start)
    g = GROUND.grad(x)
    for _ in range(3):
        _, state = opt.update(x, g, state)
    benchmark(opt.update, x, g, state)


def arrays(size):
    rng = np.random.default_rng(0)
    x, g, m = (rng.standard_normal(size, np.float32) for _ in range(3))
    return x, g, m, m**2


@LARGE
@pytest.mark.benchmark(group="Adam, float32, a large model")
def test_rule(benchmark, size):
    x, g, m, v = arrays(size)
    opt = Adam()
    state = opt.init(x).next(m=m, v=v)
    benchmark.pedantic(opt.update, (x, g, state), rounds=7, warmup_rounds=1)


@LARGE
@pytest.mark.benchmark(group="Adam, float32, a large model")
def test_in_place(benchmark, size):
    benchmark.pedantic(adam_in_place, (*arrays(size), 2), rounds=7, warmup_rounds=1)


@LARGE
@pytest.mark.benchmark(group="Adam, float32, a large model")
def test_torch(benchmark, size):
    torch = pytest.importorskip("torch", reason="torch is not installed, so there is no ratio to it")
    x, g, _, _ = arrays(size)
    parameter = torch.nn.Parameter(torch.from_numpy(x))
    parameter.grad = torch.from_numpy(g)
    opt = torch.optim.Adam([parameter])
    benchmark.pedantic(opt.step, rounds=7, warmup_rounds=1)
