"""NorMuon and GaLore: peers whose matrix functions are float32 or bfloat16 get them in float64 here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from optax.contrib import _galore
from pytorch_optimizer.optimizer.muon import normuon as peer_normuon

from .core import ADAM_LIKE
from .peers import DoubleForSingle, Hyper, Make, Peer, Variants, optax_positions, spread, torch_positions
from .sequences import Arrays
from .structured import orthogonalise

_folder = find_spec("galore_torch").submodule_search_locations[0]  # type: ignore[union-attr, index]
for _name in ("galore_torch", "transformers", "transformers.utils", "transformers.utils.versions"):
    sys.modules.setdefault(_name, ModuleType(_name))  # what its AdamW imports and never uses
sys.modules["galore_torch"].__path__ = [_folder]
sys.modules["transformers.utils.versions"].require_version = lambda *_: None  # type: ignore[attr-defined]

MATRICES = ("hard/matrix", "hard/wide")


# --- NorMuon --------------------------------------------------------------------------------------------------


def normuon() -> Variants:
    """pytorch_optimizer's on transposed weights, with Newton–Schulz in float64 in the place of bfloat16."""
    note = (
        "weights transposed; the peer's bfloat16 Newton–Schulz replaced by optax's function in float64, its 1e-10 in "
        "the denominators by 1e-30"
    )
    variants: Variants = []
    rows = (
        (0.02, 0.95, 0.95, 1e-7, 0.0, 5),
        (0.5, 0.5, 0.8, 1e-8, 0.2, 3),
        (0.1, 0.9, 0.99, 1e-3, 1e-3, 7),
    )
    for h in spread("lr beta beta2 eps weight_decay steps", *rows):
        for form, scale in (("released", "preserve_norm"), ("paper", "match_rms")):
            options = {
                "lr": h["lr"],
                "momentum": h["beta"],
                "beta2": h["beta2"],
                "weight_decay": h["weight_decay"],
                "ns_steps": h["steps"],
                "update_scale": scale,
                "eps": 1e-30,
                "foreach": False,
            }
            make = Make("pytorch_optimizer.NorMuon", options)

            def run(s: Arrays, make: Make = make, h: Hyper = h) -> np.ndarray:
                turned = s | {"x0": s["x0"].T, "g": np.swapaxes(s["g"], 1, 2)}
                with newton_schulz_in_double(h["eps"], h["steps"]):
                    seen = torch_positions(lambda x: make([{"params": x, "use_muon": True}]), turned)
                    return np.swapaxes(seen, 1, 2)

            peer = Peer(
                package="pytorch_optimizer", call=str(make), run=run, note=note, sequences=MATRICES, tag=form
            )
            variants.append((h | {"form": form, "coefficients": "jordan"}, [peer]))
    return variants


@contextmanager
def newton_schulz_in_double(eps: float, steps: int) -> Iterator[None]:
    """The peer's function replaced by optax's, jitted."""
    theirs = peer_normuon.zero_power_via_newton_schulz_5
    function = jax.jit(lambda x: orthogonalise(x, eps, "jordan", steps))
    peer_normuon.zero_power_via_newton_schulz_5 = lambda x, **_: torch.tensor(np.asarray(function(x.numpy())))
    try:
        yield
    finally:
        peer_normuon.zero_power_via_newton_schulz_5 = theirs


# --- GaLore ---------------------------------------------------------------------------------------------------


def galore() -> Variants:
    """The authors' package on the shorter side, optax on the longer; their float32 SVD made float64."""
    variants: Variants = []
    names = f"{ADAM_LIKE} rank every scale"
    rows = (
        (0.01, 0.9, 0.999, 1e-30, 128, 200, 0.25),
        (0.1, 0.5, 0.95, 1e-31, 2, 30, 1.0),
        (0.03, 0.8, 0.9, 1e-32, 1, 7, 0.5),
    )
    small = "eps is added to the uncorrected √v by the peer, hence so small"
    for h in spread(names, *rows):
        options = {
            "lr": h["lr"],
            "betas": (h["beta1"], h["beta2"]),
            "eps": h["eps"],
            "no_deprecation_warning": True,
        }
        group = {
            "rank": h["rank"],
            "update_proj_gap": h["every"],
            "scale": h["scale"],
            "proj_type": "std",
        }
        make = Make("galore_torch.adamw.AdamW", options)
        call = f"{make} on a group with {group}"

        def run(s: Arrays, make: Make = make, group: Hyper = group) -> np.ndarray:
            with svd_in_double():
                return torch_positions(lambda x: make([{"params": x, **group}]), s)

        note = f"the peer's float32 SVD made float64, its vectors given the sign nearer to the last; {small}"
        peer = {"package": "galore-torch", "call": call, "sequences": ("mild/matrix", "mild/wide")}
        variants.append((h | {"side": "shorter"}, [Peer(**peer, run=run, note=note)]))
        if h["every"] == 200:
            continue

        def as_it_is(s: Arrays, make: Make = make, group: Hyper = group) -> np.ndarray:
            return torch_positions(lambda x: make([{"params": x, **group, "update_proj_gap": 1000}]), s)

        note = f"P never renewed; {small}; tolerance: the peer's SVD is float32"
        loose = Peer(**peer | {"call": call.replace(f"'update_proj_gap': {h['every']}", "'update_proj_gap': 1000")},
                     run=as_it_is, note=note, tolerance=1e-5, tag="float32-svd")  # fmt: skip
        variants.append((h | {"side": "shorter", "every": 1000}, [loose]))
    rows = (
        (0.01, 0.9, 0.999, 1e-8, 128, 1000, 0.25, 0.0),
        (0.1, 0.5, 0.95, 1e-4, 2, 1001, 1.0, 0.2),
        (0.03, 0.8, 0.9, 1e-12, 1, 1002, 0.5, 1e-3),
    )
    for h in spread(f"{names} weight_decay", *rows):
        adam = Make("optax.scale_by_adam", {"b1": h["beta1"], "b2": h["beta2"], "eps": h["eps"]})
        make = Make(
            "optax.contrib.galore",
            {
                "learning_rate": h["lr"],
                "rank": h["rank"],
                "update_proj_gap": h["every"],
                "scale": h["scale"],
                "weight_decay": h["weight_decay"],
            },
        )

        def in_double(s: Arrays, make: Make = make, adam: Make = adam) -> np.ndarray:
            _galore.jnp = DoubleForSingle(jnp)
            try:
                return optax_positions(Make(make.path, make.options | {"base_optimizer": adam()})(), s)
            finally:
                _galore.jnp = jnp

        peer = Peer(
            package="optax",
            call=f"{make} with base_optimizer={adam}",
            run=in_double,
            note="the peer's float32 SVD made float64; P never renewed",
            sequences=("mild/matrix", "mild/wide"),
        )
        variants.append((h | {"side": "longer"}, [peer]))
    return variants


@contextmanager
def svd_in_double() -> Iterator[None]:
    """The projector's singular vectors in float64, each with the sign nearer to the vector before it."""
    from galore_torch.galore_projector import GaLoreProjector

    theirs = GaLoreProjector.get_orthogonal_matrix

    def vectors(self: Any, weights: torch.Tensor, rank: int, type: str) -> torch.Tensor:
        u, _, vh = torch.linalg.svd(weights, full_matrices=False)
        new, axis = (vh[:rank], 1) if type == "right" else (u[:, :rank], 0)
        if self.ortho_matrix is not None:
            new = torch.where((new * self.ortho_matrix).sum(axis, keepdim=True) < 0, -new, new)
        return new

    GaLoreProjector.get_orthogonal_matrix = vectors
    try:
        yield
    finally:
        GaLoreProjector.get_orthogonal_matrix = theirs


RULES = {"NorMuon": normuon, "GaLore": galore}
