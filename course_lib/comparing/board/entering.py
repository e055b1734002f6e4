"""`enter`: run the class's comparison with a method of one's own, and write what came of it into a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...optimizers import Optimizer, as_optimizer
from ..result import Comparison
from .challenge import Challenge
from .entry import Entry, checked_name, versions
from .method import can_run_again, described
from .numbers import problems


def enter(
    method: Optimizer | Callable[..., Any],
    name: str,
    lr: Sequence[float] | None = None,
    settings: Sequence[Mapping[str, Any]] | None = None,
    memory: Iterable[str] = ("m", "v"),
    split: int = 0,
    epochs: int = 20,
    source: bool = True,
    folder: str | Path = ".",
    result: Comparison | None = None,
    jobs: int | None = None,
    cache: str | Path | None = None,
    progress: bool = True,
) -> Entry:
    """Run the class's comparison with a method, write the result file, and show what came of it.

    The comparison is `Challenge`: at most nine settings with three seeds each, then ten fresh seeds, beside SGD,
    Momentum and Adam under the same rules. The file holds every run, so that all tables can be made of it again, the
    text of the method's function, so that others can run it, and the name. It holds nothing else about you.

    Args:
        method: an optimizer, or a plain function for `as_optimizer`.
        name: any name; it becomes public with the file.
        lr: the learning rates to try; by default nine, half a decade apart, about the method's own.
        settings: in place of ``lr``, the settings to try.
        memory: for a function, the names of the arrays that it remembers.
        split: the division of the digits that the class agreed on, ≥ 0.
        epochs: the length of a run that it agreed on, ≥ 1.
        source: whether the file holds the function's text; without it nobody can run the method again.
        folder: where the file goes. One that is there is kept; the new one gets a number.
        result: what ``Challenge(split).run(method, …)`` returned, in place of running it here.
        jobs: how many stacks of runs at a time (see `sweep`).
        cache: a directory in which finished runs are kept.
        progress: whether to show progress bars.

    Raises:
        TypeError: for a name that is no text, or a method that is none.
        ValueError: for a name without a letter or a digit, or one that is too long; more than nine settings; a result
            that does not fit.

    Examples:
        >>> from course_lib.optimizers import Momentum
        >>> from course_lib.running import log_grid
        >>> enter(Momentum(), "Ada", lr=log_grid(0.1, points=12))
        Traceback (most recent call last):
        ValueError: 12 settings are not allowed: there must be at most 9, as many as SGD, Momentum and Adam may try
    """
    name = checked_name(name)
    opt = method if isinstance(method, Optimizer) else as_optimizer(method, memory)
    challenge = Challenge(split, epochs)
    trials = challenge.settings(opt, lr, settings)
    if result is None:
        result = challenge.run(opt, settings=trials, jobs=jobs, cache=cache, progress=progress)
    words = described(opt, source) | {"settings": _plain(trials)}
    entry = Entry(name, words, challenge.words, versions(), result)
    found = problems(entry)
    if found:
        raise ValueError(f"result is not allowed: {found[0]}")
    if source and not can_run_again(words):
        print(
            "The text of this method cannot be written into the file, so nobody can run it again from there."
        )
    return entry.save(folder)


def _plain(settings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {n: v if isinstance(v, (bool, int, float, str)) else repr(v) for n, v in s.items()} for s in settings
    ]
