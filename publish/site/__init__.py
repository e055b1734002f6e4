"""The course as a static site: ``python -m publish.site`` (or ``make site``).

How the parts follow each other. ``run`` executes the notebooks, several at a time, and keeps what came out; in their
kernels ``stills`` turns every picture into files. ``notebooks`` makes pages of the executed notebooks, ``links`` turns
links between notebooks into labels of these pages. ``reference`` writes a page for every optimizer, surface, problem,
schedule and explorer out of the registries and docstrings, ``front`` the first page, ``teachers`` those of ``docs/``.
All this is the source, from which Sphinx makes the site as ``conf.py`` says.
"""

from pathlib import Path

COURSE = Path(__file__).parents[2]
"""The folder of the course."""

ROOT = "@root@"
"""Stands in raw HTML for the way from a page to the site's own folder; ``conf.py`` fills it in."""
