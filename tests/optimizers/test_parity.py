"""Every rule against the positions recorded from other libraries under the same gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from course_lib.optimizers import REGISTRY, Optimizer
from tests.traces.loader import Case, cases

CASES = [case for case in cases() if case.optimizer in REGISTRY]


def build(name: str, hyper: dict[str, Any]) -> Optimizer:
    """The optimizer of a case; a wrapper's inner one is described the same way."""
    hyper = dict(hyper)
    if isinstance(inner := hyper.get("inner"), dict):
        hyper["inner"] = build(inner["optimizer"], inner["hyper"])
    return REGISTRY[name].cls(**hyper)


class Problem:
    """What a case's optimizer sees: the prescribed gradient, for closed loops added to that of its function."""

    def __init__(self, case: Case) -> None:
        self.case, self.noise = case, case.gradients[0]

    def grad(self, x: np.ndarray, batch: Any = None) -> np.ndarray:
        if "A" not in self.case.extra:
            return self.noise
        a, b, c = (self.case.extra[name] for name in "Abc")
        flat = x.ravel()
        return (a @ flat - b + c * flat**3).reshape(x.shape) + self.noise


def run(case: Case) -> np.ndarray:
    """What the case compares, after every step."""
    opt = build(case.optimizer, case.hyper)
    x: Any = case.x0.copy()
    state, problem, seen = opt.init(x), Problem(case), []
    for t, problem.noise in enumerate(case.gradients):
        now = opt if case.schedule is None else opt.at(float(case.schedule[t]))
        x, state = now.step(x, state, problem)
        seen.append(x if case.compare == "x" else getattr(opt, case.compare)(x, state))
    return np.stack(seen)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_the_peer(case: Case) -> None:
    error = case.error(run(case))
    assert error <= case.tolerance, f"off by {error:.3g}, allowed {case.tolerance:g}; {case.call} {case.note}"
