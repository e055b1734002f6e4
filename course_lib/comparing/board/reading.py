"""Read a result file that anybody may have written, and hold its numbers against each other.

Nothing in a file is taken on trust: `read` accepts only what has the form of an entry, `problems` recomputes what can be
recomputed without running anything.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...running import Table
from ..result import Comparison
from .challenge import BASELINES, ENTRANT, Challenge
from .entry import FORMAT, KIND, Entry, blank, checked_name, digest, summary, unpacked
from .method import LONGEST, PLAIN

LARGEST = 2_000_000
"""So many bytes a file may have; `enter` writes about 50,000."""
KEYS = ("kind", "format", "name", "made_with", "comparison", "method", "summary", "runs", "digest")
WORDS = ("method", "view", "criterion")
COUNTS = ("seed", "step", "examples", "evaluations", "diverged_at", "stack")
NUMBERS = ("epoch", "seconds", "grad_norm", "loss", "accuracy", "valid_loss", "valid_accuracy", "test_loss",
           "test_accuracy")  # fmt: skip
ROUNDING = 1e-9


def read(file: str | Path) -> Entry:
    """Read an entry.

    Raises:
        ValueError: if the file has not the form of one; the message says what is wrong, in words for a table.
    """
    path = Path(file)
    try:
        if not path.is_file():
            raise ValueError("is no file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"has more than {LARGEST:,} bytes")
        words = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_refused, object_pairs_hook=_once)
    except UnicodeDecodeError:
        raise ValueError("is no text in UTF-8") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON, or only a part of it (line {error.lineno})") from None
    except OSError as error:
        raise ValueError(f"cannot be read ({type(error).__name__})") from None
    return _entry(words, path)


def _refused(constant: str) -> None:
    raise ValueError(f"holds {constant}, which is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("gives a name twice")
    return dict(pairs)


def _need(right: bool, otherwise: str) -> None:
    if not right:
        raise ValueError(otherwise)


def _entry(words: Any, path: Path) -> Entry:
    _need(isinstance(words, dict) and words.get("kind") == KIND, "is not a result of enter")
    _need(words.get("format") == FORMAT, f"has the format {_short(words.get('format'))}, but this version reads {FORMAT}")
    _need(sorted(words) == sorted(KEYS), f"must have {', '.join(KEYS)}, but has {_short(', '.join(words))}")
    try:
        name = checked_name(words["name"])
    except (TypeError, ValueError):
        raise ValueError("has a name that is not allowed") from None
    _need(name == words["name"], "has a name that is not allowed")
    made, method, comparison = words["made_with"], words["method"], words["comparison"]
    _need(
        isinstance(made, dict) and sorted(made) == ["course_lib", "numpy", "python"]
        and all(isinstance(v, str) and len(v) < 40 for v in made.values()),
        "does not say with which versions it was made",
    )  # fmt: skip
    _need(isinstance(comparison, dict), "does not say which comparison it is of")
    split = comparison.get("split")
    _need(type(split) is int and 0 <= split < 2**31, f"has the split {_short(split)}")
    _need(comparison == Challenge(split).words, "is of another comparison than the one of this version")
    _method(method)
    _need(isinstance(words["summary"], dict), "has no summary")
    columns = _columns(words["runs"], method["settings"])
    stated = words["summary"], words["digest"] == digest(words)
    return Entry(name, method, comparison, made, Comparison(columns), path, stated)


def _method(method: Any) -> None:
    """Raise if a method is not described as `method.described` does it."""
    _need(isinstance(method, dict) and method.get("kind") in ("row", "function", "other"), "describes no method")
    texts = {"row": ("row",), "function": ("function",), "other": ("shown",)}[method["kind"]]
    for text in (*texts, *(["source"] if "source" in method else [])):
        _need(isinstance(method.get(text), str) and len(method[text]) <= LONGEST, f"has a method without a proper {text}")
    _need(isinstance(method.get("hyper", {}), dict), "has a method whose hyperparameters are no names with values")
    memory = method.get("memory", [])
    _need(isinstance(memory, list) and all(isinstance(name, str) for name in memory), "has a method with an odd memory")
    settings = method.get("settings")
    _need(
        isinstance(settings, list) and 1 <= len(settings) <= Challenge.trials
        and all(isinstance(s, dict) and s.keys() == settings[0].keys() for s in settings)
        and all(isinstance(v, PLAIN) and v is not None for s in settings for v in s.values()),
        f"must list 1 to {Challenge.trials} settings that were tried",
    )  # fmt: skip
    taken = {*WORDS, *COUNTS, *NUMBERS} & {*settings[0]}
    _need(not taken, f"has a setting called {_short(', '.join(taken))}")


def _columns(runs: Any, settings: list[dict[str, Any]]) -> Table:
    """Return the runs as a table, if each column holds what it should."""
    _need(isinstance(runs, dict) and all(isinstance(c, list) for c in runs.values()), "has no table of runs")
    names = {*settings[0], "lr"}
    _need({*runs} == {*WORDS, *COUNTS, *NUMBERS, *names}, "has a table of runs with other columns")
    lengths = {len(column) for column in runs.values()}
    _need(len(lengths) == 1 and 0 < max(lengths) <= 1000, "has a table of runs with columns of different lengths")
    for name, column in runs.items():
        if name in WORDS:
            right = all(isinstance(v, str) for v in column)
        elif name in COUNTS:
            right = all(type(v) is int and -1 <= v < 2**53 for v in column)
        elif name in NUMBERS:
            right = all(type(v) in (int, float) or v in ("inf", "nan") for v in column)
        else:
            right = all(isinstance(v, PLAIN) and v is not None for v in column)
        _need(right, f"has a column {_short(name)} with something else in it than it should hold")
    order = [*WORDS, *(n for n in runs if n in names), "seed", *(n for n in (*COUNTS, *NUMBERS) if n != "seed")]
    try:
        return unpacked({name: runs[name] for name in order})
    except (OverflowError, ValueError):
        raise ValueError("has numbers that are too large") from None


def _short(value: Any) -> str:
    return repr(value)[:60]


# -- what must hold of the numbers -----------------------------------------------------------------------


def problems(entry: Entry) -> list[str]:
    """Return what is wrong with the numbers of an entry, in words; nothing for one that `enter` made.

    The runs must be exactly those of the comparison; counts of steps and examples must be those of its runs; an accuracy
    must be a number of examples; a loss cannot be below what the accuracy allows; equal runs must have equal
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
    challenge, runs = Challenge(entry.comparison["split"]), entry.result.runs
    due = [
        (method, view, seed)
        for method, trials in ((ENTRANT, len(entry.method["settings"])), *((b, challenge.trials) for b in BASELINES))
        for view, seeds in (("tuning", challenge.tune_seeds * trials), ("best", challenge.seeds), ("defaults", challenge.seeds))
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
            if not _same_setting(_setting(entry, row), stated[k // each]):
                yield f"has tuning runs of {method} with other settings than stated"
                return
    for method, baseline in BASELINES.items():
        row = entry.result.runs.where(method=method, view="defaults").rows[0]
        if not _same_setting(_setting(entry, row), baseline.as_given()):
            yield f"has runs of {method} as it was given with another setting"


def _counts(entry: Entry) -> Iterator[str]:
    """Steps, examples and the rest are those of a run of the comparison."""
    challenge = Challenge(entry.comparison["split"])
    for row in entry.result.runs.rows:
        whole = row["diverged_at"] == -1
        right = (
            (row["step"] == challenge.steps if whole else row["diverged_at"] == row["step"] <= challenge.steps)
            and row["examples"] <= row["evaluations"] * challenge.batch_size
            and row["evaluations"] >= row["step"]
            and (not whole or row["examples"] * row["step"] == row["evaluations"] * challenge.epochs * len(challenge.problem.train))
            and 0 <= row["seconds"] < math.inf
            and row["stack"] >= 1
        )
        if not right:
            yield f"has a run of {row['method']} with {row['step']} steps and {row['examples']} examples"
            return


def _results(entry: Entry) -> Iterator[str]:
    """Accuracies are shares of so many examples, and losses fit them."""
    problem = Challenge(entry.comparison["split"]).problem
    parts = {"": problem.train, "valid_": problem.valid, "test_": problem.test}
    for row in entry.result.runs.rows:
        for kind, data in parts.items():
            loss, accuracy = row[f"{kind}loss"], row[f"{kind}accuracy"]
            if kind == "test_" and row["view"] == "tuning":
                if not (math.isnan(loss) and math.isnan(accuracy)):
                    yield "has test results in tuning runs"
                    return
            elif not _fits(loss, accuracy, len(data), row["diverged_at"] >= 0):
                yield f"has a run of {row['method']} with the {kind}loss {loss:.6g} and the {kind}accuracy {accuracy:.6g}"
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
        best, given = (entry.result.runs.where(method=method, view=view).rows for view in ("best", "defaults"))
        for one, other in zip(best, given, strict=True):
            if _same_setting(_setting(entry, one), _setting(entry, other)) and any(
                one[name] != other[name] for name in ("step", "loss", "valid_loss", "test_loss", "test_accuracy")
            ):
                yield f"has two runs of {method} that should be equal, but are not"
                return


def _choice(entry: Entry) -> Iterator[str]:
    """The setting of the final runs is that with the best mean in the tuning runs, the first of equal ones."""
    each = len(entry.comparison["tune_seeds"])
    for method in (ENTRANT, *BASELINES):
        tuning = entry.result.runs.where(method=method, view="tuning")
        means = tuning[entry.result.criterion].reshape(-1, each).mean(axis=1)
        chosen = _setting(entry, tuning.rows[int(np.argmin(means)) * each])
        for row in entry.result.runs.where(method=method, view="best").rows:
            final = {name: value for name, value in _setting(entry, row).items() if name in chosen}
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


def _setting(entry: Entry, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in entry.result.settings if not blank(row[name])}


def _same_setting(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(_close(one[name], other[name]) for name in one)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[name], other[name]) for name in one)
    return _close(one, other)


def _close(one: Any, other: Any) -> bool:
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return math.isclose(one, other, rel_tol=ROUNDING) if numbers else bool(one == other)


