"""The course's own comparison: which methods, on which problems, with which effort.

``make results`` runs the studies and writes their tables to ``../results``; lesson 12 shows those and runs a small
part of them anew. A method of one's own joins them unchanged:

>>> study = STUDIES["softmax"]
>>> "Adam" in study.methods, study.problem().accuracy is not None
(True, True)
"""

from .listed import ALL, BUDGETS, FULLY, NEWER, STUDIES
from .study import Study
from .tables import RESULTS, TABLES, other_machine, other_machine_table, results, rounded, table

__all__ = [
    "ALL",
    "BUDGETS",
    "FULLY",
    "NEWER",
    "RESULTS",
    "STUDIES",
    "TABLES",
    "Study",
    "other_machine",
    "other_machine_table",
    "results",
    "rounded",
    "table",
]
