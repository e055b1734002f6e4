"""Run some rows of an entry again, in a guarded process, and hold the results against the file.

The process hands over the parameters at the end of a run; what they are worth is computed here, where no line of the
entrant's code runs. So a made-up result is found out unless the code brings the parameters that belong to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...optimizers import Optimizer
from ...running import History, train
from .challenge import BASELINES, ENTRANT, Challenge
from .entry import Entry, setting
from .method import can_run_again

SAME, NEAR, OTHER = "the same", "nearly the same", "another result"
NEAR_LOSS, NEAR_ACCURACY = 0.02, 0.01
"""So far, of the loss as a share, results from another machine may be off."""


def verify(
    entry: Entry,
    rows: int = 2,
    rng: np.random.Generator | None = None,
    seconds: float = 60.0,
    megabytes: int = 3000,
) -> tuple[bool | None, list[str]]:
    """Run randomly chosen final runs again, and one of a baseline; return whether the entry stands, and remarks.

    It is None where the method cannot be run from the file, and False where a run gave another result, or none.

    Args:
        entry: what `read` returned.
        rows: how many runs of the entry's own method, ≥ 1.
        rng: chooses them; by default differently every time, so that nobody knows which.
        seconds: of the clock, for all of them together.
        megabytes: of memory.
    """
    if not can_run_again(entry.method):
        return None, ["cannot be run again: the file does not hold the method's text"]
    rng = np.random.default_rng() if rng is None else rng
    baseline = str(rng.choice([*BASELINES]))
    mine, theirs = _chosen(entry, ENTRANT, rows, rng), _chosen(entry, baseline, 1, rng)
    found = [
        (ENTRANT, row, result)
        for row, result in zip(mine, _guarded(entry, mine, seconds, megabytes), strict=True)
    ]
    for row in theirs:
        history = run(entry.challenge, BASELINES[baseline].opt.replace(**setting(entry, row)), row["seed"])
        found.append((baseline, row, _compared(entry, row, history.params, history.diverged_at)))
    remarks = [
        f"{name} with seed {row['seed']}, run again: {result}"
        for name, row, result in found
        if result != SAME
    ]
    return all(result in (SAME, NEAR) for _, _, result in found), remarks


def run(challenge: Challenge, opt: Optimizer, seed: int) -> History:
    """Return one run of the comparison."""
    return train(
        opt, challenge.problem, challenge.epochs, challenge.batch_size, seed=seed, every=challenge.steps
    )


def _chosen(entry: Entry, name: str, many: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    runs = entry.result.runs.where(method=name, view="best").rows
    return [runs[k] for k in sorted(rng.choice(len(runs), size=min(many, len(runs)), replace=False))]


def _guarded(entry: Entry, rows: list[dict[str, Any]], seconds: float, megabytes: int) -> list[str]:
    """Return for each row how a new run in a guarded process compares."""
    from ...grade.process import converse

    wanted = [{"row": k, "seed": row["seed"], "setting": setting(entry, row)} for k, row in enumerate(rows)]
    job = {"split": entry.challenge.split, "epochs": entry.challenge.epochs, "method": entry.method,
           "megabytes": megabytes, "rows": wanted}  # fmt: skip
    messages = converse("course_lib.comparing.board.again", job, seconds)
    reports = {m["row"]: m for m in reversed(messages) if type(m.get("row")) is int}  # the first one counts
    troubles = [str(m["trouble"])[:200] for m in messages if "trouble" in m]
    lost = f"no result ({troubles[0] if troubles else 'the process ended, or took too long'})"
    return [
        _compared(entry, row, reports[k].get("params"), reports[k].get("diverged")) if k in reports else lost
        for k, row in enumerate(rows)
    ]


def _compared(entry: Entry, row: dict[str, Any], said: Any, diverged: Any) -> str:
    """Return how the parameters at the end of a new run do beside the row of the file."""
    problem = entry.challenge.problem
    like = problem.init(np.random.default_rng(0))
    if row["diverged_at"] >= 0:
        return SAME if diverged == row["diverged_at"] else OTHER
    try:
        params = {name: np.array(said[name], float).reshape(part.shape) for name, part in like.items()}
        values = {f"{kind}{what}": float(getattr(problem, what)(params, data))
                  for kind, data in (("", problem.train), ("valid_", problem.valid), ("test_", problem.test))
                  for what in ("loss", "accuracy")}  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return "no parameters of the model"
    apart = [
        _share(row[n], v) / NEAR_LOSS if n.endswith("loss") else abs(row[n] - v) / NEAR_ACCURACY
        for n, v in values.items()
    ]
    if max(apart) < 1e-6:
        return SAME
    return (
        NEAR
        if max(apart) <= 1
        else f"{OTHER}: test loss {values['test_loss']:.4g} and not {row['test_loss']:.4g}"
    )


def _share(one: float, other: float) -> float:
    return abs(one - other) / max(abs(one), abs(other), 1e-12) if math.isfinite(one + other) else math.inf
