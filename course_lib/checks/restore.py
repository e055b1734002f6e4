"""What student code may have changed is put back: modules, random state, settings, the folder, figures."""

from __future__ import annotations

import builtins
import functools
import math
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

import numpy as np

_MODULES: tuple[ModuleType, ...] = (builtins, math, random, np, np.linalg, np.random)
_PRISTINE = [dict(vars(module)) for module in _MODULES]
_DICT, _VARS, _ZIP = dict, vars, zip  # our own, since a cell may set builtins.dict to anything


@contextmanager
def left_as_found() -> Iterator[None]:
    """Put random state, numpy's settings, patched modules, the folder and pyplot's figures back as they were.

    Random state begins alike every time.
    """
    found = [dict(vars(module)) for module in _MODULES]
    python_random, numpy_random = random.getstate(), np.random.get_state()  # noqa: NPY002
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    limit, folder = sys.getrecursionlimit(), os.getcwd()
    try:
        with np.errstate(), np.printoptions(), _no_exit(), _nothing_shown():
            yield
    finally:
        _put_back(found)
        random.setstate(python_random)
        np.random.set_state(numpy_random)  # noqa: NPY002
        sys.setrecursionlimit(limit)
        with suppress(OSError):
            os.chdir(folder)


class pristine:
    """Give numpy and Python's modules back the functions they were born with, for as long as answers are compared.

    A class, since contextlib needs functions that may be broken.
    """

    def __enter__(self) -> None:
        self._found = [_DICT(_VARS(module)) for module in _MODULES]
        _put_back(_PRISTINE)

    def __exit__(self, *error: object) -> None:
        _put_back(self._found)


def builtins_kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function after whose call Python's builtins are what they were."""
    before = _DICT(_VARS(builtins))

    @functools.wraps(function)
    def kept(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        finally:
            _restore(builtins, before)

    return kept


def _put_back(namespaces: list[dict[str, Any]]) -> None:
    for module, names in _ZIP(_MODULES, namespaces, strict=True):
        _restore(module, names)


def _restore(module: ModuleType, names: dict[str, Any]) -> None:
    now = _VARS(module)
    for name, value in names.items():
        # `_` is the last result in an interactive session: not ours to put back
        if name != "_" and now.get(name, names) is not value:
            now[name] = value


def shell_here() -> Any:
    """The notebook's shell, None outside of one."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


@contextmanager
def _no_exit() -> Iterator[None]:
    """Make IPython's exit() a SystemExit, which can be caught; it would end the kernel a moment later."""
    shell = shell_here()
    if shell is None:
        yield
        return

    def refuse() -> None:
        raise SystemExit("exit() ends the kernel; a function ends with return")

    shell.ask_exit = refuse
    try:
        yield
    finally:
        del shell.ask_exit  # the class's own is there again


@contextmanager
def _nothing_shown() -> Iterator[None]:
    """Keep figures and whatever else is displayed from the notebook, where it would appear once for every call."""
    shell, pyplot = shell_here(), sys.modules.get("matplotlib.pyplot")
    figures = set(pyplot.get_fignums()) if pyplot else set()
    main = threading.current_thread() is threading.main_thread()
    publisher = getattr(shell, "display_pub", None) if main else None
    if publisher is not None:
        from IPython.core.displaypub import CapturingDisplayPublisher

        shell.display_pub = CapturingDisplayPublisher()
    try:
        yield
    finally:
        if publisher is not None:
            shell.display_pub = publisher
        pyplot = sys.modules.get("matplotlib.pyplot")
        for number in set(pyplot.get_fignums()) - figures if pyplot is not None else ():
            sys.modules["matplotlib.pyplot"].close(number)
