"""What a surface is: a function of two variables that knows its derivatives and its landmarks."""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from course_lib.gradients import check_gradient

Domain = tuple[tuple[float, float], tuple[float, float]]
_NOWHERE = np.empty((0, 2))


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Surface:
    """A function f(x, y) with exact gradient and Hessian: the smallest problem an optimizer can be given.

    A point is an array `(2, *grid)`: one point is `(2,)`, a map of 64 × 64 points is `(2, 64, 64)`, and
    `x, y = p` unpacks both. Like every problem it has `init(rng)`, `loss(p, batch)` and `grad(p, batch)`;
    there is no data, so `batch` is ignored. The dtype of the point is the dtype of the answer (integers
    become float64). Far outside the domain the answers are inf or nan, never an exception.

    To make a surface of your own, give a name and three functions of (x, y). Written with numpy's
    functions they work on grids by themselves.

    Args:
        name: identifier, the key in `SURFACES`.
        value: (x, y) → f.
        gradient: (x, y) → (∂f/∂x, ∂f/∂y).
        curvature: (x, y) → (∂²f/∂x², ∂²f/∂x∂y, ∂²f/∂y²); only `hessian` needs it.
        title: name for headings; the identifier if left out.
        formula: LaTeX without dollar signs.
        domain: ((xmin, xmax), (ymin, ymax)), the window worth drawing.
        start: recommended starting point, inside the domain.
        lr: a learning rate > 0 that suits gradient descent from `start`.
        minima: the global minima, `(k, 2)`.
        local_minima: the other local minima inside the domain, where they can be listed, `(k, 2)`.
        saddles: saddle points, `(k, 2)`.
        maxima: local maxima, `(k, 2)`.
        bounded: False if f has no lowest value.
        levels: "log" where contour levels should be spaced logarithmically above the minimum.
        note: one sentence, what there is to learn here.
        params: the factory's arguments, for the repr.

    Raises:
        ValueError: a field is outside its range; the message names it.

    Warns:
        UserWarning: the gradient is not the slope of the value near `start`; see `check_gradient`.

    Example:
        >>> bowl = Surface(
        ...     name="bowl",
        ...     value=lambda x, y: x**2 + y**2,
        ...     gradient=lambda x, y: (2 * x, 2 * y),
        ...     curvature=lambda x, y: (2, 0, 2),
        ... )
        >>> bowl.grad(np.array([1.0, -3.0]))
        array([ 2., -6.])
        >>> bowl.loss(np.ones((2, 4, 5))).shape
        (4, 5)
        >>> bowl.hessian([1, -3])
        array([[2., 0.],
               [0., 2.]])
    """

    name: str
    value: Callable[[Any, Any], Any]
    gradient: Callable[[Any, Any], tuple[Any, Any]]
    curvature: Callable[[Any, Any], tuple[Any, Any, Any]] | None = None
    title: str = ""
    formula: str = ""
    domain: Domain = ((-2.0, 2.0), (-2.0, 2.0))
    start: np.ndarray = field(default_factory=lambda: np.ones(2))
    lr: float = 0.1
    minima: np.ndarray = field(default_factory=_NOWHERE.copy)
    local_minima: np.ndarray = field(default_factory=_NOWHERE.copy)
    saddles: np.ndarray = field(default_factory=_NOWHERE.copy)
    maxima: np.ndarray = field(default_factory=_NOWHERE.copy)
    bounded: bool = True
    levels: Literal["linear", "log"] = "linear"
    note: str = ""
    params: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__  # the dataclass is frozen
        put(self, "title", self.title or self.name.replace("_", " ").capitalize())
        put(self, "domain", _domain(self.domain))
        put(self, "lr", number("lr", self.lr, above=0))
        if self.levels not in ("linear", "log"):
            raise ValueError(f'levels must be "linear" or "log", got {self.levels!r}')
        if np.shape(self.start) != (2,) or not np.isfinite(self.start).all():
            raise ValueError(f"start must be two finite numbers, got {self.start!r}")
        put(self, "start", _frozen(self.start))
        for landmark in ("minima", "local_minima", "saddles", "maxima"):
            points = np.asarray(getattr(self, landmark), dtype=float)
            if points.size and (points.ndim != 2 or points.shape[1] != 2):
                raise ValueError(f"{landmark} must have shape (k, 2), got shape {points.shape}")
            put(self, landmark, _frozen(points.reshape(-1, 2)))
        if not str(getattr(self.value, "__module__", "")).startswith("course_lib."):
            self._look_at_gradient()

    def _look_at_gradient(self) -> None:
        """Warn in words if a surface of somebody's own has a gradient that is not its slope."""
        try:
            report = check_gradient(self, tolerance=1e-3)
        except (ArithmeticError, TypeError, ValueError):
            return  # whatever is the matter will be told when the surface is used
        if not report:
            warnings.warn(f"Surface {self.name!r}: {report}", stacklevel=4)

    def __repr__(self) -> str:
        settings = "".join(f", {key}={val:g}" for key, val in self.params.items())
        return f"Surface({self.name!r}{settings})"

    def init(self, rng: np.random.Generator | None = None) -> np.ndarray:
        """Return a fresh copy of `start`; `rng` is there because every problem's `init` has it."""
        return self.start.copy()

    def loss(self, p: ArrayLike, batch: Any = None) -> Any:
        """Height f at the points `p` of shape `(2, *grid)`; the answer has the shape of the grid.

        Raises:
            ValueError: the first axis of `p` does not have length 2.
        """
        p = _points(p)
        return self.value(p[0], p[1])

    def grad(self, p: ArrayLike, batch: Any = None) -> np.ndarray:
        """Gradient at the points `p`; the answer has the shape of `p`.

        Raises:
            ValueError: the first axis of `p` does not have length 2.
        """
        p = _points(p)
        out = np.empty_like(p)  # filled by hand: a quarter of the time of np.stack for a single point
        out[0], out[1] = self.gradient(p[0], p[1])
        return out

    def hessian(self, p: ArrayLike, batch: Any = None) -> np.ndarray:
        """Matrix of second derivatives at the points `p`, of shape `(2, 2, *grid)`.

        Raises:
            ValueError: the first axis of `p` does not have length 2, or the surface has no `curvature`.
        """
        if self.curvature is None:
            raise ValueError(
                f"surface {self.name!r} has no curvature: give a function (x, y) → fxx, fxy, fyy"
            )
        p = _points(p)
        out = np.empty((2, *p.shape), dtype=p.dtype)
        out[0, 0], out[0, 1], out[1, 1] = self.curvature(p[0], p[1])
        out[1, 0] = out[0, 1]
        out += 0.0  # −0.0 becomes 0.0: a Hessian is there to be read
        return out

    def mesh(self, n: int = 200, domain: Domain | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Arrays (X, Y, Z) of shape `(n, n)`, x along the columns, as contour plots want them.

        Args:
            n: points along each side, at least 2.
            domain: ((xmin, xmax), (ymin, ymax)); the surface's own if left out.

        Raises:
            ValueError: `n` below 2, or a domain that is not two increasing pairs of finite numbers.
        """
        if not isinstance(n, int | np.integer) or n < 2:
            raise ValueError(f"n must be an integer of at least 2, got {n!r}")
        (left, right), (bottom, top) = self.domain if domain is None else _domain(domain)
        p = np.stack(np.meshgrid(np.linspace(left, right, n), np.linspace(bottom, top, n)))
        return p[0], p[1], self.loss(p)


def number(
    name: str, value: Any, *, above: float = -math.inf, least: float = -math.inf, most: float = math.inf
) -> float:
    """Return `value` as a float, or raise a ValueError that names the argument and what it may be.

    Args:
        name: the argument, for the message.
        value: what the caller gave.
        above: the value must be greater than this.
        least: the value must not be less than this.
        most: the value must not be greater than this.

    Raises:
        TypeError: not a number.
        ValueError: not finite, or out of range.
    """
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} must be a number, got {value!r}") from None
    if not (math.isfinite(result) and result > above and least <= result <= most):
        limits = [("> ", above, -math.inf), ("≥ ", least, -math.inf), ("≤ ", most, math.inf)]
        allowed = " and ".join(f"{sign}{limit:g}" for sign, limit, off in limits if limit != off)
        raise ValueError(f"{name} must be a finite number {allowed}".rstrip() + f", got {value!r}")
    return result


def _points(p: Any) -> np.ndarray:
    # Inner loops come here hundreds of times a picture: the usual case must cost one line.
    if type(p) is np.ndarray and p.dtype.kind in "fc" and p.shape[:1] == (2,):
        return p
    p = np.asarray(p)
    if p.shape[:1] != (2,):
        raise ValueError(f"p must have shape (2, *grid), so that x, y = p; got shape {p.shape}")
    return p if p.dtype.kind in "fc" else p.astype(float)


def _frozen(points: ArrayLike) -> np.ndarray:
    # The surfaces in SURFACES are shared: nobody may move their start in place.
    points = np.array(points, dtype=float)
    points.setflags(write=False)
    return points


def _domain(domain: Any) -> Domain:
    pairs = np.asarray(domain, dtype=float)
    if pairs.shape != (2, 2) or not np.isfinite(pairs).all() or not (pairs[:, 0] < pairs[:, 1]).all():
        raise ValueError(f"domain must be ((xmin, xmax), (ymin, ymax)), both increasing, got {domain!r}")
    (left, right), (bottom, top) = pairs.tolist()
    return (left, right), (bottom, top)
