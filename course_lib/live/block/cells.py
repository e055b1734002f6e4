"""Which figures a cell of a notebook has made: those of an earlier run are closed when it is run again."""

from __future__ import annotations

from typing import Protocol


class Closable(Protocol):
    """A figure, as far as it matters here."""

    def close(self) -> None:
        """Take it off the page."""


_MADE: dict[str, tuple[str, list[Closable]]] = {}


def retire_earlier_run(figure: Closable) -> None:
    """Close the figures that an earlier run of this figure's cell made: nobody can see them any more."""
    cell, run = _running_cell()
    if not cell:
        return
    earlier_run, figures = _MADE.get(cell, (run, []))
    if earlier_run != run:
        for old in figures:
            old.close()
        figures = []
    _MADE[cell] = (run, [*figures, figure])


def _running_cell() -> tuple[str, str]:
    """Return the identifiers of the notebook cell being run and of this run of it; empty outside a notebook."""
    try:
        from IPython import get_ipython

        parent = get_ipython().kernel.get_parent()
        return parent["metadata"].get("cellId", ""), parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError):
        return "", ""
