"""The stability explorer: the (lr, beta) plane of momentum on a quadratic, and the run at one of its points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.patheffects import withStroke

from ...optimizers import Momentum
from ...optimizers.hyper import Spec
from ...plotting import THEMES, rate_colors
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options
from .quadratic import Eigen, draw_errors, error_axis, swing_axis

_TOP = 0.99
"""The largest beta of the map."""

_CLOSE = 0.03
"""The best point of the map is told to those who come so close to its ρ; the ridge is sharp."""

_WORDS = np.array([0.4, 0.08])
"""About how wide and how high words on the map are, as parts of its sides."""


def explore_stability(
    opt: Momentum | None = None,
    eigenvalues: Sequence[float] = (1.0, 10.0),
    steps: int = 100,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> StabilityExplorer:
    """Return a live map of momentum's settings on a quadratic, coloured by how fast the run converges.

    The colour is the largest spectral radius ρ over the eigenvalues: the factor by which the error shrinks per step
    in the long run. The cursor can be dragged; the run at its setting is shown beside the map. Dashed, the ridge of
    each eigenvalue, where it is critically damped: left of it the error creeps, right of it rings. Dotted, where it
    begins to flip its sign at every step. Solid, the edge beyond which some error grows.

    Args:
        opt: where the cursor stands at first, and which form of momentum; by default near the middle of the map.
        eigenvalues: the curvatures of the quadratic, > 0.
        steps: at first; a slider goes from 10 to 500 (or to ``steps`` if that is more).
        sliders: the controls that are shown, such as ``("lr", "beta")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable. Those of ``lr`` and ``beta`` leave the map as it is.

    Raises:
        TypeError: if ``opt`` is not Momentum.
        ValueError: if an eigenvalue is not > 0, or for an unknown control.

    Examples:
        >>> figure = explore_stability(Momentum(lr=0.5, beta=0.5), eigenvalues=(0.1, 1.0))
        >>> figure.cursor = (1.0, 0.25)  # drags the cursor; lr and beta follow
        >>> figure.lr, figure.beta
        (1.0, 0.25)
    """
    return StabilityExplorer(opt, eigenvalues, steps, Options(sliders, tuple(hide), dict(ranges or {})))


def spectral_radius(lr: Any, beta: Any, eigenvalue: Any) -> Any:
    r"""Return the largest \|z\| with z² − (1 + β − lr·λ) z + β = 0, the long-run factor of momentum's error.

    Args:
        lr: learning rate (an array or a number, as the others).
        beta: decay of the velocity.
        eigenvalue: curvature λ.

    Examples:
        >>> spectral_radius(0.5, 0.0, 1.0)  # gradient descent: |1 − lr·λ|
        0.5
        >>> spectral_radius(1.0, 0.25, 1.0)  # complex roots: √β
        0.5
    """
    trace = 1 + beta - np.multiply(lr, eigenvalue)
    inside = trace**2 - 4 * np.asarray(beta)
    rho = np.where(inside < 0, np.sqrt(beta), (np.abs(trace) + np.sqrt(np.maximum(inside, 0))) / 2)
    return rho if rho.ndim else float(rho)


class StabilityExplorer(Figure):
    """What `explore_stability` returns; its arguments are explained there."""

    _background_colors = 0  # all there are: a smooth map in many hues shows bands in a palette

    def __init__(
        self, opt: Momentum | None, eigenvalues: Sequence[float], steps: int, options: Options
    ) -> None:
        self.problem = Eigen(eigenvalues)
        self._widest = 4.4 / self.problem.values.max()  # the stable region ends at 2(1 + β)/L < 4/L
        opt = opt or Momentum(lr=float(f"{self._widest / 4:.3g}"), beta=0.5, form="sum")
        if not isinstance(opt, Momentum):
            raise TypeError(f"opt = {opt!r} is not Momentum: this map is of its two hyperparameters")
        self.opt = opt
        lr = replace(
            Momentum.specs()["lr"], scale="linear", slider=(float(f"{self._widest / 220:.3g}"), self._widest)
        )
        beta = replace(Momentum.specs()["beta"], scale="linear", slider=(0.0, _TOP))
        controls = [
            Control("lr", lr, opt.lr),
            Control("beta", beta, opt.beta),
            Control("form", Momentum.specs()["form"], opt.form),
            Control("steps", Spec(low=1, integer=True, scale="log", slider=(10, 500)), steps),
            Control("signed", Spec(choices=(True, False)), True, "errors with their sign"),
        ]
        options.check(control.name for control in controls)
        super().__init__(map(options.adjusted, controls), {"cursor": (float(opt.lr), float(opt.beta))})

    def follow(self, name: str) -> dict[str, Any]:
        """Keep cursor and sliders at one place."""
        if name == "cursor":
            lr, beta = self.cursor
            lr, beta = max(lr, self._widest / 1000), min(max(beta, 0.0), 0.9999)
            return {"lr": lr, "beta": beta, "cursor": (lr, beta)}
        return {"cursor": (self.lr, self.beta)} if name in ("lr", "beta") else {}

    @property
    def optimizer(self) -> Momentum:
        """Momentum as the cursor stands."""
        return replace(self.opt, lr=self.lr, beta=self.beta, form=self.form)

    def rates(self, lr: Any, beta: Any) -> np.ndarray:
        """Return the spectral radius for every eigenvalue along a new first axis."""
        effective = lr * (1 - beta) if self.form == "average" else lr
        return np.stack(
            [np.asarray(spectral_radius(effective, beta, value)) for value in self.problem.values]
        )

    # -- the picture --------------------------------------------------------------------------------

    def draw_background(self, axes: Axes, name: str, theme: str) -> None:
        """Draw the map: colours, the edge of stability and the ridge of critical damping of each eigenvalue."""
        colors = THEMES[theme]
        beta = np.linspace(0, _TOP, 400)[:, None]
        lr = np.linspace(self._widest / 1000, self._widest, 500)
        rho = self.rates(lr, beta).max(axis=0)
        shades = np.where(rho < 1, 254 * np.minimum(rho, 1) ** 2, 255)
        extent = (0, self._widest, 0, _TOP)
        axes.imshow(shades, ListedColormap(rate_colors(theme)), vmin=0, vmax=255, extent=extent, origin="lower",
                    aspect="auto", interpolation="bilinear", interpolation_stage="rgba", zorder=0)  # fmt: skip
        beta = beta[:, 0]
        scale = 1 - beta if self.form == "average" else 1.0
        edge = 2 * (1 + beta) / self.problem.values.max() / scale
        axes.plot(edge, beta, color=colors["text"], lw=1.8)
        named: list[tuple[float, float]] = []
        for name, value in zip(self.problem.names, self.problem.values, strict=True):
            for root, style, words in ((-1, (0, (4, 3)), "ridge of"), (1, (0, (1, 3)), "flips,")):
                line = (1 + root * np.sqrt(beta)) ** 2 / value / scale
                axes.plot(line, beta, color="#ffffff", lw=1.3 if root < 0 else 1.0, ls=style)
                if len(self.problem.values) <= 3:
                    _name_line(axes, line / self._widest, beta / _TOP, f"{words} {name}", named)
        axes.set(xlim=extent[:2], ylim=extent[2:])

    def draw(self) -> Scene:
        """Return the map with its cursor, the run at the cursor and what each eigenvalue does there."""
        problem, steps = self.problem, self.steps
        errors = problem.errors(self.optimizer, steps)
        rates = self.rates(self.lr, self.beta)
        worst = float(rates.max())
        upwards, title = (swing_axis(), "the swing") if self.signed else (error_axis(errors), "the fall")
        scene = Scene(
            [
                Panel(Axis.linear("lr", 0, self._widest), Axis.linear("beta", 0, _TOP), "ρ: bright is fast", 1.3,
                      f"map-{self.form}", grid=False),
                Panel(Axis.linear("step", 0, steps), upwards, title),
            ],
            columns=("ρ per step", "steps for a tenth", ""),
        )  # fmt: skip
        scene.text(0, self._widest, 0, "diverges", "muted", "right", -14)
        draw_errors(scene, 1, errors, problem, self.signed)
        for name, color, value, rate in zip(
            problem.names, problem.colors, problem.values, rates, strict=True
        ):
            cells = (f"{rate:.4f}", _tenth(rate), self._regime(value))
            state = "bad" if rate >= 1 else ""
            scene.rows.append(Row(name, color, cells, state, dash=name in problem.dashed))
        scene.handle(0, "cursor", *self.cursor)
        best, where = self.best()
        scene.notice = f"Here ρ = {worst:.4f}."
        if worst < best + _CLOSE:
            scene.notice += f" ✓ Found: the best of the whole map is {best:.4f}, at {where}."
            scene.notice_state = "good"
        slowest = problem.names[int(rates.argmax())]
        verdict = "diverges" if worst >= 1 else f"shrinks the error by {worst:.4f} per step in the long run"
        scene.alt = (
            f"Momentum, lr {self.lr:g}, beta {self.beta:g}: {verdict}; the slowest direction is {slowest}."
        )
        return scene

    def best(self) -> tuple[float, str]:
        """Return the smallest possible ρ and the setting that reaches it, in words."""
        low, high = np.sqrt(self.problem.values.min()), np.sqrt(self.problem.values.max())
        root = (high - low) / (high + low)
        lr = (2 / (low + high)) ** 2 / (1 - root**2 if self.form == "average" else 1)
        return float(root), f"lr {lr:.3g}, beta {root**2:.3g}"

    def _regime(self, value: float) -> str:
        """Return in words what the error along one eigenvector does."""
        pull = self.lr * value * (1 - self.beta if self.form == "average" else 1)
        root = np.sqrt(self.beta)
        if pull >= 2 * (1 + self.beta):
            return "diverges"
        if np.isclose(pull, (1 - root) ** 2, rtol=0.03):
            return "critically damped"
        if pull < (1 - root) ** 2:
            return "creeps"
        return "rings" if pull <= (1 + root) ** 2 else "flips sign"


def _name_line(
    axes: Axes, across: np.ndarray, up: np.ndarray, words: str, named: list[tuple[float, float]]
) -> None:
    """Write words along a line, as far as may be from those in ``named``; all places as parts of the map's sides."""
    room = np.flatnonzero((across > 0.06) & (across < 0.7) & (up > 0.03) & (up < 0.9))
    if not len(room):
        return
    places = np.stack([across[room], up[room]], axis=1)
    i = len(room) // 3
    if named:
        apart = np.abs(places[:, None] - np.array(named)) / _WORDS
        i = int(np.minimum(apart.max(axis=-1), 3).min(axis=1).argmax())
    x, y = places[i]
    named.append((x, y))
    axes.text(x + 0.012, y, words, color="#ffffff", fontsize=8, va="bottom", transform=axes.transAxes,
              path_effects=[withStroke(linewidth=2.5, foreground="#00000088")])  # fmt: skip


def _tenth(rate: float) -> str:
    """Return how many steps at a rate shrink the error to a tenth."""
    if rate >= 1:
        return "–"
    return f"{-1 / np.log10(rate):.1f}" if rate > 1e-12 else "1"
