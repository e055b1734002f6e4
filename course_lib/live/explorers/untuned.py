"""The untuned explorer: how far methods that find their learning rate are from those whose rate was tuned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options
from .stops import nearest, place, stop_slider
from .untuned_runs import FREE, GUESSES, LOOKS, RATES, TUNED, untuned_runs

_COLORS = {
    "SGD": "blue",
    "Adam": "purple",
    "Schedule-Free SGD": "green",
    "DoG": "vermilion",
    "Prodigy": "amber",
}
_LOW, _HIGH = 0.01, 3.0
_LEAST, _MOST = 1e-9, 100.0


def explore_untuned(
    d0: float = 1e-6,
    lr: float = 0.1,
    after: int = LOOKS[-1],
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
) -> UntunedExplorer:
    r"""Return a live figure of tuned learning rates beside DoG and Prodigy, which find theirs from a first guess.

    A network of 16 hidden units learns the handwritten digits, in batches of 32. Every point of a curve is a real run,
    the mean of two seeds. On the left are methods that are given a learning rate, in the middle those that are
    given d₀, a guess of the distance to go: DoG's first step has about the length d₀(1 + ‖x₀‖), Prodigy starts as
    Adam with the learning rate d₀. The dashed line is SGD at its best rate. On the right stand the rates that the two
    find, step by step.

    Args:
        d0: at first; the nearest of `GUESSES` that are run, 1e-8 … 10.
        lr: of the methods that are given one, at first; the nearest of `RATES` that are run, 0.001 … 10.
        after: how many steps the loss is taken at first: 25, 50, 100, 200 or 400.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.

    Raises:
        ValueError: for a number out of range, or an unknown number of steps or control.

    Examples:
        >>> figure = explore_untuned()
        >>> figure.width("DoG") > 1000 * figure.width("SGD")
        True
    """
    return UntunedExplorer(d0, lr, after, Options(sliders, tuple(hide)))


class UntunedExplorer(Figure):
    """What `explore_untuned` returns; its arguments are explained there."""

    def __init__(self, d0: float, lr: float, after: int, options: Options) -> None:
        looks = Spec(choices=LOOKS)
        controls = [
            stop_slider("UntunedExplorer", "d0", d0, GUESSES, "first guess d₀"),
            stop_slider("UntunedExplorer", "lr", lr, RATES),
            Control("after", looks, looks.clean("UntunedExplorer: after", after), "after steps"),
        ]
        options.check(control.name for control in controls)
        super().__init__(map(options.adjusted, controls))

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the nearest value that was run."""
        return {"d0": nearest(GUESSES, self.d0), "lr": nearest(RATES, self.lr)}

    # -- what is known -------------------------------------------------------------------------------

    def losses(self, method: str) -> np.ndarray:
        """Return a method's training loss after the chosen steps, at each of its settings; ∞ if it diverged.

        Args:
            method: of `TUNED` or `FREE`.
        """
        return np.asarray(untuned_runs(method).losses[LOOKS.index(self.after)])

    def best(self, method: str) -> tuple[float, float]:
        """Return a method's best setting after the chosen steps, and its loss there."""
        losses = self.losses(method)
        return float(untuned_runs(method).settings[losses.argmin()]), float(losses.min())

    def within(self, method: str, times: float = 2.0) -> np.ndarray:
        """Return the settings of a method whose loss is at most so many times that of SGD at its best."""
        return untuned_runs(method).settings[self.losses(method) <= times * self.best("SGD")[1]]

    def width(self, method: str, times: float = 2.0) -> float:
        """Return the largest of those settings over the smallest; 0 where there is none."""
        good = self.within(method, times)
        return float(good.max() / good.min()) if len(good) else 0.0

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the losses over both knobs, the rates that are found, and the read-outs."""
        rate = Axis.decades("lr", RATES[0] / 1.3, RATES[-1] * 1.3, 4)
        guess = Axis.decades("first guess d₀", GUESSES[0] / 2, GUESSES[-1] * 2, 5)
        ticks = tuple((loss, f"{loss:g}") for loss in (0.01, 0.03, 0.1, 0.3, 1, 3))
        loss = Axis("training loss", _LOW, _HIGH, True, ticks)
        scene = Scene(
            [
                Panel(rate, loss, "given an lr"),
                Panel(guess, loss, "given a guess", 1.2),
                Panel(Axis.decades("step", 1, LOOKS[-1], 3), Axis.decades("lr", _LEAST, _MOST, 6), "the rate it finds"),
            ],
            columns=("setting", "loss", "of tuned SGD's", "test digits right"),
        )  # fmt: skip
        tuned_at, tuned = self.best("SGD")
        for panel, axis in enumerate((rate, guess)):
            scene.line(panel, [axis.low, axis.high], [tuned] * 2, "blue", 1.2, dash=True)
            here = (self.lr, self.d0)[panel]
            scene.line(panel, [here] * 2, [_LOW, _HIGH], "muted", 1.2, dash=True)
        told = [self._add_method(scene, method, tuned) for method in (*TUNED, *FREE)]
        scene.text(1, guess.high, tuned, "SGD ", "blue", align="right", shift=9)
        for method in ("SGD", "Adam"):
            rival = self.best(method)[0]
            scene.line(2, [1, LOOKS[-1]], [rival] * 2, _COLORS[method], 1.2, dash=True)
            scene.text(2, LOOKS[-1], rival, f"{method}'s best ", _COLORS[method], align="right", shift=9)
        best = f"lr {short(tuned_at, 2)}: loss {short(tuned, 2)}"
        scene.notice = f"After {self.after} steps. Dashed: SGD at its best {best}."
        scene.alt = (
            f"Training loss after {self.after} steps, SGD at its best {short(tuned, 2)}: {'; '.join(told)}."
        )
        return scene

    def _add_method(self, scene: Scene, method: str, tuned: float) -> str:
        """Draw a method's curve and what it found, add its row; return what is to be told of it."""
        runs, color = untuned_runs(method), _COLORS[method]
        panel, knob, here = (0, "lr", self.lr) if method in TUNED else (1, "d₀", self.d0)
        at, losses = place(runs.settings, here), self.losses(method)
        scene.line(panel, runs.settings, np.clip(losses, _LOW, _HIGH), color, 2.2)
        scene.points(panel, [runs.settings[at]], np.clip(losses[[at]], _LOW, _HIGH), color, 5)
        if method in FREE:
            steps = np.arange(1, self.after + 1)
            scene.line(2, steps, np.clip(runs.rates[: self.after, at], _LEAST, _MOST), color, 2.2, halo=True)
        value, right = float(losses[at]), float(runs.right[LOOKS.index(self.after), at])
        cells = (f"{knob} {short(here, 2)}", short(value, 2), f"× {short(value / tuned, 2)}", f"{right:.1%}")
        scene.rows.append(Row(method, color, cells, "" if right > 0.5 else "bad"))
        return f"{method} at {cells[0]} has {cells[1]}"
