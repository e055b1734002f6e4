"""Packages for the browser: the course's own wheel, those of the index, and byte code for all of them."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from .lock import digest
from .pairs import Pair

ROOT = Path(__file__).parents[2]
DOWNLOADS = ROOT / "build" / "download"
SOURCES = ("course_lib", "pyproject.toml", "README.md", "LICENSE")


def course_wheel(folder: Path) -> Path:
    """Make the course's wheel, from a copy: what an earlier build left beside the sources must not get into it."""
    with tempfile.TemporaryDirectory() as copy:
        for name in SOURCES:
            source, target = ROOT / name, Path(copy) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", ".*"))
            else:
                shutil.copy(source, target)
        _pip("wheel", "--no-deps", "--wheel-dir", folder, copy)
    return next(folder.glob("course_lib-*.whl"))


def pure_wheels(pair: Pair, python: str) -> list[Path]:
    """Fetch the pair's wheels from the package index, once; pip compares the hashes.

    Args:
        pair: whose.
        python: version of Pyodide's Python.
    """
    folder = DOWNLOADS / f"wheels-{pair.name}-{digest(pair.wheels)[:12]}"
    if not folder.exists():
        part = folder.with_name(folder.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        _pip(
            "download", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--platform", "any",
            "--implementation", "py", "--abi", "none", "--python-version", ".".join(python.split(".")[:2]),
            "--dest", part, "--requirement", pair.wheels,
        )  # fmt: skip
        part.rename(folder)
    return sorted(folder.glob("*.whl"))


def runtime(pair: Pair) -> Path:
    """Fetch Pyodide's runtime, the npm package of that name, once, and return its folder.

    Raises:
        SystemExit: if there is no npm, or the package is not the one of the pair's hash.
    """
    folder = DOWNLOADS / f"pyodide-{pair.pyodide}"
    if folder.exists():
        return folder
    npm = shutil.which("npm")
    if not npm:
        raise SystemExit("npm, which comes with Node.js (20 or newer), is needed to fetch and compile packages.")
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    subprocess.run([npm, "pack", "--silent", f"pyodide@{pair.pyodide}"], check=True, cwd=DOWNLOADS, stdout=2)
    archive = DOWNLOADS / f"pyodide-{pair.pyodide}.tgz"
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != pair.integrity:
        archive.unlink()
        raise SystemExit(f"pyodide {pair.pyodide} of npm has the hash {found}, expected {pair.integrity}.")
    shutil.unpack_archive(archive, DOWNLOADS / "package.part")
    (DOWNLOADS / "package.part" / "package").rename(folder)
    shutil.rmtree(DOWNLOADS / "package.part")
    return folder


def with_byte_code(wheels: Iterable[Path], pyodide: Path) -> list[Path]:
    """Return the same wheels with compiled byte code in them, so that a browser need not compile at each page load.

    Pyodide itself compiles, under node: its Python is the right one. What was compiled once is kept.

    Args:
        wheels: the files.
        pyodide: the runtime's folder.

    Raises:
        SystemExit: if there is no node.
    """
    kept = DOWNLOADS / "compiled"
    made = {wheel: kept / digest(wheel)[:16] / pyodide.name / wheel.name for wheel in wheels}
    missing = [wheel for wheel in made if not made[wheel].exists()]
    if missing:
        node = shutil.which("node")
        if not node:
            raise SystemExit("Node.js (20 or newer) is needed to compile packages for the browser.")
        with tempfile.TemporaryDirectory() as folder:
            for wheel in missing:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(Path(folder) / wheel.name)
            script = Path(__file__).with_name("compile.mjs")
            subprocess.run([node, script, pyodide.resolve(), folder], check=True)
            for wheel in missing:
                _pack(Path(folder) / wheel.name, made[wheel])
    return list(made.values())


def _pack(folder: Path, wheel: Path) -> None:
    """Write a folder as a wheel whose bytes depend on nothing else; its list of files names the byte code too."""
    record = next(folder.glob("*.dist-info/RECORD"))
    lines = record.read_text().splitlines()
    for path in sorted(folder.rglob("*.pyc")):
        content = path.read_bytes()
        hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path.relative_to(folder).as_posix()},sha256={hashed},{len(content)}")
    record.write_text("\n".join(lines) + "\n")
    wheel.parent.mkdir(parents=True, exist_ok=True)
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            archive.writestr(
                zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes(), zipfile.ZIP_DEFLATED
            )
    part.rename(wheel)


def _pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments), "--quiet"]
    subprocess.run(command, check=True)
