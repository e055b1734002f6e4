"""Schedules in a figure: a slider for each of their settings, and their curve above the loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...optimizers.hyper import Spec
from ...running import Schedule as Multiplier
from ...schedules import Schedule
from ...schedules.falling import SHAPES
from ..block.controls import Control
from ..block.scene import Axis, Scene
from .runs import identifier

_LOSS, _BAND = 0.78, (0.83, 0.97)
"""The parts of a panel's height that the losses and a schedule's curve take."""


@dataclass(frozen=True)
class _Knob:
    """A setting of one part of a schedule, and the trait that sets it."""

    name: str
    owner: str
    place: tuple[str, ...]
    setting: str
    words: str
    label: str
    value: Any


class Schedules:
    """What multiplies the learning rates of a figure's runs.

    Args:
        given: None, one schedule for all runs, or several by name: names of runs give each its own, other names make a
            choice. A callable that is no `Schedule` has no sliders.
        runs: the names of the runs.
        steps: how long these are, so that sliders of lengths reach as far.

    Raises:
        TypeError: for what cannot be called.
        ValueError: for an empty dict.
    """

    def __init__(self, given: Any, runs: Sequence[str], steps: int) -> None:
        self._by_name: dict[str, Multiplier] = dict(given) if isinstance(given, Mapping) else {"": given}
        if given is None:
            self._by_name = {}
        elif not self._by_name:
            raise ValueError("schedule is empty: give at least one")
        for one in self._by_name.values():
            if not callable(one):
                raise TypeError(f"schedule = {one!r} is not a schedule: it must be one such as cosine(200)")
        self._each = bool(self._by_name) and set(self._by_name) <= set(runs)
        self._choice = not self._each and len(self._by_name) > 1
        self._knobs = list(self._find_knobs())
        self.controls = [_control(knob, steps) for knob in self._knobs]
        if self._choice:  # behind the sliders, so that a reset, which goes in this order, ends with it
            names = tuple(self._by_name)
            self.controls.append(Control("schedule", Spec(choices=names), names[0]))

    def _find_knobs(self) -> Iterator[_Knob]:
        leaves = [(owner, place, leaf) for owner, one in self._by_name.items() if isinstance(one, Schedule)
                  for place, leaf in _leaves(one)]  # fmt: skip
        taken: set[str] = set()
        kinds = [leaf.formula.__name__ for _, _, leaf in leaves]
        for owner, place, leaf in leaves:
            part = kind = leaf.formula.__name__.removeprefix("_")
            if owner and kinds.count(leaf.formula.__name__) > 1:
                part = f"{owner} {part}"
            for setting, value in leaf.settings.items():
                if isinstance(value, Schedule) or value is None:
                    continue
                words, count = f"{part} {setting}", 1
                while (name := identifier(words.lower())) in taken:
                    words, count = f"{part} {count + 1} {setting}", count + 1
                taken.add(name)
                label = words.replace(kind, _shown_as(kind))
                yield _Knob(name, owner, place, setting, words, label, value)

    def of(self, run: str, values: Any) -> Multiplier | None:
        """Return a run's schedule with its settings as the traits of ``values`` stand; None if it has none."""
        if not self._by_name:
            return None
        owner = run if self._each else values.schedule if self._choice else next(iter(self._by_name))
        schedule = self._by_name.get(owner)
        for knob in self._knobs:
            if knob.owner == owner:
                assert isinstance(schedule, Schedule)
                schedule = _with(schedule, knob.place, knob.setting, getattr(values, knob.name))
        return schedule

    def follow(self, name: str, values: Any) -> dict[str, Any]:
        """Return what else is set with a setting: its schedule is chosen, and shares of one whole stay below it."""
        knob = next((knob for knob in self._knobs if knob.name == name), None)
        if knob is None:
            return {}
        others = {"warmup": "decay", "decay": "warmup"}
        twin = next((other.name for other in self._knobs if (other.owner, other.place) == (knob.owner, knob.place)
                     and other.setting == others.get(knob.setting)), None)  # fmt: skip
        found = {} if twin is None else {twin: min(getattr(values, twin), 1 - getattr(values, name))}
        return found | ({"schedule": knob.owner} if self._choice else {})


def _leaves(schedule: Schedule, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schedule]]:
    """Yield the parts of a composed schedule, each with the way to it."""
    inner = {name: part for name, part in schedule.settings.items() if isinstance(part, Schedule)}
    if any(not isinstance(part, Schedule) for part in schedule.settings.values()):
        yield place, schedule
    for name, part in inner.items():
        yield from _leaves(part, (*place, name))


def _with(schedule: Schedule, place: tuple[str, ...], setting: str, value: Any) -> Schedule:
    """Return a schedule with a setting of one of its parts changed."""
    if place:
        value = _with(schedule.settings[place[0]], place[1:], setting, value)
    return replace(schedule, settings={**schedule.settings, (place[0] if place else setting): value})


def _shown_as(kind: str) -> str:
    """Return a schedule's name as it stands beside a slider: its initials where it is longer than two words.

    Examples:
        >>> _shown_as("warmup_stable_decay"), _shown_as("linear_warmup")
        ('WSD', 'linear warmup')
    """
    parts = kind.split("_")
    return "".join(part[0].upper() for part in parts) if len(parts) > 2 else " ".join(parts)


def _control(knob: _Knob, steps: int) -> Control:
    if isinstance(knob.value, str):  # only a cooldown has words for a setting
        spec = Spec(choices=tuple(SHAPES))
    elif isinstance(knob.value, int):
        longest = 4 if knob.setting == "growth" else max(steps, 2 * knob.value)
        least = 2 if "one_cycle" in knob.words else 1
        spec = Spec(low=least, integer=True, slider=(least, longest))
    elif knob.setting == "rate":
        spec = Spec(low=0, high=1, open_high=False, scale="decay", slider=(0.0, 0.9999))
    else:
        spec = Spec(low=0, high=1, open_high=False)
    return Control(knob.name, spec, knob.value, knob.label)


# -- the curve ------------------------------------------------------------------------------------------


def with_band(axis: Axis) -> Axis:
    """Return a loss axis with room above it for a curve from 0 to 1."""
    high = (
        axis.low * (axis.high / axis.low) ** (1 / _LOSS)
        if axis.log
        else axis.low + (axis.high - axis.low) / _LOSS
    )
    taller = replace(axis, high=high)
    marks = tuple((float(_place(taller, eta)), text) for eta, text in ((0.0, "η = 0"), (1.0, "η = 1")))
    return replace(taller, ticks=(*axis.ticks, *marks))


def draw_schedules(
    scene: Scene, panel: int, by_run: Mapping[str, Multiplier | None], colors: Mapping[str, str], steps: int
) -> None:
    """Draw the multiplier of each step above the losses; one that all runs share, once."""
    chosen = {name: one for name, one in by_run.items() if one is not None}
    if not chosen:
        return
    axis = scene.panels[panel].y
    edge = _part_of(axis, (_LOSS + _BAND[0]) / 2)
    scene.line(panel, [0, steps], [edge, edge], "frame", 1.0)
    alike = len(chosen) == len(by_run) and len(set(map(repr, chosen.values()))) == 1
    for name, schedule in list(chosen.items())[: 1 if alike else None]:
        eta = np.array([np.nan, *(schedule(t) for t in range(1, steps + 1))])
        color = "ink" if alike and len(by_run) > 1 else colors[name]
        scene.line(panel, np.arange(steps + 1), _place(axis, eta), color, 1.8, trail=name)


def _place(axis: Axis, eta: Any) -> Any:
    """Return where a multiplier is drawn on an axis that `with_band` has made."""
    return _part_of(axis, _BAND[0] + (_BAND[1] - _BAND[0]) * eta)


def _part_of(axis: Axis, part: Any) -> Any:
    """Return the value at a part of an axis."""
    return axis.low * (axis.high / axis.low) ** part if axis.log else axis.low + (axis.high - axis.low) * part
