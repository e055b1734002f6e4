"""A method seen computing: of each step the gradient, what was remembered before it, and where the step led."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...optimizers import GradientDescent, Momentum, Nesterov, Optimizer
from ...running.simulate import Noisy
from ...surfaces import Surface
from ..block.scene import HUGE, Row, Scene, name_list
from .ground import Setting

GRADIENT, MEMORY = "ink", "amber"
"""The colours of these arrows; the step has its run's."""

_POINTS = {"slow": "slow weights", "z": "z"}
"""What a state may hold that is a place, and its name."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Every step of a run, ``(steps, 2)`` each, NaN where a method has no such thing.

    Args:
        start: where the step began.
        end: where it ended.
        gradient: the arrow of the gradient, and where it begins.
        memory: the arrow of what was remembered, from the start.
        places: points that the method keeps or asks at, by name.
        exact: whether gradient and memory add up to the step; otherwise they are directions, as long as the step.
    """

    start: np.ndarray
    end: np.ndarray
    gradient: tuple[np.ndarray, np.ndarray]
    memory: np.ndarray
    places: dict[str, np.ndarray]
    exact: bool


class _Listening:
    """A problem that keeps the first gradient it is asked for in a step, and where that was."""

    def __init__(self, problem: Any) -> None:
        self.problem = problem
        self.forget()

    def forget(self) -> None:
        """Get ready for the next step."""
        self.at = self.g = np.full(2, np.nan)

    def grad(self, p: np.ndarray, batch: Any = None) -> np.ndarray:
        """Return the gradient."""
        g = np.asarray(self.problem.grad(p, batch))
        if np.isnan(self.at).all() and np.shape(p) == (2,):
            self.at, self.g = np.array(p), g.copy()
        return g

    def __getattr__(self, name: str) -> Any:
        return getattr(self.problem, name)


def watch(setting: Setting, ground: Surface, start: tuple[float, float], seed: int) -> Steps:
    """Run an optimizer as `simulate` does, and return what every step was made of.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> seen = watch(Setting(Momentum(lr=0.5, beta=0.5), 3), surface("quadratic"), (1.0, 1.0), seed=0)
        >>> at, gradient = seen.gradient
        >>> bool(np.allclose(seen.start + seen.memory, at) and np.allclose(at + gradient, seen.end))
        True
    """
    opt, steps, noise, schedule = setting
    x: Any = np.array(start, dtype=float)
    state = opt.init(x)
    listening = _Listening(Noisy(ground, noise, np.random.default_rng(seed), 0) if noise else ground)
    seen: dict[str, list[Any]] = {name: [] for name in ("start", "end", "at", "g", "lr", "m", *_POINTS)}
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            now = opt if schedule is None else opt.at(schedule(t))
            listening.forget()
            seen["start"].append(x)
            seen["lr"].append(getattr(now, "lr", np.nan))
            for name in ("m", *_POINTS):
                seen[name].append(_kept(state.arrays, name))
            x, state = now.step(x, state, listening)
            seen["end"].append(x)
            seen["at"].append(listening.at)
            seen["g"].append(listening.g)
        found = {name: np.array(values, dtype=float) for name, values in seen.items()}
        return _steps(opt, found)


def _kept(arrays: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return an array of the state by the last part of its name, a wrapped optimizer's too, or NaN."""
    for key, array in arrays.items():
        if key.rpartition(".")[2] == name and np.shape(array) == (2,):
            return np.array(array)
    return np.full(2, np.nan)


def _steps(opt: Optimizer, seen: dict[str, np.ndarray]) -> Steps:
    start, end, at, g, m = (seen[name] for name in ("start", "end", "at", "g", "m"))
    lr = seen["lr"][:, None]
    places = {words: seen[name] for name, words in _POINTS.items()}
    places["gradient taken here"] = np.where((at != start).any(axis=1)[:, None], at, np.nan)
    exact = type(opt) in (GradientDescent, Momentum, Nesterov)
    if isinstance(opt, (Momentum, Nesterov)) and exact:
        averaged = isinstance(opt, Momentum) and opt.form == "average"
        memory = -lr * opt.beta * m
        gradient = start + memory, -lr * g * (1 - opt.beta if averaged else 1)
    elif exact:
        memory, gradient = np.full_like(g, np.nan), (start, -lr * g)
    else:
        size = np.linalg.norm(end - start, axis=1, keepdims=True)
        memory = _along(-m, size)
        gradient = np.where(np.isnan(at), start, at), _along(-g, size)
    places = {name: _drawable(place) for name, place in places.items() if np.isfinite(place).any()}
    gradient = _drawable(gradient[0]), _drawable(gradient[1])
    return Steps(_drawable(start), _drawable(end), gradient, _drawable(memory), places, exact)


def _along(vectors: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Return vectors of the same directions and another size; NaN for one that has none."""
    own = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.where(own > 0, vectors / np.where(own > 0, own, 1) * size, np.nan)


def _drawable(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) < HUGE, values, np.nan)


def draw_arrows(scene: Scene, panel: int, seen: Steps, step: int, color: str) -> None:
    """Draw the arrows of one step, counted from 1; those of all steps are in the data, so that it can be played."""
    one: dict[str, Any] = {"since": step - 1, "until": step - 1}
    for (x, y), (dx, dy), role, width in (
        (seen.start.T, (seen.end - seen.start).T, color, 4.0),
        (seen.start.T, seen.memory.T, MEMORY, 2.2),
        (seen.gradient[0].T, seen.gradient[1].T, GRADIENT, 2.2),
    ):
        scene.arrows(panel, x, y, dx, dy, role, width, **one)
    for place in seen.places.values():
        scene.points(panel, place[:, 0], place[:, 1], color, 4.0, "ring", **one)


def arrow_rows(seen: dict[str, Steps], step: int, columns: int) -> list[Row]:
    """Return the legend of the arrows: what is exact, and for whom an arrow only says a direction."""
    exact = [name for name, one in seen.items() if one.exact]
    loose = [name for name, one in seen.items() if not one.exact]
    words = "exact" if not loose else "direction only" if not exact else f"direction only: {name_list(loose)}"
    blank = ("",) * (columns - 1)
    rows = [Row("gradient", GRADIENT, (*blank, words))]
    if any(np.isfinite(one.memory[step - 1]).any() for one in seen.values()):
        rows.append(Row("remembered", MEMORY, (*blank, words)))
    places = list(dict.fromkeys(name for one in seen.values() for name, place in one.places.items()
                                if np.isfinite(place[step - 1]).all()))  # fmt: skip
    return rows + ([Row("ring", "muted", (*blank, name_list(places)))] if places else [])
