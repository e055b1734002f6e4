"""Questions for the lecture hall: read from ``docs/questions``, checked, shown on pages, exported to Moodle.

* ``load("04_momentum")`` reads and validates one lesson's questions, ``load_all()`` those of the course;
* ``markdown("04_momentum", form="folded")`` is a lesson's page, ``pages(folder)`` writes them all;
* ``moodle_xml(sets)`` is what Moodle imports;
* ``run_check(question)`` runs the proof of a right answer, ``make_figure(question)`` the figure shown with it.

On the command line: ``python -m publish.questions --help``.
"""

from .bank import (
    GOALS,
    Answer,
    Question,
    QuestionError,
    QuestionSet,
    headings,
    lessons,
    load,
    load_all,
    make_figure,
    read,
    run_check,
)
from .moodle import moodle_xml
from .pages import FORMS, markdown, pages

__all__ = [
    "FORMS",
    "GOALS",
    "Answer",
    "Question",
    "QuestionError",
    "QuestionSet",
    "headings",
    "lessons",
    "load",
    "load_all",
    "make_figure",
    "markdown",
    "moodle_xml",
    "pages",
    "read",
    "run_check",
]
