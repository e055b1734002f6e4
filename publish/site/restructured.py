"""Pieces of reStructuredText."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from textwrap import indent
from typing import Any


def heading(text: str, line: str = "=") -> str:
    """Return a heading in reStructuredText."""
    return f"{text}\n{line * (len(text) + 2)}\n\n"


def raw(html: str) -> str:
    """Return HTML as a directive; nothing for nothing."""
    return f".. raw:: html\n\n{indent(html, '   ')}\n\n" if html else ""


def table(rows: Iterable[Iterable[str]], head: bool = True, widths: str = "auto") -> str:
    """Return a table in reStructuredText; the first row is its head."""
    lines = [f".. list-table::\n   :header-rows: {int(head)}\n   :widths: {widths}\n\n"]
    for row in rows:
        for number, cell in enumerate(row):
            start = "   * - " if number == 0 else "     - "
            lines.append(start + (cell or "–").replace("\n", " ") + "\n")
    return "".join(lines) + "\n"


def literal(text: str) -> str:
    """Return a cell's Markdown as reStructuredText."""
    parts = text.split("`")
    return "".join(f"``{part}``" if number % 2 else escaped(part) for number, part in enumerate(parts))


def escaped(text: str) -> str:
    """Return text whose signs mean nothing in reStructuredText."""
    return re.sub(r"([*\\|_])", r"\\\1", text)


def first_sentence(thing: Any) -> str:
    """Return the summary of a docstring.

    Examples:
        >>> from course_lib import schedules
        >>> first_sentence(schedules.cosine)
        'Follow half a cosine from 1 down to a floor.'
    """
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")
