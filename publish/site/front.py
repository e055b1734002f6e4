"""The first page: a figure that moves, what this is, three ways in, and the map that lesson 00 draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from . import reference
from .lesson_map import lesson_map, short_names
from .links import notebooks
from .teachers import Page

TITLE = "The optimization algorithms that train neural networks"

_WORDS = """\
A course on the methods from gradient descent to Adam and on to what trains language models. You move a setting and see
at once what it does. You read each method as the few lines that it is, and write it yourself. You learn what is proven,
what is measured, and what is only said.

::::{{grid}} 1 1 3 3
:gutter: 3
:class-container: course-doors

:::{{grid-item-card}} Read →
:link: notebooks/00_start_here
:link-type: doc

{lessons} lessons as pages. Nearly every figure moves here, at once. Nothing to install.
:::

:::{{grid-item-card}} Run in the browser →
:link: {lite}
:link-type: url

The real notebooks, with Python in your browser. The first start loads about 45 MB and takes half a minute.
:::

:::{{grid-item-card}} Install →
:link: install
:link-type: doc

Python 3.11 and one command. The fastest figures, and your work stays on your own computer.
:::
::::

Not sure? [Which way for whom]({ways}).

## The map

{map}

## What is different here

- **The figures answer.** A slider moves, and the picture is there in the next frame, computed by the Python code that
  you read.
- **Every number is checked.** What a lesson claims, a cell of that lesson computes or asserts. Results that disappoint
  are shown too.
- **Right means right.** The [{methods} optimizers](reference/optimizers.rst) are compared with independent
  implementations under the same gradients. The reference says which call of PyTorch, optax and Keras gives the same
  numbers.
- **Exercises that answer back.** The check says where your function first goes wrong, and often which mistake it was.
- **Fair comparisons.** Equal tuning, fresh seeds, intervals. Lesson 12 asks
  [whether anything beats SGD](notebooks/12_does_anything_beat_sgd.ipynb).

## For teachers

{teachers}
"""

_INSTALL = """\
# Install the course

You need Python 3.11 or newer. Get the course as a folder, by `git clone` or as an archive, and open a terminal in it.

## With make

```
make lab     # sets everything up in .venv and opens the first lesson in JupyterLab
```

## With conda

```
conda env create --file environment.yml
conda activate optimizers-course
jupyter lab notebooks/00_start_here.ipynb
```

## On Windows

```
py -m venv .venv
.venv\\Scripts\\pip install --editable .
.venv\\Scripts\\jupyter lab notebooks\\00_start_here.ipynb
```

JupyterLab listens on your computer alone and asks for its token. Nothing you do leaves the machine.
The first lesson checks that everything is there, and says what to do if something is not.
"""


def write(source: Path, figure: str, methods: int, docs: Sequence[Page]) -> None:
    """Write the first page, the page on installing, and the menu.

    Args:
        source: the folder of the site's source.
        figure: the figure as HTML.
        methods: how many optimizers there are.
        docs: the page on ways for everybody, and then those for teachers.
    """
    ways, *teachers = docs
    lite = "lite/lab/index.html?path=notebooks/00_start_here.ipynb"
    words = _WORDS.format(
        lessons=len(notebooks("notebooks")),
        lite=lite,
        map=_map(),
        methods=methods,
        ways=ways.file,
        teachers="\n".join(f"- [{one.title}]({one.file}): {one.about}" for one in teachers),
    )
    bar = (
        '<p class="course-bar"><a class="course-start" href="notebooks/00_start_here.html">Start reading</a> '
        f'<a href="{lite}">Run in the browser</a> <a href="install.html">Install</a></p>'
    )
    page = f"# {TITLE}\n\n{bar}\n\n```{{raw}} html\n{figure}\n```\n\n{words}\n{_menu(ways, teachers)}"
    (source / "index.md").write_text(page, "utf-8")
    (source / "install.md").write_text(_INSTALL, "utf-8")


def _map() -> str:
    parts = []
    for part, lessons in groupby(lesson_map(), key=lambda lesson: lesson.part):
        rows = [
            f"| [{one.number} {one.name}](notebooks/{one.file}.ipynb) | {one.about} | {one.minutes} min |"
            for one in lessons
        ]
        table = "\n".join(("| lesson | what it is about | time |", "|---|---|---|", *rows))
        parts.append(f"### {part}\n\n:::{{container}} course-map\n{table}\n:::")
    return "\n\n".join(parts)


def _menu(ways: Page, teachers: Sequence[Page]) -> str:
    groups = [
        ("Lessons", list(_entries("notebooks"))),
        ("Exercises", list(_entries("exercises"))),
        ("Reference", reference.menu()),
        ("For teachers", [_entry(one.title, one.file) for one in teachers]),
        ("The course", ["install", _entry(ways.title, ways.file)]),
    ]
    return "\n".join(
        "```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(entries) + "\n```\n"
        for caption, entries in groups
    )


def _entry(name: str, file: str) -> str:
    return f"{name} <{Path(file).with_suffix('')}>"


def _entries(folder: str) -> Iterator[str]:
    """Return the entries of the menu, without the word that stands above them anyway."""
    names = short_names()
    for file in notebooks(folder):
        yield _entry(f"{file.stem[:2]} · {names[file.stem]}", f"{folder}/{file.name}")
