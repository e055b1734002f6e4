"""Make the site: ``python -m publish.site`` (or ``make site``)."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from course_lib import live
from course_lib.optimizers import REGISTRY

from . import COURSE, figures, front, reference, teachers
from .links import FOLDERS, notebooks
from .notebooks import page
from .run import FIGURES, RESULT, Job, executed, run, stills_only

HERE = Path(__file__).parent
KATEX = "katex@0.16.22"
"""The version that sphinxcontrib-katex 0.9.11 renders with; its styles and fonts must be of the same one."""

BESIDE = ("lite", "colab")
"""Folders of the site that ``make lite`` and ``make colab`` make."""


def main(arguments: list[str] | None = None) -> int:
    """Make the site and return 0 if all went well."""
    parser = argparse.ArgumentParser(prog="python -m publish.site", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=COURSE / "build" / "site", help="where the site is written"
    )
    parser.add_argument(
        "--only",
        nargs="*",
        help="run only what begins so, such as notebooks/04; the other pages get no outputs",
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many notebooks at a time")
    asked = parser.parse_args(arguments)
    node = missing_node()
    if node:
        return _said(node)
    try:
        old = earlier_site(asked.out)
    except ValueError as error:
        return _said(f"make site: {error}")
    build = COURSE / "build"
    katex = fetched_katex(build / "download")
    jobs = wanted_jobs(asked.only)
    places = run(jobs, build / "cache" / "site", asked.jobs)
    source = build / "site-source"
    shutil.rmtree(source, ignore_errors=True)
    write_source(source, places, katex)
    remove(old)  # so that no page and no picture of it stays
    code = sphinx(source, asked.out)
    say_where_lite_is(asked.out)
    return code


def missing_node() -> str:
    """Return what to do if node or npm is missing, which render the formulas; empty if they are there."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    return (
        f"make site: {' and '.join(missing)} not found. Formulas are rendered by KaTeX while the site is built: "
        "install Node.js 18 or newer (https://nodejs.org), or with conda: conda install nodejs"
        if missing
        else ""
    )


def fetched_katex(downloads: Path) -> Path:
    """Return the folder of KaTeX's styles and fonts, fetched from npm once."""
    place = downloads / KATEX.replace("@", "-")
    if not (place / "package").exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", KATEX], cwd=place, check=True, stdout=subprocess.DEVNULL)
        shutil.unpack_archive(next(place.glob("*.tgz")), place)
    return place / "package" / "dist"


def wanted_jobs(only: Iterable[str] | None) -> list[Job]:
    """Return what is to be made: notebooks, the largest first, and figures; ``only`` keeps what begins so."""
    files = [file for folder in FOLDERS for file in notebooks(folder)]
    files.sort(key=lambda file: -file.stat().st_size)
    jobs = [
        Job(
            f"{file.parent.name}/{file.stem}",
            file.read_text("utf-8"),
            executed if file.parent.name == "notebooks" else stills_only,
        )
        for file in files
    ]
    jobs += [*reference.jobs(), *teachers.jobs(), Job("front", "", figures.front)]
    return jobs if only is None else [job for job in jobs if job.name.startswith(("front", *only))]


def write_source(source: Path, places: dict[str, Path], katex: Path) -> None:
    """Write everything that Sphinx reads.

    Args:
        source: the folder, which does not exist yet.
        places: where the outcome of each job is kept.
        katex: the folder of KaTeX's styles and fonts.
    """
    static = source / "_static"
    shutil.copytree(HERE / "static", static)
    (static / "figures").mkdir()
    for place in places.values():
        shutil.copytree(place / FIGURES, static / "figures", dirs_exist_ok=True)
    shutil.copytree(
        katex / "fonts", static / "katex" / "fonts", ignore=shutil.ignore_patterns("*.ttf", "*.woff")
    )
    shutil.copy(katex / "katex.min.css", static / "katex")
    shutil.copy(HERE / "conf.py", source)
    shutil.copy(Path(live.__file__).parent / "block" / "figure.css", static)
    (static / "player.js").write_text(live.player(), "utf-8")
    results = {name: (place / RESULT).read_text("utf-8") for name, place in places.items()}
    for folder in FOLDERS:
        (source / folder).mkdir()
        (source / "_extra" / "_downloads" / folder).mkdir(parents=True)
        for file in notebooks(folder):
            name = f"{folder}/{file.stem}"
            shutil.copy(file, source / "_extra" / "_downloads" / folder)
            made = page(results.get(name, file.read_text("utf-8")), name)
            (source / f"{name}.ipynb").write_text(made, "utf-8")
    reference.write(source, results)
    front.write(source, results["front"], len(REGISTRY), teachers.write(source, results))


def sphinx(source: Path, out: Path) -> int:
    """Run Sphinx, for which every warning is an error, and put what it makes into ``out``; return its exit code.

    In one process: all pages have their formulas from one KaTeX server.
    """
    with tempfile.TemporaryDirectory() as doctrees:
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", doctrees]
        code = subprocess.call([*command, str(source), str(out)], env=os.environ | {"COURSE": str(COURSE)})
    theme = out / "_static"
    remove(
        [*theme.rglob("*.map"), *theme.glob("locales")]
    )  # for those who change it, and for other languages
    return code


def earlier_site(out: Path) -> list[Path]:
    """Return what there is of an earlier site, but not what is made beside it; mark the folder as a site's.

    Raises:
        ValueError: for a folder with something else in it.
    """
    out.mkdir(parents=True, exist_ok=True)
    mark = out / ".nojekyll"
    found = [path for path in out.iterdir() if path.name not in BESIDE]
    if found and mark not in found:
        raise ValueError(
            f"out = {str(out)!r} is not allowed: there is something in it that is no earlier site"
        )
    mark.touch()
    return [path for path in found if path != mark]


def remove(paths: Iterable[Path]) -> None:
    """Remove files and folders."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def say_where_lite_is(out: Path) -> None:
    """Put a page that says what to do where JupyterLite's would be, unless it has been built there (`make lite`)."""
    page = out / "lite" / "lab" / "index.html"
    if not page.exists():
        page.parent.mkdir(parents=True)
        shutil.copy(HERE / "no_lite.html", page)


def _said(words: str) -> int:
    print(words, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
