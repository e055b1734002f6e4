"""A convolutional network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isqrt
from typing import Any, Literal

import numpy as np

from .classifier import Classifier, LayerStatistics
from .datasets import digits
from .layers import Dense, Layer
from .pictures import Conv2d, Pooled
from .settings import check_choice, check_sizes


@dataclass(frozen=True, eq=False, kw_only=True)
class ConvNet(Classifier, LayerStatistics):
    r"""Convolutions with an activation and average pooling after each, one dense layer and a softmax at the end.

    .. math:: z_l = R(a_{l-1})\, W_l + b_l

    where R(a) has every patch of every picture as a row: a convolution is one product with a matrix. So its weights
    are a matrix too, (kernel·kernel·channels, outputs), and go to the optimizers that want one: Muon, Shampoo,
    K-FAC. After a convolution a picture with an even side is halved, each square of 2×2 pixels to its mean.

    Args:
        train: the training examples: pictures as rows of side·side numbers; labels 0 … classes − 1.
        valid: examples for choosing settings, if any.
        test: held-out examples, if any.
        channels: of each convolution's result, at least one.
        kernel: side of a patch, ≥ 1.
        padding: ``"same"``, zeros around the picture (kernel odd), or ``"valid"``, patches inside the picture only.
        activation: ``"relu"``, φ(z) = max(0, z), or ``"tanh"``.
        classes: number of classes, ≥ 2.
        l2: λ, ≥ 0.

    Parameters are a dict of W1 ``(inputs, outputs, *grid)``, b1 ``(outputs, *grid)``, W2, …, as for `MLP`.

    K-FAC's default lr of 0.3 is too long here: runs jump and end near the loss of guessing, log 10. With lr 0.1 and
    damping 1e-2 three epochs of batches of 64 digits reach a test accuracy of about 0.95.

    Raises:
        ValueError: for pictures that are not square or grow too small, and settings out of range, by name.

    Examples:
        >>> problem = ConvNet.on_digits(channels=(4, 8))
        >>> params = problem.init(np.random.default_rng(0))
        >>> {name: part.shape for name, part in params.items() if name[0] == "W"}
        {'W1': (9, 4), 'W2': (36, 8), 'W3': (32, 10)}

    Reference: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86 (1998).
    """

    channels: tuple[int, ...] = (8, 16)
    kernel: int = 3
    padding: Literal["same", "valid"] = "same"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes("channels", self.channels, least=1)
        check_sizes("kernel", (self.kernel,))
        check_choice("padding", self.padding, ("same", "valid"))
        if self.padding == "same" and self.kernel % 2 == 0:
            raise ValueError(f"kernel = {self.kernel} is not allowed: with padding 'same' it must be odd")
        if isqrt(self.train.features) ** 2 != self.train.features:
            raise ValueError(f"train has {self.train.features} features, but they must be a square picture")
        _ = self.layers

    @classmethod
    def on_digits(
        cls, channels: tuple[int, ...] = (8, 16), seed: int = 0, dtype: type = np.float64, **more: Any
    ) -> ConvNet:
        """Return the problem on the handwritten digits (see `digits`); ``more`` are further fields."""
        train, valid, test = digits(seed, dtype)
        return cls(train=train, valid=valid, test=test, channels=channels, **more)

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers, the first one first."""
        layers: list[Layer] = []
        side, inputs, halved = isqrt(self.train.features), 1, False

        def after_pooling(layer: Layer) -> Layer:
            return Pooled(layer, 2 * side, inputs) if halved else layer

        for outputs in self.channels:
            if self.padding == "valid" and side < self.kernel:
                raise ValueError(f"kernel = {self.kernel} is not allowed: convolution {len(layers) + 1} sees pictures "
                                 f"of {side}×{side} only")  # fmt: skip
            conv = Conv2d(side, inputs, outputs, self.kernel, self.padding)
            layers.append(after_pooling(conv))
            side, inputs, halved = conv.side_after, outputs, conv.side_after % 2 == 0
            side //= 2 if halved else 1
        layers.append(after_pooling(Dense(side**2 * inputs, self.classes)))
        return tuple(layers)
