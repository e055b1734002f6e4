"""What is other for Python in a browser: no threads, no processes, no JupyterLab beside it. Simulated here.

`make test-pyodide` runs the same under Pyodide itself.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from course_lib import distribution, installation
from course_lib.grade.process import converse
from course_lib.live.block import cells
from publish.pyodide import wanted
from publish.wheel import ROOT

BROWSER = """
import json, sys, sysconfig, threading, warnings
sysconfig.get_config_vars()  # asks for a file of the platform's
sys.platform = "emscripten"
def refuse(thread): raise RuntimeError("can't start new thread")
threading.Thread.start = refuse
warnings.simplefilter("error")
"""
WORK = """
import logging, course_lib
said = {"fonts": logging.getLogger("matplotlib.font_manager").level}
from course_lib.installation import check_installation
from course_lib.live import explore_path
from course_lib.optimizers import GradientDescent
from course_lib.arguments import progress_bar
with progress_bar(3, "run") as bar:
    bar.update(3)
said["bar"] = bar.n
figure = explore_path(GradientDescent(), steps=5)
said["bundle"] = sorted(figure._repr_mimebundle_()[0])
report = check_installation()
said |= {"report": repr(report), "ok": report.ok}
print(json.dumps(said))
"""


def run(code):
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_without_threads_and_jupyterlab_everything_is_in_place():
    said = run(BROWSER + WORK)
    assert said["fonts"] == 40  # errors alone
    assert said["bar"] == 3  # without tqdm's warning that its monitor cannot start
    assert said["bundle"] == ["application/vnd.jupyter.widget-view+json", "text/plain"]
    assert said["ok"] and "numpy ≥ 2.0" in said["report"]


def test_elsewhere_a_figure_has_its_still():
    from course_lib.live import explore_stability

    assert "image/png" in explore_stability()._repr_mimebundle_()[0]


REQUIRED = ["numpy>=2.0", "jupyterlab>=4.4; sys_platform != 'emscripten'", "numpy<1.0", "no-such-package>=1"]


def test_requirements_are_read_with_their_markers(monkeypatch):
    monkeypatch.setattr(installation, "requirements", lambda: REQUIRED)
    rows = [installation._package(wanted) for wanted in installation._required()]
    assert [(what, fine) for what, _, fine in rows] == [
        ("numpy ≥ 2.0", True), ("jupyterlab ≥ 4.4", True), ("numpy <1.0", False), ("no-such-package ≥ 1", False)
    ]  # fmt: skip
    code = "from course_lib import installation\n"
    code += f"installation.requirements = lambda: {REQUIRED}\n"
    code += "print(json.dumps([wanted.name for wanted in installation._required()]))"
    assert run(BROWSER + code) == ["numpy", "numpy", "no-such-package"]


def test_the_advice_fits_the_place():
    failing = "from course_lib.installation import Report\n"
    shown = failing + "print(json.dumps(repr(Report((('numpy', 'not installed', False),)))))"
    assert "load this page anew" in run(BROWSER + shown)
    assert "make lab" in run("import json\n" + shown)


def test_a_course_that_is_not_installed_knows_its_version_and_requirements(monkeypatch, tmp_path):
    installed = distribution.version(), distribution.requirements()

    def absent(name):
        raise distribution.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(distribution.metadata, "version", absent)
    monkeypatch.setattr(distribution.metadata, "requires", absent)
    assert distribution.version() == installed[0]
    assert "numpy>=2.0" in distribution.requirements()
    monkeypatch.setattr(distribution, "_PROJECT", tmp_path / "pyproject.toml")
    assert (distribution.version(), distribution.requirements()) == ("unknown", [])


def test_a_grading_process_runs_the_same_course(tmp_path):
    """Found by sys.path alone, as a notebook's first cell may set it."""
    shutil.copytree(
        ROOT / "course_lib", tmp_path / "course_lib", ignore=shutil.ignore_patterns("__pycache__")
    )
    (tmp_path / "course_lib" / "where.py").write_text(
        "import json, os, sys\nos.write(int(sys.argv[1]), json.dumps({'where': __file__}).encode() + b'\\n')\n"
    )
    code = f"import json, sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    code += "from course_lib.grade.process import converse; print(json.dumps(converse('course_lib.where', {}, 60)))"
    assert run(code) == [{"where": str(tmp_path / "course_lib" / "where.py")}]
    assert converse("course_lib.nothing_here", {}, 60) == []


PARENT = {"metadata": {"cellId": "abc"}, "header": {"msg_id": "7"}}


class OneArgument:
    """ipykernel's form."""

    def get_parent(self, channel=None):
        return PARENT


class NoArgument:
    """The form of JupyterLite's kernel."""

    def get_parent(self):
        return PARENT


@pytest.mark.parametrize("kernel", [OneArgument(), NoArgument()])
def test_both_kernels_say_which_cell_runs(kernel, monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=kernel))
    assert cells._running_cell() == ("abc", "7")


def test_no_import_of_the_course_needs_what_a_browser_lacks():
    """psutil has no build for browsers; what it needs is imported where it is needed."""
    code = "from course_lib import checks, comparing, live, problems, running\n"
    code += "lacking = ('psutil', 'jupyterlab', 'ipykernel', 'joblib')\n"
    code += "print(json.dumps([name for name in lacking if name in sys.modules]))"
    assert run(BROWSER + code) == []


LOCK = {
    "info": {"version": "0.1"},
    "packages": {
        "matplotlib": {"name": "matplotlib", "depends": ["matplotlib-inline"]},
        "matplotlib_inline": {"name": "matplotlib_inline", "depends": []},
        "scipy": {"name": "scipy", "depends": ["openblas"]},
    },
}


def test_a_lock_gives_a_package_with_all_that_it_needs():
    assert [p["name"] for p in wanted(LOCK, ("matplotlib",))] == ["matplotlib", "matplotlib_inline"]
    with pytest.raises(RuntimeError, match=r"Pyodide 0\.1 has no package openblas"):
        wanted(LOCK, ("scipy",))
