"""Optimizers around any other: Lookahead, SAM, clipping, averaging."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np

from .adam import Adam
from .base import Optimizer, Params, State, each, norm, ratio
from .descent import GradientDescent, Momentum
from .hyper import Hyper, choice, count, decay, fraction, number
from .wrapper import Seen, _Wrapper


class Lookahead(_Wrapper):
    r"""Let an optimizer run ahead for k steps, then go only part of the way it went.

    .. math::
        x &\leftarrow \text{one step of inner from } x \\
        \text{every } k \text{ steps:}\quad
        \mathrm{slow} &\leftarrow \mathrm{slow} + \alpha\, (x - \mathrm{slow}), \qquad x \leftarrow \mathrm{slow}

    The inner optimizer keeps what it remembers. The slow weights are what one would use.

    Args:
        inner: the optimizer that runs ahead.
        k: steps between two meetings, a whole number ≥ 1.
        alpha: share of the way that the slow weights go, in [0, 1], without a unit.

    Cost: one array of the size of x beside inner's; three operations per parameter every k steps.

    When: the inner optimizer is fast but noisy; damps oscillation without a smaller lr.
    Fails: on noiseless well-conditioned problems it only takes more steps.

    Equal to: inner for α = 1, but that its answer is renewed at every k-th step only.

    Examples:
        >>> opt = Lookahead(GradientDescent(lr=1.0), k=2, alpha=0.5)
        >>> x = np.array([0.0]); state = opt.init(x)
        >>> for _ in range(2):
        ...     x, state = opt.update(x, np.array([-1.0]), state)
        ...     print(x, opt.output(x, state))
        [1.] [0.]
        [1.] [1.]

    Reference: M. R. Zhang, J. Lucas, G. Hinton and J. Ba, "Lookahead optimizer: k steps forward, 1 step back",
    NeurIPS 2019, Algorithm 1.
    """

    inner: Optimizer = field(default=Adam(), kw_only=False)
    k: int = count(5)
    alpha: Hyper = fraction(0.5)

    def extra(self, x: Params) -> dict[str, Any]:
        """The slow weights, which begin at x."""
        return {"slow": each(np.copy, x)}

    def after(self, x: Params, s: State, inner: State) -> tuple[Params, State]:
        """Meet every k steps."""
        if s.t % self.k:
            return x, s.next(inner=inner)
        slow = each(lambda slow, fast: slow + self.alpha * (fast - slow), s.slow, x)
        return each(np.copy, slow), s.next(inner=inner, slow=slow)

    def output(self, x: Params, state: State) -> Params:
        """Return the slow weights."""
        return state.slow


class SAM(_Wrapper):
    r"""Use the gradient at the worst point nearby: sharpness-aware minimisation.

    .. math::
        g &= \nabla f\Bigl(x + \rho\, \frac{\nabla f(x)}{\lVert \nabla f(x)\rVert}\Bigr) \\
        x &\leftarrow \text{one step of inner from } x \text{ with } g

    The norm runs over all parameters; where the gradient is 0 there is no worst direction and x itself is taken.

    Args:
        inner: the optimizer that takes the step.
        rho: radius of the neighbourhood, ≥ 0, in units of x.

    Cost: no memory beside inner's; a second gradient per step, so twice the time.

    When: generalisation matters more than training time; flat minima are wanted.
    Fails: costs double; with small gradients x circles the minimum at the distance ρ rather than reaching it.

    Needs the problem: there is `step` only, not `update`.

    Equal to: inner for ρ = 0.

    Examples:
        >>> from course_lib.surfaces import surface
        >>> opt = SAM(GradientDescent(lr=0.5), rho=0.1)
        >>> x = np.array([1.0, 0.0])
        >>> x, state = opt.step(x, opt.init(x), surface("saddle"))  # gradient 2x at 1.1
        >>> print(x)
        [-0.1  0. ]

    Reference: P. Foret, A. Kleiner, H. Mobahi and B. Neyshabur, "Sharpness-aware minimization for efficiently improving
    generalization", ICLR 2021, Algorithm 1.
    """

    inner: Optimizer = field(default=Momentum(), kw_only=False)
    rho: Hyper = number(0.05, low=0, scale="log", slider=(1e-3, 1.0))

    needs_problem = True
    scope = "all"
    coordinatewise = False

    def seen(self, problem: Any, s: State) -> Any:
        """The problem with the gradient at the worst point nearby."""

        def grad(point: Params, batch: Any) -> Any:
            g = problem.grad(point, batch)
            scale = ratio(self.rho, norm(g, s))
            return problem.grad(each(lambda p, part: p + scale * part, point, g), batch)

        return Seen(problem, grad)


class ClipByValue(_Wrapper):
    r"""Clip every coordinate of the gradient to an interval before the inner optimizer sees it.

    .. math:: g \leftarrow \max(-\mathrm{limit},\; \min(\mathrm{limit},\; g))

    Args:
        inner: the optimizer that takes the step.
        limit: > 0, in units of g.

    Cost: no memory beside inner's; two comparisons per parameter.

    When: single coordinates explode.
    Fails: turns the gradient towards the diagonals, so it is no longer the direction of steepest descent.

    Equal to: inner, as long as no coordinate of g is larger than the limit.

    Examples:
        >>> opt = ClipByValue(GradientDescent(lr=0.1), limit=1.0)
        >>> x = np.array([0.0, 0.0])
        >>> opt.update(x, np.array([100.0, -0.5]), opt.init(x))[0]
        array([-0.1 ,  0.05])

    Reference: T. Mikolov, "Statistical language models based on neural networks", PhD thesis, Brno (2012).
    """

    inner: Optimizer = field(default=GradientDescent(), kw_only=False)
    limit: Hyper = number(1.0, low=0, open_low=True, scale="log", slider=(1e-3, 1e2))

    def gradient(self, g: Any, s: State) -> Any:
        """The clipped gradient."""
        return each(lambda part: np.clip(part, -self.limit, self.limit), g)


class ClipByNorm(_Wrapper):
    r"""Shorten the gradient of all parameters together where it is longer than a limit.

    .. math:: g \leftarrow g\, \min(1,\; \mathrm{limit} / \lVert g\rVert)

    Args:
        inner: the optimizer that takes the step.
        limit: > 0, in units of g: the largest norm over all parameters.

    Cost: no memory beside inner's; one norm over all parameters and one multiplication per parameter.

    When: recurrent networks and transformers, nearly always; keeps one bad batch from throwing x away.
    Fails: hides a learning rate that is too large; a limit below the usual norm makes it normalised descent.

    Equal to: inner, as long as the norm of g is not larger than the limit.

    Examples:
        >>> opt = ClipByNorm(GradientDescent(lr=0.1), limit=1.0)
        >>> x = {"W": np.zeros(1), "b": np.zeros(1)}
        >>> opt.update(x, {"W": np.array([30.0]), "b": np.array([-40.0])}, opt.init(x))[0]
        {'W': array([-0.06]), 'b': array([0.08])}

    Reference: R. Pascanu, T. Mikolov and Y. Bengio, "On the difficulty of training recurrent neural networks",
    ICML 2013, Algorithm 1.
    """

    inner: Optimizer = field(default=GradientDescent(), kw_only=False)
    limit: Hyper = number(1.0, low=0, open_low=True, scale="log", slider=(1e-3, 1e2))

    scope = "all"
    coordinatewise = False

    def gradient(self, g: Any, s: State) -> Any:
        """The shortened gradient."""
        scale = np.minimum(1, ratio(self.limit, norm(g, s), otherwise=1))
        return each(lambda part: scale * part, g)


class IterateAverage(_Wrapper):
    r"""Leave the run as it is, and answer with an average of the points it visited.

    .. math::
        \bar x \leftarrow \bar x + w_t\, (x_t - \bar x), \qquad
        w_t = \begin{cases} 1/(t - \mathrm{begin} + 1) & \text{uniform (Polyak–Ruppert)} \\
            1 - \beta & \text{exponential} \end{cases}

    and w = 1 up to and including the step at which averaging begins.

    Args:
        inner: the optimizer that runs.
        form: ``"uniform"`` weighs all points from ``begin`` on alike; ``"exponential"`` forgets.
        beta: decay of the exponential average, in [0, 1); 1/(1 − β) steps are remembered.
        begin: the step at which averaging begins, a whole number ≥ 1.

    Cost: one array of the size of x beside inner's; three operations per parameter.

    When: noisy gradients at a learning rate that would never settle.
    Fails: the uniform average drags the far start along: let it begin late, or forget.

    Equal to: inner until averaging begins.

    Examples:
        >>> opt = IterateAverage(GradientDescent(lr=1.0))
        >>> x = np.array([0.0]); state = opt.init(x)
        >>> for _ in range(3):
        ...     x, state = opt.update(x, np.array([-1.0]), state)
        >>> x, opt.output(x, state)
        (array([3.]), array([2.]))

    Reference: B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by averaging", SIAM J. Control
    Optim. 30 (1992); D. Ruppert, technical report, Cornell (1988).
    """

    inner: Optimizer = field(default=GradientDescent(), kw_only=False)
    form: str = choice("uniform", "exponential")
    beta: Hyper = decay(0.99)
    begin: int = count(1, high=100)

    def extra(self, x: Params) -> dict[str, Any]:
        """The average, which begins at x."""
        return {"average": each(np.copy, x)}

    def after(self, x: Params, s: State, inner: State) -> tuple[Params, State]:
        """Take the new point into the average."""
        count = s.t - self.begin + 1
        weight: Hyper = 1 / count if count > 1 else 1.0
        if self.form == "exponential" and count > 1:
            weight = 1 - self.beta
        new = self.inner.output(x, inner)
        average = each(lambda old, point: old + weight * (point - old), s.average, new)
        return x, s.next(inner=inner, average=average)

    def output(self, x: Params, state: State) -> Params:
        """Return the average."""
        return state.average
