"""The course in the browser: a JupyterLite in which ``import course_lib`` works, with nothing to install.

``python -m publish.lite`` builds it; ``make lite`` prepares all that is needed. Two pairs of versions are kept:

* ``publish``: the newest. Five compiled packages stay at Pyodide's own address, or are put into the site from a folder.
* ``test``: an older one, whose compiled packages can be had from a package index. Complete, so that it runs offline.

How the parts follow each other: ``pairs`` names the versions and fetches; ``lock`` writes the list from which Pyodide
loads packages; ``compiled`` puts byte code into them; ``build`` lets JupyterLite make the site; the folder ``page`` is
what the reader is told in it.
"""
