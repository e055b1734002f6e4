"""What a check returns: a number for the grader, a few kind words for the reader."""

from __future__ import annotations

import html
from dataclasses import dataclass, field

from .links import address, link
from .observe import Run
from .tasks import Exercise, Mine, Task, Verdict

# Sign, word and the style of the border differ, so that colour is never the only difference.
_LOOKS = {
    "right": ("✓", "#009e73", "solid"),
    "wrong": ("△", "#e69f00", "dashed"),
    "raised": ("✕", "#d55e00", "double"),
    "unattempted": ("○", "#888888", "dotted"),
}


@dataclass(frozen=True)
class Result:
    """The answer of a check.

    Its ``repr`` is the bare number of points, because that is what a grader reads; the feedback is its HTML, and its
    ``text`` in a terminal.
    """

    verdict: Verdict
    remarks: list[str] = field(default_factory=list)
    next: tuple[str, str] = ("", "")
    printed: str = ""
    warned: list[str] = field(default_factory=list)

    @property
    def points(self) -> float:
        """The points earned."""
        return self.verdict.points

    def __repr__(self) -> str:
        return repr(float(self.points))

    @property
    def text(self) -> str:
        """The feedback as plain text."""
        sign = _LOOKS[self.verdict.state][0]
        head = f"{sign} {self.verdict.headline} · {self.points:g} of {self.verdict.of:g}"
        parts = [head, *self.verdict.lines, *self.remarks]
        if self.verdict.reread:
            parts.append(f"To read again: {self.verdict.reread}")
        if self.next[0]:
            parts.append(f"Next: {self.next[0]}")
        if self.warned:
            parts.append(f"Your code warned: {'; '.join(self.warned)}")
        if self.printed:
            parts.append(f"Your code printed: {self.printed}")
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        return as_html(self)


def as_html(result: Result) -> str:
    """Return the feedback as a box of HTML that reads on light and dark pages."""
    verdict = result.verdict
    sign, color, border = _LOOKS[verdict.state]
    parts = [
        f'<b><span style="color:{color}">{sign}</span> {html.escape(verdict.headline)}</b> '
        f"· {verdict.points:g} of {verdict.of:g} · <code>{html.escape(verdict.task)}</code>"
    ]
    parts += [f"<div>{html.escape(line)}</div>" for line in verdict.lines]
    parts.append(verdict.picture)
    parts += [f"<div>Note: {html.escape(remark)}</div>" for remark in result.remarks]
    parts += (
        [f"<div>To read again: {link(verdict.reread, address(verdict.reread))}</div>"]
        if verdict.reread
        else []
    )
    parts += [f"<div>Next: {link(*result.next)}</div>"] if result.next[0] else []
    parts += _folded("Warnings of your code", "\n".join(result.warned))
    parts += _folded("What your code printed", result.printed)
    box = (
        f"border-left:6px {border} {color};padding:0.4em 0.9em;margin:0.3em 0;max-width:52em;line-height:1.5"
    )
    return f'<div role="status" style="{box}">{"".join(parts)}</div>'


def _folded(title: str, text: str) -> list[str]:
    if not text:
        return []
    return [f"<details><summary>{title}</summary><pre>{html.escape(text)}</pre></details>"]


def judged(exercise: Exercise, task: Task, runs: list[Run], mine: Mine) -> Result:
    """Return the answer about what was seen: the verdict, and what was noticed beside it."""
    verdict = task.judge(runs, mine)
    right = verdict.state == "right"
    # what costs nothing in right code would lead astray beside a mistake
    remarks = list(dict.fromkeys(finding for run in runs for finding in run.findings)) if right else []
    printed = "".join(run.outcome.printed for run in runs)
    warned = list(dict.fromkeys(text for run in runs for text in run.outcome.warned))
    return Result(verdict, remarks, exercise.after(task) if right else ("", ""), printed[:2100], warned[:5])
