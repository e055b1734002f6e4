"""The slice explorer: a surface cut along a line that is turned, and how much it curves in every direction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...optimizers.hyper import Spec
from ...plotting import short
from ...surfaces import Surface
from ...surfaces import surface as find_surface
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .ground import background_name, draw_ground
from .options import Options
from .run_marks import map_panel

FREE = "anywhere"
"""The place of a point that has been dragged."""

_FLAT = 1e-9
"""A curvature this small beside the largest, or a slope beside curvature times the picture's width, counts as none."""

_COLORS = ("blue", "vermilion")


def explore_slices(
    surface: str | Surface = "himmelblau",
    *,
    point: tuple[float, float] | None = None,
    places: Mapping[str, tuple[float, float]] | None = None,
    direction: float = 0.0,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> SliceExplorer:
    """Return a live cut through a surface, along a line that is turned by a slider, at a point that is dragged.

    Beside the map: the loss along the line and at right angles to it, each with its parabola, and the curvature in
    every direction. The second derivative along a unit vector v is :math:`v^T H v`.

    Args:
        surface: the name of a surface, or a Surface with a Hessian.
        point: where to begin; by default the first of ``places``, or the surface's start.
        places: points to choose from, by name.
        direction: of the line at first, in degrees counter-clockwise from the x axis, 0 … 180.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        ValueError: for an unknown surface or control, one without a Hessian, a point that is not finite, or a direction
            out of range.

    Examples:
        >>> figure = explore_slices("saddle", point=(0, 0))  # x² − y²
        >>> figure.curvature(), figure.curvature(90)
        (2.0, -2.0)
        >>> figure.direction = 45
        >>> abs(figure.curvature()) < 1e-12
        True
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return SliceExplorer(surface, point, dict(places or {}), direction, options)


class SliceExplorer(Figure):
    """What `explore_slices` returns; its arguments are explained there."""

    def __init__(
        self,
        surface: Any,
        point: tuple[float, float] | None,
        places: dict[str, tuple[float, float]],
        direction: float,
        options: Options,
    ) -> None:
        self.ground = find_surface(surface)
        self.ground.hessian(self.ground.start)  # raises here if there is none
        self.places = places
        angle = Spec(low=0, high=180, open_high=False, slider=(0, 180))
        direction = angle.clean("SliceExplorer: direction", float(direction))
        controls = [Control("direction", angle, direction, "direction (degrees)", plays=True)]
        place = FREE if point is not None or not places else next(iter(places))
        if places:
            controls.insert(0, Control("place", Spec(choices=(*places, FREE)), place))
        options.check(["place", *(control.name for control in controls)])
        begin = places.get(place, self.ground.start if point is None else point)
        super().__init__(map(options.adjusted, controls), {"point": tuple(begin)})

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the place that has been chosen; a point that is dragged is anywhere."""
        if name == "place" and self.place != FREE:
            return {"point": tuple(self.places[self.place])}
        if name == "point" and self.places:
            same = [one for one, at in self.places.items() if np.array_equal(at, self.point)]
            return {"place": same[0] if same else FREE}
        return {}

    def curvature(self, direction: float | None = None) -> float:
        """Return the second derivative at the point along a direction in degrees, by default the slider's."""
        v = _unit(self.direction if direction is None else direction)
        return float(v @ self.ground.hessian(self.point) @ v)

    def slope(self, direction: float | None = None) -> float:
        """Return the first derivative at the point along a direction in degrees, by default the slider's."""
        return float(_unit(self.direction if direction is None else direction) @ self.ground.grad(self.point))

    # -- the picture --------------------------------------------------------------------------------

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the contours of the surface."""
        draw_ground(axes, {self.ground.name: self.ground}, name, theme)

    def draw(self) -> Scene:
        """Return the map with both lines, the cuts along them, and the curvature in every direction."""
        height, hessian = float(self.ground.loss(self.point)), self.ground.hessian(self.point)
        numbers = [height, *self.ground.grad(self.point), *hessian.ravel()]
        ground = map_panel(self.ground, background_name(self.ground, height), weight=1.0)
        angles = np.linspace(0, 180, 91)
        v = _unit(angles)
        every = np.einsum("ik,ij,jk->k", v, hessian, v)
        if not np.isfinite(numbers).all() or np.abs(numbers).max() > 1e15:
            scene = Scene([ground, *[Panel(Axis.linear("t", 0, 1), Axis.linear("loss", 0, 1))] * 2])
            scene.notice = scene.alt = "Out here the numbers overflow: drag the point back into the picture."
            scene.handle(0, "point", *self.point)
            return scene
        reach = float(np.ptp(self.ground.domain, axis=1).min()) / 8
        t = np.linspace(-reach, reach, 81)
        lines = [self.direction, self.direction + 90]
        cuts = [self.ground.loss(np.array(self.point)[:, None] + _unit(a)[:, None] * t) for a in lines]
        low, high = _ends([*cuts, [height]])
        scene = Scene(
            [
                ground,
                Panel(
                    Axis.linear("distance", -reach, reach, 4),
                    Axis.linear("loss", low, high),
                    "along both lines",
                ),
                Panel(_DEGREES, Axis.linear("curvature", *_ends([every, [0]])), "in every direction", 0.9),
            ],
            columns=("slope", "curvature", ""),
        )
        scene.line(2, [0, 180], [0, 0], "muted", 1.2)
        scene.line(2, angles, every, "ink", 2.2)
        for name, color, a, cut in zip(
            ("along the line", "at right angles"), _COLORS, lines, cuts, strict=True
        ):
            x, y = np.array(self.point)[:, None] + np.outer(_unit(a), [-reach, reach])
            scene.line(0, x, y, color, 2.4, halo=True, dash=color != _COLORS[0])
            slope, curvature = self.slope(a), self.curvature(a)
            scene.line(1, t, height + slope * t + curvature * t**2 / 2, color, 1.4, dash=True)
            scene.line(1, t, cut, color, 2.4)
            scene.points(2, [a % 180], [curvature], color, 5.5)
            flat = abs(curvature) <= _FLAT * max(np.abs(every).max(), 1e-300)
            words = "does not curve" if flat else "curves up" if curvature > 0 else "curves down"
            scene.rows.append(Row(name, color, (_told(slope), _told(0.0 if flat else curvature), words)))
        scene.handle(0, "point", *self.point)
        steep = float(np.linalg.norm(self.ground.grad(self.point)))
        critical = steep < 1e-6 * max(np.abs(every).max() * reach, 1e-12) or steep < _FLAT
        scene.notice = (
            f"{'A critical point: no slope in any direction' if critical else 'There is a slope here'}. The curvature "
            f"goes from {_told(every.min())} to {_told(every.max())}. Dashed in the middle: parabolas."
        )
        told = "; ".join(
            f"{row.name}: slope {row.cells[0]}, {row.cells[2]}, {row.cells[1]}" for row in scene.rows
        )
        at = f"({self.point[0]:.3g}, {self.point[1]:.3g})"
        scene.alt = f"{self.ground.title} cut at {at}, {self.direction:g} degrees. {told}. {scene.notice}"
        return scene


_DEGREES = Axis("direction", 0, 180, False, tuple((a, f"{a}°") for a in range(0, 181, 45)))


def _unit(degrees: Any) -> np.ndarray:
    """Return unit vectors, ``(2, *shape)``."""
    angle = np.radians(degrees)
    return np.array([np.cos(angle), np.sin(angle)])


def _ends(curves: Sequence[Any]) -> tuple[float, float]:
    """Return the ends of an axis that shows some curves."""
    values = np.clip(np.nan_to_num(np.concatenate([np.ravel(curve) for curve in curves])), -1e20, 1e20)
    low, high = float(values.min()), float(values.max())
    space = 0.08 * max(high - low, 1e-9 * max(abs(low), abs(high)), 1e-12)
    return low - space, high + space


def _told(value: float) -> str:
    return "0" if abs(value) < 1e-12 else short(float(value), 3).replace("-", "−", int(value < 0))
