"""A method as words that a file can hold, and a method made of such words.

A row of the registry is its name and its settings, wrappers with what is inside them. A function is its source text
with what it uses. Anything else can be named, but not run again by others.
"""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
import types
from collections.abc import Mapping
from typing import Any

from ...optimizers import REGISTRY, Optimizer, as_optimizer
from ...optimizers.function import _FromFunction
from ...running.fingerprint import _globals

PLAIN = (bool, int, float, str, type(None))
LONGEST = 20_000
"""So many characters of source a file may hold."""


def described(opt: Optimizer, with_source: bool = True) -> dict[str, Any]:
    """Return an optimizer as words.

    Args:
        opt: the optimizer.
        with_source: whether the text of a function is among them.

    Examples:
        >>> from course_lib.optimizers import Momentum
        >>> described(Momentum(lr=0.1))
        {'kind': 'row', 'row': 'Momentum', 'hyper': {'lr': 0.1, 'beta': 0.9, 'form': 'sum'}}
    """
    if isinstance(opt, _FromFunction):
        hyper = {name: value for name, value in opt.hyper().items() if isinstance(value, PLAIN)}
        words = {"kind": "function", "function": opt.name, "memory": list(opt.memory), "hyper": hyper}
        return words | ({"source": source_of(type(opt).function)} if with_source else {})
    if _is_row(opt):
        return {"kind": "row", "row": type(opt).__name__, "hyper": _fields(opt)}
    return {"kind": "other", "shown": repr(opt)[:500]}


def _is_row(opt: Any) -> bool:
    """Return whether an optimizer is a row of the registry, and so is everything inside it."""
    row = REGISTRY.get(type(opt).__name__)
    values = [getattr(opt, f.name) for f in dataclasses.fields(opt)]
    inside = [part for v in values for part in (v.values() if isinstance(v, Mapping) else [v])]
    return (
        row is not None
        and row.cls is type(opt)
        and all(_is_row(v) if isinstance(v, Optimizer) else isinstance(v, PLAIN) for v in inside)
    )


def _fields(opt: Any) -> dict[str, Any]:
    def words(value: Any) -> Any:
        if isinstance(value, Optimizer):
            return described(value)
        return {name: words(v) for name, v in value.items()} if isinstance(value, Mapping) else value

    return {f.name: words(getattr(opt, f.name)) for f in dataclasses.fields(opt)}


def source_of(function: Any) -> str:
    """Return the text of a function with that of its helpers, its constants and its imports; "" if there is none.

    Examples:
        >>> import textwrap as t
        >>> print(source_of(t.dedent).startswith("import re"))
        True
    """
    lines: dict[str, str] = {}
    try:
        _collect(function, lines)
    except (OSError, TypeError):  # typed at a prompt, or built in
        return ""
    text = "\n".join(lines.values()) + "\n"
    return text if len(text) <= LONGEST else ""


def _collect(function: types.FunctionType, lines: dict[str, str]) -> None:
    """Add what a function uses and then the function itself, each under its name."""
    if function.__name__ in lines:
        return
    lines[function.__name__] = ""  # a helper that calls back is not collected twice
    text = textwrap.dedent(inspect.getsource(function))
    enclosed = inspect.getclosurevars(function).nonlocals
    for name in _globals(function.__code__):
        if name in function.__globals__:
            enclosed = {**enclosed, name: function.__globals__[name]}
    for name, value in enclosed.items():
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            _collect(value, lines)
        elif isinstance(value, PLAIN):
            lines.setdefault(name, f"{name} = {value!r}")
        elif isinstance(value, types.ModuleType):
            lines.setdefault(name, f"import {value.__name__} as {name}")
        elif hasattr(value, "__module__") and hasattr(value, "__name__"):
            lines.setdefault(name, f"from {value.__module__} import {value.__name__} as {name}")
    del lines[function.__name__]
    lines[function.__name__] = text


def rebuilt(words: Mapping[str, Any], namespace: Mapping[str, Any] | None = None) -> Optimizer:
    """Return the optimizer that `described` described.

    Args:
        words: the description.
        namespace: where the function of a source text is found, after that was run.

    Raises:
        ValueError: if it does not describe one that can be run.

    Examples:
        >>> from course_lib.optimizers import Lookahead, Momentum
        >>> rebuilt(described(Lookahead(Momentum(lr=0.1), k=3)))
        Lookahead(inner=Momentum(lr=0.1, beta=0.9, form='sum'), k=3, alpha=0.5)
    """
    try:
        hyper = {name: _value(value) for name, value in words["hyper"].items()}
        if words["kind"] == "row":
            return REGISTRY[words["row"]].cls(**hyper)
        if words["kind"] == "function":
            return as_optimizer((namespace or {})[words["function"]], words["memory"], **hyper)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"the method cannot be made: {type(error).__name__}: {error}") from None
    raise ValueError(f"kind = {words['kind']!r} cannot be run again")


def _value(value: Any) -> Any:
    if isinstance(value, dict):
        return rebuilt(value) if "kind" in value else {name: _value(v) for name, v in value.items()}
    return value


def can_run_again(words: Mapping[str, Any]) -> bool:
    """Return whether a description is enough to run the method."""
    return words.get("kind") == "row" or bool(words.get("source"))


def shown(words: Mapping[str, Any]) -> str:
    """Return a short name of the method."""
    return str(words.get("row") or words.get("function") or words.get("shown") or "")[:60]
