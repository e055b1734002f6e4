"""The process that others are made from: it has loaded what setup cells import, and runs no submission.

Started by `sandbox` with a socket, on which it is sent one job after the other, each with its ends of three pipes. For
each it makes a copy of itself, which shuts itself in and becomes the process of one submission. Loading takes two
seconds, a copy a few hundredths.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
from typing import Any

from .child import main
from .enclosure import limit, shut_in

LOADED = (
    *(
        "course_lib.live",
        "course_lib.plotting",
        "course_lib.problems",
        "course_lib.running",
        "course_lib.surfaces",
    ),
    *(
        "course_lib.checks.demo",
        "course_lib.checks.own",
        "IPython.core.inputtransformer2",
        "matplotlib.pyplot",
    ),
)
"""What nearly every submission imports."""
LIFE = 3
"""The descriptor of the pipe whose end is the process's end."""


def serve(descriptor: int) -> None:
    """Make copies, until nobody is left who could ask for one."""
    for name in LOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    line = socket.socket(fileno=descriptor)
    while True:
        data, pipes, _, _ = socket.recv_fds(line, 1 << 16, 3)
        if not data:
            return
        if not os.fork():
            line.close()
            _become(json.loads(data), *pipes)
        for pipe in pipes:
            os.close(pipe)


def _become(job: dict[str, Any], *pipes: int) -> None:
    """Become the process of a submission; where it cannot be shut in, say why, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for number, pipe in enumerate(os.dup(pipe) for pipe in pipes):
        os.dup2(pipe, (0, 1, LIFE)[number])
    os.closerange(LIFE + 1, 1024)
    os.environ |= {"HOME": "/tmp", "TMPDIR": "/tmp", "MPLCONFIGDIR": "/tmp"}
    try:
        shut_in(job["binds"], job["hidden"], job["empty"], LIFE)
        limit(job["megabytes"])
    except OSError as error:
        os.write(1, str(error).encode())
        os._exit(1)
    main()
