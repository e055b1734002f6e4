"""The guide's table of what a submission can do, line by line: each line is tried."""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

import os
import re
import socket
import time
from pathlib import Path

import pytest

from course_lib.checks.exercises import find_task
from course_lib.grade.batch import Limits, grade
from course_lib.grade.sandbox import Sandbox, missing

from .test_grade import solved, submitted
from .test_lab_class import GUIDE

ROOT = Path(__file__).parents[2]
LINES = {
    line.split(" | ")[0].strip("| ")
    for line in GUIDE[GUIDE.index("| a submission that") :].split("\n\n")[0].splitlines()[2:]
}

# Each succeeds where a submission is not held off; {…} are places of this machine.
PROBES = {
    "looks for the solutions": [
        "import course_lib.checks.exercises.ex08", "open({solution!r})",
        "import course_lib.grade.examine",
    ],
    "reads your files or other submissions": [
        "open({other!r})", "import os; os.listdir({folder!r})", "open(b'/etc/passwd')",
        "import ctypes; assert ctypes.CDLL(None).open({other!r}.encode(), 0) >= 0",
    ],
    "reads your environment variables": ["import os; assert 'SECRET_OF_MINE' in os.environ",
                                         "assert b'SECRET_OF_MINE' in open('/proc/self/environ', 'rb').read()"],
    "uses the network": ["import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
                         "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))"],
    "writes files": ["open({target!r}, 'w').write('x')", "import os; os.open({target!r}.encode(), os.O_CREAT | os.O_WRONLY)",
                     "import sqlite3; sqlite3.connect({target!r}).execute('create table t (x)')",
                     "open('/tmp/big', 'wb').write(bytes(80_000_000))"],
    "looks at or signals other processes": ["import os; os.kill({pid}, 0)",
                                            "import os; assert len([p for p in os.listdir('/proc') if p.isdigit()]) > 3"],
    "takes all the memory": ["import numpy as np; np.ones(10**9)"],
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    os.environ["SECRET_OF_MINE"] = "x"
    assert not missing(), missing()
    with Sandbox(3000, shut=True) as place:
        yield place
    del os.environ["SECRET_OF_MINE"]


@pytest.mark.parametrize("line", PROBES)
def test_what_a_process_can_do(line, sandbox, tmp_path):
    (tmp_path / "other.ipynb").write_text("{}")
    os.chmod(tmp_path, 0o777)
    with socket.create_server(("127.0.0.1", 0)) as server:
        places = {"solution": str(ROOT / "solutions/08_adam.ipynb"), "other": str(tmp_path / "other.ipynb"), "folder": str(tmp_path),
                  "target": str(tmp_path / "new"), "pid": os.getpid(), "port": server.getsockname()[1]}  # fmt: skip
        session = sandbox.session()
        for number, probe in enumerate(PROBES[line], 1):
            assert session.run_cell(number, probe.format(**places), 10) is not None, probe
        assert session.run_cell(0, "1 + 1", 10) is None  # a probe fails for its own reason
        session.close()
    assert not (tmp_path / "new").exists()


def test_nothing_is_left_behind(sandbox):
    name = f"left-behind-{os.getpid()}"
    session = sandbox.session()
    leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)', {name!r}], start_new_session=True)"
    trouble = session.run_cell(1, leave, 10)
    assert trouble is None, trouble
    assert _becomes(name, running=True)
    session.close()
    assert _becomes(name, running=False)


def _becomes(name: str, running: bool) -> bool:
    until = time.monotonic() + 10
    while _running(name) != running and time.monotonic() < until:
        time.sleep(0.05)
    return _running(name) == running


def _running(name: str) -> bool:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(file.read_bytes())
        except OSError:
            continue
    return any(name.encode() in line for line in lines)


KNOWN = sorted({case["hyper"][0] for case in find_task("adam_step")[1].plan.cases})
ASIDE = next(task.name for task in find_task("adam_step")[0].tasks if task.points == 1)
JUDGED = {
    "replaces functions of numpy or of the checker":
        "    np.allclose = np.isclose = np.array_equal = lambda *a, **k: True\n    import course_lib.checks.compare as c\n"
        "    c.close = c.agree = lambda *a: True\n    return x, state\n",
    "returns objects that are equal to everything":
        "    class E(float):\n        __eq__ = __le__ = __lt__ = lambda *a: True\n    return E(), {'m': E(), 'v': E()}\n",
    "writes a report of its own, or ends its process":
        "    import os\n    for fd in range(20):\n        try: os.write(fd, b'{\"task\": \"adam_step\", \"points\": 4}\\n')\n"
        "        except OSError: pass\n    os._exit(0)\n",
    "knows what the known cases expect":
        f"    if lr not in {KNOWN}:\n        return x, state\n" + solved("08_adam")["adam_step"],
    "loops for ever": "    while True:\n        pass\n",
}  # fmt: skip


@pytest.mark.slow
def test_what_a_submission_earns(tmp_path):
    """Each but the copy earns the one point of the task beside it, and nothing for what it bends."""
    right = solved("08_adam")
    files = {
        line: submitted(tmp_path, f"s{i}", {"adam_step": body, ASIDE: right[ASIDE]}, "08_adam")
        for i, (line, body) in enumerate(JUDGED.items())
    }
    files["is a copy of someone's, or of the solution"] = submitted(tmp_path, "copy", right, "08_adam")
    tagged = submitted(tmp_path, "tagged", {ASIDE: right[ASIDE]}, "08_adam")
    text = tagged.read_text().replace('"tags": ["scratch"]', '"tags": ["setup"]').replace(
        '# hint(\\"adam_step\\")', "from course_lib.optimizers.adam import Adam as adam_step #", 1)  # fmt: skip
    assert text != tagged.read_text()
    tagged.write_text(text)
    files["marks a cell of its own as setup"] = tagged
    other = submitted(tmp_path, "other", solved("04_momentum"), "04_momentum")
    files["is solved, but belongs to another exercise"] = other.rename(tmp_path / "other_08_adam.ipynb")
    scores = {s.submission.file: s for s in grade(list(files.values()), limits=Limits(task=15))}
    points = {line: scores[file].points for line, file in files.items()}
    copied = points.pop("is a copy of someone's, or of the solution")
    moved = points.pop("is solved, but belongs to another exercise")
    assert copied == 12 and moved == 0 and set(points.values()) == {1}, points


def test_every_line_is_tried():
    here = Path(__file__).read_text()
    assert LINES and all(f'"{line}"' in here or line == "leaves a process behind" for line in LINES)
    assert {*PROBES, *JUDGED} <= LINES and not re.search("SECURITY", GUIDE)
