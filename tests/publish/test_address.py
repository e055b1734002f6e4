"""The public address stands in three files, the same in each, or in none."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from publish.address import FILES, ROOT, Address, block, current, main, write, written

NAMES = (*FILES, "CITATION.cff")


@pytest.fixture
def copy(tmp_path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    write(None, tmp_path)
    return tmp_path


def texts(root: Path) -> dict[str, str]:
    return {name: (root / name).read_text("utf-8") for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_the_repository_is_one_address_or_none(name):
    text = (ROOT / name).read_text("utf-8")
    assert written(name, text, current()) == text


def test_written_twice_changes_once_and_taken_out_again_leaves_nothing(copy):
    before, address = texts(copy), Address("ada", "optimizers")
    assert current(copy) is None
    assert sorted(write(address, copy)) == sorted(NAMES)
    assert write(address, copy) == [] and current(copy) == address
    for text in texts(copy).values():
        assert "github.com/ada/optimizers" in text and "https://ada.github.io/optimizers/" in text
    write(Address("grace", "descent"), copy)
    assert not any("ada" in text for text in texts(copy).values())
    write(None, copy)
    assert texts(copy) == before


def test_the_citation_stays_one_that_can_be_read(copy):
    write(Address("ada", "optimizers"), copy)
    found = yaml.safe_load((copy / "CITATION.cff").read_text("utf-8"))
    assert found["repository-code"] == "https://github.com/ada/optimizers"
    assert found["url"] == "https://ada.github.io/optimizers/"
    assert {"cff-version", "message", "title", "authors", "license"} <= found.keys()


def test_every_link_of_the_block_opens_a_notebook_that_exists():
    links = re.findall(r"\]\((\S+?)\)", block(Address("ada", "optimizers")))
    assert len(links) == len(set(links)) == 6
    named = [re.search(r"notebooks/\w+\.ipynb", link) for link in links]
    paths = [found[0] for found in named if found]
    assert len(paths) == 3 and all((ROOT / path).is_file() for path in paths)


BAD = 'ada ada/ /optimizers ada/a/b -ada/x a--b/x ada/.. ada/x.git https://github.com/ada/x ada/x) ada/x"'


@pytest.mark.parametrize("text", [*BAD.split(), "ada/x y", "a" * 40 + "/x"])
def test_a_name_that_github_does_not_allow_is_refused_and_nothing_written(text, copy, monkeypatch, capsys):
    monkeypatch.setattr("publish.address.ROOT", copy)
    before = texts(copy)
    with pytest.raises(SystemExit):
        main(["--", text])
    assert "allowed" in (said := capsys.readouterr().err) or "OWNER/NAME" in said or "without" in said
    assert texts(copy) == before


def test_a_file_without_its_marks_is_named_and_no_other_is_written(copy):
    (copy / "README.md").write_text("# No marks\n", "utf-8")
    before = texts(copy)
    with pytest.raises(ValueError, match=r"README\.md must hold the lines"):
        write(Address("ada", "optimizers"), copy)
    assert texts(copy) == before


def test_the_owner_is_small_in_the_sites_name_and_a_site_of_its_own_has_no_folder():
    assert Address("Ada", "X").site == "https://ada.github.io/X/"
    assert Address("Ada", "ada.github.io").site == "https://ada.github.io/"
