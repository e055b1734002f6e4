"""The curvature explorer: what the Hessian says at a point that is dragged, and where its parabola sends Newton."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from contourpy import contour_generator
from matplotlib.axes import Axes

from ...optimizers import GradientDescent, Newton
from ...optimizers.hyper import Spec
from ...plotting import short
from ...surfaces import Surface
from ..block.controls import Control, rounded
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .ground import background_name, draw_ground, surfaces_by_name
from .options import Options
from .run_marks import map_panel

SINGULAR = 1e-9
"""An eigenvalue this small beside the largest counts as zero."""

_SIGNS = {1: ("blue", "curves up"), -1: ("vermilion", "curves down"), 0: ("muted", "flat")}
_STEPS = {"gradient descent": "green", "Newton": "purple"}


def explore_curvature(
    surface: str | Surface | Sequence[str | Surface] = "rosenbrock",
    *,
    point: tuple[float, float] | None = None,
    damping: float = 0.0,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> CurvatureExplorer:
    """Return a live picture of the curvature at a point that can be dragged.

    At the point: the two eigen-directions of the Hessian, blue where the surface curves up and red where it curves
    down; level lines of the local parabola; the step of gradient descent and Newton's. Beside it a cut along
    Newton's step, with the loss and the parabola.

    Args:
        surface: the name of a surface, a Surface with a Hessian, or several to choose from.
        point: where to begin; by default the surface's start.
        damping: λ of Newton's step at first, ≥ 0.
        sliders: the controls that are shown, such as ``("lr", "damping")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        ValueError: for an unknown surface or control, a surface without a Hessian, a point that is not finite or a
            negative damping.

    Examples:
        >>> figure = explore_curvature("saddle", point=(1.0, 0.5))
        >>> figure.eigen()[0]  # x² − y²
        array([-2.,  2.])
        >>> print(figure.after()["Newton"])  # plain Newton runs into the saddle
        [0. 0.]
        >>> figure.form = "saddle_free"
        >>> print(figure.after()["Newton"])
        [0. 1.]
    """
    return CurvatureExplorer(surface, point, damping, Options(sliders, tuple(hide), dict(ranges or {})))


class CurvatureExplorer(Figure):
    """What `explore_curvature` returns; its arguments are explained there."""

    def __init__(
        self, surface: Any, point: tuple[float, float] | None, damping: float, options: Options
    ) -> None:
        self.surfaces = surfaces_by_name(surface)
        first = next(iter(self.surfaces.values()))
        titles = tuple(one.title for one in self.surfaces.values())
        lr = replace(
            GradientDescent.specs()["lr"], slider=(rounded(first.lr / 100), max(rounded(first.lr * 10), 1.0))
        )
        specs = Newton.specs()
        damping = specs["damping"].clean("CurvatureExplorer: damping", damping)
        controls = [
            Control("lr", lr, first.lr, "descent: lr", _STEPS["gradient descent"]),
            Control(
                "damping",
                replace(specs["damping"], slider=(0.0, 1e3)),
                damping,
                "Newton: damping",
                _STEPS["Newton"],
            ),
            Control("form", specs["form"], "plain", "Newton: form", _STEPS["Newton"]),
        ]
        if len(self.surfaces) > 1:
            controls.insert(
                0, Control("surface", Spec(choices=tuple(self.surfaces)), first.name, titles=titles)
            )
        options.check(["surface", *(control.name for control in controls)])
        super().__init__(
            map(options.adjusted, controls), {"point": tuple(first.start if point is None else point)}
        )

    def follow(self, name: str) -> dict[str, Any]:
        """Go to the start of a surface that has been chosen, with its learning rate."""
        return {"point": tuple(self.ground.start), "lr": self.ground.lr} if name == "surface" else {}

    @property
    def ground(self) -> Surface:
        """The surface now shown."""
        return self.surfaces[getattr(self, "surface", next(iter(self.surfaces)))]

    def eigen(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the eigenvalues of the Hessian at the point, in rising order, and its eigenvectors as columns."""
        hessian = self.ground.hessian(self.point)
        if not np.isfinite(hessian).all():
            return np.full(2, np.nan), np.eye(2)
        values, vectors = np.linalg.eigh(hessian)
        return values, vectors

    def signs(self) -> tuple[int, int]:
        """Return the signs of the eigenvalues, 0 for one that is nothing beside the other."""
        values = self.eigen()[0]
        small = np.abs(values) <= SINGULAR * np.abs(values).max()
        first, second = np.where(small, 0, np.sign(values)).astype(int)
        return int(first), int(second)

    def after(self) -> dict[str, np.ndarray]:
        """Return where each method stands after one step from the point."""
        x, ground = np.array(self.point), self.ground
        methods = (GradientDescent(lr=self.lr), Newton(damping=self.damping, form=self.form))
        ends = [opt.step(x, opt.init(x), ground)[0] for opt in methods]
        return {name: np.asarray(end) for name, end in zip(_STEPS, ends, strict=True)}

    def model(self, points: np.ndarray) -> np.ndarray:
        """Return the height of the local parabola, ``(…)``, at points ``(2, …)``."""
        way = points - np.reshape(self.point, (2, *(1,) * (points.ndim - 1)))
        bent = np.tensordot(self.ground.hessian(self.point), way, 1)
        slope = np.tensordot(self.ground.grad(self.point), way, 1)
        return np.asarray(self.ground.loss(self.point) + slope + (way * bent).sum(axis=0) / 2)

    # -- the picture --------------------------------------------------------------------------------

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the contours of the surface of that name."""
        draw_ground(axes, self.surfaces, name, theme)

    def draw(self) -> Scene:
        """Return the point with its parabola and its steps, the cut, and what they amount to."""
        surface = self.ground
        ground = map_panel(surface, background_name(surface, float(surface.loss(np.array(self.point)))))
        values, known = self.eigen()[0], [surface.loss(self.point), *surface.grad(self.point)]
        if not np.isfinite([*values, *known]).all() or np.abs([*values, *known]).max() > 1e15:
            scene = Scene([ground, Panel(Axis.linear("t", -0.5, 1.5), Axis.linear("loss", 0, 1), "")])
            scene.notice = scene.alt = "Out here the numbers overflow: drag the point back into the picture."
            scene.handle(0, "point", *self.point)
            return scene
        ends = self.after()
        scene = Scene([ground, self._cut_panel(ends["Newton"])],
                      columns=("loss here", "after the step", "parabola says", ""))  # fmt: skip
        for line in self._level_lines():
            scene.line(0, line[:, 0], line[:, 1], "ink", 1.2, dash=True, alpha=0.75)
        self._draw_eigen(scene)
        for name, end in ends.items():
            (x, y), (dx, dy) = self.point, end - self.point
            scene.arrows(0, x, y, dx, dy, _STEPS[name], 3.0)
            scene.points(0, end[:1], end[1:], _STEPS[name], 4.5)
            scene.rows.append(self._row(name, end))
        self._draw_cut(scene, ends)
        scene.handle(0, "point", *self.point)
        scene.notice = f"{self._verdict()} Dashed: the parabola."
        scene.alt = f"{surface.title} at ({self.point[0]:.3g}, {self.point[1]:.3g}). {scene.notice} " + "; ".join(
            f"{row.name}: loss {row.cells[0]} to {row.cells[1]}" for row in scene.rows[-2:]
        )  # fmt: skip
        return scene

    def _level_lines(self) -> list[np.ndarray]:
        """Return level lines of the parabola, one of them through the point, as ``(n, 2)`` each.

        They are found on a mesh along the eigenvectors that is finest at the point, so that narrow
        ellipses stay smooth.
        """
        values, vectors = self.eigen()
        here, centre = float(self.ground.loss(self.point)), np.array(self.point)
        reach = float(np.ptp(self.ground.domain, axis=1).max())
        if all(self.signs()):
            slopes = vectors.T @ self.ground.grad(self.point)
            bottom = here - float((slopes**2 / values).sum()) / 2
        else:
            bottom = here
        gap = max(abs(here - bottom), np.abs(values).max() * (reach / 12) ** 2 / 2, 1e-12)
        u = np.linspace(-1, 1, 101)
        first, second = np.meshgrid(1.5 * reach * u * np.abs(u), 1.5 * reach * u * np.abs(u))
        x, y = centre[:, None, None] + np.tensordot(vectors, np.stack([first, second]), 1)
        mesh = contour_generator(x, y, self.model(np.stack([x, y])))
        heights = bottom + gap * np.array([-4, -2.25, -1, -0.25, 0.25, 1, 2.25, 4])
        others = heights[np.abs(heights - here) > 0.2 * gap]  # two so close would look like one broken line
        return [np.asarray(line) for height in [here, *others] for line in mesh.lines(height)]

    def _draw_eigen(self, scene: Scene) -> None:
        """Draw both eigen-directions, longer where the surface is more curved, and their rows."""
        values, vectors = self.eigen()
        span, (x, y) = float(np.ptp(self.ground.domain, axis=1).min()), self.point
        for value, sign, vector in zip(values[::-1], self.signs()[::-1], vectors.T[::-1], strict=True):
            color, words = _SIGNS[sign]
            length = span * max(0.16 * np.sqrt(abs(value) / max(np.abs(values).max(), 1e-300)), 0.06)
            for dx, dy in (vector * length, -vector * length):
                scene.arrows(0, x, y, dx, dy, color, 2.0)
            scene.rows.append(Row(f"eigenvalue {_number(float(value))}", color, ("", "", "", words)))

    def _row(self, name: str, end: np.ndarray) -> Row:
        here, there = float(self.ground.loss(self.point)), float(self.ground.loss(end))
        change, state = "stays", ""
        if not there <= here:
            change, state = "rises", "bad"
        elif there < here:
            change, state = "falls", "good"
        cells = (_number(here), _number(there), _number(float(self.model(end))), change)
        return Row(name, _STEPS[name], cells, state)

    # -- the cut ------------------------------------------------------------------------------------

    def _direction(self, newton: np.ndarray) -> tuple[np.ndarray, str]:
        """Return what the cut follows, and its name: Newton's step, or where there is none the least curved way."""
        step = newton - self.point
        if np.linalg.norm(step) > 1e-9 * np.ptp(self.ground.domain):
            return step, "along Newton's step"
        values, vectors = self.eigen()
        way = vectors[:, np.abs(values).argmin()] * float(np.ptp(self.ground.domain, axis=1).min()) / 4
        return way, "along the least curved way"

    def _cut(self, newton: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        t = np.linspace(-0.6, 1.8, 121)
        points = np.array(self.point)[:, None] + self._direction(newton)[0][:, None] * t
        return t, np.asarray(self.ground.loss(points)), self.model(points)

    def _cut_panel(self, newton: np.ndarray) -> Panel:
        _, loss, model = self._cut(newton)
        loss = np.nan_to_num(loss, posinf=1e30, neginf=-1e30)
        near = 0.02 * np.ptp(
            np.clip(loss, -1e15, 1e15)
        )  # where the parabola is flat, the loss sets the scale
        width = max(np.ptp(model), near, 1e-6 * np.abs(model).max(), 1e-12)
        seen = np.clip(loss, model.min() - width, model.max() + width)
        low, high = min(model.min(), seen.min()), max(model.max(), seen.max())
        space = 0.06 * max(high - low, width)
        words = self._direction(newton)[1]
        across = Axis.linear("0 here, 1 there" if "Newton" in words else "t", -0.6, 1.8)
        upwards = Axis.linear("loss", float(low - space), float(high + space))
        return Panel(across, upwards, words)

    def _draw_cut(self, scene: Scene, ends: dict[str, np.ndarray]) -> None:
        newton = ends["Newton"]
        t, loss, model = self._cut(newton)
        scene.line(1, t, model, "ink", 1.6, dash=True)
        scene.line(1, t, loss, "blue", 2.4)
        if "Newton" in scene.panels[1].title:
            reached = float(self.ground.loss(newton))
            scene.points(1, [1.0], [float(self.model(newton))], "purple", 4.5, "ring")
            scene.points(1, [1.0], [reached], "purple", 5)
        scene.points(1, [0.0], [float(self.ground.loss(self.point))], "ink", 5, "ring")

    def _verdict(self) -> str:
        """Return in words what kind of point this is."""
        values, signs = self.eigen()[0], self.signs()
        slope = float(np.linalg.norm(self.ground.grad(self.point)))
        scale = max(np.abs(values).max() * float(np.ptp(self.ground.domain)), 1e-12)
        critical = slope < 1e-6 * scale
        if 0 in signs:
            tail = "" if self.damping else " and, without damping, Newton takes no step along it"
            return f"The Hessian is singular: along a flat direction the parabola has no lowest point{tail}."
        kind = {
            (1, 1): "a minimum" if critical else "the surface is convex",
            (-1, -1): "a maximum" if critical else "the surface is concave, like a hilltop",
        }.get(signs, "a saddle point" if critical else "the surface is saddle-like")
        condition = np.abs(values).max() / np.abs(values).min()
        words = f"{'This is' if critical else 'Here'} {kind}; condition number {short(float(condition), 3)}."
        if -1 in signs and self.form == "plain" and not critical:
            words += " Plain Newton seeks the parabola's critical point, which is no minimum."
        return words


def _number(value: float) -> str:
    return short(value, 3).replace("-", "−", int(value < 0)) if np.isfinite(value) else "∞"
