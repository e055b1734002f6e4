"""Read the recorded traces: `cases()` gives every one as a `Case`. Needs numpy only.

Example:
    >>> case = cases("Adam")[0]
    >>> case.hyper
    {'lr': 0.001, 'beta1': 0.9, 'beta2': 0.999, 'eps': 1e-08}
    >>> case.gradients.shape, int(case.steps[-1]), case.x.shape
    ((240, 2), 240, (42, 2))
    >>> case.error(case.x)
    0.0
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).parent


@dataclass(frozen=True, eq=False, kw_only=True)
class Case:
    """One run of a peer library under prescribed gradients.

    name: unique, readable. optimizer: our class. hyper: our hyperparameters, all of them, by our names.
    sequence: which gradients, e.g. "hard/matrix"; shape: "vector" (2,), "matrix" (4, 3) or "wide" (3, 5).
    gradients: (T, *shape), gradient t - 1 belongs to step t. x0: the start.
    steps: (R,) numbers of the recorded steps, the first step being 1. x: (R, *shape), what was recorded.
    compare: what `x` is. "x": the parameters after the step; "query": opt.query(x, state) after the step (where
    the next gradient would be taken); "output": opt.output(x, state). Wrappers name their inner rule in `hyper` as
    {"optimizer": …, "hyper": …}.
    schedule: None, or (T,) multipliers of lr. extra: further arrays that belong to the sequence (a function's
    parameters, the step of a switch). SAM is a closed loop: see its note.
    tolerance: what `error` must not exceed. peer, version, call: who made it and how. note: what is special,
    e.g. why the tolerance is not 1e-12.
    """

    name: str
    optimizer: str
    hyper: dict[str, Any]
    sequence: str
    shape: str
    gradients: np.ndarray
    x0: np.ndarray
    steps: np.ndarray
    x: np.ndarray
    compare: str
    tolerance: float
    peer: str
    version: str
    call: str
    note: str
    schedule: np.ndarray | None = None
    extra: Mapping[str, np.ndarray] = field(default_factory=dict)

    def error(self, x: np.ndarray) -> float:
        """Largest |x − recorded| relative to max(1, largest |recorded| of that coordinate so far).

        `x` is either what was seen at the recorded steps, (R, *shape), or after every step, (T, *shape). The scale
        is the largest size so far because a coordinate that has been at 1e4 carries the rounding of 1e4
        for ever after.
        """
        if len(x) == len(self.gradients) != len(self.steps):
            x = x[self.steps - 1]
        so_far = np.maximum.accumulate(np.maximum(np.abs(self.x), np.abs(self.x0)), axis=0)
        return float(np.max(np.abs(x - self.x) / np.maximum(1.0, so_far)))

    def __repr__(self) -> str:
        return f"Case({self.name})"


@cache
def _arrays(file: str) -> dict[str, np.ndarray]:
    """An npz file's arrays, read once and locked against changes."""
    with np.load(FOLDER / f"{file}.npz") as data:
        arrays = dict(data)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


@cache
def _sequence(key: str) -> dict[str, np.ndarray]:
    """The arrays of one sequence by their short names."""
    return {n.rpartition("/")[2]: a for n, a in _arrays("sequences").items() if n.rpartition("/")[0] == key}


def cases(optimizer: str | None = None) -> list[Case]:
    """Every recorded run, or those of one optimizer (by our class name), in the order of the index.

    `cases("newton_schulz")` gives values of a function instead of runs: `x[k]` belongs to `gradients[k]`, `compare` is
    "value"; they are not among `cases()`. Raises KeyError if there is no such optimizer.
    """
    index = json.loads((FOLDER / "index.json").read_text(encoding="utf-8"))
    if optimizer is None:
        return [_case(entry) for entry in index if entry["compare"] != "value"]
    chosen = [_case(entry) for entry in index if entry["optimizer"] == optimizer]
    if not chosen:
        known = sorted({entry["optimizer"] for entry in index})
        raise KeyError(f"no trace of {optimizer!r}; there are: {', '.join(known)}")
    return chosen


def _case(entry: dict[str, Any]) -> Case:
    parts = dict(_sequence(entry["sequence"]))
    return Case(
        **entry,
        shape=entry["sequence"].rpartition("/")[2],
        x=_arrays(entry["optimizer"])[entry["name"]],
        gradients=parts.pop("g"),
        x0=parts.pop("x0"),
        steps=parts.pop("steps"),
        schedule=parts.pop("schedule", None),
        extra=parts,
    )
