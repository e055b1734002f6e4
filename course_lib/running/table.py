"""A small table of results: columns by name, plain CSV on disk."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SHOWN = 20
"""So many rows a notebook shows of a long table: the first and the last ones."""


class Table:
    """Columns of equal length by name.

    On disk it is CSV with a line of names; floats are written with all their digits, so that loading gives the same
    numbers, and any other program reads it too.

    Args:
        columns: arrays or lists of numbers, truth values or words, ``(rows,)`` each, by name.

    Raises:
        ValueError: if the columns are not of one length.

    Examples:
        >>> table = Table({"lr": [0.1, 0.2], "loss": [1.5, np.inf]})
        >>> table["loss"], len(table)
        (array([1.5, inf]), 2)
        >>> table.rows
        [{'lr': 0.1, 'loss': 1.5}, {'lr': 0.2, 'loss': inf}]
        >>> table.where(lr=0.2)["loss"]
        array([inf])
    """

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self.columns = {name: np.asarray(column) for name, column in columns.items()}
        lengths = {name: column.shape for name, column in self.columns.items()}
        if len(set(lengths.values())) > 1 or any(len(shape) != 1 for shape in lengths.values()):
            raise ValueError(f"columns have the shapes {lengths}, but they must be vectors of one length")

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, Any]]) -> Table:
        """Make a table of rows; what a row lacks is "" in a column of words and NaN in one of numbers.

        Examples:
            >>> Table.of_rows([{"lr": 0.1}, {"lr": 0.2, "form": "paper"}])["form"]
            array(['', 'paper'], dtype='<U5')
        """
        rows = list(rows)
        columns: dict[str, Any] = {}
        for name in dict.fromkeys(name for row in rows for name in row):
            values = [row.get(name) for row in rows]
            words = any(isinstance(value, str) for value in values)
            columns[name] = [("" if words else np.nan) if value is None else value for value in values]
        return cls(columns)

    def __getitem__(self, column: str) -> np.ndarray:
        if column not in self.columns:
            raise KeyError(f"there is no column {column!r}; there are {', '.join(self.columns)}")
        return self.columns[column]

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows, as dicts of plain numbers and words."""
        columns = [column.tolist() for column in self.columns.values()]
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*columns, strict=True)]

    def take(self, mask: np.ndarray) -> Table:
        """Return the rows that a mask or an index array picks."""
        return Table({name: column[mask] for name, column in self.columns.items()})

    def only(self, *columns: str) -> Table:
        """Return some of the columns.

        Raises:
            KeyError: for a column that does not exist.

        Examples:
            >>> Table({"lr": [0.1], "loss": [1.5]}).only("loss").rows
            [{'loss': 1.5}]
        """
        return Table({name: self[name] for name in columns})

    def where(self, **values: Any) -> Table:
        """Return the rows that have these values."""
        return self.take(np.logical_and.reduce([self[name] == value for name, value in values.items()]))

    def in_points(self, *columns: str) -> Table:
        """Return the table with some columns times 100, to two decimals: shares as points of a hundred.

        Examples:
            >>> Table({"method": ["Adam"], "difference": [0.004333]}).in_points("difference").rows
            [{'method': 'Adam', 'difference': 0.43}]
        """
        points = {name: np.round(100 * self[name], 2) + 0.0 for name in columns}  # + 0.0: no −0
        return Table(self.columns | points)

    def save(self, path: str | Path) -> None:
        """Write the table as CSV."""
        with Path(path).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self.columns)
            writer.writerows(row.values() for row in self.rows)

    @classmethod
    def load(cls, path: str | Path) -> Table:
        """Read what `save` wrote.

        Raises:
            ValueError: if a line has not as many entries as there are names.
        """
        with Path(path).open(newline="", encoding="utf-8") as file:
            names, *lines = csv.reader(file)
        for number, line in enumerate(lines, 2):
            if len(line) != len(names):
                raise ValueError(
                    f"{path}: line {number} has {len(line)} entries, but it must have {len(names)}"
                )
        columns = zip(*lines, strict=True) if lines else ((),) * len(names)
        return cls({name: _parsed(list(column)) for name, column in zip(names, columns, strict=True)})

    def __repr__(self) -> str:
        return f"Table({len(self)} rows: {', '.join(self.columns)})"

    def _repr_html_(self) -> str:
        rows = [list(row.values()) for row in self.rows]
        if len(rows) > SHOWN:
            rows = [*rows[: SHOWN // 2], ["…"] * len(self.columns), *rows[-SHOWN // 2 :]]
        # said of each cell, because JupyterLab aligns all of them to the right, and other pages to the left
        sides = ["right" if column.dtype.kind in "iuf" else "left" for column in self.columns.values()]
        head = _line("th", self.columns, sides)
        return f"<table>{head}{''.join(_line('td', row, sides) for row in rows)}</table>"


def _line(tag: str, cells: Iterable[Any], sides: Sequence[str]) -> str:
    inside = "".join(
        f'<{tag} style="text-align:{side}">{html.escape(_shown(cell))}</{tag}>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{inside}</tr>"


def _shown(cell: Any) -> str:
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)


def _parsed(texts: list[str]) -> np.ndarray:
    """Return a column as whole numbers, truth values or floats if all of it can be read so, else as words."""
    if texts and set(texts) <= {"True", "False"}:
        return np.array([text == "True" for text in texts])
    for kind in (int, float):
        try:
            return np.array([kind(text) for text in texts], dtype=kind)
        except ValueError:
            continue
    return np.array(texts)
