"""What stands around a rule in practice, as hyperparameters that any search can tune: weight decay and schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Self

import numpy as np

from .. import schedules
from ..optimizers import Adam, Optimizer, Params, Partition, State
from ..optimizers.cautious import _OfTheStep
from ..optimizers.hyper import Hyper, Spec, choice, count, nonnegative
from ..optimizers.wrapper import _Wrapper

SCHEDULES: dict[str, Callable[[int], schedules.Schedule]] = {
    "constant": lambda steps: schedules.constant(),
    "cosine": schedules.cosine,
    "linear": lambda steps: schedules.linear_warmup(max(1, steps // 10)) * schedules.cooldown(steps),
    "stable_decay": schedules.warmup_stable_decay,
}
"""What `Scheduled` chooses from, each for a number of steps; the last two begin with a tenth of warm-up."""


class Scheduled(_Wrapper):
    r"""Any optimizer with a schedule that can be tuned like its other hyperparameters.

    .. math:: x \leftarrow \text{one step of inner from } x \text{ with } \eta_t\,\mathrm{lr} \text{ in place of lr}

    Args:
        inner: the optimizer that takes the step.
        schedule: the name of one of `SCHEDULES`.
        steps: the length of the run for which the schedule is made, a whole number ≥ 1.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> opt = Scheduled(GradientDescent(lr=1.0), schedule="cosine", steps=2)
        >>> x = np.array([0.0]); state = opt.init(x)
        >>> for _ in range(2):
        ...     x, state = opt.update(x, np.array([-1.0]), state)
        ...     print(x)
        [1.]
        [1.5]
        >>> opt.replace(schedule="linear", lr=0.1)
        Scheduled(inner=GradientDescent(lr=0.1), schedule='linear', steps=2)
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)
    schedule: str = choice(*SCHEDULES)
    steps: int = count(100, high=10_000)

    def now(self, s: State) -> Self:
        """Return the optimizer as the schedule wants it at this step."""
        return self._with(inner=self.inner.at(SCHEDULES[self.schedule](self.steps)(s.t)))

    def query(self, x: Params, state: State) -> Params:
        """Return where the inner optimizer wants its gradient."""
        return self.now(state).inner.query(x, state.inner)

    def update(self, x: Params, g: Any, state: State) -> tuple[Params, State]:
        """Take one step, with the gradient at ``query(x, state)``."""
        return super(Scheduled, self.now(state)).update(x, g, state)

    def step(self, x: Params, state: State, problem: Any, batch: Any = None) -> tuple[Params, State]:
        """Let the inner optimizer take one step on a problem."""
        return super(Scheduled, self.now(state)).step(x, state, problem, batch)


class WeightDecay(_OfTheStep):
    r"""Any optimizer, with weight decay beside its step: what AdamW is to Adam.

    .. math:: x \leftarrow x - u - \mathrm{lr}\, \lambda\, x, \qquad u = \text{the step of inner}

    Args:
        inner: the optimizer that takes the step; it must have an lr, and no weight decay of its own.
        weight_decay: λ ≥ 0, in units of 1/x; lr·λ is the share of x lost in one step.

    Raises:
        ValueError: if inner has no lr, or a weight decay that is not 0.

    Examples:
        >>> from course_lib.optimizers import GradientDescent
        >>> opt = WeightDecay(GradientDescent(lr=0.1), weight_decay=0.5)
        >>> x = np.array([2.0])
        >>> print(opt.update(x, np.array([1.0]), opt.init(x))[0])  # 2 − 0.1·1 − 0.1·0.5·2
        [1.8]
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)
    weight_decay: Hyper = nonnegative(0.0, slider=(1e-4, 1.0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if "lr" not in self.inner.hyper():
            raise ValueError(f"WeightDecay: inner = {self.inner!r} is not allowed: it must have an lr")

    def changed(self, x: np.ndarray, u: np.ndarray, g: np.ndarray, lr: Hyper, s: State) -> np.ndarray:
        """Return the new point, for one array."""
        return x - u - lr * self.weight_decay * x


SHARED = ("lr", "weight_decay")
"""What a `OneRate` has in common."""


class OneRate(Partition):
    """A partition whose optimizers have one lr and one weight decay together, as a search over few knobs wants it.

    The first optimizer says what they are. Everything else is as in `Partition`.

    Args:
        parts: optimizers by pattern, each with an lr and a weight_decay.

    Raises:
        ValueError: if one of them has no lr or no weight_decay.

    Examples:
        >>> from course_lib.optimizers import AdamW, Muon
        >>> opt = OneRate({"W*": Muon(form="moonlight"), "*": AdamW()}).replace(lr=0.1)
        >>> [part.lr for part in opt.parts.values()], opt.hyper()["*.beta1"]
        ([0.1, 0.1], 0.9)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for pattern, opt in self.parts.items():
            for name in SHARED:
                if name not in opt.hyper():
                    raise ValueError(f"OneRate: {pattern!r}: {opt!r} is not allowed: it must have {name}")
        common = {name: next(iter(self.parts.values())).hyper()[name] for name in SHARED}
        parts = {pattern: opt.replace(**common) for pattern, opt in self.parts.items()}
        object.__setattr__(self, "parts", parts)
        object.__setattr__(self, "grid", np.broadcast_shapes(*(opt.grid for opt in parts.values())))

    def hyper(self) -> dict[str, Any]:
        """The common ones, then those of each optimizer by ``"pattern.name"``."""
        return self._common(super().hyper(), {n: p.hyper() for n, p in self.parts.items()})

    def specs(self) -> dict[str, Spec]:
        """The same for the allowed ranges."""
        return self._common(super().specs(), {n: p.specs() for n, p in self.parts.items()})

    def _common(self, every: dict[str, Any], parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
        own = next(iter(parts.values()))
        rest = {name: value for name, value in every.items() if name.rpartition(".")[-1] not in SHARED}
        return {name: own[name] for name in SHARED} | rest

    def replace(self, **hyper: Any) -> Self:
        """Return the optimizer with some hyperparameters changed; a common one in all parts."""
        common = {name: hyper.pop(name) for name in SHARED if name in hyper}
        parts = {p: opt.replace(**common) for p, opt in dict(hyper.pop("parts", self.parts)).items()}
        return super().replace(parts=parts, **hyper)
