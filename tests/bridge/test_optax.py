"""`from_optax` with stand-ins for JAX and optax: what it promises, without them. The real ones are in test_peers.py."""

from __future__ import annotations

import copy
import functools
import pickle
import sys
from typing import Any

import numpy as np
import pytest

from course_lib.bridge import from_optax
from course_lib.optimizers import Adam, Cautious, GradientDescent, IterateAverage, Lookahead, Momentum
from course_lib.running import simulate
from course_lib.schedules import cosine
from tests.bridge import fake_jax
from tests.bridge.common import check_grid, check_pure, check_runs_everywhere
from tests.optimizers.common import close, end, gradients, point


@pytest.fixture(autouse=True)
def libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jax", fake_jax.jax)
    monkeypatch.setitem(sys.modules, "optax", fake_jax.optax)


def test_it_takes_the_steps_of_the_function() -> None:
    theirs, ours = from_optax(fake_jax.heavy, learning_rate=0.1, momentum=0.9), Momentum(lr=0.1, beta=0.9)
    for shape in ((2,), (4, 3)):
        close(end(theirs, point(shape), gradients(shape)), end(ours, point(shape), gradients(shape)))
    options = {"schedule": cosine(20), "noise": 0.1}
    close(
        simulate(theirs, "quadratic", 20, **options).points,
        simulate(ours, "quadratic", 20, **options).points,
        1e-2,
    )
    plain = from_optax("heavy", learning_rate=0.1)
    same = simulate(GradientDescent(lr=0.1), "quadratic", 20, **options).points
    close(simulate(plain, "quadratic", 20, **options).points, same)


def test_several_arrays_go_into_one_step() -> None:
    x = {"b": point((3,)), "W": point((4, 3))}
    g = [{name: gradients(part.shape, 6, seed=7)[t] for name, part in x.items()} for t in range(6)]
    opt = from_optax(fake_jax.heavy, lr=0.1, momentum=0.9)
    found = end(opt, x, g)
    for name, part in end(Momentum(lr=0.1, beta=0.9), x, g).items():
        close(found[name], part)
    assert list(opt.init(x).arrays) == ["b.trace", "W.trace"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_types_are_kept(dtype: Any) -> None:
    """The stand-in for a compiled step refuses numbers of another type than the one that is switched on."""
    opt = from_optax(fake_jax.heavy, learning_rate=0.1, momentum=0.9)
    found = end(opt, point((2,)).astype(dtype), gradients((2,)))
    assert found.dtype == dtype
    close(found, end(Momentum(lr=0.1), point((2,)), gradients((2,))), 1e-12 if dtype == np.float64 else 1e-5)
    assert fake_jax.wide == [False]


@pytest.mark.parametrize("source", [fake_jax.heavy, fake_jax.choosy, fake_jax.averaging])
def test_it_is_pure(source: Any) -> None:
    check_pure(from_optax(source, learning_rate=0.1))


@pytest.mark.parametrize("source", [fake_jax.heavy, fake_jax.choosy, fake_jax.averaging])
def test_a_grid_is_each_run_alone(source: Any) -> None:
    check_grid(from_optax(source, learning_rate=0.05))


def test_moving_a_number_compiles_nothing_anew() -> None:
    opt = from_optax(fake_jax.heavy, learning_rate=0.1, momentum=0.9)
    simulate(opt, "quadratic", 3)
    before = len(fake_jax.compiled)
    for lr, momentum in ((0.2, 0.5), (0.3, 0.7)):
        changed = opt.replace(lr=lr, momentum=momentum)
        close(
            simulate(changed, "quadratic", 3).points,
            simulate(Momentum(lr=lr, beta=momentum), "quadratic", 3).points,
        )
    assert len(fake_jax.compiled) == before


def test_a_number_that_is_looked_at_is_compiled_with_its_value() -> None:
    opt = from_optax(fake_jax.choosy, learning_rate=0.1)
    assert type(opt).live == ("lr",)
    for beta1 in (0.5, 0.0):
        close(
            simulate(opt.replace(beta1=beta1), "quadratic", 5).points,
            simulate(Momentum(lr=0.1, beta=beta1), "quadratic", 5).points,
        )
    with pytest.raises(ValueError, match="choosy: beta1 takes no grid: run its values one after the other"):
        simulate(opt.replace(beta1=np.array([0.1, 0.2])), "quadratic", 2)


def test_names_ranges_and_values() -> None:
    opt = from_optax(fake_jax.choosy, learning_rate=0.1, b1=0.5)
    assert repr(opt) == "tests.choosy(lr=0.1, beta1=0.5)"
    assert repr(from_optax(fake_jax.choosy, lr=0.1, beta1=0.5)) == repr(opt)
    assert opt.specs()["beta1"] == Adam.specs()["beta1"] and opt.specs()["lr"] == Adam.specs()["lr"]
    assert from_optax(fake_jax.heavy, lr=0.1).hyper() == {"lr": 0.1, "momentum": 0.0, "nesterov": False}
    assert "mask" in repr(from_optax(fake_jax.heavy, lr=0.1, mask=("W",)))
    special = functools.partial(fake_jax.heavy, momentum=0.9)
    close(
        simulate(from_optax(special, lr=0.1), "quadratic", 5).points,
        simulate(Momentum(lr=0.1), "quadratic", 5).points,
    )


def test_what_one_uses_afterwards() -> None:
    opt = from_optax("averaging", learning_rate=0.1)
    x, g = point((2,)), gradients((2,), 1)[0]
    new, state = opt.update(x, g, opt.init(x))
    close(new, x - 0.05 * g)
    close(opt.output(new, state), 2 * new - (x - 0.1 * g))
    assert np.array_equal(opt.output(x, opt.init(x)), x)


def test_wrappers_take_it() -> None:
    theirs, ours = from_optax(fake_jax.heavy, lr=0.1, momentum=0.5), Momentum(lr=0.1, beta=0.5)
    for wrap in (Lookahead, IterateAverage, Cautious):
        close(simulate(wrap(theirs), "quadratic", 20).points, simulate(wrap(ours), "quadratic", 20).points)


def test_saved_halfway() -> None:
    opt, g = from_optax(fake_jax.choosy, learning_rate=0.05), gradients((2,), 10)
    for made in (opt, opt.at(0.5), opt.at(0.0), opt.replace(beta1=0.5)):
        for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
            assert repr(again) == repr(made)
            assert np.array_equal(end(again, point((2,)), g), end(made, point((2,)), g))


REFUSED = {
    "number": (lambda: from_optax(3), TypeError, "source is 3, but it must be a function such as optax.adam"),
    "made": (
        lambda: from_optax(fake_jax.heavy(0.1)),
        TypeError,
        "an optimizer that is made already.*write  def mine",
    ),
    "another function": (
        lambda: from_optax(fake_jax.nothing, lr=0.1),
        TypeError,
        "is refused: it makes a dict, which has no init",
    ),
    "name": (lambda: from_optax("haevy"), TypeError, "'haevy' is neither in optax nor in optax.contrib"),
    "mask": (
        lambda: from_optax(fake_jax.heavy, lr=1, mask={"W": 1}),
        TypeError,
        "refused: mask is a dict: put it",
    ),
    "more": (
        lambda: from_optax(fake_jax.searching, lr=1.0),
        TypeError,
        "takes no ordinary step. optax says: .*'value'",
    ),
    "schedule": (
        lambda: from_optax(fake_jax.heavy, learning_rate=lambda t: 0.1),
        TypeError,
        "give the schedule to simulate",
    ),
    "nothing": (
        lambda: from_optax(fake_jax.heavy),
        TypeError,
        "heavy: learning_rate has no value: give learning_rate=",
    ),
    "unknown": (
        lambda: from_optax(fake_jax.choosy, lr=1, beta=1),
        TypeError,
        r"has no setting 'beta': there are learning_rate \(here lr\), b1 \(here beta1\)",
    ),
    "range": (
        lambda: from_optax(fake_jax.heavy, lr=0),
        ValueError,
        r"tests.heavy: lr = 0 is not allowed: it must be in",
    ),
    "theirs": (
        lambda: from_optax(fake_jax.heavy, lr=1, momentum=0.123),
        ValueError,
        "is refused: momentum is unlucky",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_errors_are_told_in_words(case: str) -> None:
    call, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        call()


def test_without_optax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optax", None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=r"from_optax\('adam'\) needs optax.*: pip install optax"):
        from_optax("adam")


def test_it_runs_everywhere(tmp_path: Any) -> None:
    check_runs_everywhere(from_optax(fake_jax.heavy, learning_rate=0.05, momentum=0.9), tmp_path)
