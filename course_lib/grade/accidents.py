"""Keep off accidents and simple mischief where a process cannot be shut in. This is no sandbox."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

from .enclosure import limit

DENIED = (
    *("os.fork", "os.forkpty", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.kill", "os.killpg"),
    *(
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.chmod",
        "os.chown",
        "os.truncate",
        "shutil.",
        "subprocess.Popen",
    ),
    *("socket.connect", "socket.bind", "signal.pthread_kill", "ctypes.dlopen", "webbrowser.open"),
)


def closed_in(descriptor: int, megabytes: int) -> tuple[Callable[..., None], Callable[[], None]]:
    """Limit this process and deny it the machine; return what reports a message, and what ends the process."""
    limit(megabytes)
    dumps, write, exit_now = json.dumps, os.write, os._exit
    deny_the_machine()

    def report(**message: Any) -> None:
        data = (dumps(message) + "\n").encode()
        while data:
            data = data[write(descriptor, data) :]

    return report, lambda: exit_now(0)  # whatever was registered to run at exit does not


def deny_the_machine() -> None:
    """Deny processes, network and writing outside this folder; an audit hook cannot be taken out again."""
    here = os.path.realpath(os.getcwd())
    watching = False

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal watching
        if watching:
            return
        watching = True
        try:
            if event.startswith(DENIED):
                raise PermissionError(f"{event} is not allowed here")
            if (
                event == "open"
                and _writes(args)
                and not os.path.realpath(str(args[0])).startswith((here, "/dev/null"))
            ):
                raise PermissionError(f"writing {args[0]} is not allowed here")
        finally:
            watching = False

    sys.addaudithook(hook)


def _writes(args: tuple[Any, ...]) -> bool:
    path, mode, flags = (*args, None, None)[:3]
    if isinstance(path, int):
        return False
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return (isinstance(mode, str) and any(c in mode for c in "wax+")) or bool(
        isinstance(flags, int) and flags & writing & ~getattr(os, "O_CLOEXEC", 0)
    )
