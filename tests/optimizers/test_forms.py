"""The table of forms speaks of optimizers and settings that exist."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from course_lib.optimizers import REGISTRY, forms_table
from course_lib.optimizers.forms import FORMS, HEAD, Form


@pytest.mark.parametrize("row", FORMS, ids=lambda row: f"{row.method}-{row.what}")
def test_rows_speak_of_what_exists(row: Form) -> None:
    cls = REGISTRY[row.method].cls
    assert all(row.cells[:6]), "an empty cell says nothing: = or –"
    for name, value in re.findall(r'(?<![\w.])(\w+)=("[^"]*"|[\d.]+|True|False)', row.here):
        cls(**{name: eval(value)})


def test_every_choice_of_a_form_is_in_the_table() -> None:
    """A named deviation that nobody is told of would be a silent one."""
    for name, entry in REGISTRY.items():
        told = " ".join(" ".join(row.cells) for row in FORMS if row.method == name)
        for field, spec in entry.cls._specs.items():
            if spec.choices and entry.family != "wrapper" and any(row.method == name for row in FORMS):
                assert f"{field}=" in told, f"{name}: {field}"


def test_markdown_has_a_row_for_each() -> None:
    lines = forms_table().markdown().splitlines()
    assert len(lines) == 2 + len(FORMS)
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {len(HEAD) + 1}
    assert lines[0] == "| " + " | ".join(HEAD) + " |"


class Cells(HTMLParser):
    """Counts the cells of each row, those that span several rows in each."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []
        self.spans: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.spans = [left - 1 for left in self.spans if left > 1]
            self.rows.append(len(self.spans))
        elif tag in ("td", "th"):
            self.rows[-1] += 1
            if (span := dict(attrs).get("rowspan")) is not None:
                self.spans.append(int(span))


def test_html_is_a_full_table() -> None:
    found = forms_table()._repr_html_()
    cells = Cells()
    cells.feed(found)
    assert len(cells.rows) == 1 + len(FORMS)
    assert set(cells.rows) == {len(HEAD)}
    assert "<" not in re.sub(r"<[^<>]*>", "", found)


def test_rows_of_some() -> None:
    assert [row.method for row in forms_table("Nadam").rows] == ["Nadam", "Nadam"]
    assert {row.method for row in forms_table(["Adam", "LAMB"]).rows} == {"Adam", "LAMB"}
    assert str(forms_table("Adam")) == forms_table("Adam")._repr_markdown_()
    with pytest.raises(ValueError, match="methods: 'Addam' is not known"):
        forms_table("Addam")
