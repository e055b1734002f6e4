"""What the optimizers of other libraries share once they stand behind this one's contract."""

from __future__ import annotations

import sys
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

import numpy as np

from ..optimizers import Optimizer, Params, State
from ..optimizers.state import floating
from .settings import Settings

Arrays = dict[str, np.ndarray]
Kind = TypeVar("Kind", bound="Foreign")
ALONE = "x"
"""The name that an array has if it is no dict's."""


class Kept:
    """What another library remembers: never changed, only followed by the next one."""

    def __init__(self, tree: Any) -> None:
        self.tree = tree

    def __repr__(self) -> str:
        return f"<{type(self.tree).__name__}>"


class Foreign(Optimizer):
    """An optimizer of another library.

    The other library is handed all arrays of a model at once and returns them all. What it remembers is kept as it is,
    and its arrays can be watched by the names that it gives them.
    """

    source: ClassVar[Callable[..., Any]]
    given: ClassVar[dict[str, Any]] = {}
    settings: ClassVar[Settings]
    coordinatewise = False

    # -- what a library must say ---------------------------------------------------------------------

    @abstractmethod
    def begin(self, x: Arrays, axes: int) -> Any:
        """Return what the library remembers before the first step."""

    @abstractmethod
    def advance(self, x: Arrays, g: Arrays, kept: Any, axes: int) -> tuple[Arrays, Any]:
        """Return the new parameters and what the library remembers now; nothing it was given is changed."""

    @abstractmethod
    def watched(self, x: Arrays, kept: Any, axes: int) -> dict[str, Arrays]:
        """Return the arrays that are remembered of each parameter, ``(*shape, *grid)``, by their names there."""

    @abstractmethod
    def check(self) -> None:
        """Raise what the library raises for these settings."""

    def averaged(self, x: Arrays, kept: Any, axes: int) -> Arrays:
        """Return what one would use afterwards."""
        return x

    # -- the contract ----------------------------------------------------------------------------------

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self.check()
        except (ValueError, TypeError) as error:
            raise type(error)(f"{self!r} is refused: {error}") from error

    def init(self, x: Params, grid: int | None = None) -> State:
        """Return the state before the first step."""
        axes = len(self.grid) if grid is None else grid
        arrays = {name: floating(part) for name, part in by_name(x).items()}
        for part in arrays.values():
            super().init(part, axes)
        return self._state(State(t=0, grid=axes), x, arrays, self.begin(arrays, axes))

    def update(self, x: Params, g: Params, state: State) -> tuple[Params, State]:
        """Take one step; see `Optimizer.update`."""
        x, g = self.matching(x, g)
        new, kept = self.advance(by_name(x), by_name(g), state.kept.tree, state.grid)
        return like(x, new), self._state(state, x, new, kept)

    def output(self, x: Params, state: State) -> Params:
        """Return the parameters one would use if the run ended here."""
        if state.t == 1:
            return x
        return like(x, self.averaged(by_name(x), state.kept.tree, state.grid))

    def _state(self, before: State, x: Params, arrays: Arrays, kept: Any) -> State:
        seen = self.watched(arrays, kept, before.grid)
        return before.next(kept=Kept(kept), parts=seen if isinstance(x, dict) else seen[ALONE])

    # -- for those who build on it ---------------------------------------------------------------------

    def call(self, run: tuple[int, ...] = (), runs: tuple[int, ...] = ()) -> dict[str, Any]:
        """Return the settings of one run of the grid ``runs`` as the library takes them."""
        values = {name: getattr(self, name) for name in self.settings.values}
        for name in self._arrays:
            values[name] = float(np.broadcast_to(values[name], runs)[run])
        return self.settings.theirs(values)

    def __reduce__(self) -> Any:
        kind = type(self)
        return _again, (kind.__mro__[1], kind.source, kind.given), dict(vars(self))

    def __copy__(self) -> Any:
        new = object.__new__(type(self))
        vars(new).update(vars(self))
        return new


def adopt(base: type[Kind], source: Any, given: Mapping[str, Any], hidden: tuple[str, ...] = ()) -> Kind:
    """Return an instance of a class of its own for ``source``."""
    name = full_name(source)
    settings = Settings.of(source, name, given, hidden)
    fields = settings.fields()
    body = {
        "__annotations__": dict.fromkeys(fields, Any),
        "__doc__": f"{name}, behind the contract of `course_lib.optimizers.Optimizer`.",
        "__module__": getattr(source, "__module__", __name__),
        "source": staticmethod(source),
        "given": dict(given),
        "settings": settings,
    }
    return type(name, (base,), body | fields)()


def full_name(source: Any) -> str:
    """Return the name with that of its package, so that nobody takes it for the class of that name here.

    Examples:
        >>> full_name(np.linalg.norm)
        'numpy.norm'
    """
    function = getattr(source, "func", source)  # optax.nadam is optax.adam with one setting
    package = getattr(function, "__module__", "").partition(".")[0]
    if function is not source:
        held = vars(sys.modules.get(package, object)).items()
        name = next((name for name, value in held if value is source), function.__name__)
    else:
        name = getattr(source, "__name__", type(source).__name__)
    return name if package in ("", "__main__") else f"{package}.{name}"


def by_name(x: Params) -> Arrays:
    """Return a dict of arrays, whether x is one or an array."""
    return x if isinstance(x, dict) else {ALONE: x}


def like(x: Params, arrays: Arrays) -> Params:
    """Return arrays in the form of x."""
    return arrays if isinstance(x, dict) else arrays[ALONE]


def runs_of(x: Arrays, axes: int) -> tuple[int, ...]:
    """Return the shape of the grid of runs."""
    part = next(iter(x.values()))
    return part.shape[part.ndim - axes :]


def pick(x: Arrays, run: tuple[int, ...]) -> Arrays:
    """Return one run of a grid."""
    at: Any = (..., *run)
    return {name: part[at] for name, part in x.items()}


def stacked(found: list[Arrays], runs: tuple[int, ...], x: Arrays) -> Arrays:
    """Return runs as one grid, in the shapes of x."""
    if not found:
        return {name: part.copy() for name, part in x.items()}
    return {name: np.stack([one[name] for one in found], -1).reshape(part.shape) for name, part in x.items()}


def _again(base: type[Foreign], source: Any, given: dict[str, Any]) -> Foreign:
    """Make it anew, for pickle."""
    return base.of(source, given)  # type: ignore[attr-defined]
