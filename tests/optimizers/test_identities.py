"""Rules that must coincide, over shapes, number types and hyperparameters."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from course_lib.optimizers import (
    LAMB,
    LARS,
    MARS,
    REGISTRY,
    SAM,
    AdaBound,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdaMax,
    AdamW,
    AdEMAMix,
    AMSBound,
    AMSGrad,
    Cautious,
    ClipByNorm,
    ClipByValue,
    GradientDescent,
    Hyperball,
    IterateAverage,
    Lion,
    Lookahead,
    Momentum,
    Muon,
    Nadam,
    Nesterov,
    Optimizer,
    Partition,
    Prodigy,
    RMSprop,
    ScheduleFreeAdamW,
    State,
)
from tests.optimizers.common import Slope, close, end, gradients, point, walk

LR = st.floats(1e-4, 1.0)
BETA = st.floats(0.0, 0.999)
EPS = st.sampled_from([1e-12, 1e-8, 1e-3])
SHAPE = st.sampled_from([(1,), (2,), (4, 3), (3, 1), (2, 3, 4)])
DTYPE = st.sampled_from([np.float64, np.float32])
SEED = st.integers(0, 100)
RUN = {"shape": SHAPE, "dtype": DTYPE, "seed": SEED}


def same(
    a: Any, b: Any, shape: Any, dtype: Any, seed: int, tolerance: float = 1e-12, scale: float = 1.0
) -> None:
    """Assert that two optimizers visit the same points."""
    x, g = point(shape, seed).astype(dtype), gradients(shape, 12, seed, scale)
    tolerance = tolerance if dtype == np.float64 else max(tolerance, 1e-4)
    for (one, s), (two, t) in zip(walk(a, x, g), walk(b, x, g), strict=True):
        close(one, two, tolerance)
        close(a.output(one, s), b.output(two, t), tolerance)


@given(lr=LR, **RUN)
def test_momentum_without_memory_is_gradient_descent(lr: float, **run: Any) -> None:
    for opt in (
        Momentum(lr=lr, beta=0.0),
        Momentum(lr=lr, beta=0.0, form="average"),
        Nesterov(lr=lr, beta=0.0),
    ):
        same(opt, GradientDescent(lr=lr), **run)


@given(lr=LR, beta=BETA, **RUN)
def test_the_averaging_form_is_the_sum_form_with_a_smaller_rate(lr: float, beta: float, **run: Any) -> None:
    same(
        Momentum(lr=lr, beta=beta, form="average"),
        Momentum(lr=lr * (1 - beta), beta=beta),
        **run,
        tolerance=1e-11,
    )


@given(lr=LR, beta1=BETA, beta2=BETA, eps=EPS, form=st.sampled_from(["library", "paper"]), **RUN)
def test_adamw_without_decay_is_adam(
    lr: float, beta1: float, beta2: float, eps: float, form: str, **run: Any
) -> None:
    h = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps}
    same(AdamW(**h, weight_decay=0.0, form=form), Adam(**h), **run)


@given(lr=LR, decay=st.floats(0, 0.5), **RUN)
def test_the_forms_of_adamw_differ_by_lr_alone(lr: float, decay: float, **run: Any) -> None:
    same(
        AdamW(lr=lr, weight_decay=decay, form="paper"),
        AdamW(lr=lr, weight_decay=decay / lr),
        **run,
        tolerance=1e-10,
    )


def test_a_schedule_scales_the_papers_decay_too() -> None:
    x = np.array([2.0])
    for form, decay in (("paper", 0.5 * 0.1 * 2.0), ("library", 0.5 * 0.3 * 0.1 * 2.0)):
        opt = AdamW(lr=0.3, weight_decay=0.1, form=form).at(0.5)
        close(opt.update(x, np.array([0.0]), opt.init(x))[0], x - decay)


@given(lr=LR, beta=BETA, eps=EPS, **RUN)
def test_rmsprop_is_adam_without_mean_and_correction(lr: float, beta: float, eps: float, **run: Any) -> None:
    h = {"lr": lr, "beta1": 0.0, "beta2": beta, "eps": eps}
    x, g = point(run["shape"], run["seed"]), gradients(run["shape"], 12, run["seed"])
    state, uncorrected = Adam(**h).init(x), x
    for t in range(12):  # with the correction taken out of v_hat and of eps
        correction = (1 - beta ** (t + 1)) ** 0.5
        opt = Adam(**{**h, "lr": lr / correction, "eps": eps / correction})
        uncorrected, state = opt.update(uncorrected, g[t] + 0.2 * uncorrected, state)
    close(uncorrected, end(RMSprop(lr=lr, beta=beta, eps=eps), x, g), 1e-9)


@given(
    k=st.integers(1, 6), name=st.sampled_from(["GradientDescent", "Adam", "Lion", "SWATS", "Nesterov"]), **RUN
)
def test_lookahead_all_the_way_is_inner(k: int, name: str, **run: Any) -> None:
    inner, x = REGISTRY[name].cls(lr=0.05), point(run["shape"], run["seed"])
    g = gradients(run["shape"], 12, run["seed"])
    for t, ((a, s), (b, _)) in enumerate(
        zip(walk(Lookahead(inner, k=k, alpha=1.0), x, g), walk(inner, x, g), strict=True), 1
    ):
        close(a, b, 1e-10)
        if t % k == 0:
            close(s.slow, b, 1e-10)


@given(name=st.sampled_from(["GradientDescent", "Adam", "Nesterov", "ScheduleFreeSGD", "SWATS"]), **RUN)
def test_wrappers_that_change_nothing(name: str, **run: Any) -> None:
    inner = REGISTRY[name].cls(lr=0.05)
    for opt in (
        SAM(inner, rho=0.0),
        ClipByNorm(inner, limit=1e6),
        ClipByValue(inner, limit=1e6),
        Partition({"*": inner}),
    ):
        same(opt, inner, **run, tolerance=0.0)
    same(IterateAverage(inner, begin=100), inner, **run, tolerance=1e-14)


@given(beta1=BETA, final_lr=LR, **RUN)
def test_closed_bounds_are_momentum(beta1: float, final_lr: float, **run: Any) -> None:
    for cls in (AdaBound, AMSBound):
        opt = cls(lr=0.1, beta1=beta1, final_lr=final_lr, gamma=1e14)
        same(opt, Momentum(lr=final_lr, beta=beta1, form="average"), **run, tolerance=1e-11)


@given(lr=LR, beta1=BETA, beta2=BETA, **RUN)
def test_open_bounds_are_adam(lr: float, beta1: float, beta2: float, **run: Any) -> None:
    h = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": 1e-20}
    same(AdaBound(**h, gamma=1e-14), Adam(**h), **run, tolerance=1e-10)


@given(lr=LR, beta1=BETA, beta2=st.floats(0.9, 0.999), eps=EPS, **RUN)
def test_amsgrad_under_growing_gradients_is_adam(
    lr: float, beta1: float, beta2: float, eps: float, **run: Any
) -> None:
    """The maximum is then the newest mean square."""
    h = {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": eps}
    x, g = point(run["shape"], run["seed"]), gradients(run["shape"], 12, run["seed"])
    g = np.abs(g) * 10.0 ** np.arange(12).reshape(-1, *[1] * len(run["shape"]))
    close(end(AMSGrad(**h, bias_correction=True), x, g), end(Adam(**h), x, g), 1e-11)


FIRST = {
    "Adam": Adam,
    "AdaMax": AdaMax,
    "AdamW": lambda **h: AdamW(**h, weight_decay=0.0),
    "AMSGrad": lambda **h: AMSGrad(**h, bias_correction=True),
    "Adagrad": lambda lr, eps, **_: Adagrad(lr=lr, eps=eps),
    "ScheduleFreeAdamW": ScheduleFreeAdamW,
    "ScheduleFreeAdamW paper": lambda **h: ScheduleFreeAdamW(**h, form="paper"),
    "Lion": lambda eps, **h: Lion(**h),
    "RMSprop": lambda lr, beta1, beta2, eps: RMSprop(lr=lr * (1 - beta2) ** 0.5, beta=beta2, eps=eps),
}


@pytest.mark.parametrize("name", FIRST)
@given(lr=LR, beta1=BETA, beta2=BETA, shape=SHAPE, seed=SEED, scale=st.sampled_from([1e-6, 1.0, 1e6]))
def test_the_first_step_is_lr_times_the_sign(
    name: str, shape: Any, seed: int, scale: float, **h: float
) -> None:
    opt = FIRST[name](**h, eps=1e-22)
    x, g = point(shape, seed), gradients(shape, 1, seed, scale)[0]
    moved = opt.update(x, g, opt.init(x))[0]
    close(moved, x - h["lr"] * np.sign(g), 1e-10)


INVARIANT = {
    "Adagrad": Adagrad(lr=0.1, eps=0.0),
    "RMSprop": RMSprop(lr=0.1, eps=0.0),
    "Adam": Adam(lr=0.1, eps=0.0),
    "AdaMax": AdaMax(lr=0.1, eps=0.0),
    "Nadam": Nadam(lr=0.1, eps=0.0),
    "AMSGrad": AMSGrad(lr=0.1, eps=0.0),
    "AdamW": AdamW(lr=0.1, eps=0.0),
    "Lion": Lion(lr=0.1, weight_decay=0.3),
    "LARS": LARS(lr=10.0, weight_decay=0.0),
    "LAMB": LAMB(lr=0.1, eps=0.0),
    "Adafactor": Adafactor(lr=0.1, eps1=1e-300),
    "ScheduleFreeAdamW": ScheduleFreeAdamW(lr=0.1, eps=0.0),
    "Prodigy": Prodigy(eps=0.0, d0=1e-2),
    "ClipByNorm": ClipByNorm(GradientDescent(lr=0.1), limit=1e-8),
}


@pytest.mark.parametrize("name", INVARIANT)
@given(power=st.integers(-4, 4), shape=SHAPE, seed=SEED)
@example(power=3, shape=(4, 3), seed=0)
def test_the_scale_of_the_gradients_does_not_matter(name: str, power: int, shape: Any, seed: int) -> None:
    x, g, opt = point(shape, seed), gradients(shape, 12, seed), INVARIANT[name]
    state = scaled = opt.init(x)
    y = x
    for t in range(12):
        x, state = opt.update(x, g[t], state)
        y, scaled = opt.update(y, 10.0**power * g[t], scaled)
    close(y, x, 1e-8)


@given(lr=st.floats(1e-3, 0.1), **RUN)
def test_adafactor_on_rank_one_squares_is_the_unfactored_rule(lr: float, **run: Any) -> None:
    """Every g² is the same rank-one matrix up to a factor: the product of the means is then exact."""
    rng = np.random.default_rng(run["seed"])
    root = rng.uniform(0.5, 2, (4, 1)) * rng.uniform(0.5, 2, (1, 3))
    size = 10.0 ** rng.uniform(-2, 2, (12, 1, 1))
    g = size * root * rng.choice([-1.0, 1.0], (12, 4, 3))
    x, opt = point((4, 3), run["seed"]), Adafactor(lr=lr)
    state, v, y = opt.init(x), 0.0, x
    for t in range(1, 13):
        x, state = opt.update(x, g[t - 1], state)
        beta2 = 1 - t**-0.8
        v = beta2 * v + (1 - beta2) * g[t - 1] ** 2
        u = g[t - 1] / np.sqrt(v)
        step = min(lr, t**-0.5) * max(1e-3, np.sqrt(np.mean(y**2)))
        y = y - step * u / max(1, np.sqrt(np.mean(u**2)))
        close(x, y, 1e-12)


def test_adafactor_in_float32_with_tiny_gradients() -> None:
    """1e-30 times 1e-30 is zero in float32: the factors must not meet before one is normalised."""
    opt, x = Adafactor(), np.ones((4, 3), np.float32)
    state = opt.init(x)
    for scale in (0.0, 1e-18, 1e-14, 1e-8, 1e8, 1e15):
        x, state = opt.update(x, np.full((4, 3), scale, np.float32), state)
        assert np.isfinite(x).all() and x.dtype == np.float32
    assert not np.array_equal(x, np.ones((4, 3)))


def test_adafactor_in_float32_with_a_dead_row_and_a_dead_column() -> None:
    """A pixel that is always 0 before a unit that is always off, beside gradients of ordinary size."""
    opt, x = Adafactor(), np.ones((4, 3), np.float32)
    g = np.outer([0, 1, 2, 3], [1, 0, 2]).astype(np.float32)
    state = opt.init(x)
    for _ in range(5):
        x, state = opt.update(x, g, state)
    assert np.array_equal(x != 1, g != 0) and np.isfinite(x).all()


@given(lr=LR, beta=BETA, **RUN)
def test_adadelta_has_the_units_of_x(lr: float, beta: float, **run: Any) -> None:
    """Scale the gradients by c and eps by c² in its place under v: no change (u's eps must stay)."""
    x, g = point(run["shape"], run["seed"]), gradients(run["shape"], 12, run["seed"])
    opt, state = Adadelta(lr=lr, beta=beta, eps=1e-6), None
    state = opt.init(x)
    v = u = np.zeros_like(x)
    y = x
    for slope in g:
        x, state = opt.update(x, slope, state)
        v = beta * v + (1 - beta) * (7 * slope) ** 2
        d = np.sqrt((u + 1e-6) / (v + 49e-6)) * 7 * slope
        u = beta * u + (1 - beta) * d**2
        y = y - lr * d
    close(x, y, 1e-10)


@given(lr=LR, decay=st.floats(0, 0.5), warmup=st.sampled_from([0, 6]), **RUN)
def test_ademamix_without_the_slow_mean_is_adamw(lr: float, decay: float, warmup: int, **run: Any) -> None:
    same(
        AdEMAMix(lr=lr, alpha=0.0, warmup=warmup, weight_decay=decay), AdamW(lr=lr, weight_decay=decay), **run
    )


def test_the_half_life_of_the_slow_mean_grows_in_proportion_to_t() -> None:
    opt = AdEMAMix(beta1=0.5, beta3=0.5 ** (1 / 101), alpha=3.0, warmup=100)  # half-lives of 1 and 101 steps
    for t in (1, 25, 99, 100, 500):
        alpha, beta3 = opt.warmed(t, np.dtype(float))
        close(alpha, 3 * min(t / 100, 1))
        close(np.log(0.5) / np.log(beta3), 1 + min(t, 100), 1e-10)


@given(lr=LR, decay=st.floats(0, 0.5), **RUN)
def test_the_corrected_decay_is_the_librarys_while_lr_is_constant(
    lr: float, decay: float, **run: Any
) -> None:
    x, g = point(run["shape"], run["seed"]).astype(run["dtype"]), gradients(run["shape"], 12, run["seed"])
    h = {"lr": lr, "weight_decay": decay}
    assert np.array_equal(end(AdamW(**h, form="corrected"), x, g), end(AdamW(**h), x, g))


@given(lr=LR, beta1=BETA, decay=st.floats(0, 0.5), form=st.sampled_from(["exact", "approximate"]), **RUN)
def test_mars_without_correction_is_adamw_behind_a_clip(
    lr: float, beta1: float, decay: float, form: str, **run: Any
) -> None:
    h = {"lr": lr, "beta1": beta1, "beta2": 0.99, "weight_decay": decay}
    same(MARS(**h, gamma=0.0, form=form), ClipByNorm(AdamW(**h), limit=1.0), **run, tolerance=1e-10)


def test_mars_is_storm_where_nothing_is_clipped() -> None:
    """m = g + beta1·(m − the same batch's gradient at the last point), in m of the state divided by what it lacks."""
    opt, x, g = MARS(lr=1e-3, beta1=0.8, gamma=1.0), point((4, 3)), 0.01 * gradients((4, 3), 12)
    problem, d, before = Slope(g, curvature=0.01), np.zeros((4, 3)), None
    state = opt.init(x)
    for problem.step in range(12):
        now = problem.grad(x)
        d = now + 0.8 * (d - problem.grad(before)) if before is not None else now
        before, (x, state) = x, opt.step(x, state, problem)
        close(state.m, d)


def test_mars_takes_a_model_like_its_arrays_and_refuses_update() -> None:
    opt, x = MARS(), np.ones(2)
    with pytest.raises(TypeError, match="two gradients of a batch"):
        opt.update(x, x, opt.init(x))


@pytest.mark.parametrize("inner", [Adam(lr=0.1, beta1=0.0), GradientDescent(lr=0.1)])
def test_cautious_without_memory_is_inner(inner: Any) -> None:
    same(Cautious(inner), inner, (4, 3), np.float64, 0)
    same(Cautious(inner, weight_decay=0.0, form="decay"), inner, (4, 3), np.float64, 0)


def test_cautious_decay_shrinks_where_the_step_does() -> None:
    x, g = np.array([1.0, 1.0, -1.0, -1.0, 2.0]), np.array([1.0, -1.0, 1.0, -1.0, 0.0])
    for form, decayed in (("decay", [1, 0, 0, 1, 1]), ("both", [1, 0, 0, 1, 1]), ("step", [1] * 5)):
        opt = Cautious(GradientDescent(lr=0.1), weight_decay=0.5, form=form)
        kept = g if form == "decay" else g / 0.8
        close(opt.update(x, g, opt.init(x))[0], x - 0.1 * kept - 0.1 * 0.5 * x * np.array(decayed))


def test_cautious_means_over_one_array_and_never_divides_by_nothing() -> None:
    opt = Cautious(Momentum(lr=0.1, beta=0.9))
    x = {"W": np.zeros((2, 2)), "b": np.zeros(2)}
    _, state = opt.update(x, {"W": np.ones((2, 2)), "b": np.ones(2)}, opt.init(x))
    new, _ = opt.update(x, {"W": np.array([[1.0, 1], [1, -0.1]]), "b": -0.1 * np.ones(2)}, state)
    close(new["W"], -0.1 * 1.9 * np.array([[1, 1], [1, 0]]) / 0.75)
    close(new["b"], np.zeros(2))
    one = Cautious(Momentum(lr=0.1, beta=0.9))
    many, g = np.zeros(10_000), np.ones(10_000)
    _, state = one.update(many, g, one.init(many))
    g = np.where(np.arange(10_000) == 0, 1.0, -0.1)
    close(
        one.update(many, g, state)[0][0], -0.1 * 1.9 / 1e-3, 1e-9
    )  # 1e-3 is the floor of the mean, not 1e-4


@pytest.mark.parametrize("wrapper", [Cautious, Hyperball])
def test_steps_are_wanted_without_decay_and_with_lr(wrapper: Any) -> None:
    with pytest.raises(
        ValueError, match=f"{wrapper.__name__}: inner = AdamW.*weight_decay = 0.01.*must be 0"
    ):
        wrapper(AdamW())
    with pytest.raises(ValueError, match="lr"):
        wrapper(Partition({"*": Adam()}), **({"weight_decay": 0.1} if wrapper is Cautious else {}))
    close(end(wrapper(SAM(GradientDescent(lr=0.1), rho=0.1)), point((4, 3)), gradients((4, 3))).size, 12)


@given(seed=SEED, name=st.sampled_from(["Adam", "Momentum", "Nesterov", "Lion"]))
def test_hyperball_keeps_the_norm_and_knows_directions_only(seed: int, name: str) -> None:
    x, g = {"W": point((4, 3), seed), "b": point((3,), seed)}, gradients((4, 3), 12, seed)
    opt, b = Hyperball(REGISTRY[name].cls(lr=0.1)), REGISTRY[name].cls(lr=0.1)
    steps = [{"W": step, "b": step[0]} for step in g]
    before = x["W"]
    for now, _ in walk(opt, x, steps):
        close(np.linalg.norm(now["W"]), np.linalg.norm(x["W"]))
        assert np.linalg.norm(now["W"] - before) <= 0.1002 * np.linalg.norm(before)  # sin of the angle ≤ lr
        before = now["W"]
    close(now["b"], end(b, x["b"], g[:, 0]))


def test_hyperball_does_not_see_the_size_of_the_step() -> None:
    x, state = point((4, 3)), None
    ends = []
    for scale in (1.0, 1e6):
        opt, at = Hyperball(GradientDescent(lr=0.1)), x
        state = opt.init(x)
        for g in gradients((4, 3), 12):
            at, state = opt.update(at, scale * g, state)
        ends.append(at)
    close(*ends)


@pytest.mark.parametrize("shape", [(4, 3), (3, 5)])
def test_the_forms_of_muon_differ_by_a_factor_and_decay_stands_apart(shape: tuple[int, int]) -> None:
    x, g = point(shape), gradients(shape, 1)[0]
    inputs, outputs = shape
    factors = {
        "original": max(1, outputs / inputs) ** 0.5,
        "moonlight": 0.2 * max(shape) ** 0.5,
        "spectral": (outputs / inputs) ** 0.5,
    }
    step = (x - Muon(lr=1.0).update(x, g, Muon().init(x))[0]) / factors["original"]
    for form, factor in factors.items():
        opt = Muon(lr=0.1, weight_decay=0.3, form=form)
        close(opt.update(x, g, opt.init(x))[0], x - 0.1 * (factor * step + 0.3 * x))


class Uncorrected(Adam):
    """Adam without bias correction: so late that it is 1."""

    def rule(self, x: np.ndarray, g: np.ndarray, s: State) -> tuple[np.ndarray, State]:
        x, new = super().rule(x, g, State(t=10**9, grid=s.grid, m=s.m, v=s.v))
        return x, s.next(m=new.m, v=new.v)


ADAM, AVERAGE = {"lr": 0.1, "beta1": 0.8, "beta2": 0.95}, {"beta": 0.8, "form": "average"}
TOLD: dict[type[Optimizer], dict[str, tuple[Optimizer, Optimizer]]] = {
    Momentum: {
        "GradientDescent for β = 0": (Momentum(lr=0.1, beta=0.0), GradientDescent(lr=0.1)),
        "the average form with lr to the sum form with lr·(1 − β)": (
            Momentum(lr=0.1, **AVERAGE), Momentum(lr=0.1 * (1 - 0.8), beta=0.8)),
    },
    Nesterov: {"GradientDescent for β = 0": (Nesterov(lr=0.1, beta=0.0), GradientDescent(lr=0.1))},
    RMSprop: {"Adam for β₁ = 0, if its bias correction is left out": (
        RMSprop(lr=0.1, beta=0.95), Uncorrected(lr=0.1, beta1=0.0, beta2=0.95))},
    Adam: {
        "AdamW for λ = 0": (Adam(**ADAM), AdamW(**ADAM, weight_decay=0.0)),
        "RMSprop for β₁ = 0, if the bias correction is left out": (
            Uncorrected(lr=0.1, beta1=0.0, beta2=0.95), RMSprop(lr=0.1, beta=0.95)),
    },
    AMSGrad: {"Adam, with bias_correction, as long as the squared gradients grow": (
        AMSGrad(**ADAM, bias_correction=True), Adam(**ADAM))},
    AdamW: {
        "Adam for λ = 0": (AdamW(**ADAM, weight_decay=0.0), Adam(**ADAM)),
        "the paper's form with λ, at a constant lr, to the library's with λ/lr": (
            AdamW(**ADAM, weight_decay=0.05, form="paper"), AdamW(**ADAM, weight_decay=0.5)),
        "the corrected form, at a constant lr, to the library's": (
            AdamW(**ADAM, weight_decay=0.5, form="corrected"), AdamW(**ADAM, weight_decay=0.5)),
    },
    AdaBound: {
        "Adam for γ → 0": (AdaBound(**ADAM, gamma=1e-14, eps=1e-20), Adam(**ADAM, eps=1e-20)),
        "Momentum in its average form, with final_lr, for γ → ∞": (
            AdaBound(**ADAM, final_lr=0.3, gamma=1e14), Momentum(lr=0.3, **AVERAGE)),
    },
    AMSBound: {"Momentum in its average form, with final_lr, for γ → ∞": (
        AMSBound(**ADAM, final_lr=0.3, gamma=1e14), Momentum(lr=0.3, **AVERAGE))},
    Lookahead: {"inner for α = 1, but that its answer is renewed at every k-th step only": (
        Lookahead(Adam(**ADAM), alpha=1.0), Adam(**ADAM))},
    SAM: {"inner for ρ = 0": (SAM(Adam(**ADAM), rho=0.0), Adam(**ADAM))},
    ClipByValue: {"inner, as long as no coordinate of g is larger than the limit": (
        ClipByValue(Momentum(lr=0.1), limit=1e30), Momentum(lr=0.1))},
    ClipByNorm: {"inner, as long as the norm of g is not larger than the limit": (
        ClipByNorm(Momentum(lr=0.1), limit=1e30), Momentum(lr=0.1))},
    IterateAverage: {"inner until averaging begins": (IterateAverage(Adam(**ADAM), begin=13), Adam(**ADAM))},
    Partition: {'the optimizer inside, if there is only one, under "*"': (
        Partition({"*": Adam(**ADAM)}), Adam(**ADAM))},
    AdEMAMix: {"AdamW for α = 0": (AdEMAMix(**ADAM, alpha=0.0, weight_decay=0.5), AdamW(**ADAM, weight_decay=0.5))},
    MARS: {"AdamW behind ClipByNorm with limit = 1 for γ = 0": (
        MARS(**ADAM, gamma=0.0), ClipByNorm(AdamW(**ADAM, weight_decay=0.0), limit=1.0))},
    Cautious: {"inner, if that steps along the newest gradient alone, as GradientDescent does": (
        Cautious(GradientDescent(lr=0.1)), GradientDescent(lr=0.1))},
}  # fmt: skip


@pytest.mark.parametrize("cls", TOLD, ids=lambda cls: cls.__name__)
def test_identities_that_a_docstring_tells_hold(cls: type[Optimizer]) -> None:
    growing = np.abs(gradients((4, 3), 12)) * 10.0 ** np.arange(12).reshape(-1, 1, 1)
    for one, other in TOLD[cls].values():
        for g in (growing,) if cls is AMSGrad else (growing, gradients((4, 3), 12)):
            for (a, s), (b, t) in zip(
                walk(one, point((4, 3)), g), walk(other, point((4, 3)), g), strict=True
            ):
                close(a, b, 1e-10)
                if cls is not Lookahead or s.t % one.k == 1:
                    close(one.output(a, s), other.output(b, t), 1e-10)


def test_no_docstring_tells_an_identity_that_is_not_tested() -> None:
    told = {
        entry.cls: set(" ".join(found[1].split()).split("; "))
        for entry in REGISTRY.values()
        if (found := re.search(r"Equal to: (.*?)\.\n\n", entry.cls.__doc__ or "", re.DOTALL))
    }
    assert told == {cls: set(phrases) for cls, phrases in TOLD.items()}


@pytest.mark.parametrize(("cls", "t"), [(Adam, 20_000), (AdamW, 20_000), (Nadam, 1_900)])
def test_a_docstring_says_how_long_a_step_can_be(cls: Any, t: int) -> None:
    """The longest step is known from the weights of the gradients in m and in v (Cauchy–Schwarz)."""
    opt = cls(lr=1.0, eps=1e-300, **({"weight_decay": 0.0} if cls is AdamW else {}))
    past = np.arange(400)
    in_m, in_v = 0.1 * 0.9**past, 0.001 * 0.999**past / (1 - 0.999**t)
    if cls is Nadam:
        in_m = opt.mu(t + 1) * in_m + (1 - opt.mu(t)) * (past == 0)
    longest = np.sqrt(np.sum(in_m**2 / in_v))

    def last_step(*gradients: float) -> float:
        x = np.zeros(1)
        state = opt.init(x)
        for g in (*np.zeros(t - len(gradients)), *gradients):
            before = x
            x, state = opt.update(x, np.array([g]), state)
        return float(abs(x - before)[0])

    after_silence, doc = last_step(1.0), " ".join(cls.__doc__.split())
    assert f"at most {longest:.1f} lr: {after_silence:.1f} lr" in doc
    assert last_step(*(in_m / in_v)[::-1]) == pytest.approx(longest, rel=1e-6)
