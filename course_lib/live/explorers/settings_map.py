"""The hyperparameter map: every pair of two settings at once, coloured by the result, and the run at the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...landscape import lowest
from ...optimizers import Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...running import Path, simulate
from ...surfaces import Surface
from ...surfaces import surface as find_surface
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .ground import background_name, draw_ground
from .options import Options
from .outcome import above, outcome
from .run_marks import draw_exit, draw_level, draw_path, map_panel
from .runs import Runs, named_optimizers

CELLS = 64
"""Settings along each side of the map."""

_BEST, _WORST = -8.0, 1.0
"""The powers of ten of the loss, relative to the start's, at the two ends of the colour scale."""

_SCALE = Axis.decades("loss / first", 10**_BEST, 10**_WORST, 5)


def explore_map(
    opt: Optimizer,
    surface: str | Surface = "rosenbrock",
    steps: int = 200,
    *,
    x: str = "lr",
    y: str | None = None,
    start: tuple[float, float] | None = None,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> MapExplorer:
    """Return a live map of two hyperparameters: 64×64 runs, computed anew whenever anything else is moved.

    Args:
        opt: any optimizer that takes a grid of settings.
        surface: the name of a surface, or a Surface.
        steps: at first; a slider goes from 10 to 500.
        x: the hyperparameter across.
        y: the hyperparameter upwards; by default the first decay rate.
        start: the first point; it can be dragged in the picture of the path.
        sliders: the controls that are shown, such as ``("lr", "steps")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a hyperparameter, on the map and on its slider, both exactly reachable.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: if it takes no grid, or has no such hyperparameter or control.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> figure = explore_map(Adam(lr=0.01), "himmelblau", steps=50)
        >>> figure.losses().shape
        (64, 64)
        >>> figure.set(lr=0.1, beta1=0.5)  # moves the cursor
        >>> figure.path().steps
        50
    """
    return MapExplorer(opt, surface, steps, x, y, start, Options(sliders, tuple(hide), dict(ranges or {})))


class MapExplorer(Figure):
    """What `explore_map` returns; its arguments are explained there."""

    def __init__(
        self,
        opt: Any,
        surface: Any,
        steps: int,
        x: str,
        y: str | None,
        start: tuple[float, float] | None,
        options: Options,
    ) -> None:
        self._opt = next(iter(named_optimizers(opt).values()))
        self.ground = find_surface(surface)
        specs = self._opt.specs()
        if y is None:
            y = next((name for name, spec in specs.items() if spec.scale == "decay"), "")
        for side, name in (("x", x), ("y", y)):
            if name not in specs or specs[name].choices or specs[name].integer:
                numbers = ", ".join(key for key, spec in specs.items() if not (spec.choices or spec.integer))
                raise ValueError(f"{side} = {name!r} is no hyperparameter of {type(self._opt).__name__} that a map "
                                 f"can show; it must be one of {numbers}")  # fmt: skip
        self.across, self.up = x, y
        length = Control("steps", Spec(low=1, integer=True, scale="log", slider=(10, 500)), steps)
        reserved = frozenset({"steps", "cursor", "start", *dir(Figure)})
        self._runs = Runs({"opt": self._opt}, (), options, ("steps",), reserved, self.ground)
        controls = [*self._runs.controls, options.adjusted(length)]
        self._scales = {c.name: c.spec for c in controls}
        self._values = {name: self._grid_values(self._trait(name)) for name in (x, y)}
        self._opt.replace(
            **self._stack()
        )  # raises here, not at the first move, if the optimizer takes no grid
        self._known: tuple[Any, np.ndarray] = (None, np.empty(0))
        place = (_place(specs[x].scale, getattr(self._opt, x)), _place(specs[y].scale, getattr(self._opt, y)))
        super().__init__(
            controls, {"cursor": place, "start": tuple(self.ground.start if start is None else start)}
        )

    # -- cursor and sliders are one --------------------------------------------------------------------

    def follow(self, name: str) -> dict[str, Any]:
        """Move the sliders to the cell at the cursor, or the cursor to where the sliders are."""
        if name == "cursor":
            settings = {self._trait(side): self._cell(side, at)
                        for side, at in zip((self.across, self.up), self.cursor, strict=True)}  # fmt: skip
            return settings | {"cursor": self._place_of(settings)}
        settings = {self._trait(side): getattr(self, self._trait(side)) for side in (self.across, self.up)}
        return {"cursor": self._place_of(settings)} if name in settings else {}

    def _cell(self, side: str, at: float) -> float:
        """Return the value of the cell that is nearest to a place on one side of the map."""
        scale, values = self._scales[self._trait(side)].scale, self._values[side]
        places = _place(scale, values)
        apart = np.abs(places - at) if scale == "linear" else np.abs(np.log(places / max(at, 1e-300)))
        return float(values[apart.argmin()])

    def _place_of(self, settings: dict[str, float]) -> tuple[float, ...]:
        return tuple(float(_place(self._scales[trait].scale, value)) for trait, value in settings.items())

    def _trait(self, name: str) -> str:
        return self._runs.traits("opt")[name]

    # -- what is computed ------------------------------------------------------------------------------

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer at the cursor."""
        return self._runs.configured("opt", partial(getattr, self))

    def path(self) -> Path:
        """Return the run at the cursor."""
        return simulate(self.optimizer, self.ground, self.steps, self.start)

    def losses(self) -> np.ndarray:
        """Return the loss above the minimum for every pair, relative to the start's: (rows of y, columns of x)."""
        moving = {self._trait(self.across), self._trait(self.up), "cursor"}
        key = tuple(getattr(self, name) for name in (*self.controls, *self.points) if name not in moving)
        if key != self._known[0]:
            opt = self.optimizer.replace(**self._stack())
            path = simulate(opt, self.ground, self.steps, np.array(self.start, np.float32))
            ends = np.where(path.diverged, np.inf, self.ground.loss(path.points[-1].astype(float)))
            base = lowest(self.ground) or 0.0
            scale = max(abs(float(self.ground.loss(np.array(self.start))) - base), 1e-12)
            self._known = key, np.where(np.isfinite(ends), (ends - base) / scale, np.inf)
        return self._known[1]

    def _stack(self) -> dict[str, np.ndarray]:
        return {self.up: self._values[self.up][:, None], self.across: self._values[self.across]}

    def _grid_values(self, trait: str) -> np.ndarray:
        """Return the values of one side of the map, spread as on the slider."""
        spec = self._scales[trait]
        low, high = spec.slider
        even = np.linspace(0, 1, CELLS)
        if spec.scale == "log":
            return (low or high * 1e-6) * (high / (low or high * 1e-6)) ** even
        if spec.scale == "decay":
            return 1 - (1 - low) * ((1 - high) / (1 - low)) ** even
        return low + (high - low) * even

    # -- the picture --------------------------------------------------------------------------------

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the contours of the surface."""
        draw_ground(axes, {self.ground.name: self.ground}, name, theme)

    def draw(self) -> Scene:
        """Return the map, its colour scale, and the path at the cursor."""
        losses, path = self.losses(), self.path()
        stands, height = outcome(path, 0.0), float(self.ground.loss(np.array(self.start)))
        scene = Scene(
            [
                Panel(
                    self._axis(self.across), self._axis(self.up), f"after {self.steps} steps", 1.1, grid=False
                ),
                Panel(Axis("", 0, 1), _SCALE, "", 0.25, grid=False),
                map_panel(self.ground, background_name(self.ground, height), "the run at the cursor", 1.1),
            ],
            columns=(self.across, self.up, "final loss", ""),
        )
        scene.heat(0, shades(losses))
        scene.heat(1, np.linspace(0, 254, 128)[:, None])
        draw_level(scene, 2, self.ground, height)
        left = draw_path(scene, 2, path, "vermilion")
        gone = stands.words if stands.state == "bad" else ""
        draw_exit(scene, 2, path, left, words=gone or f"leaves at step {left}")
        scene.handle(0, "cursor", *self.cursor)
        scene.handle(2, "start", *self.start)
        final = "∞" if stands.gone else short(float(above(path)[-1]), 3)
        settings = tuple(f"{getattr(self, self._trait(name)):.6g}" for name in (self.across, self.up))
        scene.rows.append(Row(type(self._opt).__name__, "vermilion", (*settings, final, gone), stands.state))
        best = np.unravel_index(np.argmin(losses), losses.shape)
        where = ", ".join(f"{name} {self._values[name][i]:.3g}" for name, i in zip((self.across, self.up), best[::-1],
                                                                                   strict=True))  # fmt: skip
        share = float(np.mean(losses <= max(losses.min(), 1e-12) * 10))
        near = "less than 1%" if share < 0.01 else f"{share:.0%}"
        scene.notice = f"Best cell: {where}. Within a factor of ten of it: {near} of the map."
        scene.alt = (
            f"{type(self._opt).__name__} on {self.ground.title}, {self.across} {settings[0]}, {self.up} {settings[1]}: "
            f"{stands.words if stands.gone else 'loss ' + final}. {scene.notice}"
        )
        return scene

    def _axis(self, name: str) -> Axis:
        spec, values = self._scales[self._trait(name)], self._values[name]
        low, high = float(values[0]), float(values[-1])
        if spec.scale == "log":
            return Axis.decades(name, low, high, 5)
        if spec.scale == "decay":
            ticks = tuple(
                (10.0**-k, f"{1 - 10.0**-k:.{k}f}") for k in range(5) if 1 - high <= 10.0**-k * 1.001
            )
            return Axis(name, 1 - low, 1 - high, True, ticks)
        return Axis.linear(name, low, high)


def shades(losses: np.ndarray, low: float = _BEST, high: float = _WORST) -> np.ndarray:
    """Return colours 0 … 254 for losses 10^low … 10^high, and 255 for what diverged.

    Examples:
        >>> shades(np.array([0.0, 1e-8, 10.0, np.inf]))
        array([  0.,   0., 254., 255.])
    """
    with np.errstate(divide="ignore"):
        part = (np.log10(np.maximum(losses, 1e-300)) - low) / (high - low)
    return np.where(np.isfinite(losses), np.round(254 * np.clip(part, 0, 1)), 255)


def _place(scale: str, value: Any) -> Any:
    """Return where a value stands on its axis: a decay is drawn as 1 − value on a logarithmic axis."""
    return 1 - value if scale == "decay" else value
