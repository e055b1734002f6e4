"""Read a notebook's file, whatever it is: of sane size, in any encoding and format; or say why not."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LARGEST_FILE = 30_000_000
"""Bytes. Figures are stored in notebooks, but not as many as that."""
MARKS = {b"\xff\xfe\x00\x00": "utf-32", b"\x00\x00\xfe\xff": "utf-32", b"\xef\xbb\xbf": "utf-8-sig",
         b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}  # fmt: skip
"""How a file begins, and its encoding."""


class Unreadable(Exception):
    """Raised for what is no notebook; the text says why."""


@dataclass(frozen=True)
class Cell:
    """A cell of a notebook.

    Args:
        kind: "code", "markdown" or "raw".
        source: its text.
        names: what it may be known by: nbgrader's grade_id, its id.
        role: its first tag.
        number: of the code cell, counted from 1; the others have the number of the code cell before them.
    """

    kind: str
    source: str
    names: tuple[str, ...] = ()
    role: str = ""
    number: int = 0


def cells_of(file: Path) -> tuple[list[Cell], list[str]]:
    """Return a notebook's cells, and what was odd about it.

    Raises:
        Unreadable: if it is none.
    """
    text, remarks = _text(_bytes(file))
    try:
        notebook = json.loads(text)
    except RecursionError:
        raise Unreadable("its brackets are nested too deep") from None
    except ValueError as error:
        raise Unreadable(f"it is no JSON ({str(error)[:80]})") from None
    if not isinstance(notebook, dict):
        raise Unreadable("it is JSON, but no notebook")
    if isinstance(notebook.get("worksheets"), list) or notebook.get("nbformat") in (1, 2, 3):
        notebook = _upgraded(notebook)
        remarks.append("was written in an old format of notebooks")
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("it has no cells")
    found: list[Cell] = []
    for cell in cells:
        if isinstance(cell, dict):
            found.append(_cell(cell, found[-1].number if found else 0))
    if len(found) < len(cells):
        remarks.append(f"{len(cells) - len(found)} of its cells are no cells")
    return found, remarks


def _bytes(file: Path) -> bytes:
    try:
        before = os.lstat(file)
        if not stat.S_ISREG(before.st_mode):
            kind = "a link" if stat.S_ISLNK(before.st_mode) else "no plain file"
            raise Unreadable(f"it is {kind}, which is not followed" if kind == "a link" else f"it is {kind}")
        if before.st_size > LARGEST_FILE:
            raise Unreadable(
                f"it has {before.st_size / 1e6:.0f} MB; at most {LARGEST_FILE / 1e6:.0f} are read"
            )
        # what became a pipe or a link since then is neither waited for nor followed
        handle = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as opened:
            return opened.read(LARGEST_FILE)
    except OSError as error:
        raise Unreadable(error.strerror or type(error).__name__) from None
    except ValueError:  # a name with a zero byte
        raise Unreadable("its name is none") from None


def _text(data: bytes) -> tuple[str, list[str]]:
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "utf-8")
    if encoding == "utf-8" and data[1:2] == b"\0":
        encoding = "utf-16-le"
    try:
        return data.decode(encoding), [] if encoding == "utf-8" else [f"was saved as {encoding.upper()}"]
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), ["is not UTF-8; it was read as Windows's letters"]


def _upgraded(notebook: dict[str, Any]) -> dict[str, Any]:
    import nbformat

    try:
        major = int(notebook.get("nbformat") or 3)
        return dict(nbformat.convert(nbformat.versions[major].to_notebook_json(notebook), 4))
    except Exception as error:  # a converter may stumble over anything
        raise Unreadable(
            f"it has an old format, which nbformat cannot convert ({type(error).__name__})"
        ) from None


def _cell(cell: dict[str, Any], number: int) -> Cell:
    kind = cell.get("cell_type")
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    graded = metadata.get("nbgrader")
    names = (graded.get("grade_id") if isinstance(graded, dict) else None, cell.get("id"))
    tags = metadata.get("tags")
    role = tags[0] if isinstance(tags, list) and tags and isinstance(tags[0], str) else ""
    return Cell(
        kind if isinstance(kind, str) else "raw",
        (source if isinstance(source, str) else "").replace("\r\n", "\n"),
        tuple(name for name in names if isinstance(name, str)),
        role,
        number + (kind == "code"),
    )
