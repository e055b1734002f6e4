"""A process that gets one job and reports: for runs of the course's own code with a function of somebody else's."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path
from typing import Any

LARGEST_REPORT = 50_000_000


def converse(module: str, job: dict[str, Any], seconds: float) -> list[dict[str, Any]]:
    """Start a process, hand it its job, and return its messages when it is done, dead or out of time.

    Args:
        module: what the process runs, as ``python -m module DESCRIPTOR``; it guards itself, by `accidents`.
        job: what it gets on standard input, as JSON.
        seconds: of the clock.
    """
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    mine, theirs = os.pipe()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as stdin:
        stdin.write(json.dumps(job).encode())
        stdin.seek(0)
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(theirs)],
            stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, pass_fds=[theirs],
            start_new_session=True, env={**_with_this_course(), **threads, "MPLBACKEND": "Agg", "COURSE_PROGRESS": ""},
        )  # fmt: skip
        os.close(theirs)
        try:
            return _listen(process, mine, seconds)
        finally:
            os.close(mine)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # the process and all that it started
            process.wait()


def _with_this_course() -> dict[str, str]:
    """Return an environment whose Python finds the course where this one has it, installed or not."""
    here, known = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")
    found_anyway = (
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    )  # never to stand before Python's own
    if here in found_anyway:
        return dict(os.environ)
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [here, known]))}


def _listen(process: subprocess.Popen[bytes], pipe: int, seconds: float) -> list[dict[str, Any]]:
    until, data = time.monotonic() + seconds, b""
    while time.monotonic() < until and len(data) < LARGEST_REPORT:
        ready, _, _ = select.select([pipe], [], [], 0.1)
        if ready:
            part = os.read(pipe, 1 << 16)
            data += part
            if not part or data.endswith(b'{"done": true}\n'):
                break
        elif process.poll() is not None:
            break
    messages = []
    for line in data.split(b"\n"):
        with contextlib.suppress(ValueError, RecursionError):
            message = json.loads(line)
            if isinstance(message, dict):
                messages.append(message)
    return messages
