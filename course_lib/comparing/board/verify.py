"""Run some rows of an entry again, in a guarded process, and hold the results against the file.

The process hands over the parameters at the end of a run; what they are worth is computed here, where no line of the
entrant's code runs. So a made-up result is found out unless the code brings the parameters that belong to it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...grade.batch import converse
from .challenge import BASELINES, ENTRANT, Challenge
from .entry import Entry, blank
from .method import can_run_again, described

SAME, NEAR, OTHER = "the same", "nearly the same", "another result"
NEAR_LOSS, NEAR_ACCURACY = 0.02, 0.01
"""So far, of the loss as a share, results from another machine may be off."""


def verify(
    entry: Entry, rows: int = 2, rng: np.random.Generator | None = None, seconds: float = 60.0, megabytes: int = 3000
) -> list[str]:
    """Run randomly chosen final runs again, and one of a baseline, and return what is wrong, in words.

    Args:
        entry: what `read` returned.
        rows: how many runs of the entry's own method, ≥ 1.
        rng: chooses them; by default differently every time, so that nobody knows which.
        seconds: of the clock, for all of them together.
        megabytes: of memory.
    """
    if not can_run_again(entry.method):
        return ["cannot be run again: the file does not hold the method's text"]
    rng = np.random.default_rng() if rng is None else rng
    baseline = str(rng.choice([*BASELINES]))
    remarks: list[str] = []
    for name, method, many in (
        (ENTRANT, entry.method, rows), (baseline, described(BASELINES[baseline].opt), 1),
    ):  # fmt: skip
        runs = entry.result.runs.where(method=name, view="best").rows
        chosen = [runs[k] for k in sorted(rng.choice(len(runs), size=min(many, len(runs)), replace=False))]
        remarks += _again(entry, name, method, chosen, seconds, megabytes)
    return remarks


def _again(
    entry: Entry, name: str, method: dict[str, Any], rows: list[dict[str, Any]], seconds: float, megabytes: int
) -> list[str]:
    job = {
        "split": entry.comparison["split"],
        "method": method,
        "megabytes": megabytes,
        "rows": [
            {"row": k, "seed": row["seed"],
             "setting": {n: row[n] for n in entry.result.settings if not blank(row[n])}}
            for k, row in enumerate(rows)
        ],
    }  # fmt: skip
    messages = converse("course_lib.comparing.board.again", job, seconds)
    reports = {m["row"]: m for m in reversed(messages) if type(m.get("row")) is int}  # the first one counts
    troubles = [str(m["trouble"])[:200] for m in messages if "trouble" in m]
    remarks = []
    for k, row in enumerate(rows):
        if k not in reports:
            why = troubles[0] if troubles else "the process ended, or took too long"
            return [f"{name}, seed {row['seed']}, could not be run again: {why}"]
        found = _compared(entry, row, reports[k])
        if found != SAME:
            remarks.append(f"{name}, seed {row['seed']}, run again, gives {found}")
    return remarks


def _compared(entry: Entry, row: dict[str, Any], report: dict[str, Any]) -> str:
    """Return how the parameters that a process reported do beside the row of the file."""
    problem = Challenge(entry.comparison["split"]).problem
    like = problem.init(np.random.default_rng(0))
    if row["diverged_at"] >= 0:
        return SAME if report.get("diverged") == row["diverged_at"] else OTHER
    try:
        params = {name: np.array(report["params"][name], float).reshape(part.shape) for name, part in like.items()}
        values = {f"{kind}{what}": float(getattr(problem, what)(params, data))
                  for kind, data in (("", problem.train), ("valid_", problem.valid), ("test_", problem.test))
                  for what in ("loss", "accuracy")}  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return "no parameters of the model"
    apart = [_share(row[n], v) / NEAR_LOSS if n.endswith("loss") else abs(row[n] - v) / NEAR_ACCURACY for n, v in values.items()]
    if max(apart) < 1e-6:
        return SAME
    return NEAR if max(apart) <= 1 else f"{OTHER}: test loss {values['test_loss']:.4g} and not {row['test_loss']:.4g}"


def _share(one: float, other: float) -> float:
    return abs(one - other) / max(abs(one), abs(other), 1e-12) if math.isfinite(one + other) else math.inf
