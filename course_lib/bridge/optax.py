"""`from_optax`: an optax optimizer runs wherever one of this library runs."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Hashable, Mapping
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from .foreign import ALONE, Arrays, Foreign, adopt, runs_of
from .settings import Setting, translated


def from_optax(source: Any, **settings: Any) -> Foreign:
    r"""Return an optax optimizer as one that runs in every explorer, race, sweep and comparison of the course.

    Its settings become hyperparameters with sliders, under the course's names where there is one: ``learning_rate`` is
    ``lr``, ``b1`` is ``beta1``. It is pure, as optax itself is; float64 stays float64.

    A step is compiled when it is first taken, some 0.2 s for each shape of parameters, and then costs some 0.2 ms. A
    grid of runs is one call, mapped over the runs, so that thousands of them cost little more than one. Moving lr or
    any other number compiles nothing anew, unless optax looks at it as it builds the step: then each value does.

    Args:
        source: a function that makes an optimizer of numbers, ``optax.adam`` or one of your own such as
            ``def mine(learning_rate, limit=1.0): return optax.chain(optax.clip(limit), optax.sgd(learning_rate))``; or
            its name in optax or optax.contrib, ``"adam"``.
        settings: what the function takes, under its names or the course's. A learning rate schedule is given to
            `simulate` or `train`, as always.

    Returns:
        An optimizer. What it remembers has optax's names (``mu``, ``nu``).

    Raises:
        ModuleNotFoundError: if a name is given and optax is not installed.
        TypeError: for what makes no optimizer, a setting that it does not have, or one that takes more than a gradient
            a step, as optax.lbfgs does with its line search.
        ValueError: for a value that optax or the course refuses.

    Examples:
        >>> from_optax(3)
        Traceback (most recent call last):
        TypeError: source is 3, but it must be a function such as optax.adam, or its name, "adam"

        With optax installed::

            import optax
            from course_lib.bridge import from_optax
            from course_lib.running import simulate

            simulate(from_optax(optax.adam, learning_rate=0.1), "rosenbrock").final_loss

    Reference: DeepMind et al., "The DeepMind JAX ecosystem", 2020.
    """
    if isinstance(source, str):
        source = _named(source)
    if not callable(source):
        made = hasattr(source, "init") and hasattr(source, "update")
        shown = "an optimizer that is made already" if made else f"{source!r}"
        also = ": write  def mine(learning_rate): return …  around a chain" if made else ""
        raise TypeError(
            f'source is {shown}, but it must be a function such as optax.adam, or its name, "adam"{also}'
        )
    if callable(settings.get("learning_rate", settings.get("lr"))):
        raise TypeError(
            "learning_rate is a function, but it must be a number: give the schedule to simulate or train"
        )
    return OptaxOptimizer.of(source, settings)


class OptaxOptimizer(Foreign):
    """An optax optimizer: its step, compiled and mapped over the runs of a grid."""

    live: ClassVar[tuple[str, ...]] = ()
    """The hyperparameters that are handed to the compiled step; each value of the others compiles one."""

    @classmethod
    def of(cls, source: Any, settings: Mapping[str, Any]) -> Foreign:
        """Return it for a function, and find out which of its settings a compiled step can take."""
        made = adopt(cls, source, settings)
        numbers = [name for name, spec in made.specs().items() if not (spec.choices or spec.integer)]
        error: Exception | None = None
        for live in (numbers, [name for name in numbers if name == "lr"], []):
            type(made).live = tuple(live)
            error = made._refusal()
            if error is None:
                return made
        raise TypeError(f"{made!r} takes no ordinary step. optax says: {error}") from error

    def check(self) -> None:
        """Raise what optax raises for these settings, or if they make no optimizer."""
        runs = self.grid
        for name in self.settings.values:
            value = getattr(self, name)
            if not isinstance(value, (np.ndarray, Hashable)):
                raise TypeError(f"{name} is a {type(value).__name__}: put it into a function of your own")
        for run in np.ndindex(runs):
            made = type(self).source(**self.call(run, runs))
            if not (hasattr(made, "init") and hasattr(made, "update")):
                raise TypeError(f"it makes a {type(made).__name__}, which has no init and update")

    def begin(self, x: Arrays, axes: int) -> Any:
        """The state that optax begins with, of all runs."""
        return self._run("begin", x, axes)

    def advance(self, x: Arrays, g: Arrays, kept: Any, axes: int) -> tuple[Arrays, Any]:
        """One compiled step of all runs."""
        g = {name: part.astype(x[name].dtype, copy=False) for name, part in g.items()}
        new, kept = self._run("step", x, axes, g, kept)
        return _back(new, x), kept

    def averaged(self, x: Arrays, kept: Any, axes: int) -> Arrays:
        """What optax's own function makes of the parameters for Schedule-Free."""
        if not hasattr(_import("optax").contrib, "ScheduleFreeState") or not isinstance(
            kept, _import("optax").contrib.ScheduleFreeState
        ):
            return x
        return _back(self._run("read", x, axes, kept), x)

    def watched(self, x: Arrays, kept: Any, axes: int) -> dict[str, Arrays]:
        """The arrays of the state, by the names of its fields."""
        jax = _import("jax")
        leaves, structure = jax.tree_util.tree_flatten(kept)
        found: dict[str, Arrays] = {name: {} for name in x}
        for (owner, field), leaf in zip(_names(structure, len(leaves)), leaves, strict=True):
            if owner in found and leaf.ndim > (axes > 0):
                array = np.asarray(leaf)
                if axes:
                    array = np.moveaxis(array, 0, -1).reshape(*array.shape[1:], *runs_of(x, axes))
                found[owner][field] = array
        return found

    # -- the compiled step -------------------------------------------------------------------------------

    def _run(self, what: str, x: Arrays, axes: int, *more: Any) -> Any:
        """Call one of the three compiled functions in x's number type."""
        jax, one = _import("jax"), next(iter(x.values()))
        runs = runs_of(x, axes)
        live = {name: np.broadcast_to(getattr(self, name), runs) for name in self.live}
        typed = {name: value.astype(one.dtype).ravel() if axes else value.astype(one.dtype)
                 for name, value in live.items()}  # fmt: skip
        flat = [_flat(part, axes) if isinstance(part, dict) else part for part in (x, *more)]
        function = _compiled(what, type(self).source, self.settings.names, self._fixed(), axes > 0)
        with jax.enable_x64(one.dtype == np.float64):
            return function(typed, *flat)

    def _fixed(self) -> tuple[tuple[str, Any], ...]:
        fixed = [(name, getattr(self, name)) for name in self.settings.values if name not in self.live]
        varied = [name for name, value in fixed if isinstance(value, np.ndarray)]
        if varied:
            raise ValueError(
                f"{type(self).__name__}: {varied[0]} takes no grid: run its values one after the other"
            )
        return tuple(fixed)

    def _refusal(self) -> Exception | None:
        """Return what goes wrong in a step on two numbers; nothing is compiled."""
        jax = _import("jax")
        x = {ALONE: np.ones(2)}
        values = {name: float(np.ravel(getattr(self, name))[0]) for name in self.live}
        fixed = tuple((name, getattr(self, name)) for name in self.settings.values if name not in self.live)
        begin, step, _ = _functions(type(self).source, self.settings.names, fixed)
        try:
            with jax.enable_x64(True):
                jax.eval_shape(step, values, x, x, jax.eval_shape(begin, values, x))
        except Exception as error:
            return error
        return None


def _functions(
    source: Any, names: tuple[Setting, ...], fixed: tuple[tuple[str, Any], ...]
) -> tuple[Any, Any, Any]:
    """Return how an optimizer begins, steps and reads its parameters, as functions of its live settings."""
    optax = _import("optax")

    def made(live: Any) -> Any:
        return source(**translated(names, {**dict(fixed), **live}))

    def begin(live: Any, x: Any) -> Any:
        return made(live).init(x)

    def step(live: Any, x: Any, g: Any, state: Any) -> tuple[Any, Any]:
        change, state = made(live).update(g, state, x)
        return optax.apply_updates(x, change), state

    def read(live: Any, x: Any, state: Any) -> Any:
        return optax.contrib.schedule_free_eval_params(state, x)

    return begin, step, read


@functools.lru_cache(maxsize=128)
def _compiled(
    what: str, source: Any, names: tuple[Setting, ...], fixed: tuple[tuple[str, Any], ...], grid: bool
) -> Any:
    jax = _import("jax")
    function = dict(zip(("begin", "step", "read"), _functions(source, names, fixed), strict=True))[what]
    if grid:  # parameters carry their runs behind, states and settings before
        axes = {"begin": (0, -1), "step": (0, -1, -1, 0), "read": (0, -1, 0)}[what]
        outs: Any = {"begin": 0, "step": (-1, 0), "read": -1}[what]
        function = jax.vmap(function, in_axes=axes, out_axes=outs)
    return jax.jit(function)


@functools.lru_cache(maxsize=128)
def _names(structure: Any, count: int) -> tuple[tuple[str, str], ...]:
    """Return for each leaf of a state the parameter that it belongs to, and the name of its field."""
    jax = _import("jax")
    paths = jax.tree_util.tree_flatten_with_path(jax.tree_util.tree_unflatten(structure, range(count)))[0]
    found: list[tuple[str, str]] = []
    for path, _ in paths:
        fields = [str(key.name) for key in path if hasattr(key, "name")]
        keys = [str(key.key) for key in path if hasattr(key, "key")]
        name, owner = fields[-1] if fields else "state", keys[-1] if keys else ""
        again = sum(other == owner and field.partition(" ")[0] == name for other, field in found)
        found.append((owner, f"{name} {again + 1}" if again else name))
    return tuple(found)


def _named(name: str) -> Any:
    """Return a function of optax or optax.contrib."""
    try:
        optax = _import("optax")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"from_optax({name!r}) needs optax, which is not installed here and not part of the course: "
            f"pip install optax"
        ) from error
    for module in (optax, optax.contrib):
        if not name.startswith("_") and callable(getattr(module, name, None)):
            return getattr(module, name)
    raise TypeError(f"source = {name!r} is neither in optax nor in optax.contrib")


def _import(name: str) -> ModuleType:
    return importlib.import_module(name)


def _flat(x: Arrays, axes: int) -> Arrays:
    """Return arrays with one axis of runs."""
    if not axes:
        return x
    return {name: part.reshape(*part.shape[: part.ndim - axes], -1) for name, part in x.items()}


def _back(found: Any, x: Arrays) -> Arrays:
    return {name: np.array(found[name]).reshape(part.shape) for name, part in x.items()}
