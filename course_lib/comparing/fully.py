"""The classical methods with everything tuned at once: lr, the rule's own numbers, weight decay and schedule."""

from __future__ import annotations

from ..optimizers import Adagrad, Adam, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from .compare import Method
from .newer import whole
from .recipes import Scheduled, WeightDecay

BETA, EPS = (0.5, 0.99), (1e-10, 1.0)
"""Ranges of a momentum and of what is added to the root: Adam with a large eps is momentum."""


def tuned_fully(steps: int, trials: int, scale: float = 1.0, seed: int = 0) -> dict[str, Method]:
    """Return six methods, each with the same number of random settings over all that is usually tuned.

    Besides lr, weight decay and schedule (see `whole`) the momentum's beta is drawn, RMSprop's beta and eps, Adam's
    beta1, beta2 and eps, Adagrad's eps. A method with more to choose has no more trials for it. Weight decay stands
    beside the step in all of them, so that Adam is AdamW here.

    Where one rule is a special case of another, its settings are (nearly) in the other's range: SGD is momentum with a
    small beta, momentum is Adam with a large eps. Only then does a comparison say something of the rules (Choi et al.).

    Args:
        steps: the length of a run, for the schedules.
        trials: settings a method may try.
        scale: what the centres of lr for SGD, momentum and Nesterov are multiplied by, for other units of the inputs.
        seed: of the draws.

    Examples:
        >>> methods = tuned_fully(steps=100, trials=4)
        >>> [len(method.trials) for method in methods.values()]
        [4, 4, 4, 4, 4, 4]
        >>> sorted(methods["Momentum"].trials[0])
        ['beta', 'lr', 'schedule', 'weight_decay']

    Reference: D. Choi et al., "On empirical comparisons of optimizers for deep learning" (2019).
    """
    chosen: dict[str, tuple[Optimizer, float, dict[str, tuple[float, float]]]] = {
        "SGD": (WeightDecay(GradientDescent()), 0.3 * scale, {}),
        "Momentum": (WeightDecay(Momentum()), 0.03 * scale, dict(beta=BETA)),
        "Nesterov": (WeightDecay(Nesterov()), 0.03 * scale, dict(beta=BETA)),
        "Adagrad": (WeightDecay(Adagrad()), 0.1, dict(eps=EPS)),
        "RMSprop": (WeightDecay(RMSprop()), 0.01, dict(beta=(0.9, 0.9999), eps=EPS)),
        "Adam": (WeightDecay(Adam()), 0.01, dict(beta1=BETA, beta2=(0.9, 0.9999), eps=EPS)),
    }
    return {
        name: whole(Scheduled(opt, steps=steps), centre, trials, seed, **more)
        for name, (opt, centre, more) in chosen.items()
    }
