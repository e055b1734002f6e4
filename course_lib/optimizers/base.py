r"""The contract every optimizer keeps, so that one is an algorithm box and nothing else.

An optimizer is a frozen set of hyperparameters with pure functions:

====================================  ==================================================================
``state = opt.init(x)``               what it remembers before the first step
``point = opt.query(x, state)``       where it wants the gradient (x itself; a look-ahead for Nesterov)
``x, state = opt.update(x, g, state)``  one step; neither argument is changed
``x = opt.output(x, state)``          what one would use afterwards (x itself; an average for some)
====================================  ==================================================================

A loop written by hand must ask `query` before every gradient. Otherwise nothing is reported, but Nesterov is Momentum
and the schedule-free methods go another way.

A subclass writes its hyperparameters as fields, the names of its arrays in ``memory`` and the step in
``rule``. The base class does the rest: models whose parameters are a dict of arrays, validation,
schedules, number types, and grids of settings.

**Grids.** Every array is ``(*shape, *grid)`` and a hyperparameter may be a ``grid``-shaped array, so numpy's
trailing alignment runs all settings at once: with ``lr`` of shape (64, 1) and ``beta1`` of shape (64,) a point is
``(2, 64, 64)``. Rules that only work coordinate by coordinate get this for nothing; the others use `inner`
and `norm`, which sum over the shape axes alone.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from types import MethodType
from typing import Any, ClassVar, Literal, Self, dataclass_transform

import numpy as np

from .hyper import Spec
from .state import Params, State, each, floating, inner, norm, pack, ratio, unpack

__all__ = ["Optimizer", "Params", "State", "each", "floating", "inner", "norm", "pack", "ratio", "unpack"]


def require(problem: Any, *methods: str, by: str, such_as: str) -> None:
    """Raise if a problem lacks one of the methods, each written as it is called.

    Examples:
        >>> require(np, "jacobian(x)", by="GaussNewton", such_as="LeastSquares")
        Traceback (most recent call last):
        TypeError: GaussNewton needs a problem with jacobian(x), such as LeastSquares, but module has none
    """
    if not all(hasattr(problem, method.partition("(")[0]) for method in methods):
        raise TypeError(
            f"{by} needs a problem with {' and '.join(methods)}, such as {such_as}, "
            f"but {type(problem).__name__} has none"
        )


class class_or_instance:
    """A method whose first argument is the instance, or the class if it is called on that."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, instance: Any, owner: type) -> Callable[..., Any]:
        return MethodType(self.function, owner if instance is None else instance)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    eq_default=False,
    field_specifiers=(field,),
)
class Optimizer:
    """Base class of all optimizers; see the module's text for the contract.

    A subclass is a frozen dataclass with keyword-only fields, made so by this class. It declares

    * its hyperparameters, ``lr: Hyper = learning_rate(1e-3)``;
    * ``memory``: the names of the arrays it remembers, all zeros at first (`start` for anything else);
    * ``rule(x, g, s)``: the step, which returns the new point and ``s.next(…)``;
    * where needed ``rule_query`` and ``rule_output``, which default to x itself;
    * ``scope``: ``"array"`` if the rule treats every array of a model on its own, ``"all"`` if it needs all
      parameters at once (the base class then hands it their concatenation);
    * what it can and what it needs: ``coordinatewise``, ``takes_grid``, ``needs_matrix``, ``needs_problem``.
    """

    memory: ClassVar[tuple[str, ...]] = ()
    scope: ClassVar[Literal["array", "all"]] = "array"
    coordinatewise: ClassVar[bool] = True
    """Whether each coordinate moves as if it were alone; False where norms or matrices couple them."""
    takes_grid: ClassVar[bool] = True
    """Whether a grid of runs can be taken at once."""
    needs_matrix: ClassVar[bool] = False
    """Whether only arrays with two axes can be moved."""
    needs_problem: ClassVar[bool] = False
    """Whether one gradient is not enough, so that there is only `step`, not `update`."""
    needs: ClassVar[tuple[str, ...]] = ()
    """What the problem must have beside ``loss`` and ``grad``, by name (``"jacobian"``, ``"layer_statistics"``)."""
    eta: ClassVar[float] = 1.0
    """The schedule's multiplier of the step being taken (an instance attribute on what `at` returns)."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
        cls._stays = cls.rule_query is Optimizer.rule_query
        cls._specs = {f.name: f.metadata["spec"] for f in fields(cls) if "spec" in f.metadata}  # type: ignore[arg-type]

    def __post_init__(self) -> None:
        """Validate every hyperparameter and find the grid."""
        shapes = {}
        for name, spec in self._specs.items():
            value = spec.clean(f"{type(self).__name__}: {name}", getattr(self, name))
            object.__setattr__(self, name, value)
            if isinstance(value, np.ndarray):
                shapes[name] = value.shape
        try:
            grid = np.broadcast_shapes(*shapes.values())
        except ValueError:
            listed = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(f"{type(self).__name__}: shapes do not form one grid: {listed}") from None
        self._check_grid(grid)
        object.__setattr__(self, "grid", grid)
        object.__setattr__(self, "_arrays", tuple(shapes))

    def _check_grid(self, grid: tuple[int, ...]) -> None:
        if grid and not self.takes_grid:
            raise ValueError(
                f"{type(self).__name__} takes no grid of runs, but was given one of shape {grid}: "
                f"run the settings one after the other"
            )

    grid: ClassVar[tuple[int, ...]] = ()
    _arrays: ClassVar[tuple[str, ...]] = ()
    _specs: ClassVar[dict[str, Spec]] = {}
    _stays: ClassVar[bool]

    @class_or_instance
    def specs(this: Any) -> dict[str, Spec]:
        """The hyperparameters by name, each with its allowed range and slider."""
        return dict(this._specs)

    def hyper(self) -> dict[str, Any]:
        """The hyperparameters by name, with their values."""
        return {name: getattr(self, name) for name in self._specs}

    def replace(self, **hyper: Any) -> Self:
        """Return the optimizer with some hyperparameters changed and validated.

        Raises:
            TypeError: for a name that is no hyperparameter.
        """
        return dataclasses.replace(self, **hyper)  # type: ignore[type-var]

    def __repr__(self) -> str:
        def shown(value: Any) -> str:
            if isinstance(value, np.ndarray):
                return f"<{'×'.join(map(str, value.shape))}: {value.min():g} … {value.max():g}>"
            return f"{value:g}" if isinstance(value, float) else repr(value)

        inside = (f"{f.name}={shown(getattr(self, f.name))}" for f in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(inside)})"

    # -- what a rule may redefine -------------------------------------------------------------------

    def start(self, x: np.ndarray, grid: int) -> dict[str, Any]:
        """What is remembered before the first step: zeros of x's shape for every name in ``memory``."""
        return {name: np.zeros_like(x) for name in self.memory}

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        """One step for one array; the algorithm box."""
        if self.needs_problem:
            raise TypeError(
                f"{type(self).__name__} needs more than one gradient a step: use step(x, state, problem)"
            )
        raise NotImplementedError(f"{type(self).__name__} has no rule")

    def rule_query(self, x: np.ndarray, s: State) -> np.ndarray:
        """Where the gradient is wanted, for one array."""
        return x

    def rule_output(self, x: np.ndarray, s: State) -> np.ndarray:
        """What one would use afterwards, for one array."""
        return x

    # -- the contract ----------------------------------------------------------------------------------

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the state before the first step.

        Args:
            x: the parameters, an array ``(*shape, *grid)`` or a dict of such arrays.
            grid: how many trailing axes are a grid of runs; by default as many as the hyperparameters have.
        """
        axes = len(self.grid) if grid is None else grid
        if isinstance(x, dict):
            if self.scope == "all":
                return self.init(pack(x, axes), axes)
            return State(grid=axes, parts={name: self.init(part, axes) for name, part in x.items()})
        x = floating(x)
        if x.ndim < axes:
            raise ValueError(
                f"x has shape {x.shape}, but {axes} of its axes must be the grid of runs {self.grid or ''}: "
                f"its shape must be (*shape, *grid)"
            )
        self._check_grid(x.shape[x.ndim - axes :])
        if self.needs_matrix and x.ndim - axes != 2:
            raise ValueError(
                f"{type(self).__name__} moves matrices only, but x has shape {x.shape[: x.ndim - axes]}: "
                f"give such arrays to another optimizer with Partition"
            )
        return State(grid=axes, **self.start(x, axes))

    def query(self, x: Params, state: State) -> Params:
        """Return the point at which the gradient is wanted for the coming step."""
        if self._stays:
            return x
        if isinstance(x, dict):
            return self._each(self.rule_query, x, state)
        return (self.typed(x) if self._arrays else self).rule_query(x, state)

    def update(self, x: Params, g: Params, state: State) -> tuple[Params, State]:
        """Take one step.

        Args:
            x: the parameters.
            g: the gradient at ``query(x, state)``, of x's shape (for a dict: with x's names).
            state: what `init` or the previous `update` returned.

        Returns:
            The new parameters and the new state. The arguments are not changed.

        Raises:
            ValueError: if g does not have the shape (or the names) of x.
        """
        if type(x) is not np.ndarray or type(g) is not np.ndarray or g.shape != x.shape:
            x, g = self.matching(x, g)
            if isinstance(x, dict):
                return self._update_dict(x, g, state)
        return (self.typed(x) if self._arrays else self).rule(x, g, state)  # type: ignore[arg-type]

    def output(self, x: Params, state: State) -> Params:
        """Return the parameters one would use if the run ended here."""
        if isinstance(x, dict):
            return self._each(self.rule_output, x, state)
        return (self.typed(x) if self._arrays else self).rule_output(x, state)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Take one step on a problem: ask for the gradient where it is wanted, then update.

        Methods that need more than one gradient a step (SAM), curvature (Newton) or layer statistics (K-FAC) redefine
        this one; the others never see the problem.
        """
        point = x if self._stays else self.query(x, state)
        return self.update(x, problem.grad(point, batch), state)

    def at(self, eta: float) -> Self:
        """Return the optimizer for one step of a schedule: its learning rate multiplied by ``eta``."""
        if eta == 1.0:
            return self
        if not 0 <= eta <= 1:
            raise ValueError(f"eta = {eta!r} is not allowed: a schedule must give a number in [0, 1]")
        eta = float(eta)
        scheduled = {name: getattr(self, name) * eta for name, s in self._specs.items() if s.scheduled}
        return self._with(**scheduled, eta=eta)

    # -- how the base class keeps it -------------------------------------------------------------------

    def _with(self, **values: Any) -> Self:
        """Return a copy with fields set as they are, unvalidated (a schedule may make lr zero)."""
        new = copy.copy(self)
        new.__dict__.update(values)
        return new

    def typed(self, x: np.ndarray) -> Self:
        """Return the optimizer with array hyperparameters in x's number type (plain floats adapt by themselves)."""
        if all(getattr(self, name).dtype == x.dtype for name in self._arrays):
            return self
        return self._with(**{name: getattr(self, name).astype(x.dtype) for name in self._arrays})

    def _each(
        self, function: Callable[..., np.ndarray], x: dict[str, np.ndarray], state: State
    ) -> dict[str, np.ndarray]:
        """Apply a rule's function to a dict of arrays, one by one or to their concatenation."""
        if self.scope == "all":
            return unpack(function(pack(x, state.grid), state), x, state.grid)
        return {name: function(part, state.parts[name]) for name, part in x.items()}

    def matching(self, x: Any, g: Any) -> tuple[Any, Any]:
        """Return x and g as arrays, or as dicts of arrays, that belong together.

        Raises:
            ValueError: if g does not have the shape (or the names) of x.
        """
        who, must = f"{type(self).__name__}.update: g", "but it must have the shape of x,"
        if not isinstance(x, dict):
            x, g = np.asarray(x), np.asarray(g)
            if g.shape != x.shape:
                raise ValueError(f"{who} has shape {g.shape}, {must} {x.shape}")
            return x, g
        if not isinstance(g, dict) or g.keys() != x.keys():
            given = sorted(g) if isinstance(g, dict) else type(g).__name__
            raise ValueError(f"{who} must be a dict with the names of x, {sorted(x)}, but is {given}")
        for name, part in x.items():
            if np.shape(g[name]) != np.shape(part):
                raise ValueError(f"{who} has shape {np.shape(g[name])} at {name!r}, {must} {np.shape(part)}")
        return x, g

    def _update_dict(
        self, x: dict[str, np.ndarray], g: Any, state: State
    ) -> tuple[dict[str, np.ndarray], State]:
        if self.scope == "all":
            flat: Any
            flat, state = self.update(pack(x, state.grid), pack(g, state.grid), state)
            return unpack(flat, x, state.grid), state
        new: dict[str, Any] = {}
        parts: dict[str, State] = {}
        for name, part in x.items():
            new[name], parts[name] = self.update(part, g[name], state.parts[name])
        return new, state.next(parts=parts)
