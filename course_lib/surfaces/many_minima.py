"""Classical test functions with many minima, most of which are bad."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib.surfaces.base import Surface, number

TAU = 2 * math.pi


def rastrigin(amplitude: float = 10.0) -> Surface:
    """Make Rastrigin's egg box, f(x, y) = 2A + x² − A cos 2πx + y² − A cos 2πy.

    A bowl with a ripple. At A = 10 there are 121 minima in the domain |x|, |y| ≤ 5.12, and only the
    origin is global. All critical points inside the domain are listed.

    Args:
        amplitude: height A of the ripple, > 0.

    Raises:
        ValueError: `amplitude` outside its range.

    Example:
        >>> f = rastrigin()
        >>> len(f.local_minima), len(f.saddles), len(f.maxima)
        (120, 220, 100)

    Reference:
        L. A. Rastrigin, Systems of Extremal Control (in Russian), Nauka, 1974; in this form H. Mühlenbein,
        M. Schomisch and J. Born, The parallel genetic algorithm as function optimizer, Parallel Computing 17,
        619–632, 1991.
    """
    amplitude = number("amplitude", amplitude, above=0)

    def profile(t: Any) -> Any:
        sine = np.sin(math.pi * t)
        return t * t + 2 * amplitude * sine * sine  # A − A cos 2πt without losing digits near 0

    def slope(t: Any) -> Any:
        return 2 * t + TAU * amplitude * np.sin(TAU * t)

    def bend(t: Any) -> Any:
        return 2 + TAU**2 * amplitude * np.cos(TAU * t)

    lowest, others, saddles, maxima = _separable(profile, slope, 5.12)
    return Surface(
        name="rastrigin",
        title="Rastrigin's egg box",
        formula=r"f(x, y) = 2A + x^2 - A\cos 2\pi x + y^2 - A\cos 2\pi y",
        value=lambda x, y: profile(x) + profile(y),
        gradient=lambda x, y: (slope(x), slope(y)),
        curvature=lambda x, y: (bend(x), 0.0, bend(y)),
        domain=((-5.12, 5.12), (-5.12, 5.12)),
        start=np.array([3.4, -2.3]),
        lr=1 / (2 + TAU**2 * amplitude),
        minima=lowest,
        local_minima=others,
        saddles=saddles,
        maxima=maxima,
        note="Descent stops in the nearest of very many minima; only noise or large steps leave it.",
        params={"amplitude": amplitude},
    )


def ackley() -> Surface:
    """Make Ackley's funnel, a ripple on a cone-shaped hole in a wide plain.

    f(x, y) = 20 + e − 20 exp(−0.2 √((x² + y²)/2)) − exp((cos 2πx + cos 2πy)/2). The global minimum at the
    origin is the tip of a cone, where f has no derivative: `grad` answers 0 there, `hessian` that of the
    ripple alone. The many local minima near the integer points are not listed.

    Example:
        >>> f = ackley()
        >>> f.grad([0.0, 0.0]), f.grad([1e-9, 0.0]).round(3)
        (array([0., 0.]), array([2.828, 0.   ]))

    Reference:
        D. H. Ackley, A Connectionist Machine for Genetic Hillclimbing, Kluwer, 1987.
    """

    def direction(x: Any, y: Any) -> tuple[Any, Any, Any, Any]:
        r = np.sqrt(0.5 * (x * x + y * y))
        inverse = (r != 0) / (r + (r == 0))  # 1/r, and 0 at the tip
        return r, inverse, x * inverse, y * inverse

    def ripple(x: Any, y: Any) -> Any:
        return np.exp(0.5 * (np.cos(TAU * x) + np.cos(TAU * y)))

    def value(x: Any, y: Any) -> Any:
        r = np.sqrt(0.5 * (x * x + y * y))
        u, v = np.sin(math.pi * x), np.sin(math.pi * y)
        return -20 * np.expm1(-0.2 * r) - math.e * np.expm1(-(u * u + v * v))

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        r, _, cx, cy = direction(x, y)
        cone, wave = 2 * np.exp(-0.2 * r), math.pi * ripple(x, y)
        return cone * cx + wave * np.sin(TAU * x), cone * cy + wave * np.sin(TAU * y)

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        r, inverse, cx, cy = direction(x, y)
        cone, wave = 2 * np.exp(-0.2 * r), math.pi**2 * ripple(x, y)
        radial = 0.1 + 0.5 * inverse
        sx, sy = np.sin(TAU * x), np.sin(TAU * y)
        return (
            cone * (inverse - radial * cx * cx) + wave * (2 * np.cos(TAU * x) - sx * sx),
            -cone * radial * cx * cy - wave * sx * sy,
            cone * (inverse - radial * cy * cy) + wave * (2 * np.cos(TAU * y) - sy * sy),
        )

    return Surface(
        name="ackley",
        title="Ackley's funnel",
        formula=r"f(x, y) = 20 + e - 20\, e^{-0.2\sqrt{(x^2 + y^2)/2}} - e^{(\cos 2\pi x + \cos 2\pi y)/2}",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-5, 5), (-5, 5)),
        start=np.array([2.6, -1.6]),
        lr=0.01,
        minima=np.zeros((1, 2)),
        note="A funnel under a ripple: the large shape leads to the minimum, the gradient sees the small one.",
    )


def styblinski_tang() -> Surface:
    """Make the Styblinski–Tang function, f(x, y) = ½ (x⁴ − 16x² + 5x + y⁴ − 16y² + 5y).

    Four minima of three different heights, four saddles and one maximum. The lowest minimum, about −78.3323,
    lies at x = y = −2.903534; the start leads plain gradient descent to the highest one.

    Example:
        >>> f = styblinski_tang()
        >>> f.minima.round(6), f.loss(f.minima.T).round(4)
        (array([[-2.903534, -2.903534]]), array([-78.3323]))

    Reference:
        M. A. Styblinski and T.-S. Tang, Experiments in nonconvex optimization: stochastic approximation with
        function smoothing and simulated annealing, Neural Networks 3(4), 467–483, 1990.
    """

    def profile(t: Any) -> Any:
        return 0.5 * t * (t * (t * t - 16) + 5)

    def slope(t: Any) -> Any:
        return t * (2 * t * t - 16) + 2.5

    lowest, others, saddles, maxima = _separable(profile, slope, 5.0)
    return Surface(
        name="styblinski_tang",
        title="Styblinski–Tang function",
        formula=r"f(x, y) = \tfrac12\left(x^4 - 16x^2 + 5x + y^4 - 16y^2 + 5y\right)",
        value=lambda x, y: profile(x) + profile(y),
        gradient=lambda x, y: (slope(x), slope(y)),
        curvature=lambda x, y: (6 * x * x - 16, 0.0, 6 * y * y - 16),
        domain=((-5, 5), (-5, 5)),
        start=np.array([0.5, 1.0]),
        lr=0.02,
        minima=lowest,
        local_minima=others,
        saddles=saddles,
        maxima=maxima,
        note="A smooth function whose four minima differ in depth: a good start matters more than the method.",
    )


def _separable(
    profile: Callable[[Any], Any], slope: Callable[[Any], Any], reach: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Find the lowest minimum, other minima, saddles and maxima of profile(x) + profile(y), |x|, |y| ≤ reach."""
    t = np.linspace(-reach, reach, 4000)  # even, so that 0 falls between two points
    rising = slope(t) > 0
    turns = np.flatnonzero(rising[1:] != rising[:-1])
    low, high, upwards = t[turns], t[turns + 1], rising[turns + 1]
    for _ in range(60):
        middle = 0.5 * (low + high)
        beyond = (slope(middle) > 0) == upwards
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    roots = np.round(0.5 * (low + high), 15) + 0.0
    wells, peaks = roots[upwards], roots[~upwards]
    lowest = np.argmin(profile(wells))
    best, others = wells[lowest : lowest + 1], np.delete(wells, lowest)

    def pairs(xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
        return np.stack(np.meshgrid(xs, ys, indexing="ij"), axis=-1).reshape(-1, 2)

    return (
        pairs(best, best),
        np.concatenate([pairs(best, others), pairs(others, wells)]),
        np.concatenate([pairs(wells, peaks), pairs(peaks, wells)]),
        pairs(peaks, peaks),
    )
