"""Which versions belong together: JupyterLite, its kernel, Pyodide, and the packages that Pyodide does not bring."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from .. import pyodide

REQUIREMENTS = Path(__file__).parent / "requirements"


@dataclass(frozen=True)
class Pair:
    """Versions that belong together.

    Args:
        name: of the pair.
        version: of Pyodide.
        sha512: of Pyodide's archive at npm.
        script: the file of Pyodide that the kernel loads.
        wheels: the pure packages from PyPI, with their hashes.
        complete: whether the compiled packages can be had for the site.
    """

    name: str
    version: str
    sha512: str
    script: str
    wheels: Path
    complete: bool

    def check_builder(self) -> None:
        """See that this environment is the one that builds the pair.

        Raises:
            RuntimeError: if a package is missing or has another version; says which and what to do.
        """
        needed = REQUIREMENTS / f"{self.name}.txt"
        for name, wanted in re.findall(r"^([\w-]+)==(\S+)", needed.read_text(), re.M):
            try:
                found = metadata.version(name)
            except metadata.PackageNotFoundError:
                found = "not installed"
            if found != wanted:
                raise RuntimeError(
                    f"the pair {self.name!r} is built with {name} {wanted}, here it is {found}: "
                    f"pip install --requirement {needed}"
                )

    def fetch(self) -> tuple[Path, Path]:
        """Return the folders of Pyodide and of the pure wheels; download what is not there."""
        if self.complete:
            return pyodide.fetch()
        runtime = pyodide.DOWNLOAD / f"pyodide-{self.version}"
        wheels = pyodide.DOWNLOAD / f"wheels-{self.version}"
        if not (runtime / "pyodide-lock.json").is_file():
            pyodide.runtime(runtime, self.version, self.sha512)
        if not pyodide.have_pure(wheels, self.wheels):
            python = json.loads((runtime / "pyodide-lock.json").read_text("utf-8"))["info"]["python"]
            pyodide.pure(wheels, self.wheels, python)
        return runtime, wheels


PAIRS = {
    "test": Pair("test", pyodide.VERSION, pyodide.SHA512, "pyodide.js", pyodide.PURE, complete=True),
    "publish": Pair(
        "publish",
        "314.0.6",
        "BKDTJyIqFxC4BExLqeRS3f5xvXZIjOt8C3zGLN/Cc7tFxSwvKVhVkchQQ2AGLOtR4YrVOIFxbV8poyDOOmWwxQ==",
        "pyodide.mjs",
        REQUIREMENTS / "wheels.txt",
        complete=False,
    ),
}
"""The pairs by name: an older one whose compiled packages can be had for tests, and the newest to publish."""
