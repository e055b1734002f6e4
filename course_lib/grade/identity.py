"""Whose a submitted file is, and which exercise its path names.

Learning platforms, browsers and students rename files; what is left of the student's name stands in the folder, in
the file's name, or in both. The rules, of which the first that fits counts:

1. a pattern of the instructor's own;
2. Moodle's folders and files, ``Ada Lovelace_123456_assignsubmission_file_/…``, and Canvas's files,
   ``lovelaceada_LATE_12345_67890_08_adam.ipynb``;
3. nbgrader's layout, ``submitted/STUDENT/ASSIGNMENT/…``: the folder, whatever the file is called;
4. what a file's name has beside the exercise's: ``ada_08_adam (1).ipynb``;
5. the folder, where the file's name has nothing but the exercise's and words such as "final" or "Copy1".

Sources: Moodle, ``mod/assign/locallib.php`` (download of all submissions); Canvas, ``lib/content_zipper.rb``;
nbgrader's manual, "Collecting assignments"; copies as Chromium, Firefox, JupyterLab and Google Colab name them.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ..checks.exercises import all_exercises

MOODLE = re.compile(r"(?P<name>.+?)_(?P<key>\d+)_assignsubmission_(?:file|onlinetext)")
CANVAS = re.compile(r"(?P<name>[^_]+)(?P<late>_LATE)?_(?P<key>\d{3,})_\d{3,}_")
NO_NAME = re.compile(
    r"\(\d+\)|\b(?:copy of|copy ?\d*|kopie von|kopie|final ?\d*|v\d+|new|latest|last|fixed|done|checkpoint"
    r"|notebook|untitled\d*|submission|submitted|solution|solved|exercises?|homework ?\d*|hw ?\d+|assignment ?\d*"
    r"|abgabe|lab ?\d*)\b",
    re.IGNORECASE,
)
"""What people and programs add to a file's name; no student is called so."""
FOLDERS = frozenset({"exercises", "submitted", "submissions", "unpacked"})
"""Folders that belong to no student. JupyterLite puts the first before the name of a downloaded file."""


@dataclass(frozen=True)
class Named:
    """What a path tells.

    Args:
        student: whose it is, as it can be shown.
        exercise: the exercise's name, None if the path has none.
        key: the platform's number of the student: Moodle's participant, Canvas's user.
        late: whether Canvas marked it as late.
        by_pattern: whether the instructor's own pattern found the student.
        others: what else in the path may be the name; a roster can tell.
    """

    student: str
    exercise: str | None = None
    key: str = ""
    late: bool = False
    by_pattern: bool = False
    others: tuple[str, ...] = ()


def whose(file: Path) -> tuple[str, str | None]:
    """Return the student's name, and the exercise if the path tells it.

    Examples:
        >>> whose(Path("submitted/ada/08_adam/08_adam (1).ipynb"))
        ('ada', '08_adam')
        >>> whose(Path("Ada Lovelace_4711_assignsubmission_file_/my work.ipynb"))
        ('Ada Lovelace', None)
    """
    name = named(file)
    return name.student, name.exercise


def named(file: Path, inside: Path | None = None, pattern: re.Pattern[str] | None = None) -> Named:
    """Return what a path tells.

    Args:
        file: the submission.
        inside: the folder that holds everyone's; a folder in it belongs to a student, whatever its files are called.
        pattern: of the instructor's own, searched in the path as it stands after ``inside``, with ``/`` between
            folders. Its group ``student``, else its first group, else all of it is the name.

    Examples:
        >>> name = named(Path("in/lovelaceada_LATE_12345_67890_08_adam-1.ipynb"))
        >>> name.student, name.exercise, name.key, name.late
        ('lovelaceada', '08_adam', '12345', True)
        >>> named(Path("g3-ada.ipynb"), pattern=re.compile(r"g\\d-(\\w+)")).student
        'ada'
    """
    path = file.absolute()
    parts = [readable(part) for part in path.parts[1:]]
    below = path.relative_to(inside.absolute()).parts if inside else path.parts[1:]
    stem, folders = readable(path.stem), parts[:-1]
    exercise = next(filter(None, (_exercise(part) for part in (stem, *reversed(folders[-3:])))), None)
    if pattern and (found := pattern.search("/".join(map(readable, below if inside else path.parts)))):
        groups = found.groupdict().get("student") or next(filter(None, found.groups()), found[0])
        return Named(_tidy(groups), exercise, by_pattern=True)
    here = [f"{readable(part)}_" for part in below[:-1]] if inside else []
    names = (CANVAS.match(part) for part in (stem, *reversed(here)))
    for found in (*map(MOODLE.match, (stem, *reversed(folders))), *names):
        if found:
            return Named(_tidy(found["name"]), exercise, found["key"], bool(found.groupdict().get("late")))
    own_folders = [_beside(part) for part in map(readable, below[:-1] if inside else ()) if _personal(part)]
    folder = next(iter(own_folders), "") or next((_beside(p) for p in reversed(folders) if _personal(p)), "")
    own = _beside(stem)
    if len(folders) > 2 and folders[-3] == "submitted" and _exercise(folders[-1]):
        return Named(folders[-2], exercise, others=(own,))
    if folder and (not own or (own_folders and not _exercise(stem))):
        return Named(folder, exercise, others=(own, *own_folders))
    return Named(own or stem, exercise, others=tuple(own_folders))


def names_both(stem: str) -> bool:
    """Return whether a file's name names an exercise and, beside it, a student.

    Examples:
        >>> names_both("ada_08_adam"), names_both("08_adam final"), names_both("ada")
        (True, False, False)
    """
    return _exercise(stem) is not None and bool(_beside(stem))


def key(name: str) -> str:
    """Return a name or number as it is compared: the same for all ways of writing it.

    A Mac writes ü as u and two dots; capitals and spaces come and go. Leading zeros stay.

    Examples:
        >>> key("  Ju\\u0308rgen   MEYER") == key("Jürgen Meyer"), key("00123")
        (True, '00123')
    """
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).split())


def same(one: str, other: str) -> bool:
    """Return whether two names or numbers mean one student; a number may have lost its leading zeros on the way.

    Examples:
        >>> same("Ada ", "ada"), same("123", "00123"), same("", "00123")
        (True, True, False)
    """
    one, other = key(one), key(other)
    return one == other or (one.isdecimal() and other.isdecimal() and int(one) == int(other))


def slug(student: str, more: str = "") -> str:
    """Return a name for a student's file: readable, short, valid everywhere, and different for different students.

    Examples:
        >>> slug("ada", "08_adam"), slug("X Y") != slug("X_Y")
        ('ada_08_adam', True)
    """
    short = re.sub(r"[^\w.-]+", "_", unicodedata.normalize("NFKC", student))[:60].strip(".")
    if key(short) != key(student):
        short += "-" + hashlib.sha256(key(student).encode()).hexdigest()[:8]
    return f"{short}_{more}" if more else short


def readable(name: str) -> str:
    """Return a name from the disk as text that every file and page can hold.

    Bytes that are no UTF-8, as archives made on Windows have them, are read as Windows's own letters.

    Examples:
        >>> readable("M\\udcfcller\\n")
        'Müller'
    """
    try:
        raw = os.fsencode(name)
    except UnicodeEncodeError:  # half an emoji: no file system made it
        raw = name.encode("utf-8", "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    return _tidy(unicodedata.normalize("NFC", text))


def _tidy(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@functools.cache
def _known() -> re.Pattern[str]:
    """The exercises' names, as people write them: 08_adam, 8-Adam, exercises_08 adam."""
    names = (re.sub("_", "[ _-]?", re.sub("^0", "0?", e.name)) for e in all_exercises())
    return re.compile(
        rf"(?<![0-9])(?:exercises[ _-])?(?:{'|'.join(f'({n})' for n in names)})(?![a-z0-9])", re.IGNORECASE
    )


def _exercise(part: str) -> str | None:
    """Return the exercise that a part of a path names."""
    found = _known().search(part)
    return all_exercises()[(found.lastindex or 1) - 1].name if found else None


def _beside(stem: str) -> str:
    """Return what a file's name has beside the exercise's and beside what is no name."""
    sides = _known().split(stem, maxsplit=1)
    sides = [sides[0], sides[-1]] if len(sides) > 1 else sides
    rests = [_trimmed(NO_NAME.sub(" ", side.replace("_", " "))) for side in sides]
    whole = [_trimmed(re.sub(r"\(\d+\)", "", side)) for side in sides]
    return next((name for name, rest in zip(whole, rests, strict=True) if rest), "")


def _trimmed(text: str) -> str:
    return text.strip(" _-.")


def _personal(folder: str) -> bool:
    """Whether a folder may belong to a student."""
    return bool(_beside(folder)) and key(folder) not in FOLDERS and not folder.startswith(".")
