"""A fingerprint of what a result depends on: settings, data and code, the reader's own functions too."""

from __future__ import annotations

import dataclasses
import dis
import functools
import hashlib
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).parents[1]
LIBRARY = (
    "arguments.py",
    "axes.py",
    "bridge",
    "curvature.py",
    "gradients.py",
    "optimizers",
    "problems",
    "running",
    "schedules",
)
"""The parts of the library that the numbers of a training run depend on."""

_OWN = tuple(str(ROOT / part) for part in LIBRARY)
_INSTALLED = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "purelib", "platlib"))
_BY_NAME = (types.BuiltinFunctionType, np.ufunc, type(np.dot), types.MemberDescriptorType,
            types.GetSetDescriptorType)  # fmt: skip
_PLAIN = (type(None), type(...), bool, int, float, complex, str, bytes, np.generic)
_BOOKKEEPING = frozenset(
    f"__{name}__"
    for name in (
        "dict", "weakref", "doc", "module", "qualname", "annotations", "annotate", "match_args", "slots",
        "dataclass_fields", "dataclass_params", "firstlineno", "static_attributes",
    )
)  # fmt: skip
_HOLD: dict[type, tuple[str, ...]] = {
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    property: ("fget", "fset"),
    types.MethodType: ("__func__", "__self__"),
    functools.partial: ("func", "args", "keywords"),
    functools.cached_property: ("func",),
    type(lru_cache(int)): ("__wrapped__",),
}
_FIELD_OF_A_TUPLE = type(NamedTuple("Pair", [("first", int)]).first)  # type: ignore[attr-defined]
_WRITTEN_BY_DATACLASS = "<string>"  # the file name of such methods; they follow from the fields


@lru_cache(maxsize=1)
def library_version() -> str:
    """Return a fingerprint of the library's own code, as far as training depends on it."""
    digest = hashlib.blake2b(digest_size=8)
    for part in LIBRARY:
        path = ROOT / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def fingerprint(value: Any) -> str:
    """Return a word that is the same for equal settings, data and code, and another one otherwise.

    Numbers, texts, arrays and collections count by content; objects by class and fields; a file by path, size and
    time of change; functions and classes by what they do: bytecode, constants, defaults, enclosed variables and
    the globals they use. Code of the library itself is left to `library_version`, that of other installed packages to
    their version numbers.

    Raises:
        TypeError: for something that has no content to go by, such as a generator; it says where it stands.

    Examples:
        >>> fingerprint({"lr": 0.1, "beta": 0.9}) == fingerprint({"beta": 0.9, "lr": 0.1})
        True
        >>> fingerprint(lambda x: x + 1) == fingerprint(lambda x: x + 2)
        False
        >>> fingerprint({"model": [iter("ab")]})
        Traceback (most recent call last):
        TypeError: ['model'][0] is a str_ascii_iterator, which has no content to tell it from another: use numbers,
        arrays, functions or dataclasses
    """
    digest = hashlib.blake2b(digest_size=16)
    for piece in _pieces(value, "", frozenset()):
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()


def _pieces(value: Any, where: str, around: frozenset[int]) -> Iterator[bytes]:
    """Yield a value's content piece by piece; ``around`` are the ids of what it stands in."""
    yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if isinstance(value, _PLAIN):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray) and value.dtype != object:
        yield f"{value.dtype.str} {value.shape}".encode()
        yield value.tobytes()
    elif id(value) in around:  # a function that calls itself
        yield b"again"
    else:
        yield from _inside(value, where, around | {id(value)})


def _inside(value: Any, where: str, around: frozenset[int]) -> Iterator[bytes]:
    """Yield the content of what is made of other things."""
    parts: Any
    if isinstance(value, Mapping):
        parts = [
            part
            for key in sorted(value, key=repr)
            for part in ((where, key), (f"{where}[{key!r}]", value[key]))
        ]
    elif isinstance(value, (set, frozenset)):
        parts = [(where, entry) for entry in sorted(value, key=repr)]
    elif isinstance(value, (list, tuple, range, np.ndarray)):
        parts = [(f"{where}[{k}]", entry) for k, entry in enumerate(value)]
    elif isinstance(value, (types.FunctionType, type, types.ModuleType)):
        version = _version(value)
        yield f"{_module(value)} {getattr(value, '__qualname__', '')} {version}".encode()
        parts = [] if version else _code_parts(value, where)
    elif isinstance(value, types.CodeType):
        yield value.co_code
        parts = [(where, (value.co_consts, value.co_names, value.co_varnames, value.co_freevars))]
    elif isinstance(value, _BY_NAME):
        yield value.__name__.encode()
        parts = []
    elif isinstance(value, Path):
        status = value.stat() if value.exists() else None
        parts = [(where, (str(value), status and (status.st_size, status.st_mtime_ns)))]
    else:
        parts = _object_parts(value, where)
    yield f"{len(parts)} parts".encode()
    for place, part in parts:
        yield from _pieces(part, place, around)


def _code_parts(value: Any, where: str) -> list[tuple[str, Any]]:
    """Return what a function, a class or a module that is not installed is made of."""
    if isinstance(value, types.FunctionType):
        cells = dict(zip(value.__code__.co_freevars, value.__closure__ or (), strict=True))
        used = {
            name: value.__globals__[name] for name in _globals(value.__code__) if name in value.__globals__
        }
        enclosed = {name: cell.cell_contents for name, cell in cells.items()}
        return [(where, (value.__code__, value.__defaults__, value.__kwdefaults__)), (where, used | enclosed)]
    if isinstance(value, types.ModuleType):
        file = getattr(value, "__file__", None)
        return [(where, Path(file).read_bytes())] if file else []
    members = {
        name: part
        for name, part in vars(value).items()
        if name not in _BOOKKEEPING
        and not isinstance(part, _FIELD_OF_A_TUPLE)  # its names stand in _fields
        and not (_file(part) == _WRITTEN_BY_DATACLASS and hasattr(object, name))
    }
    return [(where, value.__bases__), (f"{where}.{value.__name__}", members)]


def _object_parts(value: Any, where: str) -> list[tuple[str, Any]]:
    """Return what any other object is made of."""
    if type(value) in _HOLD:
        return [(where, getattr(value, name)) for name in _HOLD[type(value)]]
    if isinstance(value, np.random.Generator):
        return [(where, value.bit_generator.state)]
    if isinstance(value, np.dtype):
        return [(where, value.str)]
    if dataclasses.is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    elif hasattr(value, "__dict__") and type(value).__module__ not in ("builtins", "_io"):
        named = vars(value)
    else:
        raise TypeError(
            f"{where.lstrip('.') or 'value'} is a {type(value).__name__}, which has no content to tell it from "
            f"another: use numbers, arrays, functions or dataclasses"
        )
    parts = [(f"{where}.{name}", named[name]) for name in sorted(named)]
    return [(where, type(value)), (where, sorted(named)), *parts]


def _version(value: Any) -> str:
    """Return what stands for a function, class or module of the library or of an installed package, else ""."""
    module = sys.modules.get(_module(value))
    if isinstance(value, type) and (_module(value) == "__main__" or not _held(value, module)):
        return ""  # of a notebook, or made on the way as by `as_optimizer`
    file = _file(value) or getattr(module, "__file__", None) or ""
    if file.startswith(_OWN):
        return "library"
    built_in = file.startswith("<frozen") or (not file and _module(value) in sys.builtin_module_names)
    if built_in or file.startswith(_INSTALLED):
        return str(getattr(sys.modules.get(_module(value).partition(".")[0]), "__version__", "installed"))
    return ""


def _held(value: type, module: Any) -> bool:
    """Return whether a class is what its module holds under its name."""
    return (
        functools.reduce(lambda at, name: getattr(at, name, None), value.__qualname__.split("."), module)
        is value
    )


def _module(value: Any) -> str:
    return str(value.__name__ if isinstance(value, types.ModuleType) else value.__module__)


def _globals(code: types.CodeType) -> list[str]:
    """Return the names of the globals that code uses, also in functions inside it."""
    own = {i.argval for i in dis.get_instructions(code) if i.opname in ("LOAD_GLOBAL", "LOAD_NAME")}
    nested = {name for part in code.co_consts if isinstance(part, types.CodeType) for name in _globals(part)}
    return sorted(own | nested)


def _file(value: Any) -> str:
    """Return the file name of a function's code."""
    return value.__code__.co_filename if isinstance(value, types.FunctionType) else ""
