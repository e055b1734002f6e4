"""The course in the browser: a JupyterLite in which ``import course_lib`` works, with nothing to install.

``python -m publish.lite`` builds it; ``make lite`` prepares all that is needed. Two pairs of versions are kept:

* ``publish``: the newest. Five compiled packages stay at Pyodide's own address, or are put into the site from a folder.
* ``test``: an older one, whose compiled packages can be had from a package index. Complete, so that it runs offline.

How the parts follow each other: ``pairs`` names versions; ``wheels`` makes and fetches packages and compiles them;
``lock`` writes the list from which Pyodide loads; ``build`` lets JupyterLite make the site; ``page`` is what the
reader is told in it.
"""
