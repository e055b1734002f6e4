"""Slides as one HTML file: nbconvert's slides, with reveal.js and MathJax in it, so that nothing is loaded."""

from __future__ import annotations

import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode

TEMPLATES = Path(__file__).parent / "templates"
REVEAL, MATHJAX = "reveal.js@4.6.1", "mathjax@3.2.2"


@dataclass(frozen=True)
class Pieces:
    """What makes a page move and shows its formulas: the texts of reveal.js, its style, and MathJax."""

    script: str
    style: str
    maths: str

    @classmethod
    def fetched(cls, cache: Path) -> Pieces:
        """Take them from ``cache``, or have npm bring them there once (it compares their check sums).

        Raises:
            RuntimeError: says what to do, if they are not there and npm is not either, or fails.
        """
        return cls(
            script=_from(REVEAL, "dist/reveal.js", cache),
            style=_from(REVEAL, "dist/reveal.css", cache),
            maths=_from(MATHJAX, "es5/tex-svg.js", cache),
        )


def _from(package: str, file: str, cache: Path) -> str:
    archive = cache / (package.replace("@", "-") + ".tgz")
    if not archive.is_file():
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"{archive.name} is not in {cache}, and npm, which would bring it, is not installed: install node 20 or"
                " newer, or ask for the figures alone with --figures"
            )
        cache.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([npm, "pack", "--silent", package], cwd=cache, capture_output=True, text=True)
        if done.returncode or not archive.is_file():
            raise RuntimeError(f"npm could not bring {package}: {done.stderr.strip() or 'no file came'}")
    with tarfile.open(archive) as tar:
        member = tar.extractfile(f"package/{file}")
        assert member is not None, f"{package} has no {file}"
        return member.read().decode()


def page(notebook: NotebookNode, title: str, pieces: Pieces) -> str:
    """Return the HTML of slides made by ``as_slides``."""
    exporter = SlidesExporter(
        template_name="course", extra_template_basedirs=[str(TEMPLATES)], exclude_input_prompt=True,
        exclude_output_prompt=True,
    )  # fmt: skip
    notebook.metadata["title"] = title
    notebook.metadata.pop("widgets", None)  # the figures are pictures here
    html, _ = exporter.from_notebook_node(notebook, {"pieces": pieces})
    return re.sub(r"<link[^>]*/dist/[^>]*>", "", html)  # reveal.js's style is in the page already
