"""Whether a rule is one that the course has already: compared by its steps under prescribed gradients."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ..optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    AdaMax,
    AMSGrad,
    Lion,
    Nadam,
    Optimizer,
    RMSprop,
    as_optimizer,
)
from .own import GRADIENTS, MEMORY, START

ROUNDS = 25
"""So long settings are searched for."""
_PAIRS: dict[Any, str] = {Adam: "Adam", AdaMax: "AdaMax", Nadam: "Nadam", AMSGrad: "AMSGrad", Lion: "Lion"}
_SINGLE: dict[Any, str] = {RMSprop: "RMSprop", Adadelta: "Adadelta"}
_USUAL = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999)


def known_as(steps: np.ndarray, numbers: np.ndarray) -> str:
    """Return which row of the registry takes these steps, up to a factor and weight decay; "" if none that is tried.

    Rules that are linear in the gradients are recognised with any beta. Of the others those with the usual betas and
    with ``numbers`` are tried, and then other betas, a large eps and weight decay as L2 are searched for.

    Args:
        steps: the steps under `GRADIENTS`, ``(24, 3)``.
        numbers: the rule's own numbers in [0, 1).

    Examples:
        >>> known_as(-0.3 * GRADIENTS, np.array([0.3]))
        'gradient descent'
    """
    x = START + np.r_[np.zeros((1, 3)), np.cumsum(steps, axis=0)[:-1]]
    steps = steps / np.abs(steps).max()  # so that no square is lost
    linear = _linear(steps, x)
    if linear:
        return linear
    betas = np.unique(np.r_[_USUAL, [value for value in np.ravel(numbers) if 0 <= value < 1]])
    for cls, name in _PAIRS.items():
        found = _fit(_walk(cls(beta1=betas[:, None], beta2=betas), (len(betas), len(betas))), steps, x)
        if found:
            return f"{name} with beta1 = {betas[found[0]]:g}, beta2 = {betas[found[1]]:g}"
    for single, name in _SINGLE.items():
        found = _fit(_walk(single(beta=betas), (len(betas),)), steps, x)
        if found:
            return f"{name} with beta = {betas[found[0]]:g}"
    plain = as_optimizer(uncorrected, MEMORY).replace(beta1=betas[:, None], beta2=betas)
    found = _fit(_walk(plain, (len(betas), len(betas))), steps, x)
    if found:
        return f"Adam without bias correction, beta1 = {betas[found[0]]:g}, beta2 = {betas[found[1]]:g}"
    for beta in betas:
        if _fit(_walk(as_optimizer(brake, MEMORY, beta=float(beta)), ()), steps, x) is not None:
            return f"the example of lesson 20 with beta = {beta:g}"
    if _fit(_walk(Adagrad(), ()), steps, x) is not None:
        return "Adagrad"
    for name, opt in _SEARCHED.items():
        settings = _searched(opt, steps, x)
        if settings:
            return f"{name} with {', '.join(f'{key} = {value:.3g}' for key, value in settings.items())}"
    return ""


def brake(x: Any, g: Any, state: dict[str, Any], lr: float = 0.1, beta: float = 0.9) -> Any:
    """Take a step of lesson 20's example: momentum that forgets a coordinate's velocity if its gradient opposes it."""
    forward = state["m"] * g >= 0
    state["m"] = beta * state["m"] * forward + g
    return x - lr * state["m"], state


def uncorrected(
    x: Any,
    g: Any,
    state: dict[str, Any],
    lr: Any = 0.001,
    beta1: Any = 0.9,
    beta2: Any = 0.999,
    eps: Any = 1e-8,
) -> Any:
    """Take a step of Adam without bias correction."""
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g * g
    return x - lr * m / (np.sqrt(v) + eps), {"m": m, "v": v}


def _linear(steps: np.ndarray, x: np.ndarray) -> str:
    """Return the name of a linear rule: each step made of the last step, this gradient, the last one, and x."""
    last = np.r_[np.zeros((1, 3)), steps[:-1]]
    before = np.r_[np.zeros((1, 3)), GRADIENTS[:-1]]
    parts = np.stack([part.ravel() for part in (last, GRADIENTS, before, x)], axis=1)
    factors = np.linalg.lstsq(parts, steps.ravel())[0]
    off, (a, b, c) = np.linalg.norm(parts @ factors - steps.ravel()), factors[:3]
    if not off <= 1e-6 * np.linalg.norm(steps) or abs(b) < 1e-12:
        return ""
    if abs(c) <= 1e-5 * abs(b):
        return "gradient descent" if abs(a) < 1e-5 else f"Momentum with beta = {a:.3g}"
    if np.isclose(c, -a * b / (1 + a), rtol=1e-4):
        return f"Nesterov's momentum with beta = {a:.3g}"
    return ""


def _walk(opt: Optimizer, grid: tuple[int, ...], more: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the steps of an optimizer for every run of a grid, ``(24, 3, *grid)``.

    ``more`` is added to the gradients.
    """
    x = np.broadcast_to(START.reshape(3, *[1] * len(grid)), (3, *grid)).copy()
    points: list[Any] = [x]
    state, now = opt.init(x), points[0]
    for g in GRADIENTS.reshape(-1, 3, *[1] * len(grid)) + np.broadcast_to(more, (len(GRADIENTS), *x.shape)):
        now, state = opt.update(now, g, state)
        points.append(now)
    return np.diff(points, axis=0)


def _fit(rows: np.ndarray, steps: np.ndarray, x: np.ndarray) -> tuple[int, ...] | None:
    """Return the run whose steps, times a factor, and with a share of x, are those given."""
    for run in np.ndindex(rows.shape[2:]):
        row = rows[(..., *run)].ravel()
        if not np.isfinite(row).all():
            continue
        parts = np.stack([row, x.ravel()], axis=1)
        factors = np.linalg.lstsq(parts, steps.ravel())[0]
        if np.linalg.norm(parts @ factors - steps.ravel()) <= 1e-5 * np.linalg.norm(steps):
            return run
    return None


_SEARCHED = {
    "Adam": Adam(),
    "Adam without bias correction": as_optimizer(uncorrected, MEMORY),
    "RMSprop": RMSprop(),
    "Adagrad": Adagrad(),
    "Adadelta": Adadelta(),
    "AdaMax": AdaMax(),
    "Nadam": Nadam(),
    "AMSGrad": AMSGrad(),
}


def _searched(opt: Optimizer, steps: np.ndarray, x: np.ndarray) -> dict[str, float]:
    """Return betas, eps and the weight decay of an L2 form with which a rule takes these steps; nothing if none does.

    What is too small to matter is left out.

    The method of Levenberg and Marquardt, from several starts side by side, on the logits of the betas, the logarithm
    of eps, and the weight decay itself.
    """
    betas: list[str] = [name for name in ("beta1", "beta2", "beta") if name in opt.hyper()]
    starts = itertools.product(*[(-0.5, 1.5, 3.5)] * len(betas), (-9.0, -1.0), (0.0,))
    at = np.array(list(starts)).T

    def settings(at: np.ndarray) -> dict[str, np.ndarray]:
        shares = {name: 1 / (1 + np.exp(-np.clip(row, -9, 9))) for name, row in zip(betas, at, strict=False)}
        return {**shares, "eps": np.exp(np.clip(at[-2], -40, 9)), "weight decay (L2)": at[-1]}

    def off(at: np.ndarray) -> np.ndarray:
        found = settings(at)
        decay = found.pop("weight decay (L2)")
        rows = _walk(opt.replace(**found), at.shape[1:], decay * x[..., None]).reshape(steps.size, -1)
        left = _without(np.broadcast_to(steps.reshape(-1, 1), rows.shape), x.reshape(-1, 1))
        return _without(left, _without(rows, x.reshape(-1, 1))) / np.linalg.norm(steps)

    damping, now = np.full(at.shape[1], 1e-2), off(at)
    for _ in range(ROUNDS):
        size = np.nan_to_num(np.linalg.norm(now, axis=0), nan=np.inf)
        best = int(np.argmin(size))
        if size[best] <= 1e-5:
            found = {name: float(value[best]) for name, value in settings(at).items()}
            return {name: value for name, value in found.items() if name in betas or abs(value) > 1e-4}
        moved = at[:, None] + 1e-6 * np.eye(len(at))[:, :, None]
        slopes = (off(moved.reshape(len(at), -1)).reshape(len(now), *at.shape) - now[:, None]) / 1e-6
        bend = np.einsum("nir,njr->rij", slopes, slopes)
        bend += damping[:, None, None] * (bend * np.eye(len(at))) + 1e-12 * np.eye(len(at))
        down = np.linalg.solve(bend, np.einsum("nir,nr->ri", slopes, now)[..., None])[..., 0].T
        tried = at - np.clip(down, -2, 2)
        then = off(tried)
        better = np.linalg.norm(then, axis=0) < size
        at, now = np.where(better, tried, at), np.where(better, then, now)
        damping = np.where(better, damping / 4, damping * 8)
    return {}


def _without(rows: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return each column without its share of a part."""
    squares = np.sum(part * part, axis=0)
    return rows - part * (np.sum(rows * part, axis=0) / np.where(squares > 0, squares, 1))
