"""One row for every optimizer: what the explorers, tables and generic tests need to know of it."""

from __future__ import annotations

from .adafactor import Adafactor
from .adam import Adam, AdaMax, AMSGrad, Nadam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .ademamix import AdEMAMix
from .adopt import ADOPT
from .bounded import SWATS, AdaBound, AMSBound
from .cautious import Cautious, Hyperball
from .decoupled import AdamW, Lion
from .descent import GradientDescent, Momentum, Nesterov
from .dog import DoG
from .entry import Entry, refused
from .full_adagrad import FullMatrixAdagrad
from .galore import GaLore
from .gauss_newton import GaussNewton, LevenbergMarquardt
from .hessian_free import HessianFree
from .kfac import KFAC
from .large_batch import LAMB, LARS
from .lbfgs import LBFGS
from .line_search import LineSearch
from .mars import MARS
from .muon import Muon, NorMuon
from .partition import Partition
from .prodigy import Prodigy
from .schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from .second_order import Newton
from .shampoo import SOAP, Shampoo
from .sophia import Sophia
from .wrappers import SAM, ClipByNorm, ClipByValue, IterateAverage, Lookahead

_NAN, _INF = float("nan"), float("inf")
_POSITIVE = (0.0, -1.0, _NAN, _INF)
_DECAY = (1.0, -0.1, _NAN)
_NOT_NEGATIVE = (-1e-8, _INF)
_ADAM = refused(lr=_POSITIVE, beta1=_DECAY, beta2=_DECAY, eps=_NOT_NEGATIVE)
_DECAYED = (*_ADAM, *refused(weight_decay=_NOT_NEGATIVE))
_OTHER = {"lr": 0.03, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}
_NO_MEMORY = ({"beta1": 0.0}, {"beta2": 0.0})

ROWS = (
    Entry(
        cls=GradientDescent, family="descent", year=1847, paper="Cauchy, Méthode générale",
        memory=0, lr=1.0, per_curvature=True,
        valid=({"lr": 0.3},), invalid=refused(lr=_POSITIVE),
    ),
    Entry(
        cls=Momentum, family="descent", year=1964, paper="Polyak, Some methods of speeding up the convergence",
        memory=1, lr=0.2, per_curvature=True,
        valid=({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}, {"form": "average"}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, form=("mean", None)),
    ),
    Entry(
        cls=Nesterov, family="descent", year=1983, paper="Nesterov, A method with convergence rate O(1/k²)",
        memory=1, lr=0.2, per_curvature=True,
        valid=({"lr": 0.3, "beta": 0.5}, {"beta": 0.0}), invalid=refused(lr=_POSITIVE, beta=_DECAY),
    ),
    Entry(
        cls=Adagrad, family="adaptive", year=2011, paper="Duchi, Hazan and Singer, Adaptive subgradient methods",
        memory=1, lr=1.0,
        valid=({"lr": 0.3, "eps": 1e-3},), invalid=refused(lr=_POSITIVE, eps=_NOT_NEGATIVE),
    ),
    Entry(
        cls=FullMatrixAdagrad, family="adaptive", year=2011,
        paper="Duchi, Hazan and Singer, Adaptive subgradient methods",
        memory=0, matrix_memory=lambda r, c: r * c, lr=1.0,
        valid=({"lr": 0.3, "eps": 1e-3}, {"eps": 0.0}), invalid=refused(lr=_POSITIVE, eps=_NOT_NEGATIVE),
    ),
    Entry(
        cls=RMSprop, family="adaptive", year=2012, paper="Tieleman and Hinton, Lecture 6.5",
        memory=1, lr=0.02,
        valid=({"lr": 0.3, "beta": 0.5, "eps": 1e-3}, {"beta": 0.0}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, eps=_NOT_NEGATIVE),
    ),
    Entry(
        cls=Adadelta, family="adaptive", year=2012, paper="Zeiler, ADADELTA: an adaptive learning rate method",
        memory=2, lr=10.0,
        valid=({"lr": 0.3, "beta": 0.5, "eps": 1e-3}, {"beta": 0.0}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, eps=(0.0, -1e-8, _INF)),
    ),
    Entry(
        cls=Adam, family="adam", year=2015, paper="Kingma and Ba, Adam: a method for stochastic optimization",
        memory=2, lr=0.1, valid=(_OTHER, *_NO_MEMORY), invalid=_ADAM,
    ),
    Entry(
        cls=AdaMax, family="adam", year=2015, paper="Kingma and Ba, Adam, Algorithm 2",
        memory=2, lr=0.1, valid=(_OTHER, *_NO_MEMORY, {"eps": 0.0}), invalid=_ADAM,
    ),
    Entry(
        cls=Nadam, family="adam", year=2016, paper="Dozat, Incorporating Nesterov momentum into Adam",
        memory=2, lr=0.1, valid=(_OTHER, *_NO_MEMORY, {"momentum_schedule": "constant"}),
        invalid=(*_ADAM, *refused(momentum_schedule=("keras", 0.004))),
    ),
    Entry(
        cls=AMSGrad, family="adam", year=2018, paper="Reddi, Kale and Kumar, On the convergence of Adam and beyond",
        memory=3, lr=0.1, valid=(_OTHER, *_NO_MEMORY, {"bias_correction": True}), invalid=_ADAM,
    ),
    Entry(
        cls=ADOPT, family="adam", year=2024, paper="Taniguchi et al., ADOPT: modified Adam can converge with any beta2",
        memory=2, lr=0.1, valid=(_OTHER, {"beta1": 0.0, "beta2": 0.0}, {"clip": False}),
        invalid=(*_ADAM, *refused(clip=(2, None))),
    ),
    Entry(
        cls=RAdam, family="adam", year=2020, paper="Liu et al., On the variance of the adaptive learning rate",
        memory=2, lr=0.5, valid=(_OTHER, *_NO_MEMORY, {"threshold": 5.0}, {"beta2": 0.6}),
        invalid=(*_ADAM, *refused(threshold=(3.0, _NAN))),
    ),
    Entry(
        cls=Adafactor, family="memory and bounds", year=2018, paper="Shazeer and Stern, Adafactor",
        memory=1, matrix_memory=lambda r, c: 1 / r + 1 / c, lr=0.5,
        valid=({"lr": 0.3, "eps1": 1e-6, "eps2": 0.1, "d": 0.5, "decay": 0.5}, {"decay": 1.0}),
        invalid=refused(lr=_POSITIVE, eps1=_POSITIVE, eps2=_POSITIVE, d=_POSITIVE, decay=(0.0, 1.5, _NAN)),
    ),
    Entry(
        cls=AdaBound, family="memory and bounds", year=2019, paper="Luo et al., Adaptive gradient methods with bounds",
        memory=2, lr=0.1, valid=({**_OTHER, "final_lr": 0.5, "gamma": 0.1}, *_NO_MEMORY),
        invalid=(*_ADAM, *refused(final_lr=_POSITIVE, gamma=_POSITIVE)),
    ),
    Entry(
        cls=AMSBound, family="memory and bounds", year=2019, paper="Luo et al., Adaptive gradient methods with bounds",
        memory=3, lr=0.1, valid=({**_OTHER, "final_lr": 0.5, "gamma": 0.1}, *_NO_MEMORY),
        invalid=(*_ADAM, *refused(final_lr=_POSITIVE, gamma=_POSITIVE)),
    ),
    Entry(
        cls=SWATS, family="memory and bounds", year=2017, paper="Keskar and Socher, Switching from Adam to SGD",
        memory=2, lr=0.1, valid=(_OTHER, *_NO_MEMORY, {"eps": 0.3}), invalid=_ADAM,
    ),
    Entry(
        cls=AdamW, family="decoupled", year=2019, paper="Loshchilov and Hutter, Decoupled weight decay regularization",
        memory=2, lr=0.1,
        valid=({**_OTHER, "weight_decay": 0.1}, *_NO_MEMORY, {"weight_decay": 0.0}, {"form": "paper"},
               {"form": "corrected"}),
        invalid=(*_DECAYED, *refused(form=("l2",))),
    ),
    Entry(
        cls=AdEMAMix, family="decoupled", year=2024, paper="Pagliardini, Ablin and Grangier, The AdEMAMix optimizer",
        memory=3, lr=0.05, recommended={"beta3": 0.99, "alpha": 2.0, "warmup": 200},
        valid=(
            {**_OTHER, "beta3": 0.9, "alpha": 2.0, "warmup": 5, "weight_decay": 0.1},
            {"beta1": 0.0, "warmup": 8}, {"beta3": 0.0, "warmup": 8}, {"beta2": 0.0}, {"alpha": 0.0},
        ),
        invalid=(*_DECAYED, *refused(beta3=_DECAY, alpha=_NOT_NEGATIVE, warmup=(-1,))),
    ),
    Entry(
        cls=Lion, family="decoupled", year=2023, paper="Chen et al., Symbolic discovery of optimization algorithms",
        memory=1, lr=0.05, valid=({"lr": 0.03, "beta1": 0.5, "beta2": 0.8, "weight_decay": 0.1}, *_NO_MEMORY),
        invalid=refused(lr=_POSITIVE, beta1=_DECAY, beta2=_DECAY, weight_decay=_NOT_NEGATIVE),
    ),
    Entry(
        cls=LARS, family="large batches", year=2017, paper="You, Gitman and Ginsburg, Large batch training",
        memory=1, lr=1.0, recommended={"trust": 0.02},
        valid=({"lr": 0.3, "beta": 0.5, "weight_decay": 0.1, "trust": 0.02}, {"beta": 0.0}, {"weight_decay": 0.0}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, weight_decay=_NOT_NEGATIVE, trust=_POSITIVE),
    ),
    Entry(
        cls=LAMB, family="large batches", year=2020, paper="You et al., Training BERT in 76 minutes",
        memory=2, lr=0.05,
        valid=({**_OTHER, "weight_decay": 0.1}, *_NO_MEMORY, {"weight_decay": 0.0}), invalid=_DECAYED,
    ),
    Entry(
        cls=MARS, family="large batches", year=2024, paper="Yuan et al., MARS",
        memory=3, lr=0.1,
        valid=({**_OTHER, "gamma": 1.0, "weight_decay": 0.1}, {"form": "approximate"}, *_NO_MEMORY, {"gamma": 0.0}),
        invalid=(*_DECAYED, *refused(gamma=_NOT_NEGATIVE, form=("storm", None))),
    ),
    Entry(
        cls=ScheduleFreeSGD, family="fewer knobs", year=2024, paper="Defazio et al., The road less scheduled",
        memory=1, lr=1.0, per_curvature=True,
        valid=({"lr": 0.3, "beta": 0.5, "weight_decay": 0.1}, {"beta": 0.0}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, weight_decay=_NOT_NEGATIVE),
    ),
    Entry(
        cls=ScheduleFreeAdamW, family="fewer knobs", year=2024, paper="Defazio et al., The road less scheduled",
        memory=2, lr=0.3, valid=({**_OTHER, "weight_decay": 0.1}, *_NO_MEMORY, {"form": "paper"}),
        invalid=(*_DECAYED, *refused(form=("library",))),
    ),
    Entry(
        cls=DoG, family="fewer knobs", year=2023, paper="Ivgi, Hinder and Carmon, DoG is SGD's best friend",
        memory=2, recommended={"reps": 1e-3},
        valid=({"lr": 0.5, "reps": 1e-2, "eps": 1e-3, "gamma": 1.0}, {"average": False}, {"eps": 0.0, "gamma": 0.0}),
        invalid=refused(lr=_POSITIVE, reps=_POSITIVE, eps=_NOT_NEGATIVE, gamma=_NOT_NEGATIVE, average=(2, None)),
    ),
    Entry(
        cls=Prodigy, family="fewer knobs", year=2023, paper="Mishchenko and Defazio, Prodigy",
        memory=4, lr=1.0, valid=({**_OTHER, "d0": 1e-3}, *_NO_MEMORY, {"form": "released"}),
        invalid=(*_ADAM, *refused(d0=_POSITIVE, form=("new",))),
    ),
    Entry(
        cls=Newton, family="second order", year=1685, paper="Newton, Raphson; Dauphin et al. for the saddle-free form",
        memory=0, lr=1.0, recommended={"damping": 0.5, "form": "saddle_free"},
        valid=({"lr": 0.3, "damping": 0.1}, {"form": "saddle_free"}),
        invalid=refused(lr=_POSITIVE, damping=_NOT_NEGATIVE, form=("absolute", None)),
    ),
    Entry(
        cls=GaussNewton, family="second order", year=1809, paper="Gauss, Theoria motus",
        memory=0, lr=1.0, valid=({"lr": 0.3, "damping": 0.1}, {"damping": 0.0}),
        invalid=refused(lr=_POSITIVE, damping=_NOT_NEGATIVE),
    ),
    Entry(
        cls=LevenbergMarquardt, family="second order", year=1963, paper="Levenberg 1944; Marquardt, An algorithm",
        memory=0, lr=1.0, valid=({"lr": 0.3, "damping": 10.0},), invalid=refused(lr=_POSITIVE, damping=_POSITIVE),
    ),
    Entry(
        cls=HessianFree, family="second order", year=2010, paper="Martens, Deep learning via Hessian-free optimization",
        memory=0, lr=1.0,
        valid=({"lr": 0.3, "damping": 0.1, "iterations": 3, "tolerance": 0.1}, {"adaptive": False}, {"damping": 0.0}),
        invalid=refused(
            lr=_POSITIVE, damping=_NOT_NEGATIVE, iterations=(0, -1), tolerance=(0.0, 1.0, _NAN), adaptive=(2, None)
        ),
    ),
    Entry(
        cls=LBFGS, family="second order", year=1980, paper="Nocedal, Updating quasi-Newton matrices",
        memory=23, lr=0.2, valid=({"lr": 0.3, "memory": 3}, {"memory": 1}),
        invalid=refused(lr=_POSITIVE, memory=(0, -1)),
    ),
    Entry(
        cls=KFAC, family="second order", year=2015, paper="Martens and Grosse, Optimizing neural networks with K-FAC",
        memory=0, matrix_memory=lambda r, c: 2 * ((r + 1) ** 2 + c * c) / (r * c),
        valid=({"lr": 0.1, "damping": 0.1, "decay": 0.5, "refresh": 3, "seed": 7}, {"decay": 0.0}),
        invalid=refused(lr=_POSITIVE, damping=_POSITIVE, decay=_DECAY, refresh=(0, -1), seed=(-1,)),
    ),
    Entry(
        cls=Sophia, family="second order", year=2023, paper="Liu et al., Sophia",
        memory=2, lr=0.1,
        valid=(
            {"lr": 0.03, "beta1": 0.5, "beta2": 0.8, "gamma": 1.0, "eps": 1e-3, "weight_decay": 0.1, "every": 3},
            {"seed": 7, "beta1": 0.0}, {"beta2": 0.0}, {"estimator": "gauss_newton_bartlett"},
        ),
        invalid=refused(
            lr=_POSITIVE, beta1=_DECAY, beta2=_DECAY, gamma=_POSITIVE, eps=_POSITIVE, weight_decay=_NOT_NEGATIVE,
            every=(0, -1), estimator=("exact", None), seed=(-1,),
        ),
    ),
    Entry(
        cls=Shampoo, family="matrix", year=2018, paper="Gupta, Koren and Singer, Shampoo",
        memory=1, matrix_memory=lambda r, c: (r * r + c * c) / (r * c), lr=1.0,
        valid=({"lr": 0.3, "eps": 1e-2}, {"vectors": "full"}, {"vectors": "full", "eps": 0.1}),
        invalid=refused(lr=_POSITIVE, eps=_POSITIVE, vectors=("adagrad",)),
    ),
    Entry(
        cls=SOAP, family="matrix", year=2024, paper="Vyas et al., SOAP",
        memory=2, matrix_memory=lambda r, c: 2 + 2 * (r * r + c * c) / (r * c), lr=0.1,
        valid=({**_OTHER, "shampoo_beta": 0.5, "refresh": 3}, *_NO_MEMORY, {"shampoo_beta": 0.0}),
        invalid=(*_ADAM, *refused(shampoo_beta=_DECAY, refresh=(0, -1))),
    ),
    Entry(
        cls=Muon, family="matrix", year=2024, paper="Jordan et al., Muon",
        memory=1,
        valid=({"lr": 0.3, "beta": 0.5, "eps": 1e-3}, {"nesterov": False}, {"bias_correction": True}, {"beta": 0.0},
               {"weight_decay": 0.1, "form": "moonlight"}, {"form": "spectral"},
               {"coefficients": "polar_express", "steps": 8}, {"coefficients": "cubic"}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, eps=_POSITIVE, nesterov=(2, None), bias_correction=(2,),
                        weight_decay=_NOT_NEGATIVE, form=("nanochat", None), coefficients=("svd", None), steps=(0, -1)),
    ),
    Entry(
        cls=NorMuon, family="matrix", year=2025, paper="Li et al., NorMuon",
        memory=1, matrix_memory=lambda r, c: 1 + 1 / r,
        valid=({"lr": 0.3, "beta": 0.5, "beta2": 0.5, "eps": 1e-3}, {"beta": 0.0}, {"beta2": 0.0},
               {"weight_decay": 0.1, "form": "paper"}, {"coefficients": "polar_express", "steps": 8}),
        invalid=refused(lr=_POSITIVE, beta=_DECAY, beta2=_DECAY, eps=_POSITIVE, weight_decay=_NOT_NEGATIVE,
                        form=("original", None), coefficients=("svd", None), steps=(0, -1)),
    ),
    Entry(
        cls=GaLore, family="matrix", year=2024, paper="Zhao et al., GaLore",
        memory=2, matrix_memory=lambda r, c: (min(r, c) + 2 * max(r, c)) * min(r, c, 128) / (r * c), lr=0.4,
        valid=({**_OTHER, "rank": 2, "every": 5, "scale": 1.0}, {"beta1": 0.0, "rank": 1}, {"beta2": 0.0, "every": 4},
               {"weight_decay": 0.1, "side": "longer", "rank": 2}),
        invalid=(*_DECAYED, *refused(rank=(0, -1), every=(0, -1), scale=_POSITIVE, side=("left", None))),
    ),
    Entry(
        cls=Lookahead, family="wrapper", year=2019, paper="Zhang et al., Lookahead optimizer",
        memory=3, recommended={"inner": Adam(lr=0.2)},
        valid=({"k": 2, "alpha": 0.8}, {"inner": Momentum(lr=0.1), "alpha": 1.0}, {"inner": Nesterov(), "k": 1}),
        invalid=refused(k=(0, -1), alpha=(-0.1, 1.1, _NAN)),
    ),
    Entry(
        cls=SAM, family="wrapper", year=2021, paper="Foret et al., Sharpness-aware minimization",
        memory=1, recommended={"inner": Momentum(lr=0.1), "rho": 1e-3},
        valid=({"rho": 0.5}, {"rho": 0.0}, {"inner": Nesterov(lr=0.1)}, {"inner": ScheduleFreeSGD(lr=0.1)}),
        invalid=refused(rho=_NOT_NEGATIVE),
    ),
    Entry(
        cls=ClipByValue, family="wrapper", year=2012, paper="Mikolov, Statistical language models",
        memory=0, recommended={"inner": GradientDescent(lr=0.5)},
        valid=({"limit": 0.1}, {"inner": Nesterov(lr=0.1)}), invalid=refused(limit=_POSITIVE),
    ),
    Entry(
        cls=ClipByNorm, family="wrapper", year=2013, paper="Pascanu, Mikolov and Bengio, On the difficulty of training",
        memory=0, recommended={"inner": GradientDescent(lr=0.5)},
        valid=({"limit": 0.1}, {"inner": Adam(lr=0.1)}), invalid=refused(limit=_POSITIVE),
    ),
    Entry(
        cls=IterateAverage, family="wrapper", year=1992, paper="Polyak and Juditsky, Acceleration by averaging",
        memory=1, recommended={"inner": GradientDescent(lr=0.5), "begin": 200},
        valid=({"form": "exponential", "beta": 0.5}, {"begin": 4}, {"inner": Lookahead(GradientDescent(lr=0.1))}),
        invalid=refused(form=("polyak",), beta=_DECAY, begin=(0, -1)),
    ),
    Entry(
        cls=Cautious, family="wrapper", year=2024, paper="Liang et al., Cautious optimizers",
        memory=2, recommended={"inner": Adam(lr=0.1)},
        valid=(
            {"inner": Momentum(lr=0.1), "weight_decay": 0.1}, {"form": "decay", "weight_decay": 0.1},
            {"form": "both", "weight_decay": 0.1, "inner": Nesterov(lr=0.1)}
        ),
        invalid=refused(weight_decay=_NOT_NEGATIVE, form=("all", None)),
    ),
    Entry(
        cls=Hyperball, family="wrapper", year=2026, paper="Wen et al., Hyperball",
        memory=2, recommended={"inner": Adam(lr=0.1)},
        valid=({"inner": Momentum(lr=0.1)}, {"inner": Nesterov(lr=0.1)}),
    ),
    Entry(
        cls=LineSearch, family="wrapper", year=1966, paper="Armijo, Minimization of functions",
        memory=0, recommended={"inner": LBFGS()},
        valid=({"shrink": 0.3, "sufficient": 0.1, "most": 8}, {"inner": LBFGS()}, {"inner": Newton(damping=0.1)}),
        invalid=refused(shrink=(0.0, 1.0, _NAN), sufficient=(0.0, 1.0, _NAN), most=(0, -1)),
    ),
    Entry(
        cls=Partition, family="wrapper", year=2019, paper="parameter groups of every library",
        memory=2, recommended={"parts": {"*": Adam(lr=0.1)}},
        valid=({"parts": {"W*": Momentum(), "*": Nesterov(lr=0.1)}}, {"parts": {"?": Prodigy()}}),
    ),
)  # fmt: skip

REGISTRY: dict[str, Entry] = {row.name: row for row in ROWS}
"""The rows by class name."""
