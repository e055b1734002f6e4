"""Every exercise: made from its solution, complete in its marks, and agreeing with the bank."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from course_lib.checks import hint, progress, record, solution, variant
from course_lib.checks.exercises import all_exercises
from course_lib.checks.generate import (
    STUB,
    TEXT_STUB,
    exercise_of,
    main,
    with_points,
    without_solution,
    written,
)
from course_lib.checks.kinds import Code
from course_lib.checks.links import address
from course_lib.checks.reader import check, ready

from .correct import variants

ROOT = Path(__file__).parents[2]
NAMES = [exercise.name for exercise in all_exercises()]
GIVEN = [task for exercise in all_exercises() for task in exercise.tasks if isinstance(task, Code)]
GRADED = {e.name: {t.name: t.points for t in e.tasks} for e in all_exercises()}


@pytest.fixture(autouse=True)
def own_record(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))


def cells(folder, name):
    return nbformat.read(ROOT / folder / f"{name}.ipynb", as_version=4).cells


def test_every_solution_has_its_bank_and_its_exercise():
    for folder in ("solutions", "exercises"):
        assert sorted(path.stem for path in (ROOT / folder).glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_regenerated_is_committed(name, tmp_path):
    source = json.loads((ROOT / "solutions" / f"{name}.ipynb").read_text())
    assert (ROOT / "exercises" / f"{name}.ipynb").read_text() == written(exercise_of(source))


@pytest.mark.parametrize("name", NAMES)
def test_marks_are_complete(name):
    points, ids = {}, []
    for cell in cells("solutions", name):
        if cell.cell_type != "code":
            continue
        (tag,) = cell.metadata["tags"]
        assert tag in ("setup", "exercise", "check", "demo", "scratch")
        meta = cell.metadata.get("nbgrader")
        assert (meta is None) == (tag == "scratch")
        if meta:
            ids.append(meta["grade_id"])
            assert (meta["schema_version"], meta["task"]) == (3, False)
            assert meta["solution"] == (tag == "exercise") == ("### BEGIN SOLUTION" in cell.source)
            assert meta["locked"] == (tag != "exercise")
            assert meta["grade"] == (tag == "check")
        if tag == "check":
            lines = cell.source.splitlines()
            assert lines[0] == "from course_lib.checks import check"  # afresh
            assert lines[-1].startswith("check(") and lines[-1].endswith(")")  # an expression, no semicolon
            points[lines[-1][6:-1].split(",")[0]] = meta["points"]
        if tag == "demo" and not re.search(r"^(\w+ = )?explore_\w+\(\n    ", cell.source, re.M):
            assert cell.source.startswith("if ready(")
    assert points == GRADED[name]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_asks_for_the_numbers_of_the_same_student_as_the_check(name):
    text = "\n".join(cell.source for cell in cells("solutions", name) if cell.cell_type == "code")
    own = set(re.findall(r"^check\((\w+), student\)$", text, re.M))
    calls = re.sub(r",?\s+\)", ")", re.sub(r"\(\s+", "(", text))  # on one line each
    for function, rest in re.findall(r"ready\((\w+)(.*?)\)(?= and |:)", calls):
        assert rest.endswith(", student") == (function in own), function


@pytest.mark.parametrize("exercise", all_exercises(), ids=NAMES)
def test_a_check_asks_for_the_student_where_the_answer_hangs_on_their_numbers(exercise):
    text = "\n".join(cell.source for cell in cells("exercises", exercise.name))
    own = set(re.findall(r"^check\((\w+), student\)$", text, re.M))
    assert own == {task.name for task in exercise.tasks if "mine" in task.solution.__code__.co_names}


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("04_momentum", "momentum_step"),
        ("06_adagrad", "adagrad_step"),
        ("07_rmsprop_adadelta", "rmsprop_step"),
        ("07_rmsprop_adadelta", "adadelta_step"),
        ("08_adam", "adam_step"),
        ("09_adam_family", "amsgrad_step"),
        ("09_adam_family", "adamax_step"),
        ("09_adam_family", "nadam_step"),
        ("09_adam_family", "adopt_step"),
        ("16_decoupled", "adamw_step"),
        ("16_decoupled", "lion_step"),
        ("19_fewer_knobs", "dog_step"),
    ],
)
def test_a_demo_that_compares_with_the_library_takes_right_code_of_every_style(name, task):
    sources = {cell.id: cell.source for cell in cells("solutions", name)}
    demo = sources[f"demo-{task.replace('_', '-')}"]
    assert "np.allclose(" in demo
    given = variants(next(one for one in GIVEN if one.name == task))
    styles = [(style, function) for style, function in given if not hasattr(function, "__wrapped__")]
    assert len(styles) > 4
    names: dict = {}
    exec(sources["setup-imports"], names)
    undrawn = dict.fromkeys(
        ("display", "explore_path", "explore_moments", "explore_counterexample"), lambda *_, **__: None
    )
    for style, function in styles:
        try:
            exec(demo, {**names, **undrawn, "ready": lambda *_: True, task: function})
        except AssertionError:
            pytest.fail(f"the demo refuses {style}")


@pytest.mark.parametrize("name", NAMES)
def test_the_exercise_gives_nothing_away(name):
    text = "\n".join(cell.source for cell in cells("exercises", name) if cell.cell_type == "code")
    assert "SOLUTION" not in text
    assert text.count(STUB[1]) == sum(
        "exercise" in c.metadata.get("tags", []) for c in cells("exercises", name)
    )


def test_points_stand_in_one_place():
    """Changed in the exercise, they are changed in nbgrader's marks and in the heading, and nothing else is."""
    exercise = next(e for e in all_exercises() if e.name == "08_adam")
    solution = json.loads((ROOT / "solutions/08_adam.ipynb").read_text())
    assert with_points(solution, exercise) == solution
    adam, *others = exercise.tasks
    changed = with_points(solution, replace(exercise, tasks=[replace(adam, points=5), *others]))
    marks = [
        c["metadata"]["nbgrader"]["points"]
        for c in changed["cells"]
        if "check" in c["metadata"].get("tags", [])
    ]
    assert marks == [5, *(task.points for task in others)]
    assert written(changed) == written(solution).replace("formula (4 points)", "formula (5 points)").replace(
        '"points": 4', '"points": 5'
    )


def test_a_text_that_a_person_grades_has_points_and_a_rubric():
    texts = [(name, c) for name in NAMES for c in cells("solutions", name) if by_hand(c)]
    assert texts
    for name, cell in texts:
        meta = cell.metadata["nbgrader"]
        assert meta["grade"] and meta["solution"] and not meta["locked"] and meta["points"] > 0
        assert meta["grade_id"].startswith("explain-") and meta["grade_id"] == cell.id
        assert "**Rubric.**" in cell.source
        before = cells("exercises", name)[[c.id for c in cells("exercises", name)].index(cell.id) - 1].source
        assert f"({meta['points']} points, read by a person)" in before


@pytest.mark.parametrize("name", NAMES)
def test_prose_is_the_same_in_both(name):
    for one, other in zip(cells("exercises", name), cells("solutions", name), strict=True):
        same = one.source == (TEXT_STUB if by_hand(other) else other.source)
        assert one.id == other.id and (one.cell_type == "code" or same)


def by_hand(cell):
    """Whether a person grades what is written here."""
    return cell.cell_type == "markdown" and "nbgrader" in cell.metadata


@pytest.mark.parametrize(
    "text", ["### BEGIN SOLUTION", "### END SOLUTION", "### BEGIN SOLUTION\n### BEGIN SOLUTION"]
)
def test_marks_without_partner_are_refused(text):
    with pytest.raises(ValueError, match="SOLUTION"):
        without_solution(text)


def test_generating_writes_the_folder(tmp_path, capsys):
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions/a.ipynb").write_text((ROOT / "solutions" / f"{NAMES[0]}.ipynb").read_text())
    main(tmp_path)
    assert (tmp_path / "exercises/a.ipynb").read_text() == (
        ROOT / "exercises" / f"{NAMES[0]}.ipynb"
    ).read_text()


def test_what_to_read_again_exists():
    for exercise in all_exercises():
        for task in exercise.tasks:
            mistakes = task.wrong if isinstance(task, Code) else ()
            for place in {task.reread, *(mistake.reread for mistake in mistakes)}:
                lesson, part = re.match(
                    r"lesson (\d\d), (?:section )?(\d+|appendix(?: [A-Z])?), ", place
                ).groups()
                (notebook,) = (ROOT / "notebooks").glob(f"{lesson}_*.ipynb")
                file, cell = address(place).split("#cell-id=")
                assert file == f"../notebooks/{notebook.name}"
                (text,) = (c.source for c in nbformat.read(notebook, as_version=4).cells if c.id == cell)
                assert text.startswith(f"## {part[:1].upper()}{part[1:]} · "), place


# -- what the reader calls ---------------------------------------------------------------------------------


def test_hints_come_one_by_one():
    first, second = str(hint("largest_lr")), str(hint("largest_lr"))
    assert first.startswith("Hint 1 of 2: ") and second.endswith("That was the last one.")
    assert str(hint("largest_lr")) == second
    assert "descend" in str(hint("nothing"))
    assert "adam_step, adam_efficient" in str(hint("adam"))


def test_a_solution_is_shown_when_sure():
    assert "sure=True" in str(solution("adam_step"))
    assert str(solution("adam_step", sure=True)).startswith("def adam_step(")
    assert "<pre>" in solution("adam_step", sure=True)._repr_html_()


def test_progress_is_kept_and_can_be_deleted():
    def largest_lr(hessian):
        return 1.0

    assert "02_gradient_descent: 0 of 5 solved\n03" in str(progress())
    check(largest_lr)
    assert "○ open       descend" in str(progress())
    assert "△ attempted  largest_lr" in str(progress())
    check(next(t.solution for e in all_exercises() for t in e.tasks if t.name == "largest_lr"))
    check(largest_lr)  # once solved it stays solved
    assert "✓ solved     largest_lr" in str(progress())
    assert record.load()["largest_lr"] == {"solved": True, "tries": 3}
    assert "✓" not in str(progress(forget=True))
    assert not record.path().exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"largest_lr": 3}', '{"largest_lr": {"tries": "x"}}'])
def test_a_broken_record_is_no_error(text):
    record.path().write_text(text)
    progress()
    record.note("largest_lr", "right")
    assert record.load()["largest_lr"]["solved"]


def test_a_folder_that_cannot_be_written_is_no_error(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "/nowhere/at/all")
    record.note("largest_lr", "right")
    assert record.load() == {}


def test_ready_is_silent_when_ready(capsys):
    task = all_exercises()[0].tasks[0]
    assert ready(task.solution) and capsys.readouterr().out == ""
    assert not ready(lambda: 0, "a picture")
    assert capsys.readouterr().out == "Here will stand, once <lambda> passes its check: a picture.\n"


def test_an_unfinished_name_counts_as_none():
    def student():
        raise NotImplementedError()

    assert variant(NAMES[0], student) == variant(NAMES[0])
    with pytest.raises(KeyError, match="there is no exercise"):
        variant("99")


@pytest.mark.parametrize("name", NAMES)
def test_headings_hints_and_links(name):
    """The links of the feedback lead somewhere; every task has its line of hints; demos are folded."""
    exercise = next(e for e in all_exercises() if e.name == name)
    found = cells("exercises", name)
    lines = [line for c in found if c.cell_type == "markdown" for line in c.source.split("\n")]
    for task in exercise.tasks:
        assert f"## {exercise.heading(task)}" in lines
        assert any(f'# hint("{task.name}")' in c.source for c in found)
    for target in re.findall(r"\]\((\.\./[^)#]+\.ipynb)", "\n".join(lines)):
        assert (ROOT / "exercises" / target).exists(), target
    assert [c.source for c in found if "progress()" in c.source] == ["progress()"]
    for c in found:
        folded = c.metadata.get("jupyter", {}).get("source_hidden", False)
        assert folded == ("demo" in c.metadata.get("tags", []))


def test_what_follows_is_linked():
    exercise = next(one for one in all_exercises() if one.name == "02_gradient_descent")
    first, last = exercise.tasks[0], exercise.tasks[-1]
    words, where = exercise.after(first)
    assert words.startswith("task 2 · ")
    cells = nbformat.read(ROOT / "exercises/02_gradient_descent.ipynb", as_version=4).cells
    assert [c.source.split("\n")[0] for c in cells if where == f"#cell-id={c.id}"] == [f"## {words[5:]}"]
    assert exercise.after(last)[1].startswith("../notebooks/0")
    html = check(first.solution)._repr_html_()
    assert f'Next: <a href="{where}">task 2 · ' in html
    wrong = first.version({"x - lr": "x + lr"})
    assert (
        'To read again: <a href="../notebooks/02_gradient_descent.ipynb#cell-id=cell-07">'
        in check(wrong)._repr_html_()
    )
    assert address("nothing") == address("lesson 99, section 1, x") == ""
