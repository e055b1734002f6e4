"""What is behind every optimizer and no part of an algorithm: its hyperparameters, number types, checks of shapes."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, fields
from types import MethodType
from typing import Any, ClassVar, Self

import numpy as np

from .hyper import Hyper, Spec


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


class Plumbing:
    """Hyperparameters as fields of a frozen dataclass, validated, and what `Optimizer` needs to look after them."""

    takes_grid: ClassVar[bool]
    grid: ClassVar[tuple[int, ...]] = ()
    _arrays: ClassVar[tuple[str, ...]] = ()
    """The names of the hyperparameters that are arrays."""
    _specs: ClassVar[dict[str, Spec]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclass(frozen=True, kw_only=True, eq=False, repr=False)(cls)
        shown = cls.__init__.__annotations__
        cls.__init__.__annotations__ = shown | {n: Hyper for n, kind in shown.items() if kind == "Hyper"}
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

    # -- hyperparameters -------------------------------------------------------------------------------

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

    def _with(self, **values: Any) -> Self:
        """Return a copy with fields set as they are, unvalidated (a schedule may make lr zero)."""
        new = copy.copy(self)
        new.__dict__.update(values)
        return new

    def __repr__(self) -> str:
        def shown(value: Any) -> str:
            if isinstance(value, np.ndarray):
                return f"<{'×'.join(map(str, value.shape))}: {value.min():g} … {value.max():g}>"
            return f"{value:g}" if isinstance(value, float) else repr(value)

        inside = (f"{f.name}={shown(getattr(self, f.name))}" for f in fields(self))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(inside)})"

    # -- parameters ------------------------------------------------------------------------------------

    def typed(self, x: Any) -> Self:
        """Return the optimizer with array hyperparameters in the number type of x, an array or a dict of them.

        Plain numbers adapt by themselves.
        """
        if not self._arrays:
            return self
        dtype = np.asarray(next(iter(x.values())) if isinstance(x, dict) else x).dtype
        if all(getattr(self, name).dtype == dtype for name in self._arrays):
            return self
        return self._with(**{name: getattr(self, name).astype(dtype) for name in self._arrays})

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
