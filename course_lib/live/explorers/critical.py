"""The critical-point explorer: of which kind they are, and how high, in more and more dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from ...optimizers.hyper import Spec
from ...surfaces.critical import MODELS, ModelPoints, function_points, index_shares
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

MOST = 8
"""Beyond this dimension minima are too rare for the samples."""

_SAMPLES, _SHOWN = 20_000, 500
_COLORS = {"coins": "amber", "matrix": "purple", "function": "ink"}
_WORDS = {"coins": "coin flips", "matrix": "random matrix", "function": "random function"}


def explore_critical_points(
    dimension: int = 2,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> CriticalExplorer:
    """Return a live figure: which part of the critical points are minima, saddles and maxima, by dimension.

    On the left the share of each number of negative eigenvalues, in three models (see `course_lib.surfaces.critical`);
    on the right critical points of a random function, by height and number of negative eigenvalues.

    Args:
        dimension: at first; a slider goes from 1 to 8.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for the slider.

    Raises:
        TypeError: if the dimension is not a whole number.
        ValueError: for a dimension that is not 1 … 8, or an unknown control.

    Examples:
        >>> figure = explore_critical_points(2)
        >>> figure.shares("coins")
        array([0.25, 0.5 , 0.25])
        >>> figure.dimension = 6
        >>> bool(figure.shares("function")[1:-1].sum() > 0.95)  # nearly all are saddles
        True
    """
    return CriticalExplorer(dimension, Options(sliders, tuple(hide), dict(ranges or {})))


class CriticalExplorer(Figure):
    """What `explore_critical_points` returns; its arguments are explained there."""

    def __init__(self, dimension: int, options: Options) -> None:
        spec = Spec(low=1, high=MOST, open_high=False, integer=True, slider=(1, MOST))
        dimension = spec.clean("CriticalExplorer: dimension", dimension)
        options.check(["dimension"])
        super().__init__([options.adjusted(Control("dimension", spec, dimension, plays=True))])

    def shares(self, model: str = "function") -> np.ndarray:
        """Return which part of the critical points has 0, 1, …, n negative eigenvalues in a model."""
        return _shares(self.dimension, model)

    def draw(self) -> Scene:
        """Return the shares by index, and points by height and index."""
        n = self.dimension
        index = Axis("negative eigenvalues", -0.6, n + 0.6, False, tuple((k, str(k)) for k in range(n + 1)))
        heights = Axis.linear("height", -4, 4)
        scene = Scene(
            [
                Panel(index, Axis.linear("share", 0, 0.8), "how many of each kind", grid=False),
                Panel(heights, index, "how high"),
            ],
            columns=("minima", "saddles", "maxima"),
        )
        for place, model in enumerate(MODELS):
            shares, left = self.shares(model), np.arange(n + 1) - 0.39 + 0.26 * place
            scene.bars(0, left, left + 0.24, np.zeros(n + 1), shares, _COLORS[model])
            cells = _percent(shares[0]), _percent(1 - shares[0] - shares[-1]), _percent(shares[-1])
            scene.rows.append(Row(_WORDS[model], _COLORS[model], cells))
        self._draw_points(scene, _points(n))
        low, high = (self._mean_index(side) for side in (-1, 1))
        scene.notice = (
            f"Of {n} direction{'s' if n > 1 else ''}, {low:.1f} curve down on average at critical points below −1, "
            f"{high:.1f} at those above 1. Minima blue, saddles grey, maxima red."
        )
        scene.alt = f"Critical points in dimension {n}. " + "; ".join(
            f"{row.name}: {row.cells[0]} minima, {row.cells[1]} saddles, {row.cells[2]} maxima"
            for row in scene.rows
        )
        scene.alt += f". {scene.notice}"
        return scene

    def _mean_index(self, side: int) -> float:
        """Return the mean number of negative eigenvalues far below (−1) or above (1) the mean height."""
        points = _points(self.dimension)
        weights = points.weights * (side * points.heights > 1)
        return float(weights @ points.index / weights.sum())

    def _draw_points(self, scene: Scene, points: ModelPoints) -> None:
        """Draw some critical points, as often as they occur, and the mean index by height."""
        n, rng = self.dimension, np.random.default_rng(0)
        chosen = rng.choice(len(points.weights), _SHOWN, p=points.weights)
        height, index = points.heights[chosen], points.index[chosen]
        beside = index + rng.uniform(-0.22, 0.22, _SHOWN)
        kinds = ((index == 0, "blue"), ((index > 0) & (index < n), "muted"), (index == n, "vermilion"))
        for kind, color in kinds:
            scene.points(1, height[kind], beside[kind], color, 2.4, alpha=0.7)
        edges = np.linspace(-3, 3, 13)
        bins = np.digitize(points.heights, edges)
        weight = np.bincount(bins, points.weights, len(edges) + 1)[1:-1]
        mean = np.bincount(bins, points.weights * points.index, len(edges) + 1)[1:-1] / weight
        scene.line(1, (edges[1:] + edges[:-1]) / 2, mean, "ink", 2.2, halo=True)


@lru_cache(maxsize=MOST)
def _points(n: int) -> ModelPoints:
    return function_points(n, _SAMPLES)


@lru_cache(maxsize=3 * MOST)
def _shares(n: int, model: str) -> np.ndarray:
    if model == "function":
        return np.bincount(_points(n).index, _points(n).weights, n + 1)
    return index_shares(n, model, _SAMPLES)


def _percent(share: float) -> str:
    """Return a share as one would say it.

    Examples:
        >>> _percent(0.25), _percent(0.0123), _percent(1e-4), _percent(0.0)
        ('25%', '1.2%', '< 0.1%', '< 0.1%')
    """
    return "< 0.1%" if share < 1e-3 else f"{share:.1%}" if share < 0.1 else f"{share:.0%}"
