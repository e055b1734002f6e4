"""What another library calls its settings, and what they are called here."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..optimizers import Optimizer
from ..optimizers.function import declared
from ..optimizers.hyper import count, decay, nonnegative, number

RENAMED = {"learning_rate": "lr", "b1": "beta1", "b2": "beta2", "b3": "beta3"}
PAIRS = {"betas": "beta", "eps": "eps", "etas": "eta", "step_sizes": "step_size"}
"""Settings that may be a pair there and are numbered here: betas = (0.9, 0.999) is beta1 = 0.9, beta2 = 0.999."""
_FRACTIONS = ("alpha", "rho", "momentum", "decay")
_WHOLE = ("step", "steps", "seed")
_NEVER_NEGATIVE = ("dampening", "lr_decay", "initial_accumulator_value", "eps_root")


@dataclass(frozen=True)
class Setting:
    """One hyperparameter.

    Args:
        ours: its name here.
        theirs: its name there.
        place: where it stands in a pair.
    """

    ours: str
    theirs: str
    place: int | None = None


@dataclass(frozen=True)
class Settings:
    """The settings of one optimizer of another library.

    Args:
        owner: whose they are, for messages.
        names: those that become hyperparameters.
        values: their first values, by our names.

    Examples:
        >>> def adam(learning_rate, b1=0.9, b2=0.999, mask=None): ...
        >>> found = Settings.of(adam, "adam", {"learning_rate": 0.1})
        >>> found.values
        {'lr': 0.1, 'beta1': 0.9, 'beta2': 0.999}
        >>> found.theirs({"lr": 0.2, "beta1": 0.8, "beta2": 0.9})
        {'learning_rate': 0.2, 'b1': 0.8, 'b2': 0.9}
    """

    owner: str
    names: tuple[Setting, ...]
    values: dict[str, Any]

    @classmethod
    def of(
        cls, source: Callable[..., Any], owner: str, given: Mapping[str, Any], hidden: Collection[str] = ()
    ) -> Settings:
        """Read the signature of a class or function.

        Args:
            source: what makes the optimizer there.
            owner: its name.
            given: settings by their names or by ours.
            hidden: settings that are no hyperparameters unless they are given.

        Raises:
            TypeError: for a setting that there is not, that is given twice, or that has no value.
        """
        kinds = inspect.Parameter
        listed = inspect.signature(source).parameters.values()
        defaults = {a.name: a.default for a in listed if a.kind in (a.POSITIONAL_OR_KEYWORD, a.KEYWORD_ONLY)}
        defaults.pop("params", None)
        rest = dict(given)
        names: list[Setting] = []
        values: dict[str, Any] = {}
        for theirs, default in defaults.items():
            own = _named(theirs, rest.get(theirs, default))
            asked = theirs in rest or any(setting.ours in rest for setting in own)
            now = _taken(owner, own, theirs, default, rest)
            if any(value is kinds.empty for value in now):
                raise TypeError(f"{owner}: {theirs} has no value: give {theirs}=…")
            if asked or (theirs not in hidden and any(_is_number(value) for value in now)):
                names += own
                values |= dict(zip((setting.ours for setting in own), now, strict=True))
        if any(a.kind is a.VAR_KEYWORD for a in listed):
            names += [Setting(_free(name), name) for name in rest]
            values |= {_free(name): rest.pop(name) for name in list(rest)}
        if rest:
            shown = [_shown(theirs, default) for theirs, default in defaults.items()]
            raise TypeError(f"{owner} has no setting {next(iter(rest))!r}: there are {', '.join(shown)}")
        return cls(owner, tuple(names), values)

    def fields(self) -> dict[str, Any]:
        """The declarations of the hyperparameters, each with its range and slider."""
        return {name: field_of(name, value) for name, value in self.values.items()}

    def theirs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values by our names as the other library takes them."""
        return translated(self.names, values)


def translated(names: Iterable[Setting], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values by our names under the other library's, pairs put together."""
    found: dict[str, Any] = {}
    for setting in names:
        value = values[setting.ours]
        pair = setting.place is not None
        found[setting.theirs] = (*found.get(setting.theirs, ()), value) if pair else value
    return found


def field_of(name: str, value: Any) -> Any:
    """Return the declaration of a hyperparameter by its name and value; the other library has the last word on it.

    Examples:
        >>> field_of("alpha", 0.99).metadata["spec"].allowed, field_of("alpha", 5.0).metadata["spec"].scale
        ('in [0, 1)', 'log')
    """
    if isinstance(value, float) and not math.isfinite(value):
        return field(default_factory=lambda: value)  # no slider reaches it
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if name.rstrip("_") in _FRACTIONS and 0 <= value < 1:
            return decay(value)
        if name in _NEVER_NEGATIVE:
            return nonnegative(value)
        if isinstance(value, int) and name.rpartition("_")[2] in _WHOLE:
            return count(value, low=0, high=max(20, 2 * value))
        if name.startswith("beta") and not 0 <= value < 1:
            return number(value, slider=(2 * min(value, 0), 2 * max(value, 0)))
    return declared(name, value)


def _named(theirs: str, value: Any) -> list[Setting]:
    """Return the hyperparameters that a setting is here: one, or one for each number of a pair."""
    if theirs in PAIRS and isinstance(value, (tuple, list)):
        return [Setting(f"{PAIRS[theirs]}{k + 1}", theirs, k) for k in range(len(value))]
    return [Setting(_free(RENAMED.get(theirs, theirs)), theirs)]


def _taken(owner: str, own: list[Setting], theirs: str, default: Any, rest: dict[str, Any]) -> list[Any]:
    """Take a setting's values out of ``rest``, under either name, or else its default."""
    ours = [setting.ours for setting in own]
    if theirs in rest:
        double = [name for name in ours if name in rest and name != theirs]
        if double:
            raise TypeError(
                f"{owner}: {theirs} is given, and {double[0]} too, which is a part of it or the same"
            )
        value = rest.pop(theirs)
        if own[0].place is not None:
            if isinstance(default, tuple) and len(value) != len(default):
                raise TypeError(
                    f"{owner}: {theirs} = {value!r} is not allowed: it must be {len(default)} numbers"
                )
            return list(value)
        if isinstance(default, tuple) and theirs in PAIRS:
            raise TypeError(
                f"{owner}: {theirs} = {value!r} is not allowed: it must be {len(default)} numbers"
            )
        return [value]
    values = list(default) if own[0].place is not None else [default]
    return [rest.pop(name, value) for name, value in zip(ours, values, strict=True)]


def _free(name: str) -> str:
    """Return the name, with an underscore if an optimizer has something else of that name."""
    return f"{name}_" if hasattr(Optimizer, name) else name


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, np.ndarray, np.generic)) and bool(np.isfinite(value).all())


def _shown(theirs: str, default: Any) -> str:
    own = [setting.ours for setting in _named(theirs, default)]
    return theirs if own == [theirs] else f"{theirs} (here {', '.join(own)})"
