"""How each peer library is fed prescribed gradients and read after every step.

A `Peer` is one way to run another library: it knows what to write into the index (package, version, the call)
and how to turn a sequence into all T + 1 positions. The call that is recorded is the call that is made.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import jax
import numpy as np
import optax
import torch

from .sequences import Arrays

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

_timm = find_spec("timm").submodule_search_locations[0]  # type: ignore[union-attr, index]
for _name, _folder in (("timm", _timm), ("timm.optim", f"{_timm}/optim")):
    sys.modules[_name] = ModuleType(_name)  # their own __init__ needs torchvision
    sys.modules[_name].__path__ = [_folder]

Hyper = dict[str, Any]
Parts = dict[str, Any]
HARD = ("hard/vector", "hard/matrix")
MILD = ("mild/vector", "mild/matrix")


class DoubleForSingle:
    """A module, torch or jax.numpy, in which float32 means float64."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.float32 = module, module.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One library's version of a rule.

    `run(sequence)` gives the positions (T + 1, *shape), the start first. `compare` says what they are in our
    terms: "x", "query" (the point where the gradient is wanted after the step) or "output" (what one would use
    afterwards). `tag` keeps the names of two variants apart.
    """

    package: str
    call: str
    run: Callable[[Arrays], np.ndarray]
    compare: str = "x"
    tolerance: float = 1e-12
    note: str = ""
    sequences: tuple[str, ...] = HARD
    tag: str = ""

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.package)


Variants = list[tuple[Hyper, list[Peer]]]


def spread(names: str, *rows: tuple[Any, ...]) -> list[Hyper]:
    """Settings as a small table: names once, a row of values each. The first row is our defaults."""
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


@dataclass(frozen=True)
class Make:
    """A constructor by its dotted path and its options, so that the recorded call is the one that is made."""

    path: str
    options: Parts = field(default_factory=dict)

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        module, _, name = self.path.rpartition(".")
        return getattr(importlib.import_module(module), name)(*arguments, **self.options)

    def __str__(self) -> str:
        return f"{self.path}({', '.join(f'{name}={value!r}' for name, value in self.options.items())})"


def torch_positions(
    make: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer],
    sequence: Arrays,
    read: Callable[[Any, torch.nn.Parameter], torch.Tensor] | None = None,
) -> np.ndarray:
    """Positions of a torch optimizer under prescribed gradients; a schedule multiplies its lr step by step."""
    parameter = torch.nn.Parameter(torch.tensor(sequence["x0"]))
    optimizer = make([parameter])
    if hasattr(optimizer, "train"):  # Schedule-Free refuses to step before
        optimizer.train()
    base = optimizer.param_groups[0]["lr"]
    positions = [sequence["x0"]]
    for t, gradient in enumerate(sequence["g"]):
        if "schedule" in sequence:
            optimizer.param_groups[0]["lr"] = base * float(sequence["schedule"][t])
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        seen = parameter if read is None else read(optimizer, parameter)
        positions.append(seen.detach().numpy().copy())
    return np.stack(positions)


def torch_like(path: str, /, package: str = "torch", read: Any = None, **options: Any) -> Parts:
    """The package, call and run of a `Peer` that is a torch optimizer (from torch or built on it)."""
    make = Make(path, options)
    return {"package": package, "call": str(make), "run": lambda s: torch_positions(make, s, read)}


def optax_positions(
    transform: Any,
    sequence: Arrays,
    read: Callable[[Any, Any], Any] | None = None,
    wrap: Callable[[Any], Any] = lambda x: x,
) -> np.ndarray:
    """Positions of an optax transformation; `wrap` makes its parameters of x0, `read` a position of those."""
    parameter = wrap(jax.numpy.asarray(sequence["x0"]))
    state = transform.init(parameter)

    @jax.jit
    def step(parameter: Any, state: Any, gradient: Any) -> tuple[Any, Any]:
        update, state = transform.update(gradient, state, parameter)
        return optax.apply_updates(parameter, update), state

    positions = [sequence["x0"]]
    for gradient in sequence["g"]:
        parameter, state = step(parameter, state, jax.numpy.asarray(gradient))
        positions.append(np.asarray(parameter if read is None else read(parameter, state)))
    return np.stack(positions)


def optax_like(path: str, /, read: Any = None, **options: Any) -> Parts:
    """The package, call and run of a `Peer` that is one optax function."""
    make = Make(path, options)
    return {"package": "optax", "call": str(make), "run": lambda s: optax_positions(make(), s, read)}


def optax_chain(*makes: Make) -> Parts:
    """The same for `optax.chain` of several."""
    return {
        "package": "optax",
        "call": f"optax.chain({', '.join(map(str, makes))})",
        "run": lambda s: optax_positions(optax.chain(*[make() for make in makes]), s),
    }
