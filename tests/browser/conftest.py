"""A Jupyter server and a browser for the tests of this folder; they need Chromium."""

import shutil
from contextlib import contextmanager, suppress

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


@pytest.fixture(scope="session")
def desk(server, browser):
    """A page of JupyterLab for all tests that leave it as they found it."""
    return laboratory.Desk(server, browser)


def pytest_exception_interact(node):
    """What a test that failed left behind is not for the next one."""
    if desk := getattr(node, "funcargs", {}).get("desk"):
        desk.leave()


@pytest.fixture
def lab(server, browser, desk):
    """Return a function that opens notebooks; see `notebooks`."""
    with notebooks(server, browser, desk) as open_notebook:
        yield open_notebook


@contextmanager
def notebooks(server, browser, desk):
    """Yield ``open(cells_or_path, app="lab", figures=1, alone=False, **context)``: it runs a notebook, gives its page.

    ``cells_or_path`` is a list of code cells, or the path of a notebook, which is copied. JupyterLab's page is that of
    the desk. Notebook 7 has a page of its own, and so has what is to be ``alone`` or asks for more than a size of the
    window. What a widget's own script throws or logs as an error (Jupyter loads it from a blob) fails the test.
    """
    contexts, errors = [], []

    def thrown(error):
        if "blob:" in (error.stack or ""):
            errors.append(str(error))

    def logged(message):
        if message.type == "error" and message.location.get("url", "").startswith("blob:"):
            errors.append(message.text)

    def open_notebook(cells_or_path, app="lab", figures=1, alone=False, **context):
        name = f"notebook-{len(list(server.root.glob('*.ipynb')))}.ipynb"
        if isinstance(cells_or_path, (list, tuple)):
            server.write(name, cells_or_path)
        else:
            shutil.copy(cells_or_path, server.root / name)
        context = {"viewport": {"width": 1200, "height": 1000}, **context}
        if app == "lab" and list(context) == ["viewport"] and not alone:
            page = desk.open(name, context["viewport"])
        else:
            contexts.append(browser.new_context(**context))
            page = contexts[-1].new_page()
            page.goto(server.url(name, app))
        page.on("pageerror", thrown)
        page.on("console", logged)
        laboratory.run_all(page, figures)
        return page

    yield open_notebook
    for context in contexts:
        context.close()
    if desk.page is not None:
        desk.clear()
        for event, heard in (("pageerror", thrown), ("console", logged)):
            with suppress(KeyError):
                desk.page.remove_listener(event, heard)
    server.stop_kernels()
    assert not errors, f"the page's scripts failed: {errors}"
