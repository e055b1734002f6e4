"""fingerprint: equal for what is equal, another one for whatever changes the numbers."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from course_lib.optimizers import Adam, Lookahead, as_optimizer
from course_lib.problems import SoftmaxRegression
from course_lib.running.fingerprint import LIBRARY, fingerprint, library_version
from course_lib.schedules import cosine, linear_warmup

from .test_training import network


def defined(source, name="f"):
    """What a cell of a notebook defines: a function whose source is in no file."""
    space: dict = {"np": np, "__name__": "__main__"}
    exec(source, space)
    return space[name]


VARIANTS = {
    "constant": (
        "def f(x, g, state, lr=0.1): return x - lr * g, state",
        "def f(x, g, state, lr=0.1): return x - 2 * lr * g, state",
    ),
    "operation": ("def f(x): return x + x", "def f(x): return x * x"),
    "default": ("def f(x, lr=0.1): return x", "def f(x, lr=0.2): return x"),
    "keyword default": ("def f(x, *, lr=0.1): return x", "def f(x, *, lr=0.2): return x"),
    "function called": ("def f(x): return np.sin(x)", "def f(x): return np.cos(x)"),
    "global number": ("k = 1\ndef f(x): return k * x", "k = 2\ndef f(x): return k * x"),
    "global array": ("k = np.ones(3)\ndef f(x): return k", "k = np.ones(4)\ndef f(x): return k"),
    "helper": (
        "def h(x): return x\ndef f(x): return h(x)",
        "def h(x): return -x\ndef f(x): return h(x)",
    ),
    "helper of a helper": (
        "def k(x): return x\ndef h(x): return k(x)\ndef f(x): return h(x)",
        "def k(x): return -x\ndef h(x): return k(x)\ndef f(x): return h(x)",
    ),
    "helper in an inner function": (
        "def h(x): return x\ndef f(x): return [(lambda y: h(y))(v) for v in x]",
        "def h(x): return -x\ndef f(x): return [(lambda y: h(y))(v) for v in x]",
    ),
    "closure": (
        "def make(k):\n  def f(x): return k * x\n  return f\nf = make(1)",
        "def make(k):\n  def f(x): return k * x\n  return f\nf = make(2)",
    ),
    "method of a class": (
        "class f:\n  def rule(self, x): return x",
        "class f:\n  def rule(self, x): return -x",
    ),
    "base class": (
        "class B:\n  def rule(self, x): return x\nclass f(B): pass",
        "class B:\n  def rule(self, x): return -x\nclass f(B): pass",
    ),
    "class attribute": ("class f:\n  k = 1", "class f:\n  k = 2"),
    "named tuple": (
        "from typing import NamedTuple\nclass f(NamedTuple):\n  m: int",
        "from typing import NamedTuple\nclass f(NamedTuple):\n  v: int",
    ),
    "property": (
        "class f:\n  @property\n  def k(self): return 1",
        "class f:\n  @property\n  def k(self): return 2",
    ),
    "wrapped": (
        "import functools\n@functools.lru_cache\ndef f(x): return x",
        "import functools\n@functools.lru_cache\ndef f(x): return -x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_code_that_does_something_else_is_another(name):
    one, other = VARIANTS[name]
    assert fingerprint(defined(one)) == fingerprint(defined(one)) != fingerprint(defined(other))
    assert fingerprint(defined(f"\n\n# a comment\n{one}")) == fingerprint(defined(one))


def test_students_functions_and_classes_inside_optimizers():
    one, other = (as_optimizer(defined(source), []) for source in VARIANTS["constant"])
    again = as_optimizer(defined(VARIANTS["constant"][0]), [])
    assert fingerprint(one) == fingerprint(again) != fingerprint(other)
    assert fingerprint(one) != fingerprint(one.replace(lr=0.2))
    assert fingerprint(Lookahead(one)) == fingerprint(Lookahead(again)) != fingerprint(Lookahead(other))
    assert fingerprint(one) != fingerprint(as_optimizer(defined(VARIANTS["constant"][0]), ["m"]))


@dataclasses.dataclass
class Point:
    x: float
    later: object = None

    @functools.cached_property
    def double(self):
        return 2 * self.x


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0), (1, True), ("1", 1), (0.1, 0.1 + 1e-17 + 1e-16), (None, 0), (b"a", "a"),
        ([1, 2], (1, 2)), ([1, [2]], [[1], 2]), ([[], 1], [[1]]), ([], [[]]),
        ({"a": 1}, {"a": 2}), ({"a": 1}, {"b": 1}), ({1, 2}, {1, 3}),
        (np.zeros(2), np.zeros(3)), (np.zeros(2), np.zeros(2, np.float32)), (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3) + 1), (np.float64(1), np.float32(1)),
        (Adam(), Adam(lr=0.1)), (Adam(lr=np.ones(2)), Adam(lr=np.ones((2, 1)))), (Adam(), Lookahead(Adam())),
        (cosine(5), cosine(6)), (cosine(5), linear_warmup(5)), (Point(1.0), Point(2.0)),
        (functools.partial(max, 1), functools.partial(max, 2)), (np.sin, np.cos), (len, max),
        (np.random.default_rng(0), np.random.default_rng(1)),
        (network(), network(np.float32)), (network(), network(l2=0.1)),
        (network(), SoftmaxRegression(train=network().train, classes=3)),
    ],
)  # fmt: skip
def test_values_that_differ(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, {1, 2, 3}),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (network(), network()),
        (linear_warmup(2) * cosine(8), linear_warmup(2) * cosine(8)),
    ],
)
def test_values_that_are_equal(one, other):
    assert fingerprint(one) == fingerprint(other)


def test_what_is_only_computed_from_the_fields_does_not_count():
    point = Point(1.0)
    before = fingerprint(point)
    assert point.double == 2 and fingerprint(point) == before


def test_functions_that_call_themselves_or_each_other():
    source = "def g(n): return f(n - 1)\ndef f(n): return n and g(n)"
    assert fingerprint(defined(source)) == fingerprint(defined(source))


def test_files_count_by_their_state(tmp_path):
    path = tmp_path / "data.npy"
    missing = fingerprint(path)
    path.write_bytes(b"1")
    one = fingerprint(path)
    path.write_bytes(b"22")
    assert len({missing, one, fingerprint(path), fingerprint(tmp_path / "other.npy")}) == 4


def test_modules_of_the_reader_count_by_content(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "reader_helpers.py").write_text("def h(x): return x\n")
    source = "import reader_helpers\ndef f(x): return reader_helpers.h(x)"
    before = fingerprint(defined(source))
    assert before == fingerprint(defined(source))
    (tmp_path / "reader_helpers.py").write_text("def h(x): return -x\n")
    assert before != fingerprint(defined(source))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (iter([]), ["value is a list_iterator"]),
        ({"a": [1, (k for k in "ab")]}, ["['a'][1] is a generator", "no content"]),
        (Point(1.0, threading.Lock()), ["later is a lock"]),
    ],
)
def test_what_has_no_content_is_named(value, words):
    with pytest.raises(TypeError) as caught:
        fingerprint(value)
    assert not [word for word in words if word not in str(caught.value)]


def test_is_the_same_in_another_process():
    code = (
        "from course_lib.running.fingerprint import *; from course_lib.optimizers import *;"
        "from tests.running.test_training import network; from course_lib.schedules import cosine;"
        "print(fingerprint([Adam(), network(), cosine(3), {'b', 'a', 'c'}]), library_version())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    here = fingerprint([Adam(), network(), cosine(3), {"b", "a", "c"}])
    assert run.stdout.split() == [here, library_version()], run.stderr


def test_the_library_is_all_that_a_step_of_training_can_run():
    """What optimizers and problems import of the course must count too: another curvature.py, other numbers."""
    code = "import sys, course_lib.optimizers, course_lib.problems; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    parts = {name.split(".")[1] for name in loaded.split() if name.startswith("course_lib.")}
    assert {"optimizers", "problems", "curvature", "axes"} <= parts
    assert parts <= {name.removesuffix(".py") for name in LIBRARY}
