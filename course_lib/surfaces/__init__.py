"""Functions of two variables with exact gradient, Hessian and landmarks.

`RandomField` is a function of any number of variables, `index_shares` says of which kind critical points are.
`SURFACES` holds every surface with its default parameters, `surface` looks one up, and the factories
(`quadratic`, `rosenbrock`, …) make variants.

Example:
    >>> f = surface("himmelblau")
    >>> f.grad(f.minima[0])
    array([0., 0.])
    >>> X, Y, Z = f.mesh(50)
    >>> Z.shape
    (50, 50)
"""

from course_lib.gradients import GradientReport, check_gradient
from course_lib.surfaces.base import Domain, Surface
from course_lib.surfaces.classics import beale, himmelblau, lessard, rosenbrock
from course_lib.surfaces.critical import function_points, index_shares, random_symmetric
from course_lib.surfaces.many_minima import ackley, rastrigin, styblinski_tang
from course_lib.surfaces.random_field import CriticalPoints, RandomField
from course_lib.surfaces.shapes import (
    double_well,
    monkey_saddle,
    plateau,
    pseudo_huber,
    quadratic,
    ravine,
    saddle,
)

__all__ = [
    "SURFACES",
    "CriticalPoints",
    "Domain",
    "GradientReport",
    "RandomField",
    "Surface",
    "ackley",
    "beale",
    "check_gradient",
    "double_well",
    "function_points",
    "himmelblau",
    "index_shares",
    "lessard",
    "monkey_saddle",
    "plateau",
    "pseudo_huber",
    "quadratic",
    "random_symmetric",
    "rastrigin",
    "ravine",
    "rosenbrock",
    "saddle",
    "styblinski_tang",
    "surface",
]

SURFACES: dict[str, Surface] = {
    made.name: made
    for made in (
        quadratic(),
        pseudo_huber(),
        ravine(),
        plateau(),
        saddle(),
        monkey_saddle(),
        double_well(),
        rosenbrock(),
        beale(),
        himmelblau(),
        rastrigin(),
        ackley(),
        styblinski_tang(),
        lessard(),
    )
}


def surface(name: str | Surface) -> Surface:
    """Return the surface of that name; a Surface is returned as it is.

    Args:
        name: a key of `SURFACES`, or a Surface.

    Raises:
        ValueError: unknown name; the message lists the known ones and the closest.
        TypeError: neither a name nor a Surface.

    Example:
        >>> surface("rosenbrock")
        Surface('rosenbrock', a=1, b=100)
        >>> surface("rosenbrok")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ValueError: unknown surface 'rosenbrok' (did you mean 'rosenbrock'?); known: quadratic, ...
    """
    if isinstance(name, Surface):
        return name
    if not isinstance(name, str):
        raise TypeError(f"surface must be a name or a Surface, got {type(name).__name__}")
    if name in SURFACES:
        return SURFACES[name]
    import difflib  # only ever needed for this message

    close = difflib.get_close_matches(name.lower().replace(" ", "_"), SURFACES, n=1, cutoff=0.5)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise ValueError(f"unknown surface {name!r}{hint}; known: {', '.join(SURFACES)}")
