"""The reference pages: one for every optimizer, surface, problem, schedule and explorer, out of the registries."""

from __future__ import annotations

import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import numpy as np

from course_lib import live, optimizers, problems, schedules, surfaces
from course_lib.optimizers import REGISTRY, forms_table
from course_lib.optimizers.entry import Entry
from course_lib.problems import PROBLEMS
from course_lib.surfaces import SURFACES

from . import figures
from .links import notebooks
from .run import Job

MODULES = ("running", "comparing", "plotting", "gradients", "bridge", "checks", "grade")
"""Parts of the library whose public names have one page together."""
RULES = ("rule_query", "rule", "rule_output")


@dataclass(frozen=True)
class Kind:
    """One shelf of the reference.

    Args:
        folder: of its pages.
        title: of its first page.
        about: what stands there, in a sentence.
        names: what has a page.
        page: makes the page of a name out of the name and its figure.
        figure: makes the figure of a name, if there are any.
    """

    folder: str
    title: str
    about: str
    names: tuple[str, ...]
    page: Callable[[str, str], str]
    figure: Callable[[str, Path], str] | None = None


def kinds() -> tuple[Kind, ...]:
    """Return the shelves in their order."""
    makers = tuple(name for name in schedules.__all__ if name != "Schedule")
    explorers = tuple(name for name in live.__all__ if name.startswith("explore_"))
    return (
        Kind("optimizers", "Optimizers", "Every method of the course: its formula, its code, and what equals it "
             "elsewhere.", tuple(REGISTRY), _optimizer, figures.optimizer),
        Kind("surfaces", "Surfaces", "Functions of two variables with exact derivatives, minima and saddles.",
             tuple(SURFACES), _surface, figures.surface),
        Kind("problems", "Problems", "Data and models with gradients written by hand, to train on.",
             tuple(_classes()), _problem),
        Kind("schedules", "Schedules", "What multiplies the learning rate of step t. They compose by multiplication "
             "and by ``then``.", makers, _schedule, figures.schedule),
        Kind("explorers", "Live figures", "Each is one call, and answers to its sliders in tens of milliseconds.",
             explorers, _explorer, figures.explorer),
    )  # fmt: skip


def jobs() -> list[Job]:
    """Return what makes the figures of all pages."""
    return [
        Job(f"reference/{kind.folder}/{name}", name, kind.figure)
        for kind in kinds()
        if kind.figure is not None
        for name in kind.names
    ]


def write(source: Path, drawn: Mapping[str, str]) -> None:
    """Write all reference pages below ``source``.

    Args:
        source: the folder of the site's source.
        drawn: the figures as HTML, by the name of their `jobs`.
    """
    top = source / "reference"
    for kind in kinds():
        folder = top / kind.folder
        folder.mkdir(parents=True)
        for name in kind.names:
            figure = drawn.get(f"reference/{kind.folder}/{name}", "")
            (folder / f"{name}.rst").write_text(kind.page(name, figure), "utf-8")
        (top / f"{kind.folder}.rst").write_text(_shelf(kind), "utf-8")
    for module in MODULES:
        (top / f"{module}.rst").write_text(_module(module), "utf-8")
    (top / "index.rst").write_text(_index(), "utf-8")


def heading(text: str, line: str = "=") -> str:
    """Return a heading in reStructuredText."""
    return f"{text}\n{line * (len(text) + 2)}\n\n"


def raw(html: str) -> str:
    """Return HTML as a directive; nothing for nothing."""
    return f".. raw:: html\n\n{indent(html, '   ')}\n\n" if html else ""


def table(rows: Iterable[Iterable[str]], head: bool = True, widths: str = "auto") -> str:
    """Return a table in reStructuredText; the first row is its head."""
    lines = [f".. list-table::\n   :header-rows: {int(head)}\n   :widths: {widths}\n\n"]
    for row in rows:
        for number, cell in enumerate(row):
            start = "   * - " if number == 0 else "     - "
            lines.append(start + (cell or "–").replace("\n", " ") + "\n")
    return "".join(lines) + "\n"


def first_sentence(thing: Any) -> str:
    """Return the summary of a docstring.

    Examples:
        >>> first_sentence(schedules.cosine)
        'Follow half a cosine from 1 down to a floor.'
    """
    return (inspect.getdoc(thing) or "").split("\n\n")[0].replace("\n", " ")


@cache
def lessons() -> dict[str, tuple[str, list[str], str]]:
    """Return of every lesson its title, its headings, and its code."""
    found = {}
    for file in notebooks("notebooks"):
        cells = json.loads(file.read_text("utf-8"))["cells"]
        text = {kind: "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == kind) for kind in ("markdown", "code")}
        headings = re.findall(r"^#+ (.+)$", text["markdown"], re.MULTILINE)
        title = next((one for one in headings if re.match(r"Lesson \d\d", one)), f"Lesson {file.stem[:2]}")
        found[file.stem] = title, headings, text["code"]
    return found


def where(name: str) -> tuple[str, list[str]]:
    """Return the lesson that teaches something and the others that use it, empty where there is none.

    It is taught where a heading names it first; if none does, where the code has it most often.

    Examples:
        >>> where("Momentum")[0], where("KFAC")[0]
        ('04_momentum', '15_natural_gradient_kfac')
    """
    uses = {lesson: len(re.findall(rf"\b{name}\b", code)) for lesson, (_, _, code) in lessons().items()}
    taught = [lesson for lesson, (_, headings, _) in lessons().items() if any(_names(one, name) for one in headings)]
    using = [lesson for lesson, count in uses.items() if count]
    chosen = taught[0] if taught else max(using, key=lambda lesson: uses[lesson], default="")
    return chosen, [lesson for lesson in using if lesson != chosen]


def _names(heading: str, name: str) -> bool:
    """Say whether a heading names a class, written together or in up to three words."""
    words = re.findall(r"[A-Za-z]+", heading)
    joined = {"".join(words[i : i + n]).lower() for i in range(len(words)) for n in (1, 2, 3)}
    return name.lower() in joined


def _lesson_links(stems: Iterable[str]) -> str:
    return ", ".join(f":doc:`{stem[:2]} </notebooks/{stem}>`" for stem in stems)


def _taught(name: str) -> list[tuple[str, str]]:
    taught, using = where(name)
    rows = [("Taught in", f":doc:`{lessons()[taught][0]} </notebooks/{taught}>`")] if taught else []
    return [*rows, ("Used in lessons", _lesson_links(using))] if using else rows


def _optimizer(name: str, figure: str) -> str:
    entry = REGISTRY[name]
    facts = [
        ("Published", f"{entry.paper} ({entry.year})"),
        ("Family", entry.family),
        ("Remembers", _memory(entry)),
        *_taught(name),
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
    written = [name for name in RULES if any(name in vars(base) for base in cls.__mro__ if base.__name__ != "Optimizer")]
    parts = [dedent(inspect.getsource(getattr(cls, name))) for name in written or ("step",)]
    return f".. code-block:: python\n\n{indent(chr(10).join(parts), '   ')}\n\n"


def _elsewhere(name: str) -> str:
    """Return what gives the same numbers in other libraries, and where their forms differ."""
    calls, forms = forms_table(name, show="calls"), forms_table(name)
    parts = []
    if calls.rows:
        head, cells = calls.head[1:], calls.rows[0].cells[1:]
        parts = [heading("The same elsewhere", "-"), "Calls that give the same numbers as this class does by default. "
                 "“–”: there is no such optimizer. “none”: there is one, but no setting of it gives these numbers.\n\n",
                 table(([one, _literal(cell)] for one, cell in zip(head, cells, strict=True)), False, "22 78")]  # fmt: skip
    if forms.rows:
        rows = [forms.head[1:], *([_escaped(cell) for cell in row.cells[1:]] for row in forms.rows)]
        parts += [heading("Who uses which form", "-"), "“=”: as in the paper. “–”: there is no such optimizer.\n\n", table(rows)]
    return "".join(parts)


def _literal(text: str) -> str:
    """Return a cell's Markdown as reStructuredText."""
    parts = text.split("`")
    return "".join(f"``{part}``" if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(text: str) -> str:
    return re.sub(r"([*\\|_])", r"\\\1", text)


def _surface(name: str, figure: str) -> str:
    surface = SURFACES[name]
    (left, right), (low, high) = surface.domain
    facts = [("Window", f"x from {left:g} to {right:g}, y from {low:g} to {high:g}"),
             ("Start", _points([surface.start])), ("Learning rate", f"{surface.lr:.3g} suits gradient descent")]  # fmt: skip
    for kind in ("minima", "local_minima", "saddles", "maxima"):
        if len(getattr(surface, kind)):
            facts.append((kind.replace("_", " ").capitalize(), _points(getattr(surface, kind))))
    if not surface.bounded:
        facts.append(("Lowest value", "none: it falls for ever"))
    return "".join(
        (
            f".. _surface-{name}:\n\n",
            heading(surface.title),
            f"{surface.note}\n\n",
            f".. math:: {surface.formula}\n\n" if surface.formula else "",
            raw(figure),
            table([*facts, *_taught(name)], head=False, widths="22 78"),
            heading("Make one", "-"),
            f".. autofunction:: course_lib.surfaces.{name}\n",
        )
    )


def _points(points: Any) -> str:
    shown = [f"({x:.4g}, {y:.4g})" for x, y in np.asarray(points)]
    return ", ".join(shown[:12]) + (f" and {len(shown) - 12} more" if len(shown) > 12 else "")


@cache
def _classes() -> dict[str, list[str]]:
    """Return the problems' classes with the names in the registry that stand for them."""
    found: dict[str, list[str]] = {}
    for name, make in PROBLEMS.items():
        found.setdefault(type(make()).__name__, []).append(name)
    return found


def _problem(name: str, _: str) -> str:
    facts = [("In the registry as", ", ".join(f"``{one}``" for one in _classes()[name])), *_taught(name)]
    return "".join(
        (
            f".. _problem-{name}:\n\n",
            heading(name),
            f".. autoclass:: course_lib.problems.{name}\n\n",
            table(facts, head=False, widths="22 78"),
        )
    )


def _schedule(name: str, figure: str) -> str:
    return "".join(
        (
            f".. _schedule-{name}:\n\n",
            heading(name),
            f".. autofunction:: course_lib.schedules.{name}\n\n",
            raw(figure),
            table(_taught(name), head=False, widths="22 78") if _taught(name) else "",
        )
    )


def _explorer(name: str, figure: str) -> str:
    return "".join(
        (
            f".. _explorer-{name}:\n\n",
            heading(name),
            f"{first_sentence(getattr(live, name))}\n\n",
            raw(figure),
            table(_taught(name), head=False, widths="22 78") if _taught(name) else "",
            f".. autofunction:: course_lib.live.{name}\n",
        )
    )


def _shelf(kind: Kind) -> str:
    """Return the first page of a kind: what there is, in a table, and the pages in the menu."""
    pages = "".join(f"   {kind.folder}/{name}\n" for name in kind.names)
    menu = f".. toctree::\n   :hidden:\n\n{pages}\n"
    listed = _families(kind) if kind.folder == "optimizers" else table(_rows(kind), widths="30 70")
    return f"{heading(kind.title)}{kind.about}\n\n{listed}{menu}{_rest(kind)}"


def _rows(kind: Kind) -> Iterable[tuple[str, str]]:
    yield "name", "what it is"
    for name in kind.names:
        thing = SURFACES[name].note if kind.folder == "surfaces" else first_sentence(_thing(kind, name))
        yield f":doc:`{kind.folder}/{name}`", thing


def _thing(kind: Kind, name: str) -> Any:
    home = {"problems": problems, "schedules": schedules, "explorers": live, "optimizers": optimizers, "surfaces": surfaces}
    return getattr(home[kind.folder], name)


def _families(kind: Kind) -> str:
    parts = []
    for family, entries in groupby(REGISTRY.values(), key=lambda entry: entry.family):
        rows = [("name", "year", "what it does"), *((f":doc:`{kind.folder}/{one.name}`", str(one.year), first_sentence(one.cls)) for one in entries)]
        parts += [heading(family.capitalize(), "-"), table(rows, widths="26 10 64")]
    return "".join(parts)


def _rest(kind: Kind) -> str:
    """Return what else a part of the library offers, on the first page of its kind."""
    part = {"explorers": "live"}.get(kind.folder, kind.folder)
    module = importlib.import_module(f"course_lib.{part}")
    others = [name for name in module.__all__ if name not in kind.names and name not in SURFACES and _is_ours(module, name)]
    return heading("Beside these", "-") + _listed(part, others) if others else ""


def _module(part: str) -> str:
    module = importlib.import_module(f"course_lib.{part}")
    about = f".. automodule:: course_lib.{part}\n   :no-members:\n\n"
    names = [name for name in getattr(module, "__all__", vars(module)) if _is_ours(module, name)]
    return heading(part.capitalize()) + about + _listed(part, names)


def _is_ours(module: Any, name: str) -> bool:
    """Say whether a public name is a class or function of this part, and not a table, an alias or a guest."""
    thing = getattr(module, name)
    is_object = inspect.isclass(thing) or inspect.isfunction(thing)
    return is_object and not name.startswith("_") and thing.__module__.startswith(module.__name__)


def _listed(part: str, names: Iterable[str]) -> str:
    module = importlib.import_module(f"course_lib.{part}")
    lines = []
    for name in names:
        directive = "autoclass" if inspect.isclass(getattr(module, name)) else "autofunction"
        lines.append(f".. {directive}:: course_lib.{part}.{name}\n\n")
    return "".join(lines)


def _index() -> str:
    shelves = [(f":doc:`{kind.title} <{kind.folder}>`", f"{kind.about} ({len(kind.names)} pages)") for kind in kinds()]
    parts = [(f":doc:`{part.capitalize()} <{part}>`", first_sentence(importlib.import_module(f"course_lib.{part}"))) for part in MODULES]
    pages = "".join(f"   {one}\n" for one in (*(kind.folder for kind in kinds()), *MODULES))
    return (
        f"{heading('Reference')}Made from the library's own docstrings and registries.\n\n"
        f"{table([('part', 'what is there'), *shelves, *parts], widths='25 75')}"
        f".. toctree::\n   :hidden:\n\n{pages}"
    )
