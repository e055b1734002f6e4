"""Build the site: the packages and their lock, the course's notebooks, and JupyterLite around them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..wheel import ROOT
from ..wheel import build as course_wheel
from .compiled import with_byte_code
from .lock import Entry, digest, entry, merged, release, verified
from .pairs import Pair

KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
FIRST = "notebooks/00_start_here.ipynb"
"""The notebook that opens where the address names none."""
FOLDERS = ("notebooks", "exercises")
"""What readers see. The solutions are not among it."""
PREFETCHED = ("course-lib", "ipython", "jedi", "micropip", "comm")
"""What Pyodide loads, with all that is needed for it, while the reader still reads."""
RUNTIME = ("pyodide.js", "pyodide.mjs", "pyodide.asm.*", "python_stdlib.zip")
SETTINGS = {
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 20},
}
"""Beside the settings of the folder jupyter/: day and night follow the system; a closed tab costs 20 seconds."""


def build(pair: Pair, out: Path, binaries: Path | None = None, cdn: str = "") -> dict[str, Any]:
    """Build a JupyterLite of the course.

    Args:
        pair: the versions.
        out: the folder to make; what was in it goes.
        binaries: a folder with the compiled packages of the pair's Pyodide, where they are not fetched anyway. Each
            is compared with the hash in Pyodide's own lock.
        cdn: where they stay if there is no such folder.

    Returns:
        What was made: ``packages``, ``elsewhere`` (addresses of packages that are not in the site) and ``megabytes``.

    Raises:
        RuntimeError: if something is missing or is not what it should be, in words.
    """
    pair.check_builder()
    pyodide, pure = pair.fetch()
    source = (
        ROOT / "build" / f"source-{pair.name}"
    )  # JupyterLite overlooks a source beside it that begins like `out`
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    static = source / "static" / "pyodide"
    static.mkdir(parents=True)
    for pattern in RUNTIME:
        for path in pyodide.glob(pattern):
            shutil.copy(path, static)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    python = lock["info"]["python"]
    wheels = {wheel.name: wheel for wheel in (course_wheel(), *pure.glob("*.whl"))}
    packages = merged(lock, [entry(wheel, python) for wheel in wheels.values()])
    _gather(packages, wheels, pyodide if pair.complete else binaries, cdn)
    for wheel in with_byte_code(
        [one for one in wheels.values() if one.suffix == ".whl"], pyodide, pair.version
    ):
        wheels[wheel.name] = wheel
    for one in packages.values():
        if one["file_name"] in wheels:
            one["sha256"] = digest(wheels[one["file_name"]])
            shutil.copy(wheels[one["file_name"]], static)
    (static / "pyodide-lock.json").write_text(json.dumps(lock | {"packages": packages}))
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / "files" / folder, ignore=shutil.ignore_patterns(".*"))
    _configure(pair, source)
    _jupyterlite(source, out)
    _tell_the_reader(release(lock), out)
    return {
        "packages": sorted(packages),
        "elsewhere": [one["file_name"] for one in packages.values() if "://" in one["file_name"]],
        "megabytes": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6,
    }


def _gather(packages: dict[str, Entry], wheels: dict[str, Path], binaries: Path | None, cdn: str) -> None:
    """Add the release's own packages to the wheels, or their address to their entries."""
    for one in packages.values():
        name = one["file_name"]
        if name in wheels:
            continue
        if binaries is None:
            one["file_name"] = f"{cdn.rstrip('/')}/{name}"
        else:
            wheels[name] = verified(binaries / name, one["sha256"])


def _configure(pair: Pair, source: Path) -> None:
    kernel = {
        "pyodideUrl": f"./static/pyodide/{pair.script}",
        "loadPyodideOptions": {
            "lockFileURL": "./static/pyodide/pyodide-lock.json",
            "packages": list(PREFETCHED),
        },
        "disablePyPIFallback": True,
    }
    data = {
        "appName": "Optimization algorithms",
        "enableMemoryStorage": True,
        "exposeAppInBrowser": True,
        "litePluginSettings": {KERNEL: kernel},
    }
    (source / "jupyter-lite.json").write_text(
        json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": data}, indent=1)
    )
    ours = json.loads((ROOT / "jupyter" / "labconfig" / "default_setting_overrides.json").read_text())
    (source / "overrides.json").write_text(json.dumps(ours | SETTINGS, indent=1))


def _jupyterlite(source: Path, out: Path) -> None:
    command = [
        sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source, "--output-dir", out.resolve(),
        "--contents", source / "files", "--apps", "lab", "--no-unused-shared-packages", "--no-sourcemaps",
    ]  # fmt: skip
    done = subprocess.run([str(one) for one in command], cwd=source, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"JupyterLite has not built the site: {done.stderr.strip()[-2000:]}")


def _tell_the_reader(pyodide: str, out: Path) -> None:
    """Put the course's words into JupyterLab's page."""
    shutil.copytree(Path(__file__).with_name("page"), out / "course")
    page = out / "lab" / "index.html"
    about = f'data-pyodide="{pyodide}" data-first="{FIRST}"'
    head = f'<link rel="stylesheet" href="../course/page.css" /><script src="../course/page.js" {about}></script>'
    text = page.read_text()
    if text.count("<head>") != 1:
        raise RuntimeError(f"{page} is not the page it was: JupyterLite has changed it")
    text = text.replace("<head>", f"<head>\n    {head}").replace(
        "<title>JupyterLite", "<title>Optimization algorithms"
    )
    page.write_text(text)
