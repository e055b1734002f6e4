"""The pages of ``docs/`` on the site, and the questions for the lecture hall."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ..questions import load_all, markdown, moodle_xml
from ..questions.pages import ENDINGS
from . import COURSE, ROOT, figures
from .lesson_map import short_names
from .links import FOLDERS, in_markdown
from .run import Job

PAGES = {
    "ways": "Read, try, install, teach: what each way needs, and where your work stays.",
    "teaching": "What each lesson is for, how long it takes, plans for 4, 8 and 13 weeks, common errors.",
    "instructors": "Release exercises, collect and grade them, for a class of any size.",
    "hub": "Students open an address and find lesson 00. They install nothing.",
    "jupyterlite": "JupyterLite on any web host: what a reader gets, and how it is built.",
    "authors": "How tasks, hints and checks are written.",
    "reviewers": "What reviewers ask of a comparison of optimizers, and where lesson 12 meets it or does not.",
}
"""Pages of ``docs/`` with what they are about, in the order of the menu. The first is for everybody."""
_FORMS = {"hall": ", to project", "folded": "", "open": ", with answers"}
_INDEX = """\
# Questions for the lecture hall

Eight or more questions on every lesson, with a reason for each answer.
<a href="{root}/_downloads/questions/questions.xml" download>All of them as one file for Moodle</a>.

| lesson | questions | | |
|---|---|---|---|
{rows}

```{{toctree}}
:hidden:

{menu}
```
"""
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|mailto:|#)([^)\s]+)\)")


class Page(NamedTuple):
    """A page: its file below the site's source, its title, and what it is about."""

    file: str
    title: str
    about: str


def jobs() -> list[Job]:
    """Return what makes the figures of the questions."""
    return [
        Job(f"questions/{one.id}", f"{one.id}\n{one.figure}", figures.question)
        for questions in load_all()
        for one in questions.questions
        if one.figure
    ]


def write(source: Path, drawn: Mapping[str, str]) -> list[Page]:
    """Write the pages below ``source`` and return them in the order of the menu.

    Args:
        source: the folder of the site's source.
        drawn: the figures as HTML, by the name of their `jobs`.
    """
    folder = source / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    files = {COURSE / "docs" / f"{name}.md": about for name, about in PAGES.items()}
    known = {file.resolve(): f"/docs/{file.name}" for file in files}
    entries = []
    for file, about in files.items():
        text = with_links(file.read_text("utf-8"), file, known)
        (folder / file.name).write_text(text, "utf-8")
        entries.append(Page(f"docs/{file.name}", _title(text, file), about))
    return [*entries, _questions(source / "questions", drawn)]


def _questions(folder: Path, drawn: Mapping[str, str]) -> Page:
    """Write the questions of every lesson, in all forms, and the file for Moodle beside them."""
    folder.mkdir()
    sets = load_all()
    for one in sets:
        for form, ending in ENDINGS.items():
            text = markdown(one.lesson, form, notebooks="/notebooks")
            for question in one.questions:
                figure = drawn.get(f"questions/{question.id}")
                if question.figure and figure:
                    text = text.replace(f"```python\n{question.figure}\n```", figure)
            head, _, rest = text.partition("\n")
            orphan = "" if form == "folded" else "---\norphan: true\n---\n\n"
            name = f"{one.lesson}{ending}.md"
            (folder / name).write_text(f"{orphan}{head}{_FORMS[form]}\n{rest}", "utf-8")
    downloads = folder.parent / "_extra" / "_downloads" / "questions"
    downloads.mkdir(parents=True)
    (downloads / "questions.xml").write_text(moodle_xml(sets), "utf-8")
    rows = [
        f"| [{one.number} {one.title}]({one.lesson}.md) | {len(one.questions)} | [to project]({one.lesson}-hall.md) "
        f"| [answers open]({one.lesson}-answers.md) |"
        for one in sets
    ]
    names = short_names()
    menu = "\n".join(f"{one.number} · {names[one.lesson]} <{one.lesson}>" for one in sets)
    (folder / "index.md").write_text(_INDEX.format(rows="\n".join(rows), menu=menu, root=ROOT), "utf-8")
    about = (
        "Eight or more on every lesson, with a reason for each answer, to project, to print, or for Moodle."
    )
    return Page("questions/index.md", "Questions", about)


def with_links(text: str, file: Path, known: dict[Path, str]) -> str:
    """Return a page whose links lead to pages of the site; what is only a file of the course becomes its name."""

    def changed(found: re.Match[str]) -> str:
        path, _, place = found[2].partition("#")
        target = (file.parent / path).resolve()
        if target in known:
            return f"[{found[1]}]({known[target]}{f'#{place}' if place else ''})"
        if target.suffix == ".ipynb" and target.parent.name in FOLDERS and target.exists():
            return in_markdown(found[0], f"docs/{file.stem}")
        return found[1]

    return _LINK.sub(changed, text)


def _title(text: str, file: Path) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    if not found:
        raise ValueError(f"{file} has no heading")
    return found[1].strip()
