"""The batch-size explorer: how many steps a larger batch saves, and with which learning rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...comparing.large_batches import BatchLaw, fit_batch_law
from ...optimizers import GradientDescent
from ...optimizers.hyper import Spec
from ...plotting import short
from ...problems.expected import best_rates, steps_to_target
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

SPECTRUM = 1 / np.arange(1, 101)
"""Curvatures of the noisy quadratic model; the largest is 1, so that gradient descent needs lr < 2."""

SIZES = 2.0 ** np.arange(0, 12.5, 0.5)
RULES = {"one lr for all": 0.0, "lr ∝ √B": 0.5, "lr ∝ B": 1.0}
"""With which power of the batch size lr goes."""

_RUN_SIZES, _RUN_STEPS, _SEEDS = SIZES[::2], 300, 4
_LOW, _HIGH = 5.0, 1e5
_FLATTEST, _STEEPEST = 1e-3, 10.0


def explore_batch_size(
    lr: float = 0.5,
    batch: int = 32,
    target: float = 0.05,
    rule: str = "one lr for all",
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> BatchSizeExplorer:
    r"""Return a live figure of the steps that gradient descent needs to a target, against the batch size.

    It runs on the noisy quadratic model with 100 coordinates of curvature 1, 1/2, 1/3, … and examples without end.
    Lines are exact: the step at which the *expected* loss is down at the target. Dots are four real runs of each size,
    as far as they touch the target within 300 steps; a run that jitters touches it before the mean of all runs is
    there. On the right stand the learning rates.

    Args:
        lr: learning rate at the batch size ``batch``, > 0; others follow by the rule.
        batch: the batch size that is read out at first, ≥ 1.
        target: of the loss, in [0.005, 0.4]. At the start the loss is 2.6 in expectation.
        rule: "one lr for all", "lr ∝ √B" or "lr ∝ B".
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        ValueError: for a number out of range, an unknown rule or an unknown control.

    Examples:
        >>> figure = explore_batch_size()
        >>> figure.steps([32]), figure.tuned([32])[1]
        (array([191.]), array([159.]))
        >>> figure.rule = "lr ∝ B"
        >>> figure.rates([64, 256])  # the second is beyond 2/L = 2
        array([1., 4.])
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return BatchSizeExplorer(lr, batch, target, rule, options)


class BatchSizeExplorer(Figure):
    """What `explore_batch_size` returns; its arguments are explained there."""

    def __init__(self, lr: float, batch: int, target: float, rule: str, options: Options) -> None:
        if rule not in RULES:
            raise ValueError(f"rule = {rule!r} is not allowed: it must be one of {', '.join(RULES)}")
        rate = Spec(low=0, open_low=True, scale="log", slider=(0.01, 4.0))
        size = Spec(low=1, high=4096, open_high=False, integer=True, scale="log", slider=(1, 4096))
        loss = Spec(low=0.005, high=0.4, open_high=False, scale="log", slider=(0.01, 0.3))
        controls = [
            Control("lr", rate, rate.clean("BatchSizeExplorer: lr", lr)),
            Control("rule", Spec(choices=tuple(RULES)), rule),
            Control("batch", size, size.clean("BatchSizeExplorer: batch", batch), label="batch size B"),
            Control("target", loss, loss.clean("BatchSizeExplorer: target", target)),
        ]
        options.check(control.name for control in controls)
        super().__init__(map(options.adjusted, controls))

    # -- what it shows ------------------------------------------------------------------------------

    def rates(self, sizes: Any) -> np.ndarray:
        """Return the learning rate of each batch size by the rule."""
        return self.lr * (np.asarray(sizes, float) / self.batch) ** RULES[self.rule]

    def steps(self, sizes: Any) -> np.ndarray:
        """Return the steps until the expected loss is at the target, by the rule's learning rates."""
        return steps_to_target(SPECTRUM, self.rates(sizes), np.asarray(sizes, float), self.target)

    def tuned(self, sizes: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return the best learning rate of each batch size, and its steps."""
        return best_rates(SPECTRUM, sizes, self.target)

    def law(self) -> BatchLaw:
        """Return the law S = S_min (1 + B_crit/B), fitted to the steps at the best learning rates."""
        return _tuned_law(self.target)

    def runs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the batch size and the steps of every real run that touches the target."""
        return _RUN_SIZES, _runs(tuple(self.rates(_RUN_SIZES)), self.target)

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return steps and learning rates against the batch size, and the read-outs."""
        rates, steps = self.rates(SIZES), self.steps(SIZES)
        best, fewest = _tuned_curve(self.target)
        law = self.law()
        size = Axis.decades("batch size B", 0.8, 5200, 5)
        scene = Scene(
            [
                Panel(size, Axis.decades("steps", _LOW, _HIGH, 5), f"steps to a loss of {short(self.target, 3)}", 1.4),
                Panel(size, Axis.decades("lr", _FLATTEST, _STEEPEST, 4), "learning rate"),
            ],
            columns=("lr", "steps", "examples", "twice the batch saves"),
        )  # fmt: skip
        scene.line(0, [law.b_crit] * 2, [_LOW, _HIGH], "muted", 1.2, dash=True)
        scene.text(0, law.b_crit, _HIGH, " B_crit", "muted", shift=8)
        scene.line(0, SIZES[[0, -1]], [law.s_min] * 2, "muted", 1.2, dash=True)
        scene.text(0, 0.8, law.s_min, " S_min", "muted", shift=9)
        where, seen = self.runs()
        for run in seen:
            scene.points(0, where, _inside(run), "vermilion", 2.2, alpha=0.55)
        scene.line(0, SIZES, _inside(fewest), "blue", 2.2, dash=True)
        scene.line(0, SIZES, _inside(steps), "vermilion", 2.6, halo=True)
        here = self.steps([self.batch, 2 * self.batch])
        scene.points(0, [self.batch], _inside(here[:1]), "vermilion", 6, "ring")
        limit = 2 / SPECTRUM[0]
        scene.line(1, [0.8, 5200], [limit, limit], "text", 1.2, dash=True)
        scene.text(1, 0.8, limit, " 2/L", "text", shift=-9)
        scene.line(1, SIZES, best, "blue", 2.2, dash=True)
        scene.line(1, SIZES, _inside(rates, _FLATTEST, _STEEPEST), "vermilion", 2.6, halo=True)
        scene.points(1, [self.batch], [self.lr], "vermilion", 6, "ring")
        rate, tuned = self.tuned([self.batch, 2 * self.batch])
        scene.rows = [
            Row("your lr", "vermilion", self._told(self.lr, here)),
            Row(f"best lr at B = {self.batch:,}", "blue", self._told(float(rate[0]), tuned), dash=True),
        ]
        scene.notice = (
            f"Best lr at every B: S_min = {short(law.s_min, 3)} steps, B_crit = {short(law.b_crit, 3)}. Dots: four "
            f"runs of each size that touch the target within {_RUN_STEPS} steps."
        )
        yours, other = (row.cells for row in scene.rows)
        scene.alt = (
            f"Steps to a loss of {short(self.target, 3)} against the batch size. At B = {self.batch} lr {yours[0]} "
            f"takes {yours[1]} steps, {yours[2]} examples; the best lr, {other[0]}, takes {other[1]}, and twice the "
            f"batch saves {other[3]} of them. B_crit is {short(law.b_crit, 3)}, S_min {short(law.s_min, 3)}."
        )
        return scene

    def _told(self, lr: float, steps: np.ndarray) -> tuple[str, str, str, str]:
        """Return the cells of a row from the steps at B and at 2B."""
        if not np.isfinite(steps[0]):
            return short(lr, 3), "∞: never", "–", "–"
        saved = 1 - steps[1] / steps[0]
        return (
            short(lr, 3),
            f"{steps[0]:,.0f}",
            f"{steps[0] * self.batch:,.0f}",
            f"{saved:.0%}".replace("-", "−") if np.isfinite(saved) else "nothing: never",
        )


@lru_cache(maxsize=256)
def _tuned_curve(target: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the best learning rate of each of `SIZES`, and its steps."""
    return best_rates(SPECTRUM, SIZES, target)


@lru_cache(maxsize=256)
def _tuned_law(target: float) -> BatchLaw:
    return fit_batch_law(SIZES, _tuned_curve(target)[1])


@lru_cache(maxsize=1)
def _noise() -> tuple[np.ndarray, np.ndarray]:
    """Return the starts and the noise of one example, the same for every batch size."""
    rng = np.random.default_rng(0)
    shape = (len(SPECTRUM), 1, _SEEDS)
    return rng.standard_normal(shape), np.sqrt(SPECTRUM)[:, None, None] * rng.standard_normal(
        (_RUN_STEPS, *shape)
    )


@lru_cache(maxsize=64)
def _runs(lrs: tuple[float, ...], target: float) -> np.ndarray:
    """Return the step at which each run touches the target, ``(seeds, sizes)``, infinity where it does not."""
    start, noise = _noise()
    opt = GradientDescent(lr=np.array(lrs)[:, None])
    x: Any = np.repeat(start, len(lrs), axis=1)
    state, h = opt.init(x), SPECTRUM[:, None, None]
    shrink = 1 / np.sqrt(_RUN_SIZES)[:, None]
    first = np.full(x.shape[1:], np.inf)
    with np.errstate(all="ignore"):
        for t, xi in enumerate(noise, 1):
            x, state = opt.update(x, h * x + shrink * xi, state)
            arrived = (np.tensordot(SPECTRUM, x * x, 1) <= 2 * target) & np.isinf(first)
            first[arrived] = t
    return first.T


def _inside(values: np.ndarray, low: float = _LOW, high: float = _HIGH) -> np.ndarray:
    """Return values as far as they are in the picture."""
    return np.where((values >= low) & (values <= high), values, np.nan)
