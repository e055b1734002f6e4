"""Wrappers around any optimizer: their own arithmetic, models, grids, schedules, hyperparameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.optimizers import (
    SAM,
    SWATS,
    Adam,
    ClipByNorm,
    ClipByValue,
    GradientDescent,
    IterateAverage,
    Lion,
    Lookahead,
    Momentum,
    Nesterov,
    Optimizer,
    Partition,
    Prodigy,
    ScheduleFreeSGD,
)
from course_lib.running import simulate
from tests.optimizers.common import Slope, close, end, gradients, point, walk

WRAPPERS = [Lookahead, SAM, ClipByValue, ClipByNorm, IterateAverage]
INNER = [
    Adam(lr=0.1),
    Nesterov(lr=0.1),
    ScheduleFreeSGD(lr=0.1),
    SWATS(lr=0.1),
    Prodigy(),
    Lookahead(Lion(lr=0.1)),
]


def test_lookahead_by_hand() -> None:
    opt, x = Lookahead(GradientDescent(lr=1.0), k=3, alpha=0.25), np.zeros(1)
    seen = [
        (float(x[0]), float(opt.output(x, s)[0]))
        for x, s in walk(opt, x, -np.ones((7, 1)) * 4, None)
        for x in [x]
    ]
    fast, slow, expected = 0.0, 0.0, []
    for t in range(1, 8):
        fast += 4 - 0.2 * fast
        if t % 3 == 0:
            slow += 0.25 * (fast - slow)
            fast = slow
        expected.append((fast, slow))
    close(seen, expected)


def test_sam_asks_at_the_worst_point_nearby() -> None:
    problem = Slope(np.array([[3.0, 4.0]]), curvature=0.0)
    opt, x = SAM(GradientDescent(lr=0.1), rho=0.5), np.zeros(2)
    new, _ = opt.step(x, opt.init(x), problem)
    close(problem.asked[0], x)
    close(problem.asked[1], [0.3, 0.4])
    close(new, [-0.3, -0.4])
    with pytest.raises(TypeError, match="SAM needs more than one gradient a step"):
        opt.update(x, x, opt.init(x))


def test_sam_of_a_model_takes_the_norm_over_all() -> None:
    problem = Slope([{"a": np.array([3.0]), "b": np.array([[4.0]])}], curvature=0.0)  # type: ignore[arg-type]
    opt, x = SAM(Nesterov(lr=0.1), rho=0.5), {"a": np.zeros(1), "b": np.zeros((1, 1))}
    opt.step(x, opt.init(x), problem)
    close(problem.asked[1]["a"], [0.3])
    close(problem.asked[1]["b"], [[0.4]])


def test_sam_and_clipping_can_stand_either_way() -> None:
    x, g = np.array([1.0, 1.0]), np.array([[30.0, 40.0]])
    for opt in (SAM(ClipByNorm(GradientDescent(lr=1.0))), ClipByNorm(SAM(GradientDescent(lr=1.0)))):
        assert opt.needs_problem
        close(end(opt, x, g), x - [0.6, 0.8], 1e-2)
        with pytest.raises(TypeError, match="use step"):
            opt.update(x, x, opt.init(x))


def test_clipping_by_hand() -> None:
    x, g = np.zeros(3), np.array([3.0, -0.5, -4.0])
    by_value, by_norm = (
        ClipByValue(GradientDescent(lr=1.0), limit=2.0),
        ClipByNorm(GradientDescent(lr=1.0), limit=2.0),
    )
    close(by_value.update(x, g, by_value.init(x))[0], [-2, 0.5, 2])
    close(by_norm.update(x, g, by_norm.init(x))[0], -g * 2 / np.linalg.norm(g))
    close(by_norm.update(x, g / 10, by_norm.init(x))[0], -g / 10)


def test_averages_by_hand() -> None:
    g = gradients((2,), 9)
    path = [x for x, _ in walk(GradientDescent(lr=0.1), point((2,)), g)]
    for begin in (1, 4):
        opt = IterateAverage(GradientDescent(lr=0.1), begin=begin)
        for t, (x, s) in enumerate(walk(opt, point((2,)), g), 1):
            close(x, path[t - 1])
            close(opt.output(x, s), np.mean(path[begin - 1 : t], axis=0) if t >= begin else x)
        opt = IterateAverage(GradientDescent(lr=0.1), form="exponential", beta=0.7, begin=begin)
        average = None
        for t, (x, s) in enumerate(walk(opt, point((2,)), g), 1):
            average = x if t <= begin else 0.7 * average + 0.3 * x
            close(opt.output(x, s), average)


def test_an_average_of_lookahead_is_of_its_slow_weights() -> None:
    opt = IterateAverage(Lookahead(GradientDescent(lr=0.1), k=2))
    slow = []
    for x, s in walk(opt, point((2,)), gradients((2,), 6)):
        slow.append(s.inner.slow)
        close(opt.output(x, s), np.mean(slow, axis=0))


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("inner", INNER, ids=lambda opt: type(opt).__name__)
def test_a_grid_of_both_is_each_alone(wrapper: Any, inner: Optimizer) -> None:
    field = next(name for name, spec in wrapper._specs.items() if not spec.choices and not spec.integer)
    own, lr = np.array([[0.2], [0.6]]), inner.hyper()["lr"] * np.array([1.0, 0.5, 0.1])
    opt = wrapper(inner.replace(lr=lr), **{field: own})
    assert opt.grid == (2, 3)
    g, x = gradients((4, 3)), np.broadcast_to(point((4, 3))[..., None, None], (4, 3, 2, 3)).copy()
    path = list(walk(opt, x, g))
    for i in np.ndindex(2, 3):
        single = wrapper(inner.replace(lr=float(lr[i[1]])), **{field: float(own[i[0], 0])})
        alone = list(walk(single, point((4, 3)), g))
        close(path[-1][0][(..., *i)], alone[-1][0], 1e-11)
        close(opt.output(*path[-1])[(..., *i)], single.output(*alone[-1]), 1e-11)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_models_and_plain_arrays(wrapper: Any) -> None:
    opt = wrapper(Nesterov(lr=0.1))
    x = {"W": point((4, 3)), "b": point((3,))}
    g = [{"W": gradients((4, 3))[t], "b": gradients((3,))[t]} for t in range(7)]
    path = list(walk(opt, x, g))
    flat = np.concatenate([part.ravel() for part in x.values()])
    slopes = np.stack([np.concatenate([part.ravel() for part in step.values()]) for step in g])
    close(np.concatenate([part.ravel() for part in path[-1][0].values()]), end(opt, flat, slopes))
    assert {"inner.W.m", "inner.b.m"} <= set(path[-1][1].arrays)
    assert opt.output(*path[-1]).keys() == opt.query(*path[-1]).keys() == x.keys()


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_hyperparameters_of_both(wrapper: Any) -> None:
    opt = wrapper(Adam(lr=0.1))
    assert {*wrapper._specs, "lr", "beta1"} <= set(opt.hyper())
    assert set(opt.specs()) == set(opt.hyper())
    assert set(wrapper.specs()) == set(wrapper._specs)
    changed = opt.replace(lr=0.2, eps=1e-3)
    assert changed.inner.lr == 0.2 and changed.inner.eps == 1e-3 and opt.inner.lr == 0.1
    assert opt.at(0.5).inner.lr == 0.05
    assert opt.replace(inner=Momentum(), lr=0.3).inner.lr == 0.3
    with pytest.raises(ValueError, match=r"Adam: lr = 0\.0"):
        opt.replace(lr=0.0)


def test_a_name_that_is_taken_gets_a_prefix() -> None:
    opt = Lookahead(Lookahead(Adam(), k=3), k=7)
    assert opt.hyper()["k"] == 7 and opt.hyper()["inner.k"] == 3
    changed = opt.replace(**{"inner.k": 4, "k": 8, "lr": 0.5})
    assert (changed.k, changed.inner.k, changed.inner.inner.lr) == (8, 4, 0.5)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_wrong_inners(wrapper: Any) -> None:
    for wrong in (Adam, 3, None, "Adam"):
        with pytest.raises(TypeError, match=f"{wrapper.__name__}: inner = .* is not an optimizer"):
            wrapper(wrong)
    field = next(name for name, spec in wrapper._specs.items() if not spec.choices and not spec.integer)
    with pytest.raises(ValueError, match="does not fit that of inner"):
        wrapper(Adam(lr=np.ones(3)), **{field: np.full(2, 0.5)})


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_simulate_shows_the_output(wrapper: Any) -> None:
    opt = wrapper(Momentum(lr=0.1))
    path = simulate(opt, "quadratic", 23, record=True)
    x = path.points[0]
    state, problem = opt.init(x), path.surface
    for _ in range(23):
        x, state = opt.step(x, state, problem)
    close(path.points[-1], opt.output(x, state), 0)
    assert path.history["inner.m"].shape == (24, 2)


def test_partition_by_name() -> None:
    opt = Partition({"W?": Momentum(lr=0.1), "b*": ScheduleFreeSGD(lr=0.2), "*": SWATS(lr=0.3)})
    shapes = {"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,), "u": (2,), "W": (2,)}
    x = {name: point(shape) for name, shape in shapes.items()}
    g = [{name: gradients(shape)[t] for name, shape in shapes.items()} for t in range(6)]
    path = list(walk(opt, x, g))
    moved, state = path[-1]
    assert list(moved) == list(x)
    for name in ("W1", "W2"):
        close(moved[name], end(Momentum(lr=0.1), x[name], np.stack([s[name] for s in g])), 0)
    for name in ("b1", "b2"):
        close(moved[name], end(ScheduleFreeSGD(lr=0.2), x[name], np.stack([s[name] for s in g])), 0)
        assert not np.array_equal(opt.query(moved, state)[name], moved[name])
    pair = end(SWATS(lr=0.3), {n: x[n] for n in ("u", "W")}, [{n: s[n] for n in ("u", "W")} for s in g])
    close(moved["u"], pair["u"], 0)
    assert state.arrays.keys() >= {"W?.W1.m", "b*.b2.z", "*.m"}


def test_partition_refuses_in_words() -> None:
    with pytest.raises(ValueError, match=r"no pattern fits 'b': there are \['W\*'\]; add '\*'"):
        Partition({"W*": Adam()}).init({"W": np.ones(2), "b": np.ones(2)})
    for wrong in ({}, None, Adam()):
        with pytest.raises(TypeError, match=r"Partition: parts = .* is not a dict"):
            Partition(wrong)
    with pytest.raises(TypeError, match="is not an optimizer under a pattern"):
        Partition({"*": 3})
    with pytest.raises(TypeError, match="SAM needs the problem"):
        Partition({"*": SAM()})
    with pytest.raises(ValueError, match=r"grids do not fit: 'a' \(3,\), '\*' \(2,\)"):
        Partition({"a": Adam(lr=np.ones(3)), "*": Adam(lr=np.ones(2))})
    with pytest.raises(TypeError, match="no hyperparameter 'lr'"):
        Partition().replace(lr=0.1)
    opt, x = Partition(), {"W": np.ones(2)}
    with pytest.raises(ValueError, match="g has shape"):
        opt.update(x, {"W": np.ones(3)}, opt.init(x))


def test_partition_hyperparameters_schedule_and_grid() -> None:
    opt = Partition({"W*": Momentum(lr=0.1), "*": Adam(lr=0.3)})
    assert opt.hyper() == {"W*.lr": 0.1, "W*.beta": 0.9, "W*.form": "sum"} | {
        f"*.{name}": value for name, value in Adam(lr=0.3).hyper().items()
    }
    assert opt.specs().keys() == opt.hyper().keys() and Partition.specs() == {}
    assert opt.at(0.5).hyper()["*.lr"] == 0.15
    changed = opt.replace(**{"W*.lr": np.array([0.1, 0.2])})
    assert changed.grid == (2,)
    x = {"W": np.ones((4, 3, 2)), "b": np.ones((3, 2))}
    g = [{"W": np.ones((4, 3, 2)), "b": np.ones((3, 2))}] * 3
    moved = end(changed, x, g)
    alone = end(
        opt.replace(**{"W*.lr": 0.2}),
        {n: a[..., 1] for n, a in x.items()},
        [{n: a[..., 1] for n, a in s.items()} for s in g],
    )
    close(moved["W"][..., 1], alone["W"])
    close(moved["b"][..., 1], alone["b"])
