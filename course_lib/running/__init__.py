"""Run an optimizer: `simulate` it on a surface, `train` it on a problem with data."""

from .history import History, Snapshot
from .simulate import DIVERGED, Path, Problem, Schedule, simulate
from .table import Table
from .train import train

__all__ = ["DIVERGED", "History", "Path", "Problem", "Schedule", "Snapshot", "Table", "simulate", "train"]
