"""The reviewer's checklist: each line has a verdict, each link a cell, in the section that it names."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reviewers.md"
TEXT = PAGE.read_text("utf-8")
LINKS = re.findall(r"\[([^\]]+)\]\((\.\./[^)#]+)(?:#cell-id=([^)]+))?\)", TEXT)


@pytest.mark.parametrize(("words", "file", "cell"), LINKS)
def test_a_link_leads_to_a_cell_in_the_section_it_names(words, file, cell):
    path = PAGE.parent / file
    assert path.exists()
    if cell:
        cells = nbformat.read(path, as_version=4).cells
        names = [one["id"] for one in cells]
        assert cell in [one["id"] for one in cells if one["cell_type"] == "markdown"], (
            "the site names texts only"
        )
        before = "\n".join(one["source"] for one in cells[: names.index(cell) + 1])
        heading = re.findall(r"^## (?:(\d+) · )?(.*)", before, re.MULTILINE)[-1]
        number = re.search(r"section (\d+)", words)
        assert heading[0] == number[1] if number else words in (heading[1].lower(), f"lesson {path.name[:2]}")


def test_each_demand_says_who_asks_and_whether_it_is_met():
    rows = [line.strip("| ").split(" | ") for line in TEXT.splitlines() if re.match(r"\| [^-d]", line)]
    known = set(re.findall(r"^- \[(\w)\]", TEXT, re.MULTILINE))
    assert len(rows) >= 25
    for demand, answer in rows:
        asked = re.search(r"\[(\w(?:, \w)*)\]$", demand)
        assert asked and set(asked[1].split(", ")) <= known, demand
        assert re.match(r"(met|not met|in part)\b", answer), demand
