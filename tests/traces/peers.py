"""How each peer library is fed prescribed gradients and read after every step.

A `Peer` is one way to run another library: it knows what to write into the index (package, version, the call)
and how to turn (x0, gradients) into all T + 1 positions. The call that is recorded is the call that is made.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import jax
import numpy as np
import torch

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

Run = Callable[..., np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One library's version of a rule.

    `run(x0, g)` gives the positions (T + 1, *shape), the start first; with `takes="sequence"` it is given
    the whole sequence as a dict (x0, g and whatever else belongs to it).
    `compare` says what the positions are in our terms: "x", "query" (the point where the gradient is wanted
    after the step) or "output" (what one would use afterwards).
    """

    package: str
    call: str
    run: Run
    compare: str = "x"
    tolerance: float = 1e-12
    note: str = ""
    sequences: tuple[str, ...] = ("hard/vector", "hard/matrix")
    takes: str = "gradients"
    tag: str = ""

    @property
    def version(self) -> str:
        """The installed version."""
        return version(self.package)


def _find(path: str) -> Any:
    """The object at a dotted path, importing as far as needed."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _spell(path: str, options: dict[str, Any]) -> str:
    return f"{path}({', '.join(f'{name}={value!r}' for name, value in options.items())})"


@dataclass(frozen=True)
class Make:
    """A constructor and its options, so that the recorded call is the one that is made."""

    path: str
    options: dict[str, Any] = field(default_factory=dict)

    def __call__(self, *arguments: Any) -> Any:
        """Call it."""
        return _find(self.path)(*arguments, **self.options)

    def __str__(self) -> str:
        return _spell(self.path, self.options)


def torch_positions(
    make: Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer],
    x0: np.ndarray,
    g: np.ndarray,
    read: Callable[[torch.optim.Optimizer, torch.nn.Parameter], torch.Tensor] | None = None,
    schedule: np.ndarray | None = None,
) -> np.ndarray:
    """Positions of a torch optimizer under prescribed gradients; `schedule` multiplies its lr step by step."""
    parameter = torch.nn.Parameter(torch.tensor(x0))
    optimizer = make([parameter])
    base = optimizer.param_groups[0]["lr"]
    positions = [x0]
    for t, gradient in enumerate(g):
        if schedule is not None:
            optimizer.param_groups[0]["lr"] = base * float(schedule[t])
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        seen = parameter if read is None else read(optimizer, parameter)
        positions.append(seen.detach().numpy().copy())
    return np.stack(positions)


def torch_like(path: str, /, package: str = "torch", read: Any = None, **options: Any) -> dict[str, Any]:
    """The package, call and run of a `Peer` that is a torch optimizer (from torch or built on it)."""
    make = Make(path, options)
    return {"package": package, "call": str(make), "run": lambda x0, g: torch_positions(make, x0, g, read)}


def optax_positions(
    transform: Any,
    x0: np.ndarray,
    g: np.ndarray,
    read: Callable[[Any, Any], Any] | None = None,
) -> np.ndarray:
    """Positions of an optax transformation under prescribed gradients."""
    parameter = jax.numpy.asarray(x0)
    state = transform.init(parameter)

    @jax.jit
    def step(parameter: Any, state: Any, gradient: Any) -> tuple[Any, Any]:
        update, state = transform.update(gradient, state, parameter)
        return parameter + update, state

    positions = [x0]
    for gradient in g:
        parameter, state = step(parameter, state, jax.numpy.asarray(gradient))
        positions.append(np.asarray(parameter if read is None else read(parameter, state)))
    return np.stack(positions)


def optax_like(path: str, /, read: Any = None, **options: Any) -> dict[str, Any]:
    """The package, call and run of a `Peer` that is one optax function."""
    make = Make(path, options)
    return {
        "package": "optax",
        "call": str(make),
        "run": lambda x0, g: optax_positions(make(), x0, g, read),
    }


def optax_chain(*makes: Make) -> dict[str, Any]:
    """The same for `optax.chain` of several."""
    import optax

    return {
        "package": "optax",
        "call": f"optax.chain({', '.join(map(str, makes))})",
        "run": lambda x0, g: optax_positions(optax.chain(*[make() for make in makes]), x0, g),
    }
