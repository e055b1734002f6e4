"""Wrappers, matrix methods and Prodigy: peers that need a way round a detail or a sequence of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from optax.contrib import _muon

from .core import ADAM_LIKE
from .peers import (
    MILD,
    DoubleForSingle,
    Hyper,
    Make,
    Peer,
    Variants,
    optax_positions,
    spread,
    torch_like,
    torch_positions,
)
from .sequences import Arrays, entry, start
from .special import FLAT_SHAPES, betas, keys

# --- Lookahead ------------------------------------------------------------------------------------------------


LOOKAHEAD_INNER = (
    (
        {"optimizer": "GradientDescent", "hyper": {"lr": 0.01}},
        Make("optax.sgd", {"learning_rate": 0.01}),
        Make("torch.optim.SGD", {"lr": 0.01}),
    ),
    (
        {"optimizer": "Adam", "hyper": {"lr": 0.05, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}},
        Make("optax.adam", {"learning_rate": 0.05, "b1": 0.9, "b2": 0.999, "eps": 1e-8}),
        Make("torch.optim.Adam", {"lr": 0.05, "betas": (0.9, 0.999), "eps": 1e-8}),
    ),
    (
        {"optimizer": "Momentum", "hyper": {"lr": 0.1, "beta": 0.9, "form": "sum"}},
        Make("optax.sgd", {"learning_rate": 0.1, "momentum": 0.9}),
        Make("torch.optim.SGD", {"lr": 0.1, "momentum": 0.9}),
    ),
)


def lookahead() -> Variants:
    """Fast weights are x, slow ones the output; the inner state survives the synchronisation."""
    variants: Variants = []
    settings = ((5, 0.5), (3, 0.8), (10, 0.2))
    for (inner, by_optax, by_torch), (k, alpha) in zip(LOOKAHEAD_INNER, settings, strict=True):
        peers = []
        for compare, kind in (("x", "fast"), ("output", "slow")):

            def run_optax(
                s: Arrays, make: Make = by_optax, k: int = k, alpha: float = alpha, kind: str = kind
            ) -> Any:
                transform = optax.lookahead(make(), sync_period=k, slow_step_size=alpha, reset_state=False)
                wrap = optax.LookaheadParams.init_synced
                return optax_positions(transform, s, lambda both, _: getattr(both, kind), wrap)

            def run_torch(
                s: Arrays, make: Make = by_torch, k: int = k, alpha: float = alpha, kind: str = kind
            ) -> Any:
                from pytorch_optimizer import Lookahead

                def read(optimizer: Any, parameter: torch.Tensor) -> torch.Tensor:
                    return parameter if kind == "fast" else optimizer.state[parameter]["slow_params"]

                return torch_positions(lambda p: Lookahead(make(p), k=k, alpha=alpha), s, read)

            call = f"optax.lookahead({by_optax}, sync_period={k}, slow_step_size={alpha}, reset_state=False)"
            peers.append(Peer(package="optax", call=call, run=run_optax, compare=compare, tag=compare))
            call = f"pytorch_optimizer.Lookahead({by_torch}, k={k}, alpha={alpha})"
            peers.append(
                Peer(package="pytorch_optimizer", call=call, run=run_torch, compare=compare, tag=compare)
            )
        variants.append(({"inner": inner, "k": k, "alpha": alpha}, peers))
    return variants


# --- SOAP -----------------------------------------------------------------------------------------------------


@contextmanager
def soap_in_double() -> Iterator[None]:
    """SOAP's QR in float64 instead of the float32 it casts to."""
    from pytorch_optimizer.optimizer import soap

    soap.torch = DoubleForSingle(torch)
    try:
        yield
    finally:
        soap.torch = torch


def soap() -> Variants:
    """Without refresh, with the peer's float32 QR, and with its QR in float64."""
    common = (
        "the first step only initialises L, R and their eigenbases and moves nothing; Adam counts from the second; "
        "eps is added to the uncorrected √v (Adam's eps-hat); m is kept unrotated; L, R are averaged (and "
        "refreshed) after the step; a vector is not rotated"
    )
    variants: Variants = []
    rows = (
        (0.003, 0.95, 0.95, 1e-8, 0.95, 10),
        (0.05, 0.9, 0.99, 1e-4, 0.8, 7),
        (0.01, 0.8, 0.9, 1e-12, 0.99, 25),
    )
    for h in spread(f"{ADAM_LIKE} shampoo_beta refresh", *rows):
        for refresh in (h["refresh"], 1000):
            by = torch_like(
                "pytorch_optimizer.SOAP",
                package="pytorch_optimizer",
                lr=h["lr"],
                betas=betas(h),
                shampoo_beta=h["shampoo_beta"],
                weight_decay=0.0,
                precondition_frequency=refresh,
                eps=h["eps"],
            )

            def in_double(s: Arrays, run: Callable[[Arrays], np.ndarray] = by["run"]) -> np.ndarray:
                with soap_in_double():
                    return run(s)

            note, tolerance = common, 1e-12
            if refresh < 1000:
                patched = by | {"run": in_double, "call": by["call"] + " with float64 for its float32"}
                peers = [
                    Peer(
                        **by,
                        note=common + "; tolerance: the peer's QR is float32",
                        tolerance=1e-6,
                        sequences=MILD[1:],
                        tag="float32-qr",
                    ),
                    Peer(
                        **patched,
                        note=common + "; the peer's QR made float64 for this case",
                        tolerance=1e-12,
                        sequences=MILD[1:],
                        tag="float64-qr",
                    ),
                ]
            else:
                peers = [Peer(**by, note=note + "; no refresh", tolerance=tolerance, sequences=MILD)]
            variants.append((h | {"refresh": refresh}, peers))
    return variants


# --- Prodigy --------------------------------------------------------------------------------------------------


PRODIGY_SETTINGS = spread(
    f"{ADAM_LIKE} d0",
    (1.0, 0.9, 0.999, 1e-8, 1e-6),
    (0.5, 0.5, 0.95, 1e-4, 1e-4),
    (2.0, 0.95, 0.9, 1e-10, 1e-3),
)


def prodigy_make(h: Hyper) -> Make:
    """The package's optimizer with these settings."""
    options = {"lr": h["lr"], "betas": betas(h), "eps": h["eps"], "d0": h["d0"], "weight_decay": 0.0}
    return Make("prodigyopt.Prodigy", options)


def prodigy_sequences() -> Arrays:
    """Gradients the peer sees on the way to a point some way off, with noise; then prescribed."""
    entries: Arrays = {}
    for number, h in enumerate(PRODIGY_SETTINGS):
        for key, shape in zip(keys("prodigy", number), FLAT_SHAPES.values(), strict=True):
            rng = np.random.default_rng([9, number, *shape])
            x0, noise = start(shape, 7), 0.2 * rng.standard_normal((240, *shape))
            target = x0 + rng.choice([-1.0, 1.0], shape) * rng.uniform(2, 5, shape)
            parameter = torch.nn.Parameter(torch.tensor(x0))
            optimizer, seen = prodigy_make(h)([parameter]), []
            for disturbance in noise:
                seen.append(np.clip(parameter.detach().numpy() - target, -1, 1) + disturbance)
                parameter.grad = torch.tensor(seen[-1])
                optimizer.step()
            assert optimizer.param_groups[0]["d"] > 100 * h["d0"], "d must grow"
            entries |= entry(key, x0, np.stack(seen), final_d=np.array(optimizer.param_groups[0]["d"]))
    return entries


def prodigy() -> Variants:
    """The estimate of the distance grows by orders of magnitude along the way."""
    variants: Variants = []
    notes = {
        "released": "the package adds eps times the NEW d to √v",
        "paper": "the paper adds eps times the old d to √v, the package the new d: eps is so small here that it "
        "does not matter",
    }
    for form, note in notes.items():
        for number, h in enumerate(PRODIGY_SETTINGS):
            h = h | ({"eps": h["eps"] * 1e-22} if form == "paper" else {})
            make = prodigy_make(h)
            peer = Peer(
                package="prodigyopt",
                call=str(make),
                run=lambda s, make=make: torch_positions(make, s),
                note=note + "; d grows from d0 to about the sequence's `final_d`",
                sequences=keys("prodigy", number),
            )
            variants.append((h | {"form": form}, [peer]))
    return variants


# --- Newton–Schulz --------------------------------------------------------------------------------------------


def newton_schulz_link(eps: float, coefficients: str = "jordan", steps: int = 5) -> Any:
    """optax.contrib's Newton–Schulz function as a link of a chain."""
    return optax.stateless(lambda updates, _: orthogonalise(updates, eps, coefficients, steps))


def shape_link(consistent_rms: float | None = None) -> Any:
    """optax.contrib's factor for weights (inputs, outputs): √max(1, outputs/inputs), or Moonlight's."""
    return _muon.scale_by_shape(_muon.MuonDimensionNumbers(), consistent_rms)


def orthogonalise(x: Any, eps: float, coefficients: str = "jordan", steps: int = 5) -> Any:
    """The function itself, with the coefficients as other packages ship them."""
    return _muon.orthogonalize_via_newton_schulz(
        x, jnp.asarray(shipped(coefficients, steps)), steps, "frobenius", eps
    )


def shipped(coefficients: str, steps: int) -> list[tuple[float, ...]]:
    """The polynomials of every step: optax's, timm's table of Polar Express, the classical ones of every textbook."""
    from timm.optim.muon import _COEFFICIENTS

    sets = {
        "jordan": [_muon._DEFAULT_NS_COEFFS],
        "tuned": _muon._DION_NS_COEFFS,
        "polar_express": _COEFFICIENTS["polar_express"],
        "quintic": [(1.875, -1.25, 0.375)],
        "cubic": [(1.5, -0.5, 0.0)],
    }
    found = sets[coefficients]
    return [found[min(step, len(found) - 1)] for step in range(steps)]


NS_SHAPES = ((4, 3), (3, 5), (6, 2), (1, 4), (5, 5), (8, 3))


def newton_schulz_sequences() -> Arrays:
    """Per shape five matrices: generic, tiny, huge, rank one, nearly singular."""
    entries: Arrays = {}
    for rows, columns in NS_SHAPES:
        rng = np.random.default_rng([10, rows, columns])
        x = rng.standard_normal((5, rows, columns))
        x[1] *= 1e-8
        x[2] *= 1e4
        x[3] = np.outer(rng.standard_normal(rows), rng.standard_normal(columns))
        u, s, vt = np.linalg.svd(x[4], full_matrices=False)
        x[4] = u * np.r_[s[:-1], 1e-6 * s[-1]] @ vt
        entries |= entry(f"newton_schulz/{rows}x{columns}", np.zeros((rows, columns)), x)
    return entries


def newton_schulz() -> Variants:
    """A function, not a run: value k belongs to matrix k."""
    note = "a function: x[k] is its value at gradients[k]; x/(‖x‖_F + eps); tall matrices are transposed"
    variants: Variants = []
    names = tuple(f"newton_schulz/{rows}x{columns}" for rows, columns in NS_SHAPES)
    settings = (("jordan", 5), ("tuned", 7), ("polar_express", 7), ("quintic", 9), ("cubic", 12))
    for coefficients, steps in settings:
        for h in spread("eps steps", (1e-7, 5), (1e-8, steps), (1e-3, 3)):
            h |= {"coefficients": coefficients}

            def run(sequence: Arrays, h: Hyper = h) -> np.ndarray:
                function = jax.jit(lambda x: orthogonalise(x, **h))
                values = [np.asarray(function(x)) for x in sequence["g"]]
                return np.stack([sequence["x0"], *values])

            table = "timm's polar_express" if coefficients == "polar_express" else coefficients
            arguments = f"{table}, {h['steps']}, 'frobenius', {h['eps']}"
            call = f"optax.contrib._muon.orthogonalize_via_newton_schulz(x, {arguments})"
            peer = Peer(package="optax", call=call, run=run, compare="value", note=note, sequences=names)
            variants.append((h, [peer]))
    return variants


SEQUENCES = {"Prodigy": prodigy_sequences, "newton_schulz": newton_schulz_sequences}
RULES = {"Lookahead": lookahead, "SOAP": soap, "Prodigy": prodigy, "newton_schulz": newton_schulz}
