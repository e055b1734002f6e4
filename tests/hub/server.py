"""A real hub for a test: accounts, a repository for the class, the hub and its proxy, all taken away again."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from publish import student

PREFIX = "course-test-"
"""The accounts that a run makes and removes begin with this."""


@dataclass(frozen=True)
class Hub:
    """A hub that runs, and what a test needs to talk to it."""

    address: str
    token: str
    names: tuple[str, ...]
    repository: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def headers(self) -> dict[str, str]:
        """What the administrator's requests carry."""
        return {"Authorization": f"token {self.token}"}


@contextlib.contextmanager
def accounts(count: int, password: str) -> Iterator[tuple[str, ...]]:
    """Make accounts of this machine with one password, and remove them with all that they wrote."""
    names = tuple(f"{PREFIX}{number}" for number in range(1, count + 1))
    taken = [entry.pw_name for entry in pwd.getpwall() if entry.pw_name in names]
    if taken:
        raise SystemExit(f"{', '.join(taken)}: accounts of another run. Remove them: userdel --remove NAME")
    made = []
    try:
        for name in names:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
            made.append(name)
            (Path("~" + name).expanduser()).chmod(0o700)
        lines = "".join(f"{name}:{password}\n" for name in names)
        subprocess.run(["chpasswd"], input=lines, text=True, check=True)
        yield names
    finally:
        for name in made:
            subprocess.run(["userdel", "--remove", name], check=True, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def hub(folder: Path, names: tuple[str, ...]) -> Iterator[Hub]:
    """Start the hub with the course's own settings, and stop it."""
    bins = Path(sys.executable).parent
    proxy = bins.parent / "node_modules" / ".bin" / "configurable-http-proxy"
    if not proxy.exists():
        raise SystemExit(
            f"{proxy} is missing: run `make test-hub`, which installs it with npm (Node 20 or newer)."
        )
    repository, home, log = folder / "student", folder / "hub", folder / "hub.log"
    student.make(repository)
    home.mkdir(mode=0o700)
    port, api, inner = free_ports(3)
    token = secrets.token_hex(16)
    address = f"http://127.0.0.1:{port}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= {
        "PATH": f"{bins}{os.pathsep}{os.environ['PATH']}",
        "COURSE_REPO": str(repository),
        "CLASS_ACCOUNTS": ",".join(names),
        "HUB_HOME": str(home),
        "HUB_URL": address,
        "HUB_PROXY": str(proxy),
        "HUB_TEST_TOKEN": token,
        "HUB_TEST_PROXY": f"http://127.0.0.1:{api}",
        "HUB_TEST_PORT": str(inner),
    }
    command = [str(bins / "jupyterhub"), "--config", str(Path(__file__).with_name("config.py"))]
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=file, stderr=file)
    running = Hub(address, token, names, repository, process, log)
    try:
        _wait(running)
        yield running
    finally:
        for name in names:  # servers outlive a hub that is stopped, which is meant: here they must not
            with contextlib.suppress(requests.RequestException):
                requests.delete(f"{address}/hub/api/users/{name}/server", headers=running.headers, timeout=60)
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait(running: Hub) -> None:
    """Wait until the hub answers."""
    end = time.monotonic() + 120
    while time.monotonic() < end and running.process.poll() is None:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{running.address}/hub/api", timeout=5).ok:
                return
        time.sleep(0.2)
    raise SystemExit(f"The hub did not start:\n{running.log.read_text()[-3000:]}")


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that no one listens to."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def why_not() -> str:
    """Say why this machine cannot show that students are kept apart, or nothing."""
    if os.geteuid() != 0:
        return "it must run as root, for it makes an account of the machine for each student (sudo make test-hub)"
    missing = [
        tool
        for tool in ("useradd", "userdel", "chpasswd", "prlimit", "git", "node")
        if not shutil.which(tool)
    ]
    if missing:
        return f"{', '.join(missing)} not found on this machine"
    for path in (Path(sys.executable), Path(sys.executable).resolve(), Path(__file__).resolve()):
        closed = [str(parent) for parent in path.parents if not parent.stat().st_mode & 0o001]
        if closed:
            return (
                f"the accounts of students may not enter {closed[-1]}, and {path} lies there: use a Python and a "
                "folder that all may read (HUB_PYTHON=/usr/bin/python3 HUB=/opt/hub, say)"
            )
    return ""
