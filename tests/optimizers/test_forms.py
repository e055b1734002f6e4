"""The table of forms speaks of optimizers and settings that exist."""

from __future__ import annotations

import ast
import re
from html.parser import HTMLParser

import pytest

from course_lib.optimizers import REGISTRY, forms_table
from course_lib.optimizers.calls import ABSENT, CALLS, CALLS_HEAD, OTHER, Call
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


def test_every_method_has_its_calls_in_the_order_of_the_registry() -> None:
    assert [call.method for call in CALLS] == list(REGISTRY)
    table = forms_table(show="calls")
    assert table.rows == CALLS and table.head == CALLS_HEAD
    cells = Cells()
    cells.feed(table._repr_html_())
    assert set(cells.rows) == {len(CALLS_HEAD)}
    assert "<code>optax.adam(0.001)</code>" in table._repr_html_()
    with pytest.raises(ValueError, match="show = 'form' is not allowed: it must be 'forms' or 'calls'"):
        forms_table(show="form")  # type: ignore[arg-type]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.method)
def test_a_call_is_python_and_says_our_learning_rate(call: Call) -> None:
    columns = {"torch": call.torch, "optax": call.optax, "keras": call.keras, "": call.elsewhere}
    for library, text in columns.items():
        if text in (ABSENT, OTHER):
            continue
        parts = [ast.parse(part.strip(), mode="eval") for part in text.split(";")]
        names = {node.id for part in parts for node in ast.walk(part) if isinstance(node, ast.Name)}
        assert library in names or not library
        assert ("params" in names) == (library in ("torch", ""))
        numbers = [node.value for node in ast.walk(parts[-1]) if isinstance(node, ast.Constant)]
        opt = REGISTRY[call.method].cls()
        assert opt.hyper()["lr"] in numbers or call.elsewhere == text == "dog.DoG(params, reps_rel=1e-6)"
    reasons = OTHER in columns.values() or call.within or call.point != "x" or len(call.on) != 2
    assert call.note or not reasons, "what is not the same needs a word"


def test_forms_and_calls_agree_that_a_library_has_none() -> None:
    """Where the table of forms knows a library's form, the table of calls may not say that it has no such optimizer."""
    for row in FORMS:
        call = next(call for call in CALLS if call.method == row.method)
        for library in ("torch", "optax", "keras"):
            if getattr(row, library) == "–":
                assert getattr(call, library) == ABSENT, f"{row.method}: {library}"
