"""The counter-example explorer: straight losses on [−1, 1], on which Adam may walk to the worst point of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import ADOPT, Adam, AMSGrad, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...problems import OnlineCounterexample
from ...running import walk
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene, round_up
from .drift import KNOWN, drift, in_words, wrong_between
from .options import Options
from .runs import Runs, check_trains, named_optimizers

ORDERS = ("in turn", "at random")
"""How the slopes come: the large one first in every period, or each drawn anew for every step."""

SEEDS = 40
_GOOD = {
    -1: "They add up to more than 0: −1 is the best point, 1 the worst.",
    0: "They add up to 0: all points are as good.",
    1: "They add up to less than 0: 1 is the best point, −1 the worst.",
}
_MOST, _FEWER = 200_000, 20_000
_DRAWN, _THIN = 240, 8
_BETAS = 1 - np.concatenate([[1.0], np.logspace(-0.02, -5, 240)])


def explore_counterexample(
    opt: Any = None,
    large: float = 3.0,
    period: int = 3,
    steps: int = 3000,
    *,
    order: str = "in turn",
    falling: bool = True,
    shared: Sequence[str] = ("lr", "beta1", "beta2"),
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> CounterexampleExplorer:
    """Return a live figure of optimizers on straight losses of which a rare one is steep.

    The losses are C·x once in every period and −x else, with x kept in [−1, 1]. While C > period − 1, the best point
    is −1, and else 1. On the left x over the steps. On the right how far x goes in one period, when all means have
    settled, against beta2. With slopes drawn at random there are 40 runs at once: on the left the median and some of
    them, on the right where each ends. A run has up to 200,000 steps; with slopes at random, or a rule other than these
    three, 20,000.

    Args:
        opt: an optimizer, a list of them or a dict with names; by default Adam, AMSGrad and ADOPT without its clip, all
            with beta1 = 0.
        large: C at first, > 1.
        period: at first, ≥ 2.
        steps: at first, ≥ 1.
        order: "in turn" or "at random", where the large slope comes with probability 1/period.
        falling: whether lr falls as 1/√t, as in the theory, or stays.
        shared: hyperparameters that all optimizers take from one slider.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown; by default eps and the bias correction.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if one of them is no optimizer.
        ValueError: if one cannot move a single number, for numbers out of range, or an unknown order or control.

    Examples:
        >>> figure = explore_counterexample()
        >>> {name: round(float(figure.path(name)[-1]), 2) for name in figure.names}
        {'Adam': 1.0, 'AMSGrad': -0.99, 'ADOPT': -0.99}
        >>> figure.beta2 = 0.6
        >>> round(float(figure.path("Adam")[-1]), 1)
        -1.0
        >>> [(low, high)] = figure.wrong_between("Adam")
        >>> round(high, 3)
        0.472

    Reference: S. J. Reddi, S. Kale and S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.
    """
    if opt is None:
        opt = [
            Adam(lr=0.5, beta1=0, beta2=0.1),
            AMSGrad(lr=0.5, beta1=0, beta2=0.1),
            ADOPT(lr=0.5, beta1=0, beta2=0.1, clip=False),
        ]
    if hide is None:
        there = {name for one in named_optimizers(opt).values() for name in one.hyper()}
        hide = sorted({"eps", "bias_correction"} & there)
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return CounterexampleExplorer(opt, large, period, steps, order, falling, tuple(shared), options)


class CounterexampleExplorer(Figure):
    """What `explore_counterexample` returns; its arguments are explained there."""

    def __init__(
        self,
        opt: Any,
        large: float,
        period: int,
        steps: int,
        order: str,
        falling: bool,
        shared: tuple[str, ...],
        options: Options,
    ) -> None:
        named = "CounterexampleExplorer"
        whole = partial(Spec, integer=True, scale="log")
        controls = [
            Control(
                "large", Spec(low=1, open_low=True, high=1e6, scale="log", slider=(1.1, 300)), large, "C"
            ),
            Control("period", whole(low=2, high=1000, open_high=False, slider=(2, 300)), period),
            Control("steps", whole(low=1, high=_MOST, open_high=False, slider=(10, _MOST)), steps),
            Control("order", Spec(choices=ORDERS), order, "slopes come"),
            Control("falling", Spec(choices=(True, False)), falling, "lr falls as 1/√t"),
        ]
        for control in controls:
            control.spec.clean(f"{named}: {control.name}", control.default)
        own = tuple(control.name for control in controls)
        problem = OnlineCounterexample.periodic()
        self._runs = Runs(opt, shared, options, own, frozenset({*own, "start", *dir(Figure)}), problem)
        for one in self._runs.optimizers.values():
            check_trains(one, problem)
        adjusted = [options.adjusted(control) for control in controls]
        super().__init__([*adjusted[:2], *self._runs.controls, *adjusted[2:]], {"start": (0.0, 0.0)})
        if steps > self._most:
            raise ValueError(f"{named}: steps = {steps} is not allowed here: it must be ≤ {self._most}")

    def follow(self, name: str) -> dict[str, Any]:
        """Keep 40 runs at a time short."""
        return {"steps": min(self.steps, self._most)} if name in ("order", "steps") else {}

    # -- the runs -----------------------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """The names of the runs."""
        return list(self._runs.optimizers)

    def optimizer(self, name: str) -> Optimizer:
        """Return an optimizer with its hyperparameters as the sliders stand."""
        return self._runs.configured(name, partial(getattr, self))

    @property
    def slopes(self) -> np.ndarray:
        """The slopes of all steps, ``(steps,)``, or ``(steps, 40)`` at random."""
        every = np.where(np.arange(self.period) == 0, self.large, -1.0)
        if self.order == ORDERS[0]:
            return np.resize(every, self.steps)
        return every[np.random.default_rng(0).integers(self.period, size=(self.steps, SEEDS))]

    def path(self, name: str) -> np.ndarray:
        """Return x before the first step and after each, ``(steps + 1,)``, or ``(steps + 1, 40)`` at random.

        Raises:
            KeyError: for a name that is none of the runs.
        """
        rates = np.arange(1, self.steps + 1) ** -0.5 if self.falling else np.ones(self.steps)
        return walk(self.optimizer(name), self.slopes, self._start, rates)

    def wrong_between(self, name: str) -> list[tuple[float, float]]:
        """Return the ranges of beta2 in which a run ends at the worst point if it is long enough; slopes come in turn.

        Raises:
            TypeError: for a rule whose drift is not known.
        """
        opt = self.optimizer(name)
        if type(opt) not in KNOWN:
            raise TypeError(f"the drift of {type(opt).__name__} is not known")
        return wrong_between(opt, self.large, self.period, self._limit(opt))

    @property
    def best(self) -> int:
        """The best point, −1 or 1; 0 where the slopes of a period add up to 0, and all points are as good."""
        return -int(np.sign(self.large - self.period + 1))

    @property
    def _most(self) -> int:
        """How many steps a move may take."""
        fast = all(type(opt) in KNOWN for opt in self._runs.optimizers.values())
        return _MOST if fast and self.order == ORDERS[0] else _FEWER

    @property
    def _start(self) -> float:
        return float(np.clip(self.start[1], -1, 1))

    def _limit(self, opt: Any) -> float:
        """Return ADOPT's clip at the last step."""
        return float((self.steps - 1) ** 0.25) if getattr(opt, "clip", False) else np.inf

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the walks, the drift over beta2 or the ends, and the read-outs."""
        together = self.order == ORDERS[0]
        columns = (
            ("drift a period", "worst point for", "x at the end") if together else ("median x at the end",)
        )
        scene = Scene([_walks_panel(self.steps, self.best)], columns=columns)
        for edge in (-1.0, 1.0):
            scene.line(0, [0, self.steps], [edge, edge], "muted", 1.0, dash=True)
        shown = self._shown()
        scene.panels.append(self._drift_panel() if together else _ends_panel(self.names))
        if together:
            scene.line(1, [0, 5], [0, 0], "muted", 1.2)
            for word, edge in (
                ("to 1", scene.panels[1].y.high),
                ("to −1", scene.panels[1].y.low),
            ):
                scene.text(1, 5, 0.88 * edge, word, "muted", "right")
        for place, name in enumerate(self.names):
            path, color, dash = self.path(name), self._runs.colors[name], place > 0
            scene.line(
                0,
                shown,
                _middle(path[shown]),
                color,
                2.6,
                halo=True,
                dash=dash and place == len(self.names) - 1,
            )
            if not together:
                for one in path[shown][:, :_THIN].T:
                    scene.line(0, shown, one, color, 0.8, alpha=0.35)
                spread = np.linspace(-0.3, 0.3, SEEDS)
                scene.points(1, place + 0.5 + spread, np.sort(path[-1]), color, 2.5, alpha=0.8)
            scene.rows.append(self._told(scene, name, float(_middle(path[-1])), together))
        scene.handle(0, "start", 0.0, self._start)
        often = f"{'once in every' if together else 'with probability 1 in'} {self.period} steps"
        scene.notice = f"Slope {short(self.large, 3)} {often}, −1 else. {_GOOD[self.best]}"
        ends = ", ".join(f"{row.name} at {row.cells[-1]}" for row in scene.rows)
        scene.alt = f"{scene.notice} After {self.steps} steps: {ends}."
        return scene

    def _told(self, scene: Scene, name: str, end: float, together: bool) -> Row:
        """Draw a run's drift and return its read-outs."""
        opt, color = self.optimizer(name), self._runs.colors[name]
        told = ("–", "–") if together else ()
        if together and type(opt) in KNOWN:
            beta2 = float(opt.beta2)  # type: ignore[attr-defined]
            limit = self._limit(opt)
            here = float(drift(opt, beta2, self.large, self.period, limit))
            axis = scene.panels[1].y
            curve = drift(opt, _BETAS, self.large, self.period, limit)
            scene.line(1, _place(_BETAS), np.clip(curve, axis.low, axis.high), color, 2.2)
            scene.points(1, [_place(beta2)], [np.clip(here, axis.low, axis.high)], color, 5.0)
            wrong = self.wrong_between(name)
            for edge in {beta for ends in wrong for beta in ends} - {0.0, 1.0}:
                scene.line(1, [_place(edge)] * 2, [axis.low, axis.high], color, 1.2, dash=True)
            told = f"{here:+.3g} lr".replace("-", "−"), in_words(wrong)
        last = f"{end:.3f}".replace("-", "−")
        return Row(name, color, (*told, last), "bad" if end * self.best < -0.9 else "")

    def _shown(self) -> np.ndarray:
        """Return the steps that are drawn: all of few, else the ends of some periods, and the last."""
        stride = max(1, self.steps // _DRAWN)
        if stride > 1 and self.order == ORDERS[0]:
            stride = self.period * max(1, round(stride / self.period))
        return np.unique([*range(0, self.steps, stride), self.steps])

    def _drift_panel(self) -> Panel:
        """Return the panel of the drift, high enough for what Adam does and not for every peak of the others."""
        known = [opt for opt in map(self.optimizer, self.names) if type(opt) in KNOWN]
        curves = [drift(opt, _BETAS, self.large, self.period, self._limit(opt)) for opt in known]
        top = max((float(np.abs(curve).max()) for curve in curves if len(curve)), default=1.0)
        high = round_up(min(top, 1.3 * self.period))
        ticks = [(_place(beta), f"{beta:g}") for beta in (0, 0.5, 0.9, 0.99, 0.999, 0.9999)]
        return Panel(
            Axis("beta2", 0, 5, ticks=tuple(ticks)), Axis.linear("", -high, high), "drift in one period / lr"
        )


_ALL_X = Axis("", -1.12, 1.12, ticks=tuple((x, f"{x:g}".replace("-", "−")) for x in (-1, -0.5, 0, 0.5, 1)))


def _walks_panel(steps: int, best: int) -> Panel:
    where = {-1: "x: −1 is best, 1 is worst", 0: "x: all points are as good", 1: "x: 1 is best, −1 is worst"}
    return Panel(Axis.linear("step", 0, steps), _ALL_X, where[best], 1.3)


def _ends_panel(names: Sequence[str]) -> Panel:
    ticks = tuple((place + 0.5, name) for place, name in enumerate(names))
    return Panel(Axis("", 0, len(names), ticks=ticks), _ALL_X, f"where {SEEDS} runs end")


def _middle(path: np.ndarray) -> np.ndarray:
    """Return the median of runs side by side."""
    return np.median(path, axis=-1) if path.ndim > 1 or path.shape == (SEEDS,) else path


def _place(beta: Any) -> Any:
    """Return where a decay stands on an axis on which 0.9, 0.99 and 0.999 are equally far apart."""
    return -np.log10(1 - np.asarray(beta, float))
