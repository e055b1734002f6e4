"""The prescribed gradients: drawn once, then kept as data.

A sequence is a start `x0`, gradients `g` (T, *shape), the numbers of the steps whose positions are recorded and,
for some, a schedule or a function's parameters. They live in `sequences.npz`; what is already there is never
drawn again, so the traces do not depend on a generator's stream staying the same.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
SHAPES = {"vector": (2,), "matrix": (4, 3), "wide": (3, 5)}
LENGTH = 240

Arrays = dict[str, np.ndarray]


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
    growing = -8 + 8 * t / 20 + rng.uniform(-1, 1, (length, *shape))
    exponent = np.where(t <= 20, growing, rng.uniform(-1, 1, shape))
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
    scale = 10.0 ** rng.uniform(-1.5, 1.5, (length, *shape))
    size = np.maximum(np.abs(rng.standard_normal((length, *shape))), 0.05)
    return scale * size * rng.choice([-1.0, 1.0], (length, *shape))


def cosine(length: int = LENGTH) -> np.ndarray:
    """Multipliers of lr: half a cosine from 1 to 0.05."""
    return 0.05 + 0.95 * (1 + np.cos(np.pi * np.arange(length) / length)) / 2


def warmup(steps: int = 50, length: int = LENGTH) -> np.ndarray:
    """Multipliers of lr: t / steps, then 1."""
    return np.minimum(1.0, np.arange(1, length + 1) / steps)


def common() -> Arrays:
    """The sequences every rule shares, as entries of `sequences.npz`."""
    entries: Arrays = {}
    for shape_key, shape in SHAPES.items():
        x0 = start(shape, 7)
        entries |= entry(f"hard/{shape_key}", x0, hard(shape))
        entries |= entry(f"mild/{shape_key}", x0, mild(shape))
        if shape_key == "matrix":
            entries |= entry(f"cosine/{shape_key}", x0, mild(shape, 3), schedule=cosine())
            entries |= entry(f"warmup/{shape_key}", x0, mild(shape, 3), schedule=warmup())
    return entries


def entry(key: str, x0: np.ndarray, g: np.ndarray, **extra: np.ndarray) -> Arrays:
    """One sequence under its key; `extra` belongs to it (a function's parameters, a schedule)."""
    parts = {"x0": x0, "g": g, "steps": recorded_steps(len(g)), **extra}
    return {f"{key}/{part}": np.asarray(value) for part, value in parts.items()}


def one(entries: Arrays, key: str) -> Arrays:
    """The arrays of one sequence by their short names."""
    return {n.rpartition("/")[2]: a for n, a in entries.items() if n.rpartition("/")[0] == key}


def load() -> Arrays:
    """All committed sequences, completed by the common ones that are not there yet."""
    path = FOLDER / "sequences.npz"
    stored = dict(np.load(path)) if path.exists() else {}
    return common() | stored


def save(entries: Arrays) -> None:
    """Write them all, sorted so that equal content gives an equal file."""
    np.savez_compressed(FOLDER / "sequences.npz", **{key: entries[key] for key in sorted(entries)})
