"""Make exercises/ from solutions/: ``python -m course_lib.checks.generate`` (or ``make exercises``).

The student's version is the solution with what stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` replaced
by a stub, cell by cell the same as what ``nbgrader generate_assignment`` makes. A text that a person grades is a cell
of Markdown; its solution is a model answer with the rubric, and all of it is replaced.

A task's points stand in one place, in its exercise's file under ``course_lib/checks/exercises``. From there they are
written into the solutions, for nbgrader and for the headings.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from .exercises import all_exercises
from .tasks import Exercise

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
STUB = ("# YOUR CODE HERE", "raise NotImplementedError()")
TEXT_STUB = "YOUR ANSWER HERE"


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
            cell["source"] = without_solution(_text(cell)).splitlines(keepends=True)
            cell["outputs"], cell["execution_count"] = [], None
        elif cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = [TEXT_STUB]
    return notebook


def with_points(solution: dict[str, Any], exercise: Exercise) -> dict[str, Any]:
    """Return a solution with each task's points in nbgrader's marks and in the heading; the argument is not changed."""
    notebook: dict[str, Any] = json.loads(json.dumps(solution))
    tasks = {task.name: task for task in exercise.tasks}
    for cell in notebook["cells"]:
        source = _text(cell)
        if called := re.search(r"^check\((\w+)", source, re.MULTILINE):
            cell["metadata"]["nbgrader"]["points"] = tasks[called[1]].points
        for heading in map(exercise.heading, exercise.tasks):
            begin = re.escape(heading[: heading.rindex("(")])
            source = re.sub(rf"^## {begin}\([\d.]+ points?\)$", f"## {heading}", source, flags=re.MULTILINE)
        cell["source"] = source.splitlines(keepends=True)
    return notebook


def _text(cell: dict[str, Any]) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def written(notebook: dict[str, Any]) -> str:
    """Return a notebook as it stands in a file."""
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(root: Path) -> None:
    """Write every task's points into its solution, and every exercise."""
    known = {exercise.name: exercise for exercise in all_exercises()}
    for source in sorted((root / "solutions").glob("*.ipynb")):
        solution = json.loads(source.read_text("utf-8"))
        if source.stem in known and (changed := with_points(solution, known[source.stem])) != solution:
            source.write_text(written(solution := changed), "utf-8")
            print(source.relative_to(root))
        target = root / "exercises" / source.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(written(exercise_of(solution)), "utf-8")
        print(target.relative_to(root))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path.cwd())
