"""The table of figures that move without Python, and the lessons run for it."""

import pytest

from publish.figures import main
from publish.lessons import lessons


def test_lessons_are_found_by_their_beginning():
    assert len(lessons([])) == 21 and [file.stem for file in lessons(["04", "00_start"])] == [
        "00_start_here",
        "04_momentum",
    ]
    with pytest.raises(ValueError, match=r"lesson = '77' is not allowed: there are 00_start_here, "):
        lessons(["04", "77"])


@pytest.mark.slow
def test_the_table_has_every_figure_of_a_lesson(capsys):
    assert main(["00"]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 and "PathExplorer" in lines[0] and "lr 89" in lines[0]
    assert total.startswith("1 figures, 252 scenes")
