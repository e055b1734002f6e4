"""Wrappers that look at the step of the optimizer inside before it is taken: Cautious and Hyperball."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from .adam import Adam
from .base import Optimizer, Params, State, each, norm, ratio
from .hyper import Hyper, choice, nonnegative
from .wrapper import _Wrapper


class _OfTheStep(_Wrapper):
    """A wrapper that takes the inner optimizer's step, without decay, and makes another one of it, array by array."""

    inner: Optimizer = field(default=Adam(), kw_only=False)

    coordinatewise = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, value in self.inner.hyper().items():
            if name.rpartition(".")[-1] == "weight_decay" and np.any(value):
                raise ValueError(
                    f"{type(self).__name__}: inner = {self.inner!r} has {name} = {value!r}, "
                    f"which would be taken for a part of its step: it must be 0"
                )

    def changed(self, x: np.ndarray, u: np.ndarray, g: np.ndarray, lr: Hyper, s: State) -> np.ndarray:
        """Return the new point, for one array; ``u`` is what the inner optimizer subtracts from x."""
        raise NotImplementedError

    def rate(self, x: Params) -> Hyper:
        """Return the inner optimizer's learning rate, in x's number type."""
        return self.inner.typed(x).hyper().get("lr", 1.0)

    def update(self, x: Params, g: Any, state: State) -> tuple[Params, State]:
        """Take one step, with the gradient at ``query(x, state)``."""
        new, inner = self.inner.update(x, g, state.inner)
        return self.taken(x, new, g, state, inner)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Take one step on a problem; where inner needs more than a gradient, that at `query` is asked for besides."""
        g = problem.grad(self.query(x, state), batch)
        if not self.needs_problem:
            return self.update(x, g, state)
        new, inner = self.inner.step(x, state.inner, problem, batch)
        return self.taken(x, new, g, state, inner)

    def taken(self, x: Params, new: Params, g: Any, s: State, inner: State) -> tuple[Params, State]:
        """What becomes of the inner optimizer's new point."""
        me = self.typed(x)
        lr, s = me.rate(x), s.next(inner=inner)
        if isinstance(x, dict):
            return {
                name: me.changed(p, p - new[name], g[name], lr, me.of(s, name)) for name, p in x.items()
            }, s
        return me.changed(x, x - new, g, lr, s), s

    def of(self, s: State, name: str) -> State:
        """Return the wrapper's state as one array of a model sees it."""
        return s


class Cautious(_OfTheStep):
    r"""Take only those coordinates of a step that go downhill by the newest gradient.

    .. math::
        u &= \text{the step of inner} \\
        \varphi &= [\,u \cdot g > 0\,] \\
        u &\leftarrow u\, \varphi / \max(\operatorname{mean} \varphi,\; 10^{-3}) \\
        x &\leftarrow x - u - \mathrm{lr}\, \lambda\, x

    coordinate by coordinate. A memory may point against the gradient of today; such coordinates wait. The others go
    farther, so that the step keeps its size: the mean of φ is over one array.

    Args:
        inner: the optimizer whose step is looked at; its own weight decay must be 0.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ, with inner's lr, is the share of x lost in one step.
        form: what is cautious: ``"step"`` as above; ``"decay"`` takes inner's step as it is, but decays only where
            that shrinks x anyway, u·x ≥ 0; ``"both"``.

    Cost: no memory beside inner's; about six operations per parameter. One more gradient if inner needs the problem.

    When: inner has a long momentum. Compare at the best lr of each: on the kept coordinates the steps are longer.
    Fails: without memory there is nothing to mask; with very noisy gradients the mask is a coin toss.

    Equal to: inner, if that steps along the newest gradient alone, as GradientDescent does.

    Examples:
        >>> from course_lib.optimizers import Momentum
        >>> opt = Cautious(Momentum(lr=0.1, beta=0.5))
        >>> x = np.array([0.0, 0.0]); state = opt.init(x)
        >>> x, state = opt.update(x, np.array([-4.0, -4.0]), state)
        >>> x, state = opt.update(x, np.array([-1.0, 1.0]), state)  # the second wants back: only the first goes, twice
        >>> print(x)
        [1.  0.4]

    Reference: K. Liang, L. Chen, B. Liu and Q. Liu, "Cautious optimizers: improving training with one line of code",
    arXiv:2411.16085 (2024), with the scale of the authors' code; cautious decay: L. Chen et al., "Cautious weight
    decay", arXiv:2510.12402 (2025).
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))
    form: str = choice("step", "decay", "both")

    def __post_init__(self) -> None:
        super().__post_init__()
        if np.any(self.weight_decay) and "lr" not in self.inner.hyper():
            raise ValueError(
                f"Cautious: weight_decay = {self.weight_decay!r} is not allowed with inner = {self.inner!r}, which has "
                f"no lr to multiply it with: it must be 0 (or put Cautious inside the Partition)"
            )

    def changed(self, x: np.ndarray, u: np.ndarray, g: np.ndarray, lr: Hyper, s: State) -> np.ndarray:
        """Return the new point, for one array."""
        decay = lr * self.weight_decay * x
        if self.form != "step":
            decay = decay * (u * x >= 0)
        if self.form != "decay":
            keep = u * g > 0
            share = keep.mean(axis=tuple(range(x.ndim - s.grid)), dtype=x.dtype)
            u = u * keep / np.maximum(share, x.dtype.type(1e-3))
        return x - u - decay


class Hyperball(_OfTheStep):
    r"""Keep the norm of every matrix and turn it by lr a step; decay is then not needed.

    .. math::
        u &= \text{the step of inner}, \qquad R = \lVert x_0 \rVert \\
        y &= x - \mathrm{lr}\, R\, \frac{u}{\lVert u \rVert}, \qquad x \leftarrow R\, \frac{y}{\lVert y \rVert}

    with inner's lr and one R for each matrix. Arrays that are no matrices take inner's step as it is. Where a
    normalisation follows a weight, its norm changes nothing of the model but acts on the learning rate. Here lr is an
    angle, in radians while it is small.

    Args:
        inner: the optimizer that gives the direction; it must have an lr, and its weight decay must be 0.

    In a Partition, put it around the parts whose norm is to stay: the last layer's norm is the confidence of the model
    and should be free.

    Cost: one number per matrix beside inner's; three norms and about six operations per parameter.

    When: matrices that a normalisation follows.
    Fails: a matrix of zeros stays zero; a layer whose size must be learnt.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> opt = Hyperball(GradientDescent(lr=0.1))
        >>> x = {"W": np.array([[3.0, 4.0]]), "b": np.array([1.0])}
        >>> x, state = opt.update(x, {"W": np.array([[4e6, -3e6]]), "b": np.array([1.0])}, opt.init(x))
        >>> print(x["W"].round(3), np.linalg.norm(x["W"]).round(12), x["b"])  # 0.1 across, then back to the circle
        [[2.587 4.279]] 5.0 [0.9]

    Reference: K. Wen, X. Dang, K. Lyu, T. Ma and P. Liang, "Fantastic pretraining optimizers and where to find them II:
    hyperball optimization", arXiv:2606.16899 (2026).
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if "lr" not in self.inner.hyper():
            raise ValueError(
                f"Hyperball: inner = {self.inner!r} is not allowed: it must have an lr, which is the angle "
                f"(put Hyperball inside the Partition)"
            )

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the state before the first step, with the norms that are to stay."""
        s = super().init(x, grid)
        return State(**vars(s), radius=each(lambda part: norm(np.asarray(part), s), x))

    def of(self, s: State, name: str) -> State:
        """Return the wrapper's state as one array of a model sees it."""
        return State(grid=s.grid, radius=s.radius[name])

    def changed(self, x: np.ndarray, u: np.ndarray, g: np.ndarray, lr: Hyper, s: State) -> np.ndarray:
        """Return the new point, for one array."""
        if x.ndim - s.grid != 2:
            return x - u
        y = x - lr * s.radius * ratio(u, norm(u, s))
        return ratio(s.radius, norm(y, s)) * y
