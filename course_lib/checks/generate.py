"""Make exercises/ from solutions/: ``python -m course_lib.checks.generate`` (or ``make exercises``).

The student's version is the solution with what stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` replaced
by a stub, cell by cell the same as what ``nbgrader generate_assignment`` makes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")


def without_solution(source: str) -> str:
    """Return a cell's source with every solution replaced by the stub.

    Raises:
        ValueError: if a mark has no partner.

    Examples:
        >>> print(without_solution("def f(x):\\n    ### BEGIN SOLUTION\\n    return 2 * x\\n    ### END SOLUTION"))
        def f(x):
            # YOUR CODE HERE
            raise NotImplementedError()
    """
    lines: list[str] = []
    inside = False
    for line in source.split("\n"):
        if BEGIN in line:
            if inside:
                raise ValueError(f"two {BEGIN!r} without {END!r} between them")
            indent = line[: len(line) - len(line.lstrip())]
            lines += [indent + text for text in STUB]
            inside = True
        elif END in line:
            if not inside:
                raise ValueError(f"{END!r} without {BEGIN!r}")
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise ValueError(f"{BEGIN!r} without {END!r}")
    return "\n".join(lines)


def exercise_of(solution: dict[str, Any]) -> dict[str, Any]:
    """Return the student's version of a notebook, given and returned as JSON; the argument is not changed."""
    notebook: dict[str, Any] = json.loads(json.dumps(solution))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
            cell["source"] = without_solution(source).splitlines(keepends=True)
            cell["outputs"], cell["execution_count"] = [], None
    return notebook


def written(notebook: dict[str, Any]) -> str:
    """Return a notebook as it stands in a file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(root: Path) -> None:
    """Write every exercise."""
    for source in sorted((root / "solutions").glob("*.ipynb")):
        target = root / "exercises" / source.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(written(exercise_of(json.loads(source.read_text("utf-8")))), "utf-8")
        print(target.relative_to(root))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path.cwd())
