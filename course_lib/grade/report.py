"""Pages: each student's feedback, and the class's."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Sequence
from pathlib import Path

import course_lib

from ..checks.links import address, link
from ..checks.result import as_html
from .batch import Score
from .classes import ClassCount, Often, TaskCount
from .identity import slug

STYLE = """:root{color-scheme:light dark}
body{font:17px/1.5 system-ui,sans-serif;max-width:58em;margin:2em auto;padding:0 1em;
background:light-dark(#fff,#16181c);color:light-dark(#1b1b1b,#e8e8e8)}
a{color:light-dark(#0059a8,#8cc4ff)}pre{white-space:pre-wrap}h1{font-size:1.6em;line-height:1.25}
h2{font-size:1.25em;margin:1.8em 0 .5em}.lead{font-size:1.15em}.quiet{color:light-dark(#555,#aaa)}
ol.discuss{padding-left:1.4em;font-size:1.15em}ol.discuss li{margin:.7em 0}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.35em .8em .35em 0;
border-bottom:1px solid light-dark(#ddd,#3a3d44)}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;
white-space:nowrap}.bar{display:flex;height:1.1em;min-width:12em;border:1px solid light-dark(#777,#999)}
.bar i{display:block}.solved{background:#009e73}
.wrong{background:repeating-linear-gradient(45deg,#e69f00 0 6px,light-dark(#fff3d6,#5a430c) 6px 10px)}
.out{background:light-dark(#fff,#16181c)}.key{display:inline-block;width:1.2em;height:.8em;margin:0 .3em 0 1em;
border:1px solid light-dark(#777,#999)}@media print{body{margin:0}}"""


def write_page(score: Score, folder: Path, taken: set[str], site: str = "") -> str:
    """Write a student's page of feedback and return its name.

    Args:
        score: what it tells.
        folder: where it goes.
        taken: names that other pages have; the new one is added.
        site: address of the course's site, for links to its lessons; else they lead to the notebooks on this machine.
    """
    submission = score.submission
    exercise = submission.exercise.name if submission.exercise else "no exercise"
    title = html.escape(f"{submission.student} · {exercise} · {score.points:g} of {score.of:g}")
    boxes = "\n".join(as_html(result) for result in score.results) or "<p>Nothing could be graded.</p>"
    remarks = "".join(f"<li>{html.escape(remark)}</li>" for remark in dict.fromkeys(score.remarks))
    body = f"<h1>{title}</h1>\n{boxes}" + (f"<h2>Remarks</h2><ul>{remarks}</ul>" if remarks else "")
    name = free_name(slug(submission.student, exercise.replace(" ", "_")), taken)
    (folder / name).write_text(_page(title, leading(body, folder, site)), "utf-8", "backslashreplace")
    return name


def free_name(stem: str, taken: set[str]) -> str:
    """Return a page's name that no other page has, on file systems that know no capitals either.

    Examples:
        >>> taken = {"ada.html"}
        >>> free_name("Ada", taken), free_name("ada", taken)
        ('Ada_2.html', 'ada_3.html')
    """
    name, number = f"{stem}.html", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem}_{number}.html"
    taken.add(name.casefold())
    return name


def leading(text: str, folder: Path, site: str = "") -> str:
    """Return HTML whose links to notebooks lead somewhere from where the page lies.

    Args:
        text: with links as the checker makes them, seen from the folder of the exercises.
        folder: of the page.
        site: address of the course's site, "" for the notebooks on this machine.

    Examples:
        >>> leading('<a href="../notebooks/08_adam.ipynb#cell-id=cell-07">', Path("out"), "https://x.org/c/")
        '<a href="https://x.org/c/notebooks/08_adam.html#notebooks-08-adam-cell-07">'
    """
    here = os.path.relpath(Path(course_lib.__file__).parents[1], folder)

    def there(found: re.Match[str]) -> str:
        place, lesson, cell = found.groups()
        if not site:
            return f'href="{Path(here, place, lesson).as_posix()}.ipynb{f"#cell-id={cell}" if cell else ""}"'
        anchor = f"#{place}-{lesson.replace('_', '-')}-{cell}" if cell else ""
        return f'href="{html.escape(site.rstrip("/"))}/{place}/{lesson}.html{anchor}"'

    return re.sub(r'href="\.\./(\w+)/(\w+)\.ipynb(?:#cell-id=([\w-]+))?"', there, text)


def _page(title: str, body: str) -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html><html lang="en"><head>{head}<title>{title}</title><style>{STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def write_class_page(counts: Sequence[ClassCount], file: Path, site: str = "") -> None:
    """Write ``class.html``: what to discuss, how each task went, and the mistakes by name. No student is named.

    Args:
        counts: of each exercise.
        file: is replaced.
        site: as in `write_page`.
    """
    body = "\n".join(_class(one) for one in counts) or "<h1>The class</h1><p>Nothing was graded.</p>"
    title = "The class · " + ", ".join(one.exercise for one in counts)
    file.write_text(_page(html.escape(title), leading(body, file.parent, site)), "utf-8")


def _class(one: ClassCount) -> str:
    absent = f", {one.missing} missing" if one.missing else ""
    unread = f", {one.unread} of them not readable" if one.unread else ""
    lead = (
        f"{one.handed_in} handed in{unread}{absent}. Half have {one.median:g} points of {one.of:g} or more."
    )
    keys = "".join(f'<span class="key {k}"></span>{w}' for k, w in
                   (("solved", "solved"), ("wrong", "tried, not yet right"), ("out", "left out")))  # fmt: skip
    tasks = "".join(_task(task, one.handed_in) for task in one.tasks)
    rows = "".join(_mistakes(task) for task in one.tasks)
    table = f"<table><tr><th>task</th><th>mistake</th><th class=n>how many</th><th>read again</th></tr>{rows}</table>"
    return (
        f"<h1>{html.escape(one.exercise)}</h1><p class=lead>{lead}</p>{_discuss(one)}"
        f"<h2>How each task went</h2><p class=quiet>{keys}</p><table>{tasks}</table>"
        f"<h2>The mistakes by name</h2>{table if rows else '<p>None that has a name.</p>'}"
    )


def _discuss(one: ClassCount) -> str:
    points = [_spoken(mistake, one.handed_in) for mistake in one.to_discuss]
    points += [
        f"<li><b>Left out by {task.left_out} of {one.handed_in}</b>: task {html.escape(task.heading)}.</li>"
        for task in one.left_out
    ]
    inside = f"<ol class=discuss>{''.join(points)}</ol>" if points else "<p>No mistake was made twice.</p>"
    return f"<h2>To discuss next time</h2>{inside}"


def _spoken(mistake: Often, of: int) -> str:
    name = html.escape(mistake.name[:1].upper() + mistake.name[1:])
    reread = f" Read again: {link(mistake.reread, address(mistake.reread))}." if mistake.reread else ""
    why = f" {html.escape(mistake.why)}" if mistake.why else ""
    return f"<li><b>{name.rstrip('.')}</b>: {mistake.count} of {of}, <code>{mistake.task}</code>.{why}{reread}</li>"


def _task(task: TaskCount, of: int) -> str:
    parts = (("solved", task.solved), ("wrong", task.attempted), ("out", task.left_out))
    bar = "".join(f'<i class="{k}" style="width:{100 * n / of:.1f}%"></i>' for k, n in parts)
    words = f"{task.solved} solved · {task.attempted} tried · {task.left_out} left out"
    return (
        f"<tr><td>{html.escape(task.heading)}</td>"
        f'<td><div class=bar role=img aria-label="{words}">{bar}</div></td><td class=n>{words}</td></tr>'
    )


def _mistakes(task: TaskCount) -> str:
    rows = [(html.escape(m.name), m.count, link(m.reread, address(m.reread))) for m in task.mistakes]
    rows += [("an error, or no end", task.raised, "")] if task.raised else []
    rows += [("wrong in a way that has no name", task.nameless, "")] if task.nameless else []
    return "".join(
        f"<tr><td><code>{task.name}</code></td><td>{name}</td><td class=n>{count}</td><td>{reread}</td></tr>"
        for name, count, reread in rows
    )
