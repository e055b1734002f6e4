"""The bridge with the real PyTorch and optax: every class of theirs against our own row, under prescribed gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import optax
import pytest
import torch

from course_lib.bridge import from_optax, from_torch
from course_lib.live import explore_map
from course_lib.optimizers import (
    ADOPT,
    LAMB,
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AdEMAMix,
    AMSGrad,
    IterateAverage,
    Lion,
    Momentum,
    Muon,
    Nadam,
    Nesterov,
    Optimizer,
    Prodigy,
    RAdam,
    RMSprop,
    ScheduleFreeAdamW,
    ScheduleFreeSGD,
    as_optimizer,
)
from course_lib.running import simulate
from tests.bridge.common import check_grid, check_pure, check_runs_everywhere
from tests.optimizers.common import close
from tests.traces.loader import cases
from tests.traces.sequences import load, one

STORED = load()
BOTH, MILD, MATRICES = (
    ("hard/vector", "hard/matrix"),
    ("mild/vector", "mild/matrix"),
    ("hard/matrix", "hard/wide"),
)


def rprop(x, g, state, lr=0.01):
    """Riedmiller and Braun's rule as PyTorch has it: a step that changes sign is forgotten."""
    size = np.where(state["t"] == 1, lr, state["size"])
    agreed = np.sign(g * state["last"])
    size = np.clip(size * np.where(agreed > 0, 1.2, np.where(agreed < 0, 0.5, 1.0)), 1e-6, 50)
    g = np.where(agreed < 0, 0.0, g)
    state["last"], state["size"] = g, size
    return x - np.sign(g) * size, state


TORCH: dict[str, list[tuple[dict[str, Any], Optimizer, str, tuple[str, ...]]]] = {
    "SGD": [
        ({"lr": 0.1}, SGD(lr=0.1), "x", BOTH),
        ({"lr": 0.1, "momentum": 0.9}, Momentum(lr=0.1, beta=0.9), "x", BOTH),
        ({"lr": 0.1, "momentum": 0.9, "nesterov": True}, Nesterov(lr=0.1, beta=0.9), "query", BOTH),
    ],
    "ASGD": [({"lr": 0.1, "lambd": 0.0}, SGD(lr=0.1), "x", BOTH)],
    "Adadelta": [({"lr": 0.5}, Adadelta(lr=0.5, beta=0.9), "x", BOTH)],
    "Adafactor": [({"lr": 0.1, "eps": (1e-30, 1e-3)}, Adafactor(lr=0.1), "x", MILD)],
    "Adagrad": [({"lr": 0.1}, Adagrad(lr=0.1), "x", BOTH)],
    "Adam": [
        ({"lr": 0.1, "betas": (0.8, 0.99)}, Adam(lr=0.1, beta1=0.8, beta2=0.99), "x", BOTH),
        ({"lr": 0.1, "amsgrad": True}, AMSGrad(lr=0.1, bias_correction=True), "x", BOTH),
    ],
    "AdamW": [({"lr": 0.1, "weight_decay": 0.2}, AdamW(lr=0.1, weight_decay=0.2), "x", BOTH)],
    "Adamax": [({"lr": 0.1}, AdaMax(lr=0.1), "x", BOTH)],
    "Muon": [({"lr": 0.1, "eps": 1e-30}, Muon(lr=0.1, eps=1e-30, weight_decay=0.1), "x", MATRICES)],
    "NAdam": [({"lr": 0.1}, Nadam(lr=0.1), "x", BOTH)],
    "RAdam": [({"lr": 0.1, "eps": 1e-30}, RAdam(lr=0.1, eps=1e-30, threshold=5.0), "x", BOTH)],
    "RMSprop": [({"lr": 0.1}, RMSprop(lr=0.1, beta=0.99), "x", BOTH)],
    "Rprop": [({"lr": 0.1}, as_optimizer(rprop, ("last", "size"), lr=0.1), "x", BOTH)],
}
"""Settings of theirs, our row that does the same, the point of ours that is theirs, and the gradients."""

NEED_MORE = {"LBFGS": "needs a closure", "SparseAdam": "does not support dense gradients"}

OPTAX: list[tuple[str, dict[str, Any], Optimizer, str, tuple[str, ...]]] = [
    ("sgd", {}, SGD(lr=0.1), "x", BOTH),
    ("sgd", {"momentum": 0.9}, Momentum(lr=0.1, beta=0.9), "x", BOTH),
    ("sgd", {"momentum": 0.9, "nesterov": True}, Nesterov(lr=0.1, beta=0.9), "query", BOTH),
    ("adam", {"b1": 0.8, "b2": 0.99}, Adam(lr=0.1, beta1=0.8, beta2=0.99), "x", BOTH),
    ("adamw", {"weight_decay": 0.2}, AdamW(lr=0.1, weight_decay=0.2), "x", BOTH),
    ("amsgrad", {"bias_correction_mu": False, "bias_correction_nu": False}, AMSGrad(lr=0.1), "x", BOTH),
    ("nadam", {}, Nadam(lr=0.1, momentum_schedule="constant"), "x", BOTH),
    ("radam", {"threshold": 4.0}, RAdam(lr=0.1), "x", BOTH),
    ("rmsprop", {"eps_in_sqrt": False}, RMSprop(lr=0.1), "x", BOTH),
    ("lion", {"weight_decay": 0.0}, Lion(lr=0.1), "x", BOTH),
    ("lamb", {"weight_decay": 0.1}, LAMB(lr=0.1, weight_decay=0.1), "x", BOTH),
    ("adopt", {}, ADOPT(lr=0.1), "x", BOTH),
    ("ademamix", {}, AdEMAMix(lr=0.1), "x", BOTH),
    ("schedule_free_sgd", {}, ScheduleFreeSGD(lr=0.1), "query", BOTH),
    ("schedule_free_sgd", {}, ScheduleFreeSGD(lr=0.1), "output", BOTH),
    ("schedule_free_adamw", {}, ScheduleFreeAdamW(lr=0.1), "output", BOTH),
    ("muon", {"eps": 1e-30}, Muon(lr=0.1, eps=1e-30, bias_correction=True), "x", MATRICES),
]


def compared(theirs: Optimizer, ours: Optimizer, point: str, key: str, turned: bool = False) -> None:
    """Hold the positions of both against each other; a weight may be (outputs, inputs) there."""
    sequence = one(STORED, key)
    y = sequence["x0"]
    x = y.T if turned else y
    mine, other = theirs.init(x), ours.init(y)
    scale = np.maximum(1, np.abs(y))
    for g in sequence["g"]:
        x, mine = theirs.update(x, g.T if turned else g, mine)
        y, other = ours.update(y, g, other)
        found = theirs.output(x, mine) if point == "output" else x
        right = y if point == "x" else getattr(ours, point)(y, other)
        scale = np.maximum(scale, np.abs(right))
        assert np.max(np.abs((found.T if turned else found) - right) / scale) <= 1e-12


def in_torch() -> list[str]:
    kinds = vars(torch.optim).items()
    return [n for n, kind in kinds if isinstance(kind, type) and torch.optim.Optimizer in kind.__mro__[1:]]


def test_every_class_of_torch_is_here() -> None:
    assert sorted(in_torch()) == sorted({*TORCH, *NEED_MORE})


@pytest.mark.parametrize(
    ("name", "number", "key"),
    [(name, k, key) for name, rows in TORCH.items() for k, row in enumerate(rows) for key in row[3]],
)
def test_torch_is_our_row(name: str, number: int, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "Muon":  # its Newton–Schulz iteration, in the numbers that it is given
        monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor)
    settings, ours, point, _ = TORCH[name][number]
    compared(from_torch(getattr(torch.optim, name), **settings), ours, point, key, turned=name == "Muon")


def test_muon_of_torch_rounds_to_sixteen_bits() -> None:
    """So that nobody takes the test above for what PyTorch does: the direction is right to three digits only."""
    x, g = np.ones((3, 3)), one(STORED, "mild/matrix")["g"][0][:3]
    steps = [x - opt.update(x, g, opt.init(x))[0]
             for opt in (from_torch("Muon", lr=1.0, weight_decay=0.0), Muon(lr=1.0))]  # fmt: skip
    error = np.linalg.norm(steps[0] - steps[1]) / np.linalg.norm(steps[1])
    assert 1e-4 < error < 3e-2


@pytest.mark.parametrize("name", NEED_MORE)
def test_torch_classes_that_need_more_say_so(name: str) -> None:
    with pytest.raises(TypeError, match=NEED_MORE[name]):
        from_torch(name)


def test_the_average_of_asgd_is_ours() -> None:
    theirs = from_torch(torch.optim.ASGD, lr=0.1, lambd=0.0, t0=0.0)
    ours = IterateAverage(SGD(lr=0.1), begin=2)  # the first point is forgotten
    path = simulate(theirs, "quadratic", 20, record=True)
    close(path.history["ax"][2:], simulate(ours, "quadratic", 20).points[2:])


@pytest.mark.parametrize(
    ("number", "key"), [(k, key) for k, row in enumerate(OPTAX) for key in row[4]], ids=str
)
def test_optax_is_our_row(number: int, key: str) -> None:
    name, settings, ours, point, _ = OPTAX[number]
    compared(from_optax(name, learning_rate=0.1, **settings), ours, point, key)


def test_enough_functions_of_optax_are_here() -> None:
    assert len({row[0] for row in OPTAX}) >= 12


def test_optax_takes_a_chain_of_ones_own() -> None:
    def clipped(learning_rate: float, limit: float = 1.0) -> Any:
        return optax.chain(optax.clip(limit), optax.sgd(learning_rate))

    path = simulate(from_optax(clipped, learning_rate=0.1, limit=0.5), "quadratic", 20)
    assert np.abs(np.diff(path.points, axis=0)).max() <= 0.1 * 0.5 + 1e-15


def test_packages_on_torch_are_taken_too() -> None:
    from prodigyopt import Prodigy as Theirs
    from schedulefree import SGDScheduleFree

    for case in [case for case in cases("Prodigy") if case.peer == "prodigyopt"][:2]:
        hyper = case.hyper
        settings = {
            "lr": hyper["lr"],
            "betas": (hyper["beta1"], hyper["beta2"]),
            "eps": hyper["eps"],
            "d0": hyper["d0"],
        }
        theirs, ours = from_torch(Theirs, **settings), Prodigy(**hyper)
        x = y = case.x0
        mine, other = theirs.init(x), ours.init(y)
        for g in case.gradients:
            x, mine = theirs.update(x, g, mine)
            y, other = ours.update(y, g, other)
        close(x, y)
    theirs = from_torch(SGDScheduleFree, lr=0.5, foreach=False)
    path = simulate(theirs, "quadratic", 30)
    ours = ScheduleFreeSGD(lr=0.5)
    x = y = path.points[0]
    mine, other = theirs.init(x), ours.init(y)
    for g in one(STORED, "mild/vector")["g"]:
        x, mine = theirs.update(x, g, mine)
        y, other = ours.update(y, g, other)
        close(x, ours.query(y, other), 1e-11)
        close(theirs.output(x, mine), ours.output(y, other), 1e-11)


def ordinary(library: str) -> list[Any]:
    if library == "torch":
        plain = {"Adafactor": {"lr": 0.1}}  # the square of its eps above is 0 in float32
        settings = {name: plain.get(name, rows[-1][0]) for name, rows in TORCH.items() if name != "Muon"}
        return [from_torch(name, **own) for name, own in settings.items()]
    return [from_optax(name, learning_rate=0.1, **settings) for name, settings, *_ in OPTAX if name != "muon"]


@pytest.mark.parametrize("library", ["torch", "optax"])
def test_all_are_pure(library: str) -> None:
    for opt in ordinary(library):
        check_pure(opt)


@pytest.mark.parametrize("library", ["torch", "optax"])
def test_grids_are_each_run_alone(library: str) -> None:
    for opt in ordinary(library)[:: 1 if library == "torch" else 3]:
        check_grid(opt)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("opt", [from_torch("NAdam", lr=0.1), from_optax("nadam", lr=0.1)], ids=repr)
def test_number_types_are_kept(opt: Any, dtype: Any) -> None:
    before = torch.get_default_dtype()
    path = simulate(opt, "quadratic", 20, dtype=dtype, record=True)
    assert path.points.dtype == dtype
    assert {values.dtype for values in path.history.values()} == {np.dtype(dtype)}
    assert torch.get_default_dtype() == before


@pytest.mark.parametrize("opt", [from_torch("Adam", lr=0.1), from_optax("adam", lr=0.1)], ids=repr)
def test_it_runs_everywhere(opt: Any, tmp_path: Any) -> None:
    check_runs_everywhere(opt, tmp_path)


def test_a_map_of_optax_is_a_map_of_ours() -> None:
    theirs, ours = (
        explore_map(opt, "quadratic", steps=20, x="lr", y="beta1").losses()
        for opt in (from_optax("adam", lr=0.1), Adam(lr=0.1))
    )
    assert ours.shape == (64, 64)
    close(theirs, ours, 1e-4)  # a map is drawn in float32
