"""A Jupyter server and a browser for the tests of this folder; they need Chromium."""

import shutil
from contextlib import contextmanager

import pytest

from . import lab as laboratory


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings("default"))  # those of Playwright are not ours


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """One Jupyter server over an empty folder, with settings of its own."""
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.fail("these tests need Chromium (Debian: apt-get install chromium)")
    with laboratory.serve(tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="session")
def browser():
    """Chromium, one for all tests."""
    with laboratory.chromium() as context:
        yield context.browser


@pytest.fixture
def lab(server, browser):
    """Return a function that opens notebooks; see `notebooks`."""
    with notebooks(server, browser) as open_notebook:
        yield open_notebook


@contextmanager
def notebooks(server, browser):
    """Yield ``open(cells_or_path, app="lab", figures=1, **context) -> page``, which opens a notebook and runs it.

    ``cells_or_path`` is a list of code cells, or the path of a notebook, which is copied. What a widget's own
    script throws or logs as an error (Jupyter loads it from a blob) fails the test.
    """
    contexts, errors = [], []

    def heard(message):
        if message.type == "error" and message.location.get("url", "").startswith("blob:"):
            errors.append(message.text)

    def open_notebook(cells_or_path, app="lab", figures=1, **context):
        name = f"notebook-{len(list(server.root.glob('*.ipynb')))}.ipynb"
        if isinstance(cells_or_path, (list, tuple)):
            server.write(name, cells_or_path)
        else:
            shutil.copy(cells_or_path, server.root / name)
        contexts.append(browser.new_context(**{"viewport": {"width": 1200, "height": 1000}, **context}))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: "blob:" in (error.stack or "") and errors.append(str(error)))
        page.on("console", heard)
        page.goto(server.url(name, app))
        laboratory.run_all(page, figures)
        return page

    yield open_notebook
    for context in contexts:
        context.close()
    server.stop_kernels()
    assert not errors, f"the page's scripts failed: {errors}"
