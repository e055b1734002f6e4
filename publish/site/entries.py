"""The page of one optimizer, surface, problem, schedule or explorer."""

from __future__ import annotations

import inspect
from functools import cache
from textwrap import dedent, indent
from typing import Any

import numpy as np

from course_lib import live
from course_lib.optimizers import REGISTRY, forms_table
from course_lib.optimizers.entry import Entry
from course_lib.problems import PROBLEMS
from course_lib.surfaces import SURFACES

from .restructured import escaped, first_sentence, heading, literal, raw, table
from .taught import taught, used

RULES = ("rule_query", "rule", "rule_output")
_CALLS = (
    "Calls that give the same numbers as this class does by default. “–”: there is no such optimizer. "
    "“none”: there is one, but no setting of it gives these numbers.\n\n"
)


def optimizer(name: str, figure: str) -> str:
    """Return an optimizer's page: docstring, figure, facts, code, and what equals it in other libraries."""
    entry = REGISTRY[name]
    facts = [
        ("Published", f"{entry.paper} ({entry.year})"),
        ("Family", entry.family),
        ("Remembers", _memory(entry)),
        *taught(name),
    ]
    return "".join(
        (
            f".. _optimizer-{name}:\n\n",
            heading(name),
            f".. autoclass:: course_lib.optimizers.{name}\n\n",
            raw(figure),
            heading("At a glance", "-"),
            table(facts, head=False, widths="22 78"),
            heading("The rule as code", "-"),
            _code(entry.cls),
            _elsewhere(name),
        )
    )


def _memory(entry: Entry) -> str:
    size = entry.memory
    if entry.matrix_memory is not None:
        shown = entry.matrix_memory(1000, 1000)
        return f"for a 1000 × 1000 matrix {shown:.3g} times the size of the parameters"
    return "nothing" if size == 0 else f"{size:g} times the size of the parameters"


def _code(cls: type) -> str:
    """Return the methods that are the rule, from the class that wrote them, or its step where it has none."""
    written = [
        name
        for name in RULES
        if any(name in vars(base) for base in cls.__mro__ if base.__name__ != "Optimizer")
    ]
    parts = [dedent(inspect.getsource(getattr(cls, name))) for name in written or ("step",)]
    return f".. code-block:: python\n\n{indent(chr(10).join(parts), '   ')}\n\n"


def _elsewhere(name: str) -> str:
    """Return what gives the same numbers in other libraries, and where their forms differ."""
    calls, forms = forms_table(name, show="calls"), forms_table(name)
    parts = []
    if calls.rows:
        pairs = zip(calls.head[1:], calls.rows[0].cells[1:], strict=True)
        parts += [
            heading("The same elsewhere", "-"),
            _CALLS,
            table(([library, literal(call)] for library, call in pairs), head=False, widths="22 78"),
        ]
    if forms.rows:
        rows = [forms.head[1:], *([escaped(cell) for cell in row.cells[1:]] for row in forms.rows)]
        parts += [
            heading("Who uses which form", "-"),
            "“=”: as in the paper. “–”: there is no such optimizer.\n\n",
            table(rows),
        ]
    return "".join(parts)


def surface(name: str, figure: str) -> str:
    """Return a surface's page: what it teaches, formula, pictures, landmarks, and the function that makes it."""
    surface = SURFACES[name]
    (left, right), (low, high) = surface.domain
    facts = [
        ("Window", f"x from {left:g} to {right:g}, y from {low:g} to {high:g}"),
        ("Start", _points([surface.start])),
        ("Learning rate", f"{surface.lr:.3g} suits gradient descent"),
    ]
    marks = {kind: getattr(surface, kind) for kind in ("minima", "local_minima", "saddles", "maxima")}
    facts += [(kind.replace("_", " ").capitalize(), _points(at)) for kind, at in marks.items() if len(at)]
    if not surface.bounded:
        facts.append(("Lowest value", "none: it falls for ever"))
    return "".join(
        (
            f".. _surface-{name}:\n\n",
            heading(surface.title),
            f"{surface.note}\n\n",
            f".. math:: {surface.formula}\n\n" if surface.formula else "",
            raw(figure),
            table([*facts, *taught(name)], head=False, widths="22 78"),
            heading("Make one", "-"),
            f".. autofunction:: course_lib.surfaces.{name}\n",
        )
    )


def _points(points: Any) -> str:
    shown = [f"({x:.4g}, {y:.4g})" for x, y in np.asarray(points)]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


@cache
def problem_classes() -> dict[str, list[str]]:
    """Return the problems' classes with the names in the registry that stand for them."""
    found: dict[str, list[str]] = {}
    for name, make in PROBLEMS.items():
        found.setdefault(type(make()).__name__, []).append(name)
    return found


def problem(name: str, _: str) -> str:
    """Return the page of a class of problems; they have no figure."""
    facts = [
        ("In the registry as", ", ".join(f"``{one}``" for one in problem_classes()[name])),
        *taught(name),
    ]
    return "".join(
        (
            f".. _problem-{name}:\n\n",
            heading(name),
            f".. autoclass:: course_lib.problems.{name}\n\n",
            table(facts, head=False, widths="22 78"),
        )
    )


def schedule(name: str, figure: str) -> str:
    """Return a schedule's page: docstring and figure."""
    return "".join(
        (
            f".. _schedule-{name}:\n\n",
            heading(name),
            f".. autofunction:: course_lib.schedules.{name}\n\n",
            raw(figure),
            table(taught(name), head=False, widths="22 78") if taught(name) else "",
        )
    )


def explorer(name: str, figure: str) -> str:
    """Return the page of a live figure: the figure first, then how it is called."""
    return "".join(
        (
            f".. _explorer-{name}:\n\n",
            heading(name),
            f"{first_sentence(getattr(live, name))}\n\n",
            raw(figure),
            table(used(name), head=False, widths="22 78") if used(name) else "",
            f".. autofunction:: course_lib.live.{name}\n",
        )
    )
