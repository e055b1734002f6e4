"""Schedules: their values, their limits, their composition."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_lib import schedules
from course_lib.optimizers import GradientDescent
from course_lib.running import simulate
from course_lib.schedules import (
    Schedule,
    constant,
    cooldown,
    cosine,
    exponential,
    inverse_sqrt,
    linear_warmup,
    one_cycle,
    step_decay,
    warm_restarts,
    warmup_stable_decay,
)

EXAMPLES = {
    "constant": constant(0.5),
    "step_decay": step_decay(30, 0.1),
    "exponential": exponential(0.99),
    "cosine": cosine(100, floor=0.05),
    "cooldown": cooldown(50, "sqrt", floor=0.02),
    "inverse_sqrt": inverse_sqrt(30),
    "one_cycle": one_cycle(100),
    "linear_warmup": linear_warmup(10),
    "warm_restarts": warm_restarts(10, growth=2, floor=0.1),
    "warmup_stable_decay": warmup_stable_decay(100, floor=0.01),
    "product": linear_warmup(10) * cosine(100) * constant(0.5),
    "sequence": (linear_warmup(10) * constant(0.5)).then(cosine(100)).then(constant(0.01)),
    "sequence after": constant(0.1).then(cosine(30), after=20),
}


def test_every_schedule_is_here() -> None:
    assert {"Schedule", *EXAMPLES} - {"product", "sequence", "sequence after"} == set(schedules.__all__)


@pytest.mark.parametrize("name", EXAMPLES)
def test_values_lie_between_0_and_1_for_ever(name: str) -> None:
    eta = EXAMPLES[name]
    values = eta.values(400)
    assert values.shape == (400,) and ((values >= 0) & (values <= 1)).all()
    assert 0 <= eta(10**7) <= 1
    assert isinstance(eta(1), float)
    for wrong in (0, -1):
        with pytest.raises(ValueError, match=r"t = .* is not allowed: steps are counted 1, 2, 3"):
            eta(wrong)


@pytest.mark.parametrize("name", EXAMPLES)
def test_shown_saved_and_rebuilt(name: str) -> None:
    eta = EXAMPLES[name]
    for again in (eval(repr(eta), vars(schedules)), pickle.loads(pickle.dumps(eta))):
        assert repr(again) == repr(eta)
        assert np.array_equal(again.values(50), eta.values(50))


def test_by_hand() -> None:
    assert step_decay(30, 0.1).values(61)[[0, 29, 30, 59, 60]].tolist() == pytest.approx(
        [1, 1, 0.1, 0.1, 0.01]
    )
    assert exponential(0.9)(11) == pytest.approx(0.9**10)
    for t in (1, 26, 51, 101, 500):
        share = min(1, (t - 1) / 100)
        assert cosine(100, 0.2)(t) == pytest.approx(0.2 + 0.4 * (1 + math.cos(math.pi * share)))
    assert linear_warmup(50).values(60).tolist() == np.minimum(1, np.arange(1, 61) / 50).tolist()
    assert constant(0.3).values(3).tolist() == [0.3] * 3
    restarts = warm_restarts(4, growth=3, floor=0.5).values(4 + 12 + 36 + 1)
    assert np.flatnonzero(restarts == 1).tolist() == [0, 4, 16, 52]
    assert restarts[2] == restarts[10] == pytest.approx(0.75)
    assert warm_restarts(5).values(11)[[0, 5, 10]].tolist() == [1, 1, 1]
    assert warm_restarts(5)(10**9 + 1) == 1.0


def test_one_cycle() -> None:
    values = one_cycle(101, warmup=0.25, start=0.1, end=0.001).values(120)
    assert values[0] == pytest.approx(0.1)
    assert values.argmax() == 25 and values[25] == 1
    assert values[100] == values[119] == pytest.approx(0.001)
    assert (np.diff(values[:26]) > 0).all() and (np.diff(values[25:101]) < 0).all()
    assert values[12] + values[13] == pytest.approx(1.1, abs=0.03)
    assert one_cycle(10)(1) == pytest.approx(1 / 25)
    assert one_cycle(10)(10) == pytest.approx(1 / 250_000)
    assert one_cycle(10, warmup=0.0)(1) == 1 and one_cycle(10, warmup=1.0)(10) == 1


def test_warmup_stable_decay() -> None:
    values = warmup_stable_decay(100, warmup=0.1, decay=0.3, floor=0.1).values(110)
    assert values[:10].tolist() == pytest.approx((np.arange(1, 11) / 10).tolist())
    assert (values[9:71] == 1).all()
    assert values[70:101].tolist() == pytest.approx((0.1 + 0.9 * np.arange(30, -1, -1) / 30).tolist())
    assert (values[100:] == 0.1).all()
    assert warmup_stable_decay(10, warmup=0, decay=0).values(10).tolist() == [1] * 10
    with pytest.raises(ValueError, match=r"warmup \+ decay = 1.2 is not allowed"):
        warmup_stable_decay(10, warmup=0.7, decay=0.5)


@given(st.integers(1, 60), st.sampled_from([0.0, 0.3]))
def test_a_run_of_unknown_length_is_cooled_down_when_told(after: int, floor: float) -> None:
    """Told in time, the step at which it turns makes it the schedule that knew its end."""
    decay = 20
    told = linear_warmup(10).then(cooldown(decay, floor=floor), after=max(after, 10))
    steps = max(after, 10) + decay
    knew = warmup_stable_decay(steps, warmup=10 / steps, decay=decay / steps, floor=floor)
    assert told.values(steps + 5) == pytest.approx(knew.values(steps + 5), abs=1e-12)
    assert told.steps == steps


def test_cooldown_by_hand() -> None:
    assert cooldown(4, floor=0.2).values(6).tolist() == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0.2])
    assert cooldown(9, "sqrt")(5) == pytest.approx(1 - math.sqrt(4 / 9))
    assert cooldown(9, "sqrt")(10) == cooldown(9, "sqrt")(10**6) == 0
    late = inverse_sqrt(5) * constant().then(cooldown(10), after=20)
    assert late(20) == pytest.approx(0.5) and late(26) == pytest.approx(math.sqrt(5 / 26) / 2)
    with pytest.raises(
        ValueError, match="shape = 'cosine' is not allowed: it must be one of 'linear', 'sqrt'"
    ):
        cooldown(9, "cosine")


def test_inverse_sqrt_with_warmup_is_that_of_the_transformer() -> None:
    width, warm = 512, 4000
    t = np.arange(1, 9001)
    published = width**-0.5 * np.minimum(t**-0.5, t * warm**-1.5)
    ours = (linear_warmup(warm) * inverse_sqrt(warm)).values(9000)
    np.testing.assert_allclose(ours * published.max(), published, rtol=1e-12)


@given(st.integers(1, 300))
def test_one_schedule_then_another(t: int) -> None:
    eta = linear_warmup(40).then(cosine(100)).then(step_decay(10))
    expected = (
        linear_warmup(40)(t) if t <= 40 else cosine(100)(t - 40) if t <= 140 else step_decay(10)(t - 140)
    )
    assert eta(t) == expected
    assert linear_warmup(40).then(cosine(100)).steps == 140 and eta.steps is None
    assert exponential(0.9).then(constant(), after=7)(t) == (0.9 ** (t - 1) if t <= 7 else 1.0)


def test_what_cannot_follow() -> None:
    with pytest.raises(
        ValueError, match=r"after is left out, but constant\(level=1.0\) has no steps of its own"
    ):
        constant().then(cosine(10))
    with pytest.raises(TypeError, match="is not a schedule: it must be one such as"):
        linear_warmup(10).then(0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="after = 0 is not allowed"):
        constant().then(cosine(10), after=0)


@pytest.mark.parametrize("bad", [1.5, -0.1, math.nan, math.inf])
def test_multipliers_outside_0_and_1_are_refused_in_words(bad: float) -> None:
    with pytest.raises(
        ValueError, match=rf"eta = {bad} at step 2 is not allowed: a multiplier must be in \[0, 1\]"
    ):
        Schedule(lambda t: bad if t == 2 else 1.0, {}).values(3)
    with pytest.raises(
        ValueError, match=rf"eta = {bad} is not allowed: a schedule must give a number in \[0, 1\]"
    ):
        simulate(GradientDescent(lr=0.1), "quadratic", 3, schedule=lambda t: bad)


@given(st.integers(1, 300))
def test_composition_multiplies(t: int) -> None:
    eta = linear_warmup(40) * cosine(200)
    assert eta(t) == linear_warmup(40)(t) * cosine(200)(t)
    with pytest.raises(TypeError):
        eta * 2  # type: ignore[operator]


@pytest.mark.parametrize(
    ("make", "name", "value"),
    [
        (constant, "level", 1.5),
        (constant, "level", -0.1),
        (constant, "level", float("nan")),
        (lambda v: step_decay(3, v), "factor", 2.0),
        (step_decay, "every", 0),
        (exponential, "rate", 1.01),
        (cosine, "steps", 0),
        (lambda v: cosine(3, v), "floor", -1),
        (cooldown, "steps", 0),
        (lambda v: cooldown(9, floor=v), "floor", -0.5),
        (inverse_sqrt, "hold", 0),
        (one_cycle, "steps", 1),
        (lambda v: one_cycle(9, warmup=v), "warmup", 1.1),
        (lambda v: one_cycle(9, start=v), "start", 1.1),
        (lambda v: one_cycle(9, end=v), "end", -1),
        (linear_warmup, "steps", 0),
        (warm_restarts, "period", 0),
        (lambda v: warm_restarts(3, v), "growth", 0),
        (lambda v: warm_restarts(3, 2, v), "floor", 2),
        (warmup_stable_decay, "steps", 0),
        (lambda v: warmup_stable_decay(9, floor=v), "floor", 1.5),
    ],
)
def test_limits(make: Any, name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} = {value!r} is not allowed: it must be"):
        make(value)
    for wrong in ("x", None, True):
        with pytest.raises(TypeError, match=f"{name} = {wrong!r} is not a"):
            make(wrong)


def test_whole_numbers() -> None:
    with pytest.raises(TypeError, match=r"steps = 2.5 is not a whole number: it must be an int ≥ 1"):
        cosine(2.5)  # type: ignore[arg-type]
    assert cosine(np.int64(4))(1) == 1.0


def test_it_drives_a_run() -> None:
    path = simulate(GradientDescent(lr=0.1), "quadratic", 3, start=(1.0, 1.0), schedule=step_decay(1, 0.5))
    y = 1.0
    for t in range(3):
        y -= 0.1 * 0.5**t * y
        assert path.points[t + 1][1] == pytest.approx(y)
    assert isinstance(linear_warmup(3), Schedule)
