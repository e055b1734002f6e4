"""The decision guide: questions about a problem, and what the rows of the course's studies answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...comparing.choice import (
    ALL,
    DATA,
    METRICS,
    MOST,
    RUNS,
    STUDIED,
    USUAL,
    Choice,
    Place,
    chance_of_good,
    choose,
    good_rates,
    listed,
    outside,
)
from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

ELSEWHERE = ("small, as here", "language models", "large batches", "wall clock")
"""Where the answer is to hold; all but the first are topics of `outside`."""
CHANCE = Axis.linear("chance of a good one", 0, 1)
FEW = 5
"""So many names are told one by one."""


def explore_choice(
    data: str = USUAL[0],
    run: str = USUAL[1],
    trials: int = ALL,
    memory: int = MOST,
    metric: str = USUAL[2],
    scale: str = ELSEWHERE[0],
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
) -> ChoiceExplorer:
    """Return a live decision guide: it is told about a problem, and shows what the course's own studies say of it.

    On the left each method of the study against the one that is first on validation data, by the mean difference on
    test data and its 95 % interval; or, if only some learning rates can be tried, the chance that one of them is good.
    A filled mark can be told from the first, a hollow one cannot; what is worse is grey. On the right that chance for
    every number of trials. See `course_lib.comparing.choice.choose` for what is computed.

    Args:
        data: kind of data and model, of `course_lib.comparing.choice.DATA`.
        run: how long and with which schedule, of `course_lib.comparing.choice.RUNS`.
        trials: learning rates that can be tried; 0 for none, 9 for all of a study.
        memory: arrays of the parameters' size that there is room for, 0 … 6.
        metric: what methods are judged by, "test accuracy" or "test loss".
        scale: where the answer is to hold; for all but "small, as here" others are quoted.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.

    Returns:
        A widget with a trait for each question, and ``answer()``.

    Raises:
        ValueError: for an answer that is not offered, or unknown controls.

    Examples:
        >>> figure = explore_choice("images, convolutional net", metric="test loss")
        >>> figure.sentence()
        'Adam or AdamW: the 4 others are worse.'
        >>> figure.set(data="images, small network", metric="test accuracy", memory=0)
        >>> [place.method for place in figure.answer().candidates]
        ['Adafactor', 'SGD']
    """
    given = {"data": data, "run": run, "trials": trials, "memory": memory, "metric": metric, "scale": scale}
    return ChoiceExplorer(given, Options(sliders, tuple(hide)))


class ChoiceExplorer(Figure):
    """What `explore_choice` returns; its arguments are explained there."""

    def __init__(self, given: dict[str, Any], options: Options) -> None:
        specs = {
            "data": Spec(choices=tuple(DATA)),
            "run": Spec(choices=tuple(RUNS)),
            "trials": Spec(low=0, high=ALL, open_high=False, integer=True, slider=(0, ALL)),
            "memory": Spec(low=0, high=MOST, open_high=False, integer=True, slider=(0, MOST)),
            "metric": Spec(choices=METRICS),
            "scale": Spec(choices=ELSEWHERE),
        }
        words = {
            "trials": f"rates to try ({ALL}: all)",
            "memory": "arrays of memory",
            "metric": "judged by",
            "scale": "where it is to hold",
        }
        first = {name: spec.clean(f"ChoiceExplorer: {name}", given[name]) for name, spec in specs.items()}
        controls = [
            Control(name, spec, first[name], words.get(name, ""), plays=name == "trials")
            for name, spec in specs.items()
        ]
        options.check(specs)
        super().__init__(map(options.adjusted, controls))

    def answer(self) -> Choice:
        """Return what the rows say to the answers as they are set."""
        return choose(self.data, self.run, int(self.trials), self.memory, self.metric)

    def sentence(self) -> str:
        """Return the answer in a sentence."""
        found = self.answer()
        stay, out = ([place.method for place in places] for places in (found.candidates, found.beaten))
        if found.first is None:
            return "None of these methods needs so little memory."
        first, worse = found.first.method, "less likely to be good" if found.chances else "worse"
        if not out and len(stay) == 1:
            return f"Only {first} is left."
        if not out:
            return f"Our rows do not decide: none of the {len(stay)} can be told from {first}."
        if len(stay) <= FEW:
            rest = "the other is" if len(out) == 1 else f"the {len(out)} others are"
            return f"{listed(stay, 'or')}: {rest} {worse}."
        if len(out) <= FEW:
            return f"Anything but {listed(out)}: the {len(stay)} others cannot be told from {first}."
        return f"One of {len(stay)}, {listed(stay, 'or')}: the {len(out)} others are {worse}."

    def draw(self) -> Scene:
        """Return the methods of the study and their chances."""
        found = self.answer()
        places = list(reversed(found.places))
        scene = Scene(
            [
                Panel(self._axis(found), Axis("", 0, len(places)), STUDIED[found.study].title, 1.3, lines=len(places)),
                Panel(Axis.linear(f"{self._tried(found)} tried", 1, ALL, 8), CHANCE, "", 0.8),
            ],
            columns=("method", "difference" if not found.chances else "chance", "arrays", "decades of lr"),
        )  # fmt: skip
        if not found.chances:
            scene.line(0, [0, 0], [0, len(places)], "text", 1.2)
        for height, place in enumerate(places):
            self._draw_place(scene, found, place, height + 0.5)
        self._draw_chances(scene, found)
        self._tell(scene, found)
        return scene

    def _axis(self, found: Choice) -> Axis:
        if found.chances:
            return Axis(CHANCE.label, 0, 1.5, ticks=CHANCE.ticks)
        scale = 100 if found.metric == "test accuracy" else 1
        ends = [scale * end for p in found.places for end in (p.low, p.high) if np.isfinite(end)] or [0.0]
        wide = max(max(ends) - min(ends), 1e-3 * scale)
        longest = max((len(p.method) for p in found.places if p.standing != "left out"), default=0)
        low, high = min(ends) - 0.05 * wide, max(ends) + 0.036 * longest * wide  # room for the names
        unit = "points of test accuracy" if scale == 100 else "test loss"
        first = found.first.method if found.first else ""
        return Axis.linear(f"{unit}, minus {first}'s", low, high)

    @staticmethod
    def _tried(found: Choice) -> str:
        """Return what a trial is: in a study that tuned more than lr, a setting."""
        only_lr = all(
            list(setting) == ["lr"] for m in STUDIED[found.study].methods.values() for setting in m.trials
        )
        return "learning rates" if only_lr else "settings"

    @staticmethod
    def _color(place: Place) -> str:
        return {"first": "vermilion", "left out": "muted", "worse": "muted"}.get(place.standing, "blue")

    def _draw_place(self, scene: Scene, found: Choice, place: Place, y: float) -> None:
        color, edge = self._color(place), scene.panels[0].x.high
        if place.standing == "left out":
            scene.text(0, edge, y, f"{place.method}: keeps {short(place.memory, 2)}", "muted", align="right")
            return
        scale = 100 if found.metric == "test accuracy" and not found.chances else 1
        at = scale * place.value
        if found.chances:
            scene.bars(0, [0], [at], [y - 0.35], [y + 0.35], color, 0.85 if place.stays else 0.35)
        else:
            scene.line(0, [scale * place.low, scale * place.high], [y, y], color, 2.0)
            scene.points(0, [at], [y], color, 4.5, shape="ring" if place.standing == "alike" else "dot")
        share = f"  {place.value:.0%}" if found.chances else ""
        scene.text(0, edge, y, place.method + share, color, align="right")

    def _draw_chances(self, scene: Scene, found: Choice) -> None:
        good, numbers = good_rates(found.study), np.arange(1, ALL + 1)
        for place in sorted(found.places, key=lambda place: (place.stays, place.standing == "first")):
            if place.standing == "left out":
                continue
            curve = [chance_of_good(*good[place.method], int(k)) for k in numbers]
            width = {"first": 3.0, "worse": 1.0}.get(place.standing, 1.6)
            scene.line(1, numbers, curve, self._color(place), width, alpha=1.0 if place.stays else 0.6)
        if found.trials:
            scene.line(1, [found.trials] * 2, [0, 1], "text", 1.2, dash=True)

    def _tell(self, scene: Scene, found: Choice) -> None:
        by_name = {place.method: place for place in found.places}
        roles = {
            "best chance" if found.chances else "first on validation": found.first.method
            if found.first
            else "",
            "least memory": next(iter(found.least_memory()), ""),
            "widest choice of lr": found.widest()[0],
        }
        for words, name in roles.items():
            cells = self._cells(found, by_name[name]) if name else ("–",) * 4
            scene.rows.append(Row(words, self._color(by_name[name]) if name else "muted", cells))
        said = [self.sentence()]
        if found.asked:
            said.append(f"No study of ours has “{self.run}” for this: the answer is from a constant lr.")
        if self.scale == ELSEWHERE[0]:
            said.append(f"So it was in comparing/results/{found.study}.csv; elsewhere it may be otherwise.")
        else:
            said += [f"{self.scale.capitalize()}: our rows do not reach so far. Others say:"]
            said += [
                f"{row['who']} {row['year']}: {row['finding']}."
                for row in outside().where(topic=self.scale).rows
            ]
        scene.notice = " ".join(said)
        shown = [
            f"{p.method} {self._number(found, p)}, {p.standing}"
            for p in found.places
            if p.standing != "left out"
        ]
        scene.alt = f"{STUDIED[found.study].title}. {scene.notice} {'; '.join(shown)}."

    def _cells(self, found: Choice, place: Place) -> tuple[str, ...]:
        width = found.width(place.method)
        decades = "–" if np.isnan(width) else f"{width:.1f}"
        return place.method, self._number(found, place), short(place.memory, 2), decades

    @staticmethod
    def _number(found: Choice, place: Place) -> str:
        if found.chances:
            return f"{place.value:.0%}"
        if place.standing == "first":
            return "–"
        points = found.metric == "test accuracy"
        number = f"{100 * place.value:+.1f} points" if points else f"{place.value:+.3f}"
        return number.replace("-", "−")
