"""The repository that a class pulls."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from publish.student import FOLDERS, LICENCES, ROOT, main, make


@pytest.fixture
def course(tmp_path) -> Path:
    """A small course: two notebooks, as the real one has them."""
    folder = tmp_path / "course"
    for name in FOLDERS:
        (folder / name).mkdir(parents=True)
        shutil.copyfile(ROOT / name / "04_momentum.ipynb", folder / name / "04_momentum.ipynb")
    (folder / "solutions").mkdir()
    for name in LICENCES:
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def tracked(folder: Path) -> set[str]:
    return set(subprocess.check_output(["git", "ls-files"], cwd=folder, text=True).split())


def commits(folder: Path) -> int:
    return int(subprocess.check_output(["git", "rev-list", "--count", "HEAD"], cwd=folder, text=True))


def test_it_holds_every_lesson_and_exercise_and_no_solution(tmp_path):
    assert make(tmp_path / "class")
    notebooks = {f"{name}/{path.name}" for name in FOLDERS for path in (ROOT / name).glob("*.ipynb")}
    assert tracked(tmp_path / "class") == notebooks | {*LICENCES, "README.md", ".gitignore"}
    for path in notebooks:
        assert (tmp_path / "class" / path).read_bytes() == (ROOT / path).read_bytes()


def test_no_link_of_a_notebook_leads_out_of_it():
    for name in FOLDERS:
        for path in (ROOT / name).glob("*.ipynb"):
            links = re.findall(r"\]\((?![a-z]+:|#)([^)\s]+)\)", path.read_text("utf-8"))
            outside = {
                link
                for link in links
                if not re.fullmatch(r"(\.\./(notebooks|exercises)/)?\w+\.ipynb(#.*)?", link)
            }
            assert not {link for link in outside if link.endswith((".ipynb", ".md", ".py"))}, path.name


def test_a_later_run_brings_what_changed_as_one_commit_and_what_is_gone_goes(course, tmp_path):
    folder = tmp_path / "class"
    assert make(folder, course=course) and commits(folder) == 1
    assert not make(folder, course=course) and commits(folder) == 1
    (course / "notebooks" / "04_momentum.ipynb").rename(course / "notebooks" / "05_nesterov.ipynb")
    assert make(folder, course=course) and commits(folder) == 2
    assert "notebooks/05_nesterov.ipynb" in tracked(folder) and "notebooks/04_momentum.ipynb" not in tracked(
        folder
    )


def test_a_folder_with_other_things_is_left_alone(course, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="holds other things"):
        make(mine, course=course)
    with pytest.raises(SystemExit):
        main([str(mine)])
    assert "holds other things" in capsys.readouterr().err
    subprocess.run(["git", "init", "--quiet"], cwd=mine, check=True)
    with pytest.raises(ValueError, match="holds other things"):
        make(mine, course=course)
    assert sorted(path.name for path in mine.iterdir()) == [".git", "thesis.tex"]


def test_the_command_says_what_it_did(tmp_path, capsys):
    main([str(tmp_path / "class")])
    main([str(tmp_path / "class")])
    count = sum(len(list((ROOT / name).glob("*.ipynb"))) for name in FOLDERS)
    first, second = capsys.readouterr().out.splitlines()
    assert first.endswith(f"{count} notebooks, committed") and second.endswith("nothing has changed")
