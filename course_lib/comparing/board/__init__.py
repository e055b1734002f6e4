"""A class's leaderboard."""

from .entry import enter

__all__ = ["enter"]
