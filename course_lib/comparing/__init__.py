"""Compare optimizers fairly: `compare` tunes, trains and judges; `comparing.picture` draws what it found."""

from .compare import Method, compare
from .result import Comparison
from .statistics import bootstrap_interval, holm, least_p, sign_flip_p

__all__ = ["Comparison", "Method", "bootstrap_interval", "compare", "holm", "least_p", "sign_flip_p"]
