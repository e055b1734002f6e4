"""Classical test functions: a curved valley, one with cliffs, one with four basins, and the heavy ball's trap."""

from typing import Any

import numpy as np

from course_lib.surfaces.base import Surface, number


def rosenbrock(a: float = 1.0, b: float = 100.0) -> Surface:
    """Make Rosenbrock's banana valley, f(x, y) = (a − x)² + b (y − x²)².

    The floor y = x² is found at once; following it to the only critical point (a, a²) is slow.

    Args:
        a: position of the minimum along x, finite.
        b: steepness of the walls, > 0.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> f = rosenbrock()
        >>> float(f.loss([-1.2, 1.0])).__round__(6)
        24.2
        >>> f.grad([1, 1])
        array([0., 0.])

    Reference:
        H. H. Rosenbrock, An automatic method for finding the greatest or least value of a function, The
        Computer Journal 3(3), 175–184, 1960.
    """
    a = number("a", a)
    b = number("b", b, above=0)
    reach = max(1.0, abs(a))

    def value(x: Any, y: Any) -> Any:
        u, v = a - x, y - x * x
        return u * u + b * v * v

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        gy = 2 * b * (y - x * x)
        return 2 * (x - a) - 2 * x * gy, gy

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        return 2 + b * (12 * x * x - 4 * y), -4 * b * x, 2 * b

    return Surface(
        name="rosenbrock",
        title="Rosenbrock's banana",
        formula=r"f(x, y) = (a - x)^2 + b\,(y - x^2)^2",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-2 * reach, 2 * reach), (-(reach**2), 3 * reach**2)),
        start=np.array([-1.2, 1.0]),
        lr=min(0.2, 0.1 / (b * reach**2)),
        minima=np.array([[a, a * a]]),
        levels="log",
        note="Finding the valley is easy, following its bend is hard: the classical test of an optimizer.",
        params={"a": a, "b": b},
    )


def beale() -> Surface:
    """Make Beale's function, f(x, y) = Σᵢ (cᵢ − x + x yⁱ)² with i = 1, 2, 3 and c = (1.5, 2.25, 2.625).

    The only minimum is (3, ½), of height 0; on the plain around it the gradient is small, towards the
    corners it is huge. Saddles lie at (0, 1) and near (0.10, −2.64).

    Example:
        >>> f = beale()
        >>> float(f.loss([3.0, 0.5])), float(f.loss([0.0, 1.0]))
        (0.0, 14.203125)

    Reference:
        E. M. L. Beale, On an iterative method for finding a local minimum of a function of more than one
        variable, Technical Report 25, Statistical Techniques Research Group, Princeton University, 1958;
        problem 5 of J. J. Moré, B. S. Garbow and K. E. Hillstrom, Testing unconstrained optimization software,
        ACM Transactions on Mathematical Software 7(1), 17–41, 1981.
    """

    def residuals(x: Any, y: Any) -> tuple[Any, Any, Any]:
        y2 = y * y
        return 1.5 + x * (y - 1), 2.25 + x * (y2 - 1), 2.625 + x * (y2 * y - 1)

    def value(x: Any, y: Any) -> Any:
        r1, r2, r3 = residuals(x, y)
        return r1 * r1 + r2 * r2 + r3 * r3

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        r1, r2, r3 = residuals(x, y)
        y2 = y * y
        return (
            2 * (r1 * (y - 1) + r2 * (y2 - 1) + r3 * (y2 * y - 1)),
            2 * x * (r1 + 2 * y * r2 + 3 * y2 * r3),
        )

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        r1, r2, r3 = residuals(x, y)
        y2 = y * y
        d1, d2, d3 = y - 1, y2 - 1, y2 * y - 1
        return (
            2 * (d1 * d1 + d2 * d2 + d3 * d3),
            2 * (r1 + 2 * y * r2 + 3 * y2 * r3 + x * (d1 + 2 * y * d2 + 3 * y2 * d3)),
            2 * x * (2 * r2 + 6 * y * r3 + x * (1 + 4 * y2 + 9 * y2 * y2)),
        )

    return Surface(
        name="beale",
        title="Beale's function",
        formula=r"f(x, y) = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-4.5, 4.5), (-4.5, 4.5)),
        start=np.array([1.0, 1.5]),
        lr=0.005,
        minima=np.array([[3.0, 0.5]]),
        saddles=np.array([[0.0, 1.0], [0.10053793732415836, -2.644513585023125]]),
        levels="log",
        note="One learning rate has to serve cliffs and a plain whose slopes differ by many powers of ten.",
    )


def himmelblau() -> Surface:
    """Make Himmelblau's function, f(x, y) = (x² + y − 11)² + (x + y² − 7)².

    Four minima of height 0, four saddles between them and one maximum in the middle: nine critical points,
    all inside the domain.

    Example:
        >>> f = himmelblau()
        >>> float(f.loss([3.0, 2.0])), len(f.minima), len(f.saddles), len(f.maxima)
        (0.0, 4, 4, 1)

    Reference:
        D. M. Himmelblau, Applied Nonlinear Programming, McGraw-Hill, 1972.
    """

    def value(x: Any, y: Any) -> Any:
        u, v = x * x + y - 11, x + y * y - 7
        return u * u + v * v

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        u, v = x * x + y - 11, x + y * y - 7
        return 4 * x * u + 2 * v, 2 * u + 4 * y * v

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        return 12 * x * x + 4 * y - 42, 4 * (x + y), 12 * y * y + 4 * x - 26

    return Surface(
        name="himmelblau",
        title="Himmelblau's function",
        formula=r"f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-6, 6), (-6, 6)),
        start=np.array([-0.5, -0.5]),
        lr=0.005,
        minima=np.array(
            [
                [3.0, 2.0],
                [-2.805118086952745, 3.131312518250573],
                [-3.779310253377747, -3.2831859912861696],
                [3.5844283403304917, -1.8481265269644036],
            ]
        ),
        saddles=np.array(
            [
                [3.385154183607021, 0.07385187983774928],
                [0.08667750455539636, 2.884254701174776],
                [-3.0730257507643897, -0.08135304428796751],
                [-0.12796134673068008, -1.9537149802445763],
            ]
        ),
        maxima=np.array([[-0.2708445906673476, -0.9230385564799815]]),
        levels="log",
        note="Four equally good minima: where one ends depends on the start, the step and the method.",
    )


def lessard(condition: float = 25.0, largest: float = 25.0) -> Surface:
    """Make the convex function on which the heavy ball runs in a circle, f(x, y) = φ(x) + ½ μ y².

    The slope of φ has three straight pieces: it is L·x, but between x = 1 and x = 2 it grows only by μ. So the
    curvature is L or μ everywhere: f is smooth and strongly convex, with one minimum at the origin.

    φ′(x) = L·x − (L − μ)·min(max(x − 1, 0), 1),  L = `largest`, μ = L/`condition`

    At the best settings for quadratics of condition 25, lr = 25/(9·L) and β = 4/9, momentum runs from the start for
    ever through three points, x = 0.6465, −1.8024, 2.1159. The second derivative jumps at x = 1 and x = 2.

    Args:
        condition: ratio L/μ of the two curvatures, ≥ 1.
        largest: the larger curvature L, > 0.

    Raises:
        ValueError: an argument outside its range.

    Example:
        >>> f = lessard()
        >>> f.grad([[0.5, 1.5, 2.5], [0.0, 0.0, 0.0]])[0]  # 25x, x + 24, 25x − 24
        array([12.5, 25.5, 38.5])

    Reference:
        L. Lessard, B. Recht and A. Packard, Analysis and design of optimization algorithms via integral quadratic
        constraints, SIAM Journal on Optimization 26(1), 57–95, 2016, section 4.6.
    """
    condition = number("condition", condition, least=1)
    largest = number("largest", largest, above=0)
    smallest = largest / condition
    relief = largest - smallest

    def value(x: Any, y: Any) -> Any:
        u = np.clip(x - 1, 0, 1)
        return 0.5 * largest * x * x - relief * u * (x - 1 - 0.5 * u) + 0.5 * smallest * y * y

    def gradient(x: Any, y: Any) -> tuple[Any, Any]:
        return largest * x - relief * np.clip(x - 1, 0, 1), smallest * y

    def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
        return largest - relief * ((x > 1) & (x < 2)), 0.0, smallest

    return Surface(
        name="lessard",
        title="The heavy ball's trap",
        formula=r"f(x, y) = \varphi(x) + \tfrac12\, \mu\, y^2,\quad "
        r"\varphi'' = \mu \text{ for } 1 < x < 2, \text{ else } L",
        value=value,
        gradient=gradient,
        curvature=curvature,
        domain=((-4, 4), (-3, 3)),
        start=np.array([3.3, 2.0]),
        lr=2 / (largest + smallest),
        minima=np.zeros((1, 2)),
        levels="log",
        note="Convex, smooth, one minimum: and yet momentum at its best settings for quadratics never arrives.",
        params={"condition": condition, "largest": largest},
    )
