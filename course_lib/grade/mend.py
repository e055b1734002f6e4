"""Make submissions fit for nbgrader, before ``nbgrader autograde``: ``python -m course_lib.grade.mend lab/submitted``.

One copied cell stops nbgrader's autograde for this student and all after (jupyter/nbgrader, issue 1083), a renamed
notebook is a grade of 0 without a word, and a folder ``course_lib`` beside a notebook is imported in the course's
place. Here each is found, said, and mended; what cannot be mended is set aside, so that the others are graded. The
original of everything that is changed is kept in a folder beside ``submitted``.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .collect import collected
from .identity import Named, named, readable
from .options import add_identity

ASIDE = "set_aside"
LARGEST = 50_000_000


def mend(submitted: Path) -> Iterator[str]:
    """Look through a folder of submissions, mend what stops nbgrader, and say what was done.

    Args:
        submitted: nbgrader's folder, with ``STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.

    Yields:
        A sentence for each thing found.
    """
    aside = submitted.absolute().parent / ASIDE
    for folder in sorted(
        path for path in submitted.glob("*/*") if path.is_dir() and not path.name.startswith(".")
    ):
        who = f"{readable(folder.parent.name)}, {readable(folder.name)}"
        kept = aside / folder.parent.name / folder.name
        for path in sorted(folder.iterdir()):
            if _shadows(path):
                _move(path, kept)
                yield f"{who}: {readable(path.name)} lay beside the notebook and could be imported; set aside"
        yield from (f"{who}: {sentence}" for sentence in _name(folder, kept))
        notebook = folder / f"{folder.name}.ipynb"
        if notebook.exists():
            yield from (f"{who}: {sentence}" for sentence in _cells(notebook, kept))
        if not notebook.exists():  # nbgrader would give 0 without a word
            for path in sorted(folder.iterdir()):
                _move(path, kept)
            folder.rmdir()


def _shadows(path: Path) -> bool:
    """Whether Python could import a file or a folder in the place of what the notebook asks for."""
    if path.is_dir():
        return not path.name.startswith(".")
    return path.suffix in (".py", ".pyc", ".so", ".pyd", ".pth", ".zip")


def _name(folder: Path, kept: Path) -> Iterator[str]:
    """Give a renamed notebook its name back, where there is but one."""
    wanted = folder / f"{folder.name}.ipynb"
    others = [
        p
        for p in folder.iterdir()
        if p.suffix.lower() == ".ipynb" and not p.name.startswith(".") and p != wanted
    ]
    if not wanted.exists() and len(others) == 1:
        others[0].rename(wanted)
        yield f"{readable(others[0].name)} is now called {wanted.name}"
    elif not wanted.exists() and others:
        yield f"there is no {wanted.name}, but {len(others)} other notebooks: set aside; put back the one that counts"
    elif others:
        for other in others:
            _move(other, kept)
        yield f"{', '.join(readable(p.name) for p in sorted(others))} beside {wanted.name}: set aside"
    elif not wanted.exists():
        yield "there is no notebook: set aside"


def _cells(notebook: Path, kept: Path) -> Iterator[str]:
    try:
        if notebook.is_symlink() or not notebook.is_file() or notebook.stat().st_size > LARGEST:
            raise ValueError("no plain file of sane size")
        data = json.loads(notebook.read_text("utf-8-sig"))
        marks = [mark for cell in data["cells"] if (mark := cell["metadata"].get("nbgrader")) is not None]
        copied = without_copies(data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _move(notebook, kept)
        yield f"it cannot be read as a notebook ({type(error).__name__}); set aside, grade it by hand"
        return
    if not marks:
        yield "its cells have lost nbgrader's marks: nbgrader will give 0; course_lib.grade can read it"
    if copied:
        _copy(notebook, kept)
        notebook.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
        yield f"copied: {', '.join(copied)}; the last of each counts, the others are plain cells now"


def without_copies(notebook: dict[str, Any]) -> list[str]:
    """Take nbgrader's marks from all but the last cell of each ``grade_id``, in place, and return the ids.

    The last counts, because it is what holds after a run from top to bottom.

    Examples:
        >>> cells = [{"metadata": {"nbgrader": {"grade_id": "a"}}}, {"metadata": {"nbgrader": {"grade_id": "a"}}}]
        >>> without_copies({"cells": cells}), cells
        (['a'], [{'metadata': {}}, {'metadata': {'nbgrader': {'grade_id': 'a'}}}])
    """
    seen: set[str] = set()
    copied: list[str] = []
    for cell in reversed(notebook["cells"]):
        mark = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if mark in seen:
            del cell["metadata"]["nbgrader"]
            copied.append(mark)
        elif mark is not None:
            seen.add(mark)
    return sorted(set(copied))


def _copy(path: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    if not (kept / path.name).exists():  # a second call does not overwrite the original
        shutil.copy2(path, kept)


def _move(path: Path, kept: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    target, number = kept / path.name, 1
    while target.exists():
        number += 1
        target = kept / f"{path.stem} ({number}){path.suffix}"
    shutil.move(path, target)


def arrange(
    given: Sequence[Path], submitted: Path, whose: Callable[[Path, Path | None], Named]
) -> Iterator[str]:
    """Copy submissions of any layout into nbgrader's.

    Args:
        given: notebooks, zip files, or folders that hold them.
        submitted: the folder to fill; what is there stays.
        whose: says whose a file is, as `course_lib.grade.identity.named` does.

    Yields:
        A sentence for each file that has no place.
    """
    with tempfile.TemporaryDirectory() as unpacked:
        found = collected(given, Path(unpacked))
        yield from found.skipped
        for file, inside in found.files:
            name = whose(file, inside)
            if name.exercise is None:
                yield f"{readable(file.name)}: its path names no exercise; put it in its place by hand"
                continue
            target = submitted / name.student.replace("/", "_") / name.exercise / f"{name.exercise}.ipynb"
            if target.exists():
                yield f"{name.student} has a file for {name.exercise} already; {readable(file.name)} was left out"
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target, follow_symlinks=False)


def main(arguments: Sequence[str]) -> int:
    """Arrange if asked to, mend, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m course_lib.grade.mend", description=__doc__)
    parser.add_argument(
        "submitted", type=Path, help="nbgrader's folder of submissions, such as lab/submitted"
    )
    parser.add_argument("--from", dest="given", nargs="+", type=Path, default=[], metavar="FILE",
                        help="first copy these notebooks, zips or folders there, in nbgrader's layout")  # fmt: skip
    add_identity(parser)
    options = parser.parse_args(arguments)

    def whose(file: Path, inside: Path | None) -> Named:
        name = named(file, inside, options.student_from)
        student = options.roster.find(name) if options.roster else None
        return replace(name, student=student.id) if student else name

    told = []
    try:
        told += list(arrange(options.given, options.submitted, whose))
    except FileNotFoundError as error:
        parser.error(str(error))
    if not options.submitted.is_dir():
        parser.error(
            f"{options.submitted} is no folder; give the one that holds STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb"
        )
    told += list(mend(options.submitted))
    print("\n".join(told) or "nothing to mend: nbgrader can read every submission")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
