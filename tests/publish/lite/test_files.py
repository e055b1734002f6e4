"""The built site as files: the lock is true of them, they are compiled, and they load nothing from elsewhere."""

import json
import re
import zipfile

import pytest

from publish.lite.lock import digest
from publish.lite.pairs import PAIRS as VERSIONS

from .conftest import BUILD

SCHEMAS = ("all.json", "all_federated.json")
PAIRS = ["lite-test", "lite-publish"]


@pytest.fixture(params=PAIRS)
def built(request):
    return BUILD / request.param


def packages(folder):
    """The lock's entries whose file is in the site."""
    lock = json.loads((folder / "static" / "pyodide" / "pyodide-lock.json").read_text())
    return [one for one in lock["packages"].values() if "://" not in one["file_name"]]


def test_the_lock_is_true_of_the_files(built):
    static = built / "static" / "pyodide"
    here = {one["file_name"]: one["sha256"] for one in packages(built)}
    assert {path.name for path in static.glob("*.whl")} == {name for name in here if name.endswith(".whl")}
    assert {name: digest(static / name) for name in here} == here


def test_every_package_brings_its_byte_code(built):
    for one in packages(built):
        if one["file_name"].endswith(".zip"):
            continue  # OpenSSL, which is no Python
        with zipfile.ZipFile(built / "static" / "pyodide" / one["file_name"]) as archive:
            sources = [name for name in archive.namelist() if name.endswith(".py")]
            code = [name for name in archive.namelist() if name.endswith(".pyc")]
        assert len(code) >= 0.9 * len(sources), one["name"]  # some packages bring sources for other Pythons


def test_only_compiled_packages_of_the_published_pair_lie_elsewhere():
    lock = json.loads((BUILD / "lite-publish" / "static" / "pyodide" / "pyodide-lock.json").read_text())
    away = {name for name, one in lock["packages"].items() if "://" in one["file_name"]}
    assert away == {"contourpy", "kiwisolver", "matplotlib", "numpy", "pillow"}
    version = f"/v{VERSIONS['publish'].version}/"
    assert all(version in lock["packages"][name]["file_name"] for name in away), (
        "the kernel's Pyodide is another"
    )
    lock = json.loads((BUILD / "lite-test" / "static" / "pyodide" / "pyodide-lock.json").read_text())
    assert "://" not in json.dumps(lock["packages"])


def test_readers_get_lessons_and_exercises_without_solutions(built):
    assert {path.name for path in (built / "files").iterdir()} == {"notebooks", "exercises"}
    assert len(list((built / "files" / "notebooks").glob("*.ipynb"))) >= 21
    assert not list(built.rglob("solutions"))


def test_the_course_has_set_only_what_this_jupyterlab_knows(built):
    schemas = [json.loads((built / "build" / "schemas" / name).read_text()) for name in SCHEMAS]
    known = {one["id"]: one["schema"].get("properties", {}) for some in schemas for one in some}
    for plugin, values in json.loads((built / "overrides.json").read_text()).items():
        assert values.keys() <= known[plugin].keys(), plugin
        for name, value in values.items():
            choices = known[plugin][name].get("oneOf") or known[plugin][name].get("enum")
            assert not choices or value in [c["const"] if isinstance(c, dict) else c for c in choices], name


def test_the_page_loads_nothing_from_other_hosts(built):
    assert "://" not in (built / "jupyter-lite.json").read_text()
    assert not re.findall(
        r"""(?:src|href)\s*=\s*["'](?:\w+:)?//""", (built / "lab" / "index.html").read_text()
    )
    assert "://" not in (built / "course" / "page.js").read_text()
