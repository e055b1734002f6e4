"""The rates explorer: a comparison at one learning rate for all, and at each method's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...comparing import Comparison
from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control, rounded
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

EACH = ("one lr for all", "each its best lr")
"""The two ways to compare."""
HALF = 1.03
"""A mark is as wide as this factor, to either side of its loss."""


def explore_rates(
    comparison: Comparison,
    baseline: str = "SGD",
    method: str = "Adam",
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
) -> RatesExplorer:
    """Return a live ranking of the methods of a comparison at a learning rate that a slider sets.

    The figures are those of the tuning runs, and the slider stops at the learning rates that were tried: dots on the
    curves. A method that was not tried at one has no result there.

    Args:
        comparison: what `compare` returned, tuned over lr alone by a loss.
        baseline: the method that stands out in every setting.
        method: the other one that stands out, at first.
        sliders: the controls that are shown, such as ``("lr",)``; by default all.
        hide: controls that are not shown.

    Returns:
        A widget with the traits ``lr``, ``each`` ("one lr for all" or "each its best lr") and ``method``.

    Raises:
        ValueError: if there is no such method with an lr of its own, or the criterion is no loss.

    Examples:
        >>> from course_lib.comparing.studies import results
        >>> figure = explore_rates(results("mlp"))
        >>> figure.lr = 0.001
        >>> figure.ranking()[0][0]
        'AMSGrad'
        >>> figure.lr = 1.0
        >>> figure.ranking()[0][0]
        'SGD'
    """
    return RatesExplorer(comparison, baseline, method, Options(sliders, tuple(hide)))


class RatesExplorer(Figure):
    """What `explore_rates` returns; its arguments are explained there."""

    def __init__(self, comparison: Comparison, baseline: str, method: str, options: Options) -> None:
        self.curves = comparison.sensitivity
        self._losses = {
            name: np.where(np.isnan(curve.criterion), np.inf, curve.criterion)
            for name, curve in self.curves.items()
        }
        self.criterion = comparison.criterion
        if not self.criterion.endswith("loss"):
            raise ValueError(f"comparison was tuned by {self.criterion}, but it must be by a loss")
        for name, value in (("baseline", baseline), ("method", method)):
            if value not in self.curves:
                raise ValueError(
                    f"{name} = {value!r} is not allowed: it must be one of {', '.join(self.curves)}"
                )
        self.baseline = baseline
        tried = np.concatenate([curve.lr for curve in self.curves.values()])
        losses = np.concatenate(list(self._losses.values()))
        best = np.array([loss.min() for loss in self._losses.values()])
        top = min(1.3 * losses[np.isfinite(losses)].max(), 30 * best[np.isfinite(best)].max())
        words = self.criterion.replace("valid_", "validation ").replace("_", " ")
        self.axis = Axis.decades(words, 0.7 * best.min(), top, 4)
        self.wide = Axis.decades(
            words, 0.7 * best.min(), 4 * top, 4
        )  # leaves room for names behind the marks
        self.rates = Axis.decades("lr", float(tried.min()), float(tried.max()), 6)
        self.tried = tuple(sorted({rounded(lr) for lr in tried}))
        first = min(self.tried, key=lambda lr: abs(np.log(lr / 1e-3)))
        controls = [
            Control("lr", Spec(low=0, open_low=True, scale="log"), first, positions=self.tried),
            Control("each", Spec(choices=EACH), EACH[0], "compared at"),
            Control("method", Spec(choices=tuple(self.curves)), method, "stands out"),
        ]
        options.check(control.name for control in controls)
        super().__init__(map(options.adjusted, controls))

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the nearest learning rate that was tried."""
        return {"lr": min(self.tried, key=lambda lr: abs(np.log(lr / self.lr)))} if name == "lr" else {}

    def ranking(self) -> list[tuple[str, float]]:
        """Return (method, loss) as the figure is set, the best first; NaN where the lr was not tried."""
        if self.each == EACH[1]:
            losses = {name: float(loss.min()) for name, loss in self._losses.items()}
        else:
            losses = {name: self._at(name, self.lr) for name in self.curves}
        return sorted(losses.items(), key=lambda pair: (np.isnan(pair[1]), pair[1]))

    def draw(self) -> Scene:
        """Return the marks, the curves and the two rows of read-outs."""
        ranking = self.ranking()
        title = "each at its best lr" if self.each == EACH[1] else f"all at lr = {short(self.lr, 3)}"
        scene = Scene(
            [
                Panel(self.wide, Axis("", 0, len(ranking)), title, 1.1, grid=False, lines=len(ranking)),
                Panel(self.rates, self.axis, "", 1.0),
            ],
            columns=("rank", "loss", "its best lr", "loss there"),
        )
        for row, (name, loss) in enumerate(reversed(ranking)):
            self._draw_row(scene, row, name, loss)
        for name in sorted(self.curves, key=lambda name: name in (self.baseline, self.method)):
            self._draw_curve(scene, name)
        if self.each == EACH[0]:
            scene.line(1, [self.lr] * 2, [self.axis.low, self.axis.high], "text", 1.2, dash=True)
        places = {name: place for place, (name, _) in enumerate(ranking, 1)}
        tried = sum(not np.isnan(loss) for _, loss in ranking)
        for name in dict.fromkeys((self.baseline, self.method)):
            curve, loss = self.curves[name], dict(ranking)[name]
            cells = (
                f"{places[name]} of {tried}" if not np.isnan(loss) else "–",
                _words(loss),
                short(curve.best, 3),
                _words(float(self._losses[name].min())),
            )
            scene.rows.append(Row(name, self._color(name), cells))
        listed = ", ".join(f"{name} {_words(loss)}" for name, loss in ranking)
        scene.alt = f"{self.axis.label}, {title}, the best first: {listed}."
        return scene

    def _draw_row(self, scene: Scene, row: int, name: str, loss: float) -> None:
        """Draw a mark, not a bar: on a logarithmic axis the length of one says nothing."""
        color = self._color(name)
        faint = color == "muted"
        at = float(np.clip(np.nan_to_num(loss, nan=self.axis.low), self.axis.low, self.axis.high))
        if not np.isnan(loss):
            scene.bars(0, [at / HALF], [at * HALF], [row + 0.2], [row + 0.8], color, 0.6 if faint else 1.0)
        scene.text(0, at, row + 0.5, f"{name}  {_words(loss)}", "text" if faint else color)

    def _draw_curve(self, scene: Scene, name: str) -> None:
        curve, color = self.curves[name], self._color(name)
        y = np.where(self._losses[name] <= self.axis.high, self._losses[name], np.nan)
        faint = color == "muted"
        scene.line(1, curve.lr, y, color, 1.2 if faint else 2.4, alpha=0.45 if faint else 1.0)
        scene.points(
            1, curve.lr, y, color, 1.6 if faint else 2.6, alpha=0.45 if faint else 1.0
        )  # what was tried
        at = (
            (curve.best, float(self._losses[name].min()))
            if self.each == EACH[1]
            else (self.lr, self._at(name, self.lr))
        )
        if np.isfinite(at[1]):
            scene.points(1, [at[0]], [at[1]], color, 3 if faint else 5, alpha=0.6 if faint else 1.0)

    def _at(self, name: str, lr: float) -> float:
        """Return a method's loss at a learning rate that was tried: NaN if not by this method."""
        curve = self.curves[name]
        here = np.isclose(curve.lr, lr, rtol=5e-3, atol=0)
        return float(self._losses[name][here][0]) if here.any() else float("nan")

    def _color(self, name: str) -> str:
        return {self.method: "vermilion", self.baseline: "blue"}.get(name, "muted")


def _words(loss: float) -> str:
    if np.isnan(loss):
        return "not tried"
    return short(loss, 3) if np.isfinite(loss) else "diverged"
