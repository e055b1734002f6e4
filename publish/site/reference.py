"""The reference pages: one for every optimizer, surface, problem, schedule and explorer, out of the registries."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from course_lib import live, optimizers, problems, schedules, surfaces
from course_lib.optimizers import REGISTRY
from course_lib.surfaces import SURFACES

from . import entries, figures
from .restructured import first_sentence, heading, table
from .run import Job

MODULES = ("running", "comparing", "plotting", "gradients", "bridge", "checks", "grade")
"""Parts of the library whose public names have one page together."""


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
             "elsewhere.", tuple(REGISTRY), entries.optimizer, figures.optimizer),
        Kind("surfaces", "Surfaces", "Functions of two variables with exact derivatives, minima and saddles.",
             tuple(SURFACES), entries.surface, figures.surface),
        Kind("problems", "Problems", "Data and models with gradients written by hand, to train on.",
             tuple(entries.problem_classes()), entries.problem),
        Kind("schedules", "Schedules", "What multiplies the learning rate of step t. They compose by multiplication "
             "and by ``then``.", makers, entries.schedule, figures.schedule),
        Kind("explorers", "Live figures", "Each is one call, and answers to its sliders in tens of milliseconds.",
             explorers, entries.explorer, figures.explorer),
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
    home = {
        "problems": problems,
        "schedules": schedules,
        "explorers": live,
        "optimizers": optimizers,
        "surfaces": surfaces,
    }
    return getattr(home[kind.folder], name)


def _families(kind: Kind) -> str:
    parts = []
    for family, shelf in groupby(REGISTRY.values(), key=lambda entry: entry.family):
        rows = [
            ("name", "year", "what it does"),
            *((f":doc:`{kind.folder}/{one.name}`", str(one.year), first_sentence(one.cls)) for one in shelf),
        ]
        parts += [heading(family.capitalize(), "-"), table(rows, widths="26 10 64")]
    return "".join(parts)


def _rest(kind: Kind) -> str:
    """Return what else a part of the library offers, on the first page of its kind."""
    part = {"explorers": "live"}.get(kind.folder, kind.folder)
    module = _part(part)
    others = [
        name
        for name in module.__all__
        if name not in kind.names and name not in SURFACES and _is_ours(module, name)
    ]
    return heading("Beside these", "-") + _listed(part, others) if others else ""


def _module(part: str) -> str:
    module = _part(part)
    about = f".. automodule:: course_lib.{part}\n   :no-members:\n\n"
    names = [name for name in getattr(module, "__all__", vars(module)) if _is_ours(module, name)]
    return heading(part.capitalize()) + about + _listed(part, names)


def _is_ours(module: Any, name: str) -> bool:
    """Say whether a public name is a class or function of this part, and not a table, an alias or a guest."""
    thing = getattr(module, name)
    is_object = inspect.isclass(thing) or inspect.isfunction(thing)
    return is_object and not name.startswith("_") and thing.__module__.startswith(module.__name__)


def _listed(part: str, names: Iterable[str]) -> str:
    module = _part(part)
    lines = []
    for name in names:
        directive = "autoclass" if inspect.isclass(getattr(module, name)) else "autofunction"
        lines.append(f".. {directive}:: course_lib.{part}.{name}\n\n")
    return "".join(lines)


def _index() -> str:
    shelves = [
        (f":doc:`{kind.title} <{kind.folder}>`", f"{kind.about} ({len(kind.names)} pages)")
        for kind in kinds()
    ]
    parts = [(f":doc:`{one.capitalize()} <{one}>`", first_sentence(_part(one))) for one in MODULES]
    rows = [("part", "what is there"), *shelves, *parts]
    about = "Made from the library's own docstrings and registries.\n\n"
    return heading("Reference") + about + table(rows, widths="25 75")


def menu() -> list[str]:
    """Return the entries of the menu."""
    shelves = [f"{kind.title} <reference/{kind.folder}>" for kind in kinds()]
    return [
        "Overview <reference/index>",
        *shelves,
        *(f"{one.capitalize()} <reference/{one}>" for one in MODULES),
    ]


def _part(name: str) -> Any:
    return importlib.import_module(f"course_lib.{name}")
