"""Run an optimizer: `simulate` it on a surface, `train` it on a problem with data."""

from .simulate import DIVERGED, Path, Problem, Schedule, simulate
from .train import History, train

__all__ = ["DIVERGED", "History", "Path", "Problem", "Schedule", "simulate", "train"]
