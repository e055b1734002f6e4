"""A lesson's questions as a page: to be projected, with the answers folded, or with everything open."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from .bank import Question, QuestionSet, load, load_all
from .moodle import moodle_xml

FORMS = {
    "hall": "to be projected: no answers",
    "folded": "answers and reasons are folded away",
    "open": "for the teacher: answers and reasons are open",
}
ENDINGS = {"hall": "-hall", "folded": "", "open": "-answers"}


def markdown(lesson: str, form: str = "folded", *, notebooks: str = "../../notebooks") -> str:
    """A lesson's questions as a page of Markdown.

    Args:
        lesson: its number or name, ``"04"`` or ``"04_momentum"``.
        form: ``"hall"``, ``"folded"`` or ``"open"``; see ``FORMS``.
        notebooks: the way from the page to the folder of the lessons.

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
        *(_question(question, form) for question in one.questions),
    ]
    return "\n\n".join(parts) + "\n"


def _link(one: QuestionSet, form: str) -> str:
    names = {"hall": "to project", "folded": "answers folded", "open": "answers open"}
    return f"[{names[form]}]({one.lesson}{ENDINGS[form]}.md)"


def _question(question: Question, form: str) -> str:
    parts = [f"## Question {question.id}", question.text, choices(question)]
    if question.figure:  # folded, for it may show the answer
        parts.append(_folded("The figure", f"```python\n{question.figure}\n```"))
    about = f"*{question.goal.capitalize()}, {question.minutes:g} minutes. Section: {question.section}.*"
    told = f"{about}\n\n{reasons(question)}"
    if form != "hall":
        parts.append(_folded("Answer and reasons", told) if form == "folded" else told)
    return "\n\n".join(parts)


def choices(question: Question) -> str:
    """The answers with the letters to vote for."""
    several = "*Several answers are right.*\n\n" if question.several else ""
    return several + "\n".join(
        f"- **{key}** {_hang(answer.text)}" for key, answer in question.letters.items()
    )


def reasons(question: Question) -> str:
    """Which answers are right, and why one chooses each."""
    return "\n".join(
        f"- **{letter}{' is right.' if answer.right else '.'}** {_hang(answer.reason)}"
        for letter, answer in question.letters.items()
    )


def _folded(summary: str, text: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def _hang(text: str) -> str:
    """Further lines of a list's entry, indented so that they stay in it."""
    first, *others = text.split("\n", 1)
    return "\n".join([first, *(indent(other, "  ") for other in others)])


def pages(folder: Path, notebooks: str = "../../notebooks") -> list[Path]:
    """Write the three pages of every lesson, an index and the file for Moodle; return what was written.

    ``notebooks`` is the way from there to the folder of the lessons.
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
            texts[f"{one.lesson}{ending}.md"] = markdown(one.lesson, form, notebooks=notebooks)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        written.append(folder / name)
    return written
