"""The studies: which methods, on which problems, with which effort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ...problems import MLP, ConvNet, SoftmaxRegression
from ..classical import METHODS, moved
from ..compare import Method
from ..fully import tuned_fully
from ..newer import newer_methods, tuned_whole
from .study import Study


def _only(methods: Mapping[str, Method], *names: str) -> dict[str, Method]:
    return {name: methods[name] for name in names}


FEW = _only(METHODS, "SGD", "Momentum", "Adagrad", "RMSprop", "Adam", "AdamW")
"""Six methods, for the dearer studies."""
_FOUR = _only(METHODS, "SGD", "Momentum", "Adagrad", "Adam")
_SCALED = {name: moved(method, 0.3) for name, method in FEW.items()}
_UNEQUAL = {
    name: moved(METHODS[name], factor) for name, factor in (("SGD", 30.0), ("Momentum", 30.0), ("Adam", 3.0))
}
_mlp = partial(MLP.on_digits, hidden=(64,), dtype=np.float32)
_docstrings = partial(SoftmaxRegression.on_docstrings, dtype=np.float32)
_text = partial(SoftmaxRegression.on_text, dtype=np.float32)
_conv = partial(ConvNet.on_digits, dtype=np.float32)
_reading = Study(
    "docstrings, which module", _docstrings, FEW, epochs=5, batch_size=32, tune_seeds=2, shared_lr=()
)
_seeing = Study("convolutional net on the digits", _conv, FEW, epochs=10, tune_seeds=2)

STUDIES: dict[str, Study] = {
    "softmax": Study(
        "softmax regression on the digits (convex)", partial(SoftmaxRegression.on_digits, dtype=np.float32)
    ),
    "mlp": Study("MLP 64-64-10 on the digits", _mlp),
    "mlp_annealed": Study("MLP 64-64-10 on the digits, lr annealed to zero", _mlp, annealed=True),
    "mlp_long": Study(
        "MLP on the digits, annealed, three times as long", _mlp, FEW, epochs=60, annealed=True, tune_seeds=3
    ),
    "mlp_wide": Study(
        "MLP 64-256-10 on the digits, four times as wide", partial(MLP.on_digits, hidden=(256,), dtype=np.float32),
        FEW, tune_seeds=2, shared_lr=(),
    ),
    "mlp_splits": Study("MLP 64-64-10 on ten splits of the digits", _mlp, FEW, tune_seeds=5, seeds=5, splits=10),
    "text": Study(
        "synthetic sparse text, twenty data sets", _text, epochs=5, batch_size=32, tune_seeds=1, seeds=2,
        splits=20, independent=True,
    ),
    "text_scaled": Study(
        "synthetic text, columns divided by the root of their rms", partial(_text, power=0.5), _SCALED, epochs=5,
        batch_size=32, tune_seeds=1, seeds=2, splits=20, independent=True, shared_lr=(),
    ),
    "docstrings": _reading,
    "docstrings_scaled": replace(
        _reading, title="docstrings, columns divided by the root of their rms", methods=_SCALED,
        problem=partial(_docstrings, power=0.5),
    ),
    "docstrings_annealed": replace(_reading, title="docstrings, lr annealed to zero", annealed=True),
    "next_words": Study(
        "docstrings, the next word (unequal classes, full batch)",
        partial(SoftmaxRegression.on_next_words, dtype=np.float32), _UNEQUAL, epochs=50, batch_size=None, tune_seeds=1,
        seeds=1, splits=5, shared_lr=(), metric="loss",
    ),
    "conv": _seeing,
    "conv_annealed": replace(_seeing, title="convolutional net, lr annealed to zero", annealed=True, shared_lr=()),
}  # fmt: skip
"""The studies by name."""


def _with_budgets(name: str, *budgets: int) -> dict[str, Study]:
    """Return a study with other numbers of epochs, and four methods."""
    study = STUDIES[name]
    return {
        f"{name}_{epochs}": replace(
            study, title=f"{study.title}, {epochs} epochs", epochs=epochs, methods=_FOUR, tune_seeds=2, shared_lr=()
        )
        for epochs in budgets
    }  # fmt: skip


STUDIES |= _with_budgets("mlp_annealed", 2, 6)
STUDIES |= _with_budgets("docstrings_annealed", 2, 20)
STUDIES |= _with_budgets("conv_annealed", 2, 5, 30)

BUDGETS: dict[str, tuple[str, ...]] = {
    "mlp_annealed": ("mlp_annealed_2", "mlp_annealed_6", "mlp_annealed", "mlp_long"),
    "docstrings_annealed": ("docstrings_annealed_2", "docstrings_annealed", "docstrings_annealed_20"),
    "conv_annealed": ("conv_annealed_2", "conv_annealed_5", "conv_annealed", "conv_annealed_30"),
}  # fmt: skip
"""Studies of one problem that differ in their numbers of epochs, the shortest first; SGD, Momentum, Adagrad and Adam
are in all of them."""

_steps = 20 * 19
FULLY: dict[str, Study] = {
    "mlp_tuned": Study(
        "everything tuned, MLP 64-64-10 on the digits", _mlp, tuned_fully(_steps, trials=48), tune_seeds=2, shared_lr=()
    ),
    "docstrings_tuned": replace(
        _reading, title="everything tuned, docstrings", methods=tuned_fully(5 * 101, trials=48, scale=3.0),
        tune_seeds=1,
    ),
} | {
    "conv_tuned" + (f"_{seed}" if seed else ""): replace(
        _seeing, title="everything tuned, convolutional net" + (f", draws {seed + 1}" if seed else ""),
        methods=_only(tuned_fully(10 * 19, trials=48, seed=seed), *methods), tune_seeds=1, shared_lr=(),
    )
    for seed, methods in enumerate([[*_FOUR], ["SGD", "Momentum", "Adam"], ["SGD", "Momentum", "Adam"]])
}  # fmt: skip
"""Studies in which a rule's own numbers, weight decay and schedule are tuned with lr, by random search."""

_newer = newer_methods()
_MOST = {name: method for name, method in _newer.items() if name not in ("Lion", "AdEMAMix", "Shampoo")}

NEWER: dict[str, Study] = {
    "mlp_newer": Study("methods of after 2018, MLP 64-64-10 on the digits", _mlp, _newer, seeds=10),
    "mlp_newer_splits": Study(
        "methods of after 2018, MLP on ten splits of the digits", _mlp, _MOST, tune_seeds=1, seeds=5, splits=10
    ),
    "mlp_whole": Study(
        "lr, weight decay and schedule tuned together", _mlp, tuned_whole(_steps), tune_seeds=3, seeds=10
    ),
    "text_newer": Study(
        "methods of after 2018 that need no matrix, synthetic sparse text", _text, newer_methods(hidden=None), epochs=5,
        batch_size=32, seeds=10,
    ),
    "conv_newer": Study(
        "methods of after 2018, convolutional net", _conv,
        {name: newer_methods("W[12]")[name] for name in _MOST}, epochs=10, tune_seeds=2, seeds=10,
    ),
}  # fmt: skip
"""The studies of lesson 20, by name."""

ALL: dict[str, Study] = STUDIES | FULLY | NEWER
"""All studies."""
