"""The list from which Pyodide loads packages: the release's own, cut to what the course needs, with our wheels in it.

An entry says which file holds a package, its hash, what it is imported as and what it needs. So ``import course_lib``
in a notebook loads the course and numpy, without a ``%pip`` anywhere.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from ..pyodide import canonical, wanted

Entry = dict[str, Any]

ROOTS = ("course-lib", "ipython", "comm", "jedi", "micropip")
"""The course, and what the kernel asks for at its start."""
WHERE_SEPARATE = ("sqlite3", "ssl")
"""Parts of Python that older releases of Pyodide ship as packages; without them the kernel never starts."""
BROUGHT = {"jupyterlab", "jupyterlab-widgets", "widgetsnbextension"}
"""Requirements that the page itself fulfils."""


def digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def verified(path: Path, sha256: str) -> Path:
    """Return the path if the file is there and has that hash.

    Raises:
        RuntimeError: if not; the file is named, with both hashes.
    """
    if not path.is_file():
        raise RuntimeError(f"{path.name} is missing in {path.parent}")
    if (found := digest(path)) != sha256:
        raise RuntimeError(f"{path} has the SHA-256 {found}, expected {sha256}: not used")
    return path


def entry(wheel: Path, python: str) -> Entry:
    """Describe a pure wheel for Pyodide's lock.

    Args:
        wheel: the file.
        python: version of Pyodide's Python, such as "3.12.7"; markers of requirements are judged by it.
    """
    name, version = wheel.name.split("-")[:2]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = next(one for one in names if one.endswith(".dist-info/METADATA"))
        lines = re.findall(r"^Requires-Dist: (.*)$", archive.read(metadata).decode(), re.M)
    browser = {
        "sys_platform": "emscripten", "platform_system": "Emscripten", "platform_machine": "wasm32",
        "python_version": ".".join(python.split(".")[:2]), "python_full_version": python, "extra": "",
    }  # fmt: skip
    needs = [need for need in map(Requirement, lines) if need.marker is None or need.marker.evaluate(browser)]
    modules = {one.split("/")[0].removesuffix(".py") for one in names if one.endswith(".py")}
    return {
        "name": canonical(name),
        "version": version,
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": digest(wheel),
        "package_type": "package",
        "imports": sorted(one for one in modules if one.isidentifier()),
        "depends": [canonical(need.name) for need in needs if canonical(need.name) not in BROUGHT],
        "unvendored_tests": False,
    }


def release(lock: dict[str, Any]) -> str:
    """Return what Pyodide compares with itself: its version or, in newer releases, that of its binary interface.

    Examples:
        >>> release({"info": {"version": "0.27.7", "abi_version": "2024_0"}})
        '0.27.7'
        >>> release({"info": {"abi_version": "2026_0"}})
        '2026_0'
    """
    return lock["info"].get("version") or lock["info"]["abi_version"]


def merged(lock: dict[str, Any], ours: Iterable[Entry]) -> dict[str, Entry]:
    """Return what the course needs of a lock, with our entries in the place of the release's.

    Where the release knows a package, its dependencies stay: some wheels ask for what has no use in a browser.

    Raises:
        RuntimeError: if something needed is nowhere.
    """
    packages = {canonical(name): dict(one) for name, one in lock["packages"].items()}
    for one in ours:
        old = packages.get(one["name"], one)
        packages[one["name"]] = one | {"depends": old["depends"]}
    roots = (*ROOTS, *(name for name in WHERE_SEPARATE if name in packages))
    return {canonical(one["name"]): one for one in wanted(lock | {"packages": packages}, roots)}
