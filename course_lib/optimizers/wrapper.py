"""What wrappers share: an optimizer around another one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Self

import numpy as np

from .adam import Adam
from .base import Optimizer, Params, State, each, floating
from .hyper import Spec
from .plumbing import class_or_instance


class _Wrapper(Optimizer):
    """An optimizer around another one.

    It may change the gradients that the inner one sees (``gradient`` or, with more than one of them, ``seen``) and what
    comes of its step (``after``). Grid, schedule, hyperparameters and needs are those of both.
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)

    def __post_init__(self) -> None:
        put, inner, cls = object.__setattr__, self.inner, type(self)
        if not isinstance(inner, Optimizer):
            raise TypeError(
                f"{cls.__name__}: inner = {inner!r} is not an optimizer: it must be an instance such as Adam(lr=0.1)"
            )
        put(self, "takes_grid", cls.takes_grid and inner.takes_grid)
        put(self, "needs_matrix", cls.needs_matrix or inner.needs_matrix)
        put(self, "needs_problem", cls.needs_problem or inner.needs_problem)
        put(self, "scope", "all" if "all" in (cls.scope, inner.scope) else "array")
        put(self, "coordinatewise", cls.coordinatewise and inner.coordinatewise)
        super().__post_init__()
        try:
            put(self, "grid", np.broadcast_shapes(self.grid, inner.grid))
        except ValueError:
            raise ValueError(
                f"{cls.__name__}: its grid {self.grid} does not fit that of inner, {inner.grid}"
            ) from None

    # -- what a wrapper may redefine ---------------------------------------------------------------------

    def extra(self, x: Params) -> dict[str, Any]:
        """What the wrapper itself remembers before the first step."""
        return {}

    def gradient(self, g: Any, s: State) -> Any:
        """The gradient that the inner optimizer is given in place of g."""
        return g

    def seen(self, problem: Any, s: State) -> Any:
        """The problem that the inner optimizer is given in place of the true one."""
        return Seen(problem, lambda point, batch: self.gradient(problem.grad(point, batch), s))

    def after(self, x: Params, s: State, inner: State) -> tuple[Params, State]:
        """What becomes of the inner optimizer's new point."""
        return x, s.next(inner=inner)

    # -- the contract ----------------------------------------------------------------------------------

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the state before the first step: the inner one's, and the wrapper's own."""
        axes = len(self.grid) if grid is None else grid
        x = each(floating, x)
        return State(grid=axes, inner=self.inner.init(x, axes), **self.extra(x))

    def query(self, x: Params, state: State) -> Params:
        """Return where the inner optimizer wants its gradient."""
        return self.inner.query(x, state.inner)

    def update(self, x: Params, g: Any, state: State) -> tuple[Params, State]:
        """Take one step, with the gradient at ``query(x, state)``."""
        if type(self).needs_problem:
            return self.rule(x, g, state)  # type: ignore[arg-type]
        me = self.typed(x)
        x, inner = me.inner.update(x, me.gradient(g, state), state.inner)
        return me.after(x, state, inner)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Let the inner optimizer take one step on what it is to see of the problem."""
        me = self.typed(x)
        x, inner = me.inner.step(x, state.inner, me.seen(problem, state), batch)
        return me.after(x, state, inner)

    def output(self, x: Params, state: State) -> Params:
        """Return what the inner optimizer would return."""
        return self.inner.output(x, state.inner)

    def at(self, eta: float) -> Self:
        """Return both optimizers for one step of a schedule."""
        return self if eta == 1.0 else super().at(eta)._with(inner=self.inner.at(eta))

    # -- hyperparameters: the wrapper's own and those of inner -----------------------------------------

    @class_or_instance
    def specs(this: Any) -> dict[str, Spec]:
        """The wrapper's hyperparameters and, of an instance, those of inner (``"inner.k"`` where a name is taken)."""
        own = dict(this._specs)
        return own if isinstance(this, type) else own | this._renamed(this.inner.specs())

    def hyper(self) -> dict[str, Any]:
        """The hyperparameters by name, the wrapper's own and those of inner."""
        return super().hyper() | self._renamed(self.inner.hyper())

    def replace(self, **hyper: Any) -> Self:
        """Return the optimizer with some hyperparameters changed, the wrapper's own or those of inner."""
        own = {name: value for name, value in hyper.items() if name in self._specs or name == "inner"}
        names = dict(zip(self._renamed(self.inner.hyper()), self.inner.hyper(), strict=True))
        rest = {names.get(name, name): value for name, value in hyper.items() if name not in own}
        if rest:
            own["inner"] = own.get("inner", self.inner).replace(**rest)
        return super().replace(**own)

    def _renamed(self, of_inner: dict[str, Any]) -> dict[str, Any]:
        return {f"inner.{name}" if name in self._specs else name: value for name, value in of_inner.items()}


class Seen:
    """A problem whose gradient is another one."""

    def __init__(self, problem: Any, grad: Callable[[Any, Any], Any]) -> None:
        self._problem, self._grad = problem, grad

    def grad(self, params: Any, batch: Any = None) -> Any:
        """Return the gradient as the wrapper shows it."""
        return self._grad(params, batch)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)
