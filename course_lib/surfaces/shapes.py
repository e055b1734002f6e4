"""Surfaces that show one thing each: a bowl, a valley, a saddle, a plateau."""

import math
from typing import Any

import numpy as np

from course_lib.surfaces.base import Surface, number

_ORIGIN = np.zeros((1, 2))


def quadratic(condition: float = 10.0, angle: float = 0.0, largest: float = 1.0) -> Surface:
    """Make a quadratic bowl, f(p) = ½ pᵀ A p, whose valley floor points in the direction `angle`.

    A has the eigenvalue largest/condition along (cos angle, sin angle) and `largest` across it, so at angle 0
    the valley lies along x and the steep direction is y. Near a minimum every smooth function looks like this.
    Gradient descent converges for lr < 2/largest; `lr` is the best fixed one, 2/(largest + largest/condition).

    Args:
        condition: ratio of the two eigenvalues, ≥ 1.
        angle: direction of the valley floor in radians, counter-clockwise from the x axis.
        largest: the larger eigenvalue, > 0.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> valley = quadratic(condition=4.0)
        >>> valley.hessian([3.0, 1.0])
        array([[0.25, 0.  ],
               [0.  , 1.  ]])
        >>> valley.lr
        1.6

    Reference:
        S. Boyd and L. Vandenberghe, Convex Optimization, Cambridge University Press, 2004, section 9.3.2.
    """
    condition = number("condition", condition, least=1)
    angle = number("angle", angle)
    largest = number("largest", largest, above=0)
    smallest, c, s = largest / condition, math.cos(angle), math.sin(angle)
    a = smallest * c * c + largest * s * s
    b = (smallest - largest) * c * s
    d = smallest * s * s + largest * c * c

    return Surface(
        name="quadratic",
        title="Quadratic bowl",
        formula=r"f(p) = \tfrac12\, p^\top A\, p,\quad \lambda_{\max}/\lambda_{\min} = \kappa",
        value=lambda x, y: 0.5 * (x * (a * x + 2 * b * y) + d * y * y),
        gradient=lambda x, y: (a * x + b * y, b * x + d * y),
        curvature=lambda x, y: (a, b, d),
        domain=((-4, 4), (-4, 4)),
        start=np.array([3 * c - s, 3 * s + c]),
        lr=2 / (largest + smallest),
        minima=_ORIGIN,
        note="How the ratio of the curvatures sets the speed, and why descent zig-zags across a valley.",
        params={"condition": condition, "angle": angle, "largest": largest},
    )


def pseudo_huber(delta: float = 1.0) -> Surface:
    """Make a convex bowl that is not quadratic: a parabola at the bottom, a cone far away.

    f(x, y) = h(x) + h(y) with h(t) = δ² (√(1 + t²/δ²) − 1), so |h′| < δ and h″ = (1 + t²/δ²)^(−3/2).
    A Newton step from t lands on −t³/δ²: from outside |t| = δ it diverges although the function is convex.

    Args:
        delta: distance δ at which the parabola turns into a straight slope, > 0.

    Raises:
        ValueError: `delta` outside its range.

    Example:
        >>> f = pseudo_huber()
        >>> f.grad([0.0, 1e6]).round(6)
        array([0., 1.])

    Reference:
        P. Charbonnier, L. Blanc-Féraud, G. Aubert and M. Barlaud, Deterministic edge-preserving regularization
        in computed imaging, IEEE Transactions on Image Processing 6(2), 298–311, 1997.
    """
    delta = number("delta", delta, above=0)
    k = 1 / delta**2

    def value(x: Any, y: Any) -> Any:
        u, v = x * x, y * y  # u / (1 + √…) instead of √… − 1: no digits lost near the minimum
        return u / (1 + np.sqrt(1 + k * u)) + v / (1 + np.sqrt(1 + k * v))

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        return x / np.sqrt(1 + k * x * x), y / np.sqrt(1 + k * y * y)

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        return (1 + k * x * x) ** -1.5, 0.0, (1 + k * y * y) ** -1.5

    return Surface(
        name="pseudo_huber",
        title="Pseudo-Huber bowl",
        formula=r"f(x, y) = \delta^2\left(\sqrt{1 + x^2/\delta^2} + \sqrt{1 + y^2/\delta^2} - 2\right)",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-4 * delta, 4 * delta), (-4 * delta, 4 * delta)),
        start=np.array([3 * delta, -2 * delta]),
        lr=0.5,
        minima=_ORIGIN,
        note="Convex does not mean quadratic: the gradient never exceeds its bound, and plain Newton diverges.",
        params={"delta": delta},
    )


def ravine(floor: float = 0.01, bend: float = 1.0) -> Surface:
    """Make a long valley that winds along y = bend · sin x, everywhere equally narrow.

    f(x, y) = ½ (y − bend · sin x)² + ½ floor · x²: a quadratic of condition about 1/floor in bent
    coordinates. The origin is its only critical point, but no fixed direction leads there.

    Args:
        floor: curvature along the valley, in (0, 1].
        bend: height of the bends, ≥ 0; at 0 the ravine is the straight valley of `quadratic`.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> f = ravine()
        >>> f.loss([[np.pi, np.pi], [0.0, 2.0]]).round(4)  # on the floor, and beside it
        array([0.0493, 2.0493])

    Reference:
        The form is this course's own. The word is due to I. M. Gelfand and M. L. Tsetlin, The principle of
        nonlocal search in automatic optimization systems, Doklady Akademii Nauk SSSR 137, 295–298, 1961.
    """
    floor = number("floor", floor, above=0, most=1)
    bend = number("bend", bend, least=0)

    def value(x: Any, y: Any) -> Any:
        across = y - bend * np.sin(x)
        return 0.5 * (across * across + floor * x * x)

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        across = y - bend * np.sin(x)
        return floor * x - bend * np.cos(x) * across, across

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        slope, rise = bend * np.cos(x), bend * np.sin(x)
        return floor + slope * slope + rise * (y - rise), -slope, 1.0

    return Surface(
        name="ravine",
        title="Winding ravine",
        formula=r"f(x, y) = \tfrac12\,(y - b \sin x)^2 + \tfrac12\, c\, x^2",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-7, 7), (-bend - 2, bend + 2)),
        start=np.array([-6.0, 1.5 + 0.5 * bend]),
        lr=0.8 / (1 + bend**2),
        minima=_ORIGIN,
        levels="log",
        note="Memory of past gradients pays in a long valley, until the valley turns.",
        params={"floor": floor, "bend": bend},
    )


def plateau(width: float = 1.0) -> Surface:
    """Make a flat plain with one well in it, f(x, y) = 1 − exp(−(x² + 3y²) / (2 width²)).

    Away from the well the gradient dies off like a Gaussian, as it does in a saturated unit of a network.

    Args:
        width: width of the well along x, > 0.

    Raises:
        ValueError: `width` outside its range.

    Example:
        >>> f = plateau()
        >>> f.grad([4.0, 0.0]).round(5)  # the plain: hardly any slope
        array([0.00134, 0.     ])

    Reference:
        The form is this course's own. On why flat stretches are common in networks: X. Glorot and Y. Bengio,
        Understanding the difficulty of training deep feedforward neural networks, AISTATS, 2010.
    """
    width = number("width", width, above=0)
    a, b = 1 / width**2, 3 / width**2

    def value(x: Any, y: Any) -> Any:
        return -np.expm1(-0.5 * (a * x * x + b * y * y))

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        bell = np.exp(-0.5 * (a * x * x + b * y * y))
        return a * x * bell, b * y * bell

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        u, v = a * x, b * y
        bell = np.exp(-0.5 * (u * x + v * y))
        return (a - u * u) * bell, -u * v * bell, (b - v * v) * bell

    return Surface(
        name="plateau",
        title="Plateau with a well",
        formula=r"f(x, y) = 1 - \exp\left(-\frac{x^2 + 3y^2}{2 w^2}\right)",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-4.5 * width, 4.5 * width), (-3 * width, 3 * width)),
        start=np.array([-3.2 * width, 0.6 * width]),
        lr=0.5 * width**2,
        minima=_ORIGIN,
        note="Where the gradient is tiny, a step proportional to it is tiny too; normalised steps walk on.",
        params={"width": width},
    )


def saddle() -> Surface:
    """Make the simple saddle, f(x, y) = x² − y²: a minimum along x, a maximum along y.

    The start lies close to the ridge y = 0, which leads straight into the saddle. The surface has no
    minimum: who leaves the saddle runs away for ever, which is what the race of lesson 11 measures.

    Example:
        >>> np.linalg.eigvalsh(saddle().hessian([0.0, 0.0]))
        array([-2.,  2.])

    Reference:
        Y. Dauphin, R. Pascanu, C. Gulcehre, K. Cho, S. Ganguli and Y. Bengio, Identifying and attacking the
        saddle point problem in high-dimensional non-convex optimization, NIPS, 2014.
    """
    return Surface(
        name="saddle",
        title="Saddle",
        formula=r"f(x, y) = x^2 - y^2",
        value=lambda x, y: x * x - y * y,
        gradient=lambda x, y: (2 * x, -2 * y),
        curvature=lambda x, y: (2.0, 0.0, -2.0),
        domain=((-2, 2), (-2, 2)),
        start=np.array([-1.5, 0.01]),
        lr=0.05,
        saddles=_ORIGIN,
        bounded=False,
        note="The gradient vanishes at a saddle as it does at a minimum; only the Hessian tells them apart.",
    )


def monkey_saddle() -> Surface:
    """Make the monkey saddle, f(x, y) = x³ − 3xy²: three valleys and three ridges meet at the origin.

    There the Hessian is zero, so second derivatives cannot classify the point. No minimum exists.

    Example:
        >>> monkey_saddle().hessian([0.0, 0.0])
        array([[0., 0.],
               [0., 0.]])

    Reference:
        D. Hilbert and S. Cohn-Vossen, Geometry and the Imagination, Chelsea, 1952, chapter IV.
    """
    return Surface(
        name="monkey_saddle",
        title="Monkey saddle",
        formula=r"f(x, y) = x^3 - 3 x y^2",
        value=lambda x, y: x * (x * x - 3 * y * y),
        gradient=lambda x, y: (3 * (x * x - y * y), -6 * x * y),
        curvature=lambda x, y: (6 * x, -6 * y, -6 * x),
        domain=((-1.5, 1.5), (-1.5, 1.5)),
        start=np.array([1.2, 0.01]),
        lr=0.02,
        saddles=_ORIGIN,
        bounded=False,
        note="A critical point the Hessian cannot classify: all of its eigenvalues are zero.",
    )


def double_well() -> Surface:
    """Make a saddle between two minima, f(x, y) = ½x² − ½y² + ¼y⁴.

    The critical points are the saddle (0, 0) and the minima (0, ±1), both of height −¼. The start lies close
    to the line y = 0, along which gradient descent would end in the saddle.

    Example:
        >>> f = double_well()
        >>> f.loss(f.minima.T)
        array([-0.25, -0.25])

    Reference:
        Y. Nesterov, Introductory Lectures on Convex Optimization, Kluwer, 2004, section 1.2.3, uses it to show
        that the gradient method may converge to a point that is no minimum.
    """
    return Surface(
        name="double_well",
        title="Double well",
        formula=r"f(x, y) = \tfrac12 x^2 - \tfrac12 y^2 + \tfrac14 y^4",
        value=lambda x, y: 0.5 * (x * x - y * y * (1 - 0.5 * y * y)),
        gradient=lambda x, y: (x, y * (y * y - 1)),
        curvature=lambda x, y: (1.0, 0.0, 3 * y * y - 1),
        domain=((-2, 2), (-1.8, 1.8)),
        start=np.array([-1.5, 0.01]),
        lr=0.1,
        minima=np.array([[0.0, -1.0], [0.0, 1.0]]),
        saddles=_ORIGIN,
        note="Leaving a saddle takes time, and the smallest nudge decides in which minimum one ends.",
    )
