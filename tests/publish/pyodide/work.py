"""What is done inside Pyodide; the tests judge what `work` returns."""

from __future__ import annotations

import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tests.checks.endless import DEAF, ENDLESS, HEAD


def work() -> dict[str, Any]:
    """Return what came of everything, by its name."""
    os.environ["COURSE_PROGRESS"] = ""
    warnings.simplefilter("error", append=True)  # a warning would be a red box in a lesson
    said: dict[str, Any] = {"platform": sys.platform, "python": sys.version.split()[0], "seconds": {}}
    for part in (imports, numbers, pictures, processes, files, answers, endless):
        began = time.perf_counter()
        said |= part()
        said["seconds"][part.__name__] = time.perf_counter() - began
    return said


def imports():
    from course_lib.installation import check_installation

    return {"not ok": [what for what, _, fine in check_installation().rows if not fine]}


def numbers():
    from course_lib.optimizers import Adam
    from course_lib.running import simulate

    return {"loss": simulate(Adam(lr=0.1), "rosenbrock", steps=200).final_loss, "batch": batch()}


def batch():
    """Return examples drawn again and again: 64-bit numbers, where an index has 32."""
    from course_lib.problems import Data, get_batches

    data = Data(np.arange(24.0).reshape(12, 2), np.arange(12) % 3)
    return next(get_batches(data, 5, np.random.default_rng(0), "replacement")).inputs.tolist()


def pictures():
    from course_lib.live import explore_path
    from course_lib.optimizers import GradientDescent

    figure = explore_path(GradientDescent(lr=0.002), "himmelblau", steps=60)
    message = figure.message()
    began = time.perf_counter()
    for _ in range(20):
        figure.message()
    return {
        "milliseconds of a message": 50 * (time.perf_counter() - began),
        "alt": message["alt"],
        "bundle": sorted(figure._repr_mimebundle_()[0]),
        "png": figure.png()[:4].hex(),
    }


def processes():
    """Two runs, two at a time, with a progress bar: there are neither processes nor threads."""
    from course_lib.optimizers import GradientDescent
    from course_lib.problems import SoftmaxRegression
    from course_lib.running import sweep

    found = sweep(
        GradientDescent(), SoftmaxRegression.on_digits(), {"lr": [0.01, 0.1]},
        epochs=1, batch_size=64, seeds=[0], jobs=2, progress=True,
    )  # fmt: skip
    return {"runs": len(found.table)}


def files():
    """Lesson 03 maps windows of a file into memory."""
    from course_lib.problems import Stream

    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder, name)) for name in ("inputs.npy", "targets.npy")]
        np.save(names[0], np.arange(8000, dtype=np.float32).reshape(1000, 8))
        np.save(names[1], np.arange(1000) % 10)
        parts = Stream(*names, window=100, classes=10).parts()
        return {"sum of the file": float(sum(part.inputs.sum() for part in parts))}


def answers():
    from course_lib.checks import check
    from course_lib.checks.exercises import find_task

    def momentum_step(x, g, state, lr=0.01, beta=0.9):
        m = beta * state["m"] + g
        return x + lr * m, {"m": m}

    wrong = check(momentum_step)
    return {
        "right": check(find_task("momentum_step")[1].solution).points,
        "wrong": [wrong.points, wrong.verdict.headline, wrong.text],
    }


def endless():
    from course_lib.checks.guard import guarded

    found = {}
    for name, body in (ENDLESS | DEAF).items():
        names: dict[str, Any] = {"np": np, "time": time, "sys": sys}
        exec(HEAD + body, names)
        began = time.perf_counter()
        trouble = guarded(lambda: names["descend"](lambda x: 2 * x, np.ones(2), 0.1, 3), 0.2).trouble  # noqa: B023
        found[name] = [trouble.kind if trouble else "", time.perf_counter() - began]
    return {"endless": found}
