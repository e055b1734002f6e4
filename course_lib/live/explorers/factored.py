"""The factoring explorer: a matrix of mean squares beside a copy of it that keeps far fewer numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...optimizers.hyper import Spec
from ...plotting import short
from ..block.controls import Control
from ..block.figure import Figure
from ..block.scene import Axis, Panel, Row, Scene
from .options import Options

ROWS, COLUMNS = 40, 24
"""The size of the made matrices."""

_WIDTH = 1.2
"""How far the sizes of a pattern's rows and columns spread: the standard deviation of their logarithms."""

_MOST = 4096
"""So many numbers of a matrix are drawn as dots at most."""

COPIES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rows and columns": lambda v: v.mean(1, keepdims=True) * v.mean(0, keepdims=True) / v.mean(),
    "one number a column": lambda v: v.mean(0, keepdims=True) + 0 * v,
    "one number a row": lambda v: v.mean(1, keepdims=True) + 0 * v,
    "one number in all": lambda v: v.mean() + 0 * v,
}
"""Ways to keep less of v: Adafactor's, one number for each neuron, one for each input, one for the matrix."""


def explore_factored(
    matrices: Mapping[str, Any] | None = None,
    patterns: int = 1,
    kept: str = "rows and columns",
    *,
    sliders: Sequence[str] | None = None,
    hide: Sequence[str] = (),
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> FactoredExplorer:
    r"""Return a live figure of a matrix of mean squares v, of a copy that keeps less, and of how far they differ.

    Without matrices of your own v is made: gradients are sums of ``patterns`` outer products
    :math:`z_k\, u_k w_k^\top` with independent :math:`z_k`, so that v is proportional to
    :math:`\sum_k u_k^2 (w_k^2)^\top`. Rows are a layer's inputs, columns its neurons. What divides the gradient is √v,
    so that is what is compared.

    Args:
        matrices: mean squares of your own by name, ``(rows, columns)``, ≥ 0, at least one number in every row > 0; a
            choice takes the place of the slider ``patterns``.
        patterns: of how many outer products the gradients are made at first, 1 … 64.
        kept: what is kept of v at first: "rows and columns" (Adafactor), "one number a column" (a neuron), "one number
            a row" (an input) or "one number in all".
        sliders: the controls that are shown; by default all.
        hide: controls that are not shown.
        ranges: other ends for a slider.

    Raises:
        ValueError: for a matrix that is none, is empty, has a number that is negative or not finite or is all zeros, or
            for unknown controls or choices.

    Examples:
        >>> figure = explore_factored()
        >>> round(figure.worst(), 6)  # one outer product is copied without loss
        1.0
        >>> figure.patterns = 8
        >>> figure.worst() > 5
        True
        >>> figure.numbers()
        64
    """
    options = Options(sliders, tuple(hide), dict(ranges or {}))
    return FactoredExplorer(matrices, patterns, kept, options)


class FactoredExplorer(Figure):
    """What `explore_factored` returns; its arguments are explained there."""

    def __init__(
        self, matrices: Mapping[str, Any] | None, patterns: int, kept: str, options: Options
    ) -> None:
        if kept not in COPIES:
            raise ValueError(f"kept = {kept!r} is not allowed: it must be one of {', '.join(COPIES)}")
        self.matrices = {name: _checked(name, matrix) for name, matrix in (matrices or {}).items()}
        if matrices is not None and not self.matrices:
            raise ValueError("matrices is empty: give at least one")
        count = Spec(low=1, high=64, open_high=False, integer=True, scale="log", slider=(1, 64))
        source = (
            Control("matrix", Spec(choices=tuple(self.matrices)), next(iter(self.matrices)))
            if self.matrices
            else Control("patterns", count, count.clean("FactoredExplorer: patterns", patterns), plays=True)
        )
        controls = [source, Control("kept", Spec(choices=tuple(COPIES)), kept)]
        options.check(control.name for control in controls)
        super().__init__(map(options.adjusted, controls))

    def squares(self) -> np.ndarray:
        """Return v, the mean squares of the gradients, ``(rows, columns)``."""
        return self.matrices[self.matrix] if self.matrices else made(self.patterns)

    def copy(self) -> np.ndarray:
        """Return what is made of the numbers that are kept, of v's shape."""
        return COPIES[self.kept](self.squares())

    def numbers(self) -> int:
        """Return how many numbers are kept."""
        rows, columns = self.squares().shape
        return {"rows and columns": rows + columns, "one number a column": columns, "one number a row": rows}.get(
            self.kept, 1
        )  # fmt: skip

    def factors(self) -> np.ndarray:
        """Return √(copy/v) of every weight that has had a gradient: too short a step above 1, too long a one below."""
        v, copy = self.squares(), self.copy()
        return np.sqrt(copy[v > 0] / v[v > 0])

    def worst(self) -> float:
        """Return the largest factor by which a step is too long or too short."""
        return float(np.exp(np.abs(np.log(self.factors())).max()))

    # -- the picture --------------------------------------------------------------------------------

    def draw(self) -> Scene:
        """Return both matrices, and each number of the one against that of the other."""
        v, copy, factors = self.squares(), self.copy(), self.factors()
        roots, copied = np.sqrt(v), np.sqrt(copy)
        seen = np.concatenate([roots[v > 0], copied[copy > 0]])
        low, high = 10.0 ** np.floor(np.log10(seen.min())), 10.0 ** np.ceil(np.log10(1.0001 * seen.max()))
        across = Axis.linear("column (a neuron)", 0, v.shape[1], min(v.shape[1], 4))
        up = Axis.linear("row (an input)", 0, v.shape[0], min(v.shape[0], 4))
        scene = Scene(
            [
                Panel(across, up, "√v (bright: large)", 0.8, grid=False),
                Panel(across, up, "its copy", 0.8, grid=False),
                Panel(
                    Axis.decades("√v", low, high, 4), Axis.decades("√copy", low, high, 4), "each weight", 1.0
                ),
            ],
            columns=("kept", "of", "typical factor", "largest", "within 2"),
        )
        for panel, matrix in ((0, roots), (1, copied)):
            with np.errstate(divide="ignore"):
                part = np.log(matrix / low) / np.log(high / low)
            scene.heat(panel, 254 - np.clip(254 * part, 0, 254).astype(np.uint8))
        for factor in (0.5, 1, 2):
            scene.line(2, [low, high], [factor * low, factor * high], "muted", 1.2, dash=factor != 1)
        chosen = np.flatnonzero(v > 0)
        chosen = chosen[:: -(-len(chosen) // _MOST)]
        scene.points(2, roots.flat[chosen], copied.flat[chosen], "vermilion", 1.8, alpha=0.6)
        away = np.abs(np.log(factors))
        cells = (
            f"{self.numbers():,}",
            f"{v.size:,}",
            short(float(np.exp(np.median(away))), 3),
            short(self.worst(), 3),
            _percent(away <= np.log(2) + 1e-9),
        )
        scene.rows.append(Row("its copy", "vermilion", cells))
        what = self.matrix if self.matrices else f"{self.patterns} pattern{'s' * (self.patterns > 1)}"
        silent = f" Not counted: {np.sum(v == 0):,} weights without any gradient." if (v == 0).any() else ""
        scene.notice = (
            "The factor is √(copy/v), or its inverse where that is larger: by so much a step is too short or too "
            f"long. Dashed: a factor of 2.{silent}"
        )
        numbers, size, typical, largest, within = cells
        scene.alt = (
            f"Mean squares of {what}, {v.shape[0]} × {v.shape[1]}, and a copy of {self.kept}: "
            f"{numbers} of {size} numbers kept, a typical factor of {typical}, the largest {largest}, "
            f"{within} within a factor of 2.{silent}"
        )
        return scene


@lru_cache(maxsize=64)
def made(patterns: int) -> np.ndarray:
    """Return the mean squares of gradients that are sums of so many outer products, scaled to a mean of 1.

    Examples:
        >>> v = made(1)
        >>> v.shape, int(np.linalg.matrix_rank(v))
        ((40, 24), 1)
    """
    rng = np.random.default_rng(3)
    v = np.zeros((ROWS, COLUMNS))
    for _ in range(patterns):  # one after the other: a further pattern leaves the earlier ones as they are
        u, w = np.exp(_WIDTH * rng.standard_normal(ROWS)), np.exp(_WIDTH * rng.standard_normal(COLUMNS))
        v += np.outer(u**2, w**2)
    return v / v.mean()


def _percent(within: np.ndarray) -> str:
    """Return how many are True; only all of them are 100 %.

    Examples:
        >>> _percent(np.arange(1000) > 0), _percent(np.arange(1000) >= 0)
        ('over 99%', '100%')
    """
    share = np.mean(within)
    return "over 99%" if 0.995 <= share < 1 else f"{share:.0%}"


def _checked(name: str, matrix: Any) -> np.ndarray:
    """Return mean squares of one's own as an array.

    Raises:
        ValueError: and says what is wrong with them.
    """
    array = np.asarray(matrix, dtype=float)
    if array.ndim != 2 or not array.size:
        raise ValueError(
            f"matrices: {name!r} has shape {array.shape}, but it must be a matrix, (rows, columns)"
        )
    if not np.isfinite(array).all() or (array < 0).any() or not (array > 0).any():
        raise ValueError(
            f"matrices: {name!r} is not allowed: mean squares are finite and ≥ 0, and not all of them 0"
        )
    return array
