"""Who is in the class, what lies in its archives, and which of several files counts."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from course_lib.grade import collect, roster
from course_lib.grade.collect import collected
from course_lib.grade.identity import named
from course_lib.grade.record import Journal, Row, TaskRow, chosen, digest

MOODLE = "Identifier,Full name,Email address,Status,Grade\nParticipant 4711,Ada Lovelace,ada@x.org,,\n"
CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,08_adam (99)\n"    Points Possible",,,,,12\n'
    '"Lovelace, Ada",12345,00123,alo,A,\n"Meier, Jürgen",12346,00124,jme,A,\n'
)
LISTS = {
    "moodle": (MOODLE, "ada@x.org", "4711"),
    "canvas": (CANVAS, "00123", "12345"),
    "nbgrader": ("id,first_name,last_name,email\n00123,Ada,Lovelace,ada@x.org\n", "00123", ""),
    "excel": ("\ufeffMatrikelnummer;Nachname;Vorname\n00123;Lovelace;Ada\n", "00123", ""),
    "tabs": ("Student ID\tName\n00123\tAda Lovelace\n", "00123", ""),
    "names alone": ("name\nAda Lovelace\n", "Ada Lovelace", ""),
}


@pytest.mark.parametrize("kind", LISTS)
def test_lists_of_every_office(kind, tmp_path):
    text, number, key = LISTS[kind]
    file = tmp_path / "class.csv"
    file.write_text(text, "utf-8")
    ada = roster.read(file).students[0]
    assert (ada.id, ada.name.replace("Lovelace, Ada", "Ada Lovelace"), ada.key) == (
        number,
        "Ada Lovelace",
        key,
    )


def test_a_list_in_windows_letters_or_in_utf_16(tmp_path):
    for encoding in ("cp1252", "utf-16", "utf-8-sig"):
        file = tmp_path / f"{encoding}.csv"
        file.write_bytes("id;name\n1;Jürgen\n".encode(encoding))
        assert roster.read(file).students[0].name == "Jürgen"


@pytest.mark.parametrize(
    ("text", "said"),
    [("colour,size\nred,3\n", "none of the columns"), ("id,name\n", "no student"),
     ("id\n1\n01\n1\n", "more than one line for 1"),
     ("", "none of the columns")],
)  # fmt: skip
def test_a_list_without_students_is_refused(text, said, tmp_path):
    (tmp_path / "class.csv").write_text(text)
    with pytest.raises(ValueError, match=said):
        roster.read(tmp_path / "class.csv")


@pytest.mark.parametrize(
    ("path", "number"),
    [("lovelaceada_12345_67890_08_adam.ipynb", "00123"), ("Ada Lovelace_7_assignsubmission_file_/x.ipynb", "00123"),
     ("00123/08_adam.ipynb", "00123"), ("group 1/123_08_adam.ipynb", "00123"), ("group 1/00123/work.ipynb", "00123"),
     ("ALO_08_adam.ipynb", None), ("meierju\u0308rgen_08_adam.ipynb", "00124"), ("Lovelace Ada_08_adam.ipynb", "00123"),
     ("eve_08_adam.ipynb", None)],
)  # fmt: skip
def test_who_of_the_list_it_is(path, number, tmp_path):
    (tmp_path / "class.csv").write_text(CANVAS, "utf-8")
    found = roster.read(tmp_path / "class.csv").find(named(Path("/in", path), Path("/in")))
    assert (found and found.id) == number


def test_two_of_one_name_are_not_guessed(tmp_path):
    (tmp_path / "class.csv").write_text("id,name\n1,Ada Lovelace\n2,Ada Lovelace\n")
    known = roster.read(tmp_path / "class.csv")
    assert known.find(named(Path("Ada Lovelace_08_adam.ipynb"))) is None
    assert [s.id for s in known.missing(["2"])] == ["1"]


# -- archives and folders -----------------------------------------------------------------------------------


def archive(file: Path, *names: str, text: str = "{}") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as members:
        for name in names:
            members.writestr(name, text)
    return file


def found_in(folder: Path, out: Path) -> dict[str, str]:
    """Student by file name."""
    return {file.name: named(file, inside).student for file, inside in collected([folder], out).files}


def test_hidden_files_and_what_is_no_submission_are_left_out(tmp_path):
    folder = tmp_path / "in"
    for name in ("ada/08_adam.ipynb", "ada/.ipynb_checkpoints/08_adam-checkpoint.ipynb", "__MACOSX/ada/x.ipynb",
                 "ada/._08_adam.ipynb", "bob/08_adam.IPYNB", "bob/notes.txt", "bob/all.rar"):  # fmt: skip
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    found = collected([folder], tmp_path / "out")
    assert [file.name for file, _ in found.files] == ["08_adam.ipynb", "08_adam.IPYNB"]
    assert found.skipped == ["in/bob/all.rar: this archive is not unpacked; unpack it by hand"]


def test_archives_of_a_class_and_of_a_student(tmp_path):
    moodle, folder = tmp_path / "course-lab 8-4711.zip", tmp_path / "in"
    archive(
        moodle,
        "Ada Lovelace_1_assignsubmission_file_/08_adam.ipynb",
        "Bob_2_assignsubmission_file_/08_adam (1).ipynb",
    )
    assert found_in(moodle, tmp_path / "a") == {"08_adam.ipynb": "Ada Lovelace", "08_adam (1).ipynb": "Bob"}
    archive(folder / "carl" / "homework.zip", "my folder/08_adam_v2.ipynb", "my folder/data.csv")
    archive(folder / "dora_12345_67890_work.zip", "work/08_adam.ipynb")
    assert found_in(folder, tmp_path / "b") == {"08_adam_v2.ipynb": "carl", "08_adam.ipynb": "dora"}


def test_archives_in_the_archive_of_a_class(tmp_path):
    inner = archive(tmp_path / "inner.zip", "hw/08_adam.ipynb").read_bytes()
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as members:
        for name in ("Ada_1_assignsubmission_file_/work.zip", "bob_08_adam.zip", "carl_12345_67890_all.zip"):
            members.writestr(name, inner)
        members.writestr("dora/all.7z", "")
    found = collected([tmp_path / "class.zip"], tmp_path / "out")
    assert sorted(named(file, inside).student for file, inside in found.files) == ["Ada", "bob", "carl"]
    assert len(found.skipped) == 1 and "dora/all.7z" in found.skipped[0]


def test_an_archive_leads_nowhere_and_fills_no_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(collect, "LARGEST_MEMBER", 10_000)
    monkeypatch.setattr(collect, "LARGEST_ARCHIVE", 25_000)
    bad = [
        archive(
            tmp_path / "out.zip", "../../evil.ipynb", "/etc/evil.ipynb", "C:\\evil.ipynb", "..\\evil.ipynb"
        ),
        archive(tmp_path / "bomb.zip", "bomb.ipynb", text="0" * 20_000),
        archive(tmp_path / "many.zip", "a.ipynb", "b.ipynb", text="0" * 20_000),
        archive(tmp_path / "empty.zip", "readme.txt"),
        archive(tmp_path / "mac.zip", "__MACOSX/._a.ipynb", ".a.ipynb"),
    ]
    (tmp_path / "cut.zip").write_bytes(bad[0].read_bytes()[:50])
    link = zipfile.ZipInfo("link.ipynb")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as members:
        members.writestr(link, "/etc/passwd")
    found = collected([*bad, tmp_path / "cut.zip", tmp_path / "link.zip"], tmp_path / "unpacked")
    assert found.files == [] and not list(tmp_path.rglob("evil*"))
    words = " ".join(found.skipped)
    assert words.count("leads out of it") == 4 and words.count("no notebook") == 3
    assert "too large" in words and "cannot be unpacked" in words


def test_a_member_that_lies_about_its_size_is_cut(tmp_path):
    file = archive(tmp_path / "lies.zip", "a.ipynb", text="0" * 1000)
    raw = file.read_bytes()
    file.write_bytes(raw.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    found = collected([file], tmp_path / "out")
    assert found.skipped or os.path.getsize(found.files[0][0]) == 10


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        collected([tmp_path / "nowhere"], tmp_path / "out")


# -- several files, and the journal -------------------------------------------------------------------------


def row(student: str, file: str, points: float, when: float = 0.0, **more) -> Row:
    return Row(student, file, "08_adam", (TaskRow("adam_step", points, 4, "right"),), when=when, **more)


def test_several_files_of_a_student_by_rule():
    rows = [
        row("Ada", "a", 3, 1.0),
        row("ada", "b", 2, 2.0),
        row("bob", "c", 1, 3.0),
        row("Ju\u0308", "d", 1),
        row("JÜ", "e", 4),
    ]
    assert [r.file for r in chosen(rows, "last")] == ["b", "c", "d"]
    best = chosen(rows, "best")
    assert [r.file for r in best] == ["a", "c", "e"]
    assert best[0].remarks == ("the best of 2 files; not counted: b (2 points)",) and best[1].remarks == ()
    assert [r.remarks for r in chosen(rows, "all")].count(("one of 2 files of this student",)) == 4


def test_a_journal_survives_being_cut_off(tmp_path):
    journal = Journal.opened(tmp_path, keep=False)
    for one in (row("ada", "a", 1), row("bob", "b", 2), row("ada", "a", 3)):
        journal.add(one)
    with journal.file.open("a") as out:
        out.write('{"student": "car')
    again = Journal.opened(tmp_path, keep=True)
    assert again.rows == {"a": row("ada", "a", 3), "b": row("bob", "b", 2)}
    assert Journal.opened(tmp_path, keep=True).rows == again.rows
    assert Journal.opened(tmp_path, keep=False).rows == {}
    assert (
        len((tmp_path / "journal.before.jsonl").read_text().splitlines()) == 2
    )  # what was graded before is not lost


def test_a_changed_file_is_graded_again(tmp_path):
    file = tmp_path / "a.ipynb"
    file.write_text("1")
    journal = Journal.opened(tmp_path, keep=False)
    journal.add(replace(row("ada", str(file), 1), digest="other"))
    assert not journal.has(file)
    journal.add(replace(row("ada", str(file), 1), digest=digest(file)))
    assert journal.has(file)
