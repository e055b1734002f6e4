"""Whom each rule of the frontier shelf is compared with, where the shared sequences are enough."""

from __future__ import annotations

from typing import Any

import torch

from .core import ADAM_LIKE, ADAM_ROWS, optax_adam_like, optax_scale, torch_adam_like
from .peers import Hyper, Make, Parts, Peer, Variants, optax_chain, optax_like, spread, torch_like

WIDE = ("hard/matrix", "hard/wide")
MILD_WIDE = ("mild/matrix", "mild/wide")


def adamw() -> Variants:
    """Decay times lr (every library) and, as option, the paper's: eta_t·(lr·Adam + weight_decay·x)."""
    variants: Variants = []
    rows = [(*row, decay) for row, decay in zip(ADAM_ROWS, (0.01, 0.2, 1e-3), strict=True)]
    for h in spread(f"{ADAM_LIKE} weight_decay", *rows):
        by_torch = torch_adam_like("torch.optim.AdamW", h, weight_decay=h["weight_decay"])
        by_optax = optax_adam_like("optax.adamw", h, weight_decay=h["weight_decay"])
        peers = [Peer(**by_torch), Peer(**by_optax), Peer(**by_torch, sequences=("cosine/matrix",))]
        variants.append((h | {"form": "library"}, peers))
    rows = [(*row, decay) for row, decay in zip(ADAM_ROWS, (0.01, 5e-3, 1e-3), strict=True)]
    for h in spread(f"{ADAM_LIKE} weight_decay", *rows):
        by_torch = torch_adam_like("torch.optim.AdamW", h, weight_decay=h["weight_decay"] / h["lr"])
        note = "torch is given weight_decay/lr: its product with lr is the paper's decay"
        scheduled = Peer(**by_torch, note=note, sequences=("cosine/matrix",))
        variants.append((h | {"form": "paper"}, [Peer(**by_torch, note=note), scheduled]))
    for h in spread(f"{ADAM_LIKE} weight_decay", *rows):
        by_timm = torch_adam_like(
            "timm.optim.adamw.AdamWLegacy", h, package="timm", weight_decay=h["weight_decay"],
            corrected_weight_decay=True, foreach=False,
        )  # fmt: skip
        scheduled = Peer(**by_timm, sequences=("cosine/matrix",))
        variants.append((h | {"form": "corrected"}, [Peer(**by_timm), scheduled]))
    return variants


def radam() -> Variants:
    """Threshold 4 (the paper) by optax; 5 by optax and torch."""
    variants: Variants = []
    for h in spread(ADAM_LIKE, *ADAM_ROWS):
        peer = Peer(**optax_adam_like("optax.radam", h, threshold=4.0))
        variants.append((h | {"threshold": 4}, [peer]))
    for h in spread(ADAM_LIKE, *ADAM_ROWS):
        peer = Peer(**optax_adam_like("optax.radam", h, threshold=5.0))
        variants.append((h | {"threshold": 5}, [peer]))
    note = (
        "torch adds eps to the uncorrected √v (as if eps were eps/√(1−beta2^t)), so eps is made so small here "
        "that its place does not matter"
    )
    rows = ((1e-3, 0.9, 0.999, 1e-30), (0.1, 0.5, 0.95, 1e-32), (0.02, 0.95, 0.9, 1e-31))
    for h in spread(ADAM_LIKE, *rows):
        variants.append((h | {"threshold": 5}, [Peer(**torch_adam_like("torch.optim.RAdam", h), note=note)]))
    return variants


def lion() -> Variants:
    """Sign of the interpolation, decay times lr."""
    variants: Variants = []
    rows = ((1e-4, 0.9, 0.99, 0.0), (0.01, 0.5, 0.8, 0.3), (1e-3, 0.95, 0.98, 0.1))
    for h in spread("lr beta1 beta2 weight_decay", *rows):
        betas, decay = (h["beta1"], h["beta2"]), h["weight_decay"]
        by_torch = torch_like(
            "lion_pytorch.Lion", package="lion-pytorch", lr=h["lr"], betas=betas, weight_decay=decay
        )
        by_optax = optax_like(
            "optax.lion", learning_rate=h["lr"], b1=betas[0], b2=betas[1], weight_decay=decay
        )
        variants.append((h, [Peer(**by_torch), Peer(**by_optax)]))
    return variants


def lars() -> Variants:
    """The norms of g and x stand apart in the denominator."""
    variants: Variants = []
    note = (
        "the peer keeps lr outside the buffer (the same for constant lr) and treats vectors as plain momentum, so only "
        "matrices are compared"
    )
    rows = ((0.001, 0.9, 1e-4, 0.001), (1.0, 0.5, 0.05, 0.02), (10.0, 0.95, 0.01, 0.005))
    for h in spread("lr beta weight_decay trust", *rows):
        peer = torch_like(
            "pytorch_optimizer.LARS",
            package="pytorch_optimizer",
            lr=h["lr"],
            weight_decay=h["weight_decay"],
            momentum=h["beta"],
            trust_coefficient=h["trust"],
            foreach=False,
        )
        variants.append((h, [Peer(**peer, note=note, sequences=WIDE)]))
    return variants


def lamb() -> Variants:
    """No clipping of ‖x‖; ratio 1 where a norm is 0."""
    rows = ((1e-3, 0.9, 0.999, 1e-6, 0.01), (0.1, 0.5, 0.95, 1e-4, 0.1), (0.02, 0.95, 0.9, 1e-12, 1e-3))
    return [
        (h, [Peer(**optax_adam_like("optax.lamb", h, weight_decay=h["weight_decay"]))])
        for h in spread(f"{ADAM_LIKE} weight_decay", *rows)
    ]


def shampoo() -> Variants:
    """Matrices by pytorch_optimizer; vectors in both readings."""
    variants: Variants = []
    matrix_note = (
        "inverse roots by the SVD of L and R; the sequence is the mild one because their condition enters"
    )
    full_note = "a vector's only factor is the full matrix eps·I + Σggᵀ, to the power −1/2"
    diagonal_note = "diagonal Adagrad whose sum starts at eps, with no further eps: x −= lr·g/√(eps + Σg²)"
    for h in spread("lr eps", (0.001, 1e-6), (0.3, 1e-2), (0.05, 1e-4)):
        peer = torch_like(
            "pytorch_optimizer.Shampoo",
            package="pytorch_optimizer",
            lr=h["lr"],
            momentum=0.0,
            preconditioning_compute_steps=1,
            matrix_eps=h["eps"],
        )
        by_adagrad = torch_like(
            "torch.optim.Adagrad", lr=h["lr"], initial_accumulator_value=h["eps"], eps=0.0
        )
        vector = ("mild/vector",)
        variants.append((h, [Peer(**peer, note=matrix_note, sequences=MILD_WIDE)]))
        variants.append((h | {"vectors": "full"}, [Peer(**peer, note=full_note, sequences=vector)]))
        variants.append(
            (h | {"vectors": "diagonal"}, [Peer(**by_adagrad, note=diagonal_note, sequences=vector)])
        )
    return variants


def muon() -> Variants:
    """The published Nesterov form from optax's parts; optax's own two forms with eps out of the way."""
    variants: Variants = []

    def orthogonalise(h: Hyper) -> Make:
        names = ("eps", "coefficients", "steps")
        return Make(f"{__package__}.structured.newton_schulz_link", {n: h[n] for n in names if n in h})

    shape = Make(f"{__package__}.structured.shape_link")
    for h in spread("lr beta eps", (0.02, 0.95, 1e-7), (0.5, 0.5, 1e-8), (0.1, 0.9, 1e-3)):
        for nesterov in (True, False):
            trace = Make("optax.trace", {"decay": h["beta"], "nesterov": nesterov})
            peer = Peer(
                **optax_chain(trace, orthogonalise(h), shape, optax_scale(h["lr"])),
                note="optax.trace, then optax.contrib's Newton–Schulz function (5 steps) and scale_by_shape",
                sequences=WIDE,
            )
            variants.append((h | {"nesterov": nesterov, "bias_correction": False}, [peer]))
    decayed = (0.02, 0.95, 1e-7, 0.0), (0.5, 0.5, 1e-8, 0.2), (0.1, 0.9, 1e-3, 0.01)
    for h in spread("lr beta eps weight_decay", *decayed):
        trace = Make("optax.trace", {"decay": h["beta"], "nesterov": True})
        decay = Make("optax.add_decayed_weights", {"weight_decay": h["weight_decay"]})
        for form, factor in (("original", shape), ("moonlight", Make(shape.path, {"consistent_rms": 0.2}))):
            peer = Peer(
                **optax_chain(trace, orthogonalise(h), factor, decay, optax_scale(h["lr"])),
                note="the same with weight decay, and with Moonlight's factor",
                sequences=WIDE,
            )
            variants.append((h | {"form": form}, [peer]))
    for h in spread("lr beta eps steps", (0.02, 0.95, 1e-7, 8), (0.5, 0.5, 1e-8, 5), (0.1, 0.9, 1e-3, 3)):
        trace = Make("optax.trace", {"decay": h["beta"], "nesterov": True})
        h |= {"coefficients": "polar_express"}
        peer = Peer(
            **optax_chain(trace, orthogonalise(h), shape, optax_scale(h["lr"])),
            note="the same with timm's table of Polar Express",
            sequences=WIDE,
        )
        variants.append((h, [peer]))
    for h in spread("lr beta eps", (0.02, 0.95, 1e-30), (0.5, 0.5, 1e-32), (0.1, 0.9, 1e-31)):
        for nesterov in (True, False):
            by = optax_like(
                "optax.contrib.muon", learning_rate=h["lr"], beta=h["beta"], eps=h["eps"], nesterov=nesterov
            )
            note = (
                "optax averages and corrects: beta·m/(1−beta^(t+1)) + (1−beta)·g/(1−beta^t) if nesterov (not the "
                "published direction), m/(1−beta^t) if not (the published one up to a factor that the division by "
                "the norm removes, but for eps: hence so small)"
            )
            variants.append(
                (h | {"nesterov": nesterov, "bias_correction": True}, [Peer(**by, note=note, sequences=WIDE)])
            )
    return variants


def averaged(beta: str, key: str = "z") -> Any:
    """What Schedule-Free would use afterwards, x = (y − (1 − beta)·z)/beta, as its eval mode does."""

    def read(optimizer: Any, parameter: torch.Tensor) -> torch.Tensor:
        group = optimizer.param_groups[0]
        weight = group["momentum"] if beta == "momentum" else group["betas"][0]
        return (parameter - (1 - weight) * optimizer.state[parameter][key]) / weight

    return read


def schedule_free(make: Any, by_optax: Any, beta: str, options: Parts) -> list[Peer]:
    """Both libraries, both points, and the linear warm-up."""
    # The warm-up is the package's own: lr must not be scheduled a second time from outside.
    peers = []
    for compare, read in (("query", None), ("output", averaged(beta))):
        by_torch = torch_like(make, package="schedulefree", read=read, **options)
        peers.append(Peer(**by_torch, compare=compare, tag=compare))
        warm = torch_like(make, package="schedulefree", read=read, **options, warmup_steps=50)
        peers.append(
            Peer(
                **warm | {"run": without_schedule(warm["run"])},
                compare=compare,
                tag=compare,
                sequences=("warmup/matrix",),
                note="the package's own warm-up: lr_t = lr·min(1, t/50)",
            )
        )
        if by_optax:
            from optax.contrib import schedule_free_eval_params

            read = None if compare == "query" else lambda y, state: schedule_free_eval_params(state, y)
            peers.append(
                Peer(**optax_like(by_optax[0], read=read, **by_optax[1]), compare=compare, tag=compare)
            )
    return peers


def without_schedule(run: Any) -> Any:
    """The same run, not told of the sequence's schedule."""
    return lambda sequence: run({part: a for part, a in sequence.items() if part != "schedule"})


def schedule_free_sgd() -> Variants:
    """The parameter of both libraries is y; x is derived as their eval mode does."""
    variants: Variants = []
    for h in spread("lr beta weight_decay", (1.0, 0.9, 0.0), (0.05, 0.6, 0.02), (0.3, 0.98, 1e-3)):
        options = {"lr": h["lr"], "momentum": h["beta"], "weight_decay": h["weight_decay"], "foreach": False}
        by_optax = {"learning_rate": h["lr"], "b1": h["beta"], "weight_decay": h["weight_decay"]}
        peers = schedule_free(
            "schedulefree.SGDScheduleFree", ("optax.contrib.schedule_free_sgd", by_optax), "momentum", options
        )
        variants.append((h, peers))
    return variants


def schedule_free_adamw() -> Variants:
    """The released form and the paper's (√(1 − beta2^t) in the step, hence in the averaging weights too)."""
    variants: Variants = []
    rows = ((0.0025, 0.9, 0.999, 1e-8, 0.0), (0.1, 0.6, 0.95, 1e-4, 0.02), (0.02, 0.98, 0.9, 1e-12, 1e-3))
    for h in spread(f"{ADAM_LIKE} weight_decay", *rows):
        betas = (h["beta1"], h["beta2"])
        options = {
            "lr": h["lr"],
            "betas": betas,
            "eps": h["eps"],
            "weight_decay": h["weight_decay"],
            "foreach": False,
        }
        by_optax = {
            "learning_rate": h["lr"],
            "b1": betas[0],
            "b2": betas[1],
            "eps": h["eps"],
            "weight_decay": h["weight_decay"],
        }
        released = schedule_free(
            "schedulefree.AdamWScheduleFree",
            ("optax.contrib.schedule_free_adamw", by_optax),
            "betas",
            options,
        )
        paper = schedule_free("schedulefree.AdamWScheduleFreePaper", None, "betas", options)
        variants.append((h | {"form": "released"}, released))
        variants.append((h | {"form": "paper"}, paper))
    return variants


RULES = {
    "AdamW": adamw,
    "RAdam": radam,
    "Lion": lion,
    "LARS": lars,
    "LAMB": lamb,
    "Shampoo": shampoo,
    "Muon": muon,
    "ScheduleFreeSGD": schedule_free_sgd,
    "ScheduleFreeAdamW": schedule_free_adamw,
}
