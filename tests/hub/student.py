"""What one student's browser does at a hub: start the server, pull the course, run a lesson, move a slider."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import websocket

from .server import Hub


@dataclass
class Student:
    """One student; each method is a step, and says what went wrong by raising."""

    hub: Hub
    name: str
    errors: list[str] = field(default_factory=list)
    kernel: Kernel | None = None

    @property
    def address(self) -> str:
        """The address of the student's own server."""
        return f"{self.hub.address}/user/{self.name}"

    def start(self) -> None:
        """Have the hub start the server."""
        user = f"{self.hub.address}/hub/api/users/{self.name}"
        requests.post(user, headers=self.hub.headers, timeout=60)
        answer = requests.post(f"{user}/server", headers=self.hub.headers, timeout=320)
        answer.raise_for_status()
        end = time.monotonic() + 300
        while not requests.get(user, headers=self.hub.headers, timeout=60).json().get("server"):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: no server after 300 s")
            time.sleep(0.3)

    def pull(self) -> None:
        """Pull as the page does to which the hub sends a student first."""
        page = requests.get(f"{self.address}/", headers=self.hub.headers, timeout=60)
        first = urlsplit(page.url)
        asked = {name: values[0] for name, values in parse_qs(first.query).items()}
        if not first.path.endswith("/git-pull") or not asked.get("urlpath", "").endswith(
            "00_start_here.ipynb"
        ):
            raise RuntimeError(f"{self.name} is sent to {page.url}")
        query = {"repo": asked["repo"], "branch": asked["branch"], "targetpath": asked["targetPath"]}
        answer = requests.get(
            f"{self.address}/git-pull/api", params=query, headers=self.hub.headers, timeout=120
        )
        if '"phase": "finished"' not in answer.text:
            raise RuntimeError(f"{self.name} could not pull: {answer.status_code} {answer.text[-1500:]}")

    def contents(self, path: str) -> dict[str, Any]:
        """Return a file of the student's folder, as the server's own listing gives it."""
        answer = requests.get(
            f"{self.address}/api/contents/course/{path}", headers=self.hub.headers, timeout=60
        )
        answer.raise_for_status()
        return answer.json()

    def save(self, path: str, content: dict[str, Any]) -> None:
        """Save a notebook, as Ctrl+S does."""
        requests.put(
            f"{self.address}/api/contents/course/{path}",
            headers=self.hub.headers,
            timeout=60,
            json={"type": "notebook", "format": "json", "content": content},
        ).raise_for_status()

    def open(self, path: str) -> None:
        """Open a notebook: its kernel starts."""
        self.kernel = Kernel(self, path)

    def run(self, path: str) -> None:
        """Run every cell of a notebook, one after the other."""
        assert self.kernel is not None
        for cell in self.contents(path)["content"]["cells"]:
            if cell["cell_type"] == "code":
                error = self.kernel.run("".join(cell["source"]), cell.get("id", ""))
                self.errors += [f"{self.name}: {error}"] if error else []

    def stop(self) -> None:
        """Stop the server."""
        requests.delete(
            f"{self.hub.address}/hub/api/users/{self.name}/server", headers=self.hub.headers, timeout=120
        ).raise_for_status()


class Kernel:
    """A kernel behind the hub, spoken to as a browser does."""

    def __init__(self, student: Student, path: str) -> None:
        self.session = uuid.uuid4().hex
        body = {"path": f"course/{path}", "type": "notebook", "name": "", "kernel": {"name": "python3"}}
        answer = requests.post(
            f"{student.address}/api/sessions", headers=student.hub.headers, timeout=120, json=body
        )
        answer.raise_for_status()
        self.id = answer.json()["kernel"]["id"]
        channels = f"{student.address}/api/kernels/{self.id}/channels?session_id={self.session}"
        self._socket = websocket.create_connection(
            channels.replace("http", "ws", 1),
            header=[f"Authorization: {student.hub.headers['Authorization']}"],
            timeout=180,
        )
        self.figure: str | None = None
        self.controls: list[dict[str, Any]] = []
        self.output = ""

    def run(self, code: str, cell: str = "") -> str | None:
        """Run code; returns the name and words of its error, if it had one. What it printed is in `output`."""
        number = self._send(
            "execute_request",
            {
                "code": code,
                "silent": False,
                "store_history": True,
                "user_expressions": {},
                "allow_stdin": False,
            },
            {"cellId": cell},
        )
        error, self.output = None, ""
        while True:
            message = self._receive()
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "comm_open" and "_scene" in content["data"].get("state", {}) and self.figure is None:
                self.figure, self.controls = content["comm_id"], content["data"]["state"]["_controls"]
            if message["parent_header"].get("msg_id") != number:
                continue
            if kind == "stream":
                self.output += content["text"]
            elif kind == "error":
                error = f"{content['ename']}: {content['evalue']}"
            elif kind == "status" and content["execution_state"] == "idle":
                return error

    def move(self, name: str, value: float, number: int) -> float:
        """Set a slider of the first live figure; returns the seconds until its new picture is here."""
        start = time.perf_counter()
        content = {"values": {name: value}, "view": "test", "number": number}
        self._send("comm_msg", {"comm_id": self.figure, "data": {"method": "custom", "content": content}}, {})
        while True:
            message = self._receive()
            content = message["content"]
            ours = message["header"]["msg_type"] == "comm_msg" and content["comm_id"] == self.figure
            if ours and "_scene" in content["data"].get("state", {}):
                return time.perf_counter() - start

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _send(self, kind: str, content: dict[str, Any], metadata: dict[str, Any]) -> str:
        number = uuid.uuid4().hex
        header = {
            "msg_id": number,
            "msg_type": kind,
            "username": "",
            "session": self.session,
            "version": "5.3",
            "date": "",
        }
        message = {"header": header, "parent_header": {}, "metadata": metadata, "content": content}
        self._socket.send(json.dumps(message | {"channel": "shell", "buffers": []}))
        return number

    def _receive(self) -> dict[str, Any]:
        data = self._socket.recv()
        if isinstance(data, bytes):  # with buffers: their number and offsets, then the message, then they
            count = int.from_bytes(data[:4], "big")
            offsets = [int.from_bytes(data[4 * at + 4 : 4 * at + 8], "big") for at in range(count)]
            data = data[offsets[0] : (*offsets, len(data))[1]].decode()
        return json.loads(data)
