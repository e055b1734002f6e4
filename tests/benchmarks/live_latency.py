"""How fast a live figure answers, in JupyterLab in Chromium, beside a plain ``interact`` doing the same.

Real key presses and a real mouse drag; a picture counts when it stands on the canvas (or, for ``interact``, when the
new image has loaded). A slider's neighbouring positions are foreseen once it is at hand, and the places that a dragged
point moves towards; a drag begins with none of them known.
Run with ``python -m tests.benchmarks.live_latency [seconds of dragging [part of a figure's name]]``.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import websocket

from tests.browser import lab as laboratory

STEPS = 300
LIVE = f"""
from course_lib.live import *
from course_lib.optimizers import *
explore_path(Adam(lr=0.1), "rosenbrock", steps={STEPS})
"""
SETUP = "from course_lib.live import *\nfrom course_lib.optimizers import *\n"
SLIDER, POINT = ".lf input[data-name={}]", ".lf canvas"
FIGURES = {  # what is drawn, what is dragged, and where it is taken hold of
    "path: lr": (LIVE, SLIDER.format("lr"), 0.5),
    "path: start": (LIVE, POINT, 0.25),
    "path: steps": (LIVE, SLIDER.format("steps"), 0.5),
    "path: arrows": (SETUP + f"explore_path(Nesterov(lr=1e-3), 'rosenbrock', steps={STEPS}, arrows=True)",
                     SLIDER.format("steps"), 0.5),
    "schedule": (SETUP + "from course_lib.schedules import cosine\n"
                 f"explore_path(Adam(lr=0.1), 'rosenbrock', steps={STEPS}, schedule=cosine({STEPS}))",
                 SLIDER.format("lr"), 0.5),
    "moments": (SETUP + "explore_moments(Adam(lr=0.1), 'steady with noise')", SLIDER.format("beta1"), 0.5),
    "map: lr": (SETUP + "explore_map(Adam(lr=0.1), 'rosenbrock')", SLIDER.format("lr"), 0.5),
    "map: cursor": (SETUP + "explore_map(Adam(lr=0.1), 'rosenbrock')", POINT, 0.25),
    "race: step": (SETUP + f"explore_race(steps={STEPS})", SLIDER.format("step"), 0.5),
    "race: factor": (SETUP + f"explore_race(steps={STEPS})", SLIDER.format("factor"), 0.5),
    "stability": (SETUP + "explore_stability()", SLIDER.format("beta"), 0.5),
    "eigenvalues": (SETUP + "explore_eigenvalues(Momentum(lr=0.5))", SLIDER.format("lr"), 0.5),
    "curvature": (SETUP + "explore_curvature('rosenbrock')", POINT, 0.25),
    "basins: lr": (SETUP + "explore_basins(GradientDescent(lr=0.01), ranges={'lr': (0.001, 0.03)})",
                   SLIDER.format("lr"), 0.5),
    "basins: start": (SETUP + "explore_basins(GradientDescent(lr=0.01))", POINT, 0.25),
    "critical points": (SETUP + "explore_critical_points()", SLIDER.format("dimension"), 0.5),
    "slices": (SETUP + "explore_slices()", SLIDER.format("direction"), 0.5),
    "batches: lr": (SETUP + "explore_batches()", SLIDER.format("lr"), 0.5),
    "batches: size": (SETUP + "explore_batches()", SLIDER.format("size"), 0.5),
    "batches: epochs": (SETUP + "explore_batches()", SLIDER.format("epochs"), 0.5),
    "rates": (SETUP + "from course_lib.comparing.studies import results\nexplore_rates(results('mlp'))",
              SLIDER.format("lr"), 0.5),
    "schedule: lr": (SETUP + "explore_schedule()", SLIDER.format("lr"), 0.5),
    "schedule: batch": (SETUP + "explore_schedule()", SLIDER.format("batch"), 0.5),
    "words": (SETUP + "explore_words()", SLIDER.format("adagrad_lr"), 0.5),
    "counterexample": (SETUP + "explore_counterexample()", SLIDER.format("beta2"), 0.5),
    "bounds: gamma": (SETUP + "explore_bounds()", SLIDER.format("gamma"), 0.5),
    "bounds: beta2": (SETUP + "explore_bounds()", SLIDER.format("beta2"), 0.5),
    "decay": (SETUP + "explore_decay()", SLIDER.format("lr"), 0.5),
    "untuned": (SETUP + "explore_untuned()", SLIDER.format("d0"), 0.5),
    "batch size": (SETUP + "explore_batch_size()", SLIDER.format("lr"), 0.5),
    "factored": (SETUP + "explore_factored()", SLIDER.format("patterns"), 0.5),
    "factors: damping": (SETUP + "explore_factors()", SLIDER.format("damping"), 0.5),
    "factors: examples": (SETUP + "explore_factors()", SLIDER.format("examples"), 0.5),
    "choice": (SETUP + "explore_choice()", SLIDER.format("memory"), 0.5),
    "minutes": (SETUP + "explore_minutes()", SLIDER.format("seconds"), 0.5),
    "singular values": (SETUP + "explore_singular_values()", SLIDER.format("a"), 0.5),
}  # fmt: skip
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
    window.seen = { inputs: [], pictures: [], positions: [] };
    const note = () => window.seen.pictures.push(performance.now());
    for (const kind of ["keydown", "pointermove"]) document.addEventListener(kind, (event) => {
        if (kind === "keydown" || event.buttons) window.seen.inputs.push(event.timeStamp);
    }, true);
    document.addEventListener("input", (event) => window.seen.positions.push(event.timeStamp), true);
    const figure = document.querySelector(".lf");
    if (figure) new MutationObserver(note).observe(figure, { attributeFilter: ["data-count"] });
    else new MutationObserver((changes) => {
        const added = changes.flatMap((change) => [...change.addedNodes]);
        for (const image of added.flatMap((node) => [...(node.querySelectorAll?.("img") ?? [])]))
            image.complete ? note() : image.addEventListener("load", note);
    }).observe(document.querySelector(".jp-Notebook"), { childList: true, subtree: true });
}"""


PORT = laboratory.free_port()
VIEWPORT = {"width": 1400, "height": 900}
FORGET = "() => { for (const times of Object.values(window.seen)) times.length = 0; }"


def single_moves(page: Any, hand: Hand, handle: Any, count: int = 40) -> np.ndarray:
    """Press an arrow key again and again, with a rest between; return the milliseconds until each picture."""
    handle.focus()
    times = []
    there, back = "ArrowRight", "ArrowLeft"
    if handle.evaluate("one => 2 * Number(one.value ?? 0) > Number(one.max ?? Infinity)"):
        there, back = back, there  # a slider at its end
    for i in range(count):
        page.evaluate(FORGET)
        hand.press(back if i // 4 % 2 else there)  # a short slider has few places
        time.sleep(0.3)  # asking the page meanwhile would slow it
        page.wait_for_function("() => window.seen.pictures.length > 0", timeout=10_000)
        times.append(page.evaluate("() => window.seen.pictures[0] - window.seen.inputs[0]"))
    return np.array(times[3:])  # the first ones warm up


def forget_what_is_foreseen(page: Any, hand: Hand) -> None:
    """Move another slider there and back: all that was known of the first one is void."""
    other = page.locator(".lf input[type=range]:not([data-name=lr])")
    if other.count():
        other.first.focus()
        for key in ("ArrowLeft", "ArrowRight"):
            hand.press(key)
            time.sleep(0.5)


def drag(page: Any, hand: Hand, handle: Any, seconds: float, across: float) -> tuple[float, float, float]:
    """Drag to and fro around a part of a handle's width.

    Returns:
        Pictures a second, milliseconds from the last move to the last picture, and how many pictures a second there
        could have been: one for each position that a slider came to, or for each move of a point.
    """
    box = handle.bounding_box()
    forget_what_is_foreseen(page, hand)
    x, y = box["x"] + box["width"] * across, box["y"] + box["height"] / 2
    hand.mouse("mousePressed", x, y)
    page.evaluate(FORGET)
    began = time.monotonic()
    while (now := time.monotonic() - began) < seconds:
        hand.mouse("mouseMoved", x + 140 * (abs((now / 1.5) % 2 - 1) - 0.5), y)  # 140 pixels in 1.5 s
        time.sleep(1 / 60)
    page.wait_for_timeout(4000)  # whatever still comes, comes late
    hand.mouse("mouseReleased", x, y)
    inputs, pictures, positions = (
        np.array(page.evaluate(f"() => window.seen.{name}")) for name in ("inputs", "pictures", "positions")
    )
    during = pictures[pictures <= inputs[-1]]
    late = pictures[pictures > inputs[-1]]
    lag = float(late[-1] - inputs[-1]) if len(late) else 0.0
    return len(during) / seconds, lag, (len(positions) or len(inputs)) / seconds


class Hand:
    """Keys and a mouse that do not wait for the page, as a hand does not, and take nothing of the two cores.

    Playwright's own wait for an answer to each event, and its helper process needs as much of a core as the kernel.

    Args:
        page: what is acted upon.
    """

    def __init__(self, page: Any) -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json") as answer:
            targets = [target for target in json.load(answer) if target["type"] == "page"]
        (target,) = (target for target in targets if target["url"] == page.url)
        self.link = websocket.create_connection(target["webSocketDebuggerUrl"], suppress_origin=True)
        self.sent = 0
        threading.Thread(target=self._forget_answers, daemon=True).start()

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            code = {"ArrowLeft": 37, "ArrowRight": 39}[key]
            self._send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def mouse(self, kind: str, x: float, y: float) -> None:
        """Press, move or release the left button at a point of the page."""
        self._send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def _send(self, method: str, **params: Any) -> None:
        self.sent += 1
        self.link.send(json.dumps({"id": self.sent, "method": method, "params": params}))

    def _forget_answers(self) -> None:
        with contextlib.suppress(websocket.WebSocketException, OSError):
            while self.link.recv():
                pass


def measure(
    server: laboratory.Lab, page: Any, name: str, cell: str, slider: str, seconds: float, across: float = 0.5
) -> float:
    """Measure one way of drawing, print a line and return the median."""
    page.goto(server.url(server.write(f"{re.sub('[^a-z]+', '_', name)}.ipynb", [cell])))
    laboratory.run_all(page, figures=0)
    handle = page.locator(slider).first
    handle.wait_for(timeout=60_000)
    page.wait_for_timeout(3000)
    page.evaluate(WATCH)
    hand = Hand(page)
    times = single_moves(page, hand, handle)
    rate, lag, possible = drag(page, hand, handle, seconds, across)
    server.stop_kernels()
    median, late = np.percentile(times, [50, 95])
    print(f"{name:17} {median:11.0f} {late:9.0f} {rate:12.1f} {possible:12.1f} {lag:9.0f}", flush=True)
    return float(median)


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
    only = sys.argv[2] if len(sys.argv) > 2 else ""
    print(f"{'':17} {'median ms':>11} {'p95 ms':>9} {'pictures/s':>12} {'of possible':>12} {'lag ms':>9}")
    with (
        tempfile.TemporaryDirectory() as root,
        tempfile.TemporaryDirectory() as home,
        laboratory.serve(Path(root), Path(home)) as server,
        laboratory.chromium(f"--remote-debugging-port={PORT}", viewport=VIEWPORT) as context,
    ):
        page = context.new_page()
        medians = [measure(server, page, name, cell, handle, seconds, across)
                   for name, (cell, handle, across) in FIGURES.items() if not only or only in name]  # fmt: skip
        plain = measure(server, page, "interact", PLAIN, ".noUi-handle", seconds)
    print(f"Live figures answer {plain / max(medians):.1f} to {plain / min(medians):.1f} times as fast.")


if __name__ == "__main__":
    main()
