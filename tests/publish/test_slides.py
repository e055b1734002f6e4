"""A lesson as slides: what is cut where, everything in one file, no address of another host."""

from __future__ import annotations

import re
import tarfile
from pathlib import Path

import nbformat
import pytest

from publish.questions import load
from publish.slides import Pieces, as_slides, page, question_slides, run
from publish.slides.__main__ import main
from publish.slides.cut import WORDS, paragraphs
from publish.slides.page import MATHJAX, REVEAL

FIGURE = '<img class="figure" alt="a bowl" src="data:image/svg+xml;base64,PHN2Zy8+">'
PIECES = Pieces(
    script="/* the reveal script */", style="/* the reveal style */", maths="/* the maths script */"
)


def cell(
    source: str, output: str = "", asks: str = "", closed: bool = False, printed: str = ""
) -> nbformat.NotebookNode:
    made = nbformat.v4.new_code_cell(source, metadata={"jupyter": {"source_hidden": True}} if closed else {})
    if output:
        data = {"text/html": output, "text/markdown": asks}
        made.outputs.append(nbformat.v4.new_output("display_data", data=data))
    if printed:
        made.outputs.append(nbformat.v4.new_output("stream", text=printed))
    return made


@pytest.fixture
def lesson() -> nbformat.NotebookNode:
    text = nbformat.v4.new_markdown_cell
    return nbformat.v4.new_notebook(
        cells=[
            text("[← Start](00.ipynb)\n\n# Lesson 99 · Test\n\nAt the end you can\n\n- do this;\n- do that."),
            cell("import numpy as np\nfrom course_lib.live import (\n    explore_path,\n)"),
            text(
                "## 1 · Play\n\nLook at $x<y$.\n\n<details><summary>Seen</summary>\n\nOne.\n\nTwo.\n</details>"
            ),
            cell("figure", FIGURE, asks="Who?\n\n- a\n- b"),
            cell("x = 1 < 2\nprint(x)", printed="True\n"),
            cell("assert x", closed=True),
            text("\n\n".join(["word " * 40] * 4)),
            text("## References\n\n- Somebody, 1847."),
        ]
    )


def test_where_it_is_cut(lesson):
    slides = as_slides(lesson).cells
    kinds = [(slide.metadata.slideshow.slide_type, slide.source.split("\n")[0][:12]) for slide in slides]
    assert kinds == [
        ("slide", "# Lesson 99 "),
        ("slide", "## 1 · Play"),
        ("subslide", "Who?"),
        ("subslide", "<img class=\""),
        ("subslide", "x = 1 < 2"),
        *[("subslide", "word word wo")] * 4,
    ]  # fmt: skip
    assert slides[0].source.endswith("- do that.") and "Start" not in slides[0].source
    assert slides[4].outputs[0].text == "True\n"
    assert "Somebody" not in str(slides) and "assert x" not in str(slides)


def test_what_is_folded_stays_whole():
    text = "One.\n\n<details><summary>A</summary>\n\nTwo.\n\nThree.\n</details>\n\n$$\na\n\nb\n$$\n\nFour."
    assert [part[:9] for part in paragraphs(text)] == ["One.", "<details>", "$$\na\n\nb\n$", "Four."]
    assert "".join(paragraphs(text)).replace("\n", "") == text.replace("\n", "")


def test_no_slide_of_a_lesson_is_long_and_nothing_is_lost():
    root = Path(__file__).parents[2]
    lesson = nbformat.read(root / "notebooks" / "04_momentum.ipynb", as_version=4)
    slides = [one.source for one in as_slides(lesson).cells if one.cell_type == "markdown"]
    bare = [re.sub(r"<details>.*?</details>", "", slide, flags=re.DOTALL) for slide in slides]
    assert max(len(slide.split()) for slide in bare) <= 2 * WORDS + 10
    shown = " ".join(slides)
    for heading in re.findall(r"^## .*$", "\n".join(c.source for c in lesson.cells), flags=re.MULTILINE):
        assert (heading in shown) == (heading != "## References"), heading


def test_the_page_holds_everything_and_loads_nothing(lesson):
    lesson.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    html = page(as_slides(lesson), "Test", PIECES)
    for piece in (PIECES.script, PIECES.style, PIECES.maths, 'alt="a bowl"', "<title>Test slides</title>"):
        assert piece in html, piece
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=[\"']?([^\"' >]*)", html)
    assert loaded == ["data:image/svg+xml;base64,PHN2Zy8+"]
    assert "import mermaid" not in html and "require(" not in html
    assert html.count("<section") == 2 + len(as_slides(lesson).cells)


def test_a_question_its_figure_and_its_answer_are_slides_of_their_own():
    asked = load("04")
    slides = question_slides(asked).cells
    kinds = [slide.metadata.slideshow.slide_type for slide in slides]
    assert kinds.count("slide") == 1 + len(asked.questions)
    assert sum('<img class="figure"' in slide.source for slide in slides) == sum(
        bool(q.figure) for q in asked.questions
    )
    for kind, slide in zip(kinds, slides, strict=True):
        assert ("is right.**" in slide.source) == (kind == "subslide" and "<img" not in slide.source)
    first = asked.questions[0]
    assert slides[1].source.startswith(first.text) and "**A** falls further" in slides[1].source
    assert f"Question {first.id}" in slides[3].source


def test_pieces_come_from_the_cache(tmp_path, monkeypatch):
    for package, files in ((REVEAL, ("dist/reveal.js", "dist/reveal.css")), (MATHJAX, ("es5/tex-svg.js",))):
        with tarfile.open(tmp_path / f"{package.replace('@', '-')}.tgz", "w:gz") as tar:
            for file in files:
                (tmp_path / "one").write_text(file)
                tar.add(tmp_path / "one", f"package/{file}")
    monkeypatch.setenv("PATH", "")
    assert Pieces.fetched(tmp_path) == Pieces("dist/reveal.js", "dist/reveal.css", "es5/tex-svg.js")


def test_without_npm_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(
        RuntimeError, match=r"reveal\.js-4.* npm, which would bring it, is not installed: install node"
    ):
        Pieces.fetched(tmp_path)


def test_an_unknown_lesson_is_named(capsys):
    assert main(["04", "44"]) == 1
    assert "lesson 44 is not known; there are 00_start_here" in capsys.readouterr().err
    with pytest.raises(ValueError, match="form 'gif' is not allowed: it must be one of svg, pdf"):
        run("04_momentum", Path("nowhere"), "gif")


@pytest.mark.slow
def test_a_lesson_is_run_and_its_figures_are_files(tmp_path):
    (tmp_path / "figure-09.pdf").write_text("of an earlier run")
    executed = run("00_start_here", tmp_path, "pdf")
    assert [file.name for file in tmp_path.iterdir()] == ["figure-01.pdf"]
    assert (tmp_path / "figure-01.pdf").read_bytes()[:4] == b"%PDF"
    slides = as_slides(executed)
    at = next(i for i, one in enumerate(slides.cells) if 'class="figure"' in one.source)
    assert slides.cells[at - 1].source.startswith("The steps are short here: lr = 0.002.")
    assert re.search(r'alt="[^"]*loss', slides.cells[at].source)
