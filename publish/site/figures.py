"""The figures of the reference pages: each function makes one, by its name in a registry, as HTML."""

from __future__ import annotations

import ast
import doctest
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import live, schedules
from course_lib.live import Figure, explore_path, explore_slices
from course_lib.optimizers import REGISTRY, GradientDescent, Momentum
from course_lib.plotting import line_figure
from course_lib.relief import relief_figure
from course_lib.surfaces import SURFACES, quadratic

from ..questions import load, make_figure
from .stills import figure_html, picture_html

_MOVING = 2
"""How many controls of an explorer's figure move: each costs seconds and kilobytes."""
_LONGER = 40
"""How much longer a schedule is shown than its example is, which has a handful of steps."""


def optimizer(name: str, folder: Path) -> str:
    """Return an optimizer in a valley, with a slider for its first setting; nothing where it needs a matrix."""
    entry, valley = REGISTRY[name], quadratic(condition=20, angle=0.35)
    if entry.needs_matrix or not entry.runs_on(valley):
        return ""
    figure = explore_path(entry.cls(**entry.settings(valley)), valley, steps=100)
    return figure_html(figure, folder, tuple(figure.controls)[:1])


def surface(name: str, folder: Path) -> str:
    """Return a surface as a relief, and cut along a line that turns."""
    relief = picture_html(relief_figure(SURFACES[name]), folder)
    return relief + figure_html(explore_slices(SURFACES[name]), folder)


def schedule(name: str, folder: Path) -> str:
    """Return the curve of a schedule."""
    factory = getattr(schedules, name)
    made = lengthened(example_call(factory), factory)
    steps = np.arange(1, (made.steps or 5 * _LONGER) + 1)
    picture = line_figure(
        steps, {repr(made): made.values(len(steps))}, xlabel="step t", ylabel="multiplier of lr"
    )
    return picture_html(picture, folder)


def explorer(name: str, folder: Path) -> str:
    """Return the figure that the example in an explorer's docstring makes; its first controls move."""
    figure = example_figure(getattr(live, name))
    return figure_html(figure, folder, tuple(figure.controls)[:_MOVING])


def question(source: str, folder: Path) -> str:
    """Return the figure that belongs to a question for the lecture hall, as a still picture.

    Args:
        source: the question's number, a line break, and the call that makes the figure.
        folder: where the files are written.
    """
    number = source.partition("\n")[0]
    asked = next(one for one in load(number.partition("-")[0]).questions if one.id == number)
    made = make_figure(asked)
    return figure_html(made, folder, moves=False) if isinstance(made, Figure) else picture_html(made, folder)


def example_figure(function: Any) -> Figure:
    """Run the example of a docstring and return the last figure that it made.

    Raises:
        ValueError: if it makes none.

    Examples:
        >>> type(example_figure(live.explore_stability)).__name__
        'StabilityExplorer'
    """
    space: dict[str, Any] = dict(vars(sys.modules[function.__module__]))
    last = None
    for example in doctest.DocTestParser().get_examples(inspect.getdoc(function) or ""):
        if example.exc_msg is not None:
            continue
        tree = ast.parse(example.source)
        for statement in tree.body:
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), "<example>", "eval"), space)
                last = value if isinstance(value, Figure) else last
            else:
                exec(compile(ast.Module([statement], []), "<example>", "exec"), space)
                made = [space[name] for name in _bound(statement) if isinstance(space.get(name), Figure)]
                last = made[-1] if made else last
    if last is None:
        raise ValueError(f"the example of {function.__name__} makes no figure")
    return last


def example_call(factory: Any) -> Any:
    """Return what the first call of a function in its own example returns.

    Examples:
        >>> example_call(schedules.cosine)
        cosine(steps=4, floor=0.0)
    """
    calls = [
        call
        for call in _calls(inspect.getdoc(factory) or "")
        if getattr(call.func, "id", "") == factory.__name__
    ]
    return eval(compile(ast.Expression(calls[0]), "<example>", "eval"), vars(schedules).copy())


def lengthened(schedule: Any, factory: Any) -> Any:
    """Return a schedule that is longer: the settings that count steps, as the function's docstring says of them.

    Examples:
        >>> lengthened(schedules.cosine(4), schedules.cosine)
        cosine(steps=160, floor=0.0)
    """
    text = inspect.getdoc(factory) or ""
    settings = {
        name: value * _LONGER
        if isinstance(value, int) and re.search(rf"^ *(?={name}: ).*step", text, re.MULTILINE)
        else value
        for name, value in schedule.settings.items()
    }
    return schedules.Schedule(schedule.formula, settings)


def _bound(statement: ast.stmt) -> list[str]:
    """Return the names that a statement binds."""
    return [
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _calls(text: str) -> Iterator[ast.Call]:
    for example in doctest.DocTestParser().get_examples(text):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call):
                yield node


def front(_: str, folder: Path) -> str:
    """Return the figure of the first page: gradient descent and momentum in one narrow valley."""
    figure = explore_path(
        [GradientDescent(lr=1.9), Momentum(lr=1.9, beta=0.75)], quadratic(50, 0.35), steps=150, start=(2.4, 2.1),
        ranges={"lr": (0.05, 2.5), "beta": (0.0, 0.99)}, sliders=("lr", "beta"),
    )  # fmt: skip
    return figure_html(figure, folder)
