"""Where submissions run: processes with a copy of the course without solutions, shut in where this machine can."""

from __future__ import annotations

import compileall
import contextlib
import functools
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path

from .session import Gone, Session

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent
SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts",
          "/etc/localtime")  # fmt: skip
THEIRS = ("__init__.py", "accidents.py", "cells.py", "child.py", "enclosure.py", "template.py", "wire.py")
"""What of this folder the processes of submissions need."""
OPEN = (
    "not shut in: submissions run with the rights of your account. They can read your files, solutions and other "
    "submissions among them, use the network, and leave processes behind"
)


class Sandbox:
    """A place for processes; a context, at whose end the place is removed.

    Args:
        megabytes: of memory for one process.
        shut: whether to shut the processes in, which `missing` knows.

    Examples:
        >>> with Sandbox(2000, shut=not missing()) as sandbox:
        ...     session = sandbox.session()
        ...     session.run_cell(1, "def twice(x): return 2 * x", 5)
        ...     twice = session.find("twice")
        ...     outcome = twice.guarded(lambda: print(twice(21)), 5)
        ...     session.close()
        42
    """

    def __init__(self, megabytes: int, shut: bool) -> None:
        self.megabytes, self.shut = megabytes, shut
        self._sessions: weakref.WeakSet[Session] = weakref.WeakSet()
        self._closed, self._lock = False, threading.Lock()

    def __enter__(self) -> Sandbox:
        self._folder = Path(tempfile.mkdtemp(prefix="grading-")).resolve()
        self._folder.chmod(0o755)
        self.copy, self._empty = self._folder / "course", self._folder / "empty"
        self._empty.mkdir()
        _copied(self.copy)
        if self.shut:
            self._load()
        return self

    def __exit__(self, *error: object) -> None:
        if self.shut:
            self._unload()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _load(self) -> None:
        """Start the template."""
        self._line, theirs = socket.socketpair()
        command = f"from course_lib.grade.template import serve; serve({theirs.fileno()})"
        self._template = subprocess.Popen(
            [sys.executable, "-s", "-c", command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._empty,
            env=_environment(str(self.copy), str(self._folder)), pass_fds=[theirs.fileno()], start_new_session=True,
        )  # fmt: skip
        theirs.close()

    def _unload(self) -> None:
        self._line.close()
        self._template.kill()
        self._template.wait()

    def session(self) -> Session:
        """Start a process and return the conversation with it.

        Raises:
            Gone: if the place was closed.
        """
        with self._lock:
            if self._closed:
                raise Gone("grading was interrupted")
            session = self._shut_in() if self.shut else self._open()
            self._sessions.add(session)
        return session

    def close(self) -> None:
        """End all processes; no others are started."""
        with self._lock:
            self._closed = True
        for session in list(self._sessions):
            session.end("grading was interrupted")

    def _shut_in(self) -> Session:
        if self._template.poll() is not None:  # the machine was short of memory, perhaps
            self._unload()
            self._load()
        (reading, asks), (answers, writing), (life, line) = os.pipe(), os.pipe(), os.pipe()
        solved = [
            str(PACKAGE),
            *(str(PACKAGE.parent / name) for name in ("exercises", "solutions", "notebooks")),
        ]
        job = {"binds": _binds(self.copy), "hidden": [*solved, *(f"{place}/course_lib" for place in _packages())],
               "empty": str(self._empty), "megabytes": self.megabytes}  # fmt: skip
        socket.send_fds(self._line, [json.dumps(job).encode()], [reading, writing, life])
        for theirs in (reading, writing, life):
            os.close(theirs)
        return Session(os.fdopen(answers, "rb"), os.fdopen(asks, "wb", 0), lambda: os.close(line))

    def _open(self) -> Session:
        place = tempfile.mkdtemp(dir=self._folder)
        process = subprocess.Popen(
            [sys.executable, "-s", "-c", f"from course_lib.grade.child import main; main({self.megabytes})"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=place,
            env=_environment(str(self.copy), place), start_new_session=True, bufsize=0,
        )  # fmt: skip
        assert process.stdin and process.stdout
        with process.stdout as raw:
            answers = os.fdopen(os.dup(raw.fileno()), "rb")
        return Session(answers, process.stdin, functools.partial(_killed, process))


def _killed(process: subprocess.Popen[bytes]) -> None:
    """End a process that is not shut in, and of those that it started the ones that did not leave its group."""
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@functools.cache
def missing() -> tuple[str, ...]:
    """Return in words what this machine cannot protect from a submission; nothing where submissions are shut in.

    Found out by trying, once.
    """
    if sys.platform != "linux":
        return (f"{OPEN}. A sandbox is there on Linux alone",)
    with Sandbox(2000, shut=True) as sandbox:
        session = sandbox.session()
        why = session.hello()
        session.close()
    return (
        (f"{OPEN}. This system refuses namespaces ({why}); in a container --privileged allows them",)
        if why
        else ()
    )


def _copied(target: Path) -> None:
    """Make the copy of the course that submissions see: no exercises, no solutions, no grader."""
    shutil.copytree(PACKAGE, target / "course_lib", ignore=shutil.ignore_patterns("exercises", "*.ipynb"))
    shutil.copyfile(HERE / "reader.py", target / "course_lib" / "checks" / "reader.py")
    for file in (target / "course_lib" / "grade").rglob("*.py*"):
        if f"{file.name.partition('.')[0]}.py" not in THEIRS:
            file.unlink()
    compileall.compile_dir(target, quiet=2)


def _packages() -> list[str]:
    """Return the folders of the packages that cells import."""
    origins = (importlib.util.find_spec(name) for name in ("numpy", "matplotlib", "IPython", "ipywidgets"))
    return list(dict.fromkeys(str(Path(spec.origin).parents[1]) for spec in origins if spec and spec.origin))


def _binds(copy: Path) -> list[tuple[str, str]]:
    """Return what is seen, and what that is: the system's programs, Python, its packages, and the copy."""
    wanted = [
        *SYSTEM,
        sys.base_prefix,
        sys.prefix,
        *_packages(),
        str(Path(sys.executable).resolve().parents[1]),
    ]
    found: list[str] = []
    for place in sorted(set(wanted), key=len):
        if os.path.exists(place) and not any(Path(place).is_relative_to(seen) for seen in found):
            found.append(place)
    return [*((place, place) for place in found), (str(copy), str(copy))]


def _environment(course: str, home: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "SystemRoot") if name in os.environ}
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
    return {
        **kept, **threads, "PATH": "/usr/bin:/bin", "HOME": home, "TMPDIR": home, "LANG": "C.UTF-8", "PYTHONUTF8": "1",
        "PYTHONPATH": os.pathsep.join([course, *_packages()]), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
        "MPLBACKEND": "Agg", "MPLCONFIGDIR": _fonts(), "COURSE_PROGRESS": "",
    }  # fmt: skip


@functools.cache
def _fonts() -> str:
    """Return where matplotlib keeps its list of fonts, which takes seconds to make."""
    import matplotlib

    return str(matplotlib.get_cachedir())
