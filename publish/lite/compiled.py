"""Byte code in wheels, so that a browser need not compile every module at each page load."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from ..pyodide import DOWNLOAD
from .lock import digest


def with_byte_code(wheels: Iterable[Path], pyodide: Path, version: str) -> list[Path]:
    """Return the same wheels with compiled byte code in them.

    Pyodide itself compiles, under node: its Python is the right one. What was compiled once is kept.

    Args:
        wheels: the files.
        pyodide: the runtime's folder.
        version: Pyodide's.

    Raises:
        RuntimeError: if there is no node.
    """
    kept = DOWNLOAD / "compiled" / version
    made = {wheel: kept / digest(wheel)[:16] / wheel.name for wheel in wheels}
    missing = [wheel for wheel in made if not made[wheel].exists()]
    if missing:
        node = shutil.which("node")
        if node is None:
            raise RuntimeError("node is not there: install Node.js 20 or newer, then run this again")
        with tempfile.TemporaryDirectory() as room:
            for wheel in missing:
                with zipfile.ZipFile(wheel) as archive:
                    archive.extractall(Path(room, wheel.name))
            script = Path(__file__).with_name("compile.mjs")
            subprocess.run([node, script, pyodide.resolve(), room], check=True)
            for wheel in missing:
                _pack(Path(room, wheel.name), made[wheel])
    return list(made.values())


def _pack(folder: Path, wheel: Path) -> None:
    """Write a folder as a wheel whose bytes depend on nothing else; its list of files names the byte code too."""
    record = next(folder.glob("*.dist-info/RECORD"))
    lines = record.read_text("utf-8").splitlines()
    for path in sorted(folder.rglob("*.pyc")):
        content = path.read_bytes()
        hashed = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path.relative_to(folder).as_posix()},sha256={hashed},{len(content)}")
    record.write_text("\n".join(lines) + "\n", "utf-8")
    wheel.parent.mkdir(parents=True, exist_ok=True)
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = zipfile.ZipInfo(path.relative_to(folder).as_posix())
            archive.writestr(name, path.read_bytes(), zipfile.ZIP_DEFLATED)
    part.rename(wheel)
