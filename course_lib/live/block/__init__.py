"""The building block of live figures: a widget whose scenes Python draws and the browser shows.

``scene.py`` says what a figure shows, ``controls.py`` what can be set, ``pictured.py`` turns the one into the other.
``figure.py`` is the widget that answers a browser, ``ahead.py`` what it would show next; ``static.py`` draws a scene by
matplotlib. The scripts are one module in the browser; ``canned.py`` and ``model.js`` show a figure where no Python
runs. Nothing here knows an optimizer.
"""
