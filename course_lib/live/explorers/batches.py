"""The batch explorer: full batch, one example and mini-batch on real data; their noise and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ...leaving import until_it_leaves
from ...optimizers import GradientDescent, Optimizer
from ...optimizers.hyper import Spec
from ...plotting import short
from ...problems import SoftmaxRegression
from ...problems.data import Order
from ..block.ahead import imagined
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .batch_runs import MOST_STEPS, BatchRun, orders_of, pace, run_batches, steps_of
from .gradient_cloud import GradientCloud, ellipse
from .options import Options
from .run_marks import inside
from .runs import Runs, check_trains, named_optimizers, stacked

_KEPT = 600
"""Runs: some hundred positions of a slider, each with three forms."""

_SIDE_BY_SIDE = 12
"""Runs that are computed at once: each costs a third of what it costs alone, and no move waits long for them."""

_FORMS = ("full batch", "one example", "mini-batch")
_PLACES = ("at the start", "after the mini-batch run")


def explore_batches(
    problem: Any = None,
    opt: Optimizer | None = None,
    *,
    size: int = 32,
    epochs: int = 10,
    order: Order = "shuffled",
    own: Sequence[str] = (),
    seed: int = 0,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> BatchExplorer:
    """Return a live comparison of the three batch forms on one problem, from one start, with one optimizer.

    On the left the loss on all training examples against the examples seen. In the middle gradients along two fixed
    directions: the full one as an arrow, those of single examples and of mini-batches as clouds, each with the
    ellipse of one standard deviation; the variance shrinks like 1/size. Beneath, what each form costs.

    Args:
        problem: with training examples, such as `SoftmaxRegression`; by default that, on the handwritten digits.
        opt: any optimizer for such a problem; by default gradient descent with lr 0.5.
        size: of a mini-batch at first.
        epochs: budget of each run at first, in passes over the data; a run ends after 300 steps at the latest.
        order: of the examples at first, as `get_batches` knows it; "sorted" only where the targets are labels.
        own: hyperparameters that each form has a slider of its own for, such as ``("lr",)``.
        seed: of the order in which examples come.
        sliders: the controls that are shown, such as ``("lr", "size")``; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider, both exactly reachable.

    Raises:
        TypeError: if ``opt`` is no optimizer.
        ValueError: if the optimizer cannot run on the problem, for an impossible size, number or order, or an unknown
            control.

    Examples:
        >>> figure = explore_batches(size=64, own=("lr",))
        >>> figure.full_batch_lr = 1.0
        >>> run = figure.run("mini-batch")
        >>> int(run.examples[-1]), run.gradients
        (11970, 190)
        >>> bool(run.losses[-1] < figure.run("full batch").losses[-1])
        True
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return BatchExplorer(problem, opt, size, epochs, order, tuple(own), seed, options)


class BatchExplorer(Figure):
    """What `explore_batches` returns; its arguments are explained there."""

    def __init__(
        self,
        problem: Any,
        opt: Any,
        size: int,
        epochs: int,
        order: Order,
        own: tuple[str, ...],
        seed: int,
        options: Options,
    ) -> None:
        self.problem = SoftmaxRegression.on_digits() if problem is None else problem
        opt = GradientDescent(lr=0.5) if opt is None else opt
        (opt,) = named_optimizers([opt]).values()
        total = self.total = len(self.problem.train)
        if total < 3:
            raise ValueError(f"problem has {total} training examples, but three batch forms need at least 3")
        self.seed, self._begin = seed, self.problem.init(np.random.default_rng(seed))
        check_trains(opt, self.problem)
        for name in own:
            if name not in opt.specs():
                raise ValueError(f"own names {name!r}, but {type(opt).__name__} has {', '.join(opt.specs())}")
        shared = tuple(name for name in opt.specs() if name not in own)
        others = ("size", "epochs", "order", "place")
        reserved = frozenset({*others, *dir(Figure)})
        self._runs = Runs(dict.fromkeys(_FORMS, opt), shared, options, others, reserved, self.problem)
        self._known: dict[Any, BatchRun] = {}
        self._paces: dict[tuple[str, int], float] = {}
        self._noise = GradientCloud(self.problem, self._begin, seed)
        self._at_start = self._noise.at(self._begin)
        self._clouds: WeakKeyDictionary[BatchRun, np.ndarray] = WeakKeyDictionary()
        controls = [
            *self._runs.controls,
            Control("size", Spec(low=2, high=total, integer=True, scale="log", slider=(2, total // 2)), size,
                    "mini-batch size"),
            Control("epochs", Spec(low=1, high=1000, integer=True, scale="log", slider=(1, 50)), epochs,
                    "budget, in epochs"),
            Control("order", Spec(choices=orders_of(self.problem.train)), order, "order of examples"),
            Control("place", Spec(choices=_PLACES), _PLACES[0], "gradients"),
        ]  # fmt: skip
        for control in controls[-4:]:
            control.spec.clean(f"BatchExplorer: {control.name}", control.default)
        super().__init__([*controls[:-4], *map(options.adjusted, controls[-4:])])

    # -- the runs -----------------------------------------------------------------------------------

    def optimizer(self, form: str) -> Optimizer:
        """Return the optimizer of a form with its hyperparameters as the sliders stand."""
        return self._runs.configured(form, partial(getattr, self))

    def batch(self, form: str) -> int:
        """Return how many examples a form's batch has.

        Raises:
            KeyError: for a name that is none of the forms.
        """
        return {"full batch": self.total, "one example": 1, "mini-batch": self.size}[form]

    def run(self, form: str) -> BatchRun:
        """Return the run of a form at the present settings: "full batch", "one example" or "mini-batch"."""
        key = self._key(form)
        if key not in self._known:
            self._run_together({key: self.optimizer(form)})
        return self._known[key]

    def _key(self, form: str) -> tuple[Any, ...]:
        """Return all that a run depends on: its form, its batches, its hyperparameters and its steps."""
        size = self.batch(form)
        hyper = self.optimizer(form).hyper().values()
        return form, size, self.order, *hyper, steps_of(self.problem, size, self.epochs)

    def prepare(self, name: str, values: Sequence[Any]) -> int | None:
        """Run the next values side by side, in each form for itself; first come those that are known already."""
        wanted: list[dict[Any, Optimizer]] = [{} for _ in _FORMS]
        for ready, value in enumerate(values):
            with imagined(self, name, value):
                new = [(key, self.optimizer(f)) for f in _FORMS if (key := self._key(f)) not in self._known]
            if (ready and bool(new) != any(wanted)) or max(map(len, wanted)) == _SIDE_BY_SIDE:
                break
            for key, opt in new:
                wanted[_FORMS.index(key[0])][key] = opt
        else:
            ready = len(values)
        for runs in filter(None, wanted):
            self._run_together(runs)
        return ready

    def _run_together(self, wanted: Mapping[Any, Optimizer]) -> None:
        """Run what can be run at once: several budgets, or several hyperparameters; leave what cannot."""
        keys, opts = list(wanted), list(wanted.values())
        (_, size, order, *_), steps = keys[0], [key[-1] for key in keys]
        together: Optimizer | None = opts[0]
        if len({key[:-1] for key in keys}) > 1:  # not only the budgets differ
            together = stacked(opts) if len({(key[1], key[-1]) for key in keys}) == 1 else None
            steps = steps[:1]
        if together is not None:
            runs = run_batches(together, self.problem, self._begin, size, steps, self.seed, order)
            self._known |= zip(keys, runs, strict=True)
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]

    def cloud(self) -> np.ndarray:
        """Return gradients of single examples along the two directions, ``(n, 2)``; the last row is the full one."""
        if self.place == _PLACES[0]:
            return self._at_start
        run = self.run("mini-batch")
        if run not in self._clouds:
            self._clouds[run] = self._noise.at(run.params)
        return self._clouds[run]

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the losses, the clouds of gradients and the costs."""
        runs = {form: self.run(form) for form in _FORMS}
        (left, low), (right, high) = self._noise.low, self._noise.high
        first = runs["full batch"].losses[0]
        top = 10.0 ** np.ceil(np.log10(first) + 0.2) if first > 0 else 1.0
        scene = Scene(
            [
                Panel(Axis.decades("examples seen", 1, self.total * max(self.epochs, 2), 5),
                      Axis.decades("loss on all examples", float(top) * 1e-3, float(top), 4), "", 1.15),
                Panel(Axis.linear("along the full gradient", left, right), Axis.linear("across", low, high),
                      f"gradients {self.place}"),
            ],
            columns=("gradients", "examples", "passes", "a batch", "time", "final loss"),
        )  # fmt: skip
        for form, run in runs.items():
            color = self._runs.colors[form]
            until = self.batch(form)  # no step before the first batch is read
            second = run.losses[1] if np.isfinite(run.losses[1]) else np.nan
            scene.line(0, [1, until, until], [first, first, second], color, 1.2, dash=True)
            self._draw_losses(scene, form, run)
            scene.rows.append(self._cost(form, run))
        self._draw_cloud(scene)
        root = short(self.size**0.5, 3)
        scene.notice = (
            f"A mini-batch of {self.size} has the noise of one example divided by √{self.size} = {root}."
        )
        if any(run.examples[-1] < self.epochs * self.total and not run.diverged for run in runs.values()):
            scene.notice += f" A run ends after {MOST_STEPS} steps, whatever is left of its budget."
        scene.alt = (
            f"{type(self.optimizer(_FORMS[0])).__name__}, {self.epochs} epochs, {self.order}: "
            + "; ".join(
                f"{form}: loss {_loss(run)} after {run.examples[-1]} examples" for form, run in runs.items()
            )
        )
        return scene

    def _draw_losses(self, scene: Scene, form: str, run: BatchRun) -> None:
        """Draw a run's losses, up to where it leaves the panel for good."""
        axis, color = scene.panels[0].y, self._runs.colors[form]
        with np.errstate(all="ignore"):
            curve = np.log10(
                np.stack([np.maximum(run.examples, 1), np.maximum(run.losses, axis.low * 1e-3)], axis=1)
            )
        points, left = until_it_leaves(curve, -np.inf, (np.inf, np.log10(axis.high)), gone=run.diverged)
        x, y = 10.0**points.T
        scene.line(0, x[1:], y[1:], color)
        scene.vertices(color, 2.4)
        if left is not None:
            scene.points(0, [x[-1]], [inside(axis, y[-1])], color, 6, "cross")

    def _draw_cloud(self, scene: Scene) -> None:
        points = self.cloud()
        single, full = points[:-1], points[-1]
        (left, low), (right, high) = self._noise.low, self._noise.high
        scene.line(1, [left, right], [0, 0], "frame", 1.0)
        scene.line(1, [0, 0], [low, high], "frame", 1.0)
        means = self._noise.means(single, self.size)
        for form, cloud in (("one example", single), ("mini-batch", means)):
            scene.points(1, cloud[:, 0], cloud[:, 1], self._runs.colors[form], 1.8, alpha=0.6)
        scene.arrows(1, 0.0, 0.0, full[0], full[1], self._runs.colors["full batch"], 3.0)
        for form in ("one example", "mini-batch"):  # above the arrow, or its head would hide the small one
            x, y = ellipse(single, full, self.batch(form))
            scene.line(1, x, y, self._runs.colors[form], 2.4, halo=True)

    def _cost(self, form: str, run: BatchRun) -> Row:
        train = self.problem.train
        size = (train.inputs.nbytes + train.targets.nbytes) * self.batch(form) / self.total
        place = (form, self.batch(form))
        if place not in self._paces:  # measured once, or the numbers would tremble while a slider is moved
            self._paces[place] = pace(
                self.optimizer(form), self.problem, self._begin, self.batch(form), self.seed
            )
        seconds = self._paces[place] * run.steps
        cells = (f"{run.gradients:,}", f"{run.examples[-1]:,}", short(run.examples[-1] / self.total),
                 _bytes(size), f"{1000 * seconds:.0f} ms", _loss(run))  # fmt: skip
        return Row(form, self._runs.colors[form], cells, "bad" if run.diverged else "")


def _loss(run: BatchRun) -> str:
    return "∞: diverged" if run.diverged else short(float(run.losses[-1]), 3)


def _bytes(size: float) -> str:
    """Return an amount of memory as text.

    Examples:
        >>> _bytes(528), _bytes(16896), _bytes(632016)
        ('528 B', '16.9 kB', '632 kB')
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{short(size, 3)} {unit}"
        size /= 1000
    return f"{short(size, 3)} GB"
