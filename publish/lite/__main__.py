"""Build the course in the browser: ``python -m publish.lite [--pair test] [--binaries FOLDER] [--out FOLDER]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..wheel import ROOT
from .build import build
from .pairs import PAIRS


def main(arguments: list[str] | None = None) -> None:
    """Read the arguments, build, and say what was made."""
    parser = argparse.ArgumentParser(
        prog="python -m publish.lite", description="Build the course in the browser."
    )
    parser.add_argument("--pair", choices=PAIRS, default="publish", help="the versions (default: publish)")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "site" / "lite", help="the folder to make"
    )
    parser.add_argument(
        "--binaries", type=Path, help="a folder with Pyodide's compiled packages, which then go into the site"
    )
    chosen = parser.parse_args(arguments)
    cdn = ""
    if chosen.binaries is None and not PAIRS[chosen.pair].complete:
        from jupyterlite_pyodide_kernel.constants import PYODIDE_CDN_URL as cdn
    made = build(PAIRS[chosen.pair], chosen.out, chosen.binaries, cdn)
    print(f"{chosen.out}: {len(made['packages'])} packages, {made['megabytes']:.0f} MB")
    for address in made["elsewhere"]:
        print(f"  not in the site: {address}")


if __name__ == "__main__":
    try:
        main()
    except RuntimeError as error:
        raise SystemExit(f"publish.lite: {error}") from None
