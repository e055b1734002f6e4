"""`from_torch` with a stand-in for PyTorch: what it promises. The real one is in test_peers.py."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from course_lib.bridge import from_torch
from course_lib.optimizers import Adam, Cautious, IterateAverage, Lookahead, Momentum, as_optimizer
from course_lib.running import simulate
from course_lib.schedules import cosine
from tests.bridge import fake_torch
from tests.bridge.common import check_grid, check_pure, check_runs_everywhere
from tests.optimizers.common import close, end, gradients, point


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setitem(sys.modules, "torch", fake_torch)
    return fake_torch


def test_it_takes_the_steps_of_the_class() -> None:
    theirs, ours = from_torch(fake_torch.Heavy, lr=0.1, momentum=0.9), Momentum(lr=0.1, beta=0.9)
    for shape in ((2,), (4, 3)):
        close(end(theirs, point(shape), gradients(shape)), end(ours, point(shape), gradients(shape)))
    options = {"schedule": cosine(40), "noise": 0.1}
    close(
        simulate(theirs, "quadratic", 40, **options).points, simulate(ours, "quadratic", 40, **options).points
    )


def test_several_arrays_go_into_one_optimizer() -> None:
    x = {"W": point((4, 3)), "b": point((3,))}
    g = [{name: gradients(part.shape, 6, seed=7)[t] for name, part in x.items()} for t in range(6)]
    found = end(from_torch(fake_torch.Heavy, lr=0.1, momentum=0.9), x, g)
    for name, part in end(Momentum(lr=0.1, beta=0.9), x, g).items():
        close(found[name], part)
    opt, total = from_torch(fake_torch.Shared, lr=0.1), 1e-6
    state, now = opt.init(x), x
    for slope in g:
        total += sum(np.sum(part**2) for part in slope.values())
        now, state = opt.update(now, slope, state)
        x = {name: x[name] - 0.1 * slope[name] / np.sqrt(total) for name in x}
    for name, part in x.items():
        close(now[name], part)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_number_types_are_kept(dtype: Any) -> None:
    """A number that the library makes of its own has the type of x, so that float64 is not spoilt."""
    opt, ours = from_torch(fake_torch.Corrected, lr=0.1), Adam(lr=0.1)
    x, g = point((2,)).astype(dtype), gradients((2,))
    found = end(opt, x, g)
    assert found.dtype == dtype
    close(found, end(ours, x, g), 1e-12 if dtype == np.float64 else 1e-5)
    assert fake_torch.get_default_dtype() == fake_torch.float32


def test_the_library_is_left_as_it_was_when_a_step_fails() -> None:
    opt = from_torch(fake_torch.Broken)
    with pytest.raises(RuntimeError, match="out of luck"):
        simulate(opt, "quadratic", 5)
    assert fake_torch.get_default_dtype() == fake_torch.float32


@pytest.mark.parametrize(
    "source", [fake_torch.Heavy, fake_torch.Corrected, fake_torch.Shared, fake_torch.Averaging]
)
def test_it_is_pure(source: Any) -> None:
    check_pure(from_torch(source, lr=0.1))


@pytest.mark.parametrize(
    "source", [fake_torch.Heavy, fake_torch.Normalised, fake_torch.Shared, fake_torch.Averaging]
)
def test_a_grid_is_each_run_alone(source: Any) -> None:
    check_grid(from_torch(source, lr=0.05))


def test_a_grid_of_starts_is_one_call_where_that_is_the_same() -> None:
    opt = from_torch(fake_torch.Counted)
    starts = np.ones((2, 50)) * np.linspace(-1, 1, 50)
    state = opt.init(starts, 1)
    x, state = opt.update(starts, starts, state)
    before = fake_torch.Counted.calls
    opt.update(x, starts, state)
    assert fake_torch.Counted.calls == before + 1


def test_names_ranges_and_values() -> None:
    opt = from_torch(fake_torch.Corrected, lr=0.1, betas=(0.8, 0.99))
    assert repr(opt) == "tests.Corrected(lr=0.1, beta1=0.8, beta2=0.99)"
    assert opt.hyper() == {"lr": 0.1, "beta1": 0.8, "beta2": 0.99}
    for name in ("lr", "beta1", "beta2"):
        assert opt.specs()[name] == Adam.specs()[name]
    assert repr(opt) == repr(from_torch(fake_torch.Corrected, lr=0.1, beta1=0.8, beta2=0.99))
    assert opt.replace(beta2=0.5).hyper()["beta2"] == 0.5
    close(
        end(opt, point((2,)), gradients((2,))),
        end(Adam(lr=0.1, beta1=0.8, beta2=0.99), point((2,)), gradients((2,))),
    )
    assert list(from_torch(fake_torch.Heavy).hyper()) == ["lr", "momentum", "weight_decay"]
    assert "foreach" in repr(from_torch(fake_torch.Heavy, foreach=False))
    assert repr(from_torch("Heavy", lr=0.5)) == repr(from_torch(fake_torch.Heavy, lr=0.5))


def test_what_it_remembers_can_be_watched() -> None:
    path = simulate(from_torch(fake_torch.Corrected, lr=0.1), "rosenbrock", 5, record=True)
    ours = simulate(Adam(lr=0.1), "rosenbrock", 5, record=True)
    assert list(path.history) == ["exp_avg", "exp_avg_sq"]
    close(path.history["exp_avg"], ours.history["m"])
    close(path.history["exp_avg_sq"], ours.history["v"])
    x = {"W": point((4, 3)), "b": point((3,))}
    assert list(from_torch(fake_torch.Heavy).init(x).arrays) == ["W.momentum_buffer", "b.momentum_buffer"]


def test_what_one_uses_afterwards() -> None:
    """An optimizer with train() and eval() is told which of its points is asked for."""
    path = simulate(from_torch(fake_torch.Averaging, lr=0.1), "quadratic", 8)
    ours = simulate(IterateAverage(as_optimizer(plain, (), lr=0.1)), "quadratic", 8)
    close(path.points, ours.points)


def plain(x, g, state, lr=0.1):
    return x - lr * g, state


def test_wrappers_take_it() -> None:
    theirs, ours = from_torch(fake_torch.Heavy, lr=0.1, momentum=0.5), Momentum(lr=0.1, beta=0.5)
    for wrap in (Lookahead, IterateAverage, Cautious):
        close(simulate(wrap(theirs), "quadratic", 20).points, simulate(wrap(ours), "quadratic", 20).points)


def test_saved_halfway() -> None:
    opt, g = from_torch(fake_torch.Corrected, lr=0.05), gradients((2,), 10)
    for made in (opt, opt.at(0.5), opt.at(0.0), opt.replace(beta1=0.5)):
        for again in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), copy.copy(made)):
            assert repr(again) == repr(made)
            assert np.array_equal(end(again, point((2,)), g), end(made, point((2,)), g))


def test_matrices_only() -> None:
    opt = from_torch(fake_torch.Matrices, lr=0.1)
    assert opt.needs_matrix
    close(
        end(opt, point((4, 3)), gradients((4, 3))),
        end(Momentum(lr=0.1, beta=0.0), point((4, 3)), gradients((4, 3))),
    )
    with pytest.raises(ValueError, match=r"tests\.Matrices moves matrices only, but x has shape"):
        opt.init(np.ones(2))
    assert not from_torch(fake_torch.Heavy).needs_matrix


REFUSED = {
    "number": (
        lambda: from_torch(3),
        TypeError,
        "source is 3, but it must be a class such as torch.optim.Adam",
    ),
    "instance": (
        lambda: from_torch(fake_torch.Heavy([fake_torch.tensor(1.0)])),
        TypeError,
        "source is an instance of Heavy",
    ),
    "another class": (lambda: from_torch(dict), TypeError, "must be a class such as"),
    "name": (
        lambda: from_torch("Haevy"),
        TypeError,
        "'Haevy' is not in torch.optim: there are Corrected, Heavy, Sea",
    ),
    "closure": (
        lambda: from_torch(fake_torch.Searching),
        TypeError,
        "Searching asks for the loss several times a step",
    ),
    "sparse": (
        lambda: from_torch(fake_torch.Sparse),
        TypeError,
        "takes no ordinary step. PyTorch says: Sparse does not support dense gradients",
    ),
    "unknown": (
        lambda: from_torch(fake_torch.Corrected, rate=1),
        TypeError,
        r"tests.Corrected has no setting 'rate': there are lr, betas \(here beta1, beta2\)",
    ),
    "twice": (
        lambda: from_torch(fake_torch.Corrected, betas=(0.9, 0.99), beta1=0.5),
        TypeError,
        "betas is given, and beta1 too",
    ),
    "short": (
        lambda: from_torch(fake_torch.Corrected, betas=(0.9,)),
        TypeError,
        r"betas = \(0.9,\) is not allowed: .* 2 numbers",
    ),
    "no pair": (lambda: from_torch(fake_torch.Corrected, betas=0.9), TypeError, "betas = 0.9 is not allowed"),
    "range": (
        lambda: from_torch(fake_torch.Heavy, lr=-1),
        ValueError,
        r"Heavy: lr = -1 is not allowed: it must be in \(0",
    ),
    "theirs": (
        lambda: from_torch(fake_torch.Heavy, momentum=0.123),
        ValueError,
        r"0.123.*is refused: Invalid momentum: 0.123",
    ),
    "later": (
        lambda: from_torch(fake_torch.Heavy).replace(momentum=np.array([0.1, 0.123])),
        ValueError,
        "is refused: Invalid",
    ),
    "shape": (
        lambda: step(np.ones(3)),
        ValueError,
        r"g has shape \(3,\), but it must have the shape of x, \(2,\)",
    ),
    "names": (
        lambda: step({"x": np.ones(2)}, {"W": np.ones(2)}),
        ValueError,
        r"a dict with the names of x, \['W'\]",
    ),
}


def step(g: Any, x: Any = None) -> None:
    x = np.ones(2) if x is None else x
    opt = from_torch(fake_torch.Heavy)
    opt.update(x, g, opt.init(x))


@pytest.mark.parametrize("case", REFUSED)
def test_errors_are_told_in_words(case: str) -> None:
    call, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        call()


def test_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it were not installed
    with pytest.raises(ModuleNotFoundError, match=r"from_torch\('Adam'\) needs PyTorch.*: pip install torch"):
        from_torch("Adam")


def test_nothing_is_loaded_before_it_is_wanted() -> None:
    code = "import sys, course_lib.bridge; print([m for m in ('torch', 'jax', 'optax') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_it_runs_everywhere(tmp_path: Any) -> None:
    check_runs_everywhere(from_torch(fake_torch.Heavy, lr=0.05, momentum=0.9), tmp_path)
