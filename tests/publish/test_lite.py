"""What JupyterLite's builder writes and refuses; the built site itself is looked at in the folder lite."""

import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest

from publish import pyodide
from publish.lite.build import SETTINGS, _configure, _gather
from publish.lite.compiled import _pack
from publish.lite.lock import digest, entry, merged, release, verified
from publish.lite.pairs import PAIRS, REQUIREMENTS

ROOT = Path(__file__).parents[2]


def wheel(folder, name="some_thing", requires=(), modules=("some_thing/__init__.py", "other.py")):
    path = folder / f"{name}-1.2-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for module in modules:
            archive.writestr(module, "")
        lines = "".join(f"Requires-Dist: {one}\n" for one in requires)
        archive.writestr(f"{name}-1.2.dist-info/METADATA", f"Name: {name}\nVersion: 1.2\n{lines}\n")
        archive.writestr(f"{name}-1.2.data/scripts/run.sh", "")
    return path


def row(name, *depends):
    return {
        "name": name,
        "depends": list(depends),
        "file_name": f"{name}-1.whl",
        "sha256": "",
        "version": "1",
    }


KERNEL = {name: row(name) for name in ("ipython", "comm", "jedi", "micropip")}


def lock(*rows):
    return {"info": {"version": "0"}, "packages": KERNEL | {one["name"]: one for one in rows}}


def test_an_entry_names_file_hash_imports_and_needs(tmp_path):
    path = wheel(
        tmp_path,
        requires=["NumPy>=2", "jupyterlab>=4; sys_platform != 'emscripten'", "pytest; extra == 'dev'"],
    )
    one = entry(path, "3.12.7")
    assert one["name"] == "some-thing" and one["version"] == "1.2" and one["file_name"] == path.name
    assert one["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert one["imports"] == ["other", "some_thing"]
    assert one["depends"] == ["numpy"]


def test_markers_are_judged_by_the_browsers_python(tmp_path):
    path = wheel(tmp_path, requires=["old; python_version < '3.13'", "new; python_version >= '3.13'"])
    assert entry(path, "3.12.7")["depends"] == ["old"]
    assert entry(path, "3.14.2")["depends"] == ["new"]


def test_what_the_page_brings_is_not_loaded(tmp_path):
    path = wheel(tmp_path, requires=["jupyterlab_widgets~=3.0", "widgetsnbextension~=4.0", "traitlets"])
    assert entry(path, "3.12.7")["depends"] == ["traitlets"]


def test_a_lock_has_what_the_course_needs_and_nothing_else():
    found = merged(lock(row("numpy"), row("scipy")), [row("course-lib", "numpy")])
    assert set(found) == {*KERNEL, "course-lib", "numpy"}


def test_a_lock_is_keyed_by_canonical_names():
    """Pyodide looks packages up by them: another key, and it loads nothing at all."""
    found = merged(lock(row("prompt_toolkit")), [row("course-lib", "prompt_toolkit")])
    assert "prompt-toolkit" in found and "prompt_toolkit" not in found


def test_our_wheel_takes_the_place_of_the_releases_but_keeps_its_needs():
    ours = row("ipython", "pexpect") | {"file_name": "ours.whl"}
    found = merged(lock(), [row("course-lib"), ours])
    assert found["ipython"]["file_name"] == "ours.whl" and found["ipython"]["depends"] == []


def test_parts_of_python_are_taken_where_a_release_has_them_apart():
    older = merged(lock(row("sqlite3"), row("ssl")), [row("course-lib")])
    assert {"sqlite3", "ssl"} <= set(older), "the kernel waits for them for ever"
    assert not {"sqlite3", "ssl"} & set(merged(lock(), [row("course-lib")]))


def test_what_is_nowhere_is_named():
    with pytest.raises(RuntimeError, match="no package psutil"):
        merged(lock(), [row("course-lib", "psutil")])


def test_a_changed_byte_is_refused(tmp_path):
    path = tmp_path / "numpy-2.whl"
    path.write_bytes(b"numpy")
    assert verified(path, digest(path)) == path
    good = digest(path)
    path.write_bytes(b"numpz")
    with pytest.raises(
        RuntimeError, match=rf"numpy-2.whl has the SHA-256 {digest(path)}, expected {good}: not used"
    ):
        verified(path, good)
    with pytest.raises(RuntimeError, match=r"numpy-3.whl is missing in"):
        verified(tmp_path / "numpy-3.whl", good)


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_every_version_is_pinned(pair):
    lines = [line for line in pair.wheels.read_text().splitlines() if line and line[0] != "#"]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}", line) for line in lines), lines
    lines = [line for line in (REQUIREMENTS / f"{pair.name}.txt").read_text().splitlines() if line[0] != "#"]
    assert all(re.fullmatch(r"[\w-]+==[\d.]+", line) for line in lines), lines


def test_the_widgets_of_page_and_python_are_of_one_release():
    """The page's ipywidgets and the kernel's speak to each other."""
    for pair in PAIRS.values():
        page = re.search(r"ipywidgets==(\S+)", (REQUIREMENTS / f"{pair.name}.txt").read_text())
        kernel = re.search(r"ipywidgets==(\S+)", pair.wheels.read_text())
        assert page[1] == kernel[1]


def test_another_environment_than_the_builders_is_refused(monkeypatch):
    monkeypatch.setattr("publish.lite.pairs.metadata.version", lambda name: "0.0")
    with pytest.raises(RuntimeError, match=r"jupyterlite-core 0.6.4, here it is 0.0: pip install"):
        PAIRS["test"].check_builder()


def test_the_reader_is_told_what_is_true():
    """The help names the seconds that the builder and the checks keep to."""
    from course_lib.checks.guard import SECONDS

    page = re.sub(r'" \+\s*"', "", (ROOT / "publish" / "lite" / "page" / "page.js").read_text())
    assert SECONDS == 3 and "stop an endless loop themselves, after three seconds" in page
    saved = SETTINGS["@jupyterlab/docmanager-extension:plugin"]["autosaveInterval"]
    assert f"saved every {saved} seconds" in page
    assert pyodide.VERSION not in page, "the builder writes the version into the page"


def test_jupyterlab_is_set_up_as_everywhere_else(tmp_path):
    """Links into a lesson land on their heading with our windowing alone."""
    _configure(PAIRS["test"], tmp_path)
    here = json.loads((tmp_path / "overrides.json").read_text())
    everywhere = json.loads((ROOT / "jupyter" / "labconfig" / "default_setting_overrides.json").read_text())
    assert here == everywhere | SETTINGS and not everywhere.keys() & SETTINGS.keys()
    assert here["@jupyterlab/notebook-extension:tracker"]["windowingMode"] == "defer"


def test_compiled_packages_come_from_the_folder_or_stay_where_they_are(tmp_path):
    known = row("numpy") | {"sha256": digest(wheel(tmp_path, "numpy"))}
    known["file_name"] = "numpy-1.2-py3-none-any.whl"
    packages, wheels = {"numpy": dict(known)}, {}
    _gather(packages, wheels, tmp_path, "")
    assert wheels == {known["file_name"]: tmp_path / known["file_name"]} and packages == {"numpy": known}

    wheels = {}
    _gather(packages, wheels, None, "https://pyodide.test/full/")
    assert (
        packages["numpy"]["file_name"] == "https://pyodide.test/full/numpy-1.2-py3-none-any.whl"
        and not wheels
    )

    (tmp_path / known["file_name"]).write_bytes(b"another release")
    with pytest.raises(RuntimeError, match="not used"):
        _gather({"numpy": dict(known)}, {}, tmp_path, "")


def test_byte_code_is_named_in_the_wheels_own_list(tmp_path):
    folder = tmp_path / "unpacked"
    (folder / "some" / "__pycache__").mkdir(parents=True)
    (folder / "some" / "__pycache__" / "a.cpython-312.pyc").write_bytes(b"code")
    (folder / "some-1.dist-info").mkdir()
    (folder / "some-1.dist-info" / "RECORD").write_text("some/a.py,,\n")
    _pack(folder, tmp_path / "one" / "some-1.whl")
    _pack(folder, tmp_path / "two" / "some-1.whl")
    with zipfile.ZipFile(tmp_path / "one" / "some-1.whl") as archive:
        record = archive.read("some-1.dist-info/RECORD").decode()
        assert archive.read("some/__pycache__/a.cpython-312.pyc") == b"code"
    assert "some/__pycache__/a.cpython-312.pyc,sha256=" in record and record.startswith("some/a.py,,\n")


def test_the_release_is_what_pyodide_compares():
    """Newer locks name no version: to ask for one would tell every reader that the site is broken."""
    assert release({"info": {"version": "0.27.7", "abi_version": "2024_0"}}) == "0.27.7"
    assert release({"info": {"abi_version": "2026_0"}}) == "2026_0"
