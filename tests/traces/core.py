"""Whom each rule of the core shelf is compared with, and under which settings.

`RULES` maps our class name to variants: (our hyperparameters, the peers that follow them). The first setting
is always the default; two more differ from it in every hyperparameter.
"""

from __future__ import annotations

from .peers import MILD, Hyper, Make, Parts, Peer, Variants, optax_chain, optax_like, spread, torch_like

ADAM_LIKE = "lr beta1 beta2 eps"
ADAM_ROWS = ((1e-3, 0.9, 0.999, 1e-8), (0.1, 0.5, 0.95, 1e-4), (0.02, 0.95, 0.9, 1e-12))


def torch_adam_like(path: str, h: Hyper, **options: object) -> Parts:
    """A torch optimizer with Adam's four arguments."""
    return torch_like(path, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], **options)


def optax_adam_like(path: str, h: Hyper, **options: object) -> Parts:
    """An optax optimizer with Adam's four arguments."""
    return optax_like(path, learning_rate=h["lr"], b1=h["beta1"], b2=h["beta2"], eps=h["eps"], **options)


def optax_scale(lr: float) -> Make:
    """The last link of an optax chain."""
    return Make("optax.scale_by_learning_rate", {"learning_rate": lr})


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
        by_torch = torch_like("torch.optim.SGD", lr=h["lr"], momentum=h["beta"])
        by_optax = optax_like("optax.sgd", learning_rate=h["lr"], momentum=h["beta"])
        scheduled = Peer(**by_torch, sequences=("cosine/matrix",), note="lr stands outside the buffer")
        variants.append((h, [Peer(**by_torch), Peer(**by_optax), scheduled]))
    for h in spread("lr beta form", (0.01, 0.9, "average"), (0.1, 0.5, "average"), (3e-4, 0.99, "average")):
        ema = Make("optax.ema", {"decay": h["beta"], "debias": False})
        variants.append((h, [Peer(**optax_chain(ema, optax_scale(h["lr"])))]))
    return variants


def nesterov() -> Variants:
    """Peers keep the shifted variable: their parameter is our query point x − lr·beta·m."""
    note = "the peer's parameter is the look-ahead point x − lr·beta·m after the step"
    variants: Variants = []
    for h in spread("lr beta", (0.01, 0.9), (0.1, 0.5), (3e-4, 0.99)):
        by_torch = torch_like("torch.optim.SGD", lr=h["lr"], momentum=h["beta"], nesterov=True)
        by_optax = optax_like("optax.sgd", learning_rate=h["lr"], momentum=h["beta"], nesterov=True)
        variants.append((h, [Peer(**by, compare="query", note=note) for by in (by_torch, by_optax)]))
    return variants


def adagrad() -> Variants:
    """The sum starts at 0, eps outside the root."""
    return [
        (h, [Peer(**torch_like("torch.optim.Adagrad", lr=h["lr"], eps=h["eps"]))])
        for h in spread("lr eps", (0.01, 1e-10), (0.5, 1e-4), (0.05, 1e-7))
    ]


def rmsprop() -> Variants:
    """Our default beta is .9, torch's .99."""
    variants: Variants = []
    for h in spread("lr beta eps", (1e-3, 0.9, 1e-8), (0.1, 0.5, 1e-4), (0.01, 0.99, 1e-12)):
        by_torch = torch_like("torch.optim.RMSprop", lr=h["lr"], alpha=h["beta"], eps=h["eps"])
        by_optax = optax_like(
            "optax.rmsprop", learning_rate=h["lr"], decay=h["beta"], eps=h["eps"], eps_in_sqrt=False
        )
        variants.append((h, [Peer(**by_torch), Peer(**by_optax)]))
    return variants


def adadelta() -> Variants:
    """Eps inside both roots."""
    return [
        (h, [Peer(**torch_like("torch.optim.Adadelta", lr=h["lr"], rho=h["beta"], eps=h["eps"]))])
        for h in spread("lr beta eps", (1.0, 0.95, 1e-6), (0.3, 0.5, 1e-3), (2.0, 0.9, 1e-9))
    ]


def adam() -> Variants:
    """Algorithm 1, eps outside the root, after the bias correction."""
    return [
        (h, [Peer(**torch_adam_like("torch.optim.Adam", h)), Peer(**optax_adam_like("optax.adam", h))])
        for h in spread(ADAM_LIKE, *ADAM_ROWS)
    ]


def adamax() -> Variants:
    """Eps is added to |g| inside the maximum."""
    rows = ((2e-3, 0.9, 0.999, 1e-8), *ADAM_ROWS[1:])
    return [(h, [Peer(**torch_adam_like("torch.optim.Adamax", h))]) for h in spread(ADAM_LIKE, *rows)]


def nadam() -> Variants:
    """Dozat's momentum schedule (torch) and the constant one (optax)."""
    variants: Variants = []
    rows = ((2e-3, 0.9, 0.999, 1e-8), *ADAM_ROWS[1:])
    note = "mu_t = beta1·(1 − ½·.96^(.004·t)); torch keeps the product of the mu_t in its default dtype"
    for h in spread(ADAM_LIKE, *rows):
        peer = Peer(**torch_adam_like("torch.optim.NAdam", h, momentum_decay=0.004), note=note)
        variants.append((h | {"momentum_schedule": "dozat"}, [peer]))
    for h in spread(ADAM_LIKE, *rows):
        peer = Peer(
            **optax_adam_like("optax.nadam", h), note="beta1·m/(1−beta1^(t+1)) + (1−beta1)·g/(1−beta1^t)"
        )
        variants.append((h | {"momentum_schedule": "constant"}, [peer]))
    return variants


def amsgrad() -> Variants:
    """The paper has no bias correction; torch corrects m and the maximum of the raw v."""
    variants: Variants = []
    off = {"bias_correction_mu": False, "bias_correction_nu": False}
    for h in spread(ADAM_LIKE, *ADAM_ROWS):
        inner = Make("optax.scale_by_amsgrad", {"b1": h["beta1"], "b2": h["beta2"], "eps": h["eps"], **off})
        variants.append((h | {"bias_correction": False}, [Peer(**optax_chain(inner, optax_scale(h["lr"])))]))
    note = "v_max = max(v_max, v) of the uncorrected v; both m and v_max are then divided by 1 − beta^t"
    for h in spread(ADAM_LIKE, *ADAM_ROWS):
        peer = Peer(**torch_adam_like("torch.optim.Adam", h, amsgrad=True), note=note)
        variants.append((h | {"bias_correction": True}, [peer]))
    return variants


def adopt() -> Variants:
    """With the clip of the authors' code, and without, as in the paper's first version."""
    variants: Variants = []
    rows = ((1e-3, 0.9, 0.9999, 1e-6), (0.1, 0.5, 0.95, 1e-4), (0.02, 0.95, 0.9, 1e-2))
    for clip in (True, False):
        for h in spread(ADAM_LIKE, *rows):
            inner = {"b1": h["beta1"], "b2": h["beta2"], "eps": h["eps"], "use_clipping": clip}
            chain = optax_chain(Make("optax.contrib.scale_by_adopt", inner), optax_scale(h["lr"]))
            variants.append((h | {"clip": clip}, [Peer(**chain)]))
    return variants


def adafactor() -> Variants:
    """Mild gradients: torch clamps the estimate at eps1² where the paper adds eps1 to g²."""
    variants: Variants = []
    note = (
        "torch clamps v at eps1² and the row mean at eps1 instead of adding eps1 to g²: equal while g² >> eps1, "
        "so the sequence is the mild one"
    )
    rows = ((0.01, 1e-30, 1e-3, 1.0, 0.8), (0.1, 1e-26, 1.5, 2.0, 0.5), (1.0, 1e-28, 0.1, 1.2, 0.9))
    for h in spread("lr eps1 eps2 d decay", *rows):
        peer = torch_like(
            "torch.optim.Adafactor",
            lr=h["lr"],
            beta2_decay=-h["decay"],
            eps=(h["eps1"], h["eps2"]),
            d=h["d"],
            weight_decay=0.0,
        )
        variants.append((h, [Peer(**peer, sequences=MILD, note=note)]))
    return variants


def adabound(amsbound: bool = False) -> Variants:
    """The authors' package: bias-corrected rate with the uncorrected √v + eps, no division by √t."""
    variants: Variants = []
    rows = (
        (1e-3, 0.9, 0.999, 1e-8, 0.1, 1e-3),
        (0.1, 0.5, 0.95, 1e-4, 0.01, 0.1),
        (0.02, 0.95, 0.9, 1e-12, 0.5, 0.02),
    )
    note = "rate = lr·√(1−beta2^t)/(1−beta1^t)/(√v + eps) with the uncorrected v: eps is Adam's eps-hat"
    for h in spread("lr beta1 beta2 eps final_lr gamma", *rows):
        options = {"final_lr": h["final_lr"], "gamma": h["gamma"], "amsbound": amsbound}
        by = torch_adam_like("adabound.AdaBound", h, package="adabound", **options)
        scheduled = Peer(**by, sequences=("cosine/matrix",), note=note + "; lr and final_lr both scaled")
        variants.append((h, [Peer(**by, note=note), scheduled]))
    return variants


RULES = {
    "GradientDescent": gradient_descent,
    "Momentum": momentum,
    "Nesterov": nesterov,
    "Adagrad": adagrad,
    "RMSprop": rmsprop,
    "Adadelta": adadelta,
    "Adam": adam,
    "AdaMax": adamax,
    "Nadam": nadam,
    "AMSGrad": amsgrad,
    "ADOPT": adopt,
    "Adafactor": adafactor,
    "AdaBound": adabound,
    "AMSBound": lambda: adabound(amsbound=True),
}
