"""`as_optimizer`: what a student writes runs everywhere, and mistakes are told in words."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from course_lib.optimizers import Adam, IterateAverage, Lookahead, Momentum, as_optimizer
from course_lib.running import simulate
from course_lib.schedules import cosine
from tests.optimizers.common import close, end, gradients, point


def my_adam(x, g, state, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat, v_hat = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
    return x - lr * m_hat / (np.sqrt(v_hat) + eps), state


def in_place(x, g, state, lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
    state["m"] *= beta1
    state["m"] += (1 - beta1) * g
    state["v"] *= beta2
    state["v"] += (1 - beta2) * g**2
    g /= 1 - beta1 ** state["t"]
    x -= lr * state["m"] / (1 - beta1 ** state["t"]) / (np.sqrt(state["v"] / (1 - beta2 ** state["t"])) + eps)
    state["t"] += 1  # counted for it anyway
    return x, state


def normalised(x, g, state, lr=0.1):
    """Its norm mixes the runs of a grid."""
    return x - lr * g / np.linalg.norm(g), state


def clipped(x, g, state, lr=0.1, limit=0.5):
    if np.linalg.norm(g) > limit:
        g = g / np.linalg.norm(g) * limit
    state["norm"] = float(np.linalg.norm(g))
    return x - lr * g, state


@pytest.mark.parametrize("function", [my_adam, in_place])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_function_is_the_rule_it_says(function: Any, dtype: Any) -> None:
    hyper = {"lr": 0.03, "beta1": 0.7, "beta2": 0.95, "eps": 1e-6}
    mine, ours = as_optimizer(function).replace(**hyper), Adam(**hyper)
    for shape in ((2,), (4, 3)):
        x, g = point(shape).astype(dtype), gradients(shape)
        x.setflags(write=False)
        found = end(mine, x, g)
        assert found.dtype == dtype
        close(found, end(ours, x, g), 1e-12 if dtype == np.float64 else 1e-5)


def test_it_is_an_optimizer_like_any_other() -> None:
    opt = as_optimizer(my_adam, lr=0.05)
    assert repr(opt) == "my_adam(lr=0.05, beta1=0.9, beta2=0.999, eps=1e-08)"
    assert opt.specs()["lr"] == Adam.specs()["lr"]
    assert opt.specs()["beta1"] == Adam.specs()["beta1"]
    assert opt.hyper() == Adam(lr=0.05).hyper()
    path = simulate(opt, "rosenbrock", 50, schedule=cosine(50), record=True)
    same = simulate(Adam(lr=0.05), "rosenbrock", 50, schedule=cosine(50), record=True)
    close(path.points, same.points)
    close(path.history["v"], same.history["v"], 1e-9)
    for wrap in (Lookahead, IterateAverage):
        close(
            simulate(wrap(opt), "quadratic", 20).points, simulate(wrap(Adam(lr=0.05)), "quadratic", 20).points
        )
    model = {"W": point((4, 3)), "b": point((3,))}
    g = [{"W": gradients((4, 3))[t], "b": gradients((3,))[t]} for t in range(5)]
    close(end(opt, model, g)["W"], end(opt, model["W"], gradients((4, 3), 12)[:5]))
    with pytest.raises(ValueError, match=r"my_adam: beta1 = 1.0 is not allowed: it must be in \[0, 1\)"):
        opt.replace(beta1=1.0)


@pytest.mark.parametrize("function", [my_adam, in_place, normalised, clipped])
def test_a_grid_is_each_run_alone(function: Any) -> None:
    lr = np.array([[0.1], [0.02]]) * np.ones((2, 3))
    opt = as_optimizer(function).replace(lr=lr)
    path = simulate(opt, "rosenbrock", 12, record=True)
    assert path.points.shape == (13, 2, 2, 3)
    for i in np.ndindex(2, 3):
        single = simulate(as_optimizer(function, lr=float(lr[i])), "rosenbrock", 12)
        close(path.points[(..., *i)], single.points, 1e-9)


@pytest.mark.parametrize("function", [my_adam, clipped])
def test_saved_halfway(function: Any) -> None:
    opt, g = as_optimizer(function, lr=0.05), gradients((2,), 10)
    x, state = point((2,)), None
    for made in (opt, opt.at(0.5), opt.at(0.0)):
        for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
            assert repr(again) == repr(made)
            assert again.hyper() == made.hyper()
            assert np.array_equal(end(again, x, g, state=state), end(made, x, g, state=state))


def test_ranges_by_name() -> None:
    def step(
        x,
        g,
        state,
        lr=0.1,
        beta=0.5,
        eps=0.1,
        weight_decay=0.0,
        k=3,
        sharp=False,
        scale=2.0,
        shift=0.0,
        how="a",
    ):
        return x - lr * g, state

    opt = as_optimizer(step, memory=())
    specs = opt.specs()
    assert specs["lr"].scheduled and specs["beta"].scale == "decay" and specs["k"].integer
    assert specs["sharp"].choices == (False, True)
    assert specs["scale"].slider == (0.02, 200.0)
    low, high = specs["shift"].slider
    assert low < 0 < high
    assert "how" not in specs
    for name, bad in (("lr", 0), ("beta", 1), ("eps", -1), ("weight_decay", -1), ("k", 0), ("sharp", 3)):
        with pytest.raises(ValueError, match=f"step: {name} = "):
            opt.replace(**{name: bad})


def no_return(x, g, state, lr=0.1):
    x = x - lr * g


def only_x(x, g, state, lr=0.1):
    return x - lr * g


def three(x, g, state, lr=0.1):
    return x, state["m"], state


def state_first(x, g, state, lr=0.1):
    return state, x


def state_array(x, g, state, lr=0.1):
    return x, state["m"]


def lost(x, g, state, lr=0.1):
    return x - lr * g, {"v": state["v"]}


def wrong_shape(x, g, state, lr=0.1):
    return x[:1], state


def scalar_memory(x, g, state, lr=0.1):
    state["v"] = 0.0
    return x, state


def text(x, g, state, lr=0.1):
    return "x", state


def ragged(x, g, state, lr=0.1):
    return [[1, 2], 3], state


def imaginary(x, g, state, lr=0.1):
    return x * 1j, state


def takes_name(x, g, state, lr=0.1):
    return x, state | {"next": 3}


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (no_return, TypeError, "no_return returned nothing: end it with  return x, state"),
        (only_x, TypeError, "only_x returned one ndarray: it must  return x, state"),
        (three, TypeError, "three returned 3 things: it must  return x, state"),
        (state_first, TypeError, "state_first returned a ndarray as state: it must be the dict"),
        (state_array, TypeError, "state_array returned a ndarray as state: it must be the dict"),
        (lost, ValueError, r"lost lost 'm': the state it returned has only \['v'\]"),
        (wrong_shape, ValueError, r"wrong_shape returned x of shape \(1,\), but it must be \(2,\)"),
        (
            scalar_memory,
            ValueError,
            r"scalar_memory returned state\['v'\] of shape \(\), but it must be \(2,\)",
        ),
        (text, TypeError, "text returned x = 'x', which is not an array of numbers"),
        (ragged, TypeError, r"ragged returned x = \[\[1, 2\], 3\], which is not an array of numbers"),
        (imaginary, TypeError, "imaginary returned x = .*, which is not an array of numbers"),
        (takes_name, ValueError, "takes_name: the name 'next' is taken"),
    ],
)
def test_wrong_returns_are_named(function: Any, error: type[Exception], words: str) -> None:
    opt, x = as_optimizer(function), np.ones(2)
    with pytest.raises(error, match=words):
        opt.update(x, x, opt.init(x))
    with pytest.raises(error):
        simulate(opt.replace(lr=np.array([0.1, 0.2])), "quadratic", 2)


def test_errors_of_the_function_come_through() -> None:
    def broken(x, g, state, lr=0.1):
        return state["velocity"]

    with pytest.raises(KeyError, match="velocity"):
        simulate(as_optimizer(broken), "quadratic", 2)


def test_functions_that_cannot_be_optimizers() -> None:
    with pytest.raises(TypeError, match="is not a function"):
        as_optimizer(3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"f\(x, g\) must take x, g and state first"):

        def f(x, g):
            return x

        as_optimizer(f)
    with pytest.raises(TypeError, match="h: lr has no value"):

        def h(x, g, state, lr):
            return x, state

        as_optimizer(h)
    assert as_optimizer(h, lr=0.3).hyper() == {"lr": 0.3}
    with pytest.raises(TypeError, match="my_adam has no argument 'learning'"):
        as_optimizer(my_adam, learning=0.1)
    with pytest.raises(ValueError, match="the name 't' is taken"):
        as_optimizer(my_adam, memory=("t",))
    with pytest.raises(ValueError, match="the name 'grid' is taken"):

        def k(x, g, state, grid=1):
            return x, state

        as_optimizer(k)
    assert as_optimizer(lambda x, g, state, lr=0.1: (x - lr * g, state), memory="m").memory == ("m",)


def test_it_is_not_slow() -> None:
    """One name per kind of state is kept: the class is made once, not at every step of a schedule."""
    opt = as_optimizer(my_adam)
    assert type(opt.at(0.5)) is type(opt)
    assert type(opt.replace(lr=0.5)) is type(opt)
    assert isinstance(Momentum().replace(lr=0.5), Momentum)
