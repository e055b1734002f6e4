"""The process in which a method from a file is run again: it trains, and reports the parameters it ended with.

Started by `verify` as ``python -m course_lib.comparing.board.again DESCRIPTOR``, guarded as a submission's process.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ...grade.accidents import closed_in
from ...grade.cells import run_cell
from .challenge import Challenge
from .method import rebuilt
from .verify import run

SECONDS = 10.0
"""How long the source text may take to run."""


def main(descriptor: int) -> None:
    """Run the job: the source text, then one run for each of the rows."""
    job = json.load(sys.stdin)
    challenge = Challenge(job["split"], job["epochs"])
    len(challenge.problem.train)  # read before files are denied
    report, kill = closed_in(descriptor, job["megabytes"])
    namespace: dict[str, Any] = {"__name__": "__main__"}
    trouble = run_cell(1, job["method"].get("source", ""), namespace, SECONDS)
    if trouble:
        report(trouble=f"cell 1: {trouble.error or trouble.kind}")
    for row in job["rows"]:
        try:
            opt = rebuilt(job["method"], namespace).replace(**row["setting"])
            history = run(challenge, opt, row["seed"])
        except Exception as error:
            report(trouble=f"{type(error).__name__}: {error}"[:200])
        else:
            params = {name: part.ravel().tolist() for name, part in history.params.items()}
            report(row=row["row"], params=params, diverged=history.diverged_at)
    report(done=True)
    kill()


if __name__ == "__main__":
    main(int(sys.argv[1]))
