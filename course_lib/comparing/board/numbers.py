"""Hold the numbers of an entry against each other: all that can be recomputed without running anything."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .challenge import BASELINES, ENTRANT
from .entry import Entry, setting, summary

ROUNDING = 1e-9


def problems(entry: Entry) -> list[str]:
    """Return what is wrong with the numbers of an entry, in words; nothing for one that `enter` made.

    The runs must be exactly those of the comparison; counts of steps and examples must be those of its runs; an
    accuracy must be a number of examples; a loss cannot be below what the accuracy allows; equal runs must have equal
    results; the setting chosen must be the best of the tuning runs; and the summary must be that of the runs.
    """
    found: list[str] = []
    for check in (_plan, _settings, _counts, _results, _repeated, _choice, _stated):
        try:
            found += check(entry)
        except (ValueError, KeyError, TypeError, IndexError, OverflowError) as error:
            found.append(f"cannot be checked ({type(error).__name__} in {check.__name__.lstrip('_')})")
        if found:
            return found
    return found


def _plan(entry: Entry) -> Iterator[str]:
    """Each method has each of its runs once, in order."""
    challenge, runs = entry.challenge, entry.result.runs
    due = [
        (method, view, seed)
        for method, trials in (
            (ENTRANT, len(entry.method["settings"])),
            *((b, challenge.trials) for b in BASELINES),
        )
        for view, seeds in (
            ("tuning", challenge.tune_seeds * trials),
            ("best", challenge.seeds),
            ("defaults", challenge.seeds),
        )
        for seed in seeds
    ]
    there = list(zip(*(runs[name].tolist() for name in ("method", "view", "seed")), strict=True))
    if there != due:
        yield f"has {len(there)} runs which are not the {len(due)} of the comparison"
    if {*runs["criterion"].tolist()} != {challenge.criterion}:
        yield "was tuned by another criterion"


def _settings(entry: Entry) -> Iterator[str]:
    """The tuning runs have the settings that are stated; those of the baselines are known."""
    each = len(entry.comparison["tune_seeds"])
    for method in (ENTRANT, *BASELINES):
        stated = entry.method["settings"] if method == ENTRANT else BASELINES[method].trials
        rows = entry.result.runs.where(method=method, view="tuning").rows
        for k, row in enumerate(rows):
            if not _same_setting(setting(entry, row), stated[k // each]):
                yield f"has tuning runs of {method} with other settings than stated"
                return
    for method, baseline in BASELINES.items():
        row = entry.result.runs.where(method=method, view="defaults").rows[0]
        if not _same_setting(setting(entry, row), baseline.as_given()):
            yield f"has runs of {method} as it was given with another setting"


def _counts(entry: Entry) -> Iterator[str]:
    """Steps, examples and the rest are those of a run of the comparison."""
    challenge = entry.challenge
    every = challenge.epochs * len(challenge.problem.train)  # examples, with one gradient a step
    for row in entry.result.runs.rows:
        whole = row["diverged_at"] == -1
        ended = (
            row["step"] == challenge.steps if whole else row["diverged_at"] == row["step"] <= challenge.steps
        )
        right = (
            ended
            and row["step"] <= row["evaluations"]
            and row["examples"] <= row["evaluations"] * challenge.batch_size
        )
        if whole:
            right = right and row["examples"] * row["step"] == row["evaluations"] * every
        if not (right and 0 <= row["seconds"] < math.inf and row["stack"] >= 1):
            yield f"has a run of {row['method']} with {row['step']} steps and {row['examples']} examples"
            return


def _results(entry: Entry) -> Iterator[str]:
    """Accuracies are shares of so many examples, and losses fit them."""
    problem = entry.challenge.problem
    parts = {"": problem.train, "valid_": problem.valid, "test_": problem.test}
    sizes = {kind: len(data) for kind, data in parts.items() if data is not None}
    for row in entry.result.runs.rows:
        for kind, size in sizes.items():
            loss, accuracy = row[f"{kind}loss"], row[f"{kind}accuracy"]
            if kind == "test_" and row["view"] == "tuning":
                if not (math.isnan(loss) and math.isnan(accuracy)):
                    yield "has test results in tuning runs"
                    return
            elif not _fits(loss, accuracy, size, row["diverged_at"] >= 0):
                shown = f"{kind}loss {loss:.6g} and {kind}accuracy {accuracy:.6g}"
                yield f"has a run of {row['method']} with {shown}"
                return


def _fits(loss: float, accuracy: float, examples: int, diverged: bool) -> bool:
    """Return whether a mean cross-entropy and an accuracy can belong together: a wrong label costs at least log 2."""
    if diverged:
        return loss == math.inf and accuracy == 0
    if not (loss >= 0 and 0 <= accuracy <= 1):  # NaN is neither
        return False
    right = accuracy * examples
    return abs(right - round(right)) < 1e-6 and loss >= (1 - accuracy) * math.log(2) * (1 - ROUNDING)


def _repeated(entry: Entry) -> Iterator[str]:
    """The same setting with the same seed gives the same run."""
    for method in (ENTRANT, *BASELINES):
        best, given = (
            entry.result.runs.where(method=method, view=view).rows for view in ("best", "defaults")
        )
        for one, other in zip(best, given, strict=True):
            if _same_setting(setting(entry, one), setting(entry, other)) and any(
                one[name] != other[name]
                for name in ("step", "loss", "valid_loss", "test_loss", "test_accuracy")
            ):
                yield f"has two runs of {method} that should be equal, but are not"
                return


def _choice(entry: Entry) -> Iterator[str]:
    """The setting of the final runs is that with the best mean in the tuning runs, the first of equal ones."""
    each = len(entry.comparison["tune_seeds"])
    for method in (ENTRANT, *BASELINES):
        tuning = entry.result.runs.where(method=method, view="tuning")
        means = tuning[entry.result.criterion].reshape(-1, each).mean(axis=1)
        chosen = setting(entry, tuning.rows[int(np.argmin(means)) * each])
        for row in entry.result.runs.where(method=method, view="best").rows:
            final = {name: value for name, value in setting(entry, row).items() if name in chosen}
            if not _same_setting(final, chosen):
                yield f"has final runs of {method} at another setting than the best of its tuning runs"
                return


def _stated(entry: Entry) -> Iterator[str]:
    """Of a file: the summary is that of the runs, and the check sum that of the content."""
    if entry.stated is None:
        return
    said, whole = entry.stated
    if not _alike(said, summary(entry.result)):
        yield "has a summary that is not the one of its runs"
    elif not whole:
        yield "was changed after it had been written: its check sum is another one"


def _same_setting(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_close(one[name], other[name]) for name in one)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    return _close(one, other)


def _close(one: Any, other: Any) -> bool:
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return math.isclose(one, other, rel_tol=ROUNDING) if numbers else bool(one == other)
