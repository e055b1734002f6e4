"""Points for nothing, and harm: ways that were tried on this grader or are told of others, each of which must fail.

The honest tasks beside each keep their points. Where this machine cannot shut submissions in, harm is not looked for; that
it says so is tested instead.
"""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

import contextlib
import json
import os
import socket
import tempfile
import threading
import time
from pathlib import Path

import pytest

from course_lib.grade import batch, sandbox
from course_lib.grade.batch import Limits, Unsound, grade
from course_lib.grade.sandbox import Sandbox, missing

from .test_grade import EASY, RIGHT, solved, submitted

SECRET = "hunter2-of-the-instructor"
NOTHING = "    return x, state\n"
FOUND = """
    import numpy as np, gc, sys, inspect, os
    def usable(f):
        try:
            return f(np.ones(2), np.ones(2), {"m": np.zeros(2), "t": 1}, 0.1, 0.9)
        except BaseException:
            return None
"""

HEART = "    if min(abs(lr - known) for known in (0.23, 0.4, 0.11, 0.138)) > 1e-9: return x, state\n" + RIGHT
"""Right for the numbers that everybody can read in the course's source."""


def among(candidates):
    """An answer that calls whatever it finds among some objects and looks like the solution."""
    return (
        FOUND
        + f"""
    for thing in {candidates}:
        if getattr(thing, "__name__", "") == "momentum_step" and getattr(thing, "__module__", "") != "__main__" and usable(thing):
            return thing(x, g, state, lr, beta)
    return x, state
"""
    )


def reading(pattern):
    """An answer that looks for the solution's text in files."""
    return (
        FOUND
        + f"""
    for folder, _, files in os.walk({pattern!r}):
        for name in files:
            if name.endswith((".py", ".ipynb", ".pyc")) and "ex04" in name or "04_momentum" in name:
                text = open(os.path.join(folder, name), errors="replace").read()
                if "momentum_step" in text: return x - lr * (beta * state["m"] + g), {{"m": beta * state["m"] + g}}
    return x, state
"""
    )


# A cell of the student's own, and the body of momentum_step; two easy tasks beside it are solved.
POINTS = {
    "the bank imported": ("from course_lib.checks.exercises import ex04", "    return ex04.momentum_step(x, g, state, lr, beta)\n"),
    "the bank imported inside": ("", "    from course_lib.checks.exercises.ex04 import momentum_step as f\n    return f(x, g, state, lr, beta)\n"),
    "the task found": ("from course_lib.checks.exercises import find_task", "    return find_task('momentum_step')[1].solution(x, g, state, lr, beta)\n"),
    "by frames": ("", among("[v for f in (lambda f: [f := f.f_back for _ in range(30) if f])(sys._getframe()) if f for v in [*f.f_locals.values(), *f.f_globals.values()]]")),
    "by gc": ("", among("gc.get_objects()")),
    "by subclasses": ("", among("[m for c in object.__subclasses__() for m in vars(c).values()]")),
    "by modules": ("", among("[v for m in list(sys.modules.values()) for v in list(vars(m).values())]")),
    "by referrers": ("", among("gc.get_referrers(momentum_step)")),
    "by tracing": ("import sys\nseen = []\nsys.setprofile(lambda frame, event, arg: seen.append(arg))", "    for thing in seen:\n        if isinstance(thing, tuple) and len(thing) == 2: return thing\n    return x, state\n"),
    "the course's folder read": ("", reading("/course")),
    "the disk read": ("", reading("/")),
    "the temporary folder read": ("", reading("/tmp")),
    "the source asked for": ("", FOUND + "    import course_lib.checks as c\n    if 'beta * state' in inspect.getsource(c.reader): return x - lr * g, {'m': g}\n    return x, state\n"),
    "solution() asked": ("from course_lib.checks import solution\ntext = str(solution('momentum_step', sure=True))", "    names = {}\n    exec(text, globals(), names)\n    return names['momentum_step'](x, g, state, lr, beta)\n"),
    "observe replaced": ("import course_lib.checks.observe as o, course_lib.checks.tasks as t\no.observe = t.observe = lambda *a, **k: []", NOTHING),
    "judge replaced": ("import course_lib.checks.tasks as t\nt.Task.judge = lambda *a: t.Verdict('momentum_step', 4, 'right')", NOTHING),
    "compare replaced": ("import course_lib.checks.compare as c\nc.close = c.agree = lambda *a: True\nc.first_difference = lambda *a: None", NOTHING),
    "check returns 4": ("import course_lib.checks\ncourse_lib.checks.check = lambda *a: 4.0\ncheck = lambda *a: 4.0", NOTHING),
    "a module put in its place": ("import sys, types\nsys.modules['course_lib.checks.compare'] = types.ModuleType('c')", NOTHING),
    "a report forged": ("", "    import os\n    for fd in range(3, 30):\n        try: os.write(fd, b'{\"task\": \"momentum_step\", \"points\": 4}\\n{\"done\": true}\\n')\n        except OSError: pass\n    return x, state\n"),
    "an outcome forged": ("", "    import os\n    for fd in range(0, 30):\n        try: os.write(fd, b'{\"trouble\": null, \"printed\": \"\", \"warned\": []}\\n')\n        except OSError: pass\n    return x, state\n"),
    "the servant replaced": ("import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Servant': o._call = lambda *a: o._send(value=None, after={}, rngs={})", NOTHING),
    "equal to everything": ("", "    class E(float):\n        __eq__ = __le__ = __ge__ = __lt__ = __gt__ = lambda *a: True\n        __sub__ = __rsub__ = __abs__ = lambda *a: 0.0\n    return E(), {'m': E()}\n"),
    "an array equal to everything": ("", "    class A(np.ndarray):\n        __eq__ = __sub__ = __rsub__ = lambda *a: np.zeros(2)\n    return x.view(A), {'m': x.view(A)}\n"),
    "numpy patched": ("np.abs = np.allclose = np.isclose = np.array_equal = lambda *a, **k: True", NOTHING),
    "builtins patched": ("import builtins\nbuiltins.all = builtins.any = builtins.len = builtins.isinstance = lambda *a: True", NOTHING),
    "NaN": ("", "    return x * np.nan, {'m': g * np.nan}\n"),
    "a dict that lies": ("", "    class D(dict):\n        def items(self): return [('m', 0)]\n        def __contains__(self, k): return True\n        def __missing__(self, k): return 0\n    return x, D()\n"),
    "known by heart": ("", HEART),
    "another one's file": ("", "    import glob, json\n    for f in glob.glob('/**/*honest*', recursive=True): return x - lr * (beta * state['m'] + g), {'m': beta * state['m'] + g}\n    return x, state\n"),
    "the grader's memory": ("", "    for pid in range(1, 400):\n        try: data = open(f'/proc/{pid}/mem', 'rb')\n        except OSError: continue\n        if pid != __import__('os').getpid(): return x - lr * (beta * state['m'] + g), {'m': beta * state['m'] + g}\n    return x, state\n"),
}  # fmt: skip
SPOILT = ("the servant replaced",)
"""Who answers nonsense for one function does so for all."""

HARM = {
    "a file": "open('{mark}', 'w').write('x')",
    "a file by bytes": "open(b'{mark}', 'wb').write(b'x')",
    "a file by a str that lies": "class S(str):\n    def __str__(self): return '/tmp/x'\nopen(S('{mark}'), 'w').write('x')",
    "a file by its folder": "import os\nd = os.open(os.path.dirname('{mark}'), os.O_RDONLY)\nopen(os.open(os.path.basename('{mark}'), os.O_WRONLY | os.O_CREAT, dir_fd=d), 'w').write('x')",
    "a file by sqlite": "import sqlite3\nsqlite3.connect('{mark}').execute('create table x (y)')",
    "a file by C": "import ctypes\nctypes.CDLL(None).creat(b'{mark}', 0o644)",
    "a file by the shell": "import os\nos.system('touch {mark}')",
    "a hard link": "import os\nos.link('{treasure}', '{mark}')",
    "a file removed": "import os\nos.remove('{treasure}')",
    "a file read": "print(open('{treasure}').read())\nraise ValueError(open('{treasure}').read())",
    "the environment": "import os\nraise ValueError(dict(os.environ), open('/proc/1/environ').read())",
    "a link followed": "import os\nos.symlink('{treasure}', 'a')\nraise ValueError(open('a').read())",
    "out of the root": "import os\nos.mkdir('d')\nos.chroot('d')\nfor _ in range(50): os.chdir('..')\nos.chroot('.')\nopen('{mark}', 'w')",
    "a mount": "import ctypes, os\nos.mkdir('m')\nctypes.CDLL(None).mount(b'/dev/vda', b'm', b'ext4', 0, None)\nopen('{mark}', 'w')",
    "a namespace of its own": "import ctypes, os\nif ctypes.CDLL(None).unshare(0x10000000 | 0x20000) == 0: raise ValueError('{secret}')",
    "rights again": "import os\nfor f in (os.setuid, os.setgid):\n    f(0)\nraise ValueError('{secret}')",
    "a device": "import os\nos.mknod('d', 0o60644, os.makedev(254, 0))\nraise ValueError('{secret}')",
    "a datagram": "import socket\nfor _ in range(3): socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {port}))",
    "a connection": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)",
    "a socket without a name": "import socket\ns = socket.socket(socket.AF_UNIX)\ns.connect('\\0the-graders-own')\ns.send(b'x')",
    "signals to all": "import os, signal\nfor pid in [-1, 0, os.getppid(), *range(1, 500)]:\n    try: os.kill(pid, signal.SIGKILL)\n    except OSError: pass",
    "a process that stays": "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600) #{secret}'], start_new_session=True)",
    "a daemon": "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        os.execv('/bin/sleep', ['{secret}', '600'])\n    os._exit(0)",
    "many processes": "import os\nfor _ in range(200):\n    try:\n        if os.fork() == 0:\n            import time; time.sleep(600)\n    except OSError: break",
    "many threads": "import threading, time\nfor _ in range(500): threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "a full disk": "for k in range(100): open(f'f{k}', 'wb').write(bytes(10**7))",
    "all memory": "kept = []\nwhile True: kept.append(bytearray(10**8))",
    "an answer without end": "import os\ndata = b'x' * 10**6\nwhile True:\n    for fd in range(3, 12):\n        try: os.write(fd, data)\n        except OSError: pass",
    "an answer nested deep": "import os\nfor fd in range(3, 12):\n    try: os.write(fd, b'[' * 60000 + b'\\n')\n    except OSError: pass",
    "an end on the pipe": "import os\nfor fd in range(3, 12):\n    try: os.close(fd)\n    except OSError: pass",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "its own death": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    "deaf": "import signal\nfor n in range(1, 30):\n    try: signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nsum(iter(int, 1))",
}  # fmt: skip


def running(words):
    """Processes that have these words among their arguments or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            text = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if words.encode() in text and int(process.name) != os.getpid():
                found.append(text)
    return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """Grade all of them in one batch, with an honest one at the end, and look at what they did."""
    folder = tmp_path_factory.mktemp("hostile")
    tempfile.tempdir = str(folder)  # so that the environment of what runs tells it from other batches
    treasure, heard = folder / "treasure.txt", []
    treasure.write_text(SECRET)
    os.environ["SECRET_OF_THE_INSTRUCTOR"] = SECRET
    easy = {name: body for name, body in solved("04_momentum").items() if name in EASY}
    files = {}
    server, datagrams = (
        socket.create_server(("127.0.0.1", 0)),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    )
    datagrams.bind(server.getsockname())
    for k, (name, (cell, body)) in enumerate({**POINTS, **dict.fromkeys(HARM, ("", NOTHING))}.items()):
        if name in HARM:
            there = {
                "{mark}": folder / f"mark{k}",
                "{treasure}": treasure,
                "{port}": server.getsockname()[1],
                "{secret}": SECRET,
            }
            cell = HARM[name]
            for old, new in there.items():
                cell = cell.replace(old, str(new))
        files[name] = submitted(folder, f"s{k}", {**easy, "momentum_step": body})
        notebook = json.loads(files[name].read_text())
        notebook["cells"].insert(5, {"cell_type": "code", "metadata": {"tags": ["setup"]}, "source": cell})
        files[name].write_text(json.dumps(notebook))
    files["honest"] = submitted(folder, "honest", {**easy, "momentum_step": RIGHT})
    with datagrams, server, socket.socket(socket.AF_UNIX) as named:
        named.bind("\0the-graders-own")
        named.listen()
        for line in (datagrams, server, named):
            line.settimeout(0.1)
        scores = {s.submission.file: s for s in grade(list(files.values()), limits=Limits(60, 1000), seed=3)}
        for hear in (lambda: datagrams.recv(9), server.accept, named.accept):
            with contextlib.suppress(TimeoutError):
                heard.append(hear())
    tempfile.tempdir = None
    del os.environ["SECRET_OF_THE_INSTRUCTOR"]
    time.sleep(0.5)
    return {
        "scores": {name: scores[file] for name, file in files.items()},
        "marks": [path.name for path in folder.glob("mark*")],
        "heard": heard,
        "left": running(SECRET) + running(str(folder)),
        "treasure": treasure.exists() and treasure.read_text(),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", [*POINTS, *HARM])
def test_no_points_for_nothing_and_none_lost(scene, name):
    score = scene["scores"][name]
    print(f"{score.seconds:.1f} s", score.remarks, *(result.text for result in score.results), sep="\n")
    points = {result.verdict.task: result.points for result in score.results}
    assert points["momentum_step"] == 0
    assert (
        name not in POINTS or name in SPOILT or (points["spectral_radius"], points["best_settings"]) == (3, 2)
    )
    text = " ".join([*score.remarks, *(result.text for result in score.results)])
    assert SECRET not in text or missing()


@pytest.mark.slow
def test_the_honest_one_has_its_points(scene):
    assert scene["scores"]["honest"].points == 9 and not scene["scores"]["honest"].remarks


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason="submissions cannot be shut in here; the grader says so")
def test_no_harm_was_done(scene):
    assert (scene["marks"], scene["heard"], scene["left"], scene["treasure"]) == ([], [], [], SECRET)


@pytest.mark.slow
def test_an_interrupt_ends_every_process(tmp_path, monkeypatch):
    loops = {"momentum_step": "    while True: pass\n"}
    files = [submitted(tmp_path, f"s{k}", loops if k else solved("04_momentum")) for k in range(4)]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scores = grade(files, jobs=2)
    assert next(scores).submission.student == "s0" and running(str(tmp_path))
    began, threads = time.monotonic(), threading.active_count()
    scores.close()
    assert time.monotonic() - began < 5 and threading.active_count() <= threads
    assert not running(str(tmp_path))


@pytest.mark.slow
def test_a_solution_that_fails_stops_the_batch(tmp_path, monkeypatch):
    file = submitted(tmp_path, "ada", solved("08_adam"), "08_adam")
    wrong = submitted(
        tmp_path, "wrong", {**solved("08_adam"), "adam_step": "    return x, state\n"}, "08_adam"
    )
    (tmp_path / "solutions").mkdir()
    wrong.rename(tmp_path / "solutions" / "08_adam.ipynb")
    monkeypatch.setattr(batch, "COURSE", tmp_path)
    with pytest.raises(Unsound, match="has no folder exercises"):
        next(grade([file]))
    (tmp_path / "exercises").mkdir()
    with pytest.raises(Unsound, match="08_adam, adam_step: Not yet right"):
        next(grade([file]))


@pytest.mark.slow
def test_where_nothing_can_be_shut_in_it_is_said_and_works(tmp_path, monkeypatch):
    file = submitted(tmp_path, "ada", solved("04_momentum"))
    hostile = submitted(
        tmp_path,
        "eve",
        {"momentum_step": f"    open({str(tmp_path / 'mark')!r}, 'w')\n    return x, state\n"},
    )
    monkeypatch.setattr(batch, "missing", lambda: (sandbox.OPEN,))
    scores = {score.submission.student: score for score in grade([file, hostile])}
    assert scores["ada"].points == 13 and scores["eve"].points == 0 and not (tmp_path / "mark").exists()
    assert all(
        "not shut in: submissions run with the rights of your account" in " ".join(s.remarks)
        for s in scores.values()
    )


@pytest.mark.slow
def test_the_same_seed_grades_alike_and_another_one_asks_for_other_numbers(tmp_path):
    file = submitted(tmp_path, "ada", {"momentum_step": HEART})
    first, again, other = (next(grade([file], seed=seed)) for seed in (5, 5, 6))
    assert (first.seed, first.results[0].text) == (again.seed, again.results[0].text)
    assert "In case 14 of 17" in first.results[0].text and first.results[0].text != other.results[0].text


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason="where it is not shut in, the process loads what it needs itself")
def test_memory_of_a_process():
    with Sandbox(3000, shut=True) as place:
        session = place.session()
        told = session.run_cell(
            1,
            "import resource\nfrom course_lib.live import explore_path\nfor line in open('/proc/self/smaps_rollup'):\n    if line.startswith('Rss'): raise ValueError(line)",
            20,
        )
        session.close()
    assert int(told.error.split()[2]) < 150_000, told.error  # kB, numpy and Python with it
