"""Sliders that stop only at values that were run beforehand."""

from __future__ import annotations

import numpy as np

from ...optimizers.hyper import Spec
from ..block.controls import Control


def stop_slider(owner: str, name: str, value: float, stops: np.ndarray, label: str = "") -> Control:
    """Return a logarithmic slider over the values that are run, first at the one nearest to ``value``.

    Raises:
        ValueError: for a value outside of them.

    Examples:
        >>> stop_slider("Figure", "lr", 0.2, np.array([0.01, 0.1, 1.0])).default
        0.1
    """
    ends = float(stops[0]), float(stops[-1])
    spec = Spec(low=ends[0], high=ends[1], open_high=False, scale="log", slider=ends)
    value = spec.clean(f"{owner}: {name}", value)
    return Control(name, spec, nearest(stops, value), label, positions=tuple(map(float, stops)))


def place(stops: np.ndarray, value: float) -> int:
    """Return the place of the stop that is nearest to a value, by the ratio of the two.

    Examples:
        >>> place(np.array([0.01, 0.1, 1.0]), 0.5)
        2
    """
    return int(np.abs(np.log(stops / max(value, 1e-300))).argmin())


def nearest(stops: np.ndarray, value: float) -> float:
    """Return the stop that is nearest to a value."""
    return float(stops[place(stops, value)])
