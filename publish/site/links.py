"""Links between notebooks, as they are written for JupyterLab, and what becomes of them on the site.

A notebook leads to a place in another one by ``NAME.ipynb#cell-id=cell-07`` or by the text of a heading with hyphens
for spaces. On the site every such place carries a label of its own: Sphinx resolves it, and says so if it is not there.
"""

from __future__ import annotations

import functools
import html
import json
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote

from docutils.nodes import make_id

from . import COURSE, ROOT

FOLDERS = ("notebooks", "exercises", "solutions")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_MARKDOWN = re.compile(r"\]\(([^)\s]*?\.ipynb)?(#[^)\n]+)?\)")
_HREF = re.compile(r"""href=(["'])(?!https?:|mailto:)([^"'#]*\.ipynb)?(#[^"']*)?\1""")


def label(notebook: str, cell: str) -> str:
    """Return the label of a cell.

    Examples:
        >>> label("notebooks/04_momentum", "cell-07")
        'notebooks-04_momentum-cell-07'
    """
    return f"{notebook.replace('/', '-')}-{cell}"


def of_heading(heading: str) -> str:
    """Return how JupyterLab addresses a heading.

    Examples:
        >>> of_heading("3 · The rule")
        '3-·-The-rule'
    """
    return heading.replace(" ", "-")


@functools.cache
def places(notebook: str) -> dict[str, str]:
    """Return the labels of a notebook by what a link to it may say behind the ``#``.

    Args:
        notebook: such as ``"notebooks/04_momentum"``.
    """
    found = {}
    for cell in json.loads((COURSE / f"{notebook}.ipynb").read_text("utf-8"))["cells"]:
        here = label(notebook, cell["id"])
        found[f"cell-id={cell['id']}"] = here
        if cell["cell_type"] == "markdown":
            for heading in _HEADING.findall("".join(cell["source"])):
                found.setdefault(of_heading(heading), here)
    return found


def resolved(address: str, fragment: str, page: str) -> tuple[str, str]:
    """Return the notebook that a link leads to, and the label in it, or an empty text.

    Args:
        address: the notebook's, seen from the page; empty for the page itself.
        fragment: what stands behind the ``#``, if anything.
        page: where the link stands, such as ``"exercises/04_momentum"``.

    Raises:
        ValueError: for a notebook or a place that does not exist.
    """
    folder = posixpath.dirname(page)
    notebook = (
        posixpath.normpath(posixpath.join(folder, unquote(address))).removesuffix(".ipynb")
        if address
        else page
    )
    if not (COURSE / f"{notebook}.ipynb").is_file():
        raise ValueError(f"{page}: the link {address!r} leads nowhere")
    wanted = unquote(html.unescape(fragment))
    if wanted and wanted not in places(notebook):
        raise ValueError(f"{page}: there is no {wanted!r} in {notebook}.ipynb")
    return notebook, places(notebook)[wanted] if wanted else ""


def in_markdown(text: str, page: str) -> str:
    """Return Markdown whose links between notebooks are Sphinx's.

    Examples:
        >>> in_markdown("[rule](../notebooks/04_momentum.ipynb#3-·-The-rule)", "exercises/04_momentum")
        '[rule](#notebooks-04_momentum-cell-07)'
        >>> in_markdown("[lesson](04_momentum.ipynb)", "notebooks/05_nesterov")
        '[lesson](/notebooks/04_momentum.ipynb)'
    """

    def changed(found: re.Match[str]) -> str:
        if not found[1] and not found[2]:
            return found[0]
        notebook, place = resolved(found[1] or "", (found[2] or "").removeprefix("#"), page)
        return f"](#{place})" if place else f"](/{notebook}.ipynb)"

    return _MARKDOWN.sub(changed, text)


def in_html(text: str, page: str) -> str:
    """Return HTML whose links between notebooks lead to pages of the site.

    Examples:
        >>> in_html('<a href="../notebooks/04_momentum.ipynb">', "exercises/04_momentum")
        '<a href="@root@/notebooks/04_momentum.html">'
        >>> in_html('<a href="#cell-id=cell-07">', "notebooks/04_momentum")
        '<a href="@root@/notebooks/04_momentum.html#notebooks-04-momentum-cell-07">'
    """

    def changed(found: re.Match[str]) -> str:
        if not found[2] and not (found[3] or "").startswith("#cell-id="):
            return found[0]
        notebook, place = resolved(found[2] or "", (found[3] or "").removeprefix("#"), page)
        return f'href="{ROOT}/{notebook}.html{f"#{make_id(place)}" if place else ""}"'

    return _HREF.sub(changed, text)


def labelled(text: str, notebook: str, cell: str) -> str:
    """Return a cell's Markdown with its label before the first heading, or before everything.

    Examples:
        >>> print(labelled("## 3 · The rule", "notebooks/04_momentum", "cell-07"))
        (notebooks-04_momentum-cell-07)=
        ## 3 · The rule
    """
    mark = f"({label(notebook, cell)})=\n"
    first = _HEADING.search(text)
    at = first.start() if first else 0
    return f"{text[:at]}{mark}{text[at:]}"


def notebooks(folder: str) -> list[Path]:
    """Return the notebooks of a folder of the course in their order."""
    return sorted((COURSE / folder).glob("[0-9][0-9]_*.ipynb"))
