"""Matrix factorisation: two unknown factors whose product is known at some places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .data import Data
from .datasets import split
from .network import Weights
from .problem import Problem
from .settings import check_sizes
from .stacks import to_back, to_front


@dataclass(frozen=True, eq=False, kw_only=True)
class MatrixFactorisation(Problem):
    r"""Find U and V whose product agrees with the entries of a matrix that are known.

    .. math::
        f(U, V) &= \frac{1}{2N} \sum_n e_n^2 + \frac\lambda2 (\lVert U \rVert^2 + \lVert V \rVert^2), \qquad
            e_n = u_{i_n} \cdot v_{j_n} - y_n \\
        \nabla_U f &= S_i^\top (e \odot S_j V) / N + \lambda U, \qquad \nabla_V f = S_j^\top (e \odot S_i U) / N +
        \lambda V

    where the row n of S_i has its one 1 at i_n: gathering rows and adding them up again are products with one
    matrix. Not convex, with a saddle at zero, and as many minima as there are rotations of the factors; a batch
    moves only the rows it names.

    Args:
        train: inputs are pairs (i, j) ``(N, 2)`` of whole numbers, targets the entries y.
        valid: entries for choosing settings, if any.
        test: held-out entries, if any.
        shape: of the matrix, (rows, columns).
        rank: k, columns of U and V, ≥ 1.
        l2: λ, ≥ 0.

    Parameters are a dict of U ``(rows, k, *grid)`` and V ``(columns, k, *grid)``.

    Raises:
        ValueError: for places outside the matrix, a negative l2 or a rank below 1.

    Examples:
        >>> problem = MatrixFactorisation.low_rank(rows=8, columns=6, rank=2)
        >>> {name: part.shape for name, part in problem.init(np.random.default_rng(0)).items()}
        {'U': (8, 2), 'V': (6, 2)}

    Reference: Y. Koren, R. Bell and C. Volinsky, "Matrix factorization techniques for recommender systems", Computer 42
    (2009).
    """

    shape: tuple[int, int]
    rank: int = 3
    l2: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes("rank", (self.rank,))
        for name, data in self.parts_of_data():
            places = data.inputs
            inside = places.dtype.kind in "iu" and places.shape[1] == 2
            if not inside or (places < 0).any() or (places >= np.array(self.shape)).any():
                raise ValueError(f"{name}: inputs must be pairs of whole numbers inside the matrix of shape "
                                 f"{self.shape}, but have shape {places.shape}, type {places.dtype} and run from "
                                 f"{places.min()} to {places.max()}")  # fmt: skip

    @classmethod
    def low_rank(
        cls, rows: int = 60, columns: int = 40, rank: int = 3, known: float = 0.5, noise: float = 0.1,
        seed: int = 0, dtype: type = np.float64, **more: Any,
    ) -> MatrixFactorisation:  # fmt: skip
        """Return the problem on a random matrix of low rank plus noise, entries of variance 1.

        Args:
            rows: of the matrix.
            columns: of the matrix.
            rank: of the matrix and of the factors sought.
            known: share of the entries that are known, in (0, 1]; a tenth each of these is for validation and testing.
            noise: standard deviation of what is added.
            seed: of matrix, places and split.
            dtype: number type of the entries.
            more: further fields.
        """
        if not 0 < known <= 1:
            raise ValueError(f"known = {known!r} is not allowed: it must be in (0, 1]")
        rng = np.random.default_rng(seed)
        whole = rng.standard_normal((rows, rank)) @ rng.standard_normal((rank, columns)) / np.sqrt(rank)
        whole += noise * rng.standard_normal(whole.shape)
        chosen = rng.permutation(whole.size)[: max(10, round(known * whole.size))]
        places = np.stack(np.unravel_index(chosen, whole.shape), axis=1)
        entries = whole.ravel()[chosen].astype(dtype)
        train, valid, test = split(places, entries, len(chosen) // 10, seed, stratify=False)
        return cls(train=train, valid=valid, test=test, shape=(rows, columns), rank=rank, **more)

    def init(self, rng: np.random.Generator | None = None) -> Weights:
        """Return small random factors: zero itself is a saddle."""
        rng = np.random.default_rng() if rng is None else rng
        sizes = {"U": self.shape[0], "V": self.shape[1]}
        draws = {name: 0.1 * rng.standard_normal((size, self.rank)) for name, size in sizes.items()}
        return {name: draw.astype(self.train.targets.dtype) for name, draw in draws.items()}

    def loss(self, params: Weights, batch: Data | None = None) -> Any:
        """Return the loss on a batch (None: all training entries), ``grid``-shaped."""
        e = self._met(params, self.batch(batch))[-1]
        squares = sum(np.sum(part**2, axis=(0, 1)) for part in params.values())
        return 0.5 * np.square(e).mean(axis=(-2, -1)) + self.l2 / 2 * squares

    def grad(self, params: Weights, batch: Data | None = None) -> Weights:
        """Return the gradient on a batch (None: all training entries), by parameter name."""
        s_i, s_j, u, v, e = self._met(params, self.batch(batch))
        return self._placed(s_i, s_j, e * v, e * u, params)

    def hvp(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        """Return the exact product of the Hessian with a vector."""
        s_i, s_j, u, v, e = self._met(params, self.batch(batch))
        r_u, r_v, r_e = self._moved(s_i, s_j, u, v, vector)
        return self._placed(s_i, s_j, r_e * v + e * r_v, r_e * u + e * r_u, vector)

    def gauss_newton_product(self, params: Weights, vector: Weights, batch: Data | None = None) -> Weights:
        """Return the product of the Gauss–Newton matrix with a vector: the Hessian without what the errors bring."""
        s_i, s_j, u, v, _ = self._met(params, self.batch(batch))
        _, _, r_e = self._moved(s_i, s_j, u, v, vector)
        return self._placed(s_i, s_j, r_e * v, r_e * u, vector)

    def _met(self, params: Weights, data: Data) -> tuple[np.ndarray, ...]:
        """Return S_i, S_j, the rows of U and V that meet, and the errors as a column; the runs first."""
        places = to_front(data.inputs, 2)
        dtype = params["U"].dtype
        s_i, s_j = ((places[..., k, None] == np.arange(n)).astype(dtype) for k, n in enumerate(self.shape))
        u, v = s_i @ to_front(params["U"], 2), s_j @ to_front(params["V"], 2)
        e = np.sum(u * v, axis=-1, keepdims=True) - to_front(data.targets, 1)[..., None].astype(dtype)
        return s_i, s_j, u, v, e

    def _moved(
        self, s_i: np.ndarray, s_j: np.ndarray, u: np.ndarray, v: np.ndarray, vector: Weights
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return what the rows and the errors change by as the factors change by a vector."""
        r_u, r_v = s_i @ to_front(vector["U"], 2), s_j @ to_front(vector["V"], 2)
        return r_u, r_v, np.sum(r_u * v + u * r_v, axis=-1, keepdims=True)

    def _placed(
        self, s_i: np.ndarray, s_j: np.ndarray, for_u: np.ndarray, for_v: np.ndarray, penalised: Weights
    ) -> Weights:
        """Return the mean over the entries, each added to the rows it belongs to, plus λ times ``penalised``."""
        n = s_i.shape[-2]
        parts = {"U": to_back(s_i.mT @ for_u / n, 2), "V": to_back(s_j.mT @ for_v / n, 2)}
        return {name: parts[name] + self.l2 * part for name, part in penalised.items()}
