"""Different parameters to different optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Any, Self

import numpy as np

from .adam import Adam
from .base import Optimizer, Params, State, floating
from .hyper import Spec
from .plumbing import class_or_instance


class Partition(Optimizer):
    r"""Give different parameters to different optimizers, chosen by name.

    .. math:: x_{\mathrm{name}} \leftarrow \text{one step of the first optimizer whose pattern fits the name}

    Args:
        parts: optimizers by pattern; ``*`` fits anything, ``?`` one character, ``[ab]`` one of them. The first
            that fits counts. A plain array counts as a parameter named "x".

    Cost: what its optimizers cost.

    When: matrices and vectors want different rules: Muon for the weights, AdamW for the rest; no decay for biases.
    Fails: with optimizers that need the problem (SAM, Newton, K-FAC); wrap the partition in them instead.

    Equal to: the optimizer inside, if there is only one, under "*".

    Examples:
        >>> opt = Partition({"W*": Adam(lr=0.1), "*": Adam(lr=0.01)})
        >>> x = {"W1": np.zeros(1), "b1": np.zeros(1)}
        >>> x, state = opt.update(x, {"W1": np.array([-5.0]), "b1": np.array([-5.0])}, opt.init(x))
        >>> print(x["W1"].round(3), x["b1"].round(3))
        [0.1] [0.01]

    Reference: the parameter groups of every library; optax calls it partition.
    """

    parts: Mapping[str, Optimizer] = field(default_factory=lambda: {"*": Adam()}, kw_only=False)

    def __post_init__(self) -> None:
        put, cls = object.__setattr__, type(self)
        if not isinstance(self.parts, Mapping) or not self.parts:
            raise TypeError(
                f'Partition: parts = {self.parts!r} is not a dict: it must be like {{"W*": Adam(), "*": Momentum()}}'
            )
        for pattern, opt in self.parts.items():
            if not isinstance(pattern, str) or not isinstance(opt, Optimizer):
                raise TypeError(f"Partition: {pattern!r}: {opt!r} is not an optimizer under a pattern")
            if opt.needs_problem:
                raise TypeError(
                    f"Partition: {pattern!r}: {type(opt).__name__} needs the problem, not only a gradient"
                )
        super().__post_init__()
        put(self, "parts", dict(self.parts))
        put(self, "takes_grid", all(opt.takes_grid for opt in self.parts.values()))
        put(self, "coordinatewise", all(opt.coordinatewise for opt in self.parts.values()))
        try:
            put(self, "grid", np.broadcast_shapes(*(opt.grid for opt in self.parts.values())))
        except ValueError:
            grids = ", ".join(f"{pattern!r} {opt.grid}" for pattern, opt in self.parts.items())
            raise ValueError(f"{cls.__name__}: the optimizers' grids do not fit: {grids}") from None

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the states of all optimizers, each for its own parameters.

        Raises:
            ValueError: if no pattern fits a name.
        """
        axes = len(self.grid) if grid is None else grid
        if not isinstance(x, dict):
            return self.init({"x": floating(x)}, axes)
        names: dict[str, list[str]] = {}
        for name in x:
            pattern = next((p for p in self.parts if fnmatchcase(name, p)), None)
            if pattern is None:
                raise ValueError(
                    f"Partition: no pattern fits {name!r}: there are {list(self.parts)}; add '*'"
                )
            names.setdefault(pattern, []).append(name)
        parts = {p: self.parts[p].init({n: x[n] for n in own}, axes) for p, own in names.items()}
        return State(grid=axes, parts=parts, names=names)

    def query(self, x: Params, state: State) -> Params:
        """Return where each optimizer wants its gradient."""
        return self._by_name("query", x, state)

    def output(self, x: Params, state: State) -> Params:
        """Return what each optimizer would return."""
        return self._by_name("output", x, state)

    def update(self, x: Params, g: Any, state: State) -> tuple[Params, State]:
        """Take one step with each optimizer, with the gradient at ``query(x, state)``."""
        if not isinstance(x, dict):
            if np.shape(g) != np.shape(x):
                raise ValueError(f"Partition.update: g has shape {np.shape(g)}, but it must have the shape of x, "
                                 f"{np.shape(x)}")  # fmt: skip
            new, state = self.update({"x": floating(x)}, {"x": np.asarray(g)}, state)
            return new["x"], state
        if not isinstance(g, dict) or g.keys() != x.keys():
            given = sorted(g) if isinstance(g, dict) else type(g).__name__
            raise ValueError(
                f"Partition.update: g must be a dict with the names of x, {sorted(x)}, but is {given}"
            )
        moved: dict[str, Any] = {}
        parts = {}
        for pattern, names in state.names.items():
            own, slope = {n: x[n] for n in names}, {n: g[n] for n in names}
            part, parts[pattern] = self.parts[pattern].update(own, slope, state.parts[pattern])
            moved.update(part)
        return {name: moved[name] for name in x}, state.next(parts=parts)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Take one step on a problem."""
        return self.update(x, problem.grad(self.query(x, state), batch), state)

    def at(self, eta: float) -> Self:
        """Return all optimizers for one step of a schedule."""
        if eta == 1.0:
            return self
        return super().at(eta)._with(parts={pattern: opt.at(eta) for pattern, opt in self.parts.items()})

    @class_or_instance
    def specs(this: Any) -> dict[str, Spec]:
        """The hyperparameters of all optimizers by ``"pattern.name"`` (of the class: none)."""
        if isinstance(this, type):
            return {}
        return {f"{p}.{name}": spec for p, opt in this.parts.items() for name, spec in opt.specs().items()}

    def hyper(self) -> dict[str, Any]:
        """The hyperparameters of all optimizers by ``"pattern.name"``, with their values."""
        return {f"{p}.{name}": value for p, opt in self.parts.items() for name, value in opt.hyper().items()}

    def replace(self, **hyper: Any) -> Self:
        """Return the optimizer with some hyperparameters changed, named ``"pattern.name"``."""
        known = self.hyper()
        for name in hyper:
            if name not in known and name != "parts":
                raise TypeError(f"Partition has no hyperparameter {name!r}: there are {list(known)}")
        parts = dict(hyper.pop("parts", self.parts))
        for pattern, opt in parts.items():
            own = {n.removeprefix(f"{pattern}."): v for n, v in hyper.items() if n.startswith(f"{pattern}.")}
            parts[pattern] = opt.replace(**own) if own else opt
        return type(self)(parts)

    def _by_name(self, what: str, x: Params, state: State) -> Params:
        if not isinstance(x, dict):
            return self._by_name(what, {"x": x}, state)["x"]
        found: dict[str, Any] = {}
        for pattern, names in state.names.items():
            function = getattr(self.parts[pattern], what)
            found.update(function({name: x[name] for name in names}, state.parts[pattern]))
        return {name: found[name] for name in x}
