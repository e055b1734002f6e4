"""Read a result file that anybody may have written, and hold its numbers against each other.

Nothing in a file is taken on trust: `read` accepts only what has the form of an entry. Whether
its numbers fit each other `numbers.problems` says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...running import Table
from ..result import Comparison
from .challenge import Challenge
from .entry import FORMAT, KIND, Entry, checked_name, digest, unpacked
from .method import LONGEST

LARGEST = 2_000_000
"""So many bytes a file may have; `enter` writes about 50,000."""
KEYS = ("kind", "format", "name", "made_with", "comparison", "method", "summary", "runs", "digest")
WORDS = ("method", "view", "criterion")
COUNTS = ("seed", "step", "examples", "evaluations", "diverged_at", "stack")
NUMBERS = ("epoch", "seconds", "grad_norm", "loss", "accuracy", "valid_loss", "valid_accuracy", "test_loss",
           "test_accuracy")  # fmt: skip


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
        words = json.loads(
            path.read_bytes().decode("utf-8"), parse_constant=_refused, object_pairs_hook=_once
        )
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
    _need(
        words.get("format") == FORMAT,
        f"has the format {_short(words.get('format'))}, but this version reads {FORMAT}",
    )
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
    split, epochs = comparison.get("split"), comparison.get("epochs")
    _need(type(split) is int and 0 <= split < 2**31, f"has the split {_short(split)}")
    _need(type(epochs) is int and 1 <= epochs <= 1000, f"has {_short(epochs)} epochs")
    _need(
        comparison == Challenge(split, epochs).words, "is of another comparison than the one of this version"
    )
    _method(method)
    _need(isinstance(words["summary"], dict), "has no summary")
    columns = _columns(words["runs"], method["settings"])
    stated = words["summary"], words["digest"] == digest(words)
    return Entry(name, method, comparison, made, Comparison(columns), path, stated)


def _method(method: Any) -> None:
    """Raise if a method is not described as `method.described` does it."""
    _need(
        isinstance(method, dict) and method.get("kind") in ("row", "function", "other"), "describes no method"
    )
    texts = {"row": ("row",), "function": ("function",), "other": ("shown",)}[method["kind"]]
    for text in (*texts, *(["source"] if "source" in method else [])):
        _need(
            isinstance(method.get(text), str) and len(method[text]) <= LONGEST,
            f"has a method without a proper {text}",
        )
    _need(
        isinstance(method.get("hyper", {}), dict),
        "has a method whose hyperparameters are no names with values",
    )
    memory = method.get("memory", [])
    _need(
        isinstance(memory, list) and all(isinstance(name, str) for name in memory),
        "has a method with an odd memory",
    )
    settings = method.get("settings")
    _need(
        isinstance(settings, list) and 1 <= len(settings) <= Challenge.trials
        and all(isinstance(s, dict) and s.keys() == settings[0].keys() for s in settings)
        and all(_number(v) or isinstance(v, (bool, str)) for s in settings for v in s.values()),
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
    _need(
        len(lengths) == 1 and 0 < max(lengths) <= 1000,
        "has a table of runs with columns of different lengths",
    )
    for name, column in runs.items():
        if name in WORDS:
            right = all(isinstance(v, str) for v in column)
        elif name in COUNTS:
            right = all(type(v) is int and -1 <= v < 2**53 for v in column)
        elif name in NUMBERS:
            right = all(_number(v) or v in ("inf", "nan") for v in column)
        else:
            right = all(_number(v) or isinstance(v, (bool, str)) for v in column)
        _need(right, f"has a column {_short(name)} with something else in it than it should hold")
    order = [
        *WORDS,
        *(n for n in runs if n in names),
        "seed",
        *(n for n in (*COUNTS, *NUMBERS) if n != "seed"),
    ]
    return unpacked({name: runs[name] for name in order})


def _number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) < 1e300


def _short(value: Any) -> str:
    return repr(value)[:60]
