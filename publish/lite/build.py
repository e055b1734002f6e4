"""Build the site: the packages and their lock, the course's notebooks, and JupyterLite around them."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from .lock import Entry, canonical, digest, entry, merged, verified
from .pairs import Pair
from .wheels import ROOT, course_wheel, pure_wheels, runtime, with_byte_code

KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
FIRST = "notebooks/00_start_here.ipynb"
"""The notebook that opens where the address names none."""
FOLDERS = ("notebooks", "exercises")
"""What readers see. The solutions are not among it."""
PREFETCHED = ("course-lib", "ipython", "jedi", "micropip", "comm")
"""What Pyodide loads, with all that is needed for it, while the reader still reads."""
NOT_SERVED = shutil.ignore_patterns("*.map", "*.d.ts", "*.html", "README*", "package.json", "pyodide-lock.json")
SETTINGS = {
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 20},
}
"""Beside the settings of the folder jupyter/: day and night follow the system; a closed tab costs 20 seconds of work."""


def build(pair: Pair, out: Path, binaries: Path | None, cdn: str = "") -> dict[str, Any]:
    """Build a JupyterLite of the course.

    Args:
        pair: the versions.
        out: the folder to make; what was in it goes.
        binaries: a folder with the compiled packages of the pair's Pyodide. Each is compared with the hash in
            Pyodide's own lock.
        cdn: where they stay if there is no such folder.

    Returns:
        What was made: ``packages``, ``elsewhere`` (addresses of packages that are not in the site) and ``megabytes``.

    Raises:
        SystemExit: if something is missing or is not what it should be, in words.
    """
    pair.check_builder()
    if binaries is None and pair.complete:
        raise SystemExit(f"The pair {pair.name!r} needs the folder with its compiled packages.")
    source = ROOT / "build" / f"source-{pair.name}"  # JupyterLite overlooks a source beside it that begins like `out`
    for folder in (source, out):
        shutil.rmtree(folder, ignore_errors=True)
    static = source / "static" / "pyodide"
    pyodide = runtime(pair)
    shutil.copytree(pyodide, static, ignore=NOT_SERVED)
    lock = json.loads((pyodide / "pyodide-lock.json").read_text())
    lock["packages"] = _packages(pair, pyodide, lock, static, binaries, cdn)
    (static / "pyodide-lock.json").write_text(json.dumps(lock))
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, source / "files" / folder, ignore=shutil.ignore_patterns(".*"))
    _configure(pair, source)
    command = [
        sys.executable, "-m", "jupyterlite_core", "build", "--lite-dir", source, "--output-dir", out.resolve(),
        "--contents", source / "files", "--apps", "lab", "--no-unused-shared-packages", "--no-sourcemaps",
    ]  # fmt: skip
    subprocess.run([str(one) for one in command], check=True, cwd=source, stdout=subprocess.DEVNULL)
    _tell_the_reader(pair, out)
    return {
        "packages": sorted(lock["packages"]),
        "elsewhere": [one["file_name"] for one in lock["packages"].values() if "://" in one["file_name"]],
        "megabytes": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / 1e6,
    }


def _packages(
    pair: Pair, pyodide: Path, lock: dict[str, Any], static: Path, binaries: Path | None, cdn: str
) -> dict[str, Entry]:
    """Put the packages into the site and return their entries."""
    python = lock["info"]["python"]
    course = course_wheel(static)
    wheels = {course.name: course} | {wheel.name: wheel for wheel in pure_wheels(pair, python)}
    packages = merged(lock["packages"], [entry(wheel, python) for wheel in wheels.values()])
    for one in packages.values():
        name = one["file_name"]
        if name not in wheels and binaries:
            wheels[name] = verified(binaries / name, one["sha256"])
        elif name not in wheels:
            one["file_name"] = f"{cdn.rstrip('/')}/{name}"
    for wheel in with_byte_code([wheel for name, wheel in wheels.items() if name.endswith(".whl")], pyodide):
        wheels[wheel.name] = wheel
    for one in packages.values():
        if "://" not in one["file_name"]:
            one["sha256"] = digest(wheels[one["file_name"]])
            shutil.copy(wheels[one["file_name"]], static)
    return packages


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


def _tell_the_reader(pair: Pair, out: Path) -> None:
    """Put the course's words into JupyterLab's page, and lead the site's own address there."""
    shutil.copytree(Path(__file__).with_name("page"), out / "course")
    page = out / "lab" / "index.html"
    script = f'<script src="../course/page.js" data-pyodide="{pair.pyodide}" data-first="{html.escape(FIRST)}"></script>'
    head = '<link rel="stylesheet" href="../course/page.css" />\n    ' + script
    text = page.read_text()
    if text.count("<head>") != 1:
        raise SystemExit(f"{page} is not the page it was: JupyterLite has changed it.")
    text = text.replace("<head>", f"<head>\n    {head}").replace("<title>JupyterLite", "<title>Optimization algorithms")
    page.write_text(text)
    (out / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Optimization algorithms</title>\n'
        '<meta http-equiv="refresh" content="0; url=lab/index.html"></head>\n'
        '<body><p><a href="lab/index.html">Open the course</a></p></body></html>\n'
    )
