"""Questions as Moodle XML: one category a lesson, one multiple-choice question each, with feedback to every answer.

The elements are those that ``question/format/xml/format.php`` of Moodle reads (its manual describes them under
"Moodle XML format"). Moodle's MathJax filter shows what stands in ``\\( … \\)`` and ``\\[ … \\]``.
"""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from collections.abc import Iterable

import mistune

from .bank import Question, QuestionSet

COURSE = "Optimization algorithms"
"""The category in Moodle's question bank that holds those of the lessons."""

_TO_HTML = mistune.create_markdown(plugins=["math", "table"])
_TO_HTML.renderer.register("inline_math", lambda _, maths: rf"\({html.escape(maths)}\)")  # type: ignore[union-attr]
_TO_HTML.renderer.register("block_math", lambda _, maths: rf"<p>\[{html.escape(maths)}\]</p>")  # type: ignore[union-attr]


def as_html(markdown: str) -> str:
    r"""Markdown with ``$maths$`` as HTML with ``\(maths\)``.

    >>> as_html("Is $a<b$ *true*?")
    '<p>Is \\(a&lt;b\\) <em>true</em>?</p>'
    """
    return str(_TO_HTML(markdown)).strip()


def moodle_xml(sets: Iterable[QuestionSet]) -> str:
    """Return a file that Moodle imports: *Question bank, Import, Moodle XML format*."""
    quiz = ET.Element("quiz")
    for one in sets:
        category = ET.SubElement(quiz, "question", type="category")
        title = f"{one.number} {one.title}".replace("/", "//")  # a single slash would begin another category
        _text(category, "category", f"$course$/top/{COURSE}/{title}")
        _text(category, "info", f"Questions for lesson {one.number} · {one.title}", format="plain_text")
        for question in one.questions:
            _add(quiz, question, one)
    ET.indent(quiz)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(quiz, encoding="unicode") + "\n"


def _add(quiz: ET.Element, question: Question, one: QuestionSet) -> None:
    entry = ET.SubElement(quiz, "question", type="multichoice")
    _text(entry, "name", f"{question.id} · {question.goal} · {question.section}")
    _text(entry, "questiontext", as_html(question.text), format="html")
    _text(entry, "generalfeedback", as_html(f"Lesson {one.number}, *{question.section}*."), format="html")
    for name, value in (
        ("defaultgrade", "1"),
        ("penalty", "0.3333333"),
        ("hidden", "0"),
        ("idnumber", question.id),
        ("single", "false" if question.several else "true"),
        ("shuffleanswers", "true"),
        ("answernumbering", "ABCD"),
        ("showstandardinstruction", "1" if question.several else "0"),
    ):
        ET.SubElement(entry, name).text = value
    right = len(question.right)
    gain = f"{100 / right:.7g}"
    loss = f"{-100 / (len(question.answers) - right):.7g}" if question.several else "0"
    for answer in question.answers:
        mark = ET.SubElement(entry, "answer", fraction=gain if answer.right else loss, format="html")
        ET.SubElement(mark, "text").text = as_html(answer.text)
        _text(mark, "feedback", as_html(answer.reason), format="html")
    tags = ET.SubElement(entry, "tags")
    for tag in (f"lesson {one.number}", question.goal):
        _text(tags, "tag", tag)


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(ET.SubElement(parent, name, attributes), "text").text = text
