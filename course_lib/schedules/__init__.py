r"""Learning-rate schedules: callables that give each step t = 1, 2, 3, … a multiplier :math:`\eta_t` in [0, 1].

They compose by multiplication, ``linear_warmup(10) * cosine(200)``, and in time,
``linear_warmup(10).then(cosine(190))``, and go with any optimizer: `simulate` and `train` take one as ``schedule``. The
first step is t = 1, so a schedule that starts at full rate gives ``eta(1) == 1``.

A run whose length nobody knows yet holds its rate, and is cooled down when it is to end:
``linear_warmup(10).then(cooldown(50), after=200)`` falls in the 50 steps behind step 200.
"""

from .base import Schedule
from .falling import constant, cooldown, cosine, exponential, inverse_sqrt, step_decay
from .rising import linear_warmup, one_cycle, warm_restarts, warmup_stable_decay

__all__ = [
    "Schedule",
    "constant",
    "cooldown",
    "cosine",
    "exponential",
    "inverse_sqrt",
    "linear_warmup",
    "one_cycle",
    "step_decay",
    "warm_restarts",
    "warmup_stable_decay",
]
