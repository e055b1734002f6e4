"""A random smooth function of any dimension, and its critical points, found and verified."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from course_lib.arguments import whole
from course_lib.surfaces.base import Surface, number

CRITICAL = 1e-8
"""A point counts as critical if the gradient there is no longer than this."""

_SAME = 1e-4
"""Two points that are this near are one."""


@dataclass(frozen=True, eq=False)
class CriticalPoints:
    """Critical points of a function, each with what its Hessian says.

    Args:
        points: where they are, ``(n, k)``.
        heights: the function there, ``(k,)``.
        eigenvalues: of the Hessian there, in rising order, ``(n, k)``.
    """

    points: np.ndarray
    heights: np.ndarray
    eigenvalues: np.ndarray

    @property
    def index(self) -> np.ndarray:
        """How many directions curve down at each: 0 at a minimum, n at a maximum, ``(k,)``."""
        return np.asarray((self.eigenvalues < 0).sum(axis=0))

    def __len__(self) -> int:
        return len(self.heights)

    def share(self, index: int) -> float:
        """Return the part of the points that have this index."""
        return float(np.mean(self.index == index))

    def __repr__(self) -> str:
        n, k = self.points.shape
        minima, maxima = np.sum(self.index == 0), np.sum(self.index == n)
        return f"CriticalPoints({k} in {n} dimensions: {minima} minima, {k - minima - maxima} saddles, {maxima} maxima)"


class RandomField:
    r"""A sum of many waves of random direction, length and phase, in n dimensions.

    .. math:: f(x) = \sqrt{2/K}\, \sum_{k=1}^{K} \cos(w_k^\top x + b_k), \qquad w_k \sim N(0, I), \; b_k \sim U(0, 2\pi)

    With many waves it is nearly a Gaussian field: heights of mean 0 and variance 1, correlated over a length of 1.

    Args:
        dimension: n, 1 … 20.
        waves: K, ≥ 1.
        seed: of the waves.

    Raises:
        TypeError: for numbers that are not whole.
        ValueError: for numbers out of range.

    Examples:
        >>> field = RandomField(3, seed=1)
        >>> field.loss(np.zeros((3, 5))).shape, field.grad(np.zeros(3)).shape, field.hessian(np.zeros((3, 5))).shape
        ((5,), (3,), (3, 3, 5))
        >>> found = field.critical_points(starts=100)
        >>> bool(np.abs(field.grad(found.points)).max() < 1e-8)
        True

    Reference: R. J. Adler and J. E. Taylor, "Random Fields and Geometry", Springer 2007.
    """

    def __init__(self, dimension: int = 2, waves: int = 200, seed: int = 0) -> None:
        self.dimension, self.waves, self.seed = (
            whole("dimension", dimension, 1, 20),
            whole("waves", waves, 1),
            seed,
        )
        rng = np.random.default_rng(seed)
        self.frequencies = rng.standard_normal((waves, dimension))
        self.phases = rng.uniform(0, 2 * np.pi, waves)

    def __repr__(self) -> str:
        return f"RandomField(dimension={self.dimension}, waves={self.waves}, seed={self.seed})"

    @cached_property
    def _squares(self) -> np.ndarray:
        w = self.frequencies
        return (w[:, :, None] * w[:, None, :]).reshape(self.waves, -1).T

    def _angles(self, x: ArrayLike) -> np.ndarray:
        x = np.asarray(x, float)
        if x.shape[:1] != (self.dimension,):
            raise ValueError(f"x has shape {x.shape}, but it must be ({self.dimension}, *grid)")
        return np.tensordot(self.frequencies, x, 1) + self.phases.reshape(-1, *(1,) * (x.ndim - 1))

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Return a random start, uniform in [−4, 4]ⁿ."""
        return rng.uniform(-4, 4, self.dimension)

    def loss(self, x: ArrayLike, batch: Any = None) -> Any:
        """Return f at points ``(n, *grid)``.

        Raises:
            ValueError: for points of another dimension.
        """
        value = np.sqrt(2 / self.waves) * np.cos(self._angles(x)).sum(axis=0)
        return value if value.ndim else float(value)

    def grad(self, x: ArrayLike, batch: Any = None) -> np.ndarray:
        """Return the gradient at points ``(n, *grid)``, of the same shape."""
        return -np.sqrt(2 / self.waves) * np.tensordot(self.frequencies.T, np.sin(self._angles(x)), 1)

    def hessian(self, x: ArrayLike, batch: Any = None) -> np.ndarray:
        """Return the matrix of second derivatives at points ``(n, *grid)``: ``(n, n, *grid)``."""
        cosines = np.cos(self._angles(x))
        h = -np.sqrt(2 / self.waves) * np.tensordot(self._squares, cosines, 1)
        return h.reshape(self.dimension, self.dimension, *cosines.shape[1:])

    def critical_points(
        self, starts: int = 400, reach: float = 4.0, steps: int = 60, seed: int = 0
    ) -> CriticalPoints:
        r"""Search for critical points of every kind, from random starts.

        Each start follows :math:`x \leftarrow x - (H^2 + \lambda I)^{-1} H g` with :math:`\lambda = \|g\|/1000`, at
        most 0.5 along each coordinate: damped Gauss–Newton for g = 0, which goes to minima, saddles and maxima
        alike. Kept is where :math:`\|g\| < 10^{-8}`, each point once. Those found are a sample, not all there are.

        Args:
            starts: how many, ≥ 1.
            reach: starts are uniform in [−reach, reach]ⁿ.
            steps: how many each takes, ≥ 1.
            seed: of the starts.
        """
        rng = np.random.default_rng(seed)
        starts, reach = whole("starts", starts, 1), number("reach", reach, above=0)
        return self._from(rng.uniform(-reach, reach, (self.dimension, starts)), whole("steps", steps, 1))

    def _from(self, x: np.ndarray, steps: int) -> CriticalPoints:
        """Return the critical points to which some starts ``(n, k)`` lead."""
        x = x.copy()
        moving = np.arange(x.shape[1])
        for _ in range(steps):
            g, h = self.grad(x[:, moving]).T, np.moveaxis(self.hessian(x[:, moving]), -1, 0)
            size = np.linalg.norm(g, axis=1)
            damped = h @ h + 1e-3 * size[:, None, None] * np.eye(self.dimension)
            x[:, moving] -= np.clip(np.linalg.solve(damped, h @ g[..., None])[..., 0], -0.5, 0.5).T
            moving = moving[size > CRITICAL / 100]
            if not len(moving):
                break
        x = x[:, np.linalg.norm(self.grad(x), axis=0) < CRITICAL]
        apart = np.linalg.norm(x[:, :, None] - x[:, None], axis=0) < _SAME
        x = x[:, ~np.triu(apart, 1).any(axis=0)]
        eigenvalues = np.linalg.eigvalsh(np.moveaxis(self.hessian(x), -1, 0)).T
        return CriticalPoints(x, np.asarray(self.loss(x)), eigenvalues)

    def surface(self, reach: float = 4.0) -> Surface:
        """Return a field of two dimensions as a surface with all critical points in a square as its landmarks.

        Args:
            reach: the square is [−reach, reach]²; > 0.

        Raises:
            ValueError: if the field has another dimension.

        Examples:
            >>> ground = RandomField(2, seed=3).surface()
            >>> sum(map(len, (ground.minima, ground.local_minima, ground.saddles, ground.maxima))) > 20
            True
        """
        if self.dimension != 2:
            raise ValueError(f"{self!r} has dimension {self.dimension}, but a surface has two")
        reach = number("reach", reach, above=0)
        side = np.linspace(-reach, reach, max(int(6 * reach), 12))
        found = self._from(np.stack(np.meshgrid(side, side)).reshape(2, -1), 60)
        inside = (np.abs(found.points) <= reach).all(axis=0)
        places = {k: found.points[:, inside & (found.index == k)].T for k in range(3)}
        order = np.argsort(self.loss(places[0].T))
        minima = places[0][order]

        def at(x: Any, y: Any) -> np.ndarray:
            return np.stack(np.broadcast_arrays(x, y))

        def curvature(x: Any, y: Any) -> tuple[Any, Any, Any]:
            h = self.hessian(at(x, y))
            return h[0, 0], h[0, 1], h[1, 1]

        return Surface(
            name=f"random_field_{self.seed}",
            title="Random field",
            formula=r"f(x) = \sqrt{2/K}\,\sum_k \cos(w_k^\top x + b_k)",
            value=lambda x, y: self.loss(at(x, y)),
            gradient=lambda x, y: tuple(self.grad(at(x, y))),
            curvature=curvature,
            domain=((-reach, reach), (-reach, reach)),
            start=np.zeros(2),
            lr=0.1,
            minima=minima[:1],
            local_minima=minima[1:],
            saddles=places[1],
            maxima=places[2],
            note="As many saddles as minima and maxima together, as on every surface that goes on like this for ever.",
        )
