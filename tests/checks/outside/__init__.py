"""Submissions written from public descriptions of mistakes, before the banks were read: an examination from outside.

One file for each exercise and one of right answers. A submission begins with ``=== task | what is wrong | where such
a mistake is described``; what follows is the function's body, or the whole cell if it contains the ``def`` itself.
"""

from __future__ import annotations

import linecache
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.checks.exercises import find_task
from course_lib.optimizers import Adam, Muon, Partition, newton_schulz

HERE = Path(__file__).parent
IMPORTED = {"Adam": Adam, "Muon": Muon, "Partition": Partition, "newton_schulz": newton_schulz}
"""What the first cell of exercise 18 imports for its tasks."""


@dataclass(frozen=True)
class Submission:
    """One answer to a task.

    Args:
        task: the task's name.
        cause: what is wrong with it (several causes are joined by " + "), or what is unusual about it.
        body: the text.
    """

    task: str
    cause: str
    body: str

    @property
    def causes(self) -> set[str]:
        """The cause, and the single ones of two."""
        return {self.cause, *self.cause.split(" + ")}

    def function(self, mine: dict[str, Any]) -> Callable[..., Any]:
        """Return the function, defined as in a notebook's cell."""
        found = find_task(self.task)
        assert found
        text = self.body
        if f"def {self.task}(" not in text:
            head = next(line for line in found[1].source.splitlines() if line.startswith(f"def {self.task}("))
            text = f"{head}\n{textwrap.indent(text, '    ')}"
        file = f"<{self.task}: {self.cause}>"
        linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
        names = {"np": np, "mine": mine, **IMPORTED}
        exec(compile(text, file, "exec"), names)
        return names[self.task]  # type: ignore[return-value]


def submissions(name: str) -> list[Submission]:
    """Return the submissions of a file, such as "wrong_04" or "right"."""
    found = []
    for block in ("\n" + (HERE / f"{name}.txt").read_text()).split("\n=== ")[1:]:
        head, body = block.split("\n", 1)
        task, cause, _ = (part.strip() for part in head.split("|", 2))
        found.append(Submission(task, cause, body))
    return found
