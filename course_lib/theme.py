"""The colours of every picture by their roles, and numbers as one writes them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, to_hex, to_rgb

THEMES: dict[str, dict[str, str]] = {
    "light": {
        "page": "#ffffff", "text": "#1b2733", "muted": "#5b6b7b", "frame": "#b9c4cf", "grid": "#e3e8ee",
        "halo": "#ffffff", "low": "#f4f8fb", "high": "#9db8cf", "contour": "#5f7d9a",
        "vermilion": "#c84c00", "blue": "#0064a8", "green": "#00795a", "purple": "#a3447f",
        "amber": "#a86b00", "sky": "#1f83bd", "ink": "#1b2733", "bad": "#b3001b", "good": "#00693e",
        "target": "#00795a", "off": "#d5d9de",
    },
    "dark": {
        "page": "#111418", "text": "#e8edf2", "muted": "#a3b1bf", "frame": "#4a5866", "grid": "#27303a",
        "halo": "#0d1116", "low": "#141b23", "high": "#46627d", "contour": "#7f9cb8",
        "vermilion": "#ff8a4c", "blue": "#63b3f2", "green": "#35cc9c", "purple": "#e48fc2",
        "amber": "#f2bd4b", "sky": "#9ad4f7", "ink": "#e8edf2", "bad": "#ff6b7d", "good": "#4fd89b",
        "target": "#35cc9c", "off": "#3a4048",
    },
}  # fmt: skip
"""Colours by role for the two themes; hues after Okabe and Ito, shifted until 4.5 : 1 on the page."""

SERIES = ("vermilion", "blue", "green", "purple", "amber", "sky", "ink")
"""The roles given to several runs in one picture, in this order."""


def short(value: float, digits: int = 2) -> str:
    """Return a number as one would write it: 0.05, 120, 3.2e-7.

    Examples:
        >>> short(0.05), short(120.0), short(3.21e-7), short(1e5)
        ('0.05', '120', '3.2e-7', '1e5')
    """
    if value == 0 or 1e-3 <= abs(value) < 1e4:
        return f"{float(f'{value:.{digits}g}'):g}"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    return f"{float(mantissa):g}e{int(exponent)}" if exponent else mantissa


@lru_cache(maxsize=8)
def landscape_colors(theme: str) -> LinearSegmentedColormap:
    """Return the colour map of heights: quiet, so that a path stands out on it."""
    colors = THEMES[theme]
    return LinearSegmentedColormap.from_list(f"landscape-{theme}", [colors["low"], colors["high"]])


@lru_cache(maxsize=8)
def rate_colors(theme: str) -> tuple[str, ...]:
    """Return 256 colours for a map of results: 0 the best … 254 the worst, 255 for "diverges"."""
    from matplotlib import colormaps

    ramp = [to_hex(c) for c in colormaps["viridis"](np.linspace(0.98, 0.02, 255))]
    return (*ramp, THEMES[theme]["off"])


SHADES = 32
"""How many shades a colour has in `class_colors`."""


@lru_cache(maxsize=8)
def class_colors(theme: str) -> tuple[str, ...]:
    """Return 256 colours for a map of classes: `SHADES` of each of six hues, pale to dark, then eight quiet ones.

    The quiet ones, from 6 · `SHADES` on, come in pairs, whose two can make a pattern.

    Examples:
        >>> len(class_colors("light")), class_colors("light")[0] != class_colors("dark")[0]
        (256, True)
    """
    colors = THEMES[theme]
    pale, deep = (0.62, 0.25) if theme == "light" else (0.15, 0.7)
    found = []
    for role in SERIES[:6]:
        hue = np.array(to_rgb(colors[role]))
        first, last = hue + pale * (1 - hue), hue * (1 - deep)
        found += [to_hex(part) for part in np.linspace(first, last, SHADES)]
    pairs = [("muted", "halo"), ("ink", "halo"), ("off", "off"), ("frame", "muted")]
    found += [colors[role] for pair in pairs for role in pair]
    return (*found, *[colors["off"]] * (256 - len(found)))


@lru_cache(maxsize=8)
def signed_colors(theme: str) -> tuple[str, ...]:
    """Return 256 colours for numbers of both signs: blue below 0, the page at 0 (`ZERO`), vermilion above.

    Examples:
        >>> signed_colors("light")[ZERO], len(signed_colors("dark"))
        ('#ffffff', 256)
    """
    colors = THEMES[theme]
    ramp = LinearSegmentedColormap.from_list(
        f"signed-{theme}", [colors["blue"], colors["page"], colors["vermilion"]], 255
    )
    return (*(to_hex(ramp(i)) for i in range(255)), colors["off"])


ZERO = 127
"""The shade of 0 in `signed_colors`; 0 and 254 are the ends."""

HEATS = {"heat": rate_colors, "classes": class_colors, "signed": signed_colors}
"""The palettes of a heat map, by name."""
