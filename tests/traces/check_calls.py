"""Run every call of the table "how the same thing is called elsewhere" and hold its steps against ours.

    python -m tests.traces.check_calls            # all
    python -m tests.traces.check_calls Adam Lion  # some

The text of a cell is evaluated as it stands. Needs the packages of requirements.txt, in float64 throughout.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import jax
import keras
import numpy as np
import optax
import torch

from course_lib.optimizers import REGISTRY
from course_lib.optimizers.calls import ABSENT, CALLS, OTHER, Call
from tests.optimizers.common import Slope

from . import sequences
from .peers import optax_positions  # also lets timm be imported without torchvision

keras.config.set_floatx("float64")

EXACT = 1e-12
PACKAGES = (
    "adabound",
    "dog",
    "lion_pytorch",
    "pytorch_optimizer",
    "schedulefree",
    "timm.optim.adamw",
    "timm.optim.adopt",
)
"""What a call of another package is evaluated with."""


def torch_positions(call: str, sequence: sequences.Arrays) -> np.ndarray:
    """The positions of a PyTorch optimizer; what stands before a semicolon is called before every step."""
    first, _, last = call.rpartition(";")
    parameter = torch.nn.Parameter(torch.tensor(sequence["x0"]))
    names: dict[str, Any] = {"torch": torch, "params": [parameter]}
    for path in PACKAGES:
        if path in call:
            importlib.import_module(path)
            root, *rest = path.split(".")
            names[root] = sys.modules[root]
            for k, part in enumerate(rest):  # modules that stand in for a package do not know their parts
                owner = ".".join([root, *rest[:k]])
                setattr(sys.modules[owner], part, sys.modules[f"{owner}.{part}"])
    optimizer = eval(last.strip(), names)
    if hasattr(optimizer, "train"):
        optimizer.train()
    positions = [sequence["x0"]]
    for g in sequence["g"]:
        parameter.grad = torch.tensor(g)
        if first:
            eval(first, names)
        optimizer.step(*([lambda: torch.tensor(0.0)] if "LBFGS" in call else []))
        positions.append(parameter.detach().numpy().copy())
    return np.stack(positions)


def optax_call(call: str, sequence: sequences.Arrays) -> np.ndarray:
    """The positions of an optax optimizer."""
    transform = eval(call, {"optax": optax})
    if call.startswith("optax.lookahead"):
        return optax_positions(transform, sequence, lambda p, _: p.fast, optax.LookaheadParams.init_synced)
    if call.startswith("optax.contrib.sam"):
        return sam_positions(transform, sequence)
    return optax_positions(transform, sequence)


def sam_positions(transform: Any, sequence: sequences.Arrays) -> np.ndarray:
    """The positions of a method that asks for a second gradient, on the problem that ours is given."""
    problem, x = Slope(sequence["g"]), jax.numpy.asarray(sequence["x0"])
    state, positions = transform.init(x), [sequence["x0"]]
    for problem.step in range(len(sequence["g"])):
        g = jax.numpy.asarray(problem.grad(np.asarray(x)))
        change, state = transform.update(
            g, state, x, grad_fn=lambda p, _: jax.numpy.asarray(problem.grad(np.asarray(p)))
        )
        x = optax.apply_updates(x, change)
        positions.append(np.asarray(x))
    return np.stack(positions)


def keras_positions(call: str, sequence: sequences.Arrays) -> np.ndarray:
    """The positions of a Keras optimizer, on its PyTorch backend."""
    optimizer = eval(call, {"keras": keras})
    variable = keras.Variable(sequence["x0"], dtype="float64")
    optimizer.build([variable])
    positions = [sequence["x0"]]
    for g in sequence["g"]:
        optimizer.apply([keras.ops.convert_to_tensor(g, dtype="float64")], [variable])
        positions.append(np.array(keras.ops.convert_to_numpy(variable)))
    return np.stack(positions)


def our_positions(call: Call, sequence: sequences.Arrays) -> np.ndarray:
    """Where our class goes under its defaults."""
    opt = REGISTRY[call.method].cls()
    x, problem = sequence["x0"], Slope(sequence["g"])
    state = opt.init(x)
    positions = [x]
    for problem.step, g in enumerate(sequence["g"]):
        x, state = opt.step(x, state, problem) if opt.needs_problem else opt.update(x, g, state)
        positions.append(opt.query(x, state) if call.point == "query" else x)
    return np.stack(positions)


RUNNERS = {
    "torch": torch_positions,
    "optax": optax_call,
    "keras": keras_positions,
    "elsewhere": torch_positions,
}


def error(call: Call, column: str, stored: sequences.Arrays) -> float:
    """The largest difference to ours, relative to the size of each coordinate so far (at least 1)."""
    worst = 0.0
    for key in call.on:
        sequence = sequences.one(stored, key)
        ours, theirs = our_positions(call, sequence), RUNNERS[column](getattr(call, column), sequence)
        scale = np.maximum.accumulate(np.maximum(1, np.abs(ours)))
        worst = max(worst, float(np.max(np.abs(theirs - ours) / scale)))
    return worst


def main(wanted: list[str]) -> int:
    """Check the lines of the methods that are wanted; return how many do not hold."""
    stored, wrong, checked = sequences.load(), 0, 0
    for call in CALLS:
        if wanted and call.method not in wanted:
            continue
        for column in RUNNERS:
            text = getattr(call, column)
            if text in (ABSENT, OTHER):
                continue
            found = error(call, column, stored)
            right = found <= call.within.get(column, EXACT)
            checked, wrong = checked + 1, wrong + (not right)
            print(f"{'    ' if right else 'NOT '} {found:8.1e}  {call.method:18} {text}", flush=True)
    print(f"{checked - wrong} passed, {wrong} failed")
    return wrong


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    sys.exit(main(sys.argv[1:]) > 0)
