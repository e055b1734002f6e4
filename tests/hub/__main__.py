"""A class on a real hub of this machine: students log in, pull, run lesson 04 together, move a slider and stop.

Run as ``make test-hub STUDENTS=5``, as root. Fails if anything goes wrong or if students are not kept apart; the
seconds and megabytes are printed, and judged by no one.
"""

from __future__ import annotations

import argparse
import math
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from .checks import CHECKS
from .server import accounts, hub, why_not
from .student import Student

LESSON = "notebooks/04_momentum.ipynb"
MOVES, PAUSE = 30, 0.2
"""How often each moves the slider, and the seconds between two moves."""


def timed(step: Callable[[], object]) -> float:
    """Return how many seconds a step takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def slide(student: Student) -> list[float]:
    """Move the first slider of the first live figure; returns the seconds of each move."""
    kernel = student.kernel
    if kernel is None or kernel.figure is None:
        raise RuntimeError(f"{student.name}: {LESSON} has shown no live figure")
    control = next(control for control in kernel.controls if control["kind"] == "slider")
    values, seconds = control["values"], []
    for number in range(1, MOVES + 1):
        seconds.append(kernel.move(control["name"], values[(40 + number) % len(values)], number))
        time.sleep(PAUSE)
    return seconds


def megabytes(process: psutil.Process) -> float:
    """Return the memory of a process; what several share is divided among them (PSS)."""
    return process.memory_full_info().pss / 1e6


def of_students(names: Iterable[str]) -> list[float]:
    """Return the memory of each account: its server and its kernel."""
    total = dict.fromkeys(names, 0.0)
    for process in psutil.process_iter(["username"]):
        if process.info["username"] in total:
            total[process.info["username"]] += megabytes(process)
    return list(total.values())


def of_root(process: psutil.Process) -> float:
    """Return the memory of the hub and of those of its children that are not students'."""
    tree = [process, *process.children(recursive=True)]
    return sum(megabytes(each) for each in tree if each.username() == "root")


def cpu_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process and its children."""
    times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
    return sum(
        each.user + each.system + each.children_user + each.children_system for each in times
    )  # the ended ones too


def row(what: str, values: list[float], unit: str, scale: float = 1) -> None:
    """Print the median and the largest of some values."""
    values = sorted(value * scale for value in values)
    late = values[math.ceil(0.95 * len(values)) - 1]
    print(
        f"{what:<34} median {statistics.median(values):7.1f} {unit}   p95 {late:7.1f}   max {values[-1]:7.1f}",
        flush=True,
    )


def main(count: int) -> int:
    """Run a class of so many students; returns 0 if all is well."""
    if reason := why_not():
        print(f"The hub was not tried: {reason}.", file=sys.stderr)
        return 1
    password = secrets.token_urlsafe(12)
    with (
        accounts(count, password) as names,
        tempfile.TemporaryDirectory(prefix="course-hub-") as folder,
    ):
        Path(folder).chmod(0o755)
        with hub(Path(folder), names) as running, ThreadPoolExecutor(count) as pool:
            students = [Student(running, name) for name in names]
            main_process = psutil.Process(running.process.pid)
            try:
                start = time.perf_counter()
                row("start of the server", list(pool.map(lambda s: timed(s.start), students)), "s ")
                print(f"all {count} have their server after {time.perf_counter() - start:.1f} s")
                row("pull of the course", list(pool.map(lambda s: timed(s.pull), students)), "s ")
                row(
                    "start of a kernel",
                    list(pool.map(lambda s: timed(lambda: s.open(LESSON)), students)),
                    "s ",
                )
                row(
                    "all of lesson 04, all together",
                    list(pool.map(lambda s: timed(lambda: s.run(LESSON)), students)),
                    "s ",
                )
                row("memory of a student", of_students(names), "MB")
                row("memory of hub and proxy", [of_root(main_process)], "MB")
                moves = [seconds for each in pool.map(slide, students) for seconds in each]
                row("slider to picture, all together", moves, "ms", 1e3)
                row("slider to picture, one alone", slide(students[0]), "ms", 1e3)
                troubles = [error for student in students for error in student.errors]
                for name, check in CHECKS.items():
                    trouble = check(students, password)
                    print(
                        f"{'ok    ' if not trouble else 'FAILED'} {name}{': ' * bool(trouble)}{trouble}",
                        flush=True,
                    )
                    troubles += [f"{name}: {trouble}"] if trouble else []
                print(f"processor time of hub, servers and kernels {cpu_seconds(main_process):.0f} s")
                row("stop", list(pool.map(lambda s: timed(s.stop), students)), "s ")
            except Exception:
                print(running.log.read_text()[-5000:], file=sys.stderr)
                raise
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    return 1 if troubles else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__)
    parser.add_argument("--students", type=int, default=5, help="2 … 40 (default: 5)")
    wanted = parser.parse_args().students
    if not 2 <= wanted <= 40:
        parser.error(f"students is {wanted}; allowed are 2 … 40: one must try to read another's work")
    sys.exit(main(wanted))
