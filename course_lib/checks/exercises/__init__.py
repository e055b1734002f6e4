"""The exercises: one file each, found by its name ``exNN.py``, which defines ``EXERCISE``."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from ..tasks import Exercise, Task


@functools.cache
def all_exercises() -> tuple[Exercise, ...]:
    """Return all exercises in the order of the lessons."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").EXERCISE for name in names)


def find_task(name: str) -> tuple[Exercise, Task] | None:
    """Return a task and its exercise by the name of its function, or None."""
    for exercise in all_exercises():
        for task in exercise.tasks:
            if task.name == name:
                return exercise, task
    return None
