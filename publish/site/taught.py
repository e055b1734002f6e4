"""Which lesson teaches what: read out of the lessons' headings and code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache

from .links import notebooks


@cache
def lessons() -> dict[str, tuple[str, list[str], str]]:
    """Return of every lesson its title, its headings, and its code."""
    found = {}
    for file in notebooks("notebooks"):
        cells = json.loads(file.read_text("utf-8"))["cells"]
        text = {
            kind: "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == kind)
            for kind in ("markdown", "code")
        }
        headings = re.findall(r"^#+ (.+)$", text["markdown"], re.MULTILINE)
        title = next((one for one in headings if re.match(r"Lesson \d\d", one)), f"Lesson {file.stem[:2]}")
        found[file.stem] = title, headings, text["code"]
    return found


def where(name: str) -> tuple[str, list[str]]:
    """Return the lesson that teaches something and the others that use it, empty where there is none.

    It is taught where a heading names it first; if none does, where the code has it most often.

    Examples:
        >>> where("Momentum")[0], where("KFAC")[0]
        ('04_momentum', '15_natural_gradient_kfac')
    """
    uses = {lesson: len(re.findall(rf"\b{name}\b", code)) for lesson, (_, _, code) in lessons().items()}
    taught = [
        lesson for lesson, (_, headings, _) in lessons().items() if any(_names(one, name) for one in headings)
    ]
    using = [lesson for lesson, count in uses.items() if count]
    chosen = taught[0] if taught else max(using, key=lambda lesson: uses[lesson], default="")
    return chosen, [lesson for lesson in using if lesson != chosen]


def _names(heading: str, name: str) -> bool:
    """Say whether a heading names a class, written together or in up to three words."""
    words = re.findall(r"[A-Za-z]+", heading)
    joined = {"".join(words[i : i + n]).lower() for i in range(len(words)) for n in (1, 2, 3)}
    return name.lower() in joined


def _lesson_links(stems: Iterable[str]) -> str:
    return ", ".join(f":doc:`{stem[:2]} </notebooks/{stem}>`" for stem in stems)


def taught(name: str) -> list[tuple[str, str]]:
    """Return rows of a table: the lesson that teaches something, and the lessons that use it."""
    lesson, using = where(name)
    rows = [("Taught in", f":doc:`{lessons()[lesson][0]} </notebooks/{lesson}>`")] if lesson else []
    return [*rows, *_using(using)]


def used(name: str) -> list[tuple[str, str]]:
    """Return a row of a table with the lessons that use something, which none of them teaches."""
    lesson, others = where(name)
    return _using(sorted(filter(None, [lesson, *others])))


def _using(lessons: Sequence[str]) -> list[tuple[str, str]]:
    return [("Used in lessons", _lesson_links(lessons))] if lessons else []
