"""What is asked of an optimizer of another library, whichever it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from course_lib.comparing import Method, compare
from course_lib.live import explore_path, explore_race
from course_lib.optimizers import Adam, Optimizer
from course_lib.problems import SoftmaxRegression
from course_lib.running import simulate, sweep, train
from tests.optimizers.common import close, end, gradients, lock, point, walk


def check_pure(opt: Optimizer) -> None:
    """Nothing given is changed, a state can be used twice, and two runs in turn do not disturb each other."""
    x, g = lock(point((2,))), [lock(part) for part in gradients((2,), 8)]
    alone = end(opt, x, np.stack(g))
    states = [state for _, state in walk(opt, x, np.stack(g))]
    assert [state.t for state in states] == list(range(2, 10))
    ways = [walk(opt, start, np.stack(g)) for start in (x, x, 3 * x)]
    last = [steps[-1][0] for steps in zip(*[list(step) for step in zip(*ways, strict=True)], strict=True)]
    assert (
        np.array_equal(last[0], alone) and np.array_equal(last[1], alone) and not np.allclose(last[2], alone)
    )
    now, state = x, opt.init(x)
    for part in g:
        saved = {name: array.copy() for name, array in state.arrays.items()}
        first, after = opt.update(now, part, lock(state))
        again, _ = opt.update(now, part, state)
        assert np.array_equal(first, again)
        assert all(np.array_equal(saved[name], array) for name, array in state.arrays.items())
        assert not any(np.shares_memory(first, array) for array in after.arrays.values())
        now, state = lock(first), after


def check_grid(opt: Optimizer) -> None:
    """Grids of settings and of starts are each run alone."""
    lr = np.array([[0.1], [0.02]])
    starts = np.stack([np.linspace(-1, 1, 3), np.linspace(2, 1, 3)])
    path = simulate(opt.replace(lr=lr), "quadratic", 6, start=starts, record=True)
    assert path.points.shape == (7, 2, 2, 3)
    many = simulate(opt, "quadratic", 6, start=starts, record=True)
    for i in np.ndindex(2, 3):
        alone = simulate(
            opt.replace(lr=float(lr[i[0], 0])), "quadratic", 6, start=starts[:, i[1]], record=True
        )
        close(path.points[(..., *i)], alone.points)
        for name, values in alone.history.items():
            close(path.history[name][(..., *i)], values)
        if i[0] == 0:
            alone = simulate(opt, "quadratic", 6, start=starts[:, i[1]])
            close(many.points[..., i[1]], alone.points)


def check_runs_everywhere(opt: Optimizer, folder: Path) -> None:
    """A path, a race, training, a sweep with its cache, a comparison."""
    figure = explore_path([opt, Adam(lr=0.05)], "quadratic", steps=30)
    figure.lr = 0.02
    mine = figure.paths()[type(opt).__name__]
    close(mine.points, simulate(opt.replace(lr=figure.lr), "quadratic", 30).points)
    race = explore_race({"theirs": opt, "ours": Adam(lr=0.05)}, "saddle", steps=30)
    close(race.paths()["theirs"].points[:31], simulate(opt, "saddle", 30).points)
    problem = SoftmaxRegression.on_digits()
    history = train(opt, problem, epochs=1, batch_size=256)
    assert history.rows[-1]["loss"] < history.rows[0]["loss"]
    options: dict[str, Any] = {"seeds": range(2), "epochs": 1, "batch_size": 512}
    for computed in (1, 0):
        found = sweep(opt, problem, {"lr": [0.01, 0.1]}, cache=folder, **options)
        assert found.computed == computed
    alone = sweep(opt, problem, {"lr": [0.1]}, **options)
    close(found["loss"][-2:], alone["loss"], 1e-9)
    methods = {"theirs": Method(opt, lr=[0.01, 0.1]), "ours": Method(Adam(), lr=[0.01, 0.1])}
    result = compare(methods, problem, epochs=1, batch_size=512, tune_seeds=[0], seeds=range(100, 105))
    assert "theirs" in str(result)
