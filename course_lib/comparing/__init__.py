"""Compare optimizers fairly: `compare` tunes, trains and judges; `comparing.picture` draws what it found.

`enter` puts a method of one's own through a class's comparison and writes a file for its board (`comparing.board`).
"""

from .board import enter
from .compare import Method, compare
from .result import Comparison
from .statistics import bootstrap_interval, holm, least_p, sign_flip_p

__all__ = ["Comparison", "Method", "bootstrap_interval", "compare", "enter", "holm", "least_p", "sign_flip_p"]
