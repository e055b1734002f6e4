"""What the course is as a package: its version and what it requires, installed or run from its folder."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

NAME = "course-lib"
_PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def version() -> str:
    """Return the version of the course; "unknown" for a copy without installation and without pyproject.toml.

    Examples:
        >>> version()[0].isdigit()
        True
    """
    try:
        return metadata.version(NAME)
    except metadata.PackageNotFoundError:
        return str(_project().get("version", "unknown"))


def requirements() -> list[str]:
    """Return the lines that say what the course requires, as in pyproject.toml, markers and all.

    Examples:
        >>> [line for line in requirements() if line.startswith("numpy")]
        ['numpy>=2.0']
    """
    try:
        lines = metadata.requires(NAME) or []
    except metadata.PackageNotFoundError:
        lines = _project().get("dependencies", [])
    return [line for line in lines if "extra ==" not in line]


def _project() -> dict:
    return tomllib.loads(_PROJECT.read_text("utf-8"))["project"] if _PROJECT.is_file() else {}
