"""Figures of a lesson as files, and the lesson as slides in one file that needs no network.

* ``run(lesson, folder, form)`` executes the lesson; its figures are in the folder afterwards;
* ``as_slides(notebook)`` cuts an executed lesson into slides;
* ``page(notebook, title, pieces)`` writes them as HTML.

On the command line: ``python -m publish.slides --help``.
"""

from .cut import as_slides
from .page import Pieces, page
from .run import FORMS, run

__all__ = ["FORMS", "Pieces", "as_slides", "page", "run"]
