"""A Jupyter server of its own and notebooks opened in Chromium: what the browser tests and the benchmark stand on."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}


class Lab:
    """A running Jupyter server over one folder; `url` is the address of a file in it.

    Args:
        root: the folder it serves.
        port: where it listens.
        token: what lets one in.
    """

    def __init__(self, root: Path, port: int, token: str) -> None:
        self.root, self.port, self.token = root, port, token

    def url(self, path: str, app: str = "lab") -> str:
        """Return the address of a notebook, in JupyterLab ("lab") or Notebook 7 ("notebooks")."""
        place = f"lab/tree/{path}" if app == "lab" else f"notebooks/{path}"
        return f"http://127.0.0.1:{self.port}/{place}?token={self.token}" + ("&reset" if app == "lab" else "")

    def stop_kernels(self) -> None:
        """Stop all kernels, so that one test's do not slow the next one's."""
        for session in self._api("GET", "sessions"):
            self._api("DELETE", f"sessions/{session['id']}")

    def _api(self, method: str, path: str) -> Any:
        address = f"http://127.0.0.1:{self.port}/api/{path}?token={self.token}"
        with urllib.request.urlopen(urllib.request.Request(address, method=method), timeout=20) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def write(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells and return its path."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        nbformat.write(notebook, self.root / name)
        return name


@contextmanager
def serve(root: Path, home: Path) -> Iterator[Lab]:
    """Run a Jupyter server over ``root`` that neither reads nor writes anything of the user's own.

    Args:
        root: the folder with the notebooks.
        home: an empty folder for settings, kernels and logs.
    """
    port, token = free_port(), secrets.token_hex(8)
    settings = home / "settings"
    for plugin, values in SETTINGS.items():
        package, name = plugin.split(":")
        (settings / package).mkdir(parents=True, exist_ok=True)
        (settings / package / f"{name}.jupyterlab-settings").write_text(json.dumps(values))
    places = {
        "HOME": home, "JUPYTER_CONFIG_DIR": home / "config", "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime", "IPYTHONDIR": home / "ipython", "MPLCONFIGDIR": home / "mpl",
        "JUPYTER_CONFIG_PATH": Path(__file__).parents[2] / "jupyter",  # as `make lab` sets it
        "JUPYTERLAB_SETTINGS_DIR": settings, "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }  # fmt: skip
    environment = {**os.environ, **{name: str(place) for name, place in places.items()}}
    environment["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")])
    )
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--port-retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
        "--expose-app-in-browser", "--JupyterNotebookApp.expose_app_in_browser=True",
    ]  # fmt: skip
    with open(home / "server.log", "w") as log:
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", server, home / "server.log")
            yield Lab(root, port, token)
        finally:
            server.terminate()
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextmanager
def chromium(*flags: str, **context: Any) -> Iterator[Any]:
    """Start Chromium, with more ``flags``, and yield a context, made as by Playwright's new_context."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=[*CHROMIUM_FLAGS, *flags],
        )
        try:
            yield browser.new_context(**context)
        finally:
            browser.close()


class Desk:
    """JupyterLab in one page, for one notebook after another: to load the page is the dearest part of a test.

    Args:
        server: where the notebooks are.
        browser: where the page is.
    """

    def __init__(self, server: Lab, browser: Any) -> None:
        self.server, self.browser = server, browser
        self.page: Any = None

    def open(self, path: str, viewport: dict[str, int]) -> Any:
        """Show a notebook alone, in a window of this size, and return the page; nothing else is as another left it."""
        if self.page is None or self.page.is_closed():
            self.page = self.browser.new_context(viewport=viewport).new_page()
            self.page.goto(self.server.url(path))
            return self.page
        self.page.set_viewport_size(viewport)
        self.page.mouse.move(0, 0)
        self.page.evaluate(
            """async (path) => {
                const app = window.jupyterapp;
                app.shell.expandLeft();
                await app.commands.execute("docmanager:open", { path });
            }""",
            path,
        )
        self.page.wait_for_function(
            "(path) => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path
        )
        return self.page

    def clear(self) -> None:
        """Close what is open, unsaved or not."""
        if self.page is not None and not self.page.is_closed():
            self.page.evaluate(
                """() => {
                    for (const widget of [...window.jupyterapp.shell.widgets("main")]) {
                        if (widget.context) widget.context.model.dirty = false;
                        widget.close();
                    }
                }"""
            )

    def leave(self) -> None:
        """Close the page; the next notebook gets a new one."""
        if self.page is not None:
            self.page.context.close()
        self.page = None


def run_all(page: Any, figures: int = 1, timeout: float = 90) -> None:
    """Run all cells of the notebook shown and wait until so many live figures stand drawn."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=timeout * 1000)
    page.wait_for_function(
        "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
        timeout=timeout * 1000,
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    if figures:
        page.wait_for_function(
            f"() => document.querySelectorAll('.lf canvas[aria-label]').length >= {figures}",
            timeout=timeout * 1000,
        )
        page.wait_for_timeout(600)  # the backgrounds


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen, log: Path, seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"the Jupyter server did not start:\n{log.read_text()[-2000:]}")
