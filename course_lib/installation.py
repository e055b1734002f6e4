"""The self-test of the installation, one cell of the first lesson.

``python -m course_lib.installation`` prints it, and how much room the packages take that the course needs.
"""

from __future__ import annotations

import html
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .distribution import requirements

_ADVICE = (
    "load this page anew. If it stays, the browser may be too old, or the site has been copied without a file."
    if sys.platform == "emscripten"
    else "run `make lab` again, or `pip install --editable .` in the course's folder."
)


@dataclass(frozen=True)
class Report:
    """What `check_installation` found: a list of (what, finding, whether it is fine)."""

    rows: tuple[tuple[str, str, bool], ...]

    @property
    def ok(self) -> bool:
        """Whether everything is fine."""
        return all(fine for _, _, fine in self.rows)

    def __repr__(self) -> str:
        lines = [f"{'ok ' if fine else 'NOT OK'} {what}: {finding}" for what, finding, fine in self.rows]
        return "\n".join([*lines, self._verdict])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{'✓' if fine else '✗ <b>not ok</b>'}</td><td style='text-align:left'>{html.escape(what)}</td>"
            f"<td style='text-align:left'>{html.escape(finding)}</td></tr>"
            for what, finding, fine in self.rows
        )
        return f"<table>{rows}</table><p><b>{self._verdict}</b></p>"

    @property
    def _verdict(self) -> str:
        if self.ok:
            return "Everything is in place."
        return f"Something is missing: {_ADVICE}"


def check_installation() -> Report:
    """Look at Python, the packages and their versions, and let each part of the library do a little work.

    Never raises: what fails is a row of the report.

    Examples:
        >>> check_installation().ok
        True
    """
    version = ".".join(map(str, sys.version_info[:3]))
    rows = [("Python ≥ 3.11", version, sys.version_info >= (3, 11))]
    rows += [_package(wanted) for wanted in _required()]
    rows += [_attempt(what, work) for what, work in _WORK.items()]
    return Report(tuple(rows))


def _required() -> list[Requirement]:
    """Return the packages that the course needs on this machine, or in this browser."""
    return [line for line in map(Requirement, requirements()) if _applies(line)]


def _package(wanted: Requirement) -> tuple[str, str, bool]:
    what = f"{wanted.name} {wanted.specifier}".replace(">=", "≥ ")
    try:
        found = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return what, "not installed", False
    return what, found, wanted.specifier.contains(found, prereleases=True)


def footprint() -> dict[str, int]:
    """Return how many bytes each installed package takes that the course needs, or that these need, largest first.

    Examples:
        >>> {"numpy", "traitlets"} <= footprint().keys()
        True
    """
    sizes: dict[str, int] = {}
    left = _required()
    while left:
        wanted = left.pop()
        name = canonicalize_name(wanted.name)
        if name in sizes:
            continue
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        files = (Path(str(file.locate())) for file in found.files or ())
        sizes[name] = sum(file.stat().st_size for file in files if file.is_file())
        left += [line for line in map(Requirement, found.requires or ()) if _applies(line)]
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def _applies(line: Requirement) -> bool:
    return line.marker is None or line.marker.evaluate({"extra": ""})


def _attempt(what: str, work: Callable[[], str]) -> tuple[str, str, bool]:
    try:
        return what, work(), True
    except Exception as error:
        return what, f"{type(error).__name__}: {error}", False


def _optimizer() -> str:
    from .optimizers import GradientDescent
    from .running import simulate
    from .surfaces import quadratic

    end = simulate(GradientDescent(lr=1.0), quadratic(condition=2), steps=10, start=(1.0, 1.0)).points[-1]
    if abs(end[0] - 0.5**10) > 1e-15 or end[1] != 0:
        raise ArithmeticError(f"gradient descent ended at {end}, expected [{0.5**10} 0]")
    return "gradient descent takes ten steps and arrives where it should"


def _digits() -> str:
    from .problems import digits

    return f"{sum(len(part) for part in digits()):,} handwritten digits are there"


def _figure() -> str:
    from .live import explore_path
    from .optimizers import GradientDescent

    figure = explore_path(GradientDescent(), steps=10)
    size = len(figure.png())
    figure.close()
    return f"a live figure can be drawn ({size // 1000} kB)"


_WORK: dict[str, Callable[[], str]] = {"optimizers": _optimizer, "data": _digits, "figures": _figure}

if __name__ == "__main__":
    sizes = footprint()
    print(check_installation())
    print(f"{len(sizes)} packages beside Python take {sum(sizes.values()) / 1e6:.0f} MB, the largest of them")
    print(*(f"{size / 1e6:8.1f} MB  {name}" for name, size in list(sizes.items())[:10]), sep="\n")
