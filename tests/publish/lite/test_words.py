"""Where something is missing, the page says what to do: no blank figure, no kernel that hangs in silence."""

import json
import shutil

import pytest

from tests.browser.lab import CHROMIUM_FLAGS

from .site import NO_OTHER_HOST, told

LESSON = "notebooks/00_start_here.ipynb"


def test_the_first_lesson_opens_and_the_bar_tells_where_work_stays(site, context):
    page = context.new_page()
    page.goto(site.url())
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path") == LESSON
    assert "stays in this browser alone" in told(page)
    assert not page.locator("#course-trouble p").count(), told(page)
    page.click("#course-how")
    help = page.inner_text("#course-help")
    for word in ("File → Download", "Hand it in", "Restart Kernel", "Delete"):
        assert word in help
    page.click("#course-help button")
    assert not page.is_visible("#course-help")
    last = page.locator(".jp-Notebook").bounding_box()
    bar = page.locator("#course-bar").bounding_box()
    assert last["y"] + last["height"] <= bar["y"] + 1, "the bar covers nothing of the notebook"


def test_on_a_phone_the_notebook_has_the_page(site, context):
    page = context.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site.url(LESSON))
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", state="attached", timeout=60_000)
    page.wait_for_timeout(6000)  # JupyterLab shows its list of files again after it has opened a notebook
    assert page.locator(".jp-NotebookPanel").bounding_box()["width"] > 300


def test_a_file_that_is_missing_is_named(site, context):
    site.missing = "numpy-"
    page = context.new_page()
    page.goto(site.url(LESSON))
    said = told(page, "files")
    assert "numpy-2.0.2" in said and "Load the page again" in said and "matplotlib" not in said


def test_another_versions_lock_is_told(site, context, folder):
    lock = json.loads((folder / "static" / "pyodide" / "pyodide-lock.json").read_text())
    lock["info"]["version"] = "0.26.4"
    site.instead["pyodide-lock.json"] = json.dumps(lock).encode()
    page = context.new_page()
    page.goto(site.url(LESSON))
    said = told(page, "lock")
    assert "0.27.7" in said and "0.26.4" in said and "Load the page again" in said


@pytest.mark.parametrize("content", [b"<!DOCTYPE html>", b""])
def test_a_lock_that_cannot_be_read_is_told(site, context, content):
    site.instead["pyodide-lock.json"] = content
    page = context.new_page()
    page.goto(site.url(LESSON))
    assert "cannot be read" in told(page, "lock")


@pytest.mark.parametrize(
    ("gone", "named"),
    [
        ("delete window.WebAssembly", "WebAssembly"),
        ("WebAssembly.validate = () => false", "exceptions in WebAssembly"),
        ("delete window.structuredClone", "structuredClone"),
    ],
)
def test_an_old_browser_is_told(site, context, gone, named):
    page = context.new_page()
    page.add_init_script(gone)
    page.goto(site.url(LESSON))
    said = told(page, "old")
    assert f"lacks {named}" in said and "last two years" in said


def test_a_browser_that_stores_nothing_is_told(site, browser, tmp_path):
    (tmp_path / "Default").mkdir()
    blocked = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(blocked))
    context = browser.browser_type.launch_persistent_context(
        tmp_path,
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=[*CHROMIUM_FLAGS, NO_OTHER_HOST],
    )
    try:
        page = context.new_page()
        page.goto(site.url(LESSON))
        said = told(page, "storage")
        assert "does not open" in said and "Allow site data" in said and "ordinary window" in said
    finally:
        context.close()


def test_the_page_is_dark_where_the_system_is(site, browser):
    context = browser.new_context(color_scheme="dark")
    try:
        page = context.new_page()
        page.goto(site.url(LESSON))
        page.wait_for_selector('body[data-jp-theme-light="false"]', timeout=60_000, state="attached")
        seen = page.evaluate("() => getComputedStyle(document.getElementById('course-bar')).backgroundColor")
        assert max(map(int, seen.removeprefix("rgb(").removesuffix(")").split(","))) < 64
    finally:
        context.close()
