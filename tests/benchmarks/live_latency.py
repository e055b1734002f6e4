"""How fast a live figure answers, in JupyterLab in Chromium, beside a plain ``interact`` doing the same.

Real key presses and a real mouse drag; a picture counts when it stands on the canvas (or, for ``interact``, when the
new image has loaded). Run with ``python -m tests.benchmarks.live_latency [seconds of dragging]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser import lab as laboratory

STEPS = 300
LIVE = f"""
from course_lib.live import explore_path
from course_lib.optimizers import Adam
explore_path(Adam(lr=0.1), "rosenbrock", steps={STEPS})
"""
PLAIN = f"""
import matplotlib.pyplot as plt, numpy as np
from ipywidgets import FloatLogSlider, interact
from course_lib.optimizers import Adam
from course_lib.running import simulate
from course_lib.surfaces import surface
ground = surface("rosenbrock")
X, Y, Z = ground.mesh(200)
def draw(lr):
    path = simulate(Adam(lr=lr), ground, steps={STEPS})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    left.contourf(X, Y, np.log10(Z + 1e-9), 30)
    left.plot(*path.points.T, ".-")
    left.set(xlim=ground.domain[0], ylim=ground.domain[1])
    right.semilogy(path.losses)
    plt.show()
interact(draw, lr=FloatLogSlider(value=0.1, min=-4, max=0, step=0.025, continuous_update=True));
"""
WATCH = """() => {
    window.seen = { inputs: [], pictures: [] };
    const note = () => window.seen.pictures.push(performance.now());
    for (const kind of ["keydown", "pointermove"]) document.addEventListener(kind, (event) => {
        if (kind === "keydown" || event.buttons) window.seen.inputs.push(event.timeStamp);
    }, true);
    const figure = document.querySelector(".lf");
    if (figure) new MutationObserver(note).observe(figure, { attributeFilter: ["data-count"] });
    else new MutationObserver((changes) => {
        const added = changes.flatMap((change) => [...change.addedNodes]);
        for (const image of added.flatMap((node) => [...(node.querySelectorAll?.("img") ?? [])]))
            image.complete ? note() : image.addEventListener("load", note);
    }).observe(document.querySelector(".jp-Notebook"), { childList: true, subtree: true });
}"""


def single_moves(page: Any, handle: Any, count: int = 40) -> np.ndarray:
    """Press an arrow key again and again, with a rest between; return the milliseconds until each picture."""
    handle.focus()
    times = []
    for i in range(count):
        page.evaluate("() => { window.seen.inputs.length = window.seen.pictures.length = 0; }")
        page.keyboard.press("ArrowLeft" if i // 10 % 2 else "ArrowRight")
        page.wait_for_function("() => window.seen.pictures.length > 0", polling=50, timeout=10_000)
        times.append(page.evaluate("() => window.seen.pictures[0] - window.seen.inputs[0]"))
        page.wait_for_timeout(120)
    return np.array(times[3:])  # the first ones warm up


def drag(page: Any, handle: Any, seconds: float) -> tuple[float, float, int]:
    """Drag a slider to and fro; return pictures a second, ms from the last move to the last picture, moves."""
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("() => { window.seen.inputs.length = window.seen.pictures.length = 0; }")
    hand = page.context.new_cdp_session(page)
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        at = x + 140 * (abs((now / 1.5) % 2 - 1) - 0.5)  # to and fro, 140 pixels in 1.5 s
        event = {"type": "mouseMoved", "x": at, "y": y, "button": "left", "buttons": 1}
        # not awaited, as a hand does not wait: Playwright's own mouse stands still until the page has answered
        hand._loop.create_task(hand._impl_obj.send("Input.dispatchMouseEvent", event, None))
        page.wait_for_timeout(1000 / 60)
    page.wait_for_timeout(4000)  # whatever still comes, comes late
    page.mouse.up()
    inputs, pictures = (
        np.array(page.evaluate(f"() => window.seen.{name}")) for name in ("inputs", "pictures")
    )
    during = pictures[pictures <= inputs[-1]]
    late = pictures[pictures > inputs[-1]]
    return len(during) / seconds, float(late[-1] - inputs[-1]) if len(late) else 0.0, len(inputs)


def measure(server: laboratory.Lab, page: Any, name: str, cell: str, slider: str, seconds: float) -> float:
    """Measure one way of drawing, print a line and return the median."""
    page.goto(server.url(server.write(f"{name}.ipynb", [cell])))
    laboratory.run_all(page, figures=0)
    handle = page.locator(slider).first
    handle.wait_for(timeout=60_000)
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    times = single_moves(page, handle)
    rate, lag, moves = drag(page, handle, seconds)
    server.stop_kernels()
    median, late = np.percentile(times, [50, 95])
    print(f"{name:12} {median:11.0f} {late:9.0f} {rate:12.1f} {lag:11.0f} {moves / seconds:14.0f}")
    return float(median)


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    print(f"{'':12} {'median ms':>11} {'p95 ms':>9} {'pictures/s':>12} {'lag ms':>11} {'moves/s':>14}")
    with (
        tempfile.TemporaryDirectory() as root,
        tempfile.TemporaryDirectory() as home,
        laboratory.serve(Path(root), Path(home)) as server,
        laboratory.chromium(viewport={"width": 1400, "height": 900}) as context,
    ):
        page = context.new_page()
        live = measure(server, page, "live", LIVE, ".lf input[data-name=lr]", seconds)
        plain = measure(server, page, "interact", PLAIN, ".noUi-handle", seconds)
    print(f"The live figure answers {plain / live:.1f} times as fast.")


if __name__ == "__main__":
    main()
