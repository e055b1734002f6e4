"""Options that several commands share; what makes no sense is refused with a sentence."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from ..checks.exercises import all_exercises, find_task
from . import roster as rosters
from .tables import PLATFORMS


def add_identity(parser: argparse.ArgumentParser) -> None:
    """Add what says whose a file is."""
    parser.add_argument("--student-from", metavar="REGEX", type=pattern,
                        help="finds the student's name in the path; its first group, if it has one")  # fmt: skip
    parser.add_argument(
        "--roster", metavar="CSV", type=roster, help="the class: who is missing, and who is unknown"
    )


def add_platform(parser: argparse.ArgumentParser) -> None:
    """Add for which learning platform a table is written."""
    parser.add_argument(
        "--for", dest="platform", choices=sorted(PLATFORMS), help="also write what it imports"
    )


def pattern(text: str) -> re.Pattern[str]:
    """Return a regular expression."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def roster(text: str) -> rosters.Roster:
    """Return the roster in a file."""
    try:
        return rosters.read(Path(text))
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def task(text: str) -> str:
    """Return the name of a task."""
    if not find_task(text):
        names = ", ".join(t.name for e in all_exercises() for t in e.tasks)
        raise argparse.ArgumentTypeError(f"{text!r} is no task; the tasks are {names}")
    return text
