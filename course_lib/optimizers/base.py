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
schedules, number types, and grids of settings. Here is the contract; what only looks after it is in `plumbing`.

**Grids.** Every array is ``(*shape, *grid)`` and a hyperparameter may be a ``grid``-shaped array, so numpy's
trailing alignment runs all settings at once: with ``lr`` of shape (64, 1) and ``beta1`` of shape (64,) a point is
``(2, 64, 64)``. Rules that only work coordinate by coordinate get this for nothing; the others use `inner`
and `norm`, which sum over the shape axes alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, ClassVar, Literal, Self, dataclass_transform

import numpy as np

from .plumbing import Plumbing
from .state import Params, State, each, floating, inner, norm, pack, ratio, unpack

__all__ = ["Optimizer", "Params", "State", "each", "floating", "inner", "norm", "pack", "ratio", "unpack"]


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    eq_default=False,
    field_specifiers=(field,),
)
class Optimizer(Plumbing):
    """Base class of all optimizers; see the module's text for the contract.

    A subclass is a frozen dataclass with keyword-only fields, made so by this class. It declares

    * its hyperparameters, ``lr: Hyper = learning_rate(1e-3)``;
    * ``memory``: the names of the arrays it remembers, all zeros at first (`start` for anything else);
    * ``rule(x, g, s)``: the step, which returns the new point and ``s.next(…)``;
    * where needed ``rule_query`` and ``rule_output``, which default to x itself;
    * ``scope``: ``"array"`` if the rule treats every array of a model on its own, ``"all"`` if it needs all
      parameters at once (the base class then hands it their concatenation);
    * what it can and what it needs: ``coordinatewise``, ``takes_grid``, ``needs_matrix``, ``needs_problem``.

    Every hyperparameter that is a number may be an array: it then runs a grid of settings at once.

    Examples:
        A complete subclass. It checks its settings, moves models, takes schedules and runs grids:

        >>> from course_lib.optimizers.hyper import Hyper, decay, learning_rate
        >>> class SignOfMean(Optimizer):
        ...     lr: Hyper = learning_rate(1e-3)
        ...     beta: Hyper = decay(0.9)
        ...     memory = ("m",)
        ...
        ...     def rule(self, x, g, s):
        ...         m = self.beta * s.m + (1 - self.beta) * g
        ...         return x - self.lr * np.sign(m), s.next(m=m)
        >>> opt = SignOfMean(lr=0.5)
        >>> x = {"W": np.ones((1, 2)), "b": np.zeros(1)}
        >>> x, state = opt.update(x, {"W": np.array([[3.0, -3.0]]), "b": np.ones(1)}, opt.init(x))
        >>> x
        {'W': array([[0.5, 1.5]]), 'b': array([-0.5])}
        >>> opt.at(0.1)
        SignOfMean(lr=0.05, beta=0.9)
        >>> from course_lib.running import simulate
        >>> simulate(SignOfMean(lr=np.array([0.01, 0.1, 1.0])), "himmelblau", steps=50).final_loss.shape
        (3,)
        >>> import inspect
        >>> inspect.signature(SignOfMean)
        <Signature (*, lr: float | numpy.ndarray = 0.001, beta: float | numpy.ndarray = 0.9) -> None>
        >>> SignOfMean(beta=1)
        Traceback (most recent call last):
        ValueError: SignOfMean: beta = 1 is not allowed: it must be in [0, 1)
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
    schedule_factor: ClassVar[float] = 1.0
    """The schedule's multiplier η of the step being taken (an instance attribute on what `at` returns)."""
    _query_is_x: ClassVar[bool]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._query_is_x = cls.rule_query is Optimizer.rule_query

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
        if self._query_is_x:
            return x
        if isinstance(x, dict):
            return self._each(self.rule_query, x, state)
        return self.typed(x).rule_query(x, state)

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
        return self.typed(x).rule(x, g, state)  # type: ignore[arg-type]

    def output(self, x: Params, state: State) -> Params:
        """Return the parameters one would use if the run ended here."""
        if isinstance(x, dict):
            return self._each(self.rule_output, x, state)
        return self.typed(x).rule_output(x, state)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Take one step on a problem: ask for the gradient where it is wanted, then update.

        Methods that need more than one gradient a step (SAM), curvature (Newton) or layer statistics (K-FAC) redefine
        this one; the others never see the problem.
        """
        point = x if self._query_is_x else self.query(x, state)
        return self.update(x, problem.grad(point, batch), state)

    def at(self, eta: float) -> Self:
        """Return the optimizer for one step of a schedule: its learning rate multiplied by ``eta``."""
        if eta == 1.0:
            return self
        if not 0 <= eta <= 1:
            raise ValueError(f"eta = {eta!r} is not allowed: a schedule must give a number in [0, 1]")
        eta = float(eta)
        scheduled = {name: getattr(self, name) * eta for name, s in self._specs.items() if s.scheduled}
        return self._with(**scheduled, schedule_factor=eta)

    # -- models whose parameters are a dict of arrays --------------------------------------------------

    def _each(
        self, function: Callable[..., np.ndarray], x: dict[str, np.ndarray], state: State
    ) -> dict[str, np.ndarray]:
        """Apply a rule's function to a dict of arrays, one by one or to their concatenation."""
        if self.scope == "all":
            return unpack(function(pack(x, state.grid), state), x, state.grid)
        return {name: function(part, state.parts[name]) for name, part in x.items()}

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
