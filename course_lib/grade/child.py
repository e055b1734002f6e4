"""The process that runs one submission and reports what its functions returned; it judges nothing.

Started by `batch` as ``python -m course_lib.grade.child FD``: the job comes on standard input, the reports leave as
lines of JSON on the file descriptor.
"""

from __future__ import annotations

import functools
import json
import linecache
import os
import sys
from collections.abc import Callable
from typing import Any

from ..checks.guard import guarded
from .wire import packed

CELL_SECONDS = 10.0
"""How long a cell may take to run."""

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


def main(descriptor: int) -> None:
    """Run the job."""
    from ..checks.exercises import all_exercises

    job = json.load(sys.stdin)
    exercise = next(e for e in all_exercises() if e.name == job["exercise"])
    _preload()
    report, kill = closed_in(descriptor, job["megabytes"])
    namespace: dict[str, Any] = {"__name__": "__main__"}
    notes = [run_cell(number, source, namespace) for number, source in enumerate(job["cells"], 1)]
    student = guarded(namespace["student"], 1.0).value if callable(namespace.get("student")) else ""
    report(loaded=[note for note in notes if note], student=student if type(student) is str else "")
    for task in exercise.tasks:
        if task.name not in job["tasks"]:
            continue
        report(begun=task.name)
        function = namespace.get(task.name)
        if not callable(function):
            report(task=task.name, problem=f"There is no function {task.name}.")
            continue
        problem = guarded(functools.partial(task.signature_problem, function), 1.0)
        if problem.trouble or problem.value:
            report(task=task.name, problem=str(problem.value or "The function cannot be called."))
            continue
        report(task=task.name, runs=[packed(run) for run in task.observe(function)])
    report(done=True)
    kill()


def closed_in(descriptor: int, megabytes: int) -> tuple[Callable[..., None], Callable[[], None]]:
    """Limit this process and deny it the machine; return what reports a message, and what ends the process."""
    _limit_memory(megabytes)
    dumps, write, kill = json.dumps, os.write, _guard_the_machine()

    def report(**message: Any) -> None:
        data = (dumps(message) + "\n").encode()
        while data:
            data = data[write(descriptor, data) :]

    return report, kill


def run_cell(number: int, source: str, namespace: dict[str, Any]) -> str:
    """Run a cell and return in words what went wrong, "" for nothing."""
    name = f"cell {number}"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)

    def run() -> None:
        exec(compile(source, name, "exec"), namespace)

    trouble = guarded(run, CELL_SECONDS, name).trouble
    return f"cell {number}: {trouble.error or trouble.kind}" if trouble else ""


def _preload() -> None:
    """Load what the exercises' own setup cells import, before files and processes are denied."""
    import course_lib.live
    import course_lib.plotting
    import course_lib.problems  # noqa: F401


def _limit_memory(megabytes: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    for limit in (resource.RLIMIT_AS, resource.RLIMIT_CORE):
        size = megabytes * 2**20 if limit == resource.RLIMIT_AS else 0
        try:
            resource.setrlimit(limit, (size, size))
        except (ValueError, OSError):  # macOS has no limit of this kind
            continue


def _guard_the_machine() -> Callable[[], None]:
    """Deny processes, network and writing outside this folder; an audit hook cannot be taken out again.

    It stops accidents and simple mischief. It is no sandbox: see the instructor's guide.
    """
    here = os.path.realpath(os.getcwd())
    exit_now = os._exit
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
    return lambda: exit_now(0)  # whatever was registered to run at exit does not


def _writes(args: tuple[Any, ...]) -> bool:
    path, mode, flags = (*args, None, None)[:3]
    if isinstance(path, int):
        return False
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    return (isinstance(mode, str) and any(c in mode for c in "wax+")) or bool(
        isinstance(flags, int) and flags & writing & ~os.O_CLOEXEC
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
