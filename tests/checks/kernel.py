"""A live kernel, as a student has it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jupyter_client.manager import start_new_kernel


@dataclass
class Answer:
    """What a cell put out."""

    text: str | None = None
    html: str = ""
    stdout: str = ""
    stderr: str = ""
    error: str = ""
    seconds: float = 0.0
    displayed: list[Any] = field(default_factory=list)


class Kernel:
    """Runs cells."""

    def __init__(self, client: Any) -> None:
        self.client = client

    def run(self, code: str, timeout: float = 30) -> Answer:
        answer, began = Answer(), time.perf_counter()

        def hook(message: Any) -> None:
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_result":
                answer.text = content["data"]["text/plain"]
                answer.html = content["data"].get("text/html", "")
            elif kind == "stream":
                setattr(answer, content["name"], getattr(answer, content["name"]) + content["text"])
            elif kind == "error":
                answer.error = f"{content['ename']}: {content['evalue']}"
            elif kind == "display_data":
                answer.displayed.append(content)

        self.client.execute_interactive(code, timeout=timeout, output_hook=hook, allow_stdin=False)
        answer.seconds = time.perf_counter() - began
        return answer


@contextmanager
def live_kernel(cwd: str) -> Iterator[Kernel]:
    """Start a kernel in a folder and end it."""
    manager, client = start_new_kernel(kernel_name="python3", cwd=cwd)
    try:
        yield Kernel(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
