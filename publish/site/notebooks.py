"""Pages of the site out of notebooks: what only makes sense in JupyterLab goes, what a reader of a page wants comes."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Callable
from typing import Any

import nbformat

from course_lib.checks.exercises import find_task
from course_lib.checks.generate import BEGIN, END

from . import ROOT
from .links import in_html, in_markdown, label, labelled

Cell = Any
_ONLY_IN_LAB = ("*Opened again?*",)
_NOTES = {
    "exercises": "```{note}\nThis page is to be read. You write and check your answers in the notebook: run it in the "
    "browser, or download it into the folder `exercises` of the course.\n```",
    "solutions": "```{note}\nThis page shows the answers. Try the exercise first.\n```",
}
_BETWEEN = re.compile(rf"^ *({re.escape(BEGIN)}|{re.escape(END)})\n?", re.MULTILINE)


def page(source: str, notebook: str) -> str:
    """Return the page of a notebook, as a notebook for myst-nb.

    Args:
        source: the notebook, executed.
        notebook: its name, such as ``"exercises/04_momentum"``.
    """
    made = nbformat.reads(source, as_version=4)
    made.metadata.pop("widgets", None)
    folder = notebook.split("/")[0]
    if folder == "solutions":
        made.metadata["orphan"] = True  # no entry in the menu
    cells: list[Cell] = []
    for cell in made.cells:
        cells += (_text if cell.cell_type == "markdown" else _CODE[folder])(cell, notebook)
    cells[0].source = _headed(cells[0].source, notebook)
    made.cells = cells
    return str(nbformat.writes(made))


def title(text: str, notebook: str) -> str:
    """Return the heading of a page, which no other page has.

    Examples:
        >>> title("# Exercise 04 · Momentum", "solutions/04_momentum")
        'Solution 04 · Momentum'
        >>> title("# The course", "notebooks/00_start_here")
        'Lesson 00 · Start here'
    """
    folder, name = notebook.split("/")
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    heading = found[1].strip() if found else ""
    if folder == "solutions":
        return heading.replace("Exercise", "Solution")
    if name[:2] in heading:
        return heading
    return f"Lesson {name[:2]} · {name[3:].replace('_', ' ').capitalize()}"


def _text(cell: Cell, notebook: str) -> list[Cell]:
    kept = [part for part in cell.source.split("\n\n") if not part.startswith(_ONLY_IN_LAB)]
    text = in_html(in_markdown("\n\n".join(kept), notebook), notebook)
    return [_markdown(labelled(text, notebook, cell.id), cell.id)]


def _lesson(cell: Cell, notebook: str) -> list[Cell]:
    return [_shown(cell, notebook)]


def _exercise(cell: Cell, notebook: str) -> list[Cell]:
    tags = cell.metadata.get("tags", [])
    if "scratch" in tags:
        return _help(cell, notebook)
    if "check" in tags:
        cell.outputs = []
    return [_shown(cell, notebook)]


def _solution(cell: Cell, notebook: str) -> list[Cell]:
    tags = cell.metadata.get("tags", [])
    if "scratch" in tags:
        return []
    cell.source = _BETWEEN.sub("", cell.source)
    shown = _shown(cell, notebook)
    return (
        [_markdown(f"({label(notebook, cell.id)})=\n", f"at-{cell.id}"), shown]
        if "exercise" in tags
        else [shown]
    )


_CODE: dict[str, Callable[[Cell, str], list[Cell]]] = {
    "notebooks": _lesson,
    "exercises": _exercise,
    "solutions": _solution,
}


def _help(cell: Cell, notebook: str) -> list[Cell]:
    """Return the hints of a task, each folded, and behind the last one the way to its solution."""
    found = find_task(cell.id.removeprefix("hint-").replace("-", "_"))
    if found is None:
        return []
    _, task = found
    folded = [
        f"<details class='course-hint'><summary>Hint {number} of {len(task.hints)}</summary>\n\n{hint}\n\n</details>"
        for number, hint in enumerate(task.hints, start=1)
    ]
    there = label(notebook.replace("exercises", "solutions"), f"task-{cell.id.removeprefix('hint-')}")
    folded.append(
        "<details class='course-hint'><summary>Show me the solution</summary>\n\n"
        f"You learn more by one more try. If you are sure: [the solution of this task](#{there}).\n\n</details>"
    )
    return [_markdown("\n\n".join(folded), cell.id)]


def _shown(cell: Cell, notebook: str) -> Cell:
    """Return a cell of code with what it put out, folded if it only checks or was folded in the notebook."""
    only_checks = _only_asserts(cell.source)
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    cell.metadata = nbformat.from_dict({})
    if only_checks or hidden:
        words = "Show the check of what is said above" if only_checks else "Show the code"
        cell.metadata = nbformat.from_dict(
            {
                "tags": ["hide-input"],
                "mystnb": {"code_prompt_show": words, "code_prompt_hide": words.replace("Show", "Hide")},
            }
        )
    cell.execution_count = None
    cell.outputs = [_output(one, notebook) for one in cell.outputs if not _is_progress(one)]
    return cell


def _only_asserts(source: str) -> bool:
    """Say whether code does nothing but check.

    Examples:
        >>> _only_asserts("for i in range(3):\\n    assert i < 3"), _only_asserts("x = 1")
        (True, False)
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Assert) for node in ast.walk(tree)) and all(
        isinstance(node, ast.Assert | ast.For) for node in tree.body
    )


def _is_progress(output: Any) -> bool:
    return output.output_type == "stream" and output.name == "stderr" and "\r" in output.text


def _output(output: Any, notebook: str) -> Any:
    data = output.get("data", {})
    if "text/html" in data:
        page = in_html(data["text/html"], notebook).replace(
            " data-src=", f' data-live="{_lite(notebook)}" data-src='
        )
        data["text/html"] = f'<div class="course-output">{page}</div>'
        output.metadata = nbformat.from_dict({})
        for other in [kind for kind in data if kind != "text/html"]:
            del data[other]
    if "execution_count" in output:
        output.execution_count = None
    return output


def _headed(text: str, notebook: str) -> str:
    """Return a page's first cell with its title first and what one can do with the page beneath it."""
    folder, name = notebook.split("/")
    before, _, after = text.partition("\n# ") if not text.startswith("# ") else ("", "", text[2:])
    _, _, rest = after.partition("\n")
    mark = "".join(line + "\n" for line in before.split("\n") if line.startswith("("))
    above = [f"{mark}# {title(text, notebook)}", _bar(folder, name), _NOTES.get(folder, ""), rest.strip()]
    return "\n\n".join(part for part in above if part)


def _bar(folder: str, name: str) -> str:
    file = f"{ROOT}/_downloads/{folder}/{name}.ipynb"
    run = f'<a class="course-run" href="{_lite(f"{folder}/{name}")}">Run it in the browser</a>'
    ways = [run] if folder != "solutions" else []
    if folder == "notebooks" and name[:2] != "00":
        ways.append(f'<a href="{ROOT}/exercises/{name}.html">Exercise</a>')
    if folder != "notebooks":
        ways.append(f'<a href="{ROOT}/notebooks/{name}.html">Lesson</a>')
    if folder == "solutions":
        ways.append(f'<a href="{ROOT}/exercises/{name}.html">Exercise</a>')
    ways.append(f'<a href="{file}" download>Download {html.escape(name)}.ipynb</a>')
    return f'<p class="course-bar">{" ".join(ways)}</p>'


def _lite(notebook: str) -> str:
    """Return the address at which a notebook runs without installing anything; solutions run as their exercises."""
    return f"{ROOT}/lite/lab/index.html?path={notebook.replace('solutions/', 'exercises/')}.ipynb"


def _markdown(text: str, cell: str) -> Cell:
    made = nbformat.v4.new_markdown_cell(text)
    made.id = cell
    return made
