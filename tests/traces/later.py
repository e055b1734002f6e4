"""Rules of 2023 to 2026: DoG, AdEMAMix, MARS, Cautious, Hyperball; peers that compute them in float64."""

from __future__ import annotations

import importlib
from typing import Any

import jax.numpy as jnp
import numpy as np
import optax
import torch
from dog import PolynomialDecayAverager
from pytorch_optimizer import AdEMAMix

from .core import ADAM_LIKE, ADAM_ROWS, torch_adam_like
from .peers import (
    HARD,
    Hyper,
    Make,
    Peer,
    Variants,
    optax_like,
    optax_positions,
    spread,
    torch_like,
    torch_positions,
)
from .sequences import Arrays

heavyball = importlib.import_module("heavyball.utils")
heavyball.compile_mode = None


def dog() -> Variants:
    """optax for the points, the authors' package for points and average."""
    variants: Variants = []
    rows = ((1.0, 1e-6, 1e-8, 8.0), (0.5, 1e-3, 1e-4, 1.0), (2.0, 1e-2, 1e-12, 3.0))
    for h in spread("lr reps eps gamma", *rows):
        by = optax_like(
            "optax.contrib.dog", learning_rate=h["lr"], init_step=("heuristic", h["reps"]), eps=h["eps"]
        )
        make = Make("dog.DoG", {"lr": h["lr"], "reps_rel": h["reps"], "eps": h["eps"]})

        def averaged(s: Arrays, make: Make = make, gamma: float = h["gamma"]) -> np.ndarray:
            model = torch.nn.ParameterList([torch.nn.Parameter(torch.tensor(s["x0"]))])
            average = PolynomialDecayAverager(model, gamma)

            def read(optimizer: Any, parameter: torch.Tensor) -> torch.Tensor:
                model[0].data.copy_(parameter)
                average.step()
                return average.averaged_model[0]

            return torch_positions(make, s, read)

        theirs = torch_like(make.path, package="dog-optimizer", **make.options)
        call = f"{make} and dog.PolynomialDecayAverager(model, gamma={h['gamma']})"
        peers = [
            Peer(**by),
            Peer(**theirs, sequences=(*HARD, "cosine/matrix"), tag="x"),
            Peer(package="dog-optimizer", call=call, run=averaged, compare="output", tag="output"),
        ]
        variants.append((h | {"average": True}, peers))
    return variants


def ademamix() -> Variants:
    """The rule by optax, the warm-ups by pytorch_optimizer's functions."""
    variants: Variants = []
    rows = (
        (1e-3, 0.9, 0.999, 0.9999, 5.0, 0, 1e-8, 0.0),
        (0.1, 0.5, 0.95, 0.99, 2.0, 0, 1e-4, 0.2),
        (0.02, 0.95, 0.9, 0.999, 8.0, 150, 1e-12, 1e-3),
    )
    for h in spread("lr beta1 beta2 beta3 alpha warmup eps weight_decay", *rows):
        steps = h["warmup"]

        def run(s: Arrays, h: Hyper = h, steps: int = steps) -> np.ndarray:
            alpha, beta3 = h["alpha"], h["beta3"]
            if steps:
                t = range(1, len(s["g"]) + 1)
                alphas = jnp.array([AdEMAMix.schedule_alpha(steps, k, alpha) for k in t])
                betas = jnp.array(
                    [AdEMAMix.schedule_beta3(steps, min(k, steps), h["beta1"], beta3) for k in t]
                )
                alpha, beta3 = (lambda k: alphas[k]), (lambda k: betas[k])
            transform = optax.contrib.ademamix(
                h["lr"], h["beta1"], h["beta2"], beta3, alpha, eps=h["eps"], weight_decay=h["weight_decay"]
            )
            return optax_positions(transform, s)

        arguments = ", ".join(repr(h[name]) for name in ("lr", "beta1", "beta2", "beta3", "alpha"))
        call = f"optax.contrib.ademamix({arguments}, eps={h['eps']!r}, weight_decay={h['weight_decay']!r})"
        note = (
            f"b3 and alpha by pytorch_optimizer.AdEMAMix.schedule_…({steps}, t, …), t = 1, 2, …"
            if steps
            else ""
        )
        variants.append((h, [Peer(package="optax", call=call, run=run, note=note)]))
    return variants


def mars() -> Variants:
    """timm's rule, which is told the gradient to compare with; its first step is given what the authors' makes of g."""
    variants: Variants = []
    rows = (
        (3e-3, 0.95, 0.99, 0.025, 1e-8, 0.0),
        (0.1, 0.5, 0.95, 1.0, 1e-4, 0.2),
        (0.02, 0.9, 0.9, 0.3, 1e-12, 1e-3),
    )
    note = "the peer takes c = g in the first step: it is given (1 + gamma·beta1/(1 − beta1))·g there"
    loop = "closed loop, as SAM's: A x − b + c x³ plus gradients[t − 1], at x and at the last x"
    for h in spread("lr beta1 beta2 gamma eps weight_decay", *rows):
        options = {
            "lr": h["lr"],
            "betas": (h["beta1"], h["beta2"]),
            "gamma": h["gamma"],
            "eps": h["eps"],
            "weight_decay": h["weight_decay"],
            "optimize_1d": True,
        }
        make = Make("timm.optim.mars.Mars", options)
        first = 1 + h["gamma"] * h["beta1"] / (1 - h["beta1"])

        def run(s: Arrays, make: Make = make, first: float = first) -> np.ndarray:
            x = torch.nn.Parameter(torch.tensor(s["x0"]))
            optimizer, positions = make([x]), [s["x0"]]
            before = last = None
            for noise in s["g"]:
                here = x.detach().clone()
                g = slope(s, here, noise)
                x.grad = first * g if last is None else g.clone()
                if last is not None:
                    optimizer.state[x]["last_grad"] = slope(s, before, noise) if "A" in s else last
                optimizer.step()
                before, last = here, g
                positions.append(x.detach().numpy().copy())
            return np.stack(positions)

        peer = {"package": "timm", "call": str(make), "run": run}
        variants.append((h | {"form": "approximate"}, [Peer(**peer, note=note)]))
        told = Peer(**peer, note=f"{note}; {loop}", sequences=("sam/vector", "sam/matrix"))
        variants.append((h | {"form": "exact"}, [told]))
    return variants


def slope(s: Arrays, x: torch.Tensor, noise: np.ndarray) -> torch.Tensor:
    """The prescribed gradient, in a closed loop added to that of the function."""
    if "A" not in s:
        return torch.tensor(noise)
    a, b, c = (torch.tensor(s[name]) for name in "Abc")
    flat = x.ravel()
    return (a @ flat - b + c * flat**3).reshape(x.shape) + torch.tensor(noise)


def cautious() -> Variants:
    """timm masks by the sign of m·g; its decay stands before the step."""
    variants: Variants = []
    rows = [(*row, decay) for row, decay in zip(ADAM_ROWS, (0.0, 0.2, 1e-3), strict=True)]
    for h in spread(f"{ADAM_LIKE} weight_decay", *rows):
        peer = torch_adam_like(
            "timm.optim.adamw.AdamWLegacy", h, weight_decay=h["weight_decay"], caution=True, foreach=False,
            package="timm",
        )  # fmt: skip
        inner = {name: h[name] for name in ADAM_LIKE.split()}
        hyper = {"inner": {"optimizer": "Adam", "hyper": inner}, "weight_decay": h["weight_decay"]}
        variants.append((hyper, [Peer(**peer)]))
    return variants


def hyperball() -> Variants:
    """The steps of torch's Adam and SGD, put on the sphere by heavyball."""
    variants: Variants = []
    for inner, make in (
        (
            {"optimizer": "Adam", "hyper": {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}},
            lambda x: torch.optim.Adam(x, lr=0.01),
        ),
        (
            {"optimizer": "Momentum", "hyper": {"lr": 0.2, "beta": 0.5, "form": "sum"}},
            lambda x: torch.optim.SGD(x, lr=0.2, momentum=0.5),
        ),
        (
            {"optimizer": "Adam", "hyper": {"lr": 1.5, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3}},
            lambda x: torch.optim.Adam(x, lr=1.5, betas=(0.5, 0.9), eps=1e-3),
        ),
    ):
        lr = inner["hyper"]["lr"]

        def run(s: Arrays, make: Any = make, lr: float = lr) -> np.ndarray:
            x = torch.nn.Parameter(torch.tensor(s["x0"]))
            optimizer, radius, positions = make([x]), x.detach().norm(), [s["x0"]]
            for g in s["g"]:
                before, x.grad = x.detach().clone(), torch.tensor(g)
                optimizer.step()
                u = before - x.detach()
                if s["x0"].ndim == 2:
                    heavyball.hyperball_step_(before, u, radius, torch.tensor(lr), 0.0, False, x.grad)
                    x.data.copy_(before)
                positions.append(x.detach().numpy().copy())
            return np.stack(positions)

        step = f"the step of torch's {inner['optimizer']}"
        call = f"heavyball.utils.hyperball_step_(x, u, ‖x0‖, {lr}, 0, False, g), u {step}"
        variants.append(({"inner": inner}, [Peer(package="heavyball", call=call, run=run, sequences=HARD)]))
    return variants


RULES = {"DoG": dog, "AdEMAMix": ademamix, "MARS": mars, "Cautious": cautious, "Hyperball": hyperball}
