"""Published runs of ResNet-50 on ImageNet, and the arithmetic of how long such a run takes."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

from ..arguments import whole
from ..running import Table

IMAGES = 1_281_167
"""Training images of ImageNet (ILSVRC 2012)."""


@lru_cache(maxsize=1)
def large_runs() -> Table:
    """Return published runs of ResNet-50 on ImageNet, each with its source; NaN where that tells no number.

    Columns: run, method, year, machines, chips, batch, epochs, steps, minutes, top1 (accuracy in percent), source.

    Examples:
        >>> runs = large_runs()
        >>> runs["run"][runs["minutes"] == 10].tolist()
        ['Osawa 2018, ten minutes']
    """
    return Table.load(Path(__file__).with_name("large_runs.csv"))


def steps_of(epochs: float, batch: int, images: int = IMAGES) -> float:
    """Return the steps of a run, epochs · images / batch.

    Args:
        epochs: passes over the images, > 0.
        batch: images in a step, 1 … images.
        images: in one epoch, ≥ 1.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> round(steps_of(45, 32_768)), round(steps_of(100, 131_072))
        (1759, 977)
    """
    images = whole("images", images, 1)
    batch = whole("batch", batch, 1)
    if batch > images:
        raise ValueError(f"batch = {batch} is not allowed: it must be at most images = {images}")
    return _positive("epochs", epochs) * images / batch


def minutes_of(epochs: float, batch: int, seconds: float, images: int = IMAGES) -> float:
    """Return how many minutes a run takes whose steps take ``seconds`` each, > 0.

    The other arguments, and what is raised, are those of `steps_of`.

    Examples:
        >>> round(minutes_of(90, 32_768, seconds=0.256), 1)
        15.0
    """
    return steps_of(epochs, batch, images) * _positive("seconds", seconds) / 60


def _positive(name: str, value: float) -> float:
    if not (0 < value < math.inf):
        raise ValueError(f"{name} = {value!r} is not allowed: it must be a finite number > 0")
    return float(value)
