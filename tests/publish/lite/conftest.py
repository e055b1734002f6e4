"""The built sites and Chromium; ``make test-lite`` builds and then runs these tests."""

from pathlib import Path

import pytest

from tests.browser.lab import chromium

from .site import NO_OTHER_HOST, serve

BUILD = Path(__file__).parents[3] / "build"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.filterwarnings("default"))  # those of Playwright are not ours


def built(name):
    """Serve a site that is built."""
    folder = BUILD / name
    if not (folder / "lab" / "index.html").exists():
        pytest.fail(f"{folder} is not built: make test-lite builds it")
    return serve(folder)


@pytest.fixture(scope="session")
def folder():
    """The folder of the test pair's site."""
    return BUILD / "lite-test"


@pytest.fixture(scope="session")
def browser():
    """Chromium that reaches this machine alone."""
    with chromium(NO_OTHER_HOST) as context:
        yield context.browser


@pytest.fixture
def site():
    """The test pair's site, whole."""
    with built("lite-test") as running:
        yield running


@pytest.fixture
def context(browser):
    """A browser that has seen nothing yet."""
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    yield context
    context.close()
