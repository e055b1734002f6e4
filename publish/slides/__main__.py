"""Figures and slides of lessons: ``python -m publish.slides LESSON… [--format pdf] [--figures] [--out FOLDER]``.

Each lesson is executed once. Its figures go to ``FOLDER/LESSON/``, its slides to ``FOLDER/LESSON.html``, and those of
its questions to ``FOLDER/LESSON-questions.html``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ..lessons import COURSE
from ..questions import lessons, load
from .cut import as_slides
from .hall import question_slides
from .page import Pieces, page
from .run import FORMS, run


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked for; 1 with a sentence where a lesson is not known or a piece is missing."""
    parser = argparse.ArgumentParser(prog="python -m publish.slides", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 04 (all)")
    parser.add_argument("--format", choices=FORMS, default="svg", help="of the figures (svg)")
    parser.add_argument("--figures", action="store_true", help="the figures alone, no slides")
    parser.add_argument("--out", type=Path, default=COURSE / "build" / "slides", metavar="FOLDER")
    options = parser.parse_args(arguments)
    names = [name for name in lessons() if not options.lessons or {name, name[:2]} & set(options.lessons)]
    unknown = [one for one in options.lessons if not any(one in (name, name[:2]) for name in names)]
    if unknown:
        print(f"lesson {', '.join(unknown)} is not known; there are {', '.join(lessons())}", file=sys.stderr)
        return 1
    try:
        pieces = None if options.figures else Pieces.fetched(COURSE / "build" / "download")
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    for name in names:
        folder = options.out / name
        executed = run(name, folder, options.format)
        made = sum(1 for _ in folder.iterdir())
        print(f"{name}: {made} figures in {folder}")
        if pieces:
            asked = load(name)
            for ending, title, slides in (
                ("", asked.title, as_slides(executed)),
                ("-questions", f"Questions on {asked.title}", question_slides(asked)),
            ):
                file = options.out / f"{name}{ending}.html"
                file.write_text(page(slides, title, pieces), "utf-8")
                print(f"{name}: {file}, {file.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
