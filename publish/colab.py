"""Make copies of the notebooks for Google Colab: ``python -m publish.colab`` writes them to build/site/colab.

A copy has one cell more, which installs the course, and its links lead to the other copies. Colab's page speaks to
ipywidgets 7 alone, so the cell installs nothing but the course, anywidget and psygnal; Colab has the rest.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import nbformat

from .address import ROOT, Address, current

OUT = ROOT / "build" / "site" / "colab"
WHEELS = ROOT / "build" / "wheel"
FOLDERS = ("notebooks", "exercises")
LINK = re.compile(
    r"\]\((?:\.\./(?P<folder>notebooks|exercises)/)?(?P<file>\w+\.ipynb)(?P<heading>#[^)\s]*)?\)"
)


def install(wheel: str) -> str:
    """Return the text of the cell that installs the course."""
    return f"# Colab only: this takes some seconds\n%pip install --quiet --no-deps anywidget psygnal {wheel}"


def for_colab(
    notebook: nbformat.NotebookNode, folder: str, address: Address, wheel: str
) -> nbformat.NotebookNode:
    """Return a copy of a notebook as Colab needs it.

    Args:
        notebook: as it lies in the repository.
        folder: ``"notebooks"`` or ``"exercises"``, where it lies.
        address: the course's public address.
        wheel: the wheel's address.
    """

    def linked(found: re.Match[str]) -> str:
        where = f"{found['folder'] or folder}/{found['file']}"
        return f"]({address.colab(where)}{found['heading'] or ''})"

    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(linked, cell.source)
    copy.cells.insert(1, nbformat.v4.new_code_cell(install(wheel), id="install-on-colab"))
    copy.metadata["colab"] = {"provenance": []}
    return copy


def make(address: Address, wheel: Path, out: Path = OUT) -> list[Path]:
    """Write the copies, and the wheel beside them.

    Args:
        address: the course's public address.
        wheel: the wheel's file.
        out: the folder of the copies; made anew.

    Returns:
        The paths of the copies.
    """
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    shutil.copyfile(wheel, out / wheel.name)
    made = []
    for folder in FOLDERS:
        (out / folder).mkdir()
        for path in sorted((ROOT / folder).glob("*.ipynb")):
            copy = for_colab(
                nbformat.read(path, as_version=4), folder, address, f"{address.site}colab/{wheel.name}"
            )
            nbformat.write(copy, out / folder / path.name)
            made.append(out / folder / path.name)
    return made


def main(arguments: list[str] | None = None) -> None:
    """Make the copies."""
    parser = argparse.ArgumentParser(prog="python -m publish.colab", description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="the wheel (the one in build/wheel)")
    parser.add_argument("--out", type=Path, default=OUT, help="the folder of the copies (build/site/colab)")
    given = parser.parse_args(arguments)
    wheel = given.wheel or next(iter(sorted(WHEELS.glob("course_lib-*.whl"))), None)
    if wheel is None or not wheel.is_file():
        parser.error(f"there is no wheel {wheel or 'in build/wheel'}: run `python -m publish.wheel` first")
    address = current()
    if address is None:
        parser.error("Colab opens files of GitHub alone: run `python -m publish.address OWNER/NAME` first")
    print(f"{given.out}: {len(make(address, wheel, given.out))} notebooks and the wheel")


if __name__ == "__main__":
    main()
