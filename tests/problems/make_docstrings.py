"""Make ``course_lib/problems/bundled/docstrings.npz`` from the sources of Python, numpy and matplotlib.

``python -m tests.problems.make_docstrings FILE`` writes it. The course reads the file alone, so that all learners have
the same texts whatever versions they have; the versions it was made from stand in the file, and in its README.
"""

from __future__ import annotations

import ast
import platform
import re
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np

LONGEST = 30  # words of a text: its summary and a little more
VOCABULARY = 4000  # words; all others are one, number 0
LEFT_OUT = {"test", "tests", "site-packages", "dist-packages", "idlelib", "lib2to3", "turtledemo"}
ROOTS = {
    "python": Path(sysconfig.get_paths()["stdlib"]),
    "numpy": Path(np.__file__).parent,
    "matplotlib": Path(matplotlib.__file__).parent,
}


def module_of(package: str, path: Path) -> str:
    """Return a top-level module of the standard library, or a submodule of the others."""
    first = path.parts[0].removesuffix(".py").lstrip("_")
    return first if package == "python" else f"{package}.{first}"


def docstrings():
    """Yield each different docstring of at least five words once: its module and its words."""
    seen = set()
    for package, root in ROOTS.items():
        for path in sorted(root.rglob("*.py")):
            place = path.relative_to(root)
            if LEFT_OUT & set(place.parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                    words = tuple(re.findall(r"[a-z]+", (ast.get_docstring(node) or "").lower())[:LONGEST])
                    if len(words) >= 5 and words not in seen:
                        seen.add(words)
                        yield module_of(package, place), words


def main(target: str) -> None:
    texts = list(docstrings())
    modules = [name for name, _ in Counter(module for module, _ in texts).most_common()]
    frequent = Counter(word for _, words in texts for word in words).most_common(VOCABULARY - 1)
    number = {word: k for k, (word, _) in enumerate(frequent, start=1)}
    np.savez_compressed(
        target,
        words=np.array("\n".join(["", *number])),
        tokens=np.array([number.get(word, 0) for _, words in texts for word in words], np.uint16),
        lengths=np.array([len(words) for _, words in texts], np.uint8),
        modules=np.array("\n".join(modules)),
        module=np.array([modules.index(module) for module, _ in texts], np.uint16),
        made_from=np.array(
            f"Python {platform.python_version()}, numpy {np.__version__}, matplotlib {matplotlib.__version__}"
        ),
    )


if __name__ == "__main__":
    main(sys.argv[1])
