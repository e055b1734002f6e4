"""The cost explorer: how long a large run takes, beside runs that were published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...comparing.large_runs import IMAGES, large_runs, minutes_of, steps_of
from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

_LINES = (1, 3, 10, 30, 100)
"""The minutes whose lines are drawn."""

_COLORS = {"SGD": "blue", "K-FAC": "vermilion"}


class Published(NamedTuple):
    """A published run of which enough is told to place it."""

    name: str
    method: str
    chips: int
    batch: int
    epochs: float
    minutes: float

    @property
    def steps(self) -> float:
        """Steps of the run."""
        return steps_of(self.epochs, self.batch)

    @property
    def seconds(self) -> float:
        """Seconds a step."""
        return 60 * self.minutes / self.steps


def published() -> list[Published]:
    """Return the runs of `large_runs` with chips, batch, epochs and minutes.

    Examples:
        >>> [(run.name, round(run.seconds, 3)) for run in published()][1:]
        [('Akiba 2017', 0.256), ('Osawa 2018, ten minutes', 0.341)]
    """
    names = ("run", "method", "chips", "batch", "epochs", "minutes")
    rows = [[row[name] for name in names] for row in large_runs().rows]
    return [
        Published(row[0], row[1], int(row[2]), int(row[3]), row[4], row[5])
        for row in rows
        if np.isfinite(row[2:]).all()
    ]


def explore_minutes(
    chips: int = 1024,
    batch: int = 32_768,
    seconds: float = 0.34,
    epochs: float = 35,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> MinutesExplorer:
    r"""Return a live figure of the minutes that a run of ResNet-50 on ImageNet takes.

    .. math:: \text{minutes} = \frac{\text{epochs} \cdot 1{,}281{,}167}{\text{batch}} \cdot \frac{\text{seconds a
        step}}{60}

    On the left steps against seconds a step, where runs of equal time lie on a line; on the right what each chip does
    in a second, against how many there are. Beside your run stand the published ones (see `large_runs`).

    Args:
        chips: processors at first, 1 … 4096.
        batch: images in a step at first, 256 … 131,072.
        seconds: a step takes at first, 0.01 … 10.
        epochs: passes over the images at first, 1 … 120.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        ValueError: for a number out of range, or unknown controls.

    Examples:
        >>> figure = explore_minutes()
        >>> round(figure.minutes(), 1)  # 35 epochs would be faster than what was published
        7.8
        >>> figure.epochs = 45
        >>> round(figure.minutes(), 1)
        10.0
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return MinutesExplorer(chips, batch, seconds, epochs, options)


class MinutesExplorer(Figure):
    """What `explore_minutes` returns; its arguments are explained there."""

    def __init__(self, chips: int, batch: int, seconds: float, epochs: float, options: Options) -> None:
        powers = tuple(float(2**k) for k in range(8, 18))
        specs = {
            "chips": Spec(low=1, high=4096, open_high=False, integer=True, scale="log", slider=(1, 4096)),
            "batch": Spec(low=256, high=131_072, open_high=False, integer=True, scale="log", slider=(256, 131_072)),
            "seconds": Spec(low=0.01, high=10, open_high=False, scale="log", slider=(0.01, 10)),
            "epochs": Spec(low=1, high=120, open_high=False, slider=(1, 120)),
        }  # fmt: skip
        given = {"chips": chips, "batch": batch, "seconds": seconds, "epochs": epochs}
        first = {name: spec.clean(f"MinutesExplorer: {name}", given[name]) for name, spec in specs.items()}
        words = {"seconds": "seconds a step", "chips": "GPUs"}
        stops = {"batch": tuple(sorted({*powers, float(first["batch"])}))}
        controls = [
            Control(name, specs[name], first[name], words.get(name, ""), plays=name == "epochs",
                    positions=() if name in options.ranges else stops.get(name, ()))
            for name in specs
        ]  # fmt: skip
        options.check(specs)
        super().__init__(map(options.adjusted, controls))

    def minutes(self) -> float:
        """Return how long your run takes."""
        return minutes_of(self.epochs, int(self.batch), self.seconds)

    def steps(self) -> float:
        """Return its steps."""
        return steps_of(self.epochs, int(self.batch))

    def rate(self) -> float:
        """Return how many images a chip does in a second."""
        return float(self.batch / self.seconds / self.chips)

    def draw(self) -> Scene:
        """Return your run among the published ones."""
        steps = Axis.decades("steps", 100, 1e6)
        scene = Scene(
            [
                Panel(steps, Axis.decades("seconds a step", 0.01, 10), "minutes = steps × seconds / 60", 1.4),
                Panel(
                    Axis.decades("GPUs", 1, 1e4),
                    Axis.decades("images a second and GPU", 1, 1e4),
                    "the machine",
                ),
            ],
            columns=("GPUs", "batch", "epochs", "steps", "seconds a step", "minutes"),
        )
        ends = np.array([100.0, 1e6])
        for minutes in _LINES:
            scene.line(0, ends, 60 * minutes / ends, "muted", 1.0, dash=True, alpha=0.7)
            words = f"{minutes} min" if minutes == _LINES[0] else str(minutes)
            scene.text(0, 60 * minutes / 0.014, 0.014, words, "muted")
        for run, shift in zip(published(), (-14, 14, -28), strict=True):
            color = _COLORS[run.method]
            scene.points(0, [run.steps], [run.seconds], color, 5)
            scene.points(1, [run.chips], [run.batch / run.seconds / run.chips], color, 5)
            who = run.name.partition(",")[0]
            scene.text(0, run.steps, run.seconds, who, color, shift=shift)
            cells = self._cells(*run[2:5], run.steps, run.seconds, run.minutes)
            scene.rows.append(Row(who, color, cells))
        scene.points(0, [self.steps()], [self.seconds], "ink", 8, shape="ring")
        scene.points(1, [self.chips], [self.rate()], "ink", 8, shape="ring")
        cells = self._cells(self.chips, self.batch, self.epochs, self.steps(), self.seconds, self.minutes())
        scene.rows.insert(0, Row("your run", "ink", cells))
        scene.notice = (
            f"{short(self.epochs, 4)} epochs of {IMAGES:,} images in batches of {int(self.batch):,} are "
            f"{self.steps():,.0f} steps. In a step each GPU has {short(self.batch / self.chips, 3)} images; it does "
            f"{short(self.rate(), 3)} a second."
        )
        scene.alt = f"Your run takes {short(self.minutes(), 3)} minutes. {scene.notice} Published: " + "; ".join(
            f"{run.name}, {run.method}: {short(run.minutes, 3)} minutes, {run.epochs:g} epochs" for run in published()
        )  # fmt: skip
        return scene

    @staticmethod
    def _cells(*numbers: Any) -> tuple[str, ...]:
        chips, batch, epochs, steps, seconds, minutes = numbers
        whole = (f"{int(chips):,}", f"{int(batch):,}", short(epochs, 3), f"{steps:,.0f}")
        return (*whole, short(seconds, 3), short(minutes, 3))
