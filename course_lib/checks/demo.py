"""What the demos of the exercises draw."""

from __future__ import annotations

import numpy as np

from ..picture import Picture, themed
from ..plotting import THEMES, loss_figure


@themed
def beside_the_library(yours: np.ndarray, library: np.ndarray, theme: str = "light") -> Picture:
    """Return two loss curves, yours dashed on top of the thick, pale one of the library, so that both are seen.

    Args:
        yours: your losses by step.
        library: the library's.
        theme: "light" or "dark".

    Examples:
        >>> figure = beside_the_library(0.5 ** np.arange(9), 0.5 ** np.arange(9))
        >>> [line.get_label() for line in figure.axes[0].get_lines()]
        ['yours', 'library']
    """
    figure = loss_figure({"yours": yours, "library": library}, theme=theme)
    axes = figure.axes[0]
    mine, theirs = axes.get_lines()
    mine.set(linestyle="--", zorder=3)
    theirs.set(linewidth=7, alpha=0.4, zorder=2)
    axes.legend(frameon=False, labelcolor=THEMES[theme]["text"])
    return figure
