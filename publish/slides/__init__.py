"""Figures of a lesson as files, and the lesson as slides in one file that needs no network.

* ``run(lesson, folder, form)`` executes the lesson; its figures are in the folder afterwards;
* ``as_slides(notebook)`` cuts an executed lesson into slides;
* ``question_slides(questions)`` makes slides of its questions: the question, its figure, the answer;
* ``page(notebook, title, pieces)`` writes slides as HTML.

On the command line: ``python -m publish.slides --help``.
"""

from .cut import as_slides
from .hall import question_slides
from .page import Pieces, page
from .run import FORMS, run

__all__ = ["FORMS", "Pieces", "as_slides", "page", "question_slides", "run"]
