"""A built site, page by page and in a browser: ``make test-site``; ``BUILT_SITE`` names its folder."""

from __future__ import annotations

import functools
import http.server
import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from publish.site import COURSE

pytestmark = [pytest.mark.site, pytest.mark.filterwarnings("default")]
SITE = Path(os.environ.get("BUILT_SITE", COURSE / "build" / "site"))
LISTINGS = ("_modules", "_static", "lite", "genindex.html", "py-modindex.html", "search.html")
LOADED = {name: "src" for name in ("img", "script", "iframe", "source", "video")} | {
    "link": "href",
    "object": "data",
}


@functools.cache
def soup(page: Path):
    from bs4 import BeautifulSoup

    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


@functools.cache
def pages() -> tuple[Path, ...]:
    """The pages that are read, not the listings that Sphinx makes beside them."""
    found = [p for p in sorted(SITE.rglob("*.html")) if p.relative_to(SITE).parts[0] not in LISTINGS]
    assert len(found) > 150, f"{SITE} is no built site: make site"
    return tuple(found)


def names(found) -> list[str]:
    return [str(page.relative_to(SITE)) for page in found]


@functools.cache
def anchors(page: Path) -> frozenset[str]:
    return frozenset(tag["id"] for tag in soup(page).find_all(id=True))


def test_titles_are_there_and_no_two_are_alike():
    titles = {}
    for page in pages():
        headings = soup(page).select("article h1")
        assert len(headings) == 1, f"{page}: {len(headings)} headings of the first level"
        titles.setdefault(headings[0].get_text().strip(" #"), []).append(page)
    assert "" not in titles
    assert {title: names(found) for title, found in titles.items() if len(found) > 1} == {}


def test_every_picture_says_what_it_shows():
    for page in pages():
        silent = [str(img)[:80] for img in soup(page).find_all("img") if not img.get("alt", "").strip()]
        assert silent == [], page


@functools.cache
def target(folder: Path, path: str) -> Path | None:
    """The file that a link in a page of a folder leads to, if there is one."""
    found = Path(os.path.normpath(folder / unquote(path)))
    return found if found.exists() else None


def broken(page: Path) -> list[str]:
    """Links of a page that lead nowhere on this site."""
    found = []
    for tag in soup(page).find_all(["a", "img", "script", "link", "div"]):
        for name in ("href", "src", "data-src", "data-live"):
            address = urlsplit(tag.get(name, ""))
            if address.scheme or address.netloc or not (address.path or address.fragment):
                continue
            there = target(page.parent, address.path) if address.path else page
            inside = address.fragment and there and there.suffix == ".html"
            if there is None or (inside and unquote(address.fragment) not in anchors(there)):
                found.append(tag[name])
    return found


def test_every_link_leads_somewhere():
    assert {str(page.relative_to(SITE)): found for page in pages() if (found := broken(page))} == {}


def test_a_lesson_that_can_be_run_is_there_to_be_run():
    for page in pages():
        for tag in soup(page).select("a.course-run"):
            path = urlsplit(tag["href"]).query.removeprefix("path=")
            assert (COURSE / path).is_file(), f"{page}: {tag['href']}"


def test_nothing_is_loaded_from_another_host():
    for page in pages():
        for tag in soup(page).find_all(list(LOADED)):
            address = tag.get(LOADED[tag.name]) or ""
            if tag.name == "link" and "canonical" in tag.get("rel", []):
                continue
            assert not re.match(r"(https?:)?//", address), f"{page} loads {address}"
        for style in soup(page).find_all("style"):
            assert "//" not in style.get_text(), page
    for sheet in SITE.joinpath("_static").rglob("*.css"):
        outside = re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//[^)\s]+", sheet.read_text("utf-8"))
        assert outside == [], f"{sheet} loads {outside}"


def test_every_formula_could_be_set():
    assert names(page for page in pages() if "katex-error" in page.read_text("utf-8")) == []
    lesson = SITE / "notebooks" / "04_momentum.html"
    assert len(soup(lesson).select(".katex")) > 30


_SETTING = """
import os, runpy, time
runpy.run_path(os.environ["COURSE"] + "/publish/site/conf.py")
from sphinxcontrib import katex
assert "katex" in katex.render_latex("x^2")
print(katex.KaTeXServer.get().process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_sets_formulas_ends_with_the_build_however_that_ends(how):
    """Left alone, the server lives on after a build that is killed, with its port and its memory."""
    env = os.environ | {"COURSE": str(COURSE)}
    with subprocess.Popen(
        [sys.executable, "-c", _SETTING], env=env, text=True, stdout=-1, stderr=-3
    ) as build:
        server = int(build.stdout.readline())
        assert running(server)
        build.send_signal(how)
        build.wait(30)
    until = time.monotonic() + 30
    while running(server):
        assert time.monotonic() < until, "the server has outlived the build"
        time.sleep(0.02)


def running(process: int) -> bool:
    """Whether a process is there; one that has ended and waits to be asked for its outcome is not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_no_cell_failed_and_no_address_was_left_open():
    for page in pages():
        text = page.read_text("utf-8")
        for output in soup(page).select(".cell_output"):
            assert "Traceback (most recent call last)" not in output.get_text(), page
        assert "@root@" not in text, page


def test_the_lessons_that_were_run_show_what_came_out():
    """Lesson 04 is in every build: figures with both stills and their positions, pictures, numbers, folded checks."""
    lesson = soup(SITE / "notebooks" / "04_momentum.html")
    figures = lesson.select(".course-figure[data-src][data-live]")
    assert len(figures) >= 3 and all(len(figure.select("img")) == 2 for figure in figures)
    assert lesson.select(".course-picture") and "lowest after 100 steps: beta = 0.65" in lesson.get_text()
    assert any("Show the check" in summary.get_text() for summary in lesson.select("summary"))


def test_an_exercise_has_its_hints_folded_and_its_solution_two_steps_away():
    from course_lib.checks.exercises import find_task

    _, task = find_task("momentum_step")
    exercise = soup(SITE / "exercises" / "04_momentum.html")
    folded = {d.summary.get_text(): d for d in exercise.select("details.course-hint")}
    words = " ".join(exercise.get_text().split())
    assert f"Hint 1 of {len(task.hints)}" in folded and "raise NotImplementedError()" in words
    assert task.source.strip().splitlines()[-1].strip() not in words
    outside = [a for a in exercise.select("article a[href*='solutions/']") if not a.find_parent("details")]
    assert outside == []
    target = folded["Show me the solution"].a["href"]
    solution = soup(SITE / "solutions" / "04_momentum.html")
    assert target.split("#")[1] in anchors(SITE / "solutions" / "04_momentum.html")
    assert "BEGIN SOLUTION" not in solution.get_text() and 'm = beta * state["m"] + g' in solution.get_text()


def test_every_entry_of_the_registries_has_its_page():
    from publish.site.reference import kinds

    for kind in kinds():
        shelf = soup(SITE / "reference" / f"{kind.folder}.html")
        part = {"explorers": "live"}.get(kind.folder, kind.folder)
        for name in kind.names:
            page = SITE / "reference" / kind.folder / f"{name}.html"
            assert page.is_file(), page
            assert shelf.select(f"article a[href='{kind.folder}/{name}.html']"), f"{name} is not on its shelf"
            assert f"course_lib.{part}.{name}" in page.read_text("utf-8")


def test_the_downloads_are_the_course_s_own_notebooks():
    for folder in ("notebooks", "exercises", "solutions"):
        for file in (COURSE / folder).glob("*.ipynb"):
            assert (SITE / "_downloads" / folder / file.name).read_bytes() == file.read_bytes()


def test_an_earlier_site_goes_and_nothing_else(tmp_path):
    from publish.site.__main__ import earlier_site, remove

    site, other = tmp_path / "site", tmp_path / "other"
    (site / "lite").mkdir(parents=True)
    (site / "lite" / "index.html").touch()
    assert earlier_site(site) == []  # beside JupyterLite there is none yet
    (site / "old").mkdir()
    (site / "old" / "page.html").touch()
    (site / "index.html").touch()
    remove(earlier_site(site))
    assert {p.name for p in site.iterdir()} == {"lite", ".nojekyll"} and (
        site / "lite" / "index.html"
    ).exists()
    other.mkdir()
    (other / "thesis.txt").touch()
    with pytest.raises(ValueError, match="other' is not allowed"):
        earlier_site(other)


def test_it_is_small_enough():
    megabytes = sum(f.stat().st_size for f in SITE.rglob("*") if f.is_file() and "lite" not in f.parts) / 1e6
    assert megabytes <= 60, f"{megabytes:.0f} MB"


@pytest.fixture(scope="module")
def address():
    """The site, served on this computer."""
    handler = functools.partial(QuietHandler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def chromium():
    from tests.browser.lab import chromium

    with chromium() as context:
        yield context.browser


@contextmanager
def opened(browser, url: str, width: int = 1366, theme: str = "light"):
    """A page of the site; it may ask no other host for anything, find all that it asks for, and no script may fail."""
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.add_init_script(f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')")
    asked, failed = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("response", lambda got: failed.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(url)
    yield page
    page.close()
    ours = ("/".join(url.split("/")[:3]), "data:", "blob:")
    assert [one for one in asked if not one.startswith(ours)] == []
    assert failed == []


def test_a_figure_answers_to_its_slider_and_follows_the_theme(chromium, address):
    with opened(chromium, f"{address}/index.html") as page:
        page.wait_for_selector(".course-figure .lf-canned canvas", timeout=30_000)
        assert page.locator(".course-figure img").count() == 0  # the stills have gone
        slider = page.locator(".lf-canned input[type=range]").first
        before = page.locator(".lf-canned").first.inner_text()
        slider.focus()
        for _ in range(5):
            slider.press("ArrowLeft")
        page.wait_for_function(
            "words => document.querySelector('.lf-canned').innerText !== words", arg=before
        )
        ink = "getComputedStyle(document.querySelector('.lf-canned')).color"
        light = page.evaluate(ink)
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.wait_for_function(f"light => {ink} !== light", arg=light)


@pytest.mark.parametrize("theme, other", [("light", "dark"), ("dark", "light")])
def test_stills_follow_the_theme_where_nothing_moves(chromium, address, theme, other):
    with opened(chromium, f"{address}/notebooks/04_momentum.html", theme=theme) as page:
        shown = page.evaluate(
            "[...document.querySelectorAll('.course-picture img')].filter(i => getComputedStyle(i).display !== 'none')"
            ".map(i => i.className)"
        )
        assert shown and not [name for name in shown if f"course-{other}" in name]


@pytest.mark.parametrize(
    "path",
    [
        "index.html",
        "notebooks/04_momentum.html",
        "exercises/04_momentum.html",
        "solutions/04_momentum.html",
        "reference/optimizers.html",
        "reference/optimizers/Adam.html",
        "reference/comparing.html",
        "questions/04_momentum.html",
        "docs/teaching.html",
    ],
)
def test_a_phone_scrolls_sideways_only_inside_boxes(chromium, address, path):
    with opened(chromium, f"{address}/{path}", width=390) as page:
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = page.evaluate(
            """() => [...document.querySelectorAll('article *')].filter(e => {
                if (e.getBoundingClientRect().right <= innerWidth + 1) return false;
                for (let p = e; p && p.tagName !== 'ARTICLE'; p = p.parentElement)
                    if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(p).overflowX)) return false;
                return !e.closest('.katex-mathml, .headerlink');
            }).map(e => e.tagName + '.' + e.className).slice(0, 5)"""
        )
        assert wide == []


def test_the_search_finds_a_lesson_first_and_shows_its_words(chromium, address):
    with opened(chromium, f"{address}/search.html?q=momentum") as page:
        page.wait_for_selector("#search-results li p.context", timeout=30_000)
        page.wait_for_timeout(1000)
        found = page.locator("#search-results li")
        assert "04_momentum" in found.first.locator("a").get_attribute("href")
        excerpts = page.locator("#search-results p.context").all_inner_texts()
        assert excerpts and not [text for text in excerpts if "Contents" in text or "System Settings" in text]
