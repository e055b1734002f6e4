"""The class's page, the tables and the command line, with scores that are made up."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from course_lib.checks.exercises import all_exercises
from course_lib.checks.result import Result
from course_lib.checks.tasks import Verdict
from course_lib.grade import __main__ as command
from course_lib.grade import roster
from course_lib.grade.alike import alike, remarked, tokens
from course_lib.grade.batch import Score
from course_lib.grade.classes import counted, write_counts
from course_lib.grade.identity import named, whose
from course_lib.grade.record import JOURNAL, Row, TaskRow, row_of
from course_lib.grade.report import write_class_page
from course_lib.grade.submission import Submission
from course_lib.grade.tables import harmless, write_for_canvas, write_for_moodle, write_grades

ADAM = next(e for e in all_exercises() if e.name == "08_adam")
SECTION = "lesson 08, section 5, bias correction, step by step"


def row(student: str, *states: str, mistake: str = "only v is corrected", **more) -> Row:
    """A row of exercise 08; tasks that are not given were left out."""
    states = (*states, *["unattempted"] * (5 - len(states)))
    tasks = tuple(
        TaskRow(t.name, t.points * (s == "right"), t.points, s, "Not yet right", mistake * (s == "wrong"), SECTION)
        for t, s in zip(ADAM.tasks, states, strict=True)
    )  # fmt: skip
    return Row(student, f"{student}.ipynb", "08_adam", tasks, **more)


CLASS = [row("ada", *["right"] * 5), row("bob", "wrong", "right"), row("eve", "wrong", "raised"), row("zoe")]


def test_counts():
    (one,) = counted(CLASS, {"08_adam": 2})
    assert (one.handed_in, one.missing, one.median, one.of) == (4, 2, 1.5, 12)
    first, second, *_ = one.tasks
    assert (first.solved, first.attempted, first.left_out) == (1, 2, 1)
    assert (second.solved, second.attempted, second.left_out, second.raised) == (2, 1, 1, 1)
    (often,) = one.to_discuss
    assert (often.name, often.count, often.reread, often.why) == (
        "only v is corrected", 2, SECTION, "m starts at zero too.",
    )  # fmt: skip
    assert [t.name for t in one.left_out] == [t.name for t in ADAM.tasks[2:]]


def test_what_a_single_student_got_wrong_is_not_discussed():
    (one,) = counted([*CLASS, row("kim", "wrong", mistake="no bias correction")])
    assert [m.name for m in one.tasks[0].mistakes] == ["only v is corrected", "no bias correction"]
    assert [m.name for m in one.to_discuss] == ["only v is corrected"]


NAMES = ("Quirinus Zyx", "x.y+9981@mail.example", "</title><script>alert(1)</script>", "mistake", "0099812")


def test_what_cannot_be_read_is_counted_and_not_missing(tmp_path):
    (one,) = counted([*CLASS, Row("odd", "odd_08_adam.ipynb", "08_adam")])
    assert (one.handed_in, one.unread, one.tasks[0].left_out) == (5, 1, 1)


def test_no_student_is_on_the_page_of_the_class(tmp_path):
    """Not from the rows, nor from what a function printed, raised or was called."""
    rows = [
        row(n, "wrong", "raised", name=n, remarks=(f"like {n}",), key="998877", page=f"{n}.html")
        for n in NAMES[:3]
    ]
    write_class_page(counted(rows), tmp_path / "class.html")
    write_counts(counted(rows), tmp_path / "class.csv")
    for text in ((tmp_path / "class.html").read_text(), (tmp_path / "class.csv").read_text()):
        assert "only v is corrected" in text
        for word in ("Quirinus", "Zyx", "9981", "mail.example", "script", "998877", ".ipynb,"):
            assert word not in text


def test_what_a_student_wrote_does_not_come_to_the_page(tmp_path):
    score = made_up(tmp_path / "Quirinus_08_adam.ipynb", 0, lines=["ValueError: I am Quirinus Zyx"])
    (tmp_path / "Quirinus_08_adam.ipynb").write_text("{}")
    write_class_page(counted([row_of(score, named(score.submission.file))]), tmp_path / "class.html")
    assert "Quirinus" not in (tmp_path / "class.html").read_text()


def test_links_of_the_page_lead_to_the_section(tmp_path):
    write_class_page(counted(CLASS), tmp_path / "a.html", "https://x.org/course")
    assert (
        'href="https://x.org/course/notebooks/08_adam.html#notebooks-08-adam-cell-'
        in (tmp_path / "a.html").read_text()
    )
    write_class_page(counted(CLASS), tmp_path / "b.html")
    (target,) = set(re.findall(r'href="([^"#]+)#cell-id=', (tmp_path / "b.html").read_text()))
    assert (tmp_path / target).resolve().name == "08_adam.ipynb" and (tmp_path / target).resolve().exists()


def table(file: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with file.open(encoding=encoding, newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_table_for_people(tmp_path):
    evil = row("=HYPERLINK(1)", "wrong", remarks=("@sum", 'a "quoted", remark\nand more'))
    write_grades([row("00123", "right"), row("Jürgen"), evil], tmp_path / "grades.csv")
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    first, second, third = table(tmp_path / "grades.csv")
    assert (first["student"], first["adam_step"], first["adam_step mistake"]) == ("00123", "4", "")
    assert (second["student"], second["points"], second["adam_step mistake"]) == (
        "Jürgen",
        "0",
        "not attempted",
    )
    assert third["student"] == "'=HYPERLINK(1)" and third["adam_step mistake"] == "only v is corrected"
    assert third["remarks"].startswith("'@sum")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "|cmd"])
def test_no_cell_is_a_formula(cell):
    assert harmless(cell) == f"'{cell}"


def test_what_moodle_imports(tmp_path):
    """The columns that its importer asks for, and a number behind "Participant "."""
    assert write_for_moodle([row("Ada", "right", key="4711"), row("Bob")], tmp_path, None) == [
        "Bob: Moodle's number is neither in the path nor in the roster"
    ]
    ada, _ = table(tmp_path / "moodle_08_adam.csv", "utf-8")
    assert {"Identifier", "Grade", "Last modified (grade)"} <= set(ada)
    assert (ada["Identifier"], ada["Grade"]) == ("Participant 4711", "4")
    assert ada["Feedback comments"].startswith("adam_step 4/4; adam_efficient 0/3: not attempted")


def test_moodle_finds_a_student_by_what_the_list_has(tmp_path):
    for text, identifier, number in (
        ("Identifier,Full name,Email address\nParticipant 7,Ada L,a@x.org\n", "Participant 7", ""),
        ("ID number,Full name,Email address\n007,Ada L,a@x.org\n", "", "007"),
    ):
        (tmp_path / "class.csv").write_text(text)
        known = roster.read(tmp_path / "class.csv")
        assert write_for_moodle([row(known.students[0].id, "right")], tmp_path, known) == []
        (line,) = table(tmp_path / "moodle_08_adam.csv", "utf-8")
        assert (line["Identifier"], line["ID number"], line["Email address"]) == (
            identifier,
            number,
            "a@x.org",
        )


def test_what_canvas_imports(tmp_path):
    """Student, ID, …, Section, then the assignments: its importer refuses another order."""
    (tmp_path / "book.csv").write_text(
        'Student,ID,SIS User ID,SIS Login ID,Section,08_adam (99)\n"Lovelace, Ada",12345,00123,alo,A,\n'
    )
    known = roster.read(tmp_path / "book.csv")
    assert write_for_canvas([row("00123", "right")], tmp_path, known) == []
    assert (tmp_path / "canvas.csv").read_text().splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,08_adam (99)", '"Lovelace, Ada",12345,00123,alo,A,4'
    ]  # fmt: skip
    assert len(write_for_canvas([row("eve")], tmp_path, None)) == 1


# -- answers that are alike ---------------------------------------------------------------------------------

OWN = '''def my_optimizer(x, g, state, lr=0.1, beta1=0.9, beta2=0.999):
    """My own."""
    t = state["t"]
    m = 0.7 * state["m"] + 0.3 * np.sign(g) * np.abs(g) ** 0.75
    v = np.maximum(0.95 * state["v"], np.abs(g))
    for i in range(3):
        v = np.where(v > 10.0 ** i, v * 0.99, v + 1e-9 * i)
    speed = lr * 4.2 / (1 + 0.03 * t) if t > 5 else lr
    return x - speed * m / (v + 1e-12), {"m": m, "v": v}
'''


def changed(text: str, **old_to_new: str) -> str:
    for old, new in zip(old_to_new["old"].split("|"), old_to_new["new"].split("|"), strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


RENAMED = re.sub(r"(?<!\")\b(m|v|t|i|speed|state|x|g|lr)\b(?!\")", r"my_\1", OWN).replace("My own", "Mine")
OTHER = changed(
    OWN,
    old="np.maximum(0.95 * state|for i in range(3)|10.0 ** i|* i)|lr * 4.2 / (1 + 0.03 * t) if t > 5 else lr",
    new="0.8 * np.hypot(0.1, state|if t > 7|3|* t)|min(lr, 1 / t)",
)


def test_a_renamed_copy_is_seen_and_an_own_idea_is_not():
    answers = {"a": tokens(OWN), "b": tokens(RENAMED), "c": tokens(OTHER)}
    pairs = alike(answers, tokens(ADAM.tasks[4].source))
    assert [(one, other) for one, other, _ in pairs] == [("a", "b")]


def test_what_all_write_says_nothing():
    usual = {name: tokens(OWN) for name in "abcd"}
    assert alike(usual, ()) == []
    assert alike({"a": tokens("def f():\n    return 1"), "b": tokens("def f():\n    return 1")}, ()) == []
    assert alike({"a": tokens(OWN), "b": tokens(RENAMED)}, tokens(OWN)) == []  # the solution itself


def notebook(file: Path, answer: str) -> Path:
    cell = {
        "cell_type": "code",
        "source": answer,
        "metadata": {"tags": ["exercise"]},
        "outputs": [],
        "execution_count": None,
    }
    file.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    return file


def test_likeness_is_a_remark_and_no_points(tmp_path):
    rows = []
    for student, answer in (("ada", OWN), ("bob", RENAMED), ("eve", OTHER), ("odd", "def (")):
        file = notebook(tmp_path / f"{student}_08_adam.ipynb", answer)
        one = row(student, *["unattempted"] * 4, "right")
        rows.append(Row(**{**vars(one), "file": str(file)}))
    said = {r.student: r.remarks for r in remarked(rows)}
    assert (
        said["ada"] == ("my_optimizer is 100% like that of bob",)
        and said["bob"]
        and not (said["eve"] or said["odd"])
    )
    assert [r.points for r in remarked(rows)] == [r.points for r in rows]


# -- the command line ---------------------------------------------------------------------------------------


def made_up(file: Path, points: float, lines: list[str] | None = None, whose=whose) -> Score:
    verdicts = [
        Verdict(t.name, t.points, "raised", "Your code raised an error", lines or []) for t in ADAM.tasks
    ]
    verdicts[0].state = "right" if points else "raised"
    return Score(Submission(file, whose(file)[0], ADAM), [Result(v) for v in verdicts])


@pytest.fixture
def graded(monkeypatch, tmp_path):
    """Call the command line with a grader that gives what a file holds; return it and the files it was asked for."""
    asked: list[list[str]] = []

    def grade(files, *rest):
        whose = rest[-1]
        asked.append([f.name for f in files])
        for file in files:
            if file.read_text() == "interrupt":
                raise KeyboardInterrupt
            yield made_up(file, float(file.read_text()), whose=whose)

    monkeypatch.setattr(command, "grade", grade)

    def call(*options: str) -> int:
        return command.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), *options])

    def hand_in(name: str, points: object) -> None:
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(str(points))

    return call, hand_in, asked, tmp_path / "out"


def test_an_interrupted_batch_keeps_what_is_done_and_goes_on(graded, capsys):
    call, hand_in, asked, out = graded
    for name, points in (
        ("ada_08_adam.ipynb", 1),
        ("bob_08_adam.ipynb", "interrupt"),
        ("eve_08_adam.ipynb", 0),
    ):
        hand_in(name, points)
    assert call() == 130
    assert [line["student"] for line in table(out / "grades.csv")] == ["ada"]
    hand_in("bob_08_adam.ipynb", 1)
    assert call("--resume") == 0
    assert (
        asked[1] == ["bob_08_adam.ipynb", "eve_08_adam.ipynb"]
        and "1 were graded before" in capsys.readouterr().out
    )
    assert [(line["student"], line["points"]) for line in table(out / "grades.csv")] == [
        ("ada", "4"),
        ("bob", "4"),
        ("eve", "0"),
    ]
    hand_in("eve_08_adam.ipynb", 1)
    call("--resume")
    assert asked[2] == ["eve_08_adam.ipynb"]  # it has changed


def test_one_task_is_graded_again(graded):
    call, hand_in, _, out = graded
    hand_in("ada_08_adam.ipynb", 1)
    call()
    hand_in("ada_08_adam.ipynb", 0)
    call("--tasks", ADAM.tasks[2].name)
    assert table(out / "grades.csv")[0]["adam_step"] == "4"
    call("--tasks", "adam_step", ADAM.tasks[2].name)
    assert table(out / "grades.csv")[0]["adam_step"] == "0"
    assert len(list(out.glob("ada*.html"))) == 1


def test_a_roster_says_who_is_missing_and_who_is_unknown(graded, capsys, tmp_path):
    call, hand_in, _, out = graded
    (tmp_path / "class.csv").write_text(
        "\ufeffMatrikelnummer;Name\n007;Ada Lovelace\n008;Jürgen Meyer\n009;Eve\n", "utf-8"
    )
    hand_in("Lovelace Ada_08_adam.ipynb", 1)
    hand_in("Ju\u0308rgen Meyer/08_adam (1).ipynb", 0)
    hand_in("mallory_08_adam.ipynb", 1)
    assert call("--roster", str(tmp_path / "class.csv")) == 0
    lines = {line["student"]: line for line in table(out / "grades.csv")}
    assert set(lines) == {"007", "008", "009", "mallory"} and lines["007"]["name"] == "Ada Lovelace"
    assert lines["009"]["remarks"] == "nothing handed in" and lines["009"]["points"] == ""
    assert "not in the roster" in lines["mallory"]["remarks"]
    said = capsys.readouterr().out
    assert "missing for 08_adam: Eve" in said and "not in the roster: mallory" in said
    assert "1 missing" in (out / "class.html").read_text()


def test_no_page_overwrites_another(graded):
    call, hand_in, _, out = graded
    names = ("X Y_08_adam.ipynb", "X_Y_08_adam.ipynb", "x_y_08_adam.ipynb", "a/08_adam (1).ipynb",
             "a/08_adam (2).ipynb", "class_08_adam.ipynb",
             f"{'n' * 200}1_08_adam.ipynb", f"{'n' * 200}2_08_adam.ipynb")  # fmt: skip
    for name in names:
        hand_in(name, 1)
    call()
    lines = table(out / "grades.csv")
    assert len({line["page"].casefold() for line in lines}) == len(names)
    assert all((out / line["page"]).exists() for line in lines)


def test_a_pattern_and_platforms(graded, capsys):
    call, hand_in, _, out = graded
    hand_in("team7-ada.ipynb", 1)
    hand_in("bobby_LATE_12345_67890_08_adam.ipynb", 1)
    call("--student-from", r"team\d+-(\w+)", "--for", "canvas")
    lines = {line["student"]: line for line in table(out / "grades.csv")}
    assert (
        lines["bobby"]["late"] == "late"
        and "does not fit" in lines["bobby"]["remarks"]
        and not lines["ada"]["remarks"]
    )
    assert "ada: Canvas's ID is neither" in capsys.readouterr().out
    assert (out / "canvas.csv").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--tasks", "adam"], "'adam' is no task"), (["--student-from", "("], "no regular expression"),
     (["--jobs", "0"], "1 or more"), (["--roster", "/nowhere.csv"], "nowhere.csv"),
     (["--resume", "--tasks", "adam_step"], "give one of them")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(options, said, graded, capsys):
    with pytest.raises(SystemExit):
        graded[0](*options)
    assert said in capsys.readouterr().err


def test_nothing_to_grade_is_no_success(graded, capsys, tmp_path):
    call, *_, out = graded
    assert call() == 1 and "is not there" in capsys.readouterr().err
    (tmp_path / "in").mkdir()
    assert call() == 1 and (out / JOURNAL).exists()
