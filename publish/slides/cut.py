"""Cut an executed lesson into slides: a heading begins a new one, and what follows goes below it."""

from __future__ import annotations

import copy
import re

import nbformat
from nbformat import NotebookNode

WORDS = 70
"""About as many words stand on one slide."""

LEFT_OUT = re.compile(
    r"^(## References|\*Opened again|\*\*Next:|\*\*Now |\*\*Exercise|\[← )", flags=re.MULTILINE
)


def as_slides(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook whose cells are slides for nbconvert.

    Text is divided at paragraphs, and a folded answer stays whole. A figure stands alone, without its code and after
    what it asks. Closed cells (the proofs of the text's numbers), imports and references are left out.
    """
    slides = nbformat.v4.new_notebook(metadata=copy.deepcopy(notebook.metadata))
    for cell in notebook.cells:
        for new in _text(cell.source) if cell.cell_type == "markdown" else _code(cell):
            begins = new.cell_type == "markdown" and re.match(r"##? ", new.source)
            new.metadata["slideshow"] = {"slide_type": "slide" if begins or not slides.cells else "subslide"}
            slides.cells.append(new)
    return slides


def paragraphs(text: str) -> list[str]:
    """Paragraphs of Markdown; what is folded and what is fenced stays in one piece."""
    whole = r"<details>.*?</details>|^```.*?^```|^\$\$.*?\$\$"
    parts: list[str] = []
    at = 0
    for found in re.finditer(whole, text, flags=re.DOTALL | re.MULTILINE):
        parts += [*text[at : found.start()].split("\n\n"), found[0]]
        at = found.end()
    parts += text[at:].split("\n\n")
    return [part.strip("\n") for part in parts if part.strip()]


def _text(source: str) -> list[NotebookNode]:
    slides: list[str] = []
    size = 0  # words on the last slide, without its heading
    for part in paragraphs(source):
        if LEFT_OUT.match(part):
            if part.startswith("## References"):
                break
            continue
        words = len(part.split())
        heading = re.match(r"##? ", part)
        room = (
            2 * WORDS if re.match(r"[-|]|\d\. |\$\$", part) else WORDS
        )  # a list stays with its introduction
        if not slides or heading or (size and size + words > room):
            slides.append(part)
            size = 0 if heading else words
        else:
            slides[-1] += f"\n\n{part}"
            size += words
    return [nbformat.v4.new_markdown_cell(slide) for slide in slides]


def _code(cell: NotebookNode) -> list[NotebookNode]:
    pictures = [o for o in cell.outputs if 'class="figure"' in o.get("data", {}).get("text/html", "")]
    closed = cell.metadata.get("jupyter", {}).get("source_hidden")
    if pictures:
        told = [text for o in pictures for text in (o.data.get("text/markdown"), o.data["text/html"]) if text]
        return [nbformat.v4.new_markdown_cell(text) for text in told]
    only_imports = all(
        re.match(r"(from|import|\)|    \w+,)", line) for line in cell.source.splitlines() if line.strip()
    )
    if closed or only_imports or not cell.source.strip():
        return []
    shown = nbformat.v4.new_code_cell(cell.source, metadata={})
    shown.outputs = [o for o in cell.outputs if o.output_type == "stream" and o.name == "stdout"]
    return [shown]
