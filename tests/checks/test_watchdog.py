"""Where no thread can be started, as in a browser, Python's events stop what does not end."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading

import numpy as np
import pytest

from course_lib.checks import watchdog
from course_lib.checks.guard import guarded
from course_lib.checks.watchdog import ByEvents, ByThread, Watchdog, on_duty

from .endless import DEAF, ENDLESS, HEAD

EVENTS = sys.version_info >= (3, 12)
with_events = pytest.mark.skipif(
    not EVENTS, reason="Python tells of events from 3.12 on; test-pyodide runs these"
)


@pytest.fixture
def no_threads(monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)


def made(body):
    names = {"np": np, "time": __import__("time"), "sys": sys}
    exec(HEAD + body, names)
    return lambda: names["descend"](lambda x: 2 * x, np.ones(2), 0.1, 3)


@with_events
@pytest.mark.parametrize("name", [*ENDLESS, *DEAF])
def test_events_stop_what_does_not_end(name, no_threads):
    outcome = guarded(made((ENDLESS | DEAF)[name]), 0.2)
    assert outcome.trouble.kind == "endless" and "after 0.2 seconds" in outcome.trouble.error
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [sys.monitoring.get_tool(tool) for tool in (3, 4)] == [None, None] and Watchdog.current is None


@with_events
def test_a_short_sleep_is_slept_once_and_a_right_answer_comes_back(no_threads):
    import time

    slept = []

    def answer():
        began = time.perf_counter()
        time.sleep(0.05)
        slept.append(time.perf_counter() - began)
        return 42

    assert guarded(answer, 5).value == 42 and 0.05 <= slept[0] < 0.1
    assert guarded(lambda: 1 / 0, 5).trouble.error == "ZeroDivisionError: division by zero"


@with_events
def test_one_guard_inside_another(no_threads):
    def both():
        inner = guarded(made("    while True: pass\n"), 0.1)
        return inner.trouble.error, sys.monitoring.get_tool(4)

    assert guarded(both, 5).value == ("it was still running after 0.1 seconds", "course_lib.checks")


@with_events
def test_an_interrupt_by_hand_is_told(no_threads):
    def answer():
        with contextlib.suppress(BaseException):
            signal.raise_signal(signal.SIGINT)
        while True:
            pass

    assert guarded(answer, 5).trouble.kind == "interrupted"


@with_events
def test_another_thread_is_left_alone():
    """Only the code that is watched is stopped, however late it is."""
    ended, go = [], threading.Event()
    thread = threading.Thread(target=lambda: (go.wait(5), ended.append(sum(k for k in range(10_000)))))
    thread.start()
    dog = ByEvents(0.0)
    dog.start()
    try:
        dog.armed = True
        go.set()
        thread.join()
    except watchdog.Stopped:
        dog.armed = False
    dog.armed = False
    thread.join()
    dog.stop()
    assert ended == [49_995_000] and dog.reason == "it was still running after 0 seconds"


def test_a_thread_is_the_first_choice():
    dog = on_duty(5)
    dog.stop()
    assert type(dog) is ByThread and Watchdog.current is None


def test_with_neither_the_code_runs_unwatched(no_threads, monkeypatch):
    monkeypatch.setattr(watchdog.sys, "version_info", (3, 11, 7))
    dog = on_duty(5)
    dog.stop()
    assert type(dog) is Watchdog and Watchdog.current is None
    assert guarded(lambda: 6 * 7).value == 42
