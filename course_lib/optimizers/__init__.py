"""Optimizers from scratch: each a class that reads like the algorithm box of its paper."""

from .adafactor import Adafactor
from .adam import Adam, AdaMax, AMSGrad, Nadam, RAdam
from .adaptive import Adadelta, Adagrad, RMSprop
from .ademamix import AdEMAMix
from .adopt import ADOPT
from .base import Optimizer, Params, State
from .bounded import SWATS, AdaBound, AMSBound
from .cautious import Cautious, Hyperball
from .decoupled import AdamW, Lion
from .descent import SGD, GradientDescent, Momentum, Nesterov
from .dog import DoG
from .entry import Entry
from .forms import forms_table
from .full_adagrad import FullMatrixAdagrad
from .function import as_optimizer
from .galore import GaLore
from .gauss_newton import GaussNewton, LevenbergMarquardt
from .hessian_free import HessianFree
from .hyper import Hyper
from .kfac import KFAC
from .large_batch import LAMB, LARS, trust_ratios
from .lbfgs import LBFGS
from .line_search import LineSearch, backtracking
from .mars import MARS
from .muon import Muon, NorMuon
from .orthogonal import newton_schulz, polar_express, polynomials
from .partition import Partition
from .prodigy import Prodigy
from .registry import REGISTRY
from .schedule_free import ScheduleFreeAdamW, ScheduleFreeSGD
from .second_order import Newton
from .shampoo import SOAP, Shampoo
from .sophia import Sophia
from .wrappers import SAM, ClipByNorm, ClipByValue, IterateAverage, Lookahead

__all__ = [
    "ADOPT",
    "KFAC",
    "LAMB",
    "LARS",
    "LBFGS",
    "MARS",
    "REGISTRY",
    "SAM",
    "SGD",
    "SOAP",
    "SWATS",
    "AMSBound",
    "AMSGrad",
    "AdEMAMix",
    "AdaBound",
    "AdaMax",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Cautious",
    "ClipByNorm",
    "ClipByValue",
    "DoG",
    "Entry",
    "FullMatrixAdagrad",
    "GaLore",
    "GaussNewton",
    "GradientDescent",
    "HessianFree",
    "Hyper",
    "Hyperball",
    "IterateAverage",
    "LevenbergMarquardt",
    "LineSearch",
    "Lion",
    "Lookahead",
    "Momentum",
    "Muon",
    "Nadam",
    "Nesterov",
    "Newton",
    "NorMuon",
    "Optimizer",
    "Params",
    "Partition",
    "Prodigy",
    "RAdam",
    "RMSprop",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "Shampoo",
    "Sophia",
    "State",
    "as_optimizer",
    "backtracking",
    "forms_table",
    "newton_schulz",
    "polar_express",
    "polynomials",
    "trust_ratios",
]
