"""Compare optimizers fairly: `compare` tunes, trains and judges; `comparing.picture` draws what it found.

`against_budget` compares at several lengths of training, and `Report` judges all that a text compares together.
`enter` puts a method of one's own through a class's comparison and writes a file for its board (`comparing.board`).
"""

from .board import enter
from .budgets import against_budget
from .compare import Method, compare
from .paired import (
    CorrectedT,
    SignFlip,
    corrected_t_interval,
    corrected_t_p,
)
from .report import Report
from .result import Comparison
from .sign_flip import least_p, sign_flip_interval, sign_flip_p
from .statistics import bootstrap_interval, holm

__all__ = [
    "Comparison",
    "CorrectedT",
    "Method",
    "Report",
    "SignFlip",
    "against_budget",
    "bootstrap_interval",
    "compare",
    "corrected_t_interval",
    "corrected_t_p",
    "enter",
    "holm",
    "least_p",
    "sign_flip_interval",
    "sign_flip_p",
]
