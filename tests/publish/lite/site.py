"""A web server over a built JupyterLite, which can lose files on purpose, and notebooks opened in it."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INSECURE = "course.test"
"""A name of this machine that a browser does not trust without https."""
NO_OTHER_HOST = f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
READY = "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
CELLS = "window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells"
ALL_RAN = f"() => {CELLS}.every(cell => cell.cell_type !== 'code' || cell.execution_count)"
ERRORS = (
    f"() => {CELLS}.flatMap(cell => cell.outputs ?? []).filter(output => output.output_type === 'error')"
    ".map(output => output.ename + ': ' + output.evalue)"
)
BOOT = 480_000
"""Milliseconds that Python may take to start on a busy machine."""


class Site:
    """A folder served at an address of this machine.

    Args:
        port: where.
        served: each request that was answered, as (path, bytes).
        missing: what the name of a file must contain to be answered with 404.
        instead: contents to send in the place of a file's, by the end of its path.
    """

    def __init__(self, port: int) -> None:
        self.port, self.served = port, list[tuple[str, int]]()
        self.missing, self.instead = "", dict[str, bytes]()

    def url(self, notebook: str = "", host: str = "127.0.0.1") -> str:
        """Return the address of a notebook in JupyterLab; of JupyterLab itself without one."""
        return f"http://{host}:{self.port}/lab/index.html" + (f"?path={notebook}" if notebook else "")

    @property
    def megabytes(self) -> float:
        """What was sent so far."""
        return sum(size for _, size in self.served) / 1e6


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *request: Any, site: Site, **options: Any) -> None:
        self.site = site
        super().__init__(*request, **options)

    def guess_type(self, path: Any) -> str:
        """The machine's own table may lack these."""
        own = {"wasm": "application/wasm", "mjs": "text/javascript", "js": "text/javascript"}
        return own.get(str(path).rpartition(".")[2]) or super().guess_type(path)

    def send_head(self) -> Any:
        path = self.path.partition("?")[0]
        if self.site.missing and self.site.missing in path:
            return self.send_error(404)
        for end, content in self.site.instead.items():
            if path.endswith(end):
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return None
        file = super().send_head()
        if file and self.command == "GET":
            self.site.served.append((path, Path(file.name).stat().st_size))
        return file

    def log_message(self, *about: Any) -> None:
        """Say nothing."""


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *request: Any) -> None:
        """A browser that closes a connection is no error."""


@contextmanager
def serve(folder: Path) -> Iterator[Site]:
    """Serve a folder."""
    site = Site(0)
    handler = functools.partial(_Handler, site=site, directory=str(folder))
    with _Server(("127.0.0.1", 0), handler) as server:
        site.port = server.server_port
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield site
        finally:
            server.shutdown()


def outside(context: Any, site: Site) -> list[str]:
    """Return a list that fills with the addresses on other hosts for which pages of a context ask."""
    asked: list[str] = []
    here = (f"http://127.0.0.1:{site.port}/", "data:", "blob:")
    context.on("request", lambda request: None if request.url.startswith(here) else asked.append(request.url))
    return asked


def started(page: Any) -> None:
    """Wait until Python runs."""
    page.wait_for_function(READY, timeout=BOOT)


def run_all(page: Any, milliseconds: int = 600_000) -> list[str]:
    """Run every cell and return the errors in their outputs."""
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(ALL_RAN, timeout=milliseconds, polling=500)
    page.wait_for_function(READY, timeout=milliseconds, polling=500)
    return page.evaluate(ERRORS)


def run_cell(page: Any, name: str, source: str | None = None) -> str:
    """Run the cell of that id, with a new source if one is given, and return the text of its outputs."""
    return page.evaluate(
        """async ([name, source]) => {
            const panel = window.jupyterapp.shell.currentWidget, notebook = panel.content;
            notebook.activeCellIndex = notebook.widgets.findIndex(cell => cell.model.id === name);
            if (notebook.activeCell?.model.id !== name) throw new Error(`there is no cell ${name}`);
            if (source !== null) notebook.activeCell.model.sharedModel.setSource(source);
            await window.jupyterapp.commands.execute('notebook:run-cell');
            const plain = (html) => new DOMParser().parseFromString(html, "text/html").body.textContent;
            return notebook.activeCell.model.outputs.toJSON().map(({ text, data = {}, ename, evalue }) => {
                if (data["text/html"]) return plain([].concat(data["text/html"]).join(""));
                return [].concat(text ?? data["text/plain"] ?? [ename, evalue]).join("");
            }).join("\\n");
        }""",
        [name, source],
    )


def told(page: Any, about: str = "") -> str:
    """Return what the course's bar says; about one trouble, wait for it."""
    if about:
        page.wait_for_selector(f"#course-{about}", timeout=60_000)
    return page.inner_text("#course-bar")
