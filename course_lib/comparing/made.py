"""What made a table of results: settings in words, and a fingerprint of them and of the code that was run."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from ..running import Table
from ..running.fingerprint import LIBRARY, ROOT
from .studies import ALL, TABLES, Study

_HERE = Path(__file__).parent
_OWN = ("compare.py", "fully.py", "newer.py", "recipes.py")
"""The files of this package, beside the library's, that a study's numbers depend on."""

_TABLES = {
    "second_order": ("second_order.py",),
    "cost_by_size": ("second_order.py",),
    "batch_sizes": ("large_batches.py",),
    "time_to_target": ("classical.py", "to_target.py"),
}
"""The same for the tables."""


def words(study: Study) -> str:
    """Return the effort of a study in words.

    Examples:
        >>> from course_lib.comparing.studies import STUDIES
        >>> words(STUDIES["mlp"])
        '15 methods, 9 trials × 5 tuning seeds, 20 final seeds, 20 epochs, batch 64, lr constant, test_accuracy'
        >>> words(STUDIES["mlp_splits"]).split(", ")[-1]
        '10 splits'
    """
    trials = len(next(iter(study.methods.values())).trials)
    said = [
        f"{len(study.methods)} methods, {trials} trials × {study.tune_seeds} tuning seeds",
        f"{study.seeds} final seeds, {study.epochs} epochs, batch {study.batch_size or 'full'}",
        f"lr {'annealed' if study.annealed else 'constant'}, {study.metric}",
    ]
    if study.splits:
        said.append(f"{study.splits} {'data sets' if study.independent else 'splits'}")
    return ", ".join(said)


def fingerprint_of(name: str) -> str:
    """Return a word that changes with a study's settings, and with the code that its numbers come from.

    Comments and docstrings do not count.

    Args:
        name: of one of `ALL`, or of `TABLES`.

    Examples:
        >>> len({fingerprint_of(name) for name in ("mlp", "mlp_long", "second_order")})
        3
    """
    made = ALL.get(name) or TABLES[name]
    if isinstance(made, Study):
        methods = {key: (repr(method.opt), method.trials) for key, method in made.methods.items()}
        settings = (words(made), _called(made.problem), made.shared_lr, methods)
        return _digest(repr(settings), code_version(_OWN))
    return _digest(code_version(_TABLES[name]))


@lru_cache(maxsize=8)
def code_version(own: tuple[str, ...]) -> str:
    """Return a fingerprint of the library's code that training depends on, and of some files of this package."""
    paths = [ROOT / part for part in LIBRARY]
    files = [file for path in paths for file in (sorted(path.rglob("*.py")) if path.is_dir() else [path])]
    return _digest(*(f"{file.name} {_bare(file)}" for file in [*files, *(_HERE / name for name in own)]))


def is_current(name: str, folder: Path) -> bool:
    """Return whether a table is there that these settings and this code made."""
    about = folder / "about.csv"
    if not (folder / f"{name}.csv").exists() or not about.exists():
        return False
    notes = Table.load(about)
    return "fingerprint" in notes and fingerprint_of(name) in notes.where(study=name)["fingerprint"].tolist()


def _bare(file: Path) -> str:
    """Return a file's code without its comments and docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _called(made: Callable[..., Any]) -> str:
    """Return a problem's maker in words."""
    if isinstance(made, partial):
        return f"{_called(made.func)} {sorted((key, str(value)) for key, value in made.keywords.items())}"
    return f"{made.__module__}.{made.__qualname__}"


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()
