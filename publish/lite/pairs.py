"""Which versions belong together: JupyterLite, its kernel, Pyodide, and the packages that Pyodide does not bring."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

FOLDER = Path(__file__).parent / "pairs"


@dataclass(frozen=True)
class Pair:
    """Versions that belong together.

    Args:
        name: of the pair, and of its folder: ``builder.txt`` is the environment that builds, ``wheels.txt`` are the
            packages that the site gets from the package index, each with its hash.
        pyodide: version of the npm package.
        integrity: that package's sha512, as npm writes it.
        script: the file of Pyodide that the kernel loads.
        complete: whether the compiled packages are always in the site.
    """

    name: str
    pyodide: str
    integrity: str
    script: str
    complete: bool

    @property
    def builder(self) -> Path:
        """The requirements of the environment that builds."""
        return FOLDER / self.name / "builder.txt"

    @property
    def wheels(self) -> Path:
        """The packages from the index, with their hashes."""
        return FOLDER / self.name / "wheels.txt"

    def check_builder(self) -> None:
        """See that this environment is the one that builds the pair.

        Raises:
            SystemExit: if a package is missing or has another version; says which and what to do.
        """
        for name, wanted in re.findall(r"^([\w-]+)==(\S+)", self.builder.read_text(), re.M):
            try:
                found = metadata.version(name)
            except metadata.PackageNotFoundError:
                found = "not installed"
            if found != wanted:
                raise SystemExit(
                    f"The pair {self.name!r} is built with {name} {wanted}; here it is {found}. "
                    f"Run: pip install -r {self.builder}"
                )


PAIRS = {
    pair.name: pair
    for pair in (
        Pair(
            name="test",
            pyodide="0.27.7",
            integrity="sha512-RUSVJlhQdfWfgO9hVHCiXoG+nVZQRS5D9FzgpLJ/VcgGBLSAKoPL8kTiOikxbHQm1kRISeWUBdulEgO26qpSRA==",
            script="pyodide.js",
            complete=True,
        ),
        Pair(
            name="publish",
            pyodide="314.0.6",
            integrity="sha512-BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ==",
            script="pyodide.mjs",
            complete=False,
        ),
    )
}
"""The pairs by name."""
