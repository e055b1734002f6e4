"""Which method to take: questions about a problem, answered by the rows of the course's own studies.

Nothing here is a rule of thumb. An answer names its study, and whoever changes the tables in ``results`` changes
the answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import comb
from pathlib import Path
from typing import Literal

import numpy as np

from ..arguments import whole
from ..optimizers import REGISTRY, Optimizer, Partition
from ..running import Table
from .result import Comparison
from .sensitivity import not_repeated
from .studies import NEWER, STUDIES, Study, results

DATA = {
    "sparse text": "text",
    "images, convolutional net": "conv",
    "images, small network": "mlp",
    "images, linear model": "softmax",
}
"""The kinds of data, each with its study."""
RUNS = {
    "lr constant": "",
    "lr annealed to zero": "_annealed",
    "annealed, three times as long": "_long",
    "lr constant, on ten splits": "_splits",
    "methods of after 2018": "_newer",
    "methods of after 2018, on ten splits": "_newer_splits",
    "decay and schedule tuned, too": "_whole",
}
"""How the methods ran, and what the study that has it adds to its name."""
METRICS = ("test accuracy", "test loss")
"""What methods are judged by."""
USUAL = ("images, small network", "lr constant", "test accuracy")
"""Data, run and metric where nothing else is said."""
ALL = 9
"""So many trials are all that a study spent on a method."""
MOST = 6
"""So many arrays are room enough for all of them."""
NEAR = 1.2
"""A validation loss of at most so many times the best one of a study is good."""

Standing = Literal["first", "alike", "better", "worse", "left out"]


@dataclass(frozen=True)
class Place:
    """Where one method stands.

    Args:
        method: its name in the study.
        memory: arrays of the parameters' size that it keeps, for a matrix of 64 × 64.
        standing: "first" on validation data; "alike" if it cannot be told from the first; "better" or "worse" than
            the first; "left out" if it needs more memory than there is.
        value: the mean difference from the first on test data; or, where only some trials can be paid for, the
            chance that one of them is good.
        low: the lower end of the difference's 95 % interval; NaN for a chance.
        high: its upper end.
    """

    method: str
    memory: float
    standing: Standing
    value: float
    low: float = np.nan
    high: float = np.nan

    @property
    def stays(self) -> bool:
        """Whether nothing speaks against it."""
        return self.standing in ("first", "alike", "better")


@dataclass(frozen=True)
class Choice:
    """What `choose` returns.

    Args:
        study: whose rows were looked at.
        asked: the study that would fit, if there is none such and a near one was taken; else "".
        trials: how many learning rates could be tried.
        metric: what the methods were judged by.
        places: all methods of the study, the best value first.
    """

    study: str
    asked: str
    trials: int
    metric: str
    places: tuple[Place, ...]

    @property
    def chances(self) -> bool:
        """Whether the values are chances and not differences."""
        return 0 < self.trials < ALL

    @property
    def first(self) -> Place | None:
        """The method that is first, if any is left."""
        return next((place for place in self.places if place.standing == "first"), None)

    @property
    def candidates(self) -> tuple[Place, ...]:
        """The methods that the study leaves to choose from."""
        return tuple(place for place in self.places if place.stays)

    @property
    def beaten(self) -> tuple[Place, ...]:
        """The methods that are worse than the first."""
        return tuple(place for place in self.places if place.standing == "worse")

    @property
    def decides(self) -> bool:
        """Whether any method was told from the first."""
        return bool(self.beaten)

    def least_memory(self) -> tuple[str, ...]:
        """Return those candidates that keep the fewest numbers."""
        least = min((place.memory for place in self.candidates), default=0.0)
        return tuple(place.method for place in self.candidates if place.memory == least)

    def width(self, method: str) -> float:
        """Return over how many decades of lr a method's loss is within a tenth of its best, NaN if more was tuned."""
        curve = _of(self.study).sensitivity.get(method)
        return np.nan if curve is None else curve.width()

    def widest(self) -> tuple[str, float]:
        """Return the candidate that minds its lr least, and its `width`; "" and NaN where no width is known."""
        widths = {p.method: self.width(p.method) for p in self.candidates}
        known = {name: width for name, width in widths.items() if not np.isnan(width)}
        name = max(known, key=lambda name: known[name], default="")
        return name, known.get(name, np.nan)


STUDIED: dict[str, Study] = {
    name: study for name, study in (STUDIES | NEWER).items() if study.annealed or not name.endswith("_long")
}
"""The studies that the guide can look into: of the long ones those that it calls annealed."""


def choose(
    data: str = USUAL[0],
    run: str = USUAL[1],
    trials: int = ALL,
    memory: float = MOST,
    metric: str = USUAL[2],
) -> Choice:
    """Return what the course's studies say for a problem like this.

    With no trial the methods run at their defaults, with all of them each at its best learning rate; both ways they
    are held against the first on *test* data. Who is the first is read off *validation* data, so that it is not the
    luckiest one. With some trials it is the chance that one of so many learning rates, drawn from a method's grid, is
    good: within 20 % of the best validation loss in the study. There a method is alike if one more good rate would
    bring it level.

    Args:
        data: one of `DATA`.
        run: one of `RUNS`. Where no study has it, the one with a constant lr answers.
        trials: settings, mostly learning rates, that can be tried, 0 … 9; 9 stands for all that the study tried.
        memory: arrays of the parameters' size that there is room for, 0 … 6; a small share of one is always there.
        metric: one of `METRICS`, for differences.

    Raises:
        TypeError: if trials is no whole number.
        ValueError: for an answer that is not offered.

    Examples:
        >>> answer = choose("images, convolutional net", metric="test loss")
        >>> answer.first.method, [place.method for place in answer.candidates]
        ('AdamW', ['Adam', 'AdamW'])
        >>> choose("images, linear model", trials=0).first.method
        'Adadelta'
    """
    for name, value, known in (("data", data, DATA), ("run", run, RUNS), ("metric", metric, METRICS)):
        if value not in known:
            raise ValueError(f"{name} = {value!r} is not allowed: it must be one of {', '.join(known)}")
    trials = whole("trials", trials, 0, ALL)
    if not 0 <= memory <= MOST:
        raise ValueError(f"memory = {memory!r} is not allowed: it must be from 0 to {MOST}")
    wanted = DATA[data] + RUNS[run]
    study = wanted if wanted in STUDIED else DATA[data]
    keeps = {name: memory_of(study, name) for name in _of(study).methods}
    room = tuple(name for name, kept in keeps.items() if kept <= memory + 0.05)
    column = metric.replace(" ", "_")
    found = _drawn(study, room, trials) if 0 < trials < ALL else _judged(study, room, trials, column)
    sign = -1 if (0 < trials < ALL) or column.endswith("accuracy") else 1
    left_out = [Place(name, kept, "left out", np.nan) for name, kept in keeps.items() if name not in room]
    ordered = sorted(found, key=lambda place: sign * place.value)
    return Choice(study, "" if wanted == study else wanted, trials, metric, (*ordered, *left_out))


def memory_of(study: str, method: str, side: int = 64) -> float:
    """Return how many arrays of the parameters' size a method of a study keeps for a square matrix."""
    return _memory(STUDIED[study].methods[method].opt, side)


def _memory(opt: Optimizer, side: int) -> float:
    row = REGISTRY.get(type(opt).__name__)
    if (
        row is None or row.cls is Partition
    ):  # a wrapper around a rule, or a rule for the matrices and one for the rest
        inner = getattr(opt, "inner", None) or next(iter(opt.parts.values()))  # type: ignore[attr-defined]
        return _memory(inner, side)
    return row.matrix_memory(side, side) if row.matrix_memory else row.memory


@lru_cache(maxsize=2)
def outside() -> Table:
    """Return what others measured at scales that the course cannot reach.

    Columns: topic, who, year, link, setting, finding.

    Examples:
        >>> sorted(set(outside()["topic"].tolist()))
        ['language models', 'large batches', 'wall clock']
    """
    return Table.load(Path(__file__).with_name("outside.csv"))


@lru_cache(maxsize=16)
def _of(study: str) -> Comparison:
    return results(study)


@lru_cache(maxsize=256)
def _judged(study: str, room: tuple[str, ...], trials: int, metric: str) -> tuple[Place, ...]:
    """Hold the methods against the one that is first on validation data, by what they do on test data."""
    if not room:
        return ()
    view, comparison = "best" if trials else "defaults", _of(study)
    if trials:
        bad = {name: float(losses.min()) for name, losses in tuning_losses(study).items() if name in room}
    else:  # a default was not tuned, so there are no tuning runs to look at
        with np.errstate(over="ignore"):
            bad = {name: float(comparison.results(name, view, "valid_loss").mean()) for name in room}
    first = min(bad, key=lambda name: bad[name])
    places = [Place(first, memory_of(study, first), "first", 0.0, 0.0, 0.0)]
    if len(room) > 1:
        runs = comparison.runs
        part = Comparison(runs.take(np.isin(runs["method"], room)))
        for row in part.differences(view, first, metric).rows:
            standing: Standing = "alike" if row["verdict"] == "not distinguishable" else row["verdict"]
            numbers = (float(row[name]) for name in ("difference", "low", "high"))
            places.append(Place(row["method"], memory_of(study, row["method"]), standing, *numbers))
    return tuple(places)


@lru_cache(maxsize=256)
def _drawn(study: str, room: tuple[str, ...], trials: int) -> tuple[Place, ...]:
    """Return the chances that one of some learning rates is good."""
    if not room:
        return ()
    good = good_rates(study)
    chance = {name: chance_of_good(*good[name], trials) for name in room}
    first = max(chance, key=lambda name: chance[name])

    def standing(name: str) -> Standing:
        w, n = good[name]
        if name == first:
            return "first"
        return "alike" if chance_of_good(min(w + 1, n), n, trials) >= chance[first] else "worse"

    return tuple(Place(name, memory_of(study, name), standing(name), chance[name]) for name in room)


def good_rates(study: str) -> dict[str, tuple[int, int]]:
    """Return for each method how many of its learning rates are good, of how many that differ.

    Examples:
        >>> good_rates("mlp_splits")["Adam"], good_rates("mlp_splits")["SGD"]
        ((2, 9), (1, 9))
    """
    tried = tuning_losses(study)
    limit = NEAR * min(losses.min() for losses in tried.values())
    return {name: (int(np.sum(losses <= limit)), len(losses)) for name, losses in tried.items()}


@lru_cache(maxsize=16)
def tuning_losses(study: str) -> dict[str, np.ndarray]:
    """Return for each method the mean validation losses of the settings tried, infinite where a run diverged.

    Two settings with equal losses are one and the same run, and count once.
    """
    comparison, found = _of(study), {}
    tuning = comparison.runs.where(view="tuning")
    for method in comparison.methods:
        rows = tuning.where(method=method)
        settings = np.array([str([row[name] for name in comparison.settings]) for row in rows.rows])
        losses = np.nan_to_num(rows["valid_loss"], nan=np.inf)
        with np.errstate(over="ignore"):  # of runs that are about to diverge
            by_setting = [losses[settings == one].mean() for one in dict.fromkeys(settings.tolist())]
        found[method] = np.sort(np.array(by_setting)[not_repeated(np.array(by_setting))])
    return found


def chance_of_good(good: int, of: int, trials: int) -> float:
    """Return the chance that at least one of some trials, drawn without replacement, is good.

    Examples:
        >>> chance_of_good(1, 4, 2)
        0.5
    """
    return 1 - comb(of - good, min(trials, of)) / comb(of, min(trials, of))


def listed(names: Iterable[str], word: str = "and") -> str:
    """Return names as words.

    Examples:
        >>> listed(["SGD", "Momentum", "Adam"]), listed(["SGD", "Adam"], "or")
        ('SGD, Momentum and Adam', 'SGD or Adam')
    """
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
