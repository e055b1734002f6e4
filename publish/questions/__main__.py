"""Check the questions, write their pages, export them: ``python -m publish.questions [LESSON…]``.

Without an option every question is validated and its check is run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import process_time

from .bank import QuestionError, QuestionSet, lessons, load, run_check
from .moodle import moodle_xml
from .pages import FORMS, markdown, pages


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked for, and return 1 if a question is wrong."""
    parser = argparse.ArgumentParser(prog="python -m publish.questions", description=__doc__)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 04 (all)")
    parser.add_argument("--moodle", type=Path, metavar="OUT.xml", help="write them as Moodle XML")
    parser.add_argument("--show", choices=FORMS, help="print the pages in this form")
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="write all pages of all lessons")
    options = parser.parse_args(arguments)
    try:
        sets = [load(lesson) for lesson in options.lessons or lessons()]
    except QuestionError as error:
        print(error, file=sys.stderr)
        return 1
    if options.moodle:
        options.moodle.parent.mkdir(parents=True, exist_ok=True)
        options.moodle.write_text(moodle_xml(sets), "utf-8")
        print(f"{sum(len(one.questions) for one in sets)} questions in {options.moodle}")
    if options.show:
        for one in sets:
            print(markdown(one.lesson, options.show))
    if options.pages:
        print(f"{len(pages(options.pages))} files in {options.pages}")
    if not (options.moodle or options.show or options.pages):
        return _checked(sets)
    return 0


def _checked(sets: list[QuestionSet]) -> int:
    failed = 0
    for one in sets:
        began = process_time()
        for question in one.questions:
            try:
                run_check(question)
            except Exception as error:
                failed += 1
                print(f"{one.number}.toml, question {question.id}, check: {type(error).__name__} {error}")
        goals = [question.goal for question in one.questions]
        print(
            f"{one.lesson}: {len(goals)} questions, {process_time() - began:.1f} s for the checks; "
            + ", ".join(f"{goals.count(goal)} {goal}" for goal in dict.fromkeys(goals))
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
