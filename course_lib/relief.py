"""Surfaces seen from the side, as landscapes."""

from __future__ import annotations

import numpy as np

from .picture import Picture, themed
from .plotting import new_figure
from .surfaces import Surface, surface
from .theme import THEMES, landscape_colors

_MARKS = (
    ("minima", "blue", "o"),
    ("local_minima", "blue", "o"),
    ("saddles", "vermilion", "X"),
    ("maxima", "ink", "^"),
)


@themed
def relief_figure(*surfaces: Surface | str, most: int = 20, theme: str = "light") -> Picture:
    """Return surfaces in perspective, side by side, with their critical points: ● minima, ✖ saddles, ▲ maxima.

    Args:
        surfaces: one to four, or their names.
        most: a kind of critical point of which there are more is not marked.
        theme: "light" or "dark".

    Raises:
        ValueError: for none or more than four.

    Examples:
        >>> figure = relief_figure("pseudo_huber", "saddle")
        >>> [axes.get_title() for axes in figure.axes]
        ['Pseudo-Huber bowl', 'Saddle']
    """
    if not 1 <= len(surfaces) <= 4:
        raise ValueError(f"surfaces: {len(surfaces)} were given, but one to four stand side by side")
    colors = THEMES[theme]
    figure = new_figure(9.0, 9.0 / len(surfaces) + 0.4 if len(surfaces) > 1 else 5.0, theme)
    for place, one in enumerate(map(surface, surfaces), start=1):
        axes = figure.add_subplot(1, len(surfaces), place, projection="3d", computed_zorder=False)
        axes.set_facecolor(colors["page"])
        x, y, z = one.mesh(61)
        axes.plot_surface(
            x, y, z, cmap=landscape_colors(theme), rcount=60, ccount=60, alpha=0.92, lw=0, zorder=1
        )
        axes.plot_wireframe(
            x, y, z, rcount=16, ccount=16, color=colors["contour"], lw=0.5, alpha=0.7, zorder=2
        )
        for kind, role, marker in _MARKS:
            points = getattr(one, kind)
            if 0 < len(points) <= most:
                lifted = one.loss(points.T) + 0.015 * np.ptp(z)
                axes.plot(*points.T, lifted, marker, color=colors[role], mec=colors["halo"], ms=8, zorder=3)
        axes.set_title(one.title, color=colors["text"], fontsize=11)
        axes.view_init(elev=38, azim=-58)
        for axis, name in ((axes.xaxis, "x"), (axes.yaxis, "y"), (axes.zaxis, "")):
            axis.set_pane_color((0, 0, 0, 0))
            axis.set_ticks([])
            axis.set_label_text(name, color=colors["muted"])
            axis.line.set_color(colors["frame"])
    return figure
