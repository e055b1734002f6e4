"""Is a gradient the derivative of its loss? Measured by central differences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class GradientReport:
    """What a check of a gradient found, at the coordinate where it is worst.

    Args:
        right: whether all coordinates tried agree with the loss.
        where: the coordinate, such as ``"[1]"`` or ``"W[0, 2]"``.
        given: what the gradient says there.
        measured: the slope of the loss there.
        tried: how many coordinates were tried.
    """

    right: bool
    where: str
    given: float
    measured: float
    tried: int

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        if self.right:
            return f"The gradient agrees with the loss in {self.tried} coordinates."
        return (
            f"The gradient does not agree with the loss. Worst at coordinate {self.where}: the gradient says "
            f"{self.given:.6g}, the loss rises by {self.measured:.6g}."
        )

    __repr__ = __str__


def check_gradient(
    problem: Any, at: Any = None, batch: Any = None, tolerance: float = 1e-5, coordinates: int = 200
) -> GradientReport:
    r"""Compare a gradient with central differences of the loss.

    .. math:: \frac{f(x + h e_i) - f(x - h e_i)}{2h} \quad\text{with } h \approx \sqrt[3]{\epsilon}\,\max(1, |x_i|)

    Args:
        problem: anything with ``loss(x, batch)`` and ``grad(x, batch)``: a surface or a problem.
        at: where, an array or a dict of arrays; by default near ``problem.init``, and not quite at it, where a
            symmetric function may hide a mistake.
        batch: the examples, by default all.
        tolerance: how far off a slope may be, relative to the largest of the slopes compared.
        coordinates: at most so many are tried, spread over all of them.

    Returns:
        A report that is true if all agree; printed, it tells the worst coordinate.

    Raises:
        ValueError: if the gradient has not the shape or the names of ``at``.

    Examples:
        >>> from course_lib.surfaces import Surface
        >>> bowl = dict(name="bowl", value=lambda x, y: x**2 + y**2)
        >>> check_gradient(Surface(**bowl, gradient=lambda x, y: (2 * x, 2 * y)))
        The gradient agrees with the loss in 2 coordinates.
        >>> check_gradient(Surface(**bowl, gradient=lambda x, y: (2 * x, -2 * y)), at=np.array([1.0, 3.0]))
        The gradient does not agree with the loss. Worst at coordinate [1]: the gradient says -6, the loss rises by 6.

    Reference: J. Nocedal and S. Wright, Numerical Optimization, 2nd edition, Springer, 2006, section 8.1.
    """
    rng = np.random.default_rng(0)
    start = problem.init(rng) if at is None else at
    named = isinstance(start, dict)
    x = {k: np.array(v, float) for k, v in (start.items() if named else [("", start)])}
    if at is None:
        x = {k: v + 0.01 * rng.normal(size=v.shape) for k, v in x.items()}
    given = problem.grad(x if named else x[""], batch)
    g = given if named else {"": given}
    for name, part in x.items():
        if not isinstance(g, dict) or name not in g or np.shape(g[name]) != part.shape:
            shape = np.shape(g[name]) if isinstance(g, dict) and name in g else "nothing"
            raise ValueError(f"the gradient {name} has shape {shape}, but the parameters have {part.shape}")
    places = [(name, index) for name, part in x.items() for index in np.ndindex(part.shape)]
    places = places[:: -(-len(places) // coordinates)]

    def loss(name: str, index: tuple[int, ...], step: float) -> float:
        moved = {**x, name: x[name].copy()}
        moved[name][index] += step
        return float(problem.loss(moved if named else moved[""], batch))

    slopes = []
    for name, index in places:
        h = 6e-6 * max(1.0, abs(float(x[name][index])))
        slopes.append((loss(name, index, h) - loss(name, index, -h)) / (2 * h))
    said, measured = np.array([float(g[name][index]) for name, index in places]), np.array(slopes)
    scale = max(np.abs(said).max(initial=0), np.abs(measured).max(initial=0), 1e-8)
    off = np.where(np.isfinite(said), np.abs(said - measured), np.inf)
    worst = int(np.argmax(off))
    name, index = places[worst]
    where = f"{name}[{', '.join(map(str, index))}]"
    return GradientReport(
        bool(off[worst] <= tolerance * scale), where, said[worst], slopes[worst], len(places)
    )
