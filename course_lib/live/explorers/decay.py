"""The decay explorer: whether the weight decay has to move when the learning rate does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .decay_runs import DECAYS, FORMS, LOOKS, RATES, decay_losses
from .options import Options
from .settings_map import shades
from .stops import nearest, place, stop_slider

LOW, HIGH = 0.7, 3.0
"""The losses at the two ends of the colours and of the curves; 2.3 is guessing."""

_COLORS = dict(zip(FORMS, ("blue", "vermilion", "green"), strict=True))


def explore_decay(
    lr: float = 0.1,
    weight_decay: float = 0.1,
    form: str = FORMS[1],
    after: int = LOOKS[-1],
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
) -> DecayExplorer:
    r"""Return a live map of learning rate and weight decay λ, of AdamW beside an L2 penalty in Adam.

    Softmax regression on 100 handwritten digits, a fifth of them with a label drawn at random, batches of 20. Each cell
    is the loss on 400 digits that were held out, the mean of two runs. White rings are the best cell of each learning
    rate, where any of its decays is better than the smallest. On the right the cells of one learning rate.

    Args:
        lr: at first; the nearest of `RATES` that are run, 0.01 … 1.
        weight_decay: λ at first; the nearest that is run, 1e-4 … 10.
        form: what stands beside the L2 penalty: "AdamW", or "AdamW, paper's form", where λ is not multiplied by lr.
        after: how many steps the loss is taken at first: 25, 50, 100, 200 or 400.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.

    Raises:
        ValueError: for a number out of range, or an unknown form, number of steps or control.

    Examples:
        >>> figure = explore_decay()
        >>> figure.best("AdamW", lr=0.1) == figure.best("AdamW", lr=0.56)
        True
    """
    return DecayExplorer(lr, weight_decay, form, after, Options(sliders, tuple(hide)))


class DecayExplorer(Figure):
    """What `explore_decay` returns; its arguments are explained there."""

    def __init__(self, lr: float, weight_decay: float, form: str, after: int, options: Options) -> None:
        controls = [
            stop_slider("DecayExplorer", "lr", lr, RATES),
            stop_slider("DecayExplorer", "weight_decay", weight_decay, DECAYS),
            Control("form", Spec(choices=FORMS[1:]), form, "on the right map"),
            Control("after", Spec(choices=LOOKS), after, "after steps"),
        ]
        for control in controls[2:]:
            control.spec.clean(f"DecayExplorer: {control.name}", control.default)
        options.check(control.name for control in controls)
        super().__init__(
            map(options.adjusted, controls), {"cursor": (controls[0].default, controls[1].default)}
        )

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the nearest cell, with sliders and cursor."""
        lr, wd = self.cursor if name == "cursor" else (self.lr, self.weight_decay)
        lr, wd = nearest(RATES, lr), nearest(DECAYS, wd)
        return {"lr": lr, "weight_decay": wd, "cursor": (lr, wd)}

    # -- what is known -------------------------------------------------------------------------------

    def losses(self, form: str) -> np.ndarray:
        """Return the held-out loss of every cell after the chosen steps, ``(DECAYS, RATES)``; ∞ if it diverged.

        Args:
            form: one of `FORMS`.
        """
        return decay_losses(form)[LOOKS.index(self.after)]

    def best(self, form: str, lr: float | None = None) -> float:
        """Return the weight decay with the lowest loss at one learning rate.

        Args:
            form: one of `FORMS`.
            lr: the nearest that is run is taken; by default the chosen one.
        """
        return float(DECAYS[self.losses(form)[:, place(RATES, self.lr if lr is None else lr)].argmin()])

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return both maps, the curves at the chosen learning rate, and the read-outs."""
        across, up = _cells("lr", RATES), _cells("weight decay", DECAYS)
        ticks = tuple((loss, f"{loss:g}") for loss in (0.7, 1, 1.5, 2, 3))
        scene = Scene(
            [
                *(Panel(across, up, title, 1.0, grid=False) for title in (FORMS[0], self.form)),
                Panel(up, Axis("held-out loss", LOW, HIGH, True, ticks), f"at lr {short(self.lr, 2)}", 1.1),
            ],
            columns=("best decay here", "loss there", "loss at yours"),
        )
        for panel, form in enumerate((FORMS[0], self.form)):
            losses = self.losses(form)
            scene.heat(panel, shades(losses, *np.log10([LOW, HIGH])))
            helps = losses.argmin(0) > 0
            scene.points(panel, RATES[helps], DECAYS[losses.argmin(0)][helps], "ink", 4.5, shape="ring")
            scene.line(panel, [self.lr] * 2, [up.low, up.high], _COLORS[form], 1.4, dash=True)
        scene.handle(1, "cursor", *self.cursor)
        told = []
        for form in FORMS:
            curve = self.losses(form)[:, place(RATES, self.lr)]
            best, here = self.best(form), float(curve[place(DECAYS, self.weight_decay)])
            scene.line(2, DECAYS, np.clip(curve, LOW, HIGH), _COLORS[form], 2.2, dash=form == FORMS[2])
            scene.points(2, [best], [np.clip(curve.min(), LOW, HIGH)], _COLORS[form], 5.0)
            least = short(best, 2) if curve.argmin() else f"≤ {short(best, 2)}"
            cells = (least, short(float(curve.min()), 3), short(here, 3) if np.isfinite(here) else "∞")
            scene.rows.append(Row(form, _COLORS[form], cells, "" if np.isfinite(here) else "bad"))
            told.append(f"{form} is best at {least} with a loss of {cells[1]}")
        scene.line(2, [self.weight_decay] * 2, [LOW, HIGH], "muted", 1.2, dash=True)
        scene.notice = f"Bright: a low loss after {self.after} steps. Rings: the best decay of each lr."
        scene.alt = f"Weight decay at lr {short(self.lr, 2)} after {self.after} steps: {'; '.join(told)}."
        return scene


def _cells(label: str, stops: np.ndarray) -> Axis:
    """Return an axis on which each value stands in the middle of its cell."""
    half = np.sqrt(stops[1] / stops[0])
    return Axis.decades(label, stops[0] / half, stops[-1] * half, 5)
