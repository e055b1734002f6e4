"""The wheel under Pyodide, in node: `make test-pyodide`. Timings are printed, not judged."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from course_lib.optimizers import Adam
from course_lib.running import simulate
from publish.pyodide import fetch
from publish.wheel import ROOT, build
from tests.checks.endless import DEAF, ENDLESS

from .work import batch

FILES = ("tests/checks/endless.py", "tests/publish/pyodide/work.py")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    node = shutil.which("node")
    assert node, "node is not there: install Node.js 20 or newer"
    pyodide, wheels = fetch()
    together = Path(shutil.copytree(wheels, tmp_path_factory.mktemp("pyodide") / "wheels"))
    build(together)
    return subprocess.run(
        [node, Path(__file__).with_name("run.mjs"), f"{pyodide}/", together, ROOT, *FILES],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def said(ran):
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_it_is_pyodide_and_nothing_alarms(ran, said, capsys):
    assert said["platform"] == "emscripten" and said["python"].startswith("3.12")
    assert ran.stderr == ""  # no word about fonts, no warning
    with capsys.disabled():
        print(*(f"\n{part}: {seconds:.2f} s" for part, seconds in said["seconds"].items()))
        print(f"a message: {said['milliseconds of a message']:.1f} ms")


def test_the_numbers_are_the_same_as_here(said):
    assert said["loss"] == pytest.approx(
        simulate(Adam(lr=0.1), "rosenbrock", steps=200).final_loss, rel=1e-12
    )
    assert said["batch"] == batch()
    assert said["sum of the file"] == sum(range(8000))


def test_a_figure_answers_and_leaves_no_still(said):
    assert said["alt"].startswith("GradientDescent, lr 0.002: loss ")
    assert said["bundle"] == ["application/vnd.jupyter.widget-view+json", "text/plain"]


def test_matplotlib_draws(said):
    assert bytes.fromhex(said["png"]) == b"\x89PNG"


def test_runs_side_by_side_run_one_after_the_other(said):
    assert said["runs"] == 2


def test_the_installation_is_in_place(said):
    """But for matplotlib: this Pyodide has 3.8, the course asks for 3.9; the published one has 3.10."""
    assert said["not ok"] == ["matplotlib ≥ 3.9"]


def test_answers_are_judged(said):
    points, headline, text = said["wrong"]
    assert said["right"] == 4 > points
    assert headline == "Not yet right" and "a step uphill" in text


@pytest.mark.parametrize("name", [*ENDLESS, *DEAF])
def test_what_does_not_end_is_stopped(said, name):
    kind, seconds = said["endless"][name]
    assert kind == "endless"
    print(f"{name}: {seconds:.2f} s")
