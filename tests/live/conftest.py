"""A figure for every test that asks for one."""

import pytest

from .common import Line


@pytest.fixture
def line():
    figure = Line()
    yield figure
    figure.close()
