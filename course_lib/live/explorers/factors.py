"""The factors explorer: a layer's Fisher matrix beside the Kronecker product that K-FAC puts in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, get_args

import numpy as np

from ...optimizers import Adam
from ...optimizers.hyper import Spec
from ...optimizers.kfac import split_damping
from ...plotting import ZERO, short
from ...problems import MLP, get_batches, layer_fishers
from ...problems.fisher import Labels
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

EPOCHS = (0, 1, 2, 3, 5, 10, 20)
"""After how many epochs of training the network can be looked at."""

_MOST = 160
"""The largest layer, in weights: its matrix has as many rows."""

DIRECTIONS = ("whole F", "K-FAC", "diagonal", "gradient")
"""Whose step is taken: the gradient through F + λI, through K-FAC's product, through F's diagonal, or as it is."""

_COLORS = {"whole F": "ink", "K-FAC": "vermilion", "diagonal": "blue", "gradient": "green"}


def explore_factors(
    problem: MLP | None = None,
    examples: int = 100,
    epoch: int = 0,
    layer: int = 2,
    labels: Labels = "expected",
    damping: float = 1e-6,
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> FactorsExplorer:
    r"""Return a live figure of a layer's Fisher matrix F, of K-FAC's product, and of their difference.

    Both stand with their damping: :math:`F + \lambda I` and :math:`(A + \pi\sqrt\lambda I) \otimes (G +
    \frac1\pi\sqrt\lambda I)`. Beneath, what the product is good for: the fall of the layer's quadratic model along the
    step p, for its best length, as a share of what the natural gradient gets,

    .. math:: \frac{(g^\top p)^2}{p^\top (F + \lambda I)\, p} \Big/ g^\top (F + \lambda I)^{-1} g

    where F is the Fisher matrix whatever labels the step was made with.

    Args:
        problem: a small network; by default the digits with two hidden layers of 8, tanh.
        examples: of the training data the matrices are made from at first: the first 1 … N.
        epoch: how long the network has been trained at first, one of ``EPOCHS``; Adam, lr 0.01, batches of 32.
        layer: 1, 2, …; layers of more than 160 weights are not offered.
        labels: "expected" (the Fisher matrix), "sampled" from the model, or "data" (the empirical Fisher matrix).
        damping: λ at first, > 0, in units of the Fisher matrix.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        TypeError: if the problem is no `MLP`.
        ValueError: for a network whose layers are all too large, unknown controls, or a setting that is not offered.

    Examples:
        >>> figure = explore_factors(examples=1, damping=1e-10)
        >>> figure.difference() < 1e-4  # one example: exact
        True
        >>> figure.set(examples=1197, epoch=10)
        >>> figure.difference() > 0.5
        True
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return FactorsExplorer(problem, examples, epoch, layer, labels, damping, options)


class FactorsExplorer(Figure):
    """What `explore_factors` returns; its arguments are explained there."""

    def __init__(
        self,
        problem: MLP | None,
        examples: int,
        epoch: int,
        layer: int,
        labels: Labels,
        damping: float,
        options: Options,
    ) -> None:
        self.problem = _default() if problem is None else problem
        if not isinstance(self.problem, MLP):
            raise TypeError(f"problem = {problem!r} is not allowed: it must be an MLP")
        sizes = {k: (shape[0] + 1) * shape[1] for k, shape in enumerate(self._shapes(), 1)}
        small = tuple(k for k, size in sizes.items() if size <= _MOST)
        if not small:
            raise ValueError(
                f"problem has layers of {list(sizes.values())} weights: none is as small as {_MOST}"
            )
        count = len(self.problem.train)
        kinds = get_args(Labels)
        specs = {
            "examples": Spec(
                low=1, high=count, open_high=False, integer=True, scale="log", slider=(1, count)
            ),
            "epoch": Spec(choices=EPOCHS),
            "layer": Spec(choices=small),
            "labels": Spec(choices=kinds),
            "damping": Spec(low=0, open_low=True, scale="log", slider=(1e-8, 1.0)),
        }
        given = {"examples": examples, "epoch": epoch, "layer": layer, "labels": labels, "damping": damping}
        first = {name: spec.clean(f"FactorsExplorer: {name}", given[name]) for name, spec in specs.items()}
        words = {"epoch": "trained for epochs", "damping": "damping λ"}
        titles = {"layer": tuple("output" if k == len(sizes) else f"hidden {k}" for k in small)}
        controls = [
            Control(
                name, spec, first[name], words.get(name, ""), "", titles.get(name, ()), name == "examples"
            )
            for name, spec in specs.items()
        ]
        options.check(specs)
        super().__init__(map(options.adjusted, controls))

    def _shapes(self) -> list[tuple[int, int]]:
        return [layer.shape for layer in self.problem.layers]

    # -- what can be asked of it ---------------------------------------------------------------------

    def matrices(self) -> tuple[np.ndarray, np.ndarray]:
        """Return F + λI and K-FAC's product, both ``(n, n)``."""
        return self._damped_block(self.labels), np.kron(*self._damped_factors())

    def difference(self) -> float:
        """Return how far the product is from F + λI: the norm of the difference, as a share of the latter's."""
        exact, product = self.matrices()
        return float(np.linalg.norm(exact - product) / np.linalg.norm(exact))

    def directions(self) -> dict[str, np.ndarray]:
        """Return the step of each of ``DIRECTIONS`` ``(n,)``, for the layer's gradient on the same examples."""
        exact, (a, g), slope = self._damped_block(self.labels), self._damped_factors(), self._gradient()
        flat = slope.ravel()
        return {
            "whole F": np.linalg.solve(exact, flat),
            "K-FAC": np.linalg.solve(a, np.linalg.solve(g, slope.T).T).ravel(),
            "diagonal": flat / np.diag(exact),
            "gradient": flat,
        }

    def shares(self) -> dict[str, float]:
        """Return the fall of the quadratic model along each direction, as a share of the most there is, in [0, 1]."""
        fisher, slope = self._damped_block("expected"), self._gradient().ravel()
        most = slope @ np.linalg.solve(fisher, slope)
        return {
            name: float((slope @ p) ** 2 / (p @ fisher @ p) / most) for name, p in self.directions().items()
        }

    def _damped_block(self, labels: Labels) -> np.ndarray:
        block = _matrices(self.problem, self.epoch, self.examples, labels)[self.layer - 1][0].copy()
        block[np.diag_indices_from(block)] += self.damping
        return block

    def _damped_factors(self) -> tuple[np.ndarray, np.ndarray]:
        _, a, g = _matrices(self.problem, self.epoch, self.examples, self.labels)[self.layer - 1]
        for_a, for_g = split_damping(a, g, self.damping)
        return a + for_a * np.eye(len(a)), g + for_g * np.eye(len(g))

    def _gradient(self) -> np.ndarray:
        params = snapshots(self.problem)[self.epoch]
        slopes = self.problem.grad(params, self.problem.train[: self.examples])
        return np.vstack([slopes[f"W{self.layer}"], slopes[f"b{self.layer}"]])

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the three matrices, and what each way of inverting F is worth."""
        exact, product = self.matrices()
        size, outputs = len(exact), self._shapes()[self.layer - 1][1]
        every = tuple((float(k), "") for k in range(0, size + 1, outputs))
        inputs_axis = Axis("", 0, size, ticks=every)
        titles = ("Fisher matrix + λI", "K-FAC's product", "difference")
        scene = Scene(
            [Panel(inputs_axis, inputs_axis, title, grid=False, equal=True, least=150) for title in titles],
            columns=("numbers kept", "fall of the model"),
        )  # fmt: skip
        top = float(np.abs(exact).max())
        for panel, matrix in enumerate((exact, product, product - exact)):
            scene.heat(panel, shades(matrix, top)[::-1], "signed")
        inputs = size // outputs
        kept = {"whole F": size**2, "K-FAC": inputs**2 + outputs**2, "diagonal": size, "gradient": 0}
        shares = self.shares()
        scene.rows = [
            Row(name, _COLORS[name], (f"{kept[name]:,}", f"{shares[name]:.0%}")) for name in DIRECTIONS
        ]
        away = self.difference()
        scene.notice = (
            f"The product is off by {away:.0%} of the norm. Colours: blue below 0, orange above, by the root of the "
            f"size; the largest is {short(top)}. Each block of {outputs} × {outputs} belongs to two inputs."
        )
        told = ", ".join(f"{name} {shares[name]:.0%}" for name in DIRECTIONS)
        scene.alt = (
            f"Fisher matrix of {size} weights from {self.examples} examples with labels: {self.labels}, after "
            f"{self.epoch} epochs, with damping {short(self.damping)}, beside K-FAC's product: off by {away:.0%}. "
            f"Fall of the quadratic model, as a share of the most there is: {told}."
        )
        return scene


def shades(matrix: np.ndarray, top: float) -> np.ndarray:
    """Return the shades of numbers of both signs: by the root of their size, ``top`` and beyond at the ends.

    Examples:
        >>> shades(np.array([[-4.0, 0.0, 1.0, 9.0]]), 4.0)
        array([[  0, 127, 190, 254]], dtype=uint8)
    """
    parts = np.sign(matrix) * np.sqrt(np.minimum(np.abs(matrix) / top, 1))
    found: np.ndarray = (ZERO + np.trunc(ZERO * parts)).astype(np.uint8)
    return found


@lru_cache(maxsize=1)
def _default() -> MLP:
    return MLP.on_digits(hidden=(8, 8), activation="tanh")


@lru_cache(maxsize=4)
def snapshots(problem: MLP) -> dict[int, dict[str, np.ndarray]]:
    """Return the parameters after each of ``EPOCHS`` of training."""
    rng = np.random.default_rng(0)
    x: Any = problem.init(rng)
    opt = Adam(lr=0.01)
    state = opt.init(x)
    found: dict[int, dict[str, np.ndarray]] = {}
    for epoch in range(max(EPOCHS) + 1):
        if epoch in EPOCHS:
            found[epoch] = x
        for batch in get_batches(problem.train, 32, rng):
            x, state = opt.update(x, problem.grad(x, batch), state)
    return found


@lru_cache(maxsize=256)
def _matrices(
    problem: MLP, epoch: int, examples: int, labels: Labels
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return F, A and G of every layer that is small enough, and empty ones of the others."""
    params, batch = snapshots(problem)[epoch], problem.train[:examples]
    none = (np.empty((0, 0)),) * 3
    return [
        (layer.block(), *layer.factors()) if layer.inputs.shape[1] * layer.squares.shape[1] <= _MOST else none
        for layer in layer_fishers(problem, params, batch, labels, np.random.default_rng(1))
    ]
