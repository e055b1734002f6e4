"""The word explorer: who learns the rare words of a text, and by what steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import Adagrad, GradientDescent, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...problems import SoftmaxRegression
from ..block.ahead import imagined
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene, round_up
from .options import Options
from .runs import Runs, check_trains, stacked, to_prepare
from .word_runs import WordRun, learn_words, small_text

_KEPT, _SIDE_BY_SIDE = 24, 12
_LEAST = 1e-5


def explore_words(
    opt: Any = None,
    problem: SoftmaxRegression | None = None,
    epochs: int = 3,
    *,
    size: int = 32,
    right: np.ndarray | None = None,
    seed: int = 0,
    shared: Sequence[str] = (),
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> WordExplorer:
    """Return a live figure of what optimizers learn of the words of a text, against how often a word occurs.

    On the left the mean length of the step that a word's weights take in a batch that contains it; on the right how
    far its weight for one class ends above those for the others. Each point is a word, each line the median of words
    about as frequent. A point that is dragged says where rare ends: the read-outs are medians of the words that are in
    no more documents.

    Args:
        opt: an optimizer, a list of them or a dict with names; by default gradient descent and Adagrad, each with a
            learning rate that suits it.
        problem: softmax regression whose inputs count words; by default on a small text of the kind of `zipf_text`.
        epochs: passes over the text at first; a slider goes from 1 to 10 (or to ``epochs`` if that is more).
        size: documents in a batch.
        right: for each word the weight that would be right, if it is known; drawn in grey.
        seed: of the order in which documents come.
        shared: hyperparameters that all optimizers take from one slider, such as ``("lr",)``.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if one of them is no optimizer, or the problem no softmax regression.
        ValueError: if an optimizer cannot run on the problem, for an impossible number, or an unknown control.

    Examples:
        >>> figure = explore_words()
        >>> runs = {name: figure.run(name) for name in figure.names}
        >>> rare = figure.count <= 8
        >>> {name: round(float(np.median(run.weights[rare])), 1) for name, run in runs.items()}
        {'SGD': 0.1, 'Adagrad': 0.5}
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return WordExplorer(opt, problem, epochs, size, right, seed, tuple(shared), options)


class WordExplorer(Figure):
    """What `explore_words` returns; its arguments are explained there."""

    def __init__(
        self,
        opt: Any,
        problem: Any,
        epochs: int,
        size: int,
        right: Any,
        seed: int,
        shared: Any,
        options: Options,
    ) -> None:
        if problem is None:
            problem, right = small_text()
        if not isinstance(problem, SoftmaxRegression):
            raise TypeError(f"problem = {problem!r} is not allowed: it must be a SoftmaxRegression")
        self.problem, self.size, self.seed = problem, size, seed
        self.count = (problem.train.inputs != 0).sum(axis=0)
        if not self.count.any():
            raise ValueError("problem has no words: all inputs of its training texts are 0")
        if right is not None and np.shape(right) != self.count.shape:
            raise ValueError(f"right has shape {np.shape(right)}, but there are {len(self.count)} words")
        self.right = None if right is None else np.asarray(right, dtype=float)
        Spec(low=1, high=len(problem.train), open_low=False, open_high=False, integer=True).clean(
            "WordExplorer: size", size
        )
        opt = {"SGD": GradientDescent(lr=0.5), "Adagrad": Adagrad(lr=0.15)} if opt is None else opt
        own = ("epochs",)
        self._runs = Runs(opt, shared, options, own, frozenset({*own, "rare", *dir(Figure)}), problem)
        for one in self._runs.optimizers.values():
            check_trains(one, problem)
        self._known: dict[Any, list[WordRun]] = {}
        self._ready: dict[Any, list[WordRun]] = {}
        length = Control(
            "epochs", Spec(low=1, high=100, open_high=False, integer=True, slider=(1, 10)), epochs
        )
        length.spec.clean("WordExplorer: epochs", epochs)
        self._bins()
        rare = float(np.quantile(self.count[self.count > 0], 0.25))
        super().__init__([*self._runs.controls, options.adjusted(length)], {"rare": (rare, 0.0)})

    def _bins(self) -> None:
        """Sort words by how many documents they are in, an octave at a time."""
        edges = 2.0 ** np.arange(np.ceil(np.log2(self.count.max() + 1)) + 1)
        groups = [(self.count >= low) & (self.count < 2 * low) for low in edges]
        self._groups = [group for group in groups if group.any()]
        self._centres = np.array([np.exp(np.log(self.count[group]).mean()) for group in self._groups])

    # -- the runs -----------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The names of the runs."""
        return list(self._runs.optimizers)

    def optimizer(self, name: str) -> Optimizer:
        """Return an optimizer with its hyperparameters as the sliders stand."""
        return self._runs.configured(name, partial(getattr, self))

    def run(self, name: str) -> WordRun:
        """Return what an optimizer has learnt at the present settings.

        Raises:
            KeyError: for a name that is none of the runs.
        """
        key = self._key(name)
        found = self._found(key)
        if len(found) < self.epochs:
            (found,) = learn_words(self.optimizer(name), self.problem, self.epochs, self.size, self.seed)
            self._known[key] = found
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return found[self.epochs - 1]

    def _found(self, key: Any) -> list[WordRun]:
        """Return what is there of a run, epoch by epoch."""
        return self._ready.get(key) or self._known.get(key, [])

    def _key(self, name: str) -> tuple[Any, ...]:
        return name, *self.optimizer(name).hyper().values()

    def prepare(self, name: str, values: Sequence[Any]) -> int | None:
        """Run the values of a hyperparameter side by side; the longest run holds the shorter ones."""
        if name == "epochs":
            with imagined(self, name, max(values)):
                for run in self.names:
                    self.run(run)
            return None
        rounds = []
        for value in values[:_SIDE_BY_SIDE]:
            with imagined(self, name, value):
                rounds.append([(self._key(run), self.optimizer(run)) for run in self.names])
        keys = [[key for key, _ in one] for one in rounds]
        ready, missing = to_prepare(keys, lambda key: len(self._found(key)) >= self.epochs)
        if missing:
            self._ready = {key: self._ready[key] for own in keys for key in own if key in self._ready}
        for column in zip(*(rounds[place] for place in missing), strict=True):
            wanted = dict(column)
            together = stacked(list(wanted.values())) if len(wanted) > 1 else None
            if together is not None and together.grid:
                runs = learn_words(together, self.problem, self.epochs, self.size, self.seed)
                self._ready |= zip(wanted, runs, strict=True)
        return ready

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the steps, the weights and the read-outs."""
        runs = {name: self.run(name) for name in self.names}
        lines = {name: (self._medians(run.steps), self._medians(run.weights)) for name, run in runs.items()}
        scene = Scene(
            self._panels(lines.values()),
            columns=(
                "step, rare word",
                "step, other words",
                "weight, rare word",
                "loss on new texts",
                "right on new texts",
            ),
        )
        if self.right is not None:
            scene.line(1, self._centres, self._medians(self.right), "muted", 6.0, alpha=0.35)
        for name, run in runs.items():
            color = self._runs.colors[name]
            for panel, values, line in zip((0, 1), (run.steps, run.weights), lines[name], strict=True):
                axis = scene.panels[panel].y
                drawn = (self.count > 0) & (values > axis.low) & (values < axis.high)
                words = np.where(drawn, values, np.nan)
                scene.points(panel, self.count, words, color, 1.2, alpha=0.3)
                scene.line(panel, self._centres, _within(line, axis), color, 3.0, halo=True)
                scene.vertices(color, 3.0)
            scene.rows.append(self._told(name, run))
        limit = self._limit
        for panel in (0, 1):
            axis = scene.panels[panel].y
            scene.line(panel, [limit, limit], [axis.low, axis.high], "muted", 1.0, dash=True)
        axis = scene.panels[0].y
        scene.text(0, limit, axis.high, "rare", "muted", "right", shift=10)
        scene.handle(0, "rare", limit, axis.low**0.94 * axis.high**0.06)
        few = int((self.count[self.count > 0] <= limit).sum())
        scene.notice = (
            f"Rare: in {limit:.0f} texts of {len(self.problem.train)} or fewer; these are {few} words."
        )
        if self.right is not None:
            scene.notice += " Grey: the weight that is right."
        scene.alt = f"After {self.epochs} epochs: " + "; ".join(
            f"{row.name}: step {row.cells[0]} for a rare word and {row.cells[1]} for others, weight {row.cells[2]}"
            for row in scene.rows
        )
        return scene

    def _panels(self, lines: Iterable[tuple[np.ndarray, np.ndarray]]) -> list[Panel]:
        """Return the panels, high enough for the medians of steps and weights."""
        steps, weights = map(np.concatenate, zip(*lines, strict=True))
        shown = np.clip(steps[(steps > 0) & (steps < HUGE)], _LEAST, 1e3)
        low, high = (shown.min(), shown.max()) if len(shown) else (0.01, 1.0)
        ground = 10.0 ** np.floor(np.log10(0.7 * low))
        roof = max(10.0 ** np.ceil(np.log10(1.4 * high)), 100 * ground)
        top = np.nanmax(weights, initial=1.0, where=weights < HUGE)
        texts = Axis.decades("texts with the word", 0.8, 1.3 * self.count.max(), 4)
        return [
            Panel(texts, Axis.decades("", ground, roof, 4), "step when the word occurs"),
            Panel(texts, Axis.linear("", 0, round_up(1.25 * top)), "weight learnt"),
        ]

    @property
    def _limit(self) -> float:
        """In how many documents a word may be and be rare."""
        return float(np.clip(np.round(self.rare[0]), self.count[self.count > 0].min(), self.count.max()))

    def _medians(self, values: np.ndarray) -> np.ndarray:
        """Return the median over the words of each octave; NaN where a run has none."""
        return np.array([np.median(values[group]) for group in self._groups])

    def _told(self, name: str, run: WordRun) -> Row:
        some = self.count > 0
        rare, others = some & (self.count <= self._limit), some & (self.count > self._limit)
        loss = "∞: diverged" if run.diverged else short(run.loss, 3)
        medians = map(_median, (run.steps[rare], run.steps[others], run.weights[rare]))
        cells = (*medians, loss, f"{100 * run.accuracy:.1f} %")
        return Row(name, self._runs.colors[name], cells, "bad" if run.diverged else "")


def _median(values: np.ndarray) -> str:
    middle = float(np.median(values)) if len(values) else np.nan
    return short(middle, 2) if np.isfinite(middle) else "–"


def _within(line: np.ndarray, axis: Axis) -> np.ndarray:
    """Return a line without what lies above its panel; what is below stays, and the panel's edge cuts it."""
    return np.where(line <= axis.high, np.maximum(line, axis.low), np.nan)
