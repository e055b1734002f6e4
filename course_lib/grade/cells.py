"""Run a notebook's cells outside of a notebook: IPython's syntax is understood, and nothing is shown."""

from __future__ import annotations

import linecache
import sys
from typing import Any

from ..checks.guard import Trouble, guarded

TIMED = ("time", "capture", "prun")
"""Magics whose code counts: what it defines is there afterwards."""


def run_cell(number: int, source: str, namespace: dict[str, Any], seconds: float) -> Trouble | None:
    """Run a cell and return what went wrong, if anything did.

    Args:
        number: the cell's, for its name.
        source: its text, as a notebook's.
        namespace: where its names go; `furnished` before the first cell.
        seconds: how long it may take.

    Examples:
        >>> names = furnished({})
        >>> run_cell(1, "%matplotlib inline\\n%time a = 6 * 7\\na.bit_length?", names, 5), names["a"]
        (None, 42)
        >>> run_cell(2, "b = 1 / 0", names, 5).error
        'ZeroDivisionError: division by zero'
    """
    name = f"cell {number}"

    def run() -> None:
        code = plain(source, name)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(code, namespace)

    return guarded(run, seconds, name).trouble


def plain(source: str, name: str) -> Any:
    """Return a cell's code: Python as it stands, else what IPython makes of it.

    Raises:
        SyntaxError: if it is neither.
    """
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager

        return compile(TransformerManager().transform_cell(source), name, "exec", dont_inherit=True)


def furnished(namespace: dict[str, Any]) -> dict[str, Any]:
    """Give a namespace what a notebook's has beside Python's own names, and return it."""
    shell = Shell(namespace)
    namespace |= {
        "display": _shown,
        "get_ipython": lambda: shell,
        "In": [""],
        "Out": {},
        "_": "",
        "__": "",
        "___": "",
    }
    return namespace


def _shown(*things: Any, **how: Any) -> None:
    """Show nothing."""


class Shell:
    """What ``get_ipython()`` returns: it times, and else does nothing, whatever it is asked for."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.user_ns = namespace

    def run_line_magic(self, name: str, line: str, *more: Any, **how: Any) -> None:
        """Run the code of a magic that only times it."""
        self.run_cell_magic(name, "", line)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Run the code of a magic that only times it."""
        if name in TIMED:
            exec(plain(cell, sys._getframe(1).f_code.co_filename), self.user_ns)

    def __getattr__(self, name: str) -> Any:
        return _shown
