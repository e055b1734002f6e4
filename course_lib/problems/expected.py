r"""What gradient descent with noise does to a quadratic in expectation, exactly.

With :math:`g = Hx + \xi`, H = diag(h) and independent noise of the variance h_i/B in coordinate i, as in the noisy
quadratic model, every second moment follows a recursion of its own:

.. math:: \mathbb E\,x_i^2 \leftarrow (1 - \mathrm{lr}\, h_i)^2\, \mathbb E\,x_i^2 + \mathrm{lr}^2\, h_i / B

so that after t steps, with :math:`\rho_i = (1 - \mathrm{lr}\,h_i)^2` and the limit
:math:`m_i = \mathrm{lr} / (B\,(2 - \mathrm{lr}\, h_i))`,

.. math:: \mathbb E\,x_i^2 = m_i + \rho_i^t\,(1 - m_i), \qquad \mathbb E f = \tfrac12 \sum_i h_i\, \mathbb E\,x_i^2

for a start drawn from the standard normal distribution.

Reference: G. Zhang et al., "Which algorithmic choices matter at which batch sizes? Insights from a noisy quadratic
model", NeurIPS 2019, section 3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

LONGEST = 2**18
"""A run that takes more steps does not arrive."""


def expected_loss(spectrum: np.ndarray, lr: Any, batch: Any, steps: Any) -> np.ndarray:
    """Return the expected loss of gradient descent after some steps.

    Args:
        spectrum: h ``(d,)``, all > 0.
        lr: learning rate, > 0.
        batch: B, examples in a batch; infinity for no noise.
        steps: t ≥ 0. These three are broadcast.

    Examples:
        >>> h = 1 / np.arange(1, 101)
        >>> expected_loss(h, 0.5, 16, [0, 10, 1000]).round(3)
        array([2.594, 0.932, 0.044])
    """
    lr, batch, steps = (np.asarray(one, float)[..., None] for one in (lr, batch, steps))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        slow = 2 - lr * spectrum
        limit = lr / (batch * slow)
        second = limit + (1 - lr * spectrum) ** (2 * steps) * (1 - limit)
        stuck = 1 + steps * lr**2 * spectrum / batch  # lr·h = 2: the noise adds up for ever
        return np.sum(spectrum * np.where(slow == 0, stuck, second), axis=-1) / 2


def steps_to_target(spectrum: np.ndarray, lr: Any, batch: Any, target: float) -> np.ndarray:
    """Return after how many steps the expected loss is at most a target, infinity if never.

    The search halves an interval. That is exact: wherever the limit lies below half the largest h, all limits of the
    second moments lie below 1, from where they start, and the expected loss falls in every step.

    Args:
        spectrum: h ``(d,)``, all > 0.
        lr: learning rate, > 0.
        batch: B, examples in a batch. Both are broadcast.
        target: of the loss, > 0 and below h_1/2, half the largest curvature.

    Raises:
        ValueError: for a target out of range.

    Examples:
        >>> h = 1 / np.arange(1, 101)
        >>> steps_to_target(h, [0.05, 0.5, 2.5], 16, target=0.05)
        array([1564.,  313.,   inf])
    """
    if not 0 < target < np.max(spectrum) / 2:
        raise ValueError(f"target = {target!r} is not allowed: it must be in (0, {np.max(spectrum) / 2:g})")
    lr, batch = np.broadcast_arrays(np.asarray(lr, float), np.asarray(batch, float))
    low, high = np.zeros(lr.shape), np.full(lr.shape, float(LONGEST))
    never = ~(expected_loss(spectrum, lr, batch, high) <= target)
    for _ in range(LONGEST.bit_length() - 1):
        middle = (low + high) / 2
        late = expected_loss(spectrum, lr, batch, middle) > target
        low, high = np.where(late, middle, low), np.where(late, high, middle)
    return np.where(never, np.inf, high)


def best_rates(spectrum: np.ndarray, batch: Any, target: float) -> tuple[np.ndarray, np.ndarray]:
    """Return for each batch size the learning rate that arrives soonest in expectation, and its steps.

    Rates are tried half an octave apart below 2/h_1, then five between the neighbours of the best.

    Args:
        spectrum: h ``(d,)``, all > 0.
        batch: sizes ``(n,)``.
        target: of the loss, as in `steps_to_target`.

    Returns:
        Two arrays ``(n,)``; infinite steps where nothing that was tried arrives.

    Examples:
        >>> rates, steps = best_rates(1 / np.arange(1, 101), [1, 64, 1024], target=0.05)
        >>> steps
        array([4360.,   96.,   44.])
    """
    batch = np.asarray(batch, float)
    octaves = np.arange(-22, 1) / 2
    octaves[-1] = -0.1
    rates = 2 / np.max(spectrum) * 2.0**octaves
    place = steps_to_target(spectrum, rates[:, None], batch, target).argmin(axis=0)
    low, high = rates[np.maximum(place - 1, 0)], rates[np.minimum(place + 1, len(rates) - 1)]
    near = low * (high / low) ** np.linspace(0, 1, 7)[:, None]
    steps = steps_to_target(spectrum, near, batch, target)
    best = steps.argmin(axis=0), np.arange(len(batch))
    return near[best], steps[best]
