"""Execute a lesson so that every figure it shows is also written to a file."""

from __future__ import annotations

import base64
import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from ..lessons import COURSE, executed

FORMS = ("svg", "pdf")


def run(lesson: str, folder: Path, form: str = "svg") -> nbformat.NotebookNode:
    """Execute a lesson and return it; ``folder`` then holds ``figure-01.svg``, … in the order of the lesson.

    Args:
        lesson: its full name, ``"04_momentum"``.
        folder: made if it is not there; figures of an earlier run are removed.
        form: "svg" or "pdf".

    Raises:
        ValueError: for another form.
        nbclient.exceptions.CellExecutionError: if a cell of the lesson fails.
    """
    if form not in FORMS:
        raise ValueError(f"form {form!r} is not allowed: it must be one of {', '.join(FORMS)}")
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("figure-*"):
        old.unlink()
    notebook = nbformat.read(COURSE / "notebooks" / f"{lesson}.ipynb", as_version=4)
    setup = (
        f"from publish.slides.run import write_figures\nwrite_figures({str(folder.resolve())!r}, {form!r})"
    )
    return executed(notebook, setup)


def picture_tag(svg: Path, alt: str) -> str:
    """A picture with everything in it, as HTML."""
    code = base64.b64encode(svg.read_bytes()).decode()
    return f'<img class="figure" alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{code}">'


def write_figures(folder: str, form: str) -> None:
    """Let every figure that this kernel shows write itself to a file, and be shown as a light picture."""
    from course_lib.live import Figure
    from course_lib.picture import DRAWING, Picture

    written: list[Path] = []

    def next_file() -> Path:
        written.append(Path(folder, f"figure-{len(written) + 1:02d}.{form}"))
        return written[-1]

    def shown(save: Callable[[Any, Path], None], alt: Callable[[Any], str]) -> Callable[..., Any]:
        def bundle(figure: Any, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
            file = next_file()
            save(figure, file)
            picture = file.with_suffix(".svg")
            if form != "svg":
                save(figure, picture)
            tag = picture_tag(picture, alt(figure))
            if form != "svg":
                picture.unlink()
            return {"text/html": tag, "text/markdown": asked(figure), "text/plain": alt(figure)}, {}

        return bundle

    def asked(figure: Any) -> str:
        ask = getattr(figure, "_ask", None) or {"question": "", "answers": []}
        return "\n\n".join([ask["question"], "\n".join(f"- {answer}" for answer in ask["answers"])]).strip()

    def save_picture(figure: Any, file: Path) -> None:
        with DRAWING:
            figure.savefig(file)

    def axes_of(figure: Any) -> str:
        named = [
            f"{axes.get_ylabel()} against {axes.get_xlabel()}" for axes in figure.axes if axes.get_xlabel()
        ]
        return "A diagram: " + "; ".join(named) if named else "A picture"

    Figure._repr_mimebundle_ = shown(  # type: ignore[method-assign]
        lambda figure, file: figure.save(file, theme="light"), lambda figure: figure.scene.alt
    )
    Picture._repr_mimebundle_ = shown(save_picture, axes_of)  # type: ignore[method-assign]
