"""The schedule explorer: the shape of a learning rate over the run, and where the loss of a noisy run falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ...arguments import whole
from ...optimizers import GradientDescent, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...running import Schedule as Multiplier
from ...schedules import constant, cosine, one_cycle, step_decay, warm_restarts, warmup_stable_decay
from ..block.controls import Control, rounded
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .noisy_runs import NoisyBowl, looks, noisy_losses
from .options import Options
from .runs import Runs, check_trains
from .schedule_sliders import Schedules, draw_schedules, with_band

_KEPT, _RATES = 24, 16
_HIGH = 10.0
"""What is higher than this has left the picture: runs start near 2."""


def explore_schedule(
    opt: Optimizer | None = None,
    schedule: Any = None,
    steps: int = 300,
    *,
    batch: int = 10,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> ScheduleExplorer:
    r"""Return a live figure of a schedule: above :math:`\eta_t`, beneath it the loss of 16 runs with noisy gradients.

    They go down the noisy quadratic model with 30 coordinates of curvature 1, 1/2, 1/3, …, each with a start and noise
    of its own. On the right stands what each peak learning rate ends at. A constant rate, at the best lr for it, is
    there for comparison.

    Args:
        opt: an optimizer that has a learning rate and takes a grid of runs; by default gradient descent.
        schedule: one, or several by name to choose from; by default the usual six, made for ``steps``.
        steps: length of the run, ≥ 10.
        batch: examples in a batch at first, ≥ 1; the variance of the gradients goes with 1/batch.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider; those of lr are also the ends of the panel on the right.

    Raises:
        TypeError: if ``opt`` is no optimizer or has no learning rate, or a schedule cannot be called.
        ValueError: if it takes no grid or needs more than gradients, for an impossible number, or an unknown control.

    Examples:
        >>> figure = explore_schedule()
        >>> [figure.set(schedule=name) or round(figure.best()[1], 3) for name in ("constant", "cosine")]
        [0.021, 0.01]
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return ScheduleExplorer(opt, schedule, steps, batch, options)


class ScheduleExplorer(Figure):
    """What `explore_schedule` returns; its arguments are explained there."""

    def __init__(self, opt: Any, schedule: Any, steps: int, batch: int, options: Options) -> None:
        opt = GradientDescent(lr=0.3) if opt is None else opt
        self.steps = whole("steps", steps, 10)
        given = _usual(self.steps) if schedule is None else schedule
        self._schedules = Schedules(given, ("",), self.steps)
        own = ("batch", *(control.name for control in self._schedules.controls))
        self._runs = Runs(opt, (), options, own, frozenset({*own, *dir(Figure)}), NoisyBowl())
        (self.name,) = self._runs.optimizers
        _check(self._runs.optimizers[self.name])
        self._rate = self._runs.traits(self.name)["lr"]
        size = Control("batch", Spec(low=1, integer=True, scale="log", slider=(1, 1000)), batch)
        size.spec.clean("ScheduleExplorer: batch", batch)
        rates = options.ranges.get("lr")
        controls = [_stops(one, rates) if one.name == self._rate else one for one in self._runs.controls]
        self.rates = np.array(next(one.positions for one in controls if one.name == self._rate))
        self._known: dict[Any, np.ndarray] = {}
        super().__init__([*controls, *map(options.adjusted, (size, *self._schedules.controls))])

    # -- the runs -----------------------------------------------------------------------------------

    def schedule_of(self) -> Multiplier:
        """Return the schedule as the figure is set."""
        found = self._schedules.of("", self)
        assert found is not None
        return found

    def optimizer(self) -> Optimizer:
        """Return the optimizer with its hyperparameters as the sliders stand."""
        return self._runs.configured(self.name, partial(getattr, self))

    def losses(self, schedule: Multiplier | None = None) -> np.ndarray:
        """Return the losses after each of `looks(steps)`, for each of ``rates`` and each seed.

        Args:
            schedule: by default the one that is shown.
        """
        schedule = self.schedule_of() if schedule is None else schedule
        opt = self.optimizer()
        others = [value for name, value in opt.hyper().items() if name != "lr"]
        key = (repr(schedule), *others, self.batch)
        if key not in self._known:
            self._known[key] = noisy_losses(opt, self.rates, schedule, self.batch, self.steps)
            while len(self._known) > _KEPT:
                del self._known[next(iter(self._known))]
        return self._known[key]

    def best(self, schedule: Multiplier | None = None) -> tuple[float, float]:
        """Return the lr at which the median of the last losses is lowest, and that median."""
        ends = np.median(self.losses(schedule)[-1], axis=1)
        return float(self.rates[ends.argmin()]), float(ends.min())

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the nearest learning rate of those that are run; choose the schedule whose slider is moved."""
        if name == self._rate:
            return {name: float(self.rates[np.abs(np.log(self.rates / getattr(self, name))).argmin()])}
        return self._schedules.follow(name, self)

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the losses under the schedule, what each lr ends at, and the read-outs."""
        schedule, plain, at = self.schedule_of(), constant(), looks(self.steps)
        losses, others = self.losses(schedule), self.losses(plain)
        lr = getattr(self, self._rate)
        place = int(np.abs(self.rates - lr).argmin())
        rival = int(np.median(others[-1], axis=1).argmin())
        ends, other_ends = (np.median(each[-1], axis=1) for each in (losses, others))
        low = 10.0 ** np.floor(np.log10(max(0.7 * min(losses[-1].min(), other_ends.min()), 1e-9)))
        axis = Axis.decades("loss", low, _HIGH, 5)
        rates = Axis.decades("peak lr", 0.85 * self.rates[0], 1.18 * self.rates[-1], 4)
        scene = Scene(
            [
                Panel(
                    Axis.linear("step", 0, self.steps),
                    with_band(axis),
                    f"16 runs at lr = {short(lr, 3)}",
                    1.5,
                ),
                Panel(rates, axis, f"loss after {self.steps} steps"),
            ],
            columns=("last loss at η ≥ ½", "loss at the end", "best lr", "loss there"),
        )
        for run in losses[:, place].T:
            scene.line(0, at, _shown(run), "vermilion", 1.0, alpha=0.25)
        scene.line(0, at, _shown(np.median(others[:, rival], axis=1)), "blue", 2.0, dash=True)
        scene.line(0, at, _shown(np.median(losses[:, place], axis=1)), "vermilion", 2.6, halo=True)
        draw_schedules(scene, 0, {"": schedule}, {"": "vermilion"}, self.steps)
        for line, color in ((other_ends, "blue"), (ends, "vermilion")):
            scene.line(1, self.rates, _shown(line), color, 2.4, dash=color == "blue")
            scene.vertices(color, 2.4)
        scene.points(1, [lr], _shown(ends[[place]]), "vermilion", 6, "ring")
        scene.line(1, [lr, lr], [low, _HIGH], "text", 1.0, dash=True)
        scene.rows = [
            self._told("this schedule", "vermilion", schedule, losses, place),
            self._told("constant, best lr", "blue", plain, others, rival, dash=True),
        ]
        cells = [row.cells for row in scene.rows]
        scene.alt = (
            f"{self.name} under {schedule!r}, batch {self.batch}: the median loss ends at {cells[0][1]}, "
            f"at its best lr {cells[0][2]} at {cells[0][3]}; a constant rate at its best ends at {cells[1][3]}."
        )
        return scene

    def _told(
        self,
        name: str,
        color: str,
        schedule: Multiplier,
        losses: np.ndarray,
        place: int,
        dash: bool = False,
    ) -> Row:
        at = looks(self.steps)
        high = [i for i, t in enumerate(at) if t and schedule(int(t)) >= 0.5]
        before = short(float(np.median(losses[high[-1], place])), 2) if high else "–"
        ends = np.median(losses[-1], axis=1)
        bad = not ends[place] < _HIGH
        cells = (
            before,
            "∞: diverged" if bad else short(float(ends[place]), 2),
            short(float(self.rates[ends.argmin()]), 3),
            short(float(ends.min()), 2),
        )
        return Row(name, color, cells, dash=dash)


def _usual(steps: int) -> dict[str, Multiplier]:
    """Return the schedules that are in use, made for runs of a length."""
    return {
        "constant": constant(),
        "steps": step_decay(max(1, steps // 3), 0.1),
        "cosine": cosine(steps),
        "one cycle": one_cycle(steps),
        "restarts": warm_restarts(max(1, steps // 3)),
        "stable, then decay": warmup_stable_decay(steps, warmup=0.05, decay=0.2),
    }


def _stops(control: Control, ends: tuple[float, float] | None) -> Control:
    """Return the slider of lr, which stops at the rates that are run: evenly spread, the default among them."""
    low, high = ends or (rounded(control.default / 30), rounded(control.default * 10))
    grid = np.geomspace(low, high, _RATES)
    apart = np.abs(np.log(grid[1:-1] / control.default)) > np.log(grid[1] / grid[0]) / 2
    stops = {float(low), *map(rounded, grid[1:-1][apart]), control.default, float(high)}
    return replace(control, positions=tuple(sorted(stops)))


def _check(opt: Optimizer) -> None:
    if "lr" not in opt.specs():
        raise TypeError(f"opt = {opt!r} has no learning rate of its own")
    if not opt.takes_grid or opt.grid:
        raise ValueError(f"opt = {opt!r} is not allowed: it must be one run of a method that takes a grid")
    check_trains(opt, NoisyBowl())


def _shown(line: np.ndarray) -> np.ndarray:
    """Return a line as far as it is in the picture."""
    return np.where(line <= _HIGH, line, np.nan)
