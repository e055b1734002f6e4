"""The pages of ``docs/`` on the site, and the questions for the lecture hall."""

from __future__ import annotations

import re
from pathlib import Path

from . import COURSE
from .links import FOLDERS

PAGES = ("ways", "teaching", "instructors", "authors")
"""Pages of ``docs/``, in the order of the menu; one that is not there has no entry."""
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)\s]+)\)")


def write(source: Path) -> list[tuple[str, str]]:
    """Write the pages below ``source`` and return file and title of each."""
    folder = source / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    found = [COURSE / "docs" / f"{name}.md" for name in PAGES]
    known = {file.resolve(): f"/docs/{file.name}" for file in found if file.exists()}
    entries = []
    for file in known:
        text = with_links(file.read_text("utf-8"), file, known)
        (folder / file.name).write_text(text, "utf-8")
        entries.append((f"docs/{file.name}", _title(text, file)))
    return entries


def with_links(text: str, file: Path, known: dict[Path, str]) -> str:
    """Return a page whose links lead to pages of the site; what is only a file of the course becomes its name."""

    def changed(found: re.Match[str]) -> str:
        path, _, place = found[2].partition("#")
        target = (file.parent / path).resolve()
        if target in known:
            return f"[{found[1]}]({known[target]}{f'#{place}' if place else ''})"
        if target.suffix == ".ipynb" and target.parent.name in FOLDERS and target.exists():
            return f"[{found[1]}](/{target.parent.name}/{target.name})"
        return found[1]

    return _LINK.sub(changed, text)


def _title(text: str, file: Path) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{file} has no heading")
    return found[1].strip()
