"""A board as text for the terminal, as a page, as a table for other programs, as a picture."""

from __future__ import annotations

import base64
import csv
import html
from collections.abc import Callable
from pathlib import Path

from ...grade.tables import harmless
from ...picture import to_png
from .table import Board, Group

STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:72em;margin:2em auto;padding:0 1em}
table{border-collapse:collapse;font-size:14px}td,th{padding:.25em .6em;text-align:left;border-bottom:1px solid #8886}
.wide{overflow-x:auto}img{max-width:100%}"""


def lines_of(group: Group, metric: str) -> list[dict[str, str]]:
    """Return the rows of a group's table as a reader wants them: rounded, with the remarks."""
    lines = []
    for place, row in enumerate(group.table(metric).rows, 1):
        lines.append(
            {
                "": str(place),
                "entry": row["entry"],
                "method": row["method"],
                metric: f"{row[metric]:.4f} [{row['low']:.4f}, {row['high']:.4f}]",
                "minus rival": f"{row['difference']:+.4f} [{row['from']:+.4f}, {row['to']:+.4f}]",
                "rival": row["rival"],
                "p (Holm)": f"{row['p_holm']:.3g}",
                "verdict": row["verdict"],
                "remarks": "; ".join(group.remarks[row["entry"]]),
            }
        )
    return lines


def note(group: Group) -> str:
    """Return what a reader of the table must know."""
    many = len(group.entries)
    return (
        f"{many} {'entry' if many == 1 else 'entries'}. Means over fresh seeds with 95 % intervals. The rival is the "
        f"baseline that was best on validation data; p is corrected for {many}. Places may be due to chance: only the "
        f"verdict says what can be told apart."
    )


def as_text(made: Board, metric: str) -> str:
    """Return the board for a terminal."""
    blocks = []
    for group in made.groups:
        lines = lines_of(group, metric)
        cells = [list(lines[0]), *(list(line.values()) for line in lines)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        rows = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        blocks.append("\n".join([group.title, *rows, note(group)]))
    if made.refused:
        blocks.append(
            "\n".join(
                ["Not on the board:", *(f"  {name} {why}" for name, why in map(_printable, made.refused))]
            )
        )
    return "\n\n".join(blocks)


def _printable(pair: tuple[str, str]) -> tuple[str, str]:
    return tuple("".join(c if c.isprintable() else "?" for c in text) for text in pair)  # type: ignore[return-value]


def write_page(made: Board, metric: str, path: Path) -> None:
    """Write one page that holds its pictures itself."""
    parts = []
    for group in made.groups:
        lines = lines_of(group, metric)
        head = "".join(f"<th>{html.escape(name)}</th>" for name in lines[0])
        body = "".join(
            f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in line.values())}</tr>" for line in lines
        )
        light, dark = (
            base64.b64encode(to_png(group.figure(theme=theme))).decode() for theme in ("light", "dark")
        )
        words = html.escape(
            "; ".join(f"{line['entry']}: {line['minus rival']}, {line['verdict']}" for line in lines)
        )
        parts.append(
            f"<h2>{html.escape(group.title)}</h2>"
            f'<div class="wide"><table><tr>{head}</tr>{body}</table></div><p>{html.escape(note(group))}</p>'
            f'<picture><source media="(prefers-color-scheme: dark)" srcset="data:image/png;base64,{dark}">'
            f'<img alt="{words}" src="data:image/png;base64,{light}"></picture>'
        )
    if made.refused:
        bad = "".join(
            f"<li>{html.escape(f'{name} {why}')}</li>" for name, why in map(_printable, made.refused)
        )
        parts.append(f"<h2>Not on the board</h2><ul>{bad}</ul>")
    path.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Board</title><style>{STYLE}</style>'
        f"<h1>Board</h1>{''.join(parts)}</html>\n", "utf-8",
    )  # fmt: skip


def write_csv(made: Board, metric: str, path: Path) -> None:
    """Write one row for each entry of each group, with all digits."""
    rows = [
        {"comparison": group.title} | row | {"remarks": "; ".join(group.remarks[row["entry"]])}
        for group in made.groups
        for row in group.table(metric).rows
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(rows[0] if rows else [])
        table.writerows([harmless(v) if isinstance(v, str) else v for v in row.values()] for row in rows)


def write_picture(made: Board, metric: str, path: Path) -> None:
    """Write the picture of the first group; each further one beside it, with a number."""
    for number, group in enumerate(made.groups, 1):
        to = path if number == 1 else path.with_stem(f"{path.stem}-{number}")
        to.write_bytes(to_png(group.figure(), dpi=150))


WRITERS: dict[str, Callable[[Board, str, Path], None]] = {
    ".html": write_page, ".csv": write_csv, ".png": write_picture,
}  # fmt: skip
"""What writes a board, by the end of the file's name."""
