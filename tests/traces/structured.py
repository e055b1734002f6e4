"""Wrappers, matrix methods and Prodigy: peers that need a way round a detail or a sequence of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import torch
from optax.contrib import _muon

from .core import ADAM_LIKE
from .peers import MILD, Hyper, Make, Peer, Variants, optax_positions, spread, torch_like, torch_positions
from .sequences import Arrays, entry, start
from .special import FLAT_SHAPES, betas

NS_COEFFICIENTS = (3.4445, -4.7750, 2.0315)


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


class _DoubleForSingle:
    """The torch module, but float32 means float64."""

    float32 = torch.float64

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


@contextmanager
def soap_in_double() -> Iterator[None]:
    """SOAP's QR in float64 instead of the float32 it casts to."""
    from pytorch_optimizer.optimizer import soap

    soap.torch = _DoubleForSingle()
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
                        tolerance=1e-5,
                        sequences=MILD[1:],
                        tag="float32-qr",
                    ),
                    Peer(
                        **patched,
                        note=common + "; the peer's QR made float64 for this case",
                        tolerance=1e-10,
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
    (1.0, 0.9, 0.999, 1e-30, 1e-6),
    (0.5, 0.5, 0.95, 1e-32, 1e-4),
    (2.0, 0.95, 0.9, 1e-31, 1e-3),
)


def prodigy_sequences() -> Arrays:
    """A direction that persists (so that d grows), then reverses, then noise alone."""
    entries: Arrays = {}
    for shape_key, shape in FLAT_SHAPES.items():
        rng = np.random.default_rng([9, *shape])
        direction = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.5, 2, shape)
        phase = np.repeat([1.0, -1.0, 0.0], [140, 50, 50]).reshape(-1, *[1] * len(shape))
        g = phase * direction + 0.5 * rng.standard_normal((240, *shape))
        entries |= entry(f"prodigy/{shape_key}", start(shape, 7), g)
    return entries


def prodigy() -> Variants:
    """The estimate of the distance grows by orders of magnitude along the way."""
    note = "d grows by orders of magnitude; the package adds the NEW d times eps to √v, the paper the old d times eps"
    variants: Variants = []
    for h in PRODIGY_SETTINGS:
        options = {"lr": h["lr"], "betas": betas(h), "eps": h["eps"], "d0": h["d0"], "weight_decay": 0.0}
        by = torch_like("prodigyopt.Prodigy", package="prodigyopt", **options)
        default = h["eps"] == 1e-8
        why = (
            "; tolerance: so that either reading passes"
            if default
            else "; eps so small that it does not matter"
        )
        peer = Peer(
            **by,
            note=note + why,
            tolerance=1e-6 if default else 1e-12,
            sequences=("prodigy/vector", "prodigy/matrix"),
        )
        variants.append((h, [peer]))
    return variants


# --- Newton–Schulz --------------------------------------------------------------------------------------------


def newton_schulz_link(eps: float) -> Any:
    """optax.contrib's Newton–Schulz function, five steps, as a link of a chain."""
    return optax.stateless(lambda updates, _: orthogonalise(updates, eps))


def shape_link() -> Any:
    """optax.contrib's factor √max(1, outputs/inputs) for weights (inputs, outputs)."""
    return _muon.scale_by_shape(weight_dimension_numbers=_muon.MuonDimensionNumbers())


def orthogonalise(x: Any, eps: float) -> Any:
    """The function itself."""
    return _muon.orthogonalize_via_newton_schulz(x, jnp.asarray(NS_COEFFICIENTS), 5, "frobenius", eps)


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
    note = "a function: x[k] is its value at gradients[k]; five steps; x/(‖x‖_F + eps); tall matrices are transposed"
    variants: Variants = []
    for h in spread("eps", (1e-7,), (1e-8,), (1e-3,)):

        def run(sequence: Arrays, h: Hyper = h) -> np.ndarray:
            values = [np.asarray(orthogonalise(jnp.asarray(x), h["eps"])) for x in sequence["g"]]
            return np.stack([sequence["x0"], *values])

        call = f"optax.contrib._muon.orthogonalize_via_newton_schulz(x, {NS_COEFFICIENTS}, 5, 'frobenius', {h['eps']})"
        names = tuple(f"newton_schulz/{rows}x{columns}" for rows, columns in NS_SHAPES)
        variants.append(
            (h, [Peer(package="optax", call=call, run=run, compare="value", note=note, sequences=names)])
        )
    return variants


SEQUENCES = {"Prodigy": prodigy_sequences, "newton_schulz": newton_schulz_sequences}
RULES = {"Lookahead": lookahead, "SOAP": soap, "Prodigy": prodigy, "newton_schulz": newton_schulz}
