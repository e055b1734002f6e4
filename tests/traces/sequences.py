"""The prescribed gradients: drawn once, then kept as data.

A sequence is a start `x0`, gradients `g` (T, *shape) and the numbers of the steps whose positions are
recorded. They live in `sequences.npz`; what is already there is never drawn again, so the traces do not
depend on a generator's stream staying the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
SHAPES = {"vector": (2,), "matrix": (4, 3)}
LENGTH = 240


def recorded_steps(length: int) -> np.ndarray:
    """Steps 1 … 20, then every tenth, and the last."""
    return np.unique(np.r_[1 : min(length, 20) + 1, 30 : length + 1 : 10, length])


def start(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """A start of order one, no coordinate near zero, both signs."""
    rng = np.random.default_rng([seed, *shape])
    return rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)


def hard(shape: tuple[int, ...], seed: int = 1, length: int = LENGTH) -> np.ndarray:
    """Everything a rule may meet: 1e-8 … 1e4, exact zeros, sign flips, one step with no gradient at all.

    Steps 1–20 are tiny and grow (where eps shows), 21–180 generic with a drift that reverses, 181–240 have
    spikes up to 1e4 among ordinary and tiny ones. Each coordinate has its own scale.
    """
    rng = np.random.default_rng([seed, *shape])
    t = np.arange(1, length + 1).reshape(-1, *[1] * len(shape))
    noise = rng.standard_normal((length, *shape))
    drift = np.sin(2 * np.pi * (t / 60 + rng.uniform(size=shape)))
    exponent = np.where(
        t <= 20, -8 + 8 * t / 20 + rng.uniform(-1, 1, (length, *shape)), rng.uniform(-1, 1, shape)
    )
    late = rng.choice([0.0, 0.0, 0.0, 2.0, -4.0], (length, *shape))
    exponent = np.where(t > 180, exponent + late, exponent)
    g = 10.0**exponent * (noise + drift)
    g[rng.random((length, *shape)) < 0.04] = 0.0
    g[57] = 0.0
    g[60:64] *= np.array([1.0, -1.0, 1.0, -1.0]).reshape(-1, *[1] * len(shape))
    first, last = (0,) * len(shape), tuple(n - 1 for n in shape)
    g[(0, *first)], g[(0, *last)] = 0.0, 1e-8
    g[(199, *first)], g[(209, *last)], g[(219, *first)] = 1e4, -1e4, 1e-8
    return g


def mild(shape: tuple[int, ...], seed: int = 2, length: int = LENGTH) -> np.ndarray:
    """Generic gradients between about 1e-3 and 1e2 in size, none zero."""
    rng = np.random.default_rng([seed, *shape])
    size = 10.0 ** rng.uniform(-1.5, 1.5, (length, *shape))
    return (
        size
        * np.maximum(np.abs(rng.standard_normal((length, *shape))), 0.05)
        * rng.choice([-1.0, 1.0], (length, *shape))
    )


def common() -> dict[str, np.ndarray]:
    """The sequences every rule shares, as entries of `sequences.npz`."""
    entries: dict[str, np.ndarray] = {}
    for shape_key, shape in SHAPES.items():
        for name, make in (("hard", hard), ("mild", mild)):
            entries |= entry(f"{name}/{shape_key}", start(shape, 7), make(shape))
    return entries


def entry(key: str, x0: np.ndarray, g: np.ndarray, **extra: np.ndarray) -> dict[str, np.ndarray]:
    """One sequence under its key; `extra` are arrays that belong to it (a function's parameters, a schedule)."""
    parts = {"x0": x0, "g": g, "steps": recorded_steps(len(g)), **extra}
    return {f"{key}/{part}": np.asarray(value) for part, value in parts.items()}


def load() -> dict[str, np.ndarray]:
    """All committed sequences, completed by the common ones if the file is new."""
    path = FOLDER / "sequences.npz"
    stored = dict(np.load(path)) if path.exists() else {}
    return common() | stored


def save(entries: dict[str, np.ndarray]) -> None:
    """Write them all, sorted so that equal content gives an equal file."""
    np.savez_compressed(FOLDER / "sequences.npz", **{key: entries[key] for key in sorted(entries)})
