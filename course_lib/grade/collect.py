"""Find the submissions in what an instructor has: folders, notebooks, archives of a learning platform.

What is skipped, and why, is returned in words; nothing is skipped in silence but hidden files.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat
import time
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .identity import CANVAS, MOODLE, names_both, readable

LARGEST_MEMBER = 50_000_000
LARGEST_ARCHIVE = 2_000_000_000
"""Bytes that an archive's notebooks may have together when unpacked."""
MOST_MEMBERS = 20_000
ARCHIVES = (".rar", ".7z", ".tar", ".gz", ".tgz", ".xz")
"""Archives that are named, and not unpacked."""


@dataclass
class Collection:
    """What was found.

    Args:
        files: the notebooks, each with the folder that holds everyone's.
        skipped: sentences about what was not taken.
    """

    files: list[tuple[Path, Path | None]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def collected(given: Sequence[Path], unpacked: Path) -> Collection:
    """Return all submissions in files, folders and archives, in a stable order.

    Args:
        given: what the instructor named. Links in folders are not followed.
        unpacked: a folder for the notebooks of archives; what is in it is replaced.

    Raises:
        FileNotFoundError: if something given is not there.
    """
    found = Collection()
    shutil.rmtree(unpacked, ignore_errors=True)
    for number, place in enumerate(given, 1):
        if not os.path.lexists(place):
            raise FileNotFoundError(
                f"{place} is not there; give notebooks, zip files, or folders that hold them"
            )
        if place.is_dir():
            for file in _below(place, unpacked.absolute()):
                _take(file, place, found, unpacked / str(number))
        else:
            _take(place, None, found, unpacked / str(number))
    return found


def _below(folder: Path, but: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if not _hidden(name) and Path(here, name).absolute() != but
        )
        yield from (Path(here, name) for name in sorted(files) if not _hidden(name))


def _hidden(name: str) -> bool:
    return (name.startswith(".") and name != "..") or name == "__MACOSX"


def _take(file: Path, inside: Path | None, found: Collection, unpacked: Path, depth: int = 0) -> None:
    ending = file.suffix.lower()
    if ending == ".ipynb":
        found.files.append((file, inside))
    elif ending == ".zip" and depth < 2:
        _unpack(file, inside, found, unpacked, depth)
    elif ending in (*ARCHIVES, ".zip"):
        found.skipped.append(f"{_shown(file)}: this archive is not unpacked; unpack it by hand")
    elif inside is None:
        found.skipped.append(f"{_shown(file)}: its name ends neither in .ipynb nor in .zip")


def _shown(file: Path) -> str:
    return "/".join(map(readable, file.parts[-3:]))


def _unpack(archive: Path, inside: Path | None, found: Collection, unpacked: Path, depth: int) -> None:
    """Unpack an archive's notebooks, and the archives of students in it.

    An archive of a whole class stands for the folder of everyone's. One in a student's folder, or with a platform's or
    a student's name, stands for that student's.
    """
    at = archive.relative_to(inside).with_suffix("") if inside else Path(archive.stem)
    root = unpacked / (inside.name if inside else "")
    named = bool(MOODLE.match(at.name) or CANVAS.match(f"{at.name}_") or (inside and names_both(at.name)))
    of_student = named or len(at.parts) > 1
    if of_student and not named:
        at = at.parent
    try:
        with zipfile.ZipFile(archive) as members:
            wanted = [m for m in members.infolist() if _is_wanted(m)]
            if len(members.infolist()) > MOST_MEMBERS or sum(m.file_size for m in wanted) > LARGEST_ARCHIVE:
                raise ValueError("it is far too large when unpacked")
            if not wanted:
                found.skipped.append(f"{_shown(archive)}: there is no notebook in it")
            for member in wanted:
                name = PurePosixPath(member.filename.replace("\\", "/"))
                if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
                    found.skipped.append(f"{_shown(archive)}: {readable(member.filename)} leads out of it")
                    continue
                if member.file_size > LARGEST_MEMBER:
                    found.skipped.append(f"{_shown(archive)}: {readable(member.filename)} is far too large")
                    continue
                parts = name.parts[-1:] if of_student else name.parts
                target = _free(root.joinpath(at, *(readable(part)[-120:] for part in parts)))
                _extract(members, member, target)
                _take(target, root if of_student else root / at, found, unpacked / "again", depth + 1)
    except (OSError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError) as error:
        why = "it needs a password" if "password" in str(error) else str(error)[:100]
        found.skipped.append(f"{_shown(archive)}: cannot be unpacked ({why})")


def _is_wanted(member: zipfile.ZipInfo) -> bool:
    parts = PurePosixPath(member.filename.replace("\\", "/")).parts
    plain = not stat.S_ISLNK(member.external_attr >> 16) and not member.is_dir()
    return (
        plain
        and parts[-1:] != ()
        and parts[-1].lower().endswith((".ipynb", ".zip", *ARCHIVES))
        and not any(map(_hidden, parts))
    )


def _free(target: Path) -> Path:
    """Return the path, or one like it where nothing is yet."""
    numbered = (target.with_stem(f"{target.stem} ({i})") for i in itertools.count(1))
    return next(path for path in itertools.chain([target], numbered) if not path.exists())


def _extract(members: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    """Write a member, and never more of it than it says it has."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with members.open(member) as source, target.open("xb") as out:
        out.write(source.read(LARGEST_MEMBER + 1)[: member.file_size])
    with contextlib.suppress(ValueError, OverflowError, OSError):  # a date that is none
        at = time.mktime((*member.date_time, 0, 0, -1))
        os.utime(target, (at, at))
