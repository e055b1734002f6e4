"""The hazards in a live kernel, and the exercises and solutions run in one, cell by cell."""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_lib.checks.exercises import all_exercises

from .kernel import live_kernel

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Jupyter's own warnings

ROOT = Path(__file__).parents[2]
NAMES = [exercise.name for exercise in all_exercises()]
RIGHT = '    m = beta * state["m"] + g\n    return x - lr * m, {"m": m}\n'

# body of descend(grad, x, lr, steps) → words in the answer
LOOPS = {
    "while True": ("    while True:\n        pass\n", "did not come to an end"),
    "with gradient calls": ("    while True:\n        x = x - lr * grad(x)\n", "more than 120 times"),
    "bare except": ("    while True:\n        try:\n            while True:\n                x = x - lr * grad(x)\n        except:\n            pass\n", "more than 120 times"),
    "bare except without gradient": ("    while True:\n        try:\n            while True:\n                x = x + 1\n        except:\n            continue\n", "did not come to an end"),
    "try finally": ("    try:\n        while True:\n            pass\n    finally:\n        while True:\n            pass\n", "did not come to an end"),
    "asleep": ("    import time\n    while True:\n        try:\n            time.sleep(100)\n        except:\n            pass\n", "did not come to an end"),
}  # fmt: skip
# body of momentum_step(x, g, state, lr, beta) → points, words in the answer
HAZARDS = {
    "right": (RIGHT, 4, "Right"),
    "raise": ("    v = g\n    raise ValueError('my own')\n", 0, "ValueError: my own"),
    "own line": ("    y = 1\n    return y / 0\n", 0, "return y / 0"),
    "SystemExit": ("    raise SystemExit(1)\n", 0, "SystemExit"),
    "exit()": ("    exit()\n", 0, "SystemExit: exit() ends the kernel"),
    "input()": ("    input('?')\n", 0, "raised"),
    "megabyte": ("    print('z' * 10**6)\n" + RIGHT, 4, "more characters"),
    "megabyte, wrong": ("    print('z' * 10**6)\n    return x, state\n", 0, "more characters"),
    "in place": ('    m = beta * state["m"] + g\n    x -= lr * m\n    return x, {"m": m}\n', 4, "in place"),
    "None": ("    pass\n", 0, "Is there a return"),
    "complex": ('    return x * 1j, {"m": beta * state["m"] + g}\n', 0, "complex numbers"),
    "NaN": ('    return x + np.nan, {"m": beta * state["m"] + g}\n', 0, "not finite"),
    "shape": ('    return x[:1], {"m": beta * state["m"] + g}\n', 0, "shape (1,)"),
    "float32": ('    m = np.float32(beta * state["m"] + g)\n    return np.float32(x - lr * m), {"m": m}\n', 4, "Right"),
    "globals": ('    global M\n    M = beta * globals().get("M", 0) + g\n    return x - lr * M, {"m": M}\n', 0, ""),
    "reseeding": ("    np.random.seed(1)\n" + RIGHT, 4, "Right"),
    "warnings": ("    np.log(np.zeros(2))\n    import warnings, sys\n    warnings.warn('w')\n    print('e', file=sys.stderr)\n" + RIGHT, 4, "RuntimeWarning"),
    "patched": ("    np.allclose = np.isclose = lambda *a, **k: True\n    return x, state\n", 0, "Not yet right"),
}  # fmt: skip


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    with live_kernel(str(tmp_path_factory.mktemp("kernel"))) as running:
        running.run("import numpy as np\nfrom course_lib.checks import check")
        yield running


def answer(kernel, head, body):
    assert not kernel.run(head + body).error
    name = head[4 : head.index("(")]
    got = kernel.run(f"from course_lib.checks import check\n\ncheck({name})")
    assert got.error == got.stderr == got.stdout == ""
    assert kernel.run("1 + 1").text == "2"  # it lives
    print(f"{got.seconds:.2f} s")
    return got


@pytest.mark.parametrize("name", LOOPS)
def test_endless_loops(kernel, name):
    body, words = LOOPS[name]
    got = answer(kernel, "def descend(grad, x, lr, steps):\n", body)
    assert (got.text, words in got.html) == ("0.0", True), got.html
    assert "It happened in line" in got.html and any(
        w in got.html for w in ("while", "pass", "x = x", "sleep", "continue")
    )


@pytest.mark.parametrize("name", HAZARDS)
def test_hazards(kernel, name):
    body, points, words = HAZARDS[name]
    state = "(np.random.get_state()[1].sum(), np.allclose is kept, np.geterr())"
    kernel.run("np.random.seed(5); kept = np.allclose")
    before = kernel.run(state).text
    got = answer(kernel, "def momentum_step(x, g, state, lr=0.01, beta=0.9):\n", body)
    assert float(got.text) == points
    assert words in got.html
    assert len(got.html) < 20_000
    assert kernel.run(state).text == before


def test_a_cell_that_is_no_python_is_told_beside_the_version_before_it(kernel):
    head = "def momentum_step(x, g, state, lr=0.01, beta=0.9)"
    assert not kernel.run(f"{head}:\n{RIGHT}").error
    assert kernel.run(f"{head}\n{RIGHT}").error.startswith("SyntaxError")
    assert "is no Python (line 1: expected &#x27;:&#x27;)" in kernel.run("check(momentum_step)").html
    assert not kernel.run(f"{head}:\n{RIGHT}").error
    assert "is no Python" not in kernel.run("check(momentum_step)").html


def test_what_the_code_displays_is_held_back(kernel):
    shows = "    from IPython.display import display\n    display('one of many')\n" + RIGHT
    got = answer(kernel, "def momentum_step(x, g, state, lr=0.01, beta=0.9):\n", shows)
    assert (float(got.text), got.displayed) == (4, [])
    assert kernel.run("display('once')").displayed


def test_patched_before_the_check(kernel):
    kernel.run("honest = np.allclose\nnp.allclose = np.isclose = np.array_equal = lambda *a, **k: True")
    got = answer(kernel, "def momentum_step(x, g, state, lr=0.01, beta=0.9):\n", "    return x, state\n")
    assert got.text == "0.0"
    assert kernel.run("np.allclose is honest").text == "False"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("folder", ["solutions", "exercises"])
def test_from_top_to_bottom(folder, name, tmp_path):
    notebook = nbformat.read(ROOT / folder / f"{name}.ipynb", as_version=4)
    with live_kernel(str(tmp_path)) as kernel:
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            got = kernel.run(cell.source, timeout=60)
            assert got.error == "" and got.stderr == "", cell.id
            if "check" in cell.metadata["tags"]:
                full = cell.metadata["nbgrader"]["points"]
                assert float(got.text) == (full if folder == "solutions" else 0.0)
                assert got.text == repr(float(got.text)) and got.html.startswith("<div")
