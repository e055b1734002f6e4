"""The singular values explorer: what the polynomials of Newton–Schulz make of a matrix, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...optimizers import Momentum
from ...optimizers.hyper import Spec
from ...optimizers.orthogonal import NAMES, Polynomial, polynomials
from ...plotting import short
from ...problems import MLP, get_batches
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import HUGE, Axis, Panel, Row, Scene
from .options import Options

TITLES = {
    "jordan": "Jordan",
    "tuned": "tuned, five in turn",
    "polar_express": "Polar Express",
    "quintic": "quintic",
    "cubic": "cubic",
}
"""How the figure calls the named sets of `polynomials`."""

OWN = "your a, b, c"
"""The choice whose coefficients the sliders set."""

_STEPS = 20
"""So many steps at most."""

_LOW, _HIGH = 1e-4, 10.0
"""The ends of the axis of the bars."""

_TOP = 2.0
"""The end of both axes of the polynomial."""

_MOST = 128
"""So many singular values are drawn at most, evenly chosen."""


def explore_singular_values(
    matrices: Mapping[str, Any] | None = None,
    steps: int = 5,
    polynomial: str = "jordan",
    coefficients: Polynomial | None = None,
    *,
    divided: bool = True,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> SingularValuesExplorer:
    r"""Return a live figure of the singular values of a matrix under the steps of Newton–Schulz.

    The matrix is divided by its Frobenius norm. Then each step is

    .. math:: X \leftarrow a X + (b A + c A^2)\, X, \qquad A = X X^\top

    which turns every singular value σ into :math:`p(\sigma) = a\sigma + b\sigma^3 + c\sigma^5`. On the left each σ is a
    bar, before and after; on the right stand the polynomial of the last step, the σ it was given, and its fixed points.

    Args:
        matrices: your own by name, ``(rows, columns)``, finite and not all zeros; by default the momentum of a
            64 × 64 weight of a network for the digits, a random matrix, and one whose σ are spread over three decades.
        steps: at first, 0 … 20.
        polynomial: at first: a name of `polynomials`, such as "jordan" (Muon's), "cubic" and "quintic" (which converge
            to 1) or "polar_express" (one for each step), or "your a, b, c".
        coefficients: your own a, b and c, in place of a polynomial's. A slider that is moved makes them your own, too.
        divided: whether a matrix is divided by its Frobenius norm first; without, its σ are shown as they are.
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        ValueError: for a matrix that is none, is empty, all zeros or not finite, or for a setting that is not offered.

    Examples:
        >>> figure = explore_singular_values({"mine": np.diag([3.0, 0.3])}, steps=0)
        >>> figure.values().round(3)
        array([0.995, 0.1  ])
        >>> figure.set(steps=10, polynomial="cubic")
        >>> figure.values().round(3)
        array([1., 1.])
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return SingularValuesExplorer(matrices, steps, polynomial, coefficients, divided, options)


class SingularValuesExplorer(Figure):
    """What `explore_singular_values` returns; its arguments are explained there."""

    def __init__(
        self,
        matrices: Mapping[str, Any] | None,
        steps: int,
        polynomial: str,
        coefficients: Polynomial | None,
        divided: bool,
        options: Options,
    ) -> None:
        if matrices is not None and not matrices:
            raise ValueError("matrices is empty: give at least one")
        given = _usual() if matrices is None else matrices
        self._starts = {name: _singular(name, matrix, divided) for name, matrix in given.items()}
        if coefficients is not None and np.shape(coefficients) != (3,):
            raise ValueError(
                f"coefficients = {coefficients!r} is not allowed: give three numbers, a, b and c"
            )
        known = polynomials(polynomial if polynomial in NAMES else "jordan", 1)
        specs = {
            "matrix": Spec(choices=tuple(self._starts)),
            "polynomial": Spec(choices=(*NAMES, OWN)),
            "steps": Spec(low=0, high=_STEPS, open_high=False, integer=True, slider=(0, _STEPS)),
            "a": Spec(slider=(0.0, 9.0)),
            "b": Spec(slider=(-24.0, 6.0)),
            "c": Spec(slider=(-3.0, 18.0)),
        }
        first = {
            "matrix": next(iter(self._starts)),
            "polynomial": polynomial if coefficients is None else OWN,
            "steps": steps,
            **dict(zip("abc", known[0] if coefficients is None else coefficients, strict=True)),
        }
        titles = {"polynomial": (*(TITLES[name] for name in NAMES), OWN)}
        controls = [
            Control(
                name,
                spec,
                spec.clean(f"SingularValuesExplorer: {name}", first[name]),
                titles=titles.get(name, ()),
                plays=name == "steps",
            )
            for name, spec in specs.items()
        ]
        options.check(specs)
        super().__init__(map(options.adjusted, controls))

    def follow(self, name: str) -> dict[str, Any]:
        """Set the sliders to a polynomial's coefficients; a slider that is moved makes them your own."""
        if name == "polynomial" and self.polynomial in ("jordan", "quintic", "cubic"):  # one for all steps
            return dict(zip("abc", self.coefficients(1), strict=True))
        return {"polynomial": OWN} if name in ("a", "b", "c") else {}

    # -- what can be asked of it ---------------------------------------------------------------------

    def coefficients(self, step: int) -> Polynomial:
        """Return a, b and c of a step; the first one is 1."""
        if self.polynomial == OWN:
            return self.a, self.b, self.c
        return polynomials(self.polynomial, step)[-1]

    def values(self, steps: int | None = None) -> np.ndarray:
        """Return the singular values, the largest at the start first; one below 0 has its directions turned round.

        Args:
            steps: after how many steps; by default as many as the slider says.
        """
        s = self._starts[self.matrix]
        with np.errstate(over="ignore", invalid="ignore"):
            for step in range(1, (self.steps if steps is None else steps) + 1):
                s = np.clip(np.nan_to_num(_polynomial(self.coefficients(step), s)), -HUGE, HUGE)
        return s

    def fixed_points(self) -> list[tuple[float, float]]:
        """Return every σ > 0 that the last step leaves alone, and the slope of p there: it attracts in (−1, 1)."""
        a, b, c = self.coefficients(max(self.steps, 1))
        squares = np.roots([c, b, a - 1])
        real = np.sort(squares[np.isreal(squares)].real)
        return [(float(np.sqrt(q)), float(a + 3 * b * q + 5 * c * q**2)) for q in real if q > 0]

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return the bars, and the polynomial of the last step."""
        start, before, after = self.values(0), self.values(max(self.steps - 1, 0)), self.values()
        count = len(start)
        scene = Scene(
            [
                Panel(
                    Axis.linear("number of the singular value", 0, count, min(count, 5)),
                    Axis.decades("σ", _LOW, _HIGH),
                    f"the singular values after {_steps(self.steps)}",
                    1.3,
                ),
                Panel(
                    Axis.linear("σ before the step", 0, _TOP, 4),
                    Axis.linear("σ after it", -0.5, _TOP, 5),
                    f"p(σ), step {max(self.steps, 1)}",
                ),
            ],
            columns=("median σ", "0.5 … 1.5", "stable rank", "largest σ"),
        )
        self._draw_bars(scene, start, after)
        self._draw_polynomial(scene, before, after)
        named = {"at the start": ("muted", start), f"after {_steps(self.steps)}": ("blue", after)}
        scene.rows = [Row(name, color, _told(s), _state(s)) for name, (color, s) in named.items()]
        turned = int(np.sum(after < 0))
        fixed = ", ".join(
            f"{short(where, 3)} ({'attracts' if abs(slope) < 1 else 'repels'}, slope {short(slope, 3)})"
            for where, slope in self.fixed_points()
        )
        scene.notice = f"Fixed points beside 0: {fixed or 'none'}." + (
            f" {turned} of {count} are below 0 (orange): their directions are turned round." * (turned > 0)
        )
        middle, near, rank, large = _told(after)
        taken = TITLES.get(self.polynomial, OWN)
        scene.alt = (
            f"{count} singular values of {self.matrix}, {taken}, after {_steps(self.steps)}: the largest {large}, "
            f"median {middle}, {near} in 0.5 … 1.5, stable rank {rank}. {scene.notice}"
        )
        return scene

    def _draw_bars(self, scene: Scene, start: np.ndarray, after: np.ndarray) -> None:
        every = -(-len(start) // _MOST)
        left = np.arange(len(start))[::every]
        sizes = np.clip(np.abs(after[::every]), _LOW, _HIGH)
        for chosen, color in ((after[::every] >= 0, "blue"), (after[::every] < 0, "vermilion")):
            at = left[chosen]
            scene.bars(0, at + 0.1 * every, at + 0.9 * every, _LOW, sizes[chosen], color, 0.75)
        edges = np.repeat(np.append(left, left[-1] + every), 2)[1:-1]
        scene.line(0, edges, np.repeat(np.maximum(start[::every], _LOW), 2), "muted", 1.5)
        scene.line(0, [0, len(start)], [1, 1], "ink", 1.2, dash=True)

    def _draw_polynomial(self, scene: Scene, before: np.ndarray, after: np.ndarray) -> None:
        s = np.linspace(0, _TOP, 161)
        scene.line(1, [0, _TOP], [0, _TOP], "muted", 1.2, dash=True)
        scene.line(1, [0, _TOP], [1, 1], "ink", 1.2, dash=True)
        scene.line(1, s, _polynomial(self.coefficients(max(self.steps, 1)), s), "purple", 2.0)
        every = -(-len(before) // _MOST)
        seen = (before[::every] >= 0) & (before[::every] <= _TOP)
        scene.points(1, before[::every][seen], after[::every][seen], "blue", 3.0, alpha=0.7)
        for where, slope in self.fixed_points():
            if where <= _TOP:
                scene.points(1, [where], [where], "ink", 5.0, "dot" if abs(slope) < 1 else "ring")


def _polynomial(coefficients: Polynomial, s: np.ndarray) -> np.ndarray:
    a, b, c = coefficients
    square = s * s
    value: np.ndarray = s * (a + square * (b + c * square))
    return value


def stable_rank(s: np.ndarray) -> float:
    """Return the sum of the squares of singular values over the largest square: 1 … as many as there are.

    Examples:
        >>> stable_rank(np.array([1.0, 1.0, 1.0])), stable_rank(np.array([1.0, 0.1, 0.0]))
        (3.0, 1.01)
    """
    return float(np.sum((s / np.abs(s).max()) ** 2)) if s.any() else 0.0


def _told(s: np.ndarray) -> tuple[str, str, str, str]:
    """Return the median size of singular values, how many are near 1, the stable rank and the largest size."""
    sizes = np.abs(s)
    near = int(np.sum((s > 0.5) & (s < 1.5)))
    largest = short(sizes.max(), 3) if sizes.max() < HUGE else "diverges"
    return short(float(np.median(sizes)), 3), f"{near} of {len(s)}", short(stable_rank(s), 3), largest


def _state(s: np.ndarray) -> str:
    return "bad" if np.abs(s).max() >= HUGE else ""


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _singular(name: str, matrix: Any, divided: bool) -> np.ndarray:
    """Return the singular values of a matrix, or of the matrix divided by its Frobenius norm.

    Raises:
        ValueError: and says what is wrong with it.
    """
    array = np.asarray(matrix, dtype=float)
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"matrices: {name!r} has shape {array.shape}, but it must be a matrix, (rows, columns)"
        )
    if not np.isfinite(array).all() or not array.any():
        raise ValueError(
            f"matrices: {name!r} is not allowed: its numbers must be finite, and not all of them 0"
        )
    largest = np.abs(array).max()
    s: np.ndarray = np.linalg.svd(array / largest, compute_uv=False)
    return s / np.sqrt(np.sum(s**2)) if divided else s * largest


@lru_cache(maxsize=1)
def _usual() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        "momentum of a hidden layer": momenta(epochs=3)["W2"],
        "random": rng.standard_normal((64, 64)),
        "evenly spread": np.diag(np.geomspace(1, 1e-3, 64)),
    }


@lru_cache(maxsize=8)
def momenta(epochs: int = 3, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the momentum of every parameter of a 64-64 network after some epochs on the digits, batches of 32.

    Args:
        epochs: of training with `Momentum`, lr 0.05, beta 0.95.
        seed: of the parameters and the order.

    Examples:
        >>> s = np.linalg.svd(momenta()["W2"], compute_uv=False)
        >>> bool(s[0] > 30 * np.median(s))  # a few directions hold nearly all of it
        True
    """
    problem, rng = MLP.on_digits(hidden=(64, 64)), np.random.default_rng(seed)
    x: Any = problem.init(rng)
    opt = Momentum(lr=0.05, beta=0.95)
    state = opt.init(x)
    for _ in range(epochs):
        for batch in get_batches(problem.train, 32, rng):
            x, state = opt.update(x, problem.grad(x, batch), state)
    return {name: part.m for name, part in state.parts.items()}
