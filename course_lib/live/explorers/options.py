"""Which controls a figure shows, and where its sliders end: the same options in every explorer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ...optimizers.hyper import Spec
from ..block.controls import Control


@dataclass(frozen=True)
class Options:
    """What a lesson asks of a figure's controls.

    A control that is not shown keeps its trait: it can be set from Python.

    Args:
        sliders: the controls that are shown, by the name of the trait or of the hyperparameter; by default all.
        hide: those that are not.
        ranges: other ends for a slider. Both can be reached exactly. Ends less than two powers of ten apart make a
            linear slider.

    Raises:
        TypeError: for a name alone in place of a list of names.
        ValueError: for ends that are not two finite, rising numbers.

    Examples:
        >>> lr = Control("lr", Spec(low=0, scale="log", slider=(1e-4, 1)), 0.1)
        >>> values = Options(ranges={"lr": (0.05, 2.5)}).adjusted(lr).values
        >>> values[0], values[-1], 2.0 in values
        (0.05, 2.5, True)
        >>> Options(hide=("lr",)).adjusted(lr).hidden
        True
    """

    sliders: Sequence[str] | None = None
    hide: Sequence[str] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("sliders", "hide"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"{name} = {getattr(self, name)!r} is not allowed: give a list of names")
        for name, ends in self.ranges.items():
            if np.shape(ends) != (2,) or not np.isfinite(ends).all() or not ends[0] < ends[1]:
                raise ValueError(
                    f"ranges: {name} = {ends!r} is not allowed: give two numbers, the smaller one first"
                )

    def check(self, known: Iterable[str]) -> None:
        """Raise for a name that no control has.

        Raises:
            ValueError: and says which there are.
        """
        names = list(dict.fromkeys(known))
        for option in ("sliders", "hide", "ranges"):
            for name in getattr(self, option) or ():
                if name not in names:
                    raise ValueError(
                        f"{option} names {name!r}, which nothing here has; there are {', '.join(names)}"
                    )

    def shows(self, *names: str) -> bool:
        """Return whether a control that goes by some names is shown."""
        chosen = self.sliders is None or any(name in self.sliders for name in names)
        return chosen and not any(name in self.hide for name in names)

    def adjusted(self, control: Control, *names: str) -> Control:
        """Return a control with its range, shown or not; ``names`` are others that it goes by."""
        names = (control.name, *names)
        hidden = control.hidden or not self.shows(*names)
        ends = next((self.ranges[name] for name in names if name in self.ranges), None)
        spec = control.spec if ends is None or control.spec.choices else ranged(control.spec, ends)
        return replace(control, spec=spec, hidden=hidden)


def ranged(spec: Spec, ends: tuple[float, float]) -> Spec:
    """Return a spec whose slider has other ends, both of them allowed values.

    Raises:
        ValueError: for an end that is not allowed.
    """
    low, high = (spec.clean("ranges", end) for end in ends)
    narrow = spec.scale == "log" and low > 0 and high < 100 * low
    return replace(spec, slider=(low, high), scale="linear" if narrow else spec.scale)
