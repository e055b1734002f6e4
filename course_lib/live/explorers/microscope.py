"""The microscope: one coordinate under a prescribed sequence of gradients, with every quantity a rule remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...optimizers import AdaMax, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import SERIES, short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene
from .formulas import corrected, formulas
from .options import Options
from .runs import Runs

SEQUENCES: dict[str, Callable[[int], np.ndarray]] = {
    "steady": lambda n: np.ones(n),
    "flips its sign": lambda n: (-1.0) ** np.arange(n),
    "steady with noise": lambda n: 0.3 + np.random.default_rng(0).standard_normal(n),
    "pure noise": lambda n: np.random.default_rng(1).standard_normal(n),
    "rare": lambda n: np.where(np.arange(n) % 40 == 20, 1.0, 0.0),
    "shrinks": lambda n: 0.97 ** np.arange(n),
    "turns around": lambda n: np.where(np.arange(n) < n // 2, 1.0, -1.0),
    "one big step in": lambda n: np.where(np.arange(n) < n // 4, 0.01, 1.0),
}
"""Gradients of one coordinate, by name: a function of the number of steps."""


def explore_moments(
    opt: Optimizer,
    gradients: str | Mapping[str, Any] | None = None,
    steps: int = 120,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Microscope:
    """Return a live figure that shows for one coordinate what an optimizer makes of a sequence of gradients.

    On the left the gradient and its running mean, in the middle its size and the root of the running mean square, on
    the right the step in units of lr; beneath, each quantity with its formula, in the present form of the rule, and its
    value at the cursor.

    Args:
        opt: any optimizer that works on a single number, a student's included.
        gradients: which of `SEQUENCES` to begin with, or sequences of your own by name, arrays of any length.
        steps: how long the sequences are, unless they are your own.
        sliders: the controls that are shown, such as ``("gradients", "beta1")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable, such as ``{"lr": (0.01, 3)}``.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: for an unknown sequence, one that is not finite, or an unknown control, or an optimizer that cannot
            move a single number.

    Examples:
        >>> from course_lib.optimizers import Adam
        >>> figure = explore_moments(Adam(lr=0.1), "steady")
        >>> print(figure.trace()["step"][:2].round(6))  # lr·sign(g), from the first step on
        [0.1 0.1]
        >>> figure.set(beta1=0.5, gradients="rare", focus="m̂")
    """
    return Microscope(opt, gradients, steps, Options(sliders, tuple(hide), dict(ranges or {})))


class Microscope(Figure):
    """What `explore_moments` returns; its arguments are explained there."""

    def __init__(self, opt: Any, gradients: Any, steps: int, options: Options) -> None:
        if not isinstance(opt, Optimizer):
            raise TypeError(f"opt = {opt!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)")
        if opt.needs_problem or opt.needs_matrix:
            raise ValueError(f"{type(opt).__name__} cannot be watched here: it does not move a single number")
        if isinstance(gradients, Mapping):
            self.sequences = {name: _sequence(name, values) for name, values in gradients.items()}
        else:
            self.sequences = {name: make(steps) for name, make in SEQUENCES.items()}
        first = gradients if isinstance(gradients, str) else next(iter(self.sequences))
        if first not in self.sequences:
            raise ValueError(
                f"gradients = {first!r} is not known: it must be one of {', '.join(self.sequences)}"
            )
        self._opt = opt
        own = ("gradients", "focus")
        self._runs = Runs({"opt": opt}, (), options, own, frozenset({*own, "cursor", *dir(Figure)}))
        self._terms = self._names()
        everything = ("everything", *self._terms)
        controls = [
            options.adjusted(Control("gradients", Spec(choices=tuple(self.sequences)), first)),
            *self._runs.controls,
            options.adjusted(Control("focus", Spec(choices=everything), "everything", "look at")),
        ]
        super().__init__(controls, {"cursor": (10.0, 0.0)})

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer with its hyperparameters as the sliders stand."""
        return self._runs.configured("opt", partial(getattr, self))

    def trace(self) -> dict[str, np.ndarray]:
        """Return every quantity after each step, by name: g, what is remembered, corrected values, the step taken."""
        opt, g = self.optimizer, self.sequences[self.gradients]
        x: Any = np.zeros(1)
        state = opt.init(x)
        seen: dict[str, list[float]] = {name: [] for name in ("step", *map(_kept, state.arrays))}
        with np.errstate(all="ignore"):
            for value in g:
                before = x
                x, state = opt.update(x, np.array([value]), state)
                seen["step"].append(float(before[0] - x[0]))
                for name, array in state.arrays.items():
                    seen[_kept(name)].append(float(np.ravel(array)[0]))
        found = {"g": g} | {name: np.array(values) for name, values in seen.items() if name != "step"}
        t = np.arange(1, len(g) + 1)
        for name in corrected(opt):
            beta: Any = opt.beta1 if name == "m" else opt.beta2  # type: ignore[attr-defined]
            found[f"{name}̂"] = found[name] / (1 - beta**t)
        return found | {"step": np.array(seen["step"])}

    def _names(self) -> tuple[str, ...]:
        """Return the names of `trace` before there are traits to compute it with."""
        forms = [self._opt]
        for name, spec in self._opt.specs().items():
            forms += [self._opt.replace(**{name: value}) for value in spec.choices]
        kept = dict.fromkeys(_kept(name) for opt in forms for name in opt.init(np.zeros(1)).arrays)
        hats = dict.fromkeys(f"{name}̂" for opt in forms for name in corrected(opt))
        return ("g", *kept, *hats, "step")

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the three panels and the formulas."""
        trace = self.trace()
        t = np.arange(1, len(trace["g"]) + 1)
        lr = getattr(self.optimizer, "lr", 1.0)
        at = int(np.clip(round(self.cursor[0]), 1, len(t)))
        height = 1.15 * max(float(np.abs(trace["g"]).max()), 1e-12)
        steps = trace["step"] / lr
        reach = _round_up(
            float(np.nanmax(np.abs(np.where(np.abs(steps) < 1e6, steps, np.nan)), initial=1.0)) * 1.1
        )
        across, drawn = Axis.linear("step t", 1, len(t)), [name for name in self._terms if name in trace]
        means = ", ".join(["g", *(name for name in drawn if self._place(name) == "mean")])
        sizes = ", ".join(["|g|", *filter(None, map(self._sized, drawn))])
        scene = Scene(
            [
                Panel(across, Axis.linear("", -height, height), means),
                Panel(across, Axis.linear("", 0, height), sizes),
                Panel(across, Axis.linear("", -reach, reach), "step / lr"),
            ],
            columns=("is", f"at t = {at}"),
        )
        told = formulas(self.optimizer) | {"g": "the gradient"}
        for panel in (0, 2):
            scene.line(panel, [1, len(t)], [0, 0], "frame", 1.0)
        for color, name in zip(self._colors(), self._terms, strict=True):
            if name not in trace:  # another form of the rule remembers it
                continue
            self._draw_term(scene, name, color, t, trace, steps)
            words = told.get(name, f"see help({type(self._opt).__name__})")
            scene.rows.append(Row(name, color, (words, _number(trace[name][at - 1])), points_at="focus"))
        for panel in range(3):
            axis = scene.panels[panel].y
            scene.line(panel, [at, at], [axis.low, axis.high], "muted", 1.0, dash=True)
        scene.handle(0, "cursor", at, 0.0)
        scene.alt = f"{type(self._opt).__name__}, gradient {self.gradients}, at step {at}: " + ", ".join(
            f"{name} {_number(values[at - 1])}" for name, values in trace.items()
        )
        return scene

    def _draw_term(
        self,
        scene: Scene,
        name: str,
        color: str,
        t: np.ndarray,
        trace: dict[str, np.ndarray],
        steps: np.ndarray,
    ) -> None:
        """Draw one quantity where it belongs, faded unless it is looked at."""
        focused = self.focus in ("everything", name)
        style: dict[str, Any] = {
            "alpha": 1.0 if focused else 0.15,
            "width": 3.5 if self.focus == name else 2.0,
        }
        values = trace[name]
        if name == "g":
            for panel, heights in ((0, values), (1, np.abs(values))):
                scene.bars(
                    panel,
                    t - 0.1,
                    t + 0.1,
                    np.minimum(heights, 0),
                    np.maximum(heights, 0),
                    color,
                    0.3 * style["alpha"],
                )
                scene.points(
                    panel, t, np.where(heights == 0, np.nan, heights), color, 1.8, alpha=style["alpha"]
                )
        elif name == "step":
            scene.line(2, t, _sound(steps), color, **style)
        elif self._place(name) == "mean":
            scene.line(0, t, _sound(values), color, dash=f"{name}̂" in trace, **style)
        elif self._place(name):
            size = np.sqrt(np.maximum(values, 0)) if self._place(name) == "square" else values
            scene.line(1, t, _sound(size), color, dash=f"{name}̂" in trace, **style)

    def _place(self, name: str) -> str:
        """Return what a quantity is: a "mean" of gradients, a "size", a "square" of which the root is drawn, or ""."""
        if name == "u" and isinstance(self._opt, AdaMax):
            return "size"
        last = name.rpartition(".")[2]
        return {"m": "mean", "m̂": "mean", "v": "square", "v̂": "square", "v_max": "square", "u": "square"}.get(
            last, ""
        )

    def _sized(self, name: str) -> str:
        """Return a quantity as it is drawn beside the size of g, or ""."""
        return {"square": f"√{name}", "size": name}.get(self._place(name), "")

    def _colors(self) -> list[str]:
        """Return a colour for every quantity: ink for g, one for each other name."""
        pool = [color for color in SERIES if color != "ink"]
        return ["ink"] + [pool[i % len(pool)] for i in range(len(self._terms) - 1)]


def _kept(name: str) -> str:
    """Return what an array of the state is called here, where "g" and "step" are those of the step being taken."""
    return f"kept {name}" if name in ("g", "step") else name


def _sound(values: np.ndarray) -> np.ndarray:
    """Return values up to the first that is no number, or too large a one to be drawn."""
    return np.where(np.logical_and.accumulate(np.abs(values) < HUGE), values, np.nan)


def _sequence(name: str, values: Any) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < 2 or not np.isfinite(array).all():
        raise ValueError(
            f"gradients {name!r} is not allowed: give at least two finite numbers, has shape {array.shape}"
        )
    return array


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, …, so that an axis stands still while a slider is moved."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(m * power for m in (1, 2, 5, 10) if m * power >= value * (1 - 1e-9)))


def _number(value: float) -> str:
    return short(value, 3).replace("-", "−", int(value < 0)) if np.isfinite(value) else "∞"
