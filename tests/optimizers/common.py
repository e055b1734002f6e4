"""What the generic tests share: every optimizer of the registry in every valid configuration, and ways to run it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from course_lib.optimizers import REGISTRY, Entry, Optimizer, State

ENTRIES = list(REGISTRY.values())


def named(entries: Any) -> list[Any]:
    """Entries as pytest parameters."""
    return [pytest.param(entry, id=entry.name) for entry in entries]


def configurations(entries: Any = None) -> list[Any]:
    """Every optimizer under its defaults and every valid setting of its row, as pytest parameters."""
    return [
        pytest.param(entry, entry.cls(**setting), id=f"{entry.name}-{number}")
        for entry in (GENERIC if entries is None else entries)
        for number, setting in enumerate(({}, *entry.valid))
    ]


def shapes(entry: Entry) -> list[tuple[int, ...]]:
    """Shapes that the optimizer takes."""
    return [(4, 3), (3, 5)] if entry.needs_matrix else [(2,), (4, 3)]


@dataclass
class Slope:
    """A problem whose gradient at p in step t is curvature·p + g[t]: prescribed, but it sees where it is asked."""

    g: np.ndarray
    curvature: float = 0.2
    asked: list[Any] = field(default_factory=list)
    step: int = 0

    def grad(self, p: Any, batch: Any = None) -> Any:
        self.asked.append(p)
        g = self.g[self.step]
        if isinstance(p, dict):
            return {name: self.grad_one(part, g[name]) for name, part in p.items()}
        return self.grad_one(p, g)

    def grad_one(self, p: np.ndarray, g: np.ndarray) -> np.ndarray:
        return p.dtype.type(self.curvature) * p + g.reshape(g.shape + (1,) * (p.ndim - g.ndim)).astype(
            p.dtype
        )

    def loss(self, p: Any, batch: Any = None) -> Any:
        """The function whose gradient this is: curvature/2·‖p‖² + gᵀp, one number for each run."""
        g, parts = self.g[self.step], p.values() if isinstance(p, dict) else [p]
        slopes = g.values() if isinstance(p, dict) else [g]
        total: Any = 0
        for part, slope in zip(parts, slopes, strict=True):
            terms = (
                self.curvature / 2 * part**2
                + slope.reshape(slope.shape + (1,) * (part.ndim - slope.ndim)) * part
            )
            total = total + terms.sum(axis=tuple(range(slope.ndim)))
        return total

    def hessian(self, p: Any, batch: Any = None) -> np.ndarray:
        """Curvature times the identity, (N, N, *grid)."""
        return self.identity(p, self.curvature)

    def residuals(self, p: Any, batch: Any = None) -> np.ndarray:
        """√curvature·p + g/√curvature, (N, *grid): half their square is `loss` but for a constant."""
        g, size = self.grad(p), len(self.jacobian(p))
        parts = g.values() if isinstance(g, dict) else [g]
        grid = self.jacobian(p).shape[2:]
        return np.concatenate([part.reshape(-1, *grid) for part in parts]).reshape(size, *grid) / parts_type(
            p
        )(self.curvature**0.5)

    def jacobian(self, p: Any, batch: Any = None) -> np.ndarray:
        """√curvature times the identity, (N, N, *grid)."""
        return self.identity(p, self.curvature**0.5)

    def gauss_newton_product(self, p: Any, v: Any, batch: Any = None) -> Any:
        """Curvature times the vector."""
        if isinstance(v, dict):
            return {name: part * part.dtype.type(self.curvature) for name, part in v.items()}
        return v * v.dtype.type(self.curvature)

    def sampled(self, p: Any, batch: Any, rng: Any) -> Any:
        """A batch of three, whose gradient is the same."""
        return range(3)

    def identity(self, p: Any, scale: float) -> np.ndarray:
        g = self.g[self.step]
        one, slope = (next(iter(a.values())) if isinstance(a, dict) else a for a in (p, g))
        size = sum(part.size for part in g.values()) if isinstance(g, dict) else g.size
        grid = one.shape[slope.ndim :]
        eye = one.dtype.type(scale) * np.eye(size, dtype=one.dtype)
        return eye.reshape(size, size, *(1,) * len(grid)) * np.ones(grid, one.dtype)


def parts_type(p: Any) -> Any:
    """The number type of an array, or of a dict of them."""
    return (next(iter(p.values())) if isinstance(p, dict) else p).dtype.type


GENERIC = [entry for entry in ENTRIES if entry.runs_on(Slope)]
"""The optimizers that these problems have enough for; the others have tests of their own (see `test_contract`)."""


def gradients(shape: tuple[int, ...], steps: int = 12, seed: int = 0, scale: float = 1.0) -> np.ndarray:
    """Generic gradients, none zero."""
    rng = np.random.default_rng([seed, *shape])
    return scale * rng.uniform(0.2, 2, (steps, *shape)) * rng.choice([-1.0, 1.0], (steps, *shape))


def point(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    """A start with no coordinate near zero."""
    rng = np.random.default_rng([seed, *shape])
    return rng.uniform(0.5, 2, shape) * rng.choice([-1.0, 1.0], shape)


def walk(
    opt: Optimizer, x: Any, g: Any, state: State | None = None, first: int = 0
) -> Iterator[tuple[Any, State]]:
    """Yield (x, state) after every step on the problem with these gradients."""
    problem = Slope(g, step=first)
    state = opt.init(x) if state is None else state
    for problem.step in range(first, len(g)):
        x, state = opt.step(x, state, problem)
        yield x, state


def end(opt: Optimizer, x: Any, g: Any, **options: Any) -> Any:
    """The last position of `walk`."""
    return list(walk(opt, x, g, **options))[-1][0]


def close(a: Any, b: Any, tolerance: float = 1e-12) -> None:
    """Assert |a − b| ≤ tolerance·max(1, |b|)."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    error = np.max(np.abs(a - b) / np.maximum(1, np.abs(b)))
    assert error <= tolerance, f"differs by {error:.3g}"


def every_array(state: State) -> list[np.ndarray]:
    """All arrays in a state, those of inner states too."""
    return [a for a in state.arrays.values() if isinstance(a, np.ndarray)]


def lock(value: Any) -> Any:
    """Make arrays (of a dict, of a state) read-only."""
    if isinstance(value, State):
        for array in every_array(value):
            array.setflags(write=False)
    elif isinstance(value, dict):
        for part in value.values():
            part.setflags(write=False)
    else:
        value.setflags(write=False)
    return value
