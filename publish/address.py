"""Write the course's public address into the files that name it, or take it out again.

Run as ``python -m publish.address OWNER/NAME``, with the names of the repository on GitHub, or with ``--none``. The
files are README.md, docs/ways.md and CITATION.cff; the last is where the other parts of `publish` read it. Nothing is
published by this.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- address: written by python -m publish.address -->", "<!-- end of address -->"
FIRST = "notebooks/00_start_here.ipynb"
FILES = ("README.md", "docs/ways.md")
"""The files with a block between the two marks."""


@dataclass(frozen=True)
class Address:
    """A repository on GitHub, and the addresses that follow from its names.

    Args:
        owner: account or organisation; letters, digits and single hyphens, at most 39.
        name: name of the repository; letters, digits, and ``._-``, at most 100.

    Raises:
        ValueError: if GitHub allows no such name.

    Examples:
        >>> Address("Ada", "optimizers").site
        'https://ada.github.io/optimizers/'
        >>> Address("ada", "ada.github.io").site
        'https://ada.github.io/'
    """

    owner: str
    name: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"(?=.{1,39}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", self.owner):
            raise ValueError(
                f"owner is {self.owner!r}; allowed are letters, digits and single hyphens, at most 39 characters"
            )
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", self.name) or self.name in {".", ".."}:
            raise ValueError(
                f"name is {self.name!r}; allowed are letters, digits, '.', '_' and '-', at most 100 characters"
            )
        if self.name.endswith(".git"):
            raise ValueError(f"name is {self.name!r}; give it without the '.git' at the end")

    @classmethod
    def of(cls, text: str) -> Address:
        """Read ``OWNER/NAME``."""
        owner, slash, name = text.partition("/")
        if not slash or "/" in name:
            raise ValueError(f"the repository is {text!r}; it is written OWNER/NAME, as in ada/optimizers")
        return cls(owner, name)

    @property
    def repository(self) -> str:
        """The repository's own page."""
        return f"https://github.com/{self.owner}/{self.name}"

    @property
    def site(self) -> str:
        """The site that .github/workflows/pages.yml publishes."""
        host = f"{self.owner.lower()}.github.io"
        return f"https://{host}/" if self.name.lower() == host else f"https://{host}/{self.name}/"

    @property
    def lite(self) -> str:
        """The first lesson in JupyterLite."""
        return f"{self.site}lite/lab/index.html?path={FIRST}"

    @property
    def binder(self) -> str:
        """The first lesson on Binder."""
        return f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/HEAD?urlpath=lab/tree/{FIRST}"

    @property
    def codespaces(self) -> str:
        """A new codespace."""
        return f"https://codespaces.new/{self.owner}/{self.name}"

    def colab(self, notebook: str = FIRST) -> str:
        """A notebook in Colab, from the branch of copies that the workflow makes."""
        return f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/colab/{notebook}"


def current(root: Path = ROOT) -> Address | None:
    """Return the address that stands in CITATION.cff, or None if it is not known yet."""
    text = (root / "CITATION.cff").read_text("utf-8")
    found = re.search(r'^repository-code: "https://github\.com/([^"]+)"$', text, re.MULTILINE)
    return Address.of(found[1]) if found else None


def block(address: Address | None) -> str:
    """Return what stands between the marks."""
    if address is None:
        return (
            "The course has no public address yet. See it on your own computer: `make lab` opens the lessons, "
            "`make site lite serve` builds the site with everything in it and shows it."
        )
    return (
        f"**[Read it, and move its figures]({address.site})** · **[Run it in your browser]({address.lite})** · "
        f"[Binder]({address.binder}) · [Colab]({address.colab()}) · [Codespaces]({address.codespaces}) · "
        f"[Source]({address.repository})"
    )


def written(name: str, text: str, address: Address | None) -> str:
    """Return a file's text with the address in it.

    Raises:
        ValueError: if the two marks are not there, once each and in order.
    """
    if name == "CITATION.cff":
        kept = re.sub(r"^(repository-code|url): .*\n", "", text, flags=re.MULTILINE)
        lines = [f'repository-code: "{address.repository}"', f'url: "{address.site}"'] if address else []
        return kept.rstrip("\n") + "\n" + "".join(line + "\n" for line in lines)
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"{name} must hold the lines {BEGIN!r} and {END!r}, each once, in this order")
    return f"{before}{BEGIN}\n{block(address)}\n{END}{after}"


def write(address: Address | None, root: Path = ROOT) -> list[str]:
    """Write an address into all files, or None to take it out.

    Args:
        address: the address, or None.
        root: the folder of the course.

    Returns:
        The names of the files that have changed. All texts are made before the first is written.
    """
    old = {name: (root / name).read_text("utf-8") for name in (*FILES, "CITATION.cff")}
    new = {name: written(name, text, address) for name, text in old.items()}
    changed = [name for name in old if new[name] != old[name]]
    for name in changed:
        (root / name).write_text(new[name], "utf-8")
    return changed


def main(arguments: list[str] | None = None) -> None:
    """Write the address named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m publish.address", description=__doc__.splitlines()[0])
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("repository", nargs="?", metavar="OWNER/NAME", help="the repository on GitHub")
    group.add_argument("--none", action="store_true", help="take the address out again")
    given = parser.parse_args(arguments)
    try:
        changed = write(None if given.none else Address.of(given.repository))
    except ValueError as error:
        parser.error(str(error))
    print(f"changed: {', '.join(changed)}" if changed else "nothing to change", file=sys.stdout)


if __name__ == "__main__":
    main()
