"""Executing notebooks and making figures, several at a time; what came out is kept until its sources change."""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat

import course_lib

from .. import lessons

RESULT, FIGURES = "result", "figures"
_BEFORE = "from publish.site.stills import install\n\ninstall({folder!r}, moves={moves})"


@dataclass(frozen=True)
class Job:
    """Something that takes time and is made once.

    Args:
        name: what is made; a path below the cache.
        source: what it is made of, beside the library.
        make: a function, importable, of ``source`` and a folder for figures, that returns a text.
    """

    name: str
    source: str
    make: Callable[[str, Path], str]

    def kept(self, cache: Path) -> Path:
        """Return the folder in which the outcome is kept."""
        maker = inspect.getsource(inspect.getmodule(self.make) or self.make)
        key = hashlib.sha256("\n".join((fingerprint(), maker, self.make.__name__, self.source)).encode())
        return cache / self.name / key.hexdigest()[:16]


@functools.cache
def fingerprint() -> str:
    """Return a name for the state of the library and of what turns its figures into files."""
    library = Path(course_lib.__file__).parent
    files = [path for path in library.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    digest = hashlib.sha256()
    for path in [*sorted(files), Path(__file__).parent / "stills.py"]:
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def run(jobs: Sequence[Job], cache: Path, workers: int = 2) -> dict[str, Path]:
    """Do the jobs whose outcome is not kept yet and return the folder of each outcome by the job's name.

    Args:
        jobs: what to do; long ones first, so that none is left for the end.
        cache: the folder in which outcomes are kept.
        workers: how many at a time, ≥ 1.

    Raises:
        RuntimeError: if one fails; it names the job, and the others are done and kept nevertheless.
    """
    places = {job.name: job.kept(cache) for job in jobs}
    missing = [job for job in jobs if not (places[job.name] / RESULT).exists()]
    os.environ["OMP_NUM_THREADS"] = "1"
    failed = {}
    with ProcessPoolExecutor(workers) as pool:
        began = {pool.submit(_do, job, places[job.name]): job.name for job in missing}
        for future in as_completed(began):
            name = began[future]
            try:
                print(f"{name}: {future.result():.1f} s", flush=True)
            except Exception as error:
                failed[name] = error
    if failed:
        raise RuntimeError("\n\n".join(f"{name} failed: {error}" for name, error in failed.items()))
    return places


def _do(job: Job, place: Path) -> float:
    """Do a job, put its outcome where it is kept, remove older ones, and return the seconds it took."""
    began = time.perf_counter()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
        made = Path(scratch, "made")
        (made / FIGURES).mkdir(parents=True)
        (made / RESULT).write_text(job.make(job.source, made / FIGURES), "utf-8")
        for old in place.parent.iterdir():
            if old != Path(scratch) and old.is_dir():
                shutil.rmtree(old)
        made.rename(place)
    return time.perf_counter() - began


def stills_only(source: str, figures: Path) -> str:
    """Run a notebook that is to be read: its figures move in the lesson, and where the notebook runs."""
    return executed(source, figures, moves=False)


def executed(source: str, figures: Path, moves: bool = True) -> str:
    """Run a notebook, given and returned as JSON; its pictures become files.

    Args:
        source: the notebook.
        figures: the folder for the files.
        moves: whether its live figures move.

    Raises:
        nbclient.exceptions.CellExecutionError: if a cell fails.
    """
    notebook = nbformat.reads(source, as_version=4)
    setup = _BEFORE.format(folder=str(figures), moves=moves)
    with tempfile.TemporaryDirectory() as folder:  # so that no progress is written beside the exercises
        lessons.executed(notebook, setup, Path(folder))
    return str(nbformat.writes(notebook))
