"""Build the course's wheel: ``python -m publish.wheel`` writes it to build/wheel.

It is built from a copy of the sources. In the folder itself setuptools would keep a ``build/lib``, and a file deleted
since the last build would still be in the next wheel.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
WHEEL = ROOT / "build" / "wheel"
SOURCES = ("course_lib", "pyproject.toml", "README.md", "LICENSE")


def build(folder: Path = WHEEL) -> Path:
    """Return the path of a new wheel; an older one of the course in the folder is replaced.

    Args:
        folder: where it goes, made if need be.

    Raises:
        RuntimeError: where pip cannot build it; with pip's own words.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as copy, tempfile.TemporaryDirectory() as made:
        for name in SOURCES:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, Path(copy, name), ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, copy)
        pip(["wheel", "--no-deps", "--wheel-dir", made, copy], "the course's wheel cannot be built")
        for older in folder.glob("course_lib-*.whl"):
            older.unlink()
        (wheel,) = Path(made).glob("course_lib-*.whl")
        return Path(shutil.copy(wheel, folder))


def pip(arguments: list[str], trouble: str) -> None:
    """Run pip, or raise a RuntimeError that begins with the trouble and ends with what pip said."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{trouble}: {done.stderr.strip()}")


def main() -> None:
    """Build it and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m publish.wheel", description="Build the course's wheel.")
    parser.add_argument("--out", type=Path, default=WHEEL, help="the folder it goes to (build/wheel)")
    wheel = build(parser.parse_args().out)
    print(f"{wheel}  ({wheel.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
