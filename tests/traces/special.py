"""SWATS, L-BFGS and SAM: rules whose branches and closed loops need sequences of their own.

`SEQUENCES` maps a rule to the maker of its sequences; `RULES` is as in core.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch

from .core import ADAM_LIKE
from .peers import Hyper, Make, Peer, Variants, spread, torch_positions
from .sequences import SHAPES, Arrays, entry, start

FLAT_SHAPES = {key: SHAPES[key] for key in ("vector", "matrix")}


def keys(rule: str, number: int) -> tuple[str, ...]:
    """The sequences of a rule's setting."""
    return tuple(f"{rule}-{number}/{shape}" for shape in FLAT_SHAPES)


# --- SWATS: a sequence that crosses the switch under the paper's criterion and the peer's --------------------


SWATS_SETTINGS = spread(
    ADAM_LIKE, (1e-3, 0.9, 0.999, 1e-9), (0.05, 0.5, 0.95, 1e-8), (0.01, 0.95, 0.99, 1e-10)
)
SWATS_SWITCH = 120


def swats_gap(h: Hyper, g: np.ndarray) -> Iterator[tuple[float, float]]:
    """(gamma, gamma − its corrected average) after every step of the Adam phase; NaN where p·g = 0."""
    m = v = np.zeros(g.shape[1:])
    average = 0.0
    for k, gk in enumerate(g, 1):
        m = h["beta1"] * m + (1 - h["beta1"]) * gk
        v = h["beta2"] * v + (1 - h["beta2"]) * gk**2
        rate = h["lr"] * np.sqrt(1 - h["beta2"] ** k) / (1 - h["beta1"] ** k)
        p = -rate * m / (np.sqrt(v) + h["eps"])
        if np.sum(p * gk) == 0:
            yield np.nan, np.nan
            continue
        gamma = np.sum(p * p) / -np.sum(p * gk)
        average = h["beta2"] * average + (1 - h["beta2"]) * gamma
        yield gamma, gamma - average / (1 - h["beta2"] ** k)


def swats_draw(h: Hyper, shape: tuple[int, ...], seed: list[int]) -> tuple[np.ndarray, float]:
    """Drifting gradients, one scaled so that gamma equals its average to rounding, and how near no other is.

    The nearness is the smallest |gamma − average| before the switch in units of both criteria's limits.
    """
    rng = np.random.default_rng(seed)
    direction = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 1.5, shape)
    size = 10.0 ** rng.uniform(-0.3, 0.3, (240, *[1] * len(shape)))
    g = size * (direction + 0.2 * rng.standard_normal((240, *shape)))
    g[29] = 0.0
    last = SWATS_SWITCH - 1

    def gap(scale: float) -> float:
        return list(swats_gap(h, np.concatenate([g[:last], scale * g[last : last + 1]])))[-1][1]

    low, high = 0.05, 20.0
    assert gap(low) > 0 > gap(high), "gamma falls as the gradient grows"
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > 0 else (low, middle)
    g[last] *= low
    gamma, apart = np.array(list(swats_gap(h, g[: last + 1]))).T
    assert abs(apart[-1]) < 1e-3 * h["eps"], "the switch must be reached"
    limit = h["eps"] + 1e-8 + h["eps"] * np.abs(gamma)
    return g, float(np.nanmin((np.abs(apart) / limit)[1:-1]))


def swats_sequences() -> Arrays:
    """Sequences that switch at one step and are far from switching before it."""
    entries: Arrays = {}
    for number, h in enumerate(SWATS_SETTINGS):
        for key, shape in zip(keys("swats", number), FLAT_SHAPES.values(), strict=True):
            draws = (swats_draw(h, shape, [5, number, seed, *shape]) for seed in count())
            g = next(g for g, nearness in draws if nearness > 100)
            entries |= entry(key, start(shape, 7), g, switch=np.array(SWATS_SWITCH))
    return entries


def swats() -> Variants:
    """The Adam phase, the switch, the SGD phase."""
    note = (
        "√v is not bias-corrected before eps is added; the peer adds 1e-15 inside the root and switches when the "
        "average is positive and |average − gamma| < 1e-8 + eps·|gamma|; at the sequence's step `switch` they agree to "
        "rounding, so that the paper's criterion (< eps) switches there too, and before it neither is near"
    )
    variants: Variants = []
    for number, h in enumerate(SWATS_SETTINGS):

        def run(sequence: Arrays, h: Hyper = h) -> np.ndarray:
            phases = []
            make = Make(
                "pytorch_optimizer.SWATS",
                {"lr": h["lr"], "betas": betas(h), "eps": h["eps"], "foreach": False},
            )

            def read(optimizer: Any, parameter: torch.Tensor) -> torch.Tensor:
                phases.append(optimizer.param_groups[0]["phase"])
                return parameter

            positions = torch_positions(make, sequence, read)
            assert phases.index("sgd") + 1 == int(sequence["switch"]), "the peer must switch there"
            return positions

        call = f"pytorch_optimizer.SWATS(lr={h['lr']}, betas={betas(h)}, eps={h['eps']}, foreach=False)"
        peer = Peer(
            package="pytorch_optimizer", call=call, run=run, note=note, sequences=keys("swats", number)
        )
        variants.append((h, [peer]))
    return variants


def betas(h: Hyper) -> tuple[float, float]:
    """As torch wants them."""
    return h["beta1"], h["beta2"]


# --- L-BFGS: gradients of a noisy quadratic, as seen by the peer, then prescribed ----------------------------


LBFGS_SETTINGS = spread("lr memory", (1.0, 10), (0.5, 3), (0.2, 6))
LBFGS_LENGTH = 240


def lbfgs_positions(
    h: Hyper, x0: np.ndarray, gradient: Callable[[int, np.ndarray], np.ndarray], length: int
) -> Any:
    """Positions and the gradients asked for: max_iter=1 asks once a step, at the current point."""
    parameter = torch.nn.Parameter(torch.tensor(x0))
    optimizer = torch.optim.LBFGS(
        [parameter],
        lr=h["lr"],
        max_iter=1,
        tolerance_grad=0,
        tolerance_change=0,
        history_size=h["memory"],
    )
    positions, seen = [x0], []

    def closure() -> torch.Tensor:
        seen.append(gradient(len(seen), parameter.detach().numpy().copy()))
        parameter.grad = torch.tensor(seen[-1])
        return torch.zeros(())

    for _ in range(length):
        optimizer.step(closure)
        positions.append(parameter.detach().numpy().copy())
    return np.stack(positions), np.stack(seen)


def lbfgs_draw(h: Hyper, x0: np.ndarray, seed: list[int]) -> tuple[np.ndarray, int, float]:
    """Gradients seen on a noisy quadratic (eigenvalues 1 … 10), the number of pairs skipped, and the condition.

    The condition is by how much the positions change when the gradients are replayed with other rounding: random
    pairs can make the inverse Hessian so ill-conditioned that no two programs agree.
    """
    rng = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(rng.standard_normal((x0.size, x0.size)))
    hessian = basis * np.geomspace(1, 10, x0.size) @ basis.T
    noise = (0.05 if x0.size == 2 else 0.6) * rng.standard_normal((LBFGS_LENGTH, *x0.shape))

    def gradient(t: int, x: np.ndarray) -> np.ndarray:
        return (hessian @ x.ravel()).reshape(x.shape) + noise[t]

    positions, seen = lbfgs_positions(h, x0, gradient, LBFGS_LENGTH)
    pairs = np.diff(seen, axis=0) * np.diff(positions[:-1], axis=0)
    skipped = np.sum(pairs.reshape(len(pairs), -1).sum(1) <= 1e-10)
    disturbed = seen * (1 + 1e-15 * rng.uniform(-1, 1, seen.shape))
    again, _ = lbfgs_positions(h, x0, lambda t, _: disturbed[t], LBFGS_LENGTH)
    return seen, int(skipped), float(np.abs(again - positions).max())


def lbfgs_sequences() -> Arrays:
    """The first draw of each setting with some pairs skipped, most kept, and well-conditioned."""
    entries: Arrays = {}
    for number, h in enumerate(LBFGS_SETTINGS):
        for key, shape in zip(keys("lbfgs", number), FLAT_SHAPES.values(), strict=True):
            x0 = start(shape, 7)
            draws = (lbfgs_draw(h, x0, [6, number, seed, *shape]) for seed in count())
            g = next(g for g, skipped, change in draws if 0 < skipped < LBFGS_LENGTH / 2 and change < 1e-13)
            entries |= entry(key, x0, g)
    return entries


def lbfgs() -> Variants:
    """One step a call; the recorded gradients are those the peer saw in a closed loop."""
    note = (
        "gradients seen by the peer on a noisy quadratic, replayed; first step lr·min(1, 1/‖g‖₁); pairs with "
        "yᵀs ≤ 1e-10 are skipped (some are); scale yᵀs/yᵀy of the newest pair kept"
    )
    variants: Variants = []
    for number, h in enumerate(LBFGS_SETTINGS):

        def run(sequence: Arrays, h: Hyper = h) -> np.ndarray:
            g = sequence["g"]
            return lbfgs_positions(h, sequence["x0"], lambda t, _: g[t], len(g))[0]

        call = (
            f"torch.optim.LBFGS(lr={h['lr']}, max_iter=1, tolerance_grad=0, tolerance_change=0, "
            f"history_size={h['memory']})"
        )
        variants.append(
            (h, [Peer(package="torch", call=call, run=run, note=note, sequences=keys("lbfgs", number))])
        )
    return variants


# --- SAM: a smooth function with prescribed noise ------------------------------------------------------------


def sam_sequences() -> Arrays:
    """∇f(x) = A x − b + c x³ on the ravelled x; the sequence's g is noise added at step t, the same at both points."""
    entries: Arrays = {}
    for shape_key, shape in FLAT_SHAPES.items():
        rng = np.random.default_rng([8, *shape])
        n = int(np.prod(shape))
        basis, _ = np.linalg.qr(rng.standard_normal((n, n)))
        function = {
            "A": basis * np.geomspace(0.1, 3, n) @ basis.T,
            "b": rng.standard_normal(n),
            "c": rng.uniform(0.1, 1, n),
        }
        noise = 0.5 * rng.standard_normal((240, *shape))
        entries |= entry(f"sam/{shape_key}", start(shape, 7), noise, **function)
    return entries


SAM_INNER = (
    ({"optimizer": "GradientDescent", "hyper": {"lr": 0.05}}, Make("optax.sgd", {"learning_rate": 0.05})),
    (
        {"optimizer": "Momentum", "hyper": {"lr": 0.02, "beta": 0.8, "form": "sum"}},
        Make("optax.sgd", {"learning_rate": 0.02, "momentum": 0.8}),
    ),
    (
        {"optimizer": "Adam", "hyper": {"lr": 0.03, "beta1": 0.9, "beta2": 0.99, "eps": 1e-8}},
        Make("optax.adam", {"learning_rate": 0.03, "b1": 0.9, "b2": 0.99, "eps": 1e-8}),
    ),
)


def sam() -> Variants:
    """The ascent step is along g over its norm over all coordinates."""
    note = (
        "closed loop: the gradient asked for at the point x in step t is A x − b + c x³ (ravelled; A, b, c "
        "in `extra`) plus gradients[t − 1]"
    )
    variants: Variants = []
    for (inner, make), rho in zip(SAM_INNER, (0.05, 0.5, 0.2), strict=True):

        def run(s: Arrays, make: Make = make, rho: float = rho) -> np.ndarray:
            transform = optax.contrib.sam(
                make(),
                optax.chain(optax.contrib.normalize(), optax.sgd(rho)),
                sync_period=2,
                opaque_mode=True,
            )
            a, b, c = (jnp.asarray(s[name]) for name in "Abc")

            @jax.jit
            def step(x: Any, state: Any, noise: Any) -> Any:
                def gradient(x: Any, _: Any = None) -> Any:
                    return (a @ x.ravel() - b + c * x.ravel() ** 3).reshape(x.shape) + noise

                update, state = transform.update(gradient(x), state, x, grad_fn=gradient)
                return x + update, state

            x = jnp.asarray(s["x0"])
            state, positions = transform.init(x), [x]
            for noise in s["g"]:
                x, state = step(x, state, jnp.asarray(noise))
                positions.append(x)
            return np.stack([np.asarray(x) for x in positions])

        call = (
            f"optax.contrib.sam({make}, optax.chain(optax.contrib.normalize(), optax.sgd({rho})), sync_period=2, "
            "opaque_mode=True)"
        )
        peer = Peer(package="optax", call=call, run=run, note=note, sequences=("sam/vector", "sam/matrix"))
        variants.append(({"inner": inner, "rho": rho}, [peer]))
    return variants


SEQUENCES = {"SWATS": swats_sequences, "LBFGS": lbfgs_sequences, "SAM": sam_sequences}
RULES = {"SWATS": swats, "LBFGS": lbfgs, "SAM": sam}
