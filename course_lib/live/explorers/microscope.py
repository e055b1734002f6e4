"""The microscope: one coordinate under a prescribed sequence of gradients, with every quantity a rule remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ...optimizers import AdaMax, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import SERIES, short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene, round_up
from .formulas import corrected, formulas
from .options import Options
from .runs import Runs, named_optimizers
from .sequences import SEQUENCES, sequence

_MEANS, _SIZES, _SQUARES = {"m", "m̂"}, {"S"}, {"v", "v̂", "v_max", "u"}


def explore_moments(
    opt: Any,
    gradients: str | Mapping[str, Any] | None = None,
    steps: int = 120,
    *,
    shared: Sequence[str] = ("lr",),
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Microscope:
    """Return a live figure that shows for one coordinate what optimizers make of a sequence of gradients.

    On the left the gradient and its running mean, in the middle its size and the root of the running mean square, on
    the right the step in units of lr; beneath, each quantity with its formula, in the present form of the rule, and its
    value at the cursor. A panel without a quantity of its own is left out. Several optimizers are drawn over each
    other, each in one colour.

    Args:
        opt: an optimizer that works on a single number, a student's included, a list of them or a dict with names.
        gradients: which of `SEQUENCES` to begin with, or sequences of your own by name, arrays of any length.
        steps: how long the sequences are, unless they are your own.
        shared: hyperparameters that several optimizers take from one slider.
        sliders: the controls that are shown, such as ``("gradients", "beta1")``; by default all.
        hide: controls that are not shown, and quantities such as ``"m̂"``, or ``"Adam m̂"`` among several optimizers.
        ranges: other ends for a slider, both exactly reachable, such as ``{"lr": (0.01, 3)}``.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: for an unknown sequence, one that is not finite, or an unknown control or quantity, if nothing is
            left to draw, or for an optimizer that cannot move a single number.

    Examples:
        >>> from course_lib.optimizers import Adagrad, Adam, RMSprop
        >>> figure = explore_moments(Adam(lr=0.1), "steady")
        >>> print(figure.trace()["step"][:2].round(6))  # lr·sign(g), from the first step on
        [0.1 0.1]
        >>> figure.set(beta1=0.5, gradients="rare", focus="m̂")
        >>> figure = explore_moments([Adagrad(lr=1.0), RMSprop(lr=1.0)], "loud start", hide=("g",))
        >>> [round(float(figure.trace(name)["step"][-1]), 2) for name in figure.names]
        [0.02, 1.0]
    """
    return Microscope(opt, gradients, steps, tuple(shared), Options(sliders, tuple(hide), dict(ranges or {})))


class Term(NamedTuple):
    """One quantity of one run; the gradient belongs to none."""

    label: str
    run: str
    name: str
    color: str


class Microscope(Figure):
    """What `explore_moments` returns; its arguments are explained there."""

    def __init__(
        self, opt: Any, gradients: Any, steps: int, shared: tuple[str, ...], options: Options
    ) -> None:
        for one in named_optimizers(opt).values():
            if one.needs_problem or one.needs_matrix:
                raise ValueError(
                    f"{type(one).__name__} cannot be watched here: it does not move a single number"
                )
        if isinstance(gradients, Mapping):
            self.sequences = {name: sequence(name, values) for name, values in gradients.items()}
        else:
            self.sequences = {name: make(steps) for name, make in SEQUENCES.items()}
        first = gradients if isinstance(gradients, str) else next(iter(self.sequences))
        if first not in self.sequences:
            raise ValueError(
                f"gradients = {first!r} is not known: it must be one of {', '.join(self.sequences)}"
            )
        own, every = ("gradients", "focus"), _terms(named_optimizers(opt))
        known = (*own, *(word for term in every for word in (term.label, term.name)))
        self._runs = Runs(opt, shared, options, known, frozenset({*own, "cursor", *dir(Figure)}))
        self._terms = [term for term in every if {term.label, term.name}.isdisjoint(options.hide)]
        if not self._terms:
            raise ValueError(f"hide = {options.hide!r} is not allowed: it leaves nothing to draw")
        focus = ("everything", *(term.label for term in self._terms))
        controls = [
            options.adjusted(Control("gradients", Spec(choices=tuple(self.sequences)), first)),
            *self._runs.controls,
            options.adjusted(Control("focus", Spec(choices=focus), "everything", "look at")),
        ]
        super().__init__(controls, {"cursor": (10.0, 0.0)})

    @property
    def names(self) -> list[str]:
        """The names of the optimizers."""
        return list(self._runs.optimizers)

    @property
    def optimizer(self) -> Optimizer:
        """The optimizer with its hyperparameters as the sliders stand; the first of several."""
        return self.configured(self.names[0])

    def configured(self, name: str) -> Optimizer:
        """Return one of the optimizers with its hyperparameters as the sliders stand."""
        return self._runs.configured(name, partial(getattr, self))

    def trace(self, name: str | None = None) -> dict[str, np.ndarray]:
        """Return every quantity after each step, by name: g, what is remembered, corrected values, the step taken.

        Args:
            name: of the optimizer; by default the first.

        Raises:
            KeyError: for a name that is none of them.
        """
        opt, g = self.optimizer if name is None else self.configured(name), self.sequences[self.gradients]
        x: Any = np.zeros(1)
        state = opt.init(x)
        seen: dict[str, list[float]] = {name: [] for name in ("step", *map(_kept, state.arrays))}
        with np.errstate(all="ignore"):
            for value in g:
                before = x
                x, state = opt.update(x, np.array([value]), state)
                seen["step"].append(float(before[0] - x[0]))
                for kept, array in state.arrays.items():
                    seen[_kept(kept)].append(float(np.ravel(array)[0]))
        found = {"g": g} | {key: np.array(values) for key, values in seen.items() if key != "step"}
        t = np.arange(1, len(g) + 1)
        for mean in corrected(opt):
            beta: Any = opt.beta1 if mean == "m" else opt.beta2  # type: ignore[attr-defined]
            found[f"{mean}̂"] = found[mean] / (1 - beta**t)
        return found | {"step": np.array(seen["step"])}

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the panels and the formulas."""
        traces = {name: self.trace(name) for name in self.names}
        g = self.sequences[self.gradients]
        t = np.arange(1, len(g) + 1)
        at = int(np.clip(round(self.cursor[0]), 1, len(t)))
        shown = [term for term in self._terms if term.name in (traces[term.run] if term.run else "g")]
        curves = {term.label: self._curve(term, traces[term.run] if term.run else {"g": g}) for term in shown}
        panels = self._panels(shown, curves, t)
        places = {kind: place for place, kind in enumerate(panels)}
        scene = Scene(list(panels.values()), columns=("is", f"at t = {at}"))
        for kind in {"mean", "step"} & places.keys():
            scene.line(places[kind], [1, len(t)], [0, 0], "frame", 1.0)
        for term in shown:
            alpha = 1.0 if self.focus in ("everything", term.label) else 0.15
            kind, curve, dash = self._kind(term), curves[term.label], term.name.endswith("̂")
            if term.name == "g":
                self._draw_gradient(scene, places, t, g, alpha)
            elif kind:
                width = 3.5 if self.focus == term.label else 2.0
                scene.line(places[kind], t, _sound(curve), term.color, width, dash=dash, alpha=alpha)
            opt = self.configured(term.run) if term.run else None
            told = formulas(opt).get(term.name, f"see help({type(opt).__name__})") if opt else "the gradient"
            value = (traces[term.run] if term.run else {"g": g})[term.name][at - 1]
            row = Row(term.label, term.color, (told, _number(value)), points_at="focus", dash=dash)
            scene.rows.append(row)
        for place, panel in enumerate(scene.panels):
            scene.line(place, [at, at], [panel.y.low, panel.y.high], "muted", 1.0, dash=True)
        scene.handle(0, "cursor", at, 0.0)
        values = ", ".join(f"{row.name} {row.cells[1]}" for row in scene.rows)
        scene.alt = f"{' and '.join(self.names)}, gradient {self.gradients}, at step {at}: {values}"
        return scene

    def _panels(self, shown: list[Term], curves: dict[str, np.ndarray], t: np.ndarray) -> dict[str, Panel]:
        """Return the panels that have something to show, by what they show: "mean", "size" and "step"."""
        across, g = Axis.linear("step t", 1, len(t)), self.sequences[self.gradients]
        kinds = {
            kind: [term for term in shown if self._kind(term) == kind] for kind in ("mean", "size", "step")
        }
        if not (kinds["mean"] or kinds["size"]):
            kinds["mean"] = [term for term in shown if term.name == "g"]
        least = 1.15 * max(float(np.abs(g).max()), 1e-12)
        panels = {}
        for kind, terms in kinds.items():
            heights = [curves[term.label] for term in terms]
            high = _largest(heights, 1.0 if kind == "step" else least)
            if kind == "step" or high > least:
                high = round_up(1.1 * high)
            downwards = any((curve < 0).any() for curve in heights) or (kind == "mean" and (g < 0).any())
            low = 0.0 if kind == "size" else -high if downwards else -0.08 * high
            words = "step / lr" if kind == "step" else ", ".join(self._drawn(shown, terms, kind))
            if terms:
                panels[kind] = Panel(across, Axis.linear("", low, high), words, least=180)
        return panels or {"mean": Panel(across, Axis.linear("", -least, least))}

    def _drawn(self, shown: list[Term], terms: list[Term], kind: str) -> Iterable[str]:
        """Return what a panel shows, in words; a quantity of several runs is named once."""
        roots = {term.name: f"√{term.name}" if self._squared(term) else term.name for term in terms}
        if any(term.name == "g" for term in shown):
            return dict.fromkeys(["|g|" if kind == "size" else "g", *roots.values()])
        return dict.fromkeys(roots.values())

    def _draw_gradient(
        self, scene: Scene, places: dict[str, int], t: np.ndarray, g: np.ndarray, alpha: float
    ) -> None:
        """Draw the gradient as bars with points, and its size where sizes are."""
        for kind, heights in (("mean", g), ("size", np.abs(g))):
            if kind in places:
                low, high = np.minimum(heights, 0), np.maximum(heights, 0)
                scene.bars(places[kind], t - 0.1, t + 0.1, low, high, "ink", 0.3 * alpha)
                seen = np.where(heights == 0, np.nan, heights)
                scene.points(places[kind], t, seen, "ink", 1.8, alpha=alpha)

    def _curve(self, term: Term, trace: dict[str, np.ndarray]) -> np.ndarray:
        """Return a quantity as it is drawn: a square as its root, a step in units of lr."""
        values = trace[term.name]
        if term.name == "step":
            return values / np.float64(getattr(self.configured(term.run), "lr", 1.0))
        return np.sqrt(np.maximum(values, 0)) if self._squared(term) else values

    def _squared(self, term: Term) -> bool:
        """Return whether a quantity is a square, of which the root is drawn."""
        maximum = term.name == "u" and isinstance(self._runs.optimizers[term.run], AdaMax)
        return term.name.rpartition(".")[2] in _SQUARES and not maximum

    def _kind(self, term: Term) -> str:
        """Return the panel of a quantity, or "" where it is printed only."""
        last = term.name.rpartition(".")[2]
        if last in _MEANS or last == "step":
            return "step" if last == "step" else "mean"
        return "size" if last in _SIZES | _SQUARES else ""


def _terms(opts: Mapping[str, Optimizer]) -> list[Term]:
    """Return all quantities that the forms of some rules remember; a single rule has a colour for each of them."""
    pool = [color for color in SERIES if color != "ink"]
    terms = [Term("g", "", "g", "ink")]
    for place, (run, opt) in enumerate(opts.items()):
        forms = [opt]
        for name, spec in opt.specs().items():
            forms += [opt.replace(**{name: value}) for value in spec.choices]
        kept = dict.fromkeys(_kept(name) for form in forms for name in form.init(np.zeros(1)).arrays)
        hats = dict.fromkeys(f"{name}̂" for form in forms for name in corrected(form))
        for i, name in enumerate((*kept, *hats, "step")):
            single = len(opts) == 1
            color = pool[(i if single else place) % len(pool)]
            terms.append(Term(name if single else f"{run} {name}", run, name, color))
    return terms


def _kept(name: str) -> str:
    """Return what an array of the state is called here, where "g" and "step" are those of the step being taken."""
    return f"kept {name}" if name in ("g", "step") else name


def _sound(values: np.ndarray) -> np.ndarray:
    """Return values up to the first that is no number, or too large a one to be drawn."""
    return np.where(np.logical_and.accumulate(np.abs(values) < HUGE), values, np.nan)


def _largest(curves: Iterable[np.ndarray], least: float) -> float:
    """Return the largest size on some curves, without what has left for infinity, and no less than ``least``."""
    sizes = np.abs(np.concatenate([[0.0], *curves]))
    return max(least, float(sizes[sizes < 1e6 * max(least, 1.0)].max()))


def _number(value: float) -> str:
    return short(value, 3).replace("-", "−", int(value < 0)) if np.isfinite(value) else "∞"
