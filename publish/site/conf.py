"""What Sphinx is told; the source it reads is made by ``python -m publish.site``."""

from __future__ import annotations

import functools
import os
import re
import socket
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinxcontrib import katex

sys.path.insert(0, str(Path(os.environ["COURSE"])))
from publish.site import COURSE, ROOT

project = "The optimization algorithms that train neural networks"
author = "The authors of the course"
copyright = "the authors of the course. Text and figures CC BY 4.0, code MIT"
html_title = "Optimizers"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinxcontrib.katex",
]
default_role = "py:obj"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_use_rtype = False

nb_execution_mode = "off"  # they have been executed
nb_ipywidgets_js: dict[str, Any] = {}
nb_merge_streams = True
myst_enable_extensions = ["amsmath", "colon_fence", "dollarmath"]
myst_heading_anchors = 3
myst_dmath_double_inline = True

katex_prerender = True
katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60.0
# on a busy machine the file of its Unix socket is there before it listens; the other kind of socket is tried again
_server = katex.KaTeXServer.build_command


def _ending_with_us(**where: Any) -> list[str]:
    """Return the command that starts KaTeX's server, which then ends when its input does."""
    node, *rest = _server(**where)
    return [node, "--require", str(COURSE / "publish" / "site" / "with_parent.cjs"), *rest]


def _answering_at_once(folder: Path, timeout: float) -> Any:
    """Start the server; length and text of a formula are two packets, and the second is not to wait for 40 ms."""
    process, connection = katex.KaTeXServer.start_network_socket(folder, timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return process, connection


@functools.cache
def _once(latex: str, display: bool) -> str:
    return _render(latex, {"displayMode": display})


katex.KaTeXServer.build_command = _ending_with_us
katex.KaTeXServer.start_server_process = _answering_at_once
_render = katex.render_latex
katex.render_latex = lambda latex, options=None: _once(latex, bool(options))
katex_css_path = "katex/katex.min.css"
html_math_renderer = "katex"

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_extra_path = ["_extra"]
html_css_files = ["figure.css", "site.css"]
html_js_files = [("live.js", {"type": "module"})]
html_theme_options = {
    "collapse_navbar": True,  # the 50 pages of a shelf stand in the menu of these pages alone
    "home_page_in_toc": False,
    "navbar_center": [],
    "navbar_end": [],
    "navbar_persistent": [],
    "navbar_start": [],
    "pygments_dark_style": "a11y-high-contrast-dark",
    "pygments_light_style": "a11y-high-contrast-light",
    "search_as_you_type": True,
    "show_navbar_depth": 1,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
}
html_context = {"default_mode": "auto"}
html_search_scorer = str(COURSE / "publish" / "site" / "search.js")
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None

suppress_warnings = ["misc.highlighting_failure"]  # an ellipsis in a piece of Python

_LABELLED = re.compile(r"^(Cost|When|Fails|Equal to|Reference|References|Source|Link): ")
_CODE = re.compile(r"(``.+?``|:\w+:`.+?`|`.+?`)")
_INITIAL = re.compile(r"^( *)(?=[A-Z]\. )")


def as_restructured(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Turn what a docstring writes for people into what reStructuredText means by it.

    "Cost: …", "When: …" and their like become fields. Bars around a word and an initial at the start of a line are
    text, not a substitution and not a list.
    """
    block = ""
    field = False
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare.startswith((".. math::", ">>>")):
            block = bare[:3]
        elif not bare:
            block = block if block == ".. " else ""
            field = False
        elif block == ".. " and not line.startswith(" "):
            block = ""
        if block or not bare:
            continue
        pieces = _CODE.split(_INITIAL.sub(r"\1\\", line))
        line = "".join(piece if i % 2 else piece.replace("|", r"\|") for i, piece in enumerate(pieces))
        if _LABELLED.match(line):
            word, _, rest = line.partition(": ")
            rest = _INITIAL.sub(r"\1\\", rest)
            line, field = f":{word}: {rest}", True
        elif field and not line.startswith((" ", ":")):
            line = f"   {line}"
        lines[number] = line


def aligned(app: Any, doctree: nodes.document) -> None:
    """Give a formula of several lines, as docstrings write it, the environment that KaTeX asks for."""
    for node in doctree.findall(nodes.math_block):
        text = node.astext()
        if ("&" in text or r"\\" in text) and not text.lstrip().startswith(r"\begin{"):
            node.children = [nodes.Text(rf"\begin{{aligned}}{text}\end{{aligned}}")]


def rooted(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Fill in the way from this page to the site's own folder."""
    if "body" in context:
        context["body"] = context["body"].replace(ROOT, context["pathto"]("", 1).rstrip("/") or ".")


def without_the_figures_code(app: Any) -> None:
    """Leave out the code of the live figures: three megabytes that are not the subject."""
    live = COURSE / "course_lib" / "live"
    names = (".".join(file.relative_to(COURSE).with_suffix("").parts) for file in live.rglob("*.py"))
    app.env._viewcode_modules = dict.fromkeys(names, False)


def setup(app: Any) -> None:
    """Register the four."""
    app.connect("builder-inited", without_the_figures_code)
    app.connect("autodoc-process-docstring", as_restructured)
    app.connect("doctree-read", aligned)
    app.connect("html-page-context", rooted)
