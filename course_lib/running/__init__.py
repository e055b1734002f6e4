"""Run an optimizer: `simulate` it on a surface, `train` it on data, `sweep` its settings.

`lr_range_test` looks for a learning rate; `walk` goes over losses whose slopes are known.
"""

from .basins import ELSEWHERE, GONE, MAXIMUM, SADDLE, Basins, basins
from .history import History, Snapshot
from .range_test import RangeTest, lr_range_test
from .settings import all_settings, log_grid, random_settings
from .simulate import DIVERGED, Path, Problem, Schedule, simulate
from .sweep import SweepResult, sweep
from .table import Table
from .train import train
from .walk import walk

__all__ = [
    "DIVERGED",
    "ELSEWHERE",
    "GONE",
    "MAXIMUM",
    "SADDLE",
    "Basins",
    "History",
    "Path",
    "Problem",
    "RangeTest",
    "Schedule",
    "Snapshot",
    "SweepResult",
    "Table",
    "all_settings",
    "basins",
    "log_grid",
    "lr_range_test",
    "random_settings",
    "simulate",
    "sweep",
    "train",
    "walk",
]
