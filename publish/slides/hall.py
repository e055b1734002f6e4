"""The questions of a lesson as slides: right leads to the next question, down to its figure and its answer."""

from __future__ import annotations

import tempfile
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..questions import Question, QuestionSet, make_figure
from ..questions.pages import choices, reasons
from .run import picture_tag


def question_slides(asked: QuestionSet) -> NotebookNode:
    """Return a notebook whose cells are slides: what is asked, the figure if there is one, the answer."""
    slides = nbformat.v4.new_notebook()

    def add(text: str, kind: str = "subslide") -> None:
        slides.cells.append(nbformat.v4.new_markdown_cell(text, metadata={"slideshow": {"slide_type": kind}}))

    add(f"# Questions on {asked.title}", "slide")
    for question in asked.questions:
        add(f"{question.text}\n\n{choices(question)}", "slide")
        if question.figure:
            add(_picture(question))
        add(f"{reasons(question)}\n\n*Question {question.id} · Lesson {asked.number}, {question.section}*")
    return slides


def _picture(question: Question) -> str:
    figure = make_figure(question)
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "figure.svg")
            figure.save(file, theme="light")
            return picture_tag(file, figure.scene.alt)
    finally:
        figure.close()
