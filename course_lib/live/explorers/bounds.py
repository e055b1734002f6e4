"""The bounds explorer: the learning rate of single weights under AdaBound, squeezed between two curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from itertools import accumulate

import numpy as np

from ...optimizers import AdaBound, AMSBound
from ...optimizers.hyper import Spec
from ...plotting import SERIES, short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options
from .runs import Runs

STEPS = 100_000
"""How many steps are looked at."""

_SHOWN = np.unique(np.geomspace(1, STEPS, 240).round().astype(int))
"""The steps whose rates are drawn."""

_NAMED = int(np.searchsorted(_SHOWN, 150))
"""Where the names of the bounds stand, clear of the rates without bounds."""

_LOW, _HIGH = 1e-6, 1e4
"""The ends of the axis of rates."""

LONG: dict[str, Callable[[], np.ndarray]] = {
    "noise": lambda: np.random.default_rng(0).standard_normal(STEPS),
    "shrinks": lambda: np.random.default_rng(0).standard_normal(STEPS) / np.sqrt(np.arange(1, STEPS + 1)),
    "rare": lambda: np.where(np.arange(STEPS) % 200 == 0, 1.0, 0.0),
}
"""Gradients of one weight over a long training, by name: of one size, falling as 1/√t, and one in 200 steps."""


def explore_bounds(
    opt: AdaBound | None = None,
    gradients: str = "noise",
    sizes: Sequence[float] = (1.0, 0.01, 1e-4),
    step: int = 100,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> BoundsExplorer:
    """Return a live figure of the learning rate that AdaBound gives to weights whose gradients differ in size.

    On the left the two bounds over the steps and between them each weight's rate, dashed what Adam would take; on the
    right how many times the largest rate is the smallest. Beneath, the rates at the step of a slider.

    Args:
        opt: AdaBound or AMSBound; by default AdaBound with its released settings.
        gradients: which of ``LONG`` to begin with: "noise", "shrinks" or "rare".
        sizes: what the gradients of each weight are multiplied by, > 0; two to six weights.
        step: where to look first, 1 … 100,000.
        sliders: the controls that are shown, such as ``("gamma", "step")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if ``opt`` has no bounds.
        ValueError: for unknown gradients or controls, a step out of range, or sizes that are not > 0.

    Examples:
        >>> figure = explore_bounds()
        >>> adam, bound = figure.rates(100)
        >>> print((adam.max() / adam.min()).round(), (bound.max() / bound.min()).round())
        9997.0 121.0
        >>> adam, bound = figure.rates(100_000)
        >>> print((bound / 0.1).round(2))  # all three near final_lr
        [0.99 1.01 1.01]
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return BoundsExplorer(AdaBound() if opt is None else opt, gradients, sizes, step, options)


class BoundsExplorer(Figure):
    """What `explore_bounds` returns; its arguments are explained there."""

    def __init__(
        self, opt: AdaBound, gradients: str, sizes: Sequence[float], step: int, options: Options
    ) -> None:
        if not isinstance(opt, AdaBound):
            raise TypeError(f"opt = {opt!r} has no bounds: it must be AdaBound or AMSBound")
        if gradients not in LONG:
            raise ValueError(f"gradients = {gradients!r} is not known: it must be one of {', '.join(LONG)}")
        self.sizes = np.array(sizes, dtype=float)
        if not (self.sizes.ndim == 1 and 2 <= len(self.sizes) <= 6 and (self.sizes > 0).all()
                and np.isfinite(self.sizes).all()):  # fmt: skip
            raise ValueError(
                f"sizes = {sizes!r} is not allowed: it must be two to six finite numbers, all > 0"
            )
        own = ("gradients", "step")
        self._runs = Runs(opt, (), options, own, frozenset({*own, "sizes", *dir(Figure)}))
        self._name = next(iter(self._runs.optimizers))
        every = Spec(low=1, high=STEPS, open_high=False, integer=True, scale="log", slider=(1, STEPS))
        first = every.clean("BoundsExplorer: step", step)
        look = Control("step", every, first, "look at step", plays=True)
        kind = Control("gradients", Spec(choices=tuple(LONG)), gradients)
        super().__init__([*map(options.adjusted, (look, kind)), *self._runs.controls])

    @property
    def optimizer(self) -> AdaBound:
        """The optimizer with its hyperparameters as the sliders stand."""
        found = self._runs.configured(self._name, partial(getattr, self))
        assert isinstance(found, AdaBound)
        return found

    def rates(self, t: int | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what stands before m in steps ``t`` of each weight: without bounds, and with them.

        Args:
            t: one step or several, 1 … 100,000.

        Returns:
            Two arrays ``(*t.shape, weights)``, in units of x²/loss.
        """
        opt, t = self.optimizer, np.asarray(t)
        v = _mean_squares(self.gradients, float(opt.beta2), isinstance(opt, AMSBound))[t - 1]
        v, t = v[..., None] * self.sizes**2, t[..., None]
        with np.errstate(all="ignore"):
            return opt.adam_rate(v, t), opt.rate(v, t)

    def draw(self) -> Scene:
        """Return the funnel, the spread of the rates, and the rates at the step that is looked at."""
        opt, at = self.optimizer, self.step
        (free, bound), (free_now, bound_now) = self.rates(_SHOWN), self.rates(at)
        steps = Axis.decades("step t", 1, STEPS)
        top = 10.0 ** np.ceil(np.log10(2 * self.sizes.max() / self.sizes.min()))
        scene = Scene(
            [
                Panel(steps, Axis.decades("learning rate of a weight", _LOW, _HIGH), "rates", 1.5),
                Panel(steps, Axis.decades("", 1, top, 3), "largest / smallest", 0.8),
            ],
            columns=("Adam's rate", "its rate here", ""),
        )
        lower, upper = opt.bounds(_SHOWN)
        for name, curve, shift in (("upper bound", upper, -12), ("lower bound", lower, 14)):
            scene.line(0, _SHOWN, _inside(curve), "ink", 2.4)
            scene.text(0, _SHOWN[_NAMED], float(_inside(curve)[_NAMED]), name, "ink", shift=shift)
        for i, color in zip(range(len(self.sizes)), SERIES, strict=False):
            scene.line(0, _SHOWN, _inside(free[:, i]), color, 1.4, dash=True, alpha=0.7)
            scene.line(0, _SHOWN, _inside(bound[:, i]), color, 2.6)
            scene.points(0, [at], _inside(bound_now[i : i + 1]), color, 4.5)
            cells = (short(free_now[i], 3), short(bound_now[i], 3), _held(free_now[i], bound_now[i]))
            scene.rows.append(Row(f"gradients {short(self.sizes[i])}", color, cells))
        for rates, dash in ((free, True), (bound, False)):
            scene.line(1, _SHOWN, _spread(rates), "muted" if dash else "ink", 1.4 if dash else 2.4, dash)
        for panel in (0, 1):
            axis = scene.panels[panel].y
            scene.line(panel, [at, at], [axis.low, axis.high], "muted", 1.0, dash=True)
        ends = " and ".join(short(float(end), 3) for end in opt.bounds(at))
        times, without = (short(float(_spread(rates)), 4) for rates in (bound_now, free_now))
        scene.notice = (
            f"At step {at:,} the bounds are {ends}; the largest rate is {times} times the smallest, {without} times "
            "without bounds. Dashed: Adam."
        )
        told = "; ".join(f"{row.name}: {row.cells[1]}, {row.cells[2]}" for row in scene.rows)
        scene.alt = f"{self._name}, gradients: {self.gradients}. {scene.notice} {told}."
        return scene


@lru_cache(maxsize=64)
def _mean_squares(name: str, beta2: float, largest: bool) -> np.ndarray:
    """Return the running mean square of some gradients after each step, or its maximum so far."""
    squares = (LONG[name]() ** 2).tolist()
    v = np.array(list(accumulate(squares, lambda v, g2: beta2 * v + (1 - beta2) * g2, initial=0.0))[1:])
    return np.maximum.accumulate(v) if largest else v


def _inside(rates: np.ndarray) -> np.ndarray:
    """Return rates as far as the axis goes."""
    return np.clip(rates, _LOW, _HIGH)


def _spread(rates: np.ndarray) -> np.ndarray:
    """Return how many times the largest rate of a step is the smallest."""
    return rates.max(axis=-1) / rates.min(axis=-1)


def _held(free: float, bound: float) -> str:
    return "free" if free == bound else "held up from below" if bound > free else "held down from above"
