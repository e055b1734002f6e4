"""The notebooks' copies for Colab."""

from __future__ import annotations

import re
import shutil

import nbformat
import pytest

from publish.address import ROOT, Address
from publish.colab import FOLDERS, install, main, make

ADDRESS = Address("ada", "optimizers")
WHEEL = "course_lib-0.1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colab")
    (folder / WHEEL).write_bytes(b"a wheel")
    make(ADDRESS, folder / WHEEL, folder / "out")
    return folder / "out"


def test_there_is_a_copy_of_each_and_the_wheel_beside_them(made):
    names = {f"{folder}/{path.name}" for folder in FOLDERS for path in (ROOT / folder).glob("*.ipynb")}
    assert {path.relative_to(made).as_posix() for path in made.rglob("*.*")} == names | {WHEEL}


def test_a_copy_is_the_original_with_one_cell_more_and_other_links(made):
    for folder in FOLDERS:
        for path in (ROOT / folder).glob("*.ipynb"):
            original, copy = nbformat.read(path, 4), nbformat.read(made / folder / path.name, 4)
            nbformat.validate(copy)
            first = copy.cells.pop(1)
            assert first.source == install(f"https://ada.github.io/optimizers/colab/{WHEEL}")
            assert len(copy.cells) == len(original.cells)
            for old, new in zip(original.cells, copy.cells, strict=True):
                plain = [re.sub(r"\]\([^)]*\)", "", cell.source) for cell in (old, new)]
                assert plain[0] == plain[1] and old.id == new.id
                if old.cell_type == "code":
                    assert old.source == new.source


def test_every_link_to_a_notebook_leads_to_a_copy(made):
    beginning = ADDRESS.colab("")
    count = 0
    for path in made.rglob("*.ipynb"):
        text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
        for link in re.findall(r"\]\(([^)\s]+\.ipynb)(?:#[^)]*)?\)", text):
            assert link.startswith(beginning) and (made / link.removeprefix(beginning)).is_file(), (
                path.name,
                link,
            )
            count += 1
    assert count > 40


def test_colabs_own_packages_are_not_replaced():
    line = install("W").splitlines()[-1]
    assert line == "%pip install --quiet --no-deps anywidget psygnal W"


def test_without_a_wheel_or_an_address_it_says_what_to_do(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("publish.colab.WHEELS", tmp_path)
    with pytest.raises(SystemExit):
        main([])
    assert "publish.wheel" in capsys.readouterr().err
    shutil.copyfile(__file__, tmp_path / WHEEL)
    monkeypatch.setattr("publish.colab.current", lambda: None)
    with pytest.raises(SystemExit):
        main([])
    assert "publish.address" in capsys.readouterr().err
