"""What only a notebook has: texts that show themselves, and a last cell that may not have run."""

from __future__ import annotations

import ast
import html
import re
from dataclasses import dataclass, field
from typing import Any

from .restore import shell_here


@dataclass
class Text:
    """A few lines to read, in a notebook and in a terminal."""

    text: str
    code: bool = False
    _displayed: bool = field(default=False, repr=False, compare=False)

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        if self.code:
            return f"<pre>{html.escape(self.text)}</pre>"
        return "".join(f"<div>{html.escape(line)}</div>" for line in self.text.split("\n"))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not self._displayed:
            display({"text/plain": self.text, "text/html": self._repr_html_()}, raw=True)


def display_now(text: Text) -> Text:
    """Show a text at once, wherever in its cell the call stands; as the last expression it does not appear again."""
    if shell_here() is not None:
        from IPython.display import display

        display(text)
        text._displayed = True
    return text


def stale(function: Any) -> str:
    """Say so if the newest version of a function never came to be, because its cell cannot be read as Python.

    Otherwise the check would judge the version before without a word.
    """
    shell, name = shell_here(), getattr(function, "__name__", "")
    cells = shell.user_ns.get("In", []) if shell is not None else []
    for cell in reversed(cells):
        if re.search(rf"^def {re.escape(name)}\(", str(cell), re.MULTILINE):
            return _unreadable(str(cell), name)
    return ""


def _unreadable(cell: str, name: str) -> str:
    lines = ["" if line.lstrip().startswith(("%", "!")) else line for line in cell.split("\n")]
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return (
            f"The cell of {name} that you ran last is no Python (line {error.lineno}: {error.msg}). "
            "So this is about the version before it."
        )
    except ValueError:
        return f"The cell of {name} that you ran last is no Python. So this is about the version before it."
    return ""
