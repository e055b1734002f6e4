"""Adam as one writes it for a large model: nothing is allocated, and each piece stays in the cache.

The rules of this package are written to be read; each line makes a new array of the size of the model. That costs
little for a surface and much for ten million parameters, where the time goes into moving arrays through memory.
"""

from __future__ import annotations

import numpy as np


def adam_in_place(
    x: np.ndarray,
    g: np.ndarray,
    m: np.ndarray,
    v: np.ndarray,
    t: int,
    *,
    lr: float = 1e-3,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    chunk: int = 16_384,
) -> None:
    r"""Take step t of `Adam`, overwriting x, m and v.

    The arithmetic is that of the rule; only the order in which memory is touched differs.

    Args:
        x: parameters, contiguous, any shape; overwritten.
        g: gradient, of x's shape; only read.
        m: running mean of the gradient, of x's shape; overwritten.
        v: running mean square of the gradient, of x's shape; overwritten.
        t: number of the step, ≥ 1.
        lr: learning rate, > 0.
        beta1: decay of the mean, in [0, 1).
        beta2: decay of the mean square, in [0, 1).
        eps: ≥ 0, outside the root.
        chunk: how many numbers at a time, ≥ 1; five pieces of this length should fit the cache.

    Raises:
        ValueError: if an array is not contiguous, or not of x's shape.

    Examples:
        >>> x, g = np.ones(3), np.array([1.0, -2.0, 3.0])
        >>> m, v = np.zeros(3), np.zeros(3)
        >>> adam_in_place(x, g, m, v, t=1, lr=0.1)
        >>> print(x.round(6))
        [0.9 1.1 0.9]
    """
    for name, array in (("x", x), ("g", g), ("m", m), ("v", v)):
        if array.shape != x.shape or not array.flags.c_contiguous:
            raise ValueError(
                f"{name} has shape {array.shape}, but it must be contiguous and of x's shape {x.shape}"
            )
    flat = [array.reshape(-1) for array in (x, g, m, v)]
    scratch = np.empty(min(chunk, x.size), x.dtype)
    for first in range(0, x.size, chunk):
        x_, g_, m_, v_ = (array[first : first + chunk] for array in flat)
        s = scratch[: x_.size]
        m_ *= beta1
        m_ += np.multiply(g_, 1 - beta1, out=s)
        v_ *= beta2
        np.multiply(g_, g_, out=s)
        s *= 1 - beta2
        v_ += s
        np.divide(v_, 1 - beta2**t, out=s)
        np.sqrt(s, out=s)
        s += eps
        np.divide(m_, s, out=s)
        s *= lr / (1 - beta1**t)
        x_ -= s
