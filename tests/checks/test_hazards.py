"""Whatever a student's function does, the check answers, and the interpreter is left as it was found."""

# ruff: noqa: E501 – tables of code

from __future__ import annotations

import builtins
import linecache
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from course_lib.checks import check, guard
from course_lib.checks.exercises import find_task
from course_lib.checks.guard import guarded

from .endless import ENDLESS
from .endless import HEAD as LOOP

HEAD = "def momentum_step(x, g, state, lr=0.01, beta=0.9):\n"
RIGHT = '    m = beta * state["m"] + g\n    return x - lr * m, {"m": m}\n'
SOLUTION = find_task("momentum_step")[1].solution


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "")
    monkeypatch.setattr(guard.guarded, "__defaults__", (0.3, ""))
    monkeypatch.setattr("course_lib.checks.tasks.Task.observe.__defaults__", (0.3,))


def made(code, **names):
    namespace = {"np": np, "sys": sys, "time": time} | names
    exec(code, namespace)
    return next(value for name, value in namespace.items() if name in ("momentum_step", "descend"))


def answer(body, head=HEAD, **names):
    return check(made(head + body, **names))


@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_loop_is_stopped(name):
    began = time.perf_counter()
    result = answer(ENDLESS[name], LOOP)
    assert result.verdict.headline == "Your code did not come to an end"
    assert repr(result) == "0.0"
    print(f"{name}: {time.perf_counter() - began:.2f} s")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert not [t for t in threading.enumerate() if "_wait" in t.name]


def test_the_gradient_counts_and_says_so():
    result = answer("    while True: grad(x)\n", LOOP)
    assert "asked for the gradient more than 120 times" in result.text
    assert "while True: grad(x)" not in result.text  # exec'd code has no lines to show


def test_an_endless_loop_on_another_thread_is_stopped():
    results = []
    thread = threading.Thread(target=lambda: results.append(answer(ENDLESS["plain"], LOOP)))
    thread.start()
    thread.join(20)
    assert results[0].verdict.headline == "Your code did not come to an end"


def test_without_threads_the_gradient_stops_a_loop(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert "more than 120 times" in answer("    while True: grad(x)\n", LOOP).text
    assert answer(RIGHT).points == 4


def test_an_interrupt_by_hand_is_told():
    timer = threading.Timer(0.05, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    timer.start()
    assert answer(ENDLESS["plain"], LOOP).verdict.headline == "Interrupted"


@pytest.mark.parametrize(
    "error", ["ValueError('no')", "SystemExit(3)", "KeyboardInterrupt()", "MemoryError()", "BaseException()"]
)
def test_what_is_raised_is_told(error):
    result = answer(f"    raise {error}\n")
    assert result.verdict.state == "raised"
    assert error.split("(")[0] in result.text


def test_an_error_whose_text_fails():
    result = answer("    class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E\n")
    assert result.verdict.state == "raised" and "E" in result.text


def test_endless_recursion():
    assert "RecursionError" in answer("    return momentum_step(x, g, state)\n").text


def test_the_stub_is_not_attempted():
    result = answer("    # YOUR CODE HERE\n    raise NotImplementedError()\n")
    assert (result.verdict.state, repr(result)) == ("unattempted", "0.0")
    assert answer("    raise NotImplementedError('later')\n").verdict.state == "raised"


def test_a_megabyte_is_cut():
    result = answer("    print('z' * 10**6)\n    sys.stderr.write('z' * 10**6)\n" + RIGHT)
    assert result.points == 4
    assert len(result._repr_html_()) < 10_000 and "more characters" in result.text


def test_nothing_is_printed_or_warned(capfd):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = answer(
            "    print(1); sys.stderr.write('2'); np.log(np.zeros(1)); import warnings; warnings.warn('w')\n"
            + RIGHT
        )
    assert result.points == 4 and not caught
    assert "UserWarning: w" in result.text and "RuntimeWarning" in result.text
    assert capfd.readouterr() == ("", "")


class Noisy:
    """Complains while it is converted."""

    def __init__(self, value):
        self.value = value

    def __array__(self, dtype=None, copy=None):
        print("converted", file=sys.stderr)
        warnings.warn("converted", stacklevel=1)
        return np.asarray(self.value)


class Equal:
    """Equal to everything."""

    def __eq__(self, other):
        return True

    __ne__ = __lt__ = __le__ = __eq__

    def __array__(self, dtype=None, copy=None):
        raise SystemExit("gotcha")


def test_conversion_is_guarded(capfd):
    assert (
        answer('    m = beta * state["m"] + g\n    return Noisy(x - lr * m), {"m": m}\n', Noisy=Noisy).points
        == 4
    )
    assert answer('    return Equal(), {"m": g}\n', Equal=Equal).points == 0
    assert capfd.readouterr() == ("", "")


ODD = {
    "None": ("    pass\n", "expected x, state, got None. Is there a return at the end?"),
    "no state": ("    return x\n", "expected x, state, got an array of float64 of shape (2,)"),
    "text": ('    return "x", {"m": beta * state["m"] + g}\n', "text, 'x'"),
    "complex": ('    return x * 1j, {"m": g}\n', "complex numbers"),
    "NaN": ('    return x * np.nan, {"m": beta * state["m"] + g}\n', "not finite"),
    "shape": ('    return x[:1], {"m": beta * state["m"] + g}\n', "should be an array of shape (2,), but it is an array of shape (1,)"),
    "lost": ("    return x, {}\n", "got nothing: the state that was returned has no such part"),
    "not a dict": ("    return x, g\n", "expected the dict, got an array of float64 of shape (2,)"),
    "function": ('    return momentum_step, {"m": g}\n', "a function (momentum_step)"),
    "ragged": ('    return [[1], [1, 2]], {"m": beta * state["m"] + g}\n', "a list of 2 whose parts have different shapes"),
    "objects": ('    return np.array([None, x], object), {"m": beta * state["m"] + g}\n', "an array of object"),
    "huge": ('    return np.zeros(10**6), {"m": beta * state["m"] + g}\n', "1,000,000 numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_odd_values_are_named(name):
    body, words = ODD[name]
    result = answer(body)
    assert result.points == 0 and result.verdict.state == "wrong"
    assert words.strip(" .") in result.text


def test_float32_passes():
    body = '    m = np.float32(beta) * np.float32(state["m"]) + np.float32(g)\n    return np.float32(x - lr * m), {"m": m}\n'
    assert answer(body).points == 4


def test_change_in_place_is_a_finding():
    result = answer('    m = beta * state["m"] + g\n    x -= lr * m\n    g[:] = 0\n    return x, {"m": m}\n')
    assert result.points == 4
    assert [r.split(".")[0] for r in result.remarks] == ["It changes x in place", "It changes g in place"]


def test_globals_do_not_pass():
    result = answer('    global M\n    M = beta * M + g\n    return x - lr * M, {"m": M}\n', M=0)
    assert result.points == 0
    body = '    if state["t"] == 1: M.clear(); M["m"] = 0 * x\n    M["m"] = beta * M["m"] + g\n'
    result = answer(body + '    return x - lr * M["m"], {"m": M["m"]}\n', M={})
    assert result.points == 0 and "two runs, stepped in turn" in result.text


def test_wrong_signature():
    result = answer("    return x, state\n", "def momentum_step(x, g):\n")
    assert "should take (x, g, state, lr, beta); yours takes (x, g)" in result.text


def test_random_state_and_settings_are_left_as_found():
    np.random.seed(11)  # noqa: NPY002
    random.seed(11)
    before = np.random.get_state()[1].tolist(), random.getstate(), np.geterr()  # noqa: NPY002
    body = "    import random\n    np.random.seed(0); random.seed(0); np.seterr(all='raise'); np.set_printoptions(precision=1)\n"
    assert answer(body + RIGHT).points == 4
    assert before == (np.random.get_state()[1].tolist(), random.getstate(), np.geterr())  # noqa: NPY002
    assert str(np.float64(1) / 3 * np.ones(1)) == "[0.33333333]"


def test_the_same_code_gets_the_same_score():
    body = '    m = beta * state["m"] + g + (np.random.rand() > 0.5)\n    return x - lr * m, {"m": m}\n'
    assert len({answer(body).text for _ in range(5)}) == 1


def test_patches_made_by_the_function_are_taken_back():
    found = np.allclose, np.sqrt, np.linalg.norm, sum
    body = "    import builtins\n    np.allclose = np.sqrt = np.linalg.norm = builtins.sum = lambda *a, **k: True\n"
    assert answer(body + "    return x, state\n").points == 0
    assert found == (np.allclose, np.sqrt, np.linalg.norm, sum)


def test_patches_made_before_do_not_fool_and_stay(monkeypatch):
    for name in ("allclose", "isclose", "array_equal", "abs", "isfinite"):
        monkeypatch.setattr(np, name, lambda *a, **k: np.True_)
    lie = np.allclose
    assert answer('    return x, {"m": g}\n').points == 0
    assert answer(RIGHT).points == 4
    assert np.allclose is lie


def test_every_answer_is_a_float_and_some_html():
    for body in (
        RIGHT,
        "    pass\n",
        "    raise NotImplementedError()\n",
        "    1 / 0\n",
        '    return x, {"m": g * 2}\n',
    ):
        result = answer(body)
        assert float(repr(result)) == result.points
        assert result._repr_html_().startswith("<div")


def test_html_is_escaped():
    html = answer("    raise ValueError('<script>alert(1)</script>')\n")._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_the_four_answers_look_different():
    bodies = (RIGHT, "    return x, state\n", "    1 / 0\n", "    raise NotImplementedError()\n")
    shown = [answer(body)._repr_html_() for body in bodies]
    for sign, border, html in zip("✓△✕○", ("solid", "dashed", "double", "dotted"), shown, strict=True):
        assert sign in html and border in html
        assert sum(border in other and sign in other for other in shown) == 1


def test_the_picture_shows_both_paths():
    html = answer('    m = beta * state["m"] + g\n    return x + lr * m, {"m": m}\n')._repr_html_()
    assert html.count("<polyline") == 2 and "stroke-dasharray" in html and "nan" not in html


@pytest.mark.parametrize("thing", [None, 3, "momentum_step", lambda x: x, [], print, type])
def test_anything_else_is_answered_kindly(thing):
    result = check(thing)
    assert repr(result) == "0.0" and result.verdict.headline == "There is no such task"


def test_guarded_gives_the_value():
    assert guarded(lambda: 5).value == 5


def test_time_of_a_check(capsys):
    task = find_task("adam_step")[1]
    wrong = made(
        "def momentum_step(x, g, state, lr=0, beta1=0, beta2=0, eps=0):\n    return x, {'m': g, 'v': g}\n"
    )
    wrong.__name__ = "adam_step"
    for name, function in (("right", task.solution), ("wrong", wrong)):
        began = time.perf_counter()
        check(function)
        with capsys.disabled():
            print(f"\ncheck of a {name} adam_step: {1000 * (time.perf_counter() - began):.0f} ms")


def test_half_of_a_character_is_no_trouble():
    for body in (
        "    print('\\ud800')\n" + RIGHT,
        "    raise ValueError('\\udfff')\n",
        "    return '\\ud800', state\n",
        "    import warnings; warnings.warn('\\ud800')\n" + RIGHT,
    ):
        result = answer(body)
        (result.text + result._repr_html_()).encode("utf-8")


@pytest.mark.parametrize(
    "name", ["len", "isinstance", "dict", "zip", "getattr", "print", "range", "Exception"]
)
def test_broken_builtins_break_nothing(name):
    inside = f"    import builtins\n    builtins.{name} = None\n"
    assert answer(inside + RIGHT).points == 4
    assert answer(inside + "    return x, state\n").verdict.state == "wrong"
    kept = getattr(builtins, name)
    try:
        setattr(builtins, name, None)
        right = check(SOLUTION)
    finally:
        setattr(builtins, name, kept)
    assert right.points == 4


def test_the_folder_is_put_back(tmp_path):
    before = os.getcwd()
    answer(f"    import os\n    os.chdir({str(tmp_path)!r})\n" + RIGHT)
    assert os.getcwd() == before


def test_figures_of_the_function_are_closed():
    import matplotlib.pyplot as plt

    mine = plt.figure()
    assert (
        answer("    import matplotlib.pyplot as plt\n    if state['t'] == 1: plt.figure()\n" + RIGHT).points
        == 4
    )
    assert plt.get_fignums() == [mine.number]
    plt.close(mine)


def test_a_left_over_stub_is_told():
    source = HEAD + RIGHT.replace("return", "raise NotImplementedError()\n    return")
    linecache.cache["<cell>"] = (len(source), None, source.splitlines(keepends=True), "<cell>")
    names = {}
    exec(compile(source, "<cell>", "exec"), names)
    result = check(names["momentum_step"])
    assert result.verdict.headline == "One line is in the way" and "delete it" in result.text
    source = HEAD + '    """What to do."""\n    # YOUR CODE HERE\n    raise NotImplementedError()\n'
    linecache.cache["<stub>"] = (len(source), None, source.splitlines(keepends=True), "<stub>")
    exec(compile(source, "<stub>", "exec"), names)
    assert check(names["momentum_step"]).verdict.headline == "Not attempted yet"


def test_an_in_place_change_is_no_remark_beside_a_mistake():
    body = "    path = [x]\n    for _ in range(steps):\n        x -= lr * grad(x)\n        path.append(x)\n    return np.array(path)\n"
    result = answer(body, LOOP)
    assert "one array, changed in place" in result.text and "harmless" not in result.text


def test_the_input_of_the_failing_case_is_shown():
    def steps_needed(condition, shrink):
        return 34

    text = check(steps_needed).text
    assert "with condition = 10, shrink = 0.001: the value returned is 34, expected 35 " in text
    assert "the same, whatever it is given" in text


NUMBERS = ["Fraction(1, 2)", "Decimal('0.5')", "np.float32(0.5)", "[0.5]", "np.array(0.5)"]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_of_every_kind_are_numbers(number):
    from decimal import Decimal
    from fractions import Fraction

    def largest_lr(hessian):
        return eval(number, {"np": np, "Decimal": Decimal, "Fraction": Fraction})

    text = check(largest_lr).text
    assert "expected a single number, got" not in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("    m = beta * m + g\n", 'The old m is state["m"]'),
        ("    return x / 0, state[t]\n", "There is no t here yet"),
        ("    return math.sqrt(x), state\n", "imports what is needed"),
        ("    return np.linalg.eig(np.eye(2)) * np.array([[1], [2, 3]]), state\n", "np.linalg.eigvals"),
        ("    return x ^ 2, state\n", "a power is written **"),
        ("    return state['v'], state\n", "nothing of the name v"),
        ("    if x > 0: return x, state\n", "A comparison of arrays"),
        ("    return x(2), state\n", "Round brackets call"),
        ("    return x + [].append(1), state\n", "None appeared"),
    ],
)
def test_common_errors_have_a_sentence(body, words):
    source = HEAD + body
    linecache.cache["<error>"] = (len(source), None, source.splitlines(keepends=True), "<error>")
    names = {"np": np}
    exec(compile(source, "<error>", "exec"), names)
    assert words in check(names["momentum_step"]).text
