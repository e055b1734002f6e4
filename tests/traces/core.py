"""Whom each rule of the core shelf is compared with, and under which settings.

`RULES` maps our class name to variants: (our hyperparameters, the peers that follow them). The first setting
is always the default; two more differ from it in every hyperparameter.
"""

from __future__ import annotations

from typing import Any

from .peers import Make, Peer, optax_chain, optax_like, torch_like

Hyper = dict[str, Any]
Variants = list[tuple[Hyper, list[Peer]]]


def spread(names: str, *rows: tuple[Any, ...]) -> list[Hyper]:
    """Settings as a small table: names once, a row of values each."""
    return [dict(zip(names.split(), row, strict=True)) for row in rows]


def gradient_descent() -> Variants:
    """x −= lr·g."""
    return [
        (
            h,
            [
                Peer(**torch_like("torch.optim.SGD", lr=h["lr"])),
                Peer(**optax_like("optax.sgd", learning_rate=h["lr"])),
            ],
        )
        for h in spread("lr", (0.01,), (0.3,), (1e-4,))
    ]


def momentum() -> Variants:
    """The sum and the averaging form."""
    variants: Variants = []
    for h in spread("lr beta form", (0.01, 0.9, "sum"), (0.1, 0.5, "sum"), (3e-4, 0.99, "sum")):
        lr, beta = h["lr"], h["beta"]
        variants.append(
            (
                h,
                [
                    Peer(**torch_like("torch.optim.SGD", lr=lr, momentum=beta)),
                    Peer(**optax_like("optax.sgd", learning_rate=lr, momentum=beta)),
                ],
            )
        )
    for h in spread("lr beta form", (0.01, 0.9, "average"), (0.1, 0.5, "average"), (3e-4, 0.99, "average")):
        ema = Make("optax.ema", {"decay": h["beta"], "debias": False})
        step = Make("optax.scale_by_learning_rate", {"learning_rate": h["lr"]})
        variants.append((h, [Peer(**optax_chain(ema, step))]))
    return variants


def nesterov() -> Variants:
    """Peers keep the shifted variable: their parameter is our query point x − lr·beta·m."""
    note = "the peer's parameter is the look-ahead point x − lr·beta·m after the step"
    shifted: dict[str, Any] = {"compare": "query", "note": note}
    return [
        (
            h,
            [
                Peer(
                    **torch_like("torch.optim.SGD", lr=h["lr"], momentum=h["beta"], nesterov=True), **shifted
                ),
                Peer(
                    **optax_like("optax.sgd", learning_rate=h["lr"], momentum=h["beta"], nesterov=True),
                    **shifted,
                ),
            ],
        )
        for h in spread("lr beta", (0.01, 0.9), (0.1, 0.5), (3e-4, 0.99))
    ]


def adam() -> Variants:
    """Algorithm 1, eps outside the root, after the bias correction."""
    return [
        (
            h,
            [
                Peer(
                    **torch_like("torch.optim.Adam", lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"])
                ),
                Peer(
                    **optax_like(
                        "optax.adam", learning_rate=h["lr"], b1=h["beta1"], b2=h["beta2"], eps=h["eps"]
                    )
                ),
            ],
        )
        for h in spread(
            "lr beta1 beta2 eps", (1e-3, 0.9, 0.999, 1e-8), (0.1, 0.5, 0.95, 1e-4), (0.02, 0.95, 0.9, 1e-12)
        )
    ]


RULES = {
    "GradientDescent": gradient_descent,
    "Momentum": momentum,
    "Nesterov": nesterov,
    "Adam": adam,
}
