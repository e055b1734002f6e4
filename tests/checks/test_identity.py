"""Whose a file is: the layouts of platforms, browsers and students, and names that only look different."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from course_lib.grade.identity import key, named, readable, same, slug, whose

CLASS = Path("/class/in")
LAYOUTS = {
    # nbgrader: the folder counts, whatever the file is called
    "submitted/eve/08_adam/08_adam.ipynb": ("eve", "08_adam"),
    "submitted/eve/08_adam/08_adam (1).ipynb": ("eve", "08_adam"),
    "submitted/eve/08_adam/08_adam-Copy1.ipynb": ("eve", "08_adam"),
    "submitted/eve/08_adam/final.ipynb": ("eve", "08_adam"),
    "submitted/eve/08_adam/bob_08_adam.ipynb": ("eve", "08_adam"),
    "submitted/00123/08_adam/my work.ipynb": ("00123", "08_adam"),
    # Moodle: a folder for each student, or all files in one
    "Ada Lovelace_123456_assignsubmission_file_/08_adam.ipynb": ("Ada Lovelace", "08_adam"),
    "Ada Lovelace_123456_assignsubmission_file/lab.ipynb": ("Ada Lovelace", None),
    "Bob Lee_4711_assignsubmission_file_exercises_04_momentum.ipynb": ("Bob Lee", "04_momentum"),
    "O'Brien_Mary Ann_77_assignsubmission_file_/sub/08_adam.ipynb": ("O'Brien_Mary Ann", "08_adam"),
    # Canvas: names without spaces, LATE, the number of a second attempt
    "lovelaceada_12345_67890_08_adam.ipynb": ("lovelaceada", "08_adam"),
    "lovelaceada_LATE_12345_67890_08_adam-1.ipynb": ("lovelaceada", "08_adam"),
    "lovelaceada_12345_67890_work/08_adam.ipynb": ("lovelaceada", "08_adam"),
    # a folder for each student
    "ada/exercises_08_adam.ipynb": ("ada", "08_adam"),
    "ada/exercises/08_adam.ipynb": ("ada", "08_adam"),
    "ada/homework (1).ipynb": ("ada", None),
    "ada/Untitled3.ipynb": ("ada", None),
    "ada/Copy of 08_adam.ipynb": ("ada", "08_adam"),
    "ada/08_adam_v2 final.ipynb": ("ada", "08_adam"),
    # everything in one folder
    "ada_08_adam.ipynb": ("ada", "08_adam"),
    "ada_08_adam (2).ipynb": ("ada", "08_adam"),
    "ada_08_adam_final.ipynb": ("ada", "08_adam"),
    "08_adam_ada.ipynb": ("ada", "08_adam"),
    "0012345-8-Adam.IPYNB": ("0012345", "08_adam"),
    "X_Y_08_adam.ipynb": ("X_Y", "08_adam"),
    "ada.ipynb": ("ada", None),
}


@pytest.mark.parametrize("path", LAYOUTS)
def test_layouts(path):
    found = named(CLASS / path, CLASS)
    assert (found.student, found.exercise) == LAYOUTS[path]
    if "/" not in path or path.startswith("submitted"):
        assert whose(CLASS / path) == LAYOUTS[path]


def test_a_class_folder_that_looks_like_a_platforms_file_is_nobody():
    folder = Path("/class/backup_2024_1105_x")
    assert named(folder / "ada_08_adam.ipynb", folder).student == "ada"
    assert whose(folder / "ada_08_adam.ipynb")[0] == "ada"


def test_what_platforms_tell_beside_the_name():
    assert named(Path("lovelaceada_LATE_12345_67890_x.ipynb")).late
    assert not named(Path("lovelaceada_12345_67890_x.ipynb")).late
    assert named(Path("lovelaceada_LATE_12345_67890_x.ipynb")).key == "12345"
    assert named(Path("Ada_4711_assignsubmission_file_/x.ipynb")).key == "4711"


def test_the_instructors_own_pattern_comes_first():
    file = CLASS / "submitted" / "eve" / "08_adam" / "g7 ada.ipynb"
    for pattern in (r"g\d+ (\w+)", r"g\d+ (?P<student>\w+)", r"(?<=g7 )\w+"):
        found = named(file, CLASS, re.compile(pattern))
        assert (found.student, found.by_pattern) == ("ada", True)
    assert named(file, CLASS, re.compile("nobody")).student == "eve"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ju\u0308rgen", "Jürgen"), ("ADA  Lovelace ", "ada lovelace"), ("ﬁona", "fiona"), ("STRASSE", "straße"),
     ("00123", "123"), ("Ada\u00a0L", "Ada L")],
)  # fmt: skip
def test_one_student_written_in_two_ways(one, other):
    assert same(one, other)


def test_two_students_stay_two():
    assert not same("X Y", "X_Y") and key("00123") != key("123") and not same("ada", "")
    pages = ["X Y", "X_Y", "X-Y", "XY", "(1)", "(2)", "Ä", "A", "x" * 249, "x" * 248, "..", "."]
    assert len({slug(name).casefold() for name in pages}) == len(pages)
    assert all(len(slug(name)) < 80 and "/" not in slug(name) for name in pages)
    assert slug("Ju\u0308rgen") == slug("Jürgen")


@pytest.mark.parametrize(
    ("name", "shown"),
    [("M\udcfcller", "Müller"), ("a\ud83db", "a?b"), ("two\nlines", "two lines"), ("\u202eevil", "evil"),
     ("Ju\u0308", "Jü")],
)  # fmt: skip
def test_names_that_no_page_could_hold(name, shown):
    assert readable(name) == shown
    readable(name).encode("utf-8")
