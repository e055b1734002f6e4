"""The questions for the lecture hall: every file valid, every check true, every figure made, Moodle's file complete."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from publish.questions import (
    FORMS,
    GOALS,
    Question,
    QuestionError,
    QuestionSet,
    headings,
    lessons,
    load,
    load_all,
    make_figure,
    markdown,
    moodle_xml,
    pages,
    read,
    run_check,
)
from publish.questions.__main__ import main
from publish.questions.bank import FOLDER, NEEDED
from publish.questions.moodle import as_html

SETS = load_all()
QUESTIONS = [question for one in SETS for question in one.questions]
by_id = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)

GOOD = """
lesson = "04_momentum"

[[question]]
id = "04-1"
goal = "compute"
section = "The rule"
text = "How large is $m$, if $g = 1$ for ever and $\\\\beta = 0.9$?"
minutes = 2
check = "assert abs(1 / (1 - 0.9) - 10) < 1e-9"

[[question.answer]]
text = "1"
reason = "One forgets what is remembered."

[[question.answer]]
text = "$10 > 9$"
right = true
reason = "It is the sum of all $0.9^k$."

[[question.answer]]
text = "0.1"
reason = "The weight of an average."
"""


def test_every_lesson_has_its_questions_and_no_file_is_left_over():
    assert [one.lesson for one in SETS] == lessons()
    assert {path.name for path in FOLDER.glob("*.toml")} == {f"{name[:2]}.toml" for name in lessons()}


@pytest.mark.parametrize("one", SETS, ids=lambda one: one.lesson)
class TestEachLesson:
    def test_there_are_eight_of_the_kinds_needed(self, one: QuestionSet):
        assert 8 <= len(one.questions) <= 12
        goals = {question.goal for question in one.questions}
        assert goals >= set(NEEDED) and goals <= set(GOALS)

    def test_places_and_lengths_do_not_give_the_answer_away(self, one: QuestionSet):
        single = [question for question in one.questions if not question.several]
        places = [question.right for question in single]
        assert max(places.count(place) for place in "ABCDE") <= len(single) / 2
        longest = [
            len(question.letters[question.right].text)
            > max(len(a.text) for a in question.answers if not a.right) + 5
            for question in single
        ]
        assert sum(longest) <= 0.6 * len(single)

    def test_something_is_shown(self, one: QuestionSet):
        assert any(question.figure for question in one.questions)

    def test_the_pages_hold_every_question(self, one: QuestionSet):
        hall, folded, opened = (markdown(one.lesson, form) for form in FORMS)
        for question in one.questions:
            assert f"## Question {question.id}\n" in hall and question.text in hall
            assert all(answer.reason.split("\n")[0] in opened for answer in question.answers)
        assert " is right.**" not in hall and hall.count("```") == 2 * sum(
            bool(q.figure) for q in one.questions
        )
        assert folded.count("<summary>Answer and reasons") == len(one.questions)
        assert opened.count(" is right.**") == sum(len(question.right) for question in one.questions)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.check], ids=lambda question: question.id)
def test_the_check_passes(question: Question):
    run_check(question)


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.figure], ids=lambda question: question.id)
def test_the_figure_can_be_made(question: Question):
    figure = make_figure(question)
    try:
        assert figure.scene.panels
    finally:
        figure.close()


@by_id
def test_maths_is_balanced_and_nothing_is_left_to_write(question: Question):
    texts = [question.text, *(text for answer in question.answers for text in (answer.text, answer.reason))]
    for text in texts:
        bare = re.sub(r"`[^`]*`|\\\$", "", text)
        assert bare.count("$") % 2 == 0, text
        assert "$" not in re.sub(
            r"\\\(.*?\\\)|\\\[.*?\\\]|<code>.*?</code>", "", as_html(text), flags=re.DOTALL
        ), text
        assert not re.search(r"TODO|\?\?\?|all of the above|none of the above", text, re.IGNORECASE)


# -- what is wrong is named --------------------------------------------------------------------------------------


def test_the_sample_is_read():
    [question] = read(GOOD, "04.toml").questions
    assert (question.right, question.section, question.minutes) == ("B", "The rule", 2)
    run_check(question)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"04_momentum"', '"04_momenta"', "04.toml, lesson: '04_momenta' is no lesson"),
        ('"04_momentum"', '"05_nesterov"', "04.toml, lesson: '05_nesterov' does not belong into 04.toml"),
        ('id = "04-1"', 'id = "1"', "04.toml, question 1, id: '1' must be 04-1"),
        ('"compute"', '"guess"', "04.toml, question 04-1, goal: 'guess' must be one of recall"),
        (
            '"The rule"',
            '"The law"',
            "04.toml, question 04-1, section: 'The law' is no heading of 04_momentum",
        ),
        (
            "minutes = 2",
            "minutes = 90",
            "04.toml, question 04-1, minutes: 90 is not allowed; it must be from 1 to 10",
        ),
        ("minutes = 2", 'minutes = "2"', "minutes: '2' is not allowed; a number"),
        ("minutes = 2", "minutes = true", "minutes: True is not allowed"),
        ("minutes = 2", "", "04.toml, question 04-1, minutes: is missing"),
        ("minutes = 2", "minutes = 2\nfigur = ''", "04.toml, question 04-1, figur: is not known"),
        ("right = true", "", "04.toml, question 04-1, answer.right: 0 of 3 answers are right"),
        (
            'text = "1"',
            'text = "1"\nright = true',
            "answer.right: 2 of 3 answers are right; allowed is exactly one",
        ),
        ('text = "1"', 'text = "0.1"', "04.toml, question 04-1, answer.text: two answers are the same"),
        ('reason = "The weight of an average."', "", "04.toml, question 04-1, answer C, reason: is missing"),
        (
            'reason = "The weight of an average."',
            'reason = " "',
            "04.toml, question 04-1, answer C, reason: is empty",
        ),
        ("minutes = 2", "minutes = 2\nfigure = 'x = 1'", "04.toml, question 04-1, figure: is no Python"),
        ('check = "assert abs(1 / (1 - 0.9) - 10) < 1e-9"', "", "question 04-1, check: is missing"),
        ("assert abs(", "print(", "04.toml, question 04-1, check: asserts nothing"),
        ('"assert abs(', '"assert abs((', "04.toml, question 04-1, check: is no Python"),
        ("[[question.answer]]", "[[question.answers]]", "04.toml, question 04-1, answer: is missing"),
        ("[[question]]", "[[question", "04.toml: not TOML"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, said: str):
    assert old in GOOD
    with pytest.raises(QuestionError) as caught:
        read(GOOD.replace(old, new), "04.toml")
    assert said in str(caught.value)


def test_the_same_question_twice_is_refused():
    _, question = GOOD.split("[[question]]")
    with pytest.raises(QuestionError, match=r"04.toml, question.id: '04-1' is used 2 times"):
        read(f"{GOOD}[[question]]{question}", "04.toml")


def test_a_wrong_answer_marked_right_fails_its_check():
    [question] = read(GOOD.replace("- 10)", "- 1)"), "04.toml").questions
    with pytest.raises(AssertionError):
        run_check(question)


def test_unknown_lessons_and_forms_are_named():
    with pytest.raises(QuestionError, match="lesson '44' is not known; there are 00_start_here"):
        load("44")
    with pytest.raises(
        ValueError, match="form 'slides' is not allowed: it must be one of hall, folded, open"
    ):
        markdown("04", "slides")


def test_headings_lose_their_numbers():
    assert headings("04_momentum")[:3] == [
        "Play first",
        "The story of the heavy ball, and where it is wrong",
        "The rule",
    ]


# -- Moodle ------------------------------------------------------------------------------------------------------

FRACTIONS = {100, 50, 33.33333, 25, 20, 0, -50, -33.33333, -25, -20, -100}
"""Some of the grades that Moodle knows; it refuses others."""


def test_moodle_gets_the_same_questions_back():
    quiz = ET.fromstring(moodle_xml(SETS))
    entries = quiz.findall("question")
    categories = [entry.findtext("category/text") for entry in entries if entry.get("type") == "category"]
    assert len(categories) == len(set(categories)) == len(SETS)
    assert all(
        re.fullmatch(r"\$course\$/top/[^/]+/\d\d [^/]+", name.replace("//", "")) for name in categories
    )
    found = [entry for entry in entries if entry.get("type") == "multichoice"]
    assert [entry.findtext("idnumber") for entry in found] == [question.id for question in QUESTIONS]
    for entry, question in zip(found, QUESTIONS, strict=True):
        answers, wanted = entry.findall("answer"), question.answers
        assert entry.findtext("questiontext/text") == as_html(question.text)
        assert [answer.findtext("text") for answer in answers] == [as_html(a.text) for a in wanted]
        assert [answer.findtext("feedback/text") for answer in answers] == [as_html(a.reason) for a in wanted]
        marks = [float(answer.get("fraction", "")) for answer in answers]
        assert [mark > 0 for mark in marks] == [a.right for a in wanted]
        assert sum(mark for mark in marks if mark > 0) == pytest.approx(100, abs=1e-4)
        assert set(marks) <= FRACTIONS
        assert entry.findtext("single") == ("false" if question.several else "true")


def test_all_ticked_earns_nothing():
    [question] = read(GOOD.replace("minutes = 2", "minutes = 2\nseveral = true"), "04.toml").questions
    quiz = ET.fromstring(moodle_xml([QuestionSet("04_momentum", (question,))]))
    assert sum(float(answer.get("fraction", "")) for answer in quiz.iter("answer")) == 0


def test_html_is_escaped_inside_maths_and_code():
    assert as_html("$a < b$ & `c<d`") == r"<p>\(a &lt; b\) &amp; <code>c&lt;d</code></p>"
    assert as_html("$$\nx < y\n$$") == r"<p>\[x &lt; y\]</p>"
    [question] = read(GOOD, "04.toml").questions
    text = moodle_xml([QuestionSet("04_momentum", (replace(question, text="<script>alert(1)</script>"),))])
    assert "<script" not in html.unescape(text).replace("&lt;script", "")


def test_a_slash_in_a_title_begins_no_other_category(monkeypatch):
    monkeypatch.setattr(QuestionSet, "title", "SGD/Adam")
    assert "/04 SGD//Adam</text>" in moodle_xml([load("04")])


# -- pages and the command ---------------------------------------------------------------------------------------


def test_all_pages_are_written_and_lead_to_each_other(tmp_path):
    written = pages(tmp_path, cells=True)
    assert len(written) == 3 * len(SETS) + 2
    for path in tmp_path.glob("*.md"):
        for target in re.findall(
            r"\]\(([^)#]+)\)", re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
        ):
            if not target.startswith(("http", "../")):
                assert (tmp_path / target).is_file(), (path.name, target)
    page = (tmp_path / "04_momentum-hall.md").read_text()
    assert (
        page.startswith("---\nfile_format: mystnb")
        and "```{code-cell} ipython3\n:tags: [remove-input]" in page
    )


def test_the_command(tmp_path, capsys):
    assert main(["04", "--moodle", str(tmp_path / "out" / "04.xml")]) == 0
    assert ET.parse(tmp_path / "out" / "04.xml").getroot().tag == "quiz"
    assert main(["04", "--show", "open"]) == 0
    assert "is right" in capsys.readouterr().out
    assert main(["99"]) == 1
    assert "lesson '99' is not known" in capsys.readouterr().err
    assert main(["04"]) == 0
    assert "04_momentum: " in capsys.readouterr().out
