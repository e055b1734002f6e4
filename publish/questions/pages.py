"""A lesson's questions as a page: to be projected, with the answers folded, or with everything open."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from .bank import IMPORTS, Question, QuestionSet, load, load_all
from .moodle import moodle_xml

FORMS = {
    "hall": "to be projected: no answers",
    "folded": "answers and reasons are folded away",
    "open": "for the teacher: answers and reasons are open",
}
ENDINGS = {"hall": "-hall", "folded": "", "open": "-answers"}

CELLS = f"""---
file_format: mystnb
kernelspec:
  name: python3
---

```{{code-cell}} ipython3
:tags: [remove-cell]

{IMPORTS}```

"""
"""The head of a page whose figures are run when the page is made (MyST-NB)."""


def markdown(
    lesson: str, form: str = "folded", *, notebooks: str = "../../notebooks", cells: bool = False
) -> str:
    """A lesson's questions as a page of Markdown.

    Args:
        lesson: its number or name, ``"04"`` or ``"04_momentum"``.
        form: ``"hall"``, ``"folded"`` or ``"open"``; see ``FORMS``.
        notebooks: the way from the page to the folder of the lessons.
        cells: make cells of the figures that MyST-NB runs, in place of the calls that make them.

    Raises:
        QuestionError: if there are no such questions, or they are not valid.
        ValueError: for another form.
    """
    if form not in FORMS:
        raise ValueError(f"form {form!r} is not allowed: it must be one of {', '.join(FORMS)}")
    one = load(lesson)
    minutes = sum(question.minutes for question in one.questions)
    parts = [
        f"# Questions on {one.title}",
        f"Lesson {one.number}, [{one.title}]({notebooks}/{one.lesson}.ipynb) · "
        f"{len(one.questions)} questions, {minutes:g} minutes together · "
        + " · ".join(_link(one, name) for name in FORMS if name != form),
        *(_question(question, form, cells) for question in one.questions),
    ]
    return (CELLS if cells else "") + "\n\n".join(parts) + "\n"


def _link(one: QuestionSet, form: str) -> str:
    names = {"hall": "to project", "folded": "answers folded", "open": "answers open"}
    return f"[{names[form]}]({one.lesson}{ENDINGS[form]}.md)"


def _question(question: Question, form: str, cells: bool) -> str:
    several = " Several answers are right." if question.several else ""
    parts = [f"## Question {question.id}", question.text + several]
    parts.append(
        "\n".join(f"- **{letter}** {_hang(answer.text)}" for letter, answer in question.letters.items())
    )
    if question.figure:  # folded, for it may show the answer
        fence = "```{code-cell} ipython3\n:tags: [remove-input]\n\n" if cells else "```python\n"
        parts.append(_folded("The figure", f"{fence}{question.figure}\n```"))
    if form != "hall":
        parts.append(_told(question, folded=form == "folded"))
    return "\n\n".join(parts)


def _told(question: Question, folded: bool) -> str:
    reasons = "\n".join(
        f"- **{letter}{' is right.' if answer.right else '.'}** {_hang(answer.reason)}"
        for letter, answer in question.letters.items()
    )
    about = f"*{question.goal.capitalize()}, {question.minutes:g} minutes. Section: {question.section}.*"
    told = f"{about}\n\n{reasons}"
    return _folded("Answer and reasons", told) if folded else told


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _hang(text: str) -> str:
    """Further lines of a list's entry, indented so that they stay in it."""
    first, *others = text.split("\n", 1)
    return "\n".join([first, *(indent(other, "  ") for other in others)])


def pages(folder: Path, **options: object) -> list[Path]:
    """Write the three pages of every lesson, an index and the file for Moodle; return what was written.

    ``options`` are those of ``markdown``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sets, written = load_all(), []
    rows = [
        f"| {one.number} | [{one.title}]({one.lesson}.md) | {len(one.questions)} | "
        f"{_link(one, 'hall')} | {_link(one, 'open')} |"
        for one in sets
    ]
    index = (
        "# Questions for the lecture hall\n\n"
        "Eight or more questions on every lesson, with the reason for each answer. "
        "All of them as one file for Moodle: [questions.xml](questions.xml).\n\n"
        "| lesson | | questions | | |\n|---|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )
    texts = {"index.md": index, "questions.xml": moodle_xml(sets)}
    for one in sets:
        for form, ending in ENDINGS.items():
            texts[f"{one.lesson}{ending}.md"] = markdown(one.lesson, form, **options)  # type: ignore[arg-type]
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        written.append(folder / name)
    return written
